"""How a CheckResult shows itself in a notebook: a badge a case, expected beside got, the cause."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .result import STATES

if TYPE_CHECKING:
    from .result import CheckResult

# Every badge has its own background, so that it reads on light and dark pages; and a word, so that
# nobody needs to tell green from red.
BADGE = "padding:0 .6em;border-radius:1em;color:#fff;white-space:nowrap;background:"
COLOURS = {"green": "#0b6e4f", "red": "#a4243b", "grey": "#5f6368"}
LEFT = "style='text-align:left'"


def result_card(result: CheckResult) -> str:
    """HTML of a result; every text is escaped, since some of it comes from the learner."""
    lines = ["".join(f"<th {LEFT}>{name}</th>" for name in ("", "case", "expected", "yours"))]
    for row in result.rows:
        badge = f'<span style="{BADGE}{COLOURS[row.state]}">{STATES[row.state]}</span>'
        cells = [badge, escape(row.what), _code(row.expected), _code(row.got)]
        lines.append("".join(f"<td {LEFT}>{cell}</td>" for cell in cells))
    table = "".join(f"<tr>{line}</tr>" for line in lines)
    causes = "".join(f"<p><b>Likely cause:</b> {escape(cause)}</p>" for cause in result.causes)
    more = f"<p>Stuck? Add <code>.hint(1)</code> … <code>.hint({len(result.hints)})</code></p>"
    return (
        f"<div class='aunce-check'><p><b>{escape(result.title)}</b></p>"
        f"<div style='overflow-x:auto'><table>{table}</table></div>"
        f"{causes}{'' if result.passed or not result.hints else more}</div>"
    )


def _code(text: str) -> str:
    return f"<code>{escape(text)}</code>" if text else ""
