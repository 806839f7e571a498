"""Statistics of labels, counted by hand, and the comparison with what is published."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from aunce_lib.corpora import CorpusError, FrameTable, synthetic
from aunce_lib.inspection.corpus_statistics import (
    compare_statistics,
    label_statistics,
    plot_statistics,
)


@pytest.fixture(scope="module")
def table() -> FrameTable:
    """Two people; in the second AU12 is unknown once, which cuts its event in two."""
    frames = pd.DataFrame(
        {
            "corpus": "demo",
            "subject": ["demo/A"] * 6 + ["demo/B"] * 4,
            "sequence": ["s"] * 3 + ["t"] * 3 + ["s"] * 4,
            "frame": [0, 1, 2, 0, 1, 2, 3, 2, 1, 0],  # B's frames stand in reverse order
            "AU6": [1, 1, 1, 1, 0, 0, 0, 0, 0, 0],
            "AU12": [0, 1, 1, 1, 0, 0, 1, 1, np.nan, 1],
        }
    )
    return FrameTable(frames)


def value(table: FrameTable, quantity: str, aus: str) -> float:
    rows = label_statistics(table).set_index(["quantity", "aus"])["value"]
    return rows[quantity, aus]


def test_rates_phi_and_events_are_those_counted_by_hand(table):
    assert value(table, "rate", "AU6") == pytest.approx(0.4)
    assert value(table, "rate", "AU12") == pytest.approx(6 / 9)
    assert value(table, "event length", "AU6") == 2  # of 3 and 1: sequences are not joined
    assert value(table, "event length", "AU12") == 1.5  # of 2, 1, 1 and 2
    assert value(table, "events per 1,000 frames", "AU12") == 400
    known = ~np.isnan(table.labels).any(1)
    phi = np.corrcoef(table.labels[known].T)[0, 1]
    assert value(table, "phi", "AU6 AU12") == pytest.approx(phi)


def test_people_and_frames_are_those_counted_by_hand(table):
    assert value(table, "lowest rate of a person", "AU6") == 0
    assert value(table, "highest rate of a person", "AU6") == pytest.approx(4 / 6)
    assert value(table, "frames without AU", "") == pytest.approx(2 / 9)
    assert value(table, "AUs a frame", "") == pytest.approx(10 / 9)


def test_an_au_without_events_has_no_length(table):
    frames = table.frames.assign(AU6=0)
    assert np.isnan(value(FrameTable(frames), "event length", "AU6"))


def test_an_empty_table_is_refused(table):
    with pytest.raises(CorpusError, match="no frames"):
        label_statistics(table.take([]))


@pytest.fixture(scope="module")
def comparison() -> pd.DataFrame:
    return compare_statistics(synthetic.labels("synth-disfa", "full", n_people=4))


def test_the_comparison_says_what_is_within(comparison):
    assert set(comparison["corpus"]) == {"synth-disfa"}
    rates = comparison[comparison["quantity"] == "rate"]
    assert len(rates) == 8
    assert rates["within"].all()
    held = comparison[comparison["tolerance"].notna()]
    within = held["difference"].abs() <= held["tolerance"]
    assert (held["within"] == within).all()
    assert comparison[comparison["quantity"] == "AUs a frame"]["within"].isna().all()


def test_differences_of_event_lengths_are_shares(comparison):
    rows = comparison[comparison["quantity"] == "event length"]
    expected = rows["ours"] / rows["published"] - 1
    np.testing.assert_allclose(rows["difference"], expected, atol=1e-12)


def test_the_figure_has_a_point_for_every_statistic_and_says_synthetic(comparison):
    figure, axes = plot_statistics(comparison)
    for ax, quantity in zip(axes, ("rate", "phi", "event length"), strict=True):
        points = [c.get_offsets() for c in ax.collections if len(c.get_offsets()) > 1]
        assert sum(map(len, points)) == (comparison["quantity"] == quantity).sum()
    assert "synthetic" in figure.get_suptitle()
    plt.close(figure)


def test_what_cannot_be_compared_is_refused(table):
    with pytest.raises(CorpusError, match=r"nothing is published to compare with None"):
        compare_statistics(table)
    with pytest.raises(CorpusError, match="nothing is published to compare with 'synth-gft'"):
        compare_statistics(synthetic.labels("synth-gft", "tiny"))
    with pytest.raises(CorpusError, match='1 of 44 frames.*synthetic.labels."synth-bp4d", "full"'):
        compare_statistics(synthetic.labels("synth-bp4d", "tiny"))
