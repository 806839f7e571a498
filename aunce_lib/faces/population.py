"""Who is drawn: people who differ in proportions, skin, age, hair, features and muscles."""

from __future__ import annotations

import torch
from torch import Tensor

from aunce_lib.faces.anatomy import AUS
from aunce_lib.faces.difficulty import Difficulty, difficulty_named
from aunce_lib.faces.draw import Draw
from aunce_lib.faces.people import People
from aunce_lib.faces.resting import SKIN_MAPS, WARPS

LIGHTEST_SKIN = torch.tensor([0.93, 0.75, 0.64])
#: Optical density per channel: what melanin and blood swallow of red, green, blue (Beer-Lambert).
MELANIN = torch.tensor([1.00, 1.21, 1.36])
BLOOD = torch.tensor([0.02, 0.12, 0.10])

#: Colours of hair at full pigment and without.
DARK_HAIR, FAIR_HAIR, GREY_HAIR = (
    torch.tensor(c) for c in ([0.07, 0.055, 0.05], [0.62, 0.44, 0.24], [0.55, 0.54, 0.53])
)
DARK_IRIS, FAIR_IRIS = (torch.tensor(c) for c in ([0.12, 0.075, 0.05], [0.34, 0.42, 0.48]))


class Population:
    """People who differ in proportions, skin, age, hair, brows, eyes, mouth and muscle strength.

    Args:
        n_people: How many.
        seed: 0..2**48 - 1; the same seed gives the same people.
        difficulty: A preset's name or a `Difficulty`; `confusers` matters here.
        male: (n_people,) bool, who is male; drawn at random where it is left out.

    Raises:
        ValueError: If a number is out of range or `male` has another length.
        TypeError: If `male` is no bool tensor.

    Example:
        >>> people = Population(3, seed=1).people
        >>> len(people), people.skin.shape
        (3, torch.Size([3, 3]))
    """

    def __init__(
        self,
        n_people: int,
        seed: int = 0,
        difficulty: str | Difficulty = "benchmark",
        male: Tensor | None = None,
    ) -> None:
        draw = Draw(n_people, seed, stream=1)
        self.difficulty = difficulty_named(difficulty)
        drawn = draw.chance(0.5)
        if male is None:
            male = drawn
        elif not isinstance(male, Tensor) or male.dtype != torch.bool:
            raise TypeError(f"male must be a bool tensor, got {getattr(male, 'dtype', type(male))}")
        elif male.shape != (n_people,):
            raise ValueError(f"male must be (n_people,) = ({n_people},), got {tuple(male.shape)}")
        self.people = _draw_people(draw, male.float().cpu(), self.difficulty.confusers)

    def __len__(self) -> int:
        return len(self.people)


def _draw_people(draw: Draw, male: Tensor, confusers: float) -> People:
    """One row per person; the numbers are the prototype's, softened where faces looked cross."""
    normal, uniform = draw.normal, draw.uniform
    age, melanin = draw.spread_evenly(), draw.spread_evenly() ** 1.4
    fairness = (1 - melanin)[:, None]

    grey = (uniform() * (age - 0.45).clamp(min=0) * 2.4).clamp(0, 1)[:, None]
    hair = torch.lerp(DARK_HAIR, FAIR_HAIR, uniform(1) ** 2.2 * fairness)
    return People(
        male=male,
        age=age,
        melanin=melanin,
        skin=LIGHTEST_SKIN
        * torch.exp(-melanin[:, None] * MELANIN - 0.7 * normal(1, limit=1.6) * BLOOD),
        hair=torch.lerp(hair, GREY_HAIR, grey),
        iris=torch.lerp(DARK_IRIS, FAIR_IRIS, uniform(1) * fairness**2),
        warp=_draw_proportions(draw, confusers),
        marks=_draw_marks(draw, male, age, confusers),
        brow=torch.stack(
            [
                0.027 + 0.012 * uniform() + 0.011 * male,
                0.45 + 0.5 * uniform(),
                0.055 + 0.025 * normal(limit=1.5),
                0.004 + 0.012 * normal(limit=2.0),
            ],
            1,
        ),
        eye=torch.stack(
            [
                0.165 + 0.012 * normal(limit=2.0),
                0.064 + 0.007 * normal(limit=2.0),
                0.041 + 0.006 * normal(limit=2.0),
                0.006 + 0.016 * normal(limit=2.0),
                0.048 + 0.012 * normal(limit=2.0),
                uniform(),
            ],
            1,
        ),
        mouth=_draw_mouths(draw, confusers),
        lips=_draw_lip_colours(draw, male),
        hairline=0.72 + 0.05 * normal(limit=2.0) + draw.chance(0.3 * male * age) * 0.5 * uniform(),
        hair_shape=torch.stack(
            [
                torch.where(male > 0, 0.05 - 0.25 * uniform(), 0.0 - 1.6 * uniform()),
                0.94 + 0.16 * uniform() * (1 - 0.5 * male),
                uniform(),
            ],
            1,
        ),
        # stronger and weaker muscles, and a stronger half of the face
        gain=((1 + 0.22 * normal(len(AUS), 1)) * (1 + 0.07 * normal(len(AUS), 2))).clamp(0.5, 1.5),
        creasing=(0.20 + 0.85 * age + 0.25 * normal()).clamp(0.03, 1.3),
        glasses=draw.chance(0.12),
        grain=uniform(2) * 2 - 1,
    )


