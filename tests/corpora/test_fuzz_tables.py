"""Stores and tables from a stranger: read rightly or refused by name; never much memory."""

from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hostile import EVIL, VALUES, Target, bytes_damaged, json_damaged, judge

from aunce_lib.corpora import CorpusError, FrameStore, FrameTable
from aunce_lib.corpora.frames import CHECKSUM_KEY, METADATA_KEY, _footer_checksum
from aunce_lib.corpora.store import HEADER, MAGIC

# stores


def make_store(folder: Path) -> None:
    with FrameStore.create(folder / "s.store", 4, 6, 6) as writer:
        writer[0:4] = np.arange(4 * 6 * 6 * 3, dtype=np.uint8).reshape(4, 6, 6, 3)


def damage_store(folder: Path, rng) -> None:
    path = folder / "s.store"
    if rng.random() < 0.4:
        path.write_bytes(bytes_damaged(path.read_bytes(), rng))
        return
    numbers = [0, 1, 2, 4, 6, 12, 24, 2**16, 2**31, 2**32 - 1]
    n, height, width = (int(rng.choice(numbers)) for _ in range(3))
    if rng.random() < 0.3:
        n = (2**40, 2**63, 2**64 - 1)[rng.integers(3)]
    header = HEADER.pack(MAGIC, 1, n, height, width, 0)[:-4]
    header += struct.pack("<I", zlib.crc32(header))
    path.write_bytes(header + path.read_bytes()[HEADER.size :])


def check_store(store: FrameStore) -> None:
    assert len(store) * store.height * store.width == 4 * 6 * 6
    assert store[:].shape == (len(store), store.height, store.width, 3)


STORE = Target(make_store, damage_store, lambda f: FrameStore.open(f / "s.store"), check_store)


@pytest.mark.parametrize("n", [400, pytest.param(10_000, marks=pytest.mark.slow)])
def test_damaged_stores_are_refused_by_name_or_read_right(tmp_path, n):
    assert judge(STORE, tmp_path, n)["refused"] > n / 3


# tables


def frames() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "corpus": "demo",
            "subject": ["demo/Ann", "demo/Bob"] * 3,
            "sequence": "T1",
            "frame": [0, 0, 1, 1, 2, 2],
            "AU6": [1.0, 0.0, np.nan, 1.0, 0.0, 0.0],
            "path": [f"{i}.jpg" for i in range(6)],
        }
    )


def make_table(folder: Path) -> None:
    FrameTable(frames(), {"corpus": "demo", "notes": [1, "two"]}).save(folder / "t.parquet")


def damage_table(folder: Path, rng) -> None:
    """Bytes, or a table written anew with other notes or values, its checksum to fit."""
    path = folder / "t.parquet"
    if rng.random() < 0.5:
        path.write_bytes(bytes_damaged(path.read_bytes(), rng))
        return
    table = pq.read_table(path)
    notes = dict(table.schema.metadata)
    kind = rng.integers(4)
    if kind == 0:
        notes[METADATA_KEY] = json_damaged(notes[METADATA_KEY], rng)
    elif kind == 1:  # what tells pandas which types and index to make
        notes[b"pandas"] = json_damaged(notes[b"pandas"], rng)
    else:
        place, odd = rng.integers(table.num_columns), VALUES[rng.integers(len(VALUES))]
        name = EVIL[rng.integers(len(EVIL))] if rng.random() < 0.3 else table.column_names[place]
        try:
            column = pa.array([odd] * 6 if kind == 2 else [odd, *[None] * 5])
        except (pa.ArrowException, OverflowError):
            column = None
        if column is None or pa.types.is_struct(column.type):  # arrow can't write every one
            column = pa.array([str(odd)[:50]] * 6)
        table = table.set_column(int(place), name, column)
    write(table, notes, path)


def write(table: pa.Table, notes: dict, path: Path, **options) -> None:
    """As `FrameTable.save`, with any notes."""
    table = table.replace_schema_metadata(notes)
    notes[CHECKSUM_KEY] = _footer_checksum(table, notes[METADATA_KEY])
    pq.write_table(table.replace_schema_metadata(notes), path, write_page_checksum=True, **options)


def check_table(table: FrameTable) -> None:
    assert len(table) == 6
    assert "<script" not in table._repr_html_()


TABLE = Target(
    make_table, damage_table, lambda folder: FrameTable.load(folder / "t.parquet"), check_table
)


@pytest.mark.parametrize("n", [200, pytest.param(10_000, marks=pytest.mark.slow)])
def test_damaged_tables_are_refused_by_name_or_read_right(tmp_path, n):
    assert judge(TABLE, tmp_path, n)["refused"] > n / 3


def many(n: int, **columns) -> pa.Table:
    base = frames().iloc[[0]].loc[[0] * n].reset_index(drop=True)
    return pa.Table.from_pandas(base.assign(**columns))


LONG = pd.Categorical(["x" * 9000] * 30_000)  # one text, until it is unpacked


def note() -> dict:
    return {METADATA_KEY: json.dumps({"version": 1, "metadata": {}}).encode()}


@pytest.mark.parametrize(
    ("bomb", "options", "message"),
    [
        (lambda: many(2_000_000), {}, "rows of 6 columns in"),
        (lambda: many(30_000, path=LONG), {"store_schema": False}, "texts of 27.,...,000 letters"),
        (lambda: many(9, path="x" * 50_000_000), {"compression": "zstd"}, "bytes packed into"),
        (lambda: many(9).append_column("x", pa.array([[1]] * 9)), {}, "lists or records"),
    ],
    ids=["rows", "texts", "pages", "lists"],
)
def test_a_small_file_that_stands_for_much_is_refused_before_it_is_unpacked(
    tmp_path, bomb, options, message
):
    path = tmp_path / "bomb.parquet"
    write(bomb(), note(), path, **options)
    with pytest.raises(CorpusError, match=rf"bomb\.parquet cannot be read .*{message}"):
        FrameTable.load(path)

    def same_again(folder: Path) -> None:
        path.rename(folder / path.name)

    target = Target(same_again, lambda f, rng: None, lambda f: FrameTable.load(f / path.name))
    assert judge(target, tmp_path, 1) == {"refused": 1}  # and without the memory


def test_texts_come_back_as_they_were(tmp_path):
    table = FrameTable(frames().assign(path=["a", "a", None, "", "b", "é"], other=b"\0\1"))
    table.save(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(FrameTable.load(tmp_path / "t.parquet").frames, table.frames)
