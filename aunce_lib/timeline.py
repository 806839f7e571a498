"""What a model says of a face in a clip, moment by moment: an illustration, no measurement."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from aunce_lib.corpora.align import crop_face, detect_faces, follow_face
from aunce_lib.corpora.atomic import atomic_path
from aunce_lib.corpora.video import read_frames
from aunce_lib.facs import ACTION_UNITS, column
from aunce_lib.inspection.style import ACTIVE, PALETTE
from aunce_lib.predict import NOTE, Model, NoFaceError

SHOWN = 12  # faces above the lines, at most
AT_ONCE = 32  # faces that the encoder sees together


@dataclass(frozen=True, eq=False)
class Timeline:
    """The largest face of a clip over time.

    Attributes:
        clip: The video.
        table: A row a moment: frame (from 0), seconds, face (whether there is one), AU1_score …
            (0 to 1), AU1 … (1 active, 0 not; NaN without a face or without a rule), note.
        thresholds: Of the scores, by action unit.
        faces: Some of the faces, uint8 (k, S, S, 3).
        times: When they were seen, in seconds, (k,).
    """

    clip: Path
    table: pd.DataFrame
    thresholds: dict[int, float]
    faces: np.ndarray
    times: np.ndarray


def read_timeline(
    clip: str | Path, model: Model, rate: float = 5.0, progress: bool = False
) -> Timeline:
    """Follow the face of a clip and score its action units.

    Only the scores and a few faces stay in memory, so a clip may be long.

    Args:
        clip: A video file.
        model: Encoder and probe.
        rate: Moments a second to look at; frames in between are passed over.
        progress: Show a counter.

    Raises:
        ValueError: If the rate is not above 0.
        FileNotFoundError: If there is no such file.
        CorpusError: If the file is no video (`NoFaceError`: a video without a face).
    """
    from tqdm import tqdm

    if not rate > 0:
        raise ValueError(f"rate must be above 0 moments a second, got {rate}")
    moments, waiting, scores, decisions = [], [], [], []
    faces, size, stride, box = [], model.face_size, 1, None
    seen, due = 0, 0

    def wanted(_number: int, seconds: float) -> bool:
        nonlocal due
        if seconds * rate + 1e-6 < due:
            return False
        due = int(seconds * rate + 1e-6) + 1
        return True

    def flush() -> None:
        for values, read in zip((scores, decisions), model.read(np.stack(waiting)), strict=True):
            values.append(read)
        waiting.clear()

    bar = tqdm(unit=" frames", leave=False, disable=None if progress else True)
    for number, seconds, image in read_frames(clip, wanted):
        box = follow_face(image, box) if box else None
        box = box or next(iter(detect_faces(image)), None)
        moments.append((number, seconds, box is not None))
        bar.update()
        if box is None:
            continue
        waiting.append(crop_face(image, box, size))
        if seen % stride == 0:
            faces.append((seconds, waiting[-1]))
        seen += 1
        if len(faces) > 2 * SHOWN:  # every second one, from now on
            faces, stride = faces[::2], 2 * stride
        if len(waiting) == AT_ONCE:
            flush()
    bar.close()
    if waiting:
        flush()
    if not scores:
        raise NoFaceError(
            f"{clip}: no face found in {len(moments)} frames; expected a face that looks into the "
            "camera and is at least a tenth of the picture's width"
        )
    probe = model.probe
    return Timeline(
        Path(clip),
        _table(moments, np.concatenate(scores), np.concatenate(decisions), probe.aus),
        dict(zip(probe.aus, probe.threshold.tolist(), strict=True)),
        np.stack([face for _, face in faces]),
        np.array([seconds for seconds, _ in faces]),
    )


def _table(moments, scores, decisions, aus) -> pd.DataFrame:
    table = pd.DataFrame(moments, columns=["frame", "seconds", "face"])
    for ending, values in (("_score", scores), ("", decisions)):
        for place, au in enumerate(aus):
            table.loc[table.face, column(au) + ending] = values[:, place]
    return table.assign(note=NOTE)


def save_timeline(timeline: Timeline, folder: str | Path) -> tuple[Path, Path]:
    """Write the table and the figure: NAME_timeline.csv and NAME_timeline.png.

    Raises:
        OSError: If a file cannot be written.
    """
    stem = Path(folder) / f"{timeline.clip.stem}_timeline"
    with atomic_path(stem.with_suffix(".csv")) as temporary:
        timeline.table.to_csv(temporary, index=False, float_format="%.4f")
    with atomic_path(stem.with_suffix(".png")) as temporary:
        plot_timeline(timeline).savefig(temporary, format="png", dpi=130)
    return stem.with_suffix(".csv"), stem.with_suffix(".png")


def plot_timeline(timeline: Timeline) -> Figure:
    """Faces over time, and below them a line an action unit; active where it is filled."""
    table, aus = timeline.table, list(timeline.thresholds)
    times = table.seconds.to_numpy()
    step = np.median(np.diff(times)) if len(times) > 1 else 1.0
    figure = Figure(figsize=(11, 1.9 + 0.52 * len(aus)), layout="constrained")
    ratios = [2.4] + [1] * len(aus)
    top, *rows = figure.subplots(1 + len(aus), 1, sharex=True, height_ratios=ratios)
    span = (times[0] - step / 2, times[-1] + step / 2)
    top.set(xlim=span, ylim=(0, 1))
    for slot in range(SHOWN):
        middle = span[0] + (slot + 0.5) / SHOWN * (span[1] - span[0])
        nearest = np.abs(timeline.times - middle).argmin()
        if abs(timeline.times[nearest] - middle) <= (span[1] - span[0]) / SHOWN / 2:
            inset = top.inset_axes([(slot + 0.05) / SHOWN, 0, 0.9 / SHOWN, 1])
            inset.imshow(timeline.faces[nearest])
            inset.set_axis_off()
    top.set_axis_off()
    for ax, au in zip(rows, aus, strict=True):
        score, threshold = table[f"{column(au)}_score"].to_numpy(), timeline.thresholds[au]
        active = table[column(au)].to_numpy() == 1
        ax.step(times, score, where="mid", color=PALETTE["black"], linewidth=0.9)
        ax.bar(times[active], score[active], width=step, color=ACTIVE, alpha=0.85)
        ax.axhline(threshold, color="#888888", linewidth=0.8, linestyle=":")
        for seconds in times[~table.face.to_numpy()]:
            ax.axvspan(seconds - step / 2, seconds + step / 2, color="#DDDDDD", linewidth=0)
        name = ACTION_UNITS[au].name if au in ACTION_UNITS else ""
        label = {"rotation": 0, "ha": "right", "va": "center", "fontsize": 8.5}
        ax.set_ylabel(f"{name}  {column(au)}", **label)
        ax.set(ylim=(0, 1), yticks=[])
        ax.spines[["top", "right", "left"]].set_visible(False)
        ax.tick_params(bottom=ax is rows[-1])
    rows[-1].set_xlabel(
        "seconds   (line: score from 0 to 1, dotted: threshold, filled: called active, "
        "grey: no face found)"
    )
    title = figure.suptitle(f"{timeline.clip.name}\n{NOTE}", fontsize=10)
    title.set_parse_math(False)
    return figure
