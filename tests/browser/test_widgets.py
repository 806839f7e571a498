"""Each widget in JupyterLab: driven by mouse and keyboard, the kernel asked, the picture looked at.

A new widget is one more line in `WIDGETS`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image

from .driving import STRUCTURE

STAND_IN = """
import numpy as np, pandas as pd
from aunce_lib.epochs import Epochs
rng, E, N = np.random.default_rng(0), 4, 60
labels = (rng.random((N, 2)) < 0.4).astype(np.float32)
away = rng.normal(size=(N, 2, 5)) * 0.3
z = np.stack([away + e * labels[..., None] * np.eye(5)[0] for e in range(E)])
history = pd.DataFrame({"epoch": [1, 2, 3], "alignment": [0.3, 0.2, 0.1],
                        "uniformity": [-1.0, -1.5, -2.0], "knn_f1": [0.4, 0.5, 0.6]})
film = Epochs("stand-in", (6, 12), np.arange(E), z.astype(np.float32), labels,
              np.array(["a/<b>Ann</b>", "a/Bob"])[np.arange(N) % 2],
              rng.uniform(-40, 40, N).astype(np.float32), np.arange(N), history, {}, {})
scores = np.clip(0.3 + 0.3 * labels + 0.15 * rng.normal(size=labels.shape), 0, 1)
"""
STUDY = """
import pandas as pd
rows = [{"corpus": "made-up", "tested_on": "made-up", "loss": loss, "seed": seed, "fold": 1,
         "noise": n, "imbalance": i, "noise_kind": "flip" if n else "none", "all_active_f1": 0.45,
         "macro_f1": 0.6 - n * (0.2 + 0.3 * (loss == "weighted BCE")) - 0.1 * (1 - i) + 0.01 * seed}
        for loss in ("weighted BCE", "AUNCE corrected") for seed in (0, 1, 2)
        for n, i in ((0.0, 1.0), (0.1, 1.0), (0.3, 1.0), (0.0, 0.5), (0.0, 0.1))]
