"""A training step of ours against the reference's way, at equal numbers, and what lies around it.

Both take the same images, the same weights, and the official loss, whose values agree. The
reference's way: float32, looped head, full tensor of scores, images through PIL one by one.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from aunce_lib.baselines import SupCon
from aunce_lib.checkpoint import save_checkpoint
from aunce_lib.config import TrainConfig
from aunce_lib.encoder import Encoder
from aunce_lib.evaluation.embed import embed
from aunce_lib.evaluation.probe import fit_probe
from aunce_lib.loss import aunce_loss
from aunce_lib.training import fit
from aunce_lib.views import Views
from benchmarks.inputs import AUS, KINDS, N_AUS, batch, draw_labels, photographs, table_with_images
from benchmarks.peers import full_tensor_loss, looped_supcon, pil_views, reference_encoder
from benchmarks.report import Row
from benchmarks.timing import median_seconds, peak_mebibytes, seconds_of, side_by_side


@dataclass(eq=False)
class Step:
    """One way to train: everything from two views to the optimiser's step.

    Args:
        backbone: Of the encoder.
        side: Of the images in pixels.
        ours: Our way, or the reference's.
        bf16: Whether products are in bf16 (ours only).
    """

    backbone: str
    side: int
    ours: bool
    bf16: bool = False
    device: str = "cpu"
    encoder: Encoder = field(init=False)

    def __post_init__(self):
        torch.manual_seed(0)
        dim = 64 if self.backbone == "conv-small" else None  # None as published: the backbone's
        encoder = Encoder(N_AUS, self.backbone, dim, image_size=self.side)
        self.encoder = encoder if self.ours else reference_encoder(encoder)
        if self.ours:
            self.encoder.to(memory_format=torch.channels_last)
        self.encoder.to(self.device)
        self.optimizer = torch.optim.AdamW(
            self.encoder.parameters(), lr=1e-5, foreach=None if self.ours else False
        )

    def loss(self, views: tuple[Tensor, Tensor], labels: Tensor) -> Tensor:
        kinds = KINDS.to(self.device)
        with torch.autocast(self.device, torch.bfloat16, enabled=self.bf16):
            z0, z1 = (self.encoder(view) for view in views)
        if self.ours:
            return aunce_loss(z0, z1, labels, kinds, variant="official")
        return full_tensor_loss(z0, z1, labels, kinds)

    def __call__(self, views: tuple[Tensor, Tensor], labels: Tensor) -> Tensor:
        loss = self.loss(views, labels)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.detach()


@dataclass(frozen=True)
class Case:
    """A backbone, the side of its images, how many of them make a batch, views, and the target."""

    backbone: str
    side: int
    n: int
    target: float | None = None
    strength: float = 1.0
    hue: bool = True


CASES = (
    Case("conv-small", 64, 64, 2.0, strength=0.3, hue=False),  # as the quick preset trains it
    Case("swin-tiny", 112, 8, 1.3),
    Case("swin-base", 224, 2),
)
PEAK = """
from benchmarks.training import *
step = Step({backbone!r}, {side}, ours={ours}, bf16={bf16})
views = torch.rand(2, {n}, 3, {side}, {side}).unbind()
measure(lambda: (step(views, draw_labels({n})), step(views, draw_labels({n}))))
"""


def against_reference(quick: bool) -> list[Row]:
    rows = []
    for case in CASES:
        if quick and case.backbone == "swin-base":
            rows.append(Row("swin-base, 224 px, batch 2", "left out of the quick run"))
            continue
        smaller = replace(case, n=max(4, case.n // 2)) if quick else case
        rows += _one_backbone(smaller, quick)
    return rows


def _one_backbone(case: Case, quick: bool) -> list[Row]:
    stored = round(case.side * 8 / 7)  # the published crop is 7/8 of the picture
    rng, generator = np.random.default_rng(0), torch.Generator().manual_seed(0)
    strength = {"strength": case.strength, "hue": case.hue}
    labels, ours = draw_labels(case.n), Views(case.side, **strength)
    steps = {
        "reference": Step(case.backbone, case.side, ours=False),
        "float32": Step(case.backbone, case.side, ours=True),
        "bf16": Step(case.backbone, case.side, ours=True, bf16=True),
    }
    with tempfile.TemporaryDirectory() as folder:
        paths, store = photographs(Path(folder), case.n, stored)
        every = np.arange(case.n)
        load = {
            "reference": lambda: pil_views(paths, case.side, rng, **strength),
            "ours": lambda: ours(store.batch(every), generator),
        }
        views = load["ours"]()
        loss = {name: float(step.loss(views, labels).detach()) for name, step in steps.items()}
        calls = {name: (lambda s=step: s(views, labels)) for name, step in steps.items()}
        repeats = {"conv-small": 3 if quick else 9, "swin-tiny": 1 if quick else 3, "swin-base": 1}[
            case.backbone
        ]
        seconds = side_by_side(calls, repeats)
        loading = side_by_side(load, 3)
        parts = parts_of(steps["float32"], views, labels)
    peak = {
        name: peak_mebibytes(PEAK.format(**asdict(case), ours=s.ours, bf16=s.bf16))
        for name, s in steps.items()
    }
    best = min(("float32", "bf16"), key=seconds.get)
    name = f"{case.backbone}, {case.side} px, batch {case.n}"
    alone = {way: seconds["reference"] / seconds[way] for way in ("float32", "bf16")}
    whole = {
        "ours": case.n / (seconds[best] + loading["ours"]),
        "reference": case.n / (seconds["reference"] + loading["reference"]),
    }
    ratio = whole["ours"] / whole["reference"]
    met = None if case.target is None else ratio >= case.target
    apart = abs(loss["float32"] - loss["reference"]) / abs(loss["reference"])
    return [
        Row(
            f"{name}: images loaded, two views, step",
            f"{ratio:.1f}× ({whole['ours']:.3g} against {whole['reference']:.3g} images/s)",
            f"≥ {case.target}×" if case.target else "none",
            met,
        ),
        Row(
            f"{name}: the step alone",
            f"{alone['float32']:.2f}× in float32, {alone['bf16']:.2f}× in bf16 "
            f"({_ms(seconds['float32'])} and {_ms(seconds['bf16'])} against "
            f"{_ms(seconds['reference'])}); losses apart by {apart:.0e}",
        ),
        Row(
            f"{name}: where our float32 step goes",
            ", ".join(f"{part} {share:.0%}" for part, share in parts.items())
            + "; both ways share the backbone",
        ),
        Row(
            f"{name}: peak memory of a step",
            f"{peak['float32']:.0f} MiB, bf16 {peak['bf16']:.0f}, "
            f"reference's way {peak['reference']:.0f}",
        ),
    ]


def parts_of(step: Step, views: tuple[Tensor, Tensor], labels: Tensor) -> dict[str, float]:
    """Shares of a step's time: the backbone, the loss and the optimiser alone, and what is left."""
    backbone = step.encoder.backbone
    z0, z1 = (step.encoder(view).detach().requires_grad_() for view in views)
    seconds = side_by_side(
        {
            "step": lambda: step(views, labels),
            "backbone": lambda: [backbone(v).square().mean().backward() for v in views],
            "loss": lambda: aunce_loss(z0, z1, labels, KINDS, variant="official").backward(),
            "optimiser": step.optimizer.step,
        },
        repeats=3 if step.backbone == "conv-small" else 1,
    )
    whole = seconds.pop("step")
    shares = {name: value / whole for name, value in seconds.items()}
    return shares | {"head, graph and the rest": max(0.0, 1 - sum(shares.values()))}


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:,.0f} ms"


