"""What a table of frames must look like, checked column by column.

A wrong table rarely crashes: a column shifted by one, a 9 that means "unknown", a frame listed
twice all train without complaint. So every FrameTable goes through `tidy` once, and the first
thing that is wrong is named with its column, its row and its value.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from .errors import CorpusError

REQUIRED = ("corpus", "subject", "sequence", "frame")
AU_COLUMN = re.compile(r"AU([1-9]\d*)")
AU_RELATED = re.compile(r"AU[1-9]\d*(_intensity|_true)?")
LOOKS_LIKE_AU = re.compile(r"(?i)au[ _]?\d")
MAX_INTENSITY = 5  # the FACS levels A–E as 1–5; drawn faces use 0–1


def au_numbers(columns) -> tuple[int, ...]:
    """The action units that have a label column, in the order of the columns.

    >>> au_numbers(["subject", "AU1", "AU12", "AU12_intensity"])
    (1, 12)
    """
    matches = (AU_COLUMN.fullmatch(str(name)) for name in columns)
    return tuple(int(match[1]) for match in matches if match)


def tidy(frames: pd.DataFrame) -> pd.DataFrame:
    """A checked copy of `frames` in compact types: categories for names, float32 for numbers.

    Args:
        frames: Columns corpus, subject ("corpus/name"), sequence, frame (integer >= 0), AU<number>
            (0, 1 or NaN); optionally AU<number>_intensity (0 to 5 or NaN), AU<number>_true
            (0, 1 or NaN), person_*, scene_*, and others, which are kept as they are.
            The index holds the rows in the store.

    Raises:
        TypeError: If `frames` is no DataFrame.
        CorpusError: For the first thing that is wrong.
    """
    if not isinstance(frames, pd.DataFrame):
        raise TypeError(f"frames must be a pandas DataFrame, got {type(frames).__name__}")
    _check_columns(frames.columns)
    _check_index(frames.index)
    frames = frames.copy(deep=False)
    for name in ("corpus", "subject", "sequence"):
        frames[name] = _category(frames, name)
    _check_subjects(frames)
    frames["frame"] = _frame_numbers(frames)
    _check_no_frame_twice(frames)
    for name in filter(AU_RELATED.fullmatch, frames.columns):
        frames[name] = _au_values(frames, name)
    for name in frames.columns[frames.dtypes == np.float64]:
        frames[name] = frames[name].astype(np.float32)
    return frames


def _check_columns(columns: pd.Index) -> None:
    if not all(isinstance(name, str) for name in columns):
        raise CorpusError(f"column names must be text, got {list(columns)}")
    if columns.has_duplicates:
        raise CorpusError(f"column {columns[columns.duplicated()][0]!r} occurs twice")
    for name in REQUIRED:
        if name not in columns:
            raise CorpusError(f"column {name!r} is missing; the table has {list(columns)}")
    for name in columns:
        if LOOKS_LIKE_AU.match(name) and not AU_RELATED.fullmatch(name):
            raise CorpusError(
                f"column {name!r} looks like an action unit; write AU12 for labels, "
                "AU12_intensity for intensities, AU12_true for clean labels"
            )
    if not au_numbers(columns):
        raise CorpusError(f"no label column such as 'AU12'; the table has {list(columns)}")


def _check_index(index: pd.Index) -> None:
    if index.dtype.kind not in "iu" or index.has_duplicates or (len(index) and index.min() < 0):
        raise CorpusError(
            "the index of a FrameTable holds each frame's row in the store: different integers "
            f">= 0; got {index.dtype} {list(index[:5])} …; a new table needs reset_index(drop=True)"
        )


def _category(frames: pd.DataFrame, name: str) -> pd.Series:
    """A column of names as categories: a million frames of 41 people store 41 names."""
    values = frames[name].astype("category").cat.remove_unused_categories()
    missing = np.flatnonzero(values.cat.codes < 0)
    if len(missing):
        raise CorpusError(_place(frames, name, missing[0]) + "is missing; give every frame one")
    for category in values.cat.categories:
        if not isinstance(category, str) or not category:
            first = np.flatnonzero(frames[name] == category)[0]
            raise CorpusError(
                _place(frames, name, first) + f"must be text and not empty, got {category!r}"
            )
    return values


def _check_subjects(frames: pd.DataFrame) -> None:
    """F001 of BP4D and F001 of BP4D+ are two people, so the corpus is part of the name."""
    pairs = frames[["corpus", "subject"]].drop_duplicates()
    for row, corpus, subject in pairs.itertuples():
        if not subject.startswith(f"{corpus}/") or subject == f"{corpus}/":
            raise CorpusError(
                f"column 'subject', row {row}: must begin with its corpus, "
                f"such as '{corpus}/F001', got {subject!r}"
            )


def _frame_numbers(frames: pd.DataFrame) -> pd.Series:
    values = pd.to_numeric(frames["frame"], errors="coerce").to_numpy(np.float64, na_value=np.nan)
    bad = np.flatnonzero(~((values >= 0) & (values < 2**31) & (values == np.floor(values))))
    if len(bad):
        value = frames["frame"].iloc[bad[0]]
        raise CorpusError(_place(frames, "frame", bad[0]) + f"must be an integer, got {value!r}")
    return pd.Series(values.astype(np.int32), frames.index)


def _check_no_frame_twice(frames: pd.DataFrame) -> None:
    """One integer per frame instead of comparing text: quick for millions of rows."""
    key = frames["subject"].cat.codes.to_numpy(np.int64)
    key = key * len(frames["sequence"].cat.categories) + frames["sequence"].cat.codes.to_numpy()
    key = (key << 31) + frames["frame"].to_numpy()
    twice = np.flatnonzero(pd.Series(key).duplicated())
    if len(twice):
        row = frames.iloc[twice[0]]
        raise CorpusError(
            f"row {frames.index[twice[0]]}: frame {row['frame']} of subject {row['subject']!r}, "
            f"sequence {row['sequence']!r} is there twice; drop one of them"
        )


def _au_values(frames: pd.DataFrame, name: str) -> pd.Series:
    """Labels or intensities as float32, unknown as NaN."""
    given = frames[name]
    values = pd.to_numeric(given, errors="coerce").to_numpy(np.float64, na_value=np.nan)
    if name.endswith("_intensity"):
        bad = (values < 0) | (values > MAX_INTENSITY)
        allowed = f"between 0 and {MAX_INTENSITY}, or NaN where unknown"
    else:
        bad = (values != 0) & (values != 1) & ~np.isnan(values)
        allowed = "0, 1, or NaN where unknown (corpora write 9, -1 or 999 for unknown)"
    bad |= np.isnan(values) & given.notna().to_numpy()  # text that is no number
    if bad.any():
        first = np.flatnonzero(bad)[0]
        value = given.iloc[first]
        raise CorpusError(_place(frames, name, first) + f"must be {allowed}, got {value!r}")
    return pd.Series(values.astype(np.float32), frames.index)


def _place(frames: pd.DataFrame, name: str, position: int) -> str:
    return f"column {name!r}, row {frames.index[position]}: "
