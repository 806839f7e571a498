"""Who is drawn: people who differ in proportions, skin, age, hair, features and muscles."""

from __future__ import annotations

import torch
from torch import Tensor

from aunce_lib.faces.anatomy import AUS
from aunce_lib.faces.difficulty import Difficulty, difficulty_named
from aunce_lib.faces.draw import Draw
from aunce_lib.faces.people import People
from aunce_lib.faces.resting import SKIN_MAPS, WARPS

LIGHTEST_SKIN = torch.tensor([0.95, 0.78, 0.68])
#: Optical density per channel: what melanin, blood and carotene swallow of red, green, blue
#: (Beer-Lambert).
MELANIN = torch.tensor([1.08, 1.32, 1.46])
BLOOD = torch.tensor([0.02, 0.12, 0.09])
CAROTENE = torch.tensor([0.00, 0.03, 0.13])

#: Colours of hair at full pigment, without, and in old age.
DARK_HAIR, BROWN_HAIR, FAIR_HAIR, RED_HAIR, GREY_HAIR = torch.tensor(
    [
        [0.06, 0.05, 0.045],
        [0.27, 0.17, 0.10],
        [0.70, 0.53, 0.31],
        [0.47, 0.23, 0.11],
        [0.68, 0.65, 0.61],
    ]
)
#: Muted cloth: whites, greys, blues, reds, greens, browns.
CLOTHES = torch.tensor(
    [
        *([0.82, 0.81, 0.79], [0.16, 0.16, 0.18], [0.42, 0.43, 0.45], [0.16, 0.21, 0.33]),
        *([0.36, 0.46, 0.58], [0.45, 0.16, 0.17], [0.22, 0.32, 0.25], [0.50, 0.42, 0.30]),
    ]
)
DARK_IRIS, FAIR_IRIS = (torch.tensor(c) for c in ([0.12, 0.075, 0.05], [0.34, 0.42, 0.48]))


#: Hair styles: share of women and of men, lower end, volume, length of the fringe, curliness added.
HAIR_STYLES = {
    "bald": (0.01, 0.10, 0.30, 0.00, 0.0, 0.0),
    "cropped": (0.03, 0.22, 0.05, 0.905, 0.0, 0.0),
    "short": (0.10, 0.40, -0.05, 0.95, 0.08, 0.0),
    "medium": (0.14, 0.13, -0.40, 0.99, 0.12, 0.0),
    "bob": (0.18, 0.02, -0.85, 1.05, 0.10, 0.0),
    "long": (0.28, 0.04, -1.70, 1.02, 0.06, 0.0),
    "tied back": (0.16, 0.03, 0.02, 0.93, 0.0, 0.0),
    "round": (0.10, 0.06, -0.30, 1.18, 0.0, 0.7),
}


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
    age, melanin = draw.spread_evenly(), draw.spread_evenly() ** 1.2
    fairness = (1 - melanin)[:, None]
    hair, hairline, hair_shape = _draw_hair(draw, male, age, melanin)
    return People(
        male=male,
        age=age,
        melanin=melanin,
        skin=LIGHTEST_SKIN
        * torch.exp(
            -melanin[:, None] * MELANIN
            - 0.6 * normal(1, limit=1.6) * BLOOD
            - uniform(1) * CAROTENE
            + 0.05 * normal(1, limit=1.5)
        ),
        hair=hair,
        iris=torch.lerp(DARK_IRIS, FAIR_IRIS, uniform(1) * fairness**2),
        warp=_draw_proportions(draw, confusers),
        marks=_draw_marks(draw, male, age, confusers),
        brow=_draw_brows(draw, male, age),
        eye=_draw_eyes(draw, male, age, melanin, confusers),
        mouth=_draw_mouths(draw, confusers),
        lips=_draw_lip_colours(draw, male),
        hairline=hairline,
        hair_shape=hair_shape,
        scarf=draw.chance(0.07 * (1 - male)),
        clothes=(
            CLOTHES[torch.randint(len(CLOTHES), (draw.n,), generator=draw.generator)]
            * (0.8 + 0.4 * uniform(1))
            + 0.02 * normal(3)
        ).clamp(0.04, 0.95),
        neckline=torch.stack(
            [
                -1.08 - 0.14 * uniform(),
                0.3 * draw.chance(0.4) * uniform(),
                0.44 + 0.09 * male + 0.025 * normal(limit=2.0),
            ],
            1,
        ),
        ear=torch.stack(
            [
                0.19 + 0.03 * age + 0.015 * normal(limit=2.0),
                0.075 + 0.022 * normal(limit=2.0),
                uniform(),
            ],
            1,
        ),
        # stronger and weaker muscles, and a stronger half of the face
        gain=((1 + 0.22 * normal(len(AUS), 1)) * (1 + 0.07 * normal(len(AUS), 2))).clamp(0.5, 1.5),
        creasing=(0.05 + uniform() * (0.45 + 0.95 * age)).clamp(max=1.3),
        glasses=draw.chance(0.10 + 0.15 * age),
        frame=torch.stack(
            [
                0.215 + 0.035 * uniform(),
                0.135 + 0.06 * uniform(),
                uniform().round() * 0.6 + 0.4 * uniform(),
                0.008 + 0.022 * uniform() ** 1.5,
                0.35 + 0.55 * uniform(),
                0.12 * uniform(),
            ],
            1,
        ),
        grain=uniform(2) * 2 - 1,
        texture=_draw_texture(draw, age, melanin),
    )


