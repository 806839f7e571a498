"""Pixels: reproducible, local, symmetric, closed where closed; bad input is refused."""

from __future__ import annotations

import dataclasses
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aunce_lib.faces import AUS, Difficulty, Population, draw_action_units, draw_scenes, render
from aunce_lib.faces.camera import camera_plane, hash_noise
from aunce_lib.faces.curves import View, curve_effects, ramp
from aunce_lib.faces.mouth import draw_mouth
from aunce_lib.faces.resting import SKIN_MAPS
from aunce_lib.facs import ACTION_UNITS

STILL = Difficulty(confusers=0.3, pose=0.0, light=0.0, camera=0.0)

OPENING = (16, 22, 25, 26, 27)  #: action units that part the lips

#: Rows of the picture (as shares from the top) where an AU of this region may show.
BANDS = {
    "brow": (0.0, 0.50),
    "eyelids": (0.22, 0.55),
    "cheeks": (0.20, 0.75),
    "nose": (0.20, 0.85),
    "mouth": (0.42, 0.95),
    "chin": (0.60, 1.00),
    "jaw": (0.55, 1.00),
}


def intensities(n: int = 1, **aus: float) -> torch.Tensor:
    """intensities(2, AU12=1.0) -> (2, AUs, 2)."""
    values = torch.zeros(n, len(AUS), 2)
    for name, intensity in aus.items():
        values[:, AUS.index(int(name[2:]))] = intensity
    return values


def studio(n: int, seed: int = 0):
    """n people seen from the front in even light, the same on the left and on the right."""
    people, scenes = Population(n, seed, STILL).people, draw_scenes(n, seed, STILL)
    even = people.gain.mean(-1, keepdim=True).expand_as(people.gain)
    people = dataclasses.replace(people, glasses=torch.zeros(n), gain=even)
    light = torch.tensor([[0.0, 0.5, 0.866]]).expand(n, 3)
    return people, dataclasses.replace(scenes, light=light, gaze=torch.zeros(n, 2))


def draw(people, aus, scenes, size=64) -> torch.Tensor:
    """Pictures as float, 0..255."""
    return render(people, aus, scenes, torch.zeros(len(people), dtype=torch.long), size).float()


@pytest.fixture(scope="module")
def changes():
    """Mean absolute change of the pixels by each AU at full strength, (AUs, people, 64, 64)."""
    people, scenes = studio(8)
    neutral = draw(people, intensities(8), scenes)
    return torch.stack(
        [
            (draw(people, intensities(8, **{f"AU{au}": 1.0}), scenes) - neutral).abs().mean(1)
            for au in AUS
        ]
    )


# ------------------------------------------------------------------------- reproducible
def test_ten_seeds_are_bit_identical_across_batch_sizes_and_threads():
    n = 64
    who = torch.arange(n) % 10
    people, scenes = Population(10, 3).people[who], draw_scenes(n, 3)
    aus, _ = draw_action_units(who, 10, 3)
    seeds, before = torch.arange(n) % 10, torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        expected = render(people, aus, scenes, seeds)
        for threads in (1, 2):
            torch.set_num_threads(threads)
            for batch, count in ((1, 10), (7, 14), (64, n)):
                for start in range(0, count, batch):
                    part = slice(start, start + batch)
                    drawn = render(people[part], aus[part], scenes[part], seeds[part])
                    assert torch.equal(drawn, expected[part]), (threads, batch, start)
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)


def test_faces_drawn_one_at_a_time_are_the_same_but_for_the_last_bit():
    people, scenes = Population(3, 1).people, draw_scenes(3, 1)
    aus, _ = draw_action_units(torch.arange(3), 3, 1)
    drawn = [render(people, aus, scenes, torch.arange(3), chunk=chunk) for chunk in (None, 1)]
    assert (drawn[0].int() - drawn[1].int()).abs().max() <= 1
    alone = render(people[[2]], aus[[2]], scenes[[2]], torch.tensor([2]), chunk=1)
    assert torch.equal(alone[0], drawn[1][2])


def test_threads_do_not_matter_at_large_sizes():
    people, scenes = Population(9, 1).people, draw_scenes(9, 1)
    aus, _ = draw_action_units(torch.arange(9), 9, 1)
    seeds, before = torch.arange(9), torch.get_num_threads()
    try:
        drawn = []
        for threads in (1, 2):
            torch.set_num_threads(threads)
            drawn.append(render(people, aus, scenes, seeds, size=128))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*drawn)


