"""Brows and eyes: lids never cross, follow the gaze, close alike; brows of every thickness."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from aunce_lib.faces import AUS, Difficulty, Population, draw_scenes, render
from aunce_lib.faces.camera import camera_plane
from aunce_lib.faces.curves import View, curve_effects
from aunce_lib.faces.eyes import EYE_X, EYE_Y, brows, draw_eyes, lid_curves

STILL = Difficulty(confusers=1.0, pose=0.0, light=0.0, camera=0.0)
N, SIZE = 24, 96
UPPER_AUS = (1, 2, 4, 5, 6, 7, 9, 43, 45)


def intensities(n: int, *aus: int, strength: float = 1.0) -> torch.Tensor:
    values = torch.zeros(n, len(AUS), 2)
    for au in aus:
        values[:, AUS.index(au)] = strength
    return values


@pytest.fixture(scope="module")
def people():
    return Population(N, 3).people


@pytest.fixture(scope="module")
def view():
    x, y = camera_plane(draw_scenes(N, 3, STILL), SIZE)
    return View(x, y, torch.sigmoid(x / 0.03), 1.96 / SIZE)


def opening(view, people, *aus: int, gaze: tuple[float, float] = (0.0, 0.0)) -> torch.Tensor:
    """Share of the picture that shows the eyeballs, (N,)."""
    skin = torch.full((N, 3, SIZE, SIZE), 0.5)
    effects = curve_effects(intensities(N, *aus))
    return draw_eyes(view, skin, effects, people, torch.tensor([gaze]).expand(N, 2))[1].mask.mean(
        (1, 2)
    )


@pytest.mark.parametrize(
    "aus", [(), (1, 2, 5), (1, 4), (4, 5, 7), (6, 12), (4, 7, 9), (5, 43), (6, 7, 43), UPPER_AUS]
)
@pytest.mark.parametrize("gaze", [(0.0, -0.06), (0.06, 0.06)])
def test_lids_never_cross(view, people, aus, gaze):
    effects = curve_effects(1.5 * intensities(N, *aus))
    lids = lid_curves(view, effects, people, torch.tensor([gaze]).expand(N, 2))
    assert (lids.upper - lids.lower).min() > -1e-6
    assert (lids.fold - lids.upper).min() >= 0


def test_many_aus_at_once_are_drawn_without_nan(view, people):
    skin = torch.full((N, 3, SIZE, SIZE), 0.5)
    effects = curve_effects(torch.full((N, len(AUS), 2), 1.5))
    drawn, eye, relief = draw_eyes(view, skin, effects, people, torch.zeros(N, 2))
    for part in (drawn, eye.mask, eye.colour, relief):
        assert torch.isfinite(part).all()
    assert torch.equal(skin, torch.full_like(skin, 0.5))


def test_lids_open_narrow_and_close(view, people):
    rest = opening(view, people)
    assert (opening(view, people, 5) > 1.2 * rest).all()
    for au in (6, 7, 9):
        assert (opening(view, people, au) < 0.95 * rest).all()
    assert (opening(view, people, 7) < opening(view, people, 6)).all()
    assert (opening(view, people, 43) < 1e-4).all()


def test_lids_follow_the_gaze_up_and_down(view, people):
    down, up = opening(view, people, gaze=(0, -0.04)), opening(view, people, gaze=(0, 0.04))
    assert (down < up).all()


def test_resting_eyes_differ_but_none_is_shut_or_staring(view, people):
    rest = opening(view, people)
    assert rest.std() / rest.mean() > 0.08
    assert rest.min() > 0.5 * rest.mean()
    assert rest.max() < 1.6 * rest.mean()


def test_wide_eyes_show_white_above_the_iris(people):
    effects = curve_effects(intensities(N, 5))
    x, y = torch.full((N, 1, 1), EYE_X), torch.full((N, 1, 1), EYE_Y)
    lids = lid_curves(View(x, y, x.sign(), 0.02), effects, people, torch.zeros(N, 2))
    top_of_iris = EYE_Y + 0.010 + people.eye[:, 10]
    assert ((lids.upper.flatten() - top_of_iris) > 0.005).float().mean() > 0.8


def test_a_blink_and_closed_eyes_look_the_same(people):
    still = draw_scenes(N, 3, STILL)
    same = dataclasses.replace(people, gain=torch.ones_like(people.gain))
    shut, blink = (
        render(same, intensities(N, au), still, torch.arange(N)).int() for au in (43, 45)
    )
    assert (shut - blink).abs().max() <= 1


@pytest.mark.parametrize("au", [au for au in UPPER_AUS if au < 43])
def test_au_shows_without_brow_hair_and_without_furrows(people, au):
    """What moves and bulges carries the unit, so that it reads on a smooth and browless face."""
    brow = people.brow.clone()
    brow[:, 1] = 0.0
    bare = dataclasses.replace(people, brow=brow, creasing=torch.zeros(N), glasses=torch.zeros(N))
    still, seeds = draw_scenes(N, 3, STILL), torch.zeros(N, dtype=torch.long)
    rest = render(bare, intensities(N), still, seeds).float()
    change = (render(bare, intensities(N, au), still, seeds).float() - rest).abs().mean(1)
    assert (change.flatten(1).topk(80).values.mean(1) > 4).all()


def test_cheeks_rise_with_au6_and_stay_with_au7(people):
    still, seeds = draw_scenes(N, 3, STILL), torch.zeros(N, dtype=torch.long)
    rest = render(people, intensities(N), still, seeds).float()
    cheeks = slice(30, 40)  # rows of the picture from y = -.16 to y = -.44
    raised, tightened = (
        (render(people, intensities(N, au), still, seeds).float() - rest)[:, :, cheeks].abs().mean()
        for au in (6, 7)
    )
    assert raised > 5 * tightened


def test_brows_range_from_faint_to_bushy():
    people = Population(200).people
    x = torch.linspace(-0.9, 0.9, 90).expand(200, 60, 90)
    y = torch.linspace(0.1, 0.6, 60)[:, None].expand(200, 60, 90)
    amount = brows(x, y, torch.zeros_like(x), people).mean((1, 2))
    assert amount.min() < 0.15 * amount.max()
    torch.testing.assert_close(
        brows(x, y, torch.zeros_like(x), people),
        brows(-x, y, torch.zeros_like(x), people),
    )
