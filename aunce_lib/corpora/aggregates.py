"""What is published of the corpora in figures: frames and active frames a fold, coded stretches.

Counts over whole folds say nothing about any one frame, so they may be shown, although the labels
may not. They were computed from the published lists of BP4D and DISFA (Ziqiao-Shang/AUNCE,
CVI-SZU/ME-GraphAU); of BP4D+, GFT and Aff-Wild2 none are published.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

#: corpus → for the test part of folds 1, 2, 3: frames, and frames in which each AU is active.
TEST_COUNTS = {
    "bp4d": (
        (46034, "12497 10370 9800 23309 23103 30133 28066 22339 7181 15947 7608 7286"),
        (50182, "10223 6568 9870 23312 27651 27954 26187 25762 10024 18379 8657 7867"),
        (50631, "8322 8172 10085 21055 29862 29183 28277 20274 7664 16080 8023 7076"),
    ),
    "disfa": (
        (43605, "3198 3640 8161 4409 2968 6161 12191 2508"),
        (43605, "1469 879 6653 3558 1287 6187 13206 4123"),
        (43604, "1839 1125 5119 2360 1218 4503 10850 4902"),
    ),
}


def counts(corpus: str, fold: int | None = None, part: str = "test") -> tuple[int, np.ndarray]:
    """Frames, and active frames of each AU (J,), of a part of a published fold.

    Args:
        corpus: "bp4d" or "disfa", with the AUs of `facs.AU_SETS`.
        fold: 1, 2 or 3; None for the whole corpus.
        part: "train" or "test".

    Raises:
        ValueError: If nothing is published of it.

    Example:
        >>> frames, active = counts("bp4d", 1, "train")
        >>> frames, int(active[0])
        (100813, 18545)
    """
    if corpus not in TEST_COUNTS or fold not in (None, 1, 2, 3) or part not in ("train", "test"):
        raise ValueError(f"no counts of {corpus!r}, fold {fold!r}, part {part!r} are published")
    chosen = [
        (frames, np.array(active.split(), np.int64))
        for number, (frames, active) in enumerate(TEST_COUNTS[corpus], start=1)
        if fold is None or (number == fold) == (part == "test")
    ]
    return sum(frames for frames, _ in chosen), sum(active for _, active in chosen)


def all_active_f1(corpus: str) -> np.ndarray:
    """F1 of calling every AU active, 2r / (1 + r), mean over the three test folds, (J,)."""
    folds = [counts(corpus, fold) for fold in (1, 2, 3)]
    return np.mean([2 * active / (frames + active) for frames, active in folds], axis=0)


@cache
def coded_frames(corpus: str) -> pd.DataFrame:
    """First and last labelled frame of every sequence in the published lists.

    Returns:
        Columns subject ("bp4d/F001"), sequence ("T1"; for DISFA "" as there is one a person),
        first and last, in the numbering of the corpus' own labels.
    """
    runs = pd.read_csv(Path(__file__).parent / "protocols" / f"{corpus}_runs.csv")
    # DISFA's lists name images, which count from 0; its labels count from 1.
    shift = 1 if corpus == "disfa" else 0
    return pd.DataFrame(
        {
            "subject": corpus + "/" + runs["subject"],
            "sequence": runs.get("task", ""),
            "first": runs["first_frame"] + shift,
            "last": runs["last_frame"] + shift,
        }
    )
