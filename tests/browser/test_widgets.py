"""Each widget in JupyterLab: driven by mouse and keyboard, the kernel asked, the picture looked at.

A new widget is one more line in `WIDGETS`.
"""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from .driving import STRUCTURE
from .steps import Choose, Click, Drag, Driven, Lasso, Press, Pull

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
FACES = """
import numpy as np, pandas as pd
from aunce_lib.corpora.frames import FrameTable
rng, n = np.random.default_rng(0), 500
table = FrameTable(pd.DataFrame({
    "corpus": "demo", "subject": [f"demo/P{i % 9}" for i in range(n)], "sequence": "s",
    "frame": range(n), "AU6": rng.integers(0, 2, n), "AU12": rng.integers(0, 2, n)}))
z = {name: rng.normal(size=(n, 2, 5)) for name in ("one", "two")}
"""
UP_RIGHT = (0.5 + 0.21, 0.5 - 0.21)  # on the ring, at 45 degrees


PLAYGROUND = Driven(
    "aunce-playground",
    "from aunce_lib.widgets import Playground\nwidget = Playground()",
    (
        Press("au12", {"active": [12]}, keys="End"),
        Click("surprise", {"active": [1, 2, 5, 26]}),
        Drag("person", {"active": [1, 2, 5, 26], "person": lambda n: n > 0}, by=0.5),
        Choose("side", {"side": "left of the picture"}, option="left of the picture"),
    ),
    lambda state: f"{state['changed']:.0%} of the picture",
)
RING = Driven(
    "aunce-ring",
    "from aunce_lib.widgets import EmbeddingRing\nwidget = EmbeddingRing()",
    (
        Press("circle", {"angles": lambda a: a[4] == 83}, "[aria-label='negative 1']", "ArrowLeft"),
        Pull("circle", {"angles": lambda a: 40 < a[6] < 50}, "[aria-label='negative 3']", UP_RIGHT),
        Press("temperature", {"temperature": 0.05}, keys="Home"),
        Drag("beta-active", {"beta_active": 2.0}, by=1),
        Choose("kind", {"kind": "nearest"}, option="nearest"),
        Click("step", {"angles": lambda a: a[0] != 90}),
        Click("ask", {"asking": True}),
        Click("circle", {"asking": False, "asked": 1}, "[aria-label='negative 2']"),
    ),
    lambda state: f"{state['right']} of 1 right" if state["asked"] else f"{state['loss']:.3f}",
    "circle",
)
CURVES = Driven(
    "aunce-curves",
    "from aunce_lib.widgets import ReweightingCurves\nwidget = ReweightingCurves()",
    (
        Press("similarity", {"similarity": 1.0}, keys="End"),
        Drag("beta-active", {"beta_active": 2.0}, by=1),
        Choose("corpus", {"corpus": "DISFA"}, option="DISFA"),
        Choose("au", {"au": 26}, option="AU26 jaw drop"),
    ),
    lambda state: f"{state['ratio']:.2f} times",
)
PAIRS = Driven(
    "aunce-pairs",
    "from aunce_lib.widgets import PairSampler\nwidget = PairSampler()",
    (
        Click("faces", {"anchor": 2}, "button:nth-of-type(3)"),
        Press("faces", {"anchor": 4}, "button:nth-of-type(5)", "Enter"),
        Press("flips", {"flip_rate": 0.5, "flipped": lambda n: n > 0}, keys="End"),
        Drag("temperature", {"anchor": 4}, by=0.5),
        Choose("positives-from", {"anchor": 4}, option="other faces only"),
        Click("draw", {"drawn": lambda kinds: sum(kinds.values()) == 1}),
        Click("next", {"anchor": 0}),
    ),
    lambda state: f"{state['mixture']:.0%} of the pull",
    "faces",
)
MOVIE = Driven(
    "aunce-movie",
    STAND_IN + "from aunce_lib.widgets import TrainingMovie\nwidget = TrainingMovie(film, 12)",
    (
        Press("epoch", {"epoch": 1, "knn_f1": 0.4}, keys="ArrowRight"),
        Click("colour", {"colour": "person"}, "button:nth-child(2)"),
        Drag("epoch", {"epoch": 3}, by=1),
        Choose("au", {"au": 6}, option="AU6 Cheek raiser"),
        Press("epoch", {"epoch": 0}, keys="Home"),
        Click("play", {"epoch": 3}, "button:first-child"),
    ),
    lambda state: "before training" if not state["epoch"] else f"kNN F1 {state['knn_f1']:.2f}",
)
THRESHOLDS = Driven(
    "aunce-thresholds",
    STAND_IN
    + "from aunce_lib.widgets import ThresholdExplorer\n"
    + "widget = ThresholdExplorer((labels[:30], scores[:30]), (labels[30:], scores[30:]), (6, 12))",
    (
        Press("threshold", {"threshold": 0.51}, keys="ArrowRight"),
        Drag("threshold", {"threshold": 1.0}, by=1),
        Click("half", {"threshold": 0.5}),
        Choose("au", {"au": 12}, option="AU12 Lip corner puller"),
    ),
    lambda state: f"validation: F1 {state['validation']['f1']:.2f}",
)
NOISE_LAB = Driven(
    "aunce-noise",
    STUDY + "from aunce_lib.widgets import NoiseLab\nwidget = NoiseLab(noise, rare)",
    (
        Press("occurrence", {"occurrence": 0.1}, keys="End"),
        Drag("noise", {"noise": 0.3}, by=1),
        Choose("loss", {"loss": "AUNCE corrected"}, option="AUNCE corrected"),
    ),
    lambda state: f"{state['loss']} loses {state['lost']['noise']:.3f}",
)
EXPLORER = Driven(
    "aunce-explorer",
    FACES + "from aunce_lib.widgets import Explorer\n"
    "widget = Explorer(table, z, method='pca', au=12)",
    (
        Lasso("map", {"selected": lambda n: n > 5}),
        Press("map", {"anchor": lambda i: i >= 0}, keys="ArrowRight Enter"),
        Choose("colour", {"colour": "subject"}, option="subject"),
        Choose("au", {"au": 6}, option="6"),
        Press("map", {"selected": 0}, keys="Escape"),
    ),
    lambda state: f"Selection: {state['selected']} faces" if state["selected"] else "Draw a loop",
    "maps",
)
SMOKE = (PLAYGROUND, RING)
WIDGETS = (*SMOKE, CURVES, PAIRS, NOISE_LAB, MOVIE, EXPLORER, THRESHOLDS)


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
    page.find(f".{driven.root}-{driven.picture}")
    check_structure(page, driven)
    assert nameless(page, driven.root) == []
    seen = looked_at(page, driven)
    for step in driven.steps:
        step.do(page, driven.root)
        page.until(lambda step=step: holds(page.ask("widget.state"), step.then), step)
        page.until(lambda: driven.told(page.ask("widget.state")) in words(page, driven), step)
        page.until(lambda before=seen: changed(before, looked_at(page, driven)), f"{step}, seen")
        seen = looked_at(page, driven)
    check_structure(page, driven)
    assert nameless(page, driven.root) == []


def holds(state: dict, expected: dict) -> bool:
    """Whether a state, which came as JSON, has these values."""

    def fits(value, wanted) -> bool:
        if callable(wanted):
            return wanted(value)
        return value == (pytest.approx(wanted) if isinstance(wanted, float) else wanted)

    return all(fits(state[key], wanted) for key, wanted in expected.items())


def words(page, driven: Driven) -> str:
    """All that a widget says, its blanks as one."""
    return " ".join(page.find(f".{driven.root}").text_content().split())


def nameless(page, root: str) -> list[str]:
    """Controls of a widget that the browser's accessibility tree has no name for."""
    return [f"{role} {i}" for i, (role, name) in enumerate(page.controls(f".{root}")) if not name]


def looked_at(page, driven: Driven) -> np.ndarray:
    """The picture of a widget as the browser shows it, (H, W, 3)."""
    shot = page.find(f".{driven.root}-{driven.picture}").screenshot()
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
