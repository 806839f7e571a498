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
    # ---------------------------------------------------------------- upper and lower lip
    10: Action(  # levator labii superioris: raises the upper lip into the shape of a gull's wings
        pulls=(
            Pull((0.26, 0.3), (0.17, -0.42), (0.15, 0.12), 0.085),
            Pull((0.22, 0.4), (0.20, -0.24), (0.10, 0.09), 0.050),
        ),
        bumps=(
            Bump(0.06, (0.25, -0.22), (0.09, 0.09)),
            Bump(0.025, (0.13, -0.46), (0.07, 0.04)),
        ),
        furrows=(Furrow(1.2, (0.155, -0.18), (0.29, -0.24), (0.34, -0.46)),),
        curves={"upper_lip_up": 0.100, "line_up": 0.022, "corner_up": 0.012},
    ),
    16: Action(  # depressor labii inferioris: pulls the lower lip down, off the lower teeth
        pulls=(
            Pull((0.22, -1.4), (0.14, -0.74), (0.16, 0.11), 0.085),
            Pull((0.50, -0.90), (0.24, -0.70), (0.10, 0.10), 0.020),
        ),
        bumps=(
            Bump(0.05, (0.16, -0.86), (0.11, 0.05)),
            Bump(-0.03, (0.06, -0.74), (0.16, 0.03)),
        ),
        furrows=(Furrow(0.8, (0.02, -0.815), (0.16, -0.80), (0.27, -0.72)),),
        curves={"lower_lip_down": 0.115, "corner_up": -0.025, "corner_out": 0.012},
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
            "lip_out": -0.25,
        },
    ),
    14: Action(  # buccinator: pulls the corner in against the teeth, a dimple beside it
        pulls=(
            Pull((0.31, -0.57), (0.44, -0.57), (0.10, 0.13), 0.085),
            Pull((0.31, -0.57), (0.19, -0.57), (0.06, 0.12), 0.035),
            Pull((0.31, -0.50), (0.30, -0.78), (0.14, 0.09), 0.035),
        ),
        bumps=(
            Bump(0.075, (0.44, -0.56), (0.06, 0.11)),
            Bump(-0.095, (0.325, -0.565), (0.040, 0.065)),
            Bump(-0.03, (0.10, -0.90), (0.14, 0.08)),
        ),
        furrows=(
            Furrow(1.4, (0.325, -0.515), (0.365, -0.565), (0.325, -0.625)),
            Furrow(0.4, (0.42, -0.46), (0.48, -0.56), (0.44, -0.66)),
        ),
        curves={
            "corner_out": 0.025,
            "corner_up": 0.020,
            "corner_shadow": 0.32,
            "corner_thin": 0.70,
            "upper_lip": -0.12,
            "lower_lip": -0.12,
            "lip_out": -0.30,
        },
    ),
    15: Action(  # depressor anguli oris: pulls the corner down
        pulls=(Pull((0.36, -1.3), (0.30, -0.62), (0.14, 0.14), 0.11),),
        bumps=(Bump(0.07, (0.32, -0.79), (0.08, 0.06)), Bump(-0.03, (0.06, -0.74), (0.12, 0.03))),
        furrows=(
            Furrow(1.0, (0.30, -0.66), (0.36, -0.71), (0.36, -0.82)),
            Furrow(0.5, (0.20, -0.28), (0.34, -0.42), (0.36, -0.62)),
        ),
        curves={"corner_out": 0.005, "corner_up": -0.120, "corner_shadow": 0.15},
    ),
    20: Action(  # risorius: stretches the mouth straight sideways, the chin's skin with it
        pulls=(
            Pull((1.1, -0.64), (0.37, -0.60), (0.17, 0.17), 0.105),
            Pull((1.1, -0.80), (0.24, -0.84), (0.15, 0.11), 0.060),
        ),
        bumps=(
            Bump(0.055, (0.52, -0.60), (0.055, 0.13)),
            Bump(-0.045, (0.40, -0.58), (0.05, 0.11)),
            Bump(-0.04, (0.0, -0.92), (0.15, 0.09)),
        ),
        furrows=(
            Furrow(0.8, (0.41, -0.50), (0.46, -0.60), (0.43, -0.72)),
            Furrow(0.5, (0.50, -0.50), (0.56, -0.60), (0.52, -0.74)),
        ),
        curves={
            "corner_out": 0.120,
            "corner_up": -0.012,
            "upper_lip": -0.38,
            "lower_lip": -0.38,
            "lip_out": -0.45,
        },
    ),
    # ---------------------------------------------------------------- the sphincter of the lips
    18: Action(  # incisivii: draw the corners in and push the lips out, as for a kiss
        pulls=(
            Pull((0.0, -0.58), (0.32, -0.57), (0.17, 0.15), 0.105),
            Pull((0.0, -0.65), (0.20, -0.80), (0.13, 0.10), 0.030),
        ),
        bumps=(
            Bump(0.11, (0.0, -0.575), (0.15, 0.12)),
            Bump(-0.05, (0.27, -0.58), (0.06, 0.10)),
        ),
        furrows=(
            *_radial_lines(0.55, (0.03, 0.075, 0.12), -0.500, 0.026),
            *_radial_lines(0.50, (0.03, 0.08, 0.12), -0.690, -0.024),
        ),
        curves={
            "corner_out": -0.210,
            "corner_thin": -0.60,
            "upper_lip": 0.40,
            "lower_lip": 0.20,
            "lip_out": 0.60,
            "gap": -0.45,
        },
    ),
    22: Action(  # orbicularis oris: lips turn out like a funnel
        pulls=(
            Pull((0.0, -0.58), (0.32, -0.57), (0.17, 0.15), 0.070),
            Pull((0.1, -0.30), (0.10, -0.86), (0.14, 0.10), 0.025),
        ),
        bumps=(
            Bump(0.12, (0.0, -0.59), (0.18, 0.15)),
            Bump(-0.05, (0.30, -0.58), (0.06, 0.11)),
            Bump(-0.03, (0.0, -0.79), (0.12, 0.03)),
        ),
        furrows=(Furrow(0.6, (0.20, -0.30), (0.30, -0.42), (0.30, -0.60)),),
        curves={
            "part": 0.135,
            "corner_out": -0.130,
            "corner_thin": -0.60,
            "upper_lip": 0.30,
            "lower_lip": 0.15,
            "lip_out": 0.70,
        },
    ),
    23: Action(  # orbicularis oris tightens: lips narrow and roll in, their border stands out
        pulls=(Pull((0.0, -0.58), (0.31, -0.58), (0.14, 0.13), 0.070),),
        bumps=(
            Bump(0.065, (0.02, -0.508), (0.10, 0.028)),
            Bump(0.070, (0.02, -0.664), (0.09, 0.030)),
            Bump(-0.060, (0.26, -0.585), (0.060, 0.080)),
            Bump(0.030, (0.42, -0.580), (0.06, 0.110)),
        ),
        furrows=(
            *_radial_lines(0.55, (0.03, 0.085, 0.14, 0.19), -0.520, 0.030),
            *_radial_lines(0.45, (0.05, 0.11, 0.16), -0.650, -0.028),
            Furrow(0.7, (-0.04, -0.722), (0.09, -0.718), (0.17, -0.675)),
        ),
        curves={
            "corner_out": -0.130,
            "upper_lip": -0.46,
            "lower_lip": -0.42,
            "lip_out": 0.15,
            "gap": -0.55,
        },
    ),
    24: Action(  # orbicularis oris presses the lips together: the red nearly disappears
        pulls=(
            Pull((0.12, -1.2), (0.12, -0.49), (0.17, 0.05), 0.028),
            Pull((0.12, 0.4), (0.10, -0.72), (0.16, 0.07), 0.035),
        ),
        bumps=(
            Bump(-0.035, (0.04, -0.585), (0.17, 0.045)),
            Bump(0.050, (0.06, -0.470), (0.11, 0.040)),
            Bump(0.040, (0.23, -0.500), (0.07, 0.040)),
            Bump(0.050, (0.04, -0.710), (0.10, 0.040)),
            Bump(0.040, (0.21, -0.675), (0.07, 0.040)),
            Bump(0.030, (0.38, -0.580), (0.04, 0.070)),
        ),
        furrows=(
            Furrow(0.8, (-0.02, -0.765), (0.14, -0.765), (0.26, -0.71)),
            Furrow(0.9, (0.295, -0.53), (0.325, -0.58), (0.295, -0.63)),
        ),
        curves={
            "corner_out": 0.022,
            "line_up": 0.012,
            "lip_line": 0.10,
            "corner_shadow": 0.10,
            "upper_lip": -0.80,
            "lower_lip": -0.75,
            "lip_out": -0.70,
            "gap": -0.85,
        },
    ),
    28: Action(  # orbicularis oris sucks the lips in over the teeth: no red, smooth skin around
        pulls=(
            Pull((0.12, -1.2), (0.13, -0.50), (0.19, 0.07), 0.045),
            Pull((0.12, 0.4), (0.12, -0.74), (0.18, 0.09), 0.060),
        ),
        bumps=(
            Bump(-0.12, (0.06, -0.585), (0.20, 0.075)),
            Bump(0.020, (0.06, -0.90), (0.12, 0.07)),
        ),
        furrows=(Furrow(1.3, (-0.06, -0.585), (0.12, -0.585), (0.25, -0.580), 0.031),),
        curves={
            "corner_out": -0.030,
            "corner_up": -0.010,
            "lip_line": -0.10,
            "upper_lip": -0.95,
            "lower_lip": -0.95,
            "lip_out": -0.95,
            "gap": -0.75,
        },
    ),
    25: Action(curves={"part": 0.165, "lip_out": -0.10}),  # the lips let go of each other
    # ---------------------------------------------------------------- chin and jaw
    17: Action(  # mentalis: pushes the chin boss and the lower lip up
        pulls=(
            Pull((0.05, 0.3), (0.08, -0.86), (0.17, 0.13), 0.085),
            Pull((0.05, 0.3), (0.06, -0.56), (0.13, 0.10), 0.045),
        ),
        bumps=(
            Bump(0.08, (0.07, -0.86), (0.11, 0.07)),
            Bump(0.05, (0.0, -0.61), (0.12, 0.04)),
            Bump(-0.04, (0.08, -0.725), (0.13, 0.03)),
        ),
        furrows=(
            Furrow(1.1, (-0.05, -0.725), (0.10, -0.725), (0.22, -0.80)),
            *_orange_peel(
                0.8,
                *((0.03, -0.82), (0.10, -0.84), (0.17, -0.86), (0.05, -0.90)),
                *((0.12, -0.92), (0.02, -0.97), (0.09, -0.985)),
            ),
        ),
        curves={
            "corner_out": -0.025,
            "corner_up": -0.022,
            "line_up": 0.068,
            "lower_lip": 0.12,
            "lip_out": 0.15,
        },
    ),
    26: Action(  # masseter lets go: the jaw drops
        jaw=0.17,
        bumps=(Bump(-0.03, (0.48, -0.55), (0.10, 0.18)),),
        furrows=(Furrow(0.5, (0.32, -0.40), (0.43, -0.55), (0.40, -0.75), 0.031),),
        curves={
            "drop": 0.200,
            "corner_out": -0.035,
            "corner_up": -0.045,
            "line_up": -0.012,
            "upper_lip": -0.08,
            "lower_lip": -0.10,
        },
    ),
    27: Action(  # pterygoids and digastric pull the jaw far down: a tall mouth, hollow cheeks
        jaw=0.24,
        pulls=(Pull((0.0, -0.62), (0.36, -0.55), (0.13, 0.22), 0.045),),
        bumps=(Bump(-0.06, (0.46, -0.55), (0.10, 0.22)),),
        furrows=(Furrow(0.6, (0.24, -0.30), (0.40, -0.50), (0.36, -0.82), 0.031),),
        curves={
            "drop": 0.420,
            "corner_out": -0.075,
            "corner_up": -0.090,
            "line_up": -0.010,
            "upper_lip": -0.25,
            "lower_lip": -0.25,
            "lip_out": -0.30,
        },
    ),
}
