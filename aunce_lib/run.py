"""A training run and the folder that holds it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError
from safetensors.numpy import load_file

from aunce_lib.checkpoint import latest_checkpoint
from aunce_lib.config import TrainConfig
from aunce_lib.corpora.untrusted import action_units
from aunce_lib.encoder import Encoder
from aunce_lib.pretrained import encoder_with


@dataclass(frozen=True, eq=False)
class Run:
    """A training run and the folder that holds it.

    Attributes:
        folder: config.yaml, history.csv, checkpoints/, embeddings/.
        config: The settings.
        aus: The action units, in the order of axis 1 of the embeddings.
        encoder: The encoder at the newest checkpoint, in evaluation mode, on the CPU.
        history: One row an epoch: loss, alignment, uniformity, collapse, knn_f1, seconds.
    """

    folder: Path
    config: TrainConfig
    aus: tuple[int, ...]
    encoder: Encoder
    history: pd.DataFrame

    @classmethod
    def load(cls, folder: str | Path) -> Run:
        """Open a run from its folder, at its newest checkpoint.

        Raises:
            FileNotFoundError: If the folder holds no run, or none with a whole checkpoint.
            ValueError: If the weights do not fit the settings.
        """
        folder = Path(folder)
        found = latest_checkpoint(folder / "checkpoints")
        if not (folder / "config.yaml").is_file() or found is None:
            raise FileNotFoundError(
                f"{folder} holds no trained run (config.yaml and checkpoints/); "
                "train one, for instance with `aunce demo`"
            )
        config, (path, state) = TrainConfig.load(folder / "config.yaml"), found
        prefix = "encoder."
        try:
            aus, history = action_units(state["aus"]), pd.DataFrame(state["history"])
            weights = {
                name.removeprefix(prefix): torch.from_numpy(tensor)
                for name, tensor in load_file(path / "model.safetensors").items()
                if name.startswith(prefix)
            }
            encoder = encoder_with(weights, config, len(aus))
        except (SafetensorError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise ValueError(
                f"the weights in {path} do not fit the encoder that {folder / 'config.yaml'} "
                f"describes ({error}): they are of another version of aunce_lib or another config; "
                "train again"
            ) from error
        return cls(folder, config, aus, encoder.eval(), history)

    def embeddings(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Embeddings (n, J, D) kept at an epoch, and the rows (n,) of the store they belong to.

        Raises:
            FileNotFoundError: If none were kept at that epoch; `config.keep_epochs` says which.
        """
        path = self.folder / "embeddings" / f"epoch_{epoch:04d}.safetensors"
        if not path.is_file():
            raise FileNotFoundError(f"{path} is not there: kept were {self.config.keep_epochs}")
        tensors = load_file(path)
        return tensors["embeddings"], tensors["rows"]


def claim(folder: Path, config: TrainConfig, resume: bool) -> None:
    """Make a folder a run's own, or say whose it is.

    Raises:
        FileExistsError: If it holds a run that is not to be resumed, or nobody's checkpoints.
        ValueError: If its run has other settings.
        OSError: If it can't be written.
    """
    path = folder / "config.yaml"
    if path.is_file():
        if not resume:
            raise FileExistsError(
                f"{folder} holds a run already: resume it (resume=True) or choose another folder"
            )
        differences = config.differences(TrainConfig.load(path))
        if differences:
            raise ValueError(
                f"{folder} holds a run with other settings ({'; '.join(differences)}): "
                "use its settings, or choose another folder"
            )
    else:
        if (folder / "checkpoints").exists():
            raise FileExistsError(
                f"{folder} holds checkpoints, but no config.yaml that says of what: "
                "choose another folder"
            )
        config.save(path)
    for leftover in [*folder.glob(".*.tmp"), *folder.glob("embeddings/.*.tmp")]:  # it was killed
        leftover.unlink()