def test_other_seed_other_noise_same_face():
    people, scenes = Population(1).people, draw_scenes(1)
    a, b = (render(people, intensities(), scenes, torch.tensor([s])).float() for s in (1, 2))
    assert not torch.equal(a, b)
    assert (a - b).abs().mean() < 20


def test_without_camera_noise_the_seed_does_not_matter():
    people, scenes = studio(1)
    a, b = (render(people, intensities(), scenes, torch.tensor([s])) for s in (1, 2))
    assert torch.equal(a, b)


def test_noise_is_standard_normal_and_independent():
    noise = hash_noise(torch.arange(64), (3, 32, 32))
    assert noise.mean().item() == pytest.approx(0, abs=0.01)
    assert noise.std().item() == pytest.approx(1, abs=0.01)
    rows = noise.flatten(1)
    between_seeds = torch.corrcoef(rows) - torch.eye(64)
    assert between_seeds.abs().max() < 0.08
    neighbours = torch.corrcoef(torch.stack([rows[:, 1:].flatten(), rows[:, :-1].flatten()]))
    assert neighbours[0, 1].abs() < 0.01


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(-(2**63), 2**63 - 1))
def test_noise_takes_every_seed_and_depends_on_nothing_else(seed):
    alone = hash_noise(torch.tensor([seed]), (3, 8, 8))
    in_company = hash_noise(torch.tensor([5, seed]), (3, 8, 8))[1:]
    assert torch.equal(alone, in_company)
    assert torch.isfinite(alone).all()


# ------------------------------------------------------------------------- action units
@pytest.mark.parametrize("au", AUS)
def test_au_shows(changes, au):
    strongest = changes[AUS.index(au)].flatten(1).topk(80).values.mean(1)
    assert (strongest > 4).all()
    assert strongest.mean() > 12


@pytest.mark.parametrize("au", AUS)
def test_au_moves_pixels_mostly_in_its_own_region(changes, au):
    low, high = BANDS[ACTION_UNITS[au].region]
    change = changes[AUS.index(au)].mean(0)
    rows = torch.arange(64) / 64
    inside = change[(rows >= low) & (rows <= high)].sum()
    assert inside / change.sum() > 0.85


@pytest.mark.parametrize("au", AUS)
def test_au_is_the_mirror_image_on_the_other_side(au, monkeypatch):
    people, scenes = (rows[torch.arange(12) % 4] for rows in studio(4))
    bare = torch.tensor([name != "freckles" for name in SKIN_MAPS])
    people = dataclasses.replace(people, marks=people.marks * bare)
    hair = people.hair_shape.clone()
    hair[:, 3] = 0.0  # parting in the middle
    people = dataclasses.replace(people, hair_shape=hair)
    for name in ("skin", "hair"):  # texture of skin and hair has no mirror image
        module = sys.modules[f"aunce_lib.faces.{name}"]
        monkeypatch.setattr(module, "grain_texture", lambda device: torch.zeros(1, 4, 8, 8))
    aus = intensities(12)  # four people: neutral, on the left, on the right
    aus[4:8, AUS.index(au), 0] = aus[8:, AUS.index(au), 1] = 1.0
    neutral, left, right = draw(people, aus, scenes).split(4)
    on_left, on_right = left - neutral, (right - neutral).flip(-1)
    catchlight = 0.25 if ACTION_UNITS[au].region == "eyelids" else 0.0  # on one side of each iris
    difference = (on_left - on_right).abs().mean()
    assert difference < (0.04 + catchlight) * on_left.abs().mean()


@pytest.mark.parametrize("au", [au for au in AUS if au not in (23, 24)])
def test_one_side_leaves_the_other_side_alone(au):
    people, scenes = (rows[torch.arange(8) % 4] for rows in studio(4))
    aus = intensities(8)  # four people: neutral, on the right
    aus[4:, AUS.index(au), 1] = 1.0
    neutral, right = draw(people, aus, scenes).split(4)
    change = (right - neutral).abs()
    other, own = change[..., :24].mean(), change[..., 40:].mean()
    assert other < 0.05 * own + 0.02


@pytest.mark.parametrize("au", AUS)
def test_stronger_changes_more(au):
    strengths = torch.tensor([0.0, 0.0, 0.1, 0.3, 0.6, 1.0])
    people, scenes = (rows[torch.arange(24) % 4] for rows in studio(4))
    aus = intensities(24)
    aus[:, AUS.index(au)] = strengths.repeat_interleave(4)[:, None]
    neutral, *stronger = draw(people, aus, scenes).split(4)
    change = [(picture - neutral).abs().mean().item() for picture in stronger]
    assert change[0] == 0
    assert change == sorted(set(change))


