"""Colours of the widgets, as people see them who lack the green or the red cones.

The colours are read from the sources; how they are seen is Machado, Oliveira & Fernandes, "A
physiologically-based model for simulation of color vision deficiency", 2009, severity 1.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from skimage.color import rgb2lab

import aunce_lib.widgets.ring as ring
from aunce_lib.inspection import style

STATIC = Path(ring.__file__).parent / "static"
SEEN = {
    "all cones": np.eye(3),
    "no green cones": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "no red cones": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
}
COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\b")


def colours(file: str, words: str) -> list[str]:
    """Those in a front end's file that follow these words, up to the next semicolon."""
    return COLOUR.findall((STATIC / file).read_text().partition(words)[2].partition(";")[0])


#: What must be told apart by colour, and how far apart it must be: ΔE in CIELAB (CIE 1976).
#: A dozen persons cannot be as far apart as two classes: they have shapes and a legend as well.
SETS = {
    "labels, figures": ([style.ACTIVE, style.INACTIVE, style.UNKNOWN], 30),
    "labels, explorer": (
        [
            *colours("explorer_points.js", "const ACTIVE"),
            *colours("explorer_points.js", "const INACTIVE"),
            *colours("explorer_points.js", "const UNKNOWN"),
        ],
        30,
    ),
    "curves": ([style.ACTIVE, style.PALETTE["blue"]], 30),
    "ring, figure": (sorted(set(ring.COLOURS.values())), 30),
    "ring": (
        [*colours("ring.css", ".positive {"), *colours("ring.css", ".aunce-ring-svg .negative {")],
        30,
    ),
    "pull and push": (
        [*colours("explorer_parts.js", "const PULL"), *colours("explorer_parts.js", "const PUSH")],
        30,
    ),
    "persons, figures": (style.COLOURS, 16),
    "persons, explorer": (colours("explorer_points.js", "const PALETTE"), 16),
}


def as_seen(code: str, matrix: np.ndarray) -> np.ndarray:
    """A colour in CIELAB, (3,), after the loss of cones."""
    srgb = np.array([int(code[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    linear = (matrix @ linear).clip(0, 1)
    srgb = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return rgb2lab(srgb[None, None])[0, 0]


@pytest.mark.parametrize("cones", SEEN)
@pytest.mark.parametrize("name", SETS)
def test_what_differs_by_colour_stays_apart(name, cones):
    codes, least = SETS[name]
    assert len(set(codes)) > 1
    seen = [as_seen(code, SEEN[cones]) for code in codes]
    apart = {
        (codes[a], codes[b]): float(np.linalg.norm(seen[a] - seen[b]))
        for a, b in itertools.combinations(range(len(codes)), 2)
    }
    closest = min(apart, key=apart.get)
    assert apart[closest] >= least, (closest, apart[closest])


def test_red_and_green_would_not_pass():
    """The rule is one: the usual red and green of plots fail it."""
    red, green = (as_seen(code, SEEN["no green cones"]) for code in ("#d62728", "#2ca02c"))
    assert np.linalg.norm(red - green) < 60
    dark, light = (as_seen(code, SEEN["no green cones"]) for code in ("#A05A00", "#6F7400"))
    assert np.linalg.norm(dark - light) < 16
