"""Re-weighting curves: how the push on a face depends on similarity, and on how rare its AU is.

`push_curves` reads everything off `loss.explain`; `ReweightingCurves` is that with sliders.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from ..faces import BP4D, DISFA
from ..facs import ACTION_UNITS, AU_SETS, column
from ..inspection.style import ACTIVE, PALETTE, quiet
from ..loss import explain
from ..sampler import Positive
from .pictures import Picture, new_figure, screen
from .words import complaint, help_line

WIDTH, HEIGHT = 9.6, 3.9  # inches
CORPORA = {"BP4D": BP4D, "DISFA": DISFA}
SIMILARITIES = np.linspace(-1, 1, 81)  # cosines of the negatives on the left
N_FACES, DIM = 64, 32  # of the batch on the right
HARDLY = 0.01  # a push of less is not worth comparing
VIEW_NOISE = 0.5  # how much the two views of a face differ, faces themselves being 1 apart


@dataclass(frozen=True, eq=False)
class Curves:
    """The push of negatives by similarity, and of anchors by the rate of their AU.

    Attributes:
        similarities: Cosine of a negative with its anchor, (n,).
        weights: Its weight for an active and for an inactive anchor, (2, n); 1 is the mean of all
            negatives, which stand evenly at every similarity.
        aus: Action units, the rarest first, (J,).
        rates: How often each is active in the corpus, (J,).
        push: Mean push βσ on active and on inactive faces as anchors, (2, J).
        plain: The same for β = 1.
    """

    similarities: np.ndarray
    weights: np.ndarray
    aus: tuple[int, ...]
    rates: np.ndarray
    push: np.ndarray
    plain: np.ndarray

    @property
    def ratio(self) -> np.ndarray:
        """How many times as hard an active anchor is pushed as an inactive one, (J,)."""
        return self.push[0] / self.push[1]


def push_curves(
    temperature: float = 0.5,
    beta_active: float = 1.2,
    beta_inactive: float = 0.8,
    corpus: str = "BP4D",
    separation: float = 0.0,
    seed: int = 0,
) -> Curves:
    """What τ and β do to the push.

    The right-hand numbers come from a batch of random embeddings, in which each AU is active as
    often as in the corpus, and from the kind of positive MEAN.

    Args:
        temperature: τ > 0.
        beta_active, beta_inactive: Exponents β > 0.
        corpus: "BP4D" or "DISFA", whose rates are published.
        separation: How far training has moved active and inactive faces apart: 0 not at all;
            at 1 their centres are 2 apart, where two faces of a class are 1.4 apart.
        seed: Of the embeddings.

    Raises:
        ValueError: For an unknown corpus, or a number that is out of range.

    Example:
        >>> curves = push_curves(beta_active=1.0, beta_inactive=1.0)
        >>> curves.similarities[curves.weights[0].argmax()].item()  # the most similar
        1.0
    """
    if corpus not in CORPORA:
        raise ValueError(f"corpus must be one of {[*CORPORA]}, got {corpus!r}")
    if not 0 <= separation < np.inf:
        raise ValueError(f"separation must be 0 or more, got {separation}")
    options = {"temperature": temperature}
    betas = {"beta_active": beta_active, "beta_inactive": beta_inactive}
    rates = dict(CORPORA[corpus].rates)
    aus = tuple(sorted(AU_SETS[corpus.lower()], key=rates.get))
    batch = _batch([rates[au] for au in aus], separation, seed)
    return Curves(
        SIMILARITIES,
        _weights(options | betas),
        aus,
        np.array([rates[au] for au in aus]),
        _mean_push(batch, options | betas),
        _mean_push(batch, options | dict.fromkeys(betas, 1.0)),
    )


def _weights(options: dict) -> np.ndarray:
    """Shares of negatives at `SIMILARITIES`, times their number, (2, n): active anchor, inactive.

    One anchor at angle 0, negatives at the angles whose cosines are wanted.
    """
    cosines = torch.tensor([1.0, *SIMILARITIES], dtype=torch.float64)
    z = torch.stack([cosines, (1 - cosines**2).clamp(min=0).sqrt()], dim=1)[:, None]  # (B, 1, 2)
    active = torch.zeros(len(z), 1)
    active[0] = 1
    shares = [
        explain(z, z, labels, torch.tensor([Positive.SELF]), **options).negative[0, 0]
        for labels in (active, 1 - active)
    ]  # (2B,) of the first row, both views
    n = len(SIMILARITIES)
    return n * torch.stack([s.view(2, -1).sum(dim=0)[1:] for s in shares]).numpy()


def _batch(rates: list[float], separation: float, seed: int) -> tuple[torch.Tensor, ...]:
    """Two views (B, J, D) and labels (B, J): random directions, moved apart along the first."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.zeros(N_FACES, len(rates))
    for j, rate in enumerate(rates):
        chosen = torch.randperm(N_FACES, generator=generator)[: max(1, round(rate * N_FACES))]
        labels[chosen, j] = 1
    face = torch.randn(N_FACES, len(rates), DIM, generator=generator)
    views = face + VIEW_NOISE * torch.randn(2, *face.shape, generator=generator)
    views = F.normalize(views, dim=-1)
    views[..., 0] += separation * (2 * labels - 1)
    return (*F.normalize(views, dim=-1), labels)


