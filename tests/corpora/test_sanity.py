"""Checks of whole tables: silent on what is right, and naming the cause of what is not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from trees import draw_faces

from aunce_lib.corpora import FrameStore, FrameTable, published, sanity
from aunce_lib.corpora.aggregates import TEST_COUNTS, all_active_f1, coded_frames, counts
from aunce_lib.facs import AU_SETS


def table_of_rates(corpus, fold=None, change=lambda rates: rates, frames=40, threshold=None):
    """People of a fold with labels drawn at its published rates."""
    n, active = counts(corpus, fold)
    rates = np.clip(change(active / n), 0, 1)
    folds = [published(corpus, k) for k in (1, 2, 3)]
    people = [p for k, f in enumerate(folds, 1) if fold in (None, k) for p in f.test_subjects]
    size = len(people) * frames
    labels = np.random.default_rng(0).random((size, len(rates))) < rates
    columns = {f"AU{au}": labels[:, i] * 1.0 for i, au in enumerate(AU_SETS[corpus])}
    if threshold:  # intensities of which 2 and more have the published rates, and 1 is as frequent
        level = np.where(labels, 3, np.random.default_rng(1).random(labels.shape) < rates)
        columns = {
            f"AU{au}": (level[:, i] >= threshold) * 1.0 for i, au in enumerate(AU_SETS[corpus])
        }
        columns |= {f"AU{au}_intensity": level[:, i] for i, au in enumerate(AU_SETS[corpus])}
    frame = np.tile(np.arange(frames), len(people))
    names = {"corpus": corpus, "subject": np.repeat(people, frames), "sequence": "T1"}
    return FrameTable(pd.DataFrame(names | {"frame": frame} | columns))


@pytest.mark.parametrize("corpus", TEST_COUNTS)
@pytest.mark.parametrize("fold", [None, 1, 2, 3])
def test_published_rates_raise_no_finding(corpus, fold):
    assert sanity.rates(table_of_rates(corpus, fold)) == []


@pytest.mark.parametrize(
    ("corpus", "change", "cause"),
    [
        ("bp4d", lambda rates: np.roll(rates, 1), "shifted by one"),
        ("bp4d", lambda rates: np.roll(rates, -1), "shifted by one"),
        ("disfa", lambda rates: np.roll(rates, 1), "shifted by one"),
        ("disfa", lambda rates: 1 - rates, "exchanged"),
        ("disfa", lambda rates: rates / 4, "another threshold, another edition"),
    ],
)
def test_wrong_rates_are_told_with_their_likely_cause(corpus, change, cause):
    (finding,) = sanity.rates(table_of_rates(corpus, change=change))
    assert finding.check == "rates"
    assert cause in finding.message


def test_a_wrong_threshold_is_recognised_by_the_intensities():
    assert sanity.rates(table_of_rates("disfa", threshold=2)) == []
    (finding,) = sanity.rates(table_of_rates("disfa", threshold=1))
    assert "with another threshold than 2" in finding.message


def test_corpora_without_published_rates_are_not_judged():
    table = table_of_rates("bp4d", change=lambda rates: np.roll(rates, 1))
    frames = table.frames.assign(
        corpus="mine", subject="mine/" + table.frames["subject"].astype(str)
    )
    assert sanity.rates(FrameTable(frames)) == []


def whole(corpus: str, runs: pd.DataFrame) -> FrameTable:
    frames = pd.concat(
        pd.DataFrame(
            {
                "subject": run.subject,
                "sequence": run.sequence or "left",
                "frame": range(run.first, run.last + 1),
            }
        )
        for run in runs.itertuples()
    )
    return FrameTable(frames.assign(corpus=corpus, AU1=0).reset_index(drop=True))


@pytest.mark.parametrize(("corpus", "n"), [("bp4d", 146_847), ("disfa", 130_814)])
def test_the_published_frames_are_the_corpus_own(corpus, n):
    table = whole(corpus, coded_frames(corpus))
    assert len(table) == n
    assert sanity.lengths(table) == []


@pytest.mark.parametrize(
    "keep", [lambda f: f["frame"] != f["frame"].max(), lambda f: f["frame"] != f["frame"].min()]
)
def test_a_sequence_that_was_cut_is_told(keep):
    runs = coded_frames("bp4d")
    table = whole("bp4d", runs.head(3))
    first = (table.frames["subject"] == runs.subject[0]) & (table.frames["sequence"] == "T1")
    part = table.frames[first]
    cut = table.where((~first | table.frames.index.isin(part.index[keep(part)])).to_numpy())
    (finding,) = sanity.lengths(cut)
    assert f"1 of 3 sequences have other frames than the published lists; {runs.subject[0]}" in str(
        finding
    )


def test_frames_that_count_from_0_are_told():
    table = whole("disfa", coded_frames("disfa"))
    frames = table.frames.assign(frame=table.frames["frame"] - 1)
    (finding,) = sanity.lengths(FrameTable(frames))
    assert "frames count from another number" in finding.message


def test_people_on_both_sides_of_a_split_are_told():
    frames = table_of_rates("bp4d", frames=2).frames.assign(split=["train", "test"] * 41)
    (finding,) = sanity.splits(FrameTable(frames))
    assert "in more than one of training" in finding.message
    assert sanity.splits(FrameTable(frames.assign(split="train"))) == []


def test_an_image_listed_twice_is_told():
    table = table_of_rates("bp4d", frames=2)
    paths = [f"{i}.jpg" for i in range(len(table))]
    assert sanity.same_path(FrameTable(table.frames.assign(path=paths))) == []
    paths[7] = paths[3]
    (finding,) = sanity.same_path(FrameTable(table.frames.assign(path=paths)))
    assert "3.jpg, row 7" in finding.message


def with_store(path, frames: pd.DataFrame, images: np.ndarray) -> FrameTable:
    with FrameStore.create(path, *images.shape[:3]) as writer:
        writer[0 : len(images)] = images
    return FrameTable(frames, store=FrameStore.open(path))


def test_a_folder_copied_over_another_is_told_and_a_still_recording_is_not(tmp_path):
    frames = table_of_rates("bp4d", frames=2).take(np.arange(6)).frames
    images = np.random.default_rng(0).integers(0, 255, (6, 8, 8, 3), np.uint8)
    images[1] = images[0]  # the same person holds still
    assert sanity.same_images(with_store(tmp_path / "a", frames, images)) == []
    images[4:] = images[2:4]
    (finding,) = sanity.same_images(with_store(tmp_path / "b", frames, images))
    assert "2 images are in two sequences" in finding.message


def drawn_sequences(n_people: int = 12, n: int = 70) -> tuple[pd.DataFrame, np.ndarray]:
    """Drawn people whose AU 12 comes and goes twice for varied times, and the images."""
    frames, images = [], []
    rng = np.random.default_rng(0)
    for person in range(n_people):
        active = np.zeros((n, 1), bool)
        for start in (rng.integers(8, 20), rng.integers(38, 48)):
            active[start : start + rng.integers(5, 18)] = True
        images.append(draw_faces(person, active.tobytes(), n, 1, (12,), 32))
        names = {"corpus": "d", "subject": f"d/{person}", "sequence": "s", "frame": range(n)}
        frames.append(pd.DataFrame(names | {"AU12": active[:, 0] * 1.0}))
    return pd.concat(frames, ignore_index=True), np.concatenate(images)


@pytest.mark.parametrize("late", [0, 9, -9])
def test_labels_that_come_late_are_told_from_the_images(late, tmp_path):
    frames, images = drawn_sequences()
    moved = frames.groupby("subject")["AU12"].shift(late).fillna(0)
    table = with_store(tmp_path / "s", frames.assign(AU12=moved), images)
    findings = sanity.shift(table)
    assert [f.check for f in sanity.check(table)] == ["shift"] * len(findings)
    if late:
        assert f"9 frames too {'late' if late > 0 else 'early'}" in findings[0].message
    else:
        assert findings == []


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "git lfs pull"),
        (b"\n<!DOCTYPE html><html>", "web page"),
        (b"PK\x03\x04rest", "archive"),
        (bytes(100), "only zeros"),
        (b"\xff\xd8\xff\xe0 half a JPEG", "cut off"),
    ],
)
def test_an_unreadable_image_is_told_by_its_first_bytes(data, cause):
    assert cause in sanity.why_unreadable(data)


def test_the_all_active_baseline_is_the_published_one():
    assert round(100 * all_active_f1("bp4d").mean(), 1) == 48.0
    assert round(100 * all_active_f1("disfa").mean(), 1) == 18.6
    each = "34.9 29.2 33.7 63.1 70.7 74.6 72.0 63.5 28.9 51.1 28.4 26.3"
    assert " ".join(f"{100 * f1:.1f}" for f1 in all_active_f1("bp4d")) == each
