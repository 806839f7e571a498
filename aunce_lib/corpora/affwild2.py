"""Aff-Wild2, its AU track, from the folders as they are given out.

    AU_Detection_Challenge/Train_Set/1-30-1280x720.txt    12 AUs named in the first line (ABAW 2 on)
    AU_Set/Training_Set/…                                 8 AUs (the edition of FG 2020)
    train_set.txt                                         or one file for all tracks (MTL)
    cropped_aligned/1-30-1280x720/00001.jpg               112×112 pixels, from 1

Line i after the header is frame i, from 1; a frame without an image is one in which no face was
found. Videos with two people come as NAME_left and NAME_right, or NAME and one of them. Who is seen
is not said, so people are told apart by the video alone: all that comes from one video is one
subject and stays on one side of a split.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ..facs import AU_SETS, column
from .cells import Grid, read_grid
from .errors import CorpusError
from .frames import FrameTable
from .rawfiles import (
    Missing,
    entries,
    existing,
    find_folder,
    frame_table,
    image_numbers,
    label_columns,
    relative,
)

LABEL_FOLDERS = ("AU_Detection_Challenge", "AU_Set", "MTL_Challenge")
ABOVE = (".", "annotations", "Annotations", "Third ABAW Annotations")
IMAGE_FOLDERS = ("cropped_aligned/cropped_aligned", "cropped_aligned", "cropped_aligned_images")
SPLIT = re.compile(r"(train|training|validation)_set(?:_annotations)?(\.txt)?", re.IGNORECASE)
EDITIONS = (AU_SETS["affwild2"], (1, 2, 4, 6, 12, 15, 20, 25))
UNKNOWN = (-1,)


def read(
    source: str | Path,
    *,
    labels: str | Path | None = None,
    images: str | Path | None = None,
    missing: str = "error",
) -> FrameTable:
    """Aff-Wild2's labelled frames with a face, with the official split in column `split`.

    Args:
        source: The folder that holds all of it.
        labels: Folder of Train_Set/ and Validation_Set/ (or of train_set.txt …), where there are
            several or it is elsewhere.
        images: Folder of the cropped, aligned images, if it is elsewhere.
        missing: "error" stops at an image without a label, and at labels that go on after the last
            image; "skip" leaves them out and counts them.

    Raises:
        FileNotFoundError: If there is nothing at `source`.
        CorpusError: If the files are not what they should be.
    """
    policy = Missing(missing)
    label_folder = _label_folder(source, labels)
    image_folder = find_folder(source, images, IMAGE_FOLDERS, "images", "images")
    parts: dict[str, dict] = {}
    edition: tuple[int, ...] = ()
    for split, path in _label_files(label_folder):
        grid, aus = _grid(path)
        if edition and aus != edition:
            raise CorpusError(
                f"{path}: has the AUs {aus}, the files before it {edition}; expected one edition "
                "of the labels; keep only one, or say labels=FOLDER"
            )
        edition = aus
        found = _videos(grid, aus) if "image" in grid.header else {path.stem: (None, grid)}
        for video, (rows, grid) in found.items():
            if video in parts:
                raise CorpusError(
                    f"{path}: {video} is labelled a second time; expected each video once, in "
                    "training or in validation; take one of the files away"
                )
            parts[video] = _part(grid, rows, aus, image_folder / video, source, policy) | {
                "subject": f"affwild2/{re.sub('_(left|right)$', '', video)}",
                "sequence": video,
                "split": split,
            }
    whole = [part for part in parts.values() if "frame" in part]
    options = {"labels": labels, "images": images, "missing": missing}
    return frame_table("affwild2", whole, source, policy, options)


def _label_folder(source, labels) -> Path:
    if labels is not None:
        return find_folder(source, labels, (), "labels", "labels")
    source = existing(source)
    here = [source / above / name for above in ABOVE for name in LABEL_FOLDERS]
    found = [folder for folder in here if folder.is_dir()]
    if len(found) != 1:
        raise CorpusError(
            f"{source}: expected one folder of AU labels ({' or '.join(LABEL_FOLDERS)}), found "
            f"{', '.join(map(str, found)) or 'none'}; say which with labels=FOLDER"
        )
    return found[0]


def _label_files(folder: Path) -> list[tuple[str, Path]]:
    """Split and path of every label file: a video each, or of many videos (MTL)."""
    folders, files = entries(folder)
    found = []
    for name in folders:
        if (match := SPLIT.fullmatch(name)) and not match[2]:
            inside = sum(entries(folder / name), [])
            paths = [folder / name / file for file in inside if file.lower().endswith(".txt")]
            found += [(match[1].lower(), path) for path in paths]
    for name in files:
        if (match := SPLIT.fullmatch(name)) and match[2]:
            found.append((match[1].lower(), folder / name))
    if not found:
        raise CorpusError(
            f"{folder}: no label files; expected Train_Set/VIDEO.txt and Validation_Set/VIDEO.txt, "
            "or train_set.txt and validation_set.txt; correct the path with labels=FOLDER"
        )
    return [("validation" if split == "validation" else "train", path) for split, path in found]


def _grid(path: Path) -> tuple[Grid, tuple[int, ...]]:
    """The cells of a label file, and its AUs in the order of the edition."""
    grid = read_grid(path, None, False, ("aus", [column(au) for au in EDITIONS[0]]))
    named = {int(name[2:]) for name in grid.header if re.fullmatch(r"AU[1-9]\d?", name)}
    for aus in EDITIONS:
        if named == set(aus):
            return grid, aus
    raise CorpusError(
        f"{path}, line 1: expected a header of the 12 AUs {EDITIONS[0]} or the 8 AUs "
        f"{EDITIONS[1]}, got {', '.join(grid.header)}; copy the file again"
    )


def _videos(grid: Grid, aus) -> dict[str, tuple[np.ndarray, Grid]]:
    """Video → frames and cells, of a file in which each line names its image, VIDEO/00001.jpg."""
    rows: dict[str, list[int]] = {}
    numbers = np.zeros(len(grid.cells), np.int64)
    for row, image in enumerate(grid.column("image")):
        video, _, name = image.rpartition("/")
        number = image_numbers([name], "")
        if not video or "/" in video or video == ".." or not number:
            raise CorpusError(
                f"{grid.place(row)}: expected an image such as VIDEO/00001.jpg, got {image!r}; "
                "copy the file again"
            )
        numbers[row] = next(iter(number))
        rows.setdefault(video, []).append(row)
    found = {}
    for video, places in rows.items():
        order = np.array(places)[np.argsort(numbers[places], kind="stable")]
        twice = np.flatnonzero(np.diff(numbers[order]) == 0)
        if len(twice):
            raise CorpusError(
                f"{grid.place(order[twice[0] + 1])}: {video}, frame {numbers[order[twice[0]]]} is "
                "there twice; expected each once; take one of the lines away"
            )
        part = Grid(grid.path, grid.header, grid.cells[order], grid.lines[order])
        found[video] = numbers[order], part
    return found


def _part(grid: Grid, frames, aus, folder: Path, source, missing: Missing) -> dict:
    """Frames, paths and labels of one video; empty if it is left out."""
    labels = grid.labels([column(au) for au in aus], UNKNOWN)
    counted = frames is None
    frames = np.arange(1, len(labels) + 1) if counted else frames
    names = image_numbers(entries(folder)[1], folder) if folder.is_dir() else {}
    missing.leave_out(
        "video without images",
        int(not names),
        f"{grid.path}: no images in {folder}; expected 00001.jpg …; copy them from the corpus, or "
        "say where they are with images=FOLDER",
    )
    if not names:
        return {}
    beyond = sorted(names.keys() - set(frames.tolist())) if counted else []
    missing.leave_out(
        "image without a label",
        len(beyond),
        f"{grid.path}: {len(frames)} lines of labels, but {folder} has image "
        f"{beyond[-1] if beyond else 0}; expected a line for each frame, from 1; the file was cut "
        "off, or is of another video; copy it again",
    )
    has_image = np.array([frame in names for frame in frames.tolist()])
    late = int((frames > max(names)).sum()) if counted else int((~has_image).sum())
    missing.leave_out(
        "label without an image",
        late,
        f"{grid.path}: {len(frames)} lines of labels, but {late} have no image in {folder}, whose "
        f"last is {max(names)}; expected as many lines as frames; either no face was found in the "
        "last ones, or lines are doubled and labels shifted; compare with the video's own length",
    )
    missing.note("frame without a face (no image)", (~has_image).sum() - late)
    kept = frames[has_image]
    prefix = relative(folder, source)
    return {
        "frame": kept,
        "path": [f"{prefix}/{names[frame]}" for frame in kept.tolist()],
        **label_columns(aus, labels[has_image]),
    }
