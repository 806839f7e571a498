"""What the benchmarks compute on: batches of embeddings, photographs, tables; all seeded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from aunce_lib.corpora import FrameStore, FrameTable

N_AUS, DIM = 12, 128
AUS = (1, 2, 4, 6, 7, 10, 12, 14, 15, 17, 23, 24)
RATES = torch.tensor([0.21, 0.17, 0.20, 0.46, 0.55, 0.59, 0.56, 0.47, 0.17, 0.34, 0.17, 0.15])
#: Kinds as the published mixture draws them on average: .2 self, .2 nearest, .6 mean of 12 AUs.
KINDS = torch.tensor([0, 0, 2, 2, 2, 2, 2, 2, 2, 1, 1, 2])


def batch(n_images: int, dim: int = DIM) -> tuple[torch.Tensor, ...]:
    """Two views (B, J, D) that want gradients, and labels (B, J) at BP4D's rates."""
    generator = torch.Generator().manual_seed(0)
    z0, z1 = torch.randn(2, n_images, N_AUS, dim, generator=generator)
    return z0.requires_grad_(), z1.requires_grad_(), draw_labels(n_images)


def draw_labels(n_images: int) -> torch.Tensor:
    """Labels (B, J) of 0 and 1 at BP4D's rates."""
    generator = torch.Generator().manual_seed(1)
    return (torch.rand(n_images, N_AUS, generator=generator) < RATES).float()


def photographs(folder: Path, n: int, side: int) -> tuple[list[Path], FrameStore]:
    """The same pictures twice: as JPEG files, and as one store. Crops of a public photograph."""
    from PIL import Image
    from skimage.data import astronaut

    photo, rng = Image.fromarray(astronaut()), np.random.default_rng(0)
    paths = []
    with FrameStore.create(folder / "faces.store", n, side, side) as writer:
        for number in range(n):
            x, y = rng.integers(130, 190), rng.integers(0, 40)
            face = photo.crop((x, y, x + 160, y + 160)).resize((side, side))
            paths.append(folder / f"{number}.jpg")
            face.save(paths[-1], quality=92)
            writer[number : number + 1] = np.asarray(Image.open(paths[-1]))[None]
    return paths, FrameStore.open(folder / "faces.store")


def long_table(n: int, videos: int = 548) -> FrameTable:
    """A table like Aff-Wild2's, with n frames of 548 videos and their paths, no images."""
    video = np.arange(n) * videos // n
    frame = np.arange(n) - np.searchsorted(video, video)
    names = [f"{number}-1280x720" for number in range(videos)]
    frames = pd.DataFrame(
        {
            "corpus": pd.Categorical(["affwild2"]).repeat(n),
            "subject": pd.Categorical.from_codes(video, [f"affwild2/{name}" for name in names]),
            "sequence": pd.Categorical.from_codes(video, names),
            "frame": frame,
            "path": [
                f"cropped_aligned/{names[v]}/{f:05d}.jpg" for v, f in zip(video, frame, strict=True)
            ],
        }
    )
    rng = np.random.default_rng(0)
    for au in AUS:
        frames[f"AU{au}"] = rng.choice(np.array([0, 1, np.nan], np.float32), n)
    return FrameTable(frames)


def table_with_images(folder: Path, n: int, side: int = 64) -> FrameTable:
    """n frames of 20 people with images: noise, since here only their number counts."""
    rng = np.random.default_rng(0)
    with FrameStore.create(folder / f"{n}.store", n, side, side) as writer:
        for start in range(0, n, 1024):
            count = min(1024, n - start)
            writer[start : start + count] = rng.integers(0, 256, (count, side, side, 3), np.uint8)
    person = np.arange(n) * 20 // n
    frames = {
        "corpus": "noise",
        "subject": [f"noise/{p}" for p in person],
        "sequence": "a",
        "frame": np.arange(n) - np.searchsorted(person, person),
    }
    labels = draw_labels(n).numpy()
    frames |= {f"AU{au}": labels[:, j] for j, au in enumerate(AUS)}
    return FrameTable(pd.DataFrame(frames), store=FrameStore.open(folder / f"{n}.store"))
