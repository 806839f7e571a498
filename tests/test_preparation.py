"""The preparation report: all is counted, texts from files are escaped, nothing is fetched."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parent / "corpora"))

from trees import layout

from aunce_lib.corpora import FrameTable, pictures
from aunce_lib.corpora.prepare import prepare
from aunce_lib.corpora.readers import reader
from aunce_lib.preparation import write_preparation_report

EVIL = "<script>alert(1)</script>"


def report(name: str, out: Path, tree=None, **options) -> str:
    kind, made = layout(name, faces=32)
    tree = tree or made
    source = tree.write(out.parent / "raw")
    table = reader(kind)(source, **tree.options)
    prepare(kind, table, source, out, size=32, align="none", **options)
    return write_preparation_report(out).read_text()


class Cells(HTMLParser):
    """Rows of all tables of a page, as lists of texts."""

    def __init__(self, page: str):
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1] += data


def test_counts_of_people_folds_and_rates_are_those_of_the_table(tmp_path):
    page = report("bp4d", tmp_path / "out")
    _, tree = layout("bp4d", faces=32)
    rows = Cells(page).rows
    assert [row[:4] for row in rows if row[0] in ("F001", "F007", "M007")] == [
        ["F001", "2", "12", "0"],
        ["F007", "2", "12", "0"],
        ["M007", "2", "12", "0"],
    ]
    (fold,) = [row for row in rows if row[0] == "fold 1"]
    assert fold == ["fold 1", "24", "100,813", "2 of 28", "12", "46,034", "1 of 13"]
    (au2,) = [row for row in rows if row[0] == "AU2"]
    rate = 100 * tree.truth["AU2"].mean()
    assert au2[1:] == [
        "Outer brow raiser",
        f"{rate:.1f} %",
        "",
        f"{tree.truth['AU2'].sum():.0f}",
        "0",
        "17.1 %",
        f"{rate - 100 * 25110 / 146847:+.1f}",
    ]
    assert "other frames than the published lists" in page


def test_rejected_frames_are_counted_with_reason_and_shown(tmp_path, monkeypatch):
    kind, tree = layout("disfa", faces=32)
    names = [name for name in tree.files if name.endswith("png")]
    source = tree.changed({names[0]: b"nothing"}).write(tmp_path / "raw")
    table = reader(kind)(source, **tree.options)
    monkeypatch.setattr(pictures, "detect_faces", lambda image: [])
    faceless = np.asarray(Image.open(source / names[1]))
    whole = pictures.Alignment.face

    def face(self, frame, image, last):
        if np.array_equal(image, faceless):
            return image, None, pictures.NOBODY
        return whole(self, frame, image, last)

    monkeypatch.setattr(pictures.Alignment, "face", face)
    out = tmp_path / "out"
    prepare(kind, table, source, out, size=32, align="none", on_error="skip")
    page = write_preparation_report(out).read_text()
    rows = Cells(page).rows
    assert ["preparation", "no face", "1"] in [row[:3] for row in rows]
    assert ["preparation", "unreadable", "1"] in [row[:3] for row in rows]
    assert "Pictures in which no face was found" in page
    assert page.count("<figure>") == 16 + 1
    assert "--align none" not in page


def test_many_pictures_without_a_face_are_said_to_be_unusual(tmp_path, monkeypatch):
    kind, tree = layout("disfa", faces=32)
    source = tree.write(tmp_path / "raw")

    def face(self, frame, image, last):
        return image, None, "detection" if frame.frame == 1 else pictures.NOBODY

    monkeypatch.setattr(pictures.Alignment, "face", face)
    prepare(kind, reader(kind)(source), source, tmp_path / "out", size=32)
    page = write_preparation_report(tmp_path / "out").read_text()
    assert "So many is unusual" in page
    assert "--align none" in page


def test_the_page_needs_nothing_from_outside_and_runs_nothing(tmp_path):
    page = report("affwild2", tmp_path / "out")
    links = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]{0,12})""", page)
    assert links
    assert all(link.startswith("data:image/") for link in links)
    assert "<script" not in page


def test_texts_from_files_are_escaped(tmp_path):
    source = tmp_path / "photos"
    for person in ("A&B", "C"):
        for number in range(2):
            path = source / person / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(np.full((32, 32, 3), 60 * number, np.uint8)).save(path)
    table = reader("folder")(source)
    frames = table.frames.assign(
        sequence=EVIL, subject="own/" + EVIL, path=[f"{EVIL}/{p}" for p in table.frames["path"]]
    ).assign(frame=range(4))
    frames["path"] = table.frames["path"]
    table = FrameTable(frames, {"corpus": EVIL, "skipped": {EVIL: 3}, "options": {EVIL: EVIL}})
    (source / "C" / "1.png").write_bytes(b"nothing")
    prepare("folder", table, source, tmp_path / "out", size=32, align="none", on_error="skip")
    rejected = pd.read_csv(tmp_path / "out" / "rejected.csv").assign(detail=EVIL, reason=EVIL)
    rejected.to_csv(tmp_path / "out" / "rejected.csv", index=False)
    page = write_preparation_report(tmp_path / "out").read_text()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") > 8


@pytest.mark.parametrize("name", ["folder", "csv", "gft", "lists", "bp4dplus"])
def test_every_kind_of_corpus_has_a_report(name, tmp_path):
    page = report(name, tmp_path / "out")
    assert page.startswith("<!doctype html>")
    assert page.rstrip().endswith("</html>")


def test_without_a_prepared_corpus_the_message_says_what_makes_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="aunce prepare"):
        write_preparation_report(tmp_path)
