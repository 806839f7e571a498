"""Faces drawn, tables read, photographs prepared, the demo from nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import torch

from aunce_lib import faces
from aunce_lib.corpora.prepare import prepare
from aunce_lib.corpora.readers import reader
from benchmarks.inputs import long_table
from benchmarks.report import Row
from benchmarks.timing import median_seconds, numbers_printed


def face_speed(quick: bool) -> list[Row]:
    """Faces a second; with two threads the CPU time of both would count, so it is wall time."""

    def rate(n: int, size: int, threads: int) -> float:
        people = faces.Population(32, seed=0).people[torch.arange(n) % 32]
        aus = torch.rand(n, len(faces.AUS), 2, generator=torch.Generator().manual_seed(0))
        given = people, aus, faces.draw_scenes(n, seed=0), torch.arange(n), size
        torch.set_num_threads(threads)
        seconds = median_seconds(lambda: faces.render(*given), 1 if quick else 5)
        torch.set_num_threads(1)
        return n / seconds

    rows, shorter = [], 4 if quick else 1
    for size, n, target in ((64, 512, 500), (128, 128, 150)):
        one = rate(n // shorter, size, 1)
        if quick:
            rows.append(Row(f"Faces drawn at {size} px", f"{one:,.0f} per CPU second"))
            continue
        two = rate(n, size, 2)
        measured = f"{two:,.0f}/s with two threads, {one:,.0f}/s with one"
        rows.append(Row(f"Faces drawn at {size} px", measured, f"≥ {target}/s", two >= target))
    if not quick:
        growth = 4 * rate(512, 64, 2) / rate(2048, 64, 2)
        rows.append(Row("Time for four times as many faces", f"{growth:.1f}×", "about 4×"))
    return rows


TABLE = """
from aunce_lib.corpora import FrameTable
import numpy, pandas, pyarrow.parquet
measure(lambda: FrameTable.load({path!r}))
print(seconds_of(lambda: FrameTable.load({path!r})))
"""


def load_table(n: int) -> tuple[float, float]:
    """Peak MiB and seconds of loading a table of n frames × 12 AUs, in its own process."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/frames.parquet"
        long_table(n).save(path)
        return tuple(numbers_printed(TABLE.format(path=path)))


def table_speed(quick: bool) -> list[Row]:
    """A table as long as all of Aff-Wild2: 2.6 million frames of 548 videos, with paths."""
    n = 260_000 if quick else 2_600_000
    mebibytes, seconds = load_table(n)
    return [
        Row(
            f"A FrameTable of {n:,} frames × 12 AUs, loaded and checked",
            f"{seconds:.1f} s, {mebibytes:.0f} MiB at most",
            "< 5 s, < 1 GiB",
            seconds < 5 and mebibytes < 1024,
        )
    ]


def prepare_speed(quick: bool) -> list[Row]:
    """Photographs of BP4D's size, 1,392 × 1,040 pixels, with landmarks and without."""
    import numpy as np
    from PIL import Image
    from skimage.data import astronaut

    n, size, rates = 4 if quick else 32, 256, {}
    photo = Image.fromarray(astronaut()).resize((1040, 1040)).crop((-176, 0, 1216, 1040))
    points = np.full((68, 2), 0.0)
    points[36:42], points[42:48], points[[48, 54]] = (590, 206), (677, 211), (629, 293)
    columns = {f"{axis}_{i}": points[i, k] for k, axis in enumerate("xy") for i in range(68)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "photos" / "A").mkdir(parents=True)
        for number in range(n):
            photo.save(folder / "photos" / "A" / f"{number}.jpg", quality=92)
        table = reader("folder")(folder / "photos")
        frames = pd.DataFrame(columns, index=range(n)).assign(path=table.frames["path"])
        frames.to_csv(folder / "landmarks.csv", index=False)
        for how, landmarks in (("landmarks", folder / "landmarks.csv"), ("detection", None)):
            few = table if landmarks else table.take(range(n // 4))
            started = time.perf_counter()
            out = folder / how
            prepare("disfa", few, folder / "photos", out, size=size, landmarks=landmarks)
            rates[how] = len(few) / (time.perf_counter() - started)
    return [
        Row(
            "aunce prepare, images of 1,392 × 1,040 px to 256 px, one process",
            f"{rates['landmarks']:.0f} images/s by landmarks, {rates['detection']:.1f} by "
            "detecting and following the face",
        )
    ]


def demo_speed(quick: bool) -> list[Row]:
    """The demo from an empty cache; left out where the machine is busy."""
    if quick:
        return []
    limit = 180 if torch.cpu.get_capabilities().get("avx512_bf16") else 420
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"AUNCE_CACHE": f"{folder}/cache"}
        command = [sys.executable, "-m", "aunce_lib.cli", "demo", "--folder", f"{folder}/demo"]
        started = time.perf_counter()
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - started
    last = done.stdout.strip().splitlines()[-1].split(" (")[0]
    what = f"aunce demo, nothing cached: {last}"
    return [Row(what, f"{seconds:.0f} s", f"≤ {limit} s", seconds <= limit)]


FACES = (face_speed, demo_speed)
PARTS = (table_speed, prepare_speed)
