"""How hard it is to read action units off the faces: one dial for people, scenes and labels."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Difficulty:
    """How hard it is to read action units off the faces.

    Attributes:
        weakest_active: Lowest intensity that counts as active; the corpus' threshold.
        strongest_inactive: Inactive AUs still move up to this intensity.
        confusers: Scale of what looks like an AU at rest: static lines, brow and mouth shape.
        pose, light, camera: Scales of head pose, of light and exposure, of blur and noise.
        occlusion: Share of faces with something in front of them.
    """

    weakest_active: float = 0.30
    strongest_inactive: float = 0.15
    confusers: float = 1.0
    pose: float = 1.0
    light: float = 1.0
    camera: float = 1.0
    occlusion: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.strongest_inactive < self.weakest_active < 1:
            raise ValueError(
                "difficulty needs 0 <= strongest_inactive < weakest_active < 1, got "
                f"{self.strongest_inactive} and {self.weakest_active}"
            )
        for name in ("confusers", "pose", "light", "camera"):
            if not 0 <= getattr(self, name) <= 2:
                raise ValueError(f"difficulty.{name} must lie in 0..2, got {getattr(self, name)}")
        if not 0 <= self.occlusion <= 1:
            raise ValueError(f"difficulty.occlusion is a share of 0..1, got {self.occlusion}")


DIFFICULTIES: dict[str, Difficulty] = {
    "tutorial": Difficulty(0.50, 0.05, confusers=0.3, pose=0.5, light=0.5, camera=0.5),
    "benchmark": Difficulty(),
}


def difficulty_named(difficulty: str | Difficulty) -> Difficulty:
    """The preset of that name, or the given numbers themselves.

    Raises:
        ValueError: If there is no such preset.

    >>> difficulty_named("tutorial").weakest_active
    0.5
    """
    if isinstance(difficulty, Difficulty):
        return difficulty
    if difficulty not in DIFFICULTIES:
        raise ValueError(
            f"difficulty must be one of {sorted(DIFFICULTIES)} or a Difficulty, got {difficulty!r}"
        )
    return DIFFICULTIES[difficulty]
