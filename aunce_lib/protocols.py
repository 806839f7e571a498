"""The published protocols by name: which corpus, action units and folds, and the settings.

`configs/protocols/published.yaml` holds the settings, once; a small file a corpus beside it says
what differs. Our own ways do not apply: nobody is held out of the training people.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field

from aunce_lib.config import PROTOCOLS, TrainConfig
from aunce_lib.corpora.aggregates import counts
from aunce_lib.corpora.errors import CorpusError
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.corpora.untrusted import read_yaml

NAMES = ("bp4d", "disfa", "bp4dplus", "gft", "affwild2")


def settings_for(protocol: str | None, changes: dict) -> TrainConfig:
    """The settings of a protocol, or the usual ones, with changes."""
    return Protocol.load(protocol).config(**changes) if protocol else TrainConfig(**changes)


@dataclass(frozen=True)
class Protocol:
    """How a corpus is reported on.

    Attributes:
        corpus: Its name.
        aus: The action units, in the order of the published tables.
        folds: How many there are.
        train: Settings in which it differs from `published.yaml`.
    """

    corpus: str
    aus: tuple[int, ...]
    folds: int
    train: dict = field(default_factory=dict)

    @classmethod
    def load(cls, name: str) -> Protocol:
        """The protocol of a corpus.

        Raises:
            ValueError: If there is none of that name.

        Example:
            >>> protocol = Protocol.load("disfa")
            >>> protocol.aus, protocol.folds, protocol.config().epochs
            ((1, 2, 4, 6, 9, 12, 25, 26), 3, 60)
        """
        if name not in NAMES:
            raise ValueError(f"protocol must be one of {NAMES}, got {name!r}")
        values = read_yaml(PROTOCOLS / f"{name}.yaml")
        return cls(name, **values | {"aus": tuple(values["aus"])})

    def config(self, **changes) -> TrainConfig:
        """The settings of a run; with changes it is no longer the published protocol."""
        return TrainConfig.full(**{**self.train, **changes})

    def check(self, table: FrameTable, fold: int) -> None:
        """Refuse what this protocol is not for; the drawn twin of a corpus passes.

        Raises:
            CorpusError: If the table is of another corpus, or has other action units.
            ValueError: If there is no such fold.
        """
        corpus = str(table.metadata.get("corpus"))
        if corpus.removeprefix("synth-") != self.corpus:
            raise CorpusError(
                f"protocol {self.corpus} is not for the corpus {corpus}: choose its own, of "
                f"{NAMES}, or none"
            )
        if table.aus != self.aus:
            raise CorpusError(
                f"protocol {self.corpus} is reported on the AUs {self.aus}, in this order; the "
                f"table has {table.aus}: prepare the corpus without other AUs"
            )
        if fold not in range(1, self.folds + 1):
            raise ValueError(f"fold must be 1 … {self.folds} for {self.corpus}, got {fold!r}")

    def compare(
        self, train: FrameTable, test: FrameTable, fold: int, config: TrainConfig
    ) -> list[str]:
        """What a reader of the result must know: frames and settings beside the published ones."""
        other = config.differences(self.config())
        settings = f"settings: {'; '.join(other) or 'as published'}"
        if train.metadata.get("corpus") != self.corpus:
            return ["synthetic faces: no published result is of them", settings]
        lines = []
        for part, verb, table in (("train", "learn from", train), ("test", "test", test)):
            frames = "no count is public"
            with suppress(ValueError):
                frames = f"{counts(self.corpus, fold, part)[0]:,}"
            lines.append(f"{len(table):,} frames to {verb}, published: {frames}")
        return [*lines, settings]
