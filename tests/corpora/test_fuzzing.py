"""Damaged corpora: never a misread label, never a bare traceback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from fuzzing import LAYOUTS, PATH_DAMAGE, TEXT_DAMAGE, fuzz

#: What can leave a smaller corpus that is whole in itself, in any layout whose rows name frames.
CUTS = {"line dropped", "last lines dropped", "cut off", "cut off near its end"}
#: Aff-Wild2 says with an absent image that there is no face, and labels only some of its videos.
ABSENT_MEANS_SOMETHING = {name for name in LAYOUTS if name.startswith("affwild2")}
#: The number of rows is known from a second file here: nothing can get lost unseen.
COUNTED_TWICE = {name for name in LAYOUTS if name.startswith(("disfa", "lists"))}


@contextmanager
def in_memory(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: thousands of trees are written and removed."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else tmp_path) as folder:
        yield Path(folder)


def judge(tmp_path: Path, n: int, seed: int) -> dict[str, int]:
    with in_memory(tmp_path) as folder:
        outcomes = fuzz(folder, n, seed)
    totals: dict[str, int] = {}
    for (layout, damage, verdict), count in outcomes.items():
        totals[verdict] = totals.get(verdict, 0) + count
        if verdict == "smaller":
            assert damage in CUTS or layout in ABSENT_MEANS_SOMETHING, (layout, damage)
            assert layout not in COUNTED_TWICE, (layout, damage)
    return totals


def test_a_damaged_corpus_is_refused_or_read_right(tmp_path):
    totals = judge(tmp_path, 200, seed=0)
    assert totals["refused"] > 80
    assert totals["unchanged"] > 40  # the damage is not all of the kind that anybody would notice


@pytest.mark.slow
def test_ten_thousand_damaged_corpora_are_refused_or_read_right(tmp_path):
    totals = judge(tmp_path, 10_000, seed=1)
    print(totals)
    assert totals["smaller"] < 300
    assert totals.get("column ignored", 0) < 10


@pytest.mark.parametrize("n", [60, pytest.param(5000, marks=pytest.mark.slow)])
def test_what_is_left_of_a_damaged_corpus_is_right(n, tmp_path):
    """With missing="skip" more is left out, but nothing is read wrong."""
    with in_memory(tmp_path) as folder:
        assert fuzz(folder, n, seed=2, missing="skip").total() > 0.9 * n


@pytest.mark.slow
@pytest.mark.parametrize("damage", [*TEXT_DAMAGE, *PATH_DAMAGE])
def test_each_kind_of_damage_changes_something(damage, tmp_path):
    """A fuzzer that damages nothing proves nothing."""
    import numpy as np

    changed = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        if damage in TEXT_DAMAGE:
            content = b"a,b,c\n1,0.5,1\n2,0.5,0\n3,0,0\n"
            changed += TEXT_DAMAGE[damage](content, rng) != content
        else:
            root = tmp_path / str(seed)
            (root / "tree").mkdir(parents=True)
            (root / "tree" / "F001").write_text("1")
            before = sorted((p.name, p.is_symlink()) for p in (root / "tree").iterdir())
            PATH_DAMAGE[damage](root / "tree" / "F001", root / "outside", rng)
            after = sorted((p.name, p.is_symlink()) for p in (root / "tree").iterdir())
            changed += after != before or damage in ("no permission", "a pipe")
            changed += damage in ("a folder instead", "a file instead")
    assert changed > 5
