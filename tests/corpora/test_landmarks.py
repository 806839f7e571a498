"""Landmarks: a face comes to lie where drawn faces lie, from any of the sets of points."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.io import savemat

from aunce_lib.corpora import CorpusError, crop_face
from aunce_lib.corpora.landmarks import DRAWN, POINTS, box_of, finder


def points_at(places, n: int = 68) -> np.ndarray:
    """n landmarks, of which eyes and mouth lie around three places (column, row)."""
    points = np.full((n, 2), 3.0)
    rng = np.random.default_rng(0)
    for place, part in zip(places, POINTS[n], strict=True):
        around = rng.normal(size=(len(part), 2))
        points[list(part)] = place + around - around.mean(axis=0)
    return points


def turned(degrees: float, side: float, centre) -> np.ndarray:
    """Where the eyes and the mouth of a drawn face are in a picture; turned to the right."""
    angle = np.radians(degrees)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return (DRAWN - 0.5) * side @ rotation + centre


def frame(**values):
    given = {"subject": "bp4d/F001", "sequence": "T1", "frame": 3, "path": "F001/T1/3.jpg"}
    return SimpleNamespace(**given | values)


@pytest.mark.parametrize("n", sorted(POINTS))
@pytest.mark.parametrize(("degrees", "side"), [(0, 60), (25, 90), (-70, 50)])
def test_eyes_and_mouth_come_to_lie_where_drawn_faces_have_them(n, degrees, side):
    places = turned(degrees, side, (70, 80))
    picture = np.zeros((160, 150, 3), np.uint8)
    rows, columns = np.mgrid[:160, :150] + 0.5
    for channel, (x, y) in enumerate(places):
        picture[np.hypot(columns - x, rows - y) < 3, channel] = 255
    crop = crop_face(picture, box_of(points_at(places, n)), 100).astype(float)
    rows, columns = (np.mgrid[:100, :100] + 0.5) / 100
    for channel, (x, y) in enumerate(DRAWN):
        weights = crop[..., channel]
        assert np.average(columns, weights=weights) == pytest.approx(x, abs=0.012)
        assert np.average(rows, weights=weights) == pytest.approx(y, abs=0.012)


def test_other_numbers_of_points_and_points_in_one_place_are_refused():
    with pytest.raises(ValueError, match="must be"):
        box_of(np.zeros((5, 2)))
    with pytest.raises(ValueError, match="in one place"):
        box_of(np.zeros((68, 2)))


# ------------------------------------------------------------------------------------------- BP4D
def write_mat(path, per_frame) -> None:
    fit = np.zeros((1, len(per_frame)), dtype=[("pred", "O")])
    for place, points in enumerate(per_frame):
        fit[0, place]["pred"] = points
    path.parent.mkdir(parents=True, exist_ok=True)
    savemat(path, {"fit": fit})


def test_bp4ds_points_are_found_by_frame_number_and_count_pixels_from_1(tmp_path):
    points = points_at(turned(0, 60, (50, 50)), 49)
    write_mat(tmp_path / "2DFeatures" / "F001_T1.mat", [np.zeros((0, 0)), points + 9, points])
    find = finder("bp4d", tmp_path, None)
    np.testing.assert_allclose(find(frame(frame=3), (99, 99)), points - 0.5)
    np.testing.assert_allclose(find(frame(frame=2), (99, 99)), points + 8.5)


@pytest.mark.parametrize("change", [{"frame": 1}, {"frame": 0}, {"frame": 4}, {"sequence": "T2"}])
def test_frames_that_were_not_tracked_have_none(change, tmp_path):
    points = points_at(turned(0, 60, (50, 50)), 49)
    write_mat(tmp_path / "2DFeatures" / "F001_T1.mat", [np.zeros((0, 0)), points, points])
    assert finder("bp4d", tmp_path, None)(frame(**change), (99, 99)) is None


def test_a_sequence_of_one_frame_is_read(tmp_path):
    points = points_at(turned(0, 60, (50, 50)), 49)
    write_mat(tmp_path / "2DFeatures" / "F001_T1.mat", [points])
    found = finder("bp4d", tmp_path, None)(frame(frame=1), (99, 99))
    np.testing.assert_allclose(found, points - 0.5)


@pytest.mark.parametrize("content", [b"", b"no matlab file", b"MATLAB 5.0 MAT-file" + bytes(200)])
def test_a_damaged_matlab_file_is_named(content, tmp_path):
    (tmp_path / "2DFeatures").mkdir()
    (tmp_path / "2DFeatures" / "F001_T1.mat").write_bytes(content)
    with pytest.raises(CorpusError, match=r"F001_T1\.mat cannot be read.*--align detect"):
        finder("bp4d", tmp_path, None)(frame(), (99, 99))


def test_a_corpus_without_landmarks_has_no_finder(tmp_path):
    assert finder("bp4d", tmp_path, None) is None
    assert finder("disfa", tmp_path, None) is None


# ----------------------------------------------------------------------------------------- tables
def table_of(points, **columns) -> pd.DataFrame:
    """As OpenFace writes it: a space after each comma, also in the header."""
    rows = {f" x_{i}": points[:, i, 0] for i in range(points.shape[1])}
    rows |= {f" y_{i}": points[:, i, 1] for i in range(points.shape[1])}
    return pd.DataFrame({f" {name}": values for name, values in columns.items()} | rows)


@pytest.fixture
def two():
    return np.stack([points_at(turned(0, side, (50, 50))) for side in (60, 70)])


def test_a_table_beside_each_video_is_found_by_frame_from_1(two, tmp_path):
    table_of(two, frame=[1, 2], success=[1, 1]).to_csv(tmp_path / "clip.csv", index=False)
    find = finder("csv", tmp_path, tmp_path)
    seen = frame(path="videos/clip.avi", video_frame=1)
    np.testing.assert_allclose(find(seen, (99, 99)), two[1], atol=1e-4)
    assert find(frame(path="videos/clip.avi", video_frame=2), (99, 99)) is None
    assert find(frame(path="other.avi", video_frame=0), (99, 99)) is None


def test_a_table_beside_each_image_is_found_by_its_path(two, tmp_path):
    (tmp_path / "F001" / "T1").mkdir(parents=True)
    table_of(two[:1]).to_csv(tmp_path / "F001" / "T1" / "3.csv", index=False)
    found = finder("folder", tmp_path, tmp_path)(frame(video_frame=-1), (99, 99))
    np.testing.assert_allclose(found, two[0], atol=1e-4)


def test_one_table_of_all_images_is_found_by_path(two, tmp_path):
    table_of(two, path=["b.jpg", "a.jpg"]).to_csv(tmp_path / "all.csv", index=False)
    find = finder("folder", tmp_path, tmp_path / "all.csv")
    np.testing.assert_allclose(find(frame(path="a.jpg"), (99, 99)), two[1], atol=1e-4)
    assert find(frame(path="c.jpg"), (99, 99)) is None


def test_mediapipes_fractions_become_pixels(tmp_path):
    points = points_at(np.array([[0.3, 0.4], [0.6, 0.4], [0.45, 0.7]]), 478) / 4
    table_of(points[None], path=["a.jpg"]).to_csv(tmp_path / "all.csv", index=False)
    found = finder("folder", tmp_path, tmp_path / "all.csv")(frame(path="a.jpg"), (100, 200))
    np.testing.assert_allclose(found, points * (200, 100), atol=1e-3)


def test_where_tracking_failed_there_are_none_and_of_two_faces_the_surer_counts(two, tmp_path):
    columns = {"frame": [1, 2, 2], "success": [0, 1, 1], "confidence": [0.1, 0.5, 0.9]}
    three = np.concatenate([two, two[:1] + 5])
    table_of(three, **columns).to_csv(tmp_path / "clip.csv", index=False)
    find = finder("csv", tmp_path, tmp_path)
    assert find(frame(path="clip.avi", video_frame=0), (99, 99)) is None
    found = find(frame(path="clip.avi", video_frame=1), (99, 99))
    np.testing.assert_allclose(found, three[2], atol=1e-4)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("path,x_0,y_0\na.jpg,1,2\n", "found 1 of x"),
        ("", "cannot be read"),
        ("a\0b,c\n1", "found 0 of x|cannot be read"),
        ("path," + ",".join(f"x_{i}" for i in range(68)) + "\n", "expected columns x_0"),
    ],
)
def test_a_table_without_landmarks_is_named(text, message, tmp_path):
    (tmp_path / "all.csv").write_text(text)
    with pytest.raises(CorpusError, match=rf"all\.csv.*({message})"):
        finder("folder", tmp_path, tmp_path / "all.csv")


def test_one_table_must_say_which_image_a_row_is_of(two, tmp_path):
    table_of(two, frame=[1, 2]).to_csv(tmp_path / "all.csv", index=False)
    with pytest.raises(CorpusError, match="column 'path'.*or give a folder"):
        finder("folder", tmp_path, tmp_path / "all.csv")
