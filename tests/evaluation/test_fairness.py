"""Scores by group against scikit-learn on the faces of each group."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score, roc_auc_score

import aunce_lib
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.evaluation.bootstrap import bootstrap_auc, pair_wins
from aunce_lib.evaluation.fairness import by_group

AUS = (6, 12)


def made_up(n=600, people=12, seed=0, **columns):
    """A table of n faces, age 0 .. 1 by person, unknown labels, and answers with ties."""
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % people
    labels = (rng.random((n, 2)) < 0.4).astype(float)
    scores = (labels + rng.normal(0, 0.8, (n, 2))).round(1)
    labels[rng.random((n, 2)) < 0.1] = np.nan
    frames = pd.DataFrame(
        {
            "corpus": "made-up",
            "subject": [f"made-up/P{code:02d}" for code in codes],
            "sequence": "one",
            "frame": np.arange(n),
            "AU6": labels[:, 0],
            "AU12": labels[:, 1],
            "person_age": codes / (people - 1),
            "person_glasses": (codes % 3 == 0).astype(float),
            **columns,
        }
    )
    return FrameTable(frames), scores, (scores > 0.5).astype(float)


def rows_of(groups, group):
    return groups[groups.group == group].set_index("au")


def test_each_group_equals_scikit_learn_on_its_faces():
    table, scores, predictions = made_up()
    groups = by_group(table, scores, predictions, "person_glasses", names=("no", "yes"))
    glasses = table.frames.person_glasses.to_numpy()
    assert list(groups.au) == ["AU6", "AU12", "macro"] * 2
    for value, name in enumerate(("no", "yes")):
        ours, here = rows_of(groups, name), glasses == value
        f1, auc = [], []
        for j, au in enumerate(("AU6", "AU12")):
            y = table.labels[:, j]
            seen = here & ~np.isnan(y)
            f1.append(f1_score(y[seen], predictions[seen, j]))
            auc.append(roc_auc_score(y[seen], scores[seen, j]))
            assert ours.f1[au] == pytest.approx(f1[-1])
            assert ours.auc[au] == pytest.approx(auc[-1])
            assert ours.rate[au] == pytest.approx(y[seen].mean())
            assert ours.called[au] == pytest.approx(predictions[seen, j].mean())
            assert ours.n_frames[au] == seen.sum()
        assert ours.f1["macro"] == pytest.approx(np.mean(f1))
        assert ours.auc["macro"] == pytest.approx(np.mean(auc))
        assert ours.n_frames["macro"] == here.sum()
        assert (ours.n_people == (4 if value else 8)).all()
        assert (ours.f1_low < ours.f1).all()
        assert (ours.f1 < ours.f1_high).all()
        assert (ours.auc_low < ours.auc).all()
        assert (ours.auc < ours.auc_high).all()


def test_bootstrapped_auc_equals_scikit_learn_on_frames_really_copied():
    table, scores, _ = made_up()
    y, s = table.labels[:, 0], scores[:, 0]
    codes = np.arange(len(y)) % 12
    draws = bootstrap_auc(*pair_wins(y, s, codes), n_resamples=10, seed=3)
    drawn = np.random.default_rng(3).multinomial(12, np.full(12, 1 / 12), 10)
    for draw, times in zip(draws, drawn, strict=True):
        rows = np.repeat(np.arange(len(y)), times[codes])
        rows = rows[~np.isnan(y[rows])]
        assert draw == pytest.approx(roc_auc_score(y[rows], s[rows]))


def test_edges_put_each_face_in_one_group_and_an_empty_group_is_undefined_not_zero():
    table, *answer = made_up()
    young, nobody, old = (
        rows_of(by_group(table, *answer, "person_age", bins=edges, names=("a", "b", "c")), name)
        for edges in [(0, 0.51, 0.52, 1)]
        for name in ("a", "b", "c")
    )
    assert young.n_frames["macro"] + old.n_frames["macro"] == len(table)
    assert (nobody.n_frames == 0).all()
    assert (nobody.n_people == 0).all()
    columns = ["rate", "called", "f1", "f1_low", "f1_high", "auc", "auc_low", "auc_high"]
    assert nobody[columns].isna().all(axis=None)
    assert young.auc.notna().all()  # an empty group takes no AU from the others' means


def test_quantiles_make_groups_of_about_equally_many_faces():
    groups = by_group(*made_up(), "person_age", bins=3)
    assert list(groups[groups.au == "macro"].n_people) == [4, 4, 4]


def test_the_macro_mean_is_over_the_aus_that_every_group_has():
    table, scores, predictions = made_up()
    glasses = table.frames.person_glasses.to_numpy() == 1
    labels = table.labels
    labels[glasses, 0] = np.where(np.isnan(labels[glasses, 0]), np.nan, 0)  # AU6 never with glasses
    table = table.with_labels(labels, "no AU6 with glasses")
    groups = by_group(table, scores, predictions, "person_glasses")
    for name in ("0", "1"):
        ours = rows_of(groups, name)
        assert ours.auc["macro"] == ours.auc["AU12"]
        assert ours.f1["macro"] == ours.f1["AU12"]
    assert np.isnan(ours.f1["AU6"])
    assert np.isnan(ours.auc["AU6"])
    assert ours.rate["AU6"] == 0


def test_one_person_has_scores_but_no_interval():
    table, *answer = made_up(people=2)
    ours = rows_of(by_group(table, *answer, "person_age"), "0")
    assert ours.f1.notna().all()
    assert ours[["f1_low", "f1_high", "auc_low", "auc_high"]].isna().all(axis=None)


def test_no_answer_is_no_score():
    table, scores, predictions = made_up()
    scores[5, 0], predictions[5, 0] = np.nan, np.nan
    labels = table.labels
    labels[5, 0] = 1
    table = table.with_labels(labels, "known")
    groups = by_group(table, scores, predictions, "person_glasses")
    glasses = table.frames.person_glasses[5]
    ours = rows_of(groups, f"{glasses:g}")
    assert np.isnan(ours.f1["AU6"])
    assert np.isnan(ours.auc["AU6"])
    assert ours.f1.notna()["AU12"]


def test_faces_without_a_value_are_a_group_of_their_own():
    table, *answer = made_up(person_age=np.where(np.arange(600) % 12 < 3, np.nan, 0.5))
    for bins in (None, (0, 1)):
        groups = by_group(table, *answer, "person_age", bins=bins)
        assert list(groups.group.unique())[-1] == "unknown"
        assert rows_of(groups, "unknown").n_people["macro"] == 3


def test_same_seed_same_intervals():
    first, again, other = (
        by_group(*made_up(), "person_glasses", n_resamples=50, seed=seed) for seed in (0, 0, 1)
    )
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


@pytest.mark.parametrize(
    ("column", "options", "message"),
    [
        ("person_skin", {}, "no column 'person_skin'.*person_age"),
        ("frame", {}, "600 different values"),
        ("person_age", {"bins": 1}, "2 groups or more"),
        ("person_age", {"bins": True}, "2 groups or more"),
        ("person_age", {"bins": (0.5, 0.2)}, "ascending"),
        ("person_age", {"bins": (0.2, 1)}, "0 is outside"),
        ("person_glasses", {"bins": 3}, "too few"),
        ("person_glasses", {"names": ("a",)}, "names must be 2"),
        ("sequence", {"bins": 2}, "needs numbers"),
    ],
)
def test_what_makes_no_groups_is_refused(column, options, message):
    with pytest.raises(ValueError, match=message):
        by_group(*made_up(), column, **options)


def test_answers_for_other_faces_are_refused():
    table, scores, predictions = made_up()
    with pytest.raises(ValueError, match="one row a face"):
        by_group(table, scores[:-1], predictions[:-1], "person_glasses")
    with pytest.raises(TypeError, match="scores must be floating"):
        by_group(table, predictions.astype(int), predictions, "person_glasses")


def test_it_is_a_public_name():
    assert aunce_lib.by_group is by_group
