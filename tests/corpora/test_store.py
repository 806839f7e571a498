"""The frame store: what goes in comes out, and nothing but a whole store is ever opened."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aunce_lib.corpora import CorpusError, FrameStore
from aunce_lib.corpora.store import UnfinishedStore

HEADER_BYTES = 64


def random_frames(n: int, height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (n, height, width, 3), np.uint8)


def write_store(path, frames: np.ndarray) -> None:
    with FrameStore.create(path, *frames.shape[:3]) as writer:
        writer[0 : len(frames)] = frames


@pytest.fixture
def stored(tmp_path):
    """A store of 7 frames and what is in it."""
    frames = random_frames(7, 5, 6)
    write_store(tmp_path / "some.store", frames)
    return tmp_path / "some.store", frames


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.data())
def test_frames_come_back_as_written_in_any_pieces(tmp_path_factory, n, height, width, data):
    path = tmp_path_factory.mktemp("store") / "some.store"
    frames = random_frames(n, height, width)
    cuts = sorted({0, n, *data.draw(st.lists(st.integers(0, n)))})
    pieces = data.draw(st.permutations([slice(a, b) for a, b in zip(cuts, cuts[1:], strict=False)]))
    with FrameStore.create(path, n, height, width) as writer:
        for piece in pieces:
            writer[piece] = frames[piece]
    store = FrameStore.open(path)
    rows = data.draw(st.lists(st.integers(0, n - 1)))
    assert (len(store), store.height, store.width) == (n, height, width)
    np.testing.assert_array_equal(store[:], frames)
    np.testing.assert_array_equal(store[rows], frames[rows].reshape(-1, height, width, 3))


def test_batch_is_nchw_with_channels_last_memory(stored):
    path, frames = stored
    batch = FrameStore.open(path).batch([6, 2, 2])
    assert batch.dtype == torch.uint8
    assert batch.shape == (3, 3, 5, 6)
    assert batch.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_array_equal(batch.numpy(), frames[[6, 2, 2]].transpose(0, 3, 1, 2))


def test_a_batch_is_a_copy_and_the_store_stays(stored):
    path, frames = stored
    store = FrameStore.open(path)
    store.batch([0]).zero_()
    np.testing.assert_array_equal(store[[0]], frames[[0]])


@pytest.mark.parametrize("row", [7, -1])
def test_a_row_outside_the_store_is_refused(stored, row):
    with pytest.raises(IndexError, match=f"row {row} .*0 … 6"):
        FrameStore.open(stored[0])[[0, row]]


@pytest.mark.parametrize("rows", [[0.0, 1.0], np.ones(7, bool), [[0, 1]]])
def test_rows_that_are_no_integers_are_refused(stored, rows):
    with pytest.raises(TypeError, match="flatnonzero"):
        FrameStore.open(stored[0])[rows]


def test_a_pickled_store_opens_again_by_path(stored):
    path, frames = stored
    pickled = pickle.dumps(FrameStore.open(path))
    assert len(pickled) < 1000  # the path, not the pixels
    np.testing.assert_array_equal(pickle.loads(pickled)[:], frames)


def _read_sum(store: FrameStore) -> int:
    return int(store[:].astype(np.int64).sum())


def test_several_processes_read_the_same_store(stored):
    path, frames = stored
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        sums = pool.map(_read_sum, [FrameStore.open(path)] * 4)
    assert sums == [int(frames.astype(np.int64).sum())] * 4


@pytest.mark.parametrize("length", range(HEADER_BYTES + 1))
def test_a_store_cut_off_in_or_right_after_its_header_is_refused(stored, length):
    path, _ = stored
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(CorpusError, match=rf"some\.store.*\b{length}\b"):
        FrameStore.open(path)


@pytest.mark.parametrize("change", [-1, -90, 1, 90])
def test_a_store_of_another_length_is_refused_with_both_lengths(stored, change):
    path, frames = stored
    expected = HEADER_BYTES + frames.size
    os.truncate(path, expected + change)
    kind = "cut off" if change < 0 else "longer"
    with pytest.raises(
        CorpusError, match=rf"some\.store is {kind}.*{expected} .*{expected + change}"
    ):
        FrameStore.open(path)


@pytest.mark.parametrize("byte", range(HEADER_BYTES))
def test_every_damaged_byte_of_the_header_is_noticed(stored, byte):
    path, _ = stored
    content = bytearray(path.read_bytes())
    content[byte] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=r"some\.store"):
        FrameStore.open(path)


def _forged(version: int, n: int, height: int, width: int) -> bytes:
    unsigned = struct.pack("<8sIQII32x", b"AUNCEFRM", version, n, height, width)
    return unsigned + struct.pack("<I", zlib.crc32(unsigned))


@pytest.mark.parametrize("shape", [(8, 5, 6), (7, 6, 6), (7, 5, 5), (0, 5, 6), (2**60, 5, 6)])
def test_a_valid_header_that_lies_about_its_shape_is_refused(stored, shape):
    path, frames = stored
    path.write_bytes(_forged(1, *shape) + frames.tobytes())
    with pytest.raises(
        CorpusError, match=f"{np.prod(shape, dtype=object) * 3 + HEADER_BYTES} bytes"
    ):
        FrameStore.open(path)


def test_the_layout_is_the_documented_one(stored):
    path, frames = stored
    assert path.read_bytes() == _forged(1, 7, 5, 6) + frames.tobytes()


def test_another_version_is_refused(stored):
    path, frames = stored
    path.write_bytes(_forged(2, 7, 5, 6) + frames.tobytes())
    with pytest.raises(CorpusError, match="version 2"):
        FrameStore.open(path)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n" + bytes(100), bytes(800), b"x"])
def test_a_foreign_file_is_refused(tmp_path, content):
    (tmp_path / "photo.png").write_bytes(content)
    with pytest.raises(CorpusError, match="not a frame store"):
        FrameStore.open(tmp_path / "photo.png")


def test_a_missing_store_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        FrameStore.open(tmp_path / "nowhere.store")


def test_an_unfinished_store_never_appears(tmp_path):
    def write_five_of_seven():
        with FrameStore.create(tmp_path / "some.store", 7, 4, 4) as writer:
            writer[0:2] = random_frames(2, 4, 4)
            writer[4:7] = random_frames(3, 4, 4)

    with pytest.raises(CorpusError, match="5 of 7 .*first missing is row 2"):
        write_five_of_seven()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_an_interrupted_rewrite_leaves_the_old_store_and_nothing_else(stored, error):
    path, frames = stored

    def rewrite():
        with FrameStore.create(path, 7, 5, 6) as writer:
            writer[0:3] = random_frames(3, 5, 6, seed=1)
            raise error

    with pytest.raises(error):
        rewrite()
    assert list(path.parent.iterdir()) == [path]
    np.testing.assert_array_equal(FrameStore.open(path)[:], frames)


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are POSIX")
def test_a_disk_that_runs_full_is_a_clear_error_and_leaves_nothing(tmp_path):
    """The file-size limit of a process makes writing fail halfway, as a full disk does."""
    script = f"""