def _mean_push(batch: tuple[torch.Tensor, ...], options: dict) -> np.ndarray:
    """Mean of βσ over active and over inactive anchors of each AU, (2, J)."""
    z0, z1, labels = batch
    why = explain(z0, z1, labels, torch.full((labels.shape[1],), Positive.MEAN), **options)
    push, active = why.strength * why.beta, labels.repeat(2, 1)  # (2B, J)
    return torch.stack([(push * y).sum(0) / y.sum(0) for y in (active, 1 - active)]).numpy()


class ReweightingCurves(widgets.VBox):
    """Sliders for τ and β, the weight of a negative by similarity, and the push by rate.

    Attributes:
        curves: What is shown now; None after input that cannot be shown.

    Example:
        >>> widget = ReweightingCurves()
        >>> widget.beta_active.value = 2.0
        >>> widget.state["beta_active"]
        2.0
    """

    def __init__(self) -> None:
        self.curves, self._shown = None, None
        self.temperature = _slider("temperature τ", 0.5, 0.05, 1.0)
        self.beta_active = _slider("β active", 1.2, 0.1, 2.0)
        self.beta_inactive = _slider("β inactive", 0.8, 0.1, 2.0)
        self.similarity = _slider("similarity", 0.8, -1.0, 1.0)
        self.separation = _slider("training", 0.75, 0.0, 2.0)
        self.corpus = widgets.Dropdown(options=list(CORPORA), description="corpus")
        self.au = widgets.Dropdown(description="action unit")
        self.picture, self.caption = screen(WIDTH), widgets.HTML()
        self._name_aus()
        controls = self._tag_controls()
        for control in controls:
            control.style.description_width = "105px"
            control.layout.width = "290px"
            control.observe(self._on_change, names="value")
        help_ = help_line(
            "How hard does a negative push, and on whom? <b>Try:</b> set both β to 1 and move τ: "
            "who pushes at 0.1? Put β back and compare a rare action unit with a common one. Then "
            "move <i>training</i>, which parts active from inactive faces: who is still pushed?"
        )
        wrap = widgets.Layout(flex_flow="row wrap", max_width="900px")
        rows = widgets.HBox(controls, layout=wrap)
        super().__init__([help_, rows, self.picture, self.caption])
        self._on_change(None)

    @property
    def state(self) -> dict:
        """What a test, or a learner, may want to know: plain numbers and words."""
        names = ("temperature", "beta_active", "beta_inactive", "similarity", "separation")
        state = {name: getattr(self, name).value for name in names}
        state |= {"corpus": self.corpus.value, "au": self.au.value}
        if self.curves is None:
            return state | dict.fromkeys(("weights", "push", "ratio"))
        j = self.curves.aus.index(self.au.value)
        return state | {
            "weights": [_read(self.curves, side, self.similarity.value) for side in (0, 1)],
            "push": self.curves.push[:, j].tolist(),
            "ratio": float(self.curves.ratio[j]),
        }

    def figure(self):
        """The same as a still matplotlib figure, for print and for pages without a kernel."""
        import matplotlib.pyplot as plt

        figure = plt.figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        plt.close(figure)  # else a notebook would show it twice
        if self.curves is not None:
            self._draw(_frame(figure, _heights(self.curves)))
        return figure

    def _name_aus(self) -> None:
        aus = AU_SETS[self.corpus.value.lower()]
        names = {f"{column(au)} {ACTION_UNITS[au].name.lower()}": au for au in aus}
        keep = self.au.value if self.au.value in aus else aus[1]
        self.au.options = names
        self.au.value = keep

    def _tag_controls(self) -> list[widgets.Widget]:
        """Each control gets a class by which a page, or a test in a browser, finds it."""
        self.add_class("aunce-curves")
        names = ["temperature", "beta_active", "beta_inactive", "similarity", "separation"]
        for name in [*names, "corpus", "au", "picture", "caption"]:
            getattr(self, name).add_class(f"aunce-curves-{name.replace('_', '-')}")
        return [getattr(self, name) for name in [*names, "corpus", "au"]]

    def _on_change(self, change) -> None:
        if change and change["owner"] is self.corpus:
            self.au.unobserve(self._on_change, names="value")  # one drawing, not three
            self._name_aus()
            self.au.observe(self._on_change, names="value")
        try:
            self.curves = push_curves(
                self.temperature.value,
                self.beta_active.value,
                self.beta_inactive.value,
                self.corpus.value,
                self.separation.value,
            )
        except ValueError as error:
            self.curves, self.picture.value = None, b""
            self.caption.value = complaint(error)
            return
        self._redraw()
        self.caption.value = _caption(self.curves, self.state)

    def _redraw(self) -> None:
        """The curves over axes that are kept, as long as they are high enough."""
        heights = _heights(self.curves)
        if heights != self._shown:
            figure = new_figure(WIDTH, HEIGHT)
            self._axes, self._shown = _frame(figure, heights), heights
            self._picture = Picture(figure)
        drawn = self._draw(self._axes)
        self.picture.value = self._picture.png(drawn)
        for artist in drawn:
            if artist not in [ax.title for ax in self._axes]:
                artist.remove()

    def _draw(self, axes: Sequence[Axes]) -> list[Artist]:
        """Draw what depends on the sliders; returns it."""
        left, right = axes
        drawn = _draw_weights(left, self.curves, self.state)
        return drawn + _draw_push(right, self.curves, self.au.value)


