"""YAML and JSON from a stranger: plain values or a clear error; bombs do not go off."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hostile import BOMBS, YAML, Target, json_damaged, judge, yaml_damaged

from aunce_lib import cli
from aunce_lib.checks import record
from aunce_lib.config import TrainConfig
from aunce_lib.corpora import gft
from aunce_lib.corpora.untrusted import read_json, read_yaml
from aunce_lib.study import StudyConfig
from aunce_lib.study import run as study_run

STUDY = """split: test
corpus: [synth-bp4d]
noise: [0, 0.3]
seed: [100, 101]
loss:
  cross-entropy: {loss: bce}
  AUNCE: {loss: aunce}
train: {epochs: 1, temperature: [0.1, 0.5]}
"""
GFT = """labels: labels/{subject}.csv
images: video/{subject}.mp4
frame_column: frame
first_frame: 1
first_image: 1
columns: {1: AU1, 12: AU12}
missing: [9]
split: split.csv
"""


def text(name: str, content: str, damage, load, check=lambda value: None) -> Target:
    def spoil(folder: Path, rng) -> None:
        path = folder / name
        path.write_bytes(damage(path.read_bytes(), rng))

    return Target(
        lambda folder: (folder / name).write_text(content),
        spoil,
        lambda folder: load(folder / name),
        check,
    )


def check_config(config: TrainConfig) -> None:
    assert TrainConfig(**config.to_dict()) == config


def check_names(names: set) -> None:
    assert all(isinstance(name, str) for name in names)


TARGETS = {
    "TrainConfig": (
        "config.yaml",
        "\n".join(f"{k}: {v}".replace("None", "null") for k, v in TrainConfig().to_dict().items()),
        yaml_damaged,
        TrainConfig.load,
        check_config,
    ),
    "study": ("s.yaml", STUDY, yaml_damaged, StudyConfig.load),
    "GFT": ("gft.yaml", GFT, yaml_damaged, gft._description),
    "YAML": ("any.yaml", STUDY + GFT, yaml_damaged, read_yaml),
    "JSON": ("any.json", '{"a": [1, {"b": null}], "c": "x"}', json_damaged, read_json),
    "progress": (
        record.FILE,
        '{"passed": ["check_phi", "check_infonce"]}',
        json_damaged,
        lambda path: record.passed(path.parent),
        check_names,
    ),
    "cell of a study": (
        "c.json",
        '{"settings": {"renderer": "x"}, "rows": [{"macro_f1": 0.5}]}',
        json_damaged,
        study_run._read,
    ),
}


@pytest.mark.parametrize("n", [60, pytest.param(1500, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", TARGETS)
def test_damaged_settings_are_refused_by_name_or_plain_values(name, tmp_path, n):
    verdicts = judge(text(*TARGETS[name]), tmp_path, n)
    if name not in ("progress", "cell of a study"):  # damaged, these count as not there
        assert verdicts["refused"] > n / 8


@pytest.mark.parametrize("bomb", range(len(BOMBS)))
@pytest.mark.parametrize("name", ["TrainConfig", "study", "GFT", "YAML"])
def test_a_bomb_does_not_go_off(name, bomb, tmp_path):
    file, content, _, *rest = TARGETS[name]
    target = text(file, BOMBS[bomb] + content, lambda content, rng: content, *rest)
    assert judge(target, tmp_path, 1) == {"refused": 1}


def test_the_librarys_own_studies_are_within_the_limits():
    for path in (Path(cli.__file__).parent / "configs").glob("**/*.yaml"):
        assert isinstance(read_yaml(path), dict)


@pytest.mark.parametrize("nasty", [BOMBS[0], BOMBS[1], BOMBS[2], *YAML[:4]], ids=range(7))
def test_the_command_reads_no_more_than_the_library(nasty, tmp_path, monkeypatch, capsys):
    (tmp_path / "c.yaml").write_text(f"epochs: 1\ntemperature: {nasty}\n")
    arguments = ["aunce", "train", "prepared", "out", "--config", str(tmp_path / "c.yaml")]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    assert "c.yaml" in capsys.readouterr().err
