"""Positive pairs: what each kind of positive draws from a batch, as faces, and which are false.

`positive_pairs` computes what is shown, from `loss.explain`; `PairSampler` puts faces to it.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import anywidget
import ipywidgets as widgets
import numpy as np
import torch
import traitlets

from ..corpora.dials import flip_labels
from ..corpora.frames import FrameTable
from ..encoder import Encoder
from ..facs import ACTION_UNITS, column
from ..loss import explain
from ..sampler import PROBABILITIES, BalancedBatchSampler, Positive, PositiveSampler
from ..views import Views
from .words import complaint, help_line

STATIC = Path(__file__).parent / "static"
KINDS = ("self", "nearest", "mean")
WHAT = {
    "self": "the other view of the same face; no label is asked",
    "nearest": "the most similar face with the same label",
    "mean": "all faces with the same label, the similar ones most",
}
SHOWN = 9  # positives of a kind, the heaviest
STRENGTH = 0.5  # of the views: both are the same face, and look it


@dataclass(frozen=True, eq=False)
class Pairs:
    """The positives of one anchor for one action unit, by kind, and how many are false.

    A positive is false if its true label is not the anchor's.

    Attributes:
        weights: Kind -> share of the pull of every row, (2B,): view 0 of all faces, then view 1.
        false: (2B,) bool, rows that would be false positives of the anchor.
        here: Kind -> share of the anchor's pull that goes to false positives.
        everywhere: Kind -> the same, as the mean over all anchors of the batch.
        mixture: `everywhere` under the published probabilities of the kinds.
    """

    weights: dict[str, np.ndarray]
    false: np.ndarray
    here: dict[str, float]
    everywhere: dict[str, float]
    mixture: float


def positive_pairs(
    z0: torch.Tensor,
    z1: torch.Tensor,
    labels: torch.Tensor,
    truth: torch.Tensor,
    anchor: int,
    *,
    temperature: float = 0.5,
    positives_from: str = "views",
) -> Pairs:
    """What each kind of positive of `sampler.PROBABILITIES` gives an anchor for one AU.

    Args:
        z0, z1: (B, D) embeddings of two views of the faces.
        labels: (B,) 0, 1 or NaN, as they are written in the corpus.
        truth: (B,) the same without mistakes; NaN counts as no mistake.
        anchor: Which face; its view 0 is the anchor.
        temperature, positives_from: As in `aunce_loss`.

    Raises:
        ValueError: If the anchor has no label, or no face has the other label, or an input is
            wrong.

    Example:
        >>> z, labels, truth = torch.eye(4), torch.tensor([1.0, 1, 0]), torch.tensor([1.0, 0, 0])
        >>> pairs = positive_pairs(z[:3], z[:3], labels, truth, anchor=0)
        >>> pairs.here["self"], round(pairs.here["mean"], 2)
        (0.0, 0.21)
    """
    if anchor not in range(len(z0)):
        raise ValueError(f"anchor must be a face, 0..{len(z0) - 1}, got {anchor!r}")
    if labels[anchor].isnan():
        raise ValueError(
            f"face {anchor + 1} has no label for this action unit: it takes no part; choose "
            "another face"
        )
    if not (labels == 1 - labels[anchor]).any():
        raise ValueError(
            "every known label of this action unit is the same in this batch: without a negative "
            "there is no loss; choose another action unit or another batch"
        )
    options = {"temperature": temperature, "positives_from": positives_from}
    rows = truth.repeat(2)
    false = (rows[:, None] - rows[None]).abs() == 1  # (2B, 2B)
    batch = z0[:, None], z1[:, None], labels[:, None]
    weights, here, everywhere = {}, {}, {}
    for kind in KINDS:
        why = explain(*batch, torch.tensor([Positive[kind.upper()]]), **options)
        pull = why.positive[0]  # (2B, 2B); NaN in the rows of anchors that take no part
        wrong = (pull * false).sum(dim=1)
        weights[kind], here[kind] = pull[anchor].numpy(), wrong[anchor].item()
        everywhere[kind] = wrong.nanmean().item()
    mixture = sum(PROBABILITIES[kind] * share for kind, share in everywhere.items())
    return Pairs(weights, false[anchor].numpy(), here, everywhere, mixture)


class _Faces(anywidget.AnyWidget):
    """Rows of faces. `images` are sent once, `rows` say which to show; `chosen` was clicked."""

    _esm = STATIC / "faces.js"
    _css = STATIC / "faces.css"
    images = traitlets.List(traitlets.Unicode()).tag(sync=True)
    rows = traitlets.List(traitlets.Dict()).tag(sync=True)
    chosen = traitlets.Int(0).tag(sync=True)


class PairSampler(widgets.VBox):
    """A batch of faces; choose anchor and action unit and see what each kind of positive draws.

    Args:
        table: Frames with images, whose labels are the truth; synth-bp4d if None.
        encoder: Embeds them, one embedding for each AU of the table; the shipped one if None.
        n_faces: B, faces in the batch.
        seed: Of batches, views, flips and draws.

    Attributes:
        pairs: What is shown now; None where nothing can be shown.
        batch: The frames of the batch.
    """

    def __init__(
        self,
        table: FrameTable | None = None,
        encoder: Encoder | None = None,
        n_faces: int = 16,
        seed: int = 0,
    ) -> None:
        if table is None:
            from ..corpora import synthetic

            table = synthetic.load("synth-bp4d", "tiny")
        self.encoder, self.origin = (encoder, "your encoder") if encoder else _shipped(table.aus)
        self.table, self.n_faces, self.seed, self.pairs = table, n_faces, seed, None
        self._sampler = PositiveSampler(generator=torch.Generator().manual_seed(seed))
        self.drawn = dict.fromkeys(KINDS, 0)
        names = {f"{column(au)} {ACTION_UNITS[au].name.lower()}": au for au in table.aus}
        start = 12 if 12 in table.aus else table.aus[0]
        self.au = widgets.Dropdown(options=names, value=start, description="action unit")
        self.flips = _slider("labels flipped", 0.0, 0.0, 0.5)
        self.temperature = _slider("temperature τ", 0.5, 0.05, 1.0)
        self.positives_from = widgets.Dropdown(
            options={"both views": "views", "other faces only": "other_images"},
            description="nearest, mean of",
        )
        self.draw = widgets.Button(description="Draw a kind", icon="random")
        self.next = widgets.Button(description="Another batch", icon="refresh")
        self.faces = _Faces()
        self.caption = widgets.HTML()
        controls = self._tag_controls()
        for control in controls:
            control.style.description_width = "120px"
            control.layout.width = "380px"
            control.observe(self._on_change, names="value")
        self.faces.observe(self._on_change, names="chosen")
        self.draw.on_click(lambda _: self.draw_kind())
        self.next.on_click(lambda _: self.show_batch(self._number + 1))
        help_ = help_line(
            "Whom is a face pulled to? Click a face to make it the anchor (or Tab to it and press "
            "Enter). <b>Try:</b> flip a fifth of the labels. Which kind draws false positives, and "
            "which never? Then take <i>nearest</i> "
            "of other faces only: what was it before?"
        )
        wrap = widgets.Layout(flex_flow="row wrap", max_width="900px")
        rows = [widgets.HBox(controls, layout=wrap), widgets.HBox([self.draw, self.next])]
        super().__init__([help_, *rows, self.faces, self.caption])
        self.show_batch(0)

    @property
    def state(self) -> dict:
        """What a test, or a learner, may want to know: plain numbers and words."""
        state = {
            "anchor": self.faces.chosen,
            "au": self.au.value,
            "flip_rate": self.flips.value,
            "flipped": self._flipped,
            "drawn": dict(self.drawn),
        }
        if self.pairs is None:
            return state | dict.fromkeys(("here", "everywhere", "mixture"))
        shown = self.pairs
        return state | {
            "here": shown.here,
            "everywhere": shown.everywhere,
            "mixture": shown.mixture,
        }

    def show_batch(self, number: int) -> None:
        """Another batch of the table, balanced by `BalancedBatchSampler`, in two views."""
        self._number, self.pairs, self._flipped = number, None, 0
        try:
            self._load(number)
        except ValueError as error:
            self.faces.images, self.faces.rows = [], []
            self.caption.value = complaint(error)
            return
        if self.faces.chosen:
            self.faces.chosen = 0  # draws
        else:
            self._on_change(None)

    def _load(self, number: int) -> None:
        """The faces of a batch, their true labels and the embeddings of two views."""
        sampler = BalancedBatchSampler(self.table.labels, self.n_faces, self.seed)
        sampler.set_epoch(number // len(sampler))
        batch = self.table.take(list(sampler)[number % len(sampler)])
        columns = [column(au) for au in self.table.aus]
        frames = batch.frames  # a table that was spoiled before has the truth beside it
        truth = np.stack([frames.get(f"{c}_true", frames[c]) for c in columns], axis=1)
        generator = torch.Generator().manual_seed(self.seed * 1009 + number)
        views = Views(self.encoder.image_size, STRENGTH)(batch.images(), generator)
        with torch.no_grad():
            z = [self.encoder(view) for view in views]
        if z[0].shape[1] != len(columns):
            raise ValueError(
                f"the encoder has {z[0].shape[1]} action units, the table {len(columns)}: choose "
                "an encoder that was trained on such a table"
            )
        pictures = (torch.cat(views) * 255).round().to(torch.uint8)
        self.batch, self._truth, self._z = batch, truth, z
        self._pictures = pictures.permute(0, 2, 3, 1).numpy()
        self.faces.images = [_png(picture) for picture in self._pictures]

    def draw_kind(self) -> str:
        """Let `PositiveSampler` draw the kind of this step, as training does for every AU."""
        kind = Positive(self._sampler(1, 2 * self.n_faces).item()).name.lower()
        self.drawn[kind] += 1
        if self.pairs is not None:
            self._show(kind)
        return kind

    def figure(self):
        """The same as a still matplotlib figure, for print and for pages without a kernel."""
        import matplotlib.pyplot as plt

        figure, grid = plt.subplots(len(KINDS), 1 + SHOWN, figsize=(10, 5.6))
        figure.subplots_adjust(0.01, 0.1, 0.99, 0.87, hspace=0.7, wspace=0.08)
        for ax in grid.flat:
            ax.set_axis_off()
        rows = self.faces.rows[1:] if self.pairs else []
        for axes, row in zip(grid, rows, strict=False):
            anchor = {"image": self.faces.chosen, "foot": "anchor"}
            for ax, card in zip(axes, [anchor, *row["cards"]], strict=False):
                ax.imshow(self._pictures[card["image"]])
                false = card.get("false")
                words = card["foot"] + "\nfalse" * bool(false)
                ax.set_title(
                    words, fontsize=9, y=-0.04, pad=0, va="top", color="#B34700" if false else "k"
                )
            top = axes[0].get_position()
            told = f"{row['title']}: {row['note']}"
            figure.text(top.x0, top.y1 + 0.015, told, fontsize=9, wrap=True)
        figure.suptitle(f"What a synthetic face is pulled to, for {column(self.au.value)}")
        plt.close(figure)  # else a notebook would show it twice
        return figure

    def _tag_controls(self) -> list[widgets.Widget]:
        """Each control gets a class by which a page, or a test in a browser, finds it."""
        self.add_class("aunce-pairs")
        names = ["au", "flips", "temperature", "positives_from"]
        for name in [*names, "draw", "next", "faces", "caption"]:
            getattr(self, name).add_class(f"aunce-pairs-{name.replace('_', '-')}")
        return [getattr(self, name) for name in names]

    def _labels(self) -> np.ndarray:
        """Labels of the batch with mistakes, (B, J)."""
        return flip_labels(self.batch, float(self.flips.value), self.seed).labels

    def _on_change(self, _) -> None:
        if not self.faces.images:
            return  # no batch
        j = self.table.aus.index(self.au.value)
        labels = self._labels()
        self._flipped = int((np.abs(labels - self._truth) == 1).sum())
        self._known = torch.tensor(labels[:, j]), torch.tensor(self._truth[:, j])
        try:
            self.pairs = positive_pairs(
                *(z[:, j] for z in self._z),
                *self._known,
                self.faces.chosen,
                temperature=self.temperature.value,
                positives_from=self.positives_from.value,
            )
        except ValueError as error:
            self.pairs = None
            self.caption.value = complaint(error)
        self._show()

    def _show(self, drawn: str = "") -> None:
        """Send the rows of faces, and say what they show; `drawn` is marked."""
        labels, truth = (values.tolist() for values in self._known)
        cards = [_card(i, labels, truth) for i in range(len(labels))]
        cards[self.faces.chosen]["anchor"] = True
        note = "click the anchor; the word under a face is its label, ✗ if it is wrong"
        rows = [{"title": "the batch", "note": note, "cards": cards, "choose": True}]
        if self.pairs is not None:
            rows += [self._row(kind, labels, truth, kind == drawn) for kind in KINDS]
            self.caption.value = self._words()
        self.faces.rows = rows

    def _row(self, kind: str, labels: list, truth: list, drawn: bool) -> dict:
        pairs = self.pairs
        order = np.argsort(-pairs.weights[kind], kind="stable")
        order = [i for i in order[:SHOWN].tolist() if pairs.weights[kind][i] > 0.0005]
        cards = []
        for i in order:
            weight, false = float(pairs.weights[kind][i]), bool(pairs.false[i])
            card = _card(i, labels, truth) | {"foot": f"{weight:.0%}", "bar": weight}
            card["says"] += f", {weight:.0%} of the pull" + ", a false positive" * false
            cards.append(card | {"false": false})
        rest = 1 - sum(card["bar"] for card in cards)
        note = f"{WHAT[kind]}. False: {pairs.here[kind]:.0%} of this anchor's pull"
        note += f", {pairs.everywhere[kind]:.0%} of the batch's"
        more = f"the rest: {rest:.0%}" if rest > 0.005 else ""
        return {"title": kind, "note": note, "cards": cards, "more": more, "drawn": drawn}

    def _words(self) -> str:
        counts = " · ".join(f"{kind} {count}" for kind, count in self.drawn.items())
        drawn = f" Drawn so far: {counts}." if any(self.drawn.values()) else ""
        odds = ", ".join(f"{kind} {p:.0%}" for kind, p in PROBABILITIES.items())
        return (
            "<div role='status' style='max-width:860px;line-height:1.4'>Under the published "
            f"mixture ({odds}) <b>{self.pairs.mixture:.0%}</b> of the pull in this batch goes to "
            f"false positives; {self._flipped} of the {self._truth.size} labels are wrong."
            f"{drawn} Synthetic faces, embedded by {self.origin}.</div>"
        )


def _shipped(aus: tuple[int, ...]) -> tuple[Encoder, str]:
    """The shipped AUNCE encoder, or an untrained one where there is none for these AUs."""
    from ..pretrained import load_pretrained

    try:
        shipped = load_pretrained("aunce")
        if shipped.aus == tuple(aus):
            return shipped.encoder, "the shipped AUNCE encoder"
    except FileNotFoundError:
        pass
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Encoder(len(aus)).eval(), "an untrained encoder"


def _card(row: int, labels: list, truth: list) -> dict:
    """A face for the front end: which picture, the words under it and for a screen reader."""
    face, view = row % len(labels), row // len(labels)
    label = {0: "inactive", 1: "active"}.get(labels[face], "unknown")
    wrong = {labels[face], truth[face]} == {0, 1}
    says = f"face {face + 1}" + ", its other view" * view + f", labelled {label}"
    says += ", which is wrong" * wrong
    return {"image": row, "foot": label + " ✗" * wrong, "says": says, "label": label}


def _png(picture: np.ndarray) -> str:
    """A picture, uint8 (S, S, 3), as a data address."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "png")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _slider(description: str, value: float, low: float, high: float) -> widgets.FloatSlider:
    return widgets.FloatSlider(value, min=low, max=high, step=0.05, description=description)
