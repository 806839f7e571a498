"""What a study says: means, paired differences and transfer, from its tidy table.

All intervals are 95 % t-intervals over runs (seeds, and folds if there are several):
mean ± t(n - 1) · s / √n. With three or five runs a bootstrap would be too sure of itself: it knows
no spread beyond the few values it has, and its percentile interval of five values leaves out the
truth in 16 % of studies, not in 5 %. The t-interval pays for small n with length. It speaks of
other runs on these people; what other people would have given is told by the interval over people
in `evaluation` and, with several folds, by these. Runs of two folds share training people, so that
intervals over folds are a little short.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

RESULTS = Path(__file__).parents[2] / "data" / "results"
PUBLISHED = RESULTS / "published.csv"
CONDITION = ["corpus", "tested_on", "imbalance", "noise", "noise_kind"]
#: What two runs must have in common to be a pair.
PAIRED = [*CONDITION, "split", "size", "people", "frames", "fold", "seed"]


def read_study(name: str, folder: str | Path = RESULTS) -> pd.DataFrame:
    """The table of a study that ships with the repository.

    Args:
        name: "main", "beta", "temperature", "noise", "imbalance", "positives" or "cross_corpus".
        folder: Where the tables lie.

    Returns:
        See `study.results`.

    Raises:
        FileNotFoundError: If there is no such table; says which there are.
        ValueError: If the file is no table of a study.
    """
    path = Path(folder) / f"{name}.csv"
    if not path.is_file():
        there = sorted(file.stem for file in Path(folder).glob("*.csv") if file.stem != "published")
        raise FileNotFoundError(
            f"no study {name!r} in {folder}; there are {there}. The tables lie in data/results/ of "
            "the repository; `aunce study` makes one"
        )
    table = pd.read_csv(path)
    _check_columns(table, [*PAIRED, "loss", "macro_f1"])
    return table


def summarise(
    results: pd.DataFrame, value: str = "macro_f1", by: Sequence[str] = (*CONDITION, "loss")
) -> pd.DataFrame:
    """Mean over runs, with its interval.

    Args:
        results: From `study.results`, or the CSV of a study.
        value: Column to summarise.
        by: Columns that tell the rows of the summary apart.

    Returns:
        Index `by`; columns mean, low, high (NaN for one run), n (runs), failed (left out).

    Raises:
        ValueError: If a column is not there.
    """
    _check_columns(results, [value, *by])
    rows = {}
    for key, group in results.groupby(list(by), dropna=False, sort=False):
        values = group[value].dropna().to_numpy(float)
        rows[key] = (*_t_interval(values), len(values), len(group) - len(values))
    return _table(rows, by, ["mean", "low", "high", "n", "failed"])


def paired_differences(
    results: pd.DataFrame,
    ours: str,
    theirs: str,
    value: str = "macro_f1",
    by: Sequence[str] = CONDITION,
) -> pd.DataFrame:
    """One loss less another, run by run: same corpus, people, spoiled labels and seed.

    Two intervals that overlap do not show that two losses are alike: what makes a seed or a fold
    hard makes it hard for both. The difference within pairs is the right thing to look at.

    Args:
        results: From `study.results`, or the CSV of a study.
        ours: Name of a loss.
        theirs: Name of the loss that is subtracted.
        value: Column to compare.
        by: Columns that tell the rows of the result apart.

    Returns:
        Index pair and `by`; columns difference, low, high, n (pairs). An interval without 0 is
        evidence of a difference.

    Raises:
        ValueError: If a loss or column is not there, or runs can't be paired one to one.
    """
    _check_columns(results, [value, *by, *PAIRED])
    sides = []
    for loss in (ours, theirs):
        side = results[results.loss == loss]
        if side.empty:
            raise ValueError(f"no runs of {loss!r}; there are {sorted(results.loss.unique())}")
        if side.duplicated(PAIRED).any():
            raise ValueError(
                f"{loss!r} has several runs for one seed, of other settings: choose one first, "
                "for instance results[results.temperature == 0.5]"
            )
        sides.append(side)
    pairs = sides[0].merge(sides[1][[*PAIRED, value]], on=PAIRED, suffixes=("", "_theirs"))
    pairs["difference"] = pairs[value] - pairs[f"{value}_theirs"]
    table = summarise(pairs, "difference", by)
    table = table.rename(columns={"mean": "difference"}).drop(columns="failed")
    return pd.concat({f"{ours} - {theirs}": table}, names=["pair"])


def add_rare(results: pd.DataFrame, below: float = 0.1) -> pd.DataFrame:
    """The results with one more column, rare_f1: mean F1 of the AUs whose test rate is below."""
    names = [name.removeprefix("f1_") for name in results if name.startswith("f1_")]
    f1 = results[[f"f1_{name}" for name in names]].to_numpy(float)
    rare = results[[f"rate_{name}" for name in names]].to_numpy(float) < below
    return results.assign(rare_f1=pd.DataFrame(np.where(rare, f1, np.nan)).mean(axis=1).to_numpy())


def transfer(results: pd.DataFrame) -> pd.DataFrame:
    """From one corpus to another: F1 away, and what a home-grown model reaches on the same AUs.

    Macro F1 alone would compare different sets of AUs. Here both are over the AUs that the two
    corpora share, on the same test faces.

    Args:
        results: Of a study with `tested_on`.

    Returns:
        A row a run and corpus tested on: the columns of `results` that say which, n_aus (shared),
        f1 (trained on `corpus`), home_f1 (trained on `tested_on`, same seed), drop = home_f1 - f1.
    """
    _check_columns(results, [*PAIRED, "loss"])
    f1 = [name for name in results if name.startswith("f1_")]
    keys = [name for name in PAIRED if name != "corpus"] + ["loss"]
    home = results[results.corpus == results.tested_on][[*keys, *f1]]
    pairs = results.merge(home, on=keys, suffixes=("", "_home"), validate="many_to_one")
    away, at_home = (
        pairs[f1].to_numpy(float),
        pairs[[f"{name}_home" for name in f1]].to_numpy(float),
    )
    shared = ~np.isnan(away) & ~np.isnan(at_home)
    means = [pd.DataFrame(np.where(shared, x, np.nan)).mean(axis=1) for x in (away, at_home)]
    scores = {"n_aus": shared.sum(axis=1), "f1": means[0], "home_f1": means[1]}
    return pairs[["corpus", *keys]].assign(**scores, drop=means[1] - means[0])


def published(corpus: str) -> pd.DataFrame:
    """What papers report on a real corpus: **other data, other protocol**; never a row of ours.

    Args:
        corpus: "bp4d", "disfa" or "bp4dplus".

    Returns:
        Index method (and fold, where one is told); columns macro, AU1 … (F1, 0 to 1), source, note.

    Raises:
        ValueError: If nothing is known of the corpus.
    """
    table = pd.read_csv(PUBLISHED)
    if corpus not in set(table.corpus):
        raise ValueError(f"nothing published is kept for {corpus!r}; {set(table.corpus)} have some")
    table = table[table.corpus == corpus].drop(columns="corpus").set_index("method")
    return table.dropna(axis=1, how="all")


def _t_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Mean, low, high of (n,) values."""
    from scipy.special import stdtrit

    n = len(values)
    mean = values.mean() if n else np.nan
    half = stdtrit(n - 1, 0.975) * values.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    return mean, mean - half, mean + half


def _table(rows: dict, by: Sequence[str], columns: list[str]) -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples(list(rows), names=list(by))
    return pd.DataFrame(list(rows.values()), index=index, columns=columns)


def _check_columns(results: pd.DataFrame, names: Sequence[str]) -> None:
    if missing := [name for name in names if name not in results]:
        raise ValueError(f"results must have the columns {missing}; is it the table of a study?")