def _slider(description: str, value: float, low: float, high: float) -> widgets.FloatSlider:
    return widgets.FloatSlider(
        value, min=low, max=high, step=0.05, description=description, continuous_update=False
    )


def _read(curves: Curves, side: int, similarity: float) -> float:
    """The weight of a negative of that similarity, off the curve."""
    return float(np.interp(similarity, curves.similarities, curves.weights[side]))


SIDES = (("active", ACTIVE, "-", "o"), ("inactive", PALETTE["blue"], "--", "s"))
STEPS = np.array([1.3, 1.6, 2, 2.5, 3, 4, 5, 6, 8, 10, 13, 16, 20, 25, 30, 40, 50, 65, 85])


def _heights(curves: Curves) -> tuple[float, float, float]:
    """How high the two axes are, and how wide the right one: round numbers that seldom change."""
    tops = max(4.0, 1.05 * curves.weights.max()), 1.25 * curves.push.max()
    left, right = (float(STEPS[min(np.searchsorted(STEPS, top), len(STEPS) - 1)]) for top in tops)
    return left, right, float(100 * curves.rates.max())


def _frame(figure, heights: tuple[float, float, float]) -> Sequence[Axes]:
    """The two axes of a figure, without curves."""
    left, right = figure.subplots(1, 2)
    left.set(xlim=(-1, 1), ylim=(0, heights[0]))
    left.set(xlabel="similarity of the negative (cosine)", ylabel="its weight, 1 = mean")
    right.set(xlim=(0, 5 + heights[2]), xlabel="how often the action unit is active, % of frames")
    right.set(ylim=(0, heights[1]), ylabel="push βσ on an anchor, mean")
    for ax in (left, right):
        ax.set_title(" ", fontsize=11)  # keeps its place
        quiet(ax)
    left.axhline(1, color="#999999", lw=1)
    left.text(-0.98, 1.08, "mean of all negatives", fontsize=8, color="#555555")
    return left, right


