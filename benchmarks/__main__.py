"""Measure everything the house promises, print it, and write docs/performance.md.

Run by `make bench` on a quiet machine; `python -m benchmarks --no-demo` leaves out the demo.
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # one thread, unless a line says otherwise

import argparse
import platform
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from aunce_lib import faces
from aunce_lib.corpora import FrameTable
from aunce_lib.corpora.prepare import prepare
from aunce_lib.corpora.readers import reader
from aunce_lib.encoder import AUFeatures, Encoder
from aunce_lib.evaluation.probe import fit_probe
from aunce_lib.loss import aunce_loss
from aunce_lib.views import Views
from benchmarks.peers import LoopedHead, full_tensor_loss
from benchmarks.timing import median_seconds, numbers_printed, peak_mebibytes, side_by_side

ROOT = Path(__file__).parent.parent
N_AUS, DIM = 12, 128
RATES = torch.tensor([0.21, 0.17, 0.20, 0.46, 0.55, 0.59, 0.56, 0.47, 0.17, 0.34, 0.17, 0.15])
#: Kinds as the published mixture draws them on average: .2 self, .2 nearest, .6 mean of 12 AUs.
KINDS = torch.tensor([0, 0, 2, 2, 2, 2, 2, 2, 2, 1, 1, 2])

Row = tuple[str, str, str, bool | None]  # what, measured, target, met


def batch(n_images: int) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    z0, z1 = torch.randn(2, n_images, N_AUS, DIM, generator=generator)
    labels = (torch.rand(n_images, N_AUS, generator=generator) < RATES).float()
    return z0.requires_grad_(), z1.requires_grad_(), labels


def loss_speed() -> list[Row]:
    rows: list[Row] = []
    for n_images, target in ((256, 4), (512, 7)):
        z0, z1, labels = batch(n_images)

        def step(loss, z0=z0, z1=z1, labels=labels):
            z0.grad = z1.grad = None
            loss(z0, z1, labels, KINDS).backward()

        seconds = side_by_side(
            {"peer": lambda: step(full_tensor_loss), "ours": lambda: step(aunce_loss)}
        )
        ratio = seconds["peer"] / seconds["ours"]
        what = f"Loss, B = {n_images}, D = {DIM}, J = {N_AUS}, forward and backward"
        measured = (
            f"{ratio:.1f}× ({1e3 * seconds['ours']:.0f} ms against {1e3 * seconds['peer']:.0f} ms)"
        )
        rows.append((what, measured, f"≥ {target}×", ratio >= target))
    return rows


MEMORY = """
import torch
from aunce_lib.loss import aunce_loss
from benchmarks.__main__ import KINDS, batch
from benchmarks.peers import full_tensor_loss
z0, z1, labels = batch(1024)
small = [t[:8].detach().clone().requires_grad_() for t in (z0, z1)]
aunce_loss(*small, labels[:8], KINDS).backward()
measure(lambda: {loss}.backward())
"""


def loss_memory() -> list[Row]:
    chunked = "aunce_loss(z0, z1, labels, KINDS, chunk_size=256)"
    peak = {
        name: peak_mebibytes(MEMORY.format(loss=loss))
        for name, loss in {
            "peer": "full_tensor_loss(z0, z1, labels, KINDS)",
            "ours": "aunce_loss(z0, z1, labels, KINDS)",
            "chunked": chunked,
        }.items()
    }
    z0, z1, labels = batch(1024)

    def step(chunk_size: int | None) -> None:
        z0.grad = z1.grad = None
        aunce_loss(z0, z1, labels, KINDS, chunk_size=chunk_size).backward()

    seconds = side_by_side({"whole": lambda: step(None), "chunked": lambda: step(256)}, repeats=5)
    less, slower = peak["peer"] / peak["chunked"], seconds["chunked"] / seconds["whole"]
    return [
        (
            "Peak memory of the loss, B = 1,024, chunk_size = 256",
            f"{less:.0f}× less ({peak['chunked']:.0f} MiB, without chunks {peak['ours']:.0f}, "
            f"reference's way {peak['peer']:.0f})",
            "≥ 15× less",
            less >= 15,
        ),
        ("Time of the chunked loss against the whole", f"{slower:.2f}×", "≤ 1.3×", slower <= 1.3),
    ]


def head_speed() -> list[Row]:
    tokens = torch.randn(64, 16, 128, requires_grad=True)
    heads = {"looped": LoopedHead(N_AUS, 128), "ours": AUFeatures(N_AUS, 128)}
    calls = {
        name: (lambda head=head: head(tokens).square().sum().backward())
        for name, head in heads.items()
    }
    seconds = side_by_side(calls, repeats=15)
    ratio = seconds["looped"] / seconds["ours"]
    what = "Per-AU features, 64 × 16 tokens of 128, forward and backward, against a loop over AUs"
    return [(what, f"{ratio:.1f}×", "≥ 1.5×", ratio >= 1.5)]


def encoder_speed() -> list[Row]:
    encoder = Encoder(N_AUS).to(memory_format=torch.channels_last)
    images = torch.rand(128, 3, 64, 64).contiguous(memory_format=torch.channels_last)

    def step(bf16: bool) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            z = encoder(images)
        z.square().sum().backward()

    seconds = side_by_side({"bf16": lambda: step(True), "fp32": lambda: step(False)})
    ratio = seconds["fp32"] / seconds["bf16"]
    return [
        (
            "conv-small, 64 px, forward and backward, bf16 against float32",
            f"{ratio:.1f}× ({128 / seconds['bf16']:,.0f} against "
            f"{128 / seconds['fp32']:,.0f} images/s)",
            "none",
            None,
        )
    ]


def face_speed() -> list[Row]:
    def rate(n: int, size: int, threads: int) -> float:
        people = faces.Population(32, seed=0).people[torch.arange(n) % 32]
        aus = torch.rand(n, len(faces.AUS), 2, generator=torch.Generator().manual_seed(0))
        given = people, aus, faces.draw_scenes(n, seed=0), torch.arange(n), size
        torch.set_num_threads(threads)
        seconds = median_seconds(lambda: faces.render(*given), 5)
        torch.set_num_threads(1)
        return n / seconds

    rows = []
    for size, n, target in ((64, 512, 500), (128, 128, 150)):
        two, one = rate(n, size, 2), rate(n, size, 1)
        measured = f"{two:,.0f}/s with two threads, {one:,.0f}/s with one"
        rows.append((f"Faces drawn at {size} px", measured, f"≥ {target}/s", two >= target))
    growth = 4 * rate(512, 64, 2) / rate(2048, 64, 2)
    rows.append(("Time for four times as many faces", f"{growth:.1f}×", "about 4×", None))
    return rows


def view_speed() -> list[Row]:
    images = torch.randint(0, 256, (128, 64, 64, 3), dtype=torch.uint8).permute(0, 3, 1, 2)
    generator = torch.Generator().manual_seed(0)
    rates = {}
    for hue in (False, True):
        views = Views(strength=0.3, hue=hue)
        rates[hue] = 256 / median_seconds(lambda views=views: views(images, generator))
    measured = f"{rates[False]:,.0f}/s, with hue {rates[True]:,.0f}/s"
    return [("Views at 64 px, quick preset", measured, "≥ 2,000/s", rates[False] >= 2000)]


def probe_speed() -> list[Row]:
    rng = np.random.default_rng(0)
    labels = (rng.random((6000, N_AUS)) < RATES.numpy()).astype(np.float32)
    z = rng.normal(size=(6000, N_AUS, 32)).astype(np.float32)
    z[..., 0] += labels
    z /= np.linalg.norm(z, axis=-1, keepdims=True)
    people = np.array([f"p{i % 40}" for i in range(6000)])
    aus = (1, 2, 4, 6, 7, 10, 12, 14, 15, 17, 23, 24)
    seconds = median_seconds(lambda: fit_probe(z, labels, people, aus), 3)
    return [("Logistic probe, 6,000 × 12 AUs × 32", f"{seconds:.1f} s", "≤ 3 s", seconds <= 3)]


TABLE = """
from aunce_lib.corpora import FrameTable
import numpy, pandas, pyarrow.parquet, time
measure(lambda: FrameTable.load({path!r}))
started = time.perf_counter()
FrameTable.load({path!r})
print(time.perf_counter() - started)
"""


def table_speed() -> list[Row]:
    """A table as long as all of Aff-Wild2: 2.6 million frames of 548 videos, with paths."""
    n, videos = 2_600_000, 548
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
    for au in range(1, N_AUS + 1):
        frames[f"AU{au}"] = rng.choice(np.array([0, 1, np.nan], np.float32), n)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/frames.parquet"
        FrameTable(frames).save(path)
        mebibytes, seconds = numbers_printed(TABLE.format(path=path))
    return [
        (
            "A FrameTable of 2.6 million frames × 12 AUs, loaded and checked",
            f"{seconds:.1f} s, {mebibytes:.0f} MiB at most",
            "< 5 s, < 1 GiB",
            seconds < 5 and mebibytes < 1024,
        )
    ]


def prepare_speed() -> list[Row]:
    """Photographs of BP4D's size, 1,392 × 1,040 pixels, with landmarks and without."""
    from PIL import Image
    from skimage.data import astronaut

    n, size, rates = 32, 256, {}
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
            few = table if landmarks else table.take(range(8))
            started = time.perf_counter()
            out = folder / how
            prepare("disfa", few, folder / "photos", out, size=size, landmarks=landmarks)
            rates[how] = len(few) / (time.perf_counter() - started)
    return [
        (
            "aunce prepare, images of 1,392 × 1,040 px to 256 px, one process",
            f"{rates['landmarks']:.0f} images/s by landmarks, {rates['detection']:.1f} by "
            "detecting and following the face",
            "none",
            None,
        )
    ]