import resource, numpy as np
from aunce_lib.corpora import FrameStore
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    with FrameStore.create({str(tmp_path / "big.store")!r}, 100, 16, 16) as writer:
        writer[0:100] = np.zeros((100, 16, 16, 3), np.uint8)
except OSError as error:
    print(error)
"""
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert "could not write" in result.stdout, result.stderr
    assert "big.store" in result.stdout
    assert "free some space" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with (
        pytest.raises(OSError, match=r"could not write .*some\.store"),
        FrameStore.create(tmp_path / "file" / "some.store", 1, 1, 1),
    ):
        pass


def test_an_error_of_what_is_read_keeps_its_own_message(tmp_path):
    with (
        pytest.raises(FileNotFoundError, match=r"frame_17\.jpg") as caught,
        FrameStore.create(tmp_path / "some.store", 1, 1, 1),
    ):
        (tmp_path / "frame_17.jpg").read_bytes()
    assert "could not write" not in str(caught.value)


@pytest.mark.parametrize(
    ("frames", "error", "message"),
    [
        (np.zeros((2, 4, 4, 3), np.float32), TypeError, "uint8"),
        (np.zeros((2, 3, 4, 4), np.uint8), ValueError, r"must be \(2, 4, 4, 3\)"),
        (np.zeros((1, 4, 4, 3), np.uint8), ValueError, r"must be \(2, 4, 4, 3\)"),
    ],
)
def test_frames_that_do_not_fit_are_refused(tmp_path, frames, error, message):
    with (
        pytest.raises(error, match=message),
        FrameStore.create(tmp_path / "some.store", 2, 4, 4) as writer,
    ):
        writer[0:2] = frames


@pytest.mark.parametrize("sizes", [(0, 4, 4), (1, 0, 4), (1, 4, -1)])
def test_sizes_must_be_positive(tmp_path, sizes):
    with (
        pytest.raises(ValueError, match="at least 1"),
        FrameStore.create(tmp_path / "some.store", *sizes),
    ):
        pass


def _write_slowly(path, seed: int) -> None:
    frames = random_frames(50, 8, 8, seed)
    for _ in range(20):
        with FrameStore.create(path, 50, 8, 8) as writer:
            for row in range(50):
                writer[row : row + 1] = frames[row : row + 1]


def test_two_processes_writing_at_once_leave_one_whole_store(tmp_path):
    path = tmp_path / "some.store"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_slowly, args=(path, seed)) for seed in (1, 2)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        if path.exists():
            content = FrameStore.open(path)[:]
            assert any(np.array_equal(content, random_frames(50, 8, 8, s)) for s in (1, 2))
    for writer in writers:
        writer.join()
        assert writer.exitcode == 0
    assert list(tmp_path.iterdir()) == [path]


# ------------------------------------------------------------------------ written over several runs
def test_an_unfinished_store_is_continued_and_opens_only_when_finished(tmp_path):
    frames, path = random_frames(5, 4, 6), tmp_path / "unfinished"
    for rows in ((3, 0), (1, 4, 2)):  # two runs
        with UnfinishedStore(path, 5, 4, 6) as store:
            for row in rows:
                store.write(row, frames[row])
        with pytest.raises(CorpusError, match="not a frame store"):
            FrameStore.open(path)
    with UnfinishedStore(path, 5, 4, 6) as store:
        store.finish(tmp_path / "some.store")
    write_store(tmp_path / "at_once.store", frames)
    assert (tmp_path / "some.store").read_bytes() == (tmp_path / "at_once.store").read_bytes()
    assert not path.exists()


@pytest.mark.parametrize(
    ("row", "frame"),
    [
        (5, np.zeros((4, 6, 3), np.uint8)),
        (-1, np.zeros((4, 6, 3), np.uint8)),
        (0, np.zeros((4, 5, 3), np.uint8)),
        (0, np.zeros((4, 6, 3))),
    ],
)
def test_an_unfinished_store_takes_only_frames_of_its_own_kind(row, frame, tmp_path):
    with UnfinishedStore(tmp_path / "unfinished", 5, 4, 6) as store, pytest.raises(ValueError):
        store.write(row, frame)


def test_a_file_of_another_size_is_not_continued(tmp_path):
    (tmp_path / "unfinished").write_bytes(bytes(100))
    with pytest.raises(CorpusError, match="begin anew"):
        UnfinishedStore(tmp_path / "unfinished", 5, 4, 6)
    assert (tmp_path / "unfinished").stat().st_size == 100
