"""The explorer without a browser: what it takes, sends, answers and hands back."""

from __future__ import annotations

import base64
import io
import json
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from aunce_lib.corpora.frames import FrameTable
from aunce_lib.evaluation.probe import Probe
from aunce_lib.widgets import explorer as module
from aunce_lib.widgets import explorer_data
from aunce_lib.widgets.explorer import Explorer

NASTY = "</script><img src=x onerror=alert(1)>$x^2$"


def some_table(n=40, aus=(6, 12), **columns):
    rng = np.random.default_rng(1)
    frames = {
        "corpus": "demo",
        "subject": [f"demo/P{i % 5}" for i in range(n)],
        "sequence": "smile",
        "frame": range(n),
        **{f"AU{au}": rng.integers(0, 2, n) for au in aus},
        **columns,
    }
    return FrameTable(pd.DataFrame(frames, index=range(n)))


def some_embeddings(n=40, n_aus=2, seed=0):
    return np.random.default_rng(seed).normal(size=(n, n_aus, 6)).astype(np.float32)


def some_probe(aus=(6, 12)):
    rng = np.random.default_rng(3)
    j = len(aus)
    weight = rng.normal(size=(j, 6)).astype(np.float32)
    half = np.full(j, 0.5, np.float32)
    return Probe(aus, "published", weight, np.zeros(j, np.float32), half, half * np.nan)


@pytest.fixture
def pair():
    """Two encoders, before and after training, with a probe."""
    after = {"cross-entropy": some_embeddings(seed=1), "AUNCE": some_embeddings(seed=2)}
    before = {"cross-entropy": some_embeddings(seed=3), "AUNCE": some_embeddings(seed=3)}
    return Explorer(
        some_table(), after, method="pca", before=before, probes={"AUNCE": some_probe()}
    )


def asked(explorer, question, buffers=()):
    """What the explorer answers to a page: its message and what is attached."""
    sent = []
    explorer.send = lambda content, buffers=None: sent.append((content, buffers))
    explorer._answer(None, {"id": "tab1/1", **question}, list(buffers))
    assert sent[0][0]["id"] == "tab1/1"
    return sent[0]


# ------------------------------------------------------------------- selection and state


def test_the_selection_is_rows_of_the_table_in_order(pair):
    pair.select([30, 2, 7, 2])
    assert pair.selection.frames.index.tolist() == [2, 7, 30]
    assert pair.positions.tolist() == [2, 7, 30]
    pair.select(pair.table.subjects == "demo/P1")
    assert set(pair.selection.subjects) == {"demo/P1"}
    pair.select([])
    assert len(pair.selection) == 0


def test_a_page_sets_the_selection(pair):
    rows = np.array([4, 9], np.int32)
    pair.set_state({"chosen": memoryview(rows.tobytes())})
    assert pair.positions.tolist() == [4, 9]


@pytest.mark.parametrize(
    ("faces", "error"), [([40], IndexError), ([-1], IndexError), (np.ones(3, bool), ValueError)]
)
def test_faces_that_are_not_there_cannot_be_selected(pair, faces, error):
    with pytest.raises(error):
        pair.select(faces)


def test_state_tells_what_is_shown(pair):
    pair.select([0, 5, 10])
    state = pair.state
    assert state["maps"] == ["cross-entropy: pca", "AUNCE: pca"]
    assert state["selected"] == 3
    assert state["persons"] == {"demo/P0": 3}
    assert state["active"]["AU6"] == int(pair.table.labels[[0, 5, 10], 0].sum())
    assert list(state["f1"]) == ["AUNCE"]
    json.dumps(state)  # plain numbers and words


def test_the_selection_of_a_part_of_a_table_keeps_its_images(tiny):
    part = tiny.take(np.arange(100, 140))
    explorer = Explorer(part, some_embeddings(40, 12), method="pca")
    explorer.select([3, 8])
    np.testing.assert_array_equal(explorer.selection.images(), tiny.images([103, 108]))


# --------------------------------------------------------------------------------- maps


