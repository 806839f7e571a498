"""How well each action unit can be seen: where pixels change, and what a small network makes of it.

Writes recognisability.md and recognisability.csv. Run it with `make faces-measured`, or on some
action units with `python docs/faces/recognisability.py 23 24` (prints, writes nothing).
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import torch
from detector import Frames, auc, draw_frames, train_detector
from torch import Tensor

from aunce_lib.faces import AUS, Difficulty, Population, draw_scenes, render
from aunce_lib.faces.camera import HALF_VIEW, HEIGHT, VIEW_Y, WIDTH
from aunce_lib.facs import ACTION_UNITS

HERE = Path(__file__).parent
WANTED, WANTED_APART = 0.75, 0.80  #: AUC of an action unit, and of AU23 against AU24
N_TRAIN, N_TEST, PEOPLE_TRAIN, PEOPLE_TEST, EPOCHS = 6000, 1000, 120, 30, 6
STILL = Difficulty(pose=0.0, light=0.5, camera=0.0)  #: for the change of pixels

#: Face regions of `facs.ACTION_UNITS`: where |x| and y lie, in face units (see `faces/muscles.py`).
REGIONS: dict[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "brow": ((0.0, 0.78), (0.20, 0.80)),  # with the forehead
    "eyelids": ((0.10, 0.66), (-0.12, 0.28)),
    "cheeks": ((0.12, 0.80), (-0.50, 0.24)),  # with crow's feet and the lower lid
    "nose": ((0.0, 0.32), (-0.45, 0.40)),  # with its root, where AU9 draws the brows down
    "mouth": ((0.0, 0.58), (-0.86, -0.34)),
    "chin": ((0.0, 0.45), (-1.12, -0.58)),
    "jaw": ((0.0, 0.66), (-1.17, -0.45)),
}

PAGE = """# How well each action unit can be seen (synthetic faces)

*Change*: mean absolute difference of pixels (0 to 255) between rest and intensity 1, over 24
people, 64 px, head still: inside the action unit's region of the face, outside of it, their ratio,
and the mean of the 80 pixels that change most (*strongest*). *AUC*: a small network (conv-small,
0.42 M parameters) learns this action unit alone from {n_train:,} `benchmark` faces of
{people_train} people and is tested on {n_test:,} faces of {people_test} others. In half of them it
is active (.3 to 1), in half not (up to .15), whatever the other action units do, which are drawn as
in the corpus; 95 % interval over people, chance is .50. From so few faces an AUC is a floor: more
faces read more. Wanted: {wanted:.2f} for each, {apart:.2f} for AU23 against AU24.

**{verdict}** Made by `docs/faces/recognisability.py` (`make faces-measured`).

Tried on the hard ones, after a first table from half as many faces and people (AU5 .63, AU7 .65,
AU10 .73, AU15 .69, AU16 .68, AU17 .75, AU20 .75, AU25 .73): wider lids for AU5, narrower ones for
AU7, eyes that differ less at rest, AU7 that gives way to AU5, corners that fall further for AU15,
lips that part further for AU25, idle muscles that mostly rest. What is left: a lid moves about two
of 64 pixels, and AU6, 43 and 45 narrow the same eye.

