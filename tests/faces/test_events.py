"""Action units as often, as long and as often together as in the real corpora."""

from __future__ import annotations

from itertools import groupby

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from aunce_lib.faces import (
    AUS,
    BP4D,
    DISFA,
    Difficulty,
    draw_action_units,
    draw_sequences,
    event_lengths,
)
from aunce_lib.facs import AU_SETS

N, PEOPLE = 100_000, 41
RATES = dict(BP4D.rates)

# ------------------------------------------------------------------------- single frames


def drawn_pairs(statistics):
    """Listed phi of pairs that are both drawn."""
    return [row for row in statistics.phi if row[0] in AUS and row[1] in AUS]


@pytest.fixture(scope="module")
def frames():
    return draw_action_units(torch.arange(N) % PEOPLE, PEOPLE, seed=0)


def test_rates_are_those_of_bp4d(frames):
    rates = frames[1].float().mean(0)
    for k, au in enumerate(AUS):
        assert rates[k].item() == pytest.approx(RATES.get(au, 0.02), abs=0.02), au


def test_phi_are_those_of_bp4d(frames):
    phi = np.corrcoef(frames[1].numpy().T.astype(float))
    for first, second, published in drawn_pairs(BP4D):
        ours = phi[AUS.index(first), AUS.index(second)]
        assert ours == pytest.approx(published, abs=0.05), (first, second)


def test_unlisted_phi_stay_within_their_bound(frames):
    phi = np.abs(np.corrcoef(frames[1].numpy().T.astype(float)))
    np.fill_diagonal(phi, 0)
    for first, second, _ in drawn_pairs(BP4D):
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


# ------------------------------------------------------------------------- sequences
#: Of corpora.md, in the order of the AU sets: people, sequences each, frames; rates; median events.
PUBLISHED = {
    "bp4d": (
        (BP4D, 41, 8, 447),
        [0.211, 0.171, 0.203, 0.461, 0.549, 0.594, 0.562, 0.466, 0.169, 0.343, 0.165, 0.151],
        [32, 34, 32, 82, 77, 87, 122, 62, 19, 20, 18, 24],
    ),
    "disfa": (
        (DISFA, 27, 1, 4845),
        [0.050, 0.043, 0.152, 0.079, 0.042, 0.129, 0.277, 0.088],
        [22, 24, 24, 74, 38, 71, 68, 16],
    ),
}
PHI = {
    "bp4d": {
        **{(1, 2): 0.46, (6, 7): 0.54, (6, 10): 0.50, (6, 12): 0.54, (7, 10): 0.39, (7, 12): 0.35},
        **{(10, 12): 0.53, (6, 14): 0.25, (10, 14): 0.26, (12, 14): 0.23, (14, 24): 0.23},
        **{(15, 17): 0.29, (15, 23): 0.24, (15, 24): 0.17, (17, 23): 0.27, (17, 24): 0.42},
        **{(23, 24): 0.26, (4, 12): -0.26},
    },
    "disfa": {
        **{(1, 2): 0.63, (4, 9): 0.34, (6, 12): 0.50, (6, 25): 0.36, (12, 25): 0.46},
        **{(25, 26): 0.31, (6, 9): 0.19},
    },
}


@pytest.fixture(scope="module", params=["bp4d", "disfa"])
def corpus(request):
    """Name and labels (S, T, J) of a full corpus."""
    statistics, people, sequences, frames = PUBLISHED[request.param][0]
    who = torch.arange(people).repeat_interleave(sequences)
    _, active = draw_sequences(who, frames, people, 0, "benchmark", statistics)
    return request.param, active[..., [AUS.index(au) for au in AU_SETS[request.param]]].numpy()


def test_a_full_corpus_has_the_published_rates(corpus):
    name, active = corpus
    np.testing.assert_allclose(active.mean((0, 1)), PUBLISHED[name][1], atol=0.02)


def test_a_full_corpus_has_the_published_phi(corpus):
    name, active = corpus
    phi = np.corrcoef(active.reshape(-1, active.shape[-1]).T.astype(float))
    for (first, second), published in PHI[name].items():
        ours = phi[AU_SETS[name].index(first), AU_SETS[name].index(second)]
        assert ours == pytest.approx(published, abs=0.05), (first, second)


