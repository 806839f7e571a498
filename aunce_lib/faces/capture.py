"""How a corpus was recorded: studio or street, head still or talking, one light or many.

A `Capture` says it in a few numbers, `draw_shots` draws sequences under it. Within a sequence
person, light, camera and wall stay; the head drifts, the eyes jump, a hand before the face moves.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from aunce_lib.faces.difficulty import Difficulty, difficulty_named
from aunce_lib.faces.draw import Draw
from aunce_lib.faces.motion import jump, wander
from aunce_lib.faces.people import Scenes
from aunce_lib.faces.scenes import draw_scenes

MOST_TURNED = torch.deg2rad(torch.tensor([30.0, 20.0, 20.0]))  #: yaw, pitch, roll


@dataclass(frozen=True)
class Capture:
    """Capture conditions of a corpus.

    Attributes:
        pose, light, camera: Scale the difficulty's: head pose, light and exposure, blur and noise.
        occlusion: Share of sequences with something in front of the face, besides the difficulty's.
        restless: Share 0..1 of the head's movement that happens within a sequence.
        one_room: Light, camera and wall are the same in all sequences.
        wild: Anything may be behind the head, and some pictures are far too dark or bright.
    """

    pose: float = 1.0
    light: float = 1.0
    camera: float = 1.0
    occlusion: float = 0.0
    restless: float = 0.1
    one_room: bool = False
    wild: bool = False

    def applied(self, difficulty: Difficulty) -> Difficulty:
        """The difficulty under these conditions, within what a difficulty may be."""
        scaled = {n: min(getattr(difficulty, n) * getattr(self, n), 2.0) for n in SCALED}
        free = (1 - difficulty.occlusion) * (1 - self.occlusion)
        return replace(difficulty, occlusion=1 - free, **scaled)


#: How far a head moves, as much as heads differ in `scenes`: yaw, pitch, roll; sideways, upwards.
SWAY = torch.tensor([0.17, 0.11, 0.07, 0.05, 0.05])
SCALED = ("pose", "light", "camera")

STUDIO = Capture(pose=0.8, light=0.7)  #: BP4D: studio light, frontal
ONE_ROOM = Capture(pose=0.7, light=0.7, camera=0.8, one_room=True)  #: DISFA: all in one chair
CONVERSATION = Capture(pose=1.55, light=0.8, restless=0.5)  #: GFT: three people at a table
STREET = Capture(1.4, 1.5, 1.4, occlusion=0.15, restless=0.3, wild=True)  #: Aff-Wild2: any video


@dataclass(frozen=True)
class Shots:
    """S sequences of T frames.

    Attributes:
        scenes: S scenes, what stays the same in a sequence.
        pose: (S, T, 3) yaw, pitch, roll in radians.
        shift: (S, T, 2) where the head is in the picture.
        gaze: (S, T, 2) shift of the irises.
        hand: (S, T, 2) how far an occluder has moved from its place.
    """

    scenes: Scenes
    pose: Tensor
    shift: Tensor
    gaze: Tensor
    hand: Tensor

    def at(self, sequence: Tensor, frame: Tensor) -> Scenes:
        """Scenes of N frames, by sequence (N,) and frame within it (N,)."""
        scenes = self.scenes[sequence]
        occluder = scenes.occluder.clone()
        occluder[:, 1:3] += self.hand[sequence, frame]
        moving = {name: getattr(self, name)[sequence, frame] for name in ("pose", "shift", "gaze")}
        return replace(scenes, occluder=occluder, **moving)


def draw_shots(
    n: int,
    n_frames: int,
    seed: int = 0,
    difficulty: str | Difficulty = "benchmark",
    capture: Capture = STUDIO,
) -> Shots:
    """Draws n sequences of n_frames frames.

    Raises:
        ValueError: If a number is out of range.

    Example:
        >>> shots = draw_shots(2, 50)
        >>> shots.pose.shape, len(shots.at(torch.tensor([0, 0, 1]), torch.tensor([0, 49, 7])))
        (torch.Size([2, 50, 3]), 3)
    """
    hard = capture.applied(difficulty_named(difficulty))
    draw = Draw(n, seed, stream=6)
    scenes = draw_scenes(n, seed, hard)
    if capture.one_room:
        scenes = _in_one_room(scenes)
    if capture.wild:
        light = draw.normal(limit=2.0)
        scenes = replace(
            scenes,
            backdrop=_anything(draw),
            exposure=scenes.exposure * torch.exp(0.18 * hard.light * light.clamp(max=1.2)),
        )
    # two parts mixed in the ratio of cos and sin vary as much as one; the second comes and goes
    stays, moves = (1 - capture.restless) ** 0.5, capture.restless**0.5 * hard.pose
    sway = moves * SWAY * wander(draw, n_frames, len(SWAY), scale=20)
    pose = stays * scenes.pose[:, None] + sway[..., :3]
    shift = stays * scenes.shift[:, None] + sway[..., 3:]
    return Shots(
        scenes,
        pose=pose.clamp(-MOST_TURNED, MOST_TURNED),
        shift=shift,
        gaze=jump(draw, n_frames, 2, scale=15) * torch.tensor([0.022, 0.010]),
        hand=0.12 * wander(draw, n_frames, 2, scale=40),
    )


def _in_one_room(scenes: Scenes) -> Scenes:
    """Everybody in the chair of the first: only pose, place and what covers them are their own."""
    own = ("pose", "shift", "zoom", "gaze", "occluder")
    first = torch.zeros(len(scenes), dtype=torch.long)
    names = [f.name for f in fields(Scenes) if f.name not in own]
    return replace(scenes, **{name: getattr(scenes, name)[first] for name in names})


def _anything(draw: Draw, cells: int = 7) -> Tensor:
    """Blurred backgrounds: a wall or sky, and things before it, (n, 3, cells, cells)."""
    tone, hue = 0.12 + 0.70 * draw.uniform(1, 1, 1), 0.045 * draw.normal(3, 1, 1)
    slope = 0.12 * draw.normal(1, 1, 1) * torch.linspace(1, -1, cells)[:, None]
    things = 0.20 * draw.normal(1, cells, cells) + 0.035 * draw.normal(3, cells, cells)
    things = things * (draw.uniform(1, cells, cells) < 0.8 * draw.uniform(1, 1, 1))
    return (tone + hue + slope + things).clamp(0.02, 0.98)
