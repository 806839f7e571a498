"""The body of the first page: what this is, and the learning path with a picture a notebook."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from nbformat import NotebookNode
from PIL import Image

from website.markdown import data_uri

if TYPE_CHECKING:
    from website.pages import Book

COVER = "cover"  # tag of the cell whose picture stands for its notebook
WIDTH = 760  # pixels of a cover
HERO = "faces/aus.png"
HERO_ALT = "Synthetic faces: six drawn people in rows, one action unit in each column."


def body(books: Sequence[Book], listed: Iterable[tuple[str, str]], docs: Path | None) -> str:
    """HTML of the index.

    Args:
        books: The notebooks, in reading order.
        listed: Address and title of the other pages.
        docs: Where the picture at the top lies; no picture if missing.
    """
    hero = ""
    if docs is not None and (docs / HERO).is_file():
        caption = (
            "Synthetic faces: drawn by this library, nobody's picture. A column an action unit."
        )
        image = f'<img src="{data_uri(docs / HERO)}" alt="{HERO_ALT}">'
        hero = f'<figure class="hero">{image}<figcaption>{caption}</figcaption></figure>'
    minutes = sum(book.minutes for book in books)
    length = f"about {minutes / 60:.0f} hours in all" if minutes >= 120 else f"{minutes} minutes"
    links = "".join(f'<li><a href="{a}">{escape(t)}</a></li>' for a, t in listed)
    reference = f'<h2 id="reference">To look things up</h2><ul class="plain">{links}</ul>'
    return (
        "<h1>Faces, action units and contrastive learning</h1>"
        "<p class='lead'>A course in notebooks: what a face does, how a network learns to see it "
        "from labels that are rare and partly wrong, and how to tell whether it has. It runs on a "
        "laptop, without GPU, licence or network, on faces that this library draws itself.</p>"
        f"{hero}<h2 id='path'>The learning path</h2>"
        f"<p>{_count(books)}, {length}. Each page shows the notebook with its "
        "results; solutions are folded. To work in them, type <code>make lab</code>.</p>"
        f"<ol class='path'>{''.join(map(_card, books))}</ol>{reference if links else ''}"
    )


def _count(books: Sequence[Book]) -> str:
    return "One notebook" if len(books) == 1 else f"{len(books)} notebooks"


def _card(book: Book) -> str:
    facts = [f"{book.minutes} minutes"] if book.minutes else []
    facts += [f"{book.exercises} exercises"] if book.exercises else []
    return (
        f'<li><a href="{book.name}.html">{cover(book.solved)}'
        f"<div><span class='number'>{book.name[:2]}</span><h3>{escape(book.title)}</h3>"
        f"<p>{escape(book.subtitle)}</p><p class='facts'>{' · '.join(facts)}</p></div></a></li>"
    )


def cover(notebook: NotebookNode) -> str:
    """The picture that stands for a notebook: of the cell tagged `cover`, else the first."""
    tagged, others = [], []
    for cell in notebook.cells:
        pictures = [
            o.data["image/png"] for o in cell.get("outputs", ()) if "image/png" in o.get("data", ())
        ]
        (tagged if COVER in cell.metadata.get("tags", ()) else others).extend(pictures)
    if not (tagged or others):
        return "<div class='cover'></div>"
    picture = Image.open(io.BytesIO(base64.b64decode((tagged or others)[0]))).convert("RGBA")
    on_white = Image.new("RGB", picture.size, "white")
    on_white.paste(picture, mask=picture.getchannel("A"))
    on_white.thumbnail((WIDTH, WIDTH))
    buffer = io.BytesIO()
    on_white.save(buffer, "webp", quality=82)
    data = base64.b64encode(buffer.getvalue()).decode()
    # The title beside it says where the link leads; the picture adds nothing to that in words.
    return f'<div class="cover"><img src="data:image/webp;base64,{data}" alt=""></div>'
