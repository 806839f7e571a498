"""The Facial Action Coding System, as far as this library needs it.

An action unit (AU) is one visible movement of the face, named after the muscle that makes it.
Numbers and names follow Ekman, Friesen & Hager, "Facial Action Coding System" (2002).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ActionUnit:
    """One action unit.

    Attributes:
        number: FACS number, for instance 12.
        name: FACS name, for instance "Lip corner puller".
        muscle: The muscle or muscles that make the movement.
        region: Where on the face it shows: brow, eyelids, cheeks, nose, mouth, chin or jaw.
    """

    number: int
    name: str
    muscle: str
    region: str

    @property
    def column(self) -> str:
        """Name of the label column in a FrameTable, for instance `AU12`."""
        return column(self.number)


ACTION_UNITS: dict[int, ActionUnit] = {
    unit.number: unit
    for unit in (
        ActionUnit(1, "Inner brow raiser", "frontalis, pars medialis", "brow"),
        ActionUnit(2, "Outer brow raiser", "frontalis, pars lateralis", "brow"),
        ActionUnit(4, "Brow lowerer", "corrugator supercilii, depressor supercilii", "brow"),
        ActionUnit(5, "Upper lid raiser", "levator palpebrae superioris", "eyelids"),
        ActionUnit(6, "Cheek raiser", "orbicularis oculi, pars orbitalis", "cheeks"),
        ActionUnit(7, "Lid tightener", "orbicularis oculi, pars palpebralis", "eyelids"),
        ActionUnit(9, "Nose wrinkler", "levator labii superioris alaeque nasi", "nose"),
        ActionUnit(10, "Upper lip raiser", "levator labii superioris", "mouth"),
        ActionUnit(11, "Nasolabial deepener", "zygomaticus minor", "cheeks"),
        ActionUnit(12, "Lip corner puller", "zygomaticus major", "mouth"),
        ActionUnit(13, "Sharp lip puller", "levator anguli oris", "mouth"),
        ActionUnit(14, "Dimpler", "buccinator", "mouth"),
        ActionUnit(15, "Lip corner depressor", "depressor anguli oris", "mouth"),
        ActionUnit(16, "Lower lip depressor", "depressor labii inferioris", "mouth"),
        ActionUnit(17, "Chin raiser", "mentalis", "chin"),
        ActionUnit(18, "Lip pucker", "incisivii labii", "mouth"),
        ActionUnit(20, "Lip stretcher", "risorius", "mouth"),
        ActionUnit(22, "Lip funneler", "orbicularis oris", "mouth"),
        ActionUnit(23, "Lip tightener", "orbicularis oris", "mouth"),
        ActionUnit(24, "Lip pressor", "orbicularis oris", "mouth"),
        ActionUnit(25, "Lips part", "depressor labii, or relaxed orbicularis oris", "mouth"),
        ActionUnit(26, "Jaw drop", "relaxed masseter", "jaw"),
        ActionUnit(27, "Mouth stretch", "pterygoids, digastric", "jaw"),
        ActionUnit(28, "Lip suck", "orbicularis oris", "mouth"),
        ActionUnit(43, "Eyes closed", "relaxed levator palpebrae superioris", "eyelids"),
        ActionUnit(45, "Blink", "relaxed levator palpebrae superioris, briefly", "eyelids"),
    )
}

#: The action units that results are reported on, in the order of the published tables.
AU_SETS: dict[str, tuple[int, ...]] = {
    "bp4d": (1, 2, 4, 6, 7, 10, 12, 14, 15, 17, 23, 24),
    "bp4dplus": (1, 2, 4, 6, 7, 10, 12, 14, 15, 17, 23, 24),
    "disfa": (1, 2, 4, 6, 9, 12, 25, 26),
    "gft": (1, 2, 4, 6, 10, 12, 14, 15, 23, 24),
    "affwild2": (1, 2, 4, 6, 7, 10, 12, 15, 23, 24, 25, 26),
}


def column(number: int) -> str:
    """Name of the label column of an action unit in a FrameTable.

    >>> column(12)
    'AU12'
    """
    return f"AU{number}"


def describe(number: int) -> str:
    """One line on an action unit, for figure titles and tables.

    Raises:
        KeyError: If FACS has no such action unit here.

    >>> describe(12)
    'AU12 Lip corner puller (zygomaticus major)'
    """
    if number not in ACTION_UNITS:
        raise KeyError(f"no action unit {number}; known are {sorted(ACTION_UNITS)}")
    unit = ACTION_UNITS[number]
    return f"{unit.column} {unit.name} ({unit.muscle})"
