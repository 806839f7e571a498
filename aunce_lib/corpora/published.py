"""What is published about whole corpora, to hold a copy on disk against: rates and counts."""

from __future__ import annotations

from dataclasses import dataclass

from ..facs import AU_SETS

#: Frames of each published fold, training and test.
PUBLISHED_FRAMES: dict[str, dict[int, tuple[int, int]]] = {
    "bp4d": {1: (100_813, 46_034), 2: (96_665, 50_182), 3: (96_216, 50_631)},
    "disfa": {1: (87_209, 43_605), 2: (87_209, 43_605), 3: (87_210, 43_604)},
}

#: Frames in which each action unit is active, in all frames, in the order of `AU_SETS`.
PUBLISHED_ACTIVE: dict[str, tuple[int, ...]] = {
    "bp4d": (31042, 25110, 29755, 67676, 80616, 87270, 82530, 68375, 24869, 50406, 24288, 22229),
    "disfa": (6506, 5644, 19933, 10327, 5473, 16851, 36247, 11533),
}


@dataclass(frozen=True)
class PublishedRates:
    """Rates over all frames of a corpus.

    Attributes:
        frames: How many frames.
        rates: Rate (0 to 1) by action unit.
    """

    frames: int
    rates: dict[int, float]


def published_rates(corpus: str) -> PublishedRates | None:
    """The rates that published labels have; None where none were published.

    Example:
        >>> round(published_rates("disfa").rates[25], 3)
        0.277
    """
    if corpus not in PUBLISHED_ACTIVE:
        return None
    frames = sum(PUBLISHED_FRAMES[corpus][1])
    counts = zip(AU_SETS[corpus], PUBLISHED_ACTIVE[corpus], strict=True)
    return PublishedRates(frames, {au: active / frames for au, active in counts})
