"""Damage to small corpora, one file, line or folder at a time, and the verdict on the reader.

A reader may do one of three things with a damaged tree: read the same table as before; raise a
CorpusError that names what, what was expected and what to do; or, where the damage leaves a smaller
corpus that is whole in itself (the last line of a label file is gone), read just that: every frame
that is left has its own image and its own labels. Anything else is a misread.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import cache
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from trees import LAYOUTS, Tree, layout

from aunce_lib.corpora import CorpusError, readers
from aunce_lib.corpora.rawfiles import read_bytes

Random = np.random.Generator
TEXT = (".csv", ".txt", ".yaml")
#: Where the number of a line says which frame it is, nobody can see that lines changed places.
COUNTED_LINES = ("affwild2", "affwild2, 8 AUs", "lists", "lists, JAA-Net")

# ── text ─────────────────────────────────────────────────────────────────────────────────────────


def _lines(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True)


def _line(content: bytes, rng: Random, change: Callable[[bytes], bytes]) -> bytes:
    lines = _lines(content)
    place = rng.integers(len(lines))
    return b"".join([*lines[:place], change(lines[place]), *lines[place + 1 :]])


def _cell(content: bytes, rng: Random, change: Callable[[bytes], list[bytes]]) -> bytes:
    def in_line(line: bytes) -> bytes:
        joint = b"," if b"," in line else b" "
        cells = line.rstrip(b"\r\n").split(joint)
        place = rng.integers(len(cells))
        return joint.join([*cells[:place], *change(cells[place]), *cells[place + 1 :]]) + b"\n"

    return _line(content, rng, in_line)


def _odd_number(rng: Random) -> bytes:
    odd = ["9" * 9, "1" + "0" * 30, "-7", "1e9", "nan", "inf", "0x1", "١", "1_0", "7.5", "--1"]
    return rng.choice(odd).encode()


def _insert(content: bytes, rng: Random, piece: bytes) -> bytes:
    place = rng.integers(len(content) + 1)
    return content[:place] + piece + content[place:]


def _shuffled_columns(content: bytes, rng: Random) -> bytes:
    rows = [line.rstrip(b"\r\n").split(b",") for line in _lines(content)]
    order = rng.permutation(np.arange(1, min(map(len, rows))))
    return b"".join(b",".join([row[0], *(row[i] for i in order)]) + b"\n" for row in rows)


TEXT_DAMAGE: dict[str, Callable[[bytes, Random], bytes]] = {
    "line dropped": lambda c, rng: _line(c, rng, lambda line: b""),
    "last lines dropped": lambda c, rng: b"".join(_lines(c)[: -rng.integers(1, 4)]),
    "line doubled": lambda c, rng: _line(c, rng, lambda line: 2 * line),
    "lines reordered": lambda c, rng: b"".join(
        _lines(c)[:1] + [_lines(c)[1:][i] for i in rng.permutation(len(_lines(c)) - 1)]
    ),
    "columns reordered": _shuffled_columns,
    "cut off": lambda c, rng: c[: rng.integers(len(c))],
    "cut off near its end": lambda c, rng: c[: -rng.integers(1, min(12, len(c)))],
    "begins late": lambda c, rng: c[rng.integers(1, len(c)) :],
    "emptied": lambda c, rng: b"",
    "UTF-16": lambda c, rng: c.decode().encode("utf-16"),
    "UTF-16 without mark": lambda c, rng: c.decode().encode("utf-16-le"),
    "UTF-32": lambda c, rng: c.decode().encode("utf-32"),
    "UTF-7 and EBCDIC": lambda c, rng: c.decode().encode("cp500"),
    "byte order mark": lambda c, rng: b"\xef\xbb\xbf" + c,
    "two byte order marks": lambda c, rng: 2 * b"\xef\xbb\xbf" + c,
    "CRLF": lambda c, rng: b"\r\n".join(c.splitlines()) + b"\r\n",
    "CR": lambda c, rng: b"\r".join(c.splitlines()) + b"\r",
    "CRCRLF": lambda c, rng: b"\r\r\n".join(c.splitlines()) + b"\r\r\n",
    "no last newline": lambda c, rng: c.rstrip(b"\r\n"),
    "NUL": lambda c, rng: _insert(c, rng, b"\0"),
    "NULs at the end": lambda c, rng: c + bytes(512),
    "not UTF-8": lambda c, rng: _insert(c, rng, b"\xff"),
    "quote": lambda c, rng: _insert(c, rng, b'"'),
    "line feed": lambda c, rng: _insert(c, rng, b"\n"),
    "blank": lambda c, rng: _insert(c, rng, b" "),
    "blank line": lambda c, rng: _line(c, rng, lambda line: b"\n" + line),
    "blank lines at the end": lambda c, rng: c + b"\n \n\n",
    "line separator": lambda c, rng: _insert(c, rng, "\u2028".encode()),
    "semicolons": lambda c, rng: c.replace(b",", b";"),
    "tabs": lambda c, rng: c.replace(b",", b"\t").replace(b" ", b"\t"),
    "spaces": lambda c, rng: c.replace(b",", b" "),
    "bars": lambda c, rng: c.replace(b",", b"|").replace(b" ", b"|"),
    "semicolons in a line": lambda c, rng: _line(c, rng, lambda line: line.replace(b",", b";")),
    "decimal commas": lambda c, rng: c.replace(b".", b","),
    "odd number": lambda c, rng: _cell(c, rng, lambda cell: [_odd_number(rng)]),
    "cell dropped": lambda c, rng: _cell(c, rng, lambda cell: []),
    "cell doubled": lambda c, rng: _cell(c, rng, lambda cell: [cell, cell]),
    "cells quoted": lambda c, rng: _cell(c, rng, lambda cell: [b'"' + cell + b'"']),
    "a web page": lambda c, rng: b"<!DOCTYPE html><html><body>Log in</body></html>\n",
    "a pointer of git lfs": lambda c, rng: b"version https://git-lfs.github.com/spec/v1\noid 1\n",
}

# ── files and folders ────────────────────────────────────────────────────────────────────────────


def _other_name(path: Path, rng: Random) -> Path:
    """Another spelling, person or number, or a copy's name."""
    stem, ending = path.stem, path.suffix
    digit = next((i for i, c in enumerate(stem) if c.isdecimal()), 0)
    names = [
        stem.swapcase() + ending,
        stem + ending.upper(),
        stem + " (1)" + ending,
        "Copy of " + stem + ending,
        stem + "_1" + ending,
        "0" + stem + ending,
        "._" + stem + ending,
        stem + ending + ".bak",
        stem[:digit] + str(rng.integers(10)) + stem[digit + 1 :] + ending,
        stem[:digit] + str(rng.integers(10**7)) + stem[digit + 1 :] + ending,
        "X" + stem[1:] + ending,
        stem[:-1] + str(rng.integers(10)) + ending,
        "ü" + stem + ending,
    ]
    return path.with_name(str(rng.choice(names)))