def import_speed() -> list[Row]:
    def start(code: str) -> None:
        subprocess.run([sys.executable, "-c", code], check=True)

    seconds = side_by_side(
        {"bare": lambda: start("pass"), "ours": lambda: start("import aunce_lib")}
    )
    spent = max(0.0, seconds["ours"] - seconds["bare"])  # below the noise of starting Python
    return [("import aunce_lib", f"{spent:.2f} s", "< 0.3 s", spent < 0.3)]


def demo_speed() -> list[Row]:
    limit = 180 if torch.cpu.get_capabilities().get("avx512_bf16") else 420
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"AUNCE_CACHE": f"{folder}/cache"}
        command = [sys.executable, "-m", "aunce_lib.cli", "demo", "--folder", f"{folder}/demo"]
        started = time.perf_counter()
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        seconds = time.perf_counter() - started
    last = done.stdout.strip().splitlines()[-1].split(" (")[0]
    return [
        (
            f"aunce demo, nothing cached: {last}",
            f"{seconds:.0f} s",
            f"≤ {limit} s",
            seconds <= limit,
        )
    ]


def machine() -> str:
    names = (
        {
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        }
        if Path("/proc/cpuinfo").exists()
        else {platform.processor()}
    )
    units = [u for u in ("avx512_bf16", "amx_bf16") if torch.cpu.get_capabilities().get(u)]
    return (
        f"{', '.join(sorted(names))}, {os.cpu_count()} logical cores, "
        f"bf16 units: {', '.join(units) or 'none'}; Python {platform.python_version()}, "
        f"torch {torch.__version__}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--no-demo", action="store_true", help="leave out the demo (minutes)")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "performance.md")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    parts = [loss_speed, loss_memory, head_speed, encoder_speed, face_speed, view_speed]
    parts += [probe_speed, table_speed, prepare_speed, import_speed] + (
        [] if arguments.no_demo else [demo_speed]
    )
    lines = ["| what | measured | target | met |", "|---|---|---|---|"]
    for part in parts:
        for what, measured, target, met in part():
            mark = {True: "yes", False: "**no**", None: ""}[met]
            lines.append(f"| {what} | {measured} | {target} | {mark} |")
            print(f"{what}: {measured}  [{target}] {mark}", flush=True)
    text = (
        "# Performance\n\n"
        f"Measured by `make bench` on {date.today()}: {machine()}.\n"
        "Medians; one thread unless a line says otherwise; ratios within one run. The reference's\n"
        "way of computing is written anew from the formulas in `benchmarks/peers.py`.\n\n"
        + "\n".join(lines)
        + "\n"
    )
    arguments.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
