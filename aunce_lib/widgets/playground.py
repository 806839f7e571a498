"""Face playground: move the muscles of a synthetic face and see which pixels answer.

`look` computes what is shown, without any interface; `Playground` is `look` with sliders.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import ipywidgets as widgets
import numpy as np
import torch

from ..faces import AUS, DIFFICULTIES, Difficulty, People, Population, draw_scenes, render
from ..facs import ACTION_UNITS, AU_SETS, column

#: Action units that together make a face people have a word for (Ekman & Friesen's prototypes).
EXPRESSIONS: dict[str, tuple[int, ...]] = {
    "at rest": (),
    "joy": (6, 12, 25),
    "sadness": (1, 4, 15),
    "surprise": (1, 2, 5, 26),
    "anger": (4, 5, 7, 23),
    "disgust": (9, 10, 17),
}
SIDES = {"both sides": (0, 1), "left of the picture": (0,), "right of the picture": (1,)}
N_PEOPLE = 12
SIZE = 160  # pixels
ACTIVE = DIFFICULTIES["benchmark"].weakest_active  # from here on the corpora say "active"
VISIBLE = 8 / 255  # a change of fewer grey levels escapes the eye
BRIGHTEST = 0.25  # a change of this much is drawn brightest
STUDIO = Difficulty(confusers=0.3, pose=0, light=0, camera=0)  # nothing moves but the muscles


@dataclass(frozen=True, eq=False)
class Look:
    """One face of the playground.

    Attributes:
        intensities: Action unit to intensity 0..1, those above 0 only.
        face: The synthetic face, uint8 (S, S, 3).
        change: Difference from the same person at rest, mean over colours, float32 (S, S), 0..1.
    """

    intensities: dict[int, float]
    face: np.ndarray
    change: np.ndarray

    @property
    def active(self) -> tuple[int, ...]:
        """The action units strong enough to be labelled active."""
        return tuple(au for au, intensity in self.intensities.items() if intensity >= ACTIVE)

    @property
    def changed(self) -> float:
        """Share of the pixels that changed visibly, 0..1."""
        return float((self.change > VISIBLE).mean())


def look(intensities: Mapping[int, float], person: int = 0, side: str = "both sides") -> Look:
    """Draw a person's face, and the same person at rest to compare with.

    Args:
        intensities: Action unit to intensity 0..1; those not named are at rest.
        person: Which of the playground's people, 0..N_PEOPLE - 1.
        side: One of `SIDES`: where the muscles move.

    Raises:
        ValueError: For an action unit that is not drawn, an unknown person or side, or an
            intensity outside 0..1.

    Example:
        >>> smile = look({6: 0.8, 12: 1.0, 25: 0.1})
        >>> smile.active, smile.face.shape
        ((6, 12), (160, 160, 3))
    """
    unknown = sorted(set(intensities) - set(AUS))
    if unknown:
        raise ValueError(f"no action unit {unknown[0]} on the drawn faces; there are {AUS}")
    if person not in range(N_PEOPLE):
        raise ValueError(f"person must be 0..{N_PEOPLE - 1}, got {person!r}")
    if side not in SIDES:
        raise ValueError(f"side must be one of {list(SIDES)}, got {side!r}")
    aus = torch.zeros(2, len(AUS), 2)  # row 0 stays at rest
    for au, intensity in intensities.items():
        aus[1, AUS.index(au), list(SIDES[side])] = float(intensity)
    people, scenes = _people()[[person, person]], draw_scenes(1, seed=4, difficulty=STUDIO)[[0, 0]]
    pictures = render(people, aus, scenes, torch.zeros(2, dtype=torch.int64), SIZE)
    rest, face = pictures.permute(0, 2, 3, 1).numpy()  # (S, S, 3) each
    change = np.abs(face.astype(np.float32) - rest).mean(axis=2) / 255
    moving = {au: float(intensities[au]) for au in AUS if intensities.get(au)}
    return Look(moving, face, change)


@lru_cache
def _people() -> People:
    return Population(N_PEOPLE, seed=5, difficulty=STUDIO).people


class Playground(widgets.VBox):
    """Sliders for every action unit, the face, and the pixels that moved.

    Args:
        intensities: Action unit to intensity at the start.
        person: Whose face, 0..N_PEOPLE - 1.

    Attributes:
        look: What is shown now.

    Example:
        >>> playground = Playground({12: 1.0})
        >>> playground.state["active"]
        [12]
    """

    def __init__(self, intensities: Mapping[int, float] | None = None, person: int = 0) -> None:
        self.sliders = {au: _slider(au) for au in AUS}
        self.person = widgets.IntSlider(
            person, 0, N_PEOPLE - 1, description="person", continuous_update=False
        )
        self.side = widgets.Dropdown(options=list(SIDES), description="muscles")
        self.buttons = {name: widgets.Button(description=name) for name in EXPRESSIONS}
        self.picture = widgets.Image(layout=widgets.Layout(width="500px", max_width="100%"))
        self.caption = widgets.HTML(layout=widgets.Layout(width="360px", margin="0 0 0 16px"))
        self._tag_controls()
        for control in (*self.sliders.values(), self.person, self.side):
            control.observe(self._on_change, names="value")
        for name, button in self.buttons.items():
            button.on_click(lambda _, name=name: self.show(dict.fromkeys(EXPRESSIONS[name], 1.0)))
        rows = [
            self.buttons.values(),
            [self.person, self.side],
            [self.picture, self.caption],
            self.sliders.values(),
        ]
        wrap = widgets.Layout(flex_flow="row wrap")
        super().__init__([widgets.HBox(list(row), layout=wrap) for row in rows])
        self.show(intensities or {})

    @property
    def state(self) -> dict:
        """What a test, or a learner, may want to know: plain numbers and words."""
        return {
            "intensities": dict(self.look.intensities),
            "person": self.person.value,
            "side": self.side.value,
            "active": list(self.look.active),
            "changed": self.look.changed,
        }

    def show(self, intensities: Mapping[int, float]) -> None:
        """Move the sliders to these intensities, all others to rest, and draw once.

        Raises:
            ValueError: As `look` does; nothing has moved then.
        """
        shown = look(intensities, self.person.value, self.side.value)
        for au, slider in self.sliders.items():
            slider.unobserve(self._on_change, names="value")  # one drawing, not one per slider
            slider.value = intensities.get(au, 0.0)
            slider.observe(self._on_change, names="value")
        self._draw(shown)

    def figure(self):
        """The same as a still matplotlib figure, for print and for pages without a kernel."""
        import matplotlib.pyplot as plt

        figure, (left, right) = plt.subplots(1, 2, figsize=(6.4, 3.6), layout="constrained")
        left.imshow(self.look.face)
        left.set_title("a synthetic face")
        shown = right.imshow(self.look.change, cmap="magma", vmin=0, vmax=BRIGHTEST)
        right.set_title(f"{self.look.changed:.0%} of the pixels moved")
        for axes in (left, right):
            axes.set_axis_off()
        figure.colorbar(shown, ax=right, label="change (1 = black to white)", shrink=0.8)
        figure.suptitle(_named(self.look.intensities) or "every muscle at rest", wrap=True)
        plt.close(figure)  # else a notebook would show it twice
        return figure

    def _tag_controls(self) -> None:
        """Each control gets a class by which a page, or a test in a browser, finds it."""
        self.add_class("aunce-playground")
        named = {column(au).lower(): slider for au, slider in self.sliders.items()}
        named |= {name.replace(" ", "-"): button for name, button in self.buttons.items()}
        named |= {"person": self.person, "side": self.side, "picture": self.picture}
        for name, control in (named | {"caption": self.caption}).items():
            control.add_class(f"aunce-playground-{name}")

    def _on_change(self, _) -> None:
        intensities = {au: slider.value for au, slider in self.sliders.items()}
        self._draw(look(intensities, self.person.value, self.side.value))

    def _draw(self, shown: Look) -> None:
        self.look = shown
        self.picture.value = _png(shown)
        self.caption.value = _caption(shown)


def _slider(au: int) -> widgets.FloatSlider:
    return widgets.FloatSlider(
        value=0.0,
        min=0.0,
        max=1.0,
        step=0.1,
        readout_format=".1f",
        description=f"{column(au)} {ACTION_UNITS[au].name}",
        description_tooltip=f"{ACTION_UNITS[au].muscle}; {ACTION_UNITS[au].region}",
        style={"description_width": "185px"},
        layout=widgets.Layout(width="420px"),
        continuous_update=False,  # a drawing takes longer than a frame of dragging
    )


def _png(shown: Look) -> bytes:
    """The face, and beside it what moved, as one picture of a steady size."""
    from matplotlib import colormaps
    from PIL import Image

    moved = colormaps["magma"]((shown.change / BRIGHTEST).clip(0, 1), bytes=True)[..., :3]
    gap = np.full((SIZE, 8, 3), 255, np.uint8)
    buffer = io.BytesIO()
    pair = Image.fromarray(np.hstack([shown.face, gap, moved]))
    pair.resize((2 * pair.width, 2 * pair.height), Image.Resampling.BICUBIC).save(buffer, "png")
    return buffer.getvalue()


def _caption(shown: Look) -> str:
    """What the picture shows, in words; screen readers read it out when it changes."""
    weak = {au: v for au, v in shown.intensities.items() if v < ACTIVE}
    weakly = f"<p>Moving, but too weakly for a label: {_named(weak)}.</p>" if weak else ""
    bits = [
        f"<td style='padding:0 .5em;text-align:center;line-height:1.3'>{column(au)}<br>"
        f"<b>{int(au in shown.active)}</b></td>"
        for au in AU_SETS["bp4d"]
    ]
    table = "".join(f"<tr>{''.join(bits[start : start + 6])}</tr>" for start in (0, 6))
    return (
        "<div role='status' style='line-height:1.4'><p>Left: a synthetic face. "
        f"Right: the pixels that moved, <b>{shown.changed:.0%}</b> of the picture.</p>"
        f"<p>Labelled active (from intensity {ACTIVE} on): "
        f"<b>{_named(shown.active) or 'nothing'}</b>.</p>{weakly}"
        f"<p>What a corpus like BP4D stores:</p><table>{table}</table></div>"
    )


def _named(aus: Iterable[int]) -> str:
    return ", ".join(f"{column(au)} {ACTION_UNITS[au].name.lower()}" for au in aus)
