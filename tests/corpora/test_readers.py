"""Every reader on a small tree in every layout it knows, all quirks included."""

from __future__ import annotations

import pytest
from trees import LAYOUTS, assert_reads, layout

from aunce_lib.corpora import readers
from aunce_lib.corpora.rawfiles import read_bytes
from aunce_lib.facs import AU_SETS


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_layout_is_read_frame_by_frame_and_label_by_label(name, tmp_path):
    corpus, tree = layout(name)
    table = readers.reader(corpus)(tree.write(tmp_path), **tree.options)
    assert_reads(table, tree)
    assert table.metadata["source"] == str(tmp_path / tree.source)
    assert set(table.metadata) == {"corpus", "source", "options", "skipped"}
    assert table.store is None


@pytest.mark.parametrize("name", LAYOUTS)
def test_every_path_leads_to_its_own_image(name, tmp_path):
    corpus, tree = layout(name)
    source = tree.write(tmp_path)
    for path in readers.reader(corpus)(source, **tree.options).frames["path"]:
        assert read_bytes(source, path).decode() == path.partition(".zip!")[2] or path


@pytest.mark.parametrize("name", LAYOUTS)
def test_reading_writes_nothing(name, tmp_path):
    corpus, tree = layout(name)
    source = tree.write(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    readers.reader(corpus)(source, **tree.options)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("name", ["bp4d", "bp4dplus", "disfa", "affwild2", "gft"])
def test_the_published_action_units_are_read_in_their_order(name, tmp_path):
    corpus, tree = layout(name)
    table = readers.reader(corpus)(tree.write(tmp_path))
    assert table.aus == AU_SETS[corpus]


@pytest.mark.parametrize("name", readers.READERS)
def test_a_source_that_is_not_there_is_named(name, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        readers.reader(name)(tmp_path / "nowhere")


@pytest.mark.parametrize("name", sorted(readers.READERS.keys() - {"csv"}))
def test_an_empty_folder_says_what_was_looked_for(name, tmp_path):
    with pytest.raises(ValueError, match=r"expected .*;"):
        readers.reader(name)(tmp_path)


@pytest.mark.parametrize("name", sorted(readers.READERS.keys() - {"folder"}))
def test_another_policy_than_error_and_skip_is_refused(name, tmp_path):
    (tmp_path / "table.csv").write_text("image,AU1\n")
    source = tmp_path / "table.csv" if name == "csv" else tmp_path
    with pytest.raises(ValueError, match='missing must be "error" or "skip", got "?\'?ignore'):
        readers.reader(name)(source, missing="ignore")


def test_an_unknown_corpus_is_refused():
    with pytest.raises(ValueError, match="no reader for 'ck'; there are bp4d, "):
        readers.reader("ck")
