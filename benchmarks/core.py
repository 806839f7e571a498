"""Loss, head, views, probe, import: the parts of a step, each against its target."""

from __future__ import annotations

import statistics

import numpy as np
import torch

from aunce_lib.encoder import AUFeatures
from aunce_lib.evaluation.probe import fit_probe
from aunce_lib.loss import aunce_loss
from aunce_lib.views import Views
from benchmarks.inputs import AUS, DIM, KINDS, N_AUS, RATES, batch
from benchmarks.peers import LoopedHead, full_tensor_loss
from benchmarks.report import Row
from benchmarks.timing import median_seconds, numbers_printed, peak_mebibytes, side_by_side


def loss_speed(quick: bool) -> list[Row]:
    rows = []
    for n_images, target in ((256, 4),) if quick else ((256, 4), (512, 7)):
        z0, z1, labels = batch(n_images)

        def step(loss, z0=z0, z1=z1, labels=labels):
            z0.grad = z1.grad = None
            loss(z0, z1, labels, KINDS).backward()

        seconds = side_by_side(
            {"peer": lambda: step(full_tensor_loss), "ours": lambda: step(aunce_loss)},
            repeats=2 if quick else 7,
        )
        ratio = seconds["peer"] / seconds["ours"]
        what = f"Loss, B = {n_images}, D = {DIM}, J = {N_AUS}, forward and backward"
        measured = (
            f"{ratio:.1f}× ({1e3 * seconds['ours']:.0f} ms against {1e3 * seconds['peer']:.0f} ms)"
        )
        rows.append(Row(what, measured, f"≥ {target}×", ratio >= target))
    return rows


MEMORY = """
from aunce_lib.loss import aunce_loss
from benchmarks.inputs import KINDS, batch
from benchmarks.peers import full_tensor_loss
z0, z1, labels = batch({n})
small = [t[:8].detach().clone().requires_grad_() for t in (z0, z1)]
aunce_loss(*small, labels[:8], KINDS).backward()
measure(lambda: {loss}.backward())
"""


def loss_memory(quick: bool) -> list[Row]:
    n, chunk = (256, 64) if quick else (1024, 256)
    chunked = f"aunce_loss(z0, z1, labels, KINDS, chunk_size={chunk})"
    peak = {
        name: peak_mebibytes(MEMORY.format(n=n, loss=loss))
        for name, loss in {
            "peer": "full_tensor_loss(z0, z1, labels, KINDS)",
            "ours": "aunce_loss(z0, z1, labels, KINDS)",
            "chunked": chunked,
        }.items()
    }
    z0, z1, labels = batch(n)

    def step(chunk_size: int | None) -> None:
        z0.grad = z1.grad = None
        aunce_loss(z0, z1, labels, KINDS, chunk_size=chunk_size).backward()

    calls = {"whole": lambda: step(None), "chunked": lambda: step(chunk)}
    seconds = side_by_side(calls, repeats=2 if quick else 5)
    less, slower = peak["peer"] / peak["chunked"], seconds["chunked"] / seconds["whole"]
    known = None if quick else less >= 15  # the target is of B = 1,024
    return [
        Row(
            f"Peak memory of the loss, B = {n:,}, chunk_size = {chunk}",
            f"{less:.0f}× less ({peak['chunked']:.0f} MiB, without chunks {peak['ours']:.0f}, "
            f"reference's way {peak['peer']:.0f})",
            "≥ 15× less at B = 1,024",
            known,
        ),
        Row(
            "Time of the chunked loss against the whole",
            f"{slower:.2f}×",
            "≤ 1.3× at B = 1,024",
            None if quick else slower <= 1.3,
        ),
    ]


def head_speed(quick: bool) -> list[Row]:
    tokens = torch.randn(64, 16, 128, requires_grad=True)
    heads = {"looped": LoopedHead(N_AUS, 128), "ours": AUFeatures(N_AUS, 128)}
    calls = {
        name: (lambda head=head: head(tokens).square().sum().backward())
        for name, head in heads.items()
    }
    seconds = side_by_side(calls, repeats=5 if quick else 15)
    ratio = seconds["looped"] / seconds["ours"]
    what = "Per-AU features, 64 × 16 tokens of 128, forward and backward, against a loop over AUs"
    return [Row(what, f"{ratio:.1f}×", "≥ 1.5×", ratio >= 1.5)]


def product_speed(quick: bool) -> list[Row]:
    """What bf16 is worth on this processor: with units of its own, or emulated half as fast."""
    rates = {}
    for kind in (torch.float32, torch.bfloat16):
        a, b = torch.randn(2, 1024, 1024).to(kind)
        rates[kind] = 2 * 1024**3 / median_seconds(lambda a=a, b=b: a @ b, 5 if quick else 15) / 1e9
    full, half = rates[torch.float32], rates[torch.bfloat16]
    measured = f"{half / full:.1f}× ({half:.0f} against {full:.0f} GFLOP/s)"
    return [Row("Product of 1,024² matrices, bf16 against float32, one thread", measured)]


def view_speed(quick: bool) -> list[Row]:
    images = torch.randint(0, 256, (128, 64, 64, 3), dtype=torch.uint8).permute(0, 3, 1, 2)
    generator = torch.Generator().manual_seed(0)
    rates = {}
    for hue in (False, True):
        views = Views(strength=0.3, hue=hue)
        rates[hue] = 256 / median_seconds(lambda v=views: v(images, generator), 3 if quick else 9)
    measured = f"{rates[False]:,.0f}/s, with hue {rates[True]:,.0f}/s"
    return [Row("Views at 64 px, quick preset", measured, "≥ 2,000/s", rates[False] >= 2000)]


def probe_speed(quick: bool) -> list[Row]:
    rng = np.random.default_rng(0)
    labels = (rng.random((6000, N_AUS)) < RATES.numpy()).astype(np.float32)
    z = rng.normal(size=(6000, N_AUS, 32)).astype(np.float32)
    z[..., 0] += labels
    z /= np.linalg.norm(z, axis=-1, keepdims=True)
    people = np.array([f"p{i % 40}" for i in range(6000)])
    seconds = median_seconds(lambda: fit_probe(z, labels, people, AUS), 1 if quick else 3)
    return [Row("Logistic probe, 6,000 × 12 AUs × 32", f"{seconds:.1f} s", "≤ 3 s", seconds <= 3)]


def import_speed(quick: bool) -> list[Row]:
    program = "print(seconds_of(lambda: __import__('aunce_lib')))"
    median = statistics.median(numbers_printed(program)[0] for _ in range(3 if quick else 7))
    return [Row("import aunce_lib", f"{median:.2f} s", "< 0.3 s", median < 0.3)]


PARTS = (
    loss_speed,
    loss_memory,
    head_speed,
    product_speed,
    view_speed,
    probe_speed,
    import_speed,
)
