"""The embedded corpora: drawn people, rendered on first use into the user's cache folder.

They go through the same FrameTable and FrameStore as a real corpus, so everything that works here
works there. Every face is synthetic, and the table says so wherever it is shown.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cache as remember
from pathlib import Path

import numpy as np
import torch
from filelock import FileLock

from .. import faces
from ..faces.difficulty import Difficulty, difficulty_named
from ..faces.draw import Draw
from . import drawing, embedded, recording
from .embedded import CORPORA
from .errors import CorpusError
from .frames import FrameTable
from .processes import dead_workers_told
from .recording import Plan, record
from .store import FrameStore

SIZES = ("tiny", "small", "full")
CHUNKS_CHECKED = 64  # of a store when it is opened; all of a store up to 16,384 frames


def load(
    name: str = "synth-bp4d",
    size: str = "small",
    *,
    n_people: int | None = None,
    n_frames: int | None = None,
    image_size: int = 64,
    difficulty: str | Difficulty = "benchmark",
    seed: int = 0,
    cache: str | Path | None = None,
    progress: bool = False,
    processes: int = 1,
    device: str | torch.device = "cpu",
) -> FrameTable:
    """An embedded corpus with its images, drawn on first use and kept for the next.

    Drawing may be killed at any moment: the next call goes on where it was. Of several processes
    that ask for the same corpus one draws, the others wait.

    Args:
        name: "synth-bp4d", "synth-disfa", "synth-gft" or "synth-affwild2", see
            `corpora.embedded`.
        size: "tiny" (12 people, 240 faces, for tests), "small" (all people, about 9,000 faces, for
            notebooks) or "full" (as many frames as the real corpus; synth-bp4d: 146,616). The
            smaller sizes take every k-th frame of the same sequences.
        n_people: Another number of people than the size has.
        n_frames: Another number of frames a sequence.
        image_size: Side of an image in pixels.
        difficulty: "tutorial", "benchmark" or a `faces.Difficulty`.
        seed: Other people, frames and pictures.
        cache: Folder to keep it in; by default AUNCE_CACHE or the user's cache folder.
        progress: Show a progress bar while drawing.
        processes: How many processes draw.
        device: Where to draw, such as "cuda". Pixels may differ by 2 of 255 from the CPU's, so
            they are kept apart.

    Returns:
        The table with its store. Columns: AU1 … (0, 1, or NaN where nobody coded), AU1_intensity …
        (0 to 1), person_age (0 young, 1 old), person_melanin (0 lightest, 1 darkest skin),
        person_male, person_glasses (0 or 1), person_beard (0 to 1), scene_yaw, scene_pitch,
        scene_roll, scene_light (degrees the light comes from the side), scene_ambient,
        scene_exposure, scene_blur, scene_noise, scene_occluded (0 or 1).

    Raises:
        ValueError: If there is no such corpus, size or difficulty, or a number is out of range.
        OSError: If the cache folder cannot be written; a ChildProcessError if a process that drew
            was killed.
    """
    plan = _plan(name, size, n_people, n_frames, image_size, difficulty, seed)
    plan = replace(plan, device=torch.device(device).type)
    if isinstance(processes, bool) or not isinstance(processes, int) or processes < 1:
        raise ValueError(f"processes must be a whole number from 1, got {processes!r}")
    folder = Path(cache) if cache is not None else cache_folder()
    stem = f"{name}-{size}-{image_size}px-{_digest(asdict(plan))}"
    table_path = folder / f"{stem}-{renderer_version()}.parquet"
    store_path, lock = table_path.with_suffix(".store"), table_path.with_suffix(".lock")
    try:
        return _open(table_path, store_path)
    except (CorpusError, FileNotFoundError):  # nothing there yet, or damaged: draw it (again)
        pass
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(lock):  # let go by the system if this process is killed
            try:
                drawn = _open(table_path, store_path)  # by another process, meanwhile
            except (CorpusError, FileNotFoundError):
                _draw(plan, table_path, processes, str(device), progress)
                drawn = _open(table_path, store_path)
            _forget_all_but(folder, stem, keep=(table_path, store_path))
            return drawn
    except ChildProcessError:
        raise  # it says what to do
    except OSError as error:
        raise OSError(
            error.errno,
            f"could not write {table_path} ({error.strerror or error}); free some space or choose "
            "another folder: AUNCE_CACHE sets the cache folder",
        ) from error


def labels(
    name: str = "synth-bp4d",
    size: str = "full",
    *,
    n_people: int | None = None,
    n_frames: int | None = None,
    difficulty: str | Difficulty = "benchmark",
    seed: int = 0,
) -> FrameTable:
    """The same table as `load`, but without images: seconds even for a full corpus."""
    return record(_plan(name, size, n_people, n_frames, 64, difficulty, seed))[0]


def _plan(name, size, n_people, n_frames, image_size, difficulty, seed) -> Plan:
    if name not in CORPORA:
        raise ValueError(f"no embedded corpus {name!r}; there are {sorted(CORPORA)}")
    corpus = CORPORA[name]
    if size not in SIZES:
        raise ValueError(f"size must be one of {list(SIZES)}, got {size!r}")
    people, sequences, frames = corpus.sizes[size]
    n_people, n_frames = n_people or people, n_frames or frames
    for argument, value, most in (
        ("image_size", image_size, 512),
        ("n_people", n_people, 100_000),
        ("n_frames", n_frames, corpus.length),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise ValueError(f"{argument} must be a whole number in 1..{most}, got {value!r}")
    hard = difficulty_named(difficulty)
    Draw(1, seed, stream=0)  # refuses a wrong seed before anything is written
    return Plan(name, size, n_people, sequences, n_frames, image_size, hard, seed)


def cache_folder() -> Path:
    """Where drawn corpora are kept: AUNCE_CACHE, or the platform's folder for caches."""
    if folder := os.environ.get("AUNCE_CACHE"):
        return Path(folder)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "aunce_lib"


