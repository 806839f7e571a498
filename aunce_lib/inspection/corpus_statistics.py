"""Statistics of a corpus' labels: rates, phi, events; and how near the embedded ones come."""

from __future__ import annotations

from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ..corpora.embedded import CORPORA
from ..corpora.errors import CorpusError
from ..corpora.frames import FrameTable
from ..facs import AU_SETS, column
from .style import COLOURS

#: What an embedded corpus is held to; lengths as a share of the published ones.
TOLERANCES = {"rate": 0.02, "phi": 0.05, "event length": 0.15}

#: Published beside the tables of `faces.statistics`, and imitated only as far as these lead to it.
_BESIDE = {
    "bp4d": {
        ("frames without AU", ""): 0.079,
        ("AUs a frame", ""): 4.05,
        ("lowest rate of a person", "AU1"): 0.011,
        ("highest rate of a person", "AU1"): 0.699,
        ("lowest rate of a person", "AU7"): 0.193,
        ("highest rate of a person", "AU7"): 1.0,
        ("lowest rate of a person", "AU24"): 0.005,
        ("highest rate of a person", "AU24"): 0.366,
        **{
            ("events per 1,000 frames", column(au)): 1000 * n / 146_847
            for au, n in zip(
                AU_SETS["bp4d"],
                (474, 380, 408, 540, 569, 591, 448, 571, 647, 1203, 806, 458),
                strict=True,
            )
        },
    },
    "disfa": {
        ("frames without AU", ""): 0.537,
        ("AUs a frame", ""): 0.86,
        **{
            ("events per 1,000 frames", column(au)): 1000 * n / 130_814
            for au, n in zip(AU_SETS["disfa"], (116, 80, 207, 114, 67, 192, 312, 228), strict=True)
        },
    },
}


def label_statistics(table: FrameTable) -> pd.DataFrame:
    """Statistics of the labels of any table, a row each.

    An event is a run of active frames of a sequence, in the order of the frames; unknown labels end
    it. Its length counts frames that are in the table, so take a table with all frames.

    Returns:
        Columns quantity ("rate", "phi", "event length": the median in frames, "events per 1,000
        frames", "lowest rate of a person", "highest rate of a person", "frames without AU", "AUs a
        frame"), aus ("AU1", "AU1 AU2" or ""), value.

    Raises:
        CorpusError: If the table is empty.
    """
    if not len(table):
        raise CorpusError("the table has no frames")
    frames = table.frames.sort_values(["subject", "sequence", "frame"])
    names = [column(au) for au in table.aus]
    labels = frames[names]
    sequence = frames.groupby(["subject", "sequence"], observed=True).ngroup().to_numpy()
    person = labels.groupby(frames["subject"], observed=True).mean()
    rows = []
    for name in names:
        lengths = _event_lengths(labels[name].to_numpy() == 1, sequence)
        rows += [
            ("rate", name, labels[name].mean()),
            ("event length", name, np.median(lengths) if len(lengths) else np.nan),
            ("events per 1,000 frames", name, 1000 * len(lengths) / len(labels)),
            ("lowest rate of a person", name, person[name].min()),
            ("highest rate of a person", name, person[name].max()),
        ]
    phi = labels.corr()
    rows += [("phi", f"{a} {b}", phi.loc[a, b]) for a, b in combinations(names, 2)]
    known = labels.dropna()
    rows.append(("frames without AU", "", (known == 0).all(axis=1).mean()))
    rows.append(("AUs a frame", "", known.sum(axis=1).mean()))
    return pd.DataFrame(rows, columns=["quantity", "aus", "value"])


def _event_lengths(active: np.ndarray, sequence: np.ndarray) -> np.ndarray:
    """Lengths of the runs of active frames (N,) that stay within a sequence (N,)."""
    new = np.r_[True, sequence[1:] != sequence[:-1]]
    begins = active & (new | ~np.r_[False, active[:-1]])
    return np.bincount(np.cumsum(begins)[active])[1:]


