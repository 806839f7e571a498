"""The same seed on the same machine gives the same bits, from faces to report."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path

import pytest

from aunce_lib.demo import demo


def without_seconds(path: Path) -> object:
    """What a file says, but for how long it took."""
    if path.name == "metrics.json":
        metrics = json.loads(path.read_text())
        assert metrics.pop("seconds")
        return metrics
    if path.name == "history.csv":
        return [line.rpartition(",")[0] for line in path.read_text().splitlines()]
    if path.name == "state.json":
        state = json.loads(path.read_text())
        return [state, [row.pop("seconds") for row in state["history"]]][:1]
    if path.name == "report.html":
        page, n = re.subn(r"Times: [^<]*?Numbers:", "", path.read_text())
        assert n == 1
        return page
    return path.read_bytes()


@pytest.fixture
def another_demo(tmp_path, monkeypatch):
    """The demo of `demo_folder` once more, its faces drawn anew."""
    monkeypatch.setenv("AUNCE_CACHE", str(tmp_path / "cache"))
    with contextlib.redirect_stdout(io.StringIO()):
        demo(tmp_path / "demo", size="tiny", epochs=1, batch_size=32)
    return tmp_path / "demo"


def test_two_demos_are_the_same_in_faces_weights_scores_figures_and_report(
    demo_folder, another_demo
):
    files = sorted(p.relative_to(demo_folder) for p in demo_folder.rglob("*") if p.is_file())
    assert files == sorted(
        p.relative_to(another_demo) for p in another_demo.rglob("*") if p.is_file()
    )
    suffixes = {path.suffix for path in files}
    assert {".safetensors", ".json", ".csv", ".yaml", ".png", ".html"} <= suffixes
    for path in files:
        if path.name != "SHA256SUMS":  # of state.json, which holds seconds
            ours, theirs = (
                without_seconds(folder / path) for folder in (demo_folder, another_demo)
            )
            assert ours == theirs, path
