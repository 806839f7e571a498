"""The quiz: its questions, how it counts, and what it explains."""

from __future__ import annotations

import numpy as np
import pytest

from aunce_lib.facs import describe
from aunce_lib.widgets import portrait
from aunce_lib.widgets.quiz import ASKED, N_CHOICES, Quiz, question


@pytest.fixture(scope="module", autouse=True)
def small_pictures():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(portrait, "SIZE", 64)
        yield


@pytest.fixture
def quiz():
    quiz = Quiz(seed=3)
    quiz.next.click()
    return quiz


def wrong_choice(quiz):
    return next(i for i, au in enumerate(quiz.question.choices) if au != quiz.question.au)


@pytest.mark.parametrize("level", ["easy", "hard"])
def test_each_question_has_one_right_choice_and_is_seeded(level):
    questions = [question(n, level, seed=5) for n in range(60)]
    for asked in questions:
        assert asked.au in asked.choices
        assert len(set(asked.choices)) == N_CHOICES
        assert list(asked.choices) == sorted(asked.choices)
        assert set(asked.choices) <= set(ASKED)
    assert questions == [question(n, level, seed=5) for n in range(60)]
    assert questions != [question(n, level, seed=6) for n in range(60)]
    assert len({asked.au for asked in questions}) > len(ASKED) / 2
    places = [asked.choices.index(asked.au) for asked in questions]
    assert set(places) == set(range(N_CHOICES))


def test_hard_questions_are_weaker_turned_and_alike():
    easy, hard = ([question(n, level) for n in range(40)] for level in ("easy", "hard"))
    assert {asked.intensity for asked in easy} == {1.0}
    assert not any(value for asked in easy for value in asked.angles.values())
    assert all(portrait.ACTIVE < asked.intensity < 1 for asked in hard)
    assert any(value for asked in hard for value in asked.angles.values())
    upper = {1, 2, 4, 6, 7}
    for questions, expected in ((easy, {2}), (hard, {0, 4})):  # in easy ones nobody is odd one out
        assert {len(upper & set(asked.choices)) for asked in questions} == expected


def test_the_face_shows_the_action_unit_it_asks_for():
    asked = question(2)
    expected = portrait.look({asked.au: 1.0}, asked.person)
    np.testing.assert_array_equal(asked.look().face, expected.face)
    assert asked.look().active == (asked.au,)


def test_an_unknown_level_is_refused():
    with pytest.raises(ValueError, match="level must be one of"):
        question(0, "impossible")


def test_nothing_is_drawn_before_the_start():
    quiz = Quiz()
    assert quiz.question is None
    assert not bytes(quiz.picture.value)
    assert all(button.disabled for button in quiz.choices)
    with pytest.raises(ValueError, match="open question"):
        quiz.answer(12)
    quiz.figure()


def test_a_right_answer_counts_and_is_explained(quiz):
    truth = quiz.question.au
    quiz.choices[quiz.question.choices.index(truth)].click()
    assert {k: quiz.state[k] for k in ("right", "asked", "streak", "best")} == {
        "right": 1, "asked": 1, "streak": 1, "best": 1,
    }  # fmt: skip
    assert f"Yes: it is <b>{describe(truth)}" in quiz.verdict.value
    changed = quiz.question.look().changed
    assert f"{changed:.0%} of the picture" in quiz.verdict.value


def test_a_wrong_answer_ends_the_streak_and_shows_both(quiz):
    quiz.answer(quiz.question.au)
    quiz.ask()
    wrong = wrong_choice(quiz)
    quiz.choices[wrong].click()
    assert (quiz.state["right"], quiz.state["asked"]) == (1, 2)
    assert (quiz.state["streak"], quiz.state["best"]) == (0, 1)
    assert quiz.choices[wrong].button_style == "danger"
    right = quiz.question.choices.index(quiz.question.au)
    assert quiz.choices[right].button_style == "success"
    assert f"AU{quiz.question.choices[wrong]} would have moved" in quiz.verdict.value
    assert len(quiz.figure().axes) == 3


def test_a_question_is_answered_once_and_a_skipped_one_does_not_count(quiz):
    quiz.answer(quiz.question.au)
    with pytest.raises(ValueError, match="open question"):
        quiz.answer(quiz.question.au)
    quiz.ask()
    quiz.ask()
    assert quiz.state["question"] == 2
    assert quiz.state["asked"] == 1
    with pytest.raises(ValueError, match="one of the choices"):
        quiz.answer(99)


def test_the_easy_level_shows_the_face_at_rest_too(quiz):
    assert len(quiz.figure().axes) == 2
    assert "Left: at rest" in quiz.verdict.value
    quiz.level.value = "hard"
    quiz.ask()
    assert len(quiz.figure().axes) == 1
    assert "at rest" not in quiz.verdict.value


def test_every_control_carries_a_class_and_a_name(quiz):
    assert "aunce-quiz" in quiz._dom_classes
    assert "aunce-quiz-next" in quiz.next._dom_classes
    assert quiz.level.description
    assert "aunce-quiz-level" in quiz.level._dom_classes
    for number, button in enumerate(quiz.choices, 1):
        assert f"aunce-quiz-choice-{number}" in button._dom_classes
        assert button.description.startswith("AU")
    assert "do not make a coder" in quiz.children[0].value


def test_the_figure_stays_closed(quiz):
    import matplotlib.pyplot as plt

    open_before = plt.get_fignums()
    assert quiz.choices[0].description in quiz.figure().get_suptitle()
    assert plt.get_fignums() == open_before
