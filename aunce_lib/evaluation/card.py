"""How an Evaluation shows itself in a notebook: scores beside trivial baselines and intervals."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from ..facs import ACTION_UNITS, column

if TYPE_CHECKING:
    from .metrics import Evaluation

CELL = "padding:.1em .5em;white-space:nowrap;text-align:"
WIDTH = 150  # pixels for F1 from 0 to 1
NAMES = {column(number): unit.name for number, unit in ACTION_UNITS.items()}


def evaluation_card(evaluation: Evaluation) -> str:
    """HTML of an evaluation: a row an AU, the bar drawn against what "all active" reaches."""
    trivial = {name: table.f1 for name, table in evaluation.baselines.items()}
    header = ["AU", "", "F1", "95 % interval", "", "all active", "by rate"]
    header += ["AUC", "AP", "precision", "recall", "active faces"]
    rows = [_row("th", header)]
    for name, score in evaluation.table.iterrows():
        all_active, by_rate = trivial["all_active"][name], trivial["by_rate"][name]
        cells = [escape(name), escape(NAMES.get(name, "")), f"<b>{_number(score.f1)}</b>"]
        cells += [_range(score.low, score.high), _bar(score, all_active)]
        cells += [_number(value) for value in (all_active, by_rate, *score[["auc", "ap"]])]
        cells += [_number(score.precision), _number(score.recall), f"{score.support:,.0f}"]
        rows.append(_row("td", cells))
    undefined = int(evaluation.table.f1.isna().sum() - np.isnan(evaluation.macro_f1))
    note = f" · no F1 for {undefined} of {len(rows) - 2} AUs" if undefined else ""
    headline = (
        f"<b>Macro F1 {_number(evaluation.macro_f1)}</b> ({_range(*evaluation.ci95)}) · "
        f"{evaluation.n_faces:,} faces of {evaluation.n_subjects:,} people · "
        f"all active reaches {_number(trivial['all_active']['macro'])}{note}"
    )
    legend = (
        "Bar: F1 from 0 to 1; thin line: 95 % interval over people; mark: every face called "
        "active, without looking. n/a: undefined, for want of active faces or of an answer."
    )
    return (
        f"<div class='aunce-evaluation'><p style='margin:.3em 0'>{headline}</p>"
        f"<div style='overflow-x:auto'><table style='font-size:90%'>{''.join(rows)}</table></div>"
        f"<p style='margin:.3em .5em'>{legend}</p></div>"
    )


def _bar(score, all_active: float) -> str:
    """F1 as a bar, its interval as a line, the baseline as a mark; drawn to work on any page."""
    if np.isnan(score.f1):
        return ""
    line = ""
    if not np.isnan(score.low):
        ends = f"x1='{score.low * WIDTH:.0f}' x2='{score.high * WIDTH:.0f}'"
        line = f"<line {ends} y1='7' y2='7' stroke='#000' stroke-width='1.5'/>"
    mark = f"<rect x='{all_active * WIDTH - 1:.0f}' y='0' width='3' height='14' fill='#d55e00'/>"
    return (
        # notebooks let pictures in tables shrink: the size must be said in three ways
        f"<svg width='{WIDTH}' height='14' viewBox='0 0 {WIDTH} 14' "
        f"style='min-width:{WIDTH}px;max-width:none' role='img' "
        f"aria-label='F1 {score.f1:.2f}'>"
        f"<rect width='{WIDTH}' height='14' fill='#eee'/>"
        f"<rect y='2' width='{score.f1 * WIDTH:.0f}' height='10' fill='#56b4e9'/>"
        f"{mark}{line}</svg>"
    )


def _number(value: float) -> str:
    return "n/a" if np.isnan(value) else f"{value:.2f}"


def _range(low: float, high: float) -> str:
    return "n/a" if np.isnan(low) else f"{low:.2f} – {high:.2f}"


def _row(tag: str, cells: list[str]) -> str:
    sides = ["left", "left", *["right"] * (len(cells) - 2)]
    cells = [
        f"<{tag} style='{CELL}{side}'>{cell}</{tag}>"
        for side, cell in zip(sides, cells, strict=True)
    ]
    return f"<tr>{''.join(cells)}</tr>"
