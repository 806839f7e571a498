"""Photographs: reading them, finding the face, bringing it to where drawn faces are."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from PIL import Image

from aunce_lib.corpora import Box, CorpusError, crop_face, detect_faces, read_photo
from aunce_lib.corpora.align import follow_face

# Where the pupils and the mouth of the astronaut are, (column, row), read off the photograph.
EYES_AND_MOUTH = np.array([[203.7, 101.5], [246.9, 103.9], [223.0, 144.3]])
NATURAL_ROLL = -3.2  # degrees: the line through the astronaut's eyes
# Where drawn faces have them, in fractions of the crop: (column, row), from faces' coordinates.
DRAWN = np.array([[0.316, 0.352], [0.684, 0.352], [0.5, 0.699]])


@cache
def astronaut() -> np.ndarray:
    from skimage import data

    return data.astronaut()


@cache
def face_of_astronaut() -> Box:
    (box,) = detect_faces(astronaut())
    return box


def turned(image: np.ndarray, degrees: float) -> np.ndarray:
    """Turned counter-clockwise about its centre by another library than the one under test."""
    return np.asarray(Image.fromarray(image).rotate(degrees, Image.Resampling.BICUBIC))


def turned_points(points: np.ndarray, degrees: float, centre: float = 256.0) -> np.ndarray:
    """The same turn for (column, row) points, in complex numbers; rows run downwards."""
    x, y = (points - centre).T
    z = (x - 1j * y) * np.exp(1j * np.radians(degrees))
    return np.stack([z.real, -z.imag], 1) + centre


def in_crop(points: np.ndarray, photo: np.ndarray, box: Box) -> np.ndarray:
    """Where points of a photograph come to lie in the crop, by marking them in it, as fractions."""
    found = []
    for column, row in points:
        marked = np.zeros_like(photo)
        rows, columns = np.mgrid[: photo.shape[0], : photo.shape[1]] + 0.5
        marked[np.hypot(rows - row, columns - column) < 4] = 255
        weight = crop_face(marked, box, size=100)[..., 0].astype(float)
        rows, columns = (np.mgrid[:100, :100] + 0.5) / 100
        found.append([np.average(columns, weights=weight), np.average(rows, weights=weight)])
    return np.array(found)


# -------------------------------------------------------------------------------------- detection
def test_the_astronauts_face_is_found_once():
    box = face_of_astronaut()
    assert box.roll == pytest.approx(NATURAL_ROLL, abs=4)
    assert box.centre == pytest.approx((223, 117), abs=8)
    assert 80 < box.width < 130


@pytest.mark.parametrize("roll", [10, 20, pytest.param(-30, marks=pytest.mark.slow)])
def test_a_turned_face_is_found_with_its_roll_and_cropped_upright(roll):
    photo = turned(astronaut(), roll)
    (box,) = detect_faces(photo)
    assert box.roll == pytest.approx(roll + NATURAL_ROLL, abs=6)
    points = in_crop(turned_points(EYES_AND_MOUTH, roll), photo, box)
    np.testing.assert_allclose(points, DRAWN, atol=0.06)


def test_two_faces_are_found_as_two_and_the_larger_comes_first():
    face = astronaut()[0:256, 96:352]
    small = np.asarray(Image.fromarray(face).resize((176, 176)))
    photo = np.full((256, 460, 3), 200, np.uint8)
    photo[40:216, 10:186], photo[:, 204:] = small, face
    boxes = detect_faces(photo)
    assert len(boxes) == 2
    assert boxes[0].width > boxes[1].width
    assert boxes[0].centre[0] > 204 > boxes[1].centre[0]


@pytest.mark.parametrize("scale", [0.4, 2.5])
def test_the_size_of_the_photograph_does_not_matter(scale):
    side = round(512 * scale)
    (box,) = detect_faces(np.asarray(Image.fromarray(astronaut()).resize((side, side))))
    assert box.width / scale == pytest.approx(face_of_astronaut().width, rel=0.1)


def test_a_face_that_fills_the_photograph_is_found():
    assert len(detect_faces(astronaut()[60:180, 165:285])) == 1


def test_a_photograph_without_a_person_gives_no_face():
    from skimage import data

    assert detect_faces(data.chelsea()) == []


def test_a_single_pixel_gives_no_face():
    assert detect_faces(np.zeros((1, 1, 3), np.uint8)) == []


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (np.zeros((64, 64, 3)), TypeError, "uint8"),
        (np.zeros((64, 64), np.uint8), ValueError, r"\(H, W, 3\), got \(64, 64\)"),
        (np.zeros((64, 64, 4), np.uint8), ValueError, r"\(H, W, 3\)"),
        (np.zeros((0, 64, 3), np.uint8), ValueError, r"\(H, W, 3\)"),
    ],
)
def test_images_of_another_kind_are_refused(image, error, message):
    with pytest.raises(error, match=message):
        detect_faces(image)
    with pytest.raises(error, match=message):
        crop_face(image, Box(0, 0, 10, 10))


# -------------------------------------------------------------------------------------- the crop
def test_eyes_and_mouth_come_to_lie_where_drawn_faces_have_them():
    points = in_crop(EYES_AND_MOUTH, astronaut(), face_of_astronaut())
    np.testing.assert_allclose(points, DRAWN, atol=0.06)


@pytest.mark.parametrize("size", [32, 64, 224])
def test_the_crop_has_the_asked_size(size):
    crop = crop_face(astronaut(), face_of_astronaut(), size)
    assert crop.shape == (size, size, 3)
    assert crop.dtype == np.uint8


def test_the_same_box_turned_by_nothing_is_a_plain_resize():
    """A constant gradient stays one, and the crop's middle lies CROP_DROP below the box's."""
    ramp = np.broadcast_to(np.arange(200, dtype=np.uint8)[:, None, None], (200, 200, 3))
    crop = crop_face(np.ascontiguousarray(ramp), Box(60, 60, 80, 80), size=64)
    rows = crop[:, 0, 0].astype(float)
    assert rows.mean() == pytest.approx(100 + 0.04 * 80 - 0.5, abs=0.1)
    assert np.diff(rows).mean() == pytest.approx(1.12 * 80 / 64, abs=0.02)


def test_a_large_face_is_averaged_not_sampled():
    stripes = np.zeros((400, 400, 3), np.uint8)
    stripes[::2] = 255
    crop = crop_face(stripes, Box(50, 50, 300, 300), size=32)
    assert crop.std() < 16
    assert crop.mean() == pytest.approx(127.5, abs=4)


def test_a_box_beyond_the_edge_repeats_the_edge():
    image = np.full((50, 50, 3), 90, np.uint8)
    assert (crop_face(image, Box(-30, -30, 60, 60)) == 90).all()


# -------------------------------------------------------------------------------------- reading
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "LA", "P", "CMYK", "1", "I;16"])
def test_every_kind_of_picture_comes_as_rgb(tmp_path, mode):
    path = tmp_path / ("photo.tif" if mode in {"CMYK", "I;16"} else "photo.png")
    if mode == "I;16":
        Image.fromarray(np.full((30, 40), 0x8080, np.uint16)).save(path)
    else:
        Image.new("RGB", (40, 30), (128, 128, 128)).convert(mode).save(path)
    photo = read_photo(path)
    assert photo.shape == (30, 40, 3)
    assert photo.dtype == np.uint8
    assert photo.mean() == pytest.approx(128, abs=2)


def test_transparent_parts_become_white(tmp_path):
    Image.new("RGBA", (40, 30), (200, 0, 0, 0)).save(tmp_path / "photo.png")
    assert (read_photo(tmp_path / "photo.png") == 255).all()


def test_the_cameras_orientation_is_followed(tmp_path):
    pixels = np.zeros((30, 40, 3), np.uint8)
    pixels[:10] = 255  # the top of what the sensor saw
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to see it upright
    Image.fromarray(pixels).save(tmp_path / "photo.png", exif=exif)
    photo = read_photo(tmp_path / "photo.png")
    assert photo.shape == (40, 30, 3)
    assert (photo[:, 20:] == 255).all()
    assert (photo[:, :20] == 0).all()


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nobody\.jpg does not exist"):
        read_photo(tmp_path / "nobody.jpg")
    with pytest.raises(FileNotFoundError, match="is a folder"):
        read_photo(tmp_path)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"", "the file is empty"), (b"no image", "damaged"), (b"<html>" * 50, "it is a web page")],
)
def test_a_file_that_is_no_image_is_refused_with_what_it_most_likely_is(tmp_path, content, why):
    (tmp_path / "photo.jpg").write_bytes(content)
    with pytest.raises(CorpusError, match=rf"photo\.jpg is not an image.*most likely.*{why}"):
        read_photo(tmp_path / "photo.jpg")


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_an_image_cut_off_anywhere_is_refused(tmp_path, ending):
    path = tmp_path / f"photo.{ending}"
    Image.fromarray(astronaut()[:64, :64]).save(path)
    content = path.read_bytes()
    for length in range(0, len(content) - 20, len(content) // 25):
        path.write_bytes(content[:length])
        with pytest.raises(CorpusError, match=rf"photo\.{ending} is (not an|a damaged) image"):
            read_photo(path)


def test_an_image_that_is_too_large_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    from aunce_lib.corpora import align

    Image.new("RGB", (100, 80)).save(tmp_path / "photo.png")
    monkeypatch.setattr(align, "MAX_PIXELS", 7_999)
    with pytest.raises(CorpusError, match=r"100×80 pixels, but at most 7,999"):
        read_photo(tmp_path / "photo.png")


def test_a_decompression_bomb_is_refused(tmp_path, monkeypatch):
    Image.new("RGB", (100, 80)).save(tmp_path / "photo.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(CorpusError, match="too large"):
        read_photo(tmp_path / "photo.png")


def test_an_image_that_is_too_small_is_refused(tmp_path):
    Image.new("RGB", (100, 20)).save(tmp_path / "photo.png")
    with pytest.raises(CorpusError, match="sides of at least 24"):
        read_photo(tmp_path / "photo.png")


# -------------------------------------------------------------------------------------- following
def test_a_face_that_moved_a_little_is_followed_to_where_detection_finds_it():
    moved = np.roll(turned(astronaut(), 6), (9, -12), axis=(0, 1))
    box = follow_face(moved, face_of_astronaut())
    (found,) = detect_faces(moved)
    assert box.centre == pytest.approx(found.centre, abs=8)
    assert box.width == pytest.approx(found.width, rel=0.12)
    assert box.roll == pytest.approx(NATURAL_ROLL + 6, abs=5)


def test_a_face_that_is_gone_is_not_followed():
    box = face_of_astronaut()
    empty = np.full_like(astronaut(), 127)
    assert follow_face(empty, box) is None
    elsewhere = np.roll(astronaut(), (0, 200), axis=(0, 1))
    assert follow_face(elsewhere, box) is None
