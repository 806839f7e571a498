"""Tables in text files: cells as they were written, and the line each stands on.

A cut-off line or a column shifted by one reads without complaint if one lets it, and becomes wrong
labels. What this file returns is what the file says, or a CorpusError names the file, the line,
what was expected and what to do.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from .errors import CorpusError

MISSING_CODES = (9, -1, 999)  # what corpora write for "unknown", besides a blank cell
NUMBER = re.compile(r"[+-]?\d{1,9}(\.\d{0,12})?(e[+-]?\d{1,2})?", re.ASCII | re.IGNORECASE)
WHOLE = re.compile(r"(\d{1,9})(\.0*)?", re.ASCII)
BLANK = (
    "expected a row, found a blank line, and lines are counted here; take the blank line out, or "
    "copy the file again"
)


@dataclass(frozen=True, eq=False)
class Grid:
    """The cells of a text table, stripped, and the line each row stands on.

    Attributes:
        path: The file.
        header: Names of the columns, all different.
        cells: Text, object (rows, columns).
        lines: Line of each row in the file, from 1, (rows,).
    """

    path: Path
    header: tuple[str, ...]
    cells: np.ndarray
    lines: np.ndarray

    def column(self, name: str) -> np.ndarray:
        """The cells of a column, (rows,)."""
        return self.cells[:, self._positions([name])[0]]

    def labels(self, names: Sequence[str], missing: Iterable[float] = MISSING_CODES) -> np.ndarray:
        """Columns of 0, 1 and codes for unknown as float32 (rows, columns): 0, 1, NaN."""
        return self.numbers(names, 1, missing, whole=True)

    def numbers(
        self,
        names: Sequence[str],
        highest: float,
        missing: Iterable[float] = MISSING_CODES,
        whole: bool = False,
    ) -> np.ndarray:
        """Columns of numbers 0 … `highest`, unknown as NaN, float32 (rows, columns)."""
        positions = self._positions(names)
        # A label file has thousands of cells, but few different ones.
        codes, texts = pd.factorize(self.cells[:, positions].ravel())
        values = np.array([_number(text, missing) for text in texts], np.float64)
        bad = (values < 0) | (values > highest) | (whole & (values > np.floor(values)))
        if bad.any():
            first = np.flatnonzero(bad[codes])[0]
            row, place = divmod(first, len(positions))
            what = f"0 … {highest:g}" if highest > 1 else "0, 1" if whole else "0 … 1"
            if missing:
                what += f" or unknown ({', '.join(f'{code:g}' for code in missing)}, blank)"
            raise CorpusError(
                f"{self.place(row)}, column {names[place]!r}: expected {what}, "
                f"got {texts[codes[first]]!r}; correct the cell, or copy the "
                "file again from the corpus"
            )
        return values[codes].astype(np.float32).reshape(len(self.cells), len(positions))

    def frames(self, name: str, unique: bool = True) -> np.ndarray:
        """A column of frame numbers, whole and (if `unique`) all different, int64 (rows,)."""
        numbers = np.zeros(len(self.cells), np.int64)
        seen: dict[int, int] = {}
        for row, text in enumerate(self.column(name)):
            match = WHOLE.fullmatch(text)
            if not match:
                raise CorpusError(
                    f"{self.place(row)}, column {name!r}: expected the number of a frame, got "
                    f"{text!r}; correct the cell, or copy the file again from the corpus"
                )
            number = numbers[row] = int(match[1])
            if unique and number in seen:
                raise CorpusError(
                    f"{self.place(row)}: frame {number} is also on line {seen[number]}; expected "
                    "each frame once; drop one of the two lines"
                )
            seen[int(number)] = int(self.lines[row])
        return numbers

    def place(self, row: int) -> str:
        return f"{self.path}, line {self.lines[row]}"

    def _positions(self, names: Sequence[str]) -> list[int]:
        absent = [name for name in names if name not in self.header]
        if absent:
            raise CorpusError(
                f"{self.path}, line 1: expected a column {absent[0]!r}, the header has "
                f"{some(self.header)}; check that its first line is the header and its columns "
                "are separated by commas"
            )
        return [self.header.index(name) for name in names]


def read_text(path: Path) -> str:
    """A text file as text, without its byte order mark."""
    try:
        if path.exists() and not path.is_file():  # reading a pipe would wait for ever
            raise OSError(None, "a folder, or no plain file")
        raw = path.read_bytes()
    except OSError as error:
        raise CorpusError(
            f"{path} cannot be read ({error.strerror}); expected a text file; copy it again, "
            "or give yourself the right to read it"
        ) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise CorpusError(
            f"{path}, line {line}: expected UTF-8 text, found byte {raw[error.start]:#04x}; it is "
            "damaged or in another encoding such as UTF-16; save it as UTF-8, or copy it again"
        ) from error
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise CorpusError(
            f"{path}, line {line}: expected text, found a NUL byte; the file is damaged or in "
            "UTF-16; copy it again, or save it as UTF-8"
        )
    return text


def read_lines(path: Path) -> list[str]:
    """The stripped lines of a file in which the number of a line matters; none is blank."""
    lines = [line.strip() for line in io.StringIO(read_text(path), newline=None)]
    while lines and not lines[-1]:
        lines.pop()
    if not all(lines):
        raise CorpusError(f"{path}, line {lines.index('') + 1}: {BLANK}")
    return lines


def read_grid(
    path: Path,
    header: Sequence[str] | None = None,
    blank_lines: bool = True,
    expand: tuple[str, Sequence[str]] | None = None,
) -> Grid:
    """A table in a text file, separated by commas, semicolons, tabs or spaces.

    Args:
        path: The file.
        header: Names of the columns if the file has no header line.
        blank_lines: Whether blank lines between rows are fine. They are not where the number of
            a row is the number of its frame. At the end they always are.
        expand: A name in the header that stands for several columns, and their names.
    """
    text = read_text(path)
    rows, lines = _split(path, text)
    while rows and not any(rows[-1]):
        rows.pop()
    filled = [bool(any(row)) for row in rows]
    if not blank_lines and not all(filled):
        raise CorpusError(f"{path}, line {lines[filled.index(False)]}: {BLANK}")
    numbered = [pair for pair in zip(rows, lines, strict=False) if any(pair[0])]
    rows, lines = [row for row, _ in numbered], [line for _, line in numbered]
    if header is None and rows:
        header, rows, lines = rows[0], rows[1:], lines[1:]
        if expand and expand[0] in header:
            place = header.index(expand[0])
            header = (*header[:place], *expand[1], *header[place + 1 :])
    if not rows:
        raise CorpusError(f"{path}: expected rows of labels, found none; copy the file again")
    if len(set(header)) < len(header):
        twice = next(name for name, count in Counter(header).items() if count > 1)
        raise CorpusError(
            f"{path}, line 1: column {twice!r} occurs twice; expected a header of different "
            "names; check that the first line is the header"
        )
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(header):
            raise CorpusError(
                f"{path}, line {line}: expected {len(header)} cells ({some(header)}), found "
                f"{len(row)}; the line was cut off or run together; copy the file again"
            )
    # Labels have one digit, which is there or not; a decimal may have lost its last ones.
    decimals = any("." in row[-1] and NUMBER.fullmatch(row[-1]) for row in rows)
    if text[-1] not in "\r\n" and (decimals or not rows[-1][-1]):
        raise CorpusError(
            f"{path}, line {lines[-1]}: the file ends within a line, after {rows[-1][-1]!r}; "
            "expected a whole last line; copy the file again, or end it with a new line if it "
            "is whole"
        )
    return Grid(path, tuple(header), np.array(rows, object), np.array(lines))


def _split(path: Path, text: str) -> tuple[list[tuple[str, ...]], list[int]]:
    """Rows of stripped cells, and the line each row begins on."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t ", key=first.strip().count)
    if delimiter == " ":
        rows = [tuple(line.split()) for line in io.StringIO(text, newline=None)]
        return rows, list(range(1, len(rows) + 1))
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows, lines, line = [], [], 1
    try:
        for row in reader:
            rows.append(tuple(cell.strip() for cell in row))
            lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise CorpusError(
            f"{path}, line {line}: cannot be split into cells ({error}); expected plain cells "
            "separated by commas; correct the line, or copy the file again"
        ) from error
    return rows, lines


def _number(text: str, missing: Iterable[float]) -> float:
    """A cell's number; NaN for unknown; infinite for anything else, which no range admits."""
    if not text:
        return np.nan if missing else np.inf  # without a code for unknown, a blank is none either
    if not NUMBER.fullmatch(text):
        return np.inf
    value = float(text)
    return np.nan if value in missing else value


def some(names: Iterable) -> str:
    """At most eight names, for messages."""
    names = list(map(str, names))
    return ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
