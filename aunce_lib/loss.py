"""The AUNCE loss: each active face is pushed from every inactive one and pulled to its positive.

Shang et al., "Learning Contrastive Feature Representations for Facial Action Unit Detection",
arXiv:2402.06165. For one AU and an anchor a, with similarities s(a, b) = z_a·z_b / τ:

    log N(a) = log Σ_b e^{β s(a,b)}     over the faces b with the other label
    log P(a) = by the kind of positive, see `_log_positive`
    L(a)     = −log(P / (P + N)) = softplus(d),   d = log N − log P

β is β_active for active anchors, β_inactive for inactive ones. With σ = sigmoid(d), q the softmax
of βs over the negatives and π the weights of the positives, dL/ds(a, b) = σ (β q_b − π_b): β is
the temperature of the negatives and the ratio of push to pull.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aunce_lib.batch import LogSumExp, check_kinds, check_views, check_weights, stack_views
from aunce_lib.distributed import gather, global_ratio, local_rows
from aunce_lib.sampler import Positive, PositiveSampler, log_positive


@dataclass(frozen=True)
class _Options:
    """The options of `aunce_loss`, checked."""

    temperature: float = 0.5
    beta_active: float = 1.2
    beta_inactive: float = 0.8
    variant: str = "corrected"
    positives_from: str = "views"
    chunk_size: int | None = None
    reduction: str = "mean"

    def __post_init__(self):
        words = {"variant": ("corrected", "official"), "positives_from": ("views", "other_images")}
        for name, allowed in {**words, "reduction": ("mean", "none")}.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {allowed}, got {getattr(self, name)!r}")
        for name in ("temperature", "beta_active", "beta_inactive", "chunk_size"):
            value = getattr(self, name)
            if not (0 < value < math.inf if value is not None else name == "chunk_size"):
                raise ValueError(f"{name} must be above 0 and finite, got {value}")


def aunce_loss(
    z0: Tensor,
    z1: Tensor,
    labels: Tensor,
    kinds: Tensor,
    *,
    temperature: float = 0.5,
    beta_active: float = 1.2,
    beta_inactive: float = 0.8,
    variant: str = "corrected",
    positives_from: str = "views",
    au_weights: Tensor | None = None,
    reduction: str = "mean",
    chunk_size: int | None = None,
    anchors: slice = slice(None),
) -> Tensor:
    """AUNCE loss of two views of a batch.

    Args:
        z0, z1: (B, J, D) embeddings of the views, floating; "corrected" normalises them.
        labels: (B, J) bool, int or float: 1 active, 0 inactive, NaN unknown (takes no part).
        kinds: `Positive` of each AU (J,), or of each anchor and AU (2B, J).
        temperature: τ > 0.
        beta_active, beta_inactive: Exponent β > 0 for active and for inactive anchors.
        variant: "corrected", or "official", the published code's behaviour: an anchor is one of its
            own positives, MEAN divides by 2B, anchors without negatives count as 0.
        positives_from: "views", or "other_images": the other view of an anchor's image serves only
            the kind SELF, and stands in where no other image shares the label.
        au_weights: (J,) weights of the AUs in the mean; default 1.
        reduction: "mean" over the anchors and AUs with a label and a negative (0 if there are
            none), or "none": (2B, J), view 0 then view 1, NaN where an entry takes no part.
        chunk_size: Anchors compared at a time, once more in the backward pass: less memory.
        anchors: Images that serve as anchors; "none" returns the rows of these only.

    Returns:
        Scalar or table, float32 or, for float64 embeddings, float64, whatever autocast says.

    Raises:
        TypeError: For a dtype that cannot be an embedding, a label or a kind.
        ValueError: For a wrong shape, value or option; the message names it.
    """
    options = _Options(
        temperature, beta_active, beta_inactive, variant, positives_from, chunk_size, reduction
    )
    labels = check_views(z0, z1, labels)  # (2B, J)
    kinds = check_kinds(kinds.to(z0.device), len(Positive), *labels.shape)
    check_weights(au_weights, labels.shape[1])
    is_anchor = torch.zeros(len(z0), dtype=torch.bool, device=z0.device)
    is_anchor[anchors] = True
    is_anchor = is_anchor.repeat(2)  # (2B,)
    with torch.autocast(z0.device.type, enabled=False):
        z = stack_views(z0, z1)  # (J, 2B, D)
        aus = zip(z.unbind(0), labels.T, kinds.T, strict=True)
        table = torch.stack([_one_au(*au, is_anchor, options) for au in aus], dim=1)  # (2b, J)
        if not table.requires_grad:  # no anchor takes part, and still it must be differentiable
            table = table + 0 * z.sum()
    if variant == "official":
        table = table.nan_to_num(0.0)
    if reduction == "none":
        return table
    total, weight = _weighed(table, au_weights)
    return total / weight.clamp(min=1e-12)


def _weighed(table: Tensor, au_weights: Tensor | None) -> tuple[Tensor, Tensor]:
    """Σ w L and Σ w over the entries of the table that take part."""
    w = torch.ones_like(table) if au_weights is None else au_weights.to(table).expand_as(table)
    return (table.nan_to_num(0.0) * w).sum(), (w * ~table.isnan()).sum()


def _one_au(z: Tensor, y: Tensor, kinds: Tensor, is_anchor: Tensor, options: _Options) -> Tensor:
    """Losses of the anchors for one AU: z (2B, D), y, kinds, is_anchor (2B,) → (2b,)."""
    losses = z.new_full((len(z),), math.nan)
    rows = {side: (y == side).nonzero()[:, 0] for side in (1, 0)}  # actives, inactives
    if len(rows[1]) and len(rows[0]):
        x = {side: z[rows[side]] for side in (1, 0)}  # (n, D), view 0 then view 1
        if options.variant == "corrected":
            x = {side: F.normalize(x[side], dim=-1) for side in (1, 0)}
        own = {side: is_anchor[rows[side]].nonzero()[:, 0] for side in (1, 0)}
        log_n = _log_negatives(x, own, options)
        for side in (1, 0):
            anchors = rows[side][own[side]]
            log_p = torch.zeros_like(log_n[side])
            for kind in kinds.unique().tolist():
                chosen = (kinds[anchors] == kind).nonzero()[:, 0]
                part = _log_positive(x[side], own[side][chosen], kind, len(z), options)
                log_p = log_p.index_put((chosen,), part) if len(part) < len(log_p) else part
            # −log σ(−d) is softplus(d), which PyTorch rounds to d above 20
            losses = losses.index_put((anchors,), -F.logsigmoid(log_p - log_n[side]))
    return losses[is_anchor]


def _log_negatives(x: dict, own: dict, options: _Options) -> dict[int, Tensor]:
    """log N of the anchors among the actives (1) and among the inactives (0)."""
    active = options.beta_active / options.temperature
    inactive = options.beta_inactive / options.temperature
    if len(own[1]) == len(x[1]) and len(own[0]) == len(x[0]):
        # one rectangle of products for both: its rows are the actives, its columns the inactives
        log_n1, log_n0 = LogSumExp.apply(x[1], x[0], active, inactive, None, options.chunk_size)
    else:
        log_n1, _ = LogSumExp.apply(x[1][own[1]], x[0], active, None, None, options.chunk_size)
        log_n0, _ = LogSumExp.apply(x[0][own[0]], x[1], inactive, None, None, options.chunk_size)
    return {1: log_n1, 0: log_n0}


def _log_positive(x: Tensor, own: Tensor, kind: int, n_rows: int, options: _Options) -> Tensor:
    """log P of the anchors `own` among the faces x (n, D) of their label; n_rows = 2B."""
    mate = (own + len(x) // 2) % len(x)
    left_out = own.new_empty(len(own), 0) if options.variant == "official" else own[:, None]
    if options.positives_from == "other_images" and len(x) > 2:
        left_out = torch.cat([left_out, mate[:, None]], dim=1)
    log_p = log_positive(x, own, kind, left_out, options.temperature, options.chunk_size)
    if options.variant == "official" and kind == Positive.MEAN:
        log_p = log_p + math.log((len(x) - left_out.shape[1]) / n_rows)
    return log_p


class AUNCELoss(nn.Module):
    """`aunce_loss` with its settings and a sampler: call it with two views and their labels.

    Args:
        sampler: Draws the kinds of positive, kept in `last_kinds`; default: published mixture.
        gather_distributed: Compare with the images of all processes, which must bring as many each
            and draw alike (a generator with `distributed.shared_seed`). The loss is scaled so that
            the gradients DDP averages are those of one process with the whole batch.
        **options: The options of `aunce_loss` but reduction and anchors.
    """

    def __init__(self, sampler=None, *, gather_distributed: bool = False, **options):
        super().__init__()
        self.register_buffer("au_weights", options.pop("au_weights", None), persistent=False)
        _Options(**options, reduction="mean")  # a TypeError for what is no option here
        self.sampler = sampler or PositiveSampler()
        self.gather_distributed, self.options, self.last_kinds = gather_distributed, options, None

    def forward(self, z0: Tensor, z1: Tensor, labels: Tensor) -> Tensor:
        anchors = slice(None)
        if self.gather_distributed:
            anchors = local_rows(len(z0))
            z0, z1, labels = gather(z0), gather(z1), gather(labels.to(z0.device, torch.float32))
        self.last_kinds = self.sampler(z0.shape[1], 2 * len(z0))
        settings = {**self.options, "au_weights": self.au_weights, "anchors": anchors}
        if not self.gather_distributed:
            return aunce_loss(z0, z1, labels, self.last_kinds, **settings)
        table = aunce_loss(z0, z1, labels, self.last_kinds, reduction="none", **settings)
        return global_ratio(*_weighed(table, self.au_weights))


@dataclass(frozen=True)
class Explanation:
    """What pulls and pushes each anchor a: dL(a)/ds(a, b) = strength (beta·negative − positive).

    losses, strength = sigmoid(log N − log P), beta: (2B, J). similarity s, positive π, negative q:
    (J, 2B, 2B), row a, column b; π and q sum to 1. NaN where an anchor takes no part. For CENTROID
    π is each face's share of the mean before it is normalised.
    """

    losses: Tensor
    strength: Tensor
    beta: Tensor
    similarity: Tensor
    positive: Tensor
    negative: Tensor


@torch.no_grad()
def explain(z0: Tensor, z1: Tensor, labels: Tensor, kinds: Tensor, **options) -> Explanation:
    """The positive each anchor got, every negative's share, push and pull; see `Explanation`.

    Takes what `aunce_loss` takes, but reduction, au_weights, chunk_size and anchors.
    """
    losses = aunce_loss(z0, z1, labels, kinds, reduction="none", **options)  # (2B, J)
    o = _Options(**options)
    labels = check_views(z0, z1, labels)
    kinds = check_kinds(kinds.to(z0.device), len(Positive), *labels.shape)
    z, y = stack_views(z0, z1), labels.T  # (J, 2B, D), (J, 2B)
    z = F.normalize(z, dim=-1) if o.variant == "corrected" else z
    with torch.autocast(z.device.type, enabled=False):
        s = z @ z.mT / o.temperature
    anchor = torch.eye(len(labels), dtype=torch.bool, device=z.device)
    mate = anchor.roll(len(labels) // 2, dims=0)
    same, other = y[:, :, None] == y[:, None, :], y[:, :, None] + y[:, None, :] == 1
    if o.positives_from == "other_images":
        same = same & (~mate | ((same & ~mate & ~anchor).sum(dim=-1, keepdim=True) == 0))
    if o.variant == "corrected":
        same = same & ~anchor
    beta = torch.where(y == 1, *(z.new_tensor(b) for b in (o.beta_active, o.beta_inactive)))
    nearest, hardest = (
        F.one_hot((sign * s).masked_fill(~same, -math.inf).argmax(dim=-1), len(labels))
        for sign in (1, -1)
    )
    mean = s.masked_fill(~same, -math.inf).softmax(dim=-1)
    centroid = same.to(s) / same.sum(dim=-1, keepdim=True)
    by_kind = torch.stack([x.expand_as(s).to(s) for x in (mate, nearest, mean, hardest, centroid)])
    positive = by_kind.gather(0, kinds.T[None, :, :, None].expand(1, *s.shape))[0]
    positive = positive.masked_fill(~other.any(dim=-1, keepdim=True), math.nan)
    negative = (beta[:, :, None] * s).masked_fill(~other, -math.inf).softmax(dim=-1)
    return Explanation(losses, -torch.expm1(-losses), beta.T, s, positive, negative)
