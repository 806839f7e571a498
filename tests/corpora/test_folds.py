"""Folds: the published ones against the published lists, and nobody ever on both sides."""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aunce_lib import corpora
from aunce_lib.corpora import (
    CorpusError,
    Fold,
    FrameTable,
    assert_subject_disjoint,
    holdout,
    published,
    subject_folds,
)

DATA = Path(corpora.__file__).parent / "protocols"

BP4D_PEOPLE = {f"F{i:03d}" for i in range(1, 24)} | {f"M{i:03d}" for i in range(1, 19)}
PUBLISHED = [("bp4d", 3), ("disfa", 3), ("bp4dplus", 4), ("synth-bp4d", 3), ("synth-disfa", 3)]


def runs(corpus: str) -> list[dict]:
    """The contiguous stretches of labelled frames behind the published path lists."""
    with (DATA / f"{corpus}_runs.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def table_of(people, corpus: str = "demo", frames: int = 3) -> FrameTable:
    subjects = np.repeat([f"{corpus}/{name}" for name in people], frames)
    numbers = np.tile(np.arange(frames), len(subjects) // frames)
    return FrameTable(
        pd.DataFrame(
            {"corpus": corpus, "subject": subjects, "sequence": "T1", "frame": numbers, "AU1": 0}
        )
    )


@pytest.mark.parametrize(("corpus", "n_folds"), PUBLISHED)
def test_everybody_is_tested_exactly_once_and_trained_on_otherwise(corpus, n_folds):
    folds = [published(corpus, k) for k in range(1, n_folds + 1)]
    tested = Counter(subject for fold in folds for subject in fold.test_subjects)
    assert set(tested.values()) == {1}
    for fold in folds:
        assert set(fold.train_subjects) | set(fold.test_subjects) == set(tested)
        assert all(subject.startswith(f"{corpus}/") for subject in fold.train_subjects)


@pytest.mark.parametrize(
    ("corpus", "sizes"),
    [
        ("bp4d", [13, 14, 14]),
        ("synth-bp4d", [13, 14, 14]),
        ("disfa", [9, 9, 9]),
        ("synth-disfa", [9, 9, 9]),
        ("synth-gft", [18]),
        ("synth-affwild2", [40]),
        ("bp4dplus", [35, 35, 35, 35]),
    ],
)
def test_published_test_parts_have_the_published_sizes(corpus, sizes):
    folds = [published(corpus, k) for k in range(1, len(sizes) + 1)]
    assert [len(fold.test_subjects) for fold in folds] == sizes


@pytest.mark.parametrize("corpus", ["bp4d", "synth-bp4d"])
def test_the_people_are_bp4ds(corpus):
    fold = published(corpus, 2)
    people = {name.split("/")[1] for name in fold.train_subjects + fold.test_subjects}
    assert people == BP4D_PEOPLE


def test_bp4dplus_has_its_82_women_and_58_men():
    fold = published("bp4dplus", 1)
    people = [name.split("/")[1] for name in fold.train_subjects + fold.test_subjects]
    assert Counter(name[0] for name in people) == {"F": 82, "M": 58}
    assert len(set(people)) == 140


@pytest.mark.parametrize("corpus", ["bp4d", "disfa"])
def test_the_test_fold_of_everybody_is_the_published_one(corpus):
    """The numbering runs backwards; the run tables say who is tested in which fold."""
    for run in runs(corpus):
        fold = published(corpus, int(run["test_fold"]))
        assert f"{corpus}/{run['subject']}" in fold.test_subjects


@pytest.mark.parametrize(
    ("corpus", "fold", "train", "test"),
    [
        ("bp4d", 1, 100_813, 46_034),
        ("bp4d", 2, 96_665, 50_182),
        ("bp4d", 3, 96_216, 50_631),
        ("disfa", 1, 87_209, 43_605),
        ("disfa", 2, 87_209, 43_605),
        ("disfa", 3, 87_210, 43_604),
    ],
)
def test_folds_have_the_published_numbers_of_frames(corpus, fold, train, test):
    frames = Counter()
    for run in runs(corpus):
        frames[f"{corpus}/{run['subject']}"] += int(run["last_frame"]) - int(run["first_frame"]) + 1
    fold = published(corpus, fold)
    assert sum(frames[subject] for subject in fold.train_subjects) == train
    assert sum(frames[subject] for subject in fold.test_subjects) == test


@pytest.mark.parametrize(
    ("corpus", "train", "test"),
    [
        (
            "bp4d",
            "32e2c4caf2119776ea893b3dc5d6187f1cd58955a3e81258c74fa8a8f935579c",
            "0462236dbceacbdec0dc7ce45e8b74346d2d27f542f5d2ea722110baab07fe16",
        ),
        (
            "disfa",
            "510476b5cd3fb008abf5d2d5bf1d4464afc3b95077346b0db18ad4667746ad15",
            "8bcb5e83701b8567ea982efe5cc37dba69a84ea52cdc66c8041dacc9ad1c0c50",
        ),
    ],
)
def test_lists_rebuilt_in_the_order_of_fold_1_are_the_published_files(corpus, train, test):
    paths: dict[str, list[str]] = {}
    for run in runs(corpus):
        folder = f"{run['subject']}/{run['task']}" if corpus == "bp4d" else run["subject"]
        ending = "jpg" if corpus == "bp4d" else "png"
        frames = range(int(run["first_frame"]), int(run["last_frame"]) + 1)
        paths.setdefault(f"{corpus}/{run['subject']}", []).extend(
            f"{folder}/{frame}.{ending}" for frame in frames
        )
    fold = published(corpus, 1)
    for subjects, expected in ((fold.train_subjects, train), (fold.test_subjects, test)):
        lines = "\n".join(path for subject in subjects for path in paths[subject])
        assert hashlib.sha256(lines.encode()).hexdigest() == expected


@pytest.mark.parametrize(
    ("corpus", "fold", "message"),
    [
        ("gft", 1, "no published folds for 'gft'; known are .*bp4d"),
        ("bp4d", 0, r"fold must be 1 … 3 for 'bp4d', got 0"),
        ("bp4d", 4, "got 4"),
        ("bp4dplus", 5, "1 … 4"),
    ],
)
def test_unknown_folds_are_refused(corpus, fold, message):
    with pytest.raises(ValueError, match=message):
        published(corpus, fold)


@pytest.mark.parametrize(
    ("train", "test", "error", "message"),
    [
        (["a/x", "a/y"], ["a/y"], ValueError, "a/y in training and in test"),
        (["a/x"], [], ValueError, "at least one"),
        (["a/x", "a/x"], ["a/y"], ValueError, "different people"),
        ("a/x", ["a/y"], TypeError, "several names"),
    ],
)
def test_impossible_folds_are_refused(train, test, error, message):
    with pytest.raises(error, match=message):
        Fold(train, test)


def test_split_gives_every_frame_to_the_side_of_its_person():
    table = table_of(["x", "y", "z"])
    train, test = Fold(("demo/x", "demo/z", "demo/absent"), ("demo/y",)).split(table)
    assert set(train.subjects) == {"demo/x", "demo/z"}
    assert test.rows.tolist() == [3, 4, 5]
    assert sorted([*train.rows, *test.rows]) == table.rows.tolist()


def test_split_refuses_people_the_fold_does_not_know():
    with pytest.raises(CorpusError, match="demo/z in the table, but not in this fold"):
        Fold(("demo/x",), ("demo/y",)).split(table_of(["x", "y", "z"]))


def test_split_refuses_the_fold_of_another_corpus():
    with pytest.raises(CorpusError, match="fold of this corpus"):
        published("bp4d", 1).split(table_of(["F001", "F007"], corpus="bp4dplus"))


@pytest.mark.parametrize(("people", "missing"), [(["y"], "training"), (["x"], "test")])
def test_split_refuses_an_empty_side(people, missing):
    with pytest.raises(CorpusError, match=f"nobody of the {missing} people"):
        Fold(("demo/x",), ("demo/y",)).split(table_of(people))


@settings(deadline=None)
@given(st.integers(2, 15), st.data())
def test_subject_folds_test_everybody_once_and_are_balanced(n_people, data):
    n_folds = data.draw(st.integers(2, n_people))
    seed = data.draw(st.integers(0, 99))
    table = table_of([f"p{i}" for i in range(n_people)], frames=1)
    folds = subject_folds(table, n_folds, seed)
    tested = [subject for fold in folds for subject in fold.test_subjects]
    sizes = [len(fold.test_subjects) for fold in folds]
    assert sorted(tested) == sorted(table.subjects)
    assert max(sizes) - min(sizes) <= 1
    assert all(len(f.train_subjects) + len(f.test_subjects) == n_people for f in folds)
    assert folds == subject_folds(table, n_folds, seed)


@settings(deadline=None)
@given(st.integers(2, 15), st.floats(0.01, 0.99))
def test_holdout_takes_about_the_fraction_and_leaves_somebody_on_each_side(n_people, fraction):
    table = table_of([f"p{i}" for i in range(n_people)], frames=1)
    fold = holdout(table, fraction)
    assert len(fold.train_subjects) + len(fold.test_subjects) == n_people
    assert abs(len(fold.test_subjects) - fraction * n_people) <= 1
    train, validation = fold.split(table)
    assert_subject_disjoint(train, validation)


def test_another_seed_deals_the_people_out_differently():
    table = table_of([f"p{i}" for i in range(20)])
    assert subject_folds(table, seed=0) != subject_folds(table, seed=1)
    assert holdout(table, seed=0) != holdout(table, seed=1)


def test_the_order_of_the_frames_does_not_matter():
    table = table_of([f"p{i}" for i in range(20)])
    assert holdout(table) == holdout(table.take(np.arange(len(table))[::-1]))


@pytest.mark.parametrize("n_folds", [1, 4])
def test_a_number_of_folds_that_cannot_be_is_refused(n_folds):
    with pytest.raises(ValueError, match=f"between 2 and the 3 people .* got {n_folds}"):
        subject_folds(table_of(["x", "y", "z"]), n_folds)


@pytest.mark.parametrize(("people", "fraction"), [(["x"], 0.5), (["x", "y"], 0), (["x", "y"], 1)])
def test_a_holdout_that_cannot_be_is_refused(people, fraction):
    with pytest.raises(ValueError, match="holdout needs"):
        holdout(table_of(people), fraction)


def test_shared_people_are_named():
    one, other = table_of(["x", "y"]), table_of(["y", "z"])
    with pytest.raises(ValueError, match="demo/y in training and in test"):
        assert_subject_disjoint(one, other)


def test_equal_names_in_two_corpora_are_two_people():
    assert_subject_disjoint(table_of(["F001"], "bp4d"), table_of(["F001"], "bp4dplus"))