def _draw_texture(draw: Draw, age: Tensor, melanin: Tensor) -> Tensor:
    """Patches, pores, spots and oil of the skin, (n, 4); one in eight is as smooth as clay."""
    uniform, textured = draw.uniform, 1 - draw.chance(0.12)
    return torch.stack(
        [
            textured * (1.2 * uniform() + 0.4 * age),
            textured * (1.5 * uniform() ** 1.5 + 0.4 * age),
            textured * 1.1 * uniform() ** 2,
            (0.4 + 0.8 * uniform()) * (1 + 0.8 * melanin),  # on dark skin a highlight is seen more
        ],
        1,
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
            0.066 + (0.003 + 0.003 * confusers) * normal(limit=2.0) - 0.008 * hooded,
            0.043 + (0.003 + 0.003 * confusers) * normal(limit=2.0) - 0.004 * epicanthic,
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


def _draw_hair(
    draw: Draw, male: Tensor, age: Tensor, melanin: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Colour (n, 3), hairline (n,) and shape (n, 8) of the hair."""
    normal, uniform = draw.normal, draw.uniform
    fairness = (1 - melanin)[:, None]
    pigment = torch.lerp(DARK_HAIR, BROWN_HAIR, uniform(1) * (1.6 * fairness - 0.2).clamp(0, 1))
    pigment = torch.lerp(pigment, FAIR_HAIR, uniform(1) ** 2 * (2 * fairness - 0.9).clamp(0, 1))
    pigment = torch.lerp(pigment, RED_HAIR, (draw.chance(0.06) * (melanin < 0.5))[:, None])
    grey = (2.6 * (age - 0.22 - 0.55 * uniform())).clamp(0, 1)[:, None]
    table = torch.tensor(list(HAIR_STYLES.values()))  # (styles, 6)
    shares = torch.lerp(table[:, 0], table[:, 1], male[:, None])  # (n, styles)
    style = torch.multinomial(shares, 1, generator=draw.generator)[:, 0]
    end, volume, fringe, curl = table[style, 2:].unbind(1)
    bald = volume == 0
    receding = male * (1.3 * age - 0.2 + 0.35 * normal()).clamp(0, 1)
    hairline = 0.74 + 0.05 * normal(limit=2.0) + 0.12 * receding * uniform()
    hair_shape = torch.stack(
        [
            end + 0.12 * normal(limit=1.5) * ~bald,
            volume + 0.03 * normal(limit=1.5) * ~bald,
            (0.25 + 0.2 * normal() + curl + 0.6 * (melanin - 0.35).clamp(min=0)).clamp(0, 1),
            0.35 * normal(limit=1.3),
            draw.chance(0.65),
            fringe * (0.3 + 2.4 * uniform()) * (1 - receding),
            receding,
            torch.where(bald, draw.chance(0.6) * 0.9 * age.sqrt(), 1 + 0 * age),
        ],
        1,
    )
    return torch.lerp(pigment, GREY_HAIR, grey), torch.where(bald, 1.7, hairline), hair_shape


def _draw_proportions(draw: Draw, confusers: float) -> Tensor:
    """Weights of `WARPS`, (n, 16). Brows vary less: their height and tilt look like AU1, 2, 4."""
    scale = torch.full((len(WARPS),), 0.9)
    for name in ("face_width", "jaw_width", "cheek_fat"):  # together they would make a pumpkin
        scale[WARPS.index(name)] = 0.6
    scale[WARPS.index("brow_height")] = 0.5 + 0.45 * confusers
    scale[WARPS.index("brow_tilt")] = 0.10 + 0.10 * confusers
    return draw.normal(len(WARPS), limit=2.0) * scale


def _draw_marks(draw: Draw, male: Tensor, age: Tensor, confusers: float) -> Tensor:
    """Weights of `SKIN_MAPS`, (n, 24)."""
    marks = dict(
        zip(SKIN_MAPS, (0.7 * draw.normal(len(SKIN_MAPS), limit=2.0)).unbind(1), strict=True)
    )
    for name in ("eyebags", "nasolabial_line", "forehead_lines", "crows_feet", "marionette_lines"):
        marks[name] = (draw.uniform() * (0.15 + 1.1 * age) * confusers).clamp(0, 1.3)
    marks["glabella_lines"] = (draw.uniform() * (0.05 + 0.75 * age) * confusers).clamp(0, 1)
    marks["dimple"] = draw.chance(0.15) * draw.uniform() * confusers
    kind, density = draw.uniform(), 0.15 + 0.85 * draw.uniform()  # from stubble to full
    marks["beard"] = male * (kind < 0.34) * density
    marks["goatee"] = male * ((kind > 0.34) & (kind < 0.46)) * density
    marks["moustache"] = male * (kind < 0.56) * density * (0.5 + 0.5 * draw.chance(0.8))
    marks["jowls"] = (1.6 * age - 0.7 + 0.3 * draw.normal()).clamp(0, 1.3)
    marks["chin_cleft"] = draw.chance(0.12) * draw.uniform()
    marks["cheek_hollow"] = marks["cheek_hollow"] * (0.6 + 0.8 * age)
    marks["blush"] = draw.uniform()
    marks["freckles"] = draw.chance(0.2) * draw.uniform()
    marks["temple_shade"] = draw.uniform()
    marks["base"] = torch.ones(draw.n)
    return torch.stack([marks[name] for name in SKIN_MAPS], 1)
