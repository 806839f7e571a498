"""The muscle table of brows, eyelids, cheeks and nose (see `muscles.py` for its vocabulary)."""

from __future__ import annotations

from aunce_lib.faces.muscles import LINE, Action, Bump, Furrow, Point, Pull


def _forehead_lines(depth: float, *points: Point) -> tuple[Furrow, ...]:
    """Three parallel lines across the forehead, .085 apart."""
    return tuple(
        Furrow(depth, *((x, y + shift) for x, y in points)) for shift in (-0.085, 0.0, 0.085)
    )


UPPER_FACE: dict[int, Action] = {
    # ---------------------------------------------------------------- brows, lids, cheeks
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
    # ---------------------------------------------------------------- nose
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
}
