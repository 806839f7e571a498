"""One frame of a corpus: its picture as it was recorded, and the face as it is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import numpy as np

from .align import Box, crop_face, decode_photo, detect_faces, follow_face, read_photo
from .errors import CorpusError
from .landmarks import box_of, finder
from .rawfiles import IN_ZIP, read_bytes
from .video import read_frames

FOLLOWED = 5  # frames over which a face is followed; after a longer gap it is searched anew
PHOTOS = ("folder", "csv")  # corpora whose images are no recordings, unless they are of a video
NOBODY = "nobody"


def pictures(base: Path, rows: list) -> Iterator[tuple[object, np.ndarray | Exception]]:
    """Frames, all of images or all of one video, each with its picture or with what went wrong.

    Args:
        base: Folder that paths start from.
        rows: Frames as `DataFrame.itertuples` gives them; those of a video ascend.

    Yields:
        A frame, and uint8 (H, W, 3) or the error.
    """
    if not _in_video(rows[0]):
        for row in rows:
            try:
                inside = IN_ZIP.search(row.path)
                yield row, _unpacked(base, row.path) if inside else read_photo(base / row.path)
            except (CorpusError, OSError) as error:
                yield row, error
        return
    wanted, at, failure = {row.video_frame for row in rows}, 0, None
    try:
        frames = read_frames(base / rows[0].path, lambda n, _: n in wanted, rows[-1].video_frame)
        for number, _, image in frames:
            while at < len(rows) and rows[at].video_frame == number:
                at += 1
                yield rows[at - 1], image
    except (CorpusError, OSError) as error:
        failure = error
    for row in rows[at:]:
        yield row, failure


def _unpacked(base: Path, path: str) -> np.ndarray:
    return decode_photo(BytesIO(read_bytes(base, path)), base / path)


@dataclass(frozen=True)
class Alignment:
    """How a corpus' faces are brought to where drawn faces are.

    Attributes:
        corpus: Name of its reader.
        base: Folder of the corpus.
        mode: "auto" takes landmarks where there are some, else detects the face; "detect" takes
            none; "none" only resizes.
        landmarks: The user's landmarks, see `landmarks.finder`.
        size: Side of a face in pixels.
    """

    corpus: str
    base: Path
    mode: str
    landmarks: Path | None
    size: int

    def face(self, frame, image: np.ndarray, last) -> tuple[np.ndarray, Box | None, str]:
        """The face, uint8 (size, size, 3), where it was, and by which means it was found.

        Args:
            frame: A frame of the table.
            image: Its picture.
            last: The frame before and the box found there, or None.

        Returns:
            Without a face: the whole picture, small, None and `NOBODY`.
        """
        if self.mode == "none":
            return fitted(image, self.size, crop=True), None, "as it is"
        box, means = None, "landmarks"
        find = _finder(self) if self.mode == "auto" else None
        points = find(frame, image.shape[:2]) if find else None
        if points is not None:
            box = _plausible(points, image)
        if box is None:
            before = last if self.corpus not in PHOTOS or _in_video(frame) else None
            box, means = _followed(frame, image, before), "detection"
        if box is None:
            box = next(iter(detect_faces(image)), None)
        if box is None:
            return fitted(image, self.size), None, NOBODY
        return crop_face(image, box, self.size), box, means


@lru_cache(maxsize=1)
def _finder(alignment: Alignment):
    return finder(alignment.corpus, alignment.base, alignment.landmarks)


def _in_video(frame) -> bool:
    return getattr(frame, "video_frame", -1) >= 0


def _plausible(points: np.ndarray, image: np.ndarray) -> Box | None:
    """The box of landmarks that lie in the image; a tracker that lost the face says anything."""
    try:
        box = box_of(points)
    except ValueError:
        return None
    (x, y), (height, width, _) = box.centre, image.shape
    inside = 0 <= x <= width and 0 <= y <= height and box.width <= 2 * max(height, width)
    return box if inside else None


def _followed(frame, image: np.ndarray, last) -> Box | None:
    """Where the face of a frame just before is now, if it was of the same recording."""
    if last is None or last[1] is None:
        return None
    before, box = last
    if (before.subject, before.sequence) != (frame.subject, frame.sequence):
        return None
    return follow_face(image, box) if 0 < frame.frame - before.frame <= FOLLOWED else None


def fitted(image: np.ndarray, size: int, crop: bool = False) -> np.ndarray:
    """A picture as a square: all of it on black, or its middle."""
    from PIL import Image, ImageOps

    fit = ImageOps.fit if crop else ImageOps.pad
    return np.asarray(fit(Image.fromarray(image), (size, size), Image.Resampling.BICUBIC))
