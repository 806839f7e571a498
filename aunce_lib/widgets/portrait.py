"""A synthetic face with some muscles moved, and which pixels answer.

`look` is the state of the playground and of the quiz, without any interface.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import torch

from ..faces import (
    AUS,
    DIFFICULTIES,
    Difficulty,
    People,
    Population,
    Scenes,
    draw_scenes,
    render,
)
from ..facs import ACTION_UNITS, column

SIDES = {"both sides": (0, 1), "left of the picture": (0,), "right of the picture": (1,)}
ELEVATION = 0.5  # of the lamp, radians
#: What a scene can be turned by, and how far, in degrees.
ANGLES = {
    "light": (80, "where the light comes from: left or right of the picture"),
    "turn": (30, "the head turns to the left or right of the picture"),
    "nod": (20, "the head looks down or up"),
    "tilt": (20, "the head leans to the left or right of the picture"),
}
N_PEOPLE = 12
SIZE = 160  # pixels
ACTIVE = DIFFICULTIES["benchmark"].weakest_active  # from here on the corpora say "active"
VISIBLE = 8 / 255  # a change of fewer grey levels escapes the eye
BRIGHTEST = 0.25  # a change of this much is drawn brightest
STUDIO = Difficulty(confusers=0.3, pose=0, light=0, camera=0)  # nothing moves but the muscles


@dataclass(frozen=True, eq=False)
class Look:
    """One face of the playground.

    Attributes:
        intensities: Action unit to intensity 0..1 of the stronger side, those above 0 only: AUs
            are coded for either side.
        face: The synthetic face, uint8 (S, S, 3).
        rest: The same person at rest in the same scene, uint8 (S, S, 3).
        change: Difference between the two, mean over colours, float32 (S, S), 0..1.
    """

    intensities: dict[int, float]
    face: np.ndarray
    rest: np.ndarray
    change: np.ndarray

    @property
    def active(self) -> tuple[int, ...]:
        """The action units strong enough to be labelled active."""
        return tuple(au for au, intensity in self.intensities.items() if intensity >= ACTIVE)

    @property
    def changed(self) -> float:
        """Share of the pixels that changed visibly, 0..1."""
        return float((self.change > VISIBLE).mean())


def look(
    intensities: Mapping[int, float | tuple[float, float]],
    person: int = 0,
    side: str = "both sides",
    light: float = 0.0,
    turn: float = 0.0,
    nod: float = 0.0,
    tilt: float = 0.0,
) -> Look:
    """Draw a person's face, and the same person at rest in the same scene to compare with.

    Args:
        intensities: Action unit to intensity 0..1, or to a pair for left and right of the picture;
            those not named are at rest.
        person: Which of the playground's people, 0..N_PEOPLE - 1.
        side: One of `SIDES`: where the muscles move whose intensity is one number.
        light, turn, nod, tilt: Degrees as in `ANGLES`, 0 from the front; above 0 to the right of
            the picture, nod: up.

    Raises:
        ValueError: For an action unit that is not drawn, an unknown person or side, or an
            intensity or angle out of range.

    Example:
        >>> smile = look({6: 0.8, 12: 1.0, 25: 0.1})
        >>> smile.active, smile.face.shape
        ((6, 12), (160, 160, 3))
    """
    unknown = sorted(set(intensities) - set(AUS))
    if unknown:
        raise ValueError(f"no action unit {unknown[0]} on the drawn faces; there are {AUS}")
    if person not in range(N_PEOPLE):
        raise ValueError(f"person must be 0..{N_PEOPLE - 1}, got {person!r}")
    if side not in SIDES:
        raise ValueError(f"side must be one of {list(SIDES)}, got {side!r}")
    given = {"light": light, "turn": turn, "nod": nod, "tilt": tilt}
    for name, (most, _) in ANGLES.items():
        if not -most <= given[name] <= most:
            raise ValueError(f"{name} must lie in {-most}..{most} degrees, got {given[name]}")
    aus = torch.zeros(len(AUS), 2)
    for au, intensity in intensities.items():
        if isinstance(intensity, float | int):
            aus[AUS.index(au), list(SIDES[side])] = float(intensity)
        else:
            aus[AUS.index(au)] = torch.tensor(intensity, dtype=torch.float32)
    scene = light, turn, nod, tilt
    rest, face = _at_rest(person, scene, SIZE), _draw(person, aus, scene, SIZE)
    change = np.abs(face.astype(np.float32) - rest).mean(axis=2) / 255
    strongest = {au: float(np.max(intensities[au])) for au in AUS if au in intensities}
    return Look({au: v for au, v in strongest.items() if v}, face, rest, change)


def _draw(person: int, aus: torch.Tensor, scene: tuple, size: int) -> np.ndarray:
    """One face, uint8 (S, S, 3), with intensities (AUs, 2)."""
    noise = torch.zeros(1, dtype=torch.int64)
    picture = render(_people()[[person]], aus[None], _scene(*scene), noise, size, chunk=1)
    return picture[0].permute(1, 2, 0).numpy()


@lru_cache(maxsize=64)
def _at_rest(person: int, scene: tuple, size: int) -> np.ndarray:
    """The face with every muscle at rest: drawn once, while muscles move."""
    rest = _draw(person, torch.zeros(len(AUS), 2), scene, size)
    rest.flags.writeable = False  # everybody gets the same one
    return rest


def _scene(light: float, turn: float, nod: float, tilt: float) -> Scenes:
    """The studio, with the lamp and the head turned by so many degrees."""
    scene = draw_scenes(1, seed=4, difficulty=STUDIO)
    azimuth, flat = math.radians(light), math.cos(ELEVATION)
    lamp = [[math.sin(azimuth) * flat, math.sin(ELEVATION), math.cos(azimuth) * flat]]
    pose = torch.tensor([[turn, nod, -tilt]]).deg2rad()
    return replace(scene, pose=pose, light=torch.tensor(lamp))


@lru_cache
def _people() -> People:
    return Population(N_PEOPLE, seed=5, difficulty=STUDIO).people


def heat(change: np.ndarray) -> np.ndarray:
    """A change (S, S) of 0..1 as colours, uint8 (S, S, 3)."""
    from matplotlib import colormaps

    return colormaps["magma"]((change / BRIGHTEST).clip(0, 1), bytes=True)[..., :3]


def side_by_side(*pictures: np.ndarray) -> bytes:
    """Pictures (S, S, 3) in a row, twice as large, as JPEG: a fortieth of PNG's time."""
    from PIL import Image

    gap = np.full((len(pictures[0]), 8, 3), 255, np.uint8)
    parts = [part for picture in pictures for part in (picture, gap)][:-1]
    row, buffer = Image.fromarray(np.hstack(parts)), io.BytesIO()
    row = row.resize((2 * row.width, 2 * row.height), Image.Resampling.BICUBIC)
    row.save(buffer, "jpeg", quality=95, subsampling=0)
    return buffer.getvalue()


def named(aus: Iterable[int]) -> str:
    """Action units in words, such as "AU12 lip corner puller, AU25 lips part"."""
    return ", ".join(f"{column(au)} {ACTION_UNITS[au].name.lower()}" for au in aus)
