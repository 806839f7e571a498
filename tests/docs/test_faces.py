"""The scripts of docs/faces: that they measure what they say, on small numbers of faces."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from sklearn.metrics import roc_auc_score

from aunce_lib.faces import AUS, Population
from aunce_lib.facs import ACTION_UNITS

FOLDER = Path(__file__).parents[2] / "docs" / "faces"


@pytest.fixture(scope="module")
def docs():
    """The scripts as modules; they import each other as scripts of one folder do."""
    sys.path.insert(0, str(FOLDER))
    try:
        import another_making
        import clay
        import detector
        import fairness
        import recognisability
        import sheets
    finally:
        sys.path.remove(str(FOLDER))
    return {
        module.__name__: module
        for module in (another_making, clay, detector, fairness, recognisability, sheets)
    }


@pytest.fixture(scope="module")
def frames(docs):
    return docs["detector"].draw_frames(40, 5, seed=3)


# ------------------------------------------------------------------------- sheets
def test_a_sheet_holds_its_faces_and_is_titled_synthetic(docs, tmp_path, monkeypatch):
    sheets, written = docs["sheets"], []
    pen = sheets.ImageDraw.ImageDraw
    real = pen.text
    monkeypatch.setattr(pen, "text", lambda s, at, t, *a: (written.append(t), real(s, at, t, *a)))
    faces = torch.randint(256, (2, 3, 3, 40, 40), dtype=torch.uint8)
    sheets.sheet("Title", [sheets.Block(["a", "b", "c"], faces)], tmp_path / "sheet.png")
    assert written[0] == "Title (synthetic faces)"
    image = np.array(Image.open(tmp_path / "sheet.png").convert("RGB"))
    assert image.shape == (sheets.TITLE + sheets.LABEL + 80, 120, 3)
    second = image[-40:, 40:80].astype(int)  # row 1, column 1, but for the palette
    assert np.abs(second - faces[1, 1].permute(1, 2, 0).numpy()).mean() < 40


def test_an_action_of_one_side_moves_one_half(docs):
    sheets = docs["sheets"]
    both = sheets.intensities({12: 0.5})
    side = sheets.intensities({14: sheets.ONE_SIDE})
    assert both[AUS.index(12)].tolist() == [0.5, 0.5]
    assert side[AUS.index(14)].tolist() == [0.0, 1.0]
    assert side.sum() == 1


def test_the_cast_is_of_both_sexes_and_of_all_ages_and_skin_tones(docs):
    people = docs["sheets"].cast(6)
    assert people.male.tolist() == [0, 1] * 3
    assert people.age.max() - people.age.min() > 0.7
    assert people.melanin.max() - people.melanin.min() > 0.7


def test_the_smile_rises_and_fades_within_0_and_1(docs):
    aus, moving = docs["sheets"].smile()
    assert aus.shape == (25, len(AUS), 2)
    assert aus.min() >= 0
    assert aus.max() <= 1
    assert (aus.amax(0).amax(1) > 0).sum() == len(moving)
    assert moving[12][0] == 0
    assert moving[12].max() == pytest.approx(1)
    assert moving[12][-1] < 0.6


# ------------------------------------------------------------------------- recognisability
def test_every_action_unit_has_a_region_inside_the_picture(docs):
    recognisability = docs["recognisability"]
    for unit in ACTION_UNITS.values():
        share = recognisability.region_mask(unit.region, 64).float().mean()
        assert 0.03 < share < 0.4, unit


def test_a_change_is_strongest_where_it_belongs(docs):
    for au in (1, 12):
        change = docs["recognisability"].pixel_change(au, n_people=4, size=32)
        assert change["inside"] > 2 * change["outside"]
        assert change["strongest"] > change["inside"]


def test_balanced_frames_differ_from_the_given_ones_only_where_the_label_changed(docs, frames):
    images = frames.render()
    other, labels = docs["recognisability"].balanced(frames, images, 1, seed=0)
    changed = labels[:, 0] != frames.active[:, AUS.index(1)]
    assert 0 < changed.sum() < len(frames)
    assert (other != images).flatten(1).any(1).equal(changed)
    assert 0.25 < labels.float().mean() < 0.75


def test_strengths_keep_the_margin_of_the_corpus(docs):
    active = torch.arange(1000) % 2 == 0
    s = docs["recognisability"].strengths(active, 14, torch.Generator().manual_seed(0)).amax(1)
    assert (s[active] >= 0.3).all()
    assert (s[~active] <= 0.15).all()
    assert s.max() <= 1


def test_one_or_other_never_shows_both(docs, frames, monkeypatch):
    drawn = []
    kind = docs["detector"].Frames
    monkeypatch.setattr(kind, "render", lambda self: drawn.append(self.aus.amax(-1)))
    _, labels = docs["recognisability"].one_or_other(frames, 23, 24, seed=0)
    active = drawn[0] >= 0.3
    assert active[:, AUS.index(23)].equal(labels[:, 0])
    assert active[:, AUS.index(24)].equal(~labels[:, 0])


def test_the_page_says_which_action_unit_falls_short(docs):
    row = {"name": "n", "region": "mouth", "low": 0.6, "high": 0.9, "wanted": 0.75}
    row |= {"inside": 5.0, "outside": 1.0, "ratio": 5.0, "strongest": 9.0}
    good, bad = row | {"au": "AU12", "auc": 0.8}, row | {"au": "AU23", "auc": 0.7}
    page = docs["recognisability"].page
    assert "Every one reaches" in page(pd.DataFrame([good]))
    assert "Short of what is wanted: AU23 by 0.05." in page(pd.DataFrame([good, bad]))


# ------------------------------------------------------------------------- detector
def test_a_detector_learns_what_is_easy_and_the_seed_decides_it(docs):
    detector = docs["detector"]
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(256)[:, None] % 2
    images = torch.randint(60, (256, 3, 64, 64), generator=generator, dtype=torch.uint8)
    images[:, :, 20:40, 20:40] += (120 * labels[:, :, None, None]).to(torch.uint8)
    scores = detector.train_detector(images, labels, epochs=2).scores(images)
    again = detector.train_detector(images, labels, epochs=2).scores(images)
    assert np.array_equal(scores, again)
    who = torch.arange(256) % 8
    value, low, high = detector.auc(labels[:, 0], scores[:, 0], who)
    assert value == pytest.approx(roc_auc_score(labels[:, 0], scores[:, 0]))
    assert value > 0.95
    assert low <= value <= high


# ------------------------------------------------------------------------- another making
def sculpted(docs, actions, seed=0, n=2):
    aus = torch.zeros(n, len(AUS), 2)
    for au in actions:
        aus[:, AUS.index(au)] = 1.0
    return docs["clay"].sculpt(Population(n, 9).people, aus, seed, size=32)


def test_solid_heads_are_pictures_that_the_seed_decides(docs):
    rest = sculpted(docs, ())
    assert rest.dtype == torch.uint8
    assert rest.shape == (2, 3, 32, 32)
    assert rest.float().std() > 20
    assert rest.equal(sculpted(docs, ()))
    assert not rest.equal(sculpted(docs, (), seed=1))


def test_every_action_unit_moves_a_solid_head(docs):
    rest = sculpted(docs, ()).float()
    for au in AUS:
        change = (sculpted(docs, (au,)).float() - rest).abs().amax(1).flatten(1)
        assert (change.topk(20).values.mean(1) > 2).all(), au


def test_rays_meet_a_ball_where_they_should(docs):
    clay = docs["clay"]
    x, y = clay.canonical_grid(clay.GRID)
    ball = (0.64 - x**2 - (y + 0.1) ** 2).clamp(min=-0.2)  # a bowl's height over the face
    middle = lambda low, high, *shape: torch.full((1, *shape), (low + high) / 2)  # noqa: E731
    point, hit = clay.cast_rays(ball[None, None], 32, middle)  # no turn, camera in front
    assert hit[0, 16, 16] == 1
    met = point[hit == 1]
    radius2 = met[:, 0] ** 2 + (met[:, 1] + 0.1) ** 2
    near = radius2 < 0.6  # away from the rim
    assert near.sum() > 300
    assert (met[:, 2] - (0.64 - radius2))[near].abs().max() < 0.01
    # seen in perspective: at picture coordinate X the ray is X wide at the depth in focus
    across = point[0, 16, :, 0]
    assert across[24] > 0
    assert across[24] == pytest.approx(-across[7].item(), abs=0.01)


# ------------------------------------------------------------------------- fairness
def test_without_a_demo_fairness_says_what_to_do(docs, tmp_path):
    with pytest.raises(FileNotFoundError, match="run `make demo` first"):
        docs["fairness"].load_demo(tmp_path)
