"""Dials: what each changes, what it leaves alone, and that nobody can overlook it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aunce_lib.corpora import CorpusError, Fold, FrameTable, dials, synthetic
from aunce_lib.facs import column

AUS = (1, 12, 25)


def table_of(seed: int = 0, people: int = 4, frames: int = 60, unknown: float = 0.1) -> FrameTable:
    """Runs of active frames with intensities, two sequences a person, some labels unknown."""
    rng = np.random.default_rng(seed)
    n = people * 2 * frames
    data = {
        "corpus": "demo",
        "subject": np.repeat([f"demo/P{i}" for i in range(people)], 2 * frames),
        "sequence": np.tile(np.repeat(["a", "b"], frames), people),
        "frame": np.tile(np.arange(frames), 2 * people),
    }
    for au in AUS:
        wave = np.convolve(rng.normal(size=n + 8), np.ones(9) / 3, "valid")
        active = wave > 0.6
        label = np.where(rng.random(n) < unknown, np.nan, active)
        data[column(au)] = label
        data[f"{column(au)}_intensity"] = np.where(active, 0.3 + np.abs(wave) / 6, 0.1).clip(0, 1)
    return FrameTable(pd.DataFrame(data), {"synthetic": True})


LABEL_DIALS = {
    "flip_labels": lambda table, seed: dials.flip_labels(table, 0.2, seed),
    "miss_weak_events": lambda table, seed: dials.miss_weak_events(table, 0.3, seed),
    "careless_coder": lambda table, seed: dials.careless_coder(table, 0.5, 0.4, seed),
    "hide_labels": lambda table, seed: dials.hide_labels(table, 0.2, seed),
}
FRAME_DIALS = {
    "scale_rates": lambda table, seed: dials.scale_rates(table, 0.5, seed),
    "fewer_people": lambda table, seed: dials.fewer_people(table, 2, seed),
}
DIALS = LABEL_DIALS | FRAME_DIALS
each_dial = pytest.mark.parametrize("dial", DIALS.values(), ids=DIALS)
each_label_dial = pytest.mark.parametrize("dial", LABEL_DIALS.values(), ids=LABEL_DIALS)


def truth(table: FrameTable) -> np.ndarray:
    return table.frames[[f"{column(au)}_true" for au in table.aus]].to_numpy()


# ------------------------------------------------------------------------- all dials
@each_dial
def test_same_seed_same_table_other_seed_another_and_the_given_one_unchanged(dial):
    table = table_of()
    before = table.frames.copy()
    assert dial(table, 1).frames.equals(dial(table, 1).frames)
    assert not dial(table, 1).frames.equals(dial(table, 2).frames)
    pd.testing.assert_frame_equal(table.frames, before)
    assert table.spoiled == ()


@each_dial
def test_no_spoiled_table_passes_for_a_clean_one(dial, tmp_path):
    spoiled = dial(table_of(), 7)
    (note,) = spoiled.spoiled
    assert "7" in note
    people = spoiled.subjects == spoiled.subjects[0]
    spoiled.save(tmp_path / "t.parquet")
    names = sorted(set(spoiled.subjects))
    parts = [
        spoiled,
        spoiled.where(people),
        spoiled.take([0, 1]),
        FrameTable.load(tmp_path / "t.parquet"),
        *Fold(tuple(names[:1]), tuple(names[1:])).split(spoiled),
    ]
    for part in parts:
        assert part.spoiled == (note,)
        assert f"spoiled on purpose: {note}" in part._repr_html_()
        assert "spoiled" in repr(part)


@each_label_dial
def test_lost_notes_are_noticed_by_the_clean_labels_beside(dial):
    spoiled = dial(table_of(), 0)
    stripped = FrameTable(spoiled.frames, {"synthetic": True})
    assert stripped.spoiled
    assert "spoiled on purpose" in stripped._repr_html_()


@pytest.mark.parametrize("first", LABEL_DIALS.values(), ids=LABEL_DIALS)
@pytest.mark.parametrize("second", DIALS.values(), ids=DIALS)
def test_dials_compose_and_the_truth_is_never_overwritten(first, second):
    table = table_of(unknown=0.0)
    twice = second(first(table, 1), 2)
    assert len(twice.spoiled) == 2
    clean = table.frames.loc[twice.frames.index, [column(au) for au in AUS]].to_numpy()
    np.testing.assert_array_equal(truth(twice), clean)


@each_label_dial
def test_unknown_labels_stay_unknown_and_known_frames_stay_the_same(dial):
    table = table_of(unknown=0.3)
    spoiled = dial(table, 3)
    unknown = np.isnan(table.labels)
    assert np.isnan(spoiled.labels[unknown]).all()
    np.testing.assert_array_equal(truth(spoiled), table.labels)
    others = [c for c in table.frames if c not in [column(au) for au in AUS]]
    pd.testing.assert_frame_equal(spoiled.frames[others], table.frames[others])


# ------------------------------------------------------------------------- one by one
@settings(max_examples=25, deadline=None)
@given(rate=st.floats(0, 1), seed=st.integers(0, 1000))
def test_flips_are_as_many_as_chance_allows(rate, seed):
    table = table_of(seed)
    changed = dials.flip_labels(table, rate, seed).labels != table.labels
    known = ~np.isnan(table.labels)
    n, k = known.sum(), (changed & known).sum()
    assert abs(k - n * rate) <= 5 * np.sqrt(n * rate * (1 - rate)) + 1e-9  # 5 deviations


def test_flips_hit_active_and_inactive_labels_alike():
    table = table_of(people=40)
    changed = dials.flip_labels(table, 0.2).labels != table.labels
    for value in (0, 1):
        assert changed[table.labels == value].mean() == pytest.approx(0.2, abs=0.02)


@settings(max_examples=25, deadline=None)
@given(rate=st.floats(0, 1), seed=st.integers(0, 1000))
def test_hidden_labels_are_as_many_as_chance_allows(rate, seed):
    table = table_of(seed)
    hidden = np.isnan(dials.hide_labels(table, rate, seed).labels)
    known = ~np.isnan(table.labels)
    n, k = known.sum(), (hidden & known).sum()
    assert abs(k - n * rate) <= 5 * np.sqrt(n * rate * (1 - rate)) + 1e-9


def events(table: FrameTable, labels: np.ndarray, j: int) -> list[tuple[float, list[int]]]:
    """Peak and positions of the runs of 1, by going through the sequences one frame at a time."""
    found, run = [], []
    keys = table.frames[["subject", "sequence"]].astype(str).agg("/".join, axis=1).to_list()
    intensity = table.frames[f"{column(AUS[j])}_intensity"].to_numpy()
    for i in range(len(table) + 1):
        ends = i == len(table) or labels[i, j] != 1 or (run and keys[i] != keys[run[-1]])
        if ends and run:
            found.append((intensity[run].max(), run))
            run = []
        if i < len(table) and labels[i, j] == 1:
            run.append(i)
    return found


def test_weak_events_are_missed_whole_and_rather_than_strong_ones():
    table = table_of(people=60, unknown=0.0)
    spoiled = dials.miss_weak_events(table, 0.3, seed=1).labels
    assert (spoiled <= table.labels).all()  # nothing new appears
    for j in range(len(AUS)):
        found = sorted(events(table, table.labels, j))
        missed = np.array([not spoiled[run, j].any() for _, run in found])
        whole = np.array([spoiled[run, j].all() for _, run in found])
        assert (missed | whole).all()
        assert missed.mean() == pytest.approx(0.3, abs=0.08)
        third = len(found) // 3
        assert missed[:third].mean() > 0.6
        assert missed[-third:].mean() < 0.05


def test_the_order_of_the_rows_does_not_matter_to_events():
    table = table_of(unknown=0.0)
    shuffled = table.take(np.random.default_rng(0).permutation(len(table)))
    one = dials.miss_weak_events(table, 0.5).frames
    other = dials.miss_weak_events(shuffled, 0.5).frames.sort_index()
    pd.testing.assert_frame_equal(one, other)


@pytest.mark.parametrize(("rate", "left"), [(0, 1.0), (1, 0.0)])
def test_no_event_or_every_event_is_missed_at_the_ends(rate, left):
    table = table_of(unknown=0.0)
    spoiled = dials.miss_weak_events(table, rate)
    assert np.nansum(spoiled.labels) == left * np.nansum(table.labels)


def test_events_without_intensities_are_a_clear_error():
    table = table_of()
    bare = FrameTable(table.frames.drop(columns="AU12_intensity"))
    with pytest.raises(CorpusError, match="AU12_intensity.*use flip_labels"):
        dials.miss_weak_events(bare, 0.3)


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_a_careless_coder_spoils_whole_sequences_and_no_others(share):
    table = table_of(people=8, unknown=0.0)
    spoiled = dials.careless_coder(table, share, 0.4, seed=2)
    changed = (spoiled.labels != table.labels).reshape(16, -1).mean(1)  # (sequences,)
    assert (changed > 0).sum() == share * 16
    assert changed[changed > 0].mean() == pytest.approx(0.4, abs=0.07) if share else True


@pytest.mark.parametrize("factor", [0.3, 0.7, 1.0, 1.3])
def test_rates_are_scaled_by_leaving_frames_out(factor):
    table = table_of(people=80, unknown=0.05)
    scaled = dials.scale_rates(table, factor)
    before, after = table.rates()["rate"], scaled.rates()["rate"]
    np.testing.assert_allclose(after / before, factor, rtol=0.08)
    kept = table.frames.loc[scaled.frames.index]
    pd.testing.assert_frame_equal(kept, scaled.frames, check_categorical=False)
    assert not any(name.endswith("_true") for name in scaled.frames)


def test_scaling_an_embedded_corpus_keeps_many_of_its_frames():
    table = synthetic.labels("synth-disfa", "small")
    scaled = dials.scale_rates(table, 0.5)
    np.testing.assert_allclose(scaled.rates()["rate"], table.rates()["rate"] / 2, atol=0.02)
    assert len(scaled) > 0.4 * len(table)


@pytest.mark.parametrize("factor", [0, -1, 50, float("nan")])
def test_rates_that_cannot_be_are_refused(factor):
    with pytest.raises(ValueError, match="factor must be above 0 and keep every rate below 1"):
        dials.scale_rates(table_of(), factor)


def test_fewer_people_keeps_all_frames_of_those_who_stay():
    table = table_of(people=6)
    fewer = dials.fewer_people(table, 4, seed=5)
    assert len(set(fewer.subjects)) == 4
    assert len(fewer) == 4 / 6 * len(table)
    assert fewer.spoiled == ("only 4 of 6 people (seed 5)",)


@pytest.mark.parametrize("n", [0, 5, 2.0, True])
def test_an_impossible_number_of_people_is_refused(n):
    with pytest.raises(ValueError, match=r"n must be a whole number in 1..4 people"):
        dials.fewer_people(table_of(), n)


@pytest.mark.parametrize("value", [-0.1, 1.1, float("nan"), "a", None, True])
@pytest.mark.parametrize(
    "name", ["flip_labels", "miss_weak_events", "careless_coder", "hide_labels"]
)
def test_a_rate_outside_0_to_1_is_refused(name, value):
    with pytest.raises(ValueError, match=r"must be a number in 0..1"):
        getattr(dials, name)(table_of(people=1), value)


def test_an_empty_table_is_no_trouble_but_has_no_rates_to_scale():
    empty = table_of().take([])
    for dial in LABEL_DIALS.values():
        assert len(dial(empty, 0)) == 0
    with pytest.raises(ValueError, match="has no frames"):
        dials.scale_rates(empty, 0.5)
