"""One executed notebook as HTML: text, code, outputs, with the solutions folded."""

from __future__ import annotations

import re
from html import escape

from nbformat import NotebookNode

from website.code import highlighted
from website.markdown import SCROLL, Renderer

ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
MEMORY_ADDRESS = re.compile(r" at 0x[0-9a-f]+")
WIDGET = "application/vnd.jupyter.widget-view+json"
WIDE = 700  # pixels
STILL = "A still picture. In the notebook you can move it."


def body(solved: NotebookNode, student: NotebookNode, renderer: Renderer) -> str:
    """The cells of a notebook as HTML.

    Args:
        solved: The solved notebook, executed.
        student: The student notebook of the same source; cells share their ids.
        renderer: For the Markdown of this page.

    Raises:
        ValueError: If Markdown cannot be drawn; names the cell.
    """
    stubs = {cell.id: cell.source for cell in student.cells}
    parts = []
    for number, cell in enumerate(solved.cells, start=1):
        try:
            if cell.cell_type == "markdown":
                parts.append(renderer.html(cell.source))
            elif cell.cell_type == "code":
                parts.append(_code_cell(cell, stubs.get(cell.id), renderer))
        except ValueError as error:
            raise ValueError(f"cell {number}: {error}") from error
    return "\n".join(parts)


def _code_cell(cell: NotebookNode, stub: str | None, renderer: Renderer) -> str:
    seen = [output for output in cell.outputs if not _passing(output)]
    outputs = "".join(_output(output, renderer) for output in _joined(seen))
    shown = f'<div class="output">{outputs}</div>' if outputs else ""
    code = highlighted(cell.source)
    if stub == cell.source:
        return code + shown
    folded = "<details class='solution'><summary>Solution</summary>"
    if stub is None:  # the whole cell is a solution
        return f"{folded}{code}{shown}</details>"
    return f"{highlighted(stub)}{folded}{code}</details>{shown}"


def _passing(output: NotebookNode) -> bool:
    """Whether this is a bar of progress, or a widget that has no still picture."""
    return WIDGET in output.get("data", ()) and "image/png" not in output.data


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Outputs with neighbouring pieces of one stream as one, as a terminal would show them."""
    joined: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream":
            last = joined[-1] if joined else None
            if last is not None and last.get("name") == output.name:
                joined[-1] = NotebookNode(last, text=last.text + output.text)
                continue
        joined.append(output)
    return joined


def _output(output: NotebookNode, renderer: Renderer) -> str:
    if output.output_type == "stream":
        return _terminal(output.text, output.name)
    if output.output_type == "error":
        return _terminal("\n".join(output.traceback), "error")
    data = output.data
    if "image/png" in data:
        return _picture(output, still=WIDGET in data)
    if "text/html" in data:
        html = re.sub(r"<(script|style)\b.*?</\1>", "", data["text/html"], flags=re.DOTALL)
        return f"{SCROLL}{_relinked(html, renderer)}</div>"
    if "text/markdown" in data:
        return renderer.html(data["text/markdown"])
    return _terminal(MEMORY_ADDRESS.sub("", data.get("text/plain", "")), "result")


def _relinked(html: str, renderer: Renderer) -> str:
    """Links between notebooks lead to their pages."""

    def link(match: re.Match) -> str:
        return f'href="{renderer.link(match[1]) or match[1]}"'

    return re.sub(r'href="([^":#]+\.ipynb)"', link, html)


def _picture(output: NotebookNode, still: bool) -> str:
    facts = output.metadata.get("image/png", {})
    size = "".join(f' {side}="{facts[side]:.0f}"' for side in ("width", "height") if side in facts)
    data = output.data["image/png"].replace("\n", "")
    alt = escape(facts.get("alt") or output.data.get("text/plain", "A figure"))
    image = f'<img src="data:image/png;base64,{data}" alt="{alt}"{size} loading="lazy">'
    caption = f"<figcaption>{STILL}</figcaption>" if still else ""
    if facts.get("width", 0) > WIDE:  # on a phone it is scrolled, so that its words stay legible
        scroll = 'tabindex="0" role="region" aria-label="A wide figure; scroll it sideways"'
        return f'<figure class="wide"><div {scroll}>{image}</div>{caption}</figure>'
    return f"<figure>{image}{caption}</figure>"


def _terminal(text: str, kind: str) -> str:
    """Text as a terminal shows it: no colour codes, and only what a carriage return left."""
    lines = [line.rstrip("\r").rsplit("\r", 1)[-1] for line in ANSI.sub("", text).split("\n")]
    plain = "\n".join(lines).strip("\n")
    return f'<pre class="terminal {kind}" tabindex="0">{escape(plain)}</pre>' if plain else ""
