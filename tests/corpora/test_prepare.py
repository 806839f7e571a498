"""Preparing: the right pixels in the right rows, whatever stops it, and nothing elsewhere."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from trees import layout

from aunce_lib.corpora import CorpusError, FrameTable, pictures, prepare
from aunce_lib.corpora.align import Box
from aunce_lib.corpora.prepare import UNFINISHED, load_prepared
from aunce_lib.corpora.readers import reader

SIZE = 32


def noise(path: Path, seed: int, size: int = SIZE) -> None:
    """A lossless picture unlike any other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size, size, 3), np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def photos(tmp_path):
    """Twelve photos of three people, and the table of them."""
    source = tmp_path / "photos"
    for number in range(12):
        noise(source / "ABC"[number // 4] / f"{number}.png", number)
    return source, reader("folder")(source)


def run(photos, out, corpus: str = "folder", **options) -> FrameTable:
    source, table = photos
    options = {"size": SIZE, "align": "none"} | options
    return prepare.prepare(corpus, table, source, out, **options)


def digests(out: Path) -> dict[str, str]:
    names = ("frames.store", "frames.parquet", "rejected.csv")
    return {name: hashlib.sha256((out / name).read_bytes()).hexdigest() for name in names}


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# ------------------------------------------------------------------------------ the right pixels
def test_row_i_of_the_store_is_frame_i_of_the_table(photos, tmp_path):
    table = run(photos, tmp_path / "out")
    for row, path in zip(table.rows, table.frames["path"], strict=True):
        expected = np.asarray(Image.open(photos[0] / path))
        np.testing.assert_array_equal(table.store[[row]][0], expected)


def test_what_is_prepared_is_opened_again_with_labels_and_notes(tmp_path):
    name, tree = layout("bp4d", faces=SIZE)
    source = tree.write(tmp_path / "raw")
    table = reader(name)(source, **tree.options)
    made = prepare.prepare(name, table, source, tmp_path / "out", size=SIZE, align="none")
    opened = load_prepared(tmp_path / "out")
    pd.testing.assert_frame_equal(opened.frames, made.frames)
    np.testing.assert_array_equal(opened.labels, table.labels)
    assert opened.metadata["prepared"]["aligned"] == {"as it is": len(table)}
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        "frames.parquet",
        "frames.store",
        "rejected.csv",
    ]


@pytest.mark.parametrize("name", ["disfa, videos", "bp4dplus, archives", "csv, OpenFace"])
def test_frames_of_videos_and_archives_are_the_drawn_ones(name, tmp_path):
    kind, tree = layout(name, faces=SIZE)
    source = tree.write(tmp_path / "raw")
    table = reader(kind)(source, **tree.options)
    made = prepare.prepare(kind, table, source, tmp_path / "out", size=SIZE, align="none")
    assert len(made) == len(table)
    shown = made.store[made.rows].astype(float)
    for row, frame in enumerate(made.frames.itertuples()):
        expected = original(tree, frame)
        assert np.abs(shown[row] - expected).mean() < 2
        others = np.delete(np.arange(len(shown)), row)
        assert all(np.abs(shown[o] - expected).mean() > 1e-9 for o in others)


def original(tree, frame) -> np.ndarray:
    """A frame by another way than the library's: all of a video, or a member by zipfile."""
    import io
    import zipfile

    import av

    if ".zip!" in frame.path:
        archive, member = frame.path.split("!")
        with zipfile.ZipFile(io.BytesIO(tree.files[archive])) as file:
            return np.asarray(Image.open(file.open(member)), float)
    base = Path(tree.source).parent if tree.source.endswith(".csv") else Path(tree.source)
    content = tree.files[str(base / frame.path)]
    with av.open(io.BytesIO(content)) as container:
        frames = [f.to_ndarray(format="rgb24") for f in container.decode(video=0)]
    return frames[frame.video_frame].astype(float)


def test_each_video_is_decoded_once_even_over_many_chunks(tmp_path, monkeypatch):
    name, tree = layout("disfa, videos", faces=SIZE)
    source = tree.write(tmp_path / "raw")
    table, opened = reader(name)(source, **tree.options), []
    whole = pictures.read_frames
    monkeypatch.setattr(prepare, "CHUNK", 2)
    monkeypatch.setattr(
        pictures, "read_frames", lambda path, *rest: opened.append(path) or whole(path, *rest)
    )
    prepare.prepare(name, table, source, tmp_path / "out", size=SIZE, align="none")
    assert len(opened) == table.frames["path"].nunique()


def test_two_processes_make_the_same_store_as_one(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "CHUNK", 3)
    run(photos, tmp_path / "one")
    run(photos, tmp_path / "two", processes=2)
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_no_picture_is_kept_in_memory(tmp_path, monkeypatch):
    """As many pictures are alive in the middle of a corpus as after its first chunk."""
    import gc
    import weakref

    for number in range(20):
        noise(tmp_path / "photos" / "A" / f"{number}.png", number)
    photos = tmp_path / "photos", reader("folder")(tmp_path / "photos")
    alive, most, whole = weakref.WeakSet(), [], pictures.read_photo

    class Picture(np.ndarray):
        __hash__ = object.__hash__

    def watched(path):
        gc.collect()
        most.append(len(alive))
        image = whole(path).view(Picture)
        alive.add(image)
        return image

    monkeypatch.setattr(pictures, "read_photo", watched)
    monkeypatch.setattr(prepare, "CHUNK", 8)
    run(photos, tmp_path / "out")
    assert max(most) <= 2


# ------------------------------------------------------------------------------------- rejections
def damage(source: Path) -> None:
    (source / "A" / "1.png").write_bytes(b"no picture")
    (source / "B" / "5.png").unlink()


def test_bad_files_stop_it_by_name_and_say_how_to_go_on(photos, tmp_path):
    damage(photos[0])
    with pytest.raises(CorpusError, match=r"A/1\.png.*--on-error skip"):
        run(photos, tmp_path / "out")
    assert load_after_skip(photos, tmp_path / "out") == 10


def load_after_skip(photos, out) -> int:
    return len(run(photos, out, on_error="skip"))


def test_skipped_files_are_listed_with_their_reason(photos, tmp_path):
    damage(photos[0])
    table = run(photos, tmp_path / "out", on_error="skip")
    rejected = pd.read_csv(tmp_path / "out" / "rejected.csv")
    assert dict(zip(rejected["path"], rejected["reason"], strict=True)) == {
        "A/1.png": "unreadable",
        "B/5.png": "missing",
    }
    assert "A/1.png" in rejected["detail"][0]
    assert table.metadata["prepared"]["rejected"] == {"missing": 1, "unreadable": 1}
    expected = np.asarray(Image.open(photos[0] / table.frames["path"].iloc[-1]))
    np.testing.assert_array_equal(table.store[[table.rows[-1]]][0], expected)


def test_a_video_that_ends_early_rejects_its_last_frames(tmp_path):
    name, tree = layout("disfa, videos", faces=SIZE)
    path = next(name for name in tree.files if name.endswith("avi") and "eft" in name)
    tree = tree.changed({path: tree.files[path][: 4 * len(tree.files[path]) // 5]})
    source = tree.write(tmp_path / "raw")
    table = reader(name)(source, **tree.options)
    made = prepare.prepare(
        name, table, source, tmp_path / "out", size=SIZE, align="none", on_error="skip"
    )
    rejected = pd.read_csv(tmp_path / "out" / "rejected.csv")
    assert set(rejected["path"]) == {path}
    assert 0 < len(rejected) < 6
    assert len(made) == len(table) - len(rejected)


def test_a_frame_without_a_face_is_counted_and_its_row_shows_the_picture(
    photos, tmp_path, monkeypatch
):
    first = Image.open(photos[0] / "A" / "0.png")
    monkeypatch.setattr(pictures, "detect_faces", no_face_in(np.asarray(first)))
    table = run(photos, tmp_path / "out", align="detect")
    assert table.metadata["prepared"]["rejected"] == {"no face": 1}
    assert 0 not in table.rows
    np.testing.assert_array_equal(table.store[[0]][0], np.asarray(first))


def no_face_in(picture):
    def detect(image):
        return [] if np.array_equal(image, picture) else [Box(4, 4, 20, 20)]

    return detect


def test_a_corpus_without_any_face_says_what_may_be_wrong(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "detect_faces", lambda image: [])
    with pytest.raises(CorpusError, match="not one of 12 frames.*--align none"):
        run(photos, tmp_path / "out", align="detect")


def test_a_corpus_that_vanishes_is_not_taken_for_missing_frames(photos, tmp_path, monkeypatch):
    whole, source = pictures.read_photo, photos[0]

    def vanish(path):
        if source.exists() and "5.png" in str(path):
            source.rename(tmp_path / "elsewhere")
        return whole(path)

    monkeypatch.setattr(prepare, "CHUNK", 2)
    monkeypatch.setattr(pictures, "read_photo", vanish)
    with pytest.raises(OSError, match="is gone.*run again"):
        run(photos, tmp_path / "out", on_error="skip")
    (tmp_path / "elsewhere").rename(source)
    monkeypatch.setattr(pictures, "read_photo", whole)
    assert len(run(photos, tmp_path / "out")) == 12


# ---------------------------------------------------------------------------- stopped and going on
def test_a_face_is_followed_within_a_chunk_only_so_that_stopping_changes_nothing(
    tmp_path, monkeypatch
):
    """The stand-in for detection finds a moving box: what is followed twice would end elsewhere."""
    for number in range(10):
        noise(tmp_path / "photos" / "A" / f"{number}.png", number)
    photos = tmp_path / "photos", reader("folder")(tmp_path / "photos")
    monkeypatch.setattr(prepare, "CHUNK", 4)
    monkeypatch.setattr(pictures, "detect_faces", lambda image: [Box(4, 4, 20, 20)])
    monkeypatch.setattr(
        pictures, "follow_face", lambda image, box: Box(box.row + 1, box.column, 20, 20)
    )
    run(photos, tmp_path / "whole", "disfa", align="detect")

    original, seen = pictures.read_photo, []

    def fail_once(path):
        seen.append(path)
        if len(seen) == 6:
            raise KeyboardInterrupt
        return original(path)

    monkeypatch.setattr(pictures, "read_photo", fail_once)
    with pytest.raises(KeyboardInterrupt):
        run(photos, tmp_path / "stopped", "disfa", align="detect")
    with pytest.raises(FileNotFoundError, match="unfinished"):
        load_prepared(tmp_path / "stopped")
    run(photos, tmp_path / "stopped", "disfa", align="detect")
    assert digests(tmp_path / "whole") == digests(tmp_path / "stopped")
    assert len(seen) == 6 + 10 - 4  # the first chunk was not done again


def test_photos_are_no_recording_each_face_is_searched_anew(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "detect_faces", lambda image: [Box(4, 4, 20, 20)])
    monkeypatch.setattr(pictures, "follow_face", None)
    assert len(run(photos, tmp_path / "out", align="detect")) == 12


def test_landmarks_come_before_detection_unless_they_lie_outside(photos, tmp_path, monkeypatch):
    points = np.full((12, 68, 2), 1e6)
    points[:6] = 9
    points[:6, 42:48] = 20, 9
    points[:6, [48, 54]] = 14, 22
    rows = {f"{axis}_{i}": points[:, i, k] for k, axis in enumerate("xy") for i in range(68)}
    frame = pd.DataFrame(rows).assign(path=photos[1].frames["path"])
    frame.to_csv(tmp_path / "landmarks.csv", index=False)
    monkeypatch.setattr(pictures, "detect_faces", lambda image: [Box(4, 4, 20, 20)])
    landmarks = tmp_path / "landmarks.csv"
    table = run(photos, tmp_path / "out", align="auto", landmarks=landmarks)
    assert table.metadata["prepared"]["aligned"] == {"detection": 6, "landmarks": 6}
    table = run(photos, tmp_path / "other", align="detect", landmarks=landmarks)
    assert table.metadata["prepared"]["aligned"] == {"detection": 12}


COMMAND = """
import sys
from aunce_lib.corpora import prepare
prepare.CHUNK = 4
from aunce_lib.cli import main
if __name__ == "__main__":
    main()
"""


def killed_and_continued(tmp_path, kills: int, processes: tuple[int, ...]) -> None:
    """Kill `aunce prepare` at random moments of its work, then let it finish."""
    n, rng = 400, np.random.default_rng(0)
    for number in range(n):
        noise(tmp_path / "photos" / f"P{number % 5}" / f"{number}.png", number)
    photos = tmp_path / "photos", reader("folder")(tmp_path / "photos")
    run(photos, tmp_path / "whole")
    out, before = tmp_path / "out", snapshot(photos[0])
    script = tmp_path / "command.py"
    script.write_text(COMMAND)
    command = [sys.executable, script, "prepare", "folder", photos[0], out, "--align", "none"]
    command += ["--size", SIZE, "--processes"]
    signals, killed = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT), 0
    for number in range(kills):
        records = len(list((out / UNFINISHED).glob("0*.json")))
        wanted = records + int(rng.integers(0, max(2, (90 - records) // (kills - number))))
        process = start([*command, processes[number % len(processes)]])
        while process.poll() is None and len(list((out / UNFINISHED).glob("0*.json"))) <= wanted:
            time.sleep(0.001)
        time.sleep(rng.random() * 0.01)
        process.send_signal(signals[number % 3])
        if process.wait() == 0:  # on a busy machine it may finish before the signal comes
            break
        assert process.returncode in (-9, -15, -2, 130), process.stderr.read()
        killed += 1
    else:
        process = start([*command, 1])
        assert process.wait() == 0, process.stderr.read()
    assert killed
    assert digests(tmp_path / "whole") == digests(out)
    assert snapshot(photos[0]) == before
    assert sorted(p.name for p in tmp_path.iterdir()) == ["command.py", "out", "photos", "whole"]


def start(command) -> subprocess.Popen:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    streams = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen([str(part) for part in command], env=environment, **streams)


def test_killed_three_times_the_store_is_that_of_an_undisturbed_run(tmp_path):
    killed_and_continued(tmp_path, 3, (1,))


@pytest.mark.slow
def test_killed_twenty_times_the_store_is_that_of_an_undisturbed_run(tmp_path):
    killed_and_continued(tmp_path, 20, (1, 2))


@pytest.mark.parametrize("step", ["rejected.csv", "frames.parquet"])
def test_stopped_between_store_and_table_it_only_writes_what_is_lacking(
    step, photos, tmp_path, monkeypatch
):
    whole = prepare.atomic_path

    def stop(path):
        if Path(path).name == step:
            raise KeyboardInterrupt
        return whole(path)

    monkeypatch.setattr(prepare, "atomic_path", stop)
    monkeypatch.setattr("aunce_lib.corpora.frames.atomic_path", stop)
    with pytest.raises(KeyboardInterrupt):
        run(photos, tmp_path / "out")
    monkeypatch.undo()
    monkeypatch.setattr(pictures, "read_photo", None)  # nothing is read again
    assert len(run(photos, tmp_path / "out")) == 12


def test_a_full_disk_keeps_what_is_done(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "CHUNK", 4)
    write, written = prepare.UnfinishedStore.write, []

    def full(self, row, frame):
        written.append(row)
        if len(written) == 7:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, row, frame)

    monkeypatch.setattr(prepare.UnfinishedStore, "write", full)
    with pytest.raises(OSError, match=r"No space left.*run again.*is kept") as caught:
        run(photos, tmp_path / "out")
    assert caught.value.errno == errno.ENOSPC
    run(photos, tmp_path / "out")
    assert written[7:] == list(range(4, 12))


def test_too_little_space_is_said_before_the_work(photos, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(prepare.shutil, "disk_usage", lambda path: usage)
    monkeypatch.setattr(pictures, "read_photo", None)
    with pytest.raises(OSError, match="GB more.*free some space"):
        run(photos, tmp_path / "out")


def test_a_process_that_is_killed_is_an_error_in_words(photos, tmp_path, monkeypatch):
    from aunce_lib.corpora.processes import work_off

    with pytest.raises(ChildProcessError, match="fewer processes"):
        list(work_off(dies, None, [1, 2, 3], 2))


def dies(job, task):
    os.kill(os.getpid(), 9)
    yield 1


# ------------------------------------------------------------------------------- whose folder it is
def test_a_finished_folder_is_not_made_again(photos, tmp_path, monkeypatch):
    run(photos, tmp_path / "out")
    before = digests(tmp_path / "out")
    monkeypatch.setattr(pictures, "read_photo", None)
    assert len(run(photos, tmp_path / "out")) == 12
    assert digests(tmp_path / "out") == before


def test_another_plan_in_the_same_folder_is_refused(photos, tmp_path):
    run(photos, tmp_path / "out")
    with pytest.raises(FileExistsError, match="size 32 there, 16 here"):
        run(photos, tmp_path / "out", size=16)


def test_another_plan_in_an_unfinished_folder_is_refused(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "_fill", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        run(photos, tmp_path / "out")
    with pytest.raises(FileExistsError, match="size 32 there, 16 here.*not finished"):
        run(photos, tmp_path / "out", size=16)


@pytest.mark.parametrize("name", ["frames.store", "unfinished/notes.txt"])
def test_other_files_of_these_names_are_never_touched(name, photos, tmp_path):
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(FileExistsError, match="choose another folder"):
        run(photos, tmp_path / "out")
    assert path.read_text() == "mine"


def test_links_out_of_the_folder_are_not_followed(photos, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / UNFINISHED).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        run(photos, tmp_path / "out")
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize("inside", [".", "out"])
def test_the_corpus_own_folder_is_never_written_to(inside, photos, tmp_path):
    before = snapshot(photos[0])
    with pytest.raises(ValueError, match="choose a folder elsewhere"):
        run(photos, photos[0] / inside)
    assert snapshot(photos[0]) == before


def test_a_damaged_plan_is_named(photos, tmp_path):
    (tmp_path / "out" / UNFINISHED).mkdir(parents=True)
    (tmp_path / "out" / UNFINISHED / "plan.json").write_text("{")
    with pytest.raises(CorpusError, match=r"plan\.json is damaged"):
        run(photos, tmp_path / "out")


def test_pixels_that_were_deleted_are_made_again(photos, tmp_path, monkeypatch):
    run(photos, tmp_path / "whole")
    monkeypatch.setattr(prepare, "_conclude", lambda *_: None)
    finish = prepare.UnfinishedStore.finish
    monkeypatch.setattr(prepare.UnfinishedStore, "finish", lambda self, target: None)
    run(photos, tmp_path / "out")
    (tmp_path / "out" / UNFINISHED / "frames.store").unlink()
    monkeypatch.undo()
    assert finish is prepare.UnfinishedStore.finish
    run(photos, tmp_path / "out")
    assert digests(tmp_path / "whole") == digests(tmp_path / "out")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"align": "guess"}, "align must be one of"),
        ({"on_error": "hide"}, "on_error must be one of"),
        ({"size": 0}, "at least 1"),
        ({"processes": 0}, "at least 1"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, message, photos, tmp_path):
    with pytest.raises(ValueError, match=message):
        run(photos, tmp_path / "out", **options)


def test_landmarks_that_are_not_there_are_said_before_the_work(photos, tmp_path):
    with pytest.raises(FileNotFoundError, match="no landmarks at"):
        run(photos, tmp_path / "out", align="auto", landmarks=tmp_path / "none.csv")


def test_a_folder_without_a_prepared_corpus_says_what_makes_one(tmp_path):
    with pytest.raises(FileNotFoundError, match="aunce prepare"):
        load_prepared(tmp_path)


def test_records_say_how_faces_were_found(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(prepare, "_conclude", lambda *_: None)
    run(photos, tmp_path / "out")
    (record,) = (tmp_path / "out" / UNFINISHED).glob("0*.json")
    assert json.loads(record.read_text()) == {"rejected": [], "aligned": {"as it is": 12}}
