"""Scores against scikit-learn, baselines against their closed forms, and NaN where undefined."""

from __future__ import annotations

import html
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as oracle

from aunce_lib.evaluation.metrics import as_dict, evaluate, per_au, trivial_baselines

AUS = (1, 2, 12)


def made_up(n=300, aus=AUS, seed=0, unknown=0.1):
    """Labels with gaps, scores with ties, predictions, subjects."""
    rng = np.random.default_rng(seed)
    labels = (rng.random((n, len(aus))) < 0.3).astype(np.float32)
    scores = np.round(0.4 * labels + 0.6 * rng.random(labels.shape), 2)
    labels[rng.random(labels.shape) < unknown] = np.nan
    return labels, scores, scores >= 0.5, rng.integers(0, 12, n).astype(str)


@pytest.mark.parametrize(
    ("name", "score"),
    [
        ("f1", lambda y, s, p: oracle.f1_score(y, p)),
        ("auc", lambda y, s, p: oracle.roc_auc_score(y, s)),
        ("ap", lambda y, s, p: oracle.average_precision_score(y, s)),
        ("precision", lambda y, s, p: oracle.precision_score(y, p)),
        ("recall", lambda y, s, p: oracle.recall_score(y, p)),
        ("support", lambda y, s, p: y.sum()),
        ("rate", lambda y, s, p: y.mean()),
    ],
)
def test_each_score_equals_that_of_scikit_learn_on_the_known_faces(name, score):
    labels, scores, predictions, _ = made_up()
    table = per_au(labels, scores, predictions, AUS)
    for j, au in enumerate(AUS):
        known = ~np.isnan(labels[:, j])
        expected = score(labels[known, j].astype(float), scores[known, j], predictions[known, j])
        assert table.loc[f"AU{au}", name] == pytest.approx(expected, abs=1e-12)


def test_macro_is_the_mean_over_the_aus_that_are_defined_and_the_sum_of_support():
    labels, scores, predictions, _ = made_up()
    labels[:, 1] = 0
    table = per_au(labels, scores, predictions, AUS)
    assert table.loc["macro", "f1"] == pytest.approx(table.f1.iloc[[0, 2]].mean())
    assert table.loc["macro", "support"] == table.support.iloc[:3].sum()


def test_without_an_active_face_only_precision_and_rate_are_defined():
    table = per_au(np.zeros((4, 1)), np.full((4, 1), 0.3), np.ones((4, 1)), [4])
    row = table.loc["AU4"]
    assert row[["f1", "auc", "ap", "recall"]].isna().all()
    assert (row.precision, row.rate, row.support) == (0, 0, 0)


def test_nothing_called_active_is_a_real_zero_of_f1_and_an_undefined_precision():
    row = per_au(np.array([[1.0], [0.0]]), np.zeros((2, 1)), np.zeros((2, 1)), [4]).loc["AU4"]
    assert row.f1 == 0
    assert row.recall == 0
    assert np.isnan(row.precision)


def test_without_an_inactive_face_there_is_no_auc_but_an_f1():
    row = per_au(np.ones((3, 1)), np.full((3, 1), 0.3), np.ones((3, 1)), [4]).loc["AU4"]
    assert np.isnan(row.auc)
    assert row.f1 == 1


def test_all_unknown_is_undefined_throughout_and_so_is_the_macro_of_nothing():
    table = per_au(np.full((3, 1), np.nan), np.full((3, 1), 0.3), np.ones((3, 1)), [4])
    assert table.drop(columns="support").isna().all(axis=None)
    assert (table.support == 0).all()


def test_one_known_face_without_an_answer_leaves_the_au_without_a_score():
    labels, scores, predictions, _ = made_up(unknown=0)
    predictions = predictions.astype(float)
    scores[5, 1] = predictions[5, 1] = np.nan
    table = per_au(labels, scores, predictions, AUS)
    assert table.loc["AU2", ["f1", "auc", "ap", "precision", "recall"]].isna().all()
    assert table.loc[["AU1", "AU12"]].notna().all(axis=None)


def test_a_missing_answer_does_not_matter_where_the_label_is_unknown():
    labels, scores, predictions, _ = made_up(unknown=0)
    labels[5] = np.nan
    expected = per_au(labels, scores, predictions, AUS)
    predictions = predictions.astype(float)
    scores[5] = predictions[5] = np.nan
    assert per_au(labels, scores, predictions, AUS).equals(expected)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 40))
def test_order_of_faces_does_not_matter_and_order_of_aus_only_orders_the_table(seed, n):
    labels, scores, predictions, _ = made_up(n, seed=seed)
    table = per_au(labels, scores, predictions, AUS)
    rng = np.random.default_rng(seed)
    faces, aus = rng.permutation(n), rng.permutation(3)
    pick = np.ix_(faces, aus)
    other = per_au(labels[pick], scores[pick], predictions[pick], np.array(AUS)[aus])
    np.testing.assert_allclose(other.loc[table.index], table, rtol=1e-12)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 40))
def test_masking_a_face_equals_dropping_it(seed, n):
    labels, scores, predictions, _ = made_up(n, seed=seed, unknown=0)
    dropped = np.random.default_rng(seed).random(n) < 0.3
    dropped[0] = False
    expected = per_au(labels[~dropped], scores[~dropped], predictions[~dropped], AUS)
    labels[dropped] = np.nan
    np.testing.assert_allclose(per_au(labels, scores, predictions, AUS), expected, rtol=1e-12)


