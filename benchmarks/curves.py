"""How time and memory grow: each function measures one curve and yields its points."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from aunce_lib.config import TrainConfig
from aunce_lib.inspection.projection import project
from aunce_lib.sampler import BalancedBatchSampler
from aunce_lib.training import fit
from benchmarks.corpora import load_table
from benchmarks.inputs import draw_labels, table_with_images
from benchmarks.timing import memory, numbers_printed, seconds_of


class Point(NamedTuple):
    """One measurement: `quantity` of `curve` at a size, for instance seconds of t-SNE at 2,000."""

    curve: str
    size: int
    quantity: str
    value: float


LOSS = """
from aunce_lib.loss import aunce_loss
from benchmarks.inputs import KINDS, batch
z0, z1, labels = batch({n})
small = [t[:8].detach().clone().requires_grad_() for t in (z0, z1)]
aunce_loss(*small, labels[:8], KINDS).backward()
measure(lambda: print(seconds_of(
    lambda: aunce_loss(z0, z1, labels, KINDS, chunk_size={chunk}).backward())))
"""
CHUNK = 256


def loss(quick: bool) -> Iterator[Point]:
    """Forward and backward of J = 12, D = 128, each batch in a process of its own."""
    whole = (32, 64, 128, 256, 512) if quick else (32, 64, 128, 256, 512, 1024, 2048)
    chunked = (256, 512, 1024) if quick else (512, 1024, 2048, 4096, 8192)
    for curve, sizes, chunk in (("loss", whole, None), ("loss, chunked", chunked, CHUNK)):
        for n in sizes:
            seconds, mebibytes = numbers_printed(LOSS.format(n=n, chunk=chunk))
            yield Point(curve, n, "seconds", seconds)
            yield Point(curve, n, "MiB", mebibytes)


def training(quick: bool) -> Iterator[Point]:
    """One epoch of the quick preset: its images a second, and memory that is not of files."""
    config = TrainConfig(epochs=1, learning_rate=1e-4)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for n in (256, 512, 1024) if quick else (1024, 4096, 16_384):
            table = table_with_images(folder, n)
            with anonymous_memory() as most:
                seconds = seconds_of(
                    lambda t=table, n=n: fit(t, config, folder / f"run{n}", progress=False)
                )
            yield Point("training", n, "seconds", seconds)
            yield Point("training", n, "MiB", most[0])


@contextmanager
def anonymous_memory(every: float = 0.02) -> Iterator[list[float]]:
    """The most MiB of memory without the pages of files, which the system may drop at any time."""
    most, done = [memory("RssAnon")], threading.Event()

    def watch() -> None:
        while not done.wait(every):
            most[0] = max(most[0], memory("RssAnon"))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        done.set()
        thread.join()


def batches(quick: bool) -> Iterator[Point]:
    """All balanced batches of an epoch: Python, a face at a time."""
    for n in (1000, 10_000, 50_000) if quick else (10_000, 100_000, 1_000_000):
        labels = draw_labels(n)
        yield Point(
            "balanced batches",
            n,
            "seconds",
            seconds_of(lambda labels=labels: sum(1 for _ in BalancedBatchSampler(labels, 64))),
        )


def projection(quick: bool) -> Iterator[Point]:
    """Maps of points in 64 dimensions that lie in ten clouds; UMAP compiles itself before."""
    rng = np.random.default_rng(0)
    project(rng.normal(size=(100, 64)).astype(np.float32), "umap")
    for n in (250, 500, 1000) if quick else (500, 1000, 2000, 4000):
        clouds = rng.normal(size=(10, 64))[np.arange(n) % 10]
        points = (clouds + 0.5 * rng.normal(size=(n, 64))).astype(np.float32)
        for method, name in (("tsne", "t-SNE"), ("umap", "UMAP")):
            yield Point(name, n, "seconds", seconds_of(lambda p=points, m=method: project(p, m)))


def explorer(quick: bool) -> Iterator[Point]:
    """The explorer's page in one file, its map by PCA, so that only the page is measured."""
    from aunce_lib.widgets import Explorer

    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as name:
        for n in (250, 500, 1000) if quick else (500, 2000, 8000, 20_000):
            table = table_with_images(Path(name), n)
            z = rng.normal(size=(n, len(table.aus), 32)).astype(np.float32)
            page = Path(name) / "page.html"
            yield Point(
                "explorer export",
                n,
                "seconds",
                seconds_of(lambda t=table, z=z, p=page: Explorer(t, z, method="pca").save_html(p)),
            )
            yield Point("explorer export", n, "MB", page.stat().st_size / 1e6)


def table(quick: bool) -> Iterator[Point]:
    """Loading a FrameTable of so many rows × 12 AUs, checked."""
    for n in (10_000, 30_000, 100_000) if quick else (10_000, 100_000, 1_000_000, 3_000_000):
        mebibytes, seconds = load_table(n)
        yield Point("FrameTable", n, "seconds", seconds)
        yield Point("FrameTable", n, "MiB", mebibytes)


def rates(quick: bool) -> Iterator[Point]:
    """Single numbers that the outlook needs: reading, decoding, checkpoints."""
    import torch
    from PIL import Image

    from benchmarks.inputs import photographs
    from benchmarks.training import save_seconds

    with tempfile.TemporaryDirectory() as name:
        paths, store = photographs(Path(name), 64, 256)
        order = np.random.default_rng(0).permutation(64)
        store.batch(order)
        decoding = seconds_of(lambda: [Image.open(path).load() for path in paths])
        yield Point("store, 256 px", 64, "images/s", 64 / seconds_of(lambda: store.batch(order)))
        yield Point("JPEG, 256 px", 64, "images/s", 64 / decoding)
        backbone, side = ("swin-tiny", 112) if quick else ("swin-base", 224)
        torch.manual_seed(0)
        seconds = save_seconds(backbone, side, Path(name) / "checkpoints", repeats=1)
        files = sorted((Path(name) / "checkpoints").rglob("*.safetensors"))
        size = sum(file.stat().st_size for file in files) / 1e9
        yield Point(f"checkpoint of {backbone}", 1, "GB", size)
        yield Point(f"checkpoint of {backbone}", 1, "seconds", seconds)


CURVES = (loss, training, batches, projection, explorer, table, rates)
