"""The two brushes that paint every field: a soft spot and a groove."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from aunce_lib.faces.muscles import Point


def gaussian(x: Tensor, y: Tensor, centre: Point, spread: Point, tilt: float = 0.0) -> Tensor:
    """exp(-(a^2 / sx^2 + b^2 / sy^2) / 2), (a, b) = offset from `centre`, turned by `tilt`."""
    dx, dy = x - centre[0], y - centre[1]
    a = math.cos(tilt) * dx + math.sin(tilt) * dy
    b = -math.sin(tilt) * dx + math.cos(tilt) * dy
    return torch.exp(-0.5 * ((a / spread[0]) ** 2 + (b / spread[1]) ** 2))


def groove(x: Tensor, y: Tensor, curve: tuple[Point, Point, Point], width: float) -> Tensor:
    """1 on a quadratic Bezier curve, a Gaussian profile of sd `width` across, tapered ends."""
    start, bend, end = curve
    deepest = torch.zeros_like(x)
    steps = 28
    for i in range(steps):
        t = i / (steps - 1)
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t * t
        px = a * start[0] + b * bend[0] + c * end[0]
        py = a * start[1] + b * bend[1] + c * end[1]
        taper = math.sin(math.pi * (0.12 + 0.76 * t)) ** 0.7
        distance2 = (x - px) ** 2 + (y - py) ** 2
        deepest = torch.maximum(deepest, taper * torch.exp(-distance2 / (2 * width * width)))
    return deepest
