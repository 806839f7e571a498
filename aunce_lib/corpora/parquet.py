"""Reading a parquet file that may come from anybody.

Parquet packs well: 3 kB can hold 50,000 times the same long text, or claim a billion rows. So what
a file says it holds is weighed against its own length before it is unpacked, and its texts are read
as a list of the different ones first.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from .errors import CorpusError

#: What the best packed table that means something needs was measured: 12 values in a byte.
VALUES_A_BYTE, FEW_VALUES = 200, 1_000_000
LETTERS_A_BYTE, FEW_LETTERS = 400, 64_000_000
UNPACKED_A_BYTE, FEW_UNPACKED = 64, 32_000_000


def read_parquet(path: Path) -> tuple[pd.DataFrame, pa.Table]:
    """A flat table and, for its notes, what it was in the file.

    Raises:
        CorpusError: If the file is damaged, holds lists, or claims more than its bytes can hold.
    """
    try:
        arrow = _read(path)
        return arrow.to_pandas(), arrow
    except Exception as error:  # noqa: BLE001 of many kinds: the notes steer pandas and arrow
        raise CorpusError(
            f"{path} cannot be read as parquet ({type(error).__name__}: {str(error)[:500]}); "
            "expected a file made by FrameTable.save; make it again from its source"
        ) from error


def _read(path: Path) -> pa.Table:
    n_bytes = path.stat().st_size
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        notes, schema = file.metadata, file.schema_arrow
        groups = [notes.row_group(i) for i in range(notes.num_row_groups)]
    n_rows = max(notes.num_rows, sum(group.num_rows for group in groups))
    if notes.num_columns != len(schema) or any(pa.types.is_nested(kind) for kind in schema.types):
        raise ValueError("a column holds lists or records")
    if n_rows * notes.num_columns > VALUES_A_BYTE * n_bytes + FEW_VALUES:
        raise ValueError(f"{n_rows:,} rows of {notes.num_columns} columns in {n_bytes:,} bytes")
    # What a column says of itself is not asked: arrow 26 ends the process when that is damaged.
    unpacked = sum(group.total_byte_size for group in groups)
    if unpacked > UNPACKED_A_BYTE * n_bytes + FEW_UNPACKED:
        raise ValueError(f"{unpacked:,} bytes packed into {n_bytes:,}")
    texts = [field.name for field in schema if _is_text(field.type)]
    arrow = pq.read_table(path, page_checksum_verification=True, read_dictionary=texts)
    letters = sum(_letters(chunk) for name in texts for chunk in arrow[name].chunks)
    if letters > LETTERS_A_BYTE * n_bytes + FEW_LETTERS:
        raise ValueError(f"texts of {letters:,} letters in {n_bytes:,} bytes")
    return arrow.cast(schema.with_metadata(arrow.schema.metadata)) if texts else arrow


def _is_text(kind: pa.DataType) -> bool:
    tests = (pa.types.is_string, pa.types.is_large_string)
    return any(test(kind) for test in (*tests, pa.types.is_binary, pa.types.is_large_binary))


def _letters(chunk: pa.DictionaryArray) -> int:
    """How long the texts are, each as often as it occurs."""
    lengths = pc.binary_length(chunk.dictionary).cast(pa.int64())
    return pc.sum(lengths.take(chunk.indices)).as_py() or 0
