"""Positive pairs: weights and false positives by brute force, and the widget with its faces."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F

from aunce_lib.corpora import FrameTable, synthetic
from aunce_lib.encoder import Encoder
from aunce_lib.sampler import PROBABILITIES
from aunce_lib.widgets import PairSampler, positive_pairs

B, DIM = 8, 5
TRUTH = torch.tensor([1.0, 1, 1, 0, 0, 0, 0, 1])
LABELS = torch.tensor([1.0, 0, 1, 0, 1, 0, math.nan, 1])  # 1 and 4 are wrong, 6 is unknown


@pytest.fixture(scope="module")
def views():
    z = torch.randn(2, B, DIM, generator=torch.Generator().manual_seed(0))
    return F.normalize(z, dim=-1)


def brute_force(views, anchor, kind, tau, other_images):
    """Weights of the positives of row `anchor`, (2B,), as loops."""
    z, labels = torch.cat(list(views)), LABELS.repeat(2)
    mate = (anchor + B) % (2 * B)
    same = [b for b in range(2 * B) if b != anchor and labels[b] == labels[anchor]]
    if other_images and len(same) > 1:
        same = [b for b in same if b != mate]
    s = {b: math.exp(float(z[anchor] @ z[b]) / tau) for b in same}
    weights = np.zeros(2 * B)
    if kind == "self":
        weights[mate] = 1
    elif kind == "nearest":
        weights[max(s, key=s.get)] = 1
    else:
        for b in same:
            weights[b] = s[b] / sum(s.values())
    return weights


@pytest.mark.parametrize("positives_from", ["views", "other_images"])
@pytest.mark.parametrize("kind", ["self", "nearest", "mean"])
@pytest.mark.parametrize("anchor", [0, 1, 4])
def test_weights_and_false_positives_are_those_of_loops(views, anchor, kind, positives_from):
    options = {"temperature": 0.3, "positives_from": positives_from}
    pairs = positive_pairs(*views, LABELS, TRUTH, anchor, **options)
    truth, other_images = TRUTH.repeat(2).numpy(), positives_from == "other_images"
    rows = [a for a in range(2 * B) if not LABELS[a % B].isnan()]
    expected = {a: brute_force(views, a, kind, 0.3, other_images) for a in rows}
    np.testing.assert_allclose(pairs.weights[kind], expected[anchor], atol=1e-6)
    false = {a: float((expected[a] * (truth != truth[a])).sum()) for a in rows}
    assert pairs.here[kind] == pytest.approx(false[anchor], abs=1e-6)
    assert pairs.everywhere[kind] == pytest.approx(np.mean(list(false.values())), abs=1e-6)


def test_the_mixture_weighs_the_kinds_as_published(views):
    pairs = positive_pairs(*views, LABELS, TRUTH, 0)
    shares = [PROBABILITIES[kind] * pairs.everywhere[kind] for kind in PROBABILITIES]
    assert pairs.mixture == pytest.approx(sum(shares))
    assert pairs.everywhere["self"] == 0  # the one kind that asks no label


def test_true_labels_give_no_false_positives(views):
    pairs = positive_pairs(*views, TRUTH, TRUTH, 0)
    assert pairs.mixture == 0
    assert pairs.false.sum() == 2 * (TRUTH == 0).sum()


def test_an_unknown_truth_counts_as_no_mistake(views):
    unknown = torch.full_like(TRUTH, math.nan)
    assert positive_pairs(*views, LABELS, unknown, 0).mixture == 0


@pytest.mark.parametrize(
    ("labels", "anchor", "message"),
    [
        (LABELS, 6, "face 7 has no label"),
        (torch.full((B,), math.nan), 0, "face 1 has no label"),
        (torch.ones(B), 0, "without a negative"),
        (LABELS, B, "anchor must be a face, 0..7, got 8"),
        (2 * LABELS, 0, "every known label|labels must be 0, 1 or NaN"),
    ],
)
def test_bad_input_is_refused(views, labels, anchor, message):
    with pytest.raises(ValueError, match=message):
        positive_pairs(*views, labels, TRUTH, anchor)


def test_embeddings_with_nan_are_refused(views):
    z0 = views[0].clone()
    z0[3, 0] = math.nan
    with pytest.raises(ValueError, match="z0 holds NaN or Inf, first at image 3"):
        positive_pairs(z0, views[1], LABELS, TRUTH, 0)


# ------------------------------------------------------------------------------- widget


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    cache = tmp_path_factory.mktemp("corpora")
    return synthetic.load("synth-bp4d", "tiny", n_people=4, n_frames=2, image_size=32, cache=cache)


@pytest.fixture(scope="module")
def encoder():
    torch.manual_seed(0)
    return Encoder(12, dim=8, image_size=32).eval()


@pytest.fixture
def widget(table, encoder):
    return PairSampler(table, encoder, n_faces=8)


def test_clean_labels_give_no_false_positives_and_flipped_ones_do(widget):
    assert widget.state["flipped"] == 0
    assert widget.state["mixture"] == 0
    widget.flips.value = 0.3
    assert widget.state["flipped"] == int((widget._labels() != widget.batch.labels).sum()) > 0
    widget.positives_from.value = "other_images"
    false = {au: _mixture(widget, au) for au in widget.table.aus}
    assert max(false.values()) > 0
    assert f"{widget.state['flipped']} of the {8 * 12} labels" in widget.caption.value


def _mixture(widget, au):
    widget.au.value = au
    return widget.state["mixture"] or 0


def test_rows_show_the_batch_and_each_kind(widget):
    batch, *kinds = widget.faces.rows
    assert len(batch["cards"]) == 8
    assert [row["title"] for row in kinds] == ["self", "nearest", "mean"]
    (mate,) = kinds[0]["cards"]
    assert mate["image"] == widget.faces.chosen + 8
    assert "its other view" in mate["says"]
    weights = [card["bar"] for card in kinds[2]["cards"]]
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) <= 1 + 1e-6
    json.dumps(widget.faces.rows)


def test_a_wrong_label_is_marked_under_its_face(widget):
    widget.flips.value = 0.3
    j = widget.table.aus.index(widget.au.value)
    wrong = widget._labels()[:, j] != widget.batch.labels[:, j]
    marks = ["✗" in card["foot"] for card in widget.faces.rows[0]["cards"]]
    assert marks == wrong.tolist()


def test_choosing_a_face_makes_it_the_anchor(widget):
    labels = widget.batch.labels[:, widget.table.aus.index(widget.au.value)]
    widget.faces.chosen = 5
    assert widget.state["anchor"] == 5
    cards = widget.faces.rows[0]["cards"]
    assert [bool(card.get("anchor")) for card in cards] == [i == 5 for i in range(8)]
    assert {labels[c["image"] % 8] for c in widget.faces.rows[3]["cards"]} == {labels[5]}


def test_the_sampler_draws_with_the_published_probabilities(widget):
    kinds = [widget.draw_kind() for _ in range(40)]
    assert widget.state["drawn"] == {kind: kinds.count(kind) for kind in PROBABILITIES}
    assert kinds.count("mean") > kinds.count("self")
    marked = [row["title"] for row in widget.faces.rows if row.get("drawn")]
    assert marked == [kinds[-1]]
    assert "Drawn so far" in widget.caption.value


def test_another_batch_brings_other_faces_and_the_first_comes_back(widget):
    first = list(widget.faces.images)
    widget.next.click()
    assert widget.faces.images != first
    widget.show_batch(0)
    assert widget.faces.images == first


def test_a_table_that_was_spoiled_before_keeps_its_truth(table, encoder):
    from aunce_lib.corpora.dials import flip_labels

    widget = PairSampler(flip_labels(table, 0.3, seed=1), encoder, n_faces=8)
    assert widget.state["flipped"] > 0


def test_unknown_labels_are_said_in_the_widget(table, encoder):
    unknown = table.with_labels(np.full(table.labels.shape, np.nan), "nobody coded")
    widget = PairSampler(unknown, encoder, n_faces=8)
    assert "face 1 has no label" in widget.caption.value
    assert widget.faces.rows[0]["cards"][0]["foot"] == "unknown"
    assert widget.state["mixture"] is None
    widget.draw.click()
    widget.figure()


def without_images():
    rows = {"corpus": "x", "subject": ["x/a", "x/b"], "sequence": "s", "frame": 0, "AU1": [0, 1]}
    return FrameTable(pd.DataFrame(rows))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_faces": 1}, "batch_size must lie in 2.."),
        ({"encoder": Encoder(3, image_size=32).eval()}, "the encoder has 3 action units"),
        ({"table": without_images()}, "no images"),
    ],
)
def test_what_cannot_be_shown_is_said_in_the_widget(table, encoder, change, words):
    widget = PairSampler(**{"table": table, "encoder": encoder, "n_faces": 2} | change)
    assert words in widget.caption.value
    assert "role='alert'" in widget.caption.value
    assert widget.faces.rows == []
    widget.temperature.value = 0.2
    widget.figure()
    assert widget.state["mixture"] is None


def test_the_figure_shows_the_same_faces_and_stays_closed(widget):
    import matplotlib.pyplot as plt

    open_before = plt.get_fignums()
    widget.au.value, widget.faces.chosen = 12, 2
    figure = widget.figure()
    first, mate = figure.axes[0].images[0].get_array(), figure.axes[1].images[0].get_array()
    np.testing.assert_array_equal(first, widget._pictures[2])
    np.testing.assert_array_equal(mate, widget._pictures[10])
    assert "synthetic" in figure.get_suptitle()
    assert plt.get_fignums() == open_before


def test_every_control_carries_a_class_and_a_name(widget):
    assert "aunce-pairs" in widget._dom_classes
    for name in ["au", "flips", "temperature", "positives_from", "draw", "next"]:
        control = getattr(widget, name)
        assert f"aunce-pairs-{name.replace('_', '-')}" in control._dom_classes
        assert control.description
    assert "Try" in widget.children[0].value
