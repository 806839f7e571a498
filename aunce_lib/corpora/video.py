"""Frames of a video, decoded once from its beginning, as they are meant to be seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from .align import MAX_PIXELS
from .errors import CorpusError


def read_frames(
    path: str | Path, wanted: Callable[[int, float], bool], last: int | None = None
) -> Iterator[tuple[int, float, np.ndarray]]:
    """Decode a video frame by frame; only the wanted ones are turned into pictures.

    Jumping to a frame lands on another one in many files, so nothing is jumped over: frame i is
    the i-th that is shown. A phone's note on how it was held is followed.

    Args:
        path: A video in any format that FFmpeg reads.
        wanted: Whether a frame with this number (from 0) and time (in seconds) is wanted.
        last: Number of the last frame to decode; None goes to the end.

    Yields:
        Number, seconds from the beginning, and image, uint8 (H, W, 3).

    Raises:
        ImportError: If PyAV is not installed.
        FileNotFoundError: If there is no such file.
        CorpusError: If it is no video, or its damage or end comes before the last frame.
    """
    try:
        import av
    except ImportError as error:
        raise ImportError(
            "videos need PyAV: pip install 'aunce-lib[video]' or conda install av"
        ) from error
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no video at {path}; correct the path")
    number = -1
    try:
        # a playlist could lead elsewhere: only this file is read
        with av.open(str(path.absolute()), options={"protocol_whitelist": "file"}) as container:
            if not container.streams.video:
                raise CorpusError(f"{path} has no pictures in it; expected a video")
            stream = container.streams.video[0]
            if stream.width * stream.height > MAX_PIXELS:
                raise CorpusError(
                    f"{path} has frames of {stream.width}×{stream.height} pixels, but at most "
                    f"{MAX_PIXELS:,} are allowed; make it smaller"
                )
            start = None
            for number, frame in enumerate(container.decode(stream)):
                seconds = frame.time if frame.time is not None else number / _rate(stream)
                start = seconds if start is None else start
                if wanted(number, seconds - start):
                    image = np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))
                    yield number, seconds - start, np.ascontiguousarray(image)
                if number == last:
                    return
    except av.FFmpegError as error:
        raise CorpusError(
            f"{path} cannot be decoded after {number + 1} frames ({error.strerror}); expected a "
            "whole video; copy it again"
        ) from error
    if last is not None and number < last:
        raise CorpusError(
            f"{path} has only {number + 1} frames, expected at least {last + 1}; it was cut off or "
            "belongs to other labels: copy it again"
        )


def _rate(stream) -> float:
    return float(stream.average_rate or 25)
