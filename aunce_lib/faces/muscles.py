"""The vocabulary of the muscle table: what an action unit (AU) may do to a face.

* `Pull`: where a muscle pulls the skin,
* `Bump`: where soft tissue bulges or dips because of it,
* `Furrow`: which furrows appear,
* `curves`: what happens to the curves of lips and eyelids (see `ADDED` and `SCALED`).

Face coordinates: x to the right of the image, y up, the head about 2 units high. Eyes at
(+-.36, .10), brows at y = .33, tip of the nose (0, -.24), mouth (0, -.58), chin (0, -1.07), half
width of the cheeks .84. Tables describe the half with x > 0; the other half is its mirror.
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
    "lower_lip_down": "lower lip downwards, nearly as much beside the midline as in it",
    "part": "relaxed lips part by this much",
    "drop": "the lower lip follows the jaw by this much",
    "lip_out": "the lips bulge forwards by this fraction more",
    "corner_thin": "the lips thin out towards the corner by this fraction",
    "lip_line": "the line between the lips darkens by this fraction",
    "corner_shadow": "the mouth corner darkens by this fraction",
    "lids_meet": "the upper lid has come down to the lower one by this fraction",
    "lid_pouch": "the roll of skin below the lower lid rises by this much",
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
