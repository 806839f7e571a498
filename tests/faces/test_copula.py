"""The Gaussian copula: rates and phi in, correlated hidden numbers out."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from aunce_lib.faces import AFFWILD2, AUS, BP4D, DISFA, GFT, Statistics
from aunce_lib.faces.copula import (
    both_active,
    fit_correlations,
    latent_correlation,
    listed_phi,
    person_effects,
)

PEOPLE = 41


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


@pytest.mark.parametrize("statistics", [BP4D, DISFA, GFT, AFFWILD2])
def test_fitted_correlations_are_positive_definite(statistics):
    wanted = fit_correlations(statistics)
    assert np.linalg.eigvalsh(wanted)[0] > 0
    np.testing.assert_allclose(wanted, wanted.T, atol=1e-12)
    np.testing.assert_allclose(wanted.diagonal(), 1)


def test_a_phi_table_that_contradicts_itself_is_refused():
    rates = tuple((au, 0.5) for au in AUS)
    impossible = Statistics(rates, ((1, 2, 0.9), (2, 4, 0.9), (1, 4, -0.9)))
    with pytest.raises(ValueError, match="contradicts itself"):
        fit_correlations(impossible)


def test_listed_phi_is_symmetric_and_leaves_out_aus_that_are_not_drawn():
    listed, phi = listed_phi(Statistics((), ((1, 2, 0.5), (1, 39, 0.5))))
    assert listed.sum() == 2
    i, j = AUS.index(1), AUS.index(2)
    assert phi[i, j] == phi[j, i] == 0.5
