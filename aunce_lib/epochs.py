"""How embeddings moved while an encoder was trained, small enough to ship.

`data/pretrained/NAME-epochs.safetensors` holds a few hundred faces at each kept epoch. Whole they
would take 12 MB. What a movie, a map or a probe uses of them are the cosines between faces, and
those survive two things that make them eight times smaller:

- each epoch and action unit is turned so that its first axes hold as much as any axes can, and the
  others are dropped. A turn changes no cosine, but **axes of two epochs no longer match**: align
  them before you compare (`widgets.movie` does);
- what is left is kept in 8 bits, with a scale of its own for each axis.

How far a cosine is off because of it is measured when the file is made, and stands in it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from aunce_lib.corpora import synthetic
from aunce_lib.corpora.atomic import atomic_path
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.corpora.untrusted import action_units, parse_json
from aunce_lib.evaluation.inputs import as_embeddings
from aunce_lib.pretrained import FOLDER, read_tensors
from aunce_lib.tensors import tensor_bytes
from aunce_lib.training import Run

FORMAT = "aunce_lib.epochs/1"
ENDING = "-epochs.safetensors"
UNKNOWN = -1  # a label in a file of whole numbers
CORPUS = ("corpus", "size", "image_size", "difficulty", "seed")  # what draws the same faces again
LIGHT = "scene_light"


@dataclass(frozen=True, eq=False)
class Epochs:
    """Embeddings of the same faces at several epochs of one training run.

    Attributes:
        name: Of the model, as for `load_pretrained`.
        aus: The J action units.
        epochs: Which epochs, int (E,), ascending; 0 is before training.
        embeddings: float32 (E, N, J, K), unit length. Cosines within an epoch hold; axes of two
            epochs do not match.
        labels: 0, 1 or NaN, float32 (N, J).
        subjects: Whose face it is, (N,).
        light: Degrees the light comes from the side, float32 (N,).
        rows: Rows of the corpus, int64 (N,).
        history: A row an epoch of the training: epoch, loss, alignment, uniformity, knn_f1 …
        corpus: What draws the faces: corpus, size, image_size, difficulty, seed.
        cosine_error: By how much a cosine of two faces is off, as "rms" and "largest".
    """

    name: str
    aus: tuple[int, ...]
    epochs: np.ndarray
    embeddings: np.ndarray
    labels: np.ndarray
    subjects: np.ndarray
    light: np.ndarray
    rows: np.ndarray
    history: pd.DataFrame
    corpus: dict
    cosine_error: dict[str, float]

    def faces(self) -> FrameTable:
        """The faces themselves, drawn if they are not in the cache.

        Raises:
            ValueError: If this version of the library draws other faces from these settings.
        """
        settings = {key: value for key, value in self.corpus.items() if key != "corpus"}
        table = synthetic.load(self.corpus["corpus"], **settings)
        if self.rows.max(initial=0) < len(table):
            faces = table.take(self.rows)
            same = faces.aus == self.aus and (faces.subjects == self.subjects).all()
            if same and np.array_equal(faces.labels, self.labels, equal_nan=True):
                return faces
        raise ValueError(
            f"{self.name}{ENDING} is of faces that this version no longer draws; use the files of "
            "one version of the repository, or make it again with `save_epochs`"
        )


def save_epochs(
    name: str,
    run: str | Path,
    table: FrameTable,
    n_faces: int = 300,
    n_axes: int = 32,
    folder: str | Path = FOLDER,
) -> Path:
    """Make the file of a run that kept embeddings (`TrainConfig.keep_epochs`).

    Args:
        name: Of the model, as for `load_pretrained`.
        run: Folder of the run.
        table: The whole embedded corpus that the run's faces are rows of.
        n_faces: At most so many of the faces, evenly spaced over them.
        n_axes: At most so many axes K are kept; 300 faces, 12 AUs and 13 epochs take 47 kB an axis.
        folder: Where shipped files lie.

    Returns:
        The path of the file.

    Raises:
        FileNotFoundError: If there is no run, or it kept nothing.
        ValueError: If the table is not of drawn faces (others do not ship), or not the run's, or an
            embedding is not finite.
        OSError: If the folder can't be written.
    """
    run = Run.load(run)
    if table.metadata.get("corpus") not in synthetic.CORPORA:
        raise ValueError("only drawn faces ship: table must be of an embedded corpus, whole")
    if not run.config.keep_epochs:
        raise FileNotFoundError(f"{run.folder} kept no embeddings: train with keep_epochs set")
    epochs = np.array(sorted(set(run.config.keep_epochs)))
    every, rows = zip(*(run.embeddings(int(epoch)) for epoch in epochs), strict=True)
    order = np.argsort(rows[0])
    chosen = order[np.linspace(0, len(order) - 1, min(n_faces, len(order))).astype(int)]
    exact = np.stack([as_embeddings(z)[chosen] for z in every])
    exact = exact.swapaxes(1, 2).astype(np.float64)  # (E, J, N, D)
    rows = rows[0][chosen]
    if table.aus != run.aus or not np.isin(rows, table.rows).all():
        raise ValueError(f"table must hold the faces of {run.folder}, with the AUs {run.aus}")
    faces = table.where(np.isin(table.rows, rows))
    small, scale = _shrink(exact, n_axes)
    tensors = {
        "embeddings": small,
        "scale": scale,
        "epochs": epochs,
        "rows": faces.rows,
        "labels": np.where(np.isnan(faces.labels), UNKNOWN, faces.labels).astype(np.int8),
        "light": faces.frames[LIGHT].to_numpy(np.float32),
    }
    note = {
        "aus": run.aus,
        "subjects": faces.subjects.tolist(),
        "history": json.loads(
            run.history.to_json(orient="records", double_precision=15)
        ),  # null for what is undefined
        "corpus": {key: table.metadata[key] for key in CORPUS},
        "cosine_error": _cosine_error(exact, _restore(small, scale)),
    }
    header = {"format": FORMAT, "note": json.dumps(note)}
    header["sha256"] = _checksum(tensors, header["note"])
    path = Path(folder) / f"{name}{ENDING}"
    with atomic_path(path) as temporary:
        temporary.write_bytes(tensor_bytes(tensors, header))
    return path


def load_epochs(name: str, folder: str | Path = FOLDER) -> Epochs:
    """Open the embeddings that ship with a model; nothing is downloaded.

    Raises:
        FileNotFoundError: If there are none of this name; says which there are.
        ValueError: If the file is damaged, or of another version of the library.
    """
    path = Path(folder) / f"{name}{ENDING}"
    if not path.is_file():
        there = sorted(file.name.removesuffix(ENDING) for file in Path(folder).glob(f"*{ENDING}"))
        known = f"there are {there}" if there else "there are none; install from a clone"
        raise FileNotFoundError(f"no embeddings by epoch of {name!r} in {folder}: {known}")
    state, header = read_tensors(path, FORMAT)
    try:
        tensors = {key: value.numpy() for key, value in state.items()}
        if header.get("sha256") != _checksum(tensors, header.get("note", "")):
            raise ValueError("its content is not what was written")
        note, labels = parse_json(header["note"]), tensors["labels"].astype(np.float32)
        _check_shapes(tensors)
        return Epochs(
            name,
            action_units(note["aus"]),
            tensors["epochs"],
            _restore(tensors["embeddings"], tensors["scale"]).swapaxes(1, 2),
            np.where(labels == UNKNOWN, np.float32(np.nan), labels),
            np.array(note["subjects"]),
            tensors["light"],
            tensors["rows"],
            pd.DataFrame(note["history"]),
            note["corpus"],
            note["cosine_error"],
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{path} is damaged: {str(error)[:1000]}; get it again from the repository, in its "
            "version"
        ) from error


def _check_shapes(tensors: dict[str, np.ndarray]) -> None:
    """Coordinates (E, J, N, K) with scales (E, J, 1, K): never more than the file itself holds."""
    small, scale = tensors["embeddings"], tensors["scale"]
    if small.ndim != 4 or scale.shape != (*small.shape[:2], 1, small.shape[3]):
        raise ValueError(f"embeddings {small.shape} and scale {scale.shape} do not fit each other")


def _shrink(exact: np.ndarray, n_axes: int) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates int8 (E, J, N, K) and scales float32 (E, J, 1, K) of embeddings (E, J, N, D).

    The axes are those of the singular values, not centred: of all K axes they keep the products of
    faces, hence cosines, best (Eckart and Young, 1936).
    """
    u, s, _ = np.linalg.svd(exact, full_matrices=False)
    coordinates = (u * s[..., None, :])[..., :n_axes]
    scale = np.abs(coordinates).max(axis=-2, keepdims=True) / 127
    small = np.round(coordinates / np.where(scale > 0, scale, 1)).astype(np.int8)
    return small, scale.astype(np.float32)


def _restore(small: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Unit embeddings, float32 (E, J, N, K)."""
    z = small * scale
    return z / np.linalg.norm(z, axis=-1, keepdims=True).clip(1e-12)


def _cosine_error(exact: np.ndarray, restored: np.ndarray) -> dict[str, float]:
    squares, largest = [], []
    for before, after in zip(exact, restored.astype(np.float64), strict=True):  # bounds the memory
        off = np.abs(before @ before.swapaxes(-1, -2) - after @ after.swapaxes(-1, -2))
        squares.append((off**2).mean())
        largest.append(off.max())
    return {"rms": float(np.sqrt(np.mean(squares))), "largest": float(max(largest))}


def _checksum(tensors: dict[str, np.ndarray], note: str) -> str:
    digest = hashlib.sha256(note.encode())
    for key in sorted(tensors):
        digest.update(f"{key}{tensors[key].dtype}{tensors[key].shape}".encode())
        digest.update(tensors[key].tobytes())
    return digest.hexdigest()
