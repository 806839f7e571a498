"""The command `aunce`: the library from a terminal."""

from __future__ import annotations

import inspect
import json
import os
import re
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from jsonargparse import ArgumentParser, Namespace

from aunce_lib.interruption import FailedElsewhere, TrainingStopped

if TYPE_CHECKING:
    from aunce_lib.config import TrainConfig


def demo(folder: str = "runs/demo", size: str = "small", seed: int = 0) -> None:
    """Draw faces, train AUNCE and cross-entropy, compare them; a few minutes without a GPU.

    Args:
        folder: Where the report, the numbers and the two models go.
        size: Of the drawn corpus: tiny, small or full.
        seed: Of everything that is drawn.
    """
    from aunce_lib.demo import demo

    demo(folder, size, seed)


def predict(photos: list[str], run: str = "runs/demo/aunce", out: str = ".") -> None:
    """Read the action units of photographs, as an illustration (the model saw drawn faces only).

    Args:
        photos: Image files.
        run: A trained run with its probe, as `aunce demo` leaves it.
        out: Folder for the annotated pictures, NAME_aunce.png.
    """
    from aunce_lib.predict import Model, predict, save_annotated

    model, failed = Model.open(run), 0
    for photo in photos:
        try:
            predictions = predict(photo, model)
        except (OSError, ValueError) as error:
            failed += 1
            print(f"aunce: {error}", file=sys.stderr)
            continue
        n = len(predictions)
        print(f"{photo}: {'1 face' if n == 1 else f'{n} faces, the largest first'}")
        for number, prediction in enumerate(predictions, 1):
            print(f"face {number}" if n > 1 else "", prediction, sep="\n" if n > 1 else "")
        target = Path(out) / f"{Path(photo).stem}_aunce.png"
        save_annotated(predictions, target)
        print(f"annotated picture: {target}")
    if failed:
        sys.exit(1)


def timeline(clip: str, run: str = "runs/demo/aunce", out: str = ".", rate: float = 5.0) -> None:
    """Read the action units of a clip over time, as an illustration.

    Args:
        clip: A video file.
        run: A trained run with its probe, as `aunce demo` leaves it.
        out: Folder for NAME_timeline.png and NAME_timeline.csv.
        rate: Moments a second to look at.
    """
    from aunce_lib.predict import NOTE, Model
    from aunce_lib.timeline import read_timeline, save_timeline

    read = read_timeline(clip, Model.open(run), rate, progress=True)
    table, figure = save_timeline(read, out)
    seen = int(read.table.face.sum())
    print(f"{clip}: a face in {seen} of {len(read.table)} moments\n{table}\n{figure}\n{NOTE}")


def prepare(
    size: int = 256,
    align: Literal["auto", "detect", "none"] = "auto",
    landmarks: str | None = None,
    processes: int = os.cpu_count() or 1,
    on_error: Literal["stop", "skip"] = "stop",
    **given,
) -> None:
    """Read a corpus, cut out its faces, and report on it; a stopped call goes on when repeated.

    Args:
        size: Side of a face in pixels.
        align: auto (landmarks where there are some, else detection), detect, or none (for images
            that are crops of faces already).
        landmarks: A table or a folder of tables of landmarks, see docs/corpora.md.
        processes: How many work at once; by default one a core.
        on_error: At a file that is missing, damaged or does not fit: stop, or skip and count it.
    """
    from aunce_lib.corpora.prepare import prepare
    from aunce_lib.corpora.readers import reader
    from aunce_lib.preparation import write_preparation_report

    corpus, source, out = (given.pop(name) for name in ("reader", "source", "out"))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a batch system's stop is one too
    try:
        read = reader(corpus)
        if "missing" in inspect.signature(read).parameters:
            given["missing"] = {"stop": "error", "skip": "skip"}[on_error]  # as readers call it
        table = read(source, **given)
        people = table.frames["subject"].nunique()
        print(f"{source}: {len(table):,} frames of {people} people", flush=True)
        kept = prepare(
            corpus,
            table,
            source,
            out,
            size=size,
            align=align,
            landmarks=landmarks,
            processes=processes,
            on_error=on_error,
            progress=True,
        )
    except KeyboardInterrupt:
        print("aunce: stopped; the same command goes on from here", file=sys.stderr)
        sys.exit(130)
    print("Looking at what there is …", flush=True)
    report = write_preparation_report(out)
    rejected = kept.metadata["prepared"]["rejected"]
    reasons = ", ".join(f"{n:,} {reason}" for reason, n in rejected.items()) or "none rejected"
    print(f"{out}: {len(kept):,} faces ({reasons})\nreport: {report}")


def template(path: str = "gft.yaml") -> None:
    """Write the description of a copy of GFT, to fill in: `aunce prepare gft` reads it.

    Args:
        path: Where to write it; in the corpus' folder it is found by itself.
    """
    from aunce_lib.corpora.gft import write_template

    print(f"{write_template(path)}: look at your files and replace every null")


