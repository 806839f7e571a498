"""Exercises of 04, the encoder: tokens, a block per AU, the graph, the sphere."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .result import CheckResult, check


def _numbers(*shape: int, seed: int = 0) -> Tensor:
    """Numbers that are not alike, the same ones every time."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


# ------------------------------------------------------------------------------ to_tokens
def _cut(images: Tensor, side: int) -> Tensor:
    """(B, 3, H, W) → (B, H/side, W/side, 3, side, side)."""
    return images.unfold(2, side, side).unfold(3, side, side).permute(0, 2, 3, 1, 4, 5)


def _to_tokens(images: Tensor, side: int) -> Tensor:
    return _cut(images, side).flatten(1, 2).flatten(2)


IMAGES = {
    "one image of 4 × 4 pixels, patches of 2": (torch.arange(48.0).view(1, 3, 4, 4), 2),
    "two images": (torch.arange(96.0).view(2, 3, 4, 4), 2),
    "an image that is wider than high": (torch.arange(72.0).view(1, 3, 4, 6), 2),
    "larger patches": (torch.arange(432.0).view(1, 3, 12, 12), 4),
    "the whole image as one token": (torch.arange(48.0).view(1, 3, 4, 4), 4),
}
WRONG_TOKENS = {
    "the numbers were only counted off in new portions, so a token holds strips of one colour. Cut "
    "rows and columns first, then bring the axes into order.": (
        lambda images, side: images.reshape(len(images), -1, 3 * side * side)
    ),
    "the axes are (B, numbers, tokens): the tokens should come before their numbers. Transpose.": (
        lambda images, side: _to_tokens(images, side).mT
    ),
    "the tokens go down the columns. Read the face as a page: along a row, then the next row.": (
        lambda images, side: _cut(images, side).transpose(1, 2).flatten(1, 2).flatten(2)
    ),
    "within a token the colours come last. They should come first: all of red, green, then blue.": (
        lambda images, side: _cut(images, side).movedim(3, 5).flatten(1, 2).flatten(2)
    ),
    "the patches overlap: after each one go on by a whole side, not by one pixel.": (
        lambda images, side: F.unfold(images, side).mT
    ),
}


def check_to_tokens(answer: Callable[[Tensor, int], Tensor], strict: bool = False) -> CheckResult:
    """Check `to_tokens(images, side)`: (B, 3, H, W) → (B, T, 3 · side · side), in reading order.

    Args:
        answer: The learner's function.
        strict: Raise CheckFailed if it is not right.
    """
    hints = (
        "First give rows and columns two axes each: which patch, and where in the patch.",
        "images.view(B, 3, H // side, side, W // side, side) has them; now bring the two axes that "
        "say which patch to the front, behind B.",
        ".permute(0, 2, 4, 1, 3, 5), then flatten axes 1 and 2 into T, and the last three into "
        "one. Or let F.unfold(images, side, stride=side) do it, and look at its axes.",
    )
    title = "From an image to tokens"
    return check(title, answer, _to_tokens, IMAGES, WRONG_TOKENS, hints, strict)


