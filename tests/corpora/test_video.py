"""Videos: frame i is the i-th that is shown, turned as it was filmed; damage is told in words."""

from __future__ import annotations

import struct

import av
import numpy as np
import pytest

from aunce_lib.corpora import CorpusError
from aunce_lib.corpora.video import read_frames


def write_clip(
    path, n: int = 12, width: int = 64, height: int = 48, codec: str = "libx264"
) -> None:
    """Frame i, 48×64 pixels, is grey 20·i; its left top corner is white."""
    width, height = 64, 48
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(n):
            pixels = np.full((height, width, 3), 20 * number, np.uint8)
            pixels[:16, :16] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, "rgb24")))
        container.mux(stream.encode())


def every(number, seconds):
    return True


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_frames_come_in_the_order_they_are_shown_with_their_time(codec, tmp_path):
    write_clip(tmp_path / "clip.mp4", codec=codec)
    frames = list(read_frames(tmp_path / "clip.mp4", every))
    assert [number for number, *_ in frames] == list(range(12))
    np.testing.assert_allclose([s for _, s, _ in frames], np.arange(12) / 10, atol=1e-3)
    grey = [image[30, 40].mean() for *_, image in frames]
    np.testing.assert_allclose(grey, 20 * np.arange(12), atol=6)


def test_only_wanted_frames_are_given_and_decoding_ends_at_the_last(tmp_path):
    write_clip(tmp_path / "clip.mp4")
    asked = []
    found = read_frames(tmp_path / "clip.mp4", lambda n, s: asked.append(n) or n in (2, 5), last=5)
    assert [number for number, *_ in found] == [2, 5]
    assert asked == list(range(6))


@pytest.mark.parametrize(
    ("degrees", "corner"), [(90, "right top"), (180, "right bottom"), (270, "left bottom")]
)
def test_a_phone_held_sideways_is_turned_back(degrees, corner, tmp_path):
    """The matrix in the file's track header says by how much to turn to the right when shown."""
    path = tmp_path / "clip.mp4"
    write_clip(path)
    content = bytearray(path.read_bytes())
    one, sine, cosine = 0x10000, *{90: (1, 0), 180: (0, -1), 270: (-1, 0)}[degrees]
    matrix = [cosine * one, sine * one, 0, -sine * one, cosine * one, 0, 0, 0, 0x40000000]
    start = content.index(b"tkhd") + 4 + 4 + 20 + 8 + 8
    content[start : start + 36] = struct.pack(">9i", *matrix)
    path.write_bytes(content)
    *_, image = next(iter(read_frames(path, every)))
    assert image.shape == ((64, 48, 3) if degrees != 180 else (48, 64, 3))
    side, end = corner.split()
    white = image[-8:] if end == "bottom" else image[:8]
    white = white[:, -8:] if side == "right" else white[:, :8]
    assert white.min() > 200
    assert image.mean() < 60


def test_a_video_that_is_too_short_says_so_after_its_last_frame(tmp_path):
    write_clip(tmp_path / "clip.mp4", 4)
    frames = read_frames(tmp_path / "clip.mp4", every, last=9)
    assert [next(frames)[0] for _ in range(4)] == [0, 1, 2, 3]
    with pytest.raises(CorpusError, match=r"clip\.mp4 has only 4 frames, expected at least 10"):
        next(frames)


@pytest.mark.parametrize("content", [b"", b"no video", b"RIFF" + bytes(500)])
def test_no_video_is_named(content, tmp_path):
    (tmp_path / "clip.avi").write_bytes(content)
    with pytest.raises(CorpusError, match=r"clip\.avi"):
        list(read_frames(tmp_path / "clip.avi", every))


def test_a_video_cut_in_the_middle_ends_in_words(tmp_path):
    write_clip(tmp_path / "clip.avi", codec="mpeg4")
    content = (tmp_path / "clip.avi").read_bytes()
    (tmp_path / "clip.avi").write_bytes(content[: len(content) // 2])
    with pytest.raises(CorpusError, match=r"clip\.avi"):
        list(read_frames(tmp_path / "clip.avi", every, last=11))


def test_sound_alone_is_no_video(tmp_path):
    with av.open(str(tmp_path / "sound.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), "s16", "mono")
        sound.rate = 8000
        container.mux(stream.encode(sound))
    with pytest.raises(CorpusError, match="has no pictures"):
        list(read_frames(tmp_path / "sound.wav", every))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no video at"):
        list(read_frames(tmp_path / "none.avi", every))
