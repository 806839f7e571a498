"""What the explorer computes, against oracles of others: brute force, scikit-learn, the loss."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.linalg import orthogonal_procrustes
from sklearn.metrics import f1_score

from aunce_lib.loss import aunce_loss
from aunce_lib.sampler import Positive, PositiveSampler
from aunce_lib.widgets.explorer_state import nearest, place, read_subset, turn_onto, why

AUS = (1, 6, 12)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def faces(rng):
    """60 faces: embeddings (60, 3, 8), labels with some unknown, persons, answers of a probe."""
    z = rng.normal(size=(60, 3, 8)).astype(np.float32)
    labels = rng.integers(0, 2, (60, 3)).astype(np.float32)
    labels[rng.random((60, 3)) < 0.1] = np.nan
    persons = np.array([f"x/P{i % 7}" for i in range(60)])
    return z, labels, persons, rng.integers(0, 2, (60, 3)).astype(np.float32)


# ------------------------------------------------------------------------------- place


def test_a_map_is_centred_and_reaches_to_1(rng):
    xy = place(rng.normal(size=(50, 8)))
    np.testing.assert_allclose(np.linalg.norm(xy, axis=1).max(), 1, atol=1e-6)
    np.testing.assert_allclose(xy.min(axis=0), -xy.max(axis=0), atol=1e-6)


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_faces_that_are_not_finite_have_no_place_and_move_no_other(rng, method):
    z = rng.normal(size=(30, 4))
    spoiled = np.insert(z, [0, 10], np.nan, axis=0)
    placed = place(spoiled, method)
    lost = np.isnan(placed).all(axis=1)
    assert lost.nonzero()[0].tolist() == [0, 11]
    np.testing.assert_array_equal(placed[~lost], place(z, method))


@pytest.mark.parametrize("n", [0, 1])
def test_no_face_or_one_face_has_a_map(n):
    assert place(np.ones((n, 4))).tolist() == [[0.0, 0.0]] * n


def test_faces_that_are_all_lost_have_no_place():
    assert np.isnan(place(np.full((5, 4), np.inf))).all()


def test_turning_undoes_a_turn_and_a_mirror(rng):
    xy = rng.normal(size=(40, 2))
    turned = xy @ np.array([[0.6, 0.8], [0.8, -0.6]])  # a mirror
    np.testing.assert_allclose(turn_onto(turned, xy), xy, atol=1e-5)


def test_turning_is_scipys_procrustes_and_looks_only_at_faces_on_both_maps(rng):
    xy, target = rng.normal(size=(2, 40, 2))
    expected = xy @ orthogonal_procrustes(xy, target)[0]
    np.testing.assert_allclose(turn_onto(xy, target), expected, atol=1e-5)
    more, other = np.vstack([xy, [[9, 9]]]), np.vstack([target, [[np.nan, np.nan]]])
    np.testing.assert_allclose(turn_onto(more, other)[:40], expected, atol=1e-5)


# ----------------------------------------------------------------------------- nearest


def test_nearest_is_brute_force(rng):
    z = rng.normal(size=(80, 5))
    found = nearest(z, [3, 70], k=6)
    unit = z / np.linalg.norm(z, axis=1, keepdims=True)
    for row, others in zip([3, 70], found, strict=True):
        similarity = unit @ unit[row]
        similarity[row] = -np.inf
        assert others.tolist() == np.argsort(-similarity)[:6].tolist()


def test_lost_faces_are_nobodys_neighbours_and_have_none(rng):
    z = rng.normal(size=(6, 3))
    z[2], z[4] = np.nan, 0
    found = nearest(z, np.arange(6), k=5)
    assert (found[[2, 4]] == -1).all()
    assert not np.isin(found, [2, 4]).any()
    assert (found[0] >= 0).sum() == 3  # of 4 that are left, itself excluded


def test_one_face_has_no_neighbour():
    assert nearest(np.ones((1, 3)), [0], k=2).tolist() == [[-1, -1]]


# ------------------------------------------------------------------------- read_subset


def test_labels_and_persons_are_counted(faces):
    z, labels, persons, _ = faces
    chosen = np.arange(5, 40)
    reading = read_subset(chosen, labels, persons, AUS, 6, {"e": z})
    frame = pd.DataFrame(labels[chosen], columns=["AU1", "AU6", "AU12"])
    assert reading.n == 35
    assert reading.labels.active.to_dict() == (frame == 1).sum().to_dict()
    assert reading.labels.unknown.to_dict() == frame.isna().sum().to_dict()
    assert reading.labels.sum(axis=1).tolist() == [35] * 3
    assert reading.persons.to_dict() == pd.Series(persons[chosen]).value_counts().to_dict()
    assert reading.persons.is_monotonic_decreasing


def test_f1_is_scikit_learns_on_the_subset(faces):
    z, labels, persons, answers = faces
    chosen = np.flatnonzero(persons != "x/P0")
    reading = read_subset(chosen, labels, persons, AUS, 1, {"e": z}, {"e": answers})
    expected = []
    for j in range(3):
        known = chosen[~np.isnan(labels[chosen, j])]
        expected.append(f1_score(labels[known, j], answers[known, j]))
    np.testing.assert_allclose(reading.f1["e"][["AU1", "AU6", "AU12"]], expected)
    np.testing.assert_allclose(reading.f1["e"]["macro"], np.mean(expected))


def test_neighbours_are_counted_pair_by_pair(faces):
    z, labels, persons, _ = faces
    chosen = np.array([1, 2, 3, 30])
    reading = read_subset(chosen, labels, persons, AUS, 12, {"e": z})
    near = nearest(z[:, 2], chosen)
    label, person, outside = [], [], {}
    for row, others in zip(chosen, near, strict=True):
        for other in others:
            person.append(persons[row] == persons[other])
            if not np.isnan(labels[[row, other], 2]).any():
                label.append(labels[row, 2] == labels[other, 2])
            if other not in chosen:
                outside[other] = outside.get(other, 0) + 1
    assert reading.same["e"]["label"] == pytest.approx(np.mean(label))
    assert reading.same["e"]["person"] == pytest.approx(np.mean(person))
    most = sorted(outside, key=lambda face: (-outside[face], face))
    assert reading.neighbours["e"].tolist() == most


def test_nothing_selected_reads_as_nothing(faces):
    z, labels, persons, answers = faces
    reading = read_subset([], labels, persons, AUS, 1, {"e": z}, {"e": answers})
    assert (reading.n, len(reading.persons), reading.f1) == (0, 0, {})
    assert np.isnan(reading.same["e"]["label"])


def test_unknown_labels_give_no_f1_and_no_same_label(faces):
    z, labels, persons, answers = faces
    unknown = np.full_like(labels, np.nan)
    reading = read_subset(np.arange(9), unknown, persons, AUS, 1, {"e": z}, {"e": answers})
    assert reading.f1["e"].isna().all()
    assert np.isnan(reading.same["e"]["label"])
    assert reading.same["e"]["person"] >= 0


# --------------------------------------------------------------------------------- why


def gradient(z, labels, told, **options):
    """dL/d(similarity to each face of the batch), from autograd: the loss's own words."""
    members = torch.from_numpy(told.batch)
    z = torch.nn.functional.normalize(torch.from_numpy(z[members]), dim=-1)
    # The anchor moves alone, along each other face: its gradient is sum_b g_b z_b / tau.
    first = z[:1].clone().requires_grad_()
    views = torch.cat([first, z[1:]])[:, None], z[:, None]
    y = torch.from_numpy(labels[members])[:, None]
    kinds = torch.tensor([int(told.kind)])
    losses = aunce_loss(*views, y, kinds, reduction="none", **options)
    (pushed,) = torch.autograd.grad(losses[0, 0], first)
    return losses[0, 0].item(), pushed[0].numpy(), z.numpy()


