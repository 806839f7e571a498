"""Weights that ship with the library: an encoder, its probe, and a card that says what they are.

`data/pretrained/` of the repository holds three files a model: NAME.safetensors (the weights; its
header says how to build the encoder), NAME.json (the card) and NAME.md (the card for people).
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as shortened

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from aunce_lib.config import TrainConfig
from aunce_lib.corpora.atomic import atomic_path
from aunce_lib.corpora.untrusted import action_units, parse_json, read_json
from aunce_lib.encoder import Encoder
from aunce_lib.evaluation.probe import ARRAYS, Probe
from aunce_lib.tensors import tensor_bytes

FOLDER = Path(__file__).parents[1] / "data" / "pretrained"
FORMAT = "aunce_lib.pretrained/1"
CARD = ("data", "recipe", "seed", "scores", "limits", "command")  # what a card must tell


@dataclass(frozen=True, eq=False)
class Pretrained:
    """A shipped model.

    Attributes:
        name: What it is called.
        encoder: In evaluation mode, on the CPU.
        probe: Fitted to the encoder's embeddings; None if it has none.
        config: The settings it was trained with.
        aus: The action units, in the order of axis 1 of the embeddings.
        card: data, recipe, seed, scores, limits, command, sha256 (of the weights' file).
    """

    name: str
    encoder: Encoder
    probe: Probe | None
    config: TrainConfig
    aus: tuple[int, ...]
    card: dict

    def _repr_html_(self) -> str:
        from html import escape

        rows = (
            f"<tr><th>{escape(str(k))}</th><td>{escape(str(v))}</td></tr>"
            for k, v in self.card.items()
        )
        return f"<p><b>{escape(self.name)}</b></p><table>{''.join(rows)}</table>"


def save_pretrained(
    name: str,
    encoder: Encoder,
    config: TrainConfig,
    aus: tuple[int, ...],
    card: dict,
    probe: Probe | None = None,
    folder: str | Path = FOLDER,
) -> Path:
    """Write a model and its card; what had the name is replaced.

    Args:
        name: A file's name without its ending.
        encoder: Trained with `config`.
        config: Its settings.
        aus: The action units of the embeddings.
        card: JSON values; data, recipe, seed, scores, limits and command must be there.
        probe: Fitted to the encoder's embeddings.
        folder: Where models lie.

    Returns:
        The path of the weights.

    Raises:
        ValueError: If the card lacks something, or the probe is of other AUs.
        OSError: If the folder can't be written.
    """
    if probe is not None and probe.aus != tuple(aus):
        raise ValueError(f"probe must be of the AUs {tuple(aus)}, got {probe.aus}")
    state = {f"encoder.{key}": value.cpu().numpy() for key, value in encoder.state_dict().items()}
    note = {"format": FORMAT, "config": json.dumps(config.to_dict()), "aus": json.dumps(aus)}
    if probe is not None:
        state |= {f"probe.{key}": getattr(probe, key) for key in ARRAYS}
        note["probe"] = probe.kind
    return _write(name, state, note, card, Path(folder))


def save_backbone(
    name: str, backbone: nn.Module, config: TrainConfig, card: dict, folder: str | Path = FOLDER
) -> Path:
    """Write a backbone alone, for `TrainConfig.init`; as `save_pretrained`, which writes it all."""
    weights = backbone.state_dict().items()
    state = {f"encoder.backbone.{key}": value.cpu().numpy() for key, value in weights}
    note = {"format": FORMAT, "config": json.dumps(config.to_dict())}
    return _write(name, state, note, card, Path(folder))


def _write(name: str, state: dict, note: dict, card: dict, folder: Path) -> Path:
    """Weights and card, or the error that says what the card lacks."""
    if missing := [key for key in CARD if not card.get(key) and card.get(key) != 0]:
        raise ValueError(f"card must tell {', '.join(missing)} of the model")
    content = tensor_bytes(state, note)
    card = {**card, "sha256": hashlib.sha256(content).hexdigest()}
    path = folder / f"{name}.safetensors"
    files = {
        path: content,
        path.with_suffix(".json"): json.dumps(card, indent=2, ensure_ascii=False).encode(),
        path.with_suffix(".md"): _markdown(name, card).encode(),
    }
    for target, content in files.items():
        with atomic_path(target) as temporary:
            temporary.write_bytes(content)
    return path


def load_pretrained(name: str, folder: str | Path = FOLDER) -> Pretrained:
    """Open a shipped model; nothing is downloaded.

    Raises:
        FileNotFoundError: If there is no such model; says which there are, or where to get them.
        ValueError: If a file is damaged, or of another version of the library.
    """
    path = _find(name, Path(folder))
    state, note = read_tensors(path, FORMAT)
    card = read_json(path.with_suffix(".json"))
    try:
        if not isinstance(card, dict):
            raise ValueError("its card must map names to texts")
        if hashlib.sha256(path.read_bytes()).hexdigest() != card["sha256"]:
            raise ValueError("its card is of other weights (sha256)")
        if "aus" not in note:
            raise ValueError(f"it holds a backbone alone; use TrainConfig(init={name!r})")
        config, aus = (
            TrainConfig(**parse_json(note["config"])),
            action_units(parse_json(note["aus"])),
        )
        encoder = encoder_with(_part(state, "encoder."), config, len(aus))
        probe = None
        if "probe" in note:
            arrays = {key: value.numpy() for key, value in _part(state, "probe.").items()}
            probe = Probe(aus, note["probe"], **arrays)
    except (KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(
            f"{path}: {str(error)[:1000]}; get the files again from the repository, in its version"
        ) from error
    return Pretrained(name, encoder.eval(), probe, config, aus, card)


def encoder_with(weights: dict[str, torch.Tensor], config: TrainConfig, n_aus: int) -> Encoder:
    """The encoder that a config describes, with given weights.

    Raises:
        ValueError: If they do not fit. What decides its size is compared before it is built: a
            config of a few bytes could ask for any amount of memory.
    """
    rows = {"graph.norm.weight": n_aus}
    if config.dim is not None:
        rows["projection.weight"] = config.dim
    if config.backbone == "conv-small":
        rows["backbone.regions"] = math.ceil(config.image_size / 16) ** 2
    for name, n in rows.items():
        if name not in weights or weights[name].shape[:1] != (n,):
            raise ValueError(f"the weights do not fit the settings: {name} must have {n} rows")
    with torch.random.fork_rng():  # initial weights are drawn, only to be replaced
        encoder = config.build_encoder(n_aus)
    try:
        encoder.load_state_dict(weights)
    except RuntimeError as error:  # other names or shapes
        raise ValueError(f"the weights do not fit the settings: {str(error)[:500]}") from error
    return encoder


def start_encoder(config: TrainConfig, n_aus: int) -> Encoder:
    """The encoder that a training with these settings begins with.

    What `config.init` does not give is drawn from torch's random numbers; after
    `torch.manual_seed(config.seed)` it is the very one that `training.fit` begins with.

    Raises:
        FileNotFoundError, ValueError, OSError: If the weights it starts from are not there or do
            not fit.
    """
    encoder = config.build_encoder(n_aus, config.pretrained)
    if config.init is not None:
        load_backbone(encoder, config.init)
    return encoder


def load_backbone(encoder: nn.Module, init: str, folder: str | Path = FOLDER) -> None:
    """Put the backbone of a saved model into an encoder; the rest of it stays as it was.

    Args:
        encoder: With a backbone of the same kind and image size.
        init: Name of a shipped model, or the path of one (ends in .safetensors).

    Raises:
        FileNotFoundError: If there is no such model.
        ValueError: If the weights do not fit.
    """
    path = Path(init) if init.endswith(".safetensors") else _find(init, Path(folder))
    weights = _part(read_tensors(path, FORMAT)[0], "encoder.backbone.")
    try:
        encoder.backbone.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(
            f"init: the backbone in {path} does not fit: it must be of the same kind and image size"
        ) from error


def _find(name: str, folder: Path) -> Path:
    path = folder / f"{name}.safetensors"
    if path.is_file():
        return path
    if there := sorted(card.stem for card in folder.glob("*.json")):
        raise FileNotFoundError(f"no pretrained model {name!r} in {folder}; there are {there}")
    raise FileNotFoundError(
        f"no pretrained models in {folder}: they lie in data/pretrained/ of the repository, not in "
        "the package. Install from a clone (`pip install -e .`), or pass a copy of it as `folder`"
    )


def read_tensors(path: Path, file_format: str) -> tuple[dict[str, torch.Tensor], dict[str, str]]:
    """Tensors and header of a safetensors file of ours.

    Raises:
        FileNotFoundError: If it is not there.
        ValueError: If it is damaged, or of another format.
    """
    again = "get it again from the repository, in its version"
    if not path.is_file():
        raise FileNotFoundError(f"no weights at {path}; correct the path")
    try:
        with safe_open(path, framework="pt") as file:
            note = file.metadata() or {}
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ValueError(f"{path} is damaged ({str(error)[:500]}); {again}") from error
    if note.get("format") != file_format:
        raise ValueError(
            f"{path} is not of format {file_format}, but {shortened(note.get('format'))}; {again}"
        )
    return state, note


def _part(state: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def _markdown(name: str, card: dict) -> str:
    lines = [f"# {name}", ""]
    for key, value in card.items():
        text = f"`{value}`" if key in ("command", "sha256") else value
        if isinstance(value, dict):
            text = "\n".join(f"- {k}: {v}" for k, v in value.items())
        lines += [f"**{key}**", "", f"{text}", ""]
    return "\n".join(lines)
