"""Exercises of 08, your own data: which image belongs to a label, and who is one person."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial

from aunce_lib.checks.result import CheckResult, check

IMAGES = (".jpg", ".png")


# ---------------------------------------------------------------------------- image_of_row
def _image_of_row(row: int, first_image: int) -> int:
    return row - 1 + first_image


ROWS = {
    "first row, images from 0": (1, 0),
    "first row, images from 1": (1, 1),
    "row 100, images from 0": (100, 0),
    "last row of SN010, images from 0": (4844, 0),
    "row 100, images from 1": (100, 1),
}
WRONG_ROWS = {
    "the row is taken as the image: with images from 0 every label is one image late. The row "
    "counts from 1, so first ask how many rows lie before it.": lambda row, first: row,
    "images are taken to begin at 0 always. A copy made by ffmpeg begins at 1: use "
    "first_image.": lambda row, first: row - 1,
    "one too many: row 1 should be the first image itself, not the one after "
    "it.": lambda row, first: row + first,
    "the sign of first_image is turned round: images that begin later have larger "
    "numbers.": lambda row, first: row - 1 - first,
}


def check_image_of_row(answer: Callable[[int, int], int], strict: bool = False) -> CheckResult:
    """Check `image_of_row(row, first_image)`: the number of the image that a row of DISFA labels.

    Args:
        answer: The learner's function.
        strict: Raise CheckFailed if it is not right.
    """
    hints = (
        "Row 1 belongs to the first image, whatever its number is.",
        "Row 2 belongs to the number after that. How many rows lie before a row?",
        "row - 1 rows lie before it; count on from first_image.",
    )
    title = "Which image does a row label?"
    return check(title, answer, _image_of_row, ROWS, WRONG_ROWS, hints, strict)


# ------------------------------------------------------------------------------ find_image
def _find_image(frame: int, names: Sequence[str], endings: Sequence[str] = IMAGES) -> str | None:
    for name in names:
        stem, _, ending = name.rpartition(".")
        digits = re.search(r"\d+$", stem)
        if f".{ending.lower()}" in endings and digits and int(digits[0]) == frame:
            return name
    return None


def _first_such(fits: Callable[[int, str], bool]) -> Callable:
    """A wrong answer: the first name that fits in its own way."""
    return lambda frame, names: next((name for name in names if fits(frame, name)), None)


def _number_anywhere(frame: int, name: str) -> bool:
    digits = re.search(r"\d+", name)
    return bool(digits) and int(digits[0]) == frame and name.endswith(IMAGES)


FILES = {
    "not padded": (732, ["731.jpg", "732.jpg", "733.jpg"]),
    "padded to 4": (732, ["0731.jpg", "0732.jpg", "0733.jpg"]),
    "padded to 5, and a longer number": (732, ["07320.jpg", "01732.jpg", "00732.jpg"]),
    "a person in front of it": (7, ["SN003_3.png", "SN003_7.png", "SN003_07.txt"]),
    "a text file of that number": (12, ["0012.txt", "0012.jpg"]),
    "no such image": (732, ["0731.jpg", "7320.jpg", "1732.jpg"]),
}
WRONG_FILES = {
    "the name is compared as a text, so a padded number is not found. Turn the digits into a "
    "whole number first.": _first_such(
        lambda frame, name: name in (f"{frame}.jpg", f"{frame}.png")
    ),
    "the number is looked for anywhere in the name: 1732 and 7320 hold 732 too.": _first_such(
        lambda frame, name: str(frame) in name and name.endswith(IMAGES)
    ),
    "only the end of the number is compared: 1732 ends in 732 too.": _first_such(
        lambda frame, name: name.endswith((f"{frame}.jpg", f"{frame}.png"))
    ),
    "the first digits in the name are taken. In SN003_7.png these are the person's; the frame "
    "stands last.": _first_such(_number_anywhere),
    "the ending is not looked at: a text file of that number is no image.": partial(
        _find_image, endings=(*IMAGES, ".txt")
    ),
}


def check_find_image(
    answer: Callable[[int, list[str]], str | None], strict: bool = False
) -> CheckResult:
    """Check `find_image(frame, names)`: the file of a frame, however its number is padded.

    Args:
        answer: The learner's function.
        strict: Raise CheckFailed if it is not right.
    """
    hints = (
        "int('00732') is 732.",
        "Cut off the ending with name.rpartition('.'), and look whether it is that of an image.",
        "The frame is the last run of digits of what is left: re.search(r'\\d+$', stem).",
    )
    title = "Which file is a frame?"
    return check(title, answer, _find_image, FILES, WRONG_FILES, hints, strict)


# ------------------------------------------------------------------------------- person_of
def _person_of(corpus: str, recording: str) -> str:
    if corpus in ("bp4d", "bp4dplus"):
        return f"{corpus}/{recording.split('_')[0]}"
    return f"{corpus}/{re.sub('_(left|right)$', '', recording)}"


def _groups(person_of: Callable[[str, str], str], recordings: Sequence[tuple[str, str]]) -> list:
    """Recordings that are taken to show one person (or a pair) get one number, from 0."""
    people = [person_of(*recording) for recording in recordings]
    numbers = {person: place for place, person in enumerate(dict.fromkeys(people))}
    return [numbers[person] for person in people]


RECORDINGS = {
    "two tasks of one person, one of another": [
        ("bp4d", "F001_T1"),
        ("bp4d", "F001_T8"),
        ("bp4d", "M001_T1"),
    ],
    "F001 of BP4D, F001 of BP4D+": [("bp4d", "F001_T1"), ("bp4dplus", "F001_T1")],
    "both halves of a video": [
        ("affwild2", "30-30-1920x1080_left"),
        ("affwild2", "30-30-1920x1080_right"),
    ],
    "a video and its second person": [
        ("affwild2", "video2"),
        ("affwild2", "video2_right"),
        ("affwild2", "video59"),
    ],
    "names that begin alike": [
        ("affwild2", "10-60-1280x720"),
        ("affwild2", "10-24-1920x1080_left"),
        ("affwild2", "10-24-1920x1080"),
    ],
}
WRONG_PEOPLE = {
    "every recording is a person of its own, so one person's tasks can come to lie on both sides. "
    "Cut the task off.": lambda corpus, name: f"{corpus}/{name}",
    "the corpus is forgotten: F001 of BP4D and F001 of BP4D+ are two "
    "people.": lambda corpus, name: _person_of(corpus, name).partition("/")[2],
    "_left and _right are kept apart. They are cut from one video, with one light and one room, "
    "and the names do not promise who sits where: keep them together.": lambda corpus, name: (
        _person_of(corpus, name) if corpus != "affwild2" else f"{corpus}/{name}"
    ),
    "a fixed number of letters is taken: it fits F001, but names of videos differ in "
    "length.": lambda corpus, name: f"{corpus}/{name[:4]}",
}


def check_person_of(answer: Callable[[str, str], str], strict: bool = False) -> CheckResult:
    """Check `person_of(corpus, recording)`: one name for all that must stay on one side of a fold.

    Only the grouping counts, not how the names are spelt.

    Args:
        answer: The learner's function.
        strict: Raise CheckFailed if it is not right.
    """
    hints = (
        "BP4D's recordings are PERSON_TASK; Aff-Wild2's are VIDEO, VIDEO_left or VIDEO_right.",
        "Put the corpus in front, so that two people called F001 stay two.",
        "For BP4D and BP4D+ take recording.split('_')[0]; else use removesuffix twice.",
    )
    return check(
        "Who must stay together? (equal numbers: together)",
        partial(_groups, answer),
        partial(_groups, _person_of),
        {what: (recordings,) for what, recordings in RECORDINGS.items()},
        {cause: partial(_groups, wrong) for cause, wrong in WRONG_PEOPLE.items()},
        hints,
        strict,
    )