def test_another_action_unit_has_other_maps_and_the_colour_goes_with_it(pair):
    first = pair.layout_data
    pair.au = 12
    assert pair.layout_data["au"] == 12
    assert pair.layout_data["maps"][0]["after"] != first["maps"][0]["after"]
    assert pair.colour == "AU12"
    pair.colour = "subject"
    pair.au = 6
    assert pair.colour == "subject"
    assert pair.layout_data == first  # the same seed, the same maps


def test_two_projections_of_one_encoder():
    explorer = Explorer(some_table(), some_embeddings(), method=("pca", "tsne"))
    assert explorer.state["maps"] == ["encoder: pca", "encoder: tsne"]
    left, right = explorer.maps()
    assert not np.allclose(left, right, atol=0.1)


def test_slow_maps_come_after_pcas(monkeypatch):
    monkeypatch.setattr(module, "QUICK", 10)
    explorer = Explorer(some_table(), some_embeddings(), method="tsne")
    early = explorer.layout_data["maps"][0]
    assert early["pending"]
    asked(explorer, {"ask": "place"})
    late = explorer.layout_data["maps"][0]
    assert not late["pending"]
    assert early["after"] != late["after"]
    np.testing.assert_array_equal(
        np.frombuffer(late["after"], np.float32), explorer.maps()[0].ravel()
    )


# ------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"table": pd.DataFrame()}, TypeError, "must be a FrameTable"),
        ({"embeddings": np.zeros((40, 2, 3), int)}, TypeError, "must be floating"),
        ({"embeddings": np.zeros((39, 2, 3))}, ValueError, r"\(40, 2, D\)"),
        ({"embeddings": np.zeros((40, 6))}, ValueError, r"\(40, 2, D\)"),
        ({"embeddings": {}}, ValueError, "at most two encoders"),
        ({"embeddings": dict.fromkeys("abc", some_embeddings())}, ValueError, "two maps"),
        ({"method": "lda"}, ValueError, "method must be one of"),
        ({"method": ("pca",) * 3}, ValueError, "at most two methods"),
        ({"au": 4}, ValueError, r"au must be one of \(6, 12\)"),
        ({"colour": "mood"}, ValueError, "colour must be a column"),
        ({"before": {"other": some_embeddings()}}, ValueError, "same encoders"),
        ({"probes": {"other": some_probe()}}, ValueError, "probes must be of the encoders"),
        ({"probes": some_probe((6, 7))}, ValueError, r"of the AUs \(6, 12\)"),
    ],
)
def test_bad_input_is_refused(change, error, message):
    given = {"table": some_table(), "embeddings": some_embeddings(), "method": "pca", **change}
    with pytest.raises(error, match=message):
        Explorer(given.pop("table"), given.pop("embeddings"), **given)


def test_too_many_faces_are_refused_with_what_to_do(monkeypatch):
    monkeypatch.setattr(module, "MOST_FACES", 15)
    with pytest.raises(ValueError, match="show every 3th|np.arange"):
        Explorer(some_table(), some_embeddings())


# --------------------------------------------------------------------------- odd but fine


@pytest.mark.parametrize("n", [0, 1])
def test_no_face_or_one(n, tmp_path):
    explorer = Explorer(some_table(n), some_embeddings(n), probes=some_probe())
    assert explorer.state["faces"] == n
    explorer.select(range(n))
    assert explorer.state["selected"] == n
    assert explorer.save_html(tmp_path / "one.html").is_file()
    explorer.figure()


def test_embeddings_that_are_not_finite_are_counted_and_leave_the_rest_alone():
    z = some_embeddings()
    z[[3, 4, 5], 0, 0] = np.nan, np.inf, -np.inf
    explorer = Explorer(some_table(), z, method="pca", probes=some_probe())
    assert explorer.layout_data["maps"][0]["lost"] == 3
    assert np.isnan(explorer.maps()[0][3:6]).all()
    assert np.isnan(explorer.predictions["encoder"][3:6]).all()
    explorer.select([3, 6])
    explorer.figure()


