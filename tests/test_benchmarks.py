"""The peers compute what we compute; otherwise no ratio would mean anything."""

from __future__ import annotations

import json
from datetime import date

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch

from aunce_lib.baselines import SupCon
from aunce_lib.encoder import Encoder
from aunce_lib.loss import aunce_loss
from benchmarks import curves
from benchmarks.curves import Point
from benchmarks.gpu import counted_flops, swin_base
from benchmarks.growth import DOCS, PANELS, draw, exponent, fill, growth_table
from benchmarks.inputs import KINDS, N_AUS, batch, draw_labels, long_table, photographs
from benchmarks.outlook import outlook
from benchmarks.peers import full_tensor_loss, looped_supcon, pil_view, reference_encoder
from benchmarks.report import Row, as_markdown, measured_elsewhere
from benchmarks.training import Step


def test_the_full_tensor_loss_equals_the_official_variant_in_value_and_gradients():
    z0, z1, labels = batch(16, dim=8)
    results = []
    for loss, options in ((full_tensor_loss, {}), (aunce_loss, {"variant": "official"})):
        views = [
            torch.nn.functional.normalize(z.detach().double(), dim=-1).requires_grad_()
            for z in (z0, z1)
        ]
        value = loss(*views, labels, KINDS, **options)
        value.backward()
        # the peer normalises again: it sees no gradient along z
        along = [(z.grad - (z.grad * z).sum(-1, keepdim=True) * z).detach() for z in views]
        results.append((value.detach(), *along))
    for theirs, ours in zip(*results, strict=True):
        torch.testing.assert_close(theirs, ours, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("backbone", "side"), [("conv-small", 64), pytest.param("swin-nano", 32, id="swin")]
)
def test_a_whole_step_of_the_reference_gives_our_loss_and_gradients(backbone, side):
    torch.manual_seed(0)
    ours = Encoder(N_AUS, backbone, dim=8, image_size=side)
    with torch.no_grad():
        for parameter in ours.parameters():  # norms too: ones and zeros would hide a mix-up
            parameter.add_(0.1 * torch.randn_like(parameter))
    peer = reference_encoder(ours).double()
    ours = ours.double().to(memory_format=torch.channels_last)
    views, labels = torch.rand(2, 6, 3, side, side).double(), torch.randint(0, 2, (6, N_AUS))
    # embeddings leave the encoder in float32, whatever its weights
    for encoder, loss, options in (
        (peer, full_tensor_loss, {}),
        (ours, aunce_loss, {"variant": "official"}),
    ):
        z0, z1 = (encoder(view) for view in views)
        encoder.value = loss(z0, z1, labels.float(), KINDS, **options)
        encoder.value.backward()
    torch.testing.assert_close(peer.value, ours.value, rtol=1e-5, atol=1e-6)
    for name, parameter in ours.backbone.named_parameters():
        theirs = peer.backbone.get_parameter(name).grad
        torch.testing.assert_close(theirs, parameter.grad, rtol=1e-3, atol=1e-5)
    looped = torch.cat([linear.weight.grad for linear, _ in peer.per_au.blocks])
    torch.testing.assert_close(looped, ours.per_au.linear.weight.grad, rtol=1e-3, atol=1e-5)
    running = torch.cat([norm.running_var for _, norm in peer.per_au.blocks])
    torch.testing.assert_close(running, ours.per_au.norm.running_var)


def test_the_reference_has_weights_of_its_own():
    ours = Encoder(2, dim=4)
    peer = reference_encoder(ours)
    with torch.no_grad():
        for parameter in peer.parameters():
            parameter.zero_()
    assert ours.per_au.linear.weight.abs().sum() > 0
    assert ours.backbone.regions.abs().sum() > 0


def test_supcon_looped_over_aus_is_ours():
    pytest.importorskip("pytorch_metric_learning")
    z0, z1, labels = batch(8, dim=4)
    labels[0], labels[1] = 0, 1  # both sides of every AU
    torch.testing.assert_close(looped_supcon(z0, z1, labels), SupCon(0.5)(z0, z1, labels))


def test_files_and_store_hold_the_same_pictures_and_a_view_is_one(tmp_path):
    from PIL import Image

    paths, store = photographs(tmp_path, n=3, side=24)
    assert np.array_equal(np.asarray(Image.open(paths[2])), store[2][0])
    view = pil_view(paths[0], 21, np.random.default_rng(0))
    assert view.shape == (3, 21, 21)
    assert 0 <= view.min() < view.max() <= 1


