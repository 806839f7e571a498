"""What the explorer's page is given: every column of the table, and all faces as one picture."""

from __future__ import annotations

import io
import math
import re

import numpy as np
import pandas as pd

from ..corpora.frames import FrameTable
from ..corpora.tidy import AU_COLUMN
from ..facs import ACTION_UNITS

MOST_FACES = 50_000  # what a browser draws, and keeps in memory, without trouble
ATLAS_PIXELS = 16_000_000  # of all thumbnails together: 64 MB in the browser
LARGEST, SMALLEST = 64, 16  # side of a thumbnail
LABEL = re.compile(rf"{AU_COLUMN.pattern}(_true)?")


def pack_columns(table: FrameTable) -> tuple[list[dict], np.ndarray]:
    """Every column of a table as numbers.

    Returns:
        A description of each column: its name, and its kind: "label" (0, 1, NaN), "number" (with
        low and high) or "category" (with its values as text); and float32 (columns, N): numbers,
        or codes into the values; NaN where unknown.

    Example:
        >>> table = FrameTable(pd.DataFrame({
        ...     "corpus": "demo", "subject": ["demo/Ann", "demo/Bob"], "sequence": "smile",
        ...     "frame": [0, 7], "AU6": [1, np.nan]}))
        >>> described, values = pack_columns(table)
        >>> described[1]
        {'name': 'subject', 'kind': 'category', 'values': ['demo/Ann', 'demo/Bob']}
        >>> values[1].tolist(), values[4].tolist()
        ([0.0, 1.0], [1.0, nan])
    """
    described, packed = [], []
    for name, series in table.frames.items():
        description, values = _packed(str(name), series)
        described.append({"name": str(name), **description})
        packed.append(values.astype(np.float32))
    return described, np.array(packed, np.float32).reshape(len(described), len(table))


def _packed(name: str, series: pd.Series) -> tuple[dict, np.ndarray]:
    if LABEL.fullmatch(name):
        return {"kind": "label"}, series.to_numpy(np.float64)
    if pd.api.types.is_numeric_dtype(series) and not pd.api.types.is_bool_dtype(series):
        values = series.to_numpy(np.float64, na_value=np.nan)
        values = np.where(np.isfinite(values), values, np.nan)
        known = values[~np.isnan(values)]
        low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
        return {"kind": "number", "low": low, "high": high}, values
    words = series.astype(object).where(series.notna(), None)
    words = words.map(lambda value: None if value is None else str(value))
    codes, values = pd.factorize(words, sort=True)
    return {"kind": "category", "values": list(values)}, np.where(codes < 0, np.nan, codes)


def thumbnail_side(n: int) -> int:
    """Side in pixels of n thumbnails that together stay below `ATLAS_PIXELS`.

    >>> thumbnail_side(2_000), thumbnail_side(20_000)
    (64, 28)
    """
    return int(np.clip(math.isqrt(ATLAS_PIXELS // max(n, 1)), SMALLEST, LARGEST))


def atlas(table: FrameTable) -> tuple[bytes, int, int]:
    """All faces of a table as one JPEG picture, in rows.

    Returns:
        The picture (empty without images), the side of a thumbnail, and how many are in a row.
    """
    if table.store is None or not len(table):
        return b"", 0, 0
    from PIL import Image

    side = min(thumbnail_side(len(table)), max(table.store.height, table.store.width))
    in_row = math.ceil(math.sqrt(len(table)))
    picture = Image.new("RGB", (in_row * side, math.ceil(len(table) / in_row) * side))
    for start in range(0, len(table), 1024):  # bounds the memory of the faces in full size
        for number, face in enumerate(table.store[table.rows[start : start + 1024]], start):
            tile = Image.fromarray(face)
            if tile.size != (side, side):
                tile = tile.resize((side, side), Image.Resampling.BILINEAR, reducing_gap=2)
            picture.paste(tile, (number % in_row * side, number // in_row * side))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=88)
    return buffer.getvalue(), side, in_row


def au_names(aus) -> list[dict]:
    """Number and FACS name of action units, for menus."""
    known = {au: ACTION_UNITS[au].name.lower() for au in aus if au in ACTION_UNITS}
    return [{"au": int(au), "name": known.get(au, "")} for au in aus]