def _copy(path: Path, target: Path) -> None:
    if not target.exists():
        shutil.copytree(path, target) if path.is_dir() else shutil.copy(path, target)


def _rename(path: Path, target: Path) -> None:
    if not target.exists():  # nobody can see that an image was replaced by another
        path.rename(target)


def _remove(path: Path) -> None:
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path)


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    _remove(path)
    make(path)


PATH_DAMAGE: dict[str, Callable[[Path, Path, Random], object]] = {
    "removed": lambda path, outside, rng: _remove(path),
    "renamed": lambda path, outside, rng: _rename(path, _other_name(path, rng)),
    "copied": lambda path, outside, rng: _copy(path, _other_name(path, rng)),
    "a folder instead": lambda path, outside, rng: _replace(path, Path.mkdir),
    "a file instead": lambda path, outside, rng: _replace(path, lambda p: p.write_bytes(b"1,0\n")),
    "a link out of the tree": lambda path, outside, rng: (
        _remove(outside),
        shutil.move(path, outside),
        path.symlink_to(outside),
    ),
    "a link to nothing": lambda path, outside, rng: _replace(
        path, lambda p: p.symlink_to(outside / "nothing")
    ),
    "a link to itself": lambda path, outside, rng: _replace(path, lambda p: p.symlink_to(p)),
    "a link to the root": lambda path, outside, rng: _replace(
        path, lambda p: p.symlink_to(outside.with_name("tree"))
    ),
    "a pipe": lambda path, outside, rng: None if path.is_dir() else _replace(path, os.mkfifo),
    "no permission": lambda path, outside, rng: None,  # see `forbidden`: root may read everything
}


@contextmanager
def forbidden(path: Path) -> Iterator[None]:
    """Reading this file or listing this folder is not permitted."""
    read, scan = Path.read_bytes, os.scandir

    def refuse(function):
        def checked(name, *args):
            if Path(name) == path:
                raise PermissionError(13, "Permission denied", str(name))
            return function(name, *args)

        return checked

    with patch.object(Path, "read_bytes", refuse(read)), patch.object(os, "scandir", refuse(scan)):
        yield


# ── verdicts ─────────────────────────────────────────────────────────────────────────────────────

KEY = ["subject", "sequence", "frame"]


