"""Noise and imbalance lab: what wrong labels and rare action units cost each loss.

`lost` measures it from a study's table; `NoiseLab` shows the curves, and trains once, for seconds.
"""

from __future__ import annotations

import threading
import time
from html import escape

import ipywidgets as widgets
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..inspection.studies import RESULTS, summarise
from ..inspection.study_plots import plot_curves
from ..study.config import StudyConfig
from .pictures import Picture, new_figure, screen
from .short_run import EPOCHS, FACES, ShortRun
from .words import help_line

WIDTH, HEIGHT = 9.6, 5.0  # inches
CLEAN = {"noise": 0.0, "imbalance": 1.0}
TITLES = {"noise": "wrong labels", "imbalance": "rare action units"}
KINDS = {"flip": "flipped by chance", "missed": "weak events missed"}
WITHOUT_STUDY = {"noise": (0.0, 0.1, 0.2, 0.3), "imbalance": (1.0, 0.5, 0.25, 0.1)}
RUN_COLUMNS = ("loss", "wrong labels", "share", "occurrence", "macro F1", "all active")
SLIDERS = {"noise": ("share of wrong labels", "{:.0%}"), "imbalance": ("occurrence", "× {:g}")}
LOOK = 0.3  # seconds between two looks at a training


def lost(results: pd.DataFrame, along: str, at: float) -> pd.DataFrame:
    """How much macro F1 each loss loses, against the runs of the same seed that were not spoiled.

    Args:
        results: From a study, of one corpus and kind of noise.
        along: "noise" or "imbalance".
        at: A value of that column.

    Returns:
        Index loss; columns mean, low, high (95 % interval over runs), n. Empty if there are no
        such runs.

    Raises:
        ValueError: If `along` is neither.
    """
    if along not in CLEAN:
        raise ValueError(f'along must be "noise" or "imbalance", got {along!r}')
    keys = ["loss", "seed", "fold"]
    clean = results.loc[results[along] == CLEAN[along], [*keys, "macro_f1"]]
    pairs = results[results[along] == at].merge(clean, on=keys, suffixes=("", "_clean"))
    pairs["lost"] = pairs.macro_f1_clean - pairs.macro_f1
    table = summarise(pairs, "lost", ["loss"]).drop(columns="failed")
    table.index = table.index.get_level_values(0)
    return table


def stored(name: str) -> pd.DataFrame | None:
    """The table of a study in data/results/; None if it is not there."""
    path = RESULTS / f"{name}.csv"
    return pd.read_csv(path) if path.is_file() else None


