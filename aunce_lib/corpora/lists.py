"""Lists of images and labels, as AUNCE, ME-GraphAU, MDHR and JAA-Net exchange them: read and write.

    list/BP4D_train_img_path_fold1.txt    one path a line, such as F001/T1/2440.jpg
    list/BP4D_train_label_fold1.txt       one line of 0 and 1 for each, in the AUs' order
    list/BP4D_weight_fold1.txt            a weight for each AU (tabs between)
    BP4D_part3_path.txt, BP4D_part3_AUoccur.txt     the same in JAA-Net's names

None of those projects' loaders compares the lengths. The label files in their repositories are
samples of a few lines beside whole lists of paths, because labels are under licence: a newcomer's
first run ends in an IndexError, or worse, trains on five frames. Here that is an error in words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..facs import AU_SETS
from .atomic import atomic_path
from .cells import read_grid, read_lines, some
from .errors import CorpusError
from .folds import Fold
from .frames import FrameTable
from .rawfiles import (
    FRAME_NAME,
    IMAGE_ENDINGS,
    Missing,
    entries,
    existing,
    find_folder,
    frame_table,
    image_numbers,
    label_columns,
    relative,
)

NAMES = {"bp4d": "BP4D", "bp4dplus": "BP4D_plus", "disfa": "DISFA"}  # ours → theirs
PATH_LIST = re.compile(r"(\w+?)_(train|test|val)_(?:img_)?path_fold(\d+)\.txt")
PERSON = re.compile(r"[FM]\d{3}|SN\d{3}")


def read(
    source: str | Path,
    *,
    fold: int = 1,
    train: str | None = None,
    test: str | None = None,
    corpus: str | None = None,
    images: str | Path | None = None,
    check_images: bool = True,
    aus: Sequence[int] | None = None,
    missing: str = "error",
) -> FrameTable:
    """Training and test frames of list files, with column `split`.

    Args:
        source: Folder of the lists, or one that has them in list/.
        fold: Which fold's lists, of AUNCE, ME-GraphAU and MDHR.
        train: For lists of JAA-Net: the beginning of the training lists' names, such as
            "BP4D_combine_1_2".
        test: The same for the test lists, such as "BP4D_part3".
        corpus: Name of the corpus; by default from the lists' names.
        images: Folder that the listed paths start from; by default img/ beside list/.
        check_images: Whether every image must be there. It is found by the number in its name, so
            another padding or format than the list's is fine.
        aus: The action units of the label columns; by default those of the published tables.
        missing: "error" or "skip", for listed images that are not there.

    Raises:
        FileNotFoundError: If there is nothing at `source`.
        CorpusError: If lists do not belong together or are not what they should be.
    """
    policy = Missing(missing)
    folder = existing(source) / "list"
    folder = folder if folder.is_dir() else Path(source)
    pairs = _jaa_lists(folder, train, test) if train or test else _fold_lists(folder, fold, corpus)
    corpus = corpus or _corpus_of(pairs[0][1])
    aus = tuple(aus or AU_SETS.get(corpus, ()))
    root = None
    if check_images:
        root = find_folder(source, images, ("img", "../img", "images", "."), "images", "images")
    parts = []
    for split, path_list, label_list in pairs:
        lines = read_lines(path_list)
        labels = read_grid(label_list, _names(label_list, aus, corpus), blank_lines=False)
        if len(lines) != len(labels.cells):
            raise CorpusError(_lengths(path_list, len(lines), label_list, len(labels.cells)))
        values = labels.labels(labels.header)
        frames, subjects, sequences, paths = _frames(path_list, lines, corpus)
        keep = np.ones(len(lines), bool)
        if root is not None:
            paths, keep = _resolve(path_list, paths, root, source, policy)
        columns = {"subject": subjects, "sequence": sequences, "frame": frames, "path": paths}
        columns = {name: np.array(column, object)[keep] for name, column in columns.items()}
        parts.append(columns | {"split": split} | label_columns(aus, values[keep]))
    options = {"fold": None if train or test else fold, "train": train, "test": test}
    options |= {"images": images, "check_images": check_images, "missing": missing}
    return frame_table(corpus, parts, source, policy, options, keep_unlabelled=True)


def write(
    table: FrameTable, folder: str | Path, fold: Fold, number: int = 1, *, style: str = "aunce"
) -> list[Path]:
    """Write the lists of one fold, as those projects read them.

    Args:
        table: Frames with `path`; labels 0 and 1 (in JAA-Net's style also unknown, as 9).
        folder: Where the files go.
        fold: Who is in training and in test.
        number: Of the fold, in the files' names.
        style: "aunce" (also ME-GraphAU), "mdhr" or "jaa".

    Returns:
        The files written.

    Raises:
        ValueError: If there is no such style.
        CorpusError: If the table has no paths, or unknown labels where the style knows none.
    """
    if style not in ("aunce", "mdhr", "jaa"):
        raise ValueError(f'style must be "aunce", "mdhr" or "jaa", got {style!r}')
    corpora = table.frames["corpus"].cat.categories
    if "path" not in table.frames or len(corpora) != 1:
        raise CorpusError("lists are written of one corpus with column 'path'; read it from disk")
    name = NAMES.get(corpora[0], corpora[0])
    written: dict[str, str] = {}
    for split, part in zip(("train", "test"), fold.split(table), strict=True):
        labels = part.labels
        if style != "jaa" and np.isnan(labels).any():
            raise CorpusError(
                f"{np.isnan(labels).any(axis=1).sum()} of the {split} frames have an unknown "
                f"label, which lists in the style of {style} cannot say; drop them with "
                'table.where(…), or write style="jaa"'
            )
        rows = "".join(
            " ".join(row) + "\n" for row in np.nan_to_num(labels, nan=9).astype(int).astype(str)
        )
        paths = "".join(f"{path}\n" for path in part.frames["path"])
        weights = au_weights((labels == 1).sum(axis=0), (~np.isnan(labels)).sum(axis=0))
        weights = "\t".join(f"{weight:.6f}" for weight in weights) + "\n"
        if style == "jaa":
            stem = f"{name}_{split}_fold{number}"
            written |= {f"{stem}_path.txt": paths, f"{stem}_AUoccur.txt": rows}
            written |= {f"{stem}_weight.txt": weights} if split == "train" else {}
        else:
            middle = "path" if style == "mdhr" and corpora[0] == "disfa" else "img_path"
            written[f"{name}_{split}_{middle}_fold{number}.txt"] = paths
            written[f"{name}_{split}_label_fold{number}.txt"] = rows
            written |= {f"{name}_weight_fold{number}.txt": weights} if split == "train" else {}
    for file, content in written.items():
        with atomic_path(Path(folder) / file) as temporary:
            temporary.write_text(content, encoding="utf-8", newline="\n")
    return [Path(folder) / file for file in written]


def au_weights(active: Sequence[int], known: int | Sequence[int]) -> np.ndarray:
    """The published weights of the AUs: inverse rates, scaled to mean 1.

    Args:
        active: Frames in which each AU is active, (J,).
        known: Frames in which it is known.

    Returns:
        (J,) w_j = J · (1 / rate_j) / Σ_k (1 / rate_k); 0 for an AU that is never active.

    Example:
        >>> au_weights([1, 2, 2], 4)
        array([1.5 , 0.75, 0.75])
    """
    active = np.asarray(active, np.float64)
    inverse = np.divide(known, active, out=np.zeros_like(active), where=active > 0)
    return inverse * len(inverse) / max(inverse.sum(), 1e-12)


def _fold_lists(folder: Path, fold: int, corpus: str | None) -> list[tuple[str, Path, Path]]:
    """Split, list of paths and list of labels of a fold."""
    names = sum(entries(folder), [])
    found = [(m, n) for n in names if (m := PATH_LIST.fullmatch(n)) and int(m[3]) == fold]
    found = [(m, n) for m, n in found if corpus in (None, _corpus_of(Path(n)))]
    if len(found) != 2 or len({m[1] for m, _ in found}) > 1:
        raise CorpusError(
            f"{folder}: expected one list CORPUS_train_img_path_fold{fold}.txt and one for test, "
            f"found {some(n for _, n in found) or 'none'}; correct the folder, say which "
            "corpus= or fold=, or for JAA-Net's lists say train= and test="
        )
    return [
        (
            "validation" if m[2] == "val" else m[2],
            folder / name,
            folder / f"{m[1]}_{m[2]}_label_fold{m[3]}.txt",
        )
        for m, name in sorted(found, key=lambda pair: pair[0][2], reverse=True)
    ]


def _jaa_lists(folder: Path, train: str | None, test: str | None) -> list[tuple[str, Path, Path]]:
    return [
        (split, folder / f"{name}_path.txt", folder / f"{name}_AUoccur.txt")
        for split, name in (("train", train), ("test", test))
        if name
    ]


def _corpus_of(path_list: Path) -> str:
    name = path_list.name.lower().replace("+", "plus").replace("bp4d_plus", "bp4dplus")
    return name.split("_")[0]


def _names(label_list: Path, aus: tuple[int, ...], corpus: str) -> list[str]:
    """The names of the label columns, as many as the AUs."""
    first = read_lines(label_list)[:1]
    cells = re.split(r"[\s,;]+", first[0]) if first else []
    if len(cells) != len(aus):
        raise CorpusError(
            f"{label_list}, line 1: expected a label for each of the {len(aus)} action units {aus} "
            f"of {corpus!r}, found {len(cells)}; say which AUs the columns are with aus=(1, 2, …), "
            "or correct corpus="
        )
    return [str(au) for au in aus]


def _lengths(path_list: Path, n_paths: int, label_list: Path, n_labels: int) -> str:
    sample = n_labels <= 10 < n_paths
    why = (
        "these labels are the sample of a few lines that the project publishes, because the labels "
        "are under licence"
        if sample
        else "one of the two was cut off, or they are of different folds"
    )
    return (
        f"{label_list} has {n_labels} lines, {path_list} has {n_paths}; expected a line of labels "
        f"for every path; {why}; make {label_list.name} again from your own copy of the corpus: "
        "read it with its reader (aunce prepare) and write lists with lists.write"
    )


def _frames(path_list: Path, lines: list[str], corpus: str):
    """Number of the frame, subject, sequence and path of each line."""
    frames, subjects, sequences, paths = [], [], [], []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        path = line.replace("\\", "/").removeprefix("./")
        *folders, name = path.split("/")
        stem, dot, ending = name.rpartition(".")
        match = FRAME_NAME.fullmatch(stem)
        person = next((f for f in folders if PERSON.fullmatch(f)), folders[0] if folders else "")
        inside = all(f not in ("", ".", "..") and ":" not in f for f in folders)
        if not match or f".{ending.lower()}" not in IMAGE_ENDINGS or not person or not inside:
            raise CorpusError(
                f"{path_list}, line {number}: expected the path of an image within the corpus, "
                f"such as F001/T1/2440.jpg, got {line!r}; correct the line, or make the list again"
            )
        if path in seen:
            raise CorpusError(
                f"{path_list}, line {number}: {path} is also on line {seen[path]}; expected each "
                "image once; drop one of the lines, and its line of labels"
            )
        seen[path] = number
        frames.append(int(match[1]))
        subjects.append(f"{corpus}/{person}")
        sequences.append("/".join(f for f in folders if f != person) or "images")
        paths.append(path)
    return frames, subjects, sequences, paths


def _resolve(path_list: Path, paths: list[str], root: Path, source, missing: Missing):
    """Paths as they are on disk, relative to `source`, and which are there."""
    folders: dict[str, tuple[dict[int, str], str]] = {}
    found, keep = [], np.ones(len(paths), bool)
    for row, path in enumerate(paths):
        folder, _, name = path.rpartition("/")
        if folder not in folders:
            where = root / folder
            names = image_numbers(entries(where)[1], where) if where.is_dir() else {}
            folders[folder] = names, relative(where, source)
        names, where = folders[folder]
        number = int(FRAME_NAME.fullmatch(name.rpartition(".")[0])[1])
        keep[row] = number in names
        found.append(f"{where}/{names.get(number)}".removeprefix("./"))
    first = int(keep.argmin())
    missing.leave_out(
        "listed image that is not there",
        (~keep).sum(),
        f"{path_list}, line {first + 1}: {root / paths[first]} is not there ({(~keep).sum()} such "
        "lines); expected every listed image; copy the images, or say where they are with "
        "images=FOLDER",
    )
    return found, keep
