"""The table of progress comes from the notebooks that lie in the folder, whatever their state."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import aunce_lib.checks
from aunce_lib.checks import progress
from aunce_lib.checks.exercises import exercises_of
from aunce_lib.checks.record import note

COURSE = Path(__file__).parents[2] / "notebooks"


def write(folder, name, *cells):
    cells = [{"cell_type": kind, "source": text.splitlines(True)} for kind, text in cells]
    (folder / f"{name}.ipynb").write_text(json.dumps({"cells": cells}))


@pytest.fixture
def course(tmp_path):
    write(
        tmp_path,
        "00_start",
        ("markdown", "# Start\n\n### Exercise 1: look (easy, 2 minutes)\n\nLook."),
        ("code", "x = 1"),
        ("markdown", "## Next\n\n### Exercise 2: half (medium, 5 minutes)"),
        ("code", "def half(x): ...\n# check_not_this(half)"),
        ("code", "from aunce_lib.checks import check_half\n\ncheck_half(half)\ncheck_more(half)"),
        ("markdown", "## After"),
        ("code", "check_late(x)"),
    )
    write(
        tmp_path,
        "01_more",
        ("markdown", "### Exercise 1: <b>twice</b> (hard, 1 minute)"),
        ("code", "result = check_twice(twice)"),
    )
    return tmp_path


def test_exercises_are_what_the_headings_say(course):
    first, second, third = progress(course).exercises
    assert (first.notebook, first.number, first.title, first.minutes) == ("00_start", 1, "look", 2)
    assert (second.difficulty, second.check) == ("medium", "check_half")
    assert (third.notebook, third.minutes, third.check) == ("01_more", 1, "check_twice")
    assert first.check == ""  # the reader is the judge


def test_done_and_minutes_follow_the_record(course):
    assert progress(course).summary() == "0 of 2 exercises done, about 6 minutes to go."
    note("check_half", course)
    assert progress(course).summary() == "1 of 2 exercises done, about 1 minutes to go."
    assert "✓ 2. half" in str(progress(course))
    note("check_twice", course)
    assert progress(course).summary() == "All 2 exercises with a check are done."


def test_table_says_states_in_words_escapes_titles_and_links_notebooks(course):
    note("check_half", course)
    page = progress(course)._repr_html_()
    assert page.count("✓ done") == page.count("○ not yet") == 1
    assert page.count("no check") == 1
    assert "&lt;b&gt;twice" in page
    assert 'href="01_more.ipynb"' in page


def test_of_a_notebook_and_its_copy_one_counts(course):
    (course / "00_start-Copy1.ipynb").write_text((course / "00_start.ipynb").read_text())
    assert len(progress(course).exercises) == 3


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"cells": 3}', '{"cells": [{"source": 1}]}']
)
def test_a_notebook_that_cannot_be_read_is_left_out(course, text):
    (course / "00_start.ipynb").write_text(text)
    assert [exercise.notebook for exercise in progress(course).exercises] == ["01_more"]


def test_a_folder_without_notebooks_says_so(tmp_path):
    assert "No notebooks" in str(progress(tmp_path))
    assert "No notebooks" in progress(tmp_path)._repr_html_()


def test_by_default_the_working_folder_counts(course, monkeypatch):
    monkeypatch.chdir(course)
    assert len(progress().exercises) == 3


# ------------------------------------------------------------------- the course's notebooks


@pytest.mark.parametrize("path", sorted(COURSE.glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_exercise_of_the_course_is_found_and_its_check_exists(path):
    headings = re.findall(r"#{2,4} Exercise \d+", path.read_text(encoding="utf-8"))
    found = list(exercises_of(path))
    assert [exercise.number for exercise in found] == list(range(1, len(headings) + 1))
    for exercise in found:
        assert not exercise.check or exercise.check in dir(aunce_lib.checks)


def test_no_check_serves_two_exercises():
    checks = [exercise.check for exercise in progress(COURSE).exercises if exercise.check]
    assert len(checks) == len(set(checks))
