"""One page that shows a demo: self-contained HTML that opens from a file, without a network."""

from __future__ import annotations

import base64
import html
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from aunce_lib.corpora.atomic import atomic_path
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.facs import describe
from aunce_lib.inspection.plots import face_grid, plot_f1_bars, plot_history, plot_projection
from aunce_lib.trial import Trial

MAPPED_AU = 12  # whose embedding is shown on the maps
STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #fff; --line: #d8dee4 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9aa4af; --paper: #14181d; --line: #30363d }
}
body { font: 17px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 60rem; margin: 2.5rem auto; padding: 0 1.2rem }
h1 { font-size: 1.9rem; margin: 0 0 .3rem } h2 { font-size: 1.25rem; margin: 2.4rem 0 .4rem }
p { max-width: 44rem } .soft { color: var(--soft) }
.badge { background: #e69f00; color: #1b1f24; border-radius: .3rem; padding: .1rem .5rem;
  font-size: .8rem; font-weight: 600 }
.scores { display: flex; flex-wrap: wrap; gap: 1rem; margin: 1.4rem 0 }
.scores div { border: 1px solid var(--line); border-radius: .6rem; padding: .8rem 1.2rem }
.scores b { display: block; font-size: 1.9rem; line-height: 1.2 }
figure { margin: 1rem 0 } img { max-width: 100%; background: #fff; border-radius: .4rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .92rem }
th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid var(--line) }
th:first-child, td:first-child { text-align: left }
"""


@dataclass(frozen=True, eq=False)
class DemoResult:
    """All that the report shows.

    Attributes:
        folder: Where everything lies.
        train, test: The faces, of different people.
        trained: By name of the loss.
        mapped: Positions in `test` of the faces on the maps.
        maps: (method, name of the loss) → (n, 2), of the embeddings of AU `MAPPED_AU`.
        metrics: What metrics.json holds.
    """

    folder: Path
    train: FrameTable
    test: FrameTable
    trained: dict[str, Trial]
    mapped: np.ndarray
    maps: dict[tuple[str, str], np.ndarray]
    metrics: dict


def write_report(result: DemoResult) -> Path:
    """Draw the figures, and write them and the page into the demo's folder.

    Returns:
        Path of report.html. Beside it figures/ holds the pictures.

    Raises:
        OSError: If the folder can't be written.
    """
    pictures = {
        name: _png(figure, result.folder / "figures" / f"{name}.png")
        for name, figure in _figures(result).items()
    }
    path = result.folder / "report.html"
    with atomic_path(path) as temporary:
        temporary.write_text(_page(result, pictures), encoding="utf-8")
    return path


def verdict(metrics: dict, ours: str = "aunce", name: str = "AUNCE") -> str:
    """One sentence on who is ahead, a loss or cross-entropy, by macro F1 and intervals over people.

    Args:
        metrics: What metrics.json holds.
        ours: Key of the loss in it.
        name: What the sentence calls it.
    """
    mine, bce = metrics[ours], metrics["bce"]
    gap = mine["macro_f1"] - bce["macro_f1"]
    ahead, behind = (name, "cross-entropy") if gap > 0 else ("cross-entropy", name)
    clear = max(mine["ci95"][0], bce["ci95"][0]) > min(mine["ci95"][1], bce["ci95"][1])
    certainty = (
        "and their 95 % intervals do not touch"
        if clear
        else "but the 95 % intervals of this single run overlap"
    )
    told = f"{ahead} is ahead of {behind} by {abs(gap):.3f} macro F1, {certainty}."
    return told[0].upper() + told[1:]


def _figures(result: DemoResult) -> dict[str, Figure]:
    test, trained = result.test, result.trained
    examples = np.linspace(0, len(test) - 1, 16).astype(int)
    titles = [
        " ".join(str(au) for au, y in zip(test.aus, labels, strict=True) if y == 1) or "none"
        for labels in test.labels[examples]
    ]
    faces, _ = face_grid(test.images(examples), titles, columns=8)
    faces.suptitle("Synthetic faces with their active action units", fontsize=10)
    bars = Figure(figsize=(10, 4.2), layout="constrained")
    plot_f1_bars({name: one.evaluation for name, one in trained.items()}, ax=bars.subplots())
    history, _ = plot_history({name: one.run.history for name, one in trained.items()})
    return {"faces": faces, "f1": bars, "history": history, **_map_figures(result)}


def _map_figures(result: DemoResult) -> dict[str, Figure]:
    """For t-SNE and UMAP: a row a model, coloured by the action unit and by the person."""
    test, trained, rows = result.test, result.trained, result.mapped
    active = test.labels[rows, test.aus.index(MAPPED_AU)]
    people = np.array([subject.split("/")[-1] for subject in test.subjects[rows]])
    figures = {}
    for method, label in (("tsne", "t-SNE"), ("umap", "UMAP")):
        figure = Figure(figsize=(10, 4.5 * len(trained)), layout="constrained")
        for axes, name in zip(figure.subplots(len(trained), 2), trained, strict=True):
            xy = result.maps[method, name]
            plot_projection(
                xy, active, f"{name}: {label}, by AU{MAPPED_AU}", f"AU{MAPPED_AU}", axes[0]
            )
            plot_projection(xy, people, f"{name}: {label}, by person", "person", axes[1])
        figures[method] = figure
    return figures


def _png(figure: Figure, path: Path) -> str:
    """Save a figure; return it as a data URI."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    with atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getvalue())
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()


