"""GFT: read as the user's description says, and never by guess."""

from __future__ import annotations

import pytest
import yaml
from trees import assert_reads, gft

from aunce_lib.corpora import CorpusError, by_split
from aunce_lib.corpora.gft import TEMPLATE, read, write_template


def test_the_template_is_a_description_with_everything_left_open(tmp_path):
    path = write_template(tmp_path / "gft.yaml")
    assert set(yaml.safe_load(path.read_text()).values()) == {None}
    with pytest.raises(CorpusError, match="'labels' is not filled in"):
        read(tmp_path)
    with pytest.raises(FileExistsError, match="is there already"):
        write_template(path)


def test_a_filled_in_template_is_all_that_is_needed(tmp_path):
    tree = gft()
    said = {line.split(":")[0]: line for line in tree.files["gft.yaml"].decode().splitlines()}
    lines = [said.get(line.split(":")[0], line) for line in TEMPLATE.splitlines()]
    source = tree.changed({"gft.yaml": "\n".join(lines).encode()}).write(tmp_path)
    assert_reads(read(source), tree)


def test_without_a_description_nothing_is_guessed(tmp_path):
    source = gft().changed({"gft.yaml": None}).write(tmp_path)
    with pytest.raises(CorpusError, match="aunce template --path"):
        read(source)


@pytest.mark.parametrize(
    "key", [line.split(":")[0] for line in TEMPLATE.splitlines() if ": " in line and line[0] != "#"]
)
@pytest.mark.parametrize("value", ["null", "{}", "[1, 0]", "-3", "2020-01-01", "[[["])
def test_a_description_that_says_something_impossible_is_refused(key, value, tmp_path):
    tree = gft()
    lines = [
        f"{key}: {value}" if line.startswith(f"{key}:") else line
        for line in tree.files["gft.yaml"].decode().splitlines()
    ]
    source = tree.changed({"gft.yaml": "\n".join(lines).encode()}).write(tmp_path)
    with pytest.raises(CorpusError, match=r"(gft\.yaml|line 1|cannot be read).*expected"):
        read(source)


def test_the_users_split_is_the_fold(tmp_path):
    table = read(gft().write(tmp_path))
    fold = by_split(table)
    assert fold.test_subjects == ("gft/002A",)
    assert fold.train_subjects == ("gft/001A", "gft/001B")


@pytest.mark.parametrize(
    ("split", "message"),
    [
        (b"subject,split\n001A,train\n001B,train\n", "002A is not in it"),
        (
            b"subject,split\n001A,train\n001B,train\n002A,test\n003A,test\n",
            "003A is in it, but has",
        ),
        (b"subject,split\n001A,train\n001A,test\n", "line 3: expected each person once"),
        (b"subject,split\n001A,training\n", "line 2: expected .* got '001A', 'training'"),
        (b"person,split\n001A,train\n", "expected a column 'subject'"),
    ],
)
def test_a_split_that_does_not_fit_the_labels_is_refused(split, message, tmp_path):
    with pytest.raises(CorpusError, match=message):
        read(gft().changed({"split.csv": split}).write(tmp_path))


@pytest.mark.parametrize("content", [None, b"no video"])
def test_somebody_without_images_is_an_error_or_counted(content, tmp_path):
    tree = gft()
    changes = {name: None for name in tree.files if name.startswith("frames/002A/")}
    source = tree.changed(changes | {"frames/002A": content}).write(tmp_path)
    with pytest.raises(CorpusError, match="expected a folder of images or a video of 002A"):
        read(source)
    assert read(source, missing="skip").metadata["skipped"] == {"recording without images": 1}


def test_rows_may_be_frames_and_the_split_may_be_left_out(tmp_path):
    tree = gft()
    text = tree.files["gft.yaml"].decode()
    text = text.replace("frame_column: Frame", "frame_column: row")
    text = text.replace("split: split.csv", "split: none")
    table = read(tree.changed({"gft.yaml": text.encode()}).write(tmp_path))
    assert "split" not in table.frames
    assert (table.labels == tree.truth[[f"AU{a}" for a in table.aus]]).to_numpy().sum() > 100
