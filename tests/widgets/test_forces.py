"""What the ring shows, against the loss written out as loops and its finite differences."""

from __future__ import annotations

import math

import numpy as np
import pytest

from aunce_lib.widgets.forces import KINDS, ring_forces

ANCHOR, VIEW, POSITIVES, NEGATIVES = 80.0, 101.0, (135.0, 200.0), (66.0, 40.0, 300.0)
SETTINGS = {"temperature": 0.3, "beta_active": 1.4, "beta_inactive": 0.7}


def rows_of(angles):
    """(angle, label, image) of the 2B rows: both views of the anchor, every other face twice."""
    anchor, view, *others = angles
    labels = [1] * len(POSITIVES) + [0] * len(NEGATIVES)
    faces = [(a, y, i + 1) for i, (a, y) in enumerate(zip(others, labels, strict=True))]
    return [(anchor, 1, 0), *faces, (view, 1, 0), *faces]


def weights_and_loss(angles, a, kind, active, official, tau, betas):
    """Loss of row a with its weights π and q per row, as docs and paper have it: loops only."""
    rows = rows_of(angles)
    s = [math.cos(math.radians(rows[a][0] - row[0])) / tau for row in rows]
    same = [b for b in range(len(rows)) if rows[b][1] == rows[a][1] and (official or b != a)]
    other = [b for b in range(len(rows)) if rows[b][1] != rows[a][1]]
    beta = betas[0] if (rows[a][1] == 1) == active else betas[1]
    push = {b: math.exp(beta * s[b]) for b in other}
    mate = next(b for b in range(len(rows)) if rows[b][2] == rows[a][2] and b != a)
    if kind == "self":
        positive, pull = math.exp(s[mate]), {mate: 1.0}
    elif kind == "mean":
        total = sum(math.exp(s[b]) for b in same)
        positive = total / (len(rows) if official else len(same))
        pull = {b: math.exp(s[b]) / total for b in same}
    else:
        chosen = (max if kind == "nearest" else min)(same, key=lambda b: s[b])
        positive, pull = math.exp(s[chosen]), {chosen: 1.0}
    negative = sum(push.values())
    q = {b: value / negative for b, value in push.items()}
    return -math.log(positive / (positive + negative)), pull, q


def expected_loss(angles, kind, active, official, whose):
    arguments = kind, active, official, 0.3, (1.4, 0.7)
    n = 2 * (1 + len(POSITIVES) + len(NEGATIVES)) if whose == "all" else 1
    return sum(weights_and_loss(angles, a, *arguments)[0] for a in range(n)) / n


@pytest.mark.parametrize("whose", ["anchor", "all"])
@pytest.mark.parametrize("variant", ["corrected", "official"])
@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("kind", ["self", "nearest", "mean", "hardest"])
def test_arrows_are_finite_differences_of_the_loss(kind, active, variant, whose):
    shown = ring_forces(
        ANCHOR, VIEW, POSITIVES, NEGATIVES,
        active=active, kind=kind, whose=whose, variant=variant, **SETTINGS,
    )  # fmt: skip
    settings = kind, active, variant == "official", whose
    assert shown.loss == pytest.approx(expected_loss(shown.angles, *settings), abs=1e-9)
    step = 1e-4
    for i in range(len(shown.angles)):
        up, down = shown.angles.copy(), shown.angles.copy()
        up[i], down[i] = up[i] + np.degrees(step), down[i] - np.degrees(step)
        slope = (expected_loss(up, *settings) - expected_loss(down, *settings)) / (2 * step)
        assert shown.turns[i] == pytest.approx(-slope, abs=1e-6)


@pytest.mark.parametrize("official", [False, True])
@pytest.mark.parametrize("kind", ["self", "nearest", "mean", "hardest"])
def test_shares_are_the_weights_of_both_views(kind, official):
    variant = "official" if official else "corrected"
    shown = ring_forces(ANCHOR, VIEW, POSITIVES, NEGATIVES, kind=kind, variant=variant, **SETTINGS)
    _, pull, q = weights_and_loss(shown.angles, 0, kind, True, official, 0.3, (1.4, 0.7))
    expected, image = np.zeros(len(shown.angles)), len(POSITIVES) + len(NEGATIVES) + 1
    for b, weight in {**pull, **q}.items():
        point = {0: 0, image: 1}.get(b, 1 + b % image)  # row → point
        expected[point] += weight
    np.testing.assert_allclose(shown.shares, expected, atol=1e-6)
    assert shown.shares[-len(NEGATIVES) :].sum() == pytest.approx(1)


@pytest.mark.parametrize("temperature", [0.1, 0.5, 1.0])
def test_the_hardest_negative_is_not_always_the_heaviest(temperature):
    shown = ring_forces(90, 110, (), (88, 60, 10), temperature=temperature)
    apart = np.radians([2, 30, 80])
    push = np.exp(1.2 * np.cos(apart) / temperature) * np.sin(apart)
    assert shown.hardest == 2 + push.argmax()
    assert shown.shares[2:].argmax() == 0  # the nearest has most weight at any temperature
    assert shown.hardest != 2


def test_a_negative_is_turned_as_hard_as_it_turns_the_anchor():
    shown = ring_forces(ANCHOR, VIEW, POSITIVES, NEGATIVES, **SETTINGS)
    assert shown.turns.sum() == pytest.approx(0, abs=1e-12)
    assert (shown.turns[-3:-1] < 0).all()  # both on the right of the anchor: pushed on


def test_only_differences_of_angles_matter():
    first = ring_forces(ANCHOR, VIEW, POSITIVES, NEGATIVES)
    turned = [np.add(a, 123.4) for a in (ANCHOR, VIEW, POSITIVES, NEGATIVES)]
    second = ring_forces(*turned)
    np.testing.assert_allclose(first.turns, second.turns, atol=1e-12)
    np.testing.assert_allclose(first.apart, second.apart)


def test_in_the_official_variant_the_nearest_positive_is_the_anchor_itself():
    shown = ring_forces(ANCHOR, VIEW, POSITIVES, NEGATIVES, kind="nearest", variant="official")
    assert shown.shares[0] == pytest.approx(1)
    assert shown.turns[1:4] == pytest.approx(0)  # nothing pulls


def test_points_have_names():
    shown = ring_forces(positives=(1, 2), negatives=(3,))
    assert shown.names == ["anchor", "other view", "positive 1", "positive 2", "negative 1"]
    assert shown.names[shown.hardest] == "negative 1"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_shown_without_positives(kind):
    assert math.isfinite(ring_forces(positives=(), kind=kind).loss)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"negatives": ()}, "no negatives"),
        ({"anchor": math.nan}, "angles must be degrees, got nan"),
        ({"negatives": (1, math.inf)}, "angles must be degrees, got inf"),
        ({"kind": "closest"}, "kind must be one of"),
        ({"whose": "mine"}, "whose must be one of"),
        ({"temperature": 0.0}, "temperature must be above 0"),
        ({"variant": "published"}, "variant must be one of"),
    ],
)
def test_bad_input_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        ring_forces(**settings)
