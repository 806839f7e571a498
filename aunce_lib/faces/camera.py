"""The camera: which point of the head a pixel sees, and how light becomes a picture.

The only randomness here is the noise of the sensor, a hash of the face's seed and the pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from aunce_lib.faces.curves import per_face
from aunce_lib.faces.people import People, Scenes

HALF_VIEW, VIEW_Y = 1.04, -0.15  #: the picture shows x in +-1.04 and y in -.15 +- 1.04
#: The anatomy's plane is a tenth too wide for its height: on real heads the chin is 1.8 and the
#: mouth 1.1 distances between the pupils below them. The camera makes up for it.
WIDTH, HEIGHT = 0.96, 1.06
PIVOT = 0.40  #: depth of the axis a head turns about; a face stays about where it is


def camera_plane(scenes: Scenes, size: int) -> tuple[Tensor, Tensor]:
    """Coordinates of the pixels with roll, zoom and shift taken out, (N, S, S) each."""
    t = ((torch.arange(size, device=scenes.pose.device) + 0.5) / size * 2 - 1) * HALF_VIEW
    y, x = torch.meshgrid(VIEW_Y - t, t, indexing="ij")
    roll = scenes.pose[:, 2]
    cos, sin = per_face(roll.cos() * scenes.zoom), per_face(roll.sin() * scenes.zoom)
    x, y = x - per_face(scenes.shift[:, 0]), y + 0.1  # turned about the middle of the face
    x, y = cos * x + sin * y, cos * y - sin * x - per_face(scenes.shift[:, 1])
    return x / WIDTH, y / HEIGHT - 0.1


@dataclass
class Turn:
    """The rotation of a head: first yaw, then pitch; roll is the camera's.

    Depths are those of the relief, over the frontal plane; seen depth grows towards the camera.
    """

    sin_yaw: Tensor
    cos_yaw: Tensor
    sin_pitch: Tensor
    cos_pitch: Tensor

    @classmethod
    def of(cls, scenes: Scenes) -> Turn:
        """The heads' turns, each (N, 1, 1)."""
        angles = per_face(scenes.pose[:, 0]), per_face(scenes.pose[:, 1])
        return cls(angles[0].sin(), angles[0].cos(), angles[1].sin(), angles[1].cos())

    def seen(self, x: Tensor, y: Tensor, z: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Point of the head -> place in the picture and depth seen."""
        z = z - PIVOT
        ahead = self.cos_yaw * z - self.sin_yaw * x
        return (
            self.cos_yaw * x + self.sin_yaw * z,
            self.cos_pitch * y + self.sin_pitch * ahead,
            self.cos_pitch * ahead - self.sin_pitch * y,
        )

    def head(self, x: Tensor, y: Tensor, depth: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Place in the picture and depth seen -> point of the head; the inverse of `seen`."""
        ahead = self.cos_pitch * depth + self.sin_pitch * y
        return (
            self.cos_yaw * x - self.sin_yaw * ahead,
            self.cos_pitch * y - self.sin_pitch * depth,
            self.cos_yaw * ahead + self.sin_yaw * x + PIVOT,
        )

    def direction(self, towards: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A direction (N, 3) of the picture, seen from the head."""
        x, y, z = (per_face(v) for v in towards.unbind(1))
        hx, hy, hz = self.head(x, y, z)
        return hx, hy, hz - PIVOT


def trace(seen_x: Tensor, seen_y: Tensor, depth: Callable, turn: Turn) -> tuple[Tensor, ...]:
    """The first point x, y, z of the head on each pixel's ray, (N, S, S) each.

    Walks from the camera through the head in equal steps, keeps the first pair of depths between
    which the ray dives under the surface, and closes in on it by false position. So a nose hides
    the cheek behind it. Rays that miss end far behind the face, at z < -.4.

    Args:
        seen_x, seen_y: Coordinates of the pixels, from `camera_plane`.
        depth: Relief (N, S, S) at face coordinates x and y.
        turn: How the heads are turned.
    """
    nearest, farthest, steps = 0.85, -1.25, 8
    stride = (nearest - farthest) / steps

    # a ray is a straight line in the head: where it passes depth 0, and how it runs
    start = turn.head(seen_x, seen_y, torch.zeros_like(turn.sin_yaw))
    run = (
        -turn.sin_yaw * turn.cos_pitch,
        -turn.sin_pitch * torch.ones_like(turn.sin_yaw),
        turn.cos_yaw * turn.cos_pitch,
    )

    def along(t: Tensor | float) -> list[Tensor]:
        if isinstance(t, float):
            return [s + t * r for s, r in zip(start, run, strict=True)]
        return [torch.addcmul(s, t, r) for s, r in zip(start, run, strict=True)]

    def above(t: Tensor | float) -> Tensor:
        x, y, z = along(t)
        return z - depth(x, y)

    front = torch.full_like(seen_x, nearest)
    over = above(nearest)
    back, under = front, over
    for k in range(1, steps + 1):
        t = nearest - k * stride
        height = above(t)
        flying = (under > 0).float()  # not under the surface yet; lerp picks faster than where
        front, over = torch.lerp(front, back, flying), torch.lerp(over, under, flying)
        back = back + flying * (t - back)
        under = torch.lerp(under, height, flying)
    for narrowest in (0.3, 0.2, 0.1, 0.03):  # nearly in the middle at first: steep sides mislead
        t = front + (back - front) * (over / (over - under + 1e-6)).clamp(narrowest, 1 - narrowest)
        height = above(t)
        sunk = (height < 0).float()
        # halving the end that stays keeps false position from creeping (Illinois)
        front, over = torch.lerp(t, front, sunk), torch.lerp(height, 0.5 * over, sunk)
        back, under = torch.lerp(back, t, sunk), torch.lerp(0.5 * under, height, sunk)
    t = front + (back - front) * (over / (over - under + 1e-6)).clamp(0, 1)
    x, y, z = along(t)
    return x, y, z - (under > 0).float()


def develop(picture: Tensor, people: People, scenes: Scenes, seeds: Tensor) -> Tensor:
    """Exposure, colour balance, blur, film curve, noise; uint8 (N, 3, S, S)."""
    # a photographer exposes for the face: much of the difference in skin tone is made up for, and
    # some of what the light lacks
    brightness = people.skin @ picture.new_tensor([0.30, 0.59, 0.11])
    lit = scenes.ambient + (1.15 - scenes.ambient) * scenes.light[:, 2].clamp(min=0.15)
    exposure = scenes.exposure * (0.50 / brightness) ** 0.45 * (0.95 / lit) ** 0.6
    picture = picture * (exposure[:, None] * scenes.balance)[:, :, None, None]
    blurred = F.avg_pool2d(F.pad(picture, (1, 1, 1, 1), mode="replicate"), 3, 1)
    picture = torch.lerp(picture, blurred, scenes.blur[:, None, None, None]).clamp(0, 1.6)
    picture = 1.12 * picture / (1 + 0.22 * picture)  # highlights saturate softly
    grey = picture.mean(1, keepdim=True)
    picture = torch.lerp(grey, picture, scenes.saturation[:, None, None, None])
    picture = torch.lerp(picture.new_tensor(0.45), picture, scenes.contrast[:, None, None, None])
    picture = picture + hash_noise(seeds, picture.shape[1:]) * scenes.noise[:, None, None, None]
    return (picture.clamp(0, 1) * 255).round().to(torch.uint8)


def hash_noise(seeds: Tensor, shape: tuple[int, ...]) -> Tensor:
    """About standard normal noise from a counter hash of (seed, channel, pixel).

    Integer arithmetic, so it is the same number for every batch, thread count and device: 32 bits
    per pixel are mixed as in the finaliser of MurmurHash3; the sum of the four bytes, centred and
    scaled, is nearly Gaussian (Irwin-Hall, excess kurtosis -.3).

    Args:
        seeds: (N,) int64.
        shape: Of one picture, (3, S, S).

    Returns:
        float32 (N, *shape), mean 0, variance 1.
    """
    counter = torch.arange(shape[0] * shape[1] * shape[2], device=seeds.device, dtype=torch.int32)
    keys = _mix(_mix(_low32(seeds)) ^ _low32(seeds >> 32))  # (N,)
    bits = _mix((counter * -1640531527) ^ keys[:, None])
    total = sum((bits >> shift) & 255 for shift in (0, 8, 16, 24))
    scale = (4 * (256**2 - 1) / 12) ** 0.5
    return ((total - 510).float() / scale).view(-1, *shape)


def _low32(values: Tensor) -> Tensor:
    """The low 32 bits of int64 as int32."""
    return (((values & 0xFFFFFFFF) + 2**31) % 2**32 - 2**31).to(torch.int32)


def _mix(bits: Tensor) -> Tensor:
    """Every bit of the result depends on every bit of the int32 argument."""
    bits = bits ^ ((bits >> 16) & 0xFFFF)
    bits = bits * -2048144789  # 0x85ebca6b as int32; products wrap
    bits = bits ^ ((bits >> 13) & 0x7FFFF)
    bits = bits * -1028477387  # 0xc2b2ae35
    return bits ^ ((bits >> 16) & 0xFFFF)
