"""Name the AU: a scored quiz on synthetic faces.

`question` makes the questions from a seed; `Quiz` asks them.
"""

from __future__ import annotations

from dataclasses import dataclass

import ipywidgets as widgets
import numpy as np

from ..facs import ACTION_UNITS, AU_SETS, column, describe
from .portrait import ANGLES, N_PEOPLE, Look, heat, look, side_by_side
from .words import help_line

#: What is asked for: the action units of the published tables.
ASKED = tuple(sorted({*AU_SETS["bp4d"], *AU_SETS["disfa"]}))
LEVELS = ("easy", "hard")
N_CHOICES = 4


@dataclass(frozen=True)
class Question:
    """A face with one action unit, and what to choose from.

    Attributes:
        person: Whose face, as `look` takes it.
        au: The action unit that moves.
        intensity: How strongly, 0..1.
        choices: Action units to choose from, one of them `au`, in order of number.
        angles: Light, turn, nod and tilt, as `look` takes them.
    """

    person: int
    au: int
    intensity: float
    choices: tuple[int, ...]
    angles: dict[str, int]

    def look(self, au: int | None = None) -> Look:
        """The face of the question, or the same face with another action unit."""
        return look({self.au if au is None else au: self.intensity}, self.person, **self.angles)


def question(number: int, level: str = "easy", seed: int = 0) -> Question:
    """The question of that number; the same for the same seed.

    Args:
        number: 0, 1, …
        level: "easy": full strength, from the front, half of the choices from the other half of the
            face. "hard": weaker, light and head turned, all choices from the same half.
        seed: Other questions.

    Raises:
        ValueError: For an unknown level.

    Example:
        >>> question(0).au in question(0).choices
        True
    """
    if level not in LEVELS:
        raise ValueError(f"level must be one of {LEVELS}, got {level!r}")
    hard = level == "hard"
    rng = np.random.default_rng([seed, number, hard])
    au = int(rng.choice(ASKED))
    others = [other for other in rng.permutation(ASKED).tolist() if other != au]
    others.sort(key=lambda other: _part(other) != _part(au))  # the same part of the face first
    n_alike = N_CHOICES - 1 if hard else N_CHOICES // 2 - 1
    chosen = others[:n_alike] + others[::-1][: N_CHOICES - 1 - n_alike]
    choices = tuple(sorted([au, *chosen]))
    reach = {name: most * hard / 2 for name, (most, _) in ANGLES.items()}
    angles = {name: int(rng.integers(-most, most + 1)) for name, most in reach.items()}
    intensity = round(float(rng.uniform(0.6, 0.8)), 2) if hard else 1.0
    return Question(int(rng.integers(N_PEOPLE)), au, intensity, choices, angles)


def _part(au: int) -> str:
    """The half of the face where an action unit works."""
    return "upper" if ACTION_UNITS[au].region in ("brow", "eyelids", "cheeks") else "lower"


