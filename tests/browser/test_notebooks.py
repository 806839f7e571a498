"""Each solved notebook in JupyterLab: opened, run in full, its widgets touched once."""

from __future__ import annotations

from pathlib import Path

import pytest

from .driving import HANDLE

NOTEBOOKS = sorted(
    path.stem for path in (Path(__file__).parents[2] / "notebooks" / "src").glob("*.py")
)
SMOKE = ("02_positive_pairs", "03_the_loss")  # the two that compute least

#: Roots of our widgets: their class has two words, their controls' have more.
ROOTS = """() => [...new Set([...document.querySelectorAll('[class*="aunce-"]')]
  .flatMap(one => [...one.classList]).filter(name => /^aunce-[a-z]+$/.test(name)))]"""


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=() if n in SMOKE else pytest.mark.slow) for n in NOTEBOOKS],
)
def test_a_notebook_runs_and_its_widgets_answer(page, lab, name):
    page.open(lab, f"solutions/{name}.ipynb")
    assert page.run_all() == []
    for root in page.tab.evaluate(ROOTS):
        if page.tab.locator(f".{root} {HANDLE}").count():
            page.press(f".{root}", "ArrowRight")
    assert page.ask("1 + 1") == 2
