"""What all readers share: folders, numbered images, what is missing, and the table at the end.

Corpora come as thousands of files that passed through many hands. Frames are matched by the number
in a file's name, never by the name, and what has no partner is an error or counted.
"""

from __future__ import annotations

import os
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from ..facs import column
from .errors import CorpusError
from .frames import FrameTable

IMAGE_ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"})
VIDEO_ENDINGS = frozenset({".avi", ".mp4", ".mov", ".mkv", ".wmv", ".mpg", ".mpeg", ".webm"})
# "2D+3D/F001.zip!F001/T1/2440.jpg" is a member of an archive.
IN_ZIP = re.compile(r"\.zip!", re.IGNORECASE)
# 2440, 02440, SN003_0, F001_T1_2440; but neither "2440 (1)" nor 2440_1, which are copies.
FRAME_NAME = re.compile(r"(?:[A-Za-z]\w*[_-])?(\d{1,9})", re.ASCII)


@dataclass(frozen=True)
class Missing:
    """What happens to frames that cannot be used: an error, or left out and counted.

    Attributes:
        policy: "error" or "skip".
        skipped: How many frames (or files, as the reason says) were left out, by reason.
    """

    policy: str
    skipped: Counter = field(default_factory=Counter)

    def __post_init__(self) -> None:
        if self.policy not in ("error", "skip"):
            raise ValueError(f'missing must be "error" or "skip", got {self.policy!r}')

    def leave_out(self, reason: str, count: int, message: str) -> None:
        """Raise `message`, or count; a count of 0 does nothing."""
        if count and self.policy == "error":
            raise CorpusError(f'{message}; or leave such out and count them with missing="skip"')
        self.note(reason, count)

    def note(self, reason: str, count: int) -> None:
        """Count what the corpus itself says to leave out."""
        if count:
            self.skipped[reason] += int(count)


def image_numbers(names: Iterable[str], where: object) -> dict[int, str]:
    """File names by the number of their frame, however it is padded; other files are ignored."""
    found: dict[int, str] = {}
    for name in names:
        stem, ending = os.path.splitext(name)
        match = FRAME_NAME.fullmatch(stem)
        if match and ending.lower() in IMAGE_ENDINGS:
            number = int(match[1])
            if number in found:
                raise CorpusError(
                    f"{where}: {found[number]} and {name} are both frame {number}; expected one "
                    "image a frame; take one of them away"
                )
            found[number] = name
    return found


def with_images(
    frames: np.ndarray,
    names: dict[int, str] | None,
    labels: object,
    images: object,
    missing: Missing,
    every_image: bool = False,
) -> np.ndarray:
    """Which labelled frames have an image, bool (frames,).

    Args:
        frames: Numbers of the labelled frames, ascending.
        names: Images by number; None for a video, which has every frame.
        labels: Where the labels are, for messages.
        images: Where the images are, for messages.
        missing: What happens to an image without a label and to a label without an image.
        every_image: Whether every image must have a label, or only those between labelled ones.
    """
    first, last, labelled = int(frames[0]), int(frames[-1]), set(frames.tolist())
    if names is None:
        gaps = frames[:-1][np.diff(frames) > 1] + 1  # the first frame of each gap
        bare, count = gaps[:1].tolist(), last - first + 1 - len(frames)
    else:
        inside = (n for n in names if every_image or first < n < last)
        bare = sorted(n for n in inside if n not in labelled)
        count = len(bare)
    absent = np.array([names is not None and frame not in names for frame in frames.tolist()])
    missing.leave_out(
        "frame without a label",
        count,
        f"{labels}: no row for frame {(bare or [0])[0]} of {images} ({count} such frames); "
        "expected a row for every frame; copy the file again",
    )
    missing.leave_out(
        "label without an image",
        absent.sum(),
        f"{labels}: frame {frames[absent.argmax()]} has labels, but no image in {images} "
        f"({absent.sum()} such frames); expected an image for every labelled frame; copy the "
        "images again",
    )
    return ~absent


