"""BP4D and BP4D+, from the folders as they are given out.

    AUCoding/AU_OCC/F001_T1.csv    one row a coded frame; the first column, headed 0, is the number
                                   of the frame, the others are headed by the number of their AU
    F001/T1/2440.jpg               images of all frames, coded or not; padded to any width
    AU-Intensity-Codes3.0/AU06/F001_T1_AU06.csv    frame, intensity; AUs 6, 10, 12, 14, 17

In BP4D the position of a column is its AU's number, in BP4D+ it is not: columns are found by their
header. BP4D+ puts the images of a person into one archive (2D+3D/F001.zip), which is read as it
is, and codes only tasks 1, 6, 7 and 8. Copies for the FERA challenge name tasks and files in
another way and hold videos.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np

from ..facs import AU_SETS
from .cells import read_grid
from .errors import CorpusError
from .folds import published
from .frames import FrameTable
from .rawfiles import (
    VIDEO_ENDINGS,
    Missing,
    entries,
    find_folder,
    frame_table,
    image_numbers,
    label_columns,
    relative,
    with_images,
)

INTENSITY_AUS = (6, 10, 12, 14, 17)
PERSON = re.compile(r"2?([FM])0*(\d{1,3})", re.IGNORECASE | re.ASCII)
TASK = re.compile(r"T0*(\d{1,2})", re.IGNORECASE | re.ASCII)
FERA_TASKS = {1: 1, 3: 2, 7: 3, 8: 4, 9: 5, 10: 6, 11: 7, 13: 8}  # F001_11 is task T7
FRAME_HEADERS = ("0", "frame", "")  # what may head the column of frame numbers

Sequence = tuple[str, str]  # person and task: ("F001", "T1")


@dataclass(frozen=True)
class Edition:
    """What differs between BP4D and BP4D+."""

    corpus: str
    tasks: tuple[str, ...]  # coded for action units
    image_folders: tuple[str, ...]
    label_folders: tuple[str, ...]
    intensity_folders: tuple[str, ...]
    uneven: frozenset[Sequence]  # whose labels and images are known not to fit together

    @property
    def people(self) -> frozenset[str]:
        fold = published(self.corpus, 1)
        return frozenset(name.split("/")[1] for name in fold.train_subjects + fold.test_subjects)


BP4D = Edition(
    "bp4d",
    tuple(f"T{number}" for number in range(1, 9)),
    ("2D+3D", "BP4D-training", "BP4D", "images", "img", "."),
    ("AUCoding/AU_OCC", "AUCoding", "AU_OCC"),
    ("AU-Intensity-Codes3.0", "AUCoding/AU-Intensity-Codes3.0", "AUCoding/AU_INT"),
    frozenset(),
)
BP4D_PLUS = Edition(
    "bp4dplus",
    ("T1", "T6", "T7", "T8"),
    ("RawData/2D+3D", "2D+3D", "images", "img", "."),
    ("AUCoding/AU_OCC", "AUCoding", "AU_OCC"),
    ("AUCoding/AU_INT", "AU_INT"),
    frozenset({("F041", "T7")}),
)


def read(
    source: str | Path,
    *,
    labels: str | Path | None = None,
    images: str | Path | None = None,
    aus: tuple[int, ...] = AU_SETS["bp4d"],
    intensity: bool = False,
    missing: str = "error",
) -> FrameTable:
    """BP4D: 41 people, 8 tasks.

    Args:
        source: The folder that holds all of it.
        labels: Folder of F001_T1.csv …, if it is not where it is given out.
        images: Folder of F001/T1/…, if it is not where it is given out.
        aus: The action units to read; by default the 12 of the published tables.
        intensity: Also read the intensities of AUs 6, 10, 12, 14 and 17.
        missing: "error" stops at an image without a label, a label without an image, a sequence
            without either; "skip" leaves them out and counts them.

    Raises:
        FileNotFoundError: If there is nothing at `source`.
        CorpusError: If the files are not what they should be.
    """
    return _read(BP4D, source, labels, images, aus, intensity, Missing(missing))


def read_plus(
    source: str | Path,
    *,
    labels: str | Path | None = None,
    images: str | Path | None = None,
    aus: tuple[int, ...] = AU_SETS["bp4dplus"],
    intensity: bool = False,
    missing: str = "error",
) -> FrameTable:
    """BP4D+ (also called MMSE): 140 people, of 10 tasks the 4 that are coded.

    F041/T7, whose labels are known not to fit its images, is left out if they do not.
    Arguments and errors are those of `read`.
    """
    return _read(BP4D_PLUS, source, labels, images, aus, intensity, Missing(missing))


def _read(edition, source, labels, images, aus, intensity, missing) -> FrameTable:
    label_folder = find_folder(source, labels, edition.label_folders, "label files", "labels")
    image_folder = _image_folder(edition, source, images)
    label_files = _label_files(label_folder, edition)
    pictures = _pictures(image_folder, edition)
    _compare(label_files, pictures, label_folder, image_folder, edition, missing)
    folder = None
    if intensity:
        folder = find_folder(source, None, edition.intensity_folders, "intensities", "intensity")
    parts = []
    for key in sorted(label_files.keys() & pictures.keys()):
        part = _sequence(edition, key, label_files[key], pictures[key], aus, missing)
        if part and folder:
            part |= _intensities(folder, key, part["frame"], missing)
        if part:
            part["path"] = pictures[key].paths(source, part["frame"])
            part["video_frame"] = part["frame"] - 1 if pictures[key].names is None else -1
            parts.append({"subject": f"{edition.corpus}/{key[0]}", "sequence": key[1], **part})
    if not any(picture.names is None for picture in pictures.values()):
        for part in parts:
            del part["video_frame"]
    options = {
        "labels": labels,
        "images": images,
        "intensity": intensity,
        "missing": missing.policy,
    }
    return frame_table(edition.corpus, parts, source, missing, options)


@dataclass(frozen=True)
class Pictures:
    """The images of a sequence: in a folder, in an archive, or (names is None) a video."""

    where: Path
    names: dict[int, str] | None = None
    in_archive: bool = False

    def paths(self, source: str | Path, frames: np.ndarray) -> list[str]:
        prefix = relative(self.where, source)
        if self.names is None:
            return [prefix] * len(frames)
        return [
            f"{prefix}{'!' if self.in_archive else '/'}{self.names[n]}" for n in frames.tolist()
        ]


def _image_folder(edition: Edition, source: str | Path, images: str | Path | None) -> Path:
    """The first candidate that holds people; copies differ in where the images lie."""
    folders = [folder for folder in edition.image_folders if (Path(source) / folder).is_dir()]
    with_people = [
        folder
        for folder in folders
        if any(PERSON.match(name) for names in entries(Path(source) / folder) for name in names)
    ]
    return find_folder(source, images, with_people[:1] or edition.image_folders, "images", "images")


def _key(person: re.Match, task: str, edition: Edition, path: Path) -> Sequence | None:
    """Person and task in the corpus' own spelling; None if it is no task that is coded."""
    match = TASK.fullmatch(task)
    number = int(match[1]) if match else FERA_TASKS.get(int(task)) if task.isdecimal() else None
    name = f"{person[1].upper()}{int(person[2]):03d}"
    if f"T{number}" not in edition.tasks:
        return None
    if name not in edition.people:
        raise CorpusError(
            f"{path}: {name} is nobody of the {len(edition.people)} people of {edition.corpus}; "
            "expected F001 … or M001 …; correct the name, or read it as the corpus it is from "
            "(bp4d or bp4dplus)"
        )
    return name, f"T{number}"


