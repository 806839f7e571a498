"""Faces of another making: the same muscles on solid heads, photographed by another camera.

The library's faces are painted: a pixel is traced to the resting face, furrows are darkened, light
falls on a relief. Here the same anatomy (where skin moves and bulges, what lips and lids do)
becomes a solid surface, depth over the face, that a perspective camera hits ray by ray, so that a
turned nose hides a cheek. Clay or mottled skin, rough reflection without highlights (Oren & Nayar
1994), two lights, shade only where the surface is hollow; eyes, lips and brows of their own, bald
heads, plain backgrounds. Nothing is ever trained on these faces: they are a test of what a
detector learned, for which they are to look made by somebody else. They are synthetic, too.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from aunce_lib.faces import People
from aunce_lib.faces.curves import curve_effects
from aunce_lib.faces.fields import HALF, blend_fields, canonical_grid
from aunce_lib.faces.muscles import ADDED, SCALED
from aunce_lib.faces.render import blend, sample

GRID = 208  #: nodes of the surface along a side
STEPS = 26  #: of a ray through the head
NEAREST, FARTHEST = 1.70, -0.55  #: depths between which a head can be
CHUNK = 16

#: Effects of the muscle table on lips and lids that these faces show; see `not_shown`.
SHOWN = {
    *("corner_out", "corner_up", "line_up", "upper_lip_up", "part", "drop", "lip_line"),
    *("corner_shadow", "lids_meet", "upper_lip", "lower_lip", "gap", "upper_lid", "lower_lid"),
    *("lid_fold", "lid_pouch", "lower_lip_down", "lip_out", "corner_thin"),
}


def not_shown() -> list[str]:
    """Effects that the muscle table knows by now and these faces do not show."""
    return sorted((set(ADDED) | set(SCALED)) - SHOWN)


def sculpt(people: People, aus: Tensor, seed: int, size: int = 64) -> Tensor:
    """Pictures of solid heads.

    Args:
        people: N people; their proportions, muscles, lines, eyes and mouths are used, no colours.
        aus: (N, AUs, 2) intensities 0..1.
        seed: Of materials, cameras, lights and backgrounds.
        size: Height and width in pixels.

    Returns:
        uint8 (N, 3, size, size).
    """
    rows = torch.arange(len(people)).split(CHUNK)
    parts = [_sculpt(people[r], aus[r], seed * 100_003 + i, size) for i, r in enumerate(rows)]
    return torch.cat(parts)


@torch.inference_mode()
def _sculpt(people: People, aus: Tensor, seed: int, size: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    n = len(people)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(n, *shape, generator=generator)

    depth, albedo = surface(people, aus, uniform)
    side = 2 * size
    point, hit = cast_rays(depth, side, uniform)
    light = reflect(depth, uniform)
    colour = sample(albedo * light, point[..., 0], point[..., 1])
    ends = 0.1 * uniform(0.02, 0.9, 3, 2) + 0.9 * uniform(0.02, 0.9, 1, 2)
    backdrop = ends[:, :, :1] + (ends[:, :, 1:] - ends[:, :, :1]) * torch.linspace(0, 1, side)
    picture = torch.lerp(backdrop[..., None].expand(-1, -1, -1, side), colour, hit[:, None])
    return photograph(picture, uniform, generator)


# ------------------------------------------------------------------------- the surface
def surface(people: People, aus: Tensor, uniform: Callable[..., Tensor]) -> tuple[Tensor, Tensor]:
    """Depth (N, 1, G, G) and albedo (N, 3, G, G) over the face seen from the front."""
    fields = blend_fields(128)
    effort = aus * people.gain
    person, action, resting = blend(people, effort, fields)
    effects = curve_effects(effort)
    px, py = (c.expand(len(people), -1, -1) for c in canonical_grid(GRID))
    dx, dy = sample(person, px, py).unbind(1)
    qx, qy = px - dx, py - dy
    dx, dy, raised, _ = sample(action, qx, qy).unbind(1)
    ux, uy = qx - dx, qy - dy
    relief, *_, contour = sample(resting, ux, uy).unbind(1)
    depth = uniform(0.95, 1.3)[:, None, None] * relief + raised

    mottled = F.interpolate(uniform(-1, 1, 1, 24, 24), GRID, mode="bicubic", align_corners=True)
    coloured = (uniform(0, 1, 1) < 0.6).float()  # the others are clay
    skin = torch.tensor([0.30, -0.04, -0.22]) + uniform(-0.06, 0.06, 3)
    tone = uniform(0.35, 0.90, 1) ** (1 + 1.6 * uniform(0, 1, 1)) * (1 + coloured * skin)
    albedo = tone[:, :, None, None] * (1 + 0.06 * coloured[:, :, None, None] * mottled)

    brow = brow_hair(ux, uy) * uniform(0.2, 0.75)[:, None, None]
    depth, albedo = depth + 0.015 * brow, albedo * (1 - 0.75 * brow)[:, None]
    depth, albedo = set_eyes(qx, qy, depth, albedo, effects, people, uniform)
    depth, albedo = model_mouth(qx, qy, depth, albedo, effects, people, coloured)

    beside = (px.abs() - 0.44).clamp(min=0)
    neck = (
        (0.46**2 - px * px).clamp(min=0).sqrt() - 0.30 - 4 * (py + 0.62).clamp(min=0) - 9 * beside
    )
    rim = 28 * (contour - 0.87).clamp(min=0) ** 2 + ((contour - 0.99) / 0.02).clamp(min=0)
    return torch.maximum(depth - rim, neck)[:, None], albedo.clamp(0, 1)


def bell(distance: Tensor, width: float) -> Tensor:
    """1 at distance 0, falling like a Gaussian."""
    return torch.exp(-0.5 * (distance / width) ** 2)


def step(distance: Tensor, width: float = 0.006) -> Tensor:
    """A soft step: 0 below zero, 1 above."""
    return torch.sigmoid(distance / width)


def brow_hair(x: Tensor, y: Tensor) -> Tensor:
    """A plain bow over each eye, thick inside, thin outside."""
    along = (x.abs() - 0.14) / 0.44
    height = 0.305 + 0.06 * torch.sin(2.2 * along.clamp(0, 1))
    thick = 0.030 - 0.014 * along.clamp(0, 1)
    return bell((y - height) / thick, 0.9) * step(along, 0.05) * step(1 - along, 0.07)


class Halves:
    """Values of the left and right half, (N, 2), laid over x, (N, G, G)."""

    def __init__(self, x: Tensor):
        self.right = step(x, 0.03)

    def __call__(self, value: Tensor) -> Tensor:
        left, right = value[:, :1, None], value[:, 1:, None]
        return left + (right - left) * self.right


def set_eyes(x, y, depth, albedo, effects, people, uniform) -> tuple[Tensor, Tensor]:
    """Balls between lids that stand out over them, and a fold above."""
    halves = Halves(x)
    eye = people.eye[:, :, None, None].unbind(1)
    width, upper, lower, slant, fold = (eye[k] for k in (0, 1, 2, 3, 6))  # see `People.eye`
    e = (x.abs() - 0.36) / width
    bow = (1 - e * e).clamp(min=0)
    middle = 0.10 + slant * e
    low = middle - lower * halves(effects["lower_lid"]) * bow
    high = middle + upper * halves(effects["upper_lid"]) * bow**0.7
    high = torch.lerp(high, low, halves(effects["lids_meet"]).clamp(0, 1))
    open_ = step(high - y) * step(y - low) * step(1 - e.abs(), 0.02)
    open_ = open_ * ((high - low) / 0.02).clamp(0, 1)

    ball = 0.02 - 1.2 * ((x.abs() - 0.36) ** 2 + (y - 0.10) ** 2)
    within = step(1.1 - e.abs(), 0.05)
    lids = 0.022 * bell(y - high - 0.02, 0.022) + 0.018 * bell(y - low + 0.02, 0.020)
    lids = lids + halves(effects["lid_pouch"]) * bell(y - low + 0.045, 0.028)
    crease = bell(y - high - fold * halves(effects["lid_fold"]), 0.014)
    seam = bell(y - low, 0.010) * (1 - open_)
    skin = depth + within * (lids - 0.020 * crease - 0.012 * seam * halves(effects["lids_meet"]))
    socket = F.avg_pool2d(depth[:, None], 25, 1, 12)[:, 0]
    depth = torch.lerp(skin, socket + ball - 0.03, open_)

    gaze = uniform(-0.025, 0.025, 2)
    radius2 = (x - 0.36 * x.sign() - gaze[:, :1, None]) ** 2 + (
        y - 0.10 - 0.4 * gaze[:, 1:, None]
    ) ** 2
    iris, pupil = step(0.082 - radius2.sqrt(), 0.008), step(0.035 - radius2.sqrt(), 0.008)
    white = uniform(0.55, 0.85)[:, None, None]
    colour = white * (1 - iris) + iris * uniform(0.08, 0.35)[:, None, None] * (1 - 0.8 * pupil)
    lash = 0.5 * within * bell(y - high, 0.010)
    albedo = albedo * (1 - lash)[:, None]
    return depth, torch.lerp(albedo, colour[:, None].expand_as(albedo), open_[:, None])


def model_mouth(x, y, depth, albedo, effects, people, coloured) -> tuple[Tensor, Tensor]:
    """Lips as two rolls that meet in a groove; a hollow with teeth where they part."""
    halves = Halves(x)
    width, upper, lower, corner_rest, middle_rest = people.mouth[:, :5, None].unbind(1)  # (N, 1)
    parted = effects["part"] * effects["gap"]
    down = effects["lower_lip_down"] * effects["gap"]
    opening = parted + effects["drop"] * effects["gap"].clamp(min=0.3)
    half = halves((width + effects["corner_out"]).clamp(min=0.09))
    s = x.abs() / half
    bow = (1 - s * s).clamp(min=0)
    line = (
        -0.58
        + halves(effects["line_up"] + middle_rest) * bow
        + halves(effects["corner_up"] + corner_rest) * (s * s).clamp(max=1)
    )
    lifted = halves(effects["upper_lip_up"]) * bow.sqrt() * bell(s - 0.4, 0.35)
    gap, thin = halves(opening), 1 - halves(effects["corner_thin"].clamp(max=0.9)) * (s * s)
    top = line + 0.22 * gap * bow**0.7 + 0.4 * lifted * (gap / 0.05).clamp(0, 1)
    bottom = line - 0.78 * gap * bow**0.6 - halves(down) * bow**0.3
    above = (halves(upper * effects["upper_lip"]) * bow**0.7 + 0.5 * lifted) * thin + 2e-3
    below = halves(lower * effects["lower_lip"]) * bow**0.6 * thin + 2e-3
    up, down = (y - top) / above, (bottom - y) / below  # 0 at the inner edge, 1 at the outer
    roll = (up * (1 - up)).clamp(min=0) * above + (down * (1 - down)).clamp(min=0) * below
    hollow = step(top - y) * step(y - bottom) * step(1 - s, 0.02)
    hollow = hollow * ((top - bottom) / 0.02).clamp(0, 1)
    seam = bell(y - line, 0.014) * step(1.02 - s, 0.03) * (1 - hollow)
    corner = bell(x.abs() - half, 0.035) * bell(y - line, 0.032)
    depth = depth + 2.2 * roll * step(1 - s, 0.03) * halves((1 + effects["lip_out"]).clamp(min=0))
    depth = depth - 0.045 * seam * halves(0.6 + 0.6 * effects["lip_line"])
    depth = depth - 0.06 * corner * halves(0.25 + effects["corner_shadow"])

    lips = step(1.05 - up, 0.1) * step(1.05 - down, 0.1) * step(1 - s, 0.03) * (1 - hollow)
    tint = (
        1
        - lips[:, None]
        * coloured[:, :, None, None]
        * torch.tensor([0.08, 0.30, 0.26])[:, None, None]
    )
    albedo = albedo * tint

    jaw = halves(0.8 * effects["drop"])
    teeth = torch.maximum(step(y + 0.632), 0.8 * step(-0.655 - jaw - y)) * step(0.8 - s, 0.05)
    inside = 0.03 + 0.62 * teeth
    depth = depth - hollow * (0.22 - 0.14 * teeth)
    return depth, torch.lerp(albedo, inside[:, None].expand_as(albedo), hollow[:, None])


# ------------------------------------------------------------------------- camera and light
def cast_rays(depth: Tensor, side: int, uniform: Callable[..., Tensor]) -> tuple[Tensor, Tensor]:
    """Where the ray of each pixel meets the head.

    A ray goes through the head in equal steps; between the last step before the surface and the
    first behind it, the point is found by linear interpolation.

    Returns:
        Points (N, side, side, 3) in the head's own axes, and hit (N, side, side), 1 or 0.
    """
    n = len(depth)
    turn = rotation(*((uniform(-1, 1) + uniform(-1, 1)) * a for a in (0.22, 0.14, 0.06)))
    distance = uniform(3.5, 8.0)[:, None, None]  # of the camera; a face is two units high
    t = ((torch.arange(side) + 0.5) / side * 2 - 1) * 0.98
    y, x = torch.meshgrid(-0.09 - t, t, indexing="ij")  # about the middle of the face
    zoom, shift = uniform(0.94, 1.06)[:, None, None], uniform(-0.04, 0.04, 2)
    x, y = zoom * x + shift[:, :1, None], zoom * y + shift[:, 1:, None]
    focus = 0.45  # depth at which the picture has the scale of the drawn faces
    towards = torch.stack(
        [x.expand(n, -1, -1), y.expand(n, -1, -1), (focus - distance).expand(n, side, side)], -1
    )
    towards = torch.einsum("nij,nhwi->nhwj", turn, towards)
    camera = torch.einsum("nij,ni->nj", turn, F.pad(distance[:, 0, :], (2, 0)))
    pivot = torch.tensor([0.0, -0.10, 0.0])
    camera = (camera + pivot)[:, None, None]

    def at(z: Tensor | float) -> Tensor:
        """Points of the rays at this depth in the head's axes."""
        return camera + towards * ((z - camera[..., 2]) / towards[..., 2])[..., None]

    def above(z: Tensor | float) -> Tensor:
        """How far the rays are before the surface, at this depth."""
        p = at(z)
        return z - sample(depth, p[..., 0], p[..., 1])[:, 0]

    levels = torch.linspace(NEAREST, FARTHEST, STEPS).tolist()
    found = torch.zeros(n, side, side, dtype=torch.bool)
    near, far = torch.full((n, side, side), FARTHEST), torch.full((n, side, side), FARTHEST)
    gap_near, gap_far = torch.ones_like(near), torch.zeros_like(near)
    before = above(levels[0])
    for last, level in zip(levels, levels[1:], strict=False):
        after = above(level)
        enters = (after <= 0) & ~found
        near = torch.where(enters, last, near)
        far = torch.where(enters, level, far)
        gap_near, gap_far = before.where(enters, gap_near), after.where(enters, gap_far)
        found |= enters
        before = after

    def crossing() -> Tensor:
        return near + (far - near) * gap_near / (gap_near - gap_far).clamp(min=1e-6)

    for _ in range(2):  # regula falsi
        middle = crossing()
        gap = above(middle)
        inside = gap <= 0
        near, far = torch.where(inside, near, middle), torch.where(inside, middle, far)
        gap_near, gap_far = torch.where(inside, gap_near, gap), torch.where(inside, gap, gap_far)
    return at(crossing()), found.float()


