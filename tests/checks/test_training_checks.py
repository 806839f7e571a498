"""The exercises of 05: the library's own functions pass, every listed mistake is told by name."""

from __future__ import annotations

import math

import numpy as np
import torch
from contract import (  # noqa: F401
    pytest_generate_tests,
    test_a_known_mistake_is_named,
    test_a_mistake_is_known_however_it_is_written,
    test_at_least_three_wrong_answers_are_known_and_three_hints,
    test_solution_passes,
)

from aunce_lib import aunce_loss
from aunce_lib.checks import (
    check_alignment,
    check_collapsed_loss,
    check_learning_rate,
    check_training_step,
    check_uniformity,
    training,
)
from aunce_lib.config import TrainConfig
from aunce_lib.evaluation import geometry
from aunce_lib.optimisation import set_rate


def training_step(model, criterion, optimizer, view0, view1, labels):
    z0, z1 = (model(view) for view in (view0, view1))
    loss = criterion(z0, z1, labels)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss  # a tensor is as good as a number


def alignment(z0, z1):
    return geometry.alignment(z0[:, None], z1[:, None])


def uniformity(z, t=2.0):
    return geometry.uniformity(z[:, None], t)


def collapsed_loss(n_negatives, beta, temperature):
    """The library's loss of the one active face among n inactive ones, all at one point."""
    if not n_negatives:
        return 0.0  # an anchor without negatives takes no part
    z = torch.ones(n_negatives + 1, 1, 4, dtype=torch.float64)
    labels = torch.zeros(n_negatives + 1, 1)
    labels[0] = 1
    settings = {"temperature": temperature, "beta_active": beta, "reduction": "none"}
    loss = aunce_loss(z, z, labels, torch.zeros(1, dtype=torch.long), **settings)[0, 0]
    return math.log1p(math.expm1(loss) / 2)  # the negatives came in two views


def learning_rate(step, n_steps, peak, warmup):
    groups = [{"params": [torch.zeros(1)]} for _ in range(2)]  # a backbone and the rest
    optimizer = torch.optim.SGD(groups, lr=1.0)
    set_rate(optimizer, TrainConfig(learning_rate=peak, warmup=warmup), step, n_steps)
    return optimizer.param_groups[-1]["lr"]


EXERCISES = {
    check_training_step: (training_step, training.WRONG_STEPS),
    check_alignment: (alignment, training.WRONG_ALIGNMENT),
    check_uniformity: (uniformity, training.WRONG_UNIFORMITY),
    check_collapsed_loss: (collapsed_loss, training.WRONG_COLLAPSED),
    check_learning_rate: (learning_rate, training.WRONG_RATES),
}


def zero_between(model, criterion, optimizer, view0, view1, labels):
    loss = criterion(model(view0), model(view1), labels)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


OWN = [  # the same mistakes, as somebody else would write them
    (check_training_step, "no weight has changed", zero_between),
    (check_alignment, "square them", lambda a, b: np.sqrt(((a - b) ** 2).sum(1)).mean()),
    (check_alignment, "mean cosine", lambda a, b: np.trace(a @ b.T) / len(a)),
    (check_uniformity, "itself too", lambda z, t=2: np.log(np.exp(2 * t * (z @ z.T - 1)).mean())),
    (check_uniformity, "t is always 2", lambda z, t: uniformity(z)),
    (check_collapsed_loss, "β is not used", lambda n, beta, tau: np.log(n + 1)),
    (check_learning_rate, "no warm-up", lambda s, n, p, w: learning_rate(s, n, p, 0.0)),
]


def test_a_step_leaves_the_random_numbers_of_the_learner_alone():
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    check_training_step(training_step)
    assert torch.rand(1) == expected
