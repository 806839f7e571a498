"""The mouth: each action unit gives the lips the shape that FACS describes, however many act."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from aunce_lib.faces import AUS, Population
from aunce_lib.faces.curves import View, curve_effects
from aunce_lib.faces.mouth import MOUTH_Y, draw_mouth

SIZE = 128
PIXEL = 1.2 / SIZE
LOWER = [au for au in AUS if 10 <= au <= 28]


def window(n: int) -> View:
    """The lower face, .6 to either side of the mouth."""
    t = ((torch.arange(SIZE) + 0.5) / SIZE - 0.5) * 1.2
    x, y = t.expand(n, SIZE, SIZE), (MOUTH_Y - t)[:, None].expand(n, SIZE, SIZE)
    return View(x, y, torch.sigmoid(x / 0.03), PIXEL)


def mouth(aus: dict[int, float], people=None, side=slice(None)):
    """draw_mouth on even grey skin."""
    people = Population(6, seed=2).people if people is None else people
    effort = torch.zeros(len(people), len(AUS), 2)
    for au, strength in aus.items():
        effort[:, AUS.index(au), side] = strength
    view = window(len(people))
    skin = torch.full((len(people), 3, SIZE, SIZE), 0.5)
    return draw_mouth(view, skin, torch.zeros_like(view.x), curve_effects(effort), people)


def measures(**kwargs) -> dict[str, torch.Tensor]:
    """What a ruler finds on each face, (N,): from the relief of the lips and the opening."""
    _, opening, relief = mouth(**kwargs)
    view, shape = window(len(relief)), (relief + opening.mask) > 0.005
    closed = relief * (opening.mask < 0.5)
    column = shape[:, :, SIZE // 2 - 1 : SIZE // 2 + 1].any(-1)  # the middle of the mouth
    y = view.y[:, :, 0]
    x = torch.where(shape.any(1), view.x[:, 0], torch.nan)
    at_corner = shape & (view.x > (x.nan_to_num(-1).amax(1) - 0.03)[:, None, None])
    return {
        "width": shape.any(1).sum(1) * PIXEL,
        "height": column.sum(1) * PIXEL,
        "top": torch.where(column, y, -9.0).amax(1),
        "bottom": torch.where(column, y, 9.0).amin(1),
        "corner": (at_corner * view.y).sum((1, 2)) / at_corner.sum((1, 2)),
        "opening": opening.mask[:, :, SIZE // 2].sum(1) * PIXEL,
        "bulge": closed.amax((1, 2)),
    }


#: What an AU does to the lips of everybody, after the FACS manual: (AU, measure, least change).
SHAPES = [
    *((10, "top", 0.03), (12, "width", 0.08), (12, "corner", 0.05), (14, "bulge", -0.001)),
    *((15, "corner", -0.05), (16, "bottom", -0.04), (16, "opening", 0.04)),
    *((17, "top", 0.03), (17, "bottom", 0.02), (18, "width", -0.12), (18, "bulge", 0.005)),
    *((20, "width", 0.10), (20, "height", -0.01), (22, "width", -0.06), (22, "opening", 0.05)),
    *((23, "width", -0.08), (23, "height", -0.02), (24, "height", -0.04), (25, "opening", 0.07)),
    *((26, "opening", 0.11), (27, "opening", 0.22), (28, "height", -0.05)),
]


@pytest.mark.parametrize(("au", "what", "least"), SHAPES)
def test_lips_take_the_shape_that_facs_describes(au, what, least):
    change = measures(aus={au: 1.0})[what] - measures(aus={})[what]
    assert (change * (1 if least > 0 else -1) > abs(least)).all(), change


def test_tightened_lips_are_narrow_and_red_pressed_lips_wide_and_thin():
    tight, pressed = measures(aus={23: 1.0}), measures(aus={24: 1.0})
    assert (tight["width"] < 0.8 * pressed["width"]).all()
    assert (tight["height"] > 1.3 * pressed["height"]).all()


def test_a_twitch_of_the_jaw_does_not_open_the_mouth():
    assert (measures(aus={26: 0.1})["opening"] < 0.01).all()


@pytest.mark.parametrize("strength", [1.0, 1.5])
@pytest.mark.parametrize("aus", [LOWER, *([a, b] for a in LOWER for b in LOWER if a < b)])
def test_no_combination_breaks_the_mouth(aus, strength):
    drawn, opening, relief = mouth(dict.fromkeys(aus, strength), Population(2, seed=4).people)
    for part in (drawn, opening.mask, opening.colour, relief):
        assert torch.isfinite(part).all()
    assert drawn.min() >= 0
    assert opening.mask.min() >= 0
    assert opening.mask.max() <= 1
    assert relief.min() >= 0
    assert relief.max() < 0.12
    edge = torch.ones(SIZE, SIZE, dtype=torch.bool)
    edge[2:-2, 2:-2] = False
    assert opening.mask[:, edge].max() < 1e-3  # the mouth stays well within the face


def test_lips_may_have_the_colour_of_the_skin():
    people = Population(4, seed=1).people
    grey = dataclasses.replace(people, skin=torch.full((4, 3), 0.5), lips=torch.zeros(4, 2))
    red = dataclasses.replace(grey, lips=torch.tensor([1.0, 0.0]).expand(4, 2))
    lips = (mouth({}, grey)[2] > 0.015)[:, None]  # away from their edge and the line between
    change = [((mouth({}, p)[0] - 0.5).abs() * lips).sum() / lips.sum() for p in (grey, red)]
    assert change[0] < 0.7 * change[1]


def test_people_differ_widely_in_their_mouths():
    mouths = Population(200, seed=3).people.mouth
    widest, narrowest = mouths[:, :3].quantile(0.95, 0), mouths[:, :3].quantile(0.05, 0)
    assert widest[0] > 1.35 * narrowest[0]
    assert (widest[1:] > 2 * narrowest[1:]).all()
    assert (mouths[:, [0, 1, 2, 5]] > 0).all()
