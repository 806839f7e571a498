"""Landmarks that somebody has found before: those of a corpus, of OpenFace, dlib or MediaPipe.

Eyes and mouth are enough to bring a face to where drawn faces are. The points are looked up by
number: 49 (what BP4D comes with), 68 (dlib, OpenFace) or 468 and 478 (MediaPipe's mesh).

    BP4D, BP4D+     2DFeatures/F001_T1.mat: fit(frame).pred, 49×2 pixels counted from 1
    a CSV table     x_0 … x_67, y_0 … y_67, as OpenFace writes them; one row an image or a frame

A table lies beside others in a folder, under the name of its image or video (FOLDER/F001/T1/7.csv,
FOLDER/clip.csv), or is one file with a column `path`. For videos column `frame` counts from 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd

from .align import CROP_DROP, CROP_SIDE, Box
from .errors import CorpusError
from .rawfiles import find_folder

# Which points are the eye left in the picture, the eye right in it, and the mouth's corners.
POINTS: dict[int, tuple[tuple[int, ...], ...]] = {
    49: (tuple(range(19, 25)), tuple(range(25, 31)), (31, 37)),
    68: (tuple(range(36, 42)), tuple(range(42, 48)), (48, 54)),
    468: ((33, 133), (362, 263), (61, 291)),
    478: ((33, 133), (362, 263), (61, 291)),  # 468, and the irises
}
#: Where drawn faces have these three in their crop: column and row, in fractions of its side.
DRAWN = np.array([[0.316, 0.352], [0.684, 0.352], [0.5, 0.699]])
MAT_FOLDERS = ("2DFeatures", "RawData/2DFeatures")

#: Points (n, 2) of a row of a table as pixels (column, row), or None where there are none.
Finder = Callable[..., np.ndarray | None]


def box_of(points: np.ndarray) -> Box:
    """The box whose crop has eyes and mouth, in the least squares, where drawn faces have them.

    Args:
        points: Column and row in pixels, (n, 2), with n one of `POINTS`.

    Raises:
        ValueError: If there is no such set of points, or eyes and mouth are in one place.
    """
    if points.shape not in {(n, 2) for n in POINTS}:
        raise ValueError(f"landmarks must be (n, 2) with n in {list(POINTS)}, got {points.shape}")
    seen = np.array([points[list(part)].mean(axis=0) for part in POINTS[len(points)]])
    # Similarity crop → photograph by complex numbers: seen ≈ turn · drawn + shift.
    drawn, seen = DRAWN @ (1, 1j), seen @ (1, 1j)
    centred = drawn - drawn.mean()
    turn = (centred.conj() @ seen) / (centred.conj() @ centred)
    if abs(turn) < 1:  # pixels
        raise ValueError("eyes and mouth are in one place: these are no landmarks of a face")
    roll = -np.degrees(np.angle(turn))
    middle = seen.mean() + turn * (0.5 + 0.5j - drawn.mean())  # of the crop
    side = abs(turn) / CROP_SIDE
    middle -= turn / abs(turn) * 1j * CROP_DROP * side  # of the box
    return Box(middle.imag - side / 2, middle.real - side / 2, side, side, float(roll))


def finder(corpus: str, source: Path, landmarks: str | Path | None) -> Finder | None:
    """What finds the landmarks of a frame, or None if there are none at all.

    Args:
        corpus: Name of the reader.
        source: What the corpus was read from.
        landmarks: The user's file or folder; None takes those that come with the corpus.

    Returns:
        A function of a frame (with path, subject, sequence, frame, video_frame) and the image's
        size (height, width).

    Raises:
        FileNotFoundError: If the user's file or folder is not there.
        CorpusError: If the table has no landmarks.
    """
    if landmarks is not None:
        path = Path(landmarks)
        if path.is_dir():
            return partial(_beside, path)
        table = _table(path)
        if not table.attrs["named"]:
            raise CorpusError(
                f"{path}: expected a column 'path' that names the images, found none; or give a "
                "folder, with a table under the name of each image or video"
            )
        return partial(_in_table, table)
    if corpus in ("bp4d", "bp4dplus"):
        try:
            return partial(_of_bp4d, find_folder(source, None, MAT_FOLDERS, "", ""))
        except CorpusError:
            return None
    return None


def _of_bp4d(folder: Path, frame, _size) -> np.ndarray | None:
    path = folder / f"{frame.subject.split('/')[1]}_{frame.sequence}.mat"
    points = _mat(path) if path.is_file() else []
    if not 1 <= frame.frame <= len(points):
        return None
    found = np.asarray(points[frame.frame - 1], float)
    if found.shape != (49, 2) or not np.isfinite(found).all():  # where tracking failed it is empty
        return None
    return found - 0.5  # the first pixel's centre is 1 there, and 0.5 here


@lru_cache(maxsize=4)
def _mat(path: Path) -> np.ndarray:
    """The landmarks of a sequence, one array a frame."""
    from scipy.io import loadmat

    try:
        return np.atleast_1d(loadmat(path, squeeze_me=True, struct_as_record=True)["fit"])["pred"]
    except Exception as error:  # scipy has many ways to say that a file is damaged
        raise CorpusError(
            f"{path} cannot be read ({type(error).__name__}: {error}); expected a MATLAB file (up "
            "to version 7) with fit.pred, 49×2 a frame; copy it again, or prepare with --align "
            "detect"
        ) from error


def _beside(folder: Path, frame, size) -> np.ndarray | None:
    name = Path(frame.path).with_suffix(".csv")
    for path in (folder / name, folder / name.name):
        if path.is_file():
            return _in_table(_table(path), frame, size, named=False)
    return None


def _in_table(table: pd.DataFrame, frame, size, named: bool = True) -> np.ndarray | None:
    number = getattr(frame, "video_frame", -1) + 1  # an image has 0
    key = (frame.path if named else "", number)
    if key not in table.index:
        return None
    row = table.loc[key].to_numpy(float)
    points = row.reshape(2, -1).T
    if not np.isfinite(points).all():
        return None
    height, width = size
    return points * (width, height) if table.attrs["relative"] else points


@lru_cache(maxsize=4)
def _table(path: Path) -> pd.DataFrame:
    """x_0 … y_0 …, by path (or "") and frame (or 0); NaN where no face was found."""
    if not path.is_file():
        raise FileNotFoundError(f"there are no landmarks at {path}; correct the path")
    try:
        table = pd.read_csv(path, skipinitialspace=True, encoding="utf-8-sig")
    except (ValueError, OSError, pd.errors.ParserError) as error:
        raise CorpusError(f"{path} cannot be read ({error}); expected a CSV table") from error
    table.columns = [str(name).strip() for name in table.columns]
    n = sum(bool(re.fullmatch(r"x_?\d+", name)) for name in table)
    names = [[f"{axis}{mark}{i}" for axis in "xy" for i in range(n)] for mark in ("_", "")]
    names = next((columns for columns in names if set(columns) <= set(table.columns)), None)
    if n not in POINTS or names is None:
        raise CorpusError(
            f"{path}: expected columns x_0 … and y_0 … of {', '.join(map(str, POINTS))} landmarks, "
            f"found {n} of x; OpenFace writes them with -2Dfp"
        )
    points = table[names].apply(pd.to_numeric, errors="coerce").astype(np.float32)
    if "success" in table:
        points[pd.to_numeric(table["success"], errors="coerce") != 1] = np.nan
    for name in ("frame", "confidence"):
        points[name] = pd.to_numeric(table[name], errors="coerce") if name in table else 0
    points["path"] = table.get("path", "")
    points = points.sort_values("confidence", ascending=False, kind="stable")  # of several faces
    points = points.drop_duplicates(["path", "frame"]).drop(columns="confidence")
    points = points.set_index(["path", "frame"]).sort_index()
    points.attrs["named"] = "path" in table
    points.attrs["relative"] = bool(np.nanmax(points.to_numpy(), initial=0) <= 2)  # of the sides
    return points
