"""The pictures of the widgets: three of each, small, all shown, all of synthetic faces."""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

from PIL import Image

FOLDER = Path(__file__).parents[2] / "docs" / "widgets"
sys.path.insert(0, str(FOLDER))

from scenes import SCENES  # noqa: E402

README = (FOLDER / "README.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"!\[(.*?)\]\((.*?)\)", README)


def test_three_states_of_each_of_eight_widgets():
    counts = Counter(scene.name.rpartition("-")[0] for scene in SCENES)
    assert len(counts) == 8
    assert set(counts.values()) == {3}


def test_every_scene_has_a_picture_that_the_page_shows():
    names = {f"{scene.name}.webp" for scene in SCENES}
    assert {name for _, name in SHOWN} == names == {path.name for path in FOLDER.glob("*.webp")}


def test_pictures_are_small_and_readable():
    for path in FOLDER.glob("*.webp"):
        assert path.stat().st_size <= 80_000, path.name
        assert Image.open(path).width >= 700, path.name


def test_every_picture_is_said_to_be_synthetic():
    assert all("ynthetic" in words for words, _ in SHOWN)
