"""What holds for the loss whatever the batch: symmetries, precision, zero losses, clear errors."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from aunce_lib.loss import AUNCELoss, aunce_loss, explain
from aunce_lib.sampler import Positive

VARIANTS = ("corrected", "official")
SOURCES = ("views", "other_images")
some = settings(max_examples=25, deadline=None, derandomize=True)


@dataclass
class Batch:
    z0: torch.Tensor
    z1: torch.Tensor
    labels: torch.Tensor
    kinds: torch.Tensor
    options: dict = field(default_factory=dict)

    def __iter__(self):
        return iter((self.z0, self.z1, self.labels, self.kinds))

    def table(self, **changes):
        return aunce_loss(*self, **{**self.options, "reduction": "none", **changes})


@st.composite
def batches(draw, unknown=True, variants=VARIANTS):
    n, n_aus, dim = draw(st.integers(1, 7)), draw(st.integers(1, 4)), draw(st.integers(2, 6))
    generator = torch.Generator().manual_seed(draw(st.integers(0, 2**31)))
    z = torch.randn(2, n, n_aus, dim, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, 2, (n, n_aus), generator=generator).double()
    if unknown:
        labels[torch.rand(n, n_aus, generator=generator) < 0.25] = torch.nan
    options = {
        "temperature": draw(st.sampled_from([0.05, 0.5, 2.0])),
        "beta_active": draw(st.sampled_from([0.5, 1.2])),
        "variant": draw(st.sampled_from(variants)),
        "positives_from": draw(st.sampled_from(SOURCES)),
    }
    kinds = torch.randint(0, 5, (2 * n, n_aus), generator=generator)
    return Batch(*F.normalize(z, dim=-1), labels, kinds, options)


def same(x, y):
    torch.testing.assert_close(x, y, rtol=1e-9, atol=1e-10, equal_nan=True)


# symmetries ---------------------------------------------------------------------------------------


@some
@given(batches(), st.randoms())
def test_permuted_images_permute_the_losses(batch, random):
    n = len(batch.z0)
    p = torch.tensor(random.sample(range(n), n))
    rows = torch.cat([p, p + n])
    permuted = Batch(batch.z0[p], batch.z1[p], batch.labels[p], batch.kinds[rows], batch.options)
    same(permuted.table(), batch.table()[rows])


@some
@given(batches(), st.randoms())
def test_permuted_aus_permute_the_losses(batch, random):
    n = batch.labels.shape[1]
    p = torch.tensor(random.sample(range(n), n))
    permuted = Batch(*(x[:, p] for x in batch), batch.options)
    same(permuted.table(), batch.table()[:, p])


@some
@given(batches())
def test_swapped_views_swap_the_losses(batch):
    n = len(batch.z0)
    swapped = Batch(batch.z1, batch.z0, batch.labels, batch.kinds.roll(n, 0), batch.options)
    same(swapped.table(), batch.table().roll(n, 0))


@some
@given(batches())
def test_flipped_labels_with_swapped_betas_change_nothing(batch):
    flipped = Batch(batch.z0, batch.z1, 1 - batch.labels, batch.kinds, batch.options)
    changes = {"beta_active": 0.8, "beta_inactive": batch.options["beta_active"]}
    same(flipped.table(**changes), batch.table())
    if not batch.table().isnan().all() and batch.table().nansum() > 1e-3:
        assert not torch.allclose(flipped.table(), batch.table(), rtol=1e-6, equal_nan=True)


@some
@given(batches(), st.integers(0, 1000))
def test_rotated_embeddings_change_nothing(batch, seed):
    generator = torch.Generator().manual_seed(seed)
    n_aus, dim = batch.z0.shape[1:]
    square = torch.randn(n_aus, dim, dim, dtype=torch.float64, generator=generator)
    rotation = torch.linalg.qr(square)[0]  # (J, D, D), one for each AU
    z0, z1 = (torch.einsum("bjd,jde->bje", z, rotation) for z in (batch.z0, batch.z1))
    same(Batch(z0, z1, batch.labels, batch.kinds, batch.options).table(), batch.table())


@some
@given(batches(variants=("corrected",)))
def test_lengths_of_embeddings_do_not_matter_when_corrected(batch):
    lengths = 0.1 + 10 * torch.rand(2, *batch.labels.shape, 1, dtype=torch.float64)
    z0, z1 = batch.z0 * lengths[0], batch.z1 * lengths[1]
    same(Batch(z0, z1, batch.labels, batch.kinds, batch.options).table(), batch.table())


@some
@given(batches())
def test_many_aus_are_so_many_single_ones(batch):
    n_aus = batch.labels.shape[1]
    single = [Batch(*(x[:, [j]] for x in batch), batch.options) for j in range(n_aus)]
    same(torch.cat([one.table() for one in single], dim=1), batch.table())
    known = Batch(batch.z0, batch.z1, batch.labels.nan_to_num(0), batch.kinds, batch.options)
    known.labels[0], known.labels[-1] = 0, 1  # both sides everywhere, hence equal weights
    if len(known.z0) > 1:
        means = [aunce_loss(*(x[:, [j]] for x in known), **known.options) for j in range(n_aus)]
        same(torch.stack(means).mean(), aunce_loss(*known, **known.options))


@some
@given(batches(variants=("corrected",)))
def test_unknown_labels_are_like_dropping_those_faces_for_that_au(batch):
    table = batch.table()
    for j in range(batch.labels.shape[1]):
        known = ~batch.labels[:, j].isnan()
        if known.any():
            faces = [x[known][:, [j]] for x in (batch.z0, batch.z1, batch.labels)]
            rows = known.repeat(2)
            dropped = Batch(*faces, batch.kinds[rows][:, [j]], batch.options)
            same(dropped.table()[:, 0], table[rows, j])
        assert table[~known.repeat(2), j].isnan().all()


@some
@given(batches(), st.integers(1, 15))
def test_chunks_change_nothing(batch, chunk_size):
    same(batch.table(chunk_size=chunk_size), batch.table())


@some
@given(batches())
def test_every_loss_is_positive_and_the_mean_lies_between_them(batch):
    table = batch.table()
    assert (table[~table.isnan()] >= 0).all()
    mean = aunce_loss(*batch, **batch.options)
    if table.isnan().all():
        assert mean == 0
    else:
        assert table[~table.isnan()].min() - 1e-12 <= mean <= table[~table.isnan()].max() + 1e-12


# gradients and precision --------------------------------------------------------------------------


def fixed_batch(n=6, n_aus=3, dim=5, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(2, n, n_aus, dim, generator=generator, dtype=torch.float64)
    z0, z1 = (x.to(dtype).requires_grad_() for x in F.normalize(z, dim=-1))
    labels = torch.randint(0, 2, (n, n_aus), generator=generator).double()
    labels[0], labels[1] = 1, 0
    return z0, z1, labels


@pytest.mark.parametrize("kind", Positive)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("chunk_size", [None, 2])
def test_gradients_are_those_of_finite_differences(kind, variant, source, chunk_size):
    z0, z1, labels = fixed_batch(n=4, n_aus=2, dim=3)
    labels[2, 1] = torch.nan
    kinds = torch.full((2,), kind)
    options = {"variant": variant, "positives_from": source, "chunk_size": chunk_size}
    assert torch.autograd.gradcheck(
        lambda a, b: aunce_loss(a, b, labels, kinds, **options), (z0, z1)
    )


@pytest.mark.parametrize("kind", Positive)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("temperature", [0.01, 0.1])
def test_stays_finite_and_exact_in_low_precision(kind, variant, dtype, temperature):
    z0, z1, labels = fixed_batch(n=16, dtype=dtype)
    z1.data[:2] = -z0.data[:2]  # the farthest mates there are
    options = {"temperature": temperature, "variant": variant}
    kinds = torch.full((3,), kind)
    loss = aunce_loss(z0, z1, labels, kinds, **options)
    gradients = torch.autograd.grad(loss, (z0, z1))
    assert loss.dtype == torch.float32
    assert all(g.dtype == dtype and g.isfinite().all() for g in gradients)
    exact = aunce_loss(z0.double(), z1.double(), labels, kinds, **options)
    assert exact.dtype == torch.float64
    torch.testing.assert_close(loss.double(), exact, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", Positive)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("backward_inside", [False, True])
@pytest.mark.parametrize("chunk_size", [None, 4])
def test_autocast_changes_nothing(kind, dtype, backward_inside, chunk_size):
    z0, z1, labels = fixed_batch(n=8, dtype=dtype)
    kinds = torch.full((3,), kind)
    expected = aunce_loss(z0, z1, labels, kinds, temperature=0.1, chunk_size=chunk_size)
    expected_gradients = torch.autograd.grad(expected, (z0, z1))
    with torch.autocast("cpu", torch.bfloat16):
        loss = aunce_loss(z0, z1, labels, kinds, temperature=0.1, chunk_size=chunk_size)
        told = explain(z0, z1, labels, kinds)
        with torch.autocast("cpu", enabled=backward_inside):
            gradients = torch.autograd.grad(loss, (z0, z1))
    assert torch.equal(loss, expected)
    assert all(map(torch.equal, gradients, expected_gradients))
    assert torch.equal(told.similarity, explain(z0, z1, labels, kinds).similarity)


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64, torch.float16])
def test_labels_may_be_bool_int_or_float(dtype):
    z0, z1, labels = fixed_batch()
    kinds = torch.tensor([0, 1, 2])
    expected = aunce_loss(z0, z1, labels, kinds)
    assert torch.equal(aunce_loss(z0, z1, labels.to(dtype), kinds), expected)
    assert torch.equal(aunce_loss(z0, z1, labels, kinds.to(torch.int32)), expected)


# nothing to learn from ----------------------------------------------------------------------------


@pytest.mark.parametrize("value", [torch.nan, 1.0, 0.0])
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_labels_unknown_or_all_on_one_side_give_a_zero_loss_with_zero_gradients(
    value, variant, dtype
):
    z0, z1, labels = fixed_batch(dtype=dtype)
    labels = torch.full_like(labels, value)
    for kind in Positive:
        z0.grad = z1.grad = None
        loss = aunce_loss(z0, z1, labels, torch.full((3,), kind), variant=variant)
        loss.backward()
        assert loss == 0
        assert all(torch.equal(z.grad, torch.zeros_like(z)) for z in (z0, z1))


def test_one_image_and_weights_of_zero_give_a_zero_loss():
    z0, z1, labels = fixed_batch()
    kinds = torch.tensor([2, 2, 2])
    assert aunce_loss(z0[:1], z1[:1], labels[:1], kinds) == 0
    assert aunce_loss(z0, z1, labels, kinds, au_weights=torch.zeros(3)) == 0


def test_a_rare_au_that_is_absent_does_not_shrink_the_loss_unless_official():
    z0, z1, labels = fixed_batch()
    labels[:, 0] = 0
    kinds = torch.tensor([0, 1, 2])
    without = aunce_loss(z0[:, 1:], z1[:, 1:], labels[:, 1:], kinds[1:])
    same(aunce_loss(z0, z1, labels, kinds), without)
    official = aunce_loss(z0, z1, labels, kinds, variant="official")
    without = aunce_loss(z0[:, 1:], z1[:, 1:], labels[:, 1:], kinds[1:], variant="official")
    same(official, without * 2 / 3)


def test_embeddings_of_length_zero_have_finite_gradients():
    z0, z1, labels = fixed_batch()
    z0.data.zero_()
    for kind in Positive:
        loss = aunce_loss(z0, z1, labels, torch.full((3,), kind))
        assert all(g.isfinite().all() for g in torch.autograd.grad(loss, (z0, z1)))


# bad input ----------------------------------------------------------------------------------------


def nan_at(image, au):
    z = torch.ones(4, 3, 5)
    z[image, au, 1] = torch.nan
    return z


GOOD = {
    "z0": torch.ones(4, 3, 5),
    "z1": torch.ones(4, 3, 5),
    "labels": torch.tensor([[1.0, 0, 1], [0, 1, 0], [1, 1, 0], [0, 0, 1]]),
    "kinds": torch.tensor([0, 1, 2]),
}
BAD = [
    ({"z0": torch.ones(4, 3, 5).long()}, TypeError, "z0 must be floating, got torch.int64"),
    ({"z1": torch.ones(4, 3, 5) + 0j}, TypeError, "z1 must be floating, got torch.complex64"),
    ({"z0": torch.ones(4, 5)}, ValueError, r"z0 and z1 must both be \(B, J, D\), got \(4, 5\) and"),
    ({"z1": torch.ones(4, 3, 6)}, ValueError, r"both be .*\(4, 3, 5\) and \(4, 3, 6\)"),
    ({"z0": torch.ones(0, 3, 5), "z1": torch.ones(0, 3, 5)}, ValueError, r"got \(0, 3, 5\)"),
    ({"z1": nan_at(2, 1)}, ValueError, "z1 holds NaN or Inf, first at image 2, AU index 1"),
    ({"z0": nan_at(3, 0) / 0}, ValueError, "z0 holds NaN or Inf"),
    ({"labels": torch.ones(4, 3) + 0j}, TypeError, "labels must be real, got torch.complex64"),
    ({"labels": torch.ones(4, 2)}, ValueError, r"labels .* \(4, 3\) .*, got \(4, 2\)"),
    ({"labels": torch.ones(12)}, ValueError, r"labels .* \(4, 3\) .*, got \(12,\)"),
    ({"labels": torch.full((4, 3), 9)}, ValueError, r"labels must be 0, 1 or NaN .*, got 9"),
    ({"labels": torch.full((4, 3), 0.5)}, ValueError, r"labels must be .*, got 0.5"),
    ({"labels": torch.full((4, 3), -1)}, ValueError, r"labels must be .*, got -1"),
    ({"labels": torch.full((4, 3), torch.inf)}, ValueError, r"labels must be .*, got inf"),
    ({"kinds": torch.tensor([0.0, 1, 2])}, TypeError, "kinds must be integer, got torch.float32"),
    ({"kinds": torch.tensor([True, False, True])}, TypeError, "kinds .* got torch.bool"),
    ({"kinds": torch.tensor([0, 1])}, ValueError, r"kinds .* \(3,\) .* \(8, 3\), got \(2,\)"),
    ({"kinds": torch.zeros(4, 3).long()}, ValueError, r"kinds .* \(8, 3\), got \(4, 3\)"),
    ({"kinds": torch.tensor([0, 1, 5])}, ValueError, r"kinds must be .* 0\.\.4, got 5"),
    ({"kinds": torch.tensor([0, -1, 1])}, ValueError, r"kinds must be .* 0\.\.4, got -1"),
    ({"temperature": 0}, ValueError, "temperature must be above 0 .*, got 0"),
    ({"temperature": -0.5}, ValueError, "temperature must be above 0 .*, got -0.5"),
    ({"temperature": float("nan")}, ValueError, "temperature must be above 0 .*, got nan"),
    ({"temperature": float("inf")}, ValueError, "temperature must be .* finite, got inf"),
    ({"temperature": None}, ValueError, "temperature must be above 0 .*, got None"),
    ({"beta_active": 0.0}, ValueError, "beta_active must be above 0 .*, got 0.0"),
    ({"beta_inactive": -1}, ValueError, "beta_inactive must be above 0 .*, got -1"),
    ({"chunk_size": 0}, ValueError, "chunk_size must be above 0 .*, got 0"),
    ({"variant": "publshed"}, ValueError, "variant must be one of .*official.*, got 'publshed'"),
    ({"positives_from": "all"}, ValueError, "positives_from must be .*other_images.*, got 'all'"),
    ({"reduction": "sum"}, ValueError, "reduction must be one of .*none.*, got 'sum'"),
    ({"au_weights": torch.ones(2)}, ValueError, r"au_weights must be \(J,\) = \(3,\), .* got"),
    ({"au_weights": -torch.ones(3)}, ValueError, "au_weights must be .* 0 or more, got"),
    ({"au_weights": torch.full((3,), torch.nan)}, ValueError, "au_weights must be .* finite"),
    ({"au_weights": torch.full((3,), torch.inf)}, ValueError, "au_weights must be .* finite"),
]


@pytest.mark.parametrize(("change", "error", "message"), BAD, ids=[str(b[2])[:40] for b in BAD])
def test_bad_input_is_named_with_what_was_expected_and_given(change, error, message):
    aunce_loss(**GOOD)
    with pytest.raises(error, match=message):
        aunce_loss(**{**GOOD, **change})


@pytest.mark.parametrize(
    ("change", "error", "message"), BAD[:20], ids=[b[2][:40] for b in BAD[:20]]
)
def test_explain_names_bad_input_too(change, error, message):
    with pytest.raises(error, match=message):
        explain(**{**GOOD, **change})


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"temperature": 0}, ValueError, "temperature must be above 0"),
        ({"variant": "paper"}, ValueError, "variant must be one of"),
        ({"reduction": "none"}, TypeError, "reduction"),
        ({"anchors": slice(2)}, TypeError, "anchors"),
        ({"temprature": 0.1}, TypeError, "temprature"),
    ],
)
def test_module_refuses_bad_options_when_it_is_made(options, error, message):
    with pytest.raises(error, match=message):
        AUNCELoss(**options)


def test_module_refuses_weights_that_do_not_fit_the_aus():
    inputs = [GOOD[name] for name in ("z0", "z1", "labels")]
    for weights in (torch.ones(1), torch.ones(4), -torch.ones(3)):
        with pytest.raises(ValueError, match="au_weights must be"):
            AUNCELoss(au_weights=weights)(*inputs)
