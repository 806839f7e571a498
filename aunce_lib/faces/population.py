"""Who is drawn, and how they are photographed: people, scenes, and how hard both make the task."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from aunce_lib.faces.anatomy import AUS
from aunce_lib.faces.people import People, Scenes
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

#: Walls of rooms and studios: greys, beiges, muted blues and greens.
WALLS = torch.tensor(
    [
        *([0.74, 0.73, 0.71], [0.55, 0.55, 0.56], [0.34, 0.35, 0.37], [0.80, 0.76, 0.69]),
        *([0.62, 0.57, 0.50], [0.47, 0.53, 0.58], [0.53, 0.58, 0.53], [0.42, 0.38, 0.35]),
    ]
)


@dataclass(frozen=True)
class Difficulty:
    """How hard it is to read action units off the faces.

    Attributes:
        weakest_active: Lowest intensity that counts as active; the corpus' threshold.
        strongest_inactive: Inactive AUs still move up to this intensity.
        confusers: Scale of what looks like an AU at rest: static lines, brow and mouth shape.
        pose, light, camera: Scales of head pose, of light and exposure, of blur and noise.
        occlusion: Share of faces with something in front of them.
    """

    weakest_active: float = 0.30
    strongest_inactive: float = 0.15
    confusers: float = 1.0
    pose: float = 1.0
    light: float = 1.0
    camera: float = 1.0
    occlusion: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.strongest_inactive < self.weakest_active < 1:
            raise ValueError(
                "difficulty needs 0 <= strongest_inactive < weakest_active < 1, got "
                f"{self.strongest_inactive} and {self.weakest_active}"
            )
        for name in ("confusers", "pose", "light", "camera"):
            if not 0 <= getattr(self, name) <= 2:
                raise ValueError(f"difficulty.{name} must lie in 0..2, got {getattr(self, name)}")
        if not 0 <= self.occlusion <= 1:
            raise ValueError(f"difficulty.occlusion is a share of 0..1, got {self.occlusion}")


DIFFICULTIES: dict[str, Difficulty] = {
    "tutorial": Difficulty(0.50, 0.05, confusers=0.3, pose=0.5, light=0.5, camera=0.5),
    "benchmark": Difficulty(),
}


def difficulty_named(difficulty: str | Difficulty) -> Difficulty:
    """The preset of that name, or the given numbers themselves.

    Raises:
        ValueError: If there is no such preset.

    >>> difficulty_named("tutorial").weakest_active
    0.5
    """
    if isinstance(difficulty, Difficulty):
        return difficulty
    if difficulty not in DIFFICULTIES:
        raise ValueError(
            f"difficulty must be one of {sorted(DIFFICULTIES)} or a Difficulty, got {difficulty!r}"
        )
    return DIFFICULTIES[difficulty]


class Draw:
    """Random tensors of n rows from one seed; `stream` keeps uses of the same seed apart."""

    def __init__(self, n: int, seed: int, stream: int) -> None:
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ValueError(f"at least one row is needed, got n = {n!r}")
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**48:
            raise ValueError(f"seed must be a whole number in 0..2**48 - 1, got {seed!r}")
        self.n = n
        self.generator = torch.Generator().manual_seed(seed * 1009 + stream)

    def normal(self, *shape: int, limit: float = 3.0) -> Tensor:
        """Standard normal numbers (n, *shape), cut off at +-limit."""
        return torch.randn(self.n, *shape, generator=self.generator).clamp(-limit, limit)

    def uniform(self, *shape: int) -> Tensor:
        """Numbers in 0..1, (n, *shape)."""
        return torch.rand(self.n, *shape, generator=self.generator)

    def chance(self, share: float | Tensor) -> Tensor:
        """1 with probability `share`, else 0, (n,)."""
        return (self.uniform() < share).float()

    def spread_evenly(self) -> Tensor:
        """A permuted grid of quantiles in 0..1, (n,): even a few people cover the whole range."""
        order = torch.randperm(self.n, generator=self.generator)
        return (order + 0.5) / self.n


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
    mouth = torch.stack(
        [
            0.265 + 0.025 * normal(limit=2.0),
            0.058 + 0.014 * normal(limit=1.8),
            0.078 + 0.016 * normal(limit=1.8),
            0.008 + 0.015 * confusers * normal(limit=2.0),
            0.004 * confusers * normal(limit=2.0),
        ],
        1,
    )
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
        mouth=mouth,
        lips=(0.25 + 0.75 * uniform()) * (1 - 0.45 * male),
        hairline=0.72 + 0.05 * normal(limit=2.0) + draw.chance(0.3 * male * age) * 0.5 * uniform(),
        hair_shape=torch.stack(
            [
                torch.where(male > 0, 0.05 - 0.25 * uniform(), 0.0 - 1.6 * uniform()),
                0.94 + 0.16 * uniform() * (1 - 0.5 * male),
                uniform(),
            ],
            1,
        ),
        gain=(1 + 0.22 * normal(len(AUS))).clamp(0.5, 1.5),
        creasing=(0.30 + 0.9 * age + 0.15 * normal()).clamp(0.12, 1.3),
        glasses=draw.chance(0.12),
        grain=uniform(2) * 2 - 1,
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


def draw_scenes(n: int, seed: int = 0, difficulty: str | Difficulty = "benchmark") -> Scenes:
    """Draws n pictures: pose, light, camera and backdrop.

    Args:
        n: How many.
        seed: 0..2**48 - 1.
        difficulty: A preset's name or a `Difficulty`; its pose, light, camera and occlusion matter.

    Raises:
        ValueError: If a number is out of range.

    Example:
        >>> draw_scenes(2).pose.shape
        torch.Size([2, 3])
    """
    hard = difficulty_named(difficulty)
    draw = Draw(n, seed, stream=2)
    normal, uniform = draw.normal, draw.uniform
    azimuth, elevation = 0.65 * hard.light * normal(), 0.55 + 0.32 * hard.light * normal()
    light = [azimuth.sin() * elevation.cos(), elevation.sin(), azimuth.cos() * elevation.cos()]
    warmth = 0.035 * hard.light * normal(1) * torch.tensor([1.0, 0.0, -1.4])
    return Scenes(
        pose=normal(3, limit=2.0) * torch.tensor([0.17, 0.11, 0.06]) * hard.pose,
        shift=0.025 * hard.pose * normal(2),
        zoom=1 + 0.04 * hard.pose * normal(),
        light=F.normalize(torch.stack(light, 1), dim=1),
        ambient=0.42 + 0.22 * uniform(),
        shine=0.16 * uniform(),
        exposure=1 + 0.12 * hard.light * normal(limit=2.5),
        balance=1 + warmth + 0.012 * hard.light * normal(3),
        gaze=normal(2, limit=2.0) * torch.tensor([0.022, 0.010]),
        backdrop=_draw_backdrops(draw),
        blur=0.8 * hard.camera * uniform(),
        noise=(0.006 + 0.020 * uniform()) * hard.camera,
        occluder=torch.cat(
            [
                draw.chance(hard.occlusion)[:, None],
                uniform(2) * 1.8 - torch.tensor([0.9, 1.1]),
                0.15 + 0.2 * uniform(2),
                uniform(1),
            ],
            1,
        ),
    )


def _draw_backdrops(draw: Draw) -> Tensor:
    """A wall of one muted colour with the light falling off across it, (n, 3, 2, 2)."""
    wall = WALLS[torch.randint(len(WALLS), (draw.n,), generator=draw.generator)]
    wall = (wall + 0.02 * draw.normal(3)) * (0.75 + 0.4 * draw.uniform(1))
    falloff = 1 + 0.16 * draw.normal(1, 2, 2, limit=1.8)
    return (wall[:, :, None, None] * falloff).clamp(0.05, 0.98)