def _page(result: DemoResult, pictures: dict[str, str]) -> str:
    metrics, train, test = result.metrics, result.train, result.test

    def picture(name: str, alt: str) -> str:
        return (
            f'<figure class="wide"><img src="{pictures[name]}" alt="{html.escape(alt)}"></figure>'
        )

    def score(name: str, value: float, note: str) -> str:
        return f"<div>{html.escape(name)}<b>{value:.3f}</b><span class=soft>{note}</span></div>"

    def interval(loss: str) -> str:
        low, high = metrics[loss]["ci95"]
        return f"95 % interval {low:.3f} … {high:.3f}"

    people = len(set(test.subjects))
    seconds = metrics["seconds"]
    timing = ", ".join(f"{name} {value:.0f} s" for name, value in seconds.items())
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>aunce_lib demo</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>
<body>
<h1>AUNCE against cross-entropy</h1>
<p><span class="badge">SYNTHETIC FACES</span> All faces here are drawn by aunce_lib; nothing on this
page is a claim about real ones.</p>
<p><b>{html.escape(verdict(metrics))}</b>
{html.escape(verdict(metrics, "recipe", "our recipe"))} (Our recipe adds both losses up; it is not
the paper's.) All encoders saw the same {len(train):,} faces of
{len(set(train.subjects))} people (some of whom were held out to watch the training), in two views,
for as many passes. A linear probe on each frozen encoder then read the action units of
{len(test):,} faces of {people} people whom none had seen.</p>
<div class="scores">
{score("AUNCE", metrics["aunce"]["macro_f1"], interval("aunce"))}
{score("Our recipe: both losses", metrics["recipe"]["macro_f1"], interval("recipe"))}
{score("Cross-entropy", metrics["bce"]["macro_f1"], interval("bce"))}
{score("Every AU called active", metrics["all_active"], "without looking")}
</div>
<p class="soft">Macro F1 over {len(test.aus)} action units. Intervals: bootstrap over the {people}
test people, one training run each. Regularisation and thresholds were chosen on training
people.</p>

<h2>The faces</h2>
<p>Above each face, the action units that are active in it: true by construction.</p>
{picture("faces", "Sixteen synthetic faces with the numbers of their active action units")}

<h2>Which action units are read</h2>
{picture("f1", "Bars of F1 per action unit for all models, with intervals and the baseline")}
<div class="wide">{_table(result)}</div>

<h2>How training went</h2>
<p>Alignment: how far two views of a face lie apart. Uniformity: how evenly faces spread; lower is
more even. kNN F1: what neighbours say of people who were held out.</p>
{picture("history", "Loss, alignment, uniformity, collapse and kNN F1 by epoch for all models")}

<h2>The embedding of AU{MAPPED_AU}</h2>
<p>{html.escape(describe(MAPPED_AU))}: {len(result.mapped):,} test faces on the plane. On the left,
colours should part; on the right they should mix, for an embedding of an action unit has no
business telling people apart. Distances between far clusters mean nothing in these maps.</p>
{picture("tsne", "t-SNE maps of all models, coloured by action unit and by person")}
{picture("umap", "UMAP maps of all models, coloured by action unit and by person")}

<p class="soft">Times: {html.escape(timing)}. Numbers: metrics.json beside this page. Method: Shang
et al., arXiv:2402.06165.</p>
</body></html>
"""


def _table(result: DemoResult) -> str:
    """F1 per AU of all models beside the trivial baselines."""
    evaluations = {name: one.evaluation for name, one in result.trained.items()}
    first = next(iter(evaluations.values()))
    columns = {f"{name} F1": e.table.f1 for name, e in evaluations.items()}
    columns |= {f"{name} AUC": e.table.auc for name, e in evaluations.items()}
    columns |= {
        "all active F1": first.baselines["all_active"].f1,
        "by rate F1": first.baselines["by_rate"].f1,
        "rate": first.table.rate,
    }
    head = "".join(f"<th>{html.escape(name)}</th>" for name in ["", *columns])
    body = "".join(
        f"<tr><td>{html.escape(row)}</td>"
        + "".join(f"<td>{values[row]:.3f}</td>" for values in columns.values())
        + "</tr>"
        for row in first.table.index
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