def entries(folder: Path) -> tuple[list[str], list[str]]:
    """Names of the folders and of the files in a folder, sorted, hidden ones left out."""
    folders, files = [], []
    try:
        with os.scandir(folder) as scan:
            for entry in scan:
                if entry.name[0] != "." and (entry.is_dir() or entry.is_file()):
                    (folders if entry.is_dir() else files).append(entry.name)
    except OSError as error:
        raise CorpusError(
            f"{folder} cannot be listed ({error.strerror}); expected a folder that you may read; "
            "correct the path or its permissions"
        ) from error
    return sorted(folders), sorted(files)


def find_folder(
    source: str | Path, given: str | Path | None, candidates: Sequence[str], what: str, option: str
) -> Path:
    """The folder a user names, or the first candidate under `source` that exists."""
    source = existing(source)
    if given is not None:
        candidates = [str(given)]
    for candidate in candidates:
        if (source / candidate).is_dir():
            return source / candidate
    raise CorpusError(
        f"{source}: no folder of {what}; expected {', '.join(map(repr, candidates))}; "
        f"correct the path, or say where they are with {option}=FOLDER"
    )


def existing(source: str | Path) -> Path:
    """The path, if there is something.

    Raises:
        FileNotFoundError: If there is nothing.
    """
    source = Path(source)
    if not source.exists():
        raise FileNotFoundError(f"there is nothing at {source}; correct the path of the corpus")
    return source


def relative(path: Path, source: str | Path) -> str:
    """`path` as it is kept in a table: relative to `source` where it lies inside."""
    source = Path(source)
    inside = path.is_relative_to(source)
    return (path.relative_to(source) if inside else path.absolute()).as_posix()


def read_bytes(source: str | Path, path: str) -> bytes:
    """The bytes of an image of a table, also of one within a zip archive.

    Args:
        source: What the table was read from.
        path: A value of its column `path`, such as "F001/T1/2440.jpg" or
            "2D+3D/F001.zip!F001/T1/2440.jpg".

    Raises:
        CorpusError: If it cannot be read.
    """
    base = Path(source)
    base = base if base.is_dir() else base.parent
    try:
        if not (split := IN_ZIP.search(path)):
            return (base / path).read_bytes()
        archive, member = base / path[: split.end() - 1], path[split.end() :]
        return _archive(archive, archive.stat().st_mtime_ns, os.getpid()).read(member)
    except (OSError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise CorpusError(
            f"{base / path} cannot be read ({error}); expected an image; copy it again"
        ) from error


@lru_cache(maxsize=2)
def _archive(path: Path, changed: int, process: int) -> zipfile.ZipFile:
    """An archive, kept open: its list of members is long. A child process opens its own."""
    return zipfile.ZipFile(path)


def frame_table(
    corpus: str,
    parts: list[dict],
    source: str | Path,
    missing: Missing,
    options: dict,
    keep_unlabelled: bool = False,
) -> FrameTable:
    """The table of a reader from one dict of columns a sequence.

    Frames of which no label is known are of no use for training and left out, counted.
    """
    if not parts:
        raise CorpusError(
            f"{source}: no labelled frame with an image found; expected the layout of {corpus} "
            f"as docs/corpora.md shows it; left out: {dict(missing.skipped)}"
        )
    frames = pd.concat([pd.DataFrame(part) for part in parts], ignore_index=True)
    frames.insert(0, "corpus", corpus)
    if not keep_unlabelled:
        labels = [name for name in frames if re.fullmatch(r"AU\d+", name)]
        known = frames[labels].notna().any(axis=1)
        missing.note("frame without a known label", (~known).sum())
        frames = frames[known].reset_index(drop=True)
    options = {k: str(v) if isinstance(v, Path) else v for k, v in options.items() if v is not None}
    metadata = {
        "corpus": corpus,
        "source": str(source),
        "options": options,
        "skipped": dict(missing.skipped),
    }
    return FrameTable(frames, metadata)


def label_columns(aus: Sequence[int], labels: np.ndarray, ending: str = "") -> dict:
    """{"AU1": labels[:, 0], …}"""
    return {column(au) + ending: labels[:, place] for place, au in enumerate(aus)}