def verdict(read: Callable, root: Path, tree: Tree, damaged: Path) -> str:
    """ "refused", "unchanged", "smaller" …; an AssertionError for a misread or unclear error."""
    source = root / tree.source
    try:
        table = read(source, **tree.options)
    except FileNotFoundError:
        assert not source.exists()
        return "refused"
    except CorpusError as error:
        message = str(error)
        assert str(root) in message, f"names no file: {message}"
        assert "expected" in message, f"does not say what was expected: {message}"
        assert ";" in message, f"does not say what to do: {message}"
        assert len(message) < 2000, f"too long: {message}"
        return "refused"
    if "AU1" in tree.truth and tree.truth["AU1"].isna().all():
        return "unlabelled"  # other folders are other people, and no label can be wrong
    frames = table.frames.astype(dict.fromkeys(("subject", "sequence"), object))
    expected = tree.truth.set_index(KEY)
    found = frames.set_index(KEY)
    strangers = found.index.difference(expected.index)
    assert not len(strangers), f"frames that are not in the corpus: {list(strangers[:3])}"
    expected = expected.loc[found.index]
    if not set(expected) <= set(found) and (root != source or damaged.suffix == ".yaml"):
        return "column ignored"  # one's own table or description may say less
    for name in expected.columns.drop("path"):
        was, now = expected[name].to_numpy(), found[name].to_numpy()
        same = (was == now) | (pd.isna(was) & pd.isna(now))
        if table.metadata["skipped"] and tree.options.get("missing") == "skip":
            same |= pd.isna(now)  # unknown now, and counted
        assert same.all(), (
            f"{name} of {found.index[~same][0]} was {was[~same][0]}, is {now[~same][0]}"
        )
    base = source if source.is_dir() else source.parent
    for path, original in zip(found["path"], expected["path"], strict=True):
        if (base / path) != damaged or damaged.suffix not in (".jpg", ".png", ".avi"):
            assert read_bytes(source, path) == original.partition(".zip!")[2].encode() or (
                read_bytes(source, path) == original.encode()
            ), f"{path} is not the image {original}"
    return "unchanged" if len(found) == len(tree.truth) else "smaller"


@cache
def small_tree(name: str, missing: str) -> tuple[str, Tree]:
    """Reader and tree of a layout, four frames a sequence."""
    reader, tree = layout(name, n=4)
    return reader, tree.changed({}, missing=missing)


def fuzz(folder: Path, n: int, seed: int, missing: str = "error") -> Counter:
    """Damage `n` trees and judge each reader; how often each (layout, damage, verdict) was.

    With missing="skip" a reader may leave out more, and call more unknown; but what is left is
    right. Aff-Wild2 is not tried so: who says that lines and images may differ in number there
    cannot be told that lines are doubled.

    Raises:
        AssertionError: For the first misread or unclear error, with what reproduces it.
    """
    root, outside = folder / "tree", folder / "outside"
    outcomes: Counter = Counter()
    layouts = [name for name in LAYOUTS if missing == "error" or name not in COUNTED_LINES[:2]]
    trees = {name: small_tree(name, missing) for name in layouts}
    numbers = [np.random.default_rng((seed, number)) for number in range(n)]
    plan = [(str(rng.choice(layouts)), rng) for rng in numbers]
    for name, rng in plan:
        reader, tree = trees[name]
        tree.write(root)
        if rng.random() < 0.6 and name != "folder":
            targets = [file for file in tree.files if file.endswith(TEXT)]
            target = root / str(rng.choice(targets))
            damage = str(rng.choice(list(TEXT_DAMAGE)))
            if damage == "lines reordered" and name in COUNTED_LINES:
                damage = "blank line"
            target.write_bytes(TEXT_DAMAGE[damage](target.read_bytes(), rng))
        else:
            paths = {root / file for file in tree.files}
            paths |= {above for path in paths for above in path.parents if root in above.parents}
            target = sorted(paths)[rng.integers(len(paths))]
            damage = str(rng.choice(list(PATH_DAMAGE)))
            PATH_DAMAGE[damage](target, outside, rng)
            if name in COUNTED_LINES and target.with_name("00002.jpg").exists():
                shutil.rmtree(root)  # there an image that is absent says "no face"; this one is not
                continue
        try:
            with forbidden(target) if damage == "no permission" else nullcontext():
                outcomes[name, damage, verdict(readers.reader(reader), root, tree, target)] += 1
        except Exception as error:
            where = f"{name!r}, {damage!r} of {target.relative_to(root)}"
            raise AssertionError(f"{where}: {type(error).__name__}: {error}") from error
        shutil.rmtree(root)
    return outcomes
