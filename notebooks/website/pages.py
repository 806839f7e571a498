"""The pages of the site: one a notebook, one a text in docs/, and the index."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape
from pathlib import Path
from string import Template

from nbformat import NotebookNode

from website import cells, index
from website.markdown import Heading, Renderer, mathless, title_of

HERE = Path(__file__).parent
LEFT_OUT = "teaching"  # the teacher's kit answers the exam questions


@dataclass(frozen=True)
class Book:
    """One notebook of the course.

    Attributes:
        name: Such as "01_data".
        solved: The solved version, executed.
        student: The student version, for the stubs of its exercises.
    """

    name: str
    solved: NotebookNode
    student: NotebookNode

    @property
    def title(self) -> str:
        return title_of(self.solved.cells[0].source, self.name).partition(":")[0]

    @property
    def subtitle(self) -> str:
        return title_of(self.solved.cells[0].source).partition(":")[2].strip()

    @property
    def minutes(self) -> int:
        """What the reader should plan for, as the first cell says; 0 if it does not."""
        match = re.search(r"\*\*You need\*\*.*?(\d+)\s+minutes", self.solved.cells[0].source, re.S)
        return int(match[1]) if match else 0

    @property
    def exercises(self) -> int:
        text = "\n".join(c.source for c in self.solved.cells if c.cell_type == "markdown")
        return len(re.findall(r"^#{2,4} Exercise \d", text, re.MULTILINE))


@dataclass(frozen=True)
class Page:
    """What the frame around a page needs."""

    address: str
    title: str
    body: str
    headings: Sequence[Heading] = ()


def write_site(books: Sequence[Book], out: Path, folder: Path, docs: Path | None = None) -> Path:
    """Write the site.

    Args:
        books: The notebooks, in reading order.
        out: Folder for the pages; made if missing.
        folder: Where the notebooks lie; their links and pictures are relative to it.
        docs: A folder of Markdown that the site has too; none if missing.

    Returns:
        Path of the index.

    Raises:
        ValueError: If a text cannot be drawn; names the file and the cell.
    """
    texts = _texts(docs) if docs is not None and docs.is_dir() else {}
    known = {(folder / f"{book.name}.ipynb").resolve(): f"{book.name}.html" for book in books}
    known |= {path.resolve(): address for path, address in texts.items()}
    pages = [_book_page(book, books, folder, known) for book in books]
    pages += [_text_page(path, address, known) for path, address in texts.items()]
    listed = [_title_page(page) for page in pages if page.address in _listed(texts)]
    pages.append(Page("index.html", "The course", index.body(books, listed, docs)))
    out.mkdir(parents=True, exist_ok=True)
    for page in pages:
        (out / page.address).write_text(framed(page, books, listed), encoding="utf-8")
    return out / "index.html"


def _texts(docs: Path) -> dict[Path, str]:
    """The Markdown files of docs/, and the address of each one's page."""
    found = {}
    for path in sorted(docs.rglob("*.md")):
        parts = path.relative_to(docs).with_suffix("").parts
        if parts[0] != LEFT_OUT:
            found[path] = "-".join(part for part in parts if part != "README") + ".html"
    return found


def _listed(texts: dict[Path, str]) -> list[str]:
    """Addresses that the contents name; the others are reached from these."""
    return [address for path, address in texts.items() if "-" not in address]


def _title_page(page: Page) -> tuple[str, str]:
    return page.address, page.title


def _link(known: dict[Path, str], base: Path, address: str) -> str | None:
    """The address on the site of what lies at a relative address; None if that is no page."""
    path, _, anchor = address.partition("#")
    page = known.get(Path(os.path.normpath(base / path)).resolve())
    return page and page + (f"#{anchor}" if anchor else "")


def _book_page(book: Book, books: Sequence[Book], folder: Path, known: dict[Path, str]) -> Page:
    renderer = Renderer(folder, partial(_link, known, folder))
    try:
        body = cells.body(book.solved, book.student, renderer)
    except ValueError as error:
        raise ValueError(f"{book.name}, {error}") from error
    place = books.index(book)
    facts = [f"Notebook {book.name[:2]}"]
    facts += [f"{book.minutes} minutes"] if book.minutes else []
    facts += [f"{book.exercises} exercises"] if book.exercises else []
    line = " · ".join(facts)
    top = f'<p class="facts">{line}<span>To work in it, type <code>make lab</code>.</span></p>'
    before = books[place - 1] if place else None
    after = books[place + 1] if place + 1 < len(books) else None
    around = [_neighbour(before, "prev", "Before"), _neighbour(after, "next", "Next")]
    end = f'<nav class="around" aria-label="Neighbouring notebooks">{"".join(around)}</nav>'
    return Page(f"{book.name}.html", book.title, top + body + end, renderer.headings)


def _neighbour(book: Book | None, rel: str, word: str) -> str:
    if book is None:
        word, href, title = "Contents", "index.html", "The learning path"
    else:
        href, title = f"{book.name}.html", f"{book.name[:2]} {book.title}"
    return f'<a class="{rel}" rel="{rel}" href="{href}"><small>{word}</small>{escape(title)}</a>'


def _text_page(path: Path, address: str, known: dict[Path, str]) -> Page:
    renderer = Renderer(path.parent, partial(_link, known, path.parent))
    text = path.read_text(encoding="utf-8")
    try:
        body = renderer.html(text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return Page(address, mathless(title_of(text, path.stem)), body, renderer.headings)


# --------------------------------------------------------------------------------- the frame


def framed(page: Page, books: Iterable[Book], listed: Iterable[tuple[str, str]]) -> str:
    """A page within its navigation; styles and script are inside."""
    entries = [(f"{book.name}.html", f"{book.name[:2]} {book.title}") for book in books]
    return Template(_read("page.html")).substitute(
        title=escape(page.title),
        style=_read("style.css") + (_maths_font() if "<math" in page.body else ""),
        early=_read("early.js"),
        script=_read("script.js"),
        course=_entries(entries, page),
        reference=_entries(listed, page),
        body=page.body,
        kind="index" if page.address == "index.html" else "page",
    )


def _entries(entries: Iterable[tuple[str, str]], page: Page) -> str:
    lines = []
    for address, title in entries:
        here = address == page.address
        current = ' aria-current="page"' if here else ""
        sections = _sections(page.headings) if here else ""
        lines.append(f'<li><a href="{address}"{current}>{escape(title)}</a>{sections}</li>')
    return f"<ul>{''.join(lines)}</ul>" if lines else ""


def _sections(headings: Iterable[Heading]) -> str:
    lines = [
        f'<li class="level{heading.level}">'
        f'<a href="#{heading.anchor}">{escape(heading.text.partition(" (")[0])}</a></li>'
        for heading in headings
        if heading.level == 2 or (heading.level == 3 and heading.text.startswith("Exercise"))
    ]
    return f"<ul class='sections'>{''.join(lines)}</ul>" if lines else ""


def _maths_font() -> str:
    """A font with the measures that formulas need; not every system has one."""
    data = base64.b64encode((HERE / "maths.woff2").read_bytes()).decode()
    source = f'url("data:font/woff2;base64,{data}") format("woff2")'
    return f'@font-face {{ font-family: "Aunce Maths"; src: {source} }}'


def _read(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")
