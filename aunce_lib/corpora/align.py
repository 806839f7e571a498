"""From a photograph to the crop that the encoder knows: find the face, scale, shift, turn.

The detector is the small frontal-face cascade that ships with scikit-image. It needs no download
and no GPU, and finds faces that look into the camera. One pass of it also fires on chance
patterns, so we count votes: a real face is found at many neighbouring positions and sizes, in the
photograph and in its mirror image; a pattern on a wall a few times at most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path

import numpy as np

from .errors import CorpusError

MAX_PIXELS = 60_000_000  # 60 megapixels: 180 MB decoded
MIN_SIDE = 24  # pixels; the cascade's own window

SEARCH_SIDE = 512  # the photograph's longer side is brought to this many pixels for the search
SEARCH_MARGIN = 0.12  # of the longer side, so that a face that fills the photograph has room
SMALLEST_FACE = 40  # pixels at search size
REFINED_FACE = 80  # pixels to which a found face is brought to see how it is turned
ROLL_STEP = 15.0  # degrees; the cascade bears about this much
# Portraits gather 30–110 votes; on 15 photographs without faces the best pattern got 22.
MIN_VOTES = 24
SAME_FACE = 0.35  # intersection over union above which two hits mean one face

# Where a drawn face has its eyes and mouth in its crop, and where photographed faces have theirs
# in the cascade's box (measured on 47 portraits; fractions of the side):
#            eyes' row   eyes' columns   mouth's row
#   crop     .35         .32, .68        .70
#   box      .37         .30, .68        .78
# The similarity transform that brings the second line onto the first, by least squares:
CROP_SIDE = 1.12  # the crop's side, in box sides
CROP_DROP = 0.04  # the crop's centre below the box's centre, in box sides


@dataclass(frozen=True)
class Box:
    """Where a face is in a photograph.

    Attributes:
        row: Top edge in pixels, before turning.
        column: Left edge in pixels, before turning.
        height: Height in pixels.
        width: Width in pixels.
        roll: Degrees by which the box, and the face in it, is turned about the box's centre,
            counter-clockwise as one looks at the photograph.
    """

    row: float
    column: float
    height: float
    width: float
    roll: float = 0.0

    @property
    def centre(self) -> tuple[float, float]:
        """Column and row of the centre, in pixels."""
        return self.column + self.width / 2, self.row + self.height / 2

    def scaled(self, factor: float) -> Box:
        """The box in the photograph made larger by a factor."""
        edges = (self.row, self.column, self.height, self.width)
        return Box(*(edge * factor for edge in edges), self.roll)


def read_photo(path: str | Path) -> np.ndarray:
    """Decode a photograph as it is meant to be seen.

    The camera's orientation note (EXIF) is followed, grey becomes RGB, transparent parts white.

    Args:
        path: An image file in any format Pillow reads (JPEG, PNG, WebP, TIFF, …).

    Returns:
        Image, uint8 (H, W, 3).

    Raises:
        FileNotFoundError: If there is no such file.
        CorpusError: If the file is no image, is damaged, too large or too small.
    """
    path = Path(path)
    if not path.is_file():
        kind = "is a folder" if path.is_dir() else "does not exist"
        raise FileNotFoundError(f"{path} {kind}; give the path of an image file")
    return decode_photo(path, path)


def decode_photo(file: Path | BytesIO, path: object) -> np.ndarray:
    """What `read_photo` does, for an image from anywhere; `path` is its name in messages."""
    from PIL import Image, ImageOps

    try:
        with Image.open(file) as image:  # reads the header only
            if image.width * image.height > MAX_PIXELS:
                raise CorpusError(_wrong_size(path, image.size, f"at most {MAX_PIXELS:,} pixels"))
            if min(image.size) < MIN_SIDE:
                raise CorpusError(_wrong_size(path, image.size, f"sides of at least {MIN_SIDE}"))
            return np.array(_as_rgb(ImageOps.exif_transpose(image)))
    except Image.DecompressionBombError as error:
        raise CorpusError(f"{path} is too large: {error}; make it smaller") from error
    except Image.UnidentifiedImageError as error:
        from .sanity import why_unreadable  # what only an error needs is loaded then

        with file.open("rb") if isinstance(file, Path) else BytesIO(file.getvalue()) as begins:
            why = why_unreadable(begins.read(1 << 16))
        raise CorpusError(
            f"{path} is not an image that can be read; expected a JPEG, PNG, WebP or TIFF file; "
            f"most likely {why}"
        ) from error
    except (OSError, SyntaxError, ValueError) as error:  # Pillow's ways to say "damaged"
        if isinstance(error, CorpusError):
            raise
        raise CorpusError(
            f"{path} is a damaged image ({error}); copy or export it again"
        ) from error


def _wrong_size(path: Path, size: tuple[int, int], allowed: str) -> str:
    return f"{path} has {size[0]}×{size[1]} pixels, but {allowed} are allowed; resize it"


def _as_rgb(image):
    """Any mode of Pillow as 8-bit RGB."""
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":  # 16-bit grey would be clipped to white
        grey = np.asarray(image, np.float64)
        grey = grey * (255 / 65535 if image.mode != "F" and grey.max() > 255 else 1)
        image = Image.fromarray(grey.clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


def detect_faces(image: np.ndarray) -> list[Box]:
    """Faces that look into the camera, largest first; an empty list if there is none.

    Upright faces are searched first; if there is none, faces turned by ±15°, then by ±30°.

    Args:
        image: Photograph, uint8 (H, W, 3).

    Returns:
        One box a face. Faces under about 1/13 of the photograph's longer side are not found.

    Raises:
        TypeError: If the image is not uint8.
        ValueError: If its shape is not (H, W, 3).
    """
    _check_image(image)
    small = _search_size(image)
    found: list[tuple[int, Box]] = []
    for rolls in ((0.0,), (-ROLL_STEP, ROLL_STEP), (-2 * ROLL_STEP, 2 * ROLL_STEP)):
        found = [hit for roll in rolls for hit in _hits(small, roll, MIN_VOTES)]
        if found:
            break
    faces: list[Box] = []
    for _, box in sorted(found, key=lambda hit: -hit[0]):
        if not any(_same_face(box, face) for face in faces):
            faces.append(_refined(small, _refined(small, box)))
    scale = max(image.shape) / max(small.shape)
    return sorted((box.scaled(scale) for box in faces), key=lambda box: -box.width)


def follow_face(image: np.ndarray, box: Box) -> Box | None:
    """A face a moment later: searched only around where it was, ten times as quick.

    Args:
        image: The next frame of a recording, uint8 (H, W, 3).
        box: The face in the frame before.

    Returns:
        Its box now, or None if it is no longer there: then search with `detect_faces`.
    """
    _check_image(image)
    small = _search_size(image)
    scale = max(image.shape) / max(small.shape)
    before = box.scaled(1 / scale)
    now = _refined(small, before)
    return None if now is before else now.scaled(scale)


def crop_face(image: np.ndarray, box: Box, size: int = 64) -> np.ndarray:
    """The face upright, at the place and scale of our drawn faces.

    Args:
        image: Photograph, uint8 (H, W, 3).
        box: A face in it, from `detect_faces`.
        size: Side of the crop in pixels.

    Returns:
        Crop, uint8 (size, size, 3). Beyond the photograph its edge pixels are repeated.

    Raises:
        TypeError: If the image is not uint8.
        ValueError: If its shape is not (H, W, 3).
    """
    _check_image(image)
    side = CROP_SIDE * box.width
    # Down along the face, not along the photograph.
    centre = np.add(box.centre, _turned((0, CROP_DROP * box.height), box.roll))
    # Several samples a pixel and then their mean: without it a large face would be aliased.
    samples = max(1, math.ceil(side / size))
    fine = _window(image, centre, side, box.roll, size * samples)
    return _to_uint8(fine.reshape(size, samples, size, samples, 3).mean((1, 3)))


def _check_image(image: np.ndarray) -> None:
    if image.dtype != np.uint8:
        raise TypeError(f"image must be uint8, got {image.dtype}")
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"image must be (H, W, 3), got {image.shape}")


def _turned(vector, roll: float) -> np.ndarray:
    """(x, y) with y downwards, turned by `roll` degrees counter-clockwise to the eye."""
    x, y = vector
    cosine, sine = math.cos(math.radians(roll)), math.sin(math.radians(roll))
    return np.array([x * cosine + y * sine, y * cosine - x * sine])


def _window(image, centre, side: float, roll: float, size: int) -> np.ndarray:
    """A square window, turned by `roll`, resampled to float (size, size, 3) in 0 … 255."""
    from skimage.transform import SimilarityTransform, warp

    # Only what the window can touch is turned into floating numbers: most of a photograph is not.
    reach = side * math.sqrt(0.5) + 2
    sides = np.array([image.shape[1], image.shape[0]])
    first = np.clip(np.subtract(centre, reach), 0, sides - 1).astype(int)
    last = np.clip(np.add(centre, reach), first, sides - 1).astype(int)
    image = image[first[1] : last[1] + 1, first[0] : last[0] + 1]
    centre = np.subtract(centre, first)
    # Pixel (column, row) of the window → pixel of the photograph; 0.5 is the centre of pixel 0.
    to_centre = SimilarityTransform(translation=(0.5 - size / 2, 0.5 - size / 2))
    to_photo = SimilarityTransform(
        scale=side / size, rotation=-math.radians(roll), translation=np.subtract(centre, 0.5)
    )
    return warp(
        image,
        to_centre + to_photo,
        output_shape=(size, size),
        order=1,
        mode="edge",
        preserve_range=True,
    )


def _to_uint8(image: np.ndarray) -> np.ndarray:
    return np.rint(image).clip(0, 255).astype(np.uint8)


def _search_size(image: np.ndarray) -> np.ndarray:
    """The photograph with a longer side of SEARCH_SIDE pixels."""
    from PIL import Image

    scale = SEARCH_SIDE / max(image.shape)
    size = [max(1, round(scale * side)) for side in (image.shape[1], image.shape[0])]
    return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))


def _hits(photo: np.ndarray, roll: float, min_votes: int) -> list[tuple[int, Box]]:
    """Votes and box of each face that is turned by about `roll` degrees."""
    height, width = photo.shape[:2]
    middle = np.array([width, height]) / 2
    # The smallest square that holds the turned photograph, and a margin.
    corners = np.abs([_turned((width, height), roll), _turned((width, -height), roll)])
    size = math.ceil(corners.max() + 2 * SEARCH_MARGIN * max(width, height))
    upright = _to_uint8(_window(photo, middle, size, roll, size))
    hits = _cascade_hits(upright)
    mirrored = _cascade_hits(np.ascontiguousarray(upright[:, ::-1]))
    mirrored[:, 0] = size - mirrored[:, 0] - mirrored[:, 2]
    found = []
    for votes, (column, row, side) in _clusters(np.concatenate([hits, mirrored])):
        if votes < min_votes:
            continue
        centre = np.array([column, row]) + side / 2
        column, row = middle + _turned(centre - size / 2, roll) - side / 2
        found.append((votes, Box(float(row), float(column), float(side), float(side), roll)))
    return found


def _refined(photo: np.ndarray, box: Box) -> Box:
    """The same face with a roll between the steps: each step counts as much as it has votes."""
    side = 2 * box.width
    size = 2 * REFINED_FACE
    around = _to_uint8(_window(photo, box.centre, side, 0.0, size))
    middle = Box(size / 4, size / 4, size / 2, size / 2)
    votes, seen = [], []
    for roll in (box.roll - ROLL_STEP, box.roll, box.roll + ROLL_STEP):
        hits = [hit for hit in _hits(around, roll, 1) if _same_face(hit[1], middle)]
        if hits:
            count, hit = max(hits, key=lambda hit: hit[0])
            votes.append(count)
            seen.append((*hit.centre, hit.width, hit.roll))
    if sum(votes) < MIN_VOTES:
        return box
    column, row, width, roll = np.average(seen, axis=0, weights=votes)
    # From the window back to the photograph.
    scale = side / size
    left = (column - size / 2 - width / 2) * scale + box.centre[0]
    top = (row - size / 2 - width / 2) * scale + box.centre[1]
    return Box(float(top), float(left), float(width * scale), float(width * scale), float(roll))


@cache
def _cascade():
    from skimage.data import lbp_frontal_face_cascade_filename
    from skimage.feature import Cascade

    return Cascade(lbp_frontal_face_cascade_filename())


def _cascade_hits(image: np.ndarray) -> np.ndarray:
    """Every single hit of the cascade as column, row, side, (n, 3)."""
    found = _cascade().detect_multi_scale(
        img=image,
        scale_factor=1.1,
        step_ratio=1,
        min_size=(SMALLEST_FACE, SMALLEST_FACE),
        max_size=image.shape[:2],
        # The two that keep scikit-image from merging hits, so that we can count them.
        min_neighbor_number=1,
        intersection_score_threshold=1.1,
    )
    hits = [(hit["c"], hit["r"], hit["width"]) for hit in found]
    return np.array(sorted(hits), float).reshape(-1, 3)  # sorted: the threads' order is chance


def _clusters(hits: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Hits of the same face together: number of votes and their mean, (column, row, side)."""
    clusters = []
    while len(hits):
        near = _intersection_over_union(hits) > SAME_FACE  # (n, n)
        members = near[near.sum(1).argmax()]
        clusters.append((int(members.sum()), hits[members].mean(0)))
        hits = hits[~members]
    return clusters


def _intersection_over_union(squares: np.ndarray) -> np.ndarray:
    """Of every two squares (column, row, side), (n, n)."""
    start, side = squares[:, :2], squares[:, 2]
    stop = start + side[:, None]
    shared = np.minimum(stop[:, None], stop) - np.maximum(start[:, None], start)  # (n, n, 2)
    shared = shared.clip(0).prod(2)
    return shared / (side[:, None] ** 2 + side**2 - shared)


def _same_face(one: Box, other: Box) -> bool:
    """Whether the centre of one box lies in the other: two faces never share that much."""
    distance = np.abs(np.subtract(one.centre, other.centre)).max()
    return bool(distance < max(one.width, other.width) / 2)
