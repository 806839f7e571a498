"""Ring of embeddings: turn faces on a circle and see where the loss would turn them.

`forces.ring_forces` computes what is shown; `EmbeddingRing` gives it handles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import anywidget
import ipywidgets as widgets
import numpy as np
import traitlets

from .forces import KINDS, START, Ring, ring_forces
from .words import complaint, help_line

STATIC = Path(__file__).parent / "static"
WHOSE = {"the anchor's loss": "anchor", "every face's loss": "all"}
COLOURS = {"anchor": "#000000", "view": "#0072B2", "positive": "#0072B2", "negative": "#D55E00"}
MARKERS = {"anchor": "*", "view": "o", "positive": "o", "negative": "s"}
STEP, FARTHEST = 0.1, 10.0  # of a step down the gradient: radians a unit of it, degrees at most
AS_HARD = 0.99  # of the hardest push: nobody sees the difference


class _Circle(anywidget.AnyWidget):
    """The picture: `shown` comes from Python, `angles` and `chosen` from the hand."""

    _esm = STATIC / "ring.js"
    _css = STATIC / "ring.css"
    angles = traitlets.List(traitlets.Float()).tag(sync=True)
    shown = traitlets.Dict().tag(sync=True)
    asking = traitlets.Bool(False).tag(sync=True)
    chosen = traitlets.Int(-1).tag(sync=True)


class EmbeddingRing(widgets.VBox):
    """Faces on a circle to drag, with the gradient of the loss as arrows.

    Args:
        anchor, other_view, positives, negatives: Angles in degrees, as `ring_forces` takes them.
        seed: Of the questions.

    Attributes:
        ring: What is shown now; None after input that cannot be shown.

    Example:
        >>> widget = EmbeddingRing()
        >>> widget.temperature.value = 0.1
        >>> widget.state["hardest"]
        'negative 1'
    """

    def __init__(
        self,
        anchor: float = START["anchor"],
        other_view: float = START["other_view"],
        positives: Sequence[float] = START["positives"],
        negatives: Sequence[float] = START["negatives"],
        seed: int = 0,
    ) -> None:
        self._sizes = len(positives), len(negatives)
        self._rng, self.ring, self._score = np.random.default_rng(seed), None, [0, 0]
        self._answers = 0
        self.circle = _Circle(
            angles=[float(a) for a in (anchor, other_view, *positives, *negatives)]
        )
        self.temperature = _slider("temperature τ", 0.5, 0.05)
        self.beta_active = _slider("β active", 1.2, 0.1)
        self.beta_inactive = _slider("β inactive", 0.8, 0.1)
        self.kind = widgets.Dropdown(options=KINDS, value="mean", description="positive")
        self.variant = widgets.Dropdown(options=["corrected", "official"], description="variant")
        self.label = widgets.Dropdown(
            options={"active": True, "inactive": False}, description="the anchor is"
        )
        self.whose = widgets.Dropdown(options=WHOSE, description="arrows of")
        self.ask = widgets.Button(description="Ask me", icon="question")
        self.step = widgets.Button(description="One step", icon="play")
        self.caption = widgets.HTML()
        self.answer = widgets.HTML()
        controls = self._tag_controls()
        for control in controls:
            control.style.description_width = "105px"
            control.layout.width = "310px"
            control.observe(self._on_change, names="value")
        self.circle.observe(self._on_change, names="angles")
        self.circle.observe(self._on_choice, names="chosen")
        self.ask.on_click(lambda _: self.question())
        self.step.on_click(lambda _: self.descend())
        side = widgets.VBox(
            [*controls, widgets.HBox([self.ask, self.step]), self.answer, self.caption]
        )
        side.layout.width = "400px"
        help_ = help_line(
            "Drag a face, or press Tab until it is marked and turn it with the arrow keys (Shift: "
            "by 1°). An arrow shows where one step down the gradient would turn that face. "
            "<b>Try:</b> take a negative towards the anchor. When does it push hardest, and does "
            "that change at τ = 0.1? Then <i>nearest</i> with <i>official</i>: what pulls now?"
        )
        row = widgets.HBox([self.circle, side], layout=widgets.Layout(flex_flow="row wrap"))
        super().__init__([help_, row])
        self._on_change(None)

    @property
    def options(self) -> dict:
        """The settings, as `ring_forces` takes them."""
        return {
            "active": self.label.value,
            "kind": self.kind.value,
            "whose": self.whose.value,
            "temperature": self.temperature.value,
            "beta_active": self.beta_active.value,
            "beta_inactive": self.beta_inactive.value,
            "variant": self.variant.value,
        }

    @property
    def state(self) -> dict:
        """What a test, or a learner, may want to know: plain numbers and words."""
        state = {"angles": list(self.circle.angles), **self.options, "asking": self.circle.asking}
        state |= {"right": self._score[0], "asked": self._score[1]}
        if self.ring is None:
            return state | {"loss": math.nan, "turns": [], "shares": [], "hardest": None}
        return state | {
            "loss": self.ring.loss,
            "turns": self.ring.turns.tolist(),
            "shares": self.ring.shares.tolist(),
            "hardest": self.ring.names[self.ring.hardest],
        }

    def question(self) -> None:
        """Lay the faces out anew, hide the arrows and ask which negative pushes hardest."""
        rng, (n_positives, n_negatives) = self._rng, self._sizes
        sides = rng.choice([-1, 1], n_negatives)
        apart = rng.permutation(np.geomspace(8, 150, n_negatives)) * sides  # from the anchor
        free = [a for a in range(24, 337, 8) if np.abs((a - apart + 180) % 360 - 180).min() > 12]
        around = np.array([0, *rng.choice(free, n_positives + 1, replace=False), *apart])
        self.whose.value = "anchor"
        self.circle.angles = ((rng.uniform(0, 360) + around) % 360).tolist()
        self.circle.chosen, self.circle.asking = -1, True
        self.answer.value = _status("Which negative (■) pushes the anchor hardest? Click it.")

    def descend(self) -> None:
        """Turn every face one step down the gradient of the loss, by 10 degrees at most."""
        if self.ring is None:
            return
        n = len(self.ring.angles) if self.whose.value == "all" else 1  # the mean is as flat as n
        turns = np.degrees(STEP * n * self.ring.turns).clip(-FARTHEST, FARTHEST)
        self.circle.angles = ((self.ring.angles + turns) % 360).tolist()

    def figure(self):
        """The same as a still matplotlib figure, for print and for pages without a kernel."""
        import matplotlib.pyplot as plt

        figure, ax = plt.subplots(figsize=(5.4, 5.0), layout="constrained")
        ax.set(xlim=(-1.6, 1.6), ylim=(-1.5, 1.5), aspect="equal")
        ax.set_axis_off()
        if self.ring is not None:
            ax.add_patch(plt.Circle((0, 0), 1, fill=False, color="#999999"))
            ax.text(0, 0, f"loss {self.ring.loss:.3f}", ha="center", va="center", fontsize=15)
            ax.set_title("Where the loss turns each face on the ring of embeddings", fontsize=11)
            for point, angle in zip(_points(self.ring), np.radians(self.ring.angles), strict=True):
                _draw_point(ax, point, angle, 0.5 * point["turn"] / _unit(self.ring))
        plt.close(figure)  # else a notebook would show it twice
        return figure

    def _tag_controls(self) -> list[widgets.Widget]:
        """Each control gets a class by which a page, or a test in a browser, finds it."""
        self.add_class("aunce-ring")
        names = ("temperature", "beta_active", "beta_inactive", "label", "kind", "variant", "whose")
        for name in (*names, "ask", "step", "circle", "caption", "answer"):
            getattr(self, name).add_class(f"aunce-ring-{name.replace('_', '-')}")
        return [getattr(self, name) for name in names]

    def _on_change(self, _) -> None:
        if not self.circle.asking:
            self.answer.value = ""  # it spoke of another picture
        anchor, view, *rest = self.circle.angles
        n = self._sizes[0]
        self._answers += 1  # the picture waits for an answer, and an equal one would not be sent
        try:
            self.ring = ring_forces(anchor, view, rest[:n], rest[n:], **self.options)
        except (ValueError, TypeError) as error:
            self.ring, self.circle.shown = None, {"answer": self._answers}
            self.caption.value = complaint(error)
            return
        self.circle.shown = {
            "answer": self._answers,
            "points": _points(self.ring),
            "unit": _unit(self.ring),
            "loss": f"{self.ring.loss:.3f}",
            "whose": next(words for words, whose in WHOSE.items() if whose == self.whose.value),
        }
        self.caption.value = _caption(self.ring, self.whose.value)

    def _on_choice(self, change) -> None:
        if not self.circle.asking or self.ring is None or change["new"] < 0:
            return
        if self.ring.roles[change["new"]] != "negative":
            self.answer.value = _status("That is no negative: choose one of the squares (■).")
            self.circle.chosen = -1
            return
        right, words = _judge(self.ring, change["new"])
        self._score = [self._score[0] + right, self._score[1] + 1]
        self.circle.asking = False
        score = f" <b>{self._score[0]} of {self._score[1]} right.</b>"
        self.answer.value = _status(words + score)


def _judge(shown: Ring, chosen: int) -> tuple[bool, str]:
    """Whether that negative pushes hardest, and the reason in words."""
    pushes, best = np.abs(shown.turns), shown.hardest
    right = bool(pushes[chosen] >= AS_HARD * pushes[best])
    rows = "; ".join(
        f"{shown.names[i]} has {shown.shares[i]:.0%} of the weight, is {shown.apart[i]:.0f}° from "
        f"the anchor, and turns it with {pushes[i]:.2f}"
        for i in dict.fromkeys([best, chosen])
    )
    why = "The push goes with the share of the weight times the sine of the angle"
    heaviest = int(np.where(np.array(shown.roles) == "negative", shown.shares, -1).argmax())
    if heaviest != best:
        why += f": {shown.names[heaviest]} has most weight, but so close it hardly turns the anchor"
    return right, f"{'Yes' if right else 'No'}: {rows}. {why}."


def _draw_point(ax, point: dict, angle: float, length: float) -> None:
    """A face, its name and its arrow, on matplotlib axes."""
    x, y, colour = math.cos(angle), math.sin(angle), COLOURS[point["role"]]
    if abs(length) > 0.01:
        ahead = length + math.copysign(0.07, length)  # it begins beside the mark
        style = {"arrowstyle": "-|>", "color": colour, "lw": 2, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (x - ahead * y, y + ahead * x), (x, y), arrowprops=style)
    face = "white" if point["role"] == "view" else colour
    ax.plot(x, y, MARKERS[point["role"]], ms=11, mfc=face, mec=colour, mew=2)
    out = 1.2 if point["role"] == "anchor" else 0.78
    words = f"{point['short']}\n{point['text']}".strip()
    ax.text(out * x, out * y, words, ha="center", va="center", fontsize=8)


def _points(shown: Ring) -> list[dict]:
    """What the picture needs to know of each point: plain values only."""
    points = []
    rows = zip(shown.roles, shown.names, shown.angles, shown.turns, shown.shares, strict=True)
    for role, name, angle, turn, share in rows:
        text = f"{share:.0%}" if role != "anchor" or share > 0 else ""
        weight = f", {text} of the {'push' if role == 'negative' else 'pull'}" if text else ""
        way = "anti-clockwise" if turn > 0 else "clockwise"
        says = f"{angle % 360:.0f} degrees{weight}, turned {way} by {abs(turn):.2f}"
        short = name.replace("positive", "pos").replace("negative", "neg").replace("other ", "")
        points.append({"role": role, "name": name, "short": short, "text": text, "says": says})
        points[-1]["turn"] = float(turn)
    return points


def _unit(shown: Ring) -> float:
    """The turn that an arrow of full length stands for: a round number."""
    longest = max(np.abs(shown.turns).max(), 1e-6)
    power = 10 ** math.floor(math.log10(longest))
    return power * next(n for n in (1, 1.5, 2, 3, 4, 6, 8, 10) if n * power >= 0.999 * longest)


def _caption(shown: Ring, whose: str) -> str:
    push = shown.strength * shown.beta
    itself = (
        f" The anchor itself has {shown.shares[0]:.0%} of the pull: on a unit sphere that turns "
        "nothing."
        if shown.shares[0] > 0
        else ""
    )
    mean = " The loss is the mean over all faces, the shares are the anchor's." * (whose == "all")
    return (
        f"<div role='status' style='line-height:1.4'>The anchor is pulled with σ = "
        f"<b>{shown.strength:.2f}</b> and pushed with βσ = {shown.beta:.1f} · {shown.strength:.2f} "
        f"= <b>{push:.2f}</b>. Percentages: share of the pull (●) and of the push (■). "
        "A negative is turned as hard as it turns the anchor."
        f"{itself}{mean}</div>"
    )


def _status(words: str) -> str:
    return f"<div role='status' style='line-height:1.4'>{words}</div>"


def _slider(description: str, value: float, low: float) -> widgets.FloatSlider:
    return widgets.FloatSlider(
        value, min=low, max=2.0 if low > 0.05 else 1.0, step=0.05, description=description
    )
