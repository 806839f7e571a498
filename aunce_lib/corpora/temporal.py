"""Do labels and movements happen at the same time? Several frames apart show, one does not.

At 20 to 25 frames a second an action unit takes 5 to 20 frames to come and to go, and coders differ
by a few frames about when it began. If it comes in 8 frames and goes in 16, motion around its label
has the same centre as with labels 3 frames early: no comparison of labels with images can tell the
two apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .frames import FrameTable

MAX_LAG = 20  # frames to both sides in which a shift is looked for
PIXEL_STEP = 2  # of each image, every second row and column are compared
READ_AT_ONCE = 256  # images


@dataclass(frozen=True)
class Shift:
    """By how many frames labels come too late (negative: too early), with a 95 % interval."""

    frames: float
    low: float
    high: float
    changes: int  # label changes it rests on


def motion(table: FrameTable) -> np.ndarray:
    """How much each image differs from the frame before it, (N,); NaN for the first of a run.

    The mean absolute difference of pixels.
    """
    order, runs = _runs(table)
    values = np.full(len(table), np.nan)
    before = None
    for start in range(0, len(order), READ_AT_ONCE):
        positions = order[start : start + READ_AT_ONCE]
        images = table.store[table.rows[positions]][:, ::PIXEL_STEP, ::PIXEL_STEP].astype(np.int16)
        with_before = images if before is None else np.concatenate([before, images])
        steps = np.abs(np.diff(with_before, axis=0)).mean((1, 2, 3))
        values[positions[-len(steps) :] if len(steps) else positions[:0]] = steps
        before = images[-1:]
    begins = np.diff(runs, prepend=-1) != 0
    values[order[begins]] = np.nan
    return values


def temporal_shift(table: FrameTable, motion: np.ndarray, seed: int = 0) -> Shift | None:
    """By how many frames labels and movements are apart.

    Where a label changes, the face moves, within a few frames to both sides: an onset is labelled
    when it begins, an offset when it is over. So motion around label changes is a hump about 0, and
    about s if labels come s frames late; its centre is where it best agrees with its mirror image.
    The interval is from drawing sequences again (bootstrap).

    Args:
        table: Frames.
        motion: How much the face moved since the frame before, (N,); NaN where unknown. From
            images (`motion`) or from landmarks.
        seed: Of the bootstrap.

    Returns:
        None where fewer than 5 sequences have label changes.
    """
    order, runs = _runs(table)
    labels, motion = table.labels[order], np.asarray(motion, np.float64)[order]
    humps, weights = [], []
    for run in np.unique(runs):
        inside = runs == run
        changes = np.nan_to_num(np.abs(np.diff(labels[inside], axis=0))).sum(1)  # (n - 1,)
        moved = motion[inside][1:]
        known = ~np.isnan(moved)
        if changes.sum() == 0 or known.sum() < 2 * MAX_LAG or np.nanstd(moved) == 0:
            continue
        moved = np.where(known, (moved - np.nanmean(moved)) / np.nanstd(moved), 0)
        padded = np.pad(moved, MAX_LAG)
        lagged = np.lib.stride_tricks.sliding_window_view(
            padded, len(changes)
        )  # (2·MAX_LAG + 1, n)
        humps.append(lagged[::-1] @ changes)
        weights.append(changes.sum())
    if len(humps) < 5:
        return None
    humps, weights = np.array(humps), np.array(weights)
    rng = np.random.default_rng(seed)
    draws = rng.multinomial(len(humps), np.full(len(humps), 1 / len(humps)), 400)
    centres = [_centre(draw @ humps / max(draw @ weights, 1)) for draw in draws]
    low, high = np.percentile(centres, [2.5, 97.5])
    centre = _centre(humps.sum(0) / weights.sum())
    return Shift(centre, float(low), float(high), int(weights.sum()))


def _centre(hump: np.ndarray) -> float:
    """Where a hump over lags -MAX_LAG … MAX_LAG agrees best with its mirror image."""
    hump = np.clip(hump - np.median(hump), 0, None)
    return float(np.argmax(np.convolve(hump, hump)) - 2 * MAX_LAG) / 2


def _runs(table: FrameTable) -> tuple[np.ndarray, np.ndarray]:
    """Positions in the order of time, (N,), and the number of the unbroken run each is in, (N,)."""
    owner = table.frames.groupby(["subject", "sequence"], observed=True).ngroup().to_numpy()
    frame = table.frames["frame"].to_numpy(np.int64)
    order = np.lexsort((frame, owner))
    breaks = (np.diff(owner[order]) != 0) | (np.diff(frame[order]) != 1)
    return order, np.concatenate([[0], np.cumsum(breaks)])[: len(order)]
