"""The page of results: its figures are drawn from the tables that ship, its numbers are theirs."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

FOLDER = Path(__file__).parents[2] / "docs" / "results"
RESULTS = Path(__file__).parents[2] / "data" / "results"


def load(name: str):
    """A script of docs/results, which is no package."""
    spec = importlib.util.spec_from_file_location(f"results_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def figures():
    return load("figures")


@pytest.fixture(scope="module")
def mechanism():
    return load("mechanism")


def test_every_figure_is_drawn_from_a_table_that_ships(figures, tmp_path):
    drawn = {path.name for path in figures.draw(out=tmp_path)}
    assert drawn == {path.name for path in FOLDER.glob("*.png")}
    assert all((tmp_path / name).stat().st_size > 10_000 for name in drawn)


def test_the_pages_main_table_is_that_of_the_csv(figures):
    results = pd.read_csv(figures.RESULTS / "main.csv")
    text = figures.as_markdown(figures.main_table(results))
    assert text in FOLDER.with_suffix(".md").read_text(encoding="utf-8")
    means = (
        results[(results.corpus == "synth-bp4d") & (results.noise == 0)].groupby("loss").macro_f1
    )
    assert f"| weighted BCE | {means.mean()['weighted BCE']:.3f} ±" in text


def test_a_table_that_is_not_there_is_told_with_its_command(figures, tmp_path, capsys):
    assert figures.draw(tmp_path, tmp_path) == []
    assert "aunce study main --csv" in capsys.readouterr().out


def test_a_step_along_the_axis_separates_the_classes_by_its_length(mechanism):
    labels = torch.tensor([[1.0], [0.0], [1.0], [0.0]])
    axis = torch.tensor([[0.6, 0.8]])  # (J, D)
    step = torch.where(labels == 1, 0.5, -0.25)[None, :, 0, None] * axis[:, None]  # (J, 2B, D)
    assert mechanism.separation(step, labels, axis).item() == pytest.approx(0.75)


def test_the_axis_points_from_the_inactive_to_the_active(mechanism):
    z = torch.tensor([[[3.0, 0.0]], [[1.0, 0.0]], [[2.0, 2.0]]])  # (N, J, D)
    axis, middle = mechanism.class_axis(z, torch.tensor([[1.0], [1.0], [0.0]]))
    assert torch.allclose(axis, torch.tensor([[0.0, -1.0]]))
    assert torch.allclose(middle, torch.tensor([[2.0, 1.0]]))


def test_cross_entropy_keeps_one_label_and_supcon_two(mechanism):
    """On faces without any person or pose the shares are those of the formulas."""
    generator = torch.Generator().manual_seed(0)
    truth = (torch.rand(2000, 1, generator=generator) < 0.5).float()
    z = torch.nn.functional.normalize(torch.randn(2000, 1, 8, generator=generator), dim=-1)
    axis = torch.nn.functional.normalize(torch.ones(1, 8), dim=-1)
    told = mechanism.flip(truth, 0.2, generator)
    kept = {}
    for name, labels in (("true", truth), ("flipped", told)):
        losses = mechanism.losses_that_know(z, labels)
        with torch.no_grad():
            losses["weighted BCE"].weight.copy_(axis)
            losses["weighted BCE"].bias.zero_()
        for loss in ("weighted BCE", "SupCon"):
            # the faces of a batch lie together at first: similarities say nothing
            same = (0.01 * z + torch.eye(8)[0]).contiguous()
            where = z if loss == "weighted BCE" else torch.nn.functional.normalize(same, dim=-1)
            step = -mechanism.gradient(losses[loss], where, where, labels, seed=0)
            along, _ = mechanism.class_axis(where, truth) if loss == "SupCon" else (axis, None)
            kept[loss, name] = mechanism.separation(step, torch.cat([truth] * 2), along).item()
    ratio = {
        loss: kept[loss, "flipped"] / kept[loss, "true"] for loss in ("weighted BCE", "SupCon")
    }
    assert ratio["weighted BCE"] == pytest.approx(0.60, abs=0.06)
    assert ratio["SupCon"] == pytest.approx(0.36, abs=0.08)


@pytest.mark.slow
def test_a_shipped_table_comes_again_from_its_command(mechanism, tmp_path, monkeypatch):
    monkeypatch.setattr(mechanism, "RESULTS", tmp_path)
    mechanism.main(["mates"])
    ours, theirs = (pd.read_csv(folder / "mates.csv") for folder in (tmp_path, RESULTS))
    keys = ["encoder", "kind", "temperature", "anchor"]
    assert ours[keys].equals(theirs[keys])
    np.testing.assert_allclose(ours.mate, theirs.mate, atol=0.01)
