"""Measure how everything grows; write docs/scaling.csv, draw scaling.png, fill scaling.md.

python -m benchmarks.growth             on a quiet machine (about 8 minutes)
python -m benchmarks.growth --quick     smaller, in CPU time, where others work too
python -m benchmarks.growth --redraw    figure and tables again from the CSV
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"

import argparse
import re
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from aunce_lib.inspection.style import PALETTE, quiet
from benchmarks.outlook import outlook
from benchmarks.report import conditions
from benchmarks.timing import use_cpu_time

DOCS = Path(__file__).parent.parent / "docs"
#: Panels of the figure: title, quantity, label of the sizes, curves.
PANELS = (
    ("Loss: time", "seconds", "images B in the batch", ("loss", "loss, chunked")),
    ("Loss: memory", "MiB", "images B in the batch", ("loss", "loss, chunked")),
    (
        "Epoch: time",
        "seconds",
        "faces N in the corpus",
        ("training", "balanced batches"),
    ),
    ("Training: memory", "MiB", "faces N in the corpus", ("training",)),
    ("Maps and explorer: time", "seconds", "points", ("t-SNE", "UMAP", "explorer export")),
    ("FrameTable loaded: memory", "MiB", "rows", ("FrameTable",)),
)
LOOKS = (("blue", "o", "-"), ("vermilion", "s", "--"), ("green", "^", ":"))


def exponent(sizes, values) -> float:
    """k of value ≈ c·sizeᵏ: the least-squares line through the logarithms.

    Only the larger half of the sizes counts, and at least three points: at small sizes fixed costs
    hide the growth.

    Example:
        >>> round(exponent([1, 10, 100, 1000], [5, 3, 300, 30_000]), 2)
        2.0
    """
    n = max(3, (len(sizes) + 1) // 2)
    order = np.argsort(sizes)[-n:]
    slope, _ = np.polyfit(np.log(np.asarray(sizes)[order]), np.log(np.asarray(values)[order]), 1)
    return float(slope)


def growth_table(points: pd.DataFrame) -> str:
    """A row a curve: from which size to which, its values there, and the exponent."""
    lines = ["| curve | sizes | smallest … largest | exponent |", "|---|---|---|---|"]
    for (curve, quantity), some in points.groupby(["curve", "quantity"], sort=False):
        if len(some) < 3:
            continue
        some = some.sort_values("size")
        first, last = some.value.iloc[[0, -1]]
        lines.append(
            f"| {curve}: {quantity} | {some['size'].min():,} … {some['size'].max():,} "
            f"| {first:.3g} … {last:.3g} | {exponent(some['size'], some.value):.2f} |"
        )
    return "\n".join(lines)


def draw(points: pd.DataFrame) -> Figure:
    """All curves, both axes logarithmic: a slope of k is growth by sizeᵏ."""
    figure, axes = plt.subplots(2, 3, figsize=(13, 7.6), layout="constrained")
    figure.get_layout_engine().set(hspace=0.06, wspace=0.05)
    for ax, (title, quantity, label, curves) in zip(axes.flat, PANELS, strict=True):
        ax.set(xscale="log", yscale="log", title=title, xlabel=label, ylabel=quantity)
        for curve, look in zip(curves, LOOKS, strict=False):
            _line(ax, points, curve, quantity, *look)
        low, high = ax.get_ylim()
        if high < 4 * low:  # a constant fills no axis by its noise
            low, high = low / 4, high * 4
        ax.set_ylim(low, high * (high / low) ** 0.35)  # room for the legend
        quiet(ax)
        _plain_ticks(ax)
        ax.legend(frameon=False, loc="upper left", fontsize=9)
    return figure


def _plain_ticks(ax: Axes) -> None:
    """1,000 instead of a power of ten, and 2 and 5 between where there is room."""
    for axis, limits in ((ax.xaxis, ax.get_xlim()), (ax.yaxis, ax.get_ylim())):
        narrow = limits[1] < 100 * limits[0]
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if narrow else (1,), numticks=12))
        axis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}" if x >= 1 else f"{x:g}"))
        axis.set_minor_formatter(NullFormatter())


def _line(ax: Axes, points: pd.DataFrame, curve: str, quantity: str, colour, marker, style) -> None:
    some = points[(points.curve == curve) & (points.quantity == quantity)].sort_values("size")
    if len(some) < 3:
        return
    name = f"{curve}, k = {exponent(some['size'], some.value):.2f}"
    ax.plot(some["size"], some.value, marker=marker, ls=style, color=PALETTE[colour], label=name)


def fill(text: str, parts: dict[str, str]) -> str:
    """Put each part between its markers, `<!-- NAME -->` and `<!-- end -->`.

    Raises:
        ValueError: If the text has no such markers.

    Example:
        >>> fill("a\\n<!-- x -->\\nold\\n<!-- end -->\\nb", {"x": "new"})
        'a\\n<!-- x -->\\n\\nnew\\n\\n<!-- end -->\\nb'
    """
    for name, part in parts.items():
        pattern = rf"(<!-- {re.escape(name)} -->\n).*?(<!-- end -->)"
        text, found = re.subn(
            pattern, lambda m, part=part: f"{m[1]}\n{part}\n\n{m[2]}", text, flags=re.DOTALL
        )
        if found != 1:
            raise ValueError(f"the text needs one `<!-- {name} -->` … `<!-- end -->`, has {found}")
    return text


def write(points: pd.DataFrame, stamp: str, docs: Path = DOCS) -> None:
    """Figure and text from the points."""
    plt.switch_backend("agg")
    draw(points).savefig(docs / "scaling.png", dpi=110)
    page = docs / "scaling.md"
    parts = {"conditions": stamp, "growth": growth_table(points), "outlook": outlook(points)}
    page.write_text(fill(page.read_text(encoding="utf-8"), parts), encoding="utf-8")


def main() -> None:
    from benchmarks.curves import CURVES

    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="for a machine that is busy")
    parser.add_argument("--redraw", action="store_true", help="measure nothing")
    arguments = parser.parse_args()
    path = DOCS / "scaling.csv"
    if arguments.redraw:
        points = pd.read_csv(path, comment="#")
        stamp = path.read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
        return write(points, stamp)
    torch.set_num_threads(1)
    use_cpu_time(arguments.quick)
    command = "python -m benchmarks.growth" + (" --quick" if arguments.quick else "")
    rows = []
    for curve in CURVES:
        for point in curve(arguments.quick):
            rows.append(point)
            print(f"{point.curve}, {point.size:,}: {point.value:.4g} {point.quantity}", flush=True)
    points, stamp = pd.DataFrame(rows), conditions(command, arguments.quick)
    path.write_text(f"# {stamp}\n" + points.to_csv(index=False, float_format="%.6g"))
    return write(points, stamp)


if __name__ == "__main__":
    main()