def test_lips_part_smoothly():
    """No jump anywhere between closed and parted lips, also with a raised upper lip."""
    people, scenes = studio(1)
    steps = torch.linspace(0, 1, 41)
    for other in ({}, {"AU10": 1.0}, {"AU12": 1.0}):
        aus = intensities(41, **other)
        aus[:, AUS.index(25)] = steps[:, None]
        pictures = draw(people[torch.zeros(41).long()], aus, scenes[torch.zeros(41).long()])
        assert pictures.diff(dim=0).abs().max() < 45


def test_ramp_is_a_smooth_gate():
    t = torch.tensor([-1.0, 0.0, 0.5, 1.0, 2.0])
    torch.testing.assert_close(ramp(t), torch.tensor([0.0, 0.0, 0.5, 1.0, 1.0]))


# ------------------------------------------------------------------------- closed is closed
@pytest.mark.parametrize("size", [32, 64, 128])
@pytest.mark.parametrize("others", [{}, {"AU7": 1.0}, {"AU6": 1.0, "AU12": 1.0}, {"AU5": 1.0}])
def test_nothing_of_the_eyeball_shows_through_closed_lids(size, others):
    people, scenes = studio(8)
    people = dataclasses.replace(people, gain=torch.ones_like(people.gain))
    aus = intensities(8, AU43=1.0, **others)
    blue = dataclasses.replace(people, iris=torch.tensor([0.0, 0.0, 5.0]).expand(8, 3))
    sideways = torch.tensor([[0.05, 0.0]]).expand(8, 2)  # upwards, the lid's fold would follow
    away = dataclasses.replace(scenes, gaze=sideways)
    assert torch.equal(draw(people, aus, scenes, size), draw(blue, aus, away, size))
    seen = draw(people, intensities(8), scenes, size) - draw(blue, intensities(8), away, size)
    assert seen.abs().max() > 50  # the test can see an open eye


@pytest.mark.parametrize("size", [32, 64, 128])
@pytest.mark.parametrize("au", [au for au in AUS if au not in OPENING])
def test_nothing_shows_through_closed_lips(size, au):
    assert mouth_mask(size, **{f"AU{au}": 1.0}).max() < 1e-3


def test_parted_lips_show_teeth():
    assert mouth_mask(64, AU25=1.0).max() > 0.5
    assert mouth_mask(64, AU25=1.0, AU24=1.0).max() < 0.5


def test_a_stretched_mouth_drops_the_jaw_once():
    people, scenes = studio(2)
    people = dataclasses.replace(people, gain=torch.ones_like(people.gain))
    stretched = draw(people, intensities(2, AU27=1.0), scenes)
    assert torch.equal(draw(people, intensities(2, AU26=1.0, AU27=1.0), scenes), stretched)


def mouth_mask(size: int, **aus: float) -> torch.Tensor:
    people, scenes = studio(8)
    x, y = camera_plane(scenes, size)
    view = View(x, y, torch.sigmoid(x / 0.03), 1.96 / size)
    skin = torch.full((8, 3, size, size), 0.5)
    effects = curve_effects(intensities(8, **aus))
    return draw_mouth(view, skin, torch.zeros_like(x), effects, people)[1].mask


# ------------------------------------------------------------------------- the picture
def test_head_turns_towards_where_the_pose_says():
    people, scenes = studio(6)
    turned = dataclasses.replace(scenes, pose=torch.tensor([[0.3, 0.0, 0.0]]).expand(6, 3))
    straight = draw(people, intensities(6), scenes)
    assert (draw(people, intensities(6), turned) - straight).abs().mean() > 4


@pytest.mark.parametrize("size", [16, 64, 96, 97, 128])
def test_pictures_have_the_size_asked_for_and_use_the_range(size):
    pictures = render(Population(3).people, intensities(3), draw_scenes(3), torch.arange(3), size)
    assert pictures.shape == (3, 3, size, size)
    assert pictures.dtype == torch.uint8
    assert pictures.float().std() > 20


def test_dark_and_light_skin_are_lit_fairly():
    """The camera makes up for part of the difference, so dark faces are not lost in the dark."""
    people, scenes = studio(40)
    faces = draw(people, intensities(40), scenes)[:, :, 16:40, 16:48].mean((1, 2, 3))
    assert faces.min() > 55
    assert faces.max() < 225
    skin = people.skin.mean(1)
    assert faces.max() / faces.min() < 0.8 * (skin.max() / skin.min())


