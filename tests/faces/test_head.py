"""What surrounds the face: hair, ears, clothes, glasses; and the whole turned head."""

from __future__ import annotations

import dataclasses
import sys

import pytest
import torch

from aunce_lib.faces import AUS, Difficulty, Population, draw_scenes, render
from aunce_lib.faces.population import HAIR_STYLES
from aunce_lib.faces.resting import SKIN_MAPS

STILL = Difficulty(confusers=0.0, pose=0.0, light=0.0, camera=0.0)


def draw(people, scenes, size=64) -> torch.Tensor:
    n = len(people)
    aus = torch.zeros(n, len(AUS), 2)
    return render(people, aus, scenes, torch.zeros(n, dtype=torch.long), size).float()


def studio(n: int, **changes):
    """n people without glasses, scarves and spots, before even light."""
    people, scenes = Population(n, 1, STILL).people, draw_scenes(n, 1, STILL)
    bare = {"glasses": torch.zeros(n), "scarf": torch.zeros(n)} | changes
    light = torch.tensor([[0.0, 0.5, 0.866]]).expand(n, 3)
    scenes = dataclasses.replace(
        scenes, light=light, gaze=torch.zeros(n, 2), fill=torch.zeros(n), noise=torch.zeros(n)
    )
    return dataclasses.replace(people, **bare), scenes


def posed(scenes, yaw: float, pitch: float = 0.0):
    pose = torch.tensor([[yaw, pitch, 0.0]]).expand(len(scenes), 3) * torch.pi / 180
    return dataclasses.replace(scenes, pose=pose)


@pytest.mark.parametrize(("yaw", "pitch"), [(15.0, 0.0), (30.0, 10.0), (0.0, 20.0)])
def test_a_head_turned_left_is_the_mirror_image_of_one_turned_right(yaw, pitch, monkeypatch):
    for name in ("skin", "hair"):  # texture has no mirror image
        module = sys.modules[f"aunce_lib.faces.{name}"]
        monkeypatch.setattr(module, "grain_texture", lambda device: torch.zeros(1, 4, 8, 8))
    people, scenes = studio(6)
    hair = people.hair_shape.clone()
    hair[:, 3] = 0.0  # parting in the middle
    bare = torch.tensor([name != "freckles" for name in SKIN_MAPS])
    people = dataclasses.replace(people, hair_shape=hair, marks=people.marks * bare)
    wall = torch.full((6, 3, 2, 2), 0.5)
    scenes = dataclasses.replace(scenes, backdrop=wall)
    right = draw(people, posed(scenes, yaw, pitch))
    left = draw(people, posed(scenes, -yaw, pitch)).flip(-1)
    assert (right - left).abs().mean() < 0.35  # the catchlights lie on one side
    if yaw:
        assert (right - right.flip(-1)).abs().mean() > 5


def test_the_nose_hides_the_far_cheek():
    """A spot on the cheek beside the nose is seen from the near side, not from the far one."""
    people, scenes = studio(6)
    nosy = people.marks.clone()
    nosy[:, SKIN_MAPS.index("nose_height")] = 1.5
    people = dataclasses.replace(people, marks=nosy)
    module = sys.modules["aunce_lib.faces.render"]
    found, drawn = [], []  # coordinates a chunk of faces, and all of a drawing
    real = module.sample_grain

    def watch(x, y, people):
        found.append((x, y))
        return real(x, y, people)

    module.sample_grain = watch
    try:
        for yaw in (-30.0, 30.0):
            draw(people, posed(scenes, yaw), 128)
            drawn.append([torch.cat(chunks)[:6] for chunks in zip(*found, strict=True)])
            found.clear()
    finally:
        module.sample_grain = real
    spot = [((x - 0.17).abs() < 0.03) & ((y + 0.20).abs() < 0.03) for x, y in drawn]
    near, far = (seen.flatten(1).sum(1).float().mean() for seen in spot)
    assert near > 3 * far


