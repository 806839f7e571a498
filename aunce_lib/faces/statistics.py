"""Which action units occur, how often, together with which, for how long, and in whom: the tables.

What is published about BP4D and DISFA is copied from them as aggregates; the rest is our own guess
and says so. `copula` and `events` turn the tables into labels.
"""

from __future__ import annotations

from dataclasses import dataclass

from aunce_lib.faces.anatomy import AUS

RARE = 0.02  #: rate of AUs that a table leaves out
SPREAD = 0.45  #: share of the person where a table leaves it out
SECOND = 25  #: frames of an event where a table leaves them out


@dataclass(frozen=True)
class Statistics:
    """Statistics of a corpus.

    Attributes:
        rates: (AU, share of frames in which it is active), 2 % for AUs left out.
        phi: (AU, AU, correlation of their labels).
        events: (AU, median length of its events in frames), 25 for AUs left out. An event is a run
            of active frames within a sequence.
        spread: (AU, share 0..1 of the person in the hidden number); AUs left out have .45.
        unlisted: Bound on the phi of pairs that are not listed; they go where they must
            so that all listed ones can hold at once.
    """

    rates: tuple[tuple[int, float], ...]
    phi: tuple[tuple[int, int, float], ...]
    events: tuple[tuple[int, int], ...] = ()
    spread: tuple[tuple[int, float], ...] = ()
    unlisted: float = 0.20

    def per_au(self, table: str) -> list[float]:
        """The numbers of `rates`, `events` or `spread` for every AU that is drawn, in their order.

        >>> DISFA.per_au("rates")[AUS.index(25)]
        0.277
        """
        default = {"rates": RARE, "events": SECOND, "spread": SPREAD}[table]
        known = dict(getattr(self, table))
        return [known.get(au, default) for au in AUS]


#: Plausible numbers of our own for what a corpus does not label but its faces do nonetheless:
#: talking (16, 18, 22, 25, 26), blinking (43, 45), and what rules each other out.
_UNLABELLED_RATES = (
    *((5, 0.05), (7, 0.10), (9, 0.03), (10, 0.08), (14, 0.10), (15, 0.05), (16, 0.03), (17, 0.10)),
    *((18, 0.02), (20, 0.04), (22, 0.02), (23, 0.04), (24, 0.04), (25, 0.30), (26, 0.12)),
    *((27, 0.01), (28, 0.01), (43, 0.03), (45, 0.04)),
)
_UNLABELLED_EVENTS = (
    *((5, 15), (7, 50), (9, 30), (10, 50), (14, 40), (15, 19), (16, 8), (17, 20), (18, 10)),
    *((20, 15), (22, 8), (23, 18), (24, 24), (25, 15), (26, 12), (27, 20), (28, 20), (43, 8)),
    (45, 7),
)
_UNLABELLED_PHI = (
    *((12, 25, 0.19), (25, 26, 0.22), (24, 25, -0.13), (2, 5, 0.12), (9, 10, 0.08), (5, 7, -0.04)),
    *((16, 25, 0.10), (22, 25, 0.08), (25, 27, 0.08), (25, 28, -0.05)),
)

#: What comes together in BP4D.
_BP4D_PHI = (
    *((1, 2, 0.46), (6, 7, 0.54), (6, 10, 0.50), (6, 12, 0.54), (7, 10, 0.39), (7, 12, 0.35)),
    *((10, 12, 0.53), (6, 14, 0.25), (10, 14, 0.26), (12, 14, 0.23), (14, 24, 0.23)),
    *((15, 17, 0.29), (15, 23, 0.24), (15, 24, 0.17), (17, 23, 0.27), (17, 24, 0.42)),
    *((23, 24, 0.26), (4, 12, -0.26)),
)

#: The corpora without published phi take BP4D's; where AU4 is rare it cannot exclude AU12 as much.
_PLAUSIBLE_PHI = (*_BP4D_PHI[:-1], (4, 12, -0.10))


def _completed(published: tuple, ours: tuple) -> tuple:
    """The published rows, and ours for what they do not speak of."""
    known = {row[:-1] for row in published}
    return published + tuple(row for row in ours if row[:-1] not in known)


