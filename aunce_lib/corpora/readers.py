"""Which function reads which corpus.

Every reader is `read(source, **options) -> FrameTable`, without images. Its frames have, besides
corpus, subject, sequence, frame and the action units:

    path         an image file or a video, relative to `source` (to its folder, if `source` is a
                 file); "2D+3D/F001.zip!F001/T1/2440.jpg" is a member of an archive
    video_frame  where `path` is a video: which of its frames, from 0 (-1 where it is an image)
    split        where the source says so: train, validation or test (`folds.by_split`)

`metadata["skipped"]` counts what was left out, by reason. With missing="error", the default, a
reader leaves out only what the corpus itself says to leave out.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from .frames import FrameTable

#: Name of a corpus or format → module and function.
READERS = {
    "bp4d": ("bp4d", "read"),
    "bp4dplus": ("bp4d", "read_plus"),
    "disfa": ("disfa", "read"),
    "gft": ("gft", "read"),
    "affwild2": ("affwild2", "read"),
    "lists": ("lists", "read"),
    "csv": ("tables", "read_csv"),
    "folder": ("tables", "read_folder"),
}


def reader(name: str) -> Callable[..., FrameTable]:
    """The function that reads a corpus, loaded when asked for.

    Raises:
        ValueError: If there is no such corpus.
    """
    if name not in READERS:
        raise ValueError(f"no reader for {name!r}; there are {', '.join(READERS)}")
    module, function = READERS[name]
    return getattr(import_module(f".{module}", __package__), function)
