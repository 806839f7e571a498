"""The exercises of 00: solutions pass, and every known mistake is told by its own message."""

from __future__ import annotations

import pytest

from aunce_lib.checks import check_duchenne_smile, check_f1_of_a_parrot


def not_started(*_):
    raise NotImplementedError


SOLUTIONS = {
    check_duchenne_smile: [lambda: {6: 0.8, 12: 1.0}, lambda: {12: 0.5, 6: 0.5, 25: 0.05}],
    check_f1_of_a_parrot: [lambda r: 2 * r / (1 + r), lambda r: 2 / (1 / r + 1)],
}
WRONG = [
    (check_duchenne_smile, "with the mouth only", lambda: {12: 1.0}),
    (check_duchenne_smile, "corners of the lips stay", lambda: {6: 1.0}),
    (check_duchenne_smile, "two AUs are enough", lambda: {6: 1.0, 12: 1.0, 25: 1.0}),
    (check_duchenne_smile, "AU7 tightens", lambda: {7: 1.0, 12: 1.0}),
    (check_duchenne_smile, "strong enough", lambda: {6: 0.01, 12: 0.01}),
    (check_f1_of_a_parrot, "precision: F1", lambda r: r),
    (check_f1_of_a_parrot, "recall: F1", lambda r: 1),
    (check_f1_of_a_parrot, "plain mean", lambda r: 0.5 + r / 2),
    (check_f1_of_a_parrot, "above the line", lambda r: r / (r + 1)),
    (check_f1_of_a_parrot, "below the line", lambda r: 2 * r / (r + 1 - r)),
]


@pytest.mark.parametrize("check", SOLUTIONS, ids=lambda check: check.__name__)
def test_solutions_pass_however_they_are_written(check):
    for solution in SOLUTIONS[check]:
        assert check(solution, strict=True).passed


@pytest.mark.parametrize(("check", "message", "answer"), WRONG)
def test_a_known_mistake_is_named(check, message, answer):
    result = check(answer)
    assert not result.passed
    assert len(result.causes) == 1
    assert message in result.causes[0]


@pytest.mark.parametrize("check", SOLUTIONS, ids=lambda check: check.__name__)
def test_an_exercise_not_begun_is_grey_and_has_three_hints(check):
    result = check(not_started)
    assert {row.state for row in result.rows} == {"grey"}
    assert len(result.hints) == 3


def test_what_is_no_dictionary_is_answered_too():
    assert not check_duchenne_smile(lambda: [6, 12]).passed
