"""What goes wrong on real machines, done on purpose: full disks, files cut off, slow mounts."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from test_fuzz_weights import a_probe, module

from aunce_lib.checkpoint import latest_checkpoint, save_checkpoint
from aunce_lib.config import TrainConfig
from aunce_lib.corpora import FrameStore, FrameTable
from aunce_lib.corpora.atomic import atomic_path
from aunce_lib.training import Run, fit

CONFIG = TrainConfig(epochs=2, batch_size=16, dim=4)

# ── a full disk ──────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MiB, where one may be made; unmounted at the end."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if sys.platform != "linux" or mount is None or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a small disk")
    command = [mount, "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if subprocess.run(command, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount, as containers do")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def table(n: int = 3) -> FrameTable:
    people = np.arange(n)
    frames = {"corpus": "d", "subject": [f"d/{i}" for i in people], "sequence": "s"}
    return FrameTable(pd.DataFrame({**frames, "frame": people * 7919 % 104729, "AU1": 0.0}))


def save_store(path: Path) -> None:
    with FrameStore.create(path, 2, 8, 8) as writer:
        writer[0:2] = np.zeros((2, 8, 8, 3), np.uint8)


def save_text(path: Path) -> None:
    with atomic_path(path) as temporary:  # as reports, figures, histories and metrics are written
        temporary.write_text("<html>" + "x" * 10_000)


WRITERS = {
    "checkpoint": lambda path: save_checkpoint(path, 2, *module(), {"aus": [1, 12]}),
    "store": save_store,
    "table": lambda path: table(3000).save(path),
    "probe": lambda path: a_probe().save(path),
    "settings": CONFIG.save,
    "page": save_text,
}


def contents(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fill(disk: Path, free: int) -> None:
    """Leave so many bytes of a disk."""
    filler = disk / "filler"
    with suppress(OSError), filler.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))
    size = filler.stat().st_size
    os.truncate(filler, max(size - free, 0))


@pytest.mark.parametrize("share", [0, 0.5], ids=["full", "full halfway"])
@pytest.mark.parametrize("name", WRITERS)
def test_on_a_full_disk_the_old_file_stays_and_the_error_says_what_to_do(name, share, small_disk):
    write, path = WRITERS[name], small_disk / "old"
    write(path)
    if name == "checkpoint":  # of the epoch before
        (path / "epoch_0002").rename(path / "epoch_0001")
    before = contents(small_disk)
    fill(small_disk, int(share * sum(map(len, before.values()))))
    with pytest.raises(OSError, match="free some space") as error:
        write(path)
    assert error.value.errno == errno.ENOSPC
    assert str(path) in str(error.value)
    (small_disk / "filler").unlink()
    assert contents(small_disk) == before
    write(path)  # and now there is space


# ── a store that is cut off, or on a slow mount ──────────────────────────────────────────────────


@pytest.fixture
def own(tiny, tmp_path) -> FrameTable:
    """32 faces with a store of their own, which a test may damage."""
    path = tmp_path / "own.store"
    shutil.copy(tiny.store.path, path)
    return FrameTable(tiny.take(np.arange(32)).frames, {}, FrameStore.open(path))


READ_WHAT_IS_CUT_OFF = """
import os, sys
from aunce_lib.corpora import FrameStore
store = FrameStore.open(sys.argv[1])
store[0:4]
os.truncate(sys.argv[1], 70)
try:
    store[[0, 3]]
except OSError as error:
    print(error)
"""


def test_a_store_cut_off_while_it_is_open_is_an_error_and_no_end_of_the_process(own):
    command = [sys.executable, "-c", READ_WHAT_IS_CUT_OFF, str(own.store.path)]
    ended = subprocess.run(command, capture_output=True, text=True)
    assert ended.returncode == 0, ended  # -7 if it were mapped: SIGBUS
    assert f"could not read {own.store.path}" in ended.stdout
    assert "it was cut off after it was opened" in ended.stdout
    assert "run again" in ended.stdout


def test_a_store_that_is_deleted_while_it_is_open_is_still_read(own):
    before = own.store[:]
    own.store.path.unlink()
    np.testing.assert_array_equal(own.store[:], before)


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EIO])
def test_a_mount_that_goes_away_is_an_error_that_names_the_store(own, monkeypatch, number):
    def gone(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "preadv", gone, raising=False)
    with pytest.raises(OSError, match=r"could not read .*own\.store .*bring the file") as error:
        own.images()
    assert error.value.errno == number


def test_a_read_in_pieces_gives_the_same_frames(own, monkeypatch):
    """A read may give less than asked for, as those of network mounts and of 2 GiB do."""
    before, read = own.store[:], os.preadv
    monkeypatch.setattr(os, "preadv", lambda f, b, at: read(f, [b[0][:1000]], at))
    np.testing.assert_array_equal(own.store[[5, 6, 2, 2]], before[[5, 6, 2, 2]])


def test_where_reads_cannot_name_their_place_the_frames_are_the_same(own, monkeypatch):
    before = own.store[:]
    monkeypatch.delattr(os, "preadv")
    np.testing.assert_array_equal(own.store[[5, 6, 2, 2]], before[[5, 6, 2, 2]])


@pytest.fixture(scope="module")
def undisturbed(tiny, tmp_path_factory) -> Run:
    faces = tiny.take(np.arange(32))
    return fit(faces, CONFIG, tmp_path_factory.mktemp("alone") / "run", progress=False)


def same(run: Run, other: Run) -> bool:
    ours, theirs = run.encoder.state_dict(), other.encoder.state_dict()
    return all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_training_whose_store_is_cut_off_stops_and_goes_on_when_it_is_whole(
    own, tmp_path, undisturbed
):
    whole = own.store.path.read_bytes()

    def cut(history):
        if len(history) == 1:
            os.truncate(own.store.path, 5000)

    with pytest.raises(OSError, match=r"could not read .*own\.store"):
        fit(own, CONFIG, tmp_path / "run", progress=False, on_epoch=cut)
    own.store.path.write_bytes(whole)
    run = fit(own, CONFIG, tmp_path / "run", progress=False, resume=True)
    assert same(run, undisturbed)


def test_a_training_on_a_slow_mount_goes_on(own, tmp_path, monkeypatch, undisturbed):
    read = os.preadv

    def slow(*arguments):
        time.sleep(0.05)
        return read(*arguments)

    monkeypatch.setattr(os, "preadv", slow)
    assert same(fit(own, CONFIG, tmp_path / "run", progress=False), undisturbed)


# ── checkpoints ──────────────────────────────────────────────────────────────────────────────────


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 8
    path.write_bytes(content)


DAMAGE = {
    "truncated": lambda path: os.truncate(path, path.stat().st_size // 2),
    "a bit flipped": flip,
    "empty": lambda path: path.write_bytes(b""),
    "missing": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
@pytest.mark.parametrize("file", ["model.safetensors", "state.json"])
def test_with_a_damaged_newest_checkpoint_the_one_before_is_used(
    tmp_path, undisturbed, damage, file
):
    shutil.copytree(undisturbed.folder, tmp_path / "run")
    damage(tmp_path / "run" / "checkpoints" / "epoch_0002" / file)
    with pytest.warns(UserWarning, match="epoch_0002 is damaged"):
        assert Run.load(tmp_path / "run").history["epoch"].tolist() == [1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        path, state = latest_checkpoint(tmp_path / "run" / "checkpoints")
    assert (path.name, state["epoch"]) == ("epoch_0001", 1)
