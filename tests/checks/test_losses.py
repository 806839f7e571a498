"""Each check of notebook 03 passes a solution and names each known wrong answer."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from contract import (  # noqa: F401
    not_started,
    pytest_generate_tests,
    test_at_least_three_wrong_answers_are_known_and_three_hints,
    test_solution_passes,
    test_wrong_answer_is_rejected_with_its_own_message,
)

from aunce_lib.checks import (
    check_log_negatives,
    check_loss_gradient,
    check_nt_xent,
    check_official_positive,
    check_sup_con,
)

INF = math.inf


def cosines(z0, z1, own=-INF, unit=True):
    z = torch.cat([z0, z1])
    z = F.normalize(z, dim=-1) if unit else z
    s = z @ z.T
    return s if own is None else s.masked_fill(torch.eye(len(z), dtype=torch.bool), own)


def mates_of(s):
    return s.roll(len(s) // 2, dims=1).diagonal()


def nt_xent(z0, z1, tau, **options):
    s = cosines(z0, z1, **options) / tau
    return (s.logsumexp(1) - mates_of(s)).mean()


def decoupled(z0, z1, tau):
    s = cosines(z0, z1) / tau
    mate = torch.eye(len(s), dtype=torch.bool).roll(len(s) // 2, dims=1)
    return (s.masked_fill(mate, -INF).logsumexp(1) - s[mate]).mean()


def view_0_only(z0, z1, tau):
    s = cosines(z0, z1) / tau
    return (s.logsumexp(1) - mates_of(s))[: len(z0)].mean()


def nt_xent_by_exp(z0, z1, tau):
    e = (cosines(z0, z1) / tau).exp()
    return -(mates_of(e) / e.sum(1)).log().mean()


def same_of(s, labels, own=False):
    y = labels.repeat(2)
    return (y[:, None] == y) & (own | ~torch.eye(len(s), dtype=torch.bool))


def sup_con(z0, z1, labels, tau, divisor=None, **options):
    s = cosines(z0, z1, **options) / tau
    own = options.get("own", 0) is None
    same = same_of(s, labels, own)
    log_share = s - s.logsumexp(1, keepdim=True)
    return -(log_share.masked_fill(~same, 0).sum(1) / (divisor or same.sum(1))).mean()


def sup_con_in(z0, z1, labels, tau):
    s = cosines(z0, z1) / tau
    same = same_of(s, labels)
    inside = s.masked_fill(~same, -INF).logsumexp(1) - same.sum(1).log()
    return (s.logsumexp(1) - inside).mean()


def sup_con_other(z0, z1, labels, tau):
    s = cosines(z0, z1) / tau
    same = same_of(s, labels)
    below = s.masked_fill(same, -INF).logsumexp(1)
    terms = (below[:, None] - s).masked_fill(~same, 0).sum(1) / same.sum(1)
    return terms.masked_fill(below.isinf(), 0).mean()


def sup_con_by_exp(z0, z1, labels, tau):
    e = (cosines(z0, z1) / tau).exp()
    same = same_of(e, labels)
    return -((e / e.sum(1, keepdim=True)).log().masked_fill(~same, 0).sum(1) / same.sum(1)).mean()


def others(y):
    return y[:, None] + y == 1


def log_negatives(s, y, active, inactive, mask=others, column=True):
    beta = torch.where(y == 1, active, inactive).double()
    beta = beta[:, None] if column else beta[None]
    return (beta * s).masked_fill(~mask(y), -INF).logsumexp(1)


def gradient(s, positive, negative, beta, ratio=None, sharpness=None, sign=1.0, even=False):
    ratio, sharpness = beta if ratio is None else ratio, beta if sharpness is None else sharpness
    mine, theirs = s.masked_fill(~positive, -INF), s.masked_fill(~negative, -INF)
    d = (beta * theirs).logsumexp(0) - mine.logsumexp(0) + positive.sum().log()
    pi = positive / positive.sum() if even else mine.softmax(0)
    return torch.sigmoid(sign * d) * (ratio * (sharpness * theirs).softmax(0) - pi)


def by_autograd(s, positive, negative, beta):
    s = s.clone().requires_grad_()
    log_p = s[positive].logsumexp(0) - math.log(positive.sum())
    (-F.logsigmoid(log_p - (beta * s[negative]).logsumexp(0))).backward()
    return s.grad


def gradient_by_exp(s, positive, negative, beta):
    p, n = s.exp() * positive, (beta * s).exp() * negative
    sigma = n.sum() / (n.sum() + p.sum() / positive.sum())
    return sigma * (beta * n / n.sum() - p / p.sum())


def pi_only(s, positive, negative, beta):
    return gradient(s, positive, negative, beta, ratio=0)


def push_only(s, positive, negative, beta):
    return gradient(s, positive, negative, beta).masked_fill(positive, 0)


def no_sigma(s, positive, negative, beta):
    return beta * (beta * s).masked_fill(~negative, -INF).softmax(0) - (
        s.masked_fill(~positive, -INF).softmax(0)
    )


def official(s, y, anchor, kind, nearest_own=True, mean_own=True, divisor=None):
    own = nearest_own if kind == "nearest" else mean_own
    values = s[(y == y[anchor]) & (own | (torch.arange(len(y)) != anchor))]
    return values.max() if kind == "nearest" else values.logsumexp(0) - math.log(divisor(s, values))


def rows_of(s, values):
    return len(s)


def kept(s, values):
    return len(values)


def official_of(**options):
    return lambda s, y, anchor, kind: official(
        s, y, anchor, kind, **{"divisor": rows_of, **options}
    )


def nearest_is_mate(s, y, anchor, kind):
    right = official_of()(s, y, anchor, kind)
    return s[(anchor + len(y) // 2) % len(y)] if kind == "nearest" else right


SOLUTIONS = {
    check_nt_xent: nt_xent,
    check_sup_con: sup_con,
    check_log_negatives: log_negatives,
    check_loss_gradient: gradient,
    check_official_positive: official_of(),
}

WRONG = [
    (check_nt_xent, "temperature is forgotten", lambda a, b, tau: nt_xent(a, b, 1.0)),
    (check_nt_xent, "multiplied by the temperature", lambda a, b, tau: nt_xent(a, b, 1 / tau)),
    (check_nt_xent, "similarity to itself", lambda a, b, tau: nt_xent(a, b, tau, own=None)),
    (check_nt_xent, "length 1", lambda a, b, tau: nt_xent(a, b, tau, unit=False)),
    (check_nt_xent, "mate is missing", decoupled),
    (check_nt_xent, "only view 0", view_0_only),
    (check_nt_xent, "the sum over", lambda a, b, tau: nt_xent(a, b, tau) * 2 * len(a)),
    (check_nt_xent, "divided by B", lambda a, b, tau: nt_xent(a, b, tau) * 2),
    (check_nt_xent, "sign is missing", lambda a, b, tau: -nt_xent(a, b, tau)),
    (check_nt_xent, "overflows", nt_xent_by_exp),
    (check_sup_con, "NT-Xent", lambda a, b, y, tau: nt_xent(a, b, tau)),
    (check_sup_con, "its own positives", lambda a, b, y, tau: sup_con(a, b, y, tau, own=None)),
    (check_sup_con, "L_in", sup_con_in),
    (check_sup_con, "only the other label", sup_con_other),
    (check_sup_con, "divided by 2B", lambda a, b, y, tau: sup_con(a, b, y, tau, 2 * len(y))),
    (check_sup_con, "are summed", lambda a, b, y, tau: sup_con(a, b, y, tau, 1)),
    (check_sup_con, "length 1", lambda a, b, y, tau: sup_con(a, b, y, tau, unit=False)),
    (check_sup_con, "overflows", sup_con_by_exp),
    (check_log_negatives, "β is not used", lambda s, y, a, i: log_negatives(s, y, 1.0, 1.0)),
    (
        check_log_negatives,
        "before e to the s",
        lambda s, y, a, i: log_negatives(s, y, 1.0, 1.0) + torch.where(y == 1, a, i).log(),
    ),
    (
        check_log_negatives,
        "before the logarithm",
        lambda s, y, a, i: log_negatives(s, y, 1.0, 1.0) * torch.where(y == 1, a, i).double(),
    ),
    (check_log_negatives, "that of the negative", lambda s, y, a, i: log_negatives(s, y, i, a)),
    (
        check_log_negatives,
        "that of the negative",
        lambda s, y, a, i: log_negatives(s, y, a, i, column=False),
    ),
    (
        check_log_negatives,
        "this is the mean",
        lambda s, y, a, i: log_negatives(s, y, a, i) - others(y).sum(1).clamp(min=1).log(),
    ),
    (
        check_log_negatives,
        "*same* label",
        lambda s, y, a, i: log_negatives(
            s, y, a, i, lambda y: (y[:, None] == y) & ~torch.eye(len(y), dtype=torch.bool)
        ),
    ),
    (
        check_log_negatives,
        "over all faces",
        lambda s, y, a, i: log_negatives(
            s, y, a, i, lambda y: (y[:, None] + y).isfinite() & ~torch.eye(len(y), dtype=torch.bool)
        ),
    ),
    (
        check_log_negatives,
        "unknown label differs",
        lambda s, y, a, i: log_negatives(s.nan_to_num(), y, a, i, lambda y: y[:, None] != y),
    ),
    (
        check_log_negatives,
        "overflows",
        lambda s, y, a, i: (
            ((torch.where(y == 1, a, i)[:, None] * s).exp() * others(y)).sum(1).log()
        ),
    ),
    (check_loss_gradient, "β before q", lambda *args: gradient(*args, ratio=1.0)),
    (check_loss_gradient, "softmax of s", lambda *args: gradient(*args, sharpness=1.0)),
    (check_loss_gradient, "σ(d) is missing", no_sigma),
    (check_loss_gradient, "σ(−d)", lambda *args: gradient(*args, sign=-1.0)),
    (check_loss_gradient, "sign is turned", lambda *args: -gradient(*args)),
    (check_loss_gradient, "pulls alike", lambda *args: gradient(*args, even=True)),
    (check_loss_gradient, "the positives pull", push_only),
    (check_loss_gradient, "the negatives push", pi_only),
    (check_loss_gradient, "overflows", gradient_by_exp),
    (
        check_official_positive,
        "corrected form",
        official_of(nearest_own=False, mean_own=False, divisor=kept),
    ),
    (check_official_positive, "look at its column", official_of(nearest_own=False)),
    (check_official_positive, "one more row", official_of(mean_own=False)),
    (check_official_positive, "by which number", official_of(divisor=kept)),
    (check_official_positive, "two differences", official_of(mean_own=False, divisor=kept)),
    (check_official_positive, "not the mate", nearest_is_mate),
]


def test_what_autograd_derives_passes():
    assert check_loss_gradient(by_autograd, strict=True).passed


@pytest.mark.parametrize("check", SOLUTIONS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("answer", [None, 3, lambda *args: None, lambda *args: "two"])
def test_whatever_the_learner_returns_the_check_answers(check, answer):
    result = check(answer)
    assert not result.passed
    assert result._repr_html_()


def test_a_result_with_gradients_counts():
    assert check_nt_xent(lambda a, b, tau: nt_xent(a.requires_grad_(), b, tau)).passed


@pytest.mark.parametrize("check", [check_nt_xent, check_sup_con, check_loss_gradient])
def test_theirs_is_drawn_beside_the_target(check):
    assert check(SOLUTIONS[check]).plot is not None
    assert check(not_started).plot is None
