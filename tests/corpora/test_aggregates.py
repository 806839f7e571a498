"""Published counts: folds add up to the corpus, and train and test to each other."""

from __future__ import annotations

import numpy as np
import pytest

from aunce_lib.corpora.aggregates import coded_frames, counts

TRAIN = {
    ("bp4d", 1): (
        100813,
        "18545 14740 19955 44367 57513 57137 54464 46036 17688 34459 16680 14943",
    ),
    ("bp4d", 2): (96665, "20819 18542 19885 44364 52965 59316 56343 42613 14845 32027 15631 14362"),
    ("bp4d", 3): (96216, "22720 16938 19670 46621 50754 58087 54253 48101 17205 34326 16265 15153"),
    ("disfa", 1): (87209, "3308 2004 11772 5918 2505 10690 24056 9025"),
    ("disfa", 2): (87209, "5037 4765 13280 6769 4186 10664 23041 7410"),
    ("disfa", 3): (87210, "4667 4519 14814 7967 4255 12348 25397 6631"),
}


@pytest.mark.parametrize(("corpus", "fold"), TRAIN)
def test_training_counts_are_the_published_ones(corpus, fold):
    frames, active = counts(corpus, fold, "train")
    expected_frames, expected = TRAIN[corpus, fold]
    assert frames == expected_frames
    assert " ".join(map(str, active)) == expected


@pytest.mark.parametrize("corpus", ["bp4d", "disfa"])
def test_counts_fit_the_coded_stretches(corpus):
    runs = coded_frames(corpus)
    assert (runs["last"] - runs["first"] + 1).sum() == counts(corpus)[0]
    np.testing.assert_array_equal(
        counts(corpus, 1)[1] + counts(corpus, 1, "train")[1], counts(corpus)[1]
    )


@pytest.mark.parametrize("arguments", [("gft",), ("bp4d", 4), ("bp4d", 1, "validation")])
def test_what_is_not_published_is_refused(arguments):
    with pytest.raises(ValueError, match="are published"):
        counts(*arguments)