def _draw_weights(ax: Axes, curves: Curves, state: dict) -> list[Artist]:
    x, drawn = state["similarity"], []
    for side, (label, colour, line, marker) in enumerate(SIDES):
        drawn += ax.plot(curves.similarities, curves.weights[side], line, color=colour, lw=2.2)
        y = state["weights"][side]
        drawn += ax.plot(x, y, marker, color=colour, ms=9, label=f"{label} anchor: {y:.2f}")
    drawn.append(ax.axvline(x, color="#999999", lw=1, ls=":"))
    drawn.append(ax.set_title(f"What a negative of similarity {x:.2f} weighs", fontsize=11))
    return [*drawn, ax.legend(loc="upper left", frameon=False, bbox_to_anchor=(0, 0.93))]


def _draw_push(ax: Axes, curves: Curves, au: int) -> list[Artist]:
    rates, j, drawn = 100 * curves.rates, curves.aus.index(au), []
    for side, (label, colour, line, marker) in enumerate(SIDES):
        push, plain = curves.push[side], curves.plain[side]
        drawn += ax.plot(rates, push, marker, color=colour, ms=7, label=f"{label} anchors")
        drawn += ax.plot(rates, plain, line, color=colour, lw=1, alpha=0.6)
        ring = {"mfc": "none", "mec": "black", "ms": 13, "mew": 1.5}
        drawn += ax.plot(rates[j], push[j], marker, **ring)
    drawn += ax.plot([], [], "-", color="#777777", lw=1, label="same, β = 1")
    low, high = curves.push[:, j].min(), curves.push[:, j].max()
    ends, arrow = ((rates[j], low), (rates[j], high)), {"arrowstyle": "<->"}
    drawn.append(ax.annotate("", *ends, arrowprops=arrow))
    harder = f"active faces are pushed {curves.ratio[j]:.2f}× as hard"
    title = f"{column(au)}: {harder if high > HARDLY else 'hardly pushed any more'}"
    drawn.append(ax.set_title(title, fontsize=11))
    return [*drawn, ax.legend(loc="lower right", framealpha=0.9, edgecolor="none", fontsize=9)]


def _caption(curves: Curves, state: dict) -> str:
    j = curves.aus.index(state["au"])
    (active, inactive), push = state["weights"], state["push"]
    return (
        "<div role='status' style='max-width:860px;line-height:1.4'>A negative of similarity "
        f"{state['similarity']:.2f} weighs {active:.2f} for an active anchor and {inactive:.2f} "
        f"for an inactive one. {column(state['au'])} is active in {curves.rates[j]:.0%} of "
        f"{state['corpus']}'s frames: an active face is pushed with {push[0]:.2f}, an inactive one "
        f"with {push[1]:.2f}, <b>{state['ratio']:.2f} times</b> as hard (with β = 1: "
        f"{curves.plain[0, j] / curves.plain[1, j]:.2f}). The {N_FACES} embeddings are random; "
        "<i>training</i> only moves the two classes apart.</div>"
    )
