"""Features are drawn as curves, because a warp cannot open what is closed: the shared pencils.

All functions work on a window of the picture. Curves are given as heights y over x; a mask is the
product of soft steps "below the upper curve" and "above the lower curve", so edges are smooth at
every size. Values that differ between the face's halves are (N, 2), left and right.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from aunce_lib.faces.anatomy import ACTIONS, AUS
from aunce_lib.faces.muscles import ADDED, SCALED


@dataclass
class View:
    """Where each pixel of a window lies on the face, with the width of one pixel in face units.

    Attributes:
        x, y: (N, H, W) face coordinates with the person's proportions taken out.
        right: (N, H, W) 1 on the right half, 0 on the left, soft in between.
        pixel: Width of one pixel.
    """

    x: Tensor
    y: Tensor
    right: Tensor
    pixel: float

    def sides(self, value: Tensor) -> Tensor:
        """(N, 2) values of the left and right half -> (N, H, W)."""
        left, right = per_face(value[:, 0]), per_face(value[:, 1])
        return torch.addcmul(left, right - left, self.right)


@dataclass
class Opening:
    """What shows between two lids or lips: mask (N, H, W) and colour (N, 3, H, W)."""

    mask: Tensor
    colour: Tensor


def per_face(values: Tensor) -> Tensor:
    """(N,) -> (N, 1, 1), to meet the pixels."""
    return values[:, None, None]


def those_with(mark: Tensor) -> Tensor:
    """Which faces have it: (N,) 1 or 0 -> their numbers."""
    return mark.nonzero()[:, 0]


def soft(distance: Tensor, width: float) -> Tensor:
    """A soft step: 0 far below zero, 1 far above."""
    return (distance / width).sigmoid_()


def ramp(t: Tensor) -> Tensor:
    """A smooth gate: 0 up to t = 0, 1 from t = 1 on, 3 t^2 - 2 t^3 between."""
    t = t.clamp(0, 1)
    return t * t * (3 - 2 * t)


def above_zero(t: Tensor) -> Tensor:
    """1 where t > 0, else 0, to pick by with `lerp`: six times as fast as a comparison."""
    return t.clamp(min=0).sign_()


def line(distance: Tensor, width: float) -> Tensor:
    """A line with Gaussian profile; clamped, because exp is slow where it underflows."""
    return (distance / width).square_().mul_(-0.5).clamp_(min=-40).exp_()


def pair(x: Tensor, y: Tensor) -> Tensor:
    """(N, H, W) twice -> (N, H, W, 2), as `grid_sample` wants places.

    Complex numbers lie in memory as such pairs, and are put together faster than any stack.
    """
    return torch.view_as_real(torch.complex(x, y))


def colour(rgb: tuple[float, float, float], like: Tensor) -> Tensor:
    """A colour as (1, 3, 1, 1) beside the pixels of `like`."""
    return torch.tensor(rgb, device=like.device).view(1, 3, 1, 1)


@lru_cache(maxsize=4)
def _effects_of_aus(device: str) -> tuple[Tensor, Tensor]:
    """What each AU adds (AUs, 1, ADDED) and scales (AUs, 1, SCALED), from the muscle table."""
    values = [[ACTIONS[au].curves.get(name, 0.0) for name in (*ADDED, *SCALED)] for au in AUS]
    table = torch.tensor(values, device=device)[:, None]
    return table[..., : len(ADDED)], table[..., len(ADDED) :]


def curve_effects(effort: Tensor) -> dict[str, Tensor]:
    """What the AUs do to lips and lids: effort (N, AUs, 2) -> name: (N, 2), see `anatomy.ADDED`.

    Factors multiply, so many AUs at once narrow an eye ever more but never turn it inside out.
    """
    added, scaled = _effects_of_aus(str(effort.device))
    sums = (effort[..., None] * added).sum(1)  # (N, 2, ADDED)
    products = (1 + effort[..., None] * scaled).clamp(min=0.05).prod(1)
    names = [*ADDED, *SCALED]
    return dict(zip(names, (*sums.unbind(-1), *products.unbind(-1)), strict=True))
