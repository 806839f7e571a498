"""The record of passed checks: kept between notebooks, robust, and without any answer in it."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import sys
from types import SimpleNamespace

import pytest

from aunce_lib.checks import record
from aunce_lib.checks.result import CheckResult, Row


def test_what_is_noted_is_there_for_the_next_notebook(tmp_path):
    assert record.note("check_b", tmp_path)
    assert record.note("check_a", tmp_path)
    assert record.passed(tmp_path) == {"check_a", "check_b"}


def test_the_file_holds_names_and_nothing_else(tmp_path):
    record.note("check_a", tmp_path)
    assert json.loads((tmp_path / "progress.json").read_text()) == {"passed": ["check_a"]}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        "null",
        '{"passed": 3}',
        '{"passed": {"a": 1}}',
        '{"done": []}',
        "\0",
        "[",
    ],
)
def test_a_damaged_file_counts_as_empty_and_is_replaced(tmp_path, text):
    (tmp_path / "progress.json").write_text(text * (99_999 if text == "[" else 1))
    assert record.passed(tmp_path) == set()
    assert record.note("check_a", tmp_path)
    assert record.passed(tmp_path) == {"check_a"}


def test_entries_that_are_no_names_are_left_out(tmp_path):
    (tmp_path / "progress.json").write_text('{"passed": ["check_a", 3, null, ["x"]]}')
    assert record.passed(tmp_path) == {"check_a"}


def test_bytes_that_are_no_text_count_as_empty(tmp_path):
    (tmp_path / "progress.json").write_bytes(b"\xff\xfe\x00")
    assert record.passed(tmp_path) == set()


def test_a_folder_that_cannot_be_written_keeps_nothing_and_stops_nobody(tmp_path):
    assert record.note("check_a", tmp_path / "missing" / "folder") in (True, False)
    (tmp_path / "file").write_text("")
    assert record.note("check_a", tmp_path / "file") is False  # a file is no folder
    assert record.passed(tmp_path / "file") == set()


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_keeps_nothing(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    assert record.note("check_a", tmp_path) is False


def test_a_disk_that_refuses_keeps_nothing(tmp_path, monkeypatch):
    def refuses(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", refuses)
    assert record.note("check_a", tmp_path) is False
    assert record.passed(tmp_path) == set()


def _note_many(folder, start):
    for number in range(start, start + 10):
        assert record.note(f"check_{number}", folder)


def test_two_notebooks_at_once_lose_nothing(tmp_path):
    context = multiprocessing.get_context("fork" if os.name == "posix" else "spawn")
    workers = [context.Process(target=_note_many, args=(tmp_path, start)) for start in (0, 10)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert record.passed(tmp_path) == {f"check_{number}" for number in range(20)}


# --------------------------------------------------------------------- when it is written


def check_it(state, strict=False):
    return CheckResult("It", (Row("case", state),)).strictly(strict)


@pytest.fixture
def kernel(monkeypatch, tmp_path):
    """As if a Jupyter kernel ran this, in a folder of its own."""
    shell = SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=object()))
    monkeypatch.setitem(sys.modules, "IPython", shell)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_in_a_notebook_a_pass_is_noted_and_a_failure_is_not(kernel):
    noted = record.noted(check_it)
    assert not noted("red").passed
    assert not noted("grey").passed
    assert record.passed(kernel) == set()
    assert noted("green", strict=True).passed
    assert record.passed(kernel) == {"check_it"}


def test_outside_of_a_notebook_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert record.noted(check_it)("green").passed
    assert list(tmp_path.iterdir()) == []


def test_checks_of_the_package_are_noted(kernel):
    from aunce_lib.checks import check_image_of_row

    assert check_image_of_row(lambda row, first: row - 1 + first).passed
    assert record.passed(kernel) == {"check_image_of_row"}
