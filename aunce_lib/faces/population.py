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
        brow=_draw_brows(draw, male, age),
        eye=_draw_eyes(draw, male, age, melanin, confusers),
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
        creasing=(0.05 + uniform() * (0.45 + 0.95 * age)).clamp(max=1.3),
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


def _draw_brows(draw: Draw, male: Tensor, age: Tensor) -> Tensor:
    """See `People.brow`, (n, 9): from hardly visible to bushy."""
    normal, uniform = draw.normal, draw.uniform
    return torch.stack(
        [
            0.023 + 0.014 * uniform() + 0.009 * male,
            (0.08 + 0.82 * uniform() ** 0.8 + 0.15 * male).clamp(max=0.92),
            0.050 + 0.022 * normal(limit=1.6),
            0.008 * normal(limit=2.0),
            0.340 - 0.014 * male - 0.006 * age + 0.008 * normal(limit=2.0),
            0.165 + 0.016 * normal(limit=2.0),
            0.590 + 0.022 * normal(limit=2.0),
            0.28 + 0.16 * normal(limit=1.5),
            0.60 + 0.40 * uniform(),
        ],
        1,
    )


def _draw_lip_colours(draw: Draw, male: Tensor) -> Tensor:
    """Redness and darkness of the lips, (n, 2); from the skin's own colour to lipstick."""
    lipstick = draw.chance(0.15) * (1 - male) * draw.uniform()
    return torch.stack(
        [draw.uniform() * (1 - 0.45 * male) + 0.6 * lipstick, 0.10 * draw.normal(limit=2.0)], 1
    )


def _draw_eyes(draw: Draw, male: Tensor, age: Tensor, melanin: Tensor, confusers: float) -> Tensor:
    """See `People.eye`, (n, 13): open and droopy, round and narrow, with and without a lid fold."""
    normal, uniform = draw.normal, draw.uniform
    epicanthic = draw.chance(0.30 - 0.25 * (2 * melanin - 0.6).abs().clamp(max=1))
    hooded = draw.chance(0.15 + 0.35 * age) * uniform()
    return torch.stack(
        [
            0.163 + 0.010 * normal(limit=2.0),
            0.066 + (0.004 + 0.004 * confusers) * normal(limit=2.0) - 0.008 * hooded,
            0.043 + (0.003 + 0.004 * confusers) * normal(limit=2.0) - 0.004 * epicanthic,
            0.006 + 0.011 * normal(limit=2.0) + 0.010 * epicanthic - 0.008 * hooded,
            (0.75 - 0.35 * epicanthic + 0.25 * normal(limit=2.0)).clamp(0, 1),
            -0.10 + 0.16 * epicanthic + 0.05 * normal(limit=2.0),
            (0.044 + 0.012 * normal(limit=2.0)) * (1 - 0.75 * epicanthic),
            (0.12 + 0.32 * uniform()) * (1 - 0.7 * epicanthic),
            0.030 * hooded,
            0.55 + 0.15 * uniform() + 0.25 * (1 - male) * uniform(),
            0.068 + 0.003 * normal(limit=2.0),
            0.004 + 0.014 * confusers * uniform() * (0.3 + 0.7 * age),
            uniform() * (1 - 0.8 * epicanthic),
        ],
        1,
    )


def _draw_proportions(draw: Draw, confusers: float) -> Tensor:
    """Weights of `WARPS`, (n, 12). Brows vary less: their height and tilt look like AU1, 2, 4."""
    scale = torch.full((len(WARPS),), 0.8)
    scale[WARPS.index("brow_height")] = 0.5 + 0.45 * confusers
    scale[WARPS.index("brow_tilt")] = 0.10 + 0.10 * confusers
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
