"""DISFA: which image a label belongs to, from which intensity on, and whose video."""

from __future__ import annotations

import numpy as np
import pytest
from trees import assert_reads, disfa

from aunce_lib.corpora import CorpusError
from aunce_lib.corpora.disfa import read


@pytest.mark.parametrize("first", [0, 1])
def test_row_i_is_image_i_where_images_count_from_0_and_the_next_where_from_1(first, tmp_path):
    tree = disfa(first_image=first)
    table = read(tree.write(tmp_path))
    numbers = table.frames["path"].str.extract(r"(\d+)\.png")[0].astype(int)
    np.testing.assert_array_equal(numbers, table.frames["frame"] - 1 + first)
    assert table.metadata["options"]["first_image"] == first
    assert_reads(table, tree)


@pytest.mark.parametrize("gone", [0, 6])
def test_where_images_do_not_say_how_they_count_the_reader_does_not_guess(gone, tmp_path):
    """Images 1 … 5 of 6 frames: 0 … 5 without the first, or 1 … 6 without the last."""
    tree = disfa(people=("SN001",), first_image=int(gone == 6))
    source = tree.changed({f"SN001/{gone}.png": None}).write(tmp_path)
    with pytest.raises(CorpusError, match="first_image=0 or 1"):
        read(source)
    for first in (0, 1):
        table = read(source, first_image=first, missing="skip")
        assert table.metadata["skipped"] == {"label without an image": 1}
        assert table.frames["frame"].min() == (2 if first == 0 else 1)


def test_images_from_0_and_from_1_together_are_refused(tmp_path):
    one = disfa(people=("SN001",), first_image=0)
    other = disfa(people=("SN003",), first_image=1)
    one.write(tmp_path)
    with pytest.raises(CorpusError, match="cannot tell"):
        read(other.write(tmp_path))


@pytest.mark.parametrize("threshold", [1, 2, 3, 5])
def test_an_au_is_active_from_the_threshold_on(threshold, tmp_path):
    tree = disfa()
    table = read(tree.write(tmp_path), threshold=threshold)
    for au in table.aus:
        level = table.frames[f"AU{au}_intensity"]
        np.testing.assert_array_equal(table.frames[f"AU{au}"], level >= threshold)
    assert table.metadata["options"]["threshold"] == threshold


def test_all_twelve_action_units_can_be_read(tmp_path):
    aus = (1, 2, 4, 5, 6, 9, 12, 15, 17, 20, 25, 26)
    assert read(disfa().write(tmp_path), aus=aus).aus == aus


def test_sn010_ends_one_frame_earlier(tmp_path):
    people = ("SN009", "SN010")
    tree = disfa(people=people, n=4845, images="avi")
    table = read(tree.write(tmp_path))
    frames = [int((table.subjects == f"disfa/{name}").sum()) for name in people]
    assert frames == [4845, 4844]
    assert table.metadata["skipped"] == {"label after the end of SN010's video": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"SN003/SN003_au4.txt": None}, r"SN003_au4\.txt is missing"),
        ({"SN003/SN003_au4.txt": b"1,0\n2,0\n"}, "has .* lines, but .* has"),
        ({"SN003/SN003_au4.txt": b"1,0\n3,0\n4,0\n"}, "frame 2 has no line"),
        ({"SN003/SN003_au4.txt": b"0,0\n1,0\n2,0\n"}, "frame 1 has no line"),
        ({"SN003/SN003_au4.txt": b"1,6\n"}, r"line 1, column 'intensity': expected 0 … 5, got '6'"),
        ({"SN003/SN003_au4.txt": b"1,9\n"}, "got '9'"),  # no code for unknown is known here
        ({"SN003/SN003_au4.txt": b"1,2.5\n"}, r"got '2\.5'"),
        ({"SN003/SN003_au4.txt": b"1,\n2,0\n"}, "got ''"),
        ({"SN003/SN003_AU04.txt": b"1,0\n"}, "second one of AU4"),
        ({"SN003/SN001_au4.txt": b"1,0\n"}, "SN001's"),
        ({"SN014/SN014_au4.txt": b"1,0\n"}, "SN014 is none of them"),
    ],
)
def test_wrong_label_files_are_refused_in_words(changes, message, tmp_path):
    changes = {f"ActionUnit_Labels/{name}": content for name, content in changes.items()}
    source = disfa().changed(changes).write(tmp_path)
    with pytest.raises(CorpusError, match=message):
        read(source)


def test_a_missing_label_file_leaves_unknown_labels_where_the_user_says_so(tmp_path):
    tree = disfa(n=6)
    source = tree.changed({"ActionUnit_Labels/SN003/SN003_au4.txt": None}).write(tmp_path)
    table = read(source, missing="skip")
    unknown = table.frames["AU4"].isna()
    np.testing.assert_array_equal(unknown, table.subjects == "disfa/SN003")
    assert table.metadata["skipped"] == {"label of a missing label file": 6}


def test_a_person_without_images_is_an_error_or_counted(tmp_path):
    changes = {f"SN003/{i}.png": None for i in range(6)}
    source = disfa().changed(changes).write(tmp_path)
    with pytest.raises(CorpusError, match="no images of SN003"):
        read(source)
    assert read(source, missing="skip").metadata["skipped"] == {"recording without images": 1}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"camera": "top"}, "camera must be"),
        ({"threshold": 0}, "threshold must be 1 … 5, got 0"),
        ({"first_image": 2}, "first_image must be 0 or 1"),
    ],
)
def test_options_out_of_range_are_refused(options, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, **options)