class NoiseLab(widgets.VBox):
    """Curves of F1 over label noise and over rarity, and a training of one's own.

    Args:
        noise: Table of a study of noise; what data/results/ holds, if None.
        imbalance: Table of a study of imbalance; likewise.

    Raises:
        ValueError: If a table lacks a column.
    """

    def __init__(
        self, noise: pd.DataFrame | None = None, imbalance: pd.DataFrame | None = None
    ) -> None:
        tables = {"noise": noise, "imbalance": imbalance}
        self._tables = {k: _checked(stored(k) if v is None else v, k) for k, v in tables.items()}
        self._losses = {k: v for name in TITLES for k, v in StudyConfig.load(name).loss.items()}
        self._run: ShortRun | None = None
        self._runs: list[dict] = []
        names = dict.fromkeys(self._losses)
        for table in self._tables.values():
            names |= {} if table is None else dict.fromkeys(table.loss)
        self.loss = widgets.Dropdown(options=list(names), description="loss")
        self.kind = widgets.Dropdown(
            options=[(name, kind) for kind, name in KINDS.items()], description="wrong labels"
        )
        self.corpus = widgets.Dropdown(options=self._corpora(), description="corpus on the right")
        self.noise, self.occurrence = self._slider("noise"), self._slider("imbalance")
        self.train = widgets.Button(
            description="train once, briefly", tooltip="with the loss and the dials above"
        )
        self.cancel = widgets.Button(description="cancel", disabled=True)
        self.progress = widgets.IntProgress(0, 0, EPOCHS, description="epochs")
        self.picture, self.caption, self.told = screen(WIDTH), widgets.HTML(), widgets.HTML()
        self.add_class("aunce-noise")
        for wide in (self.kind, self.corpus):
            wide.style.description_width = "initial"  # as long as its text
        controls = ("loss", "kind", "corpus", "noise", "occurrence", "train", "cancel")
        for name in (*controls, "progress", "picture", "caption", "told"):
            getattr(self, name).add_class(f"aunce-noise-{name}")
        for name in controls[:5]:
            getattr(self, name).observe(lambda _: self._redraw(), names="value")
        self.train.on_click(lambda _: self.start())
        self.cancel.on_click(lambda _: self.stop())
        help_ = help_line(
            "Try: which loss falls least as labels get worse, and is it also the best on clean "
            "ones? Then train with and without wrong labels and compare your two numbers."
        )
        wrap = widgets.Layout(flex_flow="row wrap")
        rows = ([self.loss, self.kind, self.corpus], [self.noise, self.occurrence])
        live = [self.train, self.cancel, self.progress]
        super().__init__(
            [*(widgets.HBox(row, layout=wrap) for row in rows), help_]
            + [self.picture, self.caption, widgets.HBox(live, layout=wrap), self.told]
        )
        self._redraw()
        self._tell(f"No training yet: {FACES} faces and {EPOCHS} epochs take about half a minute.")

    @property
    def state(self) -> dict:
        """What is shown, as plain numbers and words; None where no study tells it."""
        f1_lost = {}
        for along in TITLES:
            table = self._lost(along)
            there = table is not None and self.loss.value in table.index
            f1_lost[along] = float(table.loc[self.loss.value, "mean"]) if there else None
        return {
            "loss": self.loss.value,
            "kind": self.kind.value,
            "noise": self.noise.value,
            "corpus": self.corpus.value,
            "occurrence": self.occurrence.value,
            "lost": f1_lost,
            "running": self._run is not None,
            "runs": [dict(run) for run in self._runs],
        }

    def start(self) -> None:
        """Train once in a process of its own; `state["runs"]` has one more when it is done."""
        if self._run is not None:
            return
        if self.loss.value not in self._losses:
            self._tell(f"This lab can train {escape(', '.join(self._losses))}: choose one of them.")
            return
        setting = {"noise": self.noise.value, "noise_kind": self.kind.value}
        setting |= {"occurrence": self.occurrence.value}
        self._run = ShortRun(self._losses[self.loss.value], **setting)
        setting |= {"loss": self.loss.value}
        self.train.disabled, self.cancel.disabled, self.progress.value = True, False, 0
        self._tell("Starting; the first time the faces are drawn, which takes a minute …")
        threading.Thread(target=self._watch, args=(self._run, setting), daemon=True).start()

    def stop(self) -> None:
        """End the training, if there is one."""
        if self._run is not None:
            self._run.cancel()

    def figure(self) -> Figure:
        """The curves as a still matplotlib figure, for print and for pages without a kernel."""
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        self._draw(figure)
        plt.close(figure)  # else a notebook would show it twice
        return figure

    def _watch(self, run: ShortRun, setting: dict) -> None:
        """Look at a training until it ends; runs in a thread of its own."""
        begun = time.monotonic()
        while run.running:
            if run.epoch != self.progress.value:
                self.progress.value = run.epoch
                self._tell(f"Training: epoch {run.epoch} of {EPOCHS} …")
            time.sleep(LOOK)
        try:
            self._runs.append(setting | run.result())
            words = f"Done in {time.monotonic() - begun:.0f} s."
            self.progress.value = EPOCHS
        except RuntimeError as error:
            words = "Cancelled." if run.cancelled else f"The training failed: {escape(str(error))}"
        run.forget()
        self._tell(words)
        self._run = None
        self.train.disabled, self.cancel.disabled = False, True

    def _tell(self, words: str) -> None:
        """Words about the training, and a table of those that are done."""
        cell = "padding:0 .8em;text-align:right"
        rows = ["".join(f"<th style='{cell}'>{one}</th>" for one in RUN_COLUMNS)]
        for run in self._runs:
            values = (run["loss"], KINDS[run["noise_kind"]], f"{run['noise']:.0%}")
            values += (f"{run['occurrence']:g}", f"{run['macro_f1']:.3f}")
            values += (f"{run['all_active']:.3f}",)
            rows.append("".join(f"<td style='{cell}'>{escape(one)}</td>" for one in values))
        table = "".join(f"<tr>{row}</tr>" for row in rows) if self._runs else ""
        note = (
            f"<p>{FACES:,} synthetic faces, {EPOCHS} epochs, one seed: not comparable with the "
            "curves, and two such runs differ by chance alone.</p>"
        )
        self.told.value = (
            f"<div role='status' style='line-height:1.4'>{words}"
            f"<table>{table}</table>{note if self._runs else ''}</div>"
        )

    def _slider(self, along: str) -> widgets.SelectionSlider:
        table, (text, unit) = self._tables[along], SLIDERS[along]
        values = WITHOUT_STUDY[along] if table is None else table[along].unique()
        values = sorted((float(value) for value in values), reverse=along == "imbalance")
        return widgets.SelectionSlider(
            options=[(unit.format(value), value) for value in values],
            description=text,
            style={"description_width": "150px"},
            layout=widgets.Layout(width="400px"),
            continuous_update=False,
        )

    def _corpora(self) -> list[str]:
        table = self._tables["imbalance"]
        return ["no study"] if table is None else list(dict.fromkeys(table.corpus))

    def _part(self, along: str) -> pd.DataFrame | None:
        """The runs that a panel is of: one corpus, tested at home; one kind of noise."""
        table = self._tables[along]
        if table is None:
            return None
        corpus = table.corpus.iloc[0] if along == "noise" else self.corpus.value
        table = table[(table.corpus == corpus) & (table.tested_on == corpus)]
        return (
            table[table.noise_kind.isin(["none", self.kind.value])] if along == "noise" else table
        )

    def _lost(self, along: str) -> pd.DataFrame | None:
        part, chosen = self._part(along), {"noise": self.noise, "imbalance": self.occurrence}
        return None if part is None else lost(part, along, chosen[along].value)

    def _redraw(self) -> None:
        figure = new_figure(WIDTH, HEIGHT)
        self._draw(figure)
        self.picture.value = Picture(figure).png()
        self.caption.value = self._words()

    def _draw(self, figure: Figure) -> None:
        for ax, along in zip(figure.subplots(1, 2), TITLES, strict=True):
            part = self._part(along)
            if part is None or part.empty:
                _nothing(ax, along)
                continue
            title = f"{TITLES[along]}, {part.corpus.iloc[0]}"
            plot_curves(part, along, title=title, ax=ax)
            for line in ax.lines:
                chosen = line.get_label() == self.loss.value
                line.set(lw=3.5 if chosen else 1.2, zorder=3 if chosen else 2)
            at = self.noise.value if along == "noise" else self.occurrence.value
            ax.axvline(at, color="#777777", lw=6, alpha=0.3, zorder=1)
            if along == "imbalance":
                ax.set_xscale("log")
                values = sorted(part.imbalance.unique())
                ax.set_xticks(values, [f"{value:g}" for value in values])
                ax.minorticks_off()
                ax.invert_xaxis()  # worse to the right, as beside it

    def _words(self) -> str:
        """What the chosen loss loses; screen readers read it out when it changes."""
        words = []
        for along, control in (("noise", self.noise), ("imbalance", self.occurrence)):
            table, what = self._lost(along), f"{control.description} {control.label}"
            if table is None or self.loss.value not in table.index:
                words.append(f"{what}: no study of {escape(str(self.loss.value))}.")
                continue
            row = table.loc[self.loss.value]
            interval = (
                "" if np.isnan(row.low) else f" (95 % interval {row.low:.3f} to {row.high:.3f})"
            )
            words.append(
                f"At {what}, {escape(str(self.loss.value))} loses <b>{row['mean']:.3f}</b> "
                f"macro F1{interval}, {int(row.n)} paired runs."
            )
        lines = "".join(f"<li>{one}</li>" for one in words)
        return f"<ul role='status' style='line-height:1.4;margin:.3em 0'>{lines}</ul>"


def _nothing(ax: Axes, along: str) -> None:
    """An empty panel that says how to fill it."""
    told = f"no study is stored:\naunce study {along} --csv data/results/{along}.csv"
    ax.text(0.5, 0.5, told, ha="center", va="center", fontsize=9, color="#555555")
    ax.set(xticks=[], yticks=[], title=TITLES[along])
    ax.spines[:].set_color("#DDDDDD")


def _checked(table: pd.DataFrame | None, along: str) -> pd.DataFrame | None:
    """The table with the columns that are needed, or None for none or an empty one."""
    if table is None or table.empty:
        return None
    needed = ("corpus", "tested_on", "loss", "seed", "fold", "macro_f1", "all_active_f1")
    if missing := [name for name in (*needed, "noise", "noise_kind", along) if name not in table]:
        raise ValueError(f"the table of {along} lacks the columns {missing}; is it of a study?")
    return table
