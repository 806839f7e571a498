"""Does a model read all faces equally well? Its scores by skin tone, age, glasses or anything else.

A mean over all faces hides who pays for the mistakes. Each group gets its own rate, F1 and AUC,
with intervals over the people in it: few people mean wide intervals, and groups whose intervals
overlap have not been shown to differ. F1 grows with the rate of the label, AUC does not: compare
groups with unequal rates by AUC.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..corpora.frames import FrameTable
from ..facs import column as au_column
from .bootstrap import (
    MACRO,
    bootstrap_auc,
    bootstrap_f1,
    confusion,
    f1_score,
    interval95,
    nanmean,
    pair_wins,
    ratio,
)
from .inputs import as_labels, as_scores, as_subjects, same_length

UNKNOWN = "unknown"
MOST_VALUES = 12  # of a column that is split into its values


def by_group(
    table: FrameTable,
    scores,
    predictions,
    column: str,
    bins: int | Sequence[float] | None = None,
    names: Sequence[str] | None = None,
    n_resamples: int = 1000,
    seed: int = 0,
) -> pd.DataFrame:
    """Scores of a model in each group of people or faces.

    Args:
        table: The faces, with labels.
        scores: Floating (N, J), the higher the likelier active, from `Probe.scores`.
        predictions: 0, 1 or NaN (no answer), (N, J), from `Probe.predict`.
        column: What to group by, a column of `table.frames`: "person_melanin", "person_age",
            "person_glasses", "scene_light" …
        bins: None makes each value a group (at most 12); a number makes so many groups with about
            equally many faces; edges (ascending) make a group between each two, its upper edge
            included, the lowest edge too.
        names: Names of the groups, from the lowest value to the highest.
        n_resamples: Number of bootstrap repetitions, over the people of a group.
        seed: Seed of the draws.

    Returns:
        A row for each group and AU, and for each group's macro mean. Columns group, au ("AU1" …,
        "macro"), rate (share of active labels), called (share called active), f1, f1_low, f1_high,
        auc, auc_low, auc_high (95 % intervals over people; all 0 to 1), n_frames (with a known
        label), n_people. NaN means undefined: no active face, no answer, for AUC no inactive face,
        for an interval fewer than 2 people. The macro mean is over the AUs that are defined in
        every group that has faces, so that groups compare; NaN if there is none. Faces without a
        value form the group "unknown".

    Raises:
        TypeError: If a dtype is wrong.
        ValueError: If there is no such column, a shape is wrong, or bins or names do not fit.

    Example:
        >>> table = FrameTable(pd.DataFrame({
        ...     "corpus": "demo", "subject": ["demo/Ann", "demo/Bob"] * 2, "sequence": "smile",
        ...     "frame": [0, 0, 1, 1], "AU12": [1, 1, 0, 0], "person_glasses": [0, 1, 0, 1]}))
        >>> scores = np.array([[0.9], [0.2], [0.1], [0.4]])
        >>> groups = by_group(table, scores, scores > 0.5, "person_glasses", names=("no", "yes"))
        >>> groups.query("au == 'AU12'")[["group", "rate", "f1", "auc", "n_people"]]
          group  rate   f1  auc  n_people
        0    no   0.5  1.0  1.0         1
        2   yes   0.5  0.0  0.0         1
    """
    aus = table.aus
    labels, scores = as_labels(table.labels, aus), as_scores(scores, aus)
    predictions = as_labels(predictions, aus, "predictions")
    same_length(table=labels, scores=scores, predictions=predictions)
    group, groups = _groups(table, column, bins, names)
    measured = []
    for number in range(len(groups)):
        rows = group == number
        here = (labels[rows], scores[rows], predictions[rows], table.subjects[rows])
        measured.append(_measure(*here, n_resamples, seed))
    filled = np.array([(group == number).any() for number in range(len(groups))])
    # an AU counts for the macro means where no group that has faces lacks it
    shared = {
        name: ~np.isnan([m[name] for m in measured])[filled].any(axis=0) for name in ("f1", "auc")
    }
    parts = [
        _rows(name, [*map(au_column, aus)], m, shared)
        for name, m in zip(groups, measured, strict=True)
    ]
    return pd.concat(parts, ignore_index=True)


def _groups(
    table: FrameTable, column: str, bins: int | Sequence[float] | None, names: Sequence[str] | None
) -> tuple[np.ndarray, list[str]]:
    """Number of each face's group, int (N,), and the groups' names."""
    if column not in table.frames:
        known = [name for name in table.frames if name.startswith(("person_", "scene_"))]
        raise ValueError(f"the table has no column {column!r}; to group by there are {known}")
    values = table.frames[column]
    missing = values.isna().to_numpy()
    if bins is None:
        codes, found = pd.factorize(values, sort=True)
        if len(found) > MOST_VALUES:
            raise ValueError(
                f"{column} has {len(found)} different values, which would make as many groups; "
                "give bins, a number of groups or their edges"
            )
        groups = [f"{value:g}" if isinstance(value, float) else str(value) for value in found]
    else:
        if not pd.api.types.is_numeric_dtype(values):
            raise ValueError(f"bins needs numbers, but {column} holds {values.dtype}; leave it out")
        edges = _edges(values.to_numpy(float)[~missing], column, bins)
        codes = np.searchsorted(edges[1:], values.to_numpy(float), side="left")
        groups = [f"{low:.2g} – {high:.2g}" for low, high in zip(edges, edges[1:], strict=False)]
    if names is not None:
        if len(names) != len(groups) or len(set(names)) < len(names):
            raise ValueError(f"names must be {len(groups)} different ones, for {groups}: {names}")
        groups = list(names)
    if missing.any():
        codes, groups = np.where(missing, len(groups), codes), [*groups, UNKNOWN]
    return codes, groups


def _edges(values: np.ndarray, column: str, bins: int | Sequence[float]) -> np.ndarray:
    """Ascending edges of the groups that hold all values."""
    if np.ndim(bins) == 0:
        if isinstance(bins, bool) or not isinstance(bins, (int, np.integer)) or bins < 2:
            raise ValueError(f"bins must be 2 groups or more, or their edges, got {bins!r}")
        if not len(values):
            raise ValueError(f"{column} is unknown for every face: it makes no groups")
        edges = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)))
        if len(edges) < bins + 1:
            raise ValueError(f"{column} has too few different values for {bins} groups; give edges")
        return edges
    edges = np.asarray(bins, float)
    if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
        raise ValueError(f"bins must be ascending edges, at least two, got {list(bins)}")
    outside = values[(values < edges[0]) | (values > edges[-1])]
    if len(outside):
        raise ValueError(
            f"bins must hold all values of {column}, but {outside[0]:g} is outside "
            f"{edges[0]:g} – {edges[-1]:g}"
        )
    return edges


def _measure(labels, scores, predictions, subjects, n_resamples: int, seed: int) -> dict:
    """Of one group, each (J,), and draws (n_resamples, J) of f1 and auc."""
    n_aus = labels.shape[1]
    known = ~np.isnan(labels)
    result = {"n_frames": known.sum(0), "n_all": len(labels), "n_people": len(set(subjects))}
    result["rate"] = ratio((labels == 1).sum(0), known.sum(0))
    answered = known & ~np.isnan(predictions)
    result["called"] = ratio((answered & (predictions == 1)).sum(0), answered.sum(0))
    if not len(labels):
        nothing, no_draws = np.full(n_aus, np.nan), np.full((n_resamples, n_aus), np.nan)
        return result | {"f1": nothing, "auc": nothing, "f1_draws": no_draws, "auc_draws": no_draws}
    codes, _ = as_subjects(subjects, len(labels))
    counts = confusion(labels, predictions, codes)
    result["f1"] = f1_score(*counts.sum(axis=0).T)
    result["f1_draws"] = bootstrap_f1(counts, n_resamples, seed)[:, :-1]
    pairs = [pair_wins(y, s, codes) for y, s in zip(labels.T, scores.T, strict=True)]
    result["auc"] = np.array([ratio(wins.sum(), all_.sum()) for wins, all_ in pairs])
    draws = [bootstrap_auc(wins, all_, n_resamples, seed) for wins, all_ in pairs]
    result["auc_draws"] = np.stack(draws, axis=1)
    return result


def _rows(
    group: str, aus: list[str], measured: dict, shared: dict[str, np.ndarray]
) -> pd.DataFrame:
    """One group's rows: its AUs, and their macro mean."""
    rows = pd.DataFrame({"group": group, "au": [*aus, MACRO]})
    for name in ("rate", "called"):
        rows[name] = np.append(measured[name], nanmean(measured[name]))
    for name in ("f1", "auc"):
        these, value, draws = shared[name], measured[name], measured[f"{name}_draws"]
        rows[name] = np.append(value, nanmean(value[these]))
        means = nanmean(draws[:, these], axis=1)
        low, high = interval95(np.column_stack([draws, means]))
        rows[f"{name}_low"], rows[f"{name}_high"] = low, high
    rows["n_frames"] = [*measured["n_frames"], measured["n_all"]]
    rows["n_people"] = measured["n_people"]
    return rows
