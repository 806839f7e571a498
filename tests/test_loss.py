"""The loss against recorded cases, against the same formulas written otherwise, against its peers.

`oracle` is the bridge: masks instead of blocks, labels compared by equality, so that it takes
instance labels too, for which other contrastive losses are defined.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from aunce_lib.baselines import NTXent
from aunce_lib.loss import AUNCELoss, aunce_loss, explain
from aunce_lib.sampler import Positive, PositiveSampler

RECORDED = Path(__file__).parent / "data" / "official_loss.npz"
VARIANTS = ("corrected", "official")
SOURCES = ("views", "other_images")
FAR = 1e9  # finite, as infinities would make NaN gradients in masked rows


def similarities(z0, z1, temperature=0.5, variant="corrected"):
    """(J, 2B, 2B) in float64."""
    z = torch.cat([z0, z1]).double()  # (2B, J, D)
    if variant == "corrected":
        z = z / z.norm(dim=-1, keepdim=True)
    return torch.einsum("ajd,bjd->jab", z, z) / temperature


def oracle(s, labels, kinds, *, temperature=0.5, beta=(1.2, 0.8), variant="corrected", source):
    """Losses (2B, J) from s (J, 2B, 2B), with masks; labels (B, J) of any numbers, NaN unknown."""
    n = s.shape[-1]
    y = labels.double().repeat(2, 1).T  # (J, 2B)
    known = ~y.isnan()
    same = y[:, :, None] == y[:, None, :]
    other = known[:, :, None] & known[:, None, :] & ~same
    itself = torch.eye(n, dtype=torch.bool)
    mate = itself.roll(n // 2, dims=1)
    positives = same if variant == "official" else same & ~itself
    if source == "other_images":
        alone = ~(same & ~itself & ~mate).any(dim=-1, keepdim=True)
        positives = positives & (~mate | alone)
    count = positives.sum(dim=-1).clamp(min=1).double()
    log_sum = s.masked_fill(~positives, -FAR).logsumexp(dim=-1)
    weights = positives.double()
    squared_length = temperature * torch.einsum("jab,jac,jbc->ja", weights, weights, s)
    log_p = torch.stack(
        [
            s[:, mate].view(len(s), n),
            s.masked_fill(~positives, -FAR).amax(dim=-1),
            log_sum - (torch.full_like(count, n) if variant == "official" else count).log(),
            s.masked_fill(~positives, FAR).amin(dim=-1),
            (weights * s).sum(dim=-1) / squared_length.clamp(min=1e-30).sqrt(),
        ]
    )
    log_p = log_p.gather(0, kinds.expand(n, len(s)).T[None])[0]  # (J, 2B)
    exponent = torch.full_like(y, beta[1]).masked_fill(y == 1, beta[0])  # (where gives float32)
    log_n = (exponent[:, :, None] * s).masked_fill(~other, -FAR).logsumexp(dim=-1)
    losses = torch.logaddexp(log_p, log_n) - log_p
    missing = 0.0 if variant == "official" else torch.nan
    return losses.masked_fill(~other.any(dim=-1), missing).T


def weighted_mean(table, weights=None):
    weights = torch.ones(table.shape[1]) if weights is None else weights
    weights = weights.double().expand_as(table) * ~table.isnan()
    return (table.nan_to_num(0) * weights).sum() / weights.sum()


def batch(seed=0, n=6, n_aus=3, dim=5, unknown=0.2):
    """Unit embeddings (float64, with gradients), labels, and a kind for each anchor."""
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(2, n, n_aus, dim, generator=generator, dtype=torch.float64)
    z0, z1 = (x.requires_grad_() for x in F.normalize(z, dim=-1))
    labels = torch.randint(0, 2, (n, n_aus), generator=generator).double()
    labels[torch.rand(n, n_aus, generator=generator) < unknown] = torch.nan
    return z0, z1, labels, torch.randint(0, 5, (2 * n, n_aus), generator=generator)


def values(loss, z0, z1):
    """The loss and its gradients."""
    return loss.detach(), *torch.autograd.grad(loss, (z0, z1))


def assert_equal(given, expected, tolerance=1e-11):
    for x, y in zip(given, expected, strict=True):
        torch.testing.assert_close(x, y, rtol=tolerance, atol=tolerance, equal_nan=True)


# the published code -------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(16))
def test_official_equals_the_recorded_case_in_value_and_gradients(number):
    with np.load(RECORDED, allow_pickle=False) as cases:
        z1, z2, y, p, tau, loss, g1, g2 = (
            torch.from_numpy(np.asarray(cases[f"case{number:02d}/{key}"]))
            for key in ("z1", "z2", "y", "p", "tau", "loss", "g1", "g2")
        )
    kinds = torch.where(p < 0.2, Positive.NEAREST, Positive.MEAN)
    kinds = torch.where(p < 0.8, kinds, Positive.SELF)
    z0, z1 = (z.transpose(1, 2).requires_grad_() for z in (z1, z2))  # recorded as (B, D, J)
    given = aunce_loss(z0, z1, y, kinds, temperature=tau.item(), variant="official")
    expected = loss, g1.transpose(1, 2), g2.transpose(1, 2)
    assert_equal(values(given, z0, z1), expected, tolerance=1e-9)


def test_the_recorded_cases_tell_the_variants_apart():
    with np.load(RECORDED, allow_pickle=False) as cases:
        z1, z2, y, loss = (
            torch.from_numpy(cases[f"case04/{k}"]) for k in ("z1", "z2", "y", "loss")
        )
    for kind in Positive:
        args = z1.mT, z2.mT, y, torch.full((12,), kind)
        assert abs(aunce_loss(*args) - loss) > 1e-3


# the bridge ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("kind", Positive)
def test_equals_the_masked_oracle_for_each_kind(kind, source, variant):
    for seed, temperature in enumerate((0.05, 0.5, 1.0)):
        z0, z1, labels, _ = batch(seed, n=7)
        options = {"temperature": temperature, "variant": variant}
        kinds = torch.full((3,), kind)
        given = aunce_loss(z0, z1, labels, kinds, positives_from=source, **options)
        s = similarities(z0, z1, temperature, variant)
        expected = weighted_mean(oracle(s, labels, kinds, source=source, **options))
        assert_equal(values(given, z0, z1), values(expected, z0, z1))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("chunk_size", [None, 1, 2, 3, 5, 12, 100])
def test_equals_the_masked_oracle_with_a_kind_per_anchor_in_chunks(chunk_size, source, variant):
    z0, z1, labels, kinds = batch(1)
    table = aunce_loss(
        z0, z1, labels, kinds,
        variant=variant, positives_from=source, chunk_size=chunk_size, reduction="none",
    )  # fmt: skip
    s = similarities(z0, z1, variant=variant)
    expected = oracle(s, labels, kinds, variant=variant, source=source)
    assert_equal([table], [expected])
    assert_equal(values(table.nansum(), z0, z1), values(expected.nansum(), z0, z1))


@pytest.mark.parametrize("beta", [(1.0, 1.0), (2.5, 0.3), (0.3, 2.5)])
def test_each_side_has_its_own_beta(beta):
    z0, z1, labels, kinds = batch(2)
    given = aunce_loss(
        z0, z1, labels, kinds, beta_active=beta[0], beta_inactive=beta[1], reduction="none"
    )
    assert_equal([given], [oracle(similarities(z0, z1), labels, kinds, beta=beta, source="views")])


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_mean_weighs_aus_by_their_weights_and_counts_only_entries_that_take_part(variant):
    z0, z1, labels, kinds = batch(3, n=8)
    labels[:, 2] = 1  # without a negative
    weights = torch.tensor([2.0, 0.5, 7.0])
    given = aunce_loss(z0, z1, labels, kinds, variant=variant, au_weights=weights)
    s = similarities(z0, z1, variant=variant)
    expected = oracle(s, labels, kinds, variant=variant, source="views")
    assert_equal([given], [weighted_mean(expected, weights)])
    assert_equal([aunce_loss(z0, z1, labels, kinds, variant=variant)], [weighted_mean(expected)])


def test_rows_without_a_reduction_are_nan_just_where_an_entry_takes_no_part():
    z0, z1, _, kinds = batch()
    unknown = torch.nan
    column = torch.tensor([[1, 0, 1, unknown, 0, 1], [1, 1, unknown, 1, 1, 1], [0, 0, 1, 1, 0, 0]])
    table = aunce_loss(z0, z1, column.T, kinds, reduction="none")
    expected = torch.zeros(6, 3, dtype=torch.bool)
    expected[3, 0] = expected[:, 1] = True
    assert torch.equal(table.isnan(), expected.repeat(2, 1))


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("anchors", [slice(0, 2), slice(2, 6), slice(5, 6)])
@pytest.mark.parametrize("chunk_size", [None, 2])
def test_some_anchors_get_the_rows_that_all_anchors_give_them(anchors, source, chunk_size):
    z0, z1, labels, kinds = batch(4)
    options = {"positives_from": source, "reduction": "none", "chunk_size": chunk_size}
    whole = aunce_loss(z0, z1, labels, kinds, **options)
    whole = torch.cat([whole[:6][anchors], whole[6:][anchors]])
    part = aunce_loss(z0, z1, labels, kinds, anchors=anchors, **options)
    assert_equal([part], [whole])
    assert_equal(values(part.nansum(), z0, z1), values(whole.nansum(), z0, z1))


def test_is_exact_in_float64_where_torch_softplus_rounds():
    z = torch.tensor([[[1.0, 0.0]], [[-1.0, 0.02]]], dtype=torch.float64)
    z0, z1 = z.clone().requires_grad_(), z.flip(0).clone().requires_grad_()  # mates are far apart
    args = torch.tensor([[1], [0]]), torch.tensor([Positive.SELF])
    given = aunce_loss(z0, z1, *args, temperature=0.095)
    assert 20 < given < 25
    s = similarities(z0, z1, 0.095)
    expected = oracle(s, *args, temperature=0.095, source="views").mean()
    assert_equal(values(given, z0, z1), values(expected, z0, z1), tolerance=1e-12)


# peers, on instance labels and on binary ones -----------------------------------------------------


def loop_losses(s, labels, formula):
    """formula(e^positives, e^negatives, e^mate) of each anchor; s (1, 2B, 2B), labels (B,)."""
    n, e = s.shape[-1], s[0].exp()
    y = labels.tolist() * 2
    losses = []
    for a in range(n):
        positives = torch.stack([e[a, b] for b in range(n) if b != a and y[b] == y[a]])
        negatives = torch.stack([e[a, b] for b in range(n) if y[b] != y[a]])
        losses.append(formula(positives, negatives, e[a, (a + n // 2) % n]))
    return torch.stack(losses)


def nt_xent(positives, negatives, mate):
    return -(mate / (mate + negatives.sum())).log()


def easiest_positive(positives, negatives, mate):
    return -(positives.max() / (positives.max() + negatives.sum())).log()


def mean_positive(positives, negatives, mate):
    return (1 + len(positives) * negatives.sum() / positives.sum()).log()


def per_pair_mean(positives, negatives, mate):
    return -(positives / (positives + negatives.sum())).log().mean()


FORMULAS = {
    Positive.SELF: nt_xent,
    Positive.NEAREST: easiest_positive,
    Positive.MEAN: mean_positive,
}
LABELINGS = {
    "instances": torch.arange(6),
    "classes": torch.tensor([0, 2, 1, 1, 3, 2]),
    "binary": torch.tensor([0, 1, 1, 0, 0, 1]),
}


def instance_losses(z0, z1, labels, kind, beta=1.0, temperature=0.5):
    """Losses (2B,) of one AU with labels of any number: `oracle` with one β for all."""
    s = similarities(z0, z1, temperature)
    kinds = torch.tensor([kind])
    options = {"temperature": temperature, "beta": (beta, beta), "source": "views"}
    return oracle(s, labels[:, None], kinds, **options)[:, 0]


@pytest.mark.parametrize("labeling", LABELINGS)
@pytest.mark.parametrize("kind", FORMULAS)
def test_with_beta_1_it_is_a_known_loss(kind, labeling):
    z0, z1, _, _ = batch(5, n_aus=1)
    labels = LABELINGS[labeling]
    expected = loop_losses(similarities(z0, z1), labels, FORMULAS[kind])
    assert_equal([instance_losses(z0, z1, labels, kind)], [expected])
    if labeling == "binary":
        ones = {"beta_active": 1.0, "beta_inactive": 1.0, "reduction": "none"}
        given = aunce_loss(z0, z1, labels[:, None], torch.tensor([kind]), **ones)
        assert_equal([given[:, 0]], [expected])


def test_two_images_of_two_labels_are_nt_xent():
    z0, z1, _, _ = batch(6, n=2, n_aus=4)
    labels = torch.tensor([[0, 1, 0, 1], [1, 0, 1, 0]])
    for kind in FORMULAS:
        args = z0, z1, labels, torch.full((4,), kind)
        given = aunce_loss(*args, beta_active=1, beta_inactive=1)
        assert_equal([given], [NTXent()(z0, z1, labels)])
        assert abs(aunce_loss(*args) - given) > 1e-3  # β does something


def test_the_mean_kind_is_at_most_the_mean_over_pairs_and_equal_for_equal_positives():
    labels = LABELINGS["classes"]
    for seed in range(5):
        z0, z1, _, _ = batch(seed, n_aus=1)
        jensen = loop_losses(similarities(z0, z1), labels, per_pair_mean)
        ours = instance_losses(z0, z1, labels, Positive.MEAN)
        assert (ours <= jensen + 1e-12).all()
        assert ours.mean() < jensen.mean() - 1e-3
    z = z0[labels]  # faces with a label are all alike
    jensen = loop_losses(similarities(z, z), labels, per_pair_mean)
    assert_equal([instance_losses(z, z, labels, Positive.MEAN)], [jensen])


@pytest.mark.parametrize("beta_hard", [0.3, 1.0, 2.0])
def test_negatives_are_those_of_hcl_times_the_mean_importance(beta_hard):
    def hcl_times_mean_importance(positives, negatives, mate):
        importance = negatives**beta_hard
        n_hcl = len(negatives) * (importance * negatives).sum() / importance.sum()
        return (1 + n_hcl * importance.mean() / mate).log()

    z0, z1, _, _ = batch(7, n_aus=1)
    labels = LABELINGS["instances"]
    expected = loop_losses(similarities(z0, z1), labels, hcl_times_mean_importance)
    given = instance_losses(z0, z1, labels, Positive.SELF, beta=1 + beta_hard)
    assert_equal([given], [expected])


def test_the_logit_of_the_loss_is_dcl():
    def dcl(positives, negatives, mate):
        return -mate.log() + negatives.sum().log()

    z0, z1, _, _ = batch(8, n_aus=1)
    labels = LABELINGS["instances"]
    expected = loop_losses(similarities(z0, z1), labels, dcl)
    assert_equal([instance_losses(z0, z1, labels, Positive.SELF).expm1().log()], [expected])


@pytest.mark.parametrize("kind", FORMULAS)
def test_agrees_with_pytorch_metric_learning(kind):
    pytest.importorskip("pytorch_metric_learning", "2.9")
    from pytorch_metric_learning import distances, losses, miners, reducers

    z0, z1, _, _ = batch(9, n_aus=1)
    rows = torch.cat([z0, z1])[:, 0]
    labels = LABELINGS["instances" if kind == Positive.SELF else "classes"]
    ours = instance_losses(z0, z1, labels, kind)
    if kind == Positive.SELF:
        theirs = losses.SelfSupervisedLoss(losses.NTXentLoss(temperature=0.5))(z0[:, 0], z1[:, 0])
    elif kind == Positive.NEAREST:
        miner = miners.BatchEasyHardMiner("easy", "all", distance=distances.CosineSimilarity())
        pairs = miner(rows, labels.repeat(2))
        theirs = losses.NTXentLoss(temperature=0.5)(rows, labels.repeat(2), pairs)
    else:
        loss = losses.NTXentLoss(temperature=0.5, reducer=reducers.PerAnchorReducer())
        theirs = loss(rows, labels.repeat(2))
        assert ours.mean() < theirs  # Jensen
        ours = loop_losses(similarities(z0, z1), labels, per_pair_mean)
    assert_equal([ours.mean()], [theirs], tolerance=1e-6)


# explain and the module ---------------------------------------------------------------------------


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("kind", list(Positive)[:4])
def test_explain_gives_the_gradient_to_each_similarity(kind, source, variant):
    z0, z1, labels, _ = batch(10, n=7)
    kinds = torch.full((3,), kind)
    told = explain(z0, z1, labels, kinds, variant=variant, positives_from=source)
    s = similarities(z0, z1, variant=variant).detach().requires_grad_()
    losses = oracle(s, labels, kinds, variant=variant, source=source)
    (expected,) = torch.autograd.grad(losses.nansum(), s)
    assert_equal([told.similarity, told.losses], [s.detach(), losses.detach()])
    shares = told.beta.T[:, :, None] * told.negative - told.positive
    assert_equal([(told.strength.T[:, :, None] * shares).nan_to_num(0)], [expected])


@pytest.mark.parametrize("kind", Positive)
def test_explain_agrees_with_the_loss_and_its_shares_sum_to_one(kind):
    z0, z1, labels, kinds = batch(11)
    labels[:, 1] = 1
    kinds[:6] = kind
    told = explain(z0, z1, labels, kinds, temperature=0.1, beta_active=2.0)
    options = {"temperature": 0.1, "beta_active": 2.0, "reduction": "none"}
    losses = aunce_loss(z0, z1, labels, kinds, **options)
    assert_equal([told.losses], [losses.detach()])
    takes_part = ~losses.isnan()
    for shares in (told.positive, told.negative):
        total = shares.sum(dim=-1).T
        assert_equal([total[takes_part]], [torch.ones_like(total[takes_part])])
        assert total[~takes_part].isnan().all()
    assert not told.losses.requires_grad


def test_a_lone_image_keeps_its_mate_as_positive_among_other_images():
    z0, z1, _, _ = batch(12, n=4, n_aus=1)
    labels = torch.tensor([[1], [0], [0], [0]])
    kinds = torch.tensor([Positive.NEAREST])
    for variant, mates_share in (("corrected", 1.0), ("official", 0.0)):  # official: itself
        options = {"positives_from": "other_images", "variant": variant}
        told = explain(z0, z1, labels, kinds, **options)
        assert told.positive[0, 0, 4] == told.positive[0, 4, 0] == mates_share
        assert (told.positive[0].diagonal(4)[1:] == 0).all()


def test_module_is_the_function_with_the_kinds_it_drew():
    z0, z1, labels, _ = batch(13)
    weights = torch.tensor([1.0, 2.0, 3.0])
    for per, shape in (("au", (3,)), ("anchor", (12, 3))):
        sampler = PositiveSampler(per=per, generator=torch.Generator().manual_seed(0))
        options = {"temperature": 0.2, "positives_from": "other_images", "chunk_size": 3}
        module = AUNCELoss(sampler, au_weights=weights, **options)
        loss = module(z0, z1, labels)
        assert module.last_kinds.shape == shape
        expected = aunce_loss(z0, z1, labels, module.last_kinds, au_weights=weights, **options)
        assert torch.equal(loss, expected)
    assert module.state_dict() == {}  # nothing of it belongs into a checkpoint
