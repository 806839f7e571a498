"""The widgets as a page of their own: `aunce explore` looks at faces through trained encoders.

What is slow (reading, embedding, placing) is done once, before the page opens, and put into a
folder; every visitor's kernel only opens it. The page is served on this machine alone, and its
address holds a secret: the faces may be under a licence.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from aunce_lib.config import TrainConfig
from aunce_lib.corpora import synthetic
from aunce_lib.corpora.embedded import CORPORA
from aunce_lib.corpora.folds import holdout
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.corpora.prepare import load_prepared
from aunce_lib.corpora.store import FrameStore
from aunce_lib.corpora.untrusted import read_json
from aunce_lib.encoder import Encoder
from aunce_lib.evaluation.embed import embed
from aunce_lib.evaluation.probe import Probe
from aunce_lib.experiment import fold_of
from aunce_lib.pretrained import FOLDER, Pretrained, load_pretrained, start_encoder
from aunce_lib.training import Run

TEMPLATES = Path(__file__).parent / "widgets" / "app"
EXHIBIT = "AUNCE_EXHIBIT"  # the folder, as the kernels are told
SHIPPED = ("cross-entropy", "aunce")
NAMES = {"aunce": "AUNCE", "bce": "cross-entropy"}
LOSS_OPTIONS = ("temperature", "beta_active", "beta_inactive", "variant", "positives_from")
FRONT_ENDS = (  # of the page: what an editor has beside them is not loaded
    "anywidget",
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
)
CELLS = {
    "": "from aunce_lib.explore import open_exhibit\nexhibit = open_exhibit()",
    "Embedding explorer": "exhibit.explorer()",
    "Face playground": "from aunce_lib.widgets import Playground\nPlayground({6: 0.8, 12: 1.0})",
    "Threshold explorer": "exhibit.thresholds()",
}


@dataclass(frozen=True, eq=False)
class Model:
    """A trained encoder, with its probe if it has one, and the settings it was trained with."""

    encoder: Encoder
    probe: Probe | None
    config: TrainConfig
    aus: tuple[int, ...]


def open_models(source: str | None, shipped: Path = FOLDER) -> dict[str, Model]:
    """The encoders to look through, by name.

    Args:
        source: Folder of a run, or of a demo (its two runs); a file of weights; the name of a
            shipped model; None for the two shipped ones.
        shipped: Where shipped models lie.

    Raises:
        FileNotFoundError: If there is nothing of that kind.
        ValueError: If it is damaged, or two encoders are of different action units.
    """
    if source is None:
        return {NAMES.get(n, n): _model(load_pretrained(n, shipped)) for n in SHIPPED}
    path = Path(source)
    if path.suffix == ".safetensors" and path.is_file():
        return {path.stem: _model(load_pretrained(path.stem, path.parent))}
    if not path.is_dir():
        if (shipped / f"{source}.safetensors").is_file():
            return {NAMES.get(source, source): _model(load_pretrained(source, shipped))}
        raise FileNotFoundError(
            f"{source} is no folder of a run, no file of weights (.safetensors) and no shipped "
            f"model; shipped are {sorted(p.stem for p in shipped.glob('*.safetensors'))}"
        )
    parts = [path / name for name in ("bce", "aunce") if (path / name / "config.yaml").is_file()]
    runs = {NAMES[part.name]: part for part in parts} or {path.name or "run": path}
    models = {}
    for name, folder in runs.items():
        run, probe = Run.load(folder), folder / "probe.safetensors"
        fitted = Probe.load(probe) if probe.is_file() else None
        models[name] = Model(run.encoder, fitted, run.config, run.aus)
    if len({model.aus for model in models.values()}) > 1:
        raise ValueError(f"the runs in {path} are of different action units; open one of them")
    return models


def open_corpus(corpus: str | None, source: str | None = None) -> FrameTable:
    """The corpus to look at.

    Args:
        corpus: Name of an embedded corpus, or folder of a prepared one; None for the one that the
            run in `source` was trained on, else synth-bp4d.
        source: As `open_models` takes it.

    Raises:
        FileNotFoundError: If there is no such corpus.
    """
    trained_on = Path(source or "") / "data.json"
    if corpus is None and source and trained_on.is_file():
        data = read_json(trained_on)
        if not isinstance(data, dict) or "prepared" not in data:
            raise ValueError(
                f"{trained_on} does not say what the run was trained on: name a corpus"
            )
        corpus = str(data["prepared"])
    corpus = corpus or "synth-bp4d"
    if corpus in CORPORA:
        return synthetic.load(corpus, progress=True)
    if not Path(corpus).is_dir():
        raise FileNotFoundError(
            f"no corpus {corpus!r}: give the folder of a prepared one, or one of {list(CORPORA)}"
        )
    return load_prepared(corpus)


@dataclass(frozen=True, eq=False)
class Exhibit:
    """What the page shows; lies in a folder, so that kernels open it at once."""

    folder: Path

    @classmethod
    def make(
        cls,
        folder: str | Path,
        models: dict[str, Model],
        table: FrameTable,
        faces: int = 2000,
    ) -> Exhibit:
        """Embed faces of the test people of fold 1, and some of training people for thresholds.

        Args:
            folder: An empty one.
            models: By name, of the same action units.
            table: The corpus.
            faces: At most so many of each.

        Raises:
            ValueError: If there are no faces.
        """
        folder = Path(folder)
        train, test = fold_of(table).split(table)
        others = holdout(train, 0.15).split(train)[1]
        for name, part in {"test": _some(test, faces), "others": _some(others, faces)}.items():
            part.save(folder / f"{name}.parquet")
            z = {model: embed(one.encoder, part) for model, one in models.items()}
            np.savez(folder / f"{name}.npz", **z)
            if name == "test":
                early = {model: embed(_before(one), part) for model, one in models.items()}
                np.savez(folder / "before.npz", **early)
        for name, model in models.items():
            if model.probe is not None:
                model.probe.save(folder / f"{name}.probe")
        first = next(iter(models.values()))
        last = list(models.values())[-1].config
        note = {"models": list(models), "aus": first.aus, "store": str(table.store.path)}
        note["options"] = {name: getattr(last, name) for name in LOSS_OPTIONS}
        note["options"]["probabilities"] = last.probabilities
        (folder / "exhibit.json").write_text(json.dumps(note))
        return cls(folder)

    def explorer(self):
        """The embedding explorer, at AU12 if there is one."""
        from aunce_lib.widgets import Explorer

        note, table, z = self._part("test")
        aus = tuple(note["aus"])
        with np.load(self.folder / "before.npz") as early:
            before = {name: early[name] for name in z}
        return Explorer(
            table,
            z,
            aus=aus,
            au=12 if 12 in aus else None,
            method=("tsne",) if len(z) > 1 else ("tsne", "pca"),
            before=before,
            probes={name: self._probe(name) for name in z},
            cache=synthetic.cache_folder() / "maps",
            **note["options"],
        )

    def thresholds(self):
        """The threshold explorer of the last model that has a probe; None without one."""
        from aunce_lib.widgets import ThresholdExplorer

        note, test, z_test = self._part("test")
        _, others, z_others = self._part("others")
        probes = {name: self._probe(name) for name in note["models"]}
        name = next((name for name in reversed(note["models"]) if probes[name]), None)
        if name is None:
            return None
        probe = probes[name]
        shown = [au for au in probe.aus if au in test.aus and au not in probe.missing]
        ours, theirs = ([aus.index(au) for au in shown] for aus in (probe.aus, test.aus))
        pairs = [
            (table.labels[:, theirs], probe.scores(z[name])[:, ours])
            for table, z in ((others, z_others), (test, z_test))
        ]
        return ThresholdExplorer(*pairs, shown)

    def _part(self, name: str) -> tuple[dict, FrameTable, dict[str, np.ndarray]]:
        note = json.loads((self.folder / "exhibit.json").read_text())
        table = FrameTable.load(self.folder / f"{name}.parquet", FrameStore.open(note["store"]))
        with np.load(self.folder / f"{name}.npz") as z:
            return note, table, {model: z[model] for model in note["models"]}

    def _probe(self, name: str) -> Probe | None:
        path = self.folder / f"{name}.probe"
        return Probe.load(path) if path.is_file() else None


def open_exhibit() -> Exhibit:
    """The exhibit that `explore` made, for a kernel of its page."""
    return Exhibit(Path(os.environ[EXHIBIT]))


def explore(
    source: str | None = None,
    corpus: str | None = None,
    port: int = 8866,
    faces: int = 2000,
    browser: bool = True,
    theme: str = "light",
) -> None:
    """Make the exhibit, serve its page on this machine, and open the browser; returns when stopped.

    Args:
        source: As `open_models` takes it.
        corpus: As `open_corpus` takes it.
        port: Of the page, on this machine only.
        faces: How many to show at most.
        browser: Whether to open one.
        theme: Of the page, light or dark.

    Raises:
        ImportError: If Voila is not installed.
        OSError: If the port is taken, or something is not there.
    """
    if importlib.util.find_spec("voila") is None:
        raise ImportError(
            "the page is served by Voila, which is not installed: `pip install 'aunce-lib[app]'`"
        )
    check_port(port)
    print("Opening the encoders and the faces …", flush=True)
    models, table = open_models(source), open_corpus(corpus, source)
    with tempfile.TemporaryDirectory(prefix="aunce-explore-") as folder:
        exhibit = Exhibit.make(folder, models, table, faces)
        print("Placing the faces on maps …", flush=True)
        exhibit.explorer().place_all()
        os.environ[EXHIBIT] = folder
        os.environ["JUPYTER_PATH"] = os.pathsep.join(
            filter(None, [str(TEMPLATES), os.environ.get("JUPYTER_PATH")])
        )
        notebook = write_notebook(Path(folder) / "explore.ipynb")
        print("Serving the page; Ctrl+C stops it.", flush=True)
        serve(notebook, port, browser, theme)


def check_port(port: int) -> None:
    """Raise OSError if something listens there already: Voila would quietly take another."""
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise OSError(
                f"port {port} cannot be used ({getattr(error, 'strerror', None) or error}): stop "
                f"what uses it, or choose another with --port {port + 1}"
            ) from error


def write_notebook(path: Path) -> Path:
    """The page's cells; those of widgets that this version has not are left out."""
    import nbformat.v4 as v4

    import aunce_lib.widgets as ours

    cells = dict(CELLS)
    if "ThresholdExplorer" not in ours.__all__:
        del cells["Threshold explorer"]
    notebook = v4.new_notebook(
        cells=[v4.new_code_cell(code) for code in cells.values()],
        metadata={"title": "AUNCE explorer", "sections": list(cells)[1:]},
    )
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


