"""Light: slopes, lamps, shadows."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from aunce_lib.faces import draw_scenes
from aunce_lib.faces.light import Lamps, cast_shadow, highlight, normals


def lit_from(*direction: float, **changes: float):
    """One scene with a bare lamp in that direction, no colour, no second lamp."""
    light = torch.nn.functional.normalize(torch.tensor([direction]), dim=1)
    plain = {"softness": 0.0, "warmth": 0.0, "fill": 0.0, "ambient": 0.3} | changes
    return dataclasses.replace(
        draw_scenes(1),
        light=light,
        pose=torch.zeros(1, 3),
        **{name: torch.full((1,), value) for name, value in plain.items()},
    )


def test_normals_of_a_slope():
    x = torch.arange(8.0).expand(1, 8, 8) * 0.1
    nx, ny, nz = normals(0.5 * x, 0.1)
    length = 1.25**0.5
    torch.testing.assert_close(nx[0, 4, 4].item(), -0.5 / length)
    torch.testing.assert_close(ny[0, 4, 4].item(), 0.0)
    torch.testing.assert_close(nz[0, 4, 4].item(), 1 / length)


def test_what_faces_the_lamp_is_brightest_and_what_turns_away_gets_only_the_ambient_light():
    lamps = Lamps.of(lit_from(1.0, 0.0, 0.0))
    nx = torch.tensor([[[1.0, 0.5, 0.0, -1.0]]])
    light = lamps.on(nx, 0 * nx, (1 - nx * nx).sqrt())[0, 1, 0]
    assert (light.diff() < 0).all()
    assert light[0].item() == pytest.approx(0.86 * 0.3 + 0.85, abs=1e-5)
    assert light[-1].item() == pytest.approx(0.86 * 0.3, abs=1e-5)


def test_soft_light_reaches_farther_around_than_hard_light():
    nx = torch.full((1, 1, 1), -0.2)
    nz = (1 - nx * nx).sqrt()
    soft, hard = (
        Lamps.of(lit_from(1.0, 0.0, 0.0, softness=s)).on(nx, 0 * nx, nz)[0, 1] for s in (1.0, 0.0)
    )
    assert soft > hard + 0.05


def test_red_light_comes_out_past_the_edge_of_the_shadow():
    nx = torch.full((1, 1, 1), -0.1)
    red, green, blue = Lamps.of(lit_from(1.0, 0.0, 0.0)).on(nx, 0 * nx, nx + 1)[0].flatten()
    assert red > green + 0.005
    assert green == blue


def test_warm_lamps_are_redder_than_the_light_around():
    scenes = lit_from(0.0, 0.0, 1.0, warmth=0.1)
    one = torch.ones(1, 1, 1)
    lit = Lamps.of(scenes).on(0 * one, 0 * one, one)[0].flatten()
    dark = Lamps.of(scenes).on(0 * one, 0 * one, one, 0.0)[0].flatten()
    assert lit[0] / lit[2] > 1 > dark[0] / dark[2]


def test_highlight_is_where_the_mirror_would_show_the_lamp():
    scenes = lit_from(0.0, 0.0, 1.0)
    one = torch.ones(1, 1, 1)
    ahead = highlight((0 * one, 0 * one, one), scenes)
    aside = highlight((0.6 * one, 0 * one, 0.8 * one), scenes)
    assert ahead > 5 * aside > 0


def test_a_ridge_casts_its_shadow_away_from_the_lamp():
    def ridge(x, y):
        return 0.3 * torch.exp(-(x * x) / 0.005) + 0 * y

    shadow = cast_shadow(ridge, lit_from(1.0, 0.0, 0.7), 64)[0, 0]
    x = torch.linspace(-1.3, 1.3, 64)
    assert shadow[:, (x + 0.2).abs().argmin()].min() > 0.7
    assert shadow[:, (x - 0.2).abs().argmin()].max() < 0.1
    assert cast_shadow(ridge, lit_from(0.0, 0.0, 1.0), 64).max() < 0.01
