"""Own tables and folders: any spelling of columns, nothing outside the folder, nobody unnamed."""

from __future__ import annotations

import numpy as np
import pytest
from trees import ANY_IMAGE, csv, folder

from aunce_lib.corpora import CorpusError
from aunce_lib.corpora.tables import read_csv, read_folder


def written(tmp_path, text: str, images=("Ann/1.jpg", "Ann/2.jpg", "Bob/1.jpg")):
    for name in images:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(ANY_IMAGE)
    (tmp_path / "labels.csv").write_text(text)
    return tmp_path / "labels.csv"


@pytest.mark.parametrize("header", ["AU12", "au12", "AU12_c", "au_12", "AU 12", " AU12"])
@pytest.mark.parametrize("image", ["image", "image_path", "Path", "filename"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_columns_are_known_in_any_spelling(header, image, delimiter, tmp_path):
    rows = [[image, header, "note"], ["Ann/1.jpg", "1", "x"], ["Bob/1.jpg", "0", "y"]]
    table = read_csv(written(tmp_path, "\n".join(map(delimiter.join, rows))))
    assert table.aus == (12,)
    assert table.labels[:, 0].tolist() == [1, 0]
    assert table.subjects.tolist() == ["own/Ann", "own/Bob"]


@pytest.mark.parametrize("code", ["9", "-1", "999", "", " ", "9.0"])
def test_unknown_labels_are_nan(code, tmp_path):
    table = read_csv(written(tmp_path, f"image,AU1,AU2\nAnn/1.jpg,{code},1\nAnn/2.jpg,0,1\n"))
    np.testing.assert_array_equal(table.labels, [[np.nan, 1], [0, 1]])


def test_subject_sequence_frame_and_split_may_be_said(tmp_path):
    text = "image,subject,sequence,frame,split,AU1\n"
    text += "Ann/1.jpg,Zoe,joy,7,val,1\nBob/1.jpg,Bo,joy,7,train,0\n"
    table = read_csv(written(tmp_path, text), corpus="mine")
    assert table.subjects.tolist() == ["mine/Zoe", "mine/Bo"]
    assert table.frames[["sequence", "frame", "split"]].astype(str).to_numpy().tolist() == [
        ["joy", "7", "validation"],
        ["joy", "7", "train"],
    ]


def test_images_without_a_number_count_by_name_whatever_the_order_of_rows(tmp_path):
    names = ("Ann/smile.jpg", "Ann/frown.jpg", "Ann/rest.jpg")
    rows = [f"{name},{i % 2}" for i, name in enumerate(names)]
    one = read_csv(written(tmp_path, "image,AU1\n" + "\n".join(rows), names)).frames
    other = read_csv(written(tmp_path, "image,AU1\n" + "\n".join(rows[::-1]), names)).frames
    assert dict(zip(one["path"], one["frame"], strict=True)) == dict(
        zip(other["path"], other["frame"], strict=True)
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "image,AU1\n../1.jpg,1\n",
            r"line 2: expected the path of an image in .*got '\.\./1\.jpg'",
        ),
        ("image,AU1\n/etc/passwd.jpg,1\n", "line 2: expected the path of an image in"),
        ("image,AU1\nAnn/1.exe,1\n", "line 2: expected an image"),
        ("image,AU1\nAnn/3.jpg,1\n", "is not there"),
        ("image,AU1\nAnn/1.jpg,3\n", "line 2, column 'AU1': expected 0, 1"),
        ("image,AU1\nAnn/1.jpg,1\nAnn/1.jpg,0\n", "line 3: frame 1 of own/Ann, .*also on line 2"),
        ("image,AU1,AU01\nAnn/1.jpg,1,0\n", "both AU0?1"),
        ("image,AU1_r\nAnn/1.jpg,1\n", "threshold=2"),
        ("image,smile\nAnn/1.jpg,1\n", "expected columns of labels"),
        ("image,AU1,AU1x\nAnn/1.jpg,1,0\n", "'AU1x' looks misspelt"),
        ("image,AU1,sujbect\nAnn/1.jpg,1,Ann\n", "'sujbect' looks misspelt"),
        ("photo,AU1\nAnn/1.jpg,1\n", "expected a column of images"),
        ("image,AU1,split\nAnn/1.jpg,1,dev\n", "line 2, column 'split'"),
        ("image,AU1,frame\nAnn/1.jpg,1,one\n", "line 2, column 'frame'"),
        ("image,AU1,subject\nAnn/1.jpg,1,\n", "line 2: no subject is named"),
        ("image,AU1,sequence\nAnn/1.jpg,1,\n", "line 2: no sequence is named"),
        ("image,1\nAnn/1.jpg,1\n", "expected columns of labels"),
        ("image,AU1,1\nAnn/1.jpg,1,1\n", "column '1' looks misspelt"),
        ("image,AU1,Frame,frame\nAnn/1.jpg,1,1,2\n", "is there twice"),
        ("image,AU1\nalone.jpg,1\n", "line 2: no subject is named"),
    ],
)
def test_a_wrong_table_is_refused_in_words(text, message, tmp_path):
    source = written(tmp_path, text, ("Ann/1.jpg", "Ann/2.jpg", "alone.jpg"))
    with pytest.raises(CorpusError, match=message):
        read_csv(source)


