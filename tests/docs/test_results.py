"""The page of results: its figures are drawn from the tables that ship, its numbers are theirs."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "results"


@pytest.fixture(scope="module")
def figures():
    sys.path.insert(0, str(FOLDER))
    try:
        import figures
    finally:
        sys.path.remove(str(FOLDER))
    return figures


def test_every_figure_is_drawn_from_a_table_that_ships(figures, tmp_path):
    drawn = {path.name for path in figures.draw(out=tmp_path)}
    assert drawn == {path.name for path in FOLDER.glob("*.png")}
    assert all((tmp_path / name).stat().st_size > 10_000 for name in drawn)


def test_the_pages_main_table_is_that_of_the_csv(figures):
    results = pd.read_csv(figures.RESULTS / "main.csv")
    text = figures.as_markdown(figures.main_table(results))
    assert text in FOLDER.with_suffix(".md").read_text(encoding="utf-8")
    means = (
        results[(results.corpus == "synth-bp4d") & (results.noise == 0)].groupby("loss").macro_f1
    )
    assert f"| weighted BCE | {means.mean()['weighted BCE']:.3f} ±" in text


def test_a_table_that_is_not_there_is_told_with_its_command(figures, tmp_path, capsys):
    assert figures.draw(tmp_path, tmp_path) == []
    assert "aunce study main --csv" in capsys.readouterr().out
