"""The training movie: a plane that stands still, and a widget that plays on it."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.linalg import orthogonal_procrustes
from scipy.stats import ortho_group
from sklearn.decomposition import PCA

from aunce_lib.epochs import Epochs
from aunce_lib.widgets.movie import TRACES, TrainingMovie, film

AUS, N, EPOCHS = (1, 12), 20, (0, 1, 3)


@pytest.fixture
def cloud():
    return np.random.default_rng(0).normal(size=(30, 6))


@pytest.fixture(scope="module")
def epochs():
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, (N, len(AUS))).astype(np.float32)
    labels[0, 0] = np.nan
    history = {"epoch": [1, 2, 3], "loss": [3.0, 2.0, 1.0], "alignment": [0.3, 0.2, 0.1]}
    history |= {"uniformity": [-1.0, -1.5, -2.0], "knn_f1": [0.4, 0.5, np.nan]}
    z = rng.normal(size=(len(EPOCHS), N, len(AUS), 4)).astype(np.float32)
    people = np.array(["synth-bp4d/F001", "synth-bp4d/M001"])[rng.integers(0, 2, N)]
    light, corpus = rng.uniform(-40, 40, N).astype(np.float32), {"corpus": "synth-bp4d"}
    error, rows = {"rms": 0.0, "largest": 0.0}, np.arange(N)
    kept, history = np.array(EPOCHS), pd.DataFrame(history)
    return Epochs("test", AUS, kept, z, labels, people, light, rows, history, corpus, error)


@pytest.fixture(scope="module")
def only_movie(epochs):
    return TrainingMovie(epochs, 12)


@pytest.fixture
def movie(only_movie):
    """One movie for all tests, rewound, since a picture takes a while."""
    only_movie.au.value, only_movie.colour.value, only_movie.epoch.index = 12, "label", 0
    return only_movie


# ---------------------------------------------------------------------------------- film


def test_random_turns_of_one_cloud_do_not_move(cloud):
    turns = ortho_group.rvs(6, size=5, random_state=0)  # reflections among them
    assert {round(np.linalg.det(turn)) for turn in turns} == {-1, 1}
    xy = film(cloud @ turns).xy
    np.testing.assert_allclose(xy, np.broadcast_to(xy[-1], xy.shape), atol=1e-9)


def test_only_the_face_that_moved_moves(cloud):
    moved = cloud.copy()
    moved[7] += 0.01
    turn = ortho_group.rvs(6, random_state=1)
    xy = film(np.stack([cloud @ turn, moved])).xy
    distance = np.linalg.norm(xy[0] - xy[1], axis=1)
    assert distance.argmax() == 7
    assert np.delete(distance, 7).max() < 0.3 * distance[7]


def test_the_last_epoch_lies_as_its_principal_axes_say(cloud):
    expected = PCA(2).fit(cloud)
    shown = film(cloud[None])
    np.testing.assert_allclose(np.abs(shown.xy[0]), np.abs(expected.transform(cloud)), atol=1e-9)
    assert shown.shown[0] == pytest.approx(expected.explained_variance_ratio_.sum())


def test_earlier_epochs_are_turned_as_scipy_turns_them(cloud):
    rng = np.random.default_rng(3)
    z = np.stack([cloud + 0.3 * rng.normal(size=cloud.shape) for _ in range(3)])
    z[0] = z[0] @ ortho_group.rvs(6, random_state=2)
    turned = [z[2]]
    for points in (z[1], z[0]):
        turned.insert(0, points @ orthogonal_procrustes(points, turned[0])[0])
    expected = np.stack([PCA(2).fit(z[2]).transform(points) for points in turned])
    xy = film(z).xy
    signs = np.sign((xy[-1] * expected[-1]).sum(axis=0))
    np.testing.assert_allclose(xy, signs * expected, atol=1e-9)


def test_the_same_film_whatever_way_the_encoder_is_turned(cloud):
    z = np.stack([cloud + 0.1, cloud])
    turn = ortho_group.rvs(6, random_state=5)
    np.testing.assert_allclose(film(z).xy, film(z @ turn).xy, atol=1e-9)


def test_the_embeddings_that_are_given_stay_as_they_are(cloud):
    z = np.stack([cloud[::-1], cloud])
    before = z.copy()
    film(z)
    np.testing.assert_array_equal(z, before)


@pytest.mark.parametrize("shape", [(1, 1, 4), (3, 1, 4), (2, 5, 1)])
def test_few_faces_or_dimensions_are_placed_all_the_same(shape):
    shown = film(np.random.default_rng(0).normal(size=shape))
    assert shown.xy.shape == (*shape[:2], 2)
    assert np.isfinite(shown.xy).all()


def test_a_collapsed_encoder_is_one_point_and_shows_nothing():
    z = np.zeros((2, 5, 3))
    z[..., 1] = 1
    shown = film(z)
    np.testing.assert_allclose(shown.xy, 0, atol=1e-12)
    assert np.isnan(shown.shown).all()


@pytest.mark.parametrize(
    ("z", "error", "message"),
    [
        (np.zeros((2, 3, 4), int), TypeError, "must be floating"),
        (np.zeros((2, 0, 4)), ValueError, "at least one epoch and one face"),
        (np.zeros((0, 3, 4)), ValueError, "at least one epoch and one face"),
        (np.zeros((2, 3, 1, 4)), ValueError, r"take one AU, z\[:, :, j\]"),
        (np.full((2, 3, 4), np.nan), ValueError, "epoch number 0 holds NaN"),
    ],
)
def test_bad_input_is_refused(z, error, message):
    with pytest.raises(error, match=message):
        film(z)


# ---------------------------------------------------------------------------------- movie


def test_the_slider_moves_state_picture_and_words(movie):
    before = movie.picture.value
    assert movie.state["epoch"] == 0
    assert [movie.state[name] for name in TRACES] == [None, None, None]
    assert "before training" in movie.caption.value
    movie.epoch.index = 1
    assert movie.state["epoch"] == 1
    assert [movie.state[name] for name in TRACES] == [0.3, -1.0, 0.4]
    assert movie.picture.value != before
    assert "epoch 1: kNN F1 0.40" in movie.caption.value


def test_an_epoch_that_was_not_kept_is_no_choice(movie):
    assert [value for _, value in movie.epoch.options] == list(EPOCHS)
    movie.epoch.index = 2
    assert movie.state["epoch"] == 3
    assert movie.state["knn_f1"] is None  # NaN in the history
    assert movie.state["alignment"] == 0.1


def test_playing_moves_the_slider_and_dragging_it_the_player(movie):
    movie.play.value = 2
    assert movie.state["epoch"] == 3
    movie.epoch.index = 1
    assert movie.play.value == 1


def test_another_unit_is_another_film(movie, epochs):
    movie.au.value = 1
    np.testing.assert_array_equal(movie.film.xy, film(epochs.embeddings[:, :, 0]).xy)
    assert movie.state["au"] == 1


def test_every_colouring_is_another_picture_of_the_same_dots(movie):
    pictures = set()
    for colour in ("label", "person", "light"):
        movie.colour.value = colour
        assert movie.state["colour"] == colour
        pictures.add(movie.picture.value)
        dots = np.concatenate([dots.get_offsets() for dots, _ in movie._dots])
        faces = np.concatenate([faces for _, faces in movie._dots])
        np.testing.assert_allclose(dots[np.argsort(faces)], movie.film.xy[0])
    assert len(pictures) == 3


def test_frames_have_one_size_and_one_place(movie):
    sizes, places = set(), set()
    for index in range(len(EPOCHS)):
        movie.epoch.index = index
        sizes.add(Image.open(io.BytesIO(movie.picture.value)).size)
        places.add(movie._dots[0][0].axes.get_position().bounds)
    assert len(sizes) == len(places) == 1


def test_the_figure_shows_first_to_last_and_stays_closed(movie):
    import matplotlib.pyplot as plt

    open_before = plt.get_fignums()
    figure = movie.figure()
    assert [axes.get_title() for axes in figure.axes] == [
        "before training",
        "epoch 1: kNN F1 0.40",
        "epoch 3",
    ]
    assert "synthetic" in figure.get_suptitle()
    assert plt.get_fignums() == open_before


def test_every_control_carries_a_class_and_a_name(movie):
    for name in ("play", "epoch", "au", "colour", "picture", "caption"):
        assert f"aunce-movie-{name}" in getattr(movie, name)._dom_classes
    assert all(one.description for one in (movie.play, movie.epoch, movie.au, movie.colour))


def test_labels_that_are_all_unknown_are_grey_and_one_face_is_a_movie(epochs):
    one = replace(
        epochs,
        embeddings=epochs.embeddings[:, :1],
        labels=np.full((1, len(AUS)), np.nan, np.float32),
        subjects=epochs.subjects[:1],
        light=epochs.light[:1],
        rows=epochs.rows[:1],
    )
    movie = TrainingMovie(one)
    assert movie.state["shown"] is None
    assert movie.state["faces"] == 1
    movie.colour.value = "person"


def test_names_in_the_data_are_text(epochs):
    odd = replace(epochs, subjects=np.array(["a/<script>$x_$", *["a/b"] * (N - 1)]))
    movie = TrainingMovie(odd)
    movie.colour.value = "person"
    assert "<script>" not in movie.caption.value
    legend = movie.figure().axes[0].get_legend()
    assert "<script>$x_$" in [text.get_text() for text in legend.get_texts()]


def test_a_unit_that_is_not_there_is_told(epochs):
    with pytest.raises(ValueError, match=r"no action unit 6 in test; there are \(1, 12\)"):
        TrainingMovie(epochs, 6)


def test_a_broken_training_is_told(epochs):
    z = epochs.embeddings.copy()
    z[1, 0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="epoch number 1 holds NaN"):
        TrainingMovie(replace(epochs, embeddings=z))
