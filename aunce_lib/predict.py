"""What a model trained on drawn faces says of a photograph: an illustration, no measurement."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from aunce_lib.corpora.align import Box, crop_face, detect_faces, read_photo
from aunce_lib.corpora.atomic import atomic_path
from aunce_lib.corpora.errors import CorpusError
from aunce_lib.evaluation.probe import Probe
from aunce_lib.facs import ACTION_UNITS, column
from aunce_lib.training import Run

NOTE = "Illustration by a model trained on synthetic faces: not a measurement."


class NoFaceError(CorpusError):
    """A photograph in which no face is found."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """One face of a photograph.

    Attributes:
        photo: The image, uint8 (H, W, 3).
        box: Where the face is.
        crop: What the encoder saw, uint8 (S, S, 3).
        table: A row an AU: name, score (0..1), threshold, active; NaN where the probe has no rule.
    """

    photo: np.ndarray
    box: Box
    crop: np.ndarray
    table: pd.DataFrame

    def __str__(self) -> str:
        lines = [f"{'':7}{'action unit':24}{'score':>6}{'threshold':>11}"]
        for name, row in self.table.iterrows():
            mark = "active" if row.active == 1 else ""
            lines.append(f"{name:7}{row['name']:24}{row.score:6.2f}{row.threshold:11.2f}  {mark}")
        return "\n".join([*lines, NOTE])


@dataclass(frozen=True, eq=False)
class Model:
    """An encoder and its probe, opened once for many pictures."""

    run: Run
    probe: Probe

    @classmethod
    def open(cls, folder: str | Path) -> Model:
        """A trained run with its probe, as `aunce demo` and `aunce probe` leave it.

        Raises:
            FileNotFoundError: If the run or its probe is not there.
            ValueError: If a file is damaged.
        """
        run, path = Run.load(folder), Path(folder) / "probe.safetensors"
        if not path.is_file():
            raise FileNotFoundError(
                f"{path} is not there: fit a probe, for instance with `aunce demo`"
            )
        return cls(run, Probe.load(path))

    @property
    def face_size(self) -> int:
        """Side of the crops of faces that `read` takes, in pixels."""
        return self.run.config.crop_from or self.run.config.image_size

    def read(self, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores (0 to 1) and decisions (0, 1 or NaN), (n, J), of faces uint8 (n, S, S, 3)."""
        with torch.no_grad():
            images = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255
            z = self.run.encoder(self.run.encoder.sized(images)).numpy()
        return self.probe.scores(z), self.probe.predict(z)


def predict(photo: str | Path, model: Model | str | Path = "runs/demo/aunce") -> list[Prediction]:
    """Find the faces of a photograph and score their action units.

    Args:
        photo: An image file.
        model: An open model, or the folder of one.

    Returns:
        One prediction a face, the largest face first.

    Raises:
        FileNotFoundError: If the photograph or the run is not there.
        CorpusError: If the file is no image (`NoFaceError`: an image without a face).
    """
    model = model if isinstance(model, Model) else Model.open(model)
    image = read_photo(photo)
    boxes = detect_faces(image)
    if not boxes:
        raise NoFaceError(
            f"{photo}: no face found, upright or turned by up to 30°; expected a face that looks "
            "into the camera and is at least a tenth of the picture's width: crop closer, try again"
        )
    size = model.face_size
    crops = np.stack([crop_face(image, box, size) for box in boxes])
    return [
        Prediction(image, box, crop, _table(model.probe, score, decision))
        for box, crop, score, decision in zip(boxes, crops, *model.read(crops), strict=True)
    ]


def _table(probe: Probe, scores: np.ndarray, active: np.ndarray) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "name": [ACTION_UNITS[au].name for au in probe.aus],
            "score": scores,
            "threshold": probe.threshold,
            "active": active,
        },
        index=[column(au) for au in probe.aus],
    )


def save_annotated(predictions: list[Prediction], path: str | Path) -> None:
    """Write the photograph with its faces framed, and beside it each face's crop and scores.

    Raises:
        OSError: If the file can't be written.
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Rectangle

    n = len(predictions)
    photo = predictions[0].photo
    figure = Figure(figsize=(9.5, max(4.6, 3.4 * n)), layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=(1, 1.25))
    whole = left.subplots()
    whole.imshow(photo)
    whole.axis("off")
    panels = right.subplots(n, 2, squeeze=False, width_ratios=(1, 1.6))
    for number, (prediction, (crop, bars)) in enumerate(zip(predictions, panels, strict=True), 1):
        box, table = prediction.box, prediction.table
        frame = Rectangle(
            (box.column, box.row),
            box.width,
            box.height,
            angle=-box.roll,
            rotation_point="center",
            fill=False,
            edgecolor="#E69F00",
            linewidth=2,
        )
        whole.add_patch(frame)
        whole.annotate(str(number), (box.column, box.row), color="#E69F00", weight="bold")
        crop.imshow(prediction.crop)
        crop.set_title(f"face {number}, as the encoder sees it", fontsize=8)
        crop.axis("off")
        colours = ["#0072B2" if active == 1 else "#BBBBBB" for active in table.active]
        bars.barh(table.index, table.score, color=colours)
        bars.plot(table.threshold, table.index, "|", color="black", markersize=9)
        bars.set(xlim=(0, 1), xlabel="score ( | threshold)")
        bars.invert_yaxis()
        bars.tick_params(labelsize=8)
        bars.spines[["top", "right"]].set_visible(False)
    figure.suptitle(NOTE, fontsize=10)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=150)
