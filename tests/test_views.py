"""Views: what is drawn and from where, and that exactly what was drawn is done to the pixels."""

from __future__ import annotations

import colorsys
import math
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aunce_lib.views import ViewParameters, Views

GREY = torch.tensor([0.299, 0.587, 0.114])  # how bright each colour looks, ITU-R BT.601


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def some_faces(n: int = 4, height: int = 32, width: int = 32, seed: int = 0) -> torch.Tensor:
    shape = (n, 3, height, width)
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=seeded(seed))


def doing(n: int = 4, **changes) -> ViewParameters:
    """Parameters that change nothing but what is named; a number counts for all n faces."""
    one, zero, no = torch.ones(n), torch.zeros(n), torch.zeros(n, dtype=torch.bool)
    nothing = ViewParameters(
        shift=torch.zeros(n, 2),
        scale=one,
        flip=no,
        brightness=one,
        contrast=one,
        saturation=one,
        hue=zero,
        grey=no,
        blur=zero,
    )
    values = {
        name: torch.as_tensor(value).expand_as(getattr(nothing, name)).clone()
        for name, value in changes.items()
    }
    return replace(nothing, **values)


def equal(first: ViewParameters, second: ViewParameters, leave_out: str = "") -> bool:
    names = [field.name for field in fields(ViewParameters) if field.name != leave_out]
    return all(torch.equal(getattr(first, name), getattr(second, name)) for name in names)


# what is drawn


def test_all_randomness_comes_from_the_given_generator():
    torch.manual_seed(1)
    state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    first = Views()(some_faces(), seeded(5))
    assert torch.equal(torch.get_rng_state(), state)
    assert (np.random.get_state()[1] == numpy_state).all()  # noqa: NPY002
    torch.manual_seed(2)
    second = Views()(some_faces(), seeded(5))
    assert all(torch.equal(x, y) for x, y in zip(first, second, strict=True))


def test_another_seed_the_other_view_and_the_next_batch_are_drawn_anew():
    views, generator = Views(), seeded(0)
    draws = [views.draw(8, generator), views.draw(8, generator), views.draw(8, seeded(1))]
    for field in ("shift", "scale", "brightness"):
        assert len({getattr(draw, field).sum().item() for draw in draws}) == 3
    view0, view1 = views(some_faces(), seeded(0))
    assert not torch.equal(view0, view1)


def test_the_full_strength_is_that_of_the_published_protocol():
    n = 20_000
    drawn = Views(strength=1.0).draw(n, seeded())
    jittered = drawn.brightness != 1
    for chance, expected in (
        (jittered, 0.8),
        (drawn.flip, 0.5),
        (drawn.grey, 0.2),
        (drawn.blur > 0, 0.5),
    ):
        assert chance.float().mean().item() == pytest.approx(expected, abs=0.02)
    for factor in (drawn.brightness, drawn.contrast, drawn.saturation):
        assert torch.equal(factor != 1, jittered)
        assert 0.6 <= factor.min() < 0.61
        assert 1.39 < factor.max() <= 1.4
    turns = drawn.hue / (2 * math.pi)  # of the whole circle
    assert -0.1 <= turns.min() < -0.098
    assert 0.098 < turns.max() <= 0.1
    assert 1 <= drawn.scale.min() < drawn.scale.max() <= 256 / 224
    assert drawn.shift.abs().max() <= 16 / 224


@given(strength=st.floats(0, 1), seed=st.integers(0, 1000))
@settings(max_examples=20, deadline=None)
def test_less_strength_draws_the_same_nearer_to_nothing(strength, seed):
    full, less = Views(strength=1.0).draw(16, seeded(seed)), Views(strength=strength)
    drawn, nothing = less.draw(16, seeded(seed)), doing(16)
    for name in ("shift", "scale", "brightness", "contrast", "saturation", "hue"):
        change = getattr(drawn, name) - getattr(nothing, name)
        expected = strength * (getattr(full, name) - getattr(nothing, name))
        torch.testing.assert_close(change, expected, rtol=0, atol=1e-6)