def _add(found: dict[Sequence, Pictures], key: Sequence | None, pictures: Pictures) -> None:
    if key in found:
        raise CorpusError(
            f"{found[key].where} and {pictures.where} are both {'/'.join(key)}; expected each "
            "sequence once; take one of them away"
        )
    if key is not None:
        found[key] = pictures


def _label_files(folder: Path, edition: Edition) -> dict[Sequence, Path]:
    found: dict[Sequence, Pictures] = {}
    for name in sum(entries(folder), []):
        person, _, task = Path(name).stem.partition("_")
        match = PERSON.fullmatch(person)
        if match and name.lower().endswith(".csv"):
            _add(found, _key(match, task, edition, folder / name), Pictures(folder / name))
    return {key: file.where for key, file in found.items()}


def _pictures(folder: Path, edition: Edition) -> dict[Sequence, Pictures]:
    found: dict[Sequence, Pictures] = {}
    for name in sum(entries(folder), []):
        where, ending = folder / name, Path(name).suffix.lower()
        person, _, task = (name if where.is_dir() else where.stem).partition("_")
        match = PERSON.fullmatch(person)
        if match and not task and where.is_dir():
            for task in entries(where)[0]:
                if key := _key(match, task, edition, where / task):
                    names = image_numbers(entries(where / task)[1], where / task)
                    _add(found, key, Pictures(where / task, names))
        elif match and not task and ending == ".zip":
            for task, names in _members(where).items():
                _add(found, _key(match, task, edition, where), Pictures(where, names, True))
        elif match and ending in VIDEO_ENDINGS:
            _add(found, _key(match, task, edition, where), Pictures(where))
    return found