#: BP4D: rates, phi and events over its 146,847 labelled frames (25 a second); the spread follows
#: its range between subjects.
BP4D = Statistics(
    rates=_completed(
        (
            *((1, 0.211), (2, 0.171), (4, 0.203), (6, 0.461), (7, 0.549), (10, 0.594)),
            *((12, 0.562), (14, 0.466), (15, 0.169), (17, 0.343), (23, 0.165), (24, 0.151)),
        ),
        _UNLABELLED_RATES,
    ),
    phi=_completed(_BP4D_PHI, _UNLABELLED_PHI),
    events=_completed(
        (
            *((1, 32), (2, 34), (4, 32), (6, 82), (7, 77), (10, 87), (12, 122), (14, 62)),
            *((15, 19), (17, 20), (23, 18), (24, 24)),
        ),
        _UNLABELLED_EVENTS,
    ),
    spread=((1, 0.55), (2, 0.50), (7, 0.45), (24, 0.30)),
)

#: DISFA: rates, phi and events over its 130,814 frames (20 a second), intensity 2 and above.
DISFA = Statistics(
    rates=_completed(
        (
            *((1, 0.050), (2, 0.043), (4, 0.152), (6, 0.079), (9, 0.042), (12, 0.129)),
            *((25, 0.277), (26, 0.088)),
        ),
        tuple((au, 0.4 * rate) for au, rate in _UNLABELLED_RATES if au not in (43, 45))
        + ((43, 0.02), (45, 0.04)),
    ),
    phi=_completed(
        (
            *((1, 2, 0.63), (4, 9, 0.34), (6, 12, 0.50), (6, 25, 0.36), (12, 25, 0.46)),
            *((25, 26, 0.31), (6, 9, 0.19)),
        ),
        ((15, 17, 0.20), (2, 5, 0.12), (9, 10, 0.08)),
    ),
    events=_completed(
        ((1, 22), (2, 24), (4, 24), (6, 74), (9, 38), (12, 71), (25, 68), (26, 16)),
        _UNLABELLED_EVENTS,
    ),
    spread=((1, 0.60), (2, 0.60), (4, 0.55), (9, 0.60)),
)

#: GFT publishes neither rates nor phi: people who talk with each other, with numbers of our own.
GFT = Statistics(
    rates=_completed(
        (
            *((1, 0.08), (2, 0.11), (4, 0.06), (6, 0.28), (10, 0.24), (12, 0.31), (14, 0.26)),
            *((15, 0.10), (23, 0.18), (24, 0.13)),
            *((7, 0.30), (16, 0.06), (17, 0.20), (18, 0.04), (22, 0.04), (25, 0.45), (26, 0.25)),
        ),
        _UNLABELLED_RATES,
    ),
    phi=_completed(_PLAUSIBLE_PHI, _UNLABELLED_PHI),
    events=_completed(
        (
            *((1, 20), (2, 18), (4, 25), (6, 70), (10, 60), (12, 80), (14, 40), (15, 19)),
            *((23, 16), (24, 20), (25, 10), (26, 8)),
        ),
        _UNLABELLED_EVENTS,
    ),
)

#: Aff-Wild2 publishes neither rates nor phi: videos of every kind, with numbers of our own.
AFFWILD2 = Statistics(
    rates=_completed(
        (
            *((1, 0.13), (2, 0.07), (4, 0.17), (6, 0.26), (7, 0.36), (10, 0.32), (12, 0.27)),
            *((15, 0.04), (23, 0.04), (24, 0.04), (25, 0.58), (26, 0.12)),
        ),
        _UNLABELLED_RATES,
    ),
    phi=_completed(_PLAUSIBLE_PHI, _UNLABELLED_PHI),
    events=_completed(
        (
            *((1, 28), (2, 26), (4, 40), (6, 70), (7, 75), (10, 60), (12, 80), (15, 20)),
            *((23, 18), (24, 20), (25, 25), (26, 14)),
        ),
        _UNLABELLED_EVENTS,
    ),
    spread=tuple((au, 0.55) for au in (1, 2, 4, 6, 7, 10, 12, 15, 23, 24, 25, 26)),
)
