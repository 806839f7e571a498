"""The losses AUNCE is compared with, against formulas in loops and PyTorch's own functions."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from aunce_lib.baselines import HCL, NTXent, SupCon, WeightedBCE, class_weights

LOSSES = {
    "bce": lambda: WeightedBCE(3, 5),
    "ntxent": NTXent,
    "supcon": SupCon,
    "hcl": HCL,
}


def batch(seed=0, n=6, n_aus=3, dim=5, unknown=0.0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    z0, z1 = torch.randn(2, n, n_aus, dim, generator=generator, dtype=torch.float64).to(dtype)
    labels = torch.randint(0, 2, (n, n_aus), generator=generator).double()
    labels[torch.rand(n, n_aus, generator=generator) < unknown] = torch.nan
    return z0.requires_grad_(), z1.requires_grad_(), labels


def similarities(z0, z1, j, temperature):
    """Cosines over τ of all rows of AU j, (2B, 2B)."""
    rows = torch.cat([z0, z1])[:, j]
    return F.cosine_similarity(rows[:, None], rows[None], dim=-1) / temperature


def assert_same_value_and_gradients(given, expected, z0, z1):
    torch.testing.assert_close(given, expected, rtol=1e-10, atol=1e-12)
    for a, b in zip(
        torch.autograd.grad(given, (z0, z1)), torch.autograd.grad(expected, (z0, z1)), strict=True
    ):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


# formulas -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("au_weights", [None, torch.tensor([3.0, 0.0, 0.5])])
def test_bce_is_the_weighted_cross_entropy_of_known_labels_on_both_views(au_weights):
    z0, z1, labels = batch(1, unknown=0.3)
    loss = WeightedBCE(3, 5, au_weights, scale=4.0)
    loss.bias.data.uniform_(-1, 1)
    losses, weights = [], []
    for z in (z0, z1):
        for j in range(3):
            logit = F.linear(4 * F.normalize(z[:, j], dim=-1), loss.weight[j].double())
            p = torch.sigmoid(logit + loss.bias[j].double())
            for i in range(6):
                if not labels[i, j].isnan():
                    losses.append(F.binary_cross_entropy(p[i], labels[i, j]))
                    weights.append(1.0 if au_weights is None else au_weights[j].item())
    expected = sum(w * x for w, x in zip(weights, losses, strict=True)) / sum(weights)
    given = loss(z0, z1, labels)
    assert_same_value_and_gradients(given, expected, z0, z1)


def test_bce_learns_what_a_linear_classifier_can():
    z0, z1, _ = batch(2, n=64)
    labels = (z0[:, :, 0] > 0).double()
    loss = WeightedBCE(3, 5)
    optimiser = torch.optim.Adam(loss.parameters(), lr=0.1)
    for _ in range(60):
        optimiser.zero_grad()
        value = loss(z0.detach(), z0.detach(), labels)
        value.backward()
        optimiser.step()
    assert value < 0.1
    assert loss.weight.grad.shape == (3, 5)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_ntxent_is_the_cross_entropy_of_finding_the_other_view(temperature):
    z0, z1, labels = batch(3)
    mates = torch.arange(12).roll(6)
    expected = []
    for j in range(3):
        s = similarities(z0, z1, j, temperature)
        s = s.masked_fill(torch.eye(12, dtype=torch.bool), -torch.inf)
        expected.append(F.cross_entropy(s, mates))
    given = NTXent(temperature)(z0, z1, labels)
    assert_same_value_and_gradients(given, torch.stack(expected).mean(), z0, z1)


@pytest.mark.parametrize("unknown", [0.0, 0.4])
def test_supcon_is_the_mean_over_positives_outside_the_log(unknown):
    z0, z1, labels = batch(4, unknown=unknown)
    losses = []
    for j in range(3):
        e = similarities(z0, z1, j, 0.2).exp()
        y = labels[:, j].tolist() * 2
        rows = [a for a in range(12) if not math.isnan(y[a])]
        for a in rows:
            others = [b for b in rows if b != a]
            total = sum(e[a, b] for b in others)
            shares = [(e[a, b] / total).log() for b in others if y[b] == y[a]]
            losses.append(-sum(shares) / len(shares))
    given = SupCon(0.2)(z0, z1, labels)
    assert_same_value_and_gradients(given, torch.stack(losses).mean(), z0, z1)


def test_supcon_of_images_that_all_differ_is_ntxent():
    z0, z1, _ = batch(5, n=2)
    labels = torch.tensor([[0, 1, 0], [1, 0, 1]])
    torch.testing.assert_close(SupCon()(z0, z1, labels), NTXent()(z0, z1, labels))


@pytest.mark.parametrize(
    ("temperature", "beta", "tau_plus"),
    [(0.5, 1.0, 0.1), (0.5, 0.0, 0.0), (0.2, 2.0, 0.0), (0.5, 0.5, 0.6), (0.1, 1.0, 0.3)],
)
def test_hcl_is_robinsons_formula(temperature, beta, tau_plus):
    z0, z1, labels = batch(6)
    losses, at_floor = [], 0
    for j in range(3):
        e = similarities(z0, z1, j, temperature).exp()
        for a in range(12):
            mate = (a + 6) % 12
            negatives = torch.stack([e[a, b] for b in range(12) if b not in (a, mate)])
            importance = negatives**beta
            mean = (importance * negatives).sum() / importance.sum()
            n = 10 * (mean - tau_plus * e[a, mate]) / (1 - tau_plus)
            floor = 10 * math.exp(-1 / temperature)
            at_floor += int(n < floor)
            losses.append(-(e[a, mate] / (e[a, mate] + n.clamp(min=floor))).log())
    assert (0 < at_floor < 36) == (tau_plus == 0.6)  # the floor is met with, and not always
    given = HCL(temperature, beta, tau_plus)(z0, z1, labels)
    assert_same_value_and_gradients(given, torch.stack(losses).mean(), z0, z1)


def test_hcl_without_hardness_and_debiasing_is_ntxent():
    z0, z1, labels = batch(7)
    expected = NTXent()(z0, z1, labels)
    torch.testing.assert_close(HCL(beta=0.0, tau_plus=0.0)(z0, z1, labels), expected)
    assert abs(HCL(beta=1.0, tau_plus=0.0)(z0, z1, labels) - expected) > 1e-2


# labels -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ntxent", "hcl"])
def test_self_supervised_losses_look_at_no_label(name):
    z0, z1, labels = batch(8)
    expected = LOSSES[name]()(z0, z1, labels)
    for other in (1 - labels, torch.full_like(labels, torch.nan)):
        assert torch.equal(LOSSES[name]()(z0, z1, other), expected)


@pytest.mark.parametrize("name", ["bce", "supcon"])
def test_faces_with_unknown_labels_are_as_if_dropped(name):
    z0, z1, labels = batch(9)
    loss = LOSSES[name]()
    labels[[1, 4]] = torch.nan
    known = [0, 2, 3, 5]
    dropped = loss(z0[known], z1[known], labels[known])
    torch.testing.assert_close(loss(z0, z1, labels), dropped)


@pytest.mark.parametrize("name", ["bce", "supcon"])
def test_a_batch_of_unknown_labels_is_a_zero_loss_with_zero_gradients(name):
    z0, z1, labels = batch(10)
    loss = LOSSES[name]()(z0, z1, torch.full_like(labels, torch.nan))
    loss.backward()
    assert loss == 0
    assert torch.equal(z0.grad, torch.zeros_like(z0))
    assert torch.equal(z1.grad, torch.zeros_like(z1))


@pytest.mark.parametrize("name", LOSSES)
def test_a_single_image_is_no_reason_for_nan(name):
    z0, z1, labels = batch(11, n=1)
    loss = LOSSES[name]()(z0, z1, labels)
    assert loss.isfinite()
    assert all(g.isfinite().all() for g in torch.autograd.grad(loss, (z0, z1)))


# precision ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ntxent", "supcon", "hcl"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("unknown", [0.0, 0.4])
def test_contrastive_losses_stay_finite_at_low_temperature(name, dtype, unknown):
    z0, z1, labels = batch(12, n=16, unknown=unknown, dtype=dtype)
    z1.data[:2] = -z0.data[:2]
    z1.data[2:4] = z0.data[2:4]
    loss = {"ntxent": NTXent, "supcon": SupCon, "hcl": HCL}[name](0.01)(z0, z1, labels)
    assert loss.dtype == torch.float32
    assert all(g.isfinite().all() for g in torch.autograd.grad(loss, (z0, z1)))


@pytest.mark.parametrize("tau_plus", [0.0, 0.1])
def test_hcl_has_finite_gradients_where_its_negatives_underflow(tau_plus):
    z0 = torch.eye(4)[:, None].requires_grad_()
    z1 = torch.eye(4)[:, None].requires_grad_()
    loss = HCL(0.005, 1.0, tau_plus)(z0, z1, torch.zeros(4, 1))
    assert loss.item() == pytest.approx(0, abs=1e-30)
    assert all(g.isfinite().all() for g in torch.autograd.grad(loss, (z0, z1)))


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_autocast_changes_nothing(name, dtype):
    z0, z1, labels = batch(13, dtype=dtype)
    loss = LOSSES[name]()
    expected = loss(z0, z1, labels)
    with torch.autocast("cpu", torch.bfloat16):
        given = loss(z0, z1, labels)
    assert given.dtype == torch.float32
    assert torch.equal(given, expected)


# weights ------------------------------------------------------------------------------------------


def test_class_weights_of_bp4d_fold_1_are_the_published_ones():
    n_frames = 100_813
    positives = [18545, 14740, 19955, 44367, 57513, 57137, 54464, 46036, 17688, 34459, 16680, 14943]
    labels = (torch.arange(n_frames)[:, None] < torch.tensor(positives)).float()
    published = [
        1.342985, 1.689665, 1.248091, 0.561356, 0.433044, 0.435894,
        0.457287, 0.541004, 1.408054, 0.722762, 1.493145, 1.666711,
    ]  # fmt: skip
    assert class_weights(labels).tolist() == pytest.approx(published, abs=1e-6)


def test_class_weights_are_by_the_rate_among_known_labels():
    labels = torch.tensor([[1, 1, 0], [0, 1, 0], [torch.nan, 0, 0], [torch.nan, 0, torch.nan]])
    assert class_weights(labels).tolist() == [1.5, 1.5, 0.0]  # never active: no weight
    assert class_weights(labels[2:, :1]).tolist() == [0.0]  # nothing known
    assert class_weights(torch.tensor([[1, 0], [1, 1]])).tolist() == pytest.approx([2 / 3, 4 / 3])


# bad input ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOSSES)
def test_bad_batches_are_named_by_every_loss(name):
    loss = LOSSES[name]()
    z0, z1, labels = batch()
    cases = [
        ((z0, z1[:3], labels), ValueError, r"z0 and z1 must both be .*got \(6, 3, 5\) and \(3,"),
        ((z0.long(), z1, labels), TypeError, "z0 must be floating, got torch.int64"),
        ((z0, z1 * torch.nan, labels), ValueError, "z1 holds NaN or Inf, first at image 0"),
        ((z0, z1, labels[:, :2]), ValueError, r"labels must be .*\(6, 3\).*got \(6, 2\)"),
        ((z0, z1, labels + 8), ValueError, "labels must be 0, 1 or NaN .*, got [89]"),
    ]
    for arguments, error, message in cases:
        with pytest.raises(error, match=message):
            loss(*arguments)


@pytest.mark.parametrize("make", [NTXent, SupCon, HCL])
@pytest.mark.parametrize("temperature", [0, -1.0, math.nan, math.inf])
def test_a_bad_temperature_is_named(make, temperature):
    with pytest.raises(ValueError, match=f"temperature must be .*, got {temperature}"):
        make(temperature)


@pytest.mark.parametrize("bad", [{"beta": -0.1}, {"tau_plus": 1.0}, {"tau_plus": -0.1}])
def test_bad_settings_of_hcl_are_named(bad):
    with pytest.raises(ValueError, match="beta must be ≥ 0 and 0 ≤ tau_plus < 1, got"):
        HCL(**bad)


def test_bce_names_embeddings_and_weights_that_do_not_fit_its_classifiers():
    z0, z1, labels = batch(n_aus=3, dim=5)
    with pytest.raises(ValueError, match=r"must be \(B, J, D\) = \(B, 3, 6\) .*got \(6, 3, 5\)"):
        WeightedBCE(3, 6)(z0, z1, labels)
    with pytest.raises(ValueError, match=r"au_weights must be \(J,\) = \(3,\)"):
        WeightedBCE(3, 5, au_weights=torch.ones(4))


def test_class_weights_refuse_a_missing_code():
    with pytest.raises(ValueError, match="labels must be 0, 1 or NaN .*, got 9"):
        class_weights(torch.tensor([[0, 9]]))