def test_occluder_hides_part_of_the_face():
    people, scenes = studio(2)
    hand = torch.tensor([[1.0, 0.0, -0.5, 0.3, 0.3, 0.5]]).expand(2, 6)
    hidden = dataclasses.replace(scenes, occluder=hand)
    smile = draw(people, intensities(2, AU25=1.0), hidden) - draw(people, intensities(2), hidden)
    assert smile.abs().mean() < 0.1


def test_rendering_leaves_autograd_and_its_input_alone():
    people, scenes, aus = Population(2).people, draw_scenes(2), intensities(2, AU12=0.5)
    before = aus.clone()
    pictures = render(people, aus, scenes, torch.arange(2))
    assert torch.equal(aus, before)
    assert not pictures.is_inference()


def test_all_arithmetic_stays_on_the_device_of_the_people(monkeypatch):
    """The meta device stands in for a GPU: mixing it with the CPU is an error there too.

    It has no numbers to look at, so everybody on it wears a scarf and glasses behind a hand.
    """
    all_of_them = "torch.fx.experimental._config.meta_nonzero_assume_all_nonzero"
    monkeypatch.setattr(all_of_them, True)
    module = sys.modules["aunce_lib.faces.render"]
    fields = module.blend_fields(96)
    moved = type(fields)(96, *(part.to("meta") for part in dataclasses.astuple(fields)[1:]))
    picture = module._draw(
        Population(2).people.to("meta"),
        draw_scenes(2).to("meta"),
        intensities(2).to("meta"),
        torch.arange(2, device="meta"),
        64,
        moved,
    )
    assert picture.device.type == "meta"
    assert picture.shape == (2, 3, 64, 64)


# ------------------------------------------------------------------------- bad input
def test_wrong_dtypes_are_refused():
    people, scenes, seeds = Population(2).people, draw_scenes(2), torch.arange(2)
    with pytest.raises(TypeError, match="aus must be a floating-point tensor, got torch.int64"):
        render(people, intensities(2).long(), scenes, seeds)
    with pytest.raises(TypeError, match="aus must be a floating-point tensor, got list"):
        render(people, [[0.0]], scenes, seeds)
    with pytest.raises(TypeError, match="seeds must be an int64 tensor, got torch.float32"):
        render(people, intensities(2), scenes, seeds.float())
    with pytest.raises(TypeError, match="seeds must be an int64 tensor, got int"):
        render(people, intensities(2), scenes, 3)


def test_wrong_shapes_are_refused():
    people, scenes, seeds = Population(2).people, draw_scenes(2), torch.arange(2)
    n = len(AUS)
    with pytest.raises(ValueError, match=rf"= \(2, {n}, 2\), got \(2, {n}\)"):
        render(people, torch.zeros(2, n), scenes, seeds)
    with pytest.raises(ValueError, match=rf"= \(2, {n}, 2\), got \(3, {n}, 2\)"):
        render(people, intensities(3), scenes, seeds)
    with pytest.raises(ValueError, match=r"seeds must be \(N,\) = \(2,\)"):
        render(people, intensities(2), scenes, torch.arange(3))
    with pytest.raises(ValueError, match="2 people but 3 scenes"):
        render(people, intensities(2), draw_scenes(3), seeds)


@pytest.mark.parametrize("value", [float("nan"), -0.01, 1.01, float("inf")])
def test_impossible_intensities_are_refused(value):
    aus = intensities(2)
    aus[1, 3, 0] = value
    with pytest.raises(ValueError, match="intensities in 0..1 without NaN"):
        render(Population(2).people, aus, draw_scenes(2), torch.arange(2))


@pytest.mark.parametrize("size", [8, 1024, 64.0, True])
def test_impossible_sizes_are_refused(size):
    with pytest.raises(ValueError, match="size must be a whole number in 16..512"):
        render(Population(1).people, intensities(1), draw_scenes(1), torch.arange(1), size)


def test_an_error_while_drawing_reaches_the_caller_and_leaves_the_threads_alone(monkeypatch):
    def fail(*_):
        raise RuntimeError("no chalk left")

    monkeypatch.setattr(sys.modules["aunce_lib.faces.render"], "_draw", fail)
    before = torch.get_num_threads()
    with pytest.raises(RuntimeError, match="no chalk left"):
        render(Population(1).people, intensities(1), draw_scenes(1), torch.arange(1))
    assert torch.get_num_threads() == before
