"""The page on a prepared corpus: what is in it, what is not and why, and whether it can be right.

It is made from the prepared folder alone, opens from a file without a network, and escapes every
text that came with the corpus.
"""

from __future__ import annotations

import base64
import io
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from aunce_lib.corpora import sanity
from aunce_lib.corpora.aggregates import TEST_COUNTS, counts
from aunce_lib.corpora.atomic import atomic_path
from aunce_lib.corpora.folds import PUBLISHED_FOLDS
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.corpora.prepare import load_prepared
from aunce_lib.experiment import OWN_FOLDS, fold_of
from aunce_lib.facs import ACTION_UNITS, AU_SETS, column
from aunce_lib.inspection.plots import plot_cooccurrence
from aunce_lib.report import STYLE

SHOWN = 20  # thumbnails
THUMBNAIL = 96  # pixels
MANY_FACELESS = 0.2  # of all pictures: more than any corpus of faces has
CHECKED_IMAGES = 300_000  # of larger corpora not every pixel is read again for the page
MORE_STYLE = """
.faces { display: grid; grid-template-columns: repeat(auto-fill, minmax(5.2rem, 1fr)); gap: .5rem }
.faces figure { margin: 0; font-size: .72rem; line-height: 1.25; color: var(--soft);
  overflow-wrap: anywhere }
.faces img { width: 100%; display: block; margin-bottom: .15rem; background: none }
.scores b { font-size: 1.6rem } .scores div { flex: 1 1 8rem }
.tall .wide { overflow: visible }
.tall { max-height: 26rem; overflow: auto; border: 1px solid var(--line); border-radius: .4rem }
.tall thead th { position: sticky; top: 0; background: var(--paper) }
td.heat { color: #1b1f24; min-width: 2.1rem; padding: .25rem .35rem }
td { white-space: nowrap } .text { text-align: left }
td.text { white-space: normal; overflow-wrap: anywhere; min-width: 10rem }
li { max-width: 44rem; margin: .3rem 0; overflow-wrap: anywhere }
svg { vertical-align: middle } code { overflow-wrap: anywhere }
"""


def write_preparation_report(folder: str | Path) -> Path:
    """Write report.html into a folder that `prepare` has finished.

    Raises:
        FileNotFoundError: If the folder holds no prepared corpus.
        CorpusError: If a file is damaged.
        OSError: If the page cannot be written.
    """
    folder = Path(folder)
    table = load_prepared(folder)
    rejected = pd.read_csv(folder / "rejected.csv", index_col="row", keep_default_na=False)
    page = "\n".join(
        [
            _head(table, rejected),
            _faces(table),
            _left_out(table, rejected),
            _oddities(table, rejected),
            _rates(table),
            _people(table, rejected),
            _cooccurrence(table),
            _folds(table),
            _foot(table),
        ]
    )
    with atomic_path(folder / "report.html") as temporary:
        temporary.write_text(page, encoding="utf-8")
    return folder / "report.html"