def test_without_hue_all_else_is_drawn_the_same():
    with_hue, without = Views(hue=True).draw(64, seeded()), Views(hue=False).draw(64, seeded())
    assert with_hue.hue.any()
    assert not without.hue.any()
    assert equal(with_hue, without, leave_out="hue")


def test_strength_0_gives_the_image():
    faces = some_faces()
    for view in Views(strength=0.0)(faces, seeded()):
        assert torch.equal(view, faces / 255)


def test_the_last_parameters_are_recorded_and_repeat_the_views():
    views, faces = Views(), some_faces(8)
    assert views.last is None
    both = views(faces, seeded(3))
    for view, parameters in zip(both, views.last, strict=True):
        assert len(parameters) == 8
        assert torch.equal(views.apply(faces, parameters), view)
    generator = seeded(3)
    assert equal(views.last[0], views.draw(8, generator))
    assert equal(views.last[1], views.draw(8, generator))


# what is done with it


def test_parameters_of_nothing_give_the_image_back():
    faces = some_faces()
    assert torch.equal(Views().apply(faces, doing()), faces / 255)
    beside_a_moved_face = doing(flip=torch.tensor([False, False, False, True]))
    view = Views().apply(faces, beside_a_moved_face)
    torch.testing.assert_close(view[:3], faces[:3] / 255, rtol=0, atol=2e-6)


def test_a_view_of_strength_0_still_does_what_it_is_told():
    faces = some_faces()
    told = Views(strength=0.0).apply(faces, doing(flip=True))
    torch.testing.assert_close(told, torch.flip(faces / 255, [3]), rtol=0, atol=1e-5)


