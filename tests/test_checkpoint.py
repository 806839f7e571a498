"""Checkpoints: the same to the bit, the last two kept, damage passed over, a full disk survived."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import resource
import shutil
import subprocess
import warnings
from contextlib import contextmanager

import pytest
import torch
from torch import nn

from aunce_lib.checkpoint import FILES, latest_checkpoint, load_checkpoint, save_checkpoint


def some_model(seed: int = 0) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A model and its AdamW after two steps."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Flatten(), nn.Linear(288, 2))
    model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    for _ in range(2):
        step(model, optimizer)
    return model, optimizer


def step(model, optimizer):
    optimizer.zero_grad()
    model(torch.randn(4, 3, 8, 8)).square().sum().backward()
    optimizer.step()


def saved(folder, *epochs: int):
    """A folder of checkpoints, each of another model; their state says which."""
    for epoch in epochs:
        save_checkpoint(folder, epoch, *some_model(epoch), {"note": f"epoch {epoch}"})
    return folder


def names(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


@contextmanager
def no_file_above(n_bytes: int):
    """What a full disk does to a program, done by the operating system."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


# there and back


def test_model_optimiser_and_state_come_back_to_the_bit(tmp_path):
    model, optimizer = some_model(0)
    save_checkpoint(tmp_path, 7, model, optimizer, {"history": [{"loss": 0.1 + 0.2}]})
    other_model, other_optimizer = some_model(1)
    path, state = latest_checkpoint(tmp_path)
    load_checkpoint(path, other_model, other_optimizer)
    assert state == {"epoch": 7, "history": [{"loss": 0.1 + 0.2}]}
    for name, tensor in model.state_dict().items():
        assert torch.equal(other_model.state_dict()[name], tensor)
    theirs = other_optimizer.state_dict()["state"]
    for number, values in optimizer.state_dict()["state"].items():
        assert values.keys() == theirs[number].keys() == {"step", "exp_avg", "exp_avg_sq"}
        assert all(torch.equal(theirs[number][name], values[name]) for name in values)