@pytest.mark.parametrize("seed", [0, 1, 2, 5])
def test_why_is_the_gradient_of_the_loss(faces, seed):
    z, labels, _, _ = faces
    anchor = int(np.flatnonzero(labels[:, 0] == 1)[0])
    told = why(z[:, 0], labels[:, 0], anchor, seed, batch=20)
    loss, pushed, unit = gradient(z[:, 0], labels[:, 0], told)
    assert told.loss == pytest.approx(loss, rel=1e-5)
    at = {face: row for row, face in enumerate(told.batch)}
    force = np.zeros(8)
    for faces_, size in ((told.negatives, told.push), (told.positives, -told.pull)):
        assert faces_.weight.sum() == pytest.approx(1, abs=1e-5)
        for face, weight in zip(faces_.face, faces_.weight, strict=True):
            force += size * weight * unit[at[face]] / 0.5
    tangent = force - (force @ unit[0]) * unit[0]  # the loss normalises: no force along the anchor
    np.testing.assert_allclose(tangent, pushed, atol=1e-4)


def test_the_kind_is_the_samplers_and_the_positives_fit_it(faces):
    z, labels, _, _ = faces
    anchor = int(np.flatnonzero(labels[:, 1] == 0)[0])
    kinds = set()
    for seed in range(12):
        told = why(z[:, 1], labels[:, 1], anchor, seed, batch=16)
        kinds.add(told.kind)
        assert (labels[told.positives.face.astype(int), 1] == 0).all()
        assert (labels[told.negatives.face.astype(int), 1] == 1).all()
        if told.kind == Positive.SELF:
            assert told.positives.face.tolist() == [anchor]
        if told.kind == Positive.MEAN:
            assert len(told.positives) == (labels[told.batch, 1] == 0).sum()
    assert kinds == {Positive.SELF, Positive.MEAN, Positive.NEAREST}
    only = why(z[:, 1], labels[:, 1], anchor, probabilities={"hardest": 1.0})
    assert only.kind == Positive.HARDEST


def test_the_draw_is_the_real_sampler(faces, monkeypatch):
    z, labels, _, _ = faces
    drawn = []
    call = PositiveSampler.__call__
    monkeypatch.setattr(
        PositiveSampler, "__call__", lambda self, *a: drawn.append(call(self, *a)) or drawn[-1]
    )
    told = why(z[:, 0], np.arange(60) % 2, 4, seed=3)
    assert told.kind == int(drawn[0][0])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda z, y: z.__setitem__(3, np.nan), "not finite"),
        (lambda z, y: y.__setitem__(3, np.nan), "unknown"),
        (lambda z, y: y.fill(1), "nothing pushes"),
    ],
)
def test_a_face_that_takes_no_part_is_told_why(faces, spoil, reason):
    z, y = faces[0][:, 0].copy(), np.arange(60) % 2 * 1.0
    spoil(z, y)
    told = why(z, y, 3)
    assert reason in told.reason
    assert np.isnan(told.loss)
    assert len(told.positives) == len(told.negatives) == 0


def test_a_face_that_is_not_there_is_refused(faces):
    with pytest.raises(IndexError, match="0 … 59"):
        why(faces[0][:, 0], np.zeros(60), 60)