def test_flip_exchanges_left_and_right():
    faces, flip = some_faces(), torch.tensor([True, False, True, False])
    view = Views().apply(faces, doing(flip=flip))
    expected = faces / 255
    expected[flip] = torch.flip(expected[flip], [3])
    torch.testing.assert_close(view, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("flip", [False, True])
def test_shift_moves_the_face_right_and_down_in_widths_and_repeats_the_border(flip):
    faces = some_faces(1)
    view = Views().apply(faces, doing(1, shift=torch.tensor([4 / 32, -2 / 32]), flip=flip))
    x = torch.flip(faces / 255, [3]) if flip else faces / 255
    expected = torch.empty_like(x)
    for row in range(32):
        for column in range(32):
            expected[..., row, column] = x[..., min(row + 2, 31), max(column - 4, 0)]
    torch.testing.assert_close(view, expected, rtol=0, atol=2e-5)


def test_scale_magnifies_about_the_centre():
    across = (8 * torch.arange(32, dtype=torch.uint8)).expand(3, 32, 32)
    ramps = torch.stack([across, across.mT])
    view = Views().apply(ramps, doing(2, scale=1.6))
    from_centre = torch.arange(32) - 15.5
    expected = (8 * (15.5 + from_centre / 1.6) / 255).expand(3, 32, 32)
    torch.testing.assert_close(view, torch.stack([expected, expected.mT]), rtol=0, atol=1e-5)


def test_brightness_multiplies():
    faces, factor = some_faces(), torch.tensor([0.5, 1.0, 1.2, 1.4])
    view = Views().apply(faces, doing(brightness=factor))
    expected = (faces / 255 * factor[:, None, None, None]).clamp(max=1)
    torch.testing.assert_close(view, expected, rtol=0, atol=1e-6)


def test_contrast_stretches_about_the_mean_brightness():
    faces, factor = some_faces(), torch.tensor([0.6, 0.9, 1.2, 1.4])
    x = faces / 255
    mean = torch.einsum("nchw,c->nhw", x, GREY).mean(dim=(1, 2))[:, None, None, None]
    expected = (mean + factor[:, None, None, None] * (x - mean)).clamp(0, 1)
    view = Views().apply(faces, doing(contrast=factor))
    torch.testing.assert_close(view, expected, rtol=0, atol=1e-5)


def test_saturation_stretches_about_each_pixels_grey():
    faces, factor = some_faces(), torch.tensor([0.6, 0.9, 1.2, 1.4])
    x = faces / 255
    grey = torch.einsum("nchw,c->nhw", x, GREY)[:, None]
    expected = (grey + factor[:, None, None, None] * (x - grey)).clamp(0, 1)
    view = Views().apply(faces, doing(saturation=factor))
    torch.testing.assert_close(view, expected, rtol=0, atol=1e-5)


def test_hue_turns_the_colour_circle_by_an_angle():
    faces, angle = some_faces(3, 6, 6), torch.tensor([0.2 * math.pi, -0.2 * math.pi, 0.0])
    view = Views().apply(faces, doing(3, hue=angle))
    expected = torch.empty_like(view)
    for face in range(3):
        for row in range(6):
            for column in range(6):
                h, s, v = colorsys.rgb_to_hsv(*(faces[face, :, row, column] / 255).tolist())
                turned = (h + angle[face].item() / (2 * math.pi)) % 1
                expected[face, :, row, column] = torch.tensor(colorsys.hsv_to_rgb(turned, s, v))
    torch.testing.assert_close(view, expected, rtol=0, atol=1e-5)


def test_a_third_of_the_circle_turns_red_into_green():
    red = torch.zeros(1, 3, 4, 4, dtype=torch.uint8)
    red[:, 0] = 255
    view = Views().apply(red, doing(1, hue=2 * math.pi / 3))
    torch.testing.assert_close(view[0, :, 0, 0], torch.tensor([0.0, 1.0, 0.0]), atol=1e-5, rtol=0)


def test_grey_drops_the_colours_of_the_chosen():
    faces, grey = some_faces(), torch.tensor([True, False, False, True])
    view = Views().apply(faces, doing(grey=grey))
    expected = faces / 255
    expected[grey] = torch.einsum("nchw,c->nhw", expected[grey], GREY)[:, None].expand(2, 3, 32, 32)
    torch.testing.assert_close(view, expected, rtol=0, atol=1e-5)


def test_blur_spreads_a_point_as_a_gaussian_of_its_width():
    points = torch.zeros(2, 3, 9, 9, dtype=torch.uint8)
    points[:, :, 4, 4] = 255
    view = Views().apply(points, doing(2, blur=torch.tensor([0.0, 0.8])))
    bell = torch.exp(-0.5 * (torch.arange(-2, 3) / 0.8) ** 2)
    bell /= bell.sum()
    assert torch.equal(view[0], points[0] / 255)
    torch.testing.assert_close(view[1, 0, 2:7, 2:7], bell[:, None] * bell, rtol=0, atol=1e-6)
    torch.testing.assert_close(view[1].sum(dim=(1, 2)), torch.ones(3))


@given(seed=st.integers(0, 10_000), strength=st.floats(0, 1))
@settings(max_examples=15, deadline=None)
def test_views_lie_in_0_to_1_and_do_not_depend_on_their_batch(seed, strength):
    faces, views = some_faces(5, seed=seed), Views(strength=strength)
    parameters = views.draw(5, seeded(seed))
    together = views.apply(faces, parameters)
    assert together.min() >= 0
    assert together.max() <= 1
    for i in range(5):
        alone = views.apply(faces[i : i + 1], parameters[i : i + 1])
        torch.testing.assert_close(alone[0], together[i], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("size", "height", "width"), [(24, 24, 24), (48, 48, 48), (None, 32, 40), (40, 40, 40)]
)
@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_views_have_the_size_asked_for_and_channels_last(size, height, width, strength):
    faces = some_faces(2, 32, 40)
    for view in Views(size=size, strength=strength)(faces, seeded()):
        assert view.shape == (2, 3, height, width)
        assert view.dtype == torch.float32
        assert view.is_contiguous(memory_format=torch.channels_last)


def test_the_images_themselves_stay_as_they_were():
    faces = some_faces()
    before = faces.clone()
    Views()(faces, seeded())
    assert torch.equal(faces, before)


# pieces cut out at one scale, as published


def test_a_cropped_view_is_a_piece_of_the_image_pixel_by_pixel():
    faces, views = some_faces(24, 64, 64), Views(56, hue=False, crop_from=64)
    drawn = views.draw(24, seeded())
    still = replace(doing(24), shift=drawn.shift, scale=drawn.scale, flip=drawn.flip)
    offsets = ((64 - 56) / 2 - drawn.shift * 56).round().long().tolist()
    view = views.apply(faces, still)
    for face, piece, (left, top), flip in zip(faces, view, offsets, drawn.flip, strict=True):
        face = face.flip(2) if flip else face
        expected = face[:, top : top + 56, left : left + 56] / 255
        torch.testing.assert_close(piece, expected, rtol=0, atol=1e-4)


def test_crops_come_from_everywhere_at_one_scale_and_differ_between_views():
    views = Views(224, crop_from=256)
    first, second = views.draw(4000, seeded()), views.draw(4000, seeded(1))
    offsets = 16 - first.shift * 224
    torch.testing.assert_close(offsets, offsets.round(), rtol=0, atol=1e-4)
    assert set(offsets.round().flatten().tolist()) == set(range(33))
    assert (first.scale == 256 / 224).all()
    assert not torch.equal(first.shift, second.shift)
    assert not torch.equal(first.flip, second.flip)


def test_weaker_crops_stay_closer_to_the_middle():
    half = Views(56, strength=0.5, crop_from=64).draw(500, seeded())
    assert set((4 - half.shift * 56).round().flatten().tolist()) == {2, 3, 4, 5, 6}
    faces = some_faces(2, 64, 64)
    for view in Views(56, strength=0.0, crop_from=64)(faces, seeded()):
        torch.testing.assert_close(view, faces[..., 4:60, 4:60] / 255, rtol=0, atol=1e-4)


def test_without_cropping_the_draws_are_what_they_always_were():
    drawn = Views(strength=0.3, hue=False).draw(2, seeded())
    generator = seeded()
    torch.rand(2, generator=generator)  # whether there is jitter
    for _ in range(3):  # brightness, contrast, saturation
        torch.rand(2, generator=generator)
    expected = -0.3 / 14 + 0.6 / 14 * torch.rand(2, 2, generator=generator)
    torch.testing.assert_close(drawn.shift, expected)
    torch.testing.assert_close(drawn.scale, 1 + 0.3 / 7 * torch.rand(2, generator=generator))


# bad input


@pytest.mark.parametrize("size", [None, 65])
def test_a_piece_larger_than_what_it_is_cut_from_is_refused(size):
    with pytest.raises(ValueError, match="crop_from must be the size"):
        Views(size, crop_from=64)


def test_images_of_another_size_than_crops_come_from_are_refused():
    with pytest.raises(ValueError, match=r"64 × 64 pixels to crop 56.*--size"):
        Views(56, crop_from=64)(some_faces(2, 60, 64), seeded())


def test_images_of_another_dtype_are_refused():
    with pytest.raises(TypeError, match="uint8 of 0..255, got torch.float32"):
        Views()(torch.rand(2, 3, 8, 8), seeded())


@pytest.mark.parametrize("shape", [(2, 1, 8, 8), (2, 8, 8, 3), (3, 8, 8), (5, 3, 8, 8)])
def test_images_of_another_shape_or_number_are_refused(shape):
    images = torch.zeros(shape, dtype=torch.uint8)
    with pytest.raises(ValueError, match=r"\(B, 3, H, W\) with B = 2"):
        Views().apply(images, doing(2))


@pytest.mark.parametrize("strength", [-0.1, 1.1, math.nan])
def test_a_strength_outside_0_to_1_is_refused(strength):
    with pytest.raises(ValueError, match=r"strength must lie in 0..1, got"):
        Views(strength=strength)


def test_a_size_of_0_is_refused():
    with pytest.raises(ValueError, match="size must be above 0, got 0"):
        Views(size=0)
