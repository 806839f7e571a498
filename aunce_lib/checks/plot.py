"""A small picture in a check: the learner's function beside the one it should be."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from matplotlib.figure import Figure

from aunce_lib.inspection.style import PALETTE, quiet


@dataclass(frozen=True)
class Plot:
    """A picture and what it shows, in words.

    Example of one that a check draws itself:
        >>> figure = Figure(figsize=(2, 1))
        >>> Plot.of(figure, "an empty figure").alt
        'an empty figure'
    """

    png: bytes
    alt: str

    @classmethod
    def of(cls, figure: Figure, alt: str) -> Plot:
        """The picture of a matplotlib figure, on white."""
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=110, facecolor="white")
        return cls(buffer.getvalue(), alt)

    def html(self) -> str:
        """An image that holds its own data."""
        data = base64.b64encode(self.png).decode()
        style = "max-width:100%;height:auto;border-radius:.3em"
        return f'<img style="{style}" alt="{escape(self.alt)}" src="data:image/png;base64,{data}">'


@dataclass(frozen=True)
class Curve:
    """How a check draws a function: over one of its arguments, the others fixed.

    Attributes:
        x: The values of that argument, (N,).
        xlabel: What it is.
        ylabel: What the function returns: one number.
        args: A value of x → the arguments of the function.

    Example:
        >>> weight = Curve(np.linspace(-1, 1, 41), "similarity", "weight", lambda s: (s, 0.5))
    """

    x: Sequence[float]
    xlabel: str
    ylabel: str
    args: Callable[[float], tuple] = lambda value: (value,)

    def draw(self, right: Callable, answer: Callable) -> Plot | None:
        """Both functions in one picture; None where the learner's gives no numbers to draw."""
        x = np.asarray(self.x, dtype=float)
        target, theirs = self._values(right, x), self._values(answer, x)
        if not np.isfinite(theirs).any():
            return None
        figure = Figure(figsize=(4.6, 2.6), layout="constrained")
        ax = figure.subplots()
        # The target is broad and pale, yours thin and dark, so that both show where they agree.
        ax.plot(x, target, color=PALETTE["orange"], linewidth=6, alpha=0.6, label="expected")
        ax.plot(x, theirs, color=PALETTE["blue"], linewidth=1.8, label="yours")
        ax.set(xlabel=self.xlabel, ylabel=self.ylabel)
        ax.legend(frameon=False, fontsize=9)
        ax.locator_params(axis="x", nbins=5)
        quiet(ax)
        return Plot.of(figure, self._alt(x, target, theirs))

    def _values(self, function: Callable, x: np.ndarray) -> np.ndarray:
        """What a function returns at each x, NaN where it returns no single number."""
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return np.array([_number(function, self.args(value)) for value in x])

    def _alt(self, x: np.ndarray, target: np.ndarray, theirs: np.ndarray) -> str:
        gap = np.abs(theirs - target)
        if np.allclose(theirs, target, rtol=1e-3, atol=1e-6):
            verdict = "yours lies on the expected curve"
        else:
            place = int(np.nanargmax(gap))
            verdict = (
                f"yours differs most at {x[place]:.3g}: "
                f"{theirs[place]:.3g} instead of {target[place]:.3g}"
            )
        return f"{self.ylabel} over {self.xlabel}; {verdict}."


def _number(function: Callable, args: tuple) -> float:
    try:
        return float(function(*args))
    except Exception:  # whatever a learner's function may do
        return float("nan")
