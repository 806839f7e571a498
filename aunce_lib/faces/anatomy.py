"""What each action unit does to a face: the muscle table, as data.

This is the one place where an action unit (AU) gets its looks. An entry of `ACTIONS` says

* where the muscle pulls the skin (`Pull`),
* where soft tissue bulges or dips because of it (`Bump`),
* which furrows appear (`Furrow`),
* what happens to the curves of lips and eyelids (`curves`, see `ADDED` and `SCALED`).

`fields.py` turns the table into pictures of displacement, `render.py` into pixels.

Face coordinates: x to the right of the image, y up, the head about 2 units high. Eyes at
(+-.36, .10), brows at y = .33, tip of the nose (0, -.24), mouth (0, -.58), chin (0, -1.07), half
width of the cheeks .84. The table describes the half with x > 0; the other half is its mirror.
All strengths are those at intensity 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Point = tuple[float, float]

FINE = 0.013  #: width of a skin line, standard deviation of its profile in face units
LINE = 0.019
FOLD = 0.024  #: the widest furrow that still looks like skin; wider ones look like burnt grooves


@dataclass(frozen=True)
class Pull:
    """Skin around `centre` moves towards the muscle's `attachment` on the bone.

    Displacement at P: strength * gaussian(P; centre, spread) * unit vector from P to attachment.
    """

    attachment: Point
    centre: Point
    spread: Point
    strength: float


@dataclass(frozen=True)
class Bump:
    """Soft tissue rises (or dips, if negative) by `height` around `centre`."""

    height: float
    centre: Point
    spread: Point


@dataclass(frozen=True)
class Furrow:
    """A groove along the quadratic Bezier curve start - bend - end, with a ridge on either side."""

    depth: float
    start: Point
    bend: Point
    end: Point
    width: float = FOLD


@dataclass(frozen=True)
class Action:
    """Everything one action unit does to the half of the face with x > 0.

    Attributes:
        pulls: Skin that moves.
        bumps: Tissue that bulges.
        furrows: Lines that appear; they deepen faster than linearly and with age.
        jaw: How far the jaw drops.
        curves: Effects on lips and lids, named in `ADDED` and `SCALED`.
    """

    pulls: tuple[Pull, ...] = ()
    bumps: tuple[Bump, ...] = ()
    furrows: tuple[Furrow, ...] = ()
    jaw: float = 0.0
    curves: dict[str, float] = field(default_factory=dict)


#: Curve effects that add up over AUs. Lengths are in face units, the rest are fractions.
ADDED = {
    "corner_out": "mouth corner away from the midline",
    "corner_up": "mouth corner upwards",
    "line_up": "middle of the line between the lips upwards",
    "upper_lip_up": "upper lip upwards, most beside the midline",
    "part": "relaxed lips part by this much",
    "drop": "the lower lip follows the jaw by this much",
    "lip_line": "the line between the lips darkens by this fraction",
    "corner_shadow": "the mouth corner darkens by this fraction",
    "lids_meet": "the upper lid has come down to the lower one by this fraction",
}

#: Curve effects that multiply: each AU contributes a factor (1 + value * intensity).
SCALED = {
    "upper_lip": "visible red of the upper lip",
    "lower_lip": "visible red of the lower lip",
    "gap": "how far lips may part at all; pressing them shuts it",
    "upper_lid": "height of the upper lid above the centre of the eye",
    "lower_lid": "height of the lower lid below the centre of the eye",
    "lid_fold": "height of the skin fold above the upper lid",
}


def _forehead_lines(depth: float, *points: Point) -> tuple[Furrow, ...]:
    """Three parallel lines across the forehead, .085 apart."""
    return tuple(
        Furrow(depth, *((x, y + shift) for x, y in points)) for shift in (-0.085, 0.0, 0.085)
    )


def _radial_lines(depth: float, xs: tuple[float, ...], y: float, out: float) -> tuple[Furrow, ...]:
    """Short lines that fan out from the edge of a lip, at height y and of length 2 * out."""
    return tuple(
        Furrow(depth, (x, y), (1.02 * x, y + out), (1.06 * x, y + 2 * out), FINE) for x in xs
    )


def _orange_peel(depth: float, *spots: Point) -> tuple[Furrow, ...]:
    """Small pits of the chin's skin."""
    return tuple(
        Furrow(depth, (x - 0.012, y), (x, y + 0.012), (x + 0.012, y), LINE) for x, y in spots
    )


