"""The notebooks themselves: the solved ones run, the student ones stop only at their exercises."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

SOURCES = sorted((Path(__file__).parents[2] / "notebooks" / "src").glob("*.py"))


@pytest.fixture(autouse=True, scope="module")
def own_cache(tmp_path_factory):
    """Corpora and projections are made anew, so that no run leans on what another one left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUNCE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_solved_notebook_runs(build, source, tmp_path):
    notebook = build.generate(source, solved=True)
    build.execute(notebook, tmp_path)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pages = [output.get("data", {}).get("text/html", "") for output in outputs]
    checks = [page for page in pages if "aunce-check" in page]
    assert not [page for page in checks if "not yet" in page or "not started" in page]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert all(picture.metadata["image/png"]["alt"] for picture in pictures)
    assert all("alt=" in tag for page in pages for tag in re.findall("<img[^>]*>", page))
    for cell in notebook.cells:
        if "widget" in cell.metadata.get("tags", []):  # a page without a kernel shows its twin
            assert any("image/png" in output.get("data", {}) for output in cell.outputs)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_first_cell_has_a_title_and_says_how_long_it_takes(build, source):
    notebook = build.generate(source, solved=True)
    book = build.Book(source.stem, notebook, notebook)
    assert notebook.cells[0].source.startswith(f"# {book.title}: {book.subtitle}")
    assert 5 <= book.minutes <= 90
    assert notebook.cells[0].source.count("\n- ") >= 3  # "You will" has some promises
    assert book.exercises >= 3


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_student_code_is_python_and_each_exercise_stops_it(build, source):
    notebook = build.generate(source, solved=False)
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for text in code:
        ast.parse(text)
    exercises = source.read_text(encoding="utf-8").count("# EXERCISE\n")
    assert "\n".join(code).count("raise NotImplementedError") == exercises > 0


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.stem)
def test_student_notebook_raises_only_not_implemented(build, source, tmp_path):
    notebook = build.generate(source, solved=False)
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", []).append("raises-exception")  # go on after an error
    build.execute(notebook, tmp_path)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    errors = {output.ename for output in outputs if output.output_type == "error"}
    assert errors <= {"NotImplementedError"}
