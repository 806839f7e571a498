"""What every exercise keeps, whatever it is about; a test module imports what applies to it.

A module that writes the wrong answers anew, as learners would, has SOLUTIONS (check → solution) and
WRONG (check, part of the message, wrong answer). One that takes those the check itself knows has
EXERCISES (check → solution and {message: wrong answer}), and OWN for some written anew.
`pytest_generate_tests`, imported too, hands them out.
"""

import inspect
import re

import pytest

from aunce_lib.checks import CheckFailed


def not_started(*_):
    raise NotImplementedError


def test_solution_passes(check, solution):
    result = check(solution, strict=True)
    assert result.passed
    assert len(result.hints) == 3


def test_wrong_answer_is_rejected_with_its_own_message(check, message, answer):
    result = check(answer)
    assert not result.passed
    assert len(result.causes) == 1
    assert message in result.causes[0]
    with pytest.raises(CheckFailed, match=re.escape(message)):
        check(answer, strict=True)


def test_at_least_three_wrong_answers_are_known_and_three_hints(check, n_wrong):
    assert n_wrong >= 3
    result = check(not_started)
    assert {row.state for row in result.rows} == {"grey"}
    assert len(result.hints) == 3


def test_a_known_mistake_is_named(check, cause, answer):
    result = check(answer)
    assert not result.passed
    assert result.causes == (cause,)


def test_a_mistake_is_known_however_it_is_written(check, words, answer):
    assert any(words in cause for cause in check(answer).causes)


# ------------------------------------------------------------------- who calls them with what


def cases(module) -> dict[str, list[tuple]]:
    """Arguments of a test → what it is called with, for one module."""
    if hasattr(module, "EXERCISES"):
        exercises = module.EXERCISES.items()
        solutions = [(check, solution) for check, (solution, _) in exercises]
        counts = [(check, len(wrong)) for check, (_, wrong) in exercises]
    else:
        solutions = list(module.SOLUTIONS.items())
        counts = [(check, sum(w[0] is check for w in module.WRONG)) for check, _ in solutions]
    return {
        "check, solution": solutions,
        "check, n_wrong": counts,
        "check, message, answer": getattr(module, "WRONG", []),
        "check, cause, answer": [
            (check, cause, answer)
            for check, (_, wrong) in getattr(module, "EXERCISES", {}).items()
            for cause, answer in wrong.items()
        ],
        "check, words, answer": getattr(module, "OWN", []),
    }


def pytest_generate_tests(metafunc):
    if metafunc.function.__module__ == __name__:
        wanted = ", ".join(inspect.signature(metafunc.function).parameters)
        values = cases(metafunc.module)[wanted]
        names = [", ".join(map(_named, row)).rstrip(", ") for row in values]
        metafunc.parametrize(wanted.split(", "), values, ids=names)


def _named(value) -> str:
    return value if isinstance(value, str) else getattr(value, "__name__", "")
