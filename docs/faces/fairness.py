"""Does the demo's encoder read all faces equally well? By skin tone, age and glasses.

Reads what `make demo` left in runs/demo; writes fairness.md, fairness.csv and fairness.png. Run it
with `make faces-measured`, or `python docs/faces/fairness.py FOLDER` for a demo in another folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from aunce_lib.corpora import synthetic
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.demo import CORPUS
from aunce_lib.evaluation.embed import embed
from aunce_lib.evaluation.fairness import by_group
from aunce_lib.evaluation.probe import Probe
from aunce_lib.inspection.plots import plot_groups
from aunce_lib.training import Run

HERE = Path(__file__).parent
DEMO = HERE.parents[1] / "runs" / "demo"
SEED = 1  #: of the people it is tested on; the demo's own come from seed 0

#: What to group by: heading, column, edges or None, names. Age 0 is 18 years, age 1 is 80.
GROUPS = {
    "skin": ("person_melanin", 3, ("lightest third", "middle third", "darkest third")),
    "age": (
        "person_age",
        (0, 1 / 3, 2 / 3, 1),
        ("18 to 38 years", "39 to 59 years", "60 to 80 years"),
    ),
    "glasses": ("person_glasses", None, ("no glasses", "glasses")),
}

PAGE = """# Does the demo's encoder read all faces equally well? (synthetic faces)

The AUNCE encoder of `make demo` and its probe, on {n_frames:,} faces of {n_people} synthetic people
that neither has seen (synth-bp4d, small, seed {seed}). *rate*: share of active labels; *called*:
share called active; F1 and AUC are means over {n_aus} action units, with 95 % intervals over
people. F1 grows with the rate: compare by AUC.
{widest}

![AUC by group](fairness.png)

| | | people | frames | rate | called | F1 | 95 % | AUC | 95 % |
|---|---|--:|--:|--:|--:|--:|---|--:|---|
{rows}
Skin, age and glasses are drawn independently of what the muscles do; a gap here comes from how
well pixels show an action unit and from chance in who the few test people are. It says
nothing about gaps between real people: those have to be measured on real people. Made by
`docs/faces/fairness.py` (`make faces-measured`), with the library's `by_group` and `plot_groups`.
"""


def load_demo(folder: Path) -> tuple[Run, Probe]:
    """The demo's AUNCE encoder and probe.

    Raises:
        FileNotFoundError: If there is no demo in the folder.
    """
    if not (folder / "aunce" / "probe.safetensors").is_file():
        raise FileNotFoundError(
            f"{folder} holds no finished demo (aunce/probe.safetensors): run `make demo` first"
        )
    return Run.load(folder / "aunce"), Probe.load(folder / "aunce" / "probe.safetensors")


def tables(run: Run, probe: Probe, test: FrameTable) -> dict[str, pd.DataFrame]:
    """`by_group` for each of `GROUPS`."""
    z = embed(run.encoder, test)
    answer = probe.scores(z), probe.predict(z)
    return {
        name: by_group(test, *answer, column, bins, names)
        for name, (column, bins, names) in GROUPS.items()
    }


def interval(low: float, high: float) -> str:
    """Ends of an interval, or that there is none."""
    return "n/a" if np.isnan(low) else f"{low:.2f} - {high:.2f}"


def page(groups: dict[str, pd.DataFrame], test: FrameTable) -> str:
    """The macro means as Markdown, with what they say."""
    means = {name: table[table.au == "macro"] for name, table in groups.items()}
    rows = "".join(
        f"| {name} | {r.group} | {r.n_people} | {r.n_frames:,} | {r.rate:.2f} | {r.called:.2f} "
        f"| {r.f1:.2f} | {interval(r.f1_low, r.f1_high)} "
        f"| {r.auc:.2f} | {interval(r.auc_low, r.auc_high)} |\n"
        for name, table in means.items()
        for r in table.itertuples()
    )
    gaps = {name: table.auc.max() - table.auc.min() for name, table in means.items()}
    name = max(gaps, key=gaps.get)
    order = means[name].sort_values("auc")
    worst, best = order.iloc[0], order.iloc[-1]
    overlap = "overlap" if worst.auc_high >= best.auc_low else "do not overlap"
    widest = (
        f"The widest gap in AUC is {gaps[name]:.3f}, by {name}: {worst.group} {worst.auc:.3f}, "
        f"{best.group} {best.auc:.3f}; their intervals {overlap}."
    )
    return PAGE.format(
        n_frames=len(test),
        n_people=len(set(test.subjects)),
        seed=SEED,
        n_aus=len(test.aus),
        widest=widest,
        rows=rows,
    )


def figure(groups: dict[str, pd.DataFrame], path: Path) -> None:
    """AUC by group, a panel for each way to group."""
    widths = [table.group.nunique() for table in groups.values()]
    picture, axes = plt.subplots(
        *(1, len(groups)), figsize=(12, 4), layout="constrained", width_ratios=widths, sharey=True
    )
    for ax, (name, table) in zip(axes, groups.items(), strict=True):
        plot_groups(table, "auc", f"by {name} (synthetic faces)", ax)
    for ax in axes[1:]:
        ax.set_ylabel("")
        ax.get_legend().remove()
    picture.savefig(path, dpi=90)
    plt.close(picture)


if __name__ == "__main__":
    try:
        run, probe = load_demo(Path(sys.argv[1]) if len(sys.argv) > 1 else DEMO)
    except FileNotFoundError as missing:
        sys.exit(str(missing))
    table = synthetic.load(CORPUS, "small", seed=SEED, progress=True)
    measured = tables(run, probe, table)
    everything = pd.concat(measured, names=["by"])
    everything.reset_index("by").round(4).to_csv(HERE / "fairness.csv", index=False)
    (HERE / "fairness.md").write_text(page(measured, table))
    figure(measured, HERE / "fairness.png")