def test_a_view_of_no_strength_is_the_picture_or_its_mirror(tmp_path):
    paths, store = photographs(tmp_path, n=1, side=24)
    picture = store.batch([0])[0].float() / 255
    view = pil_view(paths[0], 24, np.random.default_rng(0), strength=0.0, hue=False)
    assert any(torch.equal(view, same) for same in (picture, picture.flip(-1)))


def test_a_long_table_numbers_the_frames_of_each_video():
    table = long_table(1000, videos=10)
    assert len(table) == 1000
    assert table.frames.groupby("sequence", observed=True).frame.max().eq(99).all()


def test_rows_of_today_are_taken_from_where_they_were_left(tmp_path):
    path, today = tmp_path / "kills.json", date(2026, 11, 25)
    assert "not measured" in measured_elsewhere(path, "make x", today)[0].what
    content = {"date": "2026-11-25", "rows": [["100 runs killed", "none damaged", "none", True]]}
    path.write_text(json.dumps(content))
    rows = measured_elsewhere(path, "make x", today)
    assert rows == [Row("100 runs killed", "none damaged", "none", True)]
    assert as_markdown(rows).endswith("| 100 runs killed | none damaged | none | yes |")
    old = measured_elsewhere(path, "make x", date(2026, 11, 26))
    assert "last on 2026-11-25" in old[0].what


@pytest.mark.parametrize("content", ["", "[]", '{"rows": []}', '{"date": "x", "rows": [[]]}'])
def test_a_file_that_holds_something_else_is_refused(tmp_path, content):
    path = tmp_path / "browser.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"must hold .* delete it"):
        measured_elsewhere(path, "make x")


def test_an_exponent_is_the_slope_of_the_larger_sizes():
    sizes = [1, 2, 4, 8, 16]
    assert exponent(sizes, [n**1.5 for n in sizes]) == pytest.approx(1.5)
    assert exponent(sizes[::-1], [max(n, 4) ** 2 for n in sizes[::-1]]) == pytest.approx(2)


def test_a_part_without_its_place_in_the_text_is_refused():
    assert fill("<!-- a -->\n<!-- end -->", {"a": "1"}) == "<!-- a -->\n\n1\n\n<!-- end -->"
    with pytest.raises(ValueError, match="<!-- b -->"):
        fill("<!-- a -->\n<!-- end -->", {"b": "1"})


def test_the_scaling_page_holds_what_its_csv_says():
    points = pd.read_csv(DOCS / "scaling.csv", comment="#")
    page = (DOCS / "scaling.md").read_text(encoding="utf-8")
    assert growth_table(points) in page
    assert outlook(points) in page
    assert (DOCS / "scaling.csv").read_text().splitlines()[0].removeprefix("# ") in page


def test_an_outlook_needs_its_measurements():
    points = pd.DataFrame([{"curve": "loss", "size": 1, "quantity": "seconds", "value": 1.0}])
    with pytest.raises(ValueError, match="no images/s of 'JPEG'"):
        outlook(points)


def test_the_figure_draws_every_curve_with_its_exponent():
    points = pd.DataFrame(
        [
            Point(curve, n, quantity, n**2)
            for _, quantity, _, names in PANELS
            for curve in names
            for n in (10, 100, 1000)
        ]
    )
    figure = draw(points)
    lines = [line for ax in figure.axes for line in ax.lines]
    assert len(lines) == sum(len(names) for *_, names in PANELS)
    assert all(line.get_label().endswith("k = 2.00") for line in lines)
    plt.close(figure)


def test_small_curves_are_measured_as_they_are_told(monkeypatch):
    monkeypatch.setattr(curves, "numbers_printed", lambda code: [0.5, 7.0])
    points = list(curves.loss(quick=True))
    assert {p.curve for p in points} == {"loss", "loss, chunked"}
    assert {(p.quantity, p.value) for p in points} == {("seconds", 0.5), ("MiB", 7.0)}


def test_counted_operations_are_those_of_products():
    step = Step("conv-small", 64, ours=True)
    views = torch.rand(2, 4, 3, 64, 64).unbind()
    head = 2 * 4 * 16 * 128 * N_AUS * 128 * 2  # both views, 2 a multiply-add
    assert counted_flops(step, views, draw_labels(4)) > 3 * head  # there, and back twice


def test_without_a_gpu_its_section_says_so(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert swin_base(quick=True) == [Row("no GPU on this machine", "")]
