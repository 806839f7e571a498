"""A live figure: one output, replaced after each epoch, and nothing left open."""

from __future__ import annotations

import IPython.display
import matplotlib.pyplot as plt
import pandas as pd
import pytest

from aunce_lib.inspection.live import LiveHistory

HISTORY = pd.DataFrame({"epoch": [1, 2], "loss": [2.0, 1.0]})


class Place:
    """Stands in for the output of a cell."""

    def __init__(self):
        self.shown = []

    def update(self, figure):
        self.shown.append(figure)


@pytest.fixture
def place(monkeypatch):
    place = Place()

    def display(figure, display_id):
        assert display_id is True
        place.update(figure)
        return place

    monkeypatch.setattr(IPython.display, "display", display)
    return place


def test_each_epoch_replaces_the_picture_and_leaves_no_figure_open(place):
    before, live = plt.get_fignums(), LiveHistory("AUNCE")
    live(HISTORY[:1])
    live(HISTORY)
    first, second = (figure.axes[0].get_lines()[0].get_xdata() for figure in place.shown)
    assert list(first) == [1]
    assert list(second) == [1, 2]
    assert plt.get_fignums() == before


def test_other_trainings_are_drawn_beside_it(place):
    LiveHistory("ours", {"theirs": HISTORY})(HISTORY)
    legend = place.shown[0].axes[0].get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["theirs", "ours"]


def test_outside_a_notebook_it_shows_nothing_and_does_not_stop(capsys):
    live = LiveHistory()
    live(HISTORY)
    live(HISTORY)
    plt.close("all")
