"""Compares the labels of the synthetic corpora with the published statistics; see `make faces`.

statistics.png  rates, phi and event lengths, published against ours
statistics.md   the same as tables
"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("agg")

import pandas as pd

from aunce_lib.corpora import synthetic
from aunce_lib.inspection.corpus_statistics import compare_statistics, plot_statistics

HERE = Path(__file__).parent
CORPORA = ("synth-bp4d", "synth-disfa")
INTRODUCTION = """# Labels of the synthetic corpora, published | ours

All labels here belong to drawn faces; no real person is in them. `synth-bp4d` ({bp4d:,} frames of
41 people) imitates the published statistics of BP4D, `synth-disfa` ({disfa:,} frames of 27) those
of DISFA. `synth-gft` and `synth-affwild2` have plausible numbers of our own, as nothing is
published. Held to: rates within ±.02, phi within ±.05, median event lengths within ±15 %. The rest
stands beside: what nobody adjusted.

Made by `python docs/faces/label_statistics.py`.

![published against ours](statistics.png)
"""


def main() -> None:
    """Writes the figure and the tables."""
    tables = {name: synthetic.labels(name, "full") for name in CORPORA}
    comparison = pd.concat([compare_statistics(table) for table in tables.values()])
    figure, _ = plot_statistics(comparison)
    figure.savefig(HERE / "statistics.png", dpi=110)
    parts = [INTRODUCTION.format(bp4d=len(tables[CORPORA[0]]), disfa=len(tables[CORPORA[1]]))]
    for name in CORPORA:
        rows = comparison[comparison["corpus"] == name]
        held = rows[rows["tolerance"].notna()]
        parts.append(f"## {name}: {int(held['within'].sum())} of {len(held)} within\n")
        parts += [_table(part, quantity) for quantity, part in rows.groupby("quantity", sort=False)]
    (HERE / "statistics.md").write_text("\n".join(parts), encoding="utf-8")


def _table(rows: pd.DataFrame, quantity: str) -> str:
    """One quantity as a Markdown table."""
    digits = {"event length": 0, "events per 1,000 frames": 2, "AUs a frame": 2}.get(quantity, 3)
    lines = [f"| {quantity} | published | ours | |", "|---|---:|---:|---|"]
    for row in rows.itertuples():
        note = {True: "", False: "**outside**"}.get(row.within, "")
        lines.append(
            f"| {row.aus or 'all'} | {row.published:.{digits}f} | {row.ours:.{digits}f} | {note} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
