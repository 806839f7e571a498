"""Aff-Wild2: frames without a face, videos with two people, lines that are counted."""

from __future__ import annotations

import pytest
from trees import ANY_IMAGE, affwild2, assert_reads

from aunce_lib.corpora import CorpusError, by_split
from aunce_lib.corpora.affwild2 import read

TRAIN = "AU_Detection_Challenge/Train_Set/"


def test_all_of_a_video_is_one_subject(tmp_path):
    table = read(affwild2().write(tmp_path))
    people = table.frames.groupby("subject", observed=True)["sequence"].unique()
    assert set(people["affwild2/30-30-1920x1080"]) == {
        "30-30-1920x1080_left",
        "30-30-1920x1080_right",
    }
    assert set(people["affwild2/video2"]) == {"video2", "video2_right"}


def test_the_official_split_is_a_fold(tmp_path):
    table = read(affwild2().write(tmp_path))
    fold = by_split(table)
    train, validation = fold.split(table)
    assert set(train.frames["split"]) == {"train"}
    assert set(validation.frames["split"]) == {"validation"}
    assert set(fold.test_subjects) == {"affwild2/video2", "affwild2/4-30-1920x1080"}


def test_a_video_that_is_on_both_sides_is_refused_as_a_fold(tmp_path):
    videos = {"train": ("video2_left",), "validation": ("video2_right",)}
    table = read(affwild2(videos=videos).write(tmp_path))
    with pytest.raises(CorpusError, match="affwild2/video2 in training and in test"):
        by_split(table)


def test_frames_without_a_face_or_a_label_are_counted(tmp_path):
    table = read(affwild2(n=8).write(tmp_path))
    skipped = {"frame without a face (no image)": 7, "frame without a known label": 7}
    assert table.metadata["skipped"] == skipped


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda lines: lines[:-1], "6 lines of labels|5 lines of labels, but .* has image 6"),
        (lambda lines: [*lines, lines[-1]], "1 have no image .*lines are doubled"),
        (lambda lines: lines[1:], "expected a header of"),
        (lambda lines: [lines[0], lines[0], *lines[2:]], "line 2, column 'AU1'"),
        (lambda lines: [lines[0], "", *lines[1:]], "line 2: .*blank line"),
        (lambda lines: [lines[0].replace("AU26", "AU27"), *lines[1:]], "header of the 12 AUs"),
        (lambda lines: [lines[0], lines[1].replace("0", "9").replace("1", "9")], "got '-?9'"),
    ],
)
def test_lines_that_do_not_count_up_to_the_images_are_refused(edit, message, tmp_path):
    tree = affwild2()
    name = TRAIN + "1-30-1280x720.txt"
    lines = edit(tree.files[name].decode().splitlines())
    source = tree.changed({name: "\n".join(lines).encode() + b"\n"}).write(tmp_path)
    with pytest.raises(CorpusError, match=message):
        read(source)


def test_labels_without_images_are_an_error_or_counted(tmp_path):
    tree = affwild2()
    gone = {path: None for path in tree.files if "/video59/" in path}
    source = tree.changed(gone).write(tmp_path)
    with pytest.raises(CorpusError, match=r"no images in .*video59"):
        read(source)
    assert read(source, missing="skip").metadata["skipped"]["video without images"] == 1


def test_an_image_0_is_refused(tmp_path):
    source = affwild2().changed({"cropped_aligned/video59/00000.jpg": ANY_IMAGE}).write(tmp_path)
    with pytest.raises(CorpusError, match="has image 0"):
        read(source)


def test_a_video_that_is_labelled_twice_is_refused(tmp_path):
    tree = affwild2()
    again = {"AU_Detection_Challenge/Validation_Set/video59.txt": tree.files[TRAIN + "video59.txt"]}
    with pytest.raises(CorpusError, match="video59 is labelled a second time"):
        read(tree.changed(again).write(tmp_path))


def test_two_editions_side_by_side_need_a_choice(tmp_path):
    affwild2(edition="2020").write(tmp_path)
    tree = affwild2()
    source = tree.write(tmp_path)
    with pytest.raises(CorpusError, match="labels=FOLDER"):
        read(source)
    assert_reads(read(source, labels="AU_Detection_Challenge"), tree)


def test_a_table_of_all_tracks_must_name_its_images(tmp_path):
    tree = affwild2(edition="mtl")
    name = "MTL_Challenge/train_set.txt"
    text = tree.files[name].replace(b"video59/00003", b"../00003")
    with pytest.raises(CorpusError, match="expected an image such as VIDEO/00001.jpg"):
        read(tree.changed({name: text}).write(tmp_path))
    text = tree.files[name].replace(b"video59/00003", b"video59/00002")
    with pytest.raises(CorpusError, match="frame 2 is there twice"):
        read(tree.changed({name: text}).write(tmp_path))
