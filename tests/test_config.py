"""Settings of a run: files of them, presets, what is refused, how two differ."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import pytest

from aunce_lib.config import LOSSES, TrainConfig


def written(tmp_path, text: str):
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "config",
    [
        TrainConfig(),
        TrainConfig.full(),
        TrainConfig(keep_epochs=(0, 2), dim=None, probabilities={"self": 0.5, "mean": 0.5}),
        TrainConfig(learning_rate=1e-5, temperature=0.1 + 0.2),
    ],
)
def test_settings_come_back_from_yaml_as_they_were(tmp_path, config):
    path = tmp_path / "config.yaml"
    config.save(path)
    assert TrainConfig.load(path) == config


def test_what_a_file_does_not_name_keeps_its_default(tmp_path):
    loaded = TrainConfig.load(written(tmp_path, "epochs: 3\nkeep_epochs: [1, 3]\n"))
    assert loaded == TrainConfig(epochs=3, keep_epochs=(1, 3))


def test_numbers_are_read_however_yaml_takes_them(tmp_path):
    # YAML 1.1 takes 1e-3 for a text, and 1 for no float
    loaded = TrainConfig.load(written(tmp_path, "learning_rate: 1e-3\ntemperature: 1\n"))
    assert loaded.learning_rate == 0.001
    assert loaded.temperature == 1.0
    assert isinstance(loaded.temperature, float)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epoch: 3", "'epoch'.*are no settings.*'epochs'"),
        ("1: 2", "no settings"),
        ("- epochs", "map settings to values"),
        ("", "map settings to values"),
        ("just words", "map settings to values"),
        ("epochs: [1", "line 1"),
        ("epochs: 0", "epochs must be above 0, got 0"),
        ("loss: triplet", "loss must be one of.*'aunce'.*'triplet'"),
        ("!!python/object/apply:os.system ['true']", "python/object"),
        ("a: &a [1]\nb: &b [*a, *a]\nepochs: [*b, *b]", "no settings"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_by_its_name(tmp_path, text, message):
    with pytest.raises(ValueError, match=f"(?s)config.yaml: .*{message}"):
        TrainConfig.load(written(tmp_path, text))


def test_a_value_without_end_is_refused_in_a_short_message(tmp_path):
    doubled = "".join(f"- &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60))
    path = written(tmp_path, "epochs:\n- &a0 [1, 1]\n" + doubled)
    with pytest.raises(
        ValueError, match="config.yaml: stands for more than 20,000 values"
    ) as error:
        TrainConfig.load(path)
    assert len(str(error.value)) < 1000


def test_a_missing_file_is_a_file_not_found_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        TrainConfig.load(tmp_path / "config.yaml")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("loss", "triplet"),
        ("backbone", "resnet"),
        ("precision", "fp8"),
        ("epochs", 0),
        ("epochs", 1.5),
        ("epochs", True),
        ("batch_size", -1),
        ("batch_size", "many"),
        ("image_size", 0),
        ("crop_from", 63),
        ("crop_from", True),
        ("pretrained", 1),
        ("dim", 0),
        ("learning_rate", 0),
        ("learning_rate", math.inf),
        ("learning_rate", math.nan),
        ("learning_rate", "fast"),
        ("temperature", -0.5),
        ("view_strength", 1.5),
        ("warmup", -0.1),
        ("drop_path", 2),
        ("backbone_rate", -0.1),
        ("cross_entropy", -1.0),
        ("cross_entropy", float("inf")),
        ("hue", "yes"),
        ("seed", -1),
        ("seed", 2**32),
        ("keep_epochs", (-1,)),
        ("keep_epochs", (99_999,)),
        ("keep_epochs", ("first",)),
        ("keep_epochs", 3),
        ("probabilities", [0.2, 0.8]),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_its_name(name, value):
    with pytest.raises(ValueError, match=f"^{name} must "):
        TrainConfig(**{name: value})


@pytest.mark.parametrize("loss", LOSSES)
def test_every_loss_is_a_setting(loss):
    assert TrainConfig(loss=loss).loss == loss


def test_presets_take_changes_and_refuse_unknown_ones():
    assert TrainConfig.quick(seed=7).seed == 7
    assert TrainConfig.quick(loss="bce") == replace(TrainConfig.quick(), loss="bce")
    assert TrainConfig.full(epochs=2).epochs == 2
    with pytest.raises(TypeError, match="epoch"):
        TrainConfig.full(epoch=2)


@pytest.mark.parametrize(
    ("changes", "init", "rate"),
    [
        ({}, "landmarks", 0.3),
        ({"epochs": 1}, "landmarks", 0.3),
        ({"image_size": 32}, None, 1.0),
        ({"backbone": "swin-nano"}, None, 1.0),
        ({"init": None, "backbone_rate": 1.0}, None, 1.0),
        ({"image_size": 32, "init": "mine", "backbone_rate": 0.1}, "mine", 0.1),
    ],
)
def test_the_quick_preset_starts_from_our_weights_where_they_fit(changes, init, rate):
    config = TrainConfig.quick(**changes)
    assert (config.init, config.backbone_rate) == (init, rate)


def test_the_full_preset_is_the_published_protocol():
    protocol = TrainConfig.full().to_dict()
    published = {
        "backbone": "swin-base",
        "pretrained": True,
        "image_size": 224,
        "crop_from": 256,
        "variant": "official",
        "dim": None,
        "hue": True,
        "view_strength": 1.0,
        "drop_path": 0.5,
        "learning_rate": 1e-5,
        "cosine": False,
        "warmup": 0.0,
        "weight_decay": 1e-6,
        "batch_size": 32,
        "epochs": 60,
        "seed": 3407,
        "temperature": 0.5,
        "beta_active": 1.2,
        "beta_inactive": 0.8,
        "probabilities": {"self": 0.2, "mean": 0.6, "nearest": 0.2},
    }
    assert {name: protocol[name] for name in published} == published


def test_pretrained_is_a_switch_or_a_folder(tmp_path):
    assert TrainConfig.load(written(tmp_path, "pretrained: true")).pretrained is True
    assert TrainConfig.load(written(tmp_path, "pretrained: /weights")).pretrained == "/weights"


def test_differences_name_each_setting_that_differs_and_no_other():
    config = TrainConfig(epochs=3)
    assert config.differences(TrainConfig(epochs=3)) == []
    other = TrainConfig(epochs=60, keep_epochs=(1,), seed=5)
    assert config.differences(other) == [
        "epochs: 3 here, 60 there",
        "keep_epochs: [] here, [1] there",
        "seed: 0 here, 5 there",
    ]


def test_every_setting_is_explained():
    explained = TrainConfig.__doc__
    assert all(setting.name in explained for setting in fields(TrainConfig))