def test_unknown_labels_only():
    table = some_table(AU6=np.nan, AU12=np.nan)
    explorer = Explorer(table, some_embeddings(), method="pca", probes=some_probe())
    explorer.select(range(10))
    assert explorer.reading.labels.unknown.tolist() == [10, 10]
    assert (
        "unknown" in asked(explorer, {"ask": "why", "anchor": 0, "map": 0, "seed": 0})[0]["reason"]
    )
    explorer.figure()


def test_action_units_that_only_the_encoder_knows_are_unknown():
    explorer = Explorer(some_table(), some_embeddings(), aus=(6, 26), au=26, method="pca")
    assert np.isnan(explorer.labels[:, 1]).all()
    assert explorer.data["columns"][-1] == {"name": "AU26", "kind": "label"}
    explorer.figure()


# ------------------------------------------------------------------------------- columns


def unpacked(explorer, name):
    names = [column["name"] for column in explorer.data["columns"]]
    values = np.frombuffer(explorer.data["values"], np.float32).reshape(len(names), -1)
    return explorer.data["columns"][names.index(name)], values[names.index(name)]


def test_every_kind_of_column_comes_through():
    mood = pd.Series(["calm", None, NASTY, "calm"] * 10)
    table = some_table(mood=mood, glasses=[True, False] * 20, age=[0.5, np.nan, np.inf, 2] * 10)
    explorer = Explorer(table, some_embeddings(), method="pca")
    column, codes = unpacked(explorer, "mood")
    assert column["values"] == sorted(["calm", NASTY])
    words = [None if np.isnan(code) else column["values"][int(code)] for code in codes]
    assert words == [None if pd.isna(word) else word for word in mood]
    assert unpacked(explorer, "glasses")[0]["values"] == ["False", "True"]
    column, numbers = unpacked(explorer, "age")
    assert (column["kind"], column["low"], column["high"]) == ("number", 0.5, 2.0)
    assert np.isnan(numbers).sum() == 20
    assert unpacked(explorer, "AU6")[0]["kind"] == "label"


def test_a_column_of_a_thousand_values():
    n = 1500
    table = some_table(n, name=[f"n{i % 1000}" for i in range(n)])
    column, codes = unpacked(Explorer(table, some_embeddings(n), method="pca"), "name")
    assert len(column["values"]) == 1000
    assert [column["values"][int(code)] for code in codes] == table.frames["name"].tolist()


def test_all_faces_are_one_picture(tiny):
    picture, side, in_row = explorer_data.atlas(tiny)
    image = np.asarray(Image.open(io.BytesIO(picture)), float)
    assert image.shape[1] == in_row * side
    for position in (0, 17, 239):
        row, col = divmod(position, in_row)
        tile = image[row * side : (row + 1) * side, col * side : (col + 1) * side]
        assert np.abs(tile - tiny.store[[tiny.rows[position]]][0]).mean() < 6  # of 255: JPEG


def test_thumbnails_shrink_so_that_memory_is_bounded():
    for n in (1, 2_000, 20_000, 50_000):
        side = explorer_data.thumbnail_side(n)
        assert n * side**2 <= explorer_data.ATLAS_PIXELS
    assert explorer_data.thumbnail_side(50_000) >= explorer_data.SMALLEST


def test_without_images_there_is_no_picture(pair):
    assert pair.data["atlas"] == b""


# ------------------------------------------------------------------------------- answers


def test_a_page_gets_neighbours_of_the_map_it_asks_about(pair):
    rows = np.array([3, 8], np.int32)
    _, (raw,) = asked(pair, {"ask": "neighbours", "map": 1}, [rows.tobytes()])
    near = np.frombuffer(raw, np.int32).reshape(2, -1)
    z = pair.embeddings["AUNCE"][:, 0]
    similarity = z @ z[3] / np.linalg.norm(z, axis=1)
    similarity[3] = -np.inf
    assert near[0].tolist() == np.argsort(-similarity)[: near.shape[1]].tolist()