def loaders(quick: bool) -> list[Row]:
    """What loading costs alone: a batch from the store, against files opened one by one."""
    from PIL import Image

    def read(path: Path) -> np.ndarray:
        with Image.open(path) as file:
            return np.asarray(file)

    n, rows = 16 if quick else 64, []
    rng, generator = np.random.default_rng(0), torch.Generator().manual_seed(0)
    order, repeats = np.random.default_rng(1).permutation(n), 1 if quick else 5
    for stored, side in ((73, 64), (256, 224)):
        with tempfile.TemporaryDirectory() as folder:
            paths, store = photographs(Path(folder), n, stored)
            rows.append(
                Row(
                    f"Images of {stored} px read: store against JPEG files through PIL",
                    _rates(
                        lambda store=store: store.batch(order),
                        lambda paths=paths: [read(path) for path in paths],
                        n,
                        repeats,
                    ),
                )
            )
            for strength, hue in ((0.3, False), (1.0, True)):
                views = Views(side, strength, hue)
                rows.append(
                    Row(
                        f"Read, and two views of {side} px, strength {strength}"
                        f"{', with hue' if hue else ''}",
                        _rates(
                            lambda v=views, store=store: v(store.batch(order), generator),
                            lambda s=side, a=strength, h=hue, paths=paths: pil_views(
                                paths, s, rng, strength=a, hue=h
                            ),
                            n,
                            repeats,
                        ),
                    )
                )
    return rows