def rotation(yaw: Tensor, pitch: Tensor, roll: Tensor) -> Tensor:
    """(N, 3, 3): turns the head's axes into the camera's."""
    zero, one = torch.zeros_like(yaw), torch.ones_like(yaw)

    def matrix(*entries: Tensor) -> Tensor:
        return torch.stack(entries, -1).view(-1, 3, 3)

    about_y = matrix(yaw.cos(), zero, yaw.sin(), zero, one, zero, -yaw.sin(), zero, yaw.cos())
    about_x = matrix(
        one, zero, zero, zero, pitch.cos(), -pitch.sin(), zero, pitch.sin(), pitch.cos()
    )
    about_z = matrix(roll.cos(), -roll.sin(), zero, roll.sin(), roll.cos(), zero, zero, zero, one)
    return about_z @ about_x @ about_y


def reflect(depth: Tensor, uniform: Callable[..., Tensor]) -> Tensor:
    """Light that each place of the surface sends to a viewer in front of it, (N, 3, G, G)."""
    cell = 2 * HALF / (GRID - 1)
    smooth = F.avg_pool2d(F.pad(depth, (1, 1, 1, 1), mode="replicate"), 3, 1)
    slope_y, slope_x = torch.gradient(smooth[:, 0], spacing=cell, dim=(1, 2))
    normal = F.normalize(torch.stack([-slope_x, -slope_y, torch.ones_like(slope_x)], 1), dim=1)
    nearby = F.avg_pool2d(F.pad(depth, (8, 8, 8, 8), mode="replicate"), 17, 1)
    open_sky = torch.exp(-9 * (nearby - depth).clamp(0, 0.2))
    rough = uniform(0.1, 0.4)[:, None, None]  # variance of the slopes of the facets
    a, b = 1 - 0.5 * rough / (rough + 0.33), 0.45 * rough / (rough + 0.09)
    light = uniform(0.25, 0.55)[:, None, None, None] * (0.75 + 0.25 * normal[:, 1:2]) * open_sky
    for strength, spread in ((uniform(0.5, 0.9), 0.8), (uniform(0.0, 0.35), 1.3)):
        azimuth, elevation = uniform(-spread, spread), uniform(-0.1, 1.0)
        towards = torch.stack(
            [azimuth.sin() * elevation.cos(), elevation.sin(), azimuth.cos() * elevation.cos()], 1
        )
        incoming = torch.einsum("nc,nchw->nhw", towards, normal).clamp(min=0)
        outgoing = normal[:, 2]
        swing = towards[:, 2, None, None] - incoming * outgoing
        swing = torch.where(swing > 0, swing / torch.maximum(incoming, outgoing), swing)
        tint = 1 + uniform(-0.06, 0.06, 3)
        lit = strength[:, None, None] * incoming * (a + b * swing)
        light = light + lit[:, None] * tint[:, :, None, None] * open_sky.sqrt()
    return light


