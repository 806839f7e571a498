"""Own data: a CSV table of images and action units, or a folder of images.

    image,subject,AU1,AU12          the plain form: a row an image, blank or 9 where unknown
    image_path,au1,au2,…            FG-Net, LibreFace
    frame, success, AU01_r, AU01_c  OpenFace, one file a video: intensities (_r) and labels (_c)

Who is seen decides the folds. Without a column `subject` it is the first folder of the path, so
photos are best kept in a folder a person.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import compress
from pathlib import Path

import numpy as np

from ..facs import AU_SETS, column
from .cells import NUMBER, Grid, read_grid, some
from .errors import CorpusError
from .frames import FrameTable
from .rawfiles import (
    FRAME_NAME,
    IMAGE_ENDINGS,
    VIDEO_ENDINGS,
    Missing,
    entries,
    existing,
    frame_table,
    relative,
    with_images,
)
from .tidy import LOOKS_LIKE_AU, MAX_INTENSITY

AU_NAME = re.compile(r"au[ _-]?0*([1-9]\d?)(?:_(c|r|intensity))?", re.IGNORECASE | re.ASCII)
IMAGE_NAMES = ("image", "image_path", "img_path", "path", "filename", "file")
OPTIONAL = ("subject", "sequence", "frame", "split", "success")
SPLITS = {"train": "train", "val": "validation", "validation": "validation", "test": "test"}


def read_csv(
    source: str | Path,
    *,
    images: str | Path | None = None,
    video: str | Path | None = None,
    corpus: str = "own",
    threshold: float | None = None,
    missing: str = "error",
) -> FrameTable:
    """A table of images (or of the frames of a video) and action units.

    Columns: the image (image, image_path, img_path, path, filename or file) or, for a video, frame
    (from 1); AU1, AU01, au1, au_1 … with labels, AU1_c likewise, AU1_r or AU1_intensity with
    intensities 0 … 5; optionally subject, sequence, frame, split. Others are ignored.

    Args:
        source: The CSV file; paths in the result are relative to its folder.
        images: Folder that the listed images start from; by default the file's own.
        video: The video a table without images describes; by default the file of the same name.
        corpus: Name for these data.
        threshold: For tables of intensities: an AU is active from this intensity on. Without it
            the labels of the table count.
        missing: "error" or "skip", for images that are not there.

    Raises:
        FileNotFoundError: If there is no such file.
        CorpusError: If the table is not what it should be.
    """
    source = existing(source)
    policy = Missing(missing)
    grid = read_grid(source)
    part = _labels(grid, threshold)
    names = {name.lower(): name for name in grid.header}
    _refuse_misspelt(grid, names)
    image = next((names[name] for name in IMAGE_NAMES if name in names), None)
    if image is not None:
        part |= _image_rows(grid, image, names, source, images, policy)
    else:
        part |= _video_rows(grid, names, source, video, policy)
    keep = part.pop("keep")
    if "subject" in names:
        part["subject"] = grid.column(names["subject"])
    if "sequence" in names:
        part["sequence"] = grid.column(names["sequence"])
    for name in ("subject", "sequence"):
        for row in np.flatnonzero([not value for value in part[name]])[:1]:
            raise CorpusError(
                f"{grid.place(row)}: no {name} is named; expected one in column {name!r}, or a "
                "folder a person; fill in the cell, or put the images into folders"
            )
    if "split" in names:
        part["split"] = _splits(grid, names["split"])
    part["subject"] = [f"{corpus}/{name}" for name in part["subject"]]
    part = {name: np.asarray(values)[keep] for name, values in part.items()}
    _refuse_twice(grid, part, keep)
    options = {"images": images, "video": video, "threshold": threshold, "missing": missing}
    return frame_table(corpus, [part], source, policy, options, keep_unlabelled=True)


def read_folder(
    source: str | Path,
    *,
    table: str | Path | None = None,
    corpus: str = "own",
    aus: Sequence[int] = AU_SETS["bp4d"],
    missing: str = "error",
) -> FrameTable:
    """All images in a folder and the folders in it; each first folder is a person.

    Args:
        source: The folder. Images right in it are all of one person, "unnamed".
        table: A CSV table with their labels (see `read_csv`), to read just those it lists.
        corpus: Name for these data.
        aus: Without a table: the action units, all of whose labels are unknown.
        missing: As in `read_csv`.

    Raises:
        FileNotFoundError: If there is no such folder.
        CorpusError: If there is no image in it.
    """
    source = Path(source)
    if not source.is_dir():
        raise FileNotFoundError(f"there is no folder at {source}; correct the path")
    if table is not None:
        found = read_csv(table, images=source.absolute(), corpus=corpus, missing=missing)
        base = Path(table).parent
        paths = [relative(base.absolute() / p, source.absolute()) for p in found.frames["path"]]
        return FrameTable(found.frames.assign(path=paths), found.metadata | {"source": str(source)})
    paths = _images_below(source, "")
    if not paths:
        raise CorpusError(
            f"{source}: no images found; expected {', '.join(sorted(IMAGE_ENDINGS))} files in "
            "it or in folders in it; correct the path"
        )
    subjects, sequences, frames = _who_and_when(paths, [True] * len(paths))
    part = {"subject": [f"{corpus}/{name or 'unnamed'}" for name in subjects]}
    part |= {"sequence": sequences, "frame": frames, "path": paths}
    part |= {column(au): np.full(len(paths), np.nan, np.float32) for au in aus}
    return frame_table(corpus, [part], source, Missing(missing), {}, keep_unlabelled=True)


def _refuse_misspelt(grid: Grid, names: dict[str, str]) -> None:
    """Other columns are ignored; but a column nearly named like one that is read was meant."""
    strange = [
        name
        for name in names
        if LOOKS_LIKE_AU.match(re.sub(r"\W|_", "", name)) and not AU_NAME.fullmatch(name)
    ]
    strange += filter(NUMBER.fullmatch, names)  # then the first line is no header
    strange += [name.lower() for name in grid.header if names[name.lower()] != name]  # twice
    for name in OPTIONAL:
        if name not in names:
            strange += get_close_matches(name, names, 1, cutoff=0.85)
    if strange:
        raise CorpusError(
            f"{grid.path}, line 1: column {names[strange[0]]!r} looks misspelt, or is there "
            f"twice; expected AU12, AU12_r, AU12_c, {', '.join(OPTIONAL)}; rename it"
        )


def _labels(grid: Grid, threshold: float | None) -> dict:
    """Columns AU1 … and AU1_intensity … of any of the spellings."""
    labels: dict[int, str] = {}
    levels: dict[int, str] = {}
    for name in grid.header:
        if match := AU_NAME.fullmatch(name):
            kind = levels if (match[2] or "c").lower() in ("r", "intensity") else labels
            twice = kind.setdefault(int(match[1]), name)
            if twice != name:
                raise CorpusError(
                    f"{grid.path}, line 1: {twice!r} and {name!r} are both AU{match[1]}; expected "
                    "one column for each action unit; rename or take away one of them"
                )
    if threshold is not None:
        labels, levels = {}, levels or labels
    if not labels and (threshold is None or not levels):
        raise CorpusError(
            f"{grid.path}, line 1: expected columns of labels AU1, AU2 … separated by commas, "
            f"found {some(grid.header)}; correct the header, or for intensities say from where on "
            "an AU is active, such as threshold=2"
        )
    values = {column(au): grid.labels([labels[au]])[:, 0] for au in sorted(labels)}
    for au in sorted(levels):
        level = grid.numbers([levels[au]], MAX_INTENSITY)[:, 0]
        if threshold is not None:
            values[column(au)] = np.where(np.isnan(level), np.nan, level >= threshold)
        values[f"{column(au)}_intensity"] = level
    return values


def _image_rows(grid, image, names, source: Path, images, missing: Missing) -> dict:
    """Paths, people and frames of a table of images, and which of the images are there."""
    root = source.parent if images is None else Path(images)
    paths = [_inside(grid.place(row), text, root) for row, text in enumerate(grid.column(image))]
    there: dict[str, list[str]] = {}
    keep = np.ones(len(paths), bool)
    for row, path in enumerate(paths):
        folder, _, name = path.rpartition("/")
        if folder not in there:
            there[folder] = entries(root / folder)[1] if (root / folder).is_dir() else []
            there[folder] = set(there[folder])
        keep[row] = name in there[folder]
    first = int(keep.argmin())
    missing.leave_out(
        "listed image that is not there",
        (~keep).sum(),
        f"{grid.place(first)}: {root / paths[first]} is not there ({(~keep).sum()} such rows); "
        "expected every listed image; copy the images, or say where they are with images=FOLDER",
    )
    subjects, sequences, frames = _who_and_when(paths, keep)
    if "frame" in names:
        frames = grid.frames(names["frame"], unique=False)
    if images is not None:
        paths = [relative(root / path, source.parent) for path in paths]
    return {
        "subject": subjects,
        "sequence": sequences,
        "frame": frames,
        "path": paths,
        "keep": keep,
    }


def _inside(place: str, text: str, root: Path) -> str:
    """A listed path relative to `root`; nothing outside of it is ever opened."""
    path = text.replace("\\", "/").removeprefix("./")
    if path.startswith(base := root.absolute().as_posix() + "/"):
        path = path.removeprefix(base)
    *folders, name = path.split("/")
    if any(part in ("", ".", "..") for part in folders) or ":" in path or not name:
        raise CorpusError(
            f"{place}: expected the path of an image in {root}, got {text!r}; write it relative to "
            "that folder, or say images=FOLDER"
        )
    if Path(name).suffix.lower() not in IMAGE_ENDINGS:
        raise CorpusError(
            f"{place}: expected an image ({', '.join(sorted(IMAGE_ENDINGS))}), got {text!r}; "
            "correct the name of the file"
        )
    return path


def _who_and_when(paths: list[str], there) -> tuple[list[str], list[str], list[int]]:
    """Person (first folder), sequence (the others), and frame of each path; 0 if it is not there.

    The frame is the number in the name, where these differ within a folder, else the position.
    """
    folders: dict[str, list[str]] = {}
    for path in compress(paths, there):
        folders.setdefault(path.rpartition("/")[0], []).append(path)
    number: dict[str, int] = {}
    for inside in folders.values():
        inside = sorted(set(inside))
        found = [FRAME_NAME.fullmatch(Path(path).stem) for path in inside]
        numbers = [int(match[1]) for match in found if match]
        if len(set(numbers)) < len(inside):
            numbers = range(len(inside))
        number |= zip(inside, numbers, strict=True)
    parts = [path.split("/")[:-1] for path in paths]
    people = [folder[0] if folder else "" for folder in parts]
    return (
        people,
        ["/".join(f[1:]) or "images" for f in parts],
        [number.get(path, 0) for path in paths],
    )


def _video_rows(grid, names, source: Path, video, missing: Missing) -> dict:
    """The frames of one video, as OpenFace lists them."""
    if "frame" not in names:
        raise CorpusError(
            f"{source}, line 1: expected a column of images ({', '.join(IMAGE_NAMES)}) or of "
            f"frames of a video (frame), found {some(grid.header)}; correct the header"
        )
    siblings = [source.parent / name for name in entries(source.parent)[1]]
    same = [
        path
        for path in siblings
        if path.stem == source.stem and path.suffix.lower() in VIDEO_ENDINGS
    ]
    if video is None and len(same) != 1:
        raise CorpusError(
            f"{source}: expected the video it describes beside it, {source.stem}.mp4 or the like, "
            f"found {some(path.name for path in same) or 'none'}; say which with video=FILE"
        )
    video = same[0] if video is None else existing(video)
    frames = grid.frames(names["frame"])
    if frames.min() < 1:
        raise CorpusError(
            f"{grid.place(frames.argmin())}: expected frames from 1 on, got {frames.min()}; "
            "add 1 to the column 'frame'"
        )
    with_images(np.sort(frames), None, source, video, missing)
    keep = np.ones(len(frames), bool)
    if "success" in names:
        keep = grid.numbers([names["success"]], 1, ())[:, 0] == 1
        missing.note("frame without a face (success = 0)", (~keep).sum())
    n = len(frames)
    part = {"subject": [source.stem] * n, "sequence": ["video"] * n, "frame": frames}
    path = relative(video, source.parent)
    return part | {"path": [path] * n, "video_frame": frames - 1, "keep": keep}


def _splits(grid: Grid, name: str) -> list[str]:
    texts = [text.lower() for text in grid.column(name)]
    for row, text in enumerate(texts):
        if text not in SPLITS:
            raise CorpusError(
                f"{grid.place(row)}, column {name!r}: expected train, validation or test, got "
                f"{text!r}; correct the cell"
            )
    return [SPLITS[text] for text in texts]


def _refuse_twice(grid: Grid, part: dict, keep: np.ndarray) -> None:
    seen: dict[tuple, int] = {}
    rows = zip(np.flatnonzero(keep), part["subject"], part["sequence"], part["frame"], strict=True)
    for row, *key in rows:
        other = seen.setdefault(tuple(key), row)
        if other != row:
            raise CorpusError(
                f"{grid.place(row)}: frame {key[2]} of {key[0]}, {key[1]} is also on line "
                f"{grid.lines[other]}; expected each frame once; take one of the lines away"
            )


def _images_below(folder: Path, prefix: str, above: tuple[Path, ...] = ()) -> list[str]:
    """Images in a folder and the folders in it, sorted; a link back to one above ends there."""
    here = folder.resolve()
    if here in above:
        return []
    folders, files = entries(folder)
    found = [prefix + name for name in files if Path(name).suffix.lower() in IMAGE_ENDINGS]
    for name in folders:
        found += _images_below(folder / name, f"{prefix}{name}/", (*above, here))
    return found