def _draw_mouths(draw: Draw, confusers: float) -> Tensor:
    """Sizes of the mouth, (n, 7). Thin lips and narrow mouths look like AU23 and AU24 at rest."""
    full = draw.normal(limit=1.8)
    return torch.stack(
        [
            0.265 + 0.032 * draw.normal(limit=2.0),
            0.056 * torch.exp(0.26 * full + 0.13 * draw.normal(limit=1.8)),
            0.076 * torch.exp(0.22 * full + 0.11 * draw.normal(limit=1.8)),
            0.008 + 0.015 * confusers * draw.normal(limit=2.0),
            0.004 * confusers * draw.normal(limit=2.0),
            (0.42 + 0.10 * full + 0.10 * draw.normal(limit=1.8)).clamp(0.12, 0.8),
            0.20 + 0.12 * draw.uniform() * draw.normal(limit=1.6),
        ],
        1,
    )


def _draw_lip_colours(draw: Draw, male: Tensor) -> Tensor:
    """Redness and darkness of the lips, (n, 2); from the skin's own colour to lipstick."""
    lipstick = draw.chance(0.15) * (1 - male) * draw.uniform()
    return torch.stack(
        [draw.uniform() * (1 - 0.45 * male) + 0.6 * lipstick, 0.10 * draw.normal(limit=2.0)], 1
    )


def _draw_proportions(draw: Draw, confusers: float) -> Tensor:
    """Weights of `WARPS`, (n, 12). Brows vary less: their height and tilt look like AU1, 2, 4."""
    scale = torch.full((len(WARPS),), 0.8)
    scale[WARPS.index("brow_height")] = 0.5 + 0.45 * confusers
    scale[WARPS.index("brow_tilt")] = 0.12 + 0.18 * confusers
    return draw.normal(len(WARPS), limit=2.0) * scale


def _draw_marks(draw: Draw, male: Tensor, age: Tensor, confusers: float) -> Tensor:
    """Weights of `SKIN_MAPS`, (n, 18)."""
    marks = dict(
        zip(SKIN_MAPS, (0.7 * draw.normal(len(SKIN_MAPS), limit=2.0)).unbind(1), strict=True)
    )
    for name in ("eyebags", "nasolabial_line", "forehead_lines", "crows_feet", "marionette_lines"):
        marks[name] = (draw.uniform() * (0.15 + 1.1 * age) * confusers).clamp(0, 1.3)
    marks["glabella_lines"] = (draw.uniform() * (0.05 + 0.75 * age) * confusers).clamp(0, 1)
    marks["dimple"] = draw.chance(0.15) * draw.uniform() * confusers
    marks["beard"] = male * draw.chance(0.55) * draw.uniform() ** 1.5 * 0.9
    marks["moustache"] = (0.7 * marks["beard"]).maximum(male * draw.chance(0.12) * draw.uniform())
    marks["blush"] = draw.uniform()
    marks["freckles"] = draw.chance(0.2) * draw.uniform()
    marks["temple_shade"] = draw.uniform()
    marks["base"] = torch.ones(draw.n)
    return torch.stack([marks[name] for name in SKIN_MAPS], 1)
