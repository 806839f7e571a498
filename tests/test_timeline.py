"""From a clip of a drawn face to a line an action unit, marked as what it is."""

from __future__ import annotations

import av
import numpy as np
import pandas as pd
import pytest
import torch
from test_cli import call

from aunce_lib import faces, timeline
from aunce_lib.corpora import Box, CorpusError
from aunce_lib.evaluation.probe import Probe
from aunce_lib.predict import NOTE, Model, NoFaceError
from aunce_lib.timeline import read_timeline, save_timeline

N = 20


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A synthetic face that begins to smile in the middle: 2 seconds, 10 frames a second."""
    calm = faces.DIFFICULTIES["tutorial"]
    people = faces.Population(4, 0, calm).people[torch.full((N,), 3)]
    scenes = faces.draw_scenes(1, 0, calm)[torch.zeros(N, dtype=torch.int64)]
    aus = torch.zeros(N, len(faces.AUS), 2)
    aus[N // 2 :, faces.AUS.index(12)] = 1
    drawn = faces.render(people, aus, scenes, torch.arange(N), 96).permute(0, 2, 3, 1).numpy()
    path = tmp_path_factory.mktemp("clips") / "smile $x$.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 128, "yuv420p"
        for face in drawn:
            pixels = np.full((128, 160, 3), 120, np.uint8)
            pixels[16:112, 32:128] = face
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode())
    return path


class Brightness:
    """Stands in for a model: the score is how bright a face is, the same for both AUs."""

    def __init__(self, size: int = 64):
        self.face_size = size
        values = np.full(2, 0.5, np.float32)
        weight = np.zeros((2, 3), np.float32)
        self.probe = Probe((1, 12), "logistic", weight, values, values, values)

    def read(self, crops):
        scores = np.repeat(crops.mean(axis=(1, 2, 3))[:, None] / 255, 2, axis=1)
        return scores, (scores >= 0.5).astype(np.float32)


@pytest.fixture
def found(monkeypatch):
    """Finds every face at once, but none in frames 6 to 11."""
    number = []

    def detect(image):
        number.append(1)
        return [] if 6 <= len(number) - 1 < 12 else [Box(16, 32, 96, 96)]

    monkeypatch.setattr(timeline, "detect_faces", detect)
    monkeypatch.setattr(timeline, "follow_face", lambda image, box: None)


def test_moments_come_at_the_rate_that_was_asked_for(clip, found):
    table = read_timeline(clip, Brightness(), rate=5).table
    assert table["frame"].tolist() == list(range(0, N, 2))
    np.testing.assert_allclose(table["seconds"], np.arange(0, 2, 0.2), atol=1e-3)


def test_without_a_face_a_moment_has_no_scores(clip, found):
    table = read_timeline(clip, Brightness(), rate=10).table
    assert table["face"].tolist() == [True] * 6 + [False] * 6 + [True] * 8
    scores = table[["AU1_score", "AU12_score", "AU1", "AU12"]]
    assert scores[~table["face"]].isna().all(axis=None)
    assert scores[table["face"]].notna().all(axis=None)
    assert (table["note"] == NOTE).all()


def test_scores_belong_to_their_moments_over_many_batches(clip, found, monkeypatch):
    whole = read_timeline(clip, Brightness(), rate=10).table
    monkeypatch.setattr(timeline, "detect_faces", lambda image: [Box(16, 32, 96, 96)])
    every = read_timeline(clip, Brightness(), rate=10).table
    monkeypatch.setattr(timeline, "AT_ONCE", 3)
    pd.testing.assert_frame_equal(read_timeline(clip, Brightness(), rate=10).table, every)
    face = whole["face"]
    np.testing.assert_allclose(whole[face]["AU1_score"], every[face]["AU1_score"])


def test_a_long_clip_keeps_few_faces_from_all_of_it(clip, found, monkeypatch):
    monkeypatch.setattr(timeline, "detect_faces", lambda image: [Box(16, 32, 96, 96)])
    monkeypatch.setattr(timeline, "SHOWN", 3)
    read = read_timeline(clip, Brightness(), rate=10)
    assert 3 <= len(read.faces) <= 6
    assert read.times[-1] > 1.2
    assert len(set(np.round(np.diff(read.times), 3))) == 1


def test_table_and_figure_are_written_and_marked(clip, found, tmp_path):
    read = read_timeline(clip, Brightness(), rate=10)
    table, figure = save_timeline(read, tmp_path)
    assert (table.name, figure.name) == ("smile $x$_timeline.csv", "smile $x$_timeline.png")
    assert set(pd.read_csv(table)["note"]) == {NOTE}
    assert NOTE in timeline.plot_timeline(read).get_suptitle()
    assert sorted(p.name for p in tmp_path.iterdir()) == [table.name, figure.name]


def test_a_run_reads_a_clip_through_the_command_line(
    clip, demo_folder, monkeypatch, capsys, tmp_path
):
    """With the real detector and a real, if hardly trained, model."""
    arguments = ("--run", demo_folder / "aunce", "--out", tmp_path, "--rate", 2)
    assert call(monkeypatch, "timeline", clip, *arguments) == 0
    out = capsys.readouterr().out
    assert "a face in 4 of 4 moments" in out
    assert NOTE in out
    table = pd.read_csv(tmp_path / "smile $x$_timeline.csv")
    assert table.filter(like="_score").stack().between(0, 1).all()


def test_a_clip_without_a_face_says_what_was_expected(clip, monkeypatch):
    monkeypatch.setattr(timeline, "detect_faces", lambda image: [])
    with pytest.raises(NoFaceError, match="no face found in 4 frames"):
        read_timeline(clip, Brightness(), rate=2)


def test_bad_input_is_told(clip, demo_folder, tmp_path):
    (tmp_path / "notes.mp4").write_text("no video")
    with pytest.raises(CorpusError, match=r"notes\.mp4"):
        read_timeline(tmp_path / "notes.mp4", Brightness())
    with pytest.raises(FileNotFoundError, match=r"none\.mp4"):
        read_timeline(tmp_path / "none.mp4", Brightness())
    with pytest.raises(ValueError, match="rate"):
        read_timeline(clip, Brightness(), rate=0)
    with pytest.raises(FileNotFoundError, match="aunce demo"):
        Model.open(tmp_path)
