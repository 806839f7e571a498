"""Studies as YAML: which cells they make, and what is refused, by its key."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from aunce_lib.config import TrainConfig
from aunce_lib.study import StudyConfig
from aunce_lib.study.config import PRESETS


def test_cells_are_all_combinations_each_once(written):
    config = StudyConfig.load(
        written(("seed: 100", "seed: [100, 101]"), ("dim: 8", "dim: 8, temperature: [0.1, 0.5]"))
    )
    got = [(l, c.noise, c.seed, c.train.temperature, c.train.loss) for l, c in config.cells()]
    losses = {"cross-entropy": "bce", "AUNCE": "aunce"}
    wanted = {
        (name, noise, seed, temperature, loss)
        for noise, seed, temperature, (name, loss) in itertools.product(
            (0.0, 0.3), (100, 101), (0.1, 0.5), losses.items()
        )
    }
    assert len(got) == len(wanted) == 16
    assert set(got) == wanted


def test_a_study_stopped_early_has_all_losses_for_some_seeds(written):
    cells = StudyConfig.load(written(("seed: 100", "seed: [100, 101]"))).cells()
    assert [cell.seed for _, cell in cells] == [100] * 4 + [101] * 4


def test_a_cell_trains_with_its_seed_and_settings_and_the_defaults_of_quick(written):
    loss, cell = StudyConfig.load(written()).cells()[0]
    quick = TrainConfig.quick(loss="bce", epochs=1, batch_size=32, dim=8, seed=100)
    assert (loss, cell.train) == ("cross-entropy", quick)


def test_what_a_loss_sets_for_itself_is_no_axis_for_it(written):
    config = StudyConfig.load(
        written(
            ("dim: 8", "dim: 8, temperature: [0.1, 0.5]"),
            ("{loss: bce}", "{loss: bce, temperature: 1}"),
        )
    )
    assert [loss for loss, _ in config.cells()].count("cross-entropy") == 2  # clean and noisy
    assert [loss for loss, _ in config.cells()].count("AUNCE") == 4


def test_clean_cells_are_the_same_for_every_kind_of_noise(written):
    config = StudyConfig.load(written(("noise:", "noise_kind: [flip, missed]\nnoise:")))
    kinds = [(cell.noise, cell.noise_kind) for loss, cell in config.cells() if loss == "AUNCE"]
    assert kinds == [(0.0, "none"), (0.3, "flip"), (0.3, "missed")]


def test_a_cells_digest_is_told_by_all_that_decides_its_result_and_not_by_the_losses_name(written):
    cells = dict(StudyConfig.load(written(("noise: [0, 0.3]", "noise: 0"))).cells())
    renamed = dict(
        StudyConfig.load(written(("noise: [0, 0.3]", "noise: 0.0"), ("AUNCE:", "A:"))).cells()
    )
    assert renamed["A"].digest == cells["AUNCE"].digest
    others = {
        "split": "validation",
        "corpus": "a.parquet",
        "size": "small",
        "people": 5,
        "imbalance": 0.5,
        "frames": 100,
        "noise": 0.1,
        "noise_kind": "missed",
        "fold": 2,
        "seed": 101,
        "corpus_seed": 1,
        "tested_on": ("a.parquet",),
        "train": TrainConfig(epochs=2),
    }
    cell = cells["AUNCE"]
    assert others.keys() == {*cell.__dataclass_fields__}
    digests = {cell.digest, *(replace(cell, **{k: v}).digest for k, v in others.items())}
    assert len(digests) == 1 + len(others)


def test_other_faces_of_a_new_renderer_make_another_cell(written, monkeypatch):
    cell = StudyConfig.load(written()).cells()[0][1]
    before = cell.digest
    monkeypatch.setattr("aunce_lib.corpora.synthetic.renderer_version", lambda: "another")
    assert cell.digest != before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("split:", "spilt:"), "'spilt'.*are no keys of a study.*'split'"),
        (("split: test\n", ""), "'split'.*must be given"),
        (("split: test", "split: train"), "split must be one of.*validation.*'train'"),
        (("size: tiny", "size: huge"), "size must be one of.*'huge'"),
        (("size: tiny", "corpus: bp5d"), "corpus must be one of.*'bp5d'"),
        (("size: tiny", "corpus: [[synth-bp4d]]"), "corpus must be one of"),
        (("size: tiny", "tested_on: bp5d"), "tested_on must be one of.*'bp5d'"),
        (("size: tiny", "people: 1"), "people must be 2 or more, or null for all, got 1"),
        (("size: tiny", "imbalance: 0"), "imbalance must be above 0, got 0"),
        (("size: tiny", "noise_kind: [flop]"), "noise_kind must be one of.*'flop'"),
        (("size: tiny", "noise_kind: [[flip]]"), "noise_kind must be one of"),
        (("size: tiny", "fold: 0"), "fold must be 1 or more, got 0"),
        (("size: tiny", "corpus_seed: x"), "corpus_seed must be 0 or more, got 'x'"),
        (("[0, 0.3]", "[0, 30]"), "noise must be in 0..1, got 30"),
        (("[0, 0.3]", "[much]"), "noise must be in 0..1, got 'much'"),
        (("[0, 0.3]", "[]"), "noise must be a value or a list of them, got an empty list"),
        (("seed: 100", "seed: true"), "seed must be 0 or more, got True"),
        (("{loss: aunce}", "{loss: triplet}"), "loss 'AUNCE': loss must be one of.*'triplet'"),
        (("{loss: aunce}", "aunce"), "AUNCE must map settings to values, got 'aunce'"),
        (("epochs: 1", "epoch: 1"), "train: .*'epoch'.*can't be set; these can: .*'epochs'"),
        (("epochs: 1", "seed: 1"), "train: .*'seed'.*can't be set"),
        (("epochs: 1", "epochs: [1, 0]"), "loss 'cross-entropy': epochs must be above 0, got 0"),
        (("train: {", "train: {{"), "line"),
        (("split: test", "- split"), "line"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_key(written, change, message):
    with pytest.raises(ValueError, match=f"(?s)study.yaml: .*{message}"):
        StudyConfig.load(written(change))


@pytest.mark.parametrize("text", ["", "words", "[1]", "!!python/object/apply:os.system ['true']"])
def test_a_file_that_is_no_mapping_is_refused(written, text):
    with pytest.raises(ValueError, match="study.yaml: "):
        StudyConfig.load(written(text=text))


@pytest.mark.parametrize(("split", "seed"), [("test", 0), ("test", 99), ("validation", 100)])
def test_seeds_to_choose_by_and_seeds_to_report_do_not_mix(split, seed):
    with pytest.raises(ValueError, match="seed must be below 100 .* 100 or more .*got"):
        StudyConfig(split, {"AUNCE": {}}, seed=seed)


def test_a_study_that_is_not_there_tells_the_librarys_own():
    with pytest.raises(FileNotFoundError, match=r"nowhere is not there; .*'main'.*'noise'"):
        StudyConfig.load("nowhere")


def test_the_main_table_is_of_seven_losses_and_140_runs():
    cells = StudyConfig.load("main").cells()
    assert len({loss for loss, _ in cells}) == 7
    assert len(cells) == 7 * 2 * 2 * 5


@pytest.mark.parametrize("name", sorted(path.stem for path in PRESETS.glob("*.yaml")))
def test_the_librarys_own_studies_report_on_people_nothing_was_chosen_on(name):
    assert StudyConfig.load(name).split == ("validation" if name == "recipe" else "test")
