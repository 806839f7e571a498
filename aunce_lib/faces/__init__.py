"""The embedded faces: anatomy in, pixels out, labels true by construction. All faces are synthetic.

Read in this order: `muscles`, `upper_face`, `lower_face`, `anatomy` (the muscle table) ->
`resting` (the face at rest) -> `fields` (both as blend fields) -> `people` (what a face is made
of) -> `eyes`, `mouth`, `skin`, `head`, `camera` -> `render` (pixels) -> `population`,
`scenes` (drawn at random) -> `statistics` (which action units occur together, how often, how long:
the tables), `copula`, `events` (labels after these tables) -> `capture`, `motion` (sequences).
"""

from aunce_lib.faces.anatomy import AUS
from aunce_lib.faces.capture import Capture, Shots, draw_shots
from aunce_lib.faces.difficulty import DIFFICULTIES, Difficulty
from aunce_lib.faces.events import draw_action_units, draw_sequences, event_lengths
from aunce_lib.faces.people import People, Scenes
from aunce_lib.faces.population import Population
from aunce_lib.faces.render import render
from aunce_lib.faces.scenes import draw_scenes
from aunce_lib.faces.statistics import AFFWILD2, BP4D, DISFA, GFT, Statistics

__all__ = [
    "AFFWILD2",
    "AUS",
    "BP4D",
    "DIFFICULTIES",
    "DISFA",
    "GFT",
    "Capture",
    "Difficulty",
    "People",
    "Population",
    "Scenes",
    "Shots",
    "Statistics",
    "draw_action_units",
    "draw_scenes",
    "draw_sequences",
    "draw_shots",
    "event_lengths",
    "render",
]
