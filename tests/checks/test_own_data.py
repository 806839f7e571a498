"""The exercises of 08: the solution passes, every listed mistake is told by its own message."""

from __future__ import annotations

import re

from contract import (  # noqa: F401
    pytest_generate_tests,
    test_a_known_mistake_is_named,
    test_at_least_three_wrong_answers_are_known_and_three_hints,
    test_solution_passes,
)

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