# ------------------------------------------------------------------------ per_au_features
def _per_au_features(tokens: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    blocks = zip(weight, bias, strict=True)
    return torch.stack([F.relu(F.linear(tokens, w, b)).mean(dim=1) for w, b in blocks], dim=1)


BLOCKS = {
    "1 face, 4 tokens, 2 AUs": (_numbers(1, 4, 3), _numbers(2, 3, 3, seed=1), _numbers(2, 3)),
    "5 faces, 4 tokens, 2 AUs": (_numbers(5, 4, 3), _numbers(2, 3, 3, seed=1), _numbers(2, 3)),
    "2 faces, 16 tokens, 12 AUs": (_numbers(2, 16, 8), _numbers(12, 8, 8, seed=1), _numbers(12, 8)),
    "one token": (_numbers(3, 1, 4), _numbers(2, 4, 4, seed=1), _numbers(2, 4)),
}
WRONG_BLOCKS = {
    "the matrices are turned round: a linear layer computes x Wᵀ + b, so the second axis of a "
    "weight (J, out, in) meets the token.": (
        lambda x, w, b: F.relu(torch.einsum("btc,jcd->btjd", x, w) + b).mean(1)
    ),
    "the mean was taken before ReLU. Then a token that says nothing pulls down one that says "
    "much.": lambda x, w, b: F.relu((torch.einsum("btc,jdc->btjd", x, w) + b).mean(1)),
    "ReLU is missing: without it, all the tokens' evidence for and against cancels.": (
        lambda x, w, b: (torch.einsum("btc,jdc->btjd", x, w) + b).mean(1)
    ),
    "the bias was added after ReLU; it belongs to the linear layer, before it.": (
        lambda x, w, b: (F.relu(torch.einsum("btc,jdc->btjd", x, w)) + b).mean(1)
    ),
    "the tokens were added up: take their mean, so that a larger image gives no longer feature.": (
        lambda x, w, b: F.relu(torch.einsum("btc,jdc->btjd", x, w) + b).sum(1)
    ),
    "the axes are (J, B, C): faces come first, (B, J, C).": (
        lambda x, w, b: _per_au_features(x, w, b).transpose(0, 1)
    ),
    "all AUs used the weights of the first.": (
        lambda x, w, b: _per_au_features(x, w[:1].expand_as(w), b[:1].expand_as(b))
    ),
}


def check_per_au_features(
    answer: Callable[[Tensor, Tensor, Tensor], Tensor], strict: bool = False
) -> CheckResult:
    """Check `per_au_features(tokens, weight, bias)`: J linear blocks at once, equal to the loop.

    Args:
        answer: The learner's function of tokens (B, T, C), weight (J, C, C), bias (J, C).
        strict: Raise CheckFailed if it is not right.
    """
    hints = (
        "Write the loop over the AUs first: F.linear, F.relu, the mean over the tokens, and "
        "torch.stack along axis 1. That is right already, only slow.",
        "All products at once: torch.einsum, with the letters b, t, c for the tokens, and j, d, c "
        "for the weights. Which letter is summed over?",
        'torch.einsum("btc,jdc->btjd", tokens, weight) + bias; then ReLU, then mean(dim=1).',
    )
    title = "A block for each AU"
    return check(title, answer, _per_au_features, BLOCKS, WRONG_BLOCKS, hints, strict)


# -------------------------------------------------------------------------------- nearest
def _nearest(v: Tensor, k: int) -> Tensor:
    a = torch.zeros(len(v), len(v), dtype=v.dtype)
    for j, similarity in enumerate(v @ v.T):
        a[j, similarity.argsort(descending=True)[:k]] = 1
    return a


def _chosen(scores: Tensor, k: int) -> Tensor:
    return torch.zeros_like(scores).scatter(-1, scores.topk(k, dim=-1).indices, 1.0)


def _cosines(v: Tensor, k: int) -> Tensor:
    u = F.normalize(v, dim=-1)
    return _chosen(u @ u.T, k)


def _others(v: Tensor, k: int) -> Tensor:
    alone = torch.eye(len(v), dtype=torch.bool)
    return _chosen((v @ v.T).masked_fill(alone, -torch.inf), min(k, len(v) - 1))


FEATURES = {
    "three AUs, two alike": (torch.tensor([[2.0, 0.0], [1.9, 0.3], [0.0, 1.0]]), 2),
    "12 AUs, each listens to 4": (_numbers(12, 6), 4),
    "5 AUs of very different lengths": (
        _numbers(5, 3, seed=2) * torch.tensor([[0.2], [1], [5], [0.4], [3]]),
        2,
    ),
    "k = 1": (_numbers(6, 8, seed=5).abs(), 1),
    "everybody listens to everybody": (_numbers(4, 3), 4),
}
WRONG_NEAREST = {
    "each AU left itself out. It should be free to be its own neighbour.": _others,
    "these are the AUs that are least alike: take the largest products.": (
        lambda v, k: _chosen(-(v @ v.T), k)
    ),
    "this compares directions only (cosine). The graph takes the plain product v·v, so a long "
    "feature is heard further.": _cosines,
    "rows and columns are exchanged: row j says to whom AU j listens, and has k ones.": (
        lambda v, k: _nearest(v, k).T
    ),
    "this was made symmetric. Listening need not be mutual: every row has exactly k ones.": (
        lambda v, k: torch.maximum(_nearest(v, k), _nearest(v, k).T)
    ),
    "the similarities themselves are still there: a is 1 for a neighbour, else 0.": (
        lambda v, k: _nearest(v, k) * (v @ v.T)
    ),
}


def check_nearest(answer: Callable[[Tensor, int], Tensor], strict: bool = False) -> CheckResult:
    """Check `nearest(v, k)`: (J, J) of 0 and 1, row j the k AUs whose features are most like j's.

    Args:
        answer: The learner's function of features v (J, C).
        strict: Raise CheckFailed if it is not right.
    """
    hints = (
        "All products of two AUs are one matrix product: v @ v.T, (J, J).",
        "similarity.topk(k, dim=-1).indices says, for each row, where its k largest entries are.",
        "torch.zeros_like(similarity).scatter(-1, indices, 1.0) puts ones there.",
    )
    return check("Who listens to whom", answer, _nearest, FEATURES, WRONG_NEAREST, hints, strict)


# ------------------------------------------------------------------------------ normalise
def _inverse_root(degree: Tensor) -> Tensor:
    return torch.where(degree > 0, degree, torch.inf).rsqrt()


def _normalise(a: Tensor) -> Tensor:
    d = torch.diag(_inverse_root(a.sum(dim=1)))
    return d @ a @ d


GRAPHS = {
    "everybody has two neighbours": (torch.tensor([[1.0, 1, 0], [0, 1, 1], [1, 0, 1]]),),
    "a star: one AU knows all, the others only it": (
        torch.tensor([[1.0, 1, 1, 1], [1, 1, 0, 0], [1, 0, 1, 0], [1, 0, 0, 1]]),
    ),
    "listening that is not mutual": (torch.tensor([[1.0, 1, 1], [0, 1, 0], [0, 1, 1]]),),
    "an AU that listens to nobody": (torch.tensor([[1.0, 1, 0], [1, 1, 0], [0, 0, 0]]),),
    "weights instead of ones": (torch.tensor([[2.0, 1, 0], [1, 3, 0.5], [0, 0.5, 1]]),),
}
WRONG_NORMALISE = {
    "an AU without neighbours gave 0 / 0. Its row should stay 0.": (
        lambda a: a.sum(1).rsqrt()[:, None] * a * a.sum(1).rsqrt()
    ),
    "this divides each row by its degree (D⁻¹A): a mean over the neighbours. The graph divides by "
    "the roots of both degrees.": lambda a: a * _inverse_root(a.sum(1))[:, None] ** 2,
    "only the rows were divided: multiply by D^-½ from the right too.": (
        lambda a: a * _inverse_root(a.sum(1))[:, None]
    ),
    "these are degrees of the columns. The degree of an AU is the sum of its row.": (
        lambda a: _inverse_root(a.sum(0))[:, None] * a * _inverse_root(a.sum(0))
    ),
    "the degrees were multiplied: the exponent is minus one half.": (
        lambda a: a.sum(1)[:, None].sqrt() * a * a.sum(1).sqrt()
    ),
    "the roots are missing: each side is divided by the root of a degree.": (
        lambda a: a * _inverse_root(a.sum(1))[:, None] ** 2 * _inverse_root(a.sum(1)) ** 2
    ),
}


def check_normalise(answer: Callable[[Tensor], Tensor], strict: bool = False) -> CheckResult:
    """Check `normalise(a)`: D^-½ A D^-½, with D the sums of the rows; a row of zeros stays zero.

    Args:
        answer: The learner's function of a graph (J, J) of numbers of 0 or more.
        strict: Raise CheckFailed if it is not right.
    """
    hints = (
        "The degree of AU j is the sum of row j. Entry (i, j) is divided by the root of i's degree "
        "and by the root of j's.",
        "a.sum(dim=1).rsqrt() is one over the root. As a column it divides the rows, as a row the "
        "columns. What is it for a degree of 0?",
        "d = a.sum(dim=1).rsqrt(); d[d.isinf()] = 0; return d[:, None] * a * d[None, :]",
    )
    return check("Degrees", answer, _normalise, GRAPHS, WRONG_NORMALISE, hints, strict)


# ------------------------------------------------------------------------------ to_sphere
def _to_sphere(v: Tensor) -> Tensor:
    length = v.square().sum(dim=-1, keepdim=True).sqrt()
    return torch.where(length > 0, v / length, 0.0)


VECTORS = {
    "one face, one AU": (torch.tensor([[[3.0, 4.0]]]),),
    "two faces, three AUs": (_numbers(2, 3, 4),),
    "very long and very short ones": (
        torch.tensor([[[3e4, 4e4], [3e-6, 4e-6]]], dtype=torch.float64),
    ),
    "an embedding that is zero": (torch.tensor([[[0.0, 0.0], [0.0, 2.0]]]),),
}
WRONG_SPHERE = {
    "zero divided by zero is NaN, and one NaN spoils the whole loss. A zero vector has no "
    "direction: let it stay zero.": lambda v: v / v.norm(dim=-1, keepdim=True),
    "the length was taken over the AUs: each embedding has its own, over the last axis.": (
        lambda v: F.normalize(v, dim=-2)
    ),
    "the length was taken over all numbers at once: each embedding has its own.": (
        lambda v: v / v.norm().clamp(min=1e-12)
    ),
    "the root is missing: this divides by the squared length.": (
        lambda v: v / v.square().sum(-1, keepdim=True).clamp(min=1e-24)
    ),
    "this is the sum of the absolute values: the length squares, adds and takes the root.": (
        lambda v: F.normalize(v, p=1, dim=-1)
    ),
    "this divides by the largest entry: the length squares, adds and takes the root.": (
        lambda v: F.normalize(v, p=torch.inf, dim=-1)
    ),
}


def check_to_sphere(answer: Callable[[Tensor], Tensor], strict: bool = False) -> CheckResult:
    """Check `to_sphere(v)`: (B, J, D) → every embedding of length 1, a zero one stays zero.

    Args:
        answer: The learner's function.
        strict: Raise CheckFailed if it is not right.
    """
    hints = (
        "How long is one embedding? Keep the axis, so that you can divide by it.",
        "v.norm(dim=-1, keepdim=True) is (B, J, 1). What happens where it is 0?",
        "Divide by v.norm(dim=-1, keepdim=True).clamp(min=1e-12).",
    )
    return check("Onto the sphere", answer, _to_sphere, VECTORS, WRONG_SPHERE, hints, strict)
