"""Rendering into a store: killed at any moment it goes on, and the pixels are the same."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from killed_drawing import CHUNK, SETTINGS, draw

from aunce_lib.corpora import FrameStore, drawing, synthetic
from aunce_lib.corpora.drawing import HEADER, NOTE, Layout, draw_missing, publish
from aunce_lib.corpora.recording import record

N, SIZE, CHUNKS = 240, SETTINGS["image_size"], 8
SPAWN = multiprocessing.get_context("spawn")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(drawing, "CHUNK", CHUNK)


@pytest.fixture(scope="module")
def recording():
    return record(synthetic._plan("synth-bp4d", "tiny", None, None, SIZE, "benchmark", 0))[1]


@pytest.fixture(scope="module")
def undisturbed(recording, tmp_path_factory):
    """The pixels of a drawing that nobody killed."""
    part = tmp_path_factory.mktemp("whole") / "a.part"
    return finished(part, recording)


def finished(part: Path, recording) -> np.ndarray:
    """The pixels after drawing what is missing."""
    draw_missing(part, recording, SIZE)
    path = part.with_suffix(".store")
    publish(part, path, N, SIZE)
    assert not part.exists()
    return FrameStore.open(path)[:]


def notes(part: Path | None) -> int:
    """How many chunks an unfinished store holds."""
    layout = Layout(N, SIZE)
    content = part.read_bytes()[layout.notes :] if part is not None else b""
    if len(content) < layout.size - layout.notes:
        return 0
    return sum(crc ^ inverse == 0xFFFFFFFF for crc, inverse in NOTE.iter_unpack(content))


def unfinished(cache: Path) -> Path | None:
    return next(cache.glob("*.part"), None)


def kill_after(cache: Path, chunks: int, processes: int = 1) -> int:
    """Starts a drawing and kills it once so many chunks are there; how many are there then."""
    process = SPAWN.Process(target=draw, args=(cache, processes))
    process.start()
    while process.is_alive() and notes(unfinished(cache)) < chunks:
        time.sleep(0.001)
    process.kill()
    process.join()
    return notes(unfinished(cache))


def test_a_drawing_killed_again_and_again_ends_like_an_undisturbed_one(
    tmp_path, undisturbed, monkeypatch
):
    moments = random.Random(0)
    done = 0
    for _ in range(2):
        before, done = done, kill_after(tmp_path, done + moments.randint(1, 3))
        assert done >= before  # nothing that was drawn gets lost
    assert not list(tmp_path.glob("*.store"))  # unfinished is not there
    drawn = []
    real = drawing._draw_chunk
    monkeypatch.setattr(drawing, "_draw_chunk", lambda *a: drawn.append(a[2]) or real(*a))
    table = synthetic.load(cache=tmp_path, **SETTINGS)
    assert len(drawn) == CHUNKS - done  # only what was missing
    np.testing.assert_array_equal(table.store[:], undisturbed)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".parquet", ".store"]


def test_several_processes_draw_the_same_pixels(tmp_path, recording, undisturbed):
    part = tmp_path / "a.part"
    draw_missing(part, recording, SIZE, processes=2)
    assert notes(part) == CHUNKS
    np.testing.assert_array_equal(finished(part, recording), undisturbed)


@pytest.mark.slow
def test_several_processes_may_be_killed(tmp_path, undisturbed):
    kill_after(tmp_path, 2, processes=2)
    table = synthetic.load(cache=tmp_path, **SETTINGS)
    np.testing.assert_array_equal(table.store[:], undisturbed)
    assert len(list(tmp_path.iterdir())) == 2


def interrupt_after(monkeypatch, chunks: int) -> None:
    """The drawing stops itself, as Ctrl-C would, after so many chunks."""
    real, drawn = drawing._draw_chunk, []

    def draw_chunk(*arguments):
        if len(drawn) == chunks:
            raise KeyboardInterrupt
        drawn.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(drawing, "_draw_chunk", draw_chunk)


@pytest.fixture
def half(tmp_path, recording, monkeypatch):
    """An unfinished store of four chunks."""
    with monkeypatch.context() as patch:
        interrupt_after(patch, 4)
        with pytest.raises(KeyboardInterrupt):
            draw_missing(tmp_path / "a.part", recording, SIZE)
    assert notes(tmp_path / "a.part") == 4
    return tmp_path / "a.part"


def test_an_interrupted_drawing_goes_on(half, recording, undisturbed, monkeypatch):
    interrupt_after(monkeypatch, CHUNKS - 4)
    np.testing.assert_array_equal(finished(half, recording), undisturbed)


def test_a_chunk_whose_pixels_a_power_cut_took_is_drawn_again(half, recording, undisturbed):
    content = bytearray(half.read_bytes())
    content[HEADER.size + 100] ^= 1  # in chunk 0, which has a note
    half.write_bytes(content)
    np.testing.assert_array_equal(finished(half, recording), undisturbed)


@pytest.mark.parametrize("size", [0, 10, 100_000, 10_000_000])
def test_an_unfinished_store_of_any_length_is_repaired(half, recording, undisturbed, size):
    with half.open("r+b") as file:
        file.truncate(size)
    np.testing.assert_array_equal(finished(half, recording), undisturbed)


def test_what_is_finished_is_not_drawn_again(half, recording, monkeypatch):
    """Killed before the renaming."""
    first = draw_missing(half, recording, SIZE)
    interrupt_after(monkeypatch, 0)  # any drawing is an error
    assert draw_missing(half, recording, SIZE) == first


def test_a_full_disk_is_a_clear_error_and_keeps_what_was_drawn(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(drawing, "_draw_chunk", full)
        with pytest.raises(OSError, match=r"could not write .*No space left .*AUNCE_CACHE"):
            synthetic.load(cache=tmp_path, **SETTINGS)
    assert unfinished(tmp_path) is not None


def test_what_killed_processes_left_is_swept_by_the_next_success(tmp_path):
    table = synthetic.load(cache=tmp_path, **SETTINGS)
    stem = table.store.path.stem
    (tmp_path / f".{stem}.parquet.123-abc.tmp").write_text("half a table")
    (tmp_path / f"{stem}.lock").write_text("")
    table.store.path.unlink()
    synthetic.load(cache=tmp_path, **SETTINGS)
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".parquet", ".store"]


def test_memory_holds_one_chunk_at_a_time(tmp_path, recording, monkeypatch):
    sizes = []
    real = drawing.faces.render
    monkeypatch.setattr(drawing.faces, "render", lambda *a: sizes.append(len(a[0])) or real(*a))
    draw_missing(tmp_path / "a.part", recording, SIZE)
    assert sizes == [CHUNK] * 7 + [N - 7 * CHUNK]


def test_the_device_is_handed_to_the_renderer_and_kept_apart_from_the_cpu(tmp_path, monkeypatch):
    devices = []
    real = drawing.faces.render
    monkeypatch.setattr(
        drawing.faces, "render", lambda *a: devices.append(a[-1]) or real(*a[:-1], "cpu")
    )
    table = synthetic.load(cache=tmp_path, device="cuda", **SETTINGS)
    assert set(devices) == {"cuda"}
    assert table.metadata["device"] == "cuda"
    other = synthetic.load(cache=tmp_path, **SETTINGS)
    assert other.metadata["device"] == "cpu"
    assert other.store.path != table.store.path


def test_opening_reads_a_few_chunks_evenly(tmp_path, monkeypatch):
    synthetic.load(cache=tmp_path, **SETTINGS)
    read = []
    real = drawing.checksum
    monkeypatch.setattr(drawing, "checksum", lambda s, c: read.append(c) or real(s, c))
    monkeypatch.setattr(synthetic, "CHUNKS_CHECKED", 3)
    synthetic.load(cache=tmp_path, **SETTINGS)
    assert read == [0, 3, 7]


def dies(*_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_drawing_process_that_is_killed_is_an_error_in_words(tmp_path, undisturbed, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(drawing, "_draw_chunk", dies)
        with pytest.raises(ChildProcessError, match=r"drawing .*\.store was killed.*run again"):
            synthetic.load(cache=tmp_path, processes=2, **SETTINGS)
    table = synthetic.load(cache=tmp_path, **SETTINGS)
    np.testing.assert_array_equal(table.store[:], undisturbed)