def test_images_that_are_not_there_are_counted_where_the_user_says_so(tmp_path):
    source = written(tmp_path, "image,AU1\nAnn/1.jpg,1\nAnn/9.jpg,0\n")
    table = read_csv(source, missing="skip")
    assert len(table) == 1
    assert table.metadata["skipped"] == {"listed image that is not there": 1}


def test_images_may_lie_elsewhere(tmp_path):
    written(tmp_path / "photos", "")
    (tmp_path / "tables").mkdir()
    source = tmp_path / "tables" / "labels.csv"
    source.write_text("image,AU1\nAnn/1.jpg,1\n")
    (path,) = read_csv(source, images=tmp_path / "photos").frames["path"]
    assert (source.parent / path).read_bytes() == ANY_IMAGE
    source.write_text(f"image,AU1\n{tmp_path}/photos/Ann/1.jpg,1\n")
    assert read_csv(source, images=tmp_path / "photos").subjects.tolist() == ["own/Ann"]


def test_intensities_become_labels_from_the_threshold_on(tmp_path):
    text = "image,AU1_r,AU1_c\nAnn/1.jpg,1.9,1\nAnn/2.jpg,2.0,0\nBob/1.jpg,,1\n"
    source = written(tmp_path, text)
    np.testing.assert_array_equal(read_csv(source).labels[:, 0], [1, 0, 1])
    np.testing.assert_array_equal(read_csv(source, threshold=2).labels[:, 0], [0, 1, np.nan])
    source = written(tmp_path, "image,au1\nAnn/1.jpg,1\nAnn/2.jpg,4\n")
    np.testing.assert_array_equal(read_csv(source, threshold=2).labels[:, 0], [0, 1])


def test_a_table_of_openface_needs_its_video(tmp_path):
    tree = csv("openface")
    source = tree.changed({"Ann.avi": None}).write(tmp_path)
    with pytest.raises(CorpusError, match=r"expected the video it describes beside it"):
        read_csv(source)
    (tmp_path / "films").mkdir()
    (tmp_path / "films" / "x.mp4").write_bytes(b"")
    table = read_csv(source, video=tmp_path / "films" / "x.mp4")
    assert set(table.frames["path"]) == {"films/x.mp4"}
    source.write_text("frame,AU01_c\n0,1\n1,0\n")
    with pytest.raises(CorpusError, match="line 2: expected frames from 1 on"):
        read_csv(source, video=tmp_path / "films" / "x.mp4")


def test_a_folder_gives_its_images_with_unknown_labels(tmp_path):
    table = read_folder(folder().write(tmp_path))
    assert np.isnan(table.labels).all()
    assert set(table.subjects) == {"own/Ann", "own/Bob", "own/unnamed"}


@pytest.mark.parametrize("place", [".", "Ann", "../tables"])
def test_a_folder_with_a_table_gives_the_images_it_lists(place, tmp_path):
    source = written(tmp_path / "photos", "").parent
    table = source / place / "t.csv"
    table.parent.mkdir(exist_ok=True)
    table.write_text("image,AU1\nAnn/1.jpg,1\nBob/1.jpg,0\n")
    found = read_folder(source, table=table)
    assert found.frames["path"].tolist() == ["Ann/1.jpg", "Bob/1.jpg"]
    assert found.labels[:, 0].tolist() == [1, 0]
    assert found.metadata["source"] == str(source)


def test_a_link_back_to_the_folder_ends_there(tmp_path):
    source = folder().write(tmp_path)
    (source / "Ann" / "back").symlink_to(source)
    assert len(read_folder(source)) == len(folder().truth)


def test_a_folder_without_images_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("no photo")
    with pytest.raises(CorpusError, match="no images found; expected"):
        read_folder(tmp_path)