def test_all_active_is_what_the_metrics_say_of_calling_all_active():
    labels, _, _, _ = made_up()
    expected = per_au(labels, np.ones(labels.shape), np.ones(labels.shape), AUS)
    baseline = trivial_baselines(labels, labels, AUS)["all_active"]
    np.testing.assert_allclose(baseline[expected.columns], expected, rtol=1e-12)
    rate = np.nanmean(labels, axis=0)
    np.testing.assert_allclose(baseline.f1.iloc[:3], 2 * rate / (1 + rate), rtol=1e-6)


def test_by_rate_is_the_mean_of_many_random_guesses_at_the_training_rate():
    labels, _, _, _ = made_up(n=400)
    train = (np.random.default_rng(1).random((500, 3)) < (0.2, 0.5, 0.7)).astype(float)
    rng = np.random.default_rng(2)
    guesses = [rng.random(labels.shape) < train.mean(axis=0) for _ in range(400)]
    f1 = np.mean([per_au(labels, 1.0 * g, g, AUS).f1 for g in guesses], axis=0)
    baseline = trivial_baselines(labels, train, AUS)["by_rate"]
    np.testing.assert_allclose(baseline.f1, f1, atol=0.006)


def test_by_rate_is_undefined_without_a_training_label_and_zero_without_an_active_one():
    train = np.column_stack([np.full(5, np.nan), np.zeros(5), np.ones(5)])
    baseline = trivial_baselines(made_up()[0], train, AUS)["by_rate"]
    assert np.isnan(baseline.f1["AU1"])
    assert baseline.f1["AU2"] == 0
    assert np.isnan(baseline.precision["AU2"])
    assert baseline.f1["AU12"] > 0


def test_baselines_average_over_the_aus_that_the_model_has():
    labels, scores, predictions, subjects = made_up()
    scores[:, 0], predictions = np.nan, predictions.astype(float)
    predictions[:, 0] = np.nan
    evaluation = evaluate(labels, scores, predictions, subjects, AUS, labels)
    baseline = evaluation.baselines["all_active"]
    assert np.isnan(evaluation.table.f1["AU1"])
    assert baseline.f1["AU1"] > 0
    assert baseline.f1["macro"] == pytest.approx(baseline.f1[["AU2", "AU12"]].mean())


def test_the_dictionary_is_the_agreed_json_with_null_for_undefined():
    labels, scores, predictions, subjects = made_up()
    labels[:, 0] = 0
    evaluation = evaluate(labels, scores, predictions, subjects, AUS, labels)
    result = json.loads(json.dumps(evaluation.to_dict(), allow_nan=False))
    assert list(result) == ["macro_f1", "ci95", "per_au"]
    assert result["macro_f1"] == evaluation.macro_f1
    assert result["ci95"][0] < result["macro_f1"] < result["ci95"][1]
    assert result["per_au"]["AU1"] is None
    assert list(as_dict(evaluation.baselines["all_active"])) == ["macro_f1", "per_au"]


def test_one_person_gives_scores_but_no_interval():
    labels, scores, predictions, _ = made_up()
    evaluation = evaluate(labels, scores, predictions, ["Ann"] * len(labels), AUS, labels)
    assert evaluation.macro_f1 > 0
    assert np.isnan(evaluation.ci95).all()
    assert evaluation.to_dict()["ci95"] == [None, None]


def test_the_card_shows_scores_beside_baselines_and_says_what_is_undefined():
    labels, scores, predictions, subjects = made_up()
    labels[:, 0] = 0
    evaluation = evaluate(labels, scores, predictions, subjects, AUS, labels)
    page = html.unescape(evaluation._repr_html_())
    assert f"{evaluation.macro_f1:.2f}" in page
    assert f"{evaluation.baselines['all_active'].f1['AU12']:.2f}" in page
    assert "no F1 for 1 of 3 AUs" in page
    assert "nan" not in page
    assert "12 people" in page


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"labels": np.full((4, 3), 2.0)}, ValueError, "labels must be 0, 1 or NaN.*AU1"),
        ({"labels": np.full((4, 3), "1")}, TypeError, "labels must be bool"),
        ({"labels": np.ones((4, 2))}, ValueError, r"labels must be \(N, J\) with J = 3"),
        ({"labels": np.ones(4)}, ValueError, "labels must be"),
        ({"scores": np.ones((4, 3), int)}, TypeError, "scores must be floating"),
        ({"scores": np.full((4, 3), np.inf)}, ValueError, "scores must be finite"),
        ({"predictions": np.full((4, 3), 0.5)}, ValueError, "predictions must be 0, 1"),
        ({"predictions": np.ones((5, 3))}, ValueError, "one row a face"),
        ({"aus": (1, 1, 2)}, ValueError, "different action units"),
    ],
)
def test_bad_input_is_refused_by_name(change, error, says):
    good = {"labels": np.ones((4, 3)), "scores": np.ones((4, 3)), "predictions": np.ones((4, 3))}
    with pytest.raises(error, match=says):
        per_au(**{**good, "aus": AUS, **change})


def test_no_faces_at_all_are_refused():
    empty = np.ones((0, 3))
    with pytest.raises(ValueError, match="at least one face"):
        per_au(empty, empty, empty, AUS)


def test_a_subject_for_each_face_is_demanded():
    labels, scores, predictions, subjects = made_up()
    with pytest.raises(ValueError, match=r"subjects must be \(300,\)"):
        evaluate(labels, scores, predictions, subjects[:-1], AUS, labels)
    nameless = np.array([*subjects[:-1], None], object)
    with pytest.raises(ValueError, match="row 299"):
        evaluate(labels, scores, predictions, nameless, AUS, labels)