def _rates(ours, theirs, n: int, repeats: int) -> str:
    """How many of n images a second two calls manage."""
    seconds = side_by_side({"ours": ours, "theirs": theirs}, repeats)
    ratio = seconds["theirs"] / seconds["ours"]
    return (
        f"{ratio:.1f}× ({n / seconds['ours']:,.0f} against {n / seconds['theirs']:,.0f} images/s)"
    )


def supcon(quick: bool) -> list[Row]:
    """SupCon over 12 AUs at once, against pytorch-metric-learning's called for each."""
    z0, z1, labels = batch(64 if quick else 256)
    what = f"SupCon, B = {len(labels)}, 12 AUs, against pytorch-metric-learning looped over AUs"
    try:
        theirs = looped_supcon(z0, z1, labels).item()
    except ImportError:
        return [Row(what, "skipped: pytorch-metric-learning is not installed")]
    criterion = SupCon(temperature=0.5)
    apart = abs(criterion(z0, z1, labels).item() - theirs) / abs(theirs)
    seconds = side_by_side(
        {
            "ours": lambda: criterion(z0, z1, labels).backward(),
            "theirs": lambda: looped_supcon(z0, z1, labels).backward(),
        },
        repeats=3 if quick else 5,
    )
    ratio = seconds["theirs"] / seconds["ours"]
    return [
        Row(what, f"{ratio:.1f}× ({_ms(seconds['ours'])}); values apart by {apart:.0e}"),
    ]


def probe_on_cache(quick: bool) -> list[Row]:
    """The published probe's 100 epochs: on kept embeddings, or embedding again in each epoch."""
    n, epochs = 256 if quick else 2000, 100
    encoder = Encoder(N_AUS, dim=64).eval()
    with tempfile.TemporaryDirectory() as folder:
        table = table_with_images(Path(folder), n)
        once = median_seconds(lambda: embed(encoder, table), 3)
        z = embed(encoder, table)
        labels, people = table.labels, table.subjects
        fitting = seconds_of(lambda: fit_probe(z, labels, people, AUS, kind="published"))
    cached, again = once + fitting, epochs * once + fitting
    return [
        Row(
            f"Published probe, {epochs} epochs of {n:,} faces: embeddings kept, against embedding "
            f"again (one pass measured, times {epochs})",
            f"{again / cached:.0f}× ({cached:.1f} against {again:.0f} s), conv-small",
        )
    ]


def checkpoints(quick: bool) -> list[Row]:
    """What a checkpoint adds to an epoch, and what it costs to go on from one."""
    n = 256 if quick else 6000
    config = TrainConfig(epochs=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = table_with_images(folder, n)
        run = fit(table, config, folder / "run", progress=False)
        epoch = float(run.history.seconds.iloc[-1])
        saving = save_seconds("conv-small", 64, folder / "checkpoints")
        resuming = seconds_of(
            lambda: fit(table, config, folder / "run", resume=True, progress=False)
        )
    share = saving / epoch
    return [
        Row(
            f"Checkpoint of conv-small, share of an epoch of {n:,} faces",
            f"{share:.1%} ({_ms(saving)} of {epoch:.1f} s, wall time)",
            "< 2 %",
            None if quick else share < 0.02,  # the target is of a whole corpus
        ),
        Row(
            "Resume: weights verified and loaded, ready for the next epoch",
            f"{resuming / epoch:.2f} epochs ({resuming:.1f} s), and what was done of the epoch "
            "in flight",
            "< 1 epoch",
            resuming < epoch,
        ),
    ]


def save_seconds(backbone: str, side: int, folder: Path, repeats: int = 3) -> float:
    """Median wall time of writing a checkpoint with the optimiser's state, to the disk."""
    step = Step(backbone, side, ours=True)
    step.optimizer.zero_grad()
    for parameter in step.encoder.parameters():
        parameter.grad = torch.zeros_like(parameter)
    step.optimizer.step()  # now AdamW holds its two averages
    seconds = []
    for epoch in range(1, repeats + 1):
        started = time.perf_counter()
        save_checkpoint(folder, epoch, step.encoder, step.optimizer, {"history": []})
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


PARTS = (against_reference, loaders, supcon, probe_on_cache, checkpoints)
