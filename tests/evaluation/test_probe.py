"""Probes: what they learn, what they must not look at, and that a file gives back the same."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, f1_score, log_loss, roc_auc_score
from sklearn.neighbors import KNeighborsClassifier

from aunce_lib.evaluation import fitting
from aunce_lib.evaluation.probe import Probe, fit_probe, knn_scores

AUS = (4, 12)


def faces(n=360, n_aus=2, dim=6, people=9, seed=0, strength=1.0):
    """Embeddings in which a direction an AU tells active from inactive, people add noise."""
    truth = np.random.default_rng(99).normal(size=(n_aus, dim))
    rng = np.random.default_rng(seed)
    codes = np.arange(n) % people
    labels = (rng.random((n, n_aus)) < np.linspace(0.2, 0.5, n_aus)).astype(np.float32)
    z = strength * labels[..., None] * truth + rng.normal(size=(n, n_aus, dim))
    z += 0.5 * rng.normal(size=(people, n_aus, dim))[codes]
    z /= np.linalg.norm(z, axis=-1, keepdims=True)
    return z.astype(np.float32), labels, np.array([f"demo/P{code}" for code in codes])


def weights(probe):
    return np.concatenate([probe.weight.ravel(), probe.bias, probe.threshold])


@pytest.mark.parametrize("kind", ["logistic", "published"])
def test_a_readable_au_is_read_on_other_people(kind):
    z, labels, subjects = faces(strength=3, n=900)
    test_z, test_labels, _ = faces(strength=3, seed=1)
    probe = fit_probe(z, labels, subjects, AUS, kind)
    predictions = probe.predict(test_z)
    assert predictions.dtype == np.float32
    for j in range(2):
        assert roc_auc_score(test_labels[:, j], probe.scores(test_z)[:, j]) > 0.95
        if kind == "logistic":  # the other stops after so many steps, far from done for a rare AU
            assert f1_score(test_labels[:, j], predictions[:, j]) > 0.8


def test_noise_is_not_read():
    z, labels, subjects = faces(n=900)
    test_z, _, _ = faces(seed=1)
    labels = np.random.default_rng(5).permutation(labels)
    chance = np.random.default_rng(6).random(len(test_z)) < 0.3
    score = fit_probe(z, labels, subjects, AUS).scores(test_z)[:, 0]
    assert average_precision_score(chance, score) < 0.45


def test_logistic_is_the_class_weighted_optimum_for_the_strength_it_chose():
    z, labels, subjects = faces()
    probe = fit_probe(z, labels, subjects, AUS)
    for j in range(2):
        oracle = LogisticRegression(
            C=float(probe.strength[j]), class_weight="balanced", tol=1e-9, max_iter=10_000
        )
        oracle.fit(z[:, j].astype(float), labels[:, j])
        np.testing.assert_allclose(probe.weight[j], oracle.coef_[0], rtol=1e-3, atol=1e-4)
        expected = oracle.predict_proba(z[:, j].astype(float))[:, 1]
        np.testing.assert_allclose(probe.scores(z)[:, j], expected, atol=1e-4)


def test_strength_and_threshold_come_from_people_held_out():
    z, labels, subjects = faces()
    _, codes = np.unique(subjects, return_inverse=True)
    fold = fitting._deal(codes, seed=0)
    assert all(len(set(fold[codes == code])) == 1 for code in range(9))  # a person stays whole
    assert np.bincount(fold[:9]).tolist() == [3, 3, 3]
    probe = fit_probe(z, labels, subjects, AUS, seed=0)
    x, y = z[:, 0].astype(float), labels[:, 0]
    loss, held_out = {}, {}
    for strength in fitting.STRENGTHS:
        held_out[strength] = np.empty(len(y))
        for number in range(3):
            model = LogisticRegression(C=strength, class_weight="balanced", tol=1e-8, max_iter=9999)
            model.fit(x[fold != number], y[fold != number])
            held_out[strength][fold == number] = model.predict_proba(x[fold == number])[:, 1]
        balance = np.where(y == 1, 1 / y.mean(), 1 / (1 - y.mean()))
        loss[strength] = log_loss(y, held_out[strength], sample_weight=balance)
    chosen = min(loss, key=loss.get)
    assert probe.strength[0] == pytest.approx(chosen)
    best = held_out[chosen]
    most = max(f1_score(y, best >= cut) for cut in best)
    assert f1_score(y, best >= probe.threshold[0]) == pytest.approx(most, abs=1e-3)


def test_the_threshold_is_the_best_of_all_even_with_ties():
    rng = np.random.default_rng(0)
    for _ in range(50):
        labels = rng.random(12) < 0.4
        labels[0] = True
        scores = np.round(rng.random(12), 1).astype(np.float32)
        cut = fitting.choose_threshold(labels.astype(np.float32), scores)
        most = max(f1_score(labels, scores >= c) for c in scores)
        assert f1_score(labels, scores >= cut) == pytest.approx(most)


def test_unknown_labels_count_as_if_the_face_were_not_there():
    z, labels, subjects = faces(n_aus=1)
    gone = np.arange(len(z)) % 4 == 0
    masked = labels.copy()
    masked[gone] = np.nan
    one = fit_probe(z, masked, subjects, AUS[:1])
    other = fit_probe(z[~gone], labels[~gone], subjects[~gone], AUS[:1])
    np.testing.assert_allclose(weights(one), weights(other), rtol=1e-4, atol=1e-5)


def test_published_does_not_learn_from_unknown_faces():
    z, labels, subjects = faces()
    labels[:100] = np.nan
    one = fit_probe(z, labels, subjects, AUS, "published")
    z[:100] = np.random.default_rng(3).normal(size=z[:100].shape)
    other = fit_probe(z, labels, subjects, AUS, "published")
    np.testing.assert_array_equal(weights(one), weights(other))


def test_published_equals_two_way_linear_layers_under_adam():
    import torch

    z, labels, subjects = faces(n=300)
    labels[:40, 0] = np.nan
    probe = fit_probe(z, labels, subjects, AUS, "published", seed=7)
    generator = torch.Generator().manual_seed(7)
    start = [torch.empty(2, 6, 2), torch.empty(2, 1, 2)]
    for tensor in start:
        tensor.uniform_(-(6**-0.5), 6**-0.5, generator=generator)
    layers = [torch.nn.Linear(6, 2) for _ in AUS]
    for j, layer in enumerate(layers):
        layer.weight.data, layer.bias.data = start[0][j].T.clone(), start[1][j, 0].clone()
    parameters = [parameter for layer in layers for parameter in layer.parameters()]
    optimiser = torch.optim.Adam(parameters, lr=1e-3, weight_decay=1e-6)
    for _ in range(100):
        for batch in torch.randperm(300, generator=generator).split(256):
            losses, known = 0, 0
            for j, layer in enumerate(layers):
                y = torch.tensor(labels[batch, j])
                seen = ~y.isnan()
                chances = layer(torch.tensor(z[batch, j]))[seen].softmax(-1)
                losses = losses - chances[torch.arange(len(chances)), y[seen].long()].log().sum()
                known += seen.sum()
            optimiser.zero_grad()
            (losses / known).backward()
            optimiser.step()
    for j, layer in enumerate(layers):
        expected = layer(torch.tensor(z[:, j])).softmax(-1)[:, 1].detach()
        np.testing.assert_allclose(probe.scores(z)[:, j], expected, atol=1e-4)
    assert (probe.threshold == 0.5).all()


@pytest.mark.parametrize("kind", ["logistic", "published"])
def test_the_seed_decides(kind):
    z, labels, subjects = faces()
    one, same = (fit_probe(z, labels, subjects, AUS, kind, seed=1) for _ in range(2))
    np.testing.assert_array_equal(weights(one), weights(same))
    other = fit_probe(z, labels, subjects, AUS, kind, seed=2)
    assert not np.array_equal(weights(one), weights(other))


def test_order_of_aus_only_orders_the_rules():
    z, labels, subjects = faces()
    one = fit_probe(z, labels, subjects, AUS)
    other = fit_probe(z[:, ::-1], labels[:, ::-1], subjects, AUS[::-1])
    np.testing.assert_array_equal(one.weight, other.weight[::-1])
    np.testing.assert_array_equal(one.threshold, other.threshold[::-1])


@pytest.mark.parametrize("kind", ["logistic", "published"])
@pytest.mark.parametrize("only", [0.0, 1.0, np.nan])
def test_an_au_of_one_class_gets_no_rule_and_a_warning(kind, only):
    z, labels, subjects = faces()
    labels[:, 0] = only
    with pytest.warns(UserWarning, match="no probe for AU4: an active and an inactive"):
        probe = fit_probe(z, labels, subjects, AUS, kind)
    assert probe.missing == (4,)
    assert np.isnan(probe.scores(z)[:, 0]).all()
    assert np.isnan(probe.predict(z)[:, 0]).all()
    assert np.isfinite(probe.scores(z)[:, 1]).all()


def test_an_au_that_only_one_person_shows_is_still_learned():
    z, labels, subjects = faces()
    labels[:, 0] = subjects == "demo/P3"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        probe = fit_probe(z, labels, subjects, AUS)
    assert (probe.strength[0], probe.threshold[0]) == (1, 0.5)  # nothing could be chosen
    assert np.isfinite(probe.scores(z)).all()


def test_two_people_are_enough_and_collapsed_embeddings_no_accident():
    z, labels, subjects = faces(people=2)
    assert np.isfinite(fit_probe(z, labels, subjects, AUS).scores(z)).all()
    z = np.ones_like(z)
    assert np.isfinite(fit_probe(z, labels, subjects, AUS).scores(z)).all()


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"embeddings": np.full((360, 2, 6), np.nan)}, ValueError, "360 of 360 faces hold NaN"),
        ({"embeddings": np.ones((360, 2, 6), int)}, TypeError, "embeddings must be floating"),
        ({"embeddings": np.ones((360, 12))}, ValueError, r"\(N, J, D\)"),
        ({"embeddings": np.ones((360, 3, 6))}, ValueError, r"\(N, 2, D\) like the AUs"),
        ({"embeddings": np.ones((359, 2, 6))}, ValueError, "one row a face"),
        ({"labels": np.full((360, 2), 3)}, ValueError, "labels must be 0, 1 or NaN"),
        ({"subjects": ["Ann"] * 360}, ValueError, "at least 2, got only Ann"),
        ({"subjects": ["Ann"] * 359}, ValueError, r"subjects must be \(360,\)"),
        ({"kind": "svm"}, ValueError, "kind must be one of"),
    ],
)
def test_bad_input_is_refused_by_name(change, error, says):
    z, labels, subjects = faces()
    good = {"embeddings": z, "labels": labels, "subjects": subjects, "aus": AUS}
    with pytest.raises(error, match=says):
        fit_probe(**{**good, **change})


def test_a_probe_refuses_the_embeddings_of_another_encoder():
    probe = fit_probe(*faces(), AUS)
    with pytest.raises(ValueError, match=r"\(N, 2, 6\).*is this its encoder"):
        probe.scores(np.ones((3, 2, 7), np.float32))


def test_a_saved_probe_comes_back_the_same(tmp_path):
    z, labels, subjects = faces()
    labels[:, 1] = 0
    with pytest.warns(UserWarning, match="no probe for AU12"):
        probe = fit_probe(z, labels, subjects, AUS)
    probe.save(tmp_path / "probe.safetensors")
    again = Probe.load(tmp_path / "probe.safetensors")
    assert (again.aus, again.kind, again.missing) == (probe.aus, probe.kind, (12,))
    np.testing.assert_array_equal(again.predict(z), probe.predict(z))
    assert [path.name for path in tmp_path.iterdir()] == ["probe.safetensors"]


def test_files_that_are_no_probe_are_refused(tmp_path):
    from safetensors.numpy import save_file

    path = tmp_path / "probe.safetensors"
    with pytest.raises(FileNotFoundError, match="no probe at"):
        Probe.load(path)
    fit_probe(*faces(), AUS).save(path)
    whole = path.read_bytes()
    for cut in (0, 5, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match="cannot be read as safetensors"):
            Probe.load(path)
    save_file({"weight": np.ones((2, 3), np.float32)}, path)
    with pytest.raises(ValueError, match="is no probe"):
        Probe.load(path)
    note = {"format": "aunce_lib.Probe/1", "kind": "logistic", "aus": "[4, 12]"}
    arrays = {name: np.zeros(3, np.float32) for name in ("bias", "threshold", "strength")}
    save_file({"weight": np.ones((2, 3), np.float32), **arrays}, path, metadata=note)
    with pytest.raises(ValueError, match=r"probe.safetensors: bias must be \(2,\), got \(3,\)"):
        Probe.load(path)


def test_nearest_neighbours_equal_those_of_scikit_learn():
    z, labels, _ = faces()
    queries, _, _ = faces(n=50, seed=1)
    labels[::5, 0] = np.nan
    scores = knn_scores(z, labels, queries, k=7)
    assert scores.dtype == np.float32
    for j in range(2):
        known = ~np.isnan(labels[:, j])
        oracle = KNeighborsClassifier(7, metric="cosine").fit(z[known, j], labels[known, j])
        np.testing.assert_allclose(scores[:, j], oracle.predict_proba(queries[:, j])[:, 1])


def test_nearest_neighbours_take_what_there_is():
    z, labels, _ = faces(n=30)
    labels[:, 0], labels[3:, 1] = np.nan, np.nan
    scores = knn_scores(z, labels, z, k=20)
    assert np.isnan(scores[:, 0]).all()
    np.testing.assert_allclose(scores[:, 1], labels[:3, 1].mean())


def test_nearest_neighbours_refuse_what_does_not_fit():
    z, labels, _ = faces(n=30)
    with pytest.raises(ValueError, match="like train_embeddings"):
        knn_scores(z, labels, z[..., :3])
    with pytest.raises(ValueError, match="k must be 1 or more"):
        knn_scores(z, labels, z, k=0)
    with pytest.raises(ValueError, match="one row a face"):
        knn_scores(z, labels[1:], z)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"kind": "svm"}, ValueError, "kind must be one of"),
        ({"weight": np.ones((3, 5), np.float32)}, ValueError, r"weight must be \(2, D\)"),
        ({"bias": np.ones(2)}, TypeError, "bias must be float32, got float64"),
        ({"bias": np.float32([1, np.inf])}, ValueError, "bias must be finite"),
        ({"threshold": np.float32([0.5, 1.5])}, ValueError, "threshold must be between 0 and 1"),
    ],
)
def test_a_probe_that_makes_no_sense_is_refused(change, error, says):
    two = np.full(2, 0.5, np.float32)
    good = {"weight": np.ones((2, 5), np.float32), "bias": two, "threshold": two, "strength": two}
    with pytest.raises(error, match=says):
        Probe(**{"aus": AUS, "kind": "logistic", **good, **change})


def test_published_skips_batches_in_which_nothing_is_known():
    z, labels, subjects = faces(n=600)
    labels[2:] = np.nan
    labels[:2] = [[0, 1], [1, 0]]
    assert np.isfinite(fit_probe(z, labels, subjects, AUS, "published").scores(z)).all()