def serve(notebook: Path, port: int, browser: bool, theme: str) -> None:
    """Run Voila until it is stopped."""
    from voila.app import Voila

    Voila.launch_instance(
        argv=[
            str(notebook),
            f"--port={port}",
            "--Voila.ip=127.0.0.1",
            "--Voila.port_retries=0",
            "--Voila.auto_token=True",
            f"--Voila.open_browser={browser}",
            *(f"--VoilaConfiguration.extension_allowlist={name}" for name in FRONT_ENDS),
            "--template=aunce",
            f"--theme={theme}",
        ]
    )


def _model(shipped: Pretrained) -> Model:
    return Model(shipped.encoder, shipped.probe, shipped.config, shipped.aus)


def _some(table: FrameTable, faces: int) -> FrameTable:
    """At most so many frames, evenly from all people."""
    if not len(table) or faces < 1:
        raise ValueError(f"nothing to show: {len(table)} faces, of which {faces} were asked for")
    return table.take(np.linspace(0, len(table) - 1, min(faces, len(table))).astype(int))


def _before(model: Model) -> Encoder:
    """The encoder before its training; of one that began with ImageNet's weights, without them."""
    with torch.random.fork_rng():
        torch.manual_seed(model.config.seed)
        return start_encoder(replace(model.config, pretrained=False), len(model.aus)).eval()
