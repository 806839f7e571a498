"""A matplotlib figure as a picture in a widget, of which only some parts move.

Drawing a whole figure takes 100 to 200 ms, most of it for axes and text that stay as they are.
Here they are drawn once, and what moves is drawn over them.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

DPI = 130  # sharp on a screen where the browser draws 100 pixels an inch


def new_figure(width: float, height: float) -> Figure:
    """A figure of so many inches that pyplot knows nothing of, so that no notebook shows it."""
    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


class Picture:
    """A figure from `new_figure`, and the artists in it that move.

    Args:
        figure: Complete, with everything that stands still.
        moving: Drawn over the rest, in this order, whenever the picture is asked for.
    """

    def __init__(self, figure: Figure, moving: Sequence[Artist] = ()) -> None:
        self._canvas, self._moving = FigureCanvasAgg(figure), list(moving)
        for artist in self._moving:
            artist.set_animated(True)  # left out when the rest is drawn
        self._canvas.draw()
        self._still = self._canvas.copy_from_bbox(figure.bbox)

    def png(self, more: Sequence[Artist] = ()) -> bytes:
        """The picture as it is now.

        Args:
            more: Drawn over everything else, this once; such as were not there at first.
        """
        self._canvas.restore_region(self._still)
        for artist in [*self._moving, *more]:
            self._canvas.figure.draw_artist(artist)
        buffer = io.BytesIO()
        pixels = Image.fromarray(np.asarray(self._canvas.buffer_rgba())[..., :3])
        pixels.save(buffer, "png", compress_level=1)  # a tenth of the time of the default
        return buffer.getvalue()


def screen(width: float) -> widgets.Image:
    """Where pictures `width` inches wide are shown; narrower on a narrow page."""
    return widgets.Image(layout=widgets.Layout(width=f"{round(width * 100)}px", max_width="100%"))
