"""A check may draw the learner's function beside the right one; it never fails over it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from aunce_lib.checks import Curve, check

CURVE = Curve(np.linspace(0, 2, 21), "radius", "area", lambda radius: (radius,))
CASES = {"one": (1.0,), "two": (2.0,)}


def area(radius):
    return np.pi * radius**2


def check_area(answer, curve=CURVE):
    return check("Area", answer, area, CASES, {}, (), curve=curve)


def test_the_right_answer_lies_on_the_curve():
    plot = check_area(lambda r: 3.1415926 * r * r).plot
    assert plot.alt == "area over radius; yours lies on the expected curve."
    width, height = Image.open(io.BytesIO(plot.png)).size
    assert width > height > 200


def test_a_wrong_answer_is_told_where_it_differs_most():
    assert "differs most at 2: 6.28 instead of 12.6" in check_area(lambda r: np.pi * r).plot.alt


def test_a_check_that_asks_for_none_has_none():
    assert check_area(area, curve=None).plot is None
    assert "<img" not in check_area(area, curve=None)._repr_html_()


def test_an_exercise_not_started_is_not_drawn():
    def not_started(radius):
        raise NotImplementedError

    assert check_area(not_started).plot is None


@pytest.mark.parametrize("answer", [lambda r: 1 / 0, lambda r: None, lambda r: [1, 2], None, "a"])
def test_what_gives_no_numbers_is_not_drawn(answer):
    assert check_area(answer).plot is None


def test_gaps_and_tensors_are_drawn():
    import torch

    assert check_area(lambda r: np.pi * r**2 if r < 1 else np.nan).plot is not None
    assert "lies on" in check_area(lambda r: torch.tensor(np.pi * r**2)).plot.alt


def test_the_card_holds_the_picture_with_escaped_alternative_text():
    curve = Curve([0.0, 1.0], "<x>", 'a "y"', lambda x: (x,))
    page = check_area(area, curve)._repr_html_()
    assert 'src="data:image/png;base64,' in page
    assert 'alt="a &quot;y&quot; over &lt;x&gt;;' in page