class Quiz(widgets.VBox):
    """A face is shown; name its action unit, see which pixels moved, collect points.

    Args:
        seed: Other questions.

    Attributes:
        question: What is asked; None before the first one.

    Example:
        >>> quiz = Quiz()
        >>> quiz.ask()
        >>> quiz.answer(quiz.question.au)
        >>> quiz.state["right"], quiz.state["streak"]
        (1, 1)
    """

    def __init__(self, seed: int = 0) -> None:
        self.seed, self.question, self._open = seed, None, False
        self._right = self._asked = self._streak = self._best = 0
        self.level = widgets.ToggleButtons(options=LEVELS, description="level")
        self.level.style.button_width, self.level.layout.width = "70px", "270px"
        self.next = widgets.Button(description="Start", button_style="primary")
        self.choices = [widgets.Button(disabled=True) for _ in range(N_CHOICES)]
        self.picture = widgets.Image(format="jpeg", layout=widgets.Layout(max_width="100%"))
        self.verdict = widgets.HTML()
        self._tag_controls()
        self.next.on_click(lambda _: self.ask())
        for position, button in enumerate(self.choices):
            button.layout = widgets.Layout(width="260px")
            button.on_click(lambda _, i=position: self.answer(self.question.choices[i]))
        help_ = help_line(
            "One muscle moves: which? Level <i>easy</i> shows the face at rest beside it. "
            "<b>Try:</b> five in a row, then <i>hard</i>. Points won here do not make a coder: "
            "drawn skin folds in ways that real skin does not, and coders learn on video of people."
        )
        wrap = widgets.Layout(flex_flow="row wrap")
        top = widgets.HBox([self.level, self.next], layout=wrap)
        answers = widgets.HBox(self.choices, layout=wrap)
        super().__init__([help_, top, self.picture, answers, self.verdict])

    @property
    def state(self) -> dict:
        """What a test, or a learner, may want to know: plain numbers and words."""
        return {
            "question": None if self.question is None else self._number,
            "level": self.level.value,
            "choices": [] if self.question is None else list(self.question.choices),
            "open": self._open,
            "right": self._right,
            "asked": self._asked,
            "streak": self._streak,
            "best": self._best,
        }

    def ask(self) -> None:
        """Show the next question; one that was not answered does not count."""
        self._number = 0 if self.question is None else self._number + 1
        self.question, self._open = question(self._number, self.level.value, self.seed), True
        shown = self._look = self.question.look()
        self._show(*((shown.face,) if self.level.value == "hard" else (shown.rest, shown.face)))
        for au, button in zip(self.question.choices, self.choices, strict=True):
            button.description = f"{column(au)} {ACTION_UNITS[au].name.lower()}"
            button.disabled, button.button_style, button.icon = False, "", ""
        self.next.description = "Skip"
        left = "" if self.level.value == "hard" else "Left: at rest. "
        self._say(f"{left}Which action unit is it? A synthetic face.")

    def answer(self, au: int) -> None:
        """Judge an answer, count it and show which pixels moved.

        Raises:
            ValueError: If nothing is asked, or the answer is none of the choices.
        """
        if not self._open or au not in self.question.choices:
            choices = [] if self.question is None else list(self.question.choices)
            raise ValueError(f"answer must be one of the choices {choices} of an open question")
        truth, self._open = self.question.au, False
        right = au == truth
        self._asked, self._right = self._asked + 1, self._right + right
        self._streak = self._streak + 1 if right else 0
        self._best = max(self._best, self._streak)
        for choice, button in zip(self.question.choices, self.choices, strict=True):
            button.disabled = True
            if choice in (au, truth):
                button.button_style = "success" if choice == truth else "danger"
                button.icon = "check" if choice == truth else "times"
        self.next.description = "Next"
        shown = self._look
        words = (
            f"{'Yes' if right else 'No'}: it is <b>{describe(truth)}</b>, at the "
            f"{ACTION_UNITS[truth].region}. The bright pixels moved, {shown.changed:.0%} of the "
            "picture"
        )
        pictures = [shown.face, heat(shown.change)]
        if not right:
            other = self.question.look(au)
            pictures.append(heat(other.change))
            words += f"; on the right those that {column(au)} would have moved"
        self._show(*pictures)
        self._say(f"{words}.")

    def figure(self):
        """The same as a still matplotlib figure, for print and for pages without a kernel."""
        import matplotlib.pyplot as plt

        pictures = self._pictures if self.question else ()
        figure, axes = plt.subplots(1, max(1, len(pictures)), figsize=(7, 3.2), squeeze=False)
        for ax in axes.flat:
            ax.set_axis_off()
        for ax, picture in zip(axes.flat, pictures, strict=False):
            ax.imshow(picture)
        choices = ", ".join(button.description for button in self.choices if self.question)
        figure.suptitle(f"Which action unit is it?\n{choices}", fontsize=10, wrap=True)
        plt.close(figure)  # else a notebook would show it twice
        return figure

    def _tag_controls(self) -> None:
        """Each control gets a class by which a page, or a test in a browser, finds it."""
        self.add_class("aunce-quiz")
        named = {name: getattr(self, name) for name in ("level", "next", "picture", "verdict")}
        named |= {f"choice-{i + 1}": button for i, button in enumerate(self.choices)}
        for name, control in named.items():
            control.add_class(f"aunce-quiz-{name}")

    def _show(self, *pictures: np.ndarray) -> None:
        self._pictures = pictures
        self.picture.layout.width = f"{290 * len(pictures)}px"
        self.picture.value = side_by_side(*pictures)

    def _say(self, words: str) -> None:
        score = f"{self._right} of {self._asked} right, streak {self._streak}, best {self._best}"
        self.verdict.value = (
            f"<div role='status' style='max-width:860px;line-height:1.4'>{words}<br>"
            f"<b>{score}</b></div>"
        )
