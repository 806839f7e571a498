"""Corpora: tables of frames, stores of images, folds by person, the embedded faces, real photos."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["dials", "examples", "folds", "readers", "sanity", "synthetic"],
    submod_attrs={
        "errors": ["CorpusError"],
        "frames": ["FrameTable"],
        "store": ["FrameStore"],
        "folds": [
            "Fold",
            "assert_subject_disjoint",
            "by_split",
            "holdout",
            "published",
            "subject_folds",
        ],
        "prepare": ["load_prepared"],
        "align": ["Box", "crop_face", "detect_faces", "read_photo"],
    },
)
