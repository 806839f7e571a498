"""Light on the relief: a lamp with a cast shadow, a second lamp, light from everywhere, shine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from aunce_lib.faces.camera import Turn
from aunce_lib.faces.curves import per_face
from aunce_lib.faces.fields import canonical_grid
from aunce_lib.faces.people import Scenes


@dataclass
class Lamps:
    """The lights of a picture, ready to meet a surface.

    Attributes:
        ambient: (N, 1, 1) what comes from everywhere.
        strength: (N, 1, 1) of the lamp.
        warm, cold: (N, 3, 1, 1) colours of the lamp and of what comes from everywhere.
    """

    scenes: Scenes
    ambient: Tensor
    strength: Tensor
    warm: Tensor
    cold: Tensor

    @classmethod
    def of(cls, scenes: Scenes) -> Lamps:
        """The lamps of these scenes."""
        hue = scenes.ambient.new_tensor([1.0, 0.1, -1.1]) * scenes.warmth[:, None]
        return cls(
            scenes,
            per_face(scenes.ambient),
            per_face(1.15 - scenes.ambient),
            (1 + hue)[:, :, None, None],
            (1 - 0.6 * hue)[:, :, None, None],
        )

    def on(self, nx: Tensor, ny: Tensor, nz: Tensor, open_: Tensor | float = 1.0) -> Tensor:
        """Light (N, 3, H, W) on a surface with this unit normal; `open_` 0 in the lamp's shadow."""
        lx, ly, lz = (per_face(v) for v in self.scenes.light.unbind(1))
        wrap = per_face(0.04 + 0.46 * self.scenes.softness)
        towards = torch.addcmul(ny * ly + nz * lz, nx, lx)
        strength = self.strength * open_
        # red light wanders under the skin and comes out past the edge of the shadow
        lamp, under_skin = (
            (towards + reach).clamp_(min=0).mul_(strength / (1 + reach))
            for reach in (wrap, wrap + 0.12)
        )
        fill = (0.6 * nz - (0.8 * lx) * nx).clamp_(min=0)
        around = self.ambient * 0.86 + (self.ambient * 0.14) * ny  # a little more from above
        around = torch.addcmul(around, per_face(self.scenes.fill), fill)
        light = self.cold * around[:, None]
        light[:, 0].addcmul_(self.warm[:, 0], under_skin)
        light[:, 1:].addcmul_(self.warm[:, 1:], lamp[:, None])
        return light


def normals(depth: Tensor, pixel: float) -> tuple[Tensor, Tensor, Tensor]:
    """Unit normals of a surface from its seen depth (N, S, S), row 0 at the top."""
    nx, ny = torch.zeros_like(depth), torch.zeros_like(depth)  # first how far they lean over
    torch.sub(depth[..., :-2], depth[..., 2:], out=nx[..., 1:-1])
    torch.sub(depth[:, 2:], depth[:, :-2], out=ny[:, 1:-1])
    for lean in (nx, ny):
        lean.div_(2 * pixel).clamp_(-2.5, 2.5)
    nz = torch.addcmul(nx * nx, ny, ny).add_(1).rsqrt_()
    return nx.mul_(nz), ny.mul_(nz), nz


def highlight(normal: tuple[Tensor, Tensor, Tensor], scenes: Scenes) -> Tensor:
    """Mirror image of the lamp on skin (N, S, S): a broad sheen and a small oily glint."""
    ahead = scenes.light.new_tensor([0.0, 0.0, 1.0])
    hx, hy, hz = (per_face(v) for v in F.normalize(scenes.light + ahead, dim=1).unbind(1))
    facing = torch.addcmul(normal[2] * hz, normal[0], hx).addcmul_(normal[1], hy)
    sheen = facing.clamp_(min=0).square_().square_().square_()  # ^8
    glint = sheen.square().square_()  # ^32
    return torch.addcmul(0.4 * sheen, 0.6 - 0.3 * per_face(scenes.softness), glint)


def cast_shadow(depth: Callable, scenes: Scenes, nodes: int) -> Tensor:
    """What of the lamp the head itself hides, 0..1, on a coarse grid of the face (N, 1, D, D).

    From each node a few steps are taken towards the lamp; where the head is higher than the ray,
    the node lies in its shadow.
    """
    dx, dy, dz = Turn.of(scenes).direction(scenes.light)
    x, y = (t.expand(len(dx), -1, -1) for t in canonical_grid(nodes, dx.device))
    here, blocked = depth(x, y), torch.zeros_like(dx)
    for reach in (0.07, 0.13, 0.20, 0.30, 0.45):
        over = depth(x + reach * dx, y + reach * dy).sub_(here).sub_(reach * dz)
        blocked = torch.maximum(blocked, over.div_(0.25 * reach + 0.02))
    return (blocked.clamp_(max=1) * per_face(1 - 0.55 * scenes.softness))[:, None]
