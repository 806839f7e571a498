"""BP4D and BP4D+: numbers instead of names, headers instead of positions, and clear refusals."""

from __future__ import annotations

import re

import numpy as np
import pytest
from trees import ANY_IMAGE, ANY_VIDEO, Tree, assert_reads, bp4d

from aunce_lib.corpora import CorpusError
from aunce_lib.corpora.bp4d import read, read_plus

LABELS = "AUCoding/AU_OCC/F001_T1.csv"


def small(tmp_path, changes=None, **options) -> tuple[Tree, object]:
    tree = bp4d(people=("F001", "F007"), tasks=("T1",), n=5, intensity=False, **options)
    changes = {
        name: change(tree) if callable(change) else change
        for name, change in (changes or {}).items()
    }
    return tree, tree.changed(changes).write(tmp_path)


def images(tree: Tree, person: str = "F001") -> list[str]:
    return [path for path in tree.truth["path"] if f"{person}/T1/" in path]


@pytest.mark.parametrize("width", [0, 4, 5])
@pytest.mark.parametrize("plus", [False, True])
def test_names_padded_to_any_width_are_found_by_their_number(width, plus, tmp_path):
    tree = bp4d(width=width, plus=plus, intensity=False)
    assert_reads((read_plus if plus else read)(tree.write(tmp_path)), tree)


def test_columns_are_found_by_their_header_wherever_they_stand(tmp_path):
    tree, source = small(tmp_path)
    rows = [line.split(",") for line in tree.files[LABELS].decode().splitlines()]
    order = [0, *np.random.default_rng(0).permutation(np.arange(1, len(rows[0])))]
    (source / LABELS).write_text("\n".join(",".join(row[i] for i in order) for row in rows))
    assert_reads(read(source), tree)


@pytest.mark.parametrize("name", ["f001_t1.CSV", "F001_01.csv", "F01_T01.csv", "2F01_T1.csv"])
def test_other_spellings_of_a_sequence_are_the_same_sequence(name, tmp_path):
    tree, source = small(tmp_path)
    (source / LABELS).rename((source / LABELS).with_name(name))
    assert_reads(read(source), tree)


def test_a_copy_of_the_fera_challenge_holds_videos(tmp_path):
    tree, _ = small(tmp_path)
    files = {
        f"AUCoding/{n}_{t}.csv": tree.files[f"AUCoding/AU_OCC/{n}_T1.csv"]
        for n, t in (("F001", "01"), ("F007", "01"))
    }
    files |= {"2F01_T1.avi": ANY_VIDEO, "2F07_T1.avi": ANY_VIDEO}
    source = Tree(files, tree.truth, {}).write(tmp_path / "fera")
    table = read(source)
    assert set(table.frames["path"]) == {"2F01_T1.avi", "2F07_T1.avi"}
    np.testing.assert_array_equal(table.frames["video_frame"], table.frames["frame"] - 1)
    np.testing.assert_array_equal(table.labels, tree.truth[[f"AU{a}" for a in table.aus]])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({LABELS: None}, r"F001_T1\.csv is missing, but .*F001/T1 has images"),
        ({LABELS: None, LABELS.replace("T1", "Tl"): lambda t: t.files[LABELS]}, "misspelt"),
        (
            {LABELS: lambda t: re.sub(rb"\n(\d+),[019],", rb"\n\1,8,", t.files[LABELS])},
            r"line 2, column .*expected 0, 1 or unknown \(9, -1, 999, blank\), got '8'",
        ),
        (
            {LABELS: lambda t: b"\n".join(t.files[LABELS].splitlines()[1:])},
            "check that the first line is the header",
        ),
        ({LABELS: lambda t: t.files[LABELS].replace(b"24,", b"", 1)}, "expected .* cells"),
        ({LABELS: b""}, "found none"),
        ({LABELS.replace("F001", "F099"): lambda t: t.files[LABELS]}, "F099 is nobody of the 41"),
        ({LABELS.replace("F001", "f001"): lambda t: t.files[LABELS]}, "are both F001/T1"),
    ],
)
def test_wrong_label_files_are_refused_in_words(changes, message, tmp_path):
    _, source = small(tmp_path, changes)
    with pytest.raises(CorpusError, match=message):
        read(source)


