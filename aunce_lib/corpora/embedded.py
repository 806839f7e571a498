"""The four embedded corpora as data: what each imitates, who is in it, how it was recorded.

| corpus         | action units   | people             | recorded                               |
|----------------|----------------|--------------------|----------------------------------------|
| synth-bp4d     | BP4D's 12      | 41, 8 tasks each   | studio light, frontal                  |
| synth-disfa    | DISFA's 8      | 27, one long video | one chair; half of the frames empty    |
| synth-gft      | GFT's 10       | 96, 32 groups of 3 | talking, heads turned up to 30 degrees |
| synth-affwild2 | Aff-Wild2's 12 | 200 (our number)   | any light, hands, blur; labels missing |

The statistics of BP4D and DISFA are published ones. GFT and Aff-Wild2 publish none: theirs are
plausible numbers of our own, and so is the share of labels that synth-affwild2 lacks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, islice

from ..faces import AFFWILD2, BP4D, DISFA, GFT, Capture, Statistics
from ..faces.capture import CONVERSATION, ONE_ROOM, STREET, STUDIO


@dataclass(frozen=True)
class Missing:
    """Labels that nobody coded.

    Attributes:
        frames: Share of frames without any label, in runs (a face that left the picture).
        run: Length of such a run in frames.
        whole: Share of (sequence, AU) pairs that are not coded at all.
    """

    frames: float
    run: int
    whole: float


@dataclass(frozen=True)
class Embedded:
    """An embedded corpus.

    Attributes:
        real: The corpus whose action units it has, a key of `facs.AU_SETS`.
        statistics: Rates, phi, events and spread of its labels.
        capture: How it was recorded.
        people: The first n names of its people.
        sequences: Names of the sequences of each person.
        length: Frames of a sequence at `frame_rate`; smaller sizes take every k-th of them.
        frame_rate: Frames a second.
        sizes: Name -> people, sequences a person, frames a sequence.
        published: Whether rates, phi and events were published, or are our own guess.
        missing: Labels that nobody coded.
    """

    real: str
    statistics: Statistics
    capture: Capture
    people: Callable[[int], list[str]]
    sequences: tuple[str, ...]
    length: int
    frame_rate: int
    sizes: dict[str, tuple[int, int, int]]
    published: bool
    missing: Missing | None = None


def _bp4d_people(n: int) -> list[str]:
    """Women F001 … and men M001 … in turn; all 41 are BP4D's 23 women and 18 men."""
    in_turn = [f"{sex}{i:03d}" for i in range(1, 19) for sex in "FM"]
    women = [f"F{i:03d}" for i in range(19, 24)]
    more = (f"{sex}{i:03d}" for i in count(24) for sex in "FM")
    names = [*in_turn, *women, *islice(more, max(n - 41, 0))]
    return sorted(names[:n])


#: DISFA's own numbering leaves these out.
_DISFA_GAPS = (14, 15, 19, 20, 22)


def _disfa_people(n: int) -> list[str]:
    numbers = (i for i in count(1) if i not in _DISFA_GAPS)
    return [f"SN{i:03d}" for i in islice(numbers, n)]


def _gft_people(n: int) -> list[str]:
    """Groups of three who talk with each other: G01A, G01B, G01C, G02A …"""
    return [f"G{i // 3 + 1:02d}{'ABC'[i % 3]}" for i in range(n)]


def _affwild2_people(n: int) -> list[str]:
    return [f"P{i + 1:03d}" for i in range(n)]


CORPORA: dict[str, Embedded] = {
    "synth-bp4d": Embedded(
        real="bp4d",
        statistics=BP4D,
        capture=STUDIO,
        people=_bp4d_people,
        sequences=tuple(f"T{i}" for i in range(1, 9)),
        length=447,  # 41 x 8 x 447 = 146,616, about as many frames as BP4D
        frame_rate=25,
        sizes={"tiny": (12, 2, 10), "small": (41, 8, 27), "full": (41, 8, 447)},
        published=True,
    ),
    "synth-disfa": Embedded(
        real="disfa",
        statistics=DISFA,
        capture=ONE_ROOM,
        people=_disfa_people,
        sequences=("video",),
        length=4845,
        frame_rate=20,
        sizes={"tiny": (12, 1, 20), "small": (27, 1, 323), "full": (27, 1, 4845)},
        published=True,
    ),
    "synth-gft": Embedded(
        real="gft",
        statistics=GFT,
        capture=CONVERSATION,
        people=_gft_people,
        sequences=("talk",),
        length=1800,  # one minute: 96 x 1,800 = 172,800 frames as in GFT
        frame_rate=30,
        sizes={"tiny": (12, 1, 20), "small": (96, 1, 90), "full": (96, 1, 1800)},
        published=False,
    ),
    "synth-affwild2": Embedded(
        real="affwild2",
        statistics=AFFWILD2,
        capture=STREET,
        people=_affwild2_people,
        sequences=("video",),
        length=1000,
        frame_rate=30,
        sizes={"tiny": (12, 1, 20), "small": (200, 1, 45), "full": (200, 1, 1000)},
        published=False,
        missing=Missing(frames=0.05, run=30, whole=0.03),
    ),
}