def test_the_near_ear_shows_and_the_far_one_hides():
    n = 6
    hair = torch.tensor([[0.3, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]]).expand(n, 8)  # bald
    people, scenes = studio(n, hair_shape=hair, hairline=torch.full((n,), 1.7))
    green = dataclasses.replace(people, ear=people.ear * torch.tensor([1e-3, 1e-3, 1.0]))
    change = (
        (draw(people, posed(scenes, 20.0)) - draw(green, posed(scenes, 20.0))).abs().sum((1, 2))
    )
    near, far = change[:, :24].sum(1), change[:, 40:].sum(1)  # yaw above 0 shows the left side
    assert (near > 10 * far + 10).all()


def test_glasses_change_only_those_who_wear_them_and_only_around_the_eyes():
    people, scenes = studio(4)
    worn = dataclasses.replace(people, glasses=torch.tensor([1.0, 0.0, 1.0, 0.0]))
    change = (draw(worn, scenes) - draw(people, scenes)).abs().mean(1)
    assert (change[[1, 3]] == 0).all()
    assert (change[[0, 2]].amax((1, 2)) > 20).all()
    assert change[:, 44:].max() < 2


def test_a_scarf_covers_hair_and_ears_but_no_face():
    people, scenes = studio(8)
    red = torch.tensor([[0.9, 0.05, 0.05]]).expand(8, 3)
    people = dataclasses.replace(people, clothes=red)
    scarf = draw(dataclasses.replace(people, scarf=torch.ones(8)), scenes)
    cloth = scarf[:, 0] - scarf[:, 1] > 60
    assert cloth[:, 2:40, 6:10].float().mean() > 0.5
    assert cloth[:, 20:45, 22:42].float().mean() < 0.02


def test_every_hair_style_looks_different():
    styles = torch.tensor(
        [[s[2], s[3], s[5], 0, 0, s[4], 0, s[3] > 0] for s in HAIR_STYLES.values()]
    )
    n = len(styles)
    people, scenes = studio(n)
    same = people[torch.zeros(n, dtype=torch.long)]
    bald = styles[:, 1] == 0
    hairline = torch.where(bald, 1.7, 0.72)
    same = dataclasses.replace(same, hair_shape=styles, hairline=hairline)
    pictures = draw(same, scenes[torch.zeros(n, dtype=torch.long)])
    difference = (pictures[:, None] - pictures[None]).abs().mean((2, 3, 4))
    assert (difference + 10 * torch.eye(n)).min() > 0.3


def test_dark_skin_shows_action_units_nearly_as_well_as_light_skin():
    """Camera and shine make up for most of what melanin swallows."""
    people, scenes = studio(60)
    rest = draw(people, scenes)
    aus = torch.zeros(60, len(AUS), 2)
    aus[:, [AUS.index(au) for au in (1, 4, 9, 17)]] = 1.0
    moved = render(people, aus, scenes, torch.zeros(60, dtype=torch.long)).float()
    change = (moved - rest).abs().mean(1).flatten(1).topk(400).values.mean(1)
    order = people.melanin.argsort()
    lightest, darkest = change[order[:15]].mean(), change[order[-15:]].mean()
    assert 0.7 < darkest / lightest < 1.4


def test_the_old_are_grey_and_the_young_are_not():
    people = Population(300, 2).people
    brightness = people.hair.mean(1)
    dark = people.melanin > 0.6  # fair hair of light skin is bright too
    assert brightness[dark & (people.age > 0.85)].mean() > 0.35
    assert brightness[dark & (people.age < 0.2)].mean() < 0.2


@pytest.mark.parametrize("size", [16, 256])
def test_turned_heads_are_finite_and_fill_the_picture(size):
    people, scenes = studio(3)
    pictures = draw(people, posed(scenes, 30.0, -20.0), size)
    assert pictures.std() > 20
