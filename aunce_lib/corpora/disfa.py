"""DISFA, from the folders as they are given out.

    ActionUnit_Labels/SN001/SN001_au1.txt          frame (from 1), intensity 0 … 5
    Videos_LeftCamera/LeftVideoSN001_comp.avi      20 frames a second; spelling varies
    SN001/0.png                                    or images that somebody took from the videos

Three choices decide a result, and each has another value in some published code:

- An AU is called active from intensity 2 on (`threshold`); from 1 on, more are.
- The published lists are of the left camera (`camera`).
- Images are numbered from 0 in most copies, labels always from 1: row i, frame i + 1, is image
  i.png. Copies made by ffmpeg number from 1. Which it is shows in the numbers (`first_image`).
"""

from __future__ import annotations

import re
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

PERSON = re.compile(r"SN0*(\d{1,3})", re.IGNORECASE | re.ASCII)
LABEL_FILE = re.compile(r"SN0*(\d{1,3})_au0*(\d{1,2})\.txt", re.IGNORECASE | re.ASCII)
VIDEO = re.compile(r"(left|right)_?video_?SN0*(\d{1,3})(_comp)?", re.IGNORECASE | re.ASCII)
LAST_FRAME = {"SN010": 4844}  # one fewer than everybody else
MAX_INTENSITY = 5


def read(
    source: str | Path,
    *,
    labels: str | Path | None = None,
    images: str | Path | None = None,
    camera: str = "left",
    threshold: int = 2,
    first_image: int | None = None,
    aus: tuple[int, ...] = AU_SETS["disfa"],
    missing: str = "error",
) -> FrameTable:
    """DISFA: 27 people, one recording each. `frame` counts from 1, like the labels.

    Args:
        source: The folder that holds all of it.
        labels: Folder of SN001/SN001_au1.txt …, if it is not ActionUnit_Labels.
        images: Folder of SN001/0.png …, or of videos. Without it, images are looked for first.
        camera: "left" or "right": which videos to take.
        threshold: An AU is active from this intensity on, 1 … 5.
        first_image: Number of the image that belongs to frame 1: 0 or 1; found out if left out.
        aus: The action units to read; by default the 8 of the published tables (of 12 coded).
        missing: "error" stops at a missing label file, an image without a label or a label without
            an image; "skip" leaves them out and counts them.

    Raises:
        FileNotFoundError: If there is nothing at `source`.
        ValueError: If an option is out of range.
        CorpusError: If the files are not what they should be.
    """
    if camera not in ("left", "right"):
        raise ValueError(f'camera must be "left" or "right", got {camera!r}')
    if threshold not in range(1, MAX_INTENSITY + 1):
        raise ValueError(f"threshold must be 1 … {MAX_INTENSITY}, got {threshold!r}")
    if first_image not in (None, 0, 1):
        raise ValueError(f"first_image must be 0 or 1, got {first_image!r}")
    policy = Missing(missing)
    label_folder = find_folder(source, labels, ("ActionUnit_Labels", "."), "labels", "labels")
    levels = {
        name: _levels(label_folder / folder, name, aus, policy)
        for name, folder in _people(label_folder, entries(label_folder)[0]).items()
    }
    levels = {name: level for name, level in levels.items() if len(level[0])}
    pictures = _images(source, images)
    videos = (
        {} if pictures else _videos(find_folder(source, images, ["."], "videos", "images"), camera)
    )
    if pictures:
        first_image = _first_image(pictures, levels, first_image)
    found = pictures or videos
    for name in sorted(levels.keys() ^ found.keys()):
        what, where = ("label files", label_folder) if name in found else ("images", source)
        policy.leave_out(
            f"recording without {what}",
            1,
            f"{where}: no {what} of {name}; expected labels and images (or a {camera} video) of "
            "every person; copy them from the corpus",
        )
    parts = []
    for name in sorted(levels.keys() & found.keys()):
        frames, intensity = levels[name]
        inside = frames <= LAST_FRAME.get(name, frames[-1])
        policy.note(f"label after the end of {name}'s video", (~inside).sum())
        frames, intensity = frames[inside], intensity[inside]
        if videos:
            where = {"path": [relative(videos[name], source)] * len(frames)}
            where |= {"video_frame": frames - 1}
        else:
            folder, names = pictures[name]
            names = {number + 1 - first_image: image for number, image in names.items()}
            labelled = label_folder / name
            keep = with_images(frames, names, labelled, folder, policy, every_image=True)
            frames, intensity = frames[keep], intensity[keep]
            where = {"path": [relative(folder / names[n], source) for n in frames.tolist()]}
        active = np.where(np.isnan(intensity), np.nan, intensity >= threshold)
        part = {"subject": f"disfa/{name}", "sequence": camera if videos else "images"}
        part |= {"frame": frames, **where, **label_columns(aus, active)}
        parts.append(part | label_columns(aus, intensity, "_intensity"))
    options = {
        "labels": labels,
        "images": images,
        "camera": camera if videos else None,
        "threshold": threshold,
        "first_image": first_image,
        "missing": missing,
    }
    return frame_table("disfa", parts, source, policy, options)


