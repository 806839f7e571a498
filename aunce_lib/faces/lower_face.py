"""The muscle table of lips, chin and jaw (see `muscles.py` for its vocabulary)."""

from __future__ import annotations

from aunce_lib.faces.muscles import FINE, LINE, Action, Bump, Furrow, Point, Pull


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


LOWER_FACE: dict[int, Action] = {
    # ---------------------------------------------------------------- upper lip
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
