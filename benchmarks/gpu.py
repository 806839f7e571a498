"""The published step on a GPU: against the reference's way, and where its time goes.

Written for a card that was not at hand: not yet run on one.
"""

from __future__ import annotations

import torch
from torch.autograd import DeviceType
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.inputs import draw_labels
from benchmarks.report import Row
from benchmarks.timing import median_seconds
from benchmarks.training import Step

SIDE, BATCH, KERNELS = 224, 256, 6


def counted_flops(step: Step, views, labels) -> int:
    """Floating-point operations of a step: products and convolutions, 2 for a multiply-add."""
    with FlopCounterMode(display=False) as counter:
        step(views, labels)
    return counter.get_total_flops()


def swin_base(quick: bool) -> list[Row]:
    """Nothing without a GPU."""
    if not torch.cuda.is_available():
        return [Row("no GPU on this machine", "")]
    n = 32 if quick else BATCH
    views = torch.rand(2, n, 3, SIDE, SIDE, device="cuda").unbind()
    labels, seconds, peak = draw_labels(n).cuda(), {}, {}
    for name in ("reference", "ours"):
        step = Step("swin-base", SIDE, ours=name == "ours", bf16=name == "ours", device="cuda")

        def one(step=step) -> None:
            step(views, labels)
            torch.cuda.synchronize()

        torch.cuda.reset_peak_memory_stats()
        seconds[name] = median_seconds(one, 5)
        peak[name] = torch.cuda.max_memory_allocated() / 2**30
        if name == "reference":
            del step, one
    rate = counted_flops(step, views, labels) / seconds["ours"] / 1e12
    with torch.profiler.profile() as profile:
        one()
    kernels = [e for e in profile.key_averages() if e.device_type == DeviceType.CUDA]
    kernels.sort(key=lambda e: -e.self_device_time_total)
    total = sum(e.self_device_time_total for e in kernels)
    shares = [f"{e.key[:40]} {e.self_device_time_total / total:.0%}" for e in kernels[:KERNELS]]
    ratio = seconds["reference"] / seconds["ours"]
    return [
        Row(
            f"swin-base, {SIDE} px, batch {n}, bf16 against the reference's float32",
            f"{ratio:.1f}× ({n / seconds['ours']:,.0f} images/s, {peak['ours']:.1f} GiB against "
            f"{peak['reference']:.1f})",
            "≥ 4×",
            ratio >= 4,
        ),
        Row("Achieved, from counted operations", f"{rate:,.0f} TFLOP/s", "≥ 40 % of the card's"),
        Row("Where the step's time goes", "; ".join(shares)),
    ]


PARTS = (swin_base,)
