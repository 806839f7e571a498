"""Checkpoints that are whole or not there: tensors as safetensors, the rest as JSON.

One folder an epoch, or a part of one: `model.safetensors`, `optimizer.safetensors`, `state.json`,
and `SHA256SUMS` of the three (`sha256sum -c SHA256SUMS` checks them too). The folder is written
under another name and renamed when complete, so that a run killed at any moment leaves only whole
checkpoints behind.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import warnings
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from aunce_lib.corpora.atomic import force_to_disk

FILES = ("model.safetensors", "optimizer.safetensors", "state.json")


def save_checkpoint(
    folder: Path, epoch: int, model: nn.Module, optimizer: torch.optim.Optimizer, state: dict
) -> None:
    """Write the checkpoint of an epoch, or of some steps more; then it stays, and the one before.

    Args:
        folder: Where checkpoints lie; made if missing.
        epoch: Epochs done.
        model: Its whole state is kept.
        optimizer: Its state of every parameter is kept; settings belong to the run's config.
        state: Values for JSON; "step" among them are the steps done of the epoch in flight.

    Raises:
        OSError: If the folder can't be written or the disk is full; what was there stays whole.
    """
    target = folder / _name(epoch, state.get("step", 0))
    partial = folder / f".{target.name}.partial"
    contents = (
        # bytes first: save_file reports a full disk as something that is no OSError
        save({k: v.contiguous() for k, v in model.state_dict().items()}),
        save(_flat(optimizer)),
        json.dumps({"epoch": epoch, **state}).encode(),
    )
    try:
        for leftover in folder.glob(".epoch_*.partial"):  # of a run that was killed
            shutil.rmtree(leftover)
        partial.mkdir(parents=True)
        for name, content in zip(FILES, contents, strict=True):
            (partial / name).write_bytes(content)
        (partial / "SHA256SUMS").write_text(_checksums(partial))
        for path in [*partial.iterdir(), partial]:
            force_to_disk(path)
        if target.exists():  # damaged, or of another attempt at this epoch
            shutil.rmtree(target)
        os.rename(partial, target)
        force_to_disk(folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise OSError(
            error.errno,
            f"could not write the checkpoint {target} ({error.strerror or error}); "
            "free some space, or choose another folder, and resume",
        ) from error
    done = [path for path in _checkpoints(folder) if path.name <= target.name]
    whole = [path for path in done if "_step_" not in path.name]
    kept = whole[-2:] if target in whole else [*whole[-1:], *done[-2:]]
    for path in _checkpoints(folder):
        if path not in kept:  # older, or later but damaged: else the run had gone on from there
            shutil.rmtree(path)


def latest_checkpoint(folder: Path) -> tuple[Path, dict] | None:
    """The newest checkpoint that is whole, and its state; damaged ones are passed over, aloud."""
    for path in reversed(_checkpoints(folder)):
        try:
            if (path / "SHA256SUMS").read_text() != _checksums(path):
                raise ValueError("its files are not those that SHA256SUMS was made of")
            state = json.loads((path / "state.json").read_text())
            if _name(state["epoch"], state.get("step", 0)) != path.name:
                raise ValueError(f"it is of epoch {state['epoch']}, step {state.get('step', 0)}")
            return path, state
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            warnings.warn(f"checkpoint {path} is damaged ({error}): not used", stacklevel=2)
    return None


def load_checkpoint(path: Path, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Put a checkpoint's tensors into a model and an optimizer of the same making.

    Raises:
        ValueError: If they are of another making.
    """
    try:
        model.load_state_dict(load_file(path / FILES[0]))
        optimizer.load_state_dict(_deep(load_file(path / FILES[1]), optimizer))
    except (SafetensorError, RuntimeError, ValueError, LookupError, TypeError) as error:
        raise ValueError(
            f"the checkpoint {path} does not fit this run ({str(error)[:500]}); resume with its "
            "own settings, or choose another folder"
        ) from error


def _deep(tensors: dict[str, Tensor], optimizer: torch.optim.Optimizer) -> dict:
    """What `_flat` made flat, checked against the parameters."""
    groups = optimizer.state_dict()["param_groups"]
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for key, tensor in tensors.items():
        parameter, name = key.split(".")
        if tensor.shape not in (parameters[int(parameter)].shape, torch.Size()):
            raise ValueError(f"{key} of {FILES[1]} has the shape {tuple(tensor.shape)}")
        state.setdefault(int(parameter), {})[name] = tensor
    return {"state": state, "param_groups": groups}


def _flat(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """{"7.exp_avg": …}: the optimizer's tensors, by the number of their parameter."""
    return {
        f"{parameter}.{name}": tensor.contiguous()
        for parameter, values in optimizer.state_dict()["state"].items()
        for name, tensor in values.items()
    }


def _checkpoints(folder: Path) -> list[Path]:
    """All of them, oldest first; what merely has a similar name is not ours."""
    named = re.compile(r"epoch_\d{4}(_step_\d{7})?")
    return sorted(path for path in folder.glob("epoch_*") if named.fullmatch(path.name))


def _name(epoch: int, step: int) -> str:
    """Names that sort as what they hold does: step 5 of the epoch after epoch 2 before epoch 3."""
    return f"epoch_{epoch:04d}" + (f"_step_{step:07d}" if step else "")


def _checksums(folder: Path) -> str:
    """SHA-256 of the files of a checkpoint, in the format of `sha256sum`."""
    lines = []
    for name in FILES:
        with (folder / name).open("rb") as file:
            lines.append(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n")
    return "".join(lines)
