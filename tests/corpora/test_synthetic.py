"""The embedded corpora: what is in them, that they come out the same again, and their cache."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from aunce_lib import facs
from aunce_lib.corpora import CorpusError, published, synthetic
from aunce_lib.corpora.embedded import CORPORA
from aunce_lib.corpora.synthetic import labels, load
from aunce_lib.faces import Difficulty


@pytest.fixture
def cache(tiny, tmp_path):
    """A cache folder of its own that already holds the tiny corpus."""
    for path in tiny.store.path.parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


@pytest.fixture
def no_drawing(monkeypatch):
    """Any drawing is an error: only the cache may be used."""
    monkeypatch.setattr(synthetic, "record", lambda plan: pytest.fail("drew instead of reading"))


def same(one, other) -> bool:
    return one.frames.equals(other.frames) and np.array_equal(one.store[:], other.store[:])


def test_the_tiny_corpus_has_12_people_2_tasks_10_frames(tiny):
    counts = tiny.frames.groupby(["subject", "sequence"], observed=True).size()
    assert len(tiny) == len(tiny.store) == 240
    assert len(counts) == 24
    assert set(counts) == {10}
    assert (tiny.store.height, tiny.store.width) == (64, 64)


def test_labels_are_bp4ds_action_units_and_all_known(tiny):
    assert tiny.aus == facs.AU_SETS["bp4d"]
    assert set(np.unique(tiny.labels)) == {0.0, 1.0}


def test_the_label_is_the_intensity_against_the_threshold(tiny):
    intensities = tiny.frames[[f"AU{au}_intensity" for au in tiny.aus]].to_numpy()
    threshold = tiny.metadata["dials"]["weakest_active"]
    np.testing.assert_array_equal(intensities >= threshold, tiny.labels == 1)
    assert intensities.min() >= 0
    assert intensities.max() <= 1


def test_metadata_say_what_it_is(tiny):
    expected = {"corpus": "synth-bp4d", "synthetic": True, "size": "tiny", "seed": 0}
    assert expected.items() <= tiny.metadata.items()
    assert tiny.metadata["difficulty"] == "benchmark"
    assert "synthetic" in tiny._repr_html_()


def test_every_published_fold_finds_people_on_both_sides(tiny):
    for number in (1, 2, 3):
        train, test = published("synth-bp4d", number).split(tiny)
        assert len(train) == 160
        assert len(test) == 80


@pytest.mark.parametrize(
    ("name", "size", "people", "frames"),
    [
        ("synth-bp4d", "small", 41, 8_856),
        ("synth-bp4d", "full", 41, 146_616),
        ("synth-disfa", "small", 27, 8_721),
        ("synth-disfa", "full", 27, 130_815),
        ("synth-gft", "small", 96, 8_640),
        ("synth-gft", "full", 96, 172_800),
        ("synth-affwild2", "small", 200, 9_000),
        ("synth-affwild2", "full", 200, 200_000),
    ],
)
def test_the_bigger_sizes_have_the_published_people_and_about_as_many_frames(
    name, size, people, frames
):
    n_people, sequences, n_frames = CORPORA[name].sizes[size]
    assert n_people == people
    assert n_people * sequences * n_frames == frames
    assert len(set(CORPORA[name].people(people))) == people


@pytest.mark.parametrize(
    ("name", "folds"),
    [("synth-bp4d", 3), ("synth-disfa", 3), ("synth-gft", 1), ("synth-affwild2", 1)],
)
def test_the_people_of_a_corpus_are_those_of_its_folds(name, folds):
    people = CORPORA[name].people(CORPORA[name].sizes["full"][0])
    everybody = {f"{name}/{person}" for person in people}
    for number in range(1, folds + 1):
        fold = published(name, number)
        assert {*fold.train_subjects, *fold.test_subjects} == everybody


@pytest.mark.parametrize("name", CORPORA)
def test_every_tiny_corpus_has_people_on_both_sides_of_fold_1(name):
    table = labels(name, "tiny")
    train, test = published(name, 1).split(table)
    assert len(train) + len(test) == len(table) == 240
    assert table.aus == facs.AU_SETS[name.removeprefix("synth-")]
    assert table.metadata["synthetic"]


def test_groups_of_gft_stay_together():
    fold = published("synth-gft", 1)
    groups = [{name[:-1] for name in side} for side in (fold.train_subjects, fold.test_subjects)]
    assert not groups[0] & groups[1]
    assert (len(fold.train_subjects), len(fold.test_subjects)) == (78, 18)


def test_more_people_than_the_corpus_has_get_new_names():
    for corpus in CORPORA.values():
        assert len(set(corpus.people(500))) == 500
        assert set(corpus.people(7)) <= set(corpus.people(300))


def test_small_takes_frames_of_the_same_sequences_as_full():
    small, full = (labels("synth-disfa", size, n_people=2).frames for size in ("small", "full"))
    same = full.merge(small, on=["subject", "sequence", "frame"], suffixes=("", "_small"))
    assert len(same) == len(small)
    np.testing.assert_array_equal(same["AU25_intensity"], same["AU25_intensity_small"])
    np.testing.assert_array_equal(same["scene_yaw"], same["scene_yaw_small"])


def test_number_of_people_and_frames_are_dials_that_the_table_names(tmp_path):
    table = load(size="tiny", n_people=5, n_frames=4, image_size=16, cache=tmp_path)
    assert len(table) == 5 * 2 * 4
    assert len(set(table.subjects)) == 5
    assert table.metadata["people"] == 5
    assert "5 people, 4 frames a sequence (1 of 111, 25 a second)" in table._repr_html_()
    assert "difficulty benchmark" in table._repr_html_()


def test_affwild2_lacks_labels_in_runs_and_whole_columns():
    table = labels("synth-affwild2", "small")
    unknown = np.isnan(table.labels).reshape(200, 45, -1)
    assert unknown.mean() == pytest.approx(0.05 + 0.95 * 0.03, abs=0.02)
    whole = unknown.all(1)  # (people, AUs): never coded
    assert whole.mean() == pytest.approx(0.03, abs=0.015)
    lost = unknown.all(2)  # (people, frames): nothing coded
    assert lost.mean() == pytest.approx(0.05, abs=0.02)
    intensities = table.frames[[f"AU{au}_intensity" for au in table.aus]]
    assert intensities.notna().all(axis=None)


@pytest.mark.parametrize("name", ["synth-bp4d", "synth-disfa", "synth-gft"])
def test_the_other_corpora_lack_none(name):
    assert not np.isnan(labels(name, "tiny").labels).any()


def test_the_labels_alone_are_those_of_the_drawn_corpus(tiny):
    alone = labels(size="tiny")
    assert alone.store is None
    assert alone.frames.equals(tiny.frames)


def test_small_has_bp4ds_rates_and_people():
    table = labels("synth-bp4d", "small")
    fold = published("synth-bp4d", 1)
    assert len(table) == 8_856
    assert set(table.subjects) == {*fold.train_subjects, *fold.test_subjects}
    rates = [0.211, 0.171, 0.203, 0.461, 0.549, 0.594, 0.562, 0.466, 0.169, 0.343, 0.165, 0.151]
    np.testing.assert_allclose(table.rates()["rate"], rates, atol=0.02)


def test_a_person_stays_the_same_and_a_sequence_keeps_its_scene(tiny):
    people = tiny.frames.groupby("subject", observed=True)
    for name in ("age", "melanin", "male", "glasses", "beard"):
        assert people[f"person_{name}"].nunique().max() == 1
    sequences = tiny.frames.groupby(["subject", "sequence"], observed=True)
    for name in ("light", "ambient", "exposure", "blur", "noise"):
        assert sequences[f"scene_{name}"].nunique().max() == 1
        assert tiny.frames[f"scene_{name}"].nunique() > 12


def test_the_head_moves_within_a_sequence_less_than_between_sequences(tiny):
    yaw = tiny.frames.groupby(["subject", "sequence"], observed=True)["scene_yaw"]
    assert (yaw.std() > 0).all()
    assert yaw.std().mean() < 0.7 * yaw.mean().std()
    assert tiny.frames["scene_yaw"].abs().max() <= 30 + 1e-3
    assert tiny.frames["scene_pitch"].abs().max() <= 20 + 1e-3


def test_women_are_f_and_men_are_m(tiny):
    male = np.char.find(tiny.subjects, "/M") >= 0
    np.testing.assert_array_equal(tiny.frames["person_male"] == 1, male)


def test_frames_of_a_sequence_look_more_alike_than_those_of_another_person(tiny):
    images = tiny.store[:].astype(float).reshape(12, 2, 10, -1)
    within = np.abs(images[:, 0, 0] - images[:, 0, 5]).mean()
    between = np.abs(images[:-1, 0, 0] - images[1:, 0, 5]).mean()
    assert within < 0.5 * between


def test_drawn_again_it_is_the_same_bit_for_bit(tiny, tmp_path):
    assert same(load(size="tiny", cache=tmp_path), tiny)


def test_a_second_load_reads_the_cache(tiny, cache, no_drawing):
    assert same(load(size="tiny", cache=cache), tiny)


@pytest.mark.parametrize("change", [{"seed": 1}, {"difficulty": "tutorial"}, {"image_size": 16}])
def test_other_parameters_give_another_corpus_beside_the_first(tiny, cache, change):
    other = load(size="tiny", cache=cache, **change)
    assert not same(other, tiny)
    assert len(list(cache.iterdir())) == 4


def test_a_difficulty_of_ones_own_is_recorded(tmp_path):
    own = Difficulty(weakest_active=0.4, strongest_inactive=0.1)
    table = load(size="tiny", image_size=16, difficulty=own, cache=tmp_path)
    assert table.metadata["difficulty"] == "custom"
    assert table.metadata["dials"]["weakest_active"] == 0.4


def _truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [_truncate, _flip_a_bit, Path.unlink])
@pytest.mark.parametrize("ending", ["store", "parquet"])
def test_a_damaged_cache_is_drawn_again(tiny, cache, damage, ending):
    (path,) = cache.glob(f"*.{ending}")
    damage(path)
    assert same(load(size="tiny", cache=cache), tiny)
    assert len(list(cache.iterdir())) == 2


def test_a_cache_of_an_older_renderer_is_drawn_again_and_the_old_one_deleted(cache, monkeypatch):
    old = {path.name for path in cache.iterdir()}
    monkeypatch.setattr(synthetic, "renderer_version", lambda: "newer")
    load(size="tiny", cache=cache)
    new = {path.name for path in cache.iterdir()}
    assert len(new) == 2
    assert not new & old


def _load_in_process(cache) -> np.ndarray:
    return load(size="tiny", image_size=16, cache=cache).store[:]


def test_two_processes_that_draw_at_once_get_the_same_whole_corpus(tmp_path):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        first, second = pool.map(_load_in_process, [tmp_path] * 2, chunksize=1)
    np.testing.assert_array_equal(first, second)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_cache_folder_that_cannot_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match=r"could not write .*synth-bp4d-tiny.*AUNCE_CACHE"):
        load(size="tiny", cache=tmp_path / "file")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "bp4d"}, "no embedded corpus 'bp4d'"),
        ({"size": "huge"}, "size must be one of .*tiny.* got 'huge'"),
        ({"difficulty": "hard"}, "difficulty must be one of"),
        ({"image_size": 0}, "image_size must be"),
        ({"n_people": -1}, "n_people must be a whole number in 1..100000"),
        ({"n_frames": 448}, r"n_frames must be a whole number in 1..447, got 448"),
        ({"n_frames": 1.5}, "n_frames must be"),
        ({"processes": 0}, "processes must be"),
        ({"seed": -1}, "seed must be"),
    ],
)
def test_what_does_not_exist_is_refused_and_nothing_is_written(tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        load(**{"size": "tiny", "cache": tmp_path, **arguments})
    assert list(tmp_path.iterdir()) == []


def test_the_cache_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("AUNCE_CACHE", str(tmp_path / "mine"))
    assert synthetic.cache_folder() == tmp_path / "mine"
    monkeypatch.delenv("AUNCE_CACHE")
    monkeypatch.setattr(synthetic.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert synthetic.cache_folder() == tmp_path / "aunce_lib"


@pytest.mark.parametrize(
    ("progress", "terminal", "shown"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_progress_is_shown_on_a_terminal_if_asked_for(
    tmp_path, capsys, monkeypatch, progress, terminal, shown
):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    load(size="tiny", image_size=16, cache=tmp_path, progress=progress)
    assert ("240" in capsys.readouterr().err) == shown


def test_a_store_that_belongs_to_another_table_is_noticed(cache):
    load(size="tiny", cache=cache, seed=1)
    stores = sorted(cache.glob("*.store"))
    stores[0].write_bytes(stores[1].read_bytes())
    with pytest.raises(CorpusError, match="damaged"):
        synthetic._open(stores[0].with_suffix(".parquet"), stores[0])
