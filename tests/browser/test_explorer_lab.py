"""The explorer in JupyterLab: what its page shows and its kernel knows are the same."""

from __future__ import annotations

import math

import pytest

pytestmark = pytest.mark.browser
VIEW = "document.querySelector('.aunce-explorer').explorer"
MAKE = """
import numpy as np, pandas as pd
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.widgets import Explorer
rng, n = np.random.default_rng(0), 500
table = FrameTable(pd.DataFrame({
    "corpus": "demo", "subject": [f"demo/P{i % 9}" for i in range(n)], "sequence": "s",
    "frame": range(n), "AU6": rng.integers(0, 2, n), "AU12": rng.integers(0, 2, n)}))
z = {name: rng.normal(size=(n, 2, 5)) for name in ("one", "two")}
explorer = Explorer(table, z, method="pca", au=12)
explorer
"""


@pytest.fixture
def explorer(page, lab, write):
    """The tab with an explorer in it."""
    page.open(lab, write("explorer", MAKE))
    assert page.run_all() == []
    page.find(".aunce-explorer-map")
    page.tab.wait_for_function(f"() => {VIEW}.drawn > 0")
    return page


def test_lasso_keys_and_menus_reach_the_kernel(explorer):
    page, mouse = explorer, explorer.tab.mouse
    box = page.find(".aunce-explorer-map").bounding_box()
    x, y, r = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["height"] / 4
    mouse.move(x + r, y)
    mouse.down()
    for step in range(1, 24):
        mouse.move(x + r * math.cos(step / 4), y + r * math.sin(step / 4))
    mouse.up()
    page.tab.wait_for_function(f"() => {VIEW}.near?.length === 2")
    chosen = page.tab.evaluate(f"() => [...{VIEW}.chosen]")
    assert chosen
    assert page.ask("explorer.selection.frames.index.tolist()") == chosen
    near = page.tab.evaluate(f"() => {VIEW}.near")
    same = page.ask("explorer.state['same']")
    assert all(one["person"] == pytest.approx(same[one["encoder"]]["person"]) for one in near)

    cells = page.tab.locator(".jp-Notebook .jp-Cell").count()
    page.press(".aunce-explorer-map", "ArrowRight Enter w")  # no key of them is JupyterLab's
    page.tab.wait_for_function(f"() => {VIEW}.reason")
    assert page.tab.locator(".jp-Notebook .jp-Cell").count() == cells
    anchor = page.tab.evaluate(f"() => {VIEW}.anchor")
    assert page.ask("explorer.anchor") == anchor
    loss = page.ask(f"explorer.why({anchor}).loss")
    assert page.tab.evaluate(f"() => {VIEW}.reason.loss") == pytest.approx(loss)

    page.find(".aunce-explorer-au").select_option("6")
    page.tab.wait_for_function(f"() => {VIEW}.au === 6 && {VIEW}.column.name === 'AU6'")
    assert page.ask("[explorer.au, explorer.colour]") == [6, "AU6"]
