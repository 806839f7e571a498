"""Does a table look like the corpus it claims to be? What crashes nothing, but spoils a result.

Every check returns findings in words: what is odd, and what most likely caused it. An empty list
means that nothing was found, not that all is well.

What no check here can see: labels that are off by one frame. At 20 to 25 frames a second a face
takes longer than that to move, and coders differ by more. The readers prevent it by matching frames
by number; `shift` finds labels that are off by about 8 frames (a third of a second) or more.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import pandas as pd

from ..facs import AU_SETS, column
from .aggregates import TEST_COUNTS, coded_frames, counts
from .cells import some
from .frames import FrameTable
from .temporal import motion, temporal_shift

TELLING = 4.0  # frames; onsets quicker than offsets alone can look like 3
READ_AT_ONCE = 256  # images


@dataclass(frozen=True)
class Finding:
    """Something odd.

    Attributes:
        check: Which check found it: rates, lengths, splits, images or shift.
        message: What it is and what most likely caused it.
    """

    check: str
    message: str

    def __str__(self) -> str:
        return f"{self.check}: {self.message}"


def check(table: FrameTable) -> list[Finding]:
    """All checks that a table allows; those of images need its store and read all of it."""
    findings = [*rates(table), *lengths(table), *splits(table), *same_path(table)]
    if table.store is not None:
        findings += [*same_images(table), *shift(table)]
    return findings


def rates(table: FrameTable) -> list[Finding]:
    """How often AUs are active, against the published rates (BP4D and DISFA).

    People differ widely, so the fewer there are, the more is tolerated.
    """
    corpus = _corpus(table)
    aus = AU_SETS.get(corpus, ())
    if corpus not in TEST_COUNTS or not set(aus) <= set(table.aus) or not len(table):
        return []
    frames, active = counts(corpus)
    published = active / frames
    found = table.rates()["rate"][[column(au) for au in aus]].to_numpy()
    people = table.frames["subject"].nunique()
    distance = _distance(found, published)
    if not distance > 0.15 + 1.5 / np.sqrt(people):
        return []
    causes = {
        "the columns of the labels are shifted by one": min(
            _distance(found, np.roll(published, step)) for step in (-1, 1)
        ),
        "active and inactive are exchanged": _distance(found, 1 - published),
    }
    for threshold in range(1, 6):
        columns = [f"{column(au)}_intensity" for au in aus]
        if set(columns) <= set(table.frames):
            level = (table.frames[columns] >= threshold).mean().to_numpy()
            cause = f"the labels were made with another threshold than {threshold}"
            causes[cause] = _distance(level, published)
    cause = min(causes, key=causes.get)
    if causes[cause] > distance / 2:
        cause = "another threshold, another edition of the labels, or a special part of the corpus"
    worst = int(np.nanargmax(np.abs(_logit(found) - _logit(published))))
    return [
        Finding(
            "rates",
            f"AU{aus[worst]} is active in {100 * found[worst]:.1f} % of the frames, published are "
            f"{100 * published[worst]:.1f} %, and others differ too; most likely {cause}",
        )
    ]


def lengths(table: FrameTable) -> list[Finding]:
    """Labelled frames of every sequence, against the published lists (BP4D and DISFA)."""
    corpus = _corpus(table)
    if corpus not in TEST_COUNTS:
        return []
    return compare_lengths(table, coded_frames(corpus))


def compare_lengths(table: FrameTable, published: pd.DataFrame) -> list[Finding]:
    """The same against any table of subject, sequence ("" for the only one), first and last."""
    frames = table.frames[["subject", "sequence", "frame"]].astype({"subject": str})
    frames["sequence"] = (
        "" if (published["sequence"] == "").all() else frames["sequence"].astype(str)
    )
    found = frames.groupby(["subject", "sequence"])["frame"].agg(["count", "min", "max"])
    both = found.join(published.set_index(["subject", "sequence"]), how="inner")
    wanted = both["last"] - both["first"] + 1
    differ = both[(both["count"] != wanted) | (both["min"] != both["first"])]
    if differ.empty:
        return []
    (subject, sequence), first = differ.index[0], differ.iloc[0]
    name = f"{subject}, {sequence}" if sequence else subject
    return [
        Finding(
            "lengths",
            f"{len(differ)} of {len(both)} sequences have other frames than the published lists; "
            f"{name} has {first['count']} ({first['min']} … {first['max']}), published are "
            f"{first['last'] - first['first'] + 1} ({first['first']} … {first['last']}); most "
            "likely label files were cut off, images are missing, or frames count from another "
            "number",
        )
    ]


def splits(table: FrameTable) -> list[Finding]:
    """People who are in more than one part of an official or a user's split."""
    if "split" not in table.frames:
        return []
    parts = table.frames.groupby("subject", observed=True)["split"].nunique()
    both = list(parts.index[parts > 1])
    if not both:
        return []
    message = (
        f"{some(both)} in more than one of training, validation and test; a result would measure "
        "memory of them; most likely recordings of a person, or copies of a video, were dealt out "
        "one by one; take them out of training"
    )
    return [Finding("splits", message)]


