"""Action units as often, and as often together, as in BP4D."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from aunce_lib.faces import AUS, BP4D, Difficulty, Statistics, draw_action_units
from aunce_lib.faces.statistics import (
    both_active,
    fit_correlations,
    latent_correlation,
    person_effects,
)

N, PEOPLE = 100_000, 41
RATES = dict(BP4D.rates)


@pytest.fixture(scope="module")
def frames():
    return draw_action_units(torch.arange(N) % PEOPLE, PEOPLE, seed=0)


def test_rates_are_those_of_bp4d(frames):
    rates = frames[1].float().mean(0)
    for k, au in enumerate(AUS):
        assert rates[k].item() == pytest.approx(RATES.get(au, 0.02), abs=0.02), au


def test_phi_are_those_of_bp4d(frames):
    phi = np.corrcoef(frames[1].numpy().T.astype(float))
    for first, second, published in BP4D.phi:
        ours = phi[AUS.index(first), AUS.index(second)]
        assert ours == pytest.approx(published, abs=0.05), (first, second)


def test_unlisted_phi_stay_within_their_bound(frames):
    phi = np.abs(np.corrcoef(frames[1].numpy().T.astype(float)))
    np.fill_diagonal(phi, 0)
    for first, second, _ in BP4D.phi:
        phi[AUS.index(first), AUS.index(second)] = phi[AUS.index(second), AUS.index(first)] = 0
    assert phi.max() <= 0.20


def test_people_differ_as_widely_as_in_bp4d(frames):
    """BP4D: AU1 1.1 to 69.9 % of a person's frames, AU7 19.3 to 100 %, AU24 0.5 to 36.6 %."""
    active, who = frames[1].float(), torch.arange(N) % PEOPLE
    rates = torch.stack([active[who == p].mean(0) for p in range(PEOPLE)])
    for au, lowest, highest in ((1, 0.011, 0.699), (7, 0.193, 1.0), (24, 0.005, 0.366)):
        ours = rates[:, AUS.index(au)]
        assert ours.min().item() == pytest.approx(lowest, abs=0.12)
        assert ours.max().item() == pytest.approx(highest, abs=0.12)


def test_label_is_intensity_that_reaches_the_threshold(frames):
    intensities, active = frames
    strongest = intensities.amax(-1)
    assert (strongest[active] >= 0.3 - 1e-6).all()
    assert (strongest[~active] <= 0.15 + 1e-6).all()
    assert intensities.min() >= 0
    assert intensities.max() <= 1


def test_intensities_of_active_aus_fill_the_range_evenly(frames):
    strongest = frames[0][:, AUS.index(12)].amax(-1)[frames[1][:, AUS.index(12)]]
    share, _ = np.histogram(strongest, bins=7, range=(0.3, 1.0))
    assert share.max() / share.min() < 1.25


def test_dimpler_is_the_most_lopsided(frames):
    left, right = frames[0].unbind(-1)
    gap = ((left - right).abs() * frames[1]).sum(0) / frames[1].sum(0)
    assert AUS[int(gap.argmax())] == 14


def test_margin_follows_the_difficulty():
    aus, active = draw_action_units(torch.zeros(500, dtype=torch.long), 1, 0, "tutorial")
    assert (aus.amax(-1)[active] >= 0.5 - 1e-6).all()
    assert (aus.amax(-1)[~active] <= 0.05 + 1e-6).all()
    aus, active = draw_action_units(torch.zeros(500, dtype=torch.long), 1, 0, Difficulty(0.8, 0.6))
    assert aus.amax(-1)[active].min() >= 0.8 - 1e-6


def test_same_seed_same_frames_other_seed_others():
    who = torch.arange(200) % 7
    first, again = draw_action_units(who, 7, seed=1), draw_action_units(who, 7, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[1], draw_action_units(who, 7, seed=2)[1])


@pytest.mark.parametrize("n_people", [1, 2, 12, 41, 300])
def test_person_effects_are_a_permuted_grid_of_quantiles(n_people):
    effects = person_effects(n_people, seed=5)
    assert effects.shape == (n_people, len(AUS))
    ordered = effects.sort(0).values
    assert torch.equal(ordered, ordered[:, :1].expand_as(ordered))
    if n_people > 1:
        torch.testing.assert_close(effects.mean(0), torch.zeros(len(AUS)).double())
        torch.testing.assert_close(effects.pow(2).mean(0), torch.ones(len(AUS)).double())


def test_person_effects_are_correlated_like_the_action_units():
    wanted = fit_correlations(BP4D)
    ours = np.corrcoef(person_effects(PEOPLE, seed=2).numpy().T)
    assert np.abs(ours - wanted).max() < 0.20


def test_both_active_agrees_with_known_values():
    """Sheppard: P(z1 > 0, z2 > 0) = 1/4 + arcsin(r) / 2 pi; and independence at r = 0."""
    r = np.array([-0.9, -0.3, 0.0, 0.5, 0.95])
    zero = np.zeros_like(r)
    np.testing.assert_allclose(both_active(zero, zero, r), 0.25 + np.arcsin(r) / (2 * np.pi), 1e-7)
    independent = both_active(np.array([1.0]), np.array([-0.5]), np.array([0.0]))
    np.testing.assert_allclose(independent, 0.15865525 * 0.69146246, 1e-6)


def test_latent_correlation_inverts_phi():
    """At rates of one half phi = (2 / pi) arcsin r."""
    half, phi = np.full(3, 0.5), np.array([-0.4, 0.1, 0.6])
    expected = np.sin(np.pi * phi / 2)
    np.testing.assert_allclose(latent_correlation(half, half, phi), expected, atol=1e-6)


def test_fitted_correlations_are_positive_definite():
    wanted = fit_correlations(BP4D)
    assert np.linalg.eigvalsh(wanted)[0] > 0
    np.testing.assert_allclose(wanted, wanted.T, atol=1e-12)
    np.testing.assert_allclose(wanted.diagonal(), 1)


def test_a_phi_table_that_contradicts_itself_is_refused():
    rates = tuple((au, 0.5) for au in AUS)
    impossible = Statistics(rates, ((1, 2, 0.9), (2, 4, 0.9), (1, 4, -0.9)))
    with pytest.raises(ValueError, match="contradicts itself"):
        fit_correlations(impossible)


def test_wrong_persons_are_refused():
    with pytest.raises(TypeError, match="persons must be an int64 tensor"):
        draw_action_units(torch.zeros(3), 3)
    with pytest.raises(TypeError, match="persons must be an int64 tensor, got list"):
        draw_action_units([0, 1], 3)
    with pytest.raises(ValueError, match="values in 0..n_people - 1 = 2"):
        draw_action_units(torch.tensor([0, 3]), 3)
    with pytest.raises(ValueError, match="values in 0..n_people - 1 = 2"):
        draw_action_units(torch.tensor([-1]), 3)
    with pytest.raises(ValueError, match=r"got shape \(1, 2\)"):
        draw_action_units(torch.tensor([[0, 1]]), 3)
