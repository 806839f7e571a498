"""Threshold explorer: where to cut a score in two, chosen on some people, shown on others.

`tally` counts what a threshold gives; `ThresholdExplorer` lets one drag it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ..evaluation.bootstrap import confusion, f1_score, ratio
from ..evaluation.fitting import choose_threshold
from ..evaluation.inputs import as_labels, as_scores, same_length
from ..evaluation.metrics import ranking
from ..facs import ACTION_UNITS, column
from ..inspection.style import ACTIVE, COLOURS, INACTIVE, quiet
from .pictures import Picture, new_figure, screen
from .words import help_line

WIDTH, HEIGHT = 8.4, 5.2  # inches
STEP = 0.01  # of the slider
BINS = np.linspace(0, 1, 41)
SIDES = ("validation", "test")


@dataclass(frozen=True)
class Tally:
    """What calling faces active from a threshold on gives.

    Attributes:
        tp, fp, fn, tn: Faces rightly called active, wrongly active, wrongly inactive, rightly so.
        precision: Share of the faces called active that are; NaN if none is called so.
        recall: Share of the active faces that are called so; NaN if there are none.
        f1: Of the two; NaN if there are no active faces.
    """

    tp: int
    fp: int
    fn: int
    tn: int
    precision: float
    recall: float
    f1: float


def tally(labels, scores, threshold: float) -> Tally:
    """Count the faces on both sides of a threshold.

    Args:
        labels: 0, 1 or NaN (unknown, left out), (N,).
        scores: 0 to 1, (N,); NaN only where the label is unknown.
        threshold: "Active" means score ≥ threshold.

    Raises:
        TypeError: If a dtype is wrong.
        ValueError: If lengths differ, or a value is out of range.

    Example:
        >>> tally([1, 1, 0, 0], [0.9, 0.3, 0.6, 0.1], 0.5).f1
        0.5
    """
    labels, scores = _known(np.asarray(labels)[:, None], np.asarray(scores)[:, None], (0,), "")[0]
    calls = (scores >= threshold).astype(np.float32)
    counts = [0, 0, 0]
    if len(labels):
        counts = confusion(labels[:, None], calls[:, None], np.zeros(len(labels), int))[0, 0]
    tp, fp, fn = (int(count) for count in counts)
    precision, recall = (float(ratio(np.array(tp), np.array(n))) for n in (tp + fp, tp + fn))
    f1 = float(f1_score(*map(np.array, (tp, fp, fn))))
    return Tally(tp, fp, fn, len(labels) - tp - fp - fn, precision, recall, f1)


class ThresholdExplorer(widgets.VBox):
    """Scores of active and inactive faces, a threshold to drag, and what it costs.

    Args:
        validation: Labels and scores (0, 1 or NaN; 0 to 1), (N, J) each, to choose on.
        test: The same of other people, (M, J), to look at once one has chosen.
        aus: The J action units.

    Raises:
        TypeError: If a dtype is wrong.
        ValueError: If a shape is wrong, a value is out of range, or a known face has no score.
    """

    def __init__(self, validation: tuple, test: tuple, aus: Sequence[int]) -> None:
        self.aus = tuple(aus)
        both = zip((validation, test), SIDES, strict=True)
        self._faces = {side: _known(*pair, self.aus, side + " ") for pair, side in both}
        named = [(f"{column(au)} {ACTION_UNITS[au].name}", au) for au in self.aus]
        self.au = widgets.Dropdown(options=named, description="action unit")
        self.threshold = widgets.FloatSlider(
            value=0.5,
            min=0,
            max=1,
            step=STEP,
            description="threshold",
            layout=widgets.Layout(width="480px", max_width="100%"),
        )
        self.best = widgets.Button(
            description="best on validation", tooltip="the threshold with the highest F1 there"
        )
        self.half = widgets.Button(description="one half", tooltip="the customary threshold")
        self.picture, self.caption = screen(WIDTH), widgets.HTML()
        self.add_class("aunce-thresholds")
        for name in ("au", "threshold", "best", "half", "picture", "caption"):
            getattr(self, name).add_class(f"aunce-thresholds-{name}")
        self.au.observe(lambda _: self._redraw(), names="value")
        self.threshold.observe(lambda _: self._move(), names="value")
        self.best.on_click(lambda _: self._choose())
        self.half.on_click(lambda _: setattr(self.threshold, "value", 0.5))
        help_ = help_line(
            "Try: find the threshold with the highest F1 on the validation people. How much of it "
            "is left on the test people? And for a rare action unit? Arrow keys move it by 0.01."
        )
        wrap = widgets.Layout(flex_flow="row wrap")
        rows = ([self.au, self.best, self.half], [self.threshold])
        super().__init__(
            [*(widgets.HBox(row, layout=wrap) for row in rows), help_]
            + [self.picture, self.caption]
        )
        self._redraw()

    @property
    def state(self) -> dict:
        """What is shown, as plain numbers; None where undefined."""
        sides = {side: _plain(one) for side, one in self._tallies().items()}
        return {"au": self.au.value, "threshold": self.threshold.value, **sides}

    def figure(self) -> Figure:
        """The same as a still matplotlib figure, for print and for pages without a kernel."""
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        self._draw(figure)
        figure.suptitle(f"{self._unit()}, threshold {self.threshold.value:.2f}")
        plt.close(figure)  # else a notebook would show it twice
        return figure

    def _unit(self) -> str:
        return f"{column(self.au.value)} {ACTION_UNITS[self.au.value].name.lower()}"

    def _side(self, side: str) -> tuple[np.ndarray, np.ndarray]:
        """Known labels and their scores of the chosen action unit, (n,) each."""
        return self._faces[side][self.aus.index(self.au.value)]

    def _tallies(self) -> dict[str, Tally]:
        return {side: tally(*self._side(side), self.threshold.value) for side in SIDES}

    def _choose(self) -> None:
        """The best threshold of the validation people, as near as the slider comes to it."""
        labels, scores = self._side("validation")
        if (labels == 1).any():
            self.threshold.value = round(choose_threshold(labels, scores) / STEP) * STEP

    def _redraw(self) -> None:
        """Another action unit: a new picture."""
        figure = new_figure(WIDTH, HEIGHT)
        self._lines, self._titles = self._draw(figure)
        self._picture = Picture(figure, [*self._lines, *self._titles.values()])
        self.best.disabled = not (self._side("validation")[0] == 1).any()
        self._move()

    def _move(self) -> None:
        """The same picture with another threshold."""
        for line in self._lines:
            line.set_xdata([self.threshold.value] * 2)
        for side, one in self._tallies().items():
            self._titles[side].set_text(_headline(side, one))
        self.picture.value = self._picture.png()
        self.caption.value = self._words()

    def _draw(self, figure: Figure) -> tuple[list, dict]:
        """Histograms above, F1 of every threshold below; returns the lines and titles that move."""
        axes = figure.subplots(2, 2, sharex=True, sharey="row", height_ratios=(1.5, 1))
        lines, titles, value = [], {}, self.threshold.value
        for (above, below), side in zip(axes.T, SIDES, strict=True):
            labels, scores = self._side(side)
            _histogram(above, labels, scores)
            titles[side] = above.set_title(_headline(side, self._tallies()[side]), fontsize=11)
            _f1_curve(below, labels, scores)
            lines += [ax.axvline(value, color="black", lw=2) for ax in (above, below)]
        axes[0, 0].set_ylabel("share of the active,\nof the inactive faces", fontsize=9)
        axes[1, 0].set_ylabel("F1 (0 to 1)", fontsize=9)
        return lines, titles

    def _words(self) -> str:
        """Both confusions as tables; screen readers read them out when they change."""
        tables = "".join(_table(side, one) for side, one in self._tallies().items())
        return f"<div role='status' style='display:flex;flex-wrap:wrap;gap:0 3em'>{tables}</div>"


def _known(labels, scores, aus: Sequence[int], name: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Labels and scores of the faces whose label is known, of each action unit."""
    labels = as_labels(labels, aus, f"{name}labels")
    scores = as_scores(scores, aus, f"{name}scores")
    if len(labels) != len(scores):
        same_length(**{f"{name}labels": labels, f"{name}scores": scores})
    out = (scores < 0) | (scores > 1)
    if out.any():
        raise ValueError(f"{name}scores must lie in 0..1, got {scores[out][0]}; use Probe.scores")
    silent = np.isnan(scores) & ~np.isnan(labels)
    if silent.any():
        au = aus[int(silent.any(axis=0).argmax())]
        raise ValueError(f"{name}scores of AU{au} hold NaN where the label is known; leave it out")
    pairs = zip(labels.T, scores.T, strict=True)
    return [(one[~np.isnan(one)], score[~np.isnan(one)]) for one, score in pairs]