def same_path(table: FrameTable) -> list[Finding]:
    """One image listed as two frames."""
    columns = [name for name in ("path", "video_frame") if name in table.frames]
    if "path" not in columns:
        return []
    twice = np.flatnonzero(table.frames.duplicated(columns))
    if not len(twice):
        return []
    path = table.frames["path"].iloc[twice[0]]
    message = (
        f"{len(twice)} frames share an image with another frame, the first is {path}, row "
        f"{table.rows[twice[0]]}; most likely a list was joined to itself"
    )
    return [Finding("images", message)]


def same_images(table: FrameTable) -> list[Finding]:
    """Pixel for pixel the same image in two sequences: one of them was copied from the other."""
    first: dict[bytes, int] = {}
    owner = table.frames.groupby(["subject", "sequence"], observed=True).ngroup().to_numpy()
    copies = []
    for start in range(0, len(table), READ_AT_ONCE):
        images = table.store[table.rows[start : start + READ_AT_ONCE]]
        for position, image in enumerate(images, start):
            other = first.setdefault(blake2b(image.data, digest_size=8).digest(), position)
            if owner[other] != owner[position]:
                copies.append((other, position))
    if not copies:
        return []
    one, two = (table.frames.iloc[position] for position in copies[0])
    message = (
        f"{len(copies)} images are in two sequences, such as {one['subject']}, {one['sequence']}, "
        f"frame {one['frame']} and {two['subject']}, {two['sequence']}, frame {two['frame']}; most "
        "likely a folder was copied over another one; copy both from the corpus again"
    )
    return [Finding("images", message)]


def shift(table: FrameTable, seed: int = 0) -> list[Finding]:
    """Labels several frames away from the movements they are about."""
    found = temporal_shift(table, motion(table), seed)
    if found is None or (found.low <= TELLING and found.high >= -TELLING):
        return []
    message = (
        f"labels come about {abs(found.frames):.0f} frames too "
        f"{'late' if found.frames > 0 else 'early'} (95 % interval {found.low:.1f} … "
        f"{found.high:.1f}, from {found.changes} changes of labels); most likely frames were "
        "numbered from the first labelled one, decoded at another rate, or frames without a face "
        "were left out before numbering"
    )
    return [Finding("shift", message)]


def why_unreadable(data: bytes) -> str:
    """What a file that should be an image most likely is, from its first bytes.

    >>> why_unreadable(b"")
    'the file is empty: copying it was interrupted, or the disk was full'
    """
    begins = data[:200].lstrip().lower()
    if not data:
        return "the file is empty: copying it was interrupted, or the disk was full"
    if begins.startswith(b"version https://git-lfs"):
        return "it is a pointer of git lfs: fetch the image with `git lfs pull`"
    if begins.startswith((b"<!doctype", b"<html", b"<?xml")):
        return "it is a web page: the download ended at a page to log in, or at an error"
    if begins.startswith((b"pk\x03\x04", b"rar!", b"7z\xbc\xaf", b"\x1f\x8b")):
        return "it is an archive: unpack it"
    if not data.strip(b"\0"):
        return "it holds only zeros: copying it was interrupted, or the disk is damaged"
    return "it was cut off or damaged: copy it again"


def _corpus(table: FrameTable) -> str:
    corpora = table.frames["corpus"].cat.categories
    return corpora[0] if len(corpora) == 1 else ""


def _logit(rate: np.ndarray) -> np.ndarray:
    rate = np.clip(rate, 0.002, 0.998)
    return np.log(rate / (1 - rate))


def _distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.nanmean(np.abs(_logit(one) - _logit(other))))
