"""The figures and tables of docs/results.md, from the CSVs in data/results.

    make results        (seconds)

Each CSV is made by `aunce study NAME --csv data/results/NAME.csv`; the studies' settings lie in
aunce_lib/configs/studies. All faces are synthetic.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from aunce_lib.inspection import studies
from aunce_lib.inspection.study_plots import (
    MARKERS,
    plot_curves,
    plot_grid,
    plot_per_au,
    plot_signal,
)
from aunce_lib.inspection.style import COLOURS, quiet

HERE = Path(__file__).parent
RESULTS = HERE.parents[1] / "data" / "results"
BASELINE = "weighted BCE"


def main_table(results: pd.DataFrame) -> pd.DataFrame:
    """Macro F1 with its interval: a row a loss, a column a corpus and share of flipped labels."""
    table = studies.summarise(results, "macro_f1", ["loss", "corpus", "noise"])
    cells = table.apply(lambda r: f"{r['mean']:.3f} ± {r['high'] - r['mean']:.3f}", axis=1)
    wide = cells.unstack(["corpus", "noise"])
    trivial = results.groupby(["corpus", "noise"]).all_active_f1.mean()
    wide.loc["every unit called active"] = [f"{trivial[key]:.3f}" for key in wide.columns]
    wide.columns = [f"{corpus}, {noise:.0%} flipped" for corpus, noise in wide.columns]
    order = [*dict.fromkeys(results.loss), "every unit called active"]
    return wide.loc[order].rename_axis("loss")


def as_markdown(table: pd.DataFrame) -> str:
    """The table as docs/results.md holds it."""
    head = [
        f"| {table.index.name} | {' | '.join(table.columns)} |",
        "|---" * (1 + table.shape[1]) + "|",
    ]
    return "\n".join(
        [*head, *(f"| {name} | {' | '.join(row)} |" for name, row in table.iterrows())]
    )


def _differences(ax: Axes, results: pd.DataFrame, against: str, title: str) -> None:
    """Each loss less one of them, paired by seed: filled on clean labels, open on flipped ones."""
    others = [loss for loss in dict.fromkeys(results.loss) if loss != against]
    ax.axvline(0, color="black", lw=1)
    for k, (noise, some) in enumerate(results.groupby("noise")):
        pairs = pd.concat([studies.paired_differences(some, loss, against) for loss in others])
        error = np.abs(pairs[["low", "high"]].to_numpy().T - pairs.difference.to_numpy())
        style = {"color": COLOURS[k], "mfc": "white" if noise else COLOURS[k], "capsize": 3}
        y = np.arange(len(others)) + 0.26 * (k - 0.5)
        name = f"{noise:.0%} of labels flipped" if noise else "clean labels"
        ax.errorbar(pairs.difference, y, xerr=error, fmt="os"[k], label=name, **style)
    ax.set_yticks(range(len(others)), others)
    ax.set_ylim(len(others) - 0.5, -0.5)
    ax.set_title(title)
    quiet(ax)


def _legend(figure: Figure, xlabel: str) -> None:
    figure.supxlabel(xlabel)
    figure.legend(
        *figure.axes[0].get_legend_handles_labels(),
        loc="outside upper right",
        ncols=2,
        frameon=False,
    )


def main(results: pd.DataFrame) -> Figure:
    """Each loss less weighted cross-entropy, a panel a corpus."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.4), sharey=True, layout="constrained")
    for ax, corpus in zip(axes, dict.fromkeys(results.corpus), strict=True):
        _differences(ax, results[results.corpus == corpus], BASELINE, corpus)
    _legend(figure, f"macro F1 less that of {BASELINE} (paired by seed, 95 % interval)")
    return figure


def per_au(results: pd.DataFrame) -> Figure:
    """F1 of each action unit on clean labels: cross-entropy and the two AUNCE variants."""
    losses = (BASELINE, "AUNCE official", "AUNCE corrected")
    figure, axes = plt.subplots(2, 1, figsize=(10, 8.6), layout="constrained")
    for ax, corpus in zip(axes, dict.fromkeys(results.corpus), strict=True):
        some = results[(results.corpus == corpus) & (results.noise == 0)]
        plot_per_au(some[some.loss.isin(losses)], title=f"{corpus}, clean labels", ax=ax)
    return figure


def positives(results: pd.DataFrame) -> Figure:
    """Mixtures of positives less all three kinds, on clean and on flipped labels."""
    figure, ax = plt.subplots(figsize=(8, 4.2), layout="constrained")
    _differences(ax, results, "all three", "")
    _legend(figure, "macro F1 less that of all three kinds (paired by seed, 95 % interval)")
    return figure


