"""A figure that grows while an encoder learns, and stays as it was when it ends."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
import pandas as pd

from .plots import plot_history


class LiveHistory:
    """`plot_history`, drawn anew after each epoch in one place of the notebook.

    Pass it to `fit(…, on_epoch=LiveHistory("AUNCE"))`. Each time the same output is replaced, so
    that a notebook that was executed without anybody watching holds the last picture.

    Args:
        name: What is being trained.
        others: Name -> history of runs to compare with, drawn first.
    """

    def __init__(self, name: str = "", others: Mapping[str, pd.DataFrame] | None = None):
        self.name, self.others, self._place = name, dict(others or {}), None

    def __call__(self, history: pd.DataFrame) -> None:
        """Show the history so far (columns as `Run.history` has them)."""
        from IPython.display import display  # what runs outside a notebook needs none

        figure, _ = plot_history({**self.others, self.name: history})
        if self._place is None:
            self._place = display(figure, display_id=True)
        else:
            self._place.update(figure)
        plt.close(figure)  # else the notebook would show it once more