| AU | | region | inside | outside | ratio | strongest | AUC | 95 % | |
|---|---|---|--:|--:|--:|--:|--:|---|---|
"""


def region_mask(region: str, size: int) -> Tensor:
    """Pixels of a frontal, unshifted face that show the region, bool (size, size)."""
    (inner, outer), (low, high) = REGIONS[region]
    t = ((torch.arange(size) + 0.5) / size * 2 - 1) * HALF_VIEW
    y, x = torch.meshgrid((VIEW_Y - t + 0.1) / HEIGHT - 0.1, t.abs() / WIDTH, indexing="ij")
    return (inner <= x) & (x <= outer) & (low <= y) & (y <= high)


def pixel_change(au: int, n_people: int = 24, size: int = 64) -> dict[str, float]:
    """Mean |change| of pixels, 0-255, from rest to intensity 1, over people of all kinds.

    Returns:
        inside and outside of the AU's region, their ratio, and strongest: the mean of the 80
        pixels that change most.
    """
    people = Population(n_people, 6, STILL).people
    rest = torch.zeros(n_people, len(AUS), 2)
    acting = rest.clone()
    acting[:, AUS.index(au)] = 1.0
    scenes, seeds = draw_scenes(n_people, 6, STILL), torch.arange(n_people)
    before, after = (render(people, aus, scenes, seeds, size).float() for aus in (rest, acting))
    change = (after - before).abs().mean(1)  # (n, size, size)
    mask = region_mask(ACTION_UNITS[au].region, size)
    inside, outside = change[:, mask].mean().item(), change[:, ~mask].mean().item()
    strongest = change.flatten(1).topk(80).values.mean().item()
    return {
        "inside": inside,
        "outside": outside,
        "ratio": inside / max(outside, 1e-6),
        "strongest": strongest,
    }


def strengths(active: Tensor, au: int, generator: torch.Generator) -> Tensor:
    """Intensities (n, 2) of an AU as the corpus has them: active from .3 to 1, else up to .15."""
    n = len(active)
    strength = torch.rand(n, generator=generator)
    strength = torch.where(active, 0.30 + 0.70 * strength, 0.15 * strength)
    lopsided = (0.45 if au == 14 else 0.15) * torch.randn(n, generator=generator)
    weaker = 1 - torch.stack([lopsided, -lopsided], 1).clamp(0, 0.8)
    return strength[:, None] * weaker


def balanced(frames: Frames, images: Tensor, au: int, seed: int) -> tuple[Tensor, Tensor]:
    """The same frames with this AU active in a random half of them, whatever the others do.

    Returns:
        Pictures, and labels (N, 1). Only frames whose label changes are drawn again.
    """
    generator, k = torch.Generator().manual_seed(seed), AUS.index(au)
    active = torch.rand(len(frames), generator=generator) < 0.5
    changed = active != frames.active[:, k]
    aus, images = frames.aus.clone(), images.clone()
    aus[changed, k] = strengths(active, au, generator)[changed]
    images[changed] = replace(frames, aus=aus).render(changed)
    return images, active[:, None]


def one_or_other(frames: Frames, first: int, second: int, seed: int) -> tuple[Tensor, Tensor]:
    """The same frames with one of two AUs active, not both; labels (N, 1): is it the first?"""
    generator = torch.Generator().manual_seed(seed)
    is_first = torch.rand(len(frames), generator=generator) < 0.5
    aus = frames.aus.clone()
    aus[:, AUS.index(first)] = strengths(is_first, first, generator)
    aus[:, AUS.index(second)] = strengths(~is_first, second, generator)
    return replace(frames, aus=aus).render(), is_first[:, None]


def score(train: tuple[Tensor, Tensor], test: tuple[Tensor, Tensor], who: Tensor) -> dict:
    """AUC of a network that learned the one and sees the other, with its 95 % interval."""
    detector = train_detector(*train, EPOCHS)
    value, low, high = auc(test[1][:, 0], detector.scores(test[0])[:, 0], who)
    return {"auc": value, "low": low, "high": high}


def measure(aus: tuple[int, ...]) -> pd.DataFrame:
    """A row an AU, and AU23 against AU24 if both are asked for."""
    train, test = draw_frames(N_TRAIN, PEOPLE_TRAIN, 101), draw_frames(N_TEST, PEOPLE_TEST, 102)
    drawn = train.render(), test.render()
    rows = []
    for au in aus:
        pairs = [
            balanced(frames, images, au, 200 + i)
            for i, (frames, images) in enumerate(zip((train, test), drawn, strict=True))
        ]
        unit = ACTION_UNITS[au]
        row = {"au": unit.column, "name": unit.name, "region": unit.region, **pixel_change(au)}
        rows.append(row | score(*pairs, test.who) | {"wanted": WANTED})
        print("{au}: AUC {auc:.3f} ({low:.3f} - {high:.3f})".format(**rows[-1]), flush=True)
    if {23, 24} <= set(aus):
        pairs = [one_or_other(f, 23, 24, 300 + i) for i, f in enumerate((train, test))]
        row = {"au": "AU23 or AU24", "name": "told apart", "region": "mouth"}
        rows.append(row | score(*pairs, test.who) | {"wanted": WANTED_APART})
        print("{au}: AUC {auc:.3f} ({low:.3f} - {high:.3f})".format(**rows[-1]), flush=True)
    return pd.DataFrame(rows)


def page(table: pd.DataFrame) -> str:
    """The table as Markdown, with what it says."""
    short = table[table.auc < table.wanted]
    by = ", ".join(f"{r.au} by {r.wanted - r.auc:.2f}" for r in short.itertuples())
    verdict = f"Short of what is wanted: {by}." if by else "Every one reaches what is wanted."
    head = PAGE.format(
        n_train=N_TRAIN,
        people_train=PEOPLE_TRAIN,
        n_test=N_TEST,
        people_test=PEOPLE_TEST,
        wanted=WANTED,
        apart=WANTED_APART,
        verdict=verdict,
    )
    lines = []
    for r in table.itertuples():
        change = (f"{r.inside:.1f}", f"{r.outside:.1f}", f"{r.ratio:.0f}", f"{r.strongest:.0f}")
        change = ("",) * 4 if pd.isna(r.inside) else change
        note = "" if r.auc >= r.wanted else f"below {r.wanted:.2f}"
        cells = (
            r.au,
            r.name,
            r.region,
            *change,
            f"{r.auc:.2f}",
            f"{r.low:.2f} - {r.high:.2f}",
            note,
        )
        lines.append("| " + " | ".join(cells) + " |")
    return head + "\n".join(lines) + "\n"


if __name__ == "__main__":
    torch.set_num_threads(1)
    asked = tuple(int(a) for a in sys.argv[1:])
    measured = measure(asked or AUS)
    if not asked:
        measured.round(4).to_csv(HERE / "recognisability.csv", index=False)
        (HERE / "recognisability.md").write_text(page(measured))