def test_a_page_gets_reasons_that_json_can_hold(pair):
    message, _ = asked(pair, {"ask": "why", "anchor": 2, "map": 0, "seed": 4})
    told = pair.why(2, map=0, seed=4)
    json.dumps(message, allow_nan=False)
    assert message["kind"] == told.kind.name.lower()
    assert message["loss"] == pytest.approx(told.loss)
    assert message["negatives"][0][0] == told.negatives.face[0]


def test_a_page_gets_an_error_instead_of_silence(pair):
    message, _ = asked(pair, {"ask": "why", "anchor": 99, "map": 0, "seed": 0})
    assert "0 … 39" in message["error"]


def test_the_options_of_the_loss_reach_it():
    given = {"method": "pca", "temperature": 0.1, "probabilities": {"centroid": 1.0}}
    told = Explorer(some_table(), some_embeddings(), **given).why(0)
    assert told.kind.name == "CENTROID"
    assert told.loss != Explorer(some_table(), some_embeddings(), method="pca").why(0).loss


# ------------------------------------------------------------------------------ the page


def page_values(html: str) -> dict:
    raw = re.search(r'id="aunce-data">(.*?)</script>', html, re.DOTALL)[1]
    return json.loads(raw)


def test_the_page_holds_what_is_shown_and_loads_nothing(pair, tmp_path):
    pair.select([1, 2])
    pair.anchor = 5
    html = pair.save_html(tmp_path / "e.html").read_text(encoding="utf-8")
    values = page_values(html)
    assert base64.b64decode(values["chosen"]["$bytes"]) == pair.chosen
    after = base64.b64decode(values["layout_data"]["maps"][1]["after"]["$bytes"])
    np.testing.assert_array_equal(np.frombuffer(after, np.float32), pair.maps()[1].ravel())
    assert "5/0/0" in values["reasons"]
    assert "default-src 'none'" in html
    assert re.findall(r'(?:src|href)="(?!data:)', html) == []
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", html) == []


def test_no_name_can_end_the_block_it_stands_in(tmp_path):
    n = 40
    frames = some_table().frames.assign(corpus=NASTY, subject=f"{NASTY}/{NASTY}", path=NASTY)
    table = FrameTable(frames)
    explorer = Explorer(table, {NASTY: some_embeddings(n)}, method="pca")
    html = explorer.save_html(tmp_path / "e.html").read_text(encoding="utf-8")
    assert html.count("</script>") == 2  # the two that the page itself has
    assert "<img" not in html
    values = page_values(html)
    assert values["data"]["columns"][0]["values"] == [NASTY]
    assert values["layout_data"]["maps"][0]["encoder"] == NASTY
    explorer.figure().savefig(tmp_path / "e.png")  # nor is it mathematics


# ---------------------------------------------------------------------------- the figure


def test_the_figure_shows_the_maps_before_and_after_and_stays_closed(pair):
    import matplotlib.pyplot as plt

    pair.select([0, 1, 2])
    open_before = plt.get_fignums()
    figure = pair.figure()
    assert plt.get_fignums() == open_before
    titles = [ax.get_title() for ax in figure.axes]
    assert titles == [
        f"{encoder}, {moment} training: PCA"
        for moment in ("before", "after")
        for encoder in ("cross-entropy", "AUNCE")
    ]


def test_the_figure_shows_selected_faces(tiny):
    explorer = Explorer(tiny, some_embeddings(240, 12), method="pca")
    explorer.select(range(50))
    shown = [image for ax in explorer.figure().axes for image in ax.images]
    np.testing.assert_array_equal(shown[0].get_array(), tiny.store[[tiny.rows[0]]][0])
    assert len(shown) == 10


def test_the_front_end_is_whole():
    script = module.script()
    assert script.rstrip().endswith("export default { render };")
    assert "</script" not in script
    assert "innerHTML" not in script  # text from data is never read as HTML
    assert all(f"{part}" in module.style() for part in ("prefers-color-scheme", "--jp-layout"))