def compare_statistics(table: FrameTable) -> pd.DataFrame:
    """How near the labels of an embedded corpus come to the published statistics of the real one.

    Args:
        table: All frames of "synth-bp4d" or "synth-disfa": `synthetic.labels(name, "full")`.

    Returns:
        A row a statistic: corpus, quantity, aus, published, ours, difference (for event lengths as
        a share of the published length), tolerance (NaN where nothing is promised), within.

    Raises:
        CorpusError: If the table is no embedded corpus whose model has published its statistics,
            or does not hold every frame.
    """
    name = table.metadata.get("corpus")
    if name not in CORPORA or not CORPORA[name].published:
        known = [corpus for corpus, about in CORPORA.items() if about.published]
        raise CorpusError(f"nothing is published to compare with {name!r}; there are {known}")
    if table.metadata["every"] != 1:
        raise CorpusError(
            f"the table holds 1 of {table.metadata['every']} frames, too few to see events; take "
            f'synthetic.labels("{name}", "full")'
        )
    corpus = CORPORA[name]
    labelled = AU_SETS[corpus.real]
    stated = corpus.statistics
    published = {("rate", column(au)): v for au, v in stated.rates if au in labelled}
    published |= {
        ("phi", f"{column(a)} {column(b)}"): v
        for a, b, v in stated.phi
        if a in labelled and b in labelled
    }
    published |= {("event length", column(au)): v for au, v in stated.events if au in labelled}
    published |= _BESIDE[corpus.real]
    ours = label_statistics(table).set_index(["quantity", "aus"])["value"]
    frame = pd.DataFrame(
        [(name, *key, value, ours[key]) for key, value in published.items()],
        columns=["corpus", "quantity", "aus", "published", "ours"],
    )
    share = np.where(frame["quantity"] == "event length", frame["published"], 1.0)
    frame["difference"] = (frame["ours"] - frame["published"]) / share
    frame["tolerance"] = frame["quantity"].map(TOLERANCES)
    frame["within"] = (frame["difference"].abs() <= frame["tolerance"]).where(
        frame["tolerance"].notna()
    )
    return frame


def plot_statistics(comparison: pd.DataFrame) -> tuple[Figure, np.ndarray]:
    """Published against ours: rates, phi and event lengths, a colour a corpus.

    Args:
        comparison: One or more results of `compare_statistics`, concatenated.

    Returns:
        The figure and its axes (3,). Grey bands are the tolerances.
    """
    figure, axes = plt.subplots(1, 3, figsize=(12, 4.4), layout="constrained")
    panels = (
        ("rate", "share of frames in which an AU is active", "±.02"),
        ("phi", "correlation of two AUs' labels (phi)", "±.05"),
        ("event length", "median length of events, frames", "±15 %"),
    )
    for ax, (quantity, title, band) in zip(axes, panels, strict=True):
        part = comparison[comparison["quantity"] == quantity]
        low, high = _limits(part, logarithmic=quantity == "event length")
        line = np.array([low, high])
        width = TOLERANCES[quantity] * (line if quantity == "event length" else 1.0)
        ax.fill_between(line, line - width, line + width, color="#DDDDDD")
        ax.plot(line, line, color="#888888", linewidth=0.8)
        for colour, marker, (corpus, rows) in zip(COLOURS, "os^D", part.groupby("corpus")):  # noqa: B905
            ax.scatter(
                rows["published"],
                rows["ours"],
                s=28,
                color=colour,
                marker=marker,
                label=corpus,
                zorder=3,
                edgecolor="white",
                linewidth=0.5,
            )
        if quantity == "event length":
            ticks = [15, 20, 30, 50, 80, 120]
            for axis, scale in ((ax.xaxis, ax.set_xscale), (ax.yaxis, ax.set_yscale)):
                scale("log")
                axis.set_ticks(ticks, [str(tick) for tick in ticks])
                axis.set_ticks([], minor=True)
        ax.set(xlim=(low, high), ylim=(low, high), xlabel="published", ylabel="ours")
        ax.set_title(f"{title}\ngrey: within {band}", fontsize=10)
        ax.set_aspect("equal")
        ax.spines[["top", "right"]].set_visible(False)
    axes[0].legend(frameon=False, loc="upper left", fontsize=9)
    figure.suptitle("Labels of the synthetic corpora against the published statistics")
    return figure, axes


def _limits(part: pd.DataFrame, logarithmic: bool) -> tuple[float, float]:
    """Ends of both axes, a little beyond all points."""
    values = part[["published", "ours"]].to_numpy()
    if logarithmic:
        return values.min() / 1.25, values.max() * 1.25
    room = 0.08 * (values.max() - values.min())
    return values.min() - room, values.max() + room
