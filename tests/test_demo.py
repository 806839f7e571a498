"""The demo on the tiny corpus: what it leaves behind, and what its page says."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import pytest

from aunce_lib.demo import MODELS, demo
from aunce_lib.report import verdict
from aunce_lib.training import Run


def test_metrics_have_the_promised_shape(demo_folder):
    metrics = json.loads((demo_folder / "metrics.json").read_text())
    for loss in MODELS:
        scores = metrics[loss]
        low, high = scores["ci95"]
        assert 0 <= low <= high <= 1
        assert set(scores["per_au"]) == {
            f"AU{n}" for n in (1, 2, 4, 6, 7, 10, 12, 14, 15, 17, 23, 24)
        }
    assert 0 < metrics["all_active"] < 1
    assert {"render", "train", "probe", "total"} <= set(metrics["seconds"])


def test_all_losses_spend_the_same_compute(demo_folder):
    aunce, *others = (Run.load(demo_folder / loss) for loss in MODELS)
    for other, setting in zip(others, ("cross_entropy", "loss"), strict=True):
        assert len(aunce.history) == len(other.history)
        lines = aunce.config.differences(other.config)
        assert {line.split(":")[0] for line in lines} == {setting}


def test_last_line_tells_both_scores_the_baseline_and_the_report(demo_output, demo_folder):
    metrics = json.loads((demo_folder / "metrics.json").read_text())
    last = demo_output.strip().splitlines()[-1]
    for value in (*(metrics[loss]["macro_f1"] for loss in MODELS), metrics["all_active"]):
        assert f"{value:.3f}" in last
    assert str(demo_folder / "report.html") in last


class References(HTMLParser):
    """Everything a page would fetch."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        self.found += [v for k, v in attrs if k in ("src", "href") and v is not None]


def test_report_needs_no_network_and_no_other_file(demo_folder):
    page = (demo_folder / "report.html").read_text(encoding="utf-8")
    parser = References()
    parser.feed(page)
    assert parser.found, "a report without pictures"
    assert all(reference.startswith("data:image/png;base64,") for reference in parser.found)
    assert not re.search(r"url\(|@import|<script", page)


def test_report_calls_the_faces_synthetic_and_has_alternative_texts(demo_folder):
    page = (demo_folder / "report.html").read_text(encoding="utf-8")
    assert "SYNTHETIC FACES" in page
    assert page.count("<img ") == page.count('alt="')


def test_figures_lie_beside_the_report(demo_folder):
    names = {path.stem for path in (demo_folder / "figures").glob("*.png")}
    assert names == {"faces", "f1", "history", "tsne", "umap"}


def scores(aunce: float, bce: float, half: float) -> dict:
    return {
        name: {"macro_f1": f1, "ci95": [f1 - half, f1 + half]}
        for name, f1 in (("aunce", aunce), ("bce", bce))
    }


def test_verdict_says_plainly_when_cross_entropy_wins():
    assert verdict(scores(0.60, 0.70, 0.01)).startswith("Cross-entropy is ahead of AUNCE by 0.100")


def test_verdict_says_when_intervals_overlap():
    assert "overlap" in verdict(scores(0.66, 0.65, 0.03))
    assert "overlap" not in verdict(scores(0.70, 0.60, 0.03))


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "taken").write_text("a file, no folder")
    with pytest.raises(OSError, match="taken"):
        demo(tmp_path / "taken", size="tiny")


def test_a_folder_of_somebody_elses_is_not_replaced(tmp_path):
    (tmp_path / "aunce").mkdir()
    (tmp_path / "aunce" / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match="no run of an earlier demo"):
        demo(tmp_path, size="tiny")
    assert (tmp_path / "aunce" / "thesis.txt").read_text() == "years of work"
