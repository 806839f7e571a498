"""Face playground: move the muscles of a synthetic face and see which pixels answer.

`portrait.look` computes what is shown; `Playground` is that with sliders.
"""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets as widgets
import numpy as np

from ..faces import AUS
from ..facs import ACTION_UNITS, AU_SETS, column
from .portrait import (
    ACTIVE,
    ANGLES,
    BRIGHTEST,
    N_PEOPLE,
    SIDES,
    Look,
    heat,
    look,
    named,
    side_by_side,
)
from .quiz import Quiz
from .words import help_line

#: Action units that together make a face people have a word for (Ekman & Friesen's prototypes).
EXPRESSIONS: dict[str, tuple[int, ...]] = {
    "at rest": (),
    "joy": (6, 12, 25),
    "sadness": (1, 4, 15),
    "surprise": (1, 2, 5, 26),
    "anger": (4, 5, 7, 23),
    "disgust": (9, 10, 17),
}
APART = "left and right apart"  # in the playground: two sliders for every action unit


class Playground(widgets.VBox):
    """Sliders for every action unit, person, light and pose; the face, and the pixels that moved.

    Args:
        intensities: Action unit to intensity at the start, or to a pair for left and right.
        person: Whose face, 0..N_PEOPLE - 1.

    Attributes:
        look: What is shown now.

    Example:
        >>> playground = Playground({12: 1.0})
        >>> playground.state["active"]
        [12]
    """

    def __init__(self, intensities: Mapping | None = None, person: int = 0) -> None:
        self.sliders = {au: _slider(au) for au in AUS}
        self.right = {au: _slider(au, right=True) for au in AUS}  # shown where sides are apart
        self.person = widgets.IntSlider(
            person, 0, N_PEOPLE - 1, description="person", continuous_update=False
        )
        self.angles = {
            name: widgets.IntSlider(
                0, -most, most, 5, description=f"{name} °", tooltip=says, continuous_update=False
            )
            for name, (most, says) in ANGLES.items()
        }
        self.side = widgets.Dropdown(options=[*SIDES, APART], description="muscles")
        self.buttons = {name: widgets.Button(description=name) for name in EXPRESSIONS}
        self.picture = widgets.Image(
            format="jpeg", layout=widgets.Layout(width="500px", max_width="100%")
        )
        self.caption = widgets.HTML(layout=widgets.Layout(width="360px", margin="0 0 0 16px"))
        self.quiz = Quiz()
        self._tag_controls()
        scene = [self.person, self.side, *self.angles.values()]
        for control in (*self.sliders.values(), *self.right.values(), *scene):
            control.observe(self._on_change, names="value")
        for name, button in self.buttons.items():
            button.on_click(lambda _, name=name: self.show(dict.fromkeys(EXPRESSIONS[name], 1.0)))
        wrap = widgets.Layout(flex_flow="row wrap")
        rows = [
            *(self.buttons.values(), scene, [self.picture, self.caption]),
            [widgets.HBox([self.sliders[au], self.right[au]]) for au in AUS],
        ]
        help_ = help_line(
            "Move muscles and see which pixels answer. <b>Try:</b> joy with AU6 put back to 0. "
            "Then light from the side: does a muscle still move the same pixels? "
            "<i>left and right apart</i> draws half a smile."
        )
        quiz = widgets.Accordion([self.quiz], titles=("Name the AU: a quiz",))
        super().__init__([help_, *(widgets.HBox(list(row), layout=wrap) for row in rows), quiz])
        self._busy = False
        self.show(intensities or {})

    @property
    def state(self) -> dict:
        """What a test, or a learner, may want to know: plain numbers and words."""
        return {
            "intensities": dict(self.look.intensities),
            "sides": {au: given for au, given in self._given().items() if np.max(given)},
            "person": self.person.value,
            "side": self.side.value,
            **{name: slider.value for name, slider in self.angles.items()},
            "active": list(self.look.active),
            "changed": self.look.changed,
        }

    def show(self, intensities: Mapping[int, float | tuple[float, float]]) -> None:
        """Move the sliders to these intensities, all others to rest, and draw once.

        Raises:
            ValueError: As `look` does; nothing has moved then.
        """
        pairs = {au: (v, v) if isinstance(v, float | int) else v for au, v in intensities.items()}
        apart = APART if any(left != right for left, right in pairs.values()) else self.side.value
        shown = self._look(pairs if apart == APART else intensities, apart)
        self._busy = True  # one drawing, not one per slider
        self.side.value = apart
        for au in AUS:
            self.sliders[au].value, self.right[au].value = pairs.get(au, (0.0, 0.0))
        self._busy = False
        self._part(apart == APART)
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
        figure.suptitle(named(self.look.intensities) or "every muscle at rest", wrap=True)
        plt.close(figure)  # else a notebook would show it twice
        return figure

    def _tag_controls(self) -> None:
        """Each control gets a class by which a page, or a test in a browser, finds it."""
        self.add_class("aunce-playground")
        named = {column(au).lower(): slider for au, slider in self.sliders.items()}
        named |= {f"{column(au).lower()}-right": slider for au, slider in self.right.items()}
        named |= {name.replace(" ", "-"): button for name, button in self.buttons.items()}
        named |= {"person": self.person, "side": self.side, "picture": self.picture} | self.angles
        for name, control in (named | {"caption": self.caption}).items():
            control.add_class(f"aunce-playground-{name}")

    def _given(self) -> dict:
        """Intensity of each action unit by its sliders: a pair where sides are apart."""
        if self.side.value != APART:
            return {au: slider.value for au, slider in self.sliders.items()}
        return {au: (self.sliders[au].value, self.right[au].value) for au in AUS}

    def _look(self, intensities: Mapping, side: str) -> Look:
        angles = (slider.value for slider in self.angles.values())
        return look(
            intensities, self.person.value, side if side in SIDES else "both sides", *angles
        )

    def _part(self, apart: bool) -> None:
        """Show the sliders of the right side, or hide them."""
        for au in AUS:
            self.right[au].layout.display = None if apart else "none"

    def _on_change(self, change) -> None:
        if self._busy:
            return
        if change["owner"] is self.side:
            self._change_sides(change["old"], change["new"])
        self._draw(self._look(self._given(), self.side.value))

    def _change_sides(self, old: str, new: str) -> None:
        """The sliders take over what is shown when sides come apart, or together."""
        self._busy = True
        for au in AUS:
            left, right = self.sliders[au], self.right[au]
            if new == APART:
                shown = [left.value * (half in SIDES[old]) for half in (0, 1)]
                left.value, right.value = shown
            elif old == APART:
                left.value = max(left.value, right.value)
        self._busy = False
        self._part(new == APART)

    def _draw(self, shown: Look) -> None:
        self.look = shown
        self.picture.value = _picture(shown)
        self.caption.value = _caption(shown)


def _slider(au: int, right: bool = False) -> widgets.FloatSlider:
    return widgets.FloatSlider(
        value=0.0,
        min=0.0,
        max=1.0,
        step=0.1,
        readout_format=".1f",
        description=f"{column(au)} right" if right else f"{column(au)} {ACTION_UNITS[au].name}",
        description_tooltip=f"{ACTION_UNITS[au].muscle}; {ACTION_UNITS[au].region}",
        style={"description_width": "75px" if right else "185px"},
        layout=widgets.Layout(width="290px" if right else "420px"),
        continuous_update=False,  # a drawing takes longer than a frame of dragging
    )


def _picture(shown: Look) -> bytes:
    """The face, and beside it what moved."""
    return side_by_side(shown.face, heat(shown.change))


def _caption(shown: Look) -> str:
    """What the picture shows, in words; screen readers read it out when it changes."""
    weak = {au: v for au, v in shown.intensities.items() if v < ACTIVE}
    weakly = f"<p>Moving, but too weakly for a label: {named(weak)}.</p>" if weak else ""
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
        f"<b>{named(shown.active) or 'nothing'}</b>.</p>{weakly}"
        f"<p>What a corpus like BP4D stores:</p><table>{table}</table></div>"
    )