def beta(results: pd.DataFrame) -> Figure:
    """Macro F1 and F1 of the rare units over the grid of exponents."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 3.6), layout="constrained")
    results = studies.add_rare(results)
    titles = {"macro_f1": "all action units", "rare_f1": "those active in under 10 % of frames"}
    for ax, (value, title) in zip(axes, titles.items(), strict=True):
        plot_grid(results, value=value, title=title, ax=ax)
    return figure


def temperature(results: pd.DataFrame) -> Figure:
    """Macro F1 and AUC along the temperature."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    for ax, value in zip(axes, ("macro_f1", "macro_auc"), strict=True):
        plot_curves(results, "temperature", value, ax=ax)
    return figure


def noise(results: pd.DataFrame) -> Figure:
    """Macro F1 as labels get worse: flipped like coins, and weak events missed."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.6), sharey=True, layout="constrained")
    titles = {"flip": "labels flipped at random", "missed": "weak events missed"}
    for ax, (kind, title) in zip(axes, titles.items(), strict=True):
        plot_curves(results[results.noise_kind.isin(["none", kind])], title=title, ax=ax)
    return figure


def imbalance(results: pd.DataFrame) -> Figure:
    """Macro F1 and F1 of the rare units as they get rarer in training."""
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    results = studies.add_rare(results)
    for ax, value in zip(axes, ("macro_f1", "rare_f1"), strict=True):
        plot_curves(results, "imbalance", value, ax=ax)
    return figure


def cross_corpus(results: pd.DataFrame) -> Figure:
    """F1 on the shared action units of one corpus by encoders trained on another."""
    losses = list(dict.fromkeys(results.loss))
    figure, axes = plt.subplots(1, len(losses), figsize=(11, 4), layout="constrained")
    for ax, loss in zip(axes, losses, strict=True):
        plot_grid(results[results.loss == loss], "corpus", "tested_on", title=loss, ax=ax)
    return figure


def gradients(results: pd.DataFrame) -> Figure:
    """What of a step survives flipped labels: along the flips, and for rare units."""
    return plot_signal(results)[0]


def parts(results: pd.DataFrame) -> Figure:
    """Encoder and probe, each taught by true or flipped labels: which of them loses the score."""
    corpora, scores = (
        list(dict.fromkeys(results.corpus)),
        {"macro_f1": "macro F1", "macro_auc": "AUC"},
    )
    figure, axes = plt.subplots(1, 4, figsize=(11, 4.2), layout="constrained")
    taught = [("true", "true"), ("flipped", "true"), ("true", "flipped"), ("flipped", "flipped")]
    names = [f"encoder {encoder}\nprobe {probe}" for encoder, probe in taught]
    for ax, (corpus, score) in zip(axes, itertools.product(corpora, scores), strict=True):
        some = results[results.corpus == corpus]
        for (loss, rows), colour, marker in zip(
            some.groupby("loss", sort=False), COLOURS, MARKERS, strict=False
        ):
            means = rows.groupby(["encoder", "probe"])[score].mean()
            ax.plot(range(4), [means[pair] for pair in taught], marker, color=colour, label=loss)
        ax.set_xticks(range(4), names, rotation=90)
        ax.set_title(f"{corpus}\n{scores[score]}")
        quiet(ax)
    _legend(figure, "which labels, the true ones or those with 20 % flipped, taught whom")
    return figure


#: Name of the CSV → figures drawn from it.
FIGURES: dict[str, tuple[Callable[[pd.DataFrame], Figure], ...]] = {
    "main": (main, per_au),
    "positives": (positives,),
    "beta": (beta,),
    "temperature": (temperature,),
    "noise": (noise,),
    "imbalance": (imbalance,),
    "cross_corpus": (cross_corpus,),
    "gradients": (gradients,),
    "parts": (parts,),
}


def draw(results: Path = RESULTS, out: Path = HERE) -> list[Path]:
    """Draw the figures of every CSV that is there; returns their paths."""
    drawn = []
    for name, figures in FIGURES.items():
        path = results / f"{name}.csv"
        if not path.is_file():
            print(f"{path} is not there yet: aunce study {name} --csv {path}")
            continue
        table = pd.read_csv(path)
        for make in figures:
            drawn.append(out / f"{make.__name__}.png")
            make(table).savefig(drawn[-1], dpi=110)
            plt.close("all")
    return drawn


if __name__ == "__main__":
    plt.switch_backend("agg")
    for path in draw():
        print(path)
    print(as_markdown(main_table(pd.read_csv(RESULTS / "main.csv"))))
