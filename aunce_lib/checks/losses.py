"""Answers to the exercises of notebook 03: NT-Xent, SupCon, negatives, the gradient, the slips.

Every reference is written out in float64 NumPy, one anchor after the other; a learner's function
gets float64 tensors and may return a tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

import numpy as np
import torch
from torch import Tensor

from .plot import Curve, Plot
from .result import CheckResult, check


def check_nt_xent(answer: Callable, strict: bool = False) -> CheckResult:
    """`nt_xent(z0, z1, temperature)`: mean over all 2B anchors; z0, z1 (B, D) of any length."""
    unit = _views(3, 4, seed=0, unit=True)
    cases = {
        "three images, embeddings of length 1": (*unit, 1.0),
        "embeddings of any length": (*_views(4, 3, seed=1), 1.0),
        "τ = 0.5": (*_views(4, 8, seed=2, unit=True), 0.5),
        "one image: nobody to be mistaken for": (*_views(1, 4, seed=3), 0.5),
        "all faces at one point": (torch.ones(3, 2).double(), torch.ones(3, 2).double(), 0.5),
        "τ so small that e to the s overflows": (*_views(3, 4, seed=4), 0.001),
    }

    def varied(scale=np.divide, unit=True, own=False, mate_in=True, anchors=2, total=np.mean):
        def nt_xent(z0, z1, temperature):
            z, n = _rows(z0, z1, unit), len(z0)
            s = scale(z @ z.T, temperature)
            losses = []
            for a in range(anchors * n):
                mate = (a + n) % (2 * n)
                others = [b for b in range(2 * n) if (b != a or own) and (b != mate or mate_in)]
                losses.append(np.logaddexp.reduce(s[a, others]) - s[a, mate])
            return total(losses)

        return nt_xent

    wrong = {
        "the temperature is forgotten: divide the cosines by it.": varied(scale=lambda s, tau: s),
        "the cosines are multiplied by the temperature: divide.": varied(scale=np.multiply),
        "the anchor is among those it may be mistaken for: leave out its similarity to itself.": (
            varied(own=True)
        ),
        "the embeddings are not brought to length 1.": varied(unit=False),
        "the mate is missing below the line: the denominator holds all rows but the anchor.": (
            varied(mate_in=False)
        ),
        "only view 0 serves as anchor: all 2B rows do.": varied(anchors=1),
        "this is the sum over the anchors: take the mean.": varied(total=np.sum),
        "divided by B: there are 2B anchors.": varied(total=lambda x: 2 * np.mean(x)),
        "the sign is missing: a loss falls as the right answer becomes more likely.": varied(
            total=lambda x: -np.mean(x)
        ),
        **_overflows(varied()),
    }
    hints = (
        "z = F.normalize(torch.cat([z0, z1]), dim=-1), and then all cosines are z @ z.T.",
        "Row a has its mate at (a + B) % 2B. Put −inf on the diagonal before any sum.",
        "(s.logsumexp(dim=1) - s[rows, mates]).mean(), with rows = torch.arange(2 * B)",
    )
    curve = Curve(np.linspace(0.05, 1, 39), "temperature", "loss", lambda tau: (*unit, tau))
    return check("NT-Xent", _numbers(answer), varied(), cases, wrong, hints, strict, curve)


def check_sup_con(answer: Callable, strict: bool = False) -> CheckResult:
    """`sup_con(z0, z1, labels, temperature)`: one AU, labels (B,) of 0 and 1."""
    mixed = torch.tensor([1.0, 0.0, 1.0, 0.0])
    unit = _views(4, 3, seed=5, unit=True)
    cases = {
        "four images, two labels": (*unit, mixed, 1.0),
        "embeddings of any length": (*_views(4, 3, seed=6), mixed, 0.5),
        "a rare AU: one of five": (*_views(5, 4, seed=7), torch.tensor([0.0, 0, 1, 0, 0]), 0.5),
        "all faces active": (*_views(3, 4, seed=8), torch.ones(3), 0.5),
        "one image": (*_views(1, 4, seed=9), torch.ones(1), 0.5),
        "τ so small that e to the s overflows": (*_views(4, 3, seed=10), mixed, 0.001),
    }

    def varied(outside=True, own=False, unit=True, denominator="all", pull="same", share="same"):
        def sup_con(z0, z1, labels, temperature):
            z, y = _rows(z0, z1, unit), [*labels.tolist(), *labels.tolist()]
            s, rows, losses = z @ z.T / temperature, range(len(y)), []
            for a in rows:
                same = [b for b in rows if y[b] == y[a] and (b != a or own)]
                mate = [(a + len(y) // 2) % len(y)]
                pulled = {"same": same, "mate": mate}[pull]
                below = {
                    "all": [b for b in rows if b != a or own],
                    "other": [b for b in rows if y[b] != y[a]],
                }[denominator]
                count = {"same": len(pulled), "2B": len(y), "sum": 1}[share]
                if not below:
                    losses.append(0.0)
                elif outside:
                    log_shares = s[a, pulled] - np.logaddexp.reduce(s[a, below])
                    losses.append(-log_shares.sum() / count)
                else:
                    above = np.logaddexp.reduce(s[a, pulled]) - np.log(count)
                    losses.append(np.logaddexp.reduce(s[a, below]) - above)
            return np.mean(losses)

        return sup_con

    wrong = {
        "labels are not used: this is NT-Xent.": varied(pull="mate"),
        "the anchor is one of its own positives: leave it out.": varied(own=True),
        "the sum is inside of the logarithm. That is a loss too (L_in), but not this one.": (
            varied(outside=False)
        ),
        "only the other label stands below the line: in SupCon all rows but the anchor do.": (
            varied(denominator="other")
        ),
        "divided by 2B: the mean is over the positives, |Same(a)|.": varied(share="2B"),
        "the positives are summed: divide by their number, |Same(a)|.": varied(share="sum"),
        "the embeddings are not brought to length 1.": varied(unit=False),
        **_overflows(varied()),
    }
    hints = (
        "Begin with your NT-Xent: only the positives are others.",
        "log_share = s - s.logsumexp(dim=1, keepdim=True): the log of each row's shares.",
        "-(log_share.masked_fill(~same, 0).sum(1) / same.sum(1)).mean()",
    )
    curve = Curve(np.linspace(0.05, 1, 39), "temperature", "loss", lambda tau: (*unit, mixed, tau))
    return check("SupCon", _numbers(answer), varied(), cases, wrong, hints, strict, curve)


def check_log_negatives(answer: Callable, strict: bool = False) -> CheckResult:
    """`log_negatives(s, labels, beta_active, beta_inactive)`: (2B,) log N, −inf for none."""
    y = torch.tensor([1.0, 0, 0, 1, 0, 0])
    cases = {
        "β = 1: no weights": (_table(6, seed=11), y, 1.0, 1.0),
        "β = 1.2 and 0.8": (_table(6, seed=12), y, 1.2, 0.8),
        "one label only: nobody has a negative": (_table(4, seed=13), torch.ones(4), 1.2, 0.8),
        "two rows, two labels": (_table(2, seed=14), torch.tensor([1.0, 0.0]), 1.5, 0.5),
        "an unknown label": (_table(4, seed=15), torch.tensor([1.0, 0, np.nan, 0]), 1.2, 0.8),
        "τ so small that e to the s overflows": (500 * _table(6, seed=16), y, 1.2, 0.8),
    }

    def varied(swap=False, rule=None, chosen="other"):
        def log_negatives(s, labels, beta_active, beta_inactive):
            y, rows, result = labels.tolist(), range(len(labels)), []
            for a in rows:
                beta = beta_active if (y[a] == 1) != swap else beta_inactive
                known = [b for b in rows if y[a] == y[a] and y[b] == y[b]]
                others = {
                    "other": [b for b in known if y[a] != y[b]],
                    "same": [b for b in known if b != a and y[a] == y[b]],
                    "all": [b for b in known if b != a],
                    "unequal": [b for b in rows if y[a] != y[b]],
                }[chosen]
                values = s[a].numpy()[others]
                if rule and others:
                    result.append(rule(values, beta))
                else:
                    result.append(log_sum([-np.inf, *(beta * values)]))
            return np.array(result)

        return log_negatives

    def masked_product(s, labels, beta_active, beta_inactive):
        y = labels.numpy()
        beta = np.where(y == 1, beta_active, beta_inactive)[:, None]
        return np.log((np.exp(beta * s.numpy()) * (y[:, None] + y == 1)).sum(axis=1))

    log_sum = np.logaddexp.reduce
    wrong = {
        "β is not used.": varied(rule=lambda s, beta: log_sum(s)),
        "β stands before e to the s. It belongs into the exponent, beside s.": varied(
            rule=lambda s, beta: np.log(beta) + log_sum(s)
        ),
        "β stands before the logarithm: each similarity gets it, before the sum.": varied(
            rule=lambda s, beta: beta * log_sum(s)
        ),
        "β goes by the label of the anchor: yours by that of the negative, always the other one.": (
            varied(swap=True)
        ),
        "this is the mean over the negatives: take the sum.": varied(
            rule=lambda s, beta: log_sum(beta * s) - np.log(len(s))
        ),
        "the sum is over the faces with the *same* label.": varied(chosen="same"),
        "the sum is over all faces: only the other label is a negative.": varied(chosen="all"),
        "an unknown label differs from every label, so it became a negative.": varied(
            chosen="unequal"
        ),
        "right, but e to the s overflows: use torch.logsumexp.": varied(
            rule=lambda s, beta: np.log(np.exp(beta * s).sum())
        ),
        "right, but e to the s overflows, and ∞ · 0 is NaN: use torch.logsumexp.": masked_product,
    }
    hints = (
        "First a column of β, one for each anchor: (2B, 1). Then a mask of the negatives.",
        "labels[:, None] + labels[None, :] == 1 is True for one active and one inactive face.",
        "(beta * s).masked_fill(~other, -torch.inf).logsumexp(dim=1)",
    )
    title = "The re-weighted negatives"
    return check(title, _numbers(answer), varied(), cases, wrong, hints, strict)


class _Push(Curve):
    """The gradient at the last face, over its similarity."""

    def draw(self, right: Callable, answer: Callable) -> Plot | None:
        def last(function):
            return lambda *args: function(*args)[-1]

        return super().draw(last(right), last(answer))


def check_loss_gradient(answer: Callable, strict: bool = False) -> CheckResult:
    """`loss_gradient(s, positive, negative, beta)`: dL/ds (n,) of one anchor, kind MEAN."""
    s = torch.tensor([0.4, -0.2, 1.3, 0.9, -1.1], dtype=torch.float64)
    positive = torch.tensor([True, True, False, False, False])
    cases = {
        "two positives, three negatives, β = 1": (s, positive, ~positive, 1.0),
        "β = 1.2": (s, positive, ~positive, 1.2),
        "β = 0.8, one positive": (s, torch.arange(5) == 0, torch.arange(5) > 1, 0.8),
        "all is well: positives near, negatives far": (
            torch.tensor([2.0, 1.9, -1.8, -2.0, -1.5]).double(), positive, ~positive, 1.2,
        ),
        "all is wrong: positives far, negatives near": (
            torch.tensor([-2.0, -1.5, 1.8, 2.0, 0.5]).double(), positive, ~positive, 1.2,
        ),
        "a low temperature": (50 * s, positive, ~positive, 1.2),
        "so low that e to the s overflows": (1000 * s, positive, ~positive, 1.2),
    }  # fmt: skip

    def softmax(values):
        weights = np.exp(values - values.max())
        return weights / weights.sum()

    def varied(ratio=True, strength=1, sharp=True, sign=1, pull="softmax", push=True):
        def loss_gradient(s, positive, negative, beta):
            s, mine, theirs = s.numpy(), positive.numpy(), negative.numpy()
            sharpness = beta if sharp else 1.0
            log_p = np.logaddexp.reduce(s[mine]) - np.log(mine.sum())
            d = np.logaddexp.reduce(beta * s[theirs]) - log_p
            gradient = np.zeros_like(s)
            if push:
                gradient[theirs] = (beta if ratio else 1.0) * softmax(sharpness * s[theirs])
            weights = {"softmax": softmax(s[mine]), "even": 1 / mine.sum(), "none": 0.0}[pull]
            gradient[mine] -= weights
            return sign * gradient * (np.exp(-np.logaddexp(0, -strength * d)) if strength else 1.0)

        return loss_gradient

    def overflowing(s, positive, negative, beta):
        e_p, e_n = (np.exp(s) * positive).numpy(), (np.exp(beta * s) * negative).numpy()
        p, n = e_p.sum() / positive.sum().item(), e_n.sum()
        return n / (n + p) * (beta * e_n / n - e_p / e_p.sum())

    wrong = {
        "the factor β before q is missing: it comes out of the exponent when you derive.": (
            varied(ratio=False)
        ),
        "q is a softmax of s: it is one of β s, for the negatives are e to the β s.": (
            varied(sharp=False)
        ),
        "the factor σ(d) is missing: without it the push never ends.": varied(strength=0),
        "σ(−d) instead of σ(d): now the force is largest where all is well.": varied(strength=-1),
        "the sign is turned: nearer positives lower the loss, so their entries are negative.": (
            varied(sign=-1)
        ),
        "every positive pulls alike: its weight is its share π, a softmax of s.": (
            varied(pull="even")
        ),
        "only the negatives are there: the positives pull.": varied(pull="none"),
        "only the positives are there: the negatives push.": varied(push=False),
        "right, but e to the s overflows: use softmax, logsumexp and sigmoid.": overflowing,
    }
    hints = (
        "Three pieces: σ(d), and the derivatives of log N and of log P.",
        "q = (beta * s) softmaxed over the negatives, π = s softmaxed over the positives: fill the "
        "others with −inf first.",
        "torch.sigmoid(d) * (beta * q - pi), with d = log N − log P",
    )
    curve = _Push(
        np.linspace(-2, 2, 41), "similarity of a negative", "its entry of the gradient",
        lambda x: (torch.tensor([0.4, -0.2, 1.3, 0.9, x]).double(), positive, ~positive, 1.2),
    )  # fmt: skip
    title = "The gradient"
    return check(title, _numbers(answer), varied(), cases, wrong, hints, strict, curve)


def check_official_positive(answer: Callable, strict: bool = False) -> CheckResult:
    """`official_log_positive(s, labels, anchor, kind)`: log P as the published code has it."""
    s = torch.tensor([2.0, 0.3, -0.8, 1.2, 1.7, -1.5], dtype=torch.float64)
    other_way = torch.tensor([1.3, 2.0, 1.4, -0.5, 1.1, 0.2], dtype=torch.float64)
    labels = torch.tensor([1.0, 1, 0, 1, 1, 0])
    rare = torch.tensor([1.0, 0, 0, 1, 0, 0])
    cases = {
        f"{kind}, {what}": (*case, kind)
        for kind in ("nearest", "mean")
        for what, case in {
            "four rows share the label": (s, labels, 0),
            "two rows share the label": (s, rare, 0),
            "another anchor": (other_way, labels, 1),
        }.items()
    }

    def varied(own=("nearest", "mean"), by="rows", nearest="max"):
        def official_log_positive(s, labels, anchor, kind):
            y = labels.tolist()
            rows = [b for b in range(len(y)) if y[b] == y[anchor] and (b != anchor or kind in own)]
            values = s.numpy()[rows]
            if kind == "nearest":
                return values.max() if nearest == "max" else s.numpy()[nearest(anchor, len(y))]
            return np.logaddexp.reduce(values) - np.log({"rows": len(y), "same": len(rows)}[by])

        return official_log_positive

    wrong = {
        "this is how it *should* be, our corrected form: now put both slips in.": (
            varied(own=(), by="same")
        ),
        "nearest: look at its column again. Which row has always the similarity 1 / τ?": (
            varied(own=("mean",))
        ),
        "mean: the divisor is right, but one more row is in the sum.": varied(own=("nearest",)),
        "mean: one row too many is in the sum, true, and by which number is it divided?": (
            varied(by="same")
        ),
        "nearest is right. In mean there are two differences: who is summed, and the divisor.": (
            varied(own=("nearest",), by="same")
        ),
        "nearest is not the mate: it is somebody even nearer.": varied(
            nearest=lambda anchor, n: (anchor + n // 2) % n
        ),
    }
    hints = (
        "The nearest face of all is the one that nobody thinks of.",
        "Forgetting to leave out the anchor spoils both kinds. And compare mean with the number of "
        "all rows, 2B.",
        "same = labels == labels[anchor]; s[same].max(); s[same].logsumexp(0) - math.log(len(s))",
    )
    title = "The two slips"
    return check(title, _numbers(answer), varied(), cases, wrong, hints, strict)


def _overflows(right: Callable) -> dict[str, Callable]:
    """A loss that is right until e to the s overflows: then it is NaN or infinite."""

    def until(value):
        return lambda *args: right(*args) if args[-1] > 0.01 else value

    advice = "use torch.logsumexp, not exp and log."
    return {
        f"right, but e to the s overflows, and ∞ / ∞ is NaN: {advice}": until(np.nan),
        f"right, but e to the s overflows, and the loss is infinite: {advice}": until(np.inf),
    }


def _views(n: int, dim: int, seed: int, unit: bool = False) -> tuple[Tensor, Tensor]:
    """Two views (n, dim) in float64 that are somewhat alike."""
    rng = np.random.default_rng(seed)
    z0 = rng.normal(size=(n, dim))
    views = [torch.tensor(z) for z in (z0, z0 + 0.7 * rng.normal(size=(n, dim)))]
    return tuple(z / z.norm(dim=1, keepdim=True) if unit else z for z in views)


def _table(n: int, seed: int) -> Tensor:
    """Similarities (n, n) at τ = 0.5."""
    z = np.random.default_rng(seed).normal(size=(n, 3))
    z /= np.linalg.norm(z, axis=1, keepdims=True)
    return torch.tensor(2 * z @ z.T)


def _rows(z0: Tensor, z1: Tensor, unit: bool = True) -> np.ndarray:
    z = np.concatenate([z0.numpy(), z1.numpy()])
    return z / np.linalg.norm(z, axis=1, keepdims=True) if unit else z


def _numbers(function: Callable) -> Callable:
    """The same function, which returns NumPy where it returned a tensor, with gradients or not."""
    if not callable(function):
        return function

    @wraps(function)
    def numbers(*args):
        value = function(*args)
        return value.detach().cpu().double().numpy() if isinstance(value, Tensor) else value

    return numbers
