"""The exercises of 08: the solution passes, every listed mistake is told by its own message."""

from __future__ import annotations

import re

import pytest

from aunce_lib.checks import check_find_image, check_image_of_row, check_person_of, own_data


def image_of_row(row, first_image):
    return list(range(first_image, first_image + row))[-1]


def find_image(frame, names):
    number = re.compile(rf"(?:\w*_)?0*{frame}\.(?:jpg|png)")
    return next(filter(number.fullmatch, names), None)


def person_of(corpus, recording):
    video = re.fullmatch("(.*?)(_left|_right|_T\\d+)?", recording)[1]
    return f"{video} of {corpus}"


EXERCISES = {
    check_image_of_row: (image_of_row, own_data.WRONG_ROWS),
    check_find_image: (find_image, own_data.WRONG_FILES),
    check_person_of: (
        person_of,
        own_data.WRONG_PEOPLE,
    ),
}
MISTAKES = [(c, cause, f) for c, (_, wrong) in EXERCISES.items() for cause, f in wrong.items()]


@pytest.mark.parametrize("check", EXERCISES)
def test_a_right_answer_passes_however_it_is_written(check):
    assert check(EXERCISES[check][0], strict=True).passed


@pytest.mark.parametrize(("check", "cause", "answer"), MISTAKES)
def test_a_known_mistake_is_named(check, cause, answer):
    result = check(answer)
    assert not result.passed
    assert result.causes == (cause,)


@pytest.mark.parametrize("check", EXERCISES)
def test_every_exercise_knows_three_mistakes_and_has_three_hints(check):
    assert len(EXERCISES[check][1]) >= 3
    assert len(check(EXERCISES[check][0]).hints) == 3


@pytest.mark.parametrize("check", EXERCISES)
def test_an_exercise_not_begun_is_not_started(check):
    def answer(*_):
        raise NotImplementedError

    assert {row.state for row in check(answer).rows} == {"grey"}
