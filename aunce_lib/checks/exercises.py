"""The exercises of the course and how far one has come.

The notebooks themselves are the list: an exercise is a heading such as `### Exercise 3: phi
(medium, 6 minutes)`, and its check is the first `check_…(` that is called after it. So nothing here
can fall behind them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .record import passed

HEADING = re.compile(
    r"^#{2,4} Exercise (?P<number>\d+): (?P<title>.+?) "
    r"\((?P<difficulty>[^,()]+), (?P<minutes>\d+) minutes?\)\s*$"
)
CALL = re.compile(r"^[^#\n]*\b(check_\w+)\(", re.MULTILINE)


@dataclass(frozen=True)
class Exercise:
    """One exercise of a notebook, as its heading says."""

    notebook: str  # such as "01_data"
    number: int
    title: str
    difficulty: str
    minutes: int
    check: str = ""  # its name; empty where the reader is the judge


@dataclass(frozen=True)
class Progress:
    """Which exercises are done, shown as a table in a notebook.

    Attributes:
        exercises: Of all notebooks in the folder, in reading order.
        passed: Names of the checks that have passed.
        kept: Whether the folder can keep a record.
    """

    exercises: tuple[Exercise, ...]
    passed: frozenset[str]
    kept: bool = True

    @property
    def checked(self) -> tuple[Exercise, ...]:
        """The exercises that a check can tell done from not yet."""
        return tuple(exercise for exercise in self.exercises if exercise.check)

    @property
    def done(self) -> tuple[Exercise, ...]:
        return tuple(exercise for exercise in self.checked if exercise.check in self.passed)

    @property
    def minutes_left(self) -> int:
        """What the exercises that are not done should take."""
        return sum(exercise.minutes for exercise in self.checked) - sum(
            exercise.minutes for exercise in self.done
        )

    def state(self, exercise: Exercise) -> str:
        """green (done), grey (not yet), or empty (no check: the reader is the judge)."""
        if not exercise.check:
            return ""
        return "green" if exercise.check in self.passed else "grey"

    def by_notebook(self) -> dict[str, tuple[Exercise, ...]]:
        """Exercises by the name of their notebook."""
        names = dict.fromkeys(exercise.notebook for exercise in self.exercises)
        return {n: tuple(e for e in self.exercises if e.notebook == n) for n in names}

    def __str__(self) -> str:
        if not self.exercises:
            return NO_NOTEBOOKS
        signs = {"green": "✓", "grey": "○", "": "·"}
        lines = [self.summary()]
        for notebook, exercises in self.by_notebook().items():
            lines.append(notebook)
            for one in exercises:
                sign = signs[self.state(one)]
                lines.append(f"  {sign} {one.number}. {one.title} ({one.minutes} min)")
        return "\n".join(lines)

    __repr__ = __str__

    def summary(self) -> str:
        """One line on how far one has come."""
        done, total = len(self.done), len(self.checked)
        if done == total:
            return f"All {total} exercises with a check are done."
        return f"{done} of {total} exercises done, about {self.minutes_left} minutes to go."

    def _repr_html_(self) -> str:
        from .card import progress_card

        return progress_card(self)


NO_NOTEBOOKS = "No notebooks lie in this folder, so there is no progress to show."


def progress(folder: str | Path | None = None) -> Progress:
    """How far one has come in the course.

    Args:
        folder: Where the notebooks and the record lie; by default the working folder, which in
            Jupyter is that of the notebook.
    """
    folder = Path.cwd() if folder is None else Path(folder)
    exercises = tuple(e for path in notebooks(folder) for e in exercises_of(path))
    return Progress(exercises, frozenset(passed(folder)), kept=os.access(folder, os.W_OK))


def notebooks(folder: Path) -> list[Path]:
    """The course's notebooks in a folder, in reading order; copies with longer names left out."""
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"), key=lambda path: -len(path.name))
    return sorted({path.name[:2]: path for path in found}.values())


def exercises_of(path: Path) -> Iterator[Exercise]:
    """The exercises of a notebook file; none of a file that is damaged or being saved."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    except (OSError, ValueError, KeyError, TypeError):
        return
    heading, check = None, ""
    for kind, text in texts:
        if kind == "code" and heading and not check:
            check = next(iter(CALL.findall(text)), "")
        elif kind == "markdown":
            for line in text.splitlines():
                if re.match(r"#{1,4} ", line):  # any heading ends the exercise before it
                    if heading:
                        yield _exercise(path, heading, check)
                    heading, check = HEADING.match(line), ""
    if heading:
        yield _exercise(path, heading, check)


def _exercise(path: Path, heading: re.Match, check: str) -> Exercise:
    number, minutes = int(heading["number"]), int(heading["minutes"])
    title, difficulty = heading["title"], heading["difficulty"]
    return Exercise(path.stem, number, title, difficulty, minutes, check)
