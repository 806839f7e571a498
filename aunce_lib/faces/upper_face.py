"""The muscle table of brows, eyelids, cheeks and nose (see `muscles.py` for its vocabulary).

What moves and bulges carries each unit; furrows only ornament it, and in smooth skin hardly show.
"""

from __future__ import annotations

from aunce_lib.faces.muscles import LINE, Action, Bump, Furrow, Point, Pull


def _forehead_lines(depth: float, *points: Point) -> tuple[Furrow, ...]:
    """Three parallel lines across the forehead, .085 apart."""
    return tuple(
        Furrow(depth, *((x, y + shift) for x, y in points)) for shift in (-0.085, 0.0, 0.085)
    )


#: The levator palpebrae lets go: the upper lid comes down. FACS calls it 43 when the eye stays
#: closed, 45 when it opens again within half a second: one look, two numbers, told apart by time.
_LIDS_CLOSE = Action(curves={"lids_meet": 1.3})

UPPER_FACE: dict[int, Action] = {
    # ---------------------------------------------------------------- brows
    1: Action(  # frontalis, pars medialis: lifts the inner brow
        pulls=(Pull((0.12, 1.3), (0.16, 0.36), (0.12, 0.20), 0.145),),
        bumps=(
            Bump(0.035, (0.13, 0.53), (0.10, 0.06)),
            Bump(-0.030, (0.21, 0.25), (0.08, 0.05)),
        ),
        furrows=_forehead_lines(0.9, (-0.02, 0.62), (0.12, 0.60), (0.30, 0.66)),
        curves={"lid_fold": 0.25},
    ),
    2: Action(  # frontalis, pars lateralis: lifts the outer brow
        pulls=(Pull((0.50, 1.3), (0.46, 0.36), (0.15, 0.20), 0.130),),
        bumps=(
            Bump(0.035, (0.48, 0.54), (0.13, 0.06)),
            Bump(-0.030, (0.50, 0.25), (0.12, 0.05)),
        ),
        furrows=_forehead_lines(0.8, (0.24, 0.60), (0.44, 0.66), (0.64, 0.56)),
        curves={"upper_lid": 0.08, "lid_fold": 0.45},
    ),
    4: Action(  # depressor supercilii (down), corrugator (inwards): knits the brows
        pulls=(
            Pull((0.06, -0.25), (0.22, 0.33), (0.18, 0.13), 0.085),
            Pull((-0.5, 0.34), (0.22, 0.34), (0.14, 0.11), 0.060),
            Pull((0.30, -0.4), (0.44, 0.32), (0.15, 0.11), 0.040),
        ),
        bumps=(
            Bump(0.075, (0.10, 0.29), (0.055, 0.07)),
            Bump(0.035, (0.27, 0.43), (0.11, 0.045)),
            Bump(0.060, (0.30, 0.235), (0.15, 0.042)),
        ),
        furrows=(
            Furrow(1.1, (0.055, 0.22), (0.045, 0.34), (0.075, 0.46)),
            Furrow(0.5, (0.0, 0.15), (0.06, 0.165), (0.13, 0.15), LINE),
        ),
        curves={"upper_lid": -0.20, "lid_fold": -0.70},
    ),
    # ---------------------------------------------------------------- lids
    5: Action(  # levator palpebrae: opens the eye wide, the lid vanishes under its fold
        pulls=(Pull((0.36, 0.9), (0.36, 0.23), (0.15, 0.06), 0.030),),
        bumps=(Bump(-0.025, (0.36, 0.26), (0.13, 0.035)),),
        curves={"upper_lid": 1.10, "lower_lid": 0.18, "lid_fold": -0.60},
    ),
    7: Action(  # orbicularis oculi, pars palpebralis: tightens the lids
        pulls=(
            Pull((0.30, 0.5), (0.36, -0.03), (0.17, 0.06), 0.040),
            Pull((0.30, 0.03), (0.54, 0.06), (0.06, 0.07), 0.020),
        ),
        bumps=(Bump(-0.025, (0.36, -0.070), (0.15, 0.024)),),
        furrows=(Furrow(0.5, (0.20, -0.01), (0.36, -0.055), (0.53, 0.0), LINE),),
        curves={"upper_lid": -0.44, "lower_lid": -0.95, "lid_pouch": 0.042},
    ),
    43: _LIDS_CLOSE,
    45: _LIDS_CLOSE,
    # ---------------------------------------------------------------- cheeks
    6: Action(  # orbicularis oculi, pars orbitalis: lifts the cheeks, draws skin to the eye
        pulls=(
            Pull((0.40, 0.6), (0.43, -0.20), (0.18, 0.14), 0.090),
            Pull((0.36, 0.05), (0.63, 0.08), (0.10, 0.15), 0.040),
            Pull((0.46, -0.4), (0.55, 0.32), (0.12, 0.10), 0.025),
        ),
        bumps=(
            Bump(0.105, (0.41, -0.165), (0.16, 0.085)),
            Bump(-0.050, (0.38, -0.050), (0.17, 0.028)),
            Bump(-0.020, (0.46, -0.36), (0.15, 0.080)),
            Bump(0.030, (0.60, 0.01), (0.05, 0.06)),
        ),
        furrows=(
            Furrow(0.6, (0.57, 0.12), (0.64, 0.15), (0.72, 0.20), LINE),
            Furrow(0.6, (0.57, 0.07), (0.64, 0.06), (0.73, 0.05), LINE),
            Furrow(0.6, (0.56, 0.01), (0.62, -0.04), (0.69, -0.10), LINE),
            Furrow(0.6, (0.17, -0.04), (0.36, -0.10), (0.57, -0.02)),
        ),
        curves={"upper_lid": -0.12, "lower_lid": -0.48, "lid_pouch": 0.014},
    ),
    # ---------------------------------------------------------------- nose
    9: Action(  # levator labii superioris alaeque nasi: wrinkles the nose, drags the brow down
        pulls=(
            Pull((0.05, 0.5), (0.11, -0.24), (0.10, 0.13), 0.068),
            Pull((0.03, -0.3), (0.14, 0.31), (0.12, 0.11), 0.060),
            Pull((0.14, 0.5), (0.23, -0.14), (0.13, 0.12), 0.055),
        ),
        bumps=(
            Bump(0.055, (0.13, -0.10), (0.05, 0.07)),
            Bump(0.040, (0.05, 0.15), (0.05, 0.06)),
            Bump(0.030, (0.27, -0.10), (0.09, 0.05)),
            Bump(-0.030, (0.25, -0.02), (0.09, 0.022)),
        ),
        furrows=(
            Furrow(1.0, (0.0, 0.085), (0.05, 0.09), (0.12, 0.14), LINE),
            Furrow(1.0, (0.0, 0.025), (0.06, 0.03), (0.135, 0.075), LINE),
            Furrow(0.9, (0.02, -0.04), (0.08, -0.03), (0.15, 0.01), LINE),
            Furrow(0.9, (0.17, -0.17), (0.20, -0.22), (0.24, -0.30)),
        ),
        curves={
            **{"upper_lid": -0.20, "lower_lid": -0.25, "lid_fold": -0.35, "lid_pouch": 0.010},
            "upper_lip_up": 0.018,
        },
    ),
}
