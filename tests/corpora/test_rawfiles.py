"""What readers share: images by number, labels with and without images, archives, tables."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from aunce_lib.corpora import CorpusError
from aunce_lib.corpora.rawfiles import (
    Missing,
    entries,
    find_folder,
    frame_table,
    image_numbers,
    read_bytes,
    with_images,
)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("2440.jpg", 2440),
        ("02440.JPG", 2440),
        ("0.png", 0),
        ("SN003_0.png", 0),
        ("F001_T1_0012.jpeg", 12),
        ("frame_det_00_000007.bmp", 7),
        ("2440 (1).jpg", None),
        ("2440_1.jpg", None),
        ("2440.jpg.bak", None),
        ("Thumbs.db", None),
        ("2440.txt", None),
        ("12345678901.jpg", None),
        ("٣.jpg", None),
    ],
)
def test_a_frame_is_the_number_in_the_name(name, number):
    assert image_numbers([name], "here") == ({} if number is None else {number: name})


def test_two_images_of_a_frame_are_refused():
    with pytest.raises(CorpusError, match="here: 1.jpg and 0001.png are both frame 1"):
        image_numbers(["1.jpg", "0001.png"], "here")


@pytest.mark.parametrize(
    ("names", "every", "message"),
    [
        ({3: "", 4: "", 6: ""}, False, "frame 5 has labels, but no image"),
        ({3: "", 4: "", 5: "", 6: "", 7: ""}, True, "no row for frame 7"),
        (None, False, None),
        ({2: "", 3: "", 4: "", 5: "", 6: "", 7: ""}, False, None),
    ],
)
def test_labels_and_images_must_fit(names, every, message):
    frames = np.array([3, 4, 5, 6])
    if message is None:
        assert with_images(frames, names, "labels", "images", Missing("error"), every).all()
    else:
        with pytest.raises(CorpusError, match=message):
            with_images(frames, names, "labels", "images", Missing("error"), every)


def test_a_gap_in_the_labels_of_a_video_is_an_error_or_counted_without_counting_to_it():
    frames = np.array([1, 2, 900_000_000])
    with pytest.raises(CorpusError, match=r"no row for frame 3 of film \(899999997 such"):
        with_images(frames, None, "labels", "film", Missing("error"))
    missing = Missing("skip")
    assert with_images(frames, None, "labels", "film", missing).all()
    assert missing.skipped == {"frame without a label": 899_999_997}


def test_hidden_and_special_files_are_not_listed(tmp_path):
    for name in ("b", "a", ".hidden"):
        (tmp_path / name).write_text("")
    (tmp_path / "folder").mkdir()
    (tmp_path / "dangling").symlink_to(tmp_path / "nothing")
    assert entries(tmp_path) == (["folder"], ["a", "b"])
    with pytest.raises(CorpusError, match="cannot be listed"):
        entries(tmp_path / "a")


def test_a_folder_is_where_the_user_says_or_one_of_the_usual(tmp_path):
    (tmp_path / "img").mkdir()
    assert find_folder(tmp_path, None, ["images", "img"], "images", "images") == tmp_path / "img"
    assert find_folder(tmp_path, "img", ["images"], "images", "images") == tmp_path / "img"
    with pytest.raises(
        CorpusError, match="no folder of images; expected 'pictures'.*images=FOLDER"
    ):
        find_folder(tmp_path, "pictures", ["img"], "images", "images")


def test_members_of_archives_are_read_and_damage_is_named(tmp_path):
    for name in ("A.zip", "B.ZIP"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("A/T1/1.jpg", f"one of {name}")
        assert read_bytes(tmp_path, f"{name}!A/T1/1.jpg").decode() == f"one of {name}"
    for path in ("A.zip!A/T1/2.jpg", "C.zip!A/T1/1.jpg", "1.jpg"):
        with pytest.raises(CorpusError, match=r"cannot be read .*expected an image"):
            read_bytes(tmp_path, path)
    content = (tmp_path / "A.zip").read_bytes()
    (tmp_path / "A.zip").write_bytes(content.replace(b"one of", b"two of"))
    with pytest.raises(CorpusError, match="CRC"):
        read_bytes(tmp_path, "A.zip!A/T1/1.jpg")


def test_frames_of_which_nothing_is_known_are_left_out_and_counted():
    part = {"subject": "x/1", "sequence": "s", "frame": [1, 2], "AU1": [np.nan, 1.0]}
    missing = Missing("error")
    table = frame_table("x", [part], "here", missing, {"note": None, "n": 1})
    assert table.frames["frame"].tolist() == [2]
    assert table.rows.tolist() == [0]
    assert table.metadata == {
        "corpus": "x",
        "source": "here",
        "options": {"n": 1},
        "skipped": {"frame without a known label": 1},
    }
    assert len(frame_table("x", [part], "here", missing, {}, keep_unlabelled=True)) == 2


def test_a_corpus_without_frames_is_refused():
    with pytest.raises(CorpusError, match="no labelled frame with an image found"):
        frame_table("x", [], "here", Missing("error"), {})