study = pd.DataFrame(rows)
noise, rare = study[study.imbalance == 1], study[study.noise == 0]
"""


@dataclass(frozen=True)
class Press:
    """Keys on a control; afterwards the state must hold `then`."""

    control: str
    keys: str
    then: dict

    def do(self, page, root: str) -> None:
        page.press(f".{root}-{self.control}", self.keys)


@dataclass(frozen=True)
class Click:
    """A click on a control, or on a part of it."""

    control: str
    then: dict
    part: str = ""

    def do(self, page, root: str) -> None:
        page.find(f".{root}-{self.control} {self.part}").click()


@dataclass(frozen=True)
class Choose:
    """An option of a dropdown."""

    control: str
    option: str
    then: dict

    def do(self, page, root: str) -> None:
        page.find(f".{root}-{self.control} select").select_option(self.option)


@dataclass(frozen=True)
class Drag:
    """The handle of a slider, by a share of its width to the right."""

    control: str
    by: float
    then: dict

    def do(self, page, root: str) -> None:
        page.drag(f".{root}-{self.control}", self.by)


@dataclass(frozen=True)
class Driven:
    """A widget, the code that makes it, and what is done to it. Each step changes the picture."""

    root: str
    code: str
    steps: tuple


PLAYGROUND = Driven(
    "aunce-playground",
    "from aunce_lib.widgets import Playground\nwidget = Playground()",
    (
        Press("au12", "End", {"active": [12]}),
        Click("surprise", {"active": [1, 2, 5, 26]}),
        Drag("person", 0.5, {"active": [1, 2, 5, 26]}),
    ),
)
MOVIE = Driven(
    "aunce-movie",
    STAND_IN + "from aunce_lib.widgets import TrainingMovie\nwidget = TrainingMovie(film, 12)",
    (
        Press("epoch", "ArrowRight", {"epoch": 1, "knn_f1": 0.4}),
        Click("colour", {"colour": "person"}, "button:nth-child(2)"),
        Drag("epoch", 1, {"epoch": 3}),
        Choose("au", "AU6 Cheek raiser", {"au": 6}),
        Press("epoch", "Home", {"epoch": 0}),
        Click("play", {"epoch": 3}, "button:first-child"),
    ),
)
THRESHOLDS = Driven(
    "aunce-thresholds",
    STAND_IN
    + "from aunce_lib.widgets import ThresholdExplorer\n"
    + "widget = ThresholdExplorer((labels[:30], scores[:30]), (labels[30:], scores[30:]), (6, 12))",
    (
        Press("threshold", "ArrowRight", {"threshold": 0.51}),
        Drag("threshold", 1, {"threshold": 1.0}),
        Click("half", {"threshold": 0.5}),
        Choose("au", "AU12 Lip corner puller", {"au": 12}),
    ),
)
NOISE_LAB = Driven(
    "aunce-noise",
    STUDY + "from aunce_lib.widgets import NoiseLab\nwidget = NoiseLab(noise, rare)",
    (
        Press("occurrence", "End", {"occurrence": 0.1}),
        Drag("noise", 1, {"noise": 0.3}),
        Choose("loss", "AUNCE corrected", {"loss": "AUNCE corrected"}),
    ),
)
SMOKE = (PLAYGROUND, MOVIE)
WIDGETS = (*SMOKE, THRESHOLDS, NOISE_LAB)


@pytest.mark.parametrize(
    "driven",
    [
        pytest.param(one, id=one.root, marks=() if one in SMOKE else pytest.mark.slow)
        for one in WIDGETS
    ],
)
def test_a_widget_answers_mouse_and_keyboard(page, lab, write, driven):
    page.open(lab, write(driven.root, driven.code, "widget"))
    assert page.run_all() == []
    check_structure(page, driven)
    seen = looked_at(page, driven)
    for step in driven.steps:
        step.do(page, driven.root)
        page.until(lambda step=step: holds(page.ask("widget.state"), step.then), step)
        page.until(lambda before=seen: changed(before, looked_at(page, driven)), f"{step}, seen")
        seen = looked_at(page, driven)
    check_structure(page, driven)


def holds(state: dict, expected: dict) -> bool:
    """Whether a state, which came as JSON, has these values."""
    return all(
        state[key] == pytest.approx(value) if isinstance(value, float) else state[key] == value
        for key, value in expected.items()
    )


def looked_at(page, driven: Driven) -> np.ndarray:
    """The picture of a widget as the browser shows it, (H, W, 3)."""
    shot = page.find(f".{driven.root}-picture").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"), float)


def changed(before: np.ndarray, now: np.ndarray) -> bool:
    return before.shape != now.shape or np.abs(before - now).max() > 20


def check_structure(page, driven: Driven) -> None:
    """Every control lies within the widget, what is touched is seen, the picture is not blank."""
    root = page.find(f".{driven.root}")
    box, parts = root.bounding_box(), root.evaluate(STRUCTURE)
    names = [part["name"] for part in parts]
    touched = {f"{driven.root}-{step.control}" for step in driven.steps}
    assert touched <= set(names)
    unseen = {part["name"] for part in parts if not part["seen"]}  # such as sides kept apart
    assert not touched & unseen
    assert len(unseen) < len(parts)
    assert all(part["right"] <= box["x"] + box["width"] + 1 for part in parts)
    assert looked_at(page, driven).std() > 5


@pytest.mark.slow
def test_a_noise_labs_training_leaves_the_page_alive(page, lab, write):
    """The process is a stand-in that sleeps: that a real one trains is tested without a browser."""
    slow = (
        "from aunce_lib.widgets import NoiseLab, short_run\n"
        "import subprocess, sys\n"
        "real = subprocess.Popen\n"
        "nap = [sys.executable, '-c', 'import time; time.sleep(600)']\n"
        "short_run.subprocess.Popen = lambda command, **k: real(nap, **k)\n"
        "widget = NoiseLab()"
    )
    page.open(lab, write("training", slow, "widget"))
    assert page.run_all() == []
    page.find(".aunce-noise-train").click()
    page.until(lambda: page.ask("widget.state['running']"), "the training to begin")
    page.press(".aunce-noise-occurrence", "End")  # the kernel answers while it trains
    page.until(lambda: page.ask("widget.state['occurrence']") == 0.1, "an answer meanwhile")
    page.find(".aunce-noise-cancel").click()
    page.until(lambda: not page.ask("widget.state['running']"), "the training to end")
    page.find(".aunce-noise-told").get_by_text("Cancelled").wait_for()


@pytest.mark.slow
def test_a_widget_answers_in_voila(page, voila, write):
    name = write("app", PLAYGROUND.code, "widget")
    page.tab.goto(f"{voila}/voila/render/{name}")
    page.find(".aunce-playground-au12")
    seen = looked_at(page, PLAYGROUND)
    page.press(".aunce-playground-au12", "End")
    page.until(lambda: changed(seen, looked_at(page, PLAYGROUND)), "the picture to change")
    page.tab.get_by_text("AU12 lip corner puller").first.wait_for()
