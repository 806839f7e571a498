"""The exercises of 04: the library's own encoder passes, every listed mistake is told by name."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from contract import (  # noqa: F401
    pytest_generate_tests,
    test_a_known_mistake_is_named,
    test_a_mistake_is_known_however_it_is_written,
    test_at_least_three_wrong_answers_are_known_and_three_hints,
    test_solution_passes,
)

from aunce_lib.checks import (
    check_nearest,
    check_normalise,
    check_per_au_features,
    check_to_sphere,
    check_to_tokens,
    encoder,
)
from aunce_lib.encoder import AUGraph


def to_tokens(images, side):
    return F.unfold(images, side, stride=side).transpose(1, 2)


def to_tokens_by_view(images, side):
    n, _, height, width = images.shape
    x = images.view(n, 3, height // side, side, width // side, side)
    return x.permute(0, 2, 4, 1, 3, 5).flatten(3).flatten(1, 2)


def per_au_features(tokens, weight, bias):
    return F.relu(torch.einsum("btc,jdc->btjd", tokens, weight) + bias).mean(dim=1)


def nearest(v, k):
    """The library's graph, without its degrees."""
    graph = AUGraph(len(v), v.shape[1], k)
    return (graph.adjacency(v[None])[0] > 0).to(v.dtype)


def normalise(a):
    d = a.sum(dim=1).rsqrt()
    d[d.isinf()] = 0
    return d[:, None] * a * d[None, :]


EXERCISES = {
    check_to_tokens: (to_tokens, encoder.WRONG_TOKENS),
    check_per_au_features: (per_au_features, encoder.WRONG_BLOCKS),
    check_nearest: (nearest, encoder.WRONG_NEAREST),
    check_normalise: (normalise, encoder.WRONG_NORMALISE),
    check_to_sphere: (lambda v: F.normalize(v, dim=-1), encoder.WRONG_SPHERE),
}


def test_tokens_may_also_be_made_by_view_and_permute():
    assert check_to_tokens(to_tokens_by_view, strict=True).passed


OWN = [  # the same mistakes, as somebody else would write them
    (check_to_tokens, "strips", lambda x, s: x.reshape(len(x), -1, 3 * s**2)),
    (check_to_tokens, "before their numbers", lambda x, s: F.unfold(x, s, stride=s)),
    (check_per_au_features, "turned round", lambda x, w, b: per_au_features(x, w.mT, b)),
    (check_per_au_features, "before ReLU", lambda x, w, b: per_au_features(x.mean(1, True), w, b)),
    (check_nearest, "left itself out", lambda v, k: nearest(v, k) * (1 - torch.eye(len(v)))),
    (check_nearest, "directions only", lambda v, k: nearest(F.normalize(v, dim=1), k)),
    (check_normalise, "should stay 0", lambda a: (d := a.sum(1) ** -0.5)[:, None] * a * d),
    (check_normalise, "columns", lambda a: normalise(a.T).T),
    (check_to_sphere, "is NaN", lambda v: v / torch.linalg.vector_norm(v, dim=-1, keepdim=True)),
    (check_to_sphere, "over the AUs", lambda v: F.normalize(v)),
]