ACTIONS: dict[int, Action] = {
    # ---------------------------------------------------------------- upper face
    1: Action(  # frontalis, pars medialis: lifts the inner brow
        pulls=(Pull((0.14, 1.3), (0.17, 0.36), (0.13, 0.20), 0.15),),
        bumps=(Bump(0.03, (0.14, 0.50), (0.10, 0.07)),),
        furrows=_forehead_lines(0.9, (-0.02, 0.62), (0.12, 0.60), (0.30, 0.66)),
        curves={"lid_fold": 0.15},
    ),
    2: Action(  # frontalis, pars lateralis: lifts the outer brow
        pulls=(Pull((0.52, 1.3), (0.50, 0.35), (0.17, 0.20), 0.15),),
        bumps=(Bump(0.03, (0.48, 0.52), (0.13, 0.07)),),
        furrows=_forehead_lines(0.8, (0.24, 0.60), (0.44, 0.66), (0.64, 0.56)),
        curves={"upper_lid": 0.10, "lid_fold": 0.30},
    ),
    4: Action(  # depressor supercilii (down), corrugator (inwards): knits the brows
        pulls=(
            Pull((0.0, -0.25), (0.22, 0.34), (0.20, 0.13), 0.085),
            Pull((-0.5, 0.34), (0.24, 0.34), (0.15, 0.10), 0.075),
        ),
        bumps=(Bump(0.05, (0.12, 0.31), (0.06, 0.06)),),
        furrows=(
            Furrow(1.3, (0.055, 0.22), (0.045, 0.34), (0.075, 0.46)),
            Furrow(0.5, (0.0, 0.15), (0.06, 0.165), (0.13, 0.15), LINE),
        ),
        curves={"upper_lid": -0.16, "lid_fold": -0.45},
    ),
    5: Action(  # levator palpebrae: opens the eye wide
        pulls=(Pull((0.36, 0.9), (0.36, 0.22), (0.15, 0.05), 0.02),),
        curves={"upper_lid": 0.75, "lower_lid": 0.10, "lid_fold": -0.55},
    ),
    6: Action(  # orbicularis oculi, pars orbitalis: raises the cheek, crow's feet
        pulls=(
            Pull((0.40, 0.6), (0.44, -0.20), (0.20, 0.16), 0.100),
            Pull((0.36, 0.1), (0.64, 0.10), (0.10, 0.16), 0.030),
        ),
        bumps=(
            Bump(0.09, (0.42, -0.15), (0.18, 0.09)),
            Bump(-0.03, (0.42, -0.04), (0.16, 0.03)),
        ),
        furrows=(
            Furrow(0.7, (0.57, 0.12), (0.64, 0.15), (0.72, 0.20), LINE),
            Furrow(0.7, (0.57, 0.07), (0.64, 0.06), (0.73, 0.05), LINE),
            Furrow(0.7, (0.56, 0.01), (0.62, -0.04), (0.69, -0.10), LINE),
            Furrow(1.0, (0.17, -0.04), (0.36, -0.10), (0.57, -0.02)),
        ),
        curves={"upper_lid": -0.14, "lower_lid": -0.35},
    ),
    7: Action(  # orbicularis oculi, pars palpebralis: tightens the lids
        pulls=(Pull((0.36, 0.5), (0.36, -0.02), (0.17, 0.06), 0.03),),
        bumps=(Bump(0.05, (0.36, -0.01), (0.14, 0.03)),),
        furrows=(Furrow(0.7, (0.20, -0.01), (0.36, -0.055), (0.53, 0.0), LINE),),
        curves={"upper_lid": -0.38, "lower_lid": -0.75},
    ),
    43: Action(curves={"lids_meet": 1.0}),  # levator palpebrae lets go: the eye closes
    # ---------------------------------------------------------------- nose and upper lip
    9: Action(  # levator labii superioris alaeque nasi: wrinkles the nose, drags the brow down
        pulls=(
            Pull((0.05, 0.5), (0.11, -0.24), (0.10, 0.13), 0.075),
            Pull((0.0, -0.3), (0.14, 0.32), (0.13, 0.10), 0.060),
            Pull((0.10, 0.5), (0.20, -0.12), (0.12, 0.12), 0.050),
        ),
        bumps=(Bump(0.04, (0.14, -0.14), (0.06, 0.08)),),
        furrows=(
            Furrow(1.1, (0.0, 0.085), (0.05, 0.09), (0.12, 0.14), LINE),
            Furrow(1.1, (0.0, 0.025), (0.06, 0.03), (0.135, 0.075), LINE),
            Furrow(1.0, (0.02, -0.04), (0.08, -0.03), (0.15, 0.01), LINE),
            Furrow(0.9, (0.17, -0.17), (0.20, -0.22), (0.24, -0.30)),
        ),
        curves={"upper_lid": -0.25, "lower_lid": -0.20, "lid_fold": -0.35, "upper_lip_up": 0.018},
    ),
    10: Action(  # levator labii superioris: raises the upper lip into a square
        pulls=(
            Pull((0.26, 0.3), (0.18, -0.38), (0.15, 0.12), 0.070),
            Pull((0.20, 0.4), (0.14, -0.25), (0.08, 0.08), 0.035),
        ),
        bumps=(Bump(0.06, (0.25, -0.25), (0.09, 0.10)),),
        furrows=(Furrow(1.2, (0.155, -0.20), (0.28, -0.26), (0.33, -0.46)),),
        curves={"upper_lip_up": 0.078, "line_up": 0.012, "corner_up": 0.015, "upper_lip": -0.18},
    ),
    # ---------------------------------------------------------------- mouth corners
    12: Action(  # zygomaticus major: pulls the corner up and out, a smile
        pulls=(
            Pull((0.75, 0.0), (0.34, -0.54), (0.17, 0.16), 0.10),
            Pull((0.5, 0.5), (0.44, -0.20), (0.16, 0.14), 0.04),
        ),
        bumps=(
            Bump(0.07, (0.44, -0.24), (0.14, 0.10)),
            Bump(-0.03, (0.30, -0.42), (0.05, 0.10)),
        ),
        furrows=(Furrow(1.15, (0.18, -0.26), (0.40, -0.34), (0.43, -0.54)),),
        curves={
            "corner_out": 0.085,
            "corner_up": 0.105,
            "corner_shadow": 0.15,
            "upper_lip": -0.22,
            "lower_lip": -0.22,
        },
    ),
    14: Action(  # buccinator: presses the corner against the teeth, a dimple beside it
        pulls=(
            Pull((0.33, -0.57), (0.42, -0.57), (0.10, 0.11), 0.05),
            Pull((0.33, -0.57), (0.22, -0.57), (0.06, 0.10), 0.03),
        ),
        bumps=(
            Bump(0.05, (0.45, -0.53), (0.07, 0.10)),
            Bump(-0.07, (0.335, -0.575), (0.03, 0.05)),
        ),
        furrows=(
            Furrow(1.6, (0.325, -0.52), (0.36, -0.575), (0.33, -0.645)),
            Furrow(0.6, (0.38, -0.47), (0.43, -0.56), (0.40, -0.66)),
        ),
        curves={"corner_out": -0.012, "corner_up": 0.014, "corner_shadow": 0.30},
    ),
    15: Action(  # depressor anguli oris: pulls the corner down
        pulls=(Pull((0.36, -1.3), (0.30, -0.62), (0.13, 0.13), 0.09),),
        bumps=(Bump(0.05, (0.32, -0.80), (0.08, 0.06)),),
        furrows=(
            Furrow(1.0, (0.30, -0.66), (0.36, -0.71), (0.36, -0.82)),
            Furrow(0.5, (0.20, -0.28), (0.34, -0.42), (0.36, -0.62)),
        ),
        curves={"corner_out": 0.005, "corner_up": -0.090, "corner_shadow": 0.15},
    ),
    20: Action(  # risorius: stretches the mouth sideways
        pulls=(Pull((1.1, -0.62), (0.36, -0.60), (0.16, 0.14), 0.09),),
        furrows=(
            Furrow(0.9, (0.40, -0.50), (0.45, -0.60), (0.42, -0.72)),
            Furrow(0.7, (0.47, -0.50), (0.53, -0.60), (0.49, -0.73)),
        ),
        curves={
            "corner_out": 0.085,
            "corner_up": -0.020,
            "upper_lip": -0.30,
            "lower_lip": -0.30,
        },
    ),
    # ---------------------------------------------------------------- chin, lips, jaw
    17: Action(  # mentalis: pushes the chin boss and the lower lip up
        pulls=(Pull((0.05, 0.3), (0.08, -0.86), (0.16, 0.12), 0.075),),
        bumps=(
            Bump(0.08, (0.07, -0.88), (0.10, 0.07)),
            Bump(-0.03, (0.08, -0.74), (0.12, 0.03)),
        ),
        furrows=(
            Furrow(1.3, (-0.05, -0.725), (0.10, -0.725), (0.22, -0.80)),
            *_orange_peel(
                0.8,
                *((0.03, -0.82), (0.10, -0.84), (0.17, -0.86), (0.05, -0.90)),
                *((0.12, -0.92), (0.02, -0.97), (0.09, -0.985)),
            ),
        ),
        curves={
            "corner_out": -0.030,
            "corner_up": -0.012,
            "line_up": 0.055,
            "upper_lip": 0.05,
            "lower_lip": -0.05,
        },
    ),
    23: Action(  # orbicularis oris as a sphincter: lips narrow, roll in, pucker the skin around
        bumps=(Bump(0.03, (0.06, -0.475), (0.12, 0.025)), Bump(0.02, (0.05, -0.70), (0.11, 0.025))),
        furrows=(
            *_radial_lines(0.50, (0.03, 0.085, 0.14, 0.19), -0.510, 0.028),
            *_radial_lines(0.40, (0.05, 0.11, 0.16), -0.655, -0.028),
        ),
        curves={
            "corner_out": -0.080,
            "lip_line": 0.10,
            "upper_lip": -0.50,
            "lower_lip": -0.45,
            "gap": -0.55,
        },
    ),
    24: Action(  # orbicularis oris presses the lips together: the red nearly disappears
        bumps=(
            Bump(-0.02, (0.06, -0.645), (0.13, 0.04)),
            Bump(0.035, (0.10, -0.475), (0.15, 0.03)),
            Bump(0.035, (0.08, -0.715), (0.13, 0.03)),
        ),
        furrows=(
            Furrow(0.8, (-0.02, -0.70), (0.14, -0.705), (0.26, -0.66)),
            Furrow(0.9, (0.285, -0.54), (0.31, -0.58), (0.285, -0.62)),
        ),
        curves={
            "corner_out": 0.012,
            "line_up": 0.012,
            "lip_line": 0.15,
            "corner_shadow": 0.20,
            "upper_lip": -0.82,
            "lower_lip": -0.74,
            "gap": -0.85,
        },
    ),
    25: Action(curves={"part": 0.075}),  # the lips let go of each other
    26: Action(  # masseter lets go: the jaw drops
        jaw=0.17,
        furrows=(Furrow(0.5, (0.32, -0.40), (0.43, -0.55), (0.40, -0.75), 0.031),),
        curves={"drop": 0.20, "corner_out": -0.045, "upper_lip": -0.15, "lower_lip": -0.15},
    ),
}

#: The drawn action units, in the order of axis 1 of every intensity tensor of this package.
AUS: tuple[int, ...] = tuple(sorted(ACTIONS))
