"""Program text, highlighted."""

from __future__ import annotations

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

FORMATTER = HtmlFormatter(nowrap=True, classprefix="k-")


def highlighted(text: str, language: str = "python") -> str:
    """A block of code; the colours of its `k-…` classes are in style.css."""
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        lexer = get_lexer_by_name("text")
    return f'<pre class="code" tabindex="0"><code>{highlight(text, lexer, FORMATTER)}</code></pre>'
