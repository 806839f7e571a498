"""What AUNCE is compared with, behind the same call: `loss(z0, z1, labels) → scalar`.

Every loss takes the embeddings of two views, (B, J, D), and labels (B, J) of 0, 1, NaN, treats each
AU by itself and averages. The contrastive ones work on rows: all of view 0, then all of view 1.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aunce_lib.batch import check_labels, check_views, check_weights, stack_views


class WeightedBCE(nn.Module):
    """Cross-entropy of a linear classifier per AU, on both views: the supervised baseline.

    Args:
        n_aus: J.
        dim: D.
        au_weights: (J,) weight of each AU, for instance `class_weights`; default 1.
        scale: Length given to the unit embeddings before the classifier.
    """

    def __init__(self, n_aus: int, dim: int, au_weights: Tensor | None = None, scale: float = 8.0):
        super().__init__()
        check_weights(au_weights, n_aus)
        self.weight = nn.Parameter(torch.randn(n_aus, dim) / math.sqrt(dim))
        self.bias = nn.Parameter(torch.zeros(n_aus))
        self.register_buffer("au_weights", torch.ones(n_aus) if au_weights is None else au_weights)
        self.scale = scale

    def forward(self, z0: Tensor, z1: Tensor, labels: Tensor) -> Tensor:
        y = check_views(z0, z1, labels)  # (2B, J)
        if z0.shape[1:] != self.weight.shape:
            raise ValueError(
                f"z0 and z1 must be (B, J, D) = (B, {', '.join(map(str, self.weight.shape))}) "
                f"like the classifiers, got {tuple(z0.shape)}"
            )
        with torch.autocast(z0.device.type, enabled=False):
            z = F.normalize(stack_views(z0, z1), dim=-1)  # (J, 2B, D)
            weight = self.weight.to(z.dtype)
            logits = self.scale * (z @ weight[:, :, None])[:, :, 0].T + self.bias  # (2B, J)
            target = y.nan_to_num(0).to(logits.dtype)
            losses = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
            weights = self.au_weights * ~y.isnan()
            return (losses * weights).sum() / weights.sum().clamp(min=1e-12)


def class_weights(labels: Tensor) -> Tensor:
    """The field's usual weights of the AUs: inverse rates of the active label, scaled to mean 1.

    Args:
        labels: (N, J) of 0, 1, NaN.

    Returns:
        (J,) w_j = J · (1 / rate_j) / Σ_k (1 / rate_k); an AU that is never active weighs 0.

    Raises:
        ValueError: For a label that is not 0, 1 or NaN.

    Example:
        >>> class_weights(torch.tensor([[1.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 0.0]]))
        tensor([1.5000, 0.5000])
    """
    rates = check_labels(labels).nanmean(dim=0)
    inverse = torch.where(rates > 0, 1 / rates, 0.0)
    return len(rates) * inverse / inverse.sum().clamp(min=1e-12)


class NTXent(nn.Module):
    """NT-Xent of SimCLR (Chen et al. 2020): the other view is the positive, all else negative.

    Looks at no label, and so learns faces rather than action units.
    """

    def __init__(self, temperature: float = 0.5):
        super().__init__()
        self.temperature = _checked_temperature(temperature)

    def forward(self, z0: Tensor, z1: Tensor, labels: Tensor) -> Tensor:
        check_views(z0, z1, labels)
        s, mate = _similarities(z0, z1, self.temperature)  # (J, 2B, 2B)
        return (s.logsumexp(dim=-1) - s.gather(-1, mate)[..., 0]).mean()


class SupCon(nn.Module):
    """Supervised contrastive loss, the sum outside the logarithm (Khosla et al. 2020, "L_out").

    All faces with the anchor's label are positives; the denominator holds all other faces.
    """

    def __init__(self, temperature: float = 0.5):
        super().__init__()
        self.temperature = _checked_temperature(temperature)

    def forward(self, z0: Tensor, z1: Tensor, labels: Tensor) -> Tensor:
        y = check_views(z0, z1, labels).T  # (J, 2B)
        s, _ = _similarities(z0, z1, self.temperature)
        known = ~y.isnan()
        s = s.masked_fill(~known[:, None, :], -math.inf)  # a face without a label is no comparison
        same = (y[:, :, None] == y[:, None, :]) & s.isfinite()  # NaN equals nothing
        log_share = s - s.logsumexp(dim=-1, keepdim=True)
        losses = -log_share.masked_fill(~same, 0).sum(dim=-1) / same.sum(dim=-1).clamp(min=1)
        return losses[known].sum() / known.sum().clamp(min=1)


class HCL(nn.Module):
    """Contrastive learning with hard negatives (Robinson et al. 2020), debiased by τ⁺.

    N = max(M (Σ_b w_b e^{s_b} / Σ_b w_b − τ⁺ P) / (1 − τ⁺), M e^{−1/τ}) with w_b = e^{β s_b} over
    the M faces of other images; the positive P is the other view. Looks at no label.

    Args:
        temperature: τ > 0.
        beta: Concentration on hard negatives, 0 or more.
        tau_plus: Prior probability that a random face is a false negative, 0 ≤ τ⁺ < 1.
    """

    def __init__(self, temperature: float = 0.5, beta: float = 1.0, tau_plus: float = 0.1):
        super().__init__()
        self.temperature = _checked_temperature(temperature)
        if not (beta >= 0 and 0 <= tau_plus < 1):
            raise ValueError(f"beta must be ≥ 0 and 0 ≤ tau_plus < 1, got {beta} and {tau_plus}")
        self.beta, self.tau_plus = beta, tau_plus

    def forward(self, z0: Tensor, z1: Tensor, labels: Tensor) -> Tensor:
        check_views(z0, z1, labels)
        s, mate = _similarities(z0, z1, self.temperature)
        positive = s.gather(-1, mate)  # (J, 2B, 1)
        negatives = s.scatter(-1, mate, -math.inf)  # the anchor itself is left out already
        n = s.shape[-1] - 2
        if n == 0:  # one image alone has nothing to be told apart from
            return 0 * s[torch.isfinite(s)].sum()
        # filled anew, as 0·∞ is NaN for β = 0
        importance = (self.beta * negatives).masked_fill(negatives.isneginf(), -math.inf)
        # log of the importance-weighted mean of e^s, and of P, both shifted by the largest s
        shift = s.amax(dim=-1, keepdim=True).detach()
        mean = (
            ((1 + self.beta) * negatives).logsumexp(dim=-1, keepdim=True)
            - importance.logsumexp(dim=-1, keepdim=True)
            - shift
        ).exp()
        debiased = (mean - self.tau_plus * (positive - shift).exp()) / (1 - self.tau_plus)
        # at a low temperature both may underflow, and log(0) has no gradient
        floor = (-1 / self.temperature - shift).exp().clamp(min=torch.finfo(s.dtype).tiny)
        log_n = math.log(n) + torch.maximum(debiased, floor).log() + shift
        return F.softplus(log_n - positive).mean()


def _checked_temperature(temperature: float) -> float:
    if not 0 < temperature < math.inf:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    return temperature


def _similarities(z0: Tensor, z1: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """s (J, 2B, 2B) with −inf on the diagonal, and the column of each row's mate (J, 2B, 1)."""
    with torch.autocast(z0.device.type, enabled=False):
        z = F.normalize(stack_views(z0, z1), dim=-1)
        s = z @ z.mT / temperature
    rows = torch.arange(s.shape[-1], device=s.device)
    s = s.masked_fill(rows[:, None] == rows, -math.inf)
    return s, rows.roll(len(z0))[None, :, None].expand(len(s), -1, 1)
