"""What the measured numbers say for 3 million frames and 64 GPUs: arithmetic, nothing else."""

from __future__ import annotations

import math

import pandas as pd

#: Public specifications; docs/scaling.md names the sources.
SWIN_B = {"parameters": 88e6, "multiply_adds": 15.4e9, "width": 1024}  # 224 px
GPU = {"bf16": 989e12, "memory": 80e9, "network": 50e9}  # FLOP/s, bytes, bytes/s a GPU
FRAMES, N_GPUS, N_AUS, BATCH, SHARE = 3e6, 64, 12, 8192, 0.40


def value(points: pd.DataFrame, curve: str, quantity: str) -> tuple[float, float]:
    """Size and value of the largest measured point of a curve.

    Raises:
        ValueError: If there is none.
    """
    some = points[points.curve.str.startswith(curve) & (points.quantity == quantity)]
    if not len(some):
        raise ValueError(f"no {quantity} of {curve!r} was measured; measure the curves again")
    last = some.loc[some["size"].idxmax()]
    return float(last["size"]), float(last.value)


def outlook(points: pd.DataFrame) -> str:
    """The table of docs/scaling.md: what, arithmetic, result; M is measured, S specified."""
    step = 3 * 2 * SWIN_B["multiply_adds"]  # FLOP of a view: 2 a multiply-add, backward twice
    epoch = FRAMES * 2 * step / (SHARE * GPU["bf16"] * N_GPUS)
    demand = FRAMES / epoch
    stored = 256 * 256 * 3
    _, jpeg = value(points, "JPEG", "images/s")
    _, read = value(points, "store", "images/s")
    rows = 2 * BATCH
    gathered = {d: rows * N_AUS * d * 4 for d in (SWIN_B["width"], 64)}
    moving = {d: 3 * g / GPU["network"] for d, g in gathered.items()}  # there; summed back, twice
    global_step = BATCH / demand
    scores = 3 * 2 * (rows / N_GPUS) * rows * SWIN_B["width"] * N_AUS
    backbone = BATCH / N_GPUS * 2 * step
    size, mebibytes = value(points, "loss, chunked", "MiB")
    gigabytes, seconds = (value(points, "checkpoint", q)[1] for q in ("GB", "seconds"))
    kept = 12 * SWIN_B["parameters"] / 1e9
    writing = seconds * kept / gigabytes
    n, drawing = value(points, "balanced batches", "seconds")
    n_rows, table = value(points, "FrameTable", "MiB")
    tsne_n, tsne = value(points, "t-SNE", "seconds")
    lines = [
        (
            "backbone, one epoch",
            "3·10⁶ frames × 2 views × 6 × 15.4·10⁹ (S) ÷ (64 × 40 % of 989·10¹² (S))",
            f"{epoch:.0f} s; {demand:,.0f} images/s wanted",
        ),
        (
            "store on disk",
            "3·10⁶ × 256² × 3 bytes",
            f"{FRAMES * stored / 1e9:,.0f} GB, read at {demand * stored / 1e9:.0f} GB/s",
        ),
        (
            "cores to decode JPEG",
            f"{demand:,.0f} ÷ {jpeg:,.0f} images/s a core (M)",
            f"{demand / jpeg:,.0f}",
        ),
        (
            "cores to copy from the store, pages in memory",
            f"{demand:,.0f} ÷ {read:,.0f} images/s a core (M)",
            f"{demand / read:,.0f}",
        ),
        (
            "one step of the global batch",
            f"8,192 ÷ {demand:,.0f} images/s",
            f"{1e3 * global_step:.0f} ms",
        ),
        *(
            (
                f"gather, D = {d:,}, float32",
                f"2 × 8,192 × 12 × {d:,} × 4 bytes; there once, gradients back twice that, at "
                "50·10⁹ bytes/s (S)",
                f"{gathered[d] / 1e6:,.0f} MB, {1e3 * moving[d]:.0f} ms: "
                f"{moving[d] / global_step:.0%} of the step",
            )
            for d in gathered
        ),
        (
            "scores of a GPU's anchors, D = 1,024",
            "6 × 256 × 16,384 × 1,024 × 12, against 256 views × 6 × 15.4·10⁹ (S)",
            f"{scores / 1e12:.2f} of {backbone / 1e12:.1f} TFLOP: {scores / backbone:.1%}",
        ),
        (
            "scores in memory, one process",
            f"peak of the chunked loss at B = {size:,.0f} (M), D = 128",
            f"{mebibytes:,.0f} MiB; (2B)² × 12 × 4 bytes would be "
            f"{(2 * size) ** 2 * N_AUS * 4 / 2**20:,.0f}",
        ),
        (
            "all-reduce of the gradients",
            "2 × 88·10⁶ × 4 bytes ÷ 50·10⁹ bytes/s (S)",
            f"{1e3 * 8 * SWIN_B['parameters'] / GPU['network']:.0f} ms, beside the backward pass",
        ),
        (
            "checkpoint",
            f"3 × 88·10⁶ × 4 bytes, at {gigabytes / seconds:.2f} GB/s (M)",
            f"{kept:.2f} GB, {writing:.1f} s: {writing / epoch:.0%} of an epoch",
        ),
        (
            "balanced batches of an epoch",
            f"{drawing:.3g} s for {n:,.0f} (M), in proportion",
            f"{drawing * FRAMES / n:,.0f} s: {drawing * FRAMES / n / epoch:.0%} of an epoch",
        ),
        (
            "embeddings for the probe, float32",
            "3·10⁶ × 12 × 1,024 × 4 bytes; with D = 64",
            f"{FRAMES * N_AUS * 1024 * 4 / 1e9:,.0f} GB; {FRAMES * N_AUS * 64 * 4 / 1e9:.1f} GB",
        ),
        (
            "the table in memory",
            f"{table:,.0f} MiB for {n_rows:,.0f} rows (M), in proportion",
            f"{table * FRAMES / n_rows:,.0f} MiB a process",
        ),
        (
            "t-SNE of all frames",
            f"{tsne:.3g} s for {tsne_n:,.0f} points (M), n log n",
            f"{_n_log_n(tsne, tsne_n) / 3600:,.1f} hours",
        ),
    ]
    head = ["| what | arithmetic | result |", "|---|---|---|"]
    return "\n".join(head + [f"| {' | '.join(line)} |" for line in lines])


def _n_log_n(seconds: float, n: float) -> float:
    return seconds * FRAMES * math.log(FRAMES) / (n * math.log(n))