def _people(folder: Path, names: list[str]) -> dict[str, str]:
    """SN001 … → name on disk."""
    fold = published("disfa", 1)
    people = {name.split("/")[1] for name in fold.train_subjects + fold.test_subjects}
    found: dict[str, str] = {}
    for name in names:
        if match := PERSON.fullmatch(name):
            person = f"SN{int(match[1]):03d}"
            if person not in people or person in found:
                raise CorpusError(
                    f"{folder / name}: expected each of DISFA's 27 people once, SN001 … SN032, but "
                    f"{person} is {'there twice' if person in found else 'none of them'}; correct "
                    "the name, or take the folder away"
                )
            found[person] = name
    return found


def _levels(folder: Path, person: str, aus, missing: Missing) -> tuple[np.ndarray, np.ndarray]:
    """Frames 1 … N and intensities of one person, (N,) and (N, AUs), NaN without a file."""
    files: dict[int, Path] = {}
    for name in sum(entries(folder), []):
        if match := LABEL_FILE.fullmatch(name):
            au, owner = int(match[2]), f"SN{int(match[1]):03d}"
            if owner != person or au in files:
                raise CorpusError(
                    f"{folder / name}: expected one file of {person} for each AU; it is "
                    f"{'a second one of AU' + str(au) if au in files else owner + chr(39) + 's'}; "
                    "take it away, or correct its name"
                )
            files[au] = folder / name
    columns: dict[int, np.ndarray] = {}
    last = None
    for au in sorted(files):  # all of them: the others show where one was cut off
        grid = read_grid(files[au], header=("frame", "intensity"))
        frames = grid.frames("frame")
        values = grid.numbers(["intensity"], MAX_INTENSITY, (), whole=True)[:, 0]
        order = np.argsort(frames)
        wrong = np.flatnonzero(frames[order] != np.arange(1, len(frames) + 1))
        if len(wrong):
            raise CorpusError(
                f"{files[au]}: frame {wrong[0] + 1} has no line; expected every frame from 1 on; "
                "copy the file again"
            )
        if last is not None and len(frames) != len(columns[last]):
            raise CorpusError(
                f"{files[au]} has {len(frames)} lines, but {files[last].name} has "
                f"{len(columns[last])}; expected the same of all AUs of a person; copy the shorter "
                "one again"
            )
        columns[au] = values[order]
        last = au
    n = len(columns[last]) if last is not None else 0
    absent = [au for au in aus if au not in files]
    if absent:
        missing.leave_out(
            "label of a missing label file",
            len(absent) * n,
            f"{folder}/{person}_au{absent[0]}.txt is missing; expected a file for each of the AUs "
            f"{', '.join(map(str, aus))}; copy it from the corpus, or read other aus",
        )
    unknown = np.full(n, np.nan, np.float32)
    return np.arange(1, n + 1), np.stack([columns.get(au, unknown) for au in aus], axis=1)


def _images(source, images) -> dict[str, tuple[Path, dict[int, str]]]:
    """Folder and images by number of everybody who has a folder of images."""
    for candidate in [images] if images is not None else ["images", "Images", "img", "."]:
        root = Path(source) / candidate
        if not root.is_dir():
            continue
        found = {}
        for person, name in _people(root, entries(root)[0]).items():
            numbers = image_numbers(entries(root / name)[1], root / name)
            if numbers:
                found[person] = (root / name, numbers)
        if found:
            return found
    return {}


def _videos(root: Path, camera: str) -> dict[str, Path]:
    """The video of everybody, in `root` or a folder in it."""
    found: dict[str, Path] = {}
    for folder in [root, *(root / name for name in entries(root)[0])]:
        for name in entries(folder)[1]:
            match = VIDEO.fullmatch(Path(name).stem)
            if match and match[1].lower() == camera and Path(name).suffix.lower() in VIDEO_ENDINGS:
                person = f"SN{int(match[2]):03d}"
                if person in found:
                    raise CorpusError(
                        f"{found[person]} and {folder / name} are both {person}'s {camera} video; "
                        "expected one; take one of them away"
                    )
                found[person] = folder / name
    return found


def _first_image(pictures, levels, given: int | None) -> int:
    """Whether images count from 0 or from 1; refuses to guess.

    N frames are the images 0 … N - 1 or 1 … N. So an image 0 says the one, an image N the other.
    """
    both = pictures.keys() & levels.keys()
    zero = {name for name in both if 0 in pictures[name][1]}
    one = {name for name in both if len(levels[name][0]) in pictures[name][1]}
    if given is not None or bool(zero) != bool(one):
        return given if given is not None else 0 if zero else 1
    where = pictures[min(one or both or pictures)][0]
    raise CorpusError(
        f"{where}: cannot tell whether images are numbered from 0 or from 1 "
        f"({'there are images 0 and N' if zero else 'neither image 0 nor image N is there'}, for N "
        "rows of labels); expected 0 … N - 1 or 1 … N; look at the first image of a recording and "
        "say first_image=0 or 1"
    )
