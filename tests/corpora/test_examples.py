"""The readers get out of the example trees what was put in."""

from __future__ import annotations

import numpy as np
import pytest

from aunce_lib.corpora import CorpusError, examples, readers, synthetic


@pytest.fixture(scope="module")
def drawn():
    def draw(name):
        return synthetic.load(name, "tiny", n_people=2, n_frames=4, image_size=32)

    return draw


def same_labels(read, table):
    """Frame by frame, in the order of people, sequences and frames."""
    order = ["subject", "sequence", "frame"]
    one, other = (t.frames.sort_values(order).reset_index(drop=True) for t in (read, table))
    names = [f"AU{au}" for au in table.aus]
    np.testing.assert_array_equal(one[names].to_numpy(), other[names].to_numpy())


def test_bp4d_comes_back_with_unknown_labels(drawn, tmp_path):
    table = drawn("synth-bp4d")
    labels = table.labels
    labels[1, 0] = labels[-1, 3] = np.nan
    table = table.with_labels(labels, "two labels hidden")
    read = readers.reader("bp4d")(examples.write_bp4d(table, tmp_path / "B"))
    same_labels(read, table)
    assert read.rates().unknown.sum() == 2
    assert read.frames["frame"].min() == examples.FIRST_FRAME
    assert (tmp_path / "B/2D+3D/F001/T1/2440.jpg").is_file()


def test_bp4d_images_may_be_padded(drawn, tmp_path):
    table = drawn("synth-bp4d")
    read = readers.reader("bp4d")(examples.write_bp4d(table, tmp_path / "B", digits=6))
    same_labels(read, table)
    assert read.frames["path"].iloc[0].endswith("002440.jpg")


def test_disfa_comes_back_at_its_threshold_and_more_is_active_at_one(drawn, tmp_path):
    table = drawn("synth-disfa")
    root = examples.write_disfa(table, tmp_path / "D")
    same_labels(readers.reader("disfa")(root), table)
    everything = readers.reader("disfa")(root, threshold=1).labels.sum()
    assert everything > table.labels.sum()


def test_rows_of_a_part_find_their_own_images(drawn, tmp_path):
    from PIL import Image

    table = drawn("synth-disfa").take([7, 5])  # of the second person, frames out of order
    examples.write_disfa(table, tmp_path / "D")
    (person,) = {name.split("/")[1] for name in table.subjects}
    first = np.asarray(Image.open(tmp_path / "D" / person / "0.png"))
    np.testing.assert_array_equal(first, table.images([1])[0].permute(1, 2, 0))


@pytest.mark.parametrize("write", [examples.write_bp4d, examples.write_disfa])
def test_a_table_without_images_is_refused(write, tmp_path):
    with pytest.raises(CorpusError, match="no images to write"):
        write(synthetic.labels(size="tiny"), tmp_path)
