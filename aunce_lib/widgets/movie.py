"""Training movie: how the embeddings of faces move while an encoder learns.

`film` places all epochs on one plane; `TrainingMovie` plays it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from ..epochs import Epochs
from ..facs import ACTION_UNITS, column
from ..inspection.plots import plot_projection
from ..inspection.style import COLOURS, quiet
from .pictures import Picture, new_figure, screen
from .words import help_line

COLOURINGS = ("label", "person", "light")
TRACES = {
    "alignment": "alignment (0 to 4)\nlower: positives closer",
    "uniformity": "uniformity\nlower: spread more evenly",
    "knn_f1": "kNN macro F1 (0 to 1)\nhigher: better",
}
WIDTH, HEIGHT = 7.6, 6.6  # inches
INTERVAL = 700  # ms between two epochs: long enough to follow a point, and to draw


@dataclass(frozen=True, eq=False)
class Film:
    """All epochs of one action unit on one plane.

    Attributes:
        xy: float64 (E, N, 2), without unit.
        shown: Share of the spread over all dimensions that the plane shows, float64 (E,), 0 to 1;
            NaN where all faces are at one point.
    """

    xy: np.ndarray
    shown: np.ndarray


def film(embeddings) -> Film:
    """Place all epochs on the plane of the last one, so that only what changed moves.

    An encoder is free to turn its whole sphere between two epochs, which changes nothing and would
    whirl the picture. So, from the last epoch backwards, each is turned onto the next (orthogonal
    Procrustes: the rotation or reflection with the least squared distance). The plane is that of
    the two principal axes of the last epoch.

    Args:
        embeddings: Floating (E, N, D): epochs, faces, dimensions; finite, none of them 0.

    Raises:
        TypeError: If they are not floating.
        ValueError: If the shape is wrong or a value is not finite.

    Example:
        >>> once = np.array([[1.0, 0.0], [0.6, 0.8], [0.0, 1.0]])
        >>> turned = once @ [[0.0, 1.0], [-1.0, 0.0]]
        >>> xy = film(np.stack([turned, once])).xy
        >>> bool(np.allclose(xy[0], xy[1]))
        True
    """
    z = np.asarray(embeddings)
    if z.dtype.kind != "f":
        raise TypeError(f"embeddings must be floating, got {z.dtype}")
    if z.ndim != 3 or 0 in z.shape:
        raise ValueError(
            "embeddings must be (E, N, D), at least one epoch and one face, of one action unit; "
            f"got {z.shape}; of (E, N, J, D) take one AU, z[:, :, j]"
        )
    if not np.isfinite(z).all():
        worst = int((~np.isfinite(z).all(axis=(1, 2))).argmax())
        raise ValueError(
            f"embeddings must be finite, but epoch number {worst} holds NaN or infinity; "
            "look at the encoder's training"
        )
    z = z.astype(np.float64)  # a copy
    for epoch in range(len(z) - 2, -1, -1):
        u, _, vt = np.linalg.svd(z[epoch].T @ z[epoch + 1])
        z[epoch] = z[epoch] @ (u @ vt)
    centre = z[-1].mean(axis=0)
    axes = np.zeros((2, z.shape[2]))
    principal = np.linalg.svd(z[-1] - centre, full_matrices=False)[2][:2]
    axes[: len(principal)] = principal
    xy = (z - centre) @ axes.T  # (E, N, 2)
    furthest = np.take_along_axis(xy[-1], np.abs(xy[-1]).argmax(axis=0)[None], axis=0)
    xy *= np.where(furthest < 0, -1.0, 1.0)  # the sign of an axis is free: keep it the same
    total, plane = (points.var(axis=1).sum(axis=-1) for points in (z, xy))
    with np.errstate(invalid="ignore", divide="ignore"):
        return Film(xy, np.where(total > 1e-12, plane / total, np.nan))


class TrainingMovie(widgets.VBox):
    """Play the training: the faces' embeddings, epoch after epoch, and what was measured.

    Args:
        epochs: From `load_epochs`.
        au: The action unit at the start; the first one if None.

    Attributes:
        film: The positions of the action unit that is shown.

    Raises:
        ValueError: If the action unit is not among those of the epochs, or there are no faces.
    """

    def __init__(self, epochs: Epochs, au: int | None = None) -> None:
        self.epochs, last = epochs, len(epochs.epochs) - 1
        au = epochs.aus[0] if au is None else au
        if au not in epochs.aus:
            raise ValueError(f"no action unit {au} in {epochs.name}; there are {epochs.aus}")
        self._film = lru_cache(lambda j: film(epochs.embeddings[:, :, j]))
        self.film = self._film(epochs.aus.index(au))
        named = [(f"{column(one)} {ACTION_UNITS[one].name}", one) for one in epochs.aus]
        self.play = widgets.Play(0, 0, last, interval=INTERVAL, description="play the epochs")
        self.epoch = widgets.SelectionSlider(
            options=[(str(epoch), int(epoch)) for epoch in epochs.epochs],
            description="epoch",
            layout=widgets.Layout(width="330px"),
        )
        self.au = widgets.Dropdown(options=named, value=au, description="action unit")
        self.colour = widgets.ToggleButtons(options=COLOURINGS, description="coloured by")
        self.colour.layout.width = "max-content"  # else the label takes a line of its own
        self.colour.style.button_width = "80px"
        self.picture, self.caption = screen(WIDTH), widgets.HTML()
        self.add_class("aunce-movie")
        for name in ("play", "epoch", "au", "colour", "picture", "caption"):
            getattr(self, name).add_class(f"aunce-movie-{name}")
        widgets.link((self.play, "value"), (self.epoch, "index"))
        self.epoch.observe(lambda _: self._move(), names="index")
        self.au.observe(lambda _: self._redraw(), names="value")
        self.colour.observe(lambda _: self._redraw(), names="value")
        wrap = widgets.Layout(flex_flow="row wrap")
        rows = ([self.play, self.epoch], [self.au, self.colour])
        help_ = help_line(
            "Try: play it coloured by <i>person</i>, then by <i>label</i>. What does the encoder "
            "know before training, and what does it forget? The arrow keys move the epoch."
        )
        super().__init__(
            [*(widgets.HBox(row, layout=wrap) for row in rows), help_]
            + [self.picture, self.caption]
        )
        self._redraw()

    @property
    def state(self) -> dict:
        """What is shown, as plain numbers and words; None where nothing was measured."""
        number = self.epoch.index
        measured = {name: self._measured(name)[number] for name in TRACES}
        return {
            "epoch": self.epoch.value,
            "au": self.au.value,
            "colour": self.colour.value,
            "faces": len(self.epochs.rows),
            "shown": _number(self.film.shown[number]),
            **{name: _number(value) for name, value in measured.items()},
        }

    def figure(self):
        """Four epochs side by side, from the first to the last, for print and for pages."""
        import matplotlib.pyplot as plt

        numbers = np.unique(np.linspace(0, len(self.epochs.epochs) - 1, 4).round().astype(int))
        figure, every = plt.subplots(1, len(numbers), squeeze=False, figsize=(10.8, 4))
        # By hand: a constrained layout is done anew when a notebook crops the picture, and then the
        # heading slips over the titles.
        figure.subplots_adjust(left=0.01, right=0.99, bottom=0.22, top=0.85, wspace=0.06)
        for ax, number in zip(every[0], numbers, strict=True):
            for dots, faces in self._cloud(ax):
                dots.set(offsets=self.film.xy[number, faces], sizes=[12])
            ax.set_title(self._told(number), fontsize=10)
        unit = f"{column(self.au.value)} {ACTION_UNITS[self.au.value].name.lower()}"
        figure.suptitle(f"Embeddings of {unit}, synthetic faces")
        plt.close(figure)  # else a notebook would show it twice
        return figure

    def _measured(self, name: str) -> np.ndarray:
        """A column of the history at the epochs of the film, NaN where there is none."""
        history = self.epochs.history.set_index("epoch")
        return history[name].reindex(self.epochs.epochs).to_numpy(float)

    def _redraw(self) -> None:
        """Another action unit or colouring: a new picture."""
        self.film = self._film(self.epochs.aus.index(self.au.value))
        figure = new_figure(WIDTH, HEIGHT)
        cloud, below = figure.subfigures(2, 1, height_ratios=(3, 1))
        ax = cloud.subplots()
        self._dots = self._cloud(ax, shape=1.6)
        self._tails = ax.add_collection(LineCollection([], colors="#888888", lw=0.6, alpha=0.5))
        self._title = ax.set_title(" ")
        axes = below.subplots(1, len(TRACES))
        self._now = [self._trace(*one) for one in zip(axes, TRACES.items(), strict=True)]
        dots = [dots for dots, _ in self._dots]
        self._picture = Picture(figure, [self._tails, *dots, self._title, *self._now])
        self._move()

    def _move(self) -> None:
        """The same picture at another epoch."""
        number, epoch = self.epoch.index, self.epoch.value
        for dots, faces in self._dots:
            dots.set_offsets(self.film.xy[number, faces])
        self._tails.set_segments(self.film.xy[[max(number - 1, 0), number]].swapaxes(0, 1))
        self._title.set_text(self._told(number))
        for line in self._now:
            line.set_xdata([epoch, epoch])
        self.picture.value = self._picture.png()
        self.caption.value = self._words()

    def _cloud(self, ax: Axes, shape: float = 1.0) -> list[tuple[PathCollection, np.ndarray]]:
        """Draw the dots of all faces in a box `shape` times as wide as it is high.

        Returns:
            The dots, with the numbers of the faces that they stand for.
        """
        faces = np.arange(len(self.epochs.rows))
        numbered = np.stack([faces, faces], axis=1)  # at first each dot lies where its number is
        plot_projection(numbered, self._values(), name=self._name(), ax=ax)
        drawn = [(dots, dots.get_offsets()[:, 0].astype(int)) for dots in ax.collections]
        low, high = self.film.xy.min(axis=(0, 1)), self.film.xy.max(axis=(0, 1))
        middle, half = (low + high) / 2, 0.53 * np.maximum(high - low, 1e-3)
        half = np.maximum(half, half[::-1] * (shape, 1 / shape))  # the box keeps its shape
        (left, right), (bottom, top) = np.stack([middle - half, middle + half], axis=1)
        ax.set_aspect("equal", adjustable="box")
        ax.set(xlim=(left, right), ylim=(bottom, top))
        return drawn

    def _values(self) -> np.ndarray:
        """What `plot_projection` colours by, (N,)."""
        if self.colour.value == "label":
            return self.epochs.labels[:, self.epochs.aus.index(self.au.value)]
        if self.colour.value == "person":
            return np.array([name.split("/", 1)[-1] for name in self.epochs.subjects], dtype=str)
        return self.epochs.light

    def _name(self) -> str:
        named = {"label": column(self.au.value), "person": "person"}
        return named.get(self.colour.value, "light from the side (degrees)")

    def _trace(self, ax: Axes, named: tuple[str, str]) -> Line2D:
        """What was measured, over the epochs; returns the line that says which is shown."""
        history, (name, title) = self.epochs.history, named
        ax.plot(history.epoch, history[name], color=COLOURS[0], marker="o", ms=3)
        ax.set_title(title, fontsize=9)
        ax.set_xlabel("epoch", fontsize=9)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.tick_params(labelsize=8)
        quiet(ax)
        return ax.axvline(0, color=COLOURS[3], lw=2)

    def _told(self, number: int) -> str:
        f1 = self._measured("knn_f1")[number]
        epoch = self.epochs.epochs[number]
        before = "before training" if epoch == 0 else f"epoch {epoch}"
        return before if np.isnan(f1) else f"{before}: kNN F1 {f1:.2f}"

    def _words(self) -> str:
        """What the picture shows, in words; screen readers read it out when it changes."""
        state = self.state
        told = {
            name: "not measured" if state[name] is None else f"{state[name]:.2f}" for name in TRACES
        }
        shown = "n/a" if state["shown"] is None else f"{state['shown']:.0%}"
        return (
            "<div role='status' style='line-height:1.4;max-width:760px'>"
            f"{state['faces']} synthetic faces of people not trained on; a line leads from where a "
            f"face was an epoch ago. <b>{self._told(self.epoch.index)}</b>, alignment "
            f"{told['alignment']}, uniformity {told['uniformity']} (of all action units). The "
            f"plane shows {shown} of the spread of this one: what lies beyond is not seen.</div>"
        )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
