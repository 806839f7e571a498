"""Markdown to HTML as the site needs it: mathematics as MathML, anchors, links, pictures inside."""

from __future__ import annotations

import base64
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin

from website.code import highlighted
from website.maths import mathml

MATHS = re.compile(r"\$\$(.+?)\$\$|(?<![\\\w$])\$(?!\s)([^$\n]+?)(?<!\s)\$(?![\w$])", re.DOTALL)
TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Heading:
    """A heading of a page, for its contents."""

    level: int
    text: str
    anchor: str


@dataclass
class Renderer:
    """Turns pieces of Markdown of one page into HTML, and collects its headings.

    Attributes:
        folder: Where relative pictures lie.
        link: A relative address → the address on the site, or None where the site has no such page.
        headings: Those met so far.
    """

    folder: Path
    link: Callable[[str], str | None] = lambda address: None
    headings: list[Heading] = field(default_factory=list)

    def html(self, text: str) -> str:
        """HTML of a piece of Markdown.

        Raises:
            ValueError: If mathematics cannot be understood, or a picture is missing.
        """
        parser = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
        parser.use(
            dollarmath_plugin,
            allow_labels=False,
            allow_digits=False,
            double_inline=True,
            renderer=lambda latex, options: mathml(latex, options["display_mode"]),
        )
        tokens = parser.parse(text)
        for token, inside in zip(tokens, [*tokens[1:], None], strict=True):
            if token.type == "heading_open":
                self._anchor(token, inside)
            elif token.type == "html_block":  # a folded hint: its mathematics is ours to draw
                token.content = self._html_block(token.content)
            for child in token.children or ():
                if child.type == "image":
                    child.attrs["src"] = data_uri(self.folder / child.attrs["src"])
                    child.attrs["loading"] = "lazy"
        html = parser.renderer.render(self._relink(tokens), parser.options, {})
        html = re.sub(
            r"<pre><code class=\"language-(\w+)\">(.*?)</code></pre>", _fence, html, flags=re.S
        )
        html = html.replace("<pre>", '<pre tabindex="0">')
        html = re.sub(r" \(([^()]*minutes?)\)</h(\d)>", r" <small>\1</small></h\2>", html)
        return html.replace("<table>", SCROLL + "<table>").replace("</table>", "</table></div>")

    def _anchor(self, token, inside) -> None:
        words = "".join(
            child.content
            for child in inside.children
            if child.type in ("text", "code_inline", "math_inline")
        )
        plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
        base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "section"
        taken = {heading.anchor for heading in self.headings}
        names = [base, *(f"{base}-{number}" for number in range(2, len(taken) + 3))]
        anchor = next(name for name in names if name not in taken)
        token.attrs["id"] = anchor
        self.headings.append(Heading(int(token.tag[1]), words, anchor))

    def _html_block(self, html: str) -> str:
        def drawn(match: re.Match) -> str:
            return mathml(unescape(match[1] or match[2]), display=bool(match[1]))

        return MATHS.sub(drawn, html)

    def _relink(self, tokens: list) -> list:
        """Links to files become links to pages; a file without a page keeps its words only."""
        for token in tokens:
            kept, dropped = [], False
            for child in token.children or ():
                if child.type == "link_open" and not re.match(
                    r"(https?:|mailto:|#)", child.attrs["href"]
                ):
                    address = self.link(child.attrs["href"])
                    dropped = address is None
                    if dropped:
                        continue
                    child.attrs["href"] = address
                elif child.type == "link_close" and dropped:
                    dropped = False
                    continue
                kept.append(child)
            if token.children:
                token.children = kept
        return tokens


SCROLL = '<div class="scroll" tabindex="0" role="region" aria-label="A table; scroll it sideways">'


def data_uri(path: Path) -> str:
    """A picture as an address that holds its data.

    Raises:
        ValueError: If there is no such picture.
    """
    if path.suffix not in TYPES or not path.is_file():
        raise ValueError(f"no picture {path}; a page needs its pictures beside its text")
    return f"data:{TYPES[path.suffix]};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _fence(match: re.Match) -> str:
    return highlighted(unescape(match[2]), match[1])


def title_of(text: str, default: str = "") -> str:
    """The first heading of a Markdown text."""
    match = re.search(r"^# (.+)$", text, re.MULTILINE)
    return match[1] if match else default


def mathless(text: str) -> str:
    """A heading without signs of Markdown, for a title or the contents."""
    return re.sub(r"[`*$]", "", text)
