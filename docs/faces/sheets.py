"""Draws the sheets of synthetic faces in this folder; run it with `make faces`. See README.md."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from aunce_lib.corpora import synthetic
from aunce_lib.faces import AUS, Difficulty, People, Population, draw_scenes, render
from aunce_lib.facs import column, describe
from aunce_lib.inspection.style import COLOURS, quiet

HERE = Path(__file__).parent
STUDIO = Difficulty(confusers=0.5, pose=0.25, light=0.35, camera=0.0)
PARTED = (26, 27)  #: a dropped jaw comes with parted lips (AU25)
ONE_SIDE = "left"  #: the person's left side, the right half of the picture

#: What is done, {AU: intensity or ONE_SIDE}.
COMBINATIONS: dict[str, dict[int, float | str]] = {
    "neutral": {},
    "joy 6+12+25": {6: 1.0, 12: 1.0, 25: 1.0},
    "sadness 1+4+15": {1: 1.0, 4: 0.7, 15: 1.0},
    "surprise 1+2+5+25+26": {1: 1.0, 2: 1.0, 5: 1.0, 25: 1.0, 26: 1.0},
    "fear 1+2+4+5+20+25": {1: 1.0, 2: 0.8, 4: 0.7, 5: 1.0, 20: 1.0, 25: 1.0},
    "anger 4+5+7+23": {4: 1.0, 5: 0.7, 7: 0.8, 23: 1.0},
    "disgust 9+10+17": {9: 1.0, 10: 1.0, 17: 0.8},
    "contempt L14": {14: ONE_SIDE},
}
LABEL, TITLE = 18, 26  #: heights of a line of text, pixels


@dataclass
class Block:
    """Rows of faces under one heading, uint8 (rows, columns, 3, S, S); labels above the columns."""

    labels: list[str]
    faces: Tensor
    heading: str = ""


def intensities(actions: dict[int, float | str]) -> Tensor:
    """{AU: intensity or `ONE_SIDE`} -> (AUs, 2), left and right half of the picture."""
    aus = torch.zeros(len(AUS), 2)
    for au, intensity in actions.items():
        aus[AUS.index(au)] = torch.tensor([0.0, 1.0]) if intensity == ONE_SIDE else intensity
    return aus


def cast(n_people: int, seed: int = 0) -> People:
    """People for a sheet, of every skin tone and age, in turn female and male.

    Their muscles are of average strength and nobody wears glasses: a sheet shows action units.
    """
    male = torch.arange(n_people) % 2 == 1
    people = Population(n_people, seed, STUDIO, male=male).people
    return replace(people, gain=torch.ones_like(people.gain), glasses=torch.zeros(n_people))


def act(actions: list[dict[int, float | str]], people: People, seed: int, size: int) -> Tensor:
    """Every person (row) doing each of the actions (column), uint8 (rows, columns, 3, S, S)."""
    n = len(people)
    who = torch.arange(n).repeat_interleave(len(actions))
    aus = torch.stack([intensities(a) for a in actions]).repeat(n, 1, 1)
    scenes = draw_scenes(n, seed, STUDIO)[who]
    pictures = render(people[who], aus, scenes, torch.arange(len(who)), size)
    return pictures.view(n, len(actions), 3, size, size)


def sheet(title: str, blocks: list[Block], path: Path) -> None:
    """Writes blocks of faces under each other as PNG, titled as synthetic."""
    size = blocks[0].faces.shape[-1]
    width = max(block.faces.shape[1] for block in blocks) * size
    heights = [
        TITLE * bool(block.heading) + LABEL * bool(block.labels) + len(block.faces) * size
        for block in blocks
    ]
    image = Image.new("RGB", (width, TITLE + sum(heights)), "white")
    pen, large = ImageDraw.Draw(image), ImageFont.load_default(15)
    small = ImageFont.load_default(10 if size < 200 else 14)
    pen.text((4, 4), f"{title} (synthetic faces)", "black", large)
    top = TITLE
    for block in blocks:
        if block.heading:
            pen.text((4, top + 5), block.heading, "black", large)
            top += TITLE
        for place, label in enumerate(block.labels):
            pen.text((place * size + 4, top + 2), label, "black", small)
        top += LABEL * bool(block.labels)
        for row in block.faces:
            strip = row.permute(2, 0, 3, 1).reshape(size, -1, 3)  # (S, columns * S, 3)
            image.paste(Image.fromarray(strip.numpy()), (0, top))
            top += size
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


# ------------------------------------------------------------------------- the sheets
def aus_sheet(path: Path, size: int, n_people: int, columns: int) -> None:
    """Every action unit at full strength."""
    shown: dict[str, dict] = {"neutral": {}}
    for au in AUS:
        if au in PARTED:
            shown[f"AU25+{au}"] = {25: 1.0, au: 1.0}
        else:
            shown[column(au)] = {au: 1.0}
    labels = list(shown)
    faces = act(list(shown.values()), cast(n_people), 6, size)
    blocks = [
        Block(labels[start : start + columns], faces[:, start : start + columns])
        for start in range(0, len(labels), columns)
    ]
    sheet("Action units at full strength", blocks, path)


def combinations_sheet(path: Path, size: int = 128) -> None:
    """Emotions as combinations of action units."""
    faces = act(list(COMBINATIONS.values()), cast(6, seed=11), 11, size)
    sheet("Combinations of action units", [Block(list(COMBINATIONS), faces)], path)


def people_sheet(path: Path, size: int = 112) -> None:
    """Thirty people at rest: rows by age, from the lightest to the darkest skin of each row."""
    people = Population(30, seed=3, difficulty=STUDIO).people
    by_age = people.age.argsort().view(3, 10)
    order = torch.cat([row[people.melanin[row].argsort()] for row in by_age])
    people = people[order]
    pictures = render(
        people, torch.zeros(30, len(AUS), 2), draw_scenes(30, 3, STUDIO), torch.arange(30), size
    ).view(3, 10, 3, size, size)
    blocks = [
        Block([], row[None], f"{low} to {high} years")
        for row, low, high in zip(pictures, (18, 39, 60), (38, 59, 80), strict=True)
    ]
    sheet("People at rest, from the lightest to the darkest skin", blocks, path)


def corpora_sheet(path: Path, size: int = 112, rows: int = 2, columns: int = 10) -> None:
    """Random frames of each embedded corpus, with the action units that are labelled active."""
    blocks = []
    for name in synthetic.CORPORA:
        table = synthetic.load(name, "tiny", image_size=size)
        order = torch.randperm(len(table), generator=torch.Generator().manual_seed(1))
        some = table.take(order[: rows * columns].numpy())
        images = some.images().view(rows, columns, 3, size, size)
        for row in range(rows):
            labels = some.labels[row * columns : (row + 1) * columns]
            active = [_named(some.aus, face) for face in labels]
            blocks.append(Block(active, images[row : row + 1], "" if row else name))
    sheet("Random frames of the embedded corpora, with their active action units", blocks, path)


def _named(aus: tuple[int, ...], labels: np.ndarray) -> str:
    """The active action units, and whether none is or nobody knows."""
    if np.isnan(labels).all():
        return "not labelled"
    active = " ".join(str(au) for au, y in zip(aus, labels, strict=True) if y == 1)
    return active or "none"


def smile(n_frames: int = 25) -> tuple[Tensor, dict[int, Tensor]]:
    """A smile of one second: onset, apex and offset of AU6, AU12 and AU25, with a blink before it.

    Returns:
        intensities (n_frames, AUs, 2), and those of the AUs that move (n_frames,).
    """
    t = torch.linspace(0, 1, n_frames)

    def event(onset: float, apex: float, fading: float, offset: float, most: float) -> Tensor:
        rise, fall = (t - onset) / (apex - onset), (offset - t) / (offset - fading)
        x = torch.minimum(rise, fall).clamp(0, 1)
        return most * x * x * (3 - 2 * x)

    moving = {
        6: event(0.28, 0.60, 0.75, 1.15, 0.8),
        12: event(0.16, 0.52, 0.78, 1.20, 1.0),
        25: event(0.30, 0.60, 0.72, 1.00, 0.9),
        45 if 45 in AUS else 43: event(0.02, 0.10, 0.12, 0.26, 1.0),
    }
    aus = torch.zeros(n_frames, len(AUS), 2)
    for au, course in moving.items():
        aus[:, AUS.index(au)] = course[:, None]
    return aus, moving


def sequence_sheet(path: Path, size: int = 80) -> None:
    """One second at 25 frames a second, and what its action units do."""
    aus, moving = smile()
    n = len(aus)
    who = torch.full((n,), 1)
    pictures = render(cast(4, 8)[who], aus, draw_scenes(4, 8, STUDIO)[who], torch.arange(n), size)
    strip = pictures.permute(2, 0, 3, 1).reshape(size, n * size, 3)
    figure, (above, below) = plt.subplots(
        *(2, 1), figsize=(n * size / 100, 3.4), dpi=100, sharex=True, height_ratios=(1, 2.6)
    )
    above.imshow(strip.numpy(), extent=(-0.5, n - 0.5, 0, 1), aspect="auto", interpolation="none")
    above.set_axis_off()
    above.set_title("A smile of one second, 25 frames (synthetic face)", loc="left")
    for (au, course), colour in zip(moving.items(), COLOURS, strict=False):
        below.plot(course, marker="o", ms=3, color=colour, label=describe(au).split(" (")[0])
    below.set(xlabel="frame (1/25 s)", ylabel="intensity (0 to 1)", ylim=(0, 1.05))
    below.set(xlim=(-0.5, n - 0.5), xticks=range(n))
    figure.legend(frameon=False, loc="upper right", ncols=len(moving), borderaxespad=0.1)
    quiet(below)
    figure.subplots_adjust(left=0.03, right=0.995, top=0.90, bottom=0.14, hspace=0.04)
    figure.savefig(path)
    plt.close(figure)


if __name__ == "__main__":
    aus_sheet(HERE / "aus_64.png", size=64, n_people=6, columns=13)
    aus_sheet(HERE / "aus.png", size=128, n_people=6, columns=13)
    aus_sheet(HERE / "aus_256.png", size=256, n_people=2, columns=9)
    combinations_sheet(HERE / "combinations.png")
    people_sheet(HERE / "people.png")
    corpora_sheet(HERE / "corpora.png")
    sequence_sheet(HERE / "sequence.png")
