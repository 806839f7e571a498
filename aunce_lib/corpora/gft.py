"""GFT (Sayette Group Formation Task), described by the user.

How GFT's label files are laid out, what they write for "unknown" and who is in the published split
are said in no public source. A guess would be silent and wrong, so a small YAML file says it: write
the template with `write_template`, look at your copy, fill in every line.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from .atomic import atomic_path
from .cells import read_grid, read_text
from .errors import CorpusError
from .frames import FrameTable
from .rawfiles import (
    VIDEO_ENDINGS,
    Missing,
    entries,
    existing,
    frame_table,
    image_numbers,
    label_columns,
    relative,
    with_images,
)
from .untrusted import parse_yaml

TEMPLATE = """\
# How this copy of GFT is laid out. Look at your files and replace every null.
# Paths are relative to the corpus' folder; {subject} stands for a person's name in file names.

labels: null        # label files, one a person, with commas between cells: "labels/{subject}.csv"
images: null        # "images/{subject}" (folders of numbered images) or "videos/{subject}.mp4"
frame_column: null  # header of the column of frame numbers; "row": row i of the labels is frame i
first_frame: null   # number of the frame that is the first image or the first frame of the video
first_image: null   # number in the name of the first image; for videos 0
columns: null       # header of the column of each action unit: {1: AU01, 2: AU02, 4: AU04}
missing: null       # what is written for unknown: [9], [9, 999]; blank cells always are
split: null         # CSV with columns subject,split (train, validation, test); "none" for none
"""
KEYS = re.findall(r"^(\w+):", TEMPLATE, re.MULTILINE)


def write_template(path: str | Path) -> Path:
    """Write the commented template of a description to fill in.

    Raises:
        FileExistsError: If there is a file already.
    """
    path = Path(path)
    if path.exists():
        raise FileExistsError(f"{path} is there already; move it away to begin anew")
    with atomic_path(path) as temporary:
        temporary.write_text(TEMPLATE, encoding="utf-8")
    return path


def read(
    source: str | Path, *, config: str | Path | None = None, missing: str = "error"
) -> FrameTable:
    """GFT as its description says.

    Args:
        source: The folder that holds all of it.
        config: The description; by default gft.yaml in that folder.
        missing: "error" stops at a label without an image and at an image between labelled ones
            that has no label; "skip" leaves them out and counts them.

    Raises:
        FileNotFoundError: If there is nothing at `source`.
        CorpusError: If the description is not complete, or the files are not as it says.
    """
    source, policy = existing(source), Missing(missing)
    said = _description(source / "gft.yaml" if config is None else Path(config))
    aus = sorted(said["columns"])
    label_files = _label_files(source, said["labels"])
    splits = _splits(source / said["split"], label_files) if said["split"] != "none" else {}
    parts = []
    for subject, path in label_files.items():
        by_row = said["frame_column"] == "row"
        grid = read_grid(path, blank_lines=not by_row)
        labels = grid.labels([said["columns"][au] for au in aus], said["missing"])
        frames = np.arange(len(labels)) + said["first_frame"]
        if not by_row:
            frames = grid.frames(said["frame_column"])
        order = np.argsort(frames)
        frames, labels = frames[order], labels[order]
        where = source / said["images"].replace("{subject}", subject)
        if not where.is_dir() and not (where.is_file() and where.suffix.lower() in VIDEO_ENDINGS):
            policy.leave_out(
                "recording without images",
                1,
                f"{path}: expected a folder of images or a video of {subject} at {where}; copy it, "
                "or correct 'images' in the description",
            )
            continue
        if frames[0] < said["first_frame"]:
            raise CorpusError(
                f"{path}: has frame {frames[0]}, but first_frame is {said['first_frame']}; correct "
                "the description"
            )
        split = {"split": splits[subject]} if splits else {}
        part = {"subject": f"gft/{subject}", "sequence": "video", **split}
        if where.is_dir():
            shift = said["first_frame"] - said["first_image"]
            names = image_numbers(entries(where)[1], where)
            names = {number + shift: name for number, name in names.items()}
            keep = with_images(frames, names, path, where, policy)
            frames, labels = frames[keep], labels[keep]
            part["path"] = [relative(where / names[frame], source) for frame in frames.tolist()]
        else:
            part["path"] = [relative(where, source)] * len(frames)
            part["video_frame"] = frames - said["first_frame"]
            with_images(frames, None, path, where, policy)
        parts.append(part | {"frame": frames} | label_columns(aus, labels))
    options = {"config": config, "missing": missing, "description": said}
    return frame_table("gft", parts, source, policy, options)


def _description(path: Path) -> dict:
    """The filled-in template, checked."""
    if not path.exists():
        raise CorpusError(
            f"{path} is missing; expected a description of your copy, because GFT's layout is not "
            f"public; write one with `aunce template --path {path}` and fill it in"
        )
    text = read_text(path)
    try:
        said = parse_yaml(text)
    except ValueError as error:
        raise CorpusError(
            f"{path} {' '.join(str(error).split())}; expected lines such as 'missing: "
            "[9]'; correct it"
        ) from error
    given = said if isinstance(said, dict) else {}
    for key in KEYS:
        if given.get(key) is None:
            raise CorpusError(
                f"{path}: {key!r} is not filled in; expected what the template's comments say"
            )
    wrong = {
        "labels": not (
            isinstance(given["labels"], str) and given["labels"].count("{subject}") == 1
        ),
        "images": not (isinstance(given["images"], str) and "{subject}" in given["images"]),
        "frame_column": isinstance(given["frame_column"], list | dict),
        "first_frame": given["first_frame"] not in range(1000),
        "first_image": given["first_image"] not in range(1000),
        "columns": not isinstance(given["columns"], dict)
        or not given["columns"]
        or not all(isinstance(au, int) and 1 <= au < 100 for au in given["columns"]),
        "missing": not isinstance(given["missing"], list)
        or not all(
            isinstance(code, int | float) and code not in (0, 1) for code in given["missing"]
        ),
        "split": not isinstance(given["split"], str),
    }
    unknown = [key for key in given if key not in KEYS]
    for key in [*unknown, *(key for key, is_wrong in wrong.items() if is_wrong)]:
        raise CorpusError(
            f"{path}: {key!r} is {given[key]!r}; expected the keys {', '.join(KEYS)} filled in as "
            "the template's comments say; correct it"
        )
    columns = {au: str(name) for au, name in given["columns"].items()}
    return given | {"columns": columns, "frame_column": str(given["frame_column"])}


def _label_files(source: Path, pattern: str) -> dict[str, Path]:
    """Subject → label file."""
    before, after = pattern.split("{subject}")
    above, _, before = before.rpartition("/")
    inside, slash, _ = after.partition("/")
    found = {}
    for entry in sum(entries(source / above), []):
        if (
            entry.startswith(before)
            and entry.endswith(inside)
            and len(entry) > len(before + inside)
        ):
            subject = entry[len(before) : len(entry) - len(inside)]
            path = source / pattern.replace("{subject}", subject)
            if not slash or path.exists():
                found[subject] = path
    if not found:
        raise CorpusError(
            f"{source}: no label files; expected {pattern}; correct 'labels' in the description"
        )
    return found


def _splits(path: Path, label_files: dict[str, Path]) -> dict[str, str]:
    """Who is in which part, as the user's file says: everybody who has labels, and nobody else."""
    grid = read_grid(path)
    found: dict[str, str] = {}
    pairs = zip(grid.column("subject"), grid.column("split"), strict=True)
    for row, (subject, split) in enumerate(pairs):
        if not subject or subject in found or split not in ("train", "validation", "test"):
            raise CorpusError(
                f"{grid.place(row)}: expected each person once, in train, validation or test, got "
                f"{subject!r}, {split!r}; correct the line"
            )
        found[subject] = split
    for subject in sorted(found.keys() ^ label_files.keys()):
        there = "no labels" if subject in found else f"labels in {label_files[subject]}"
        raise CorpusError(
            f"{path}: {subject} is {'' if subject in found else 'not '}in it, but has {there}; "
            "expected everybody in both; correct the split, or copy the labels again"
        )
    return found
