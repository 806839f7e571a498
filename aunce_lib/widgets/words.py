"""What widgets say: a line of help, and clear words where something cannot be shown."""

from __future__ import annotations

from html import escape
from pathlib import Path

import anywidget
import traitlets

STATIC = Path(__file__).parent / "static"


class _Help(anywidget.AnyWidget):
    """Words; in the page it also gives the sliders of its widget their accessible names."""

    _esm = STATIC / "help.js"
    value = traitlets.Unicode().tag(sync=True)


def help_line(words: str) -> _Help:
    """What to do with a widget and what to try; `words` are ours, and may hold HTML."""
    line = _Help(value=f"<div style='max-width:860px;line-height:1.4'>{words}</div>")
    line.add_class("aunce-help")
    return line


def complaint(error: Exception) -> str:
    """An error as HTML that stands in the widget, instead of a traceback under it."""
    return (
        "<div role='alert' style='border-left:4px solid #D55E00;padding:.3em .8em;line-height:1.4'>"
        f"<b>This cannot be shown.</b> {escape(str(error))}</div>"
    )
