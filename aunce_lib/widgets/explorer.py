"""Embedding explorer: thousands of faces on linked maps. Who lies beside whom, and why?

`explorer_state` computes what is shown; `static/explorer*.js` draws it and counts what is
selected; `Explorer` joins the two, and keeps the selection as rows of a FrameTable.
"""

from __future__ import annotations

from pathlib import Path

import anywidget
import numpy as np
import pandas as pd
import traitlets

from ..corpora.frames import FrameTable
from ..facs import column
from ..inspection.projection import NEIGHBOURS as METHODS
from .explorer_data import MOST_FACES, atlas, au_names, pack_columns
from .explorer_inputs import by_encoder, predictions
from .explorer_state import KINDS, NEIGHBOURS, Reading, Why, nearest, place, read_subset, turn_onto
from .explorer_state import why as why_of

STATIC = Path(__file__).parent / "static"
SCRIPTS = (  # of the front end, in no order that matters: nothing runs before `render`
    *("parts", "points", "reading", "panel", "keys", "cards", "selection", "save"),
    *("kernel", "motion", "controls"),
)
SHOWN = 12  # faces in a row of positives or negatives
QUICK = 400  # faces: so few are placed by any method in a moment
_BYTES = {"from_json": lambda value, _: bytes(value or b"")}


def script() -> str:
    """The front end: its files one after another, since a widget is given as one module."""
    names = [*(f"explorer_{name}.js" for name in SCRIPTS), "explorer.js"]
    return "\n".join((STATIC / name).read_text(encoding="utf-8") for name in names)


def style() -> str:
    """The front end's style sheet."""
    names = ("explorer.css", "explorer_cards.css")
    return "\n".join((STATIC / name).read_text(encoding="utf-8") for name in names)


