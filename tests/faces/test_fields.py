"""From table to fields: the brushes against their formulas, mirror symmetry, the midline."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch

from aunce_lib.faces.anatomy import ACTIONS, AUS
from aunce_lib.faces.brushes import gaussian, groove
from aunce_lib.faces.fields import (
    CENTRE_Y,
    HALF,
    au_fields,
    blend_fields,
    bump_field,
    canonical_grid,
    furrow_field,
    pull_field,
    two_sides,
)
from aunce_lib.faces.muscles import Bump, Furrow, Pull
from aunce_lib.faces.resting import (
    SKIN_MAPS,
    WARPS,
    fall,
    head_contour,
    hollows,
    resting_relief,
    skin_fields,
    warp_fields,
)

G = 64


@pytest.fixture(scope="module")
def grid():
    return canonical_grid(G)


@pytest.fixture(scope="module")
def actions(grid):
    return au_fields(*grid)


def at(x: float, y: float) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.tensor([x]), torch.tensor([y])


def test_grid_covers_the_head_and_y_grows_with_the_row(grid):
    x, y = grid
    assert x.shape == y.shape == (G, G)
    assert x[0, 0].item() == pytest.approx(-HALF)
    assert y[0, 0].item() == pytest.approx(CENTRE_Y - HALF, abs=1e-6)
    assert y[-1, 0].item() == pytest.approx(CENTRE_Y + HALF, abs=1e-6)


def test_gaussian_is_one_at_its_centre_and_turns_with_the_tilt():
    assert gaussian(*at(0.3, 0.1), (0.3, 0.1), (0.1, 0.2)).item() == pytest.approx(1)
    one_sd = gaussian(*at(0.4, 0.1), (0.3, 0.1), (0.1, 0.2)).item()
    assert one_sd == pytest.approx(math.exp(-0.5), abs=1e-5)
    turned = gaussian(*at(0.3, 0.2), (0.3, 0.1), (0.1, 0.2), tilt=math.pi / 2).item()
    assert turned == pytest.approx(one_sd, abs=1e-5)


def test_pull_moves_the_skin_towards_the_attachment():
    dx, dy = pull_field(*at(0.2, 0.0), Pull((0.2, 1.0), (0.2, 0.0), (0.1, 0.1), 0.15))
    assert dx.item() == pytest.approx(0, abs=1e-6)
    assert dy.item() == pytest.approx(0.15 / 1.05, abs=1e-5)


def test_bump_rises_by_its_height():
    assert bump_field(*at(0.1, 0.2), Bump(-0.03, (0.1, 0.2), (1, 1))).item() == pytest.approx(-0.03)


def test_groove_is_deepest_on_the_curve_and_tapers_at_its_ends():
    curve = ((0.0, 0.0), (0.15, 0.0), (0.3, 0.0))
    places = ((0.15, 0), (0, 0), (0.15, 0.05))
    middle, end, beside = (groove(*at(*place), curve, 0.05) for place in places)
    assert middle.item() == pytest.approx(1, abs=0.02)
    assert end.item() < 0.75
    assert beside.item() == pytest.approx(math.exp(-0.5), abs=0.02)


def test_furrow_is_a_groove_with_ridges():
    furrow = Furrow(1.0, (0.0, 0.0), (0.15, 0.0), (0.3, 0.0), 0.05)
    depth, shadow = furrow_field(*at(0.15, 0.0), furrow)
    ridge, _ = furrow_field(*at(0.15, 0.12), furrow)
    assert depth.item() < 0 < ridge.item()
    assert shadow.item() > 0.9


def test_two_sides_add_up_to_a_whole_face(grid):
    x, _ = grid
    left, right = two_sides(torch.ones(1, G, G), x)
    torch.testing.assert_close(left + right, torch.ones(1, G, G))


@pytest.mark.parametrize("au", AUS)
def test_left_half_mirrors_the_right_half(actions, au):
    for field, mirrored in zip(actions, ((-1, 1, 1), (1, 1)), strict=True):
        left, right = field[2 * AUS.index(au)], field[2 * AUS.index(au) + 1]
        sign = torch.tensor(mirrored).view(-1, 1, 1)
        torch.testing.assert_close(left, sign * right.flip(-1))


@pytest.mark.parametrize("au", AUS)
def test_each_half_stays_on_its_side(grid, actions, au):
    x, _ = grid
    right_half = actions[0][2 * AUS.index(au) + 1]
    assert right_half[:, x < -0.25].abs().max() < 1e-4


@pytest.mark.parametrize("au", [au for au in AUS if ACTIONS[au].pulls])
def test_skin_moves_smoothly_enough_not_to_tear(grid, actions, au):
    """Displacement changes by less than the distance, so the warp stays one to one."""
    step = 2 * HALF / (G - 1)
    move = actions[0][2 * AUS.index(au) : 2 * AUS.index(au) + 2, :2].sum(0)
    assert move.diff(dim=-1).abs().max() < step
    assert move.diff(dim=-2).abs().max() < step


def test_person_fields_are_symmetric(grid):
    warp, skin = warp_fields(*grid), skin_fields(*grid)
    assert warp.shape == (len(WARPS), 2, G, G)
    assert skin.shape == (len(SKIN_MAPS), 5, G, G)
    torch.testing.assert_close(warp[:, 0], -warp[:, 0].flip(-1), atol=1e-5, rtol=0)
    torch.testing.assert_close(warp[:, 1], warp[:, 1].flip(-1), atol=1e-5, rtol=0)
    symmetric = [i for i, name in enumerate(SKIN_MAPS) if name not in ("freckles", "base")]
    torch.testing.assert_close(skin[symmetric], skin[symmetric].flip(-1), atol=1e-5, rtol=0)


def test_every_warp_and_every_mark_does_something(grid):
    assert (warp_fields(*grid).flatten(1).abs().amax(1) > 0.005).all()
    assert (skin_fields(*grid).flatten(1).abs().amax(1) > 0.01).all()


def test_head_contour_is_one_on_the_outline():
    for x, y in ((0.84, 0.0), (-0.84, 0.0), (0.0, 1.22), (0.0, -1.07)):
        assert head_contour(*at(x, y)).item() == pytest.approx(1, abs=0.002)


def test_jaw_is_narrower_than_the_temples():
    assert head_contour(*at(0.7, -0.6)).item() > 1 > head_contour(*at(0.7, 0.5)).item()


def test_head_falls_off_steeply_beside_the_cheeks_and_not_before():
    contour = torch.tensor([0.0, 0.5, 0.85, 1.0, 3.0])
    assert (fall(contour)[:3] == 0).all()
    assert 0.5 < fall(contour)[3] < 1
    assert fall(contour)[4] == pytest.approx(1.3)  # no abyss for the rays that pass by


def test_hollows_lie_in_the_eye_sockets_and_beside_the_nose(grid):
    x, y = grid
    deep = hollows(x, y, resting_relief(x, y))
    near = lambda px, py: deep[((x - px) ** 2 + (y - py) ** 2).argmin() // G].max()  # noqa: E731
    assert deep.min() >= 0
    assert deep.max() <= 1
    assert near(0.2, 0.1) > 0.1 > deep[(x.abs() < 0.05) & (y.abs() < 0.05)].max()


def test_matrix_products_meet_no_denormal_numbers():
    for part in dataclasses.astuple(blend_fields(48))[1:]:
        assert (part[part != 0].abs() > 1e-10).all()


def test_blend_fields_are_built_once_and_flat():
    fields = blend_fields(48)
    assert fields is blend_fields(48)
    assert fields.move.shape == (2 * len(AUS), 3 * 48 * 48)
    assert fields.fold.shape == (2 * len(AUS), 2 * 48 * 48)
    assert fields.warp.shape == (len(WARPS), 2 * 48 * 48)
    assert fields.skin.shape == (len(SKIN_MAPS), 5 * 48 * 48)