def test_a_second_image_of_a_frame_is_refused(tmp_path):
    tree, source = small(tmp_path)
    name = images(tree)[0]
    (source / name).with_suffix(".png").write_bytes(ANY_IMAGE)
    with pytest.raises(CorpusError, match="are both frame"):
        read(source)


def test_a_label_without_an_image_is_an_error_or_counted(tmp_path):
    tree, source = small(tmp_path)
    (source / images(tree)[2]).unlink()
    with pytest.raises(CorpusError, match=r"has labels, but no image .*\(1 such frames\).*skip"):
        read(source)
    table = read(source, missing="skip")
    assert len(table) == len(tree.truth) - 1
    assert table.metadata["skipped"] == {"label without an image": 1}


def test_an_image_between_labels_without_one_is_an_error_or_counted(tmp_path):
    tree, source = small(tmp_path)
    lines = (source / LABELS).read_text().splitlines(keepends=True)
    (source / LABELS).write_text("".join(lines[:3] + lines[4:]))
    with pytest.raises(CorpusError, match="no row for frame"):
        read(source)
    assert read(source, missing="skip").metadata["skipped"] == {"frame without a label": 1}


def test_a_sequence_without_labels_or_images_is_counted_where_the_user_says_so(tmp_path):
    tree, source = small(tmp_path, {LABELS: None})
    assert read(source, missing="skip").metadata["skipped"] == {"sequence without a label file": 1}
    tree, source = small(tmp_path / "2")
    for name in (source / "2D+3D" / "F007" / "T1").iterdir():
        name.unlink()
    (source / "2D+3D" / "F007" / "T1").rmdir()
    with pytest.raises(CorpusError, match="no images .*F007/T1"):
        read(source)
    assert read(source, missing="skip").metadata["skipped"] == {"sequence without images": 1}


def test_a_missing_intensity_is_an_error_or_unknown(tmp_path):
    tree = bp4d(people=("F001",), tasks=("T1",))
    name = "AU-Intensity-Codes3.0/AU12/F001_T1_AU12.csv"
    source = tree.changed({name: None}).write(tmp_path)
    with pytest.raises(CorpusError, match=r"F001_T1_AU12\.csv cannot be read"):
        read(source, intensity=True)
    table = read(source, intensity=True, missing="skip")
    assert table.frames["AU12_intensity"].isna().all()
    assert table.metadata["skipped"] == {"intensity of AU12": len(tree.truth)}


def test_the_sequence_of_bp4dplus_that_is_known_not_to_fit_is_left_out(tmp_path):
    tree = bp4d(people=("F041", "F042"), tasks=("T6", "T7"), plus=True, intensity=False)
    odd = [path for path in tree.truth["path"] if "F041/T7" in path]
    source = tree.changed({odd[1]: None}).write(tmp_path)
    table = read_plus(source)
    assert not ((table.subjects == "bp4dplus/F041") & (table.frames["sequence"] == "T7")).any()
    assert sum(table.metadata["skipped"].values()) == len(odd)
    even = [path for path in tree.truth["path"] if "F042/T7" in path]
    (source / even[1]).unlink()
    with pytest.raises(CorpusError, match="F042_T7"):
        read_plus(source)


def test_a_damaged_archive_is_named(tmp_path):
    tree = bp4d(plus=True, zipped=True, intensity=False)
    name = "2D+3D/F001.zip"
    source = tree.changed({name: tree.files[name][:100]}).write(tmp_path)
    with pytest.raises(CorpusError, match=r"F001\.zip cannot be read as a zip archive"):
        read_plus(source)


def test_folders_may_be_anywhere(tmp_path):
    tree = bp4d(intensity=False)
    files = {
        name.replace("AUCoding/AU_OCC/", "codes/").replace("2D+3D/", "pictures/"): content
        for name, content in tree.files.items()
    }
    source = Tree(files, tree.truth, {}).write(tmp_path)
    with pytest.raises(CorpusError, match="labels=FOLDER"):
        read(source)
    table = read(source, labels="codes", images=source / "pictures")
    assert table.frames["path"].str.startswith("pictures/").all()
    assert table.metadata["options"]["labels"] == "codes"
