"""The time between labels and movements: found where it is long, not invented where it is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from aunce_lib.corpora import FrameTable
from aunce_lib.corpora.sanity import TELLING
from aunce_lib.corpora.temporal import temporal_shift


def recordings(seed, late, onset=8, offset=16, noise=1.0, n_people=15, n=400, n_aus=6, jitter=2):
    """Faces that move in ramps and shake, coded by people who are a little early or late."""
    rng = np.random.default_rng(seed)
    frames, moved = [], []
    for person in range(n_people):
        strength, labels = np.zeros((n, n_aus)), np.zeros((n, n_aus))
        for au in range(n_aus):
            start = int(rng.integers(0, 80))
            while start < n - 80:
                hold = int(rng.integers(20, 60))
                end = start + onset + hold + offset
                time = np.arange(n)
                up = np.clip((time - start) / onset, 0, 1)
                down = np.clip((time - start - onset - hold) / offset, 0, 1)
                strength[:, au] += rng.uniform(0.5, 1) * (up - down)
                begin = start + 1 + rng.integers(-jitter, jitter + 1)
                labels[max(begin, 0) : end + rng.integers(-jitter, jitter + 1), au] = 1
                start = end + int(rng.integers(30, 120))
        motion = np.abs(np.diff(strength, axis=0, prepend=strength[:1])).sum(1)
        shaking = np.convolve(np.abs(rng.normal(size=n)), np.ones(10) / 10, "same") * 0.1
        moved.append(motion + noise * (shaking + 0.02 * np.abs(rng.normal(size=n))))
        names = {"corpus": "d", "subject": f"d/{person}", "sequence": "s", "frame": range(n)}
        columns = {f"AU{au + 1}": np.roll(labels[:, au], late) for au in range(n_aus)}
        frames.append(pd.DataFrame(names | columns))
    return FrameTable(pd.concat(frames, ignore_index=True)), np.concatenate(moved)


@pytest.mark.parametrize("dynamics", [(8, 16), (5, 5), (4, 20)])
@pytest.mark.parametrize("late", [-1, 0, 1])
def test_no_shift_is_invented(dynamics, late):
    """Also not where faces come quicker than they go, and labels are off by one."""
    for seed in range(4):
        found = temporal_shift(*recordings(seed, late, *dynamics, noise=2.0))
        assert found.low <= TELLING
        assert found.high >= -TELLING


@pytest.mark.parametrize("dynamics", [(8, 16), (5, 5), (4, 20)])
@pytest.mark.parametrize("late", [-10, 10])
def test_ten_frames_are_found(dynamics, late):
    found = temporal_shift(*recordings(0, late, *dynamics))
    assert abs(found.frames - late) <= 3.5
    assert np.sign(late) * (found.low if late > 0 else found.high) > TELLING


def test_too_little_to_judge_is_no_judgement():
    table, motion = recordings(0, 0, n_people=4)
    assert temporal_shift(table, motion) is None
    table, motion = recordings(0, 0)
    assert temporal_shift(table, np.full(len(motion), np.nan)) is None


def test_the_order_of_the_rows_does_not_matter():
    table, motion = recordings(0, 3)
    order = np.random.default_rng(0).permutation(len(table))
    assert temporal_shift(table.take(order), motion[order]) == temporal_shift(table, motion)
