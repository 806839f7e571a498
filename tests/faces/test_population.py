"""People and scenes: reproducible, plausible, as hard as asked for."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aunce_lib.faces import AUS, DIFFICULTIES, Difficulty, Population, draw_scenes
from aunce_lib.faces.difficulty import difficulty_named
from aunce_lib.faces.resting import SKIN_MAPS, WARPS


def same(a, b) -> bool:
    return all(torch.equal(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))


def test_same_seed_same_people_other_seed_others():
    assert same(Population(9, seed=4).people, Population(9, seed=4).people)
    assert not same(Population(9, seed=4).people, Population(9, seed=5).people)


def test_same_seed_same_scenes_other_seed_others():
    assert same(draw_scenes(9, seed=4), draw_scenes(9, seed=4))
    assert not same(draw_scenes(9, seed=4), draw_scenes(9, seed=5))


def test_drawing_leaves_the_global_generator_alone():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    Population(5)
    draw_scenes(5)
    assert torch.equal(torch.rand(3), expected)


@settings(max_examples=20, deadline=None)
@given(n=st.integers(1, 60), seed=st.integers(0, 2**48 - 1))
def test_every_table_has_one_finite_row_per_face(n, seed):
    for rows in (Population(n, seed).people, draw_scenes(n, seed)):
        assert len(rows) == n
        for f in dataclasses.fields(rows):
            values = getattr(rows, f.name)
            assert len(values) == n
            assert torch.isfinite(values).all()


def test_a_few_people_cover_the_whole_range_of_skin_and_age():
    people = Population(12, seed=3).people
    assert people.melanin.min() < 0.05
    assert people.melanin.max() > 0.9
    assert people.age.sort().values.diff().max() < 0.1
    brightness = people.skin.mean(1)
    assert torch.corrcoef(torch.stack([people.melanin, brightness]))[0, 1] < -0.95
    assert (people.skin > 0.1).all()
    assert (people.skin < 1.05).all()


def test_male_is_taken_as_given_and_only_men_grow_beards():
    male = torch.tensor([False] * 20 + [True] * 20)
    people = Population(40, male=male).people
    assert torch.equal(people.male, male.float())
    beard = people.marks[:, SKIN_MAPS.index("beard")]
    assert (beard[:20] == 0).all()
    assert (beard[20:] > 0).any()


def test_resting_brows_look_neither_angry_nor_worried():
    people = Population(400).people
    tilt = people.warp[:, WARPS.index("brow_tilt")]
    assert tilt.mean().abs() < 0.1
    assert tilt.abs().max() < 1


def test_tutorial_people_carry_fewer_confusers():
    lines = [SKIN_MAPS.index(n) for n in ("glabella_lines", "nasolabial_line", "crows_feet")]
    easy, hard = (Population(50, 0, d).people.marks[:, lines].mean() for d in DIFFICULTIES)
    assert easy < 0.5 * hard


def test_tutorial_scenes_are_calmer():
    easy, hard = draw_scenes(500, 0, "tutorial"), draw_scenes(500, 0, "benchmark")
    for name in ("pose", "shift", "noise", "blur"):
        assert getattr(easy, name).abs().mean() < 0.6 * getattr(hard, name).abs().mean()


def test_lights_are_unit_vectors_and_walls_are_muted():
    scenes = draw_scenes(300)
    torch.testing.assert_close(scenes.light.norm(dim=1), torch.ones(300))
    colourfulness = scenes.backdrop.amax(1) - scenes.backdrop.amin(1)
    assert colourfulness.mean() < 0.10
    assert scenes.backdrop.min() >= 0
    assert scenes.backdrop.max() <= 1


def test_occlusion_is_the_share_of_occluded_faces():
    assert draw_scenes(200).occluder[:, 0].sum() == 0
    share = draw_scenes(2000, 0, Difficulty(occlusion=0.3)).occluder[:, 0].mean().item()
    assert share == pytest.approx(0.3, abs=0.04)


def test_rows_are_looked_up_by_number_slice_mask_and_indices():
    people = Population(5).people
    who = torch.tensor([4, 4, 0])
    assert torch.equal(people[who].skin, people.skin[who])
    assert len(people[1:3]) == 2
    assert len(people[torch.tensor([True, False, False, True, False])]) == 2
    assert torch.equal(people[-1].gain, people.gain[-1:])
    assert people[2].gain.shape == (1, len(AUS), 2)


def test_difficulty_takes_a_name_or_numbers():
    own = Difficulty(weakest_active=0.4)
    assert difficulty_named(own) is own
    assert difficulty_named("benchmark") == Difficulty()
    with pytest.raises(ValueError, match=r"one of \['benchmark', 'tutorial'\]"):
        difficulty_named("hard")


@pytest.mark.parametrize(
    "numbers",
    [
        {"weakest_active": 0.1, "strongest_inactive": 0.2},
        {"weakest_active": 1.2},
        {"strongest_inactive": -0.1},
        {"pose": -1.0},
        {"light": float("nan")},
        {"occlusion": 1.5},
    ],
)
def test_difficulty_refuses_impossible_numbers(numbers):
    with pytest.raises(ValueError, match="difficulty"):
        Difficulty(**numbers)


@pytest.mark.parametrize("n", [0, -1, 2.0, True])
def test_no_people_and_no_scenes_are_refused(n):
    with pytest.raises(ValueError, match="at least one row"):
        Population(n)
    with pytest.raises(ValueError, match="at least one row"):
        draw_scenes(n)


@pytest.mark.parametrize("seed", [-1, 2**48, 1.5, None])
def test_a_bad_seed_is_refused(seed):
    with pytest.raises(ValueError, match="seed must be a whole number"):
        Population(3, seed)


def test_male_of_wrong_kind_or_length_is_refused():
    with pytest.raises(TypeError, match="male must be a bool tensor"):
        Population(3, male=torch.zeros(3))
    with pytest.raises(ValueError, match=r"male must be \(n_people,\) = \(3,\), got \(2,\)"):
        Population(3, male=torch.zeros(2, dtype=torch.bool))