@remember
def renderer_version() -> str:
    """Changes whenever the code that draws changes, so that no cache outlives its renderer."""
    own = [Path(module.__file__) for module in (drawing, embedded, recording)]
    sources = [*own, *sorted(Path(faces.__file__).parent.glob("*.py"))]
    return _digest([source.read_text(encoding="utf-8") for source in sources])


def _digest(value) -> str:
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _draw(plan: Plan, table_path: Path, processes: int, device: str, progress: bool) -> None:
    """Makes table and store of a plan, or finishes what a killed process began."""
    table, pictures = record(plan)
    store_path = table_path.with_suffix(".store")
    part = table_path.with_suffix(".store.part")
    with dead_workers_told(f"drawing {store_path}"):
        table.metadata["pixels_crc32"] = drawing.draw_missing(
            part,
            pictures,
            plan.image_size,
            processes=processes,
            device=device,
            progress=progress,
        )
    table.save(table_path)
    drawing.publish(part, store_path, len(table), plan.image_size)


def _open(table_path: Path, store_path: Path) -> FrameTable:
    """Table and store from the cache.

    A store has its final name only when it is whole, and its header says how long it must be. What
    is left is a disk that forgets and files that were swapped: for these the pixels of at most
    `CHUNKS_CHECKED` chunks are compared with the checksums in the table, so that opening takes the
    same time for any size.
    """
    store = FrameStore.open(store_path)
    table = FrameTable.load(table_path, store)
    noted = table.metadata.get("pixels_crc32") or []
    chunks = np.unique(np.linspace(0, len(noted) - 1, CHUNKS_CHECKED).astype(int)) if noted else []
    if len(store) != len(table) or not all(
        drawing.checksum(store, chunk) == noted[chunk] for chunk in chunks
    ):
        raise CorpusError(f"{store_path} is damaged: its pixels are not those that were written")
    return table


def _forget_all_but(folder: Path, stem: str, keep: tuple[Path, ...]) -> None:
    """Delete what an older renderer drew of the same plan, and what killed processes left."""
    for path in [*folder.glob(f"{stem}-*"), *folder.glob(f".{stem}-*.tmp")]:
        if path not in keep:
            with suppress(OSError):  # open in another process on Windows
                path.unlink()
