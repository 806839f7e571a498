"""The camera: which point of the head a pixel sees, and how light becomes a picture.

The only randomness here is the noise of the sensor, a hash of the face's seed and the pixel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from aunce_lib.faces.curves import above_zero, per_face
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

    def depth_seen(self, x: Tensor, y: Tensor, z: Tensor) -> Tensor:
        """Point of the head -> depth seen: the last of `seen`."""
        ahead = torch.addcmul(self.cos_yaw * (z - PIVOT), self.sin_yaw, x, value=-1)
        return ahead.mul_(self.cos_pitch).addcmul_(self.sin_pitch, y, value=-1)

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

    def between(narrowest: float) -> Tensor:
        share = over / (over - under).add_(1e-6)
        return torch.lerp(front, back, share.clamp_(narrowest, 1 - narrowest))

    under = above(nearest)
    over, flown = under.clone(), torch.zeros_like(under)
    for k in range(1, steps + 1):
        flying = above_zero(under)  # 1 where the ray is not under the surface yet
        over.lerp_(under, flying)
        under.lerp_(above(nearest - k * stride), flying)
        flown += flying
    back = nearest - stride * flown
    front = nearest - stride * (flown - 1).clamp_(min=0)
    for narrowest in (0.3, 0.2, 0.1, 0.03):  # nearly in the middle at first: steep sides mislead
        t = between(narrowest)
        height = above(t)
        sunk = above_zero(-height)
        # halving the end that stays keeps false position from creeping (Illinois)
        front, over = torch.lerp(t, front, sunk), torch.lerp(height, over.mul_(0.5), sunk)
        back, under = back.lerp_(t, sunk), torch.lerp(under.mul_(0.5), height, sunk)
    x, y, z = along(between(0.0))
    return x, y, z - above_zero(under)


def develop(picture: Tensor, people: People, scenes: Scenes, seeds: Tensor) -> Tensor:
    """Exposure, colour balance, blur, film curve, noise; uint8 (N, 3, S, S)."""
    # a photographer exposes for the face: much of the difference in skin tone is made up for, and
    # some of what the light lacks
    brightness = people.skin @ picture.new_tensor([0.30, 0.59, 0.11])
    lit = scenes.ambient + (1.15 - scenes.ambient) * scenes.light[:, 2].clamp(min=0.15)
    exposure = scenes.exposure * (0.50 / brightness) ** 0.45 * (0.95 / lit) ** 0.6
    picture = picture * (exposure[:, None] * scenes.balance)[:, :, None, None]
    blur, saturation, contrast, noise = (
        v[:, None, None, None]
        for v in (scenes.blur, scenes.saturation, scenes.contrast, scenes.noise)
    )
    picture.lerp_(mean_of_neighbours(picture), blur).clamp_(0, 1.6)
    picture = (1.12 * picture).div_(1 + 0.22 * picture)  # highlights saturate softly
    picture = torch.lerp(picture.mean(1, keepdim=True), picture, saturation)
    picture = torch.lerp(picture.new_tensor(0.45), picture, contrast)
    picture.addcmul_(hash_noise(seeds, picture.shape[1:]), noise)
    return picture.clamp_(0, 1).mul_(255).round_().to(torch.uint8)


def mean_of_neighbours(picture: Tensor) -> Tensor:
    """Mean over 3 x 3 pixels, the rim repeated outwards, (N, 3, S, S); faster than a pooling."""
    rows = torch.cat([picture[:, :, :1], picture, picture[:, :, -1:]], 2)
    picture = (rows[:, :, :-2] + rows[:, :, 1:-1]).add_(rows[:, :, 2:])
    columns = torch.cat([picture[..., :1], picture, picture[..., -1:]], 3)
    return (columns[..., :-2] + columns[..., 1:-1]).add_(columns[..., 2:]).div_(9)


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
    total = bits & 255
    for shift in (8, 16, 24):
        total += (bits >> shift).bitwise_and_(255)
    scale = (4 * (256**2 - 1) / 12) ** 0.5
    return (total - 510).div(scale).view(-1, *shape)


def _low32(values: Tensor) -> Tensor:
    """The low 32 bits of int64 as int32."""
    return (((values & 0xFFFFFFFF) + 2**31) % 2**32 - 2**31).to(torch.int32)


def _mix(bits: Tensor) -> Tensor:
    """Every bit of the result depends on every bit of the int32 argument."""
    bits = bits ^ (bits >> 16).bitwise_and_(0xFFFF)
    bits *= -2048144789  # 0x85ebca6b as int32; products wrap
    bits ^= (bits >> 13).bitwise_and_(0x7FFFF)
    bits *= -1028477387  # 0xc2b2ae35
    return bits.bitwise_xor_((bits >> 16).bitwise_and_(0xFFFF))
