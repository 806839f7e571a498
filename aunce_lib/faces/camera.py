"""The camera: which point of the head a pixel sees, and how light becomes a picture.

The only randomness here is the noise of the sensor, a hash of the face's seed and the pixel.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from aunce_lib.faces.curves import per_face
from aunce_lib.faces.people import People, Scenes

HALF_VIEW, VIEW_Y = 0.98, -0.19  #: the picture shows x in +-.98 and y in -.19 +- .98


def camera_plane(scenes: Scenes, size: int) -> tuple[Tensor, Tensor]:
    """Coordinates of the pixels with roll, zoom and shift taken out, (N, S, S) each."""
    t = ((torch.arange(size, device=scenes.pose.device) + 0.5) / size * 2 - 1) * HALF_VIEW
    y, x = torch.meshgrid(VIEW_Y - t, t, indexing="ij")
    roll = scenes.pose[:, 2]
    cos, sin = per_face(roll.cos() * scenes.zoom), per_face(roll.sin() * scenes.zoom)
    x, y = x - per_face(scenes.shift[:, 0]), y + 0.1  # turned about the middle of the face
    return cos * x + sin * y, cos * y - sin * x - 0.1 - per_face(scenes.shift[:, 1])


def unpose(seen_x: Tensor, seen_y: Tensor, scenes: Scenes) -> tuple[Tensor, Tensor]:
    """Turns the head to the front: the point p whose rotated image is the pixel, (N, S, S) each.

    A turned point is seen at X = x cos(yaw) + z sin(yaw), with depth z(x, y) of a simple head with
    a nose. Three fixed-point steps solve for x and y; enough up to about .35 rad.
    """
    sin_yaw, cos_yaw = per_face(scenes.pose[:, 0].sin()), per_face(scenes.pose[:, 0].cos())
    sin_pitch, cos_pitch = per_face(scenes.pose[:, 1].sin()), per_face(scenes.pose[:, 1].cos())
    x, y = seen_x, seen_y
    for _ in range(3):
        nose = 0.22 * torch.exp(-(x * x) / 0.018 - (y + 0.20) ** 2 / 0.045)
        z = 0.55 - 0.55 * x * x - 0.26 * (y + 0.1) ** 2 + nose
        x = (seen_x - sin_yaw * z) / cos_yaw
        y = (seen_y - sin_pitch * (z * cos_yaw - sin_yaw * x)) / cos_pitch
    return x, y


def develop(picture: Tensor, people: People, scenes: Scenes, seeds: Tensor) -> Tensor:
    """Exposure, colour balance, blur, film curve, noise; uint8 (N, 3, S, S)."""
    # a photographer exposes for the face: half of the difference in skin tone is made up for
    brightness = people.skin @ picture.new_tensor([0.30, 0.59, 0.11])
    exposure = scenes.exposure * (0.45 / brightness) ** 0.3
    picture = picture * (exposure[:, None] * scenes.balance)[:, :, None, None]
    blurred = F.avg_pool2d(F.pad(picture, (1, 1, 1, 1), mode="replicate"), 3, 1)
    picture = torch.lerp(picture, blurred, scenes.blur[:, None, None, None]).clamp(0, 1.6)
    picture = 1.12 * picture / (1 + 0.22 * picture)  # highlights saturate softly
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
