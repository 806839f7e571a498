"""Measure everything the house promises, print it, and write docs/performance.md whole.

make bench                              on a quiet machine (about 8 minutes)
python -m benchmarks --quick            smaller, in CPU time, where others work too
python -m benchmarks --only core        some sections, printed only
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # one thread, unless a line says otherwise

import argparse
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks import core, corpora, gpu, training
from benchmarks.report import Row, as_markdown, conditions, measured_elsewhere
from benchmarks.timing import use_cpu_time

ROOT = Path(__file__).parent.parent
#: Where tests and scripts that measure something leave it: NAME.json, see `measured_elsewhere`.
LEFT = ROOT / "runs" / "bench"

Part = Callable[[bool], list[Row]]


def browser(quick: bool) -> list[Row]:
    return measured_elsewhere(LEFT / "browser.json", "pytest tests/browser")


def kills(quick: bool) -> list[Row]:
    return measured_elsewhere(LEFT / "kills.json", "python -m benchmarks.kills")


SECTIONS: dict[str, tuple[str, tuple[Part, ...]]] = {
    "core": ("Loss, head, views, probe", core.PARTS),
    "faces": ("Drawn faces and the demo", corpora.FACES),
    "corpora": ("Corpora", corpora.PARTS),
    "training": ("Training against the reference's way", training.PARTS),
    "gpu": ("On a GPU", gpu.PARTS),
    "browser": ("In the browser", (browser,)),
    "kills": ("Runs killed on purpose", (kills,)),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="for a machine that is busy")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, help="sections; nothing is written")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "performance.md")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    use_cpu_time(arguments.quick)
    command = "python -m benchmarks --quick" if arguments.quick else "make bench"
    text = [
        "# Performance",
        conditions(command, arguments.quick)
        + " One thread unless a line says otherwise; ratios within one run. The reference's way of "
        "computing is written anew from the formulas in `benchmarks/peers.py`; how it all grows "
        "stands in [scaling.md](scaling.md).",
    ]
    for name in arguments.only or SECTIONS:
        title, parts = SECTIONS[name]
        print(f"\n{title}", flush=True)
        rows: list[Row] = []
        for part in parts:
            for row in part(arguments.quick):
                rows.append(row)
                print(f"  {row.what}: {row.measured}  [{row.target}] {row.mark}", flush=True)
        text += [f"## {title}", as_markdown(rows)]
    if not arguments.only:
        arguments.out.write_text("\n\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
