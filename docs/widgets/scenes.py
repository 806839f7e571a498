"""Three states of each widget, as code for a kernel and as a hand in the browser makes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scene:
    """One widget in one state.

    Attributes:
        name: Of the picture's file.
        root: Class of what is photographed.
        code: Makes `widget`.
        hand: What is done in the browser then: JavaScript, given the element; or "".
    """

    name: str
    root: str
    code: str
    hand: str = ""


#: A cell before all others; the folder of the exhibit comes by the environment.
START = """
import numpy as np
from aunce_lib.epochs import load_epochs
from aunce_lib.explore import open_exhibit
from aunce_lib.widgets import (
    EmbeddingRing, NoiseLab, PairSampler, Playground, ReweightingCurves, TrainingMovie)

exhibit, epochs = open_exhibit(), load_epochs("aunce")

def explorer(**changes):
    made = exhibit.explorer()
    for name, value in changes.items():
        setattr(made, name, value)
    made.place_all()
    return made

def an_active_face(explorer):
    return int(np.flatnonzero(explorer.labels[:, explorer.aus.index(explorer.au)] == 1)[40])

def island(explorer, faces=150):
    '''The faces around one, on the right map.'''
    xy = explorer.maps()[1]
    apart = np.linalg.norm(xy - xy[an_active_face(explorer)], axis=1)
    return np.argsort(apart)[:faces]
"""
ANSWER = """async (root) => {
  const chosen = root.querySelector("[aria-label='negative 4']");
  chosen.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }));
  while (!root.textContent.includes('of 1 right')) await new Promise(requestAnimationFrame);
}"""
COUNTED = """async (root) => {
  while (root.explorer.near?.length !== 2) await new Promise(requestAnimationFrame);
}"""
WHY = """async (root) => {
  await root.explorer.askWhy(1);
  while (!root.explorer.reason) await new Promise(requestAnimationFrame);
}"""

SCENES = (
    Scene("playground-1", "aunce-playground", "widget = Playground({6: 0.8, 12: 1.0, 25: 0.5})"),
    Scene(
        "playground-2",
        "aunce-playground",
        "widget = Playground({4: 0.8, 9: 0.8, 12: 0.9}, person=3)\n"
        "widget.side.value = 'left of the picture'\nwidget.angles['light'].value = 50",
    ),
    Scene(
        "playground-3",
        "aunce-quiz",
        "widget = Playground().quiz\nwidget.ask()\n"
        "widget.answer(next(au for au in widget.question.choices if au != widget.question.au))",
    ),
    Scene("ring-1", "aunce-ring", "widget = EmbeddingRing()"),
    Scene(
        "ring-2",
        "aunce-ring",
        "widget = EmbeddingRing(negatives=(60, 20, 330, 270))\nwidget.temperature.value = 0.1\n"
        "widget.kind.value = 'nearest'",
    ),
    Scene(
        "ring-3",
        "aunce-ring",
        "widget = EmbeddingRing()\nwidget.question()",
        ANSWER,
    ),
    Scene("curves-1", "aunce-curves", "widget = ReweightingCurves()"),
    Scene(
        "curves-2",
        "aunce-curves",
        "widget = ReweightingCurves()\nwidget.temperature.value = 0.2\n"
        "widget.beta_active.value = widget.beta_inactive.value = 1.0",
    ),
    Scene(
        "curves-3",
        "aunce-curves",
        "widget = ReweightingCurves()\nwidget.corpus.value = 'DISFA'\nwidget.au.value = 2\n"
        "widget.beta_active.value, widget.separation.value = 2.0, 1.0",
    ),
    Scene("pairs-1", "aunce-pairs", "widget = PairSampler()"),
    Scene("pairs-2", "aunce-pairs", "widget = PairSampler()\nwidget.flips.value = 0.2"),
    Scene(
        "pairs-3",
        "aunce-pairs",
        "widget = PairSampler()\nwidget.flips.value = 0.3\nwidget.faces.chosen = 6\n"
        "widget.positives_from.value = 'other_images'\nwidget.draw_kind()",
    ),
    Scene("noise-1", "aunce-noise", "widget = NoiseLab()\nwidget.noise.value = 0.2"),
    Scene(
        "noise-2",
        "aunce-noise",
        "widget = NoiseLab()\nwidget.loss.value = widget.loss.options[-1]\n"
        "widget.noise.value, widget.occurrence.value = 0.3, 0.1",
    ),
    Scene(
        "noise-3",
        "aunce-noise",
        "widget = NoiseLab()\nwidget.kind.value, widget.noise.value = 'missed', 0.3",
    ),
    Scene(
        "movie-1",
        "aunce-movie",
        "widget = TrainingMovie(epochs, 12)\nwidget.colour.value = 'person'",
    ),
    Scene("movie-2", "aunce-movie", "widget = TrainingMovie(epochs, 12)\nwidget.epoch.index = 3"),
    Scene(
        "movie-3",
        "aunce-movie",
        "widget = TrainingMovie(epochs, 12)\nwidget.epoch.index = len(widget.epoch.options) - 1",
    ),
    Scene("explorer-1", "aunce-explorer", "widget = explorer()"),
    Scene(
        "explorer-2",
        "aunce-explorer",
        "widget = explorer()\nwidget.select(island(widget))",
        COUNTED,
    ),
    Scene(
        "explorer-3",
        "aunce-explorer",
        "widget = explorer(colour='subject')\nwidget.anchor = an_active_face(widget)",
        WHY,
    ),
    Scene("thresholds-1", "aunce-thresholds", "widget = exhibit.thresholds()"),
    Scene(
        "thresholds-2",
        "aunce-thresholds",
        "widget = exhibit.thresholds()\nwidget.au.value = 12\nwidget.best.click()",
    ),
    Scene(
        "thresholds-3",
        "aunce-thresholds",
        "widget = exhibit.thresholds()\nwidget.au.value = 2\nwidget.threshold.value = 0.8",
    ),
)
