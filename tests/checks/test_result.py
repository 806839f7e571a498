"""A check names the mistake, and never raises unless it is told to."""

from __future__ import annotations

import re

import numpy as np
import pytest

from aunce_lib.checks import CheckFailed, CheckResult, Row, check

CASES = {"two numbers": ([1.0, 3.0],), "a gap": ([1.0, np.nan, 4.0],)}
WRONG = {
    "the gap is counted as 0.": lambda x: np.nansum(x) / len(x),
    "the gap spreads: a mean of NaN is NaN.": np.mean,
}
HINTS = "Look at the gap.", "Leave it out.", "np.nanmean does."


def check_mean(answer, strict=False):
    return check("Mean", answer, np.nanmean, CASES, WRONG, HINTS, strict)


def states(result):
    return [row.state for row in result.rows]


def test_right_answer_passes_and_shows_expected_beside_got():
    result = check_mean(np.nanmean, strict=True)
    assert result.passed
    assert result.causes == ()
    assert (result.rows[0].expected, result.rows[0].got) == ("2.", "2.")


@pytest.mark.parametrize("cause", WRONG)
def test_known_mistake_is_named(cause):
    result = check_mean(WRONG[cause])
    assert states(result) == ["green", "red"]
    assert result.causes == (cause,)


def test_mistake_in_one_case_is_named_when_none_fits_all():
    answer = lambda x: 5.0 if len(x) == 2 else np.mean(x)  # noqa: E731
    assert check_mean(answer).rows[1].cause == "the gap spreads: a mean of NaN is NaN."
    assert check_mean(answer).rows[0].cause == ""


def not_started(x):
    raise NotImplementedError("write the mean")


def test_an_exercise_not_started_is_grey():
    result = check_mean(not_started)
    assert states(result) == ["grey", "grey"]
    assert not result.passed
    assert result.causes == ()
    assert "not started" in str(result)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (lambda x: 1 / 0, "ZeroDivisionError"),
        (lambda: 0, "TypeError"),
        (3, "TypeError"),
        (None, "TypeError"),
        (lambda x: None, "returns nothing"),
        (lambda x: np.ones((2, 3)), "shape should be (), yours is (2, 3)"),
        (lambda x: [[1], [1, 2]], "cannot be compared"),
        (lambda x: object(), ""),
        (lambda x: "two", ""),
        (lambda x: check_mean, ""),
        (lambda x: x.clear(), "returns nothing"),
    ],
)
def test_whatever_the_learner_does_the_check_answers(answer, message):
    result = check_mean(answer)
    assert states(result) == ["red", "red"]
    assert message in result.rows[0].cause
    assert result._repr_html_()


def test_strict_raises_with_the_whole_answer():
    with pytest.raises(CheckFailed, match="the gap spreads") as caught:
        check_mean(np.mean, strict=True)
    assert re.search(r"expected 2.5\s+got\s+nan", str(caught.value))


def test_tensors_and_lists_of_names_are_compared_too():
    torch = pytest.importorskip("torch")
    assert check_mean(lambda x: torch.tensor(float(np.nanmean(x)), requires_grad=True)).passed is (
        False
    )  # a tensor with gradients is no number yet
    assert check_mean(lambda x: torch.tensor(np.nanmean(x))).passed
    names = check("N", sorted, sorted, {"names": (["b", "a"],)}, {"unsorted.": list}, HINTS)
    assert names.passed


def test_a_case_is_not_spoiled_by_a_function_that_changes_its_argument():
    def changes(x):
        mean = np.nanmean(x)
        x[:] = [0.0]
        return mean

    assert check_mean(changes).passed
    assert check_mean(np.nanmean).passed


def test_page_escapes_what_comes_from_the_learner_and_says_states_in_words():
    def answer(x):
        raise ValueError("<script>")

    page = check_mean(answer)._repr_html_()
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert page.count("✗ not yet") == 2
    assert ".hint(3)" in page
    assert ".hint(" not in check_mean(np.nanmean)._repr_html_()


def test_a_table_of_true_and_false_is_shown_as_digits():
    table = check("T", np.eye, lambda n: np.eye(n) > 0, {"two": (2,)}, {}, ())
    assert table.passed
    assert table.rows[0].expected == "[[1, 0], [0, 1]]"


def test_hints_are_printed_and_a_wrong_number_explained(capsys):
    result = CheckResult("T", (Row("case", "grey"),), HINTS)
    result.hint(1)
    result.hint(3)
    result.hint(4)
    assert capsys.readouterr().out.splitlines() == [
        HINTS[0],
        HINTS[2],
        "There is no hint 4: this exercise has 3.",
    ]
