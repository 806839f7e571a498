"""How checks show themselves in a notebook: a CheckResult case by case, and the progress so far."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .result import STATES

if TYPE_CHECKING:
    from .exercises import Exercise, Progress
    from .result import CheckResult

# Every badge has its own background, so that it reads on light and dark pages; and a word, so that
# nobody needs to tell green from red.
BADGE = "padding:0 .6em;border-radius:1em;color:#fff;white-space:nowrap;background:"
COLOURS = {"green": "#0b6e4f", "red": "#a4243b", "grey": "#5f6368"}
LEFT = "style='text-align:left'"
LEFT_TOP = "style='text-align:left;vertical-align:top;line-height:1.8'"


def result_card(result: CheckResult) -> str:
    """HTML of a result; every text is escaped, since some of it comes from the learner."""
    lines = ["".join(f"<th {LEFT}>{name}</th>" for name in ("", "case", "expected", "yours"))]
    for row in result.rows:
        badge = f'<span style="{BADGE}{COLOURS[row.state]}">{STATES[row.state]}</span>'
        cells = [badge, escape(row.what), _code(row.expected), _code(row.got)]
        lines.append("".join(f"<td {LEFT}>{cell}</td>" for cell in cells))
    table = "".join(f"<tr>{line}</tr>" for line in lines)
    causes = "".join(f"<p><b>Likely cause:</b> {escape(cause)}</p>" for cause in result.causes)
    plot = f"<p>{result.plot.html()}</p>" if result.plot else ""
    more = f"<p>Stuck? Add <code>.hint(1)</code> … <code>.hint({len(result.hints)})</code></p>"
    return (
        f"<div class='aunce-check'><p><b>{escape(result.title)}</b></p>"
        f"<div style='overflow-x:auto'><table>{table}</table></div>"
        f"{causes}{plot}{'' if result.passed or not result.hints else more}</div>"
    )


def progress_card(progress: Progress) -> str:
    """HTML of the progress: a row a notebook, with a badge for each exercise."""
    from .exercises import NO_NOTEBOOKS

    if not progress.exercises:
        return f"<p>{NO_NOTEBOOKS}</p>"
    rows = ["".join(f"<th {LEFT}>{name}</th>" for name in ("notebook", "exercises", "minutes"))]
    for notebook, exercises in progress.by_notebook().items():
        name = escape(notebook)
        lines = "<br>".join(_exercise(progress, exercise) for exercise in exercises)
        minutes = sum(exercise.minutes for exercise in exercises)
        cells = f'<a href="{name}.ipynb">{name}</a>', lines, str(minutes)
        rows.append("".join(f"<td {LEFT_TOP}>{cell}</td>" for cell in cells))
    table = "".join(f"<tr>{row}</tr>" for row in rows)
    lost = "" if progress.kept else "<p>This folder cannot be written: nothing is kept.</p>"
    return (
        f"<div class='aunce-progress'><p><b>{escape(progress.summary())}</b></p>{lost}"
        f"<div style='overflow-x:auto'><table>{table}</table></div></div>"
    )


def _exercise(progress: Progress, exercise: Exercise) -> str:
    state = progress.state(exercise)
    badge = BADGE + COLOURS[state or "grey"]
    word = {"green": "✓ done", "grey": "○ not yet"}.get(state, "· no check")
    return f'<span style="{badge}">{word}</span> {exercise.number}. {escape(exercise.title)}'


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>" if text else ""