def test_a_full_corpus_has_the_published_median_event_lengths(corpus):
    name, active = corpus
    lengths = [np.median(event_lengths(active[..., j])) for j in range(active.shape[-1])]
    np.testing.assert_allclose(lengths, PUBLISHED[name][2], rtol=0.15)


def test_half_of_disfas_frames_are_empty_and_few_of_bp4ds(corpus):
    """Published: 53.7 % and 7.9 %; the rest of the pattern is the copula's, so this is wider."""
    name, active = corpus
    empty = (~active.any(-1)).mean()
    assert empty == pytest.approx({"bp4d": 0.079, "disfa": 0.537}[name], abs=0.05)


def test_people_of_a_full_bp4d_differ_as_widely_as_published(corpus):
    name, active = corpus
    if name != "bp4d":
        pytest.skip("DISFA's range is not published")
    rates = active.reshape(PEOPLE, -1, active.shape[-1]).mean(1)
    for au, lowest, highest in ((1, 0.011, 0.699), (7, 0.193, 1.0), (24, 0.005, 0.366)):
        ours = rates[:, AU_SETS[name].index(au)]
        assert ours.min() == pytest.approx(lowest, abs=0.12)
        assert ours.max() == pytest.approx(highest, abs=0.12)


def test_intensity_rises_and_fades_smoothly_within_an_event():
    who = torch.arange(12).repeat_interleave(4)
    intensities, active = draw_sequences(who, 300, 12)
    k = AUS.index(12)
    strongest, on = intensities[:, :, k].amax(-1), active[:, :, k]
    steps = strongest.diff(dim=1).abs()[on[:, 1:] & on[:, :-1]]
    assert steps.max() < 0.15
    assert strongest[on].std() > 0.15


def test_the_label_is_the_intensity_that_reaches_the_threshold():
    intensities, active = draw_sequences(torch.arange(8), 200, 8, 3, Difficulty(0.4, 0.2))
    strongest = intensities.amax(-1)
    assert active.any()
    assert (strongest[active] >= 0.4 - 1e-6).all()
    assert (strongest[~active] <= 0.2 + 1e-6).all()


def test_the_stronger_side_changes_slowly():
    intensities, active = draw_sequences(torch.arange(8), 200, 8)
    left, right = intensities[:, :, AUS.index(14)].unbind(-1)
    on = active[:, 1:, AUS.index(14)] & active[:, :-1, AUS.index(14)]
    assert ((left - right).diff(dim=1).abs()[on]).mean() < 0.05


def test_same_seed_same_sequences_other_seed_others():
    who = torch.arange(6)
    first, again = draw_sequences(who, 50, 6, seed=1), draw_sequences(who, 50, 6, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[1], draw_sequences(who, 50, 6, seed=2)[1])


@pytest.mark.parametrize(("people", "frames"), [(1, 1), (1, 5), (2, 30)])
def test_the_smallest_corpora_can_be_drawn(people, frames):
    intensities, active = draw_sequences(torch.arange(people), frames, people)
    assert intensities.shape == (people, frames, len(AUS), 2)
    assert torch.isfinite(intensities).all()
    assert active.dtype == torch.bool


@pytest.mark.parametrize("frames", [0, -1, 2.5, True])
def test_a_wrong_number_of_frames_is_refused(frames):
    with pytest.raises(ValueError, match="n_frames must be a whole number from 1"):
        draw_sequences(torch.arange(3), frames, 3)


def test_wrong_persons_of_sequences_are_refused():
    with pytest.raises(TypeError, match="persons must be an int64 tensor"):
        draw_sequences([0, 1], 10, 3)
    with pytest.raises(ValueError, match="values in 0..n_people - 1 = 2"):
        draw_sequences(torch.tensor([0, 3]), 10, 3)


@given(st.lists(st.lists(st.booleans(), min_size=7, max_size=7), min_size=1, max_size=4))
def test_event_lengths_are_those_of_the_runs(rows):
    expected = [len(list(run)) for row in rows for on, run in groupby(row) if on]
    assert event_lengths(np.array(rows)).tolist() == expected
