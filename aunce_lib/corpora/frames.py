"""FrameTable: one row a frame, with who, where, when and which action units."""

from __future__ import annotations

import json
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from reprlib import repr as shortened
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..facs import column
from .atomic import atomic_path
from .errors import CorpusError
from .tidy import au_numbers, tidy
from .untrusted import parse_json

if TYPE_CHECKING:
    import pyarrow as pa
    import torch

    from .store import FrameStore

__all__ = ["CorpusError", "FrameTable"]

METADATA_KEY = b"aunce_lib.FrameTable"
CHECKSUM_KEY = b"aunce_lib.crc32"
FORMAT_VERSION = 1


@dataclass(frozen=True, eq=False)
class FrameTable:
    """A tidy table of frames, checked when it is made.

    Attributes:
        frames: The table (see `corpora.tidy`): corpus, subject, sequence, frame, AU1 …; labels are
            1 active, 0 inactive, NaN unknown. Its index holds each frame's row in the store, so a
            part of a table still finds its images.
        metadata: What must not get lost on the way: corpus, synthetic or not, settings. JSON only.
        store: The images, if there are any.

    Example:
        >>> table = FrameTable(pd.DataFrame({
        ...     "corpus": "demo", "subject": ["demo/Ann", "demo/Bob"], "sequence": "smile",
        ...     "frame": [0, 0], "AU6": [1, 0], "AU12": [1, np.nan]}))
        >>> table.aus, table.labels.shape, len(table.where(table.subjects == "demo/Ann"))
        ((6, 12), (2, 2), 1)
    """

    frames: pd.DataFrame
    metadata: dict = field(default_factory=dict)
    store: FrameStore | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "frames", tidy(self.frames))
        object.__setattr__(self, "metadata", _json_copy(self.metadata))
        last = self.frames.index.max() if len(self) else -1
        if self.store is not None and last >= len(self.store):
            raise CorpusError(
                f"the table speaks of row {last}, but {self.store.path} has only "
                f"{len(self.store)} frames; table and store do not belong together"
            )

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def aus(self) -> tuple[int, ...]:
        """The labelled action units, in the order of the columns."""
        return au_numbers(self.frames.columns)

    @property
    def labels(self) -> np.ndarray:
        """Labels, float32 (N, J): 1 active, 0 inactive, NaN unknown. A copy."""
        return self.frames[[column(au) for au in self.aus]].to_numpy(np.float32)

    @property
    def subjects(self) -> np.ndarray:
        """Who is seen, one name a frame, (N,)."""
        names = self.frames["subject"].cat
        return names.categories.to_numpy(str)[names.codes]

    @property
    def rows(self) -> np.ndarray:
        """Row of each frame in the store, int64 (N,)."""
        return self.frames.index.to_numpy(np.int64)

    def images(self, positions=None) -> torch.Tensor:
        """Images, uint8 (n, 3, H, W).

        Args:
            positions: Positions in this table (not rows of the store), as integers (n,) or a
                slice; all frames if None.

        Raises:
            CorpusError: If the table has no store.
        """
        if self.store is None:
            raise CorpusError("this table has no images; load it with its FrameStore")
        return self.store.batch(self.rows if positions is None else self.rows[positions])

    def take(self, positions) -> FrameTable:
        """The frames at these positions, each at most once, with the same store."""
        if not isinstance(positions, slice):
            positions = np.asarray(positions, np.int64)
        return FrameTable(self.frames.iloc[positions], self.metadata, self.store)

    def where(self, mask) -> FrameTable:
        """The frames for which `mask`, bool (N,), is true, with the same store."""
        mask = np.asarray(mask)
        if mask.dtype != bool or mask.shape != (len(self),):
            raise ValueError(
                f"mask must be bool ({len(self)},) like the table, got {mask.dtype} {mask.shape}"
            )
        return self.take(np.flatnonzero(mask))

    def with_labels(self, labels: np.ndarray, note: str) -> FrameTable:
        """The same frames with other labels, and a note that they were spoiled on purpose.

        The clean labels stay beside the new ones as AU<number>_true. The note is kept in
        `metadata["spoiled"]`, so that no spoiled table passes for a clean one.

        Args:
            labels: 0, 1 or NaN, (N, J), in the order of `aus`.
            note: What was done, for instance "20 % of labels flipped, seed 0".

        Raises:
            ValueError: If the shape is wrong or the note is empty.
        """
        labels = np.asarray(labels, np.float32)
        if labels.shape != (len(self), len(self.aus)):
            raise ValueError(
                f"labels must be (N, J) = {(len(self), len(self.aus))}, got {labels.shape}"
            )
        frames = self.frames.copy(deep=False)
        for position, au in enumerate(self.aus):
            frames[f"{column(au)}_true"] = frames.get(f"{column(au)}_true", frames[column(au)])
            frames[column(au)] = labels[:, position]
        return FrameTable(frames, self.metadata, self.store).noted(note)

    def noted(self, note: str) -> FrameTable:
        """The same table with one more note on how it was spoiled on purpose."""
        if not note:
            raise ValueError("note must say what was done to the table")
        notes = [*self.metadata.get("spoiled", []), note]
        return FrameTable(self.frames, {**self.metadata, "spoiled": notes}, self.store)

    @property
    def spoiled(self) -> tuple[str, ...]:
        """What was done to this table on purpose, a note each; empty for a clean one.

        Labels that differ from the clean ones beside them count too, should their note be lost.
        """
        notes = tuple(self.metadata.get("spoiled", []))
        for au in () if notes else self.aus:
            clean = self.frames.get(f"{column(au)}_true")
            if clean is not None and not clean.equals(self.frames[column(au)]):
                return ("labels differ from the clean ones beside them",)
        return notes

    def rates(self) -> pd.DataFrame:
        """How often each action unit is active among the frames where it is known.

        Returns:
            Index AU1 …; columns rate (0 to 1, NaN if never known), active, inactive, unknown.
        """
        labels = self.frames[[column(au) for au in self.aus]]
        active, inactive = (labels == 1).sum(), (labels == 0).sum()
        known = active + inactive
        rate = (active / known.where(known > 0)).astype(float)
        counts = {"active": active, "inactive": inactive, "unknown": len(self) - known}
        return pd.DataFrame({"rate": rate, **counts})

    def save(self, path: str | Path) -> None:
        """Write the table and its metadata (not the images) as one parquet file, atomically."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        note = json.dumps({"version": FORMAT_VERSION, "metadata": self.metadata}).encode()
        arrow = pa.Table.from_pandas(self.frames)
        arrow = arrow.replace_schema_metadata(
            {
                **arrow.schema.metadata,
                METADATA_KEY: note,
                CHECKSUM_KEY: _footer_checksum(arrow, note),
            }
        )
        with atomic_path(path) as temporary:
            pq.write_table(arrow, temporary, write_page_checksum=True)

    @classmethod
    def load(cls, path: str | Path, store: FrameStore | None = None) -> FrameTable:
        """Read a table that `save` wrote.

        Raises:
            FileNotFoundError: If there is no such file.
            CorpusError: If the file is damaged, no FrameTable, claims more than its bytes can
                hold, or does not fit the store.
        """
        from .parquet import read_parquet

        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"no frame table at {path}; make it first or correct the path")
        frames, arrow = read_parquet(path)
        note = (arrow.schema.metadata or {}).get(METADATA_KEY)
        if note is None:
            raise CorpusError(
                f"{path} is a parquet file, but no FrameTable; build one with "
                "FrameTable(pd.read_parquet(path)) and save it"
            )
        if arrow.schema.metadata.get(CHECKSUM_KEY) != _footer_checksum(arrow, note):
            raise CorpusError(f"{path} cannot be read: its footer is damaged; make it again")
        try:
            note = parse_json(note)
            version, metadata = note["version"], note["metadata"]
        except (ValueError, KeyError, TypeError) as error:
            raise CorpusError(
                f"{path} is a parquet file, but its note of a FrameTable is damaged ({error}); "
                "make it again from its source"
            ) from error
        if version != FORMAT_VERSION:
            raise CorpusError(
                f"{path} is a FrameTable of version {shortened(version)}, this library reads "
                f"version {FORMAT_VERSION}; make it again from its source"
            )
        try:
            return cls(frames, metadata, store)
        except (CorpusError, TypeError) as error:
            raise CorpusError(f"{path}: {str(error)[:2000]}") from error  # may quote any text

    def _repr_html_(self) -> str:
        from .card import table_card

        return table_card(self)

    def __repr__(self) -> str:
        people = self.frames["subject"].nunique()
        kind = ", synthetic" if self.metadata.get("synthetic") else ""
        spoiled = ", spoiled on purpose" if self.spoiled else ""
        return (
            f"FrameTable({len(self):,} frames, {people} people, {len(self.aus)} AUs{kind}{spoiled})"
        )


def _json_copy(metadata: dict) -> dict:
    """The metadata as they will come back from a file: a copy, tuples turned into lists."""
    if not isinstance(metadata, dict):
        raise TypeError(f"metadata must be a dict, got {type(metadata).__name__}")
    try:
        return json.loads(json.dumps(metadata, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise TypeError(f"metadata must be what JSON can hold: {error}") from error


def _footer_checksum(arrow: pa.Table, note: bytes) -> bytes:
    """CRC-32 of the names and notes in a parquet footer.

    Parquet checks its pages of values itself (`write_page_checksum`), but not its footer, where a
    single wrong bit turns column AU12 into AU16.
    """
    pandas_note = arrow.schema.metadata.get(b"pandas", b"")  # types, and the index
    names = json.dumps([arrow.column_names, len(arrow)]).encode()
    return f"{zlib.crc32(b'|'.join([note, pandas_note, names])):08x}".encode()
