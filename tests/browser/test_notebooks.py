"""Each solved notebook in JupyterLab: opened, run in full, its widgets touched once."""

from __future__ import annotations

from pathlib import Path

import pytest

from .driving import HANDLE

NOTEBOOKS = sorted(
    path.stem for path in (Path(__file__).parents[2] / "notebooks" / "src").glob("*.py")
)
SMOKE = ("02_positive_pairs", "03_the_loss")  # the two that compute least

#: What to touch in a widget: its first slider, or this.
KEYS = {"aunce-explorer": (".aunce-explorer-map", "ArrowRight Enter")}

#: Roots of our widgets: their class has two words, their controls' have more.
ROOTS = """() => [...new Set([...document.querySelectorAll('[class*="aunce-"]')]
  .flatMap(one => [...one.classList]).filter(name => /^aunce-[a-z]+$/.test(name)))]"""

#: What a widget shows: its pictures, what it says, the numbers it draws.
SHOWN = """(root) => [...root.querySelectorAll('img, [role="status"], svg text, section')]
  .map(one => one.src ?? one.textContent).join('|')"""


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if n in SMOKE else pytest.mark.slow) for n in NOTEBOOKS],
)
def test_a_notebook_runs_and_its_widgets_answer(page, lab, name):
    page.open(lab, f"solutions/{name}.ipynb")
    assert page.run_all() == []
    for root in page.tab.evaluate(ROOTS):
        selector, keys = KEYS.get(root, (f".{root}", "ArrowRight"))
        if root in KEYS or page.tab.locator(f".{root} {HANDLE}").count():
            widget = page.find(f".{root}")
            before = widget.evaluate(SHOWN)
            page.press(selector, keys)
            page.until(lambda w=widget, b=before: w.evaluate(SHOWN) != b, f"{root} to answer")
    assert page.ask("1 + 1") == 2
