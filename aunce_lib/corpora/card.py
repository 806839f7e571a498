"""How a FrameTable shows itself in a notebook: a few faces, rates, what is missing, warnings."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING

import numpy as np

from ..facs import ACTION_UNITS

if TYPE_CHECKING:
    from .frames import FrameTable

THUMBNAILS = 8
THUMBNAIL_SIZE = 72  # pixels on the page

# Colours are given with their own background, so that the badges read in dark notebooks too.
BADGE = "display:inline-block;padding:0 .6em;border-radius:1em;margin-right:.5em;color:#fff;"
BAR = "display:inline-block;height:.7em;background:#4477aa;vertical-align:middle;"
CELL = "text-align:{};padding:.1em .7em;"


def table_card(table: FrameTable) -> str:
    """HTML of a table; every text that comes from data is escaped, images are inline."""
    parts = [_headline(table), _badges(table), _settings(table), _thumbnails(table), _rates(table)]
    return f'<div class="aunce-frame-table">{"".join(parts)}</div>'


def _headline(table: FrameTable) -> str:
    frames = table.frames
    sequences = len(frames[["subject", "sequence"]].drop_duplicates())
    corpora = ", ".join(frames["corpus"].cat.categories) or "empty"
    size = f" · {table.store.height}×{table.store.width} px" if table.store else " · no images"
    return (
        f"<p style='margin:.3em 0'><b>{escape(corpora)}</b> · {len(table):,} frames · "
        f"{frames['subject'].nunique():,} people · {sequences:,} sequences{size}</p>"
    )


def _badges(table: FrameTable) -> str:
    """What must be seen at once: drawn faces are not people, spoiled labels are not the truth."""
    badges = []
    if table.metadata.get("synthetic"):
        text = "synthetic: drawn faces, no real people"
        badges.append(f'<span style="{BADGE}background:#0b6e4f">{text}</span>')
    for note in table.spoiled:
        text = escape(f"spoiled on purpose: {note}")
        badges.append(f'<span style="{BADGE}background:#a4243b">{text}</span>')
    return f"<p style='margin:.3em 0'>{''.join(badges)}</p>" if badges else ""


def _settings(table: FrameTable) -> str:
    """How an embedded corpus was drawn, as `synthetic.load` was asked for it."""
    drawn = table.metadata
    if "difficulty" not in drawn:
        return ""
    text = (
        f"drawn as {drawn['corpus']} {drawn['size']}, difficulty {drawn['difficulty']}, "
        f"seed {drawn['seed']}: {drawn['people']} people, {drawn['frames_per_sequence']} frames "
        f"a sequence (1 of {drawn['every']}, {drawn['frame_rate']} a second); "
        f"label statistics: {drawn['statistics']}"
    )
    return f"<p style='margin:.3em 0;opacity:.75'>{escape(text)}</p>"


def _thumbnails(table: FrameTable) -> str:
    if table.store is None or not len(table):
        return ""
    count = min(THUMBNAILS, len(table))
    # The middle of equal stretches: spread over people, and not the neutral first frames.
    positions = ((np.arange(count) + 0.5) * len(table) / count).astype(int)
    images = table.store[table.rows[positions]]  # (n, H, W, 3)
    frames = table.frames.iloc[positions]
    figures = []
    for image, (_, row) in zip(images, frames.iterrows(), strict=True):
        active = [f"AU{au}" for au in table.aus if row[f"AU{au}"] == 1]
        title = f"{row['subject']}, {row['sequence']}, frame {row['frame']}"
        title = escape(f"{title}: {', '.join(active) or 'no active AU'}", quote=True)
        figures.append(
            f'<img src="{_data_uri(image)}" alt="{title}" title="{title}" '
            f'style="width:{THUMBNAIL_SIZE}px;margin:0 3px 3px 0;display:inline-block">'
        )
    return f"<div>{''.join(figures)}</div>"


def _data_uri(image: np.ndarray) -> str:
    """A uint8 (H, W, 3) image as text that a page can hold, at most twice the shown size."""
    from PIL import Image

    picture = Image.fromarray(image)
    picture.thumbnail((2 * THUMBNAIL_SIZE, 2 * THUMBNAIL_SIZE))
    buffer = io.BytesIO()
    picture.save(buffer, format="png")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _rates(table: FrameTable) -> str:
    rates = table.rates()
    missing = rates["unknown"].any()
    header = _row("th", "AU", "", "rate", "", "active", *(["unknown"] if missing else []))
    rows = []
    for au, (name, counts) in zip(table.aus, rates.iterrows(), strict=True):
        unit = ACTION_UNITS[au].name if au in ACTION_UNITS else ""
        rate, bar = "never known", ""
        if counts["active"] + counts["inactive"]:
            rate = f"{100 * counts['rate']:.1f} %"
            bar = f'<span style="{BAR}width:{60 * counts["rate"]:.0f}px"></span>'
        cells = [name, escape(unit), rate, bar, f"{counts['active']:,.0f}"]
        rows.append(_row("td", *cells, *([f"{counts['unknown']:,.0f}"] if missing else [])))
    note = "" if missing else "<p style='margin:.2em .7em'>No label is missing.</p>"
    style = "margin:.3em 0;font-size:inherit;border-collapse:collapse"
    return f"<table style='{style}'>{header}{''.join(rows)}</table>{note}"


def _row(tag: str, *cells: str) -> str:
    aligned = ["left", "left", "right", "left", "right", "right"]
    cells = [
        f'<{tag} style="{CELL.format(side)}">{cell}</{tag}>'
        for side, cell in zip(aligned, cells, strict=False)
    ]
    return f"<tr>{''.join(cells)}</tr>"
