"""Draws the sheets of synthetic faces in this folder; run it with `make faces`.

aus.png           every action unit at full strength on four people
combinations.png  joy, sadness, surprise, anger, disgust on six people
population.png    random faces of the benchmark corpus, with their action units
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from aunce_lib.faces import (
    AUS,
    Difficulty,
    People,
    Population,
    draw_action_units,
    draw_scenes,
    render,
)
from aunce_lib.facs import AU_SETS

HERE = Path(__file__).parent
STUDIO = Difficulty(confusers=0.5, pose=0.25, light=0.35, camera=0.0)
COMBINATIONS: dict[str, dict[int, float]] = {
    "neutral": {},
    "joy 6+12+25": {6: 1.0, 12: 1.0, 25: 1.0},
    "sadness 1+4+15": {1: 1.0, 4: 0.7, 15: 1.0},
    "surprise 1+2+5+25+26": {1: 1.0, 2: 1.0, 5: 1.0, 25: 1.0, 26: 1.0},
    "anger 4+5+7+23": {4: 1.0, 5: 0.7, 7: 0.8, 23: 1.0},
    "disgust 9+10+17": {9: 1.0, 10: 1.0, 17: 0.8},
}
LABEL, TITLE = 18, 26  #: heights of a line of text, pixels


def intensities(actions: dict[int, float]) -> Tensor:
    """{AU: intensity} -> (AUs, 2), the same on both sides."""
    aus = torch.zeros(len(AUS), 2)
    for au, intensity in actions.items():
        aus[AUS.index(au)] = intensity
    return aus


def cast(n_people: int, seed: int) -> People:
    """People for a sheet, muscles of average strength, no glasses."""
    people = Population(n_people, seed, STUDIO).people
    return replace(people, gain=torch.ones_like(people.gain), glasses=torch.zeros(n_people))


def faces(actions: list[dict[int, float]], n_people: int, seed: int, size: int) -> Tensor:
    """Every person (row) with every set of actions (column), uint8 (rows, columns, 3, S, S)."""
    who = torch.arange(n_people).repeat_interleave(len(actions))
    aus = torch.stack([intensities(a) for a in actions]).repeat(n_people, 1, 1)
    people = cast(n_people, seed)[who]
    scenes = draw_scenes(n_people, seed, STUDIO)[who]
    pictures = render(people, aus, scenes, torch.arange(len(who)), size)
    return pictures.view(n_people, len(actions), 3, size, size)


def sheet(title: str, blocks: list[tuple[list[str], Tensor]], path: Path) -> None:
    """Blocks of faces under each other, a label above each column; written as PNG."""
    size = blocks[0][1].shape[-1]
    width = max(len(labels) for labels, _ in blocks) * size
    height = TITLE + sum(LABEL + len(rows) * size for _, rows in blocks)
    image = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(image)
    pen.text((4, 4), f"{title} (synthetic faces)", fill="black", font=ImageFont.load_default(15))
    top = TITLE
    for labels, rows in blocks:
        for column, label in enumerate(labels):
            pen.text((column * size + 4, top + 2), label, "black", ImageFont.load_default(10))
        for r, row in enumerate(rows):
            for column, face in enumerate(row):
                corner = (column * size, top + LABEL + r * size)
                image.paste(Image.fromarray(face.permute(1, 2, 0).numpy()), corner)
        top += LABEL + len(rows) * size
    image.quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def aus_sheet(path: Path, size: int = 128) -> None:
    """Every action unit at intensity 1, AU26 with parted lips as it always comes."""
    columns = [("neutral", {})] + [(f"AU{au}", {au: 1.0}) for au in AUS]
    columns[1 + AUS.index(26)] = ("AU25+26", {25: 1.0, 26: 1.0})
    columns.insert(10, columns[0])
    blocks = []
    for part in (columns[:10], columns[10:]):
        labels, actions = zip(*part, strict=True)
        blocks.append((list(labels), faces(list(actions), n_people=4, seed=6, size=size)))
    sheet("Action units at full strength", blocks, path)


def combinations_sheet(path: Path, size: int = 128) -> None:
    """Emotions as combinations of action units."""
    pictures = faces(list(COMBINATIONS.values()), n_people=6, seed=11, size=size)
    sheet("Combinations", [(list(COMBINATIONS), pictures)], path)


def population_sheet(path: Path, size: int = 112, columns: int = 10, rows: int = 7) -> None:
    """Random frames of the benchmark population."""
    n = columns * rows
    who = torch.randperm(n, generator=torch.Generator().manual_seed(0)) % 41
    aus, active = draw_action_units(who, 41, seed=0)
    pictures = render(Population(41).people[who], aus, draw_scenes(n), torch.arange(n), size).view(
        rows, columns, 3, size, size
    )
    names = [
        " ".join(str(au) for k, au in enumerate(AUS) if present[k] and au in AU_SETS["bp4d"])
        for present in active
    ]
    blocks = [(names[r * columns : (r + 1) * columns], pictures[r : r + 1]) for r in range(rows)]
    sheet("Random frames, with their BP4D action units", blocks, path)


if __name__ == "__main__":
    aus_sheet(HERE / "aus.png")
    combinations_sheet(HERE / "combinations.png")
    population_sheet(HERE / "population.png")