def train(
    prepared: str,
    out: str,
    config: TrainConfig,
    fold: int = 1,
    resume: bool = False,
    devices: int | str = 1,
    num_nodes: int = 1,
    strategy: Literal["auto", "ddp"] = "auto",
    accelerator: str = "auto",
    save_minutes: float = 30.0,
    protocol: Literal["bp4d", "disfa", "bp4dplus", "gft", "affwild2"] | None = None,
    dry_run: bool = False,
) -> None:
    """Train an encoder on one fold of a prepared corpus.

    Args:
        prepared: Folder that `aunce prepare` made.
        out: Folder for the run.
        config: Settings.
        fold: Number of the fold, from 1.
        resume: Go on with a run that was stopped, on these devices or others.
        devices: GPUs of each machine to train on, or processes where there are none; "auto" takes
            all GPUs. They share out each batch: config.batch_size is that of all together.
        num_nodes: Machines. Run the command on each, under Slurm (srun) or torchrun.
        strategy: How devices work together: ddp, which auto takes where there are several.
        accelerator: auto, cpu, cuda, or another that lightning-fabric knows.
        save_minutes: The longest time between two checkpoints; each epoch ends with one anyway.
        protocol: A published one: its settings, and nobody held out to watch; --config.NAME changes
            a setting.
        dry_run: Write nothing; say what would be trained, on what, in how much memory and time.
    """
    from aunce_lib.devices import fabric_for
    from aunce_lib.experiment import train_on
    from aunce_lib.protocols import Protocol

    published = None if protocol is None else Protocol.load(protocol)
    if dry_run:
        from aunce_lib.dry_run import DryRun

        print(DryRun.of(prepared, config, out, fold, published))
        return
    fabric = fabric_for(config, accelerator, devices, num_nodes, strategy)
    options = {"protocol": published, "fabric": fabric, "save_minutes": save_minutes}
    try:
        run = train_on(prepared, out, config, fold, resume, **options)
    except (FailedElsewhere, TrainingStopped):
        if fabric.global_rank == 0:
            raise
        return  # the first process says what happened
    if fabric.global_rank == 0:
        kind = "" if published is None else " --kind published"
        print(f"{run.folder}: trained; `aunce probe {run.folder}{kind}` says what it has learned")


def probe(run: str, kind: Literal["logistic", "published"] = "logistic") -> None:
    """Fit a probe to a trained run, test it on people not seen, write metrics.json.

    Args:
        run: Folder that `aunce train` made.
        kind: logistic (ours) or published (the papers' protocol).
    """
    from aunce_lib.experiment import probe_run

    evaluation = probe_run(run, kind)
    low, high = evaluation.ci95
    print(evaluation.table[["f1", "auc", "rate"]].round(3).to_string())
    all_active = evaluation.baselines["all_active"].loc["macro", "f1"]
    print(
        f"{run}: macro F1 {evaluation.macro_f1:.3f} ({low:.3f} to {high:.3f}) on "
        f"{evaluation.n_faces:,} frames of {evaluation.n_subjects} people; every AU called active: "
        f"{all_active:.3f}"
    )
    data = json.loads((Path(run) / "data.json").read_text())
    if "protocol" in data:
        title = f"protocol {data['protocol']}, fold {data['fold']}, probe {kind}"
        print(title, *data["compared"], sep="\n  ")


def study(
    config: str, folder: str = "runs/studies", csv: str | None = None, jobs: int = -1
) -> None:
    """Run a grid of trainings, such as losses × label noise × seeds; a stopped one goes on.

    Args:
        config: A YAML file, or the name of one of the library's own studies, such as main.
        folder: Where what is done is kept.
        csv: The table of results; NAME.csv in the folder if not given.
        jobs: Trainings at a time, one thread each; -1 for one a core.
    """
    from aunce_lib.corpora.atomic import atomic_path
    from aunce_lib.study import StudyConfig, run_study

    folder = Path(folder)
    target = Path(csv or folder / f"{Path(config).stem}.csv")
    table = run_study(StudyConfig.load(config), folder, jobs)
    with atomic_path(target) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g")
    print(f"{len(table)} rows: {target}")
    if failed := int(table.error.notna().sum()):
        print(f"aunce: {failed} of them failed, see column error", file=sys.stderr)
        sys.exit(1)


def pretrain(
    n_faces: int = 20_000, epochs: int = 8, seed: int = 987_000, folder: str = "data/pretrained"
) -> None:
    """Train the small backbone without labels: the start "landmarks" of `TrainConfig.init`.

    Args:
        n_faces: Faces to draw, of people who are in no corpus.
        epochs: Passes over them.
        seed: Of all that is drawn.
        folder: Where landmarks.safetensors goes, with its card.
    """
    from aunce_lib.pretraining import pretrain

    print(pretrain(n_faces, epochs, seed, folder=folder))


def explore(
    source: str | None = None,
    corpus: str | None = None,
    port: int = 8866,
    faces: int = 2000,
    browser: bool = True,
    theme: Literal["light", "dark"] = "light",
) -> None:
    """Look at faces through trained encoders, in the browser, without a notebook.

    Args:
        corpus: An embedded corpus by name, or the folder of a prepared one; by default the one
            that a run was trained on, else synth-bp4d.
        port: Of the page, which only this machine can open.
        faces: How many to show at most.
        browser: Whether to open one.
        theme: Of the page.
    """
    from aunce_lib.explore import explore

    explore(source, corpus, port, faces, browser, theme)