def _members(archive: Path) -> dict[str, dict[int, str]]:
    """Task → number of the frame → member, of an archive with entries such as F001/T1/2440.jpg."""
    try:
        with zipfile.ZipFile(archive) as file:
            members = [name for name in file.namelist() if name.count("/")]
    except (OSError, zipfile.BadZipFile) as error:
        raise CorpusError(
            f"{archive} cannot be read as a zip archive ({error}); expected the images of one "
            "person; copy it again"
        ) from error
    tasks: dict[str, dict[str, str]] = {}
    for member in members:
        *_, task, name = member.split("/")
        if TASK.fullmatch(task) and name:
            twice = tasks.setdefault(task, {}).setdefault(name, member)
            if twice != member:
                raise CorpusError(
                    f"{archive}: {twice} and {member} are the same frame; expected one folder a "
                    "task; make the archive again"
                )
    return {
        task: {n: names[name] for n, name in image_numbers(names, f"{archive}!{task}").items()}
        for task, names in tasks.items()
    }


def _compare(label_files, pictures, label_folder, image_folder, edition, missing) -> None:
    """Every coded sequence has a label file and images."""
    read = {file.name for file in label_files.values()}
    strays = sorted(set(sum(entries(label_folder), [])) - read)
    for key in sorted(pictures.keys() - label_files.keys()):
        wanted = f"{key[0]}_{key[1]}.csv"
        near = get_close_matches(wanted, strays, 1)
        missing.leave_out(
            "sequence without a label file",
            1,
            f"{label_folder / wanted} is missing, but {pictures[key].where} has images"
            + (f" (found {near[0]}: misspelt?)" if near else "")
            + "; expected a label file for every coded sequence; copy it from the corpus",
        )
    for key in sorted(label_files.keys() - pictures.keys()):
        missing.leave_out(
            "sequence without images",
            1,
            f"{label_files[key]} has labels, but there are no images {image_folder}/"
            f"{key[0]}/{key[1]}/; expected images of every coded sequence; copy them from the "
            "corpus, or say where they are with images=FOLDER",
        )


def _sequence(edition, key, label_file, pictures, aus, missing) -> dict | None:
    """Frames, and labels, of one sequence in the order of its frames; None if it is left out."""
    grid = read_grid(label_file)
    if grid.header[0].lower() not in FRAME_HEADERS:
        raise CorpusError(
            f"{label_file}, line 1: expected the frame number in the first column, headed '0', got "
            f"{grid.header[0][:40]!r}; check that the first line is the header, with commas"
        )
    frames = grid.frames(grid.header[0])
    labels = grid.labels([str(au) for au in aus])
    order = np.argsort(frames)
    frames, labels = frames[order], labels[order]
    try:
        strict = Missing("error") if key in edition.uneven else missing
        keep = with_images(frames, pictures.names, label_file, pictures.where, strict)
    except CorpusError:
        if key not in edition.uneven:
            raise
        keep = np.zeros(len(frames), bool)
        missing.note(f"frame of {'/'.join(key)}, whose labels do not fit its images", len(frames))
    if not keep.any():
        return None
    return {"frame": frames[keep], **label_columns(aus, labels[keep])}


def _intensities(folder: Path, key: Sequence, frames: np.ndarray, missing: Missing) -> dict:
    """Intensities 0 … 5 of the five AUs at these frames; NaN where unknown."""
    columns = {}
    for au in INTENSITY_AUS:
        path = folder / f"AU{au:02d}" / f"{key[0]}_{key[1]}_AU{au:02d}.csv"
        level: dict[int, float] = {}
        if path.exists() or missing.policy == "error":
            grid = read_grid(path, header=("frame", "intensity"))
            values = grid.numbers(["intensity"], 5, whole=True)[:, 0]
            level = dict(zip(grid.frames("frame").tolist(), values, strict=True))
        absent = [frame for frame in frames.tolist() if frame not in level]
        missing.leave_out(
            f"intensity of AU{au}",
            len(absent),
            f"{path}: no row for frame {absent[:1]} ({len(absent)} such frames); expected an "
            "intensity for every coded frame; copy the file again",
        )
        columns[f"AU{au}_intensity"] = [level.get(frame, np.nan) for frame in frames.tolist()]
    return columns