def _head(table: FrameTable, rejected: pd.DataFrame) -> str:
    corpus = escape(str(table.metadata.get("corpus", "corpus")))
    sequences = len(table.frames[["subject", "sequence"]].drop_duplicates())
    skipped = sum(table.metadata.get("skipped", {}).values())
    total = len(table) + len(rejected)
    aligned = table.metadata.get("prepared", {}).get("aligned", {})
    means = ", ".join(f"{escape(name)} {n:,}" for name, n in aligned.items())
    cards = [
        ("frames with a face", f"{len(table):,}", f"of {total:,} with labels and a picture"),
        ("people", f"{table.frames['subject'].nunique():,}", f"{sequences:,} sequences"),
        ("rejected", f"{len(rejected):,}", f"{100 * len(rejected) / total:.2f} % of {total:,}"),
        ("left out by the reader", f"{skipped:,}", "see below" if skipped else "nothing"),
    ]
    shown = "".join(
        f"<div>{n}<b>{value}</b><span class=soft>{t}</span></div>" for n, value, t in cards
    )
    badge = ""
    if table.metadata.get("synthetic"):
        badge = '<p><span class="badge">SYNTHETIC FACES</span> drawn, nobody\'s picture</p>'
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{corpus}, prepared</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>{STYLE}{MORE_STYLE}</style></head><body>
<h1>{corpus}, prepared</h1>{badge}
<p class="soft">{table.store.height}×{table.store.width} pixels a face; faces found by: {means}.</p>
<div class="scores">{shown}</div>"""


def _faces(table: FrameTable) -> str:
    """Faces from everywhere in the corpus, with their active action units."""
    count = min(SHOWN, len(table))
    places = ((np.arange(count) + 0.5) * len(table) / count).astype(int)
    labels = table.labels[places]
    figures = []
    for place, known in zip(places, labels, strict=True):
        row = table.frames.iloc[place]
        active = [f"{au}" for au, label in zip(table.aus, known, strict=True) if label == 1]
        text = f"AU {' '.join(active)}" if active else "none active" if (known == 0).any() else "?"
        figures.append(_figure(table, table.rows[place], _name(row), text))
    return (
        "<h2>What the encoder will see</h2><p>Eyes and mouth should be at the same height in all, "
        "and the action units named below a face should be seen in it.</p>"
        f'<div class="faces">{"".join(figures)}</div>'
    )


def _left_out(table: FrameTable, rejected: pd.DataFrame) -> str:
    rows = [
        ("reader", escape(reason), f"{n:,}", "")
        for reason, n in table.metadata.get("skipped", {}).items()
    ]
    for reason, group in rejected.groupby("reason", sort=True):
        example = escape(str(group.detail.iloc[0]))
        rows.append(("preparation", escape(str(reason)), f"{len(group):,}", example))
    if not rows:
        return (
            "<h2>What is missing</h2><p>Nothing: every labelled frame has a picture and a face.</p>"
        )
    faceless = rejected[rejected.reason == "no face"]
    count = min(SHOWN, len(faceless))
    some = faceless.iloc[np.linspace(0, len(faceless) - 1, count).astype(int)]
    figures = "".join(_figure(table, index, _name(row)) for index, row in some.iterrows())
    shown = f" (here {len(some)} of {len(faceless):,})" if len(some) < len(faceless) else ""
    many = len(faceless) > MANY_FACELESS * (len(table) + len(rejected))
    crops = (
        "<p>So many is unusual: if they are crops of faces already, use --align none.</p>" * many
    )
    gallery = (
        f"{crops}<p>Pictures in which no face was found{shown}:</p>"
        f"<div class='faces'>{figures}</div>"
        if len(some)
        else ""
    )
    listing = _table(["left out by", "reason", "frames", "for instance"], rows, texts=(1, 3))
    every = "<p class=soft>All of them: rejected.csv beside this page.</p>" * (len(rejected) > 0)
    return f"<h2>What is missing</h2>{listing}{gallery}{every}"


def _oddities(table: FrameTable, rejected: pd.DataFrame) -> str:
    """What the sanity checks say; frames that were rejected here are not counted as missing."""
    names = ["subject", "sequence", "frame"]
    whole = pd.concat([table.frames[names], rejected[names]], ignore_index=True)
    whole = whole.assign(corpus=table.frames["corpus"].cat.categories[0], AU1=np.nan)
    findings = [*sanity.rates(table), *sanity.lengths(FrameTable(whole))]
    findings += [*sanity.splits(table), *sanity.same_path(table)]
    looked = "rates, lengths of sequences, splits, paths"
    if len(table) <= CHECKED_IMAGES:
        findings += [*sanity.same_images(table), *sanity.shift(table)]
        looked += ", copies of images, labels apart from the movement"
    found = "".join(f"<li>{escape(str(finding))}.</li>" for finding in findings)
    return (
        f"<h2>What looks odd</h2>{f'<ul>{found}</ul>' if found else '<p>Nothing was found.</p>'}"
        f"<p class=soft>Looked at: {looked}, where something is published to compare with. Labels "
        "that are one frame off cannot be seen.</p>"
    )


def _rates(table: FrameTable) -> str:
    """Rates beside the published ones, where there are any."""
    corpus, expected = table.metadata.get("corpus", ""), {}
    note = "Nothing is published to compare with."
    if corpus in TEST_COUNTS:
        frames, active = counts(corpus)
        expected = dict(zip(AU_SETS[corpus], active / frames, strict=True))
        note = f"The mark is the published rate, over {frames:,} frames."
    rows = []
    for au, (name, found) in zip(table.aus, table.rates().iterrows(), strict=True):
        unit = escape(ACTION_UNITS[au].name) if au in ACTION_UNITS else ""
        cells = [name, unit, _percent(found.rate), _bar(found.rate, expected.get(au))]
        cells += [f"{found.active:,.0f}", f"{found.unknown:,.0f}"]
        if au in expected:
            cells += [_percent(expected[au]), f"{100 * (found.rate - expected[au]):+.1f}"]
        rows.append(cells)
    header = ["AU", "", "rate", "", "active", "unknown"]
    listing = _table(header + ["published", "points apart"] * bool(expected), rows, texts=(1,))
    return f"<h2>How often each action unit is active</h2><p>{note}</p>{listing}"


def _people(table: FrameTable, rejected: pd.DataFrame) -> str:
    """A row a person: frames, sequences, rejected, and the rate of each AU as a colour."""
    labels = table.frames[[column(au) for au in table.aus]]
    subjects = table.frames["subject"]
    rates = labels.groupby(subjects, observed=True).mean()
    frames = subjects.value_counts()
    sequences = table.frames.groupby("subject", observed=True)["sequence"].nunique()
    lost = rejected["subject"].value_counts()
    rows = []
    for name in sorted(set(subjects) | set(lost.index)):
        counts = [f"{found.get(name, 0):,}" for found in (sequences, frames, lost)]
        heat = rates.loc[name] if name in rates.index else labels.iloc[:0].mean()
        rows.append((escape(name.split("/", 1)[-1]), *counts, *map(_heat, heat)))
    header = ["person", "sequences", "frames", "rejected", *(str(au) for au in table.aus)]
    return (
        "<h2>People</h2><p>In the columns with a number: in how many of a person's frames (in %) "
        "that action unit is active. People differ a lot; somebody with none of an action unit has "
        f"no F1 for it.</p><div class='tall'>{_table(header, rows)}</div>"
    )


def _cooccurrence(table: FrameTable) -> str:
    figure = Figure(
        figsize=(0.5 * len(table.aus) + 2.5, 0.5 * len(table.aus) + 1.2), layout="constrained"
    )
    plot_cooccurrence(table.labels, table.aus, ax=figure.subplots())
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    alt = "Matrix: how often one action unit is active when another is"
    return (
        "<h2>Which action units go together</h2>"
        f'<figure class="wide"><img src="{_uri(buffer.getvalue())}" alt="{alt}"></figure>'
    )


def _folds(table: FrameTable) -> str:
    """Frames and people on both sides of every fold."""
    corpus = table.metadata.get("corpus", "")
    number, note = OWN_FOLDS, "None are published: these are ours, by person."
    if "split" in table.frames:
        number, note, corpus = 1, "The split that its source states.", ""
    elif corpus in PUBLISHED_FOLDS:
        number = PUBLISHED_FOLDS[corpus]
        note = "As published; the numbering of BP4D's and DISFA's runs backwards."
    try:
        folds = {f"fold {k}": fold_of(table, k) for k in range(1, number + 1)}
    except ValueError as error:  # too few people, or a part of the split is not here
        return f"<h2>Folds</h2><p>None: {escape(str(error))}.</p>"
    rows, subjects = [], table.subjects
    for number, (name, fold) in enumerate(folds.items(), 1):
        row = [name]
        for part, people in (("train", fold.train_subjects), ("test", fold.test_subjects)):
            side = np.isin(subjects, people)
            here = len(set(subjects[side]))
            of = f" of {len(people)}" * (here < len(people))
            told = f"{counts(corpus, number, part)[0]:,}" if corpus in TEST_COUNTS else ""
            row += [f"{side.sum():,}", told, f"{here}{of}"]
        rows.append(row)
    header = ["", "train frames", "published", "people", "test frames", "published", "people"]
    if corpus not in TEST_COUNTS:
        header, *rows = (
            [c for place, c in enumerate(r) if place not in (2, 5)] for r in (header, *rows)
        )
    return f"<h2>Folds</h2><p>{note}</p>{_table(header, rows)}"


def _foot(table: FrameTable) -> str:
    note = table.metadata.get("prepared", {}).get("plan", {})
    settings = ", ".join(f"{key} {value}" for key, value in note.items() if value is not None)
    options = table.metadata.get("options", {})
    read = ", ".join(f"{key} {value}" for key, value in options.items()) or "defaults"
    return (
        f"<p class='soft'>Prepared with: {escape(settings)}. Read with: {escape(read)}."
        " This page shows faces of the corpus and falls under its licence.</p></body></html>\n"
    )


def _name(row) -> str:
    return f"{row['subject'].split('/', 1)[-1]} {row['sequence']} {row['frame']}"


def _figure(table: FrameTable, row: int, name: str, labels: str = "") -> str:
    from PIL import Image

    picture = Image.fromarray(table.store[[row]][0])
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    source, name = _uri(buffer.getvalue(), "jpeg"), escape(name)
    return f'<figure><img src="{source}" alt="{name}: {labels}">{name}<br>{labels}</figure>'


def _uri(content: bytes, kind: str = "png") -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def _percent(rate: float) -> str:
    return "n/a" if np.isnan(rate) else f"{100 * rate:.1f} %"


def _bar(rate: float, expected: float | None) -> str:
    """A rate as a bar, the published one as a mark."""
    if np.isnan(rate):
        return ""
    mark = (
        ""
        if expected is None
        else f'<rect x="{120 * expected - 1:.0f}" width="2.5" height="14" fill="#d55e00"/>'
    )
    return (
        '<svg width="120" height="14" style="min-width:120px" role="img" '
        f'aria-label="{100 * rate:.0f} %"><rect y="3" width="120" height="8" fill="#8884" rx="2"/>'
        f'<rect y="3" width="{120 * rate:.0f}" height="8" fill="#0072b2" rx="2"/>{mark}</svg>'
    )


def _heat(rate: float) -> str:
    if np.isnan(rate):
        return ""
    return f"\0background:rgb(0 114 178 / {0.08 + 0.6 * rate:.2f})\0{100 * rate:.0f}"


def _table(header, rows, texts: tuple[int, ...] = ()) -> str:
    """An HTML table of cells that are HTML; a cell "\\0style\\0text" is coloured."""

    def cell(position: int, content: str) -> str:
        if content.startswith("\0"):
            _, style, content = content.split("\0")
            return f'<td class="heat" style="{style}">{content}</td>'
        return f"<td{' class=text' if position in texts else ''}>{content}</td>"

    head = "".join(
        f"<th{' class=text' if position in texts else ''}>{name}</th>"
        for position, name in enumerate(header)
    )
    body = "".join(f"<tr>{''.join(cell(*pair) for pair in enumerate(row))}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead>{body}</table></div>'