def test_the_step_after_loading_is_the_step_that_would_have_been(tmp_path):
    model, optimizer = some_model(0)
    save_checkpoint(tmp_path, 1, model, optimizer, {})
    other_model, other_optimizer = some_model(1)
    load_checkpoint(latest_checkpoint(tmp_path)[0], other_model, other_optimizer)
    for one in ((model, optimizer), (other_model, other_optimizer)):
        torch.manual_seed(5)
        step(*one)
    for ours, theirs in zip(model.parameters(), other_model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_an_optimiser_that_has_made_no_step_is_saved_too(tmp_path):
    model = nn.Linear(2, 2)
    save_checkpoint(tmp_path, 1, model, torch.optim.AdamW(model.parameters()), {})
    load_checkpoint(tmp_path / "epoch_0001", model, torch.optim.AdamW(model.parameters()))


def test_the_last_two_are_kept_and_the_folder_holds_nothing_else(tmp_path):
    assert names(saved(tmp_path / "checkpoints", 1)) == ["epoch_0001"]
    assert names(saved(tmp_path / "checkpoints", 2, 3, 4)) == ["epoch_0003", "epoch_0004"]
    assert names(tmp_path / "checkpoints" / "epoch_0004") == ["SHA256SUMS", *FILES]


def test_folders_that_are_not_ours_are_left_alone(tmp_path):
    (tmp_path / "epoch_0001_best").mkdir()
    (tmp_path / "epoch_notes").mkdir()
    with no_warnings():
        assert latest_checkpoint(saved(tmp_path, 1, 2, 3))[1]["epoch"] == 3
    assert names(tmp_path) == ["epoch_0001_best", "epoch_0002", "epoch_0003", "epoch_notes"]


def test_steps_of_an_epoch_lie_between_it_and_the_one_before(tmp_path):
    for epoch, step in ((1, 0), (1, 9), (1, 10), (1, 200), (2, 0), (2, 1)):
        save_checkpoint(tmp_path, epoch, *some_model(epoch), {"step": step} if step else {})
        path, state = latest_checkpoint(tmp_path)
        assert (state["epoch"], state.get("step", 0)) == (epoch, step)
        assert path.name == f"epoch_000{epoch}" + (f"_step_{step:07d}" if step else "")
    assert names(tmp_path) == ["epoch_0002", "epoch_0002_step_0000001"]
    save_checkpoint(tmp_path, 2, *some_model(2), {"step": 7})
    save_checkpoint(tmp_path, 2, *some_model(2), {"step": 9})
    steps = ["epoch_0002_step_0000007", "epoch_0002_step_0000009"]
    assert names(tmp_path) == ["epoch_0002", *steps]  # the whole one stays
    cut("state.json")(tmp_path / steps[1])
    with pytest.warns(UserWarning, match="step_0000009 is damaged"):
        assert latest_checkpoint(tmp_path)[0].name == steps[0]
    save_checkpoint(tmp_path, 3, *some_model(3), {})
    assert names(tmp_path) == ["epoch_0002", "epoch_0003"]  # as of a run that nobody stopped


def test_no_checkpoint_is_none(tmp_path):
    assert latest_checkpoint(tmp_path) is None
    assert latest_checkpoint(tmp_path / "not" / "there") is None


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not there")
def test_sha256sum_checks_them_too(tmp_path):
    folder = saved(tmp_path, 1) / "epoch_0001"
    subprocess.run(["sha256sum", "--check", "SHA256SUMS"], cwd=folder, check=True)


# damage


def cut(name):
    def damage(folder):
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content[: len(content) // 2])

    return damage


def flip(name):
    def damage(folder):
        content = bytearray((folder / name).read_bytes())
        content[-3] ^= 1
        (folder / name).write_bytes(content)

    return damage


def remove(name):
    return lambda folder: (folder / name).unlink()


def write(name, text):
    return lambda folder: (folder / name).write_text(text)


def lie_about_files_elsewhere(folder):
    (folder / "state.json").write_text(json.dumps({"epoch": 2, "checksums": {"../x": "0"}}))
    (folder / "SHA256SUMS").write_text("0  ../x\n0  /dev/zero\n")


def become_a_file(folder):
    shutil.rmtree(folder)
    folder.write_text("no folder")


def sealed(text):
    """Another state, with checksums to fit."""

    def damage(folder):
        (folder / "state.json").write_text(text)
        sums = [f"{hashlib.sha256((folder / n).read_bytes()).hexdigest()}  {n}\n" for n in FILES]
        (folder / "SHA256SUMS").write_text("".join(sums))

    return damage


DAMAGES = {
    **{f"cut {name}": cut(name) for name in FILES},
    **{f"flip {name}": flip(name) for name in (*FILES, "SHA256SUMS")},
    **{f"remove {name}": remove(name) for name in (*FILES, "SHA256SUMS")},
    "empty state": write("state.json", ""),
    "garbage state": write("state.json", "{]"),
    "another state": write("state.json", '{"epoch": 2, "note": "epoch 3"}'),
    "deep state": write("state.json", "[" * 100_000),
    "hostile names": lie_about_files_elsewhere,
    "a file": become_a_file,
    "sealed garbage": sealed("{]"),
    "sealed list": sealed("[2]"),
    "sealed without epoch": sealed("{}"),
    "sealed of another epoch": sealed('{"epoch": 1}'),
    "sealed of a part of it": sealed('{"epoch": 2, "step": 3}'),
    "sealed without a number": sealed('{"epoch": "two"}'),
    "sealed and deep": sealed("[" * 100_000),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_newest_is_named_and_the_one_before_it_used(tmp_path, damage):
    saved(tmp_path, 1, 2)
    damage(tmp_path / "epoch_0002")
    with pytest.warns(UserWarning, match=r"epoch_0002 is damaged .*not used"):
        path, state = latest_checkpoint(tmp_path)
    assert path == tmp_path / "epoch_0001"
    assert state == {"epoch": 1, "note": "epoch 1"}


def test_when_all_are_damaged_there_is_none(tmp_path):
    saved(tmp_path, 1, 2)
    for epoch in (1, 2):
        remove("state.json")(tmp_path / f"epoch_000{epoch}")
    with pytest.warns(UserWarning, match="damaged"):
        assert latest_checkpoint(tmp_path) is None


def test_a_damaged_one_is_replaced_when_its_epoch_is_done_again(tmp_path):
    saved(tmp_path, 1, 2)
    cut("model.safetensors")(tmp_path / "epoch_0002")
    saved(tmp_path, 2)
    with no_warnings():
        assert latest_checkpoint(tmp_path)[1]["epoch"] == 2


def test_damaged_later_ones_do_not_push_out_a_run_begun_anew(tmp_path):
    saved(tmp_path, 5, 6)
    for epoch in (5, 6):
        cut("state.json")(tmp_path / f"epoch_000{epoch}")
    saved(tmp_path, 1)
    assert names(tmp_path) == ["epoch_0001"]


# a full disk, and runs that were killed


def test_a_full_disk_is_an_os_error_that_names_the_folder_and_leaves_the_others(tmp_path):
    saved(tmp_path, 1, 2)
    with no_file_above(1000), pytest.raises(OSError, match=r"epoch_0003.*free some space") as error:
        saved(tmp_path, 3)
    assert error.value.errno == errno.EFBIG
    assert names(tmp_path) == ["epoch_0001", "epoch_0002"]
    with no_warnings():
        assert latest_checkpoint(tmp_path)[1]["epoch"] == 2


@pytest.mark.parametrize("function", ["rename", "fsync", "open"])
def test_a_disk_that_is_full_at_the_last_moment_leaves_the_others(tmp_path, monkeypatch, function):
    saved(tmp_path, 1, 2)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    model, optimizer = some_model(3)
    with monkeypatch.context() as patched:
        patched.setattr(os, function, full)
        with pytest.raises(OSError, match="epoch_0003.*No space left") as error:
            save_checkpoint(tmp_path, 3, model, optimizer, {})
    assert error.value.errno == errno.ENOSPC
    assert latest_checkpoint(tmp_path)[1]["epoch"] == 2
    assert [name for name in names(tmp_path) if name.startswith("epoch_")] == [
        "epoch_0001",
        "epoch_0002",
    ]


def test_a_file_where_the_folder_should_be_is_an_os_error_that_names_it(tmp_path):
    (tmp_path / "checkpoints").write_text("")
    with pytest.raises(OSError, match="could not write the checkpoint .*checkpoints/epoch_0001"):
        saved(tmp_path / "checkpoints", 1)


def test_a_partial_folder_is_never_taken_for_a_whole_one_and_goes_at_the_next_save(tmp_path):
    saved(tmp_path, 1)
    # the worst case: everything written, but not yet renamed
    shutil.copytree(tmp_path / "epoch_0001", tmp_path / ".epoch_0002.partial")
    (tmp_path / ".epoch_0003.partial").mkdir()
    with no_warnings():
        assert latest_checkpoint(tmp_path)[1]["epoch"] == 1
    saved(tmp_path, 2)
    assert names(tmp_path) == ["epoch_0001", "epoch_0002"]
