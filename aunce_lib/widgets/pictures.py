"""A matplotlib figure as a picture in a widget: drawn without pyplot, quickly, again and again."""

from __future__ import annotations

import io

import ipywidgets as widgets
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

DPI = 130  # sharp on a screen where the browser draws 100 pixels an inch


def new_figure(width: float, height: float) -> Figure:
    """A figure of so many inches that pyplot knows nothing of, so that no notebook shows it."""
    return Figure(figsize=(width, height), dpi=DPI, layout="constrained")


def png(figure: Figure) -> bytes:
    """The figure as it is now. Its layout is worked out once: later frames stand still."""
    canvas = FigureCanvasAgg(figure)
    if figure.get_layout_engine() is not None:
        canvas.draw()
        figure.set_layout_engine("none")
    canvas.draw()
    buffer = io.BytesIO()
    pixels = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3])
    pixels.save(buffer, "png", compress_level=1)  # a tenth of the time of the default
    return buffer.getvalue()


def screen(width: float) -> widgets.Image:
    """Where pictures `width` inches wide are shown; narrower on a narrow page."""
    return widgets.Image(layout=widgets.Layout(width=f"{round(width * 100)}px", max_width="100%"))
