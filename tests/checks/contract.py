"""What every exercise keeps, whatever it is about; a test module imports what applies to it.

A module that writes the wrong answers anew, as learners would, has SOLUTIONS (check → solution) and
WRONG (check, part of the message, wrong answer). One that takes those the check itself knows has
EXERCISES (check → solution and {message: wrong answer}), and OWN for some written anew. `conftest`
hands them out.
"""

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
