"""The embedded corpora: drawn people, rendered on first use into the user's cache folder.

They go through the same FrameTable and FrameStore as a real corpus, so everything that works here
works there. Every face is synthetic, and the table says so wherever it is shown.

A sequence is one person in one task: the frames share the person, the light, the camera and the
wall, and the head moves a little. That makes leakage between people as real as in a recording.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import cache as remember
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from .. import faces
from ..faces.difficulty import Difficulty, difficulty_named
from ..faces.resting import SKIN_MAPS
from ..facs import AU_SETS, column
from .errors import CorpusError
from .frames import FrameTable
from .store import FrameStore

#: Which real corpus each embedded one imitates: action units, statistics, names of the people.
CORPORA = {"synth-bp4d": ("bp4d", faces.BP4D)}

#: Women, men, tasks, frames a task. "full" has about as many frames as BP4D.
SIZES = {"tiny": (6, 6, 2, 10), "small": (23, 18, 8, 27), "full": (23, 18, 8, 447)}

RENDERED_AT_ONCE = 256  # faces between two writes and two steps of the progress bar
MOST_POSE = 0.35  # radians; beyond it the drawn head would hide parts of itself


@dataclass(frozen=True)
class Plan:
    """All that decides how a corpus looks, and nothing else."""

    name: str
    size: str
    image_size: int
    difficulty: Difficulty
    seed: int


def load(
    name: str = "synth-bp4d",
    size: str = "small",
    *,
    image_size: int = 64,
    difficulty: str | Difficulty = "benchmark",
    seed: int = 0,
    cache: str | Path | None = None,
    progress: bool = False,
) -> FrameTable:
    """An embedded corpus with its images, drawn on first use and kept for the next.

    Args:
        name: "synth-bp4d".
        size: "tiny" (12 people × 2 tasks × 10 frames, for tests), "small" (41 × 8 × 27 = 8,856)
            or "full" (41 × 8 × 447 = 146,616).
        image_size: Side of an image in pixels.
        difficulty: "tutorial", "benchmark" or a `faces.Difficulty`.
        seed: Other people, frames and pictures.
        cache: Folder to keep it in; by default AUNCE_CACHE or the user's cache folder.
        progress: Show a progress bar while drawing.

    Returns:
        The table with its store. Columns: AU1 … (0 or 1), AU1_intensity … (0 to 1),
        person_age (0 young, 1 old), person_melanin (0 lightest, 1 darkest skin), person_male,
        person_glasses (0 or 1), person_beard (0 to 1), scene_yaw, scene_pitch, scene_roll,
        scene_light (degrees the light comes from the side), scene_ambient, scene_exposure,
        scene_blur, scene_noise.

    Raises:
        ValueError: If there is no such corpus, size or difficulty, or a number is out of range.
        OSError: If the cache folder cannot be written.
    """
    if name not in CORPORA:
        raise ValueError(f"no embedded corpus {name!r}; there are {sorted(CORPORA)}")
    if size not in SIZES:
        raise ValueError(f"size must be one of {list(SIZES)}, got {size!r}")
    if isinstance(image_size, bool) or not isinstance(image_size, int) or image_size < 1:
        raise ValueError(f"image_size must be a number of pixels such as 64, got {image_size!r}")
    plan = Plan(name, size, image_size, difficulty_named(difficulty), seed)
    folder = Path(cache) if cache is not None else cache_folder()
    stem = f"{name}-{size}-{image_size}px-{_digest(asdict(plan))}"
    table_path = folder / f"{stem}-{renderer_version()}.parquet"
    store_path = table_path.with_suffix(".store")
    with suppress(CorpusError, FileNotFoundError):  # nothing there yet, or damaged: draw it (again)
        return _open(table_path, store_path)
    table, people, scenes, aus, seeds = _draw(plan)
    try:
        checksum = _render(store_path, people, scenes, aus, seeds, image_size, progress)
        table.metadata["pixels_crc32"] = checksum
        table.save(table_path)
    except OSError as error:
        hint = f"{error.strerror}; AUNCE_CACHE sets the cache folder"
        raise OSError(error.errno, hint) from error
    _forget_older_versions(folder, stem, keep=(table_path, store_path))
    return _open(table_path, store_path)


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
    sources = [Path(__file__), *sorted(Path(faces.__file__).parent.glob("*.py"))]
    return _digest([source.read_text(encoding="utf-8") for source in sources])


def _digest(value) -> str:
    text = json.dumps(value, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _open(table_path: Path, store_path: Path) -> FrameTable:
    """Table and store from the cache, after checking every pixel."""
    store = FrameStore.open(store_path)
    table = FrameTable.load(table_path, store)
    if len(store) != len(table) or _checksum(store) != table.metadata.get("pixels_crc32"):
        raise CorpusError(f"{store_path} is damaged: its pixels are not those that were written")
    return table


def _checksum(store: FrameStore) -> int:
    checksum = 0
    for start in range(0, len(store), 1024):
        checksum = zlib.crc32(store[start : start + 1024], checksum)
    return checksum


def _forget_older_versions(folder: Path, stem: str, keep: tuple[Path, ...]) -> None:
    """Delete what an older renderer drew of the same plan: nobody will read it again."""
    for path in folder.glob(f"{stem}-*"):
        if path not in keep:
            with suppress(OSError):  # open in another process on Windows
                path.unlink()


def _draw(plan: Plan):
    """The table, and what `faces.render` needs, with one row a frame (people: one a person)."""
    real, statistics = CORPORA[plan.name]
    women, men, tasks, frames = SIZES[plan.size]
    names = [f"F{i + 1:03d}" for i in range(women)] + [f"M{i + 1:03d}" for i in range(men)]
    sequence = torch.arange(len(names) * tasks).repeat_interleave(frames)
    who, task = sequence // tasks, sequence % tasks

    male = torch.arange(len(names)) >= women
    people = faces.Population(len(names), plan.seed, plan.difficulty, male=male).people
    scenes = _scenes_of_sequences(sequence, plan)
    aus, active = faces.draw_action_units(who, len(names), plan.seed, plan.difficulty, statistics)
    generator = torch.Generator().manual_seed(plan.seed)
    seeds = torch.randint(2**31, (len(who),), generator=generator)

    columns = {
        "corpus": pd.Categorical([plan.name]).repeat(len(who)),
        "subject": pd.Categorical.from_codes(who.numpy(), [f"{plan.name}/{n}" for n in names]),
        "sequence": pd.Categorical.from_codes(task.numpy(), [f"T{i + 1}" for i in range(tasks)]),
        "frame": np.tile(np.arange(1, frames + 1), len(names) * tasks),
    }
    drawn = [faces.AUS.index(au) for au in AU_SETS[real]]
    for au, i in zip(AU_SETS[real], drawn, strict=True):
        columns[column(au)] = active[:, i].numpy()
    for au, i in zip(AU_SETS[real], drawn, strict=True):
        columns[f"{column(au)}_intensity"] = (
            aus[:, i].amax(1).numpy()
        )  # the stronger half of the face
    nuisances = _person_columns(people[who]) | _scene_columns(scenes)
    columns |= {name: values.numpy() for name, values in nuisances.items()}
    metadata = {
        "corpus": plan.name,
        "synthetic": True,
        "size": plan.size,
        "image_size": plan.image_size,
        "seed": plan.seed,
        "difficulty": _difficulty_name(plan.difficulty),
        "dials": asdict(plan.difficulty),
    }
    return FrameTable(pd.DataFrame(columns), metadata), people[who], scenes, aus, seeds


def _scenes_of_sequences(sequence: torch.Tensor, plan: Plan) -> faces.Scenes:
    """One scene a sequence; from frame to frame the head moves a little and the eyes wander."""
    shared = faces.draw_scenes(int(sequence[-1]) + 1, 2 * plan.seed, plan.difficulty)[sequence]
    moment = faces.draw_scenes(len(sequence), 2 * plan.seed + 1, plan.difficulty)
    pose = 0.95 * shared.pose + 0.3 * moment.pose  # together the variance of one draw
    return replace(
        shared,
        pose=pose.clamp(-MOST_POSE, MOST_POSE),
        shift=0.95 * shared.shift + 0.3 * moment.shift,
        gaze=moment.gaze,
    )


def _person_columns(people: faces.People) -> dict:
    return {
        "person_age": people.age,
        "person_melanin": people.melanin,
        "person_male": people.male,
        "person_glasses": people.glasses,
        "person_beard": people.marks[:, SKIN_MAPS.index("beard")],
    }


def _scene_columns(scenes: faces.Scenes) -> dict:
    degrees = torch.rad2deg(scenes.pose)
    return {
        "scene_yaw": degrees[:, 0],
        "scene_pitch": degrees[:, 1],
        "scene_roll": degrees[:, 2],
        "scene_light": torch.rad2deg(torch.atan2(scenes.light[:, 0], scenes.light[:, 2])),
        "scene_ambient": scenes.ambient,
        "scene_exposure": scenes.exposure,
        "scene_blur": scenes.blur,
        "scene_noise": scenes.noise,
    }


def _difficulty_name(difficulty: Difficulty) -> str:
    named = {preset: name for name, preset in faces.DIFFICULTIES.items()}
    return named.get(difficulty, "custom")


def _render(path: Path, people, scenes, aus, seeds, image_size: int, progress: bool) -> int:
    """Draw all faces into a store, a few at a time; the CRC-32 of their pixels."""
    from tqdm import tqdm

    checksum = 0
    bar = tqdm(
        total=len(seeds),
        desc="drawing",
        unit=" faces",
        leave=False,
        disable=None if progress else True,
    )
    with FrameStore.create(path, len(seeds), image_size, image_size) as writer, bar:
        for start in range(0, len(seeds), RENDERED_AT_ONCE):
            part = slice(start, min(start + RENDERED_AT_ONCE, len(seeds)))
            images = faces.render(people[part], aus[part], scenes[part], seeds[part], image_size)
            pixels = np.ascontiguousarray(images.permute(0, 2, 3, 1).numpy())  # (n, H, W, 3)
            writer[part] = pixels
            checksum = zlib.crc32(pixels, checksum)
            bar.update(len(pixels))
    return checksum
