"""Generation, checking and execution of notebooks, on a small source of their own."""

from __future__ import annotations

import re
import subprocess
import sys

import nbformat
import pytest

SOURCE = '''\
# %% [markdown]
# # Circles

# %%
import math


def area(radius):
    """The area of a circle."""
    # SOLUTION
    return math.pi * radius**2
    # END SOLUTION
    # EXERCISE
    # # the squared radius, and then?
    # raise NotImplementedError("write the area of a circle")
    # END EXERCISE

# %% tags=["solution"]
secret = area(1.0)

# %% tags=["student"]
practice = "your turn"

# %% tags=["widget"]
x = 1

# %% tags=["widget"]
x = 1
'''


@pytest.fixture
def folder(tmp_path):
    """A folder of notebooks with one source."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "00_circles.py").write_text(SOURCE)
    return tmp_path


@pytest.fixture
def source(folder):
    return folder / "src" / "00_circles.py"


@pytest.fixture
def written(build, folder):
    for path, text in build.expected_files(folder):
        build.write(path, text)
    return folder


def text_of(notebook):
    return "\n".join(cell.source for cell in notebook.cells)


def rewrite(source, old, new):
    assert old in source.read_text()
    source.write_text(source.read_text().replace(old, new))


# ---------------------------------------------------------------------------- generation


def test_student_notebook_has_the_exercise_uncommented_and_no_solution(build, source):
    student = text_of(build.generate(source, solved=False))
    assert '    # the squared radius, and then?\n    raise NotImplementedError("write' in student
    assert "math.pi" not in student
    assert "secret" not in student


def test_solved_notebook_has_the_solution_and_no_exercise(build, source):
    solved = text_of(build.generate(source, solved=True))
    assert "return math.pi * radius**2" in solved
    assert "NotImplementedError" not in solved
    assert "your turn" not in solved


def test_marks_appear_in_neither_notebook(build, source):
    for solved in (True, False):
        assert "# SOLUTION" not in text_of(build.generate(source, solved))
        assert "EXERCISE" not in text_of(build.generate(source, solved))


def test_outside_its_stub_a_student_cell_is_a_subset_of_the_solved_one(build):
    text = SOURCE.split("# %%\n")[1].split("# %% tags")[0]
    student = build.cell_text(text, solved=False).splitlines()
    solved = build.cell_text(text, solved=True).splitlines()
    stub = [line for line in student if line not in solved]
    assert [line.strip() for line in stub] == [
        "# the squared radius, and then?",
        'raise NotImplementedError("write the area of a circle")',
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    # END SOLUTION\n", "", "'# EXERCISE' inside '# SOLUTION'"),
        ("    # END EXERCISE\n", "", "'# EXERCISE' has no end"),
        ("    # SOLUTION\n", "", "'# END SOLUTION' ends nothing"),
        ("    # raise Not", "    raise Not", "is not a comment"),
    ],
)
def test_marks_that_do_not_fit_are_refused_with_file_and_cell(build, source, old, new, message):
    rewrite(source, old, new)
    with pytest.raises(build.SourceError, match=r"00_circles\.py, cell 2: .*" + message):
        build.generate(source, solved=True)


def test_generation_is_deterministic(build, source):
    first, second = (build.as_json(build.generate(source, solved=False)) for _ in range(2))
    assert first == second


def test_both_versions_of_a_cell_share_its_id_and_ids_are_unique(build, source):
    student, solved = (build.generate(source, s) for s in (False, True))
    assert student.cells[1].id == solved.cells[1].id
    assert len({cell.id for cell in student.cells}) == len(student.cells)


def test_an_edit_changes_the_id_of_its_own_cell_only(build, source):
    before = [cell.id for cell in build.generate(source, solved=True).cells]
    rewrite(source, "The area of", "The surface of")
    after = [cell.id for cell in build.generate(source, solved=True).cells]
    assert [a != b for a, b in zip(before, after, strict=True)] == [False, True] + [False] * 3


def test_notebooks_have_no_outputs_and_tags_survive(build, source):
    notebook = build.generate(source, solved=True)
    assert all(not cell.get("outputs") for cell in notebook.cells)
    assert "widgets" not in notebook.metadata
    assert notebook.cells[-1].metadata["tags"] == ["widget"]


# ------------------------------------------------------------------- writing and checking


def test_check_is_silent_on_what_was_just_written(build, written):
    assert build.differences(written) == []


@pytest.mark.parametrize("name", ["00_circles.ipynb", "solutions/00_circles.ipynb"])
def test_check_names_an_edited_notebook(build, written, name):
    rewrite(written / name, "# Circles", "# Discs")
    (line,) = build.differences(written)
    assert line.startswith(f"{name} differs from its source")


def test_check_names_missing_and_orphaned_notebooks(build, written):
    (written / "00_circles.ipynb").rename(written / "01_orphan.ipynb")
    missing, orphan = build.differences(written)
    assert missing.startswith("00_circles.ipynb is missing")
    assert orphan.startswith("01_orphan.ipynb has no source")


def test_check_detects_an_edited_source(build, written):
    rewrite(written / "src" / "00_circles.py", "x = 1", "x = 2")
    assert len(build.differences(written)) == 2


def test_writing_again_changes_nothing(build, written):
    assert not any(build.write(path, text) for path, text in build.expected_files(written))


def test_a_notebook_somebody_worked_in_is_not_overwritten(build, written):
    path = written / "00_circles.ipynb"
    worked = nbformat.read(path, as_version=4)
    worked.cells[1].execution_count = 3
    nbformat.write(worked, path)
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="has been worked in"):
        build.write(path, "new text")
    assert path.read_bytes() == before


def test_the_hand_out_contains_no_text_of_a_solution(build, folder, tmp_path):
    out = tmp_path / "class"
    for path, text in build.hand_out(out, folder):
        build.write(path, text)
    assert [path.name for path in out.rglob("*.*")] == ["00_circles.ipynb"]
    assert "math.pi" not in (out / "00_circles.ipynb").read_text()


def test_check_on_the_command_line_passes_here(build):
    done = subprocess.run(
        [sys.executable, build.NOTEBOOKS / "build.py", "--check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


# ----------------------------------------------------------------------------- execution


def test_run_executes_with_this_python_and_saves_the_outputs(build, folder, source, capsys):
    rewrite(source, "secret = area(1.0)", "import sys\nprint(sys.executable, area(1.0))")
    rewrite(source, "x = 1\n\n", "assert 'alternative_text' not in dir()\n\n")
    assert build.run([], folder / "out", folder) == 0
    executed = nbformat.read(folder / "out" / "00_circles.ipynb", as_version=4)
    assert executed.cells[2].outputs[0].text == f"{sys.executable} 3.141592653589793\n"
    report = capsys.readouterr().out
    assert re.search(r"00_circles … \(1 of 1\)\n    done in \d+ s, at most \d+ MB", report)


def test_run_reports_the_failing_cell_with_its_text_and_error(build, folder, source, capsys):
    rewrite(source, "secret = area(1.0)", "secret = area(undefined_radius)")
    assert build.run(["00"], folder / "out", folder) == 1
    report = capsys.readouterr().out
    assert "cell 3 failed:\n\nsecret = area(undefined_radius)" in report
    assert "NameError: name 'undefined_radius' is not defined" in report
    assert "0 of 1 notebooks ran" in report


def test_run_reports_a_cell_that_kills_its_kernel(build, folder, source, capsys):
    rewrite(source, "secret = area(1.0)", "import os\nos._exit(1)")
    assert build.run([], folder / "out", folder) == 1
    assert "cell 3 failed:\n\nimport os\nos._exit(1)\n\nDeadKernelError" in capsys.readouterr().out


def test_run_refuses_a_name_it_does_not_know(build, folder):
    with pytest.raises(SystemExit, match="no notebook is called 07; there are 00_circles"):
        build.run(["07"], folder / "out", folder)


def test_peak_memory_counts_what_other_processes_hold(build):
    hold = "import time; held = bytearray(80_000_000); time.sleep(1.5)"
    with build.PeakMemory() as memory:
        subprocess.run([sys.executable, "-c", hold], check=True)
    assert 80 < memory.peak_mb < 1000


def test_peak_memory_leaves_out_processes_that_ran_before(build):
    hold = "import time; held = bytearray(300_000_000); print('ready', flush=True); time.sleep(60)"
    command = [sys.executable, "-c", hold]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as earlier:
        earlier.stdout.readline()  # it holds them
        with build.PeakMemory() as memory:
            pass
        earlier.kill()
    assert memory.peak_mb == 0


# --------------------------------------------------------------------------------- the site


def test_executed_notebooks_are_published_with_the_stubs_of_their_source(build, folder, source):
    executed = folder / "run"
    executed.mkdir()
    nbformat.write(build.generate(source, solved=True), executed / "00_circles.ipynb")
    index = build.publish(executed, folder / "site", folder)
    page = (index.parent / "00_circles.html").read_text(encoding="utf-8")
    stub, solution = page.split("<summary>Solution</summary>")[:2]
    assert "NotImplementedError" in stub
    assert "pi" not in stub.split("<main")[1]
    assert "math" in solution


def test_a_site_of_nothing_is_refused(build, folder):
    with pytest.raises(ValueError, match="no executed notebook"):
        build.publish(folder / "nowhere", folder / "site", folder)
