"""The frame table: what is tidy, what is refused and how, files, and how it shows itself."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from aunce_lib.corpora import CorpusError, FrameStore, FrameTable


def some_frames(**changes) -> pd.DataFrame:
    """Four frames of two people; a column given as None is left out."""
    columns = {
        "corpus": "demo",
        "subject": ["demo/Ann", "demo/Ann", "demo/Bob", "demo/Bob"],
        "sequence": "T1",
        "frame": [1, 2, 1, 2],
        "AU6": [1.0, 0.0, np.nan, 1.0],
        "AU12": [1, 0, 0, 0],
        "AU12_intensity": [3.0, 0.5, 0.0, np.nan],
        **changes,
    }
    return pd.DataFrame({name: values for name, values in columns.items() if values is not None})


@pytest.fixture
def with_images(tmp_path):
    """The four frames with a store in which frame i is filled with i."""
    path = tmp_path / "demo.store"
    with FrameStore.create(path, 4, 6, 6) as writer:
        writer[0:4] = np.broadcast_to(
            np.arange(4, dtype=np.uint8)[:, None, None, None], (4, 6, 6, 3)
        )
    return FrameTable(some_frames(), {"corpus": "demo"}, FrameStore.open(path))


def test_aus_labels_subjects_and_rows_are_those_of_the_columns():
    table = FrameTable(some_frames())
    assert table.aus == (6, 12)
    assert table.labels.dtype == np.float32
    np.testing.assert_array_equal(table.labels, [[1, 1], [0, 0], [np.nan, 0], [1, 0]])
    assert table.subjects.tolist() == ["demo/Ann", "demo/Ann", "demo/Bob", "demo/Bob"]
    assert table.rows.tolist() == [0, 1, 2, 3]


def test_names_become_categories_and_numbers_float32():
    types = FrameTable(some_frames(person_age=[0.1, 0.1, 0.9, 0.9])).frames.dtypes
    assert all(types[name] == "category" for name in ("corpus", "subject", "sequence"))
    assert types["frame"] == np.int32
    assert all(types[name] == np.float32 for name in ("AU6", "AU12_intensity", "person_age"))


def test_a_million_frames_take_little_memory():
    n = 50_000
    frames = pd.DataFrame(
        {
            "corpus": "bp4d",
            "subject": np.repeat([f"bp4d/F{i:03d}" for i in range(50)], n // 50),
            "sequence": "T1",
            "frame": np.tile(np.arange(n // 50), 50),
            "path": [f"F001/T1/{i}.jpg" for i in range(n)],
            **{f"AU{au}": np.zeros(n) for au in range(1, 13)},
            **{f"AU{au}_intensity": np.zeros(n) for au in range(1, 13)},
        }
    )
    bytes_a_frame = FrameTable(frames).frames.memory_usage(deep=True).sum() / n
    assert bytes_a_frame * 1_000_000 < 2**28


def test_the_given_frames_are_not_changed():
    frames = some_frames()
    before = frames.copy(deep=True)
    FrameTable(frames).with_labels(np.zeros((4, 2)), "all off")
    pd.testing.assert_frame_equal(frames, before)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"subject": None}, "column 'subject' is missing"),
        ({"AU6": None, "AU12": None}, "no label column"),
        ({"AU12": [1, 0, 9, 0]}, r"column 'AU12', row 2: must be 0, 1, or NaN .* got .*9"),
        ({"AU12": [1, -1, 0, 0]}, r"column 'AU12', row 1: .*-1"),
        ({"AU12": ["1", "0", "yes", "0"]}, r"column 'AU12', row 2: .*'yes'"),
        ({"AU6": [1e-60, 0, 0, 0]}, r"column 'AU6', row 0: .*1e-60"),
        ({"AU6_true": [1, 0, 0.5, 0]}, r"column 'AU6_true', row 2: .*0\.5"),
        ({"AU12_intensity": [0, 0, 0, 5.5]}, r"'AU12_intensity', row 3: .*between 0 and 5.*5\.5"),
        ({"AU12_intensity": [0, -0.1, 0, 0]}, r"'AU12_intensity', row 1"),
        ({"AU12_intensity": [0, np.inf, 0, 0]}, r"'AU12_intensity', row 1"),
        ({"AU012": [0, 0, 0, 0]}, "'AU012' looks like an action unit"),
        ({"au12": [0, 0, 0, 0]}, "'au12' looks like an action unit"),
        ({"AU12_r": [0, 0, 0, 0]}, "'AU12_r' looks like an action unit"),
        ({"frame": [1, 2, 1, 2.5]}, r"column 'frame', row 3: must be an integer, got .*2\.5"),
        ({"frame": [1, 2, 1, -2]}, "column 'frame', row 3"),
        ({"frame": [1, 2, np.nan, 2]}, "column 'frame', row 2"),
        ({"frame": [1, 2, 1, 2**40]}, "column 'frame', row 3"),
        ({"frame": [1, 2, 1, 1]}, "row 3: frame 1 of subject 'demo/Bob', .* twice"),
        ({"subject": ["demo/Ann", "demo/Ann", None, "demo/Bob"]}, "'subject', row 2: is missing"),
        ({"subject": ["demo/Ann", "Ann", "demo/Bob", "demo/Bob"]}, "row 1: .*'demo/F001'.*'Ann'"),
        ({"sequence": ["T1", "T1", "T1", ""]}, "column 'sequence', row 3"),
        ({"sequence": [1, 1, 1, 1]}, "column 'sequence', row 0: must be text"),
    ],
)
def test_a_wrong_table_is_refused_with_column_row_and_value(changes, message):
    with pytest.raises(CorpusError, match=message):
        FrameTable(some_frames(**changes))


@pytest.mark.parametrize("index", [[0, 1, 2, 2], [0, 1, 2, -3], [0.0, 1.0, 2.0, 3.0], list("abcd")])
def test_an_index_that_is_no_row_of_a_store_is_refused(index):
    with pytest.raises(CorpusError, match="reset_index"):
        FrameTable(some_frames().set_axis(index))


def test_a_column_that_occurs_twice_is_refused():
    frames = some_frames()
    with pytest.raises(CorpusError, match="'AU12' occurs twice"):
        FrameTable(pd.concat([frames, frames[["AU12"]]], axis=1))


def test_something_that_is_no_table_is_refused():
    with pytest.raises(TypeError, match="DataFrame"):
        FrameTable({"AU1": [0]})


@pytest.mark.parametrize("values", [[True, False, True, False], ["1", "0", "1", "0"]])
def test_labels_may_come_as_booleans_or_digits(values):
    assert FrameTable(some_frames(AU12=values)).labels[:, 1].tolist() == [1, 0, 1, 0]


def test_nullable_integers_become_nan():
    values = pd.array([1, None, 0, 0], dtype="Int64")
    assert np.isnan(FrameTable(some_frames(AU12=values)).labels[1, 1])


def test_a_store_that_is_too_small_for_the_table_is_refused(with_images):
    with pytest.raises(CorpusError, match="row 9, .* only 4 frames"):
        FrameTable(some_frames().set_axis([0, 1, 2, 9]), store=with_images.store)


def test_a_part_of_a_table_keeps_its_images(with_images):
    part = with_images.where(with_images.subjects == "demo/Bob").take([1])
    assert part.rows.tolist() == [3]
    assert part.images().unique().tolist() == [3]
    assert part.metadata == with_images.metadata


@pytest.mark.parametrize("positions", [[2, 0], np.array([2, 0]), torch.tensor([2, 0])])
def test_images_are_found_by_position(with_images, positions):
    images = with_images.images(positions)
    assert images.shape == (2, 3, 6, 6)
    assert images[:, 0, 0, 0].tolist() == [2, 0]


def test_images_without_a_store_are_refused():
    with pytest.raises(CorpusError, match="no images"):
        FrameTable(some_frames()).images()


@pytest.mark.parametrize("mask", [np.ones(3, bool), np.ones(4), [0, 1]])
def test_a_mask_of_another_shape_or_type_is_refused(mask):
    with pytest.raises(ValueError, match=r"mask must be bool \(4,\)"):
        FrameTable(some_frames()).where(mask)


def test_spoiled_labels_keep_the_clean_ones_beside_them_and_say_so():
    clean = FrameTable(some_frames())
    once = clean.with_labels(1 - clean.labels, "all flipped")
    twice = once.with_labels(np.zeros((4, 2)), "all off")
    assert twice.metadata["spoiled"] == ["all flipped", "all off"]
    assert "spoiled" not in clean.metadata
    np.testing.assert_array_equal(once.labels, 1 - clean.labels)
    truth = twice.frames[["AU6_true", "AU12_true"]].to_numpy()
    np.testing.assert_array_equal(truth, clean.labels)
    assert twice.aus == (6, 12)


@pytest.mark.parametrize(
    ("labels", "note", "message"),
    [
        (np.zeros((4, 3)), "off", r"\(4, 2\), got \(4, 3\)"),
        (np.zeros((4, 2)), "", "note must say"),
        (np.full((4, 2), 9.0), "nine", "column 'AU6', row 0"),
    ],
)
def test_wrong_spoiled_labels_are_refused(labels, note, message):
    with pytest.raises(ValueError, match=message):
        FrameTable(some_frames()).with_labels(labels, note)


def test_rates_leave_out_the_unknown():
    frames = some_frames(AU1=[np.nan] * 4)
    rates = FrameTable(frames).rates()
    assert rates.loc["AU6"].tolist() == [pytest.approx(2 / 3), 2, 1, 1]
    assert rates.loc["AU12"].tolist() == [0.25, 1, 3, 0]
    assert np.isnan(rates.loc["AU1", "rate"])
    assert rates.loc["AU1", "unknown"] == 4


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "ç/é", "<b>"]),
            st.text(min_size=1, max_size=3),
            st.sampled_from([0.0, 1.0, np.nan]),
            st.floats(0, 5, width=32) | st.just(np.nan),
        ),
        max_size=8,
    ),
    st.dictionaries(st.text(max_size=3), st.integers() | st.text() | st.lists(st.booleans())),
    st.integers(0, 50),
)
def test_a_saved_table_comes_back_the_same(tmp_path_factory, rows, metadata, offset):
    frames = pd.DataFrame(
        {
            "corpus": np.full(len(rows), "demo", object),
            "subject": np.array([f"demo/{row[0]}" for row in rows], object),
            "sequence": np.array([row[1] for row in rows], object),
            "frame": np.arange(len(rows)),
            "AU4": np.array([row[2] for row in rows], float),
            "AU4_intensity": np.array([row[3] for row in rows], float),
        },
        index=np.arange(len(rows)) * 2 + offset,
    )
    table = FrameTable(frames, metadata)
    path = tmp_path_factory.mktemp("table") / "table.parquet"
    table.save(path)
    loaded = FrameTable.load(path)
    pd.testing.assert_frame_equal(loaded.frames, table.frames)
    assert loaded.metadata == table.metadata == metadata
    assert loaded.rows.tolist() == table.rows.tolist()


def test_saving_leaves_no_temporary_file_and_replaces_the_old_one(tmp_path):
    FrameTable(some_frames()).save(tmp_path / "t.parquet")
    FrameTable(some_frames().iloc[:1]).save(tmp_path / "t.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["t.parquet"]
    assert len(FrameTable.load(tmp_path / "t.parquet")) == 1


def test_a_table_cut_off_anywhere_is_refused(tmp_path):
    path = tmp_path / "t.parquet"
    FrameTable(some_frames()).save(path)
    content = path.read_bytes()
    for length in range(0, len(content), max(1, len(content) // 60)):
        path.write_bytes(content[:length])
        with pytest.raises(CorpusError, match=r"t\.parquet cannot be read"):
            FrameTable.load(path)


def test_a_damaged_table_is_never_read_as_another_one(tmp_path):
    path = tmp_path / "t.parquet"
    table = FrameTable(some_frames(), {"note": "clean"})
    table.save(path)
    content = path.read_bytes()
    for position in np.linspace(0, len(content) - 1, 80).astype(int):
        damaged = bytearray(content)
        damaged[position] ^= 0x04
        path.write_bytes(damaged)
        try:
            loaded = FrameTable.load(path)
        except CorpusError:
            continue
        np.testing.assert_array_equal(loaded.labels, table.labels)


def test_a_foreign_parquet_file_is_refused(tmp_path):
    some_frames().to_parquet(tmp_path / "foreign.parquet")
    with pytest.raises(CorpusError, match="no FrameTable"):
        FrameTable.load(tmp_path / "foreign.parquet")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.parquet"):
        FrameTable.load(tmp_path / "nowhere.parquet")


def test_a_table_that_cannot_be_written_is_a_clear_error(tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match=r"could not write .*t\.parquet"):
        FrameTable(some_frames()).save(tmp_path / "file" / "t.parquet")


@pytest.mark.parametrize("metadata", [{"a": object()}, {"a": float("nan")}, ["a"]])
def test_metadata_that_json_cannot_hold_are_refused(metadata):
    with pytest.raises(TypeError, match="metadata must be"):
        FrameTable(some_frames(), metadata)


def test_metadata_are_a_copy():
    metadata = {"list": [1]}
    table = FrameTable(some_frames(), metadata)
    metadata["list"].append(2)
    assert table.metadata == {"list": [1]}


def test_the_card_shows_counts_rates_missing_and_thumbnails(with_images):
    html = with_images._repr_html_()
    assert "4 frames" in html
    assert "2 people" in html
    assert "2 sequences" in html
    assert "Lip corner puller" in html
    assert "25.0 %" in html
    assert ">unknown</th>" in html
    assert html.count('src="data:image/png;base64,') == 4
    assert "synthetic" not in html
    assert "spoiled" not in html


def test_the_card_says_synthetic_and_spoiled():
    table = FrameTable(some_frames(), {"synthetic": True}).with_labels(np.zeros((4, 2)), "all off")
    assert "synthetic" in table._repr_html_()
    assert "all off" in table._repr_html_()
    assert "synthetic" in repr(table)
    assert "spoiled" in repr(table)


def test_the_card_escapes_every_text_that_comes_from_data(with_images):
    evil = '"><script>alert(1)</script>'
    frames = some_frames(
        corpus=evil, subject=[f"{evil}/a", f"{evil}/a", f"{evil}/b", f"{evil}/b"], sequence=evil
    )
    table = FrameTable(frames, {"synthetic": evil}, with_images.store)
    html = table.with_labels(np.zeros((4, 2)), evil)._repr_html_()
    assert "<script" not in html
    assert "&lt;script" in html
    assert not re.search(r'alt="[^"]*"[^>]*<', html)


def test_an_empty_table_still_shows_itself(with_images):
    empty = with_images.where(np.zeros(4, bool))
    assert "0 frames" in empty._repr_html_()
    assert empty.labels.shape == (0, 2)
    assert empty.images().shape == (0, 3, 6, 6)
