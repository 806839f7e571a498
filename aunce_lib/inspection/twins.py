"""Twins: drawn faces that differ in one action unit and nothing else, so the truth is known.

The picture with the action unit less the picture without it shows which pixels it moves, in this
very face, pose and light. No real corpus can say that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from ..faces import AUS, DIFFICULTIES, Population, draw_action_units, draw_scenes, render

VISIBLE = 8 / 255  # a change of fewer grey levels escapes the eye


@dataclass(frozen=True, eq=False)
class Twins:
    """Pairs of synthetic faces.

    Attributes:
        au: The action unit in which they differ.
        acting: With it, uint8 (n, 3, S, S).
        resting: The very same faces without it, uint8 (n, 3, S, S).
    """

    au: int
    acting: np.ndarray
    resting: np.ndarray

    @property
    def change(self) -> np.ndarray:
        """How much each pixel moves, mean over colours, float32 (n, S, S), 0 to 1."""
        return np.abs(self.acting.astype(np.float32) - self.resting).mean(axis=1) / 255

    @property
    def moved(self) -> np.ndarray:
        """Which pixels move visibly, bool (n, S, S)."""
        return self.change > VISIBLE


def draw_twins(
    au: int,
    n: int = 16,
    *,
    intensity: float = 1.0,
    image_size: int = 64,
    difficulty: str = "benchmark",
    seed: int = 1000,
) -> Twins:
    """Draws pairs of faces, each of another person; all other action units come as in synth-bp4d.

    Args:
        au: One of `faces.AUS`.
        n: How many pairs.
        intensity: Of the action unit in the one picture of each pair, above 0 to 1; 0 in the other.
        image_size: Side of a picture in pixels.
        difficulty: "tutorial" or "benchmark".
        seed: Other people and pictures. The people are not those of a corpus of another seed.

    Raises:
        ValueError: For an action unit that is not drawn, or a number out of range.

    Example:
        >>> twins = draw_twins(12, n=2)
        >>> twins.acting.shape, bool(twins.moved.any())
        ((2, 3, 64, 64), True)
    """
    if au not in AUS:
        raise ValueError(f"no action unit {au} on the drawn faces; there are {AUS}")
    if not 0 < intensity <= 1:
        raise ValueError(f"intensity must be above 0 and at most 1, got {intensity}")
    hard = DIFFICULTIES.get(difficulty)
    if hard is None:
        raise ValueError(f"difficulty must be one of {sorted(DIFFICULTIES)}, got {difficulty!r}")
    people = Population(n, seed=seed, difficulty=hard).people
    aus, _ = draw_action_units(torch.arange(n), n, seed, hard)
    scenes, noise = draw_scenes(n, seed, hard), torch.arange(n)
    pictures = []
    for strength in (intensity, 0.0):
        aus = aus.clone()
        aus[:, AUS.index(au)] = strength
        pictures.append(render(people, aus, scenes, noise, image_size).numpy())
    return Twins(au, *pictures)
