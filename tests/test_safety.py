"""Nothing of the package runs what a file says, and nothing of a file becomes HTML."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from test_fuzz_weights import CARD, a_probe

import aunce_lib
from aunce_lib.checks.result import CheckResult, Row
from aunce_lib.config import TrainConfig
from aunce_lib.corpora import CorpusError, FrameTable
from aunce_lib.corpora.prepare import prepare
from aunce_lib.evaluation.metrics import evaluate
from aunce_lib.pretrained import Pretrained

SOURCES = sorted(Path(aunce_lib.__file__).parent.rglob("*.py"))
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
#: Calls that run code, or make any object, out of what they are given.
FORBIDDEN = {"eval", "exec", "compile", "__import__", "os.system", "os.popen", "torch.load"}
FORBIDDEN |= {"yaml.load", "yaml.unsafe_load", "yaml.full_load", "pd.read_pickle", "joblib.load"}
MODULES = {"pickle", "cPickle", "dill", "cloudpickle", "marshal", "shelve", "code", "joblib.load"}


def calls_and_imports(source: str):
    """(line, what) for every call by its dotted name and every module imported."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)
            for word in node.keywords:
                if word.arg in ("allow_pickle", "shell") and ast.unparse(word.value) != "False":
                    yield node.lineno, f"{word.arg}={ast.unparse(word.value)}"
                if word.arg == "weights_only":
                    yield node.lineno, "torch.load"
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, str(node.module)
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def dangers(source: str) -> list[tuple[int, str]]:
    bad = FORBIDDEN | MODULES
    return [
        (line, what)
        for line, what in calls_and_imports(source)
        if what in bad or what.startswith(("allow_pickle=", "shell="))
    ]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_no_file_of_the_package_can_run_what_it_reads(path):
    assert dangers(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "eval('1')",
        "import torch; torch.load('x')",
        "import yaml; yaml.load('x', Loader=None)",
        "from yaml import load, unsafe_load\nimport yaml\nyaml.unsafe_load('')",
        "import numpy as np; np.load('x', allow_pickle=True)",
        "import subprocess; subprocess.run('x', shell=True)",
        "import joblib; joblib.load('x')",
    ],
)
def test_the_search_finds_each_kind(source):
    assert dangers(source)


def test_yaml_is_read_in_one_place_only():
    readers = [path.name for path in SOURCES if "yaml.SafeLoader" in path.read_text()]
    assert readers == ["untrusted.py"]
    assert not [path for path in SOURCES if "safe_load" in path.read_text()]


def test_what_tempts_yaml_writes_nothing(tmp_path):
    marker = tmp_path / "ran"
    text = f"seed: !!python/object/apply:pathlib.Path.touch [{marker}]"
    (tmp_path / "c.yaml").write_text(text)
    with pytest.raises(ValueError, match=r"c\.yaml: has the tag"):
        TrainConfig.load(tmp_path / "c.yaml")
    assert not marker.exists()
    assert issubclass(yaml.SafeLoader, yaml.constructor.SafeConstructor)


# names that hold HTML


def evil_table() -> FrameTable:
    frames = pd.DataFrame({"corpus": EVIL, "subject": [f"{EVIL}/a", f"{EVIL}/b"], "sequence": EVIL})
    frames = frames.assign(frame=[0, 1], AU12=[0.0, 1.0])
    return FrameTable(frames, {"corpus": EVIL, "synthetic": EVIL}).noted(EVIL)


def evil_model() -> Pretrained:
    config, card = TrainConfig(dim=4, image_size=32), dict.fromkeys([*CARD, EVIL], EVIL)
    return Pretrained(EVIL, config.build_encoder(2), a_probe(), config, (1, 12), card)


def evil_evaluation():
    labels, people = np.array([[0.0], [1.0]] * 4), [f"{EVIL}{i % 4}" for i in range(8)]
    evaluation = evaluate(labels, labels.astype(np.float32), labels, people, [12], labels)
    renamed = evaluation.table.rename(index={"AU12": EVIL})
    baselines = {k: v.rename(index={"AU12": EVIL}) for k, v in evaluation.baselines.items()}
    return replace(evaluation, table=renamed, baselines=baselines)


def evil_check() -> CheckResult:
    return CheckResult(EVIL, (Row(EVIL, "red", EVIL, EVIL, EVIL),), (EVIL,))


@pytest.mark.parametrize("make", [evil_table, evil_model, evil_evaluation, evil_check])
def test_text_from_data_is_shown_and_never_read_as_html(make):
    html = make()._repr_html_()
    assert "<script" not in html
    assert "<img src=x" not in html
    assert "&lt;script&gt;" in html


# paths that lead elsewhere


@pytest.mark.parametrize("path", ["../../x.png", "a/../../x.png", "..\\x.png", "a.zip!../x.png"])
def test_a_table_whose_paths_lead_out_of_the_corpus_is_not_prepared(tmp_path, path):
    frames = pd.DataFrame({"corpus": "own", "subject": ["own/a"], "sequence": "s", "frame": [0]})
    table = FrameTable(frames.assign(AU12=0.0, path=path))
    (tmp_path / "photos").mkdir()
    with pytest.raises(ValueError, match="leads out of the corpus"):
        prepare("folder", table, tmp_path / "photos", tmp_path / "out", align="none")
    assert not (tmp_path / "out").exists()


def test_loading_a_table_opens_no_path_in_it(tmp_path):
    frames = pd.DataFrame({"corpus": "own", "subject": ["own/a"], "sequence": "s", "frame": [0]})
    FrameTable(frames.assign(AU12=0.0, path="/etc/passwd")).save(tmp_path / "t.parquet")
    table = FrameTable.load(tmp_path / "t.parquet")
    with pytest.raises(CorpusError, match="no store|images"):
        table.images()
