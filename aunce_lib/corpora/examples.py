"""Small trees of synthetic faces in the raw layouts of BP4D and DISFA, to learn and to try on.

What is written looks to a reader like the licensed corpus: the same folders, headers and codes, and
the same names of people. But every face is drawn, and no label is anybody's.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from ..facs import column
from .errors import CorpusError
from .frames import FrameTable

#: Where DISFA's intensities 1 to 5 begin on the drawn scale of 0 to 1. From .3 on a drawn face is
#: labelled active, in DISFA from 2 on. An idle muscle stays below .15, so a 1 is one that tenses.
LEVELS = (0.13, 0.3, 0.5, 0.7, 0.85)
BP4D_COLUMNS = range(1, 100)  # the position of a column is the number of its AU
BP4D_UNKNOWN = 9
FIRST_FRAME = 2440  # of every BP4D task: coded stretches begin anywhere


def write_bp4d(table: FrameTable, root: str | Path, digits: int = 4) -> Path:
    """Write faces and labels as BP4D gives them out.

    A task's frames are numbered from 2440. AUs that the table does not have are coded 9, unknown,
    and so is every label that is NaN.

    Args:
        table: Frames of "synth-bp4d", with images.
        root: Folder to make.
        digits: Names of images are padded with zeros to this many.

    Returns:
        The folder, for `reader("bp4d")`.

    Raises:
        CorpusError: If the table has no images.
    """
    root, images = Path(root), _pixels(table)
    for (person, task), places in _sequences(table):
        cells = np.full((len(places), len(BP4D_COLUMNS)), BP4D_UNKNOWN)
        labels = np.nan_to_num(table.labels[places], nan=BP4D_UNKNOWN)
        cells[:, [BP4D_COLUMNS.index(au) for au in table.aus]] = labels
        frames = FIRST_FRAME + np.arange(len(places))
        lines = [[0, *BP4D_COLUMNS], *np.column_stack([frames, cells])]
        _write_lines(root / "AUCoding" / "AU_OCC" / f"{person}_{task}.csv", lines)
        names = [f"{frame:0{digits}d}.jpg" for frame in frames]
        _write_images(root / "2D+3D" / person / task, names, images[places])
    return root


def write_disfa(table: FrameTable, root: str | Path) -> Path:
    """Write faces and intensities as DISFA gives them out, with images from 0 and labels from 1.

    Args:
        table: Frames of "synth-disfa", with images; one sequence a person.
        root: Folder to make.

    Returns:
        The folder, for `reader("disfa")`.

    Raises:
        CorpusError: If the table has no images.
    """
    root, images = Path(root), _pixels(table)
    for (person, _), places in _sequences(table):
        for au in table.aus:
            intensity = table.frames[f"{column(au)}_intensity"].to_numpy()[places]
            lines = enumerate(np.digitize(intensity, LEVELS), start=1)
            _write_lines(root / "ActionUnit_Labels" / person / f"{person}_au{au}.txt", lines)
        names = [f"{number}.png" for number in range(len(places))]
        _write_images(root / person, names, images[places])
    return root


def _pixels(table: FrameTable) -> np.ndarray:
    """All images, uint8 (N, H, W, 3)."""
    if table.store is None:
        raise CorpusError("the table has no images to write; take one of synthetic.load(…)")
    return table.images().permute(0, 2, 3, 1).numpy()


def _sequences(table: FrameTable):
    """Person and sequence, and the positions of its frames in their order."""
    frames = table.frames.reset_index(drop=True).sort_values("frame")
    for (subject, sequence), part in frames.groupby(["subject", "sequence"], observed=True):
        yield (str(subject).split("/")[-1], sequence), part.index.to_numpy()


def _write_lines(path: Path, lines) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(lines).to_csv(path, header=False, index=False)


def _write_images(folder: Path, names: list[str], images: np.ndarray) -> None:
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for name, pixels in zip(names, images, strict=True):
        Image.fromarray(pixels).save(folder / name, quality=95)
