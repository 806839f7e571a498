"""The command `aunce`: the library from a terminal."""

from __future__ import annotations

import sys
from pathlib import Path

from jsonargparse import ArgumentParser


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
    from aunce_lib.predict import predict, save_annotated

    failed = 0
    for photo in photos:
        try:
            predictions = predict(photo, run)
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


def main() -> None:
    """Entry point: errors that a user can mend are told in a line, without a traceback."""
    parser = ArgumentParser(prog="aunce", description="Contrastive learning of facial AUs.")
    commands = parser.add_subcommands()
    demo_parser, predict_parser = ArgumentParser(), ArgumentParser()
    demo_parser.add_function_arguments(demo, as_group=False)
    predict_parser.add_argument("photos", nargs="+", type=str, metavar="PHOTO", help="Image files.")
    predict_parser.add_function_arguments(predict, as_group=False, skip={"photos"})
    commands.add_subcommand("demo", demo_parser, help="train on drawn faces, compare, report")
    commands.add_subcommand("predict", predict_parser, help="read photographs, as an illustration")
    study_parser = ArgumentParser()
    study_parser.add_argument("config", type=str, metavar="CONFIG", help="YAML file, or a name.")
    study_parser.add_function_arguments(study, as_group=False, skip={"config"})
    commands.add_subcommand("study", study_parser, help="losses × settings × noise × seeds")
    arguments = parser.instantiate_classes(parser.parse_args())
    command = {"demo": demo, "predict": predict, "study": study}[arguments.subcommand]
    try:
        command(**vars(arguments[arguments.subcommand]))
    except (OSError, ValueError) as error:
        print(f"aunce: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
