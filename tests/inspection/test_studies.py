"""Tables of studies, against pandas, scipy and sums written out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from aunce_lib.inspection.studies import (
    PAIRED,
    add_rare,
    paired_differences,
    published,
    read_study,
    summarise,
    transfer,
)


def invented(losses=("A", "B"), seeds=(100, 101, 102, 103), noises=(0.0, 0.2), **columns):
    """A tidy table of invented scores."""
    rng = np.random.default_rng(0)
    rows = [
        {
            "corpus": "c",
            "tested_on": "c",
            "loss": loss,
            "split": "test",
            "seed": seed,
            "fold": 1,
            "size": "tiny",
            "people": pd.NA,
            "frames": pd.NA,
            "imbalance": 1.0,
            "noise": noise,
            "noise_kind": "flip" if noise else "none",
            "macro_f1": rng.random(),
            "all_active_f1": 0.4,
            **columns,
        }
        for noise in noises
        for seed in seeds
        for loss in losses
    ]
    return pd.DataFrame(rows).astype({"people": "Int64", "frames": "Int64"})


def test_means_and_intervals_are_those_of_scipy():
    results = invented()
    table = summarise(results, by=["loss", "noise"])
    for (loss, noise), row in table.iterrows():
        values = results[(results.loss == loss) & (results.noise == noise)].macro_f1
        wanted = stats.t.interval(0.95, 3, values.mean(), stats.sem(values))
        np.testing.assert_allclose(row[["mean", "low", "high"]], [values.mean(), *wanted])
        assert row.n == 4


def test_failed_runs_are_counted_and_left_out():
    results = invented(losses=["A"], noises=[0.0])
    results.loc[1, "macro_f1"] = np.nan
    (row,) = summarise(results).itertuples()
    assert (row.n, row.failed) == (3, 1)
    assert row.mean == pytest.approx(results.macro_f1.mean())


@pytest.mark.parametrize("n", [0, 1])
def test_one_run_has_no_interval_and_none_no_mean(n):
    results = invented(seeds=[100], losses=["A"], noises=[0.0])
    results.loc[n:, "macro_f1"] = np.nan
    (row,) = summarise(results).itertuples()
    assert np.isnan([row.low, row.high]).all()
    assert np.isnan(row.mean) == (n == 0)


def test_differences_are_paired_by_seed_whatever_the_order_of_rows():
    results = invented()
    table = paired_differences(results.sample(frac=1, random_state=0), "A", "B", by=["noise"])
    for (pair, noise), row in table.iterrows():
        part = results[results.noise == noise].pivot(
            index="seed", columns="loss", values="macro_f1"
        )
        test = stats.ttest_rel(part.A, part.B)
        low, high = test.confidence_interval(0.95)
        wanted = [(part.A - part.B).mean(), low, high]
        np.testing.assert_allclose(row[["difference", "low", "high"]], wanted)
        assert (pair, row.n) == ("A - B", 4)


def test_a_table_read_from_csv_says_the_same(tmp_path):
    results = invented()
    results.to_csv(tmp_path / "study.csv", index=False)
    read = pd.read_csv(tmp_path / "study.csv")
    pd.testing.assert_frame_equal(
        paired_differences(read, "A", "B"), paired_differences(results, "A", "B")
    )


def test_a_seed_that_one_loss_lacks_is_no_pair():
    results = invented(noises=[0.0])
    results = results[(results.loss == "A") | (results.seed < 102)]
    assert paired_differences(results, "A", "B").n.tolist() == [2]


def test_two_runs_for_one_seed_are_no_pair_but_an_error():
    results = pd.concat([invented(temperature=0.1), invented(temperature=0.5)])
    with pytest.raises(ValueError, match="'A' has several runs for one seed.*choose one"):
        paired_differences(results, "A", "B")


def test_an_unknown_loss_tells_which_there_are():
    with pytest.raises(ValueError, match=r"no runs of 'C'; there are \['A', 'B'\]"):
        paired_differences(invented(), "A", "C")


def test_a_table_that_is_none_of_a_study_is_refused():
    with pytest.raises(ValueError, match=r"the columns \['tested_on'\]"):
        summarise(invented().drop(columns="tested_on"))


def test_rare_units_are_those_below_the_rate_in_each_row():
    results = pd.DataFrame(
        {
            "f1_AU1": [0.2, 0.4, 0.5],
            "f1_AU2": [0.6, 0.8, np.nan],
            "rate_AU1": [0.05, 0.05, 0.3],
            "rate_AU2": [0.09, 0.1, 0.05],
        }
    )
    np.testing.assert_allclose(add_rare(results).rare_f1, [0.4, 0.4, np.nan])


def test_transfer_compares_home_and_away_on_the_shared_units_of_the_same_faces():
    rows = [
        ("c", "c", {"f1_AU1": 0.9, "f1_AU2": 0.5}),
        ("c", "d", {"f1_AU2": 0.3, "f1_AU4": np.nan}),
        ("d", "d", {"f1_AU2": 0.6, "f1_AU4": 0.8}),
        ("d", "c", {"f1_AU2": 0.4}),
    ]
    base = invented(losses=["A"], seeds=[100], noises=[0.0]).iloc[0].to_dict()
    results = pd.DataFrame(
        [{**base, "corpus": a, "tested_on": b, **scores} for a, b, scores in rows]
    )
    table = transfer(results).set_index(["corpus", "tested_on"])
    away = table.loc[("c", "d")]
    assert (away.n_aus, away.f1, away.home_f1) == (1, 0.3, 0.6)
    assert away["drop"] == pytest.approx(0.3)
    back = table.loc[("d", "c")]
    assert (back.n_aus, back.f1, back.home_f1) == (1, 0.4, 0.5)
    home = table.loc[("c", "c")]
    assert (home.n_aus, home["drop"]) == (2, 0)
    assert home.f1 == pytest.approx(0.7)


@pytest.mark.parametrize(("corpus", "mean"), [("bp4d", 0.661), ("disfa", 0.664)])
def test_published_numbers_are_marked_as_what_they_are_and_add_up(corpus, mean):
    table = published(corpus)
    assert (table.note == "other data, other protocol").all()
    assert table.source.notna().all()
    ours = table.loc["AUNCE"]
    assert ours[ours.fold.isna()].macro.tolist() == [mean]
    assert ours[ours.fold.notna()].macro.mean() == pytest.approx(mean, abs=2e-3)
    told = table.dropna(subset=["AU1"])
    np.testing.assert_allclose(told.filter(regex=r"^AU\d").mean(axis=1), told.macro, atol=1.1e-3)
    assert table.filter(regex=r"^(macro|AU\d)").max(axis=None) <= 1


def test_a_corpus_without_published_numbers_is_told():
    with pytest.raises(ValueError, match="nothing published is kept for 'gft'"):
        published("gft")


def test_a_stored_study_is_read_and_a_missing_one_is_named(tmp_path):
    names = [*PAIRED, "loss", "macro_f1"]
    pd.DataFrame([[0] * len(names)], columns=names).to_csv(tmp_path / "mine.csv", index=False)
    assert list(read_study("mine", tmp_path).columns) == names
    with pytest.raises(FileNotFoundError, match=r"no study 'noise' in .*there are \['mine'\]"):
        read_study("noise", tmp_path)


def test_a_file_that_is_no_study_is_refused(tmp_path):
    pd.DataFrame({"a": [1]}).to_csv(tmp_path / "mine.csv", index=False)
    with pytest.raises(ValueError, match="is it the table of a study"):
        read_study("mine", tmp_path)