COMMANDS = {
    demo: "train on drawn faces, compare, report",
    predict: "read photographs, as an illustration",
    timeline: "read a clip over time, as an illustration",
    prepare: "from a corpus on disk to aligned faces, with a report",
    template: "the description of a copy of GFT, to fill in",
    train: "train an encoder on a fold of a prepared corpus",
    probe: "what a trained encoder has learned",
    study: "losses × settings × noise × seeds",
    pretrain: "a backbone that has seen faces but no labels",
    explore: "embeddings, faces and thresholds as a page in the browser",
}
POSITIONAL = {
    predict: {"photos": "Image files."},
    timeline: {"clip": "A video file."},
    train: {"prepared": "Folder that `aunce prepare` made.", "out": "Folder for the run."},
    probe: {"run": "Folder that `aunce train` made."},
    study: {"config": "YAML file, or a name."},
    explore: {"source": "A run, a demo's folder, weights, or a shipped model; by default two."},
}
MANY = {"photos": {"nargs": "+"}, "source": {"nargs": "?", "metavar": "RUN | WEIGHTS"}}


def main() -> None:
    """Entry point: errors that a user can mend are told in a line, without a traceback."""
    parser = ArgumentParser(prog="aunce", description="Contrastive learning of facial AUs.")
    commands = parser.add_subcommands()
    for command, summary in COMMANDS.items():
        own = ArgumentParser(description=command.__doc__.partition("\n")[0])
        commands.add_subcommand(command.__name__, own, help=summary)
        if command.__name__ in sys.argv:  # what the others take is not worth importing torch
            _add_arguments(own, command)
    # --on-error is --on_error
    given = [re.sub("^--[a-z-]+", lambda m: "--" + m[0][2:].replace("-", "_"), a) for a in sys.argv]
    try:
        _check_settings(given)
        arguments = parser.parse_args(given[1:], defaults=False)  # every command has its own
        name = arguments.subcommand
        command, given = next(c for c in COMMANDS if c.__name__ == name), vars(arguments[name])
        if command is prepare:
            given = {"reader": given["reader"], **vars(given[given["reader"]])}
        if command is train:
            from aunce_lib.protocols import settings_for

            changes = dict(vars(given.get("config", Namespace())))
            changes.pop("__path__", None)  # jsonargparse's note of the file they come from
            given["config"] = settings_for(given.get("protocol"), changes)
        command(**given)
    except TrainingStopped as stop:
        print(f"aunce: {stop}", file=sys.stderr)
        sys.exit(128 + stop.signal)
    except (OSError, ValueError, ImportError, FloatingPointError) as error:
        print(f"aunce: {error}", file=sys.stderr)
        sys.exit(2)


def _check_settings(given: list[str]) -> None:
    """Refuse a file of settings that `TrainConfig.load` would refuse to read."""
    from aunce_lib.corpora.untrusted import read_yaml

    for name, value in zip(given, [*given[1:], ""], strict=True):
        name, _, joined = name.partition("=")
        if name == "--config" and Path(joined or value).is_file():
            read_yaml(joined or value)


def _add_arguments(parser: ArgumentParser, command) -> None:
    if command is prepare:
        _add_corpora(parser)
        return
    names = POSITIONAL.get(command, {})
    for name, text in names.items():
        parser.add_argument(name, type=str, help=text, **MANY.get(name, {}))
    if command is train:
        parser.add_argument("--dry_run", action="store_true")
    _add_function(parser, command, {*names, "config", "dry_run"})
    if command is train:
        from aunce_lib.config import TrainConfig

        parser.add_class_arguments(TrainConfig, "config")


def _add_corpora(parser: ArgumentParser) -> None:
    """A command a corpus, with the options of its reader and those of all."""
    from aunce_lib.corpora.readers import READERS, reader

    corpora = parser.add_subcommands(dest="reader", metavar="CORPUS")
    for name in READERS:
        own = ArgumentParser()
        own.add_argument("source", type=str, help="Where it lies; nothing is written there.")
        own.add_argument("out", type=str, help="Folder to make, or to go on with.")
        corpora.add_subcommand(name, own)
        if name in sys.argv:
            _add_function(own, reader(name), {"source", "missing"})
            _add_function(own, prepare, {"given"})


def _add_function(parser: ArgumentParser, function, skip: set[str]) -> None:
    """Its arguments as options, explained by its docstring."""
    parser.add_function_arguments(function, as_group=False, skip=skip)
    about = re.search(r"\n    Args:\n(.*?)(?:\n\n    \S|\Z)", function.__doc__, re.DOTALL)
    lines = about[1] if about else ""
    texts = dict(re.findall(r"^        (\w+): (.*(?:\n {9,}.*)*)", lines, re.MULTILINE))
    for action in parser._actions:
        if action.dest in texts:
            action.help = " ".join(texts[action.dest].split()).replace("%", "%%")


if __name__ == "__main__":
    main()
