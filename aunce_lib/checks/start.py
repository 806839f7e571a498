"""Exercises of 00, start here: a smile that reaches the eyes, and how good a parrot is."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from aunce_lib.faces import DIFFICULTIES

from .result import CheckResult, check

ACTIVE = DIFFICULTIES["benchmark"].weakest_active  # from here on the corpora say "active"


def check_duchenne_smile(
    answer: Callable[[], Mapping[int, float]], strict: bool = False
) -> CheckResult:
    """`duchenne_smile()`: the action units of a smile of joy, with their intensities, 0 to 1.

    Only which action units are strong enough to be labelled counts, not how strong they are.

    Args:
        answer: The learner's function.
        strict: Raise CheckFailed if it is not right.
    """

    def labelled() -> list[int]:
        return sorted(au for au, intensity in answer().items() if intensity >= ACTIVE)

    wrong = {
        "this smiles with the mouth only, as one can at will. Which muscle lifts the "
        "cheeks?": lambda: [12],
        "the eyes smile, but the corners of the lips stay where they are.": lambda: [6],
        "two AUs are enough: a smile of joy may part the lips, but need not.": lambda: [6, 12, 25],
        "AU7 tightens the lids. The muscle around the eye has an outer part too, which lifts the "
        "cheeks.": lambda: [7, 12],
        f"nothing is strong enough for a label: go to {ACTIVE:g} or higher.": lambda: [],
    }
    hints = (
        "One AU is at the mouth, the other one raises the cheeks.",
        "Look at the names in the table above: a corner of the lip is pulled, a cheek is raised.",
        "{6: …, 12: …} with an intensity, 0 to 1, for each.",
    )
    cases = {"labelled active": ()}
    return check("A Duchenne smile", labelled, lambda: [6, 12], cases, wrong, hints, strict)


def check_f1_of_a_parrot(answer: Callable[[float], float], strict: bool = False) -> CheckResult:
    """`f1_of_a_parrot(rate)`: F1 of calling every face active.

    Args:
        answer: The learner's function.
        strict: Raise CheckFailed if it is not right.
    """
    cases = {f"active in {rate:.0%} of all faces": (rate,) for rate in (0.1, 0.5, 0.8, 1.0)}

    def right(rate: float) -> float:
        positives, alarms, missed = rate, 1 - rate, 0.0
        return 2 * positives / (2 * positives + alarms + missed)

    wrong = {
        "this is the parrot's precision: F1 also counts that it misses nothing.": lambda rate: rate,
        "this is the parrot's recall: F1 also counts its false alarms.": lambda rate: 1.0,
        "this is the plain mean of precision and recall; F1 is 2TP / (2TP + FP + FN).": (
            lambda rate: (rate + 1) / 2
        ),
        "the factor 2 before TP is missing above the line.": lambda rate: rate / (1 + rate),
        "the factor 2 before TP is missing below the line.": lambda rate: 2 * rate,
    }
    hints = (
        "Of 100 faces 100 · rate are active. What are TP, FP and FN?",
        "TP = rate, FP = 1 − rate, FN = 0.",
        "2 * rate / (2 * rate + 1 - rate)",
    )
    return check("F1 of a parrot", answer, right, cases, wrong, hints, strict)
