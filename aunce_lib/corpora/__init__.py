"""Corpora: tables of frames, stores of images, folds by person, the embedded faces, real photos."""

from __future__ import annotations

import importlib

_HOME = {
    "CorpusError": "errors",
    "FrameTable": "frames",
    "FrameStore": "store",
    "Fold": "folds",
    "published": "folds",
    "subject_folds": "folds",
    "holdout": "folds",
    "assert_subject_disjoint": "folds",
    "load": "synthetic",
    "Box": "align",
    "read_photo": "align",
    "detect_faces": "align",
    "crop_face": "align",
}

__all__ = sorted(_HOME)


def __getattr__(name: str):
    """Import a public name when it is first used: torch and pandas take most of a second."""
    if name in _HOME:
        return getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