def photograph(picture: Tensor, uniform: Callable[..., Tensor], generator) -> Tensor:
    """Exposure, sRGB's gamma, blur and noise: (N, 3, 2 S, 2 S) -> uint8 (N, 3, S, S)."""
    picture = F.avg_pool2d(picture, 2)
    middle = picture[:, :, 12:-12, 12:-12].mean((1, 2, 3)).clamp(min=0.02)
    exposed = picture * (uniform(0.20, 0.32) / middle)[:, None, None, None] ** 0.6
    picture = exposed.clamp(0, 1) ** (1 / 2.2)
    sigma = uniform(0.25, 0.8)[:, None]
    kernel = torch.exp(-0.5 * (torch.arange(-2, 3) / sigma) ** 2)
    kernel = kernel / kernel.sum(1, keepdim=True)
    n, _, size, _ = picture.shape
    planes = F.pad(picture, (2, 2, 2, 2), mode="replicate").view(1, n * 3, size + 4, size + 4)
    weights = kernel.repeat_interleave(3, 0)
    planes = F.conv2d(planes, weights[:, None, None, :], groups=n * 3)
    planes = F.conv2d(planes, weights[:, None, :, None], groups=n * 3)
    picture = planes.view(n, 3, size, size)
    noise = (
        torch.randn(picture.shape, generator=generator) * uniform(0.002, 0.015)[:, None, None, None]
    )
    return ((picture + noise).clamp(0, 1) * 255).round().to(torch.uint8)