def _histogram(ax: Axes, labels: np.ndarray, scores: np.ndarray) -> None:
    for value, colour, name in ((0, INACTIVE, "inactive"), (1, ACTIVE, "active")):
        some = scores[labels == value]
        weights = np.full(len(some), 1 / max(len(some), 1))  # rare or not, each has area 1
        style = {"color": colour, "label": f"{name} ({len(some):,})"}
        ax.hist(some, BINS, weights=weights, alpha=0.35, **style)
        ax.hist(some, BINS, weights=weights, histtype="step", lw=1.5, color=colour)
    ax.legend(frameon=False, fontsize=9, loc="upper center")
    quiet(ax)


def _f1_curve(ax: Axes, labels: np.ndarray, scores: np.ndarray) -> None:
    active = (labels == 1).sum()
    if active:
        distinct, tp, fp = ranking(labels, scores)
        f1 = 2 * tp / (tp + fp + active)
        # "score ≥ threshold" changes where a threshold passes a score
        ax.step(np.r_[1, distinct, 0], np.r_[0, f1, f1[-1]], color=COLOURS[0], where="post")
        trivial = 2 * active / (active + len(labels))
        ax.axhline(trivial, color="#777777", lw=1.5, ls=(0, (2, 1)))
        ax.text(1, trivial, "all active", ha="right", va="bottom", fontsize=8, color="#555555")
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.set_xlabel("score, and the threshold (black)", fontsize=9)
    quiet(ax)


def _headline(side: str, one: Tally) -> str:
    told = {"validation": "validation, to choose on", "test": "test, other people"}[side]
    return f"{told}: F1 {_text(one.f1)}"


def _table(side: str, one: Tally) -> str:
    cell = "padding:0 .6em;text-align:right"
    head = "".join(f"<th style='{cell}'>{text}</th>" for text in ("", "called active", "inactive"))
    body = ""
    for name, values in (("active", (one.tp, one.fn)), ("inactive", (one.fp, one.tn))):
        cells = "".join(f"<td style='{cell}'>{value:,}</td>" for value in values)
        body += f"<tr><th style='{cell}'>{name}</th>{cells}</tr>"
    return (
        f"<div><p style='margin:.3em 0'><b>{side}</b>: F1 <b>{_text(one.f1)}</b>, precision "
        f"{_text(one.precision)}, recall {_text(one.recall)}</p>"
        f"<table><tr>{head}</tr>{body}</table></div>"
    )


def _text(value: float) -> str:
    return "n/a" if np.isnan(value) else f"{value:.2f}"


def _plain(one: Tally) -> dict:
    values = vars(one).items()
    return {name: None if np.isnan(value) else value for name, value in values}
