"""What a drawn face is made of: a row of numbers for the person, another for the picture.

Both are plain tensors with one row per face, so people are looked up by index:
`population.people[who]` gives every frame the person who is in it, and
`dataclasses.replace(people, glasses=...)` gives the same people with other glasses.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from torch import Tensor


class Rows:
    """A dataclass of tensors that share their first axis, the face."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def __getitem__(self, index):
        """Rows at a slice, a mask or indices; a single number gives a table of one row."""
        if isinstance(index, int):
            index = [index]
        return type(self)(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def to(self, device):
        """The same rows on another device."""
        return type(self)(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})


@dataclass(frozen=True)
class People(Rows):
    """N people. Colours are linear RGB about 0..1, lengths face units (see `anatomy.py`).

    Attributes:
        male: (N,) 1 or 0.
        age: (N,) 0..1 for 18..80 years.
        melanin: (N,) 0 for the lightest human skin, 1 for the darkest.
        skin, hair, iris: (N, 3) colours.
        warp: (N, 16) weights of `resting.WARPS`.
        marks: (N, 24) weights of `resting.SKIN_MAPS`.
        brow: (N, 9) thickness, density 0..1, arch, slope upwards to the outside, height, |x| of
            the inner end, of the tail, place of the peak from -1 to 1, brightness of the hair.
        eye: (N, 13) half width, height of upper lid, of lower lid, slant, roundness 0..1, skew
            (above 0: highest near the outer corner, the inner one under an epicanthic fold); fold
            above the lid: height, depth 0..1, droop at its outer end; lashes 0..1, radius of the
            iris, bag under the eye, depth of the socket 0..1.
        mouth: (N, 7) half width, red of the upper lip, of the lower lip, resting rise of
            the corners and of the middle, fullness of the lips, depth of Cupid's bow.
        lips: (N, 2) redness, 0 for lips of the skin's colour, 1 for red ones, more for
            lipstick; and how much darker than that they are, about 0.
        hairline: (N,) height at which the forehead ends.
        hair_shape: (N, 8) lower end of the hair beside the face, volume, curliness, place of the
            parting, how much the fringe opens there, length of the fringe, receding temples,
            thickness of the hair at the sides.
        scarf: (N,) 1 for a headscarf over the hair, else 0.
        clothes: (N, 3) colour of clothes and scarf.
        neckline: (N, 3) height, depth of the V, half width of the neck.
        ear: (N, 3) half height, how far it stands out, length of the lobe.
        gain: (N, AUs, 2) how strongly the person's muscles move the left and right half, about 1.
        creasing: (N,) how visibly the skin folds, about .3 for the young, 1.2 for the old.
        glasses: (N,) 1 or 0.
        frame: (N, 6) of the glasses: half width, half height, squareness, thickness, darkness,
            reflection.
        grain: (N, 2) where this person's skin texture is cut from.
        texture: (N, 4) strength of patches, of pores, of moles and blemishes, of oily shine.
    """

    male: Tensor
    age: Tensor
    melanin: Tensor
    skin: Tensor
    hair: Tensor
    iris: Tensor
    warp: Tensor
    marks: Tensor
    brow: Tensor
    eye: Tensor
    mouth: Tensor
    lips: Tensor
    hairline: Tensor
    hair_shape: Tensor
    scarf: Tensor
    clothes: Tensor
    neckline: Tensor
    ear: Tensor
    gain: Tensor
    creasing: Tensor
    glasses: Tensor
    frame: Tensor
    grain: Tensor
    texture: Tensor


@dataclass(frozen=True)
class Scenes(Rows):
    """N pictures: how a person is turned, lit and photographed.

    Attributes:
        pose: (N, 3) yaw, pitch, roll in radians; drawn well up to yaw .55 (30 degrees) and
            pitch .35 (20 degrees).
        shift: (N, 2) where the head is in the picture, face units.
        zoom: (N,) about 1.
        light: (N, 3) unit vector towards the light.
        softness: (N,) 0 for a bare lamp, 1 for a window as wide as the room.
        warmth: (N,) colour of that light against the rest: above 0 warm, below 0 cold.
        ambient: (N,) share of light that comes from everywhere.
        fill: (N,) strength of a second light from the other side.
        shine: (N,) strength of the highlight on the skin.
        exposure: (N,) brightness of the picture, about 1.
        balance: (N, 3) gain of the camera's colour channels, about 1.
        contrast, saturation: (N,) of the picture, about 1; saturation 0 is black and white.
        gaze: (N, 2) shift of the irises, face units.
        backdrop: (N, 3, h, w) colours behind the head on a coarse grid, such as the four corners.
        blur: (N,) 0 for sharp, 1 for a 3 x 3 mean.
        noise: (N,) standard deviation of the camera's noise, 1 = white.
        occluder: (N, 6) present (1 or 0), x, y, half width, half height, shade of a thing
            in front of the face.
    """

    pose: Tensor
    shift: Tensor
    zoom: Tensor
    light: Tensor
    softness: Tensor
    warmth: Tensor
    ambient: Tensor
    fill: Tensor
    shine: Tensor
    exposure: Tensor
    balance: Tensor
    contrast: Tensor
    saturation: Tensor
    gaze: Tensor
    backdrop: Tensor
    blur: Tensor
    noise: Tensor
    occluder: Tensor