class Explorer(anywidget.AnyWidget):
    """Two linked maps of the same faces; hover, search, select, ask why, and save.

    Args:
        table: The faces, at most `MOST_FACES`.
        embeddings: Floating (N, J, D), or encoder → such an array; at most two encoders. Faces
            whose embedding is not finite have no place on a map, and the page says how many.
        au: The action unit whose embeddings are shown first; the first one if None.
        method: "pca", "tsne" or "umap"; or two of them, one a map.
        before: The same faces before training, as `embeddings`, for the same encoders.
        probes: A `Probe`, or encoder → probe, for F1 of the selection.
        aus: Action units of axis 1 of the embeddings; those of the table if None. Where the table
            knows nothing of one, its labels are unknown.
        colour: Column that colours the faces; the label of the shown action unit if None.
        seed: Of t-SNE and UMAP.
        cache: Folder that keeps maps; None keeps them in memory only.
        **options: Of the loss that "why?" asks: temperature, beta_active, probabilities …

    Attributes:
        selection: The selected faces, a FrameTable.
        state: What is shown, as plain numbers and words.

    Raises:
        TypeError: If table or embeddings are of a wrong type.
        ValueError: If shapes do not fit, or a name is unknown.
    """

    _esm = script()
    _css = style()
    data = traitlets.Dict().tag(sync=True)
    layout_data = traitlets.Dict().tag(sync=True)
    au = traitlets.Int().tag(sync=True)
    methods = traitlets.List(traitlets.Unicode()).tag(sync=True)
    colour = traitlets.Unicode().tag(sync=True)
    moment = traitlets.Float(1.0, min=0.0, max=1.0).tag(sync=True)
    anchor = traitlets.Int(-1).tag(sync=True)
    chosen = traitlets.Bytes().tag(sync=True, **_BYTES)

    def __init__(
        self,
        table: FrameTable,
        embeddings,
        *,
        au: int | None = None,
        method: str | tuple[str, str] = "tsne",
        before=None,
        probes=None,
        aus: tuple[int, ...] | None = None,
        colour: str | None = None,
        seed: int = 0,
        cache: str | Path | None = None,
        **options,
    ) -> None:
        if not isinstance(table, FrameTable):
            raise TypeError(f"table must be a FrameTable, got {type(table).__name__}")
        if len(table) > MOST_FACES:
            every = -(-len(table) // MOST_FACES)
            raise ValueError(
                f"table must have at most {MOST_FACES:,} faces, got {len(table):,}; show every "
                f"{every}th: positions = np.arange(0, {len(table)}, {every}), then "
                "Explorer(table.take(positions), embeddings[positions])"
            )
        self.table = table
        self.aus = tuple(int(number) for number in (table.aus if aus is None else aus))
        shape = (len(table), len(self.aus))
        self.embeddings = by_encoder(embeddings, "embeddings", shape)
        self.before = {} if before is None else by_encoder(before, "before", shape)
        if self.before and self.before.keys() != self.embeddings.keys():
            raise ValueError(
                f"before must be of the same encoders as embeddings, {list(self.embeddings)}, "
                f"got {list(self.before)}"
            )
        methods = [method] if isinstance(method, str) else list(method)
        encoders = list(self.embeddings)
        if len(encoders) > 2 or len(methods) > 2 or not methods or not encoders:
            raise ValueError(
                f"there are two maps: give at most two encoders and at most two methods, "
                f"got {len(encoders)} and {len(methods)}"
            )
        n_maps = max(len(encoders), len(methods))
        self.encoders = (encoders * 2)[:n_maps]
        self.labels = np.full(shape, np.nan, np.float32)
        for j, number in enumerate(self.aus):
            if number in table.aus:
                self.labels[:, j] = table.frames[column(number)].to_numpy(np.float32)
        self.predictions = predictions(probes, self.embeddings, self.aus)
        self._seed, self._cache, self._options = seed, cache, options
        self._probabilities = options.pop("probabilities", None)
        self._maps: dict[tuple, np.ndarray] = {}
        first = self.aus[0] if au is None else self._known_au({"value": au})  # before its colour
        super().__init__(au=first, methods=(methods * 2)[:n_maps], colour=colour or column(first))
        self.data = self._pack()
        self._show(hurry=True)
        self.observe(self._on_au, names="au")
        self.observe(lambda _: self._show(), names="methods")
        self.on_msg(self._answer)

    @traitlets.validate("au")
    def _known_au(self, proposal) -> int:
        if proposal["value"] not in self.aus:
            raise ValueError(f"au must be one of {self.aus}, got {proposal['value']!r}")
        return proposal["value"]

    @traitlets.validate("methods")
    def _known_methods(self, proposal) -> list[str]:
        if len(proposal["value"]) != len(self.encoders):
            raise ValueError(f"one method a map is needed, got {proposal['value']}")
        for method in proposal["value"]:
            if method not in METHODS:
                raise ValueError(f"method must be one of {tuple(METHODS)}, got {method!r}")
        return proposal["value"]

    @traitlets.validate("colour")
    def _known_colour(self, proposal) -> str:
        known = [str(name) for name in self.table.frames]
        if proposal["value"] not in (*known, *map(column, self.aus)):
            raise ValueError(f"colour must be a column, one of {known}, got {proposal['value']!r}")
        return proposal["value"]

    @property
    def positions(self) -> np.ndarray:
        """Positions in the table of the selected faces, int64 (n,), ascending."""
        return np.frombuffer(self.chosen, np.int32).astype(np.int64)

    @property
    def selection(self) -> FrameTable:
        """The selected faces as a FrameTable, with their images."""
        return self.table.take(self.positions)

    def select(self, faces) -> None:
        """Select faces, by a mask bool (N,) or by positions; what was selected is forgotten.

        Raises:
            ValueError: If a mask has a wrong length.
            IndexError: If a position is not in the table.
        """
        faces = np.asarray(faces)
        if faces.dtype == bool:
            if faces.shape != (len(self.table),):
                raise ValueError(f"a mask must be bool ({len(self.table)},), got {faces.shape}")
            faces = np.flatnonzero(faces)
        faces = np.unique(faces.astype(np.int64))
        if len(faces) and not 0 <= faces[0] <= faces[-1] < len(self.table):
            raise IndexError(f"positions must be 0 … {len(self.table) - 1}, got {faces.tolist()}")
        self.chosen = faces.astype(np.int32).tobytes()

    @property
    def reading(self) -> Reading:
        """What the selected faces have in common, see `explorer_state.Reading`."""
        return read_subset(
            self.positions,
            self.labels,
            self.table.subjects,
            self.aus,
            self.au,
            self.embeddings,
            self.predictions,
        )

    def why(self, anchor: int, au: int | None = None, map: int = 0, seed: int = 0) -> Why:
        """What the loss would do with a face, see `explorer_state.why`.

        Args:
            anchor: Position of the face.
            au: The action unit; the shown one if None.
            map: Whose encoder, 0 (left) or 1.
            seed: Another batch, another kind of positive.
        """
        j = self.aus.index(self.au if au is None else au)
        z = self.embeddings[self.encoders[map]][:, j]
        given = {} if self._probabilities is None else {"probabilities": self._probabilities}
        return why_of(z, self.labels[:, j], anchor, seed, **given, **self._options)

    @property
    def state(self) -> dict:
        """What a test, or a learner, may want to know: plain numbers and words."""
        reading = self.reading
        return {
            "faces": len(self.table),
            "au": self.au,
            "colour": self.colour,
            "maps": [f"{e}: {m}" for e, m in zip(self.encoders, self.methods, strict=True)],
            "moment": self.moment,
            "anchor": self.anchor,
            "selected": reading.n,
            "active": reading.labels["active"].to_dict(),
            "persons": reading.persons.to_dict(),
            "f1": {name: scores.to_dict() for name, scores in reading.f1.items()},
            "same": reading.same,
        }

    def maps(self, moment: str = "after") -> list[np.ndarray]:
        """Places of the faces on each map, float32 (N, 2), "before" or "after" training."""
        return self._maps_by(self.methods, moment)

    def figure(self):
        """The same as a still matplotlib figure, for print and for pages without a kernel."""
        from .explorer_figure import explorer_figure

        return explorer_figure(self)

    def save_html(self, path: str | Path) -> Path:
        """Write the explorer as one file that opens in any browser, without a kernel or network.

        Raises:
            OSError: If it cannot be written.
        """
        from ..corpora.atomic import atomic_path
        from .explorer_page import page

        path = Path(path)
        with atomic_path(path) as temporary:
            temporary.write_text(page(self), encoding="utf-8")
        return path

    def _pack(self) -> dict:
        described, values = pack_columns(self.table)
        known = {description["name"] for description in described}
        for j, number in enumerate(self.aus):
            if column(number) not in known:  # an action unit of the encoder only
                described.append({"name": column(number), "kind": "label"})
                values = np.vstack([values, self.labels[None, :, j]])
        picture, side, in_row = atlas(self.table)
        predicted = [self.predictions[name] for name in self.predictions]
        return {
            "n": len(self.table),
            "aus": au_names(self.aus),
            "columns": described,
            "values": values.tobytes(),
            "atlas": picture,
            "side": side,
            "in_row": in_row,
            "synthetic": bool(self.table.metadata.get("synthetic")),
            "spoiled": list(self.table.spoiled),
            "methods": list(METHODS),
            "probed": list(self.predictions),
            "predictions": np.array(predicted, np.float32).tobytes(),
            "k": NEIGHBOURS,
        }

    def place_all(self) -> None:
        """Place the faces by the chosen methods, if PCA still stands in for them."""
        if any(one["pending"] for one in self.layout_data["maps"]):
            self._show()

    def _on_au(self, change) -> None:
        self._show()
        if self.colour == column(change["old"]):  # the colour goes with it
            self.colour = column(change["new"])

    def _show(self, hurry: bool = False) -> None:
        """Send the maps; in a hurry PCA's stand in for slow ones, and the page asks again."""
        drawn = list(self.methods)
        if hurry and len(self.table) > QUICK:
            drawn = ["pca"] * len(drawn)
        moments = ["before", "after"] if self.before else ["after"]
        places = {moment: self._maps_by(drawn, moment) for moment in moments}
        finite = {n: np.isfinite(z).all(axis=(1, 2)) for n, z in self.embeddings.items()}
        maps = [
            {
                "encoder": encoder,
                "method": method,
                "pending": drawn[number] != method,
                "lost": int((~finite[encoder]).sum()),
                **{moment: places[moment][number].tobytes() for moment in moments},
            }
            for number, (encoder, method) in enumerate(
                zip(self.encoders, self.methods, strict=True)
            )
        ]
        self.layout_data = {"au": self.au, "maps": maps}

    def _maps_by(self, methods: list[str], moment: str) -> list[np.ndarray]:
        """Maps turned alike: the second onto the first, those before onto those after training."""
        pairs = list(zip(self.encoders, methods, strict=True))
        first, *others = (self._placed(*pair, "after") for pair in pairs)
        after = [first, *(turn_onto(xy, first) for xy in others)]
        if moment == "after":
            return after
        before = [self._placed(*pair, "before") for pair in pairs]
        return [turn_onto(xy, target) for xy, target in zip(before, after, strict=True)]

    def _placed(self, encoder: str, method: str, moment: str) -> np.ndarray:
        key = (encoder, method, self.au, moment)
        if key not in self._maps:
            source = self.before if moment == "before" else self.embeddings
            j = self.aus.index(self.au)
            if len(self._maps) > 64:
                self._maps.clear()  # bounds the memory; the folder still has them
            self._maps[key] = place(source[encoder][:, j], method, self._seed, self._cache)
        return self._maps[key]

    def _answer(self, _, question: dict, buffers) -> None:
        """Answer what the page asks; every answer carries the question's number."""
        ask, answer, attached = question.get("ask"), {"id": question.get("id")}, []
        try:
            if ask == "place":
                self.place_all()
            elif ask == "neighbours":
                rows = np.frombuffer(buffers[0], np.int32)
                z = self.embeddings[self.encoders[question["map"]]]
                attached = [nearest(z[:, self.aus.index(self.au)], rows).tobytes()]
            elif ask == "why":
                told = self.why(question["anchor"], None, question["map"], question["seed"])
                answer |= why_message(told)
            elif ask == "html":
                from .explorer_page import page

                attached = [page(self).encode()]
        except Exception as error:  # shown on the page: a kernel's traceback goes unseen there
            answer["error"] = f"{type(error).__name__}: {error}"
        self.send(answer, attached)


def why_message(told: Why) -> dict:
    """A reason as the page shows it: JSON, NaN as null, the heaviest faces only."""

    def rows(faces: pd.DataFrame) -> list[list[float]]:
        return [[int(f), float(w), float(s)] for f, w, s in faces.head(SHOWN).to_numpy()]

    numbers = {"loss": told.loss, "pull": told.pull, "push": told.push}
    return {
        "anchor": told.anchor,
        "batch": len(told.batch),
        "kind": told.kind.name.lower(),
        "meaning": KINDS[told.kind],
        "positives": rows(told.positives),
        "negatives": rows(told.negatives),
        "n_positives": len(told.positives),
        "n_negatives": len(told.negatives),
        "reason": told.reason,
        **{name: None if value != value else value for name, value in numbers.items()},
    }
