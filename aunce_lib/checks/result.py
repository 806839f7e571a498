"""What a check answers: a row a case, right, not yet or not started, with the likely cause."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .plot import Curve, Plot

STATES = {"green": "✓ right", "red": "✗ not yet", "grey": "○ not started"}
LONGEST = 160  # characters of a value that is shown


class CheckFailed(AssertionError):
    """A strict check that did not pass."""


@dataclass(frozen=True)
class Row:
    """One case, all of it as text; nothing where there is nothing to say."""

    what: str
    state: str  # green, red or grey
    expected: str = ""
    got: str = ""
    cause: str = ""  # the likely mistake


@dataclass(frozen=True)
class CheckResult:
    """The answer to one exercise, shown as a small table in a notebook."""

    title: str
    rows: tuple[Row, ...]
    hints: tuple[str, ...] = ()  # from a nudge to nearly the solution
    plot: Plot | None = None  # theirs against the target, where that helps

    @property
    def passed(self) -> bool:
        return all(row.state == "green" for row in self.rows)

    @property
    def causes(self) -> tuple[str, ...]:
        """The likely mistakes, each once."""
        return tuple(dict.fromkeys(row.cause for row in self.rows if row.cause))

    def hint(self, number: int = 1) -> None:
        """Print a hint, from 1, the gentlest."""
        if number in range(1, len(self.hints) + 1):
            print(self.hints[number - 1])
        else:
            print(f"There is no hint {number}: this exercise has {len(self.hints)}.")

    def strictly(self, strict: bool = True) -> CheckResult:
        """The same result; raises CheckFailed if `strict` and the check did not pass."""
        if strict and not self.passed:
            raise CheckFailed(str(self))
        return self

    def __str__(self) -> str:
        lines = [f"{self.title}: {'passed' if self.passed else 'not passed yet'}"]
        for row in self.rows:
            lines.append(f"  {STATES[row.state]}  {row.what}")
            if row.state == "red":
                lines += [f"      expected {row.expected}", f"      got      {row.got}"]
        return "\n".join([*lines, *(f"  Likely cause: {cause}" for cause in self.causes)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        from .card import result_card

        return result_card(self)


def check(
    title: str,
    answer: Callable,
    right: Callable,
    cases: Mapping[str, tuple],
    wrong: Mapping[str, Callable],
    hints: tuple[str, ...],
    strict: bool = False,
    curve: Curve | None = None,
) -> CheckResult:
    """Compare the learner's function with the right one, case by case, and name the mistake.

    Args:
        title: The exercise.
        answer: The learner's function.
        right: The solution, written independently and for clarity.
        cases: What a case asks, in words → the arguments. Every call gets its own copy of them.
        wrong: What a known mistake is, in words → a function that makes it. A mistake is named if
            it gives what the learner got, in all cases or, failing that, in one.
        hints: From a nudge to nearly the solution.
        strict: Raise CheckFailed if a row is not green; else nothing is raised, whatever the
            learner's function does.
        curve: Draw both functions in this way too, once the learner's has begun to answer.
    """
    expected = [_call(right, args) for args in cases.values()]
    got = [_call(answer, args) for args in cases.values()]
    mistakes = {cause: [_call(f, args) for args in cases.values()] for cause, f in wrong.items()}
    everywhere = [cause for cause, values in mistakes.items() if all(map(same, values, got))]
    rows = []
    for place, what in enumerate(cases):
        mine, theirs = expected[place], got[place]
        if isinstance(theirs, NotImplementedError):
            rows.append(Row(what, "grey", shown(mine)))
        elif same(mine, theirs):
            rows.append(Row(what, "green", shown(mine), shown(theirs)))
        else:
            here = [cause for cause, values in mistakes.items() if same(values[place], theirs)]
            cause = [*everywhere, *here, _difference(mine, theirs)][0]
            rows.append(Row(what, "red", shown(mine), shown(theirs), cause))
    started = curve is not None and any(row.state != "grey" for row in rows)
    plot = curve.draw(right, answer) if started else None
    return CheckResult(title, tuple(rows), hints, plot).strictly(strict)


def same(one, other) -> bool:
    """Whether two values are equal: numbers up to rounding, NaN to NaN, errors by their kind."""
    if isinstance(one, Exception) or isinstance(other, Exception):
        return type(one) is type(other)
    try:
        one, other = np.asarray(one), np.asarray(other)
        if one.shape != other.shape:
            return False
        if one.dtype.kind in "biufc" and other.dtype.kind in "biufc":
            return bool(np.allclose(one, other, rtol=1e-5, atol=1e-7, equal_nan=True))
        return bool(np.all(one == other))
    except Exception:  # whatever a learner may return that is no value to compare
        return False


def shown(value) -> str:
    """A value as short text."""
    if isinstance(value, Exception):
        return f"{type(value).__name__}: {value}"[:LONGEST]
    try:
        array = np.asarray(value)
        if array.dtype == bool and array.ndim > 1:
            array = array.astype(int)  # a table of True and False is read more easily as 1 and 0
        text = np.array2string(array, precision=4, separator=", ", threshold=20)
    except Exception:
        text = f"a value of type {type(value).__name__}"
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else text[: LONGEST - 2] + " …"


def _call(function: Callable, args: tuple):
    """What a function returns, or the error it raises."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return function(*deepcopy(args))
    except Exception as error:
        return error


def _difference(expected, got) -> str:
    """A cause in general words, where no known mistake fits."""
    if isinstance(got, Exception):
        return f"your function stopped with {type(got).__name__}; its message says where to look."
    if got is None:
        return "your function returns nothing: is there a return at its end?"
    try:
        shapes = np.shape(expected), np.shape(got)
    except Exception:
        return "your function returns something that cannot be compared with numbers."
    if shapes[0] != shapes[1]:
        return f"the shape should be {shapes[0]}, yours is {shapes[1]}."
    return ""
