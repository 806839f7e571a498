"""Why pairs suffer from wrong labels: what the gradient keeps of the truth, and what then fails.

    python docs/results/mechanism.py [gradients] [mates] [parts]     (20 minutes on one core)

- `gradients.csv`: how far one step on flipped labels moves the truly active faces from the truly
  inactive ones, in units of a step on true labels. Per loss, action unit and share of flips.
- `mates.csv`: how much of a positive is the other view of the very same face, per kind and
  temperature: what is left for the label to say.
- `parts.csv`: encoders and probes taught by true and by flipped labels, crosswise: which of the
  two loses the score.

Each is written into data/results; `make results` draws them. All faces are synthetic.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aunce_lib import TrainConfig
from aunce_lib.baselines import SupCon, WeightedBCE
from aunce_lib.centroids import CentroidLoss
from aunce_lib.corpora import dials, synthetic
from aunce_lib.corpora.frames import FrameTable
from aunce_lib.evaluation.embed import embed
from aunce_lib.evaluation.metrics import evaluate
from aunce_lib.evaluation.probe import fit_probe
from aunce_lib.loss import AUNCELoss, explain
from aunce_lib.pretrained import load_pretrained, start_encoder
from aunce_lib.sampler import Positive
from aunce_lib.training import fit
from aunce_lib.trial import choose_fold, one_thread
from aunce_lib.views import Views

RESULTS = Path(__file__).parents[2] / "data" / "results"
CORPORA = ("synth-bp4d", "synth-disfa")
FLIPS = (0.0, 0.1, 0.2, 0.3, 0.5)
BATCH, N_BATCHES, DRAWS = 64, 63, 4  # 4,032 faces, as in the main table
N_STEPS = 16  # batches whose gradients are taken
SETTINGS = {"epochs": 3, "learning_rate": 2e-3, "batch_size": BATCH, "temperature": 0.5}
LOSSES = {
    "weighted BCE": {"loss": "bce"},
    "SupCon": {"loss": "supcon"},
    "AUNCE corrected": {"loss": "aunce"},
}
SEEDS = (100, 101, 102)
FRAMES = 4032  # the main table's
FLIPPED = 0.2


def training_people(corpus: str) -> tuple[FrameTable, FrameTable]:
    table = synthetic.load(corpus)
    return choose_fold(table).split(table)


@torch.no_grad()
def two_views(encoder: nn.Module, train: FrameTable, generator) -> Iterator[tuple]:
    """(z0, z1, rows) of batches of training faces, unit embeddings (B, J, D)."""
    views = Views(64, 0.3, False)
    order = torch.randperm(len(train), generator=generator).numpy()
    for rows in order[: N_BATCHES * BATCH].reshape(N_BATCHES, BATCH):
        z0, z1 = (encoder(view) for view in views(train.images(rows), generator))
        yield F.normalize(z0.float(), dim=-1), F.normalize(z1.float(), dim=-1), rows


def flip(labels: Tensor, share: float, generator) -> Tensor:
    return torch.where(torch.rand(labels.shape, generator=generator) < share, 1 - labels, labels)


def class_axis(z: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """(J, D) unit vectors from the mean of the inactive to that of the active, and midpoints."""
    active, inactive = (
        torch.einsum("njd,nj->jd", z, (labels == side).float())
        / (labels == side).sum(0)[:, None].clamp(min=1)
        for side in (1, 0)
    )
    return F.normalize(active - inactive, dim=-1), (active + inactive) / 2


def losses_that_know(z: Tensor, labels: Tensor) -> dict[str, nn.Module]:
    """The losses as they are once all of training has passed by with these labels."""
    axis, middle = class_axis(z, labels)
    bce = WeightedBCE(z.shape[1], z.shape[2])
    with torch.no_grad():
        bce.weight.copy_(axis)
        bce.bias.copy_(-bce.scale * (axis * middle).sum(-1))
    centroids, unweighted = (CentroidLoss(labels, z.shape[2], 0.3, momentum=0.0) for _ in range(2))
    unweighted.weights.fill_(1.0)  # both sides of an AU by their numbers, as cross-entropy has them
    for loss in (centroids, unweighted):
        loss._remember(z.transpose(0, 1), labels.T)
    return {
        "weighted BCE": bce,
        "centroids": centroids.eval(),
        "centroids, sides not balanced": unweighted.eval(),
        "SupCon": SupCon(0.5),
        "AUNCE corrected": AUNCELoss(temperature=0.5, beta_active=1.2, beta_inactive=0.8),
    }


def gradient(loss: nn.Module, z0: Tensor, z1: Tensor, labels: Tensor, seed: int) -> Tensor:
    """(J, 2B, D) of the loss at the embeddings; kinds of positive are drawn alike for one seed."""
    z0, z1 = z0.clone().requires_grad_(), z1.clone().requires_grad_()
    if isinstance(loss, AUNCELoss):
        loss.sampler.generator = torch.Generator().manual_seed(seed)
    parts = torch.autograd.grad(loss(z0, z1, labels), (z0, z1))
    return torch.cat(parts).transpose(0, 1)


def separation(step: Tensor, labels: Tensor, axis: Tensor) -> Tensor:
    """(J,) by how much a step moves true actives away from true inactives, along their axis.

    Args:
        step: (J, 2B, D) minus the gradient at the embeddings.
        labels: (2B, J) the truth.
        axis: (J, D) from the inactive to the active faces.
    """
    moved = (step * axis[:, None]).sum(-1).T  # (2B, J)
    active, inactive = (
        (moved * (labels == side)).sum(0) / (labels == side).sum(0).clamp(min=1) for side in (1, 0)
    )
    return active - inactive


def gradients(corpus: str, encoder: nn.Module) -> pd.DataFrame:
    """How far a step on flipped labels separates the true classes, in units of one on true labels.

    A mean over batches and draws of the flips, per action unit.
    """
    train, _ = training_people(corpus)
    labels = torch.from_numpy(train.labels)
    batches = list(two_views(encoder, train, torch.Generator().manual_seed(0)))
    rows = np.concatenate([rows for *_, rows in batches])
    truth, z = labels[rows], torch.cat([z0 for z0, *_ in batches])
    axis, _ = class_axis(z, truth)
    kept = []
    for share in FLIPS:
        steps: dict[str, Tensor] = {}
        for draw in range(DRAWS if share else 1):
            told = flip(truth, share, torch.Generator().manual_seed(draw))
            for name, loss in losses_that_know(z, told).items():
                for b, (z0, z1, _) in enumerate(batches[:N_STEPS]):
                    some = slice(b * BATCH, (b + 1) * BATCH)
                    step = -gradient(loss, z0, z1, told[some], seed=b)
                    moved = separation(step, torch.cat([truth[some]] * 2), axis)
                    steps[name] = steps.get(name, 0) + moved / (DRAWS if share else 1)
        if share == 0:
            clean = steps
        for name, moved in steps.items():
            for au, rate, left in zip(
                train.aus, labels.mean(dim=0), moved / clean[name], strict=True
            ):
                kept.append(
                    {
                        "corpus": corpus,
                        "loss": name,
                        "noise": share,
                        "au": au,
                        "rate": float(rate),
                        "signal": float(left),
                    }
                )
    return pd.DataFrame(kept)


def mates(corpus: str, encoder: nn.Module) -> pd.DataFrame:
    """Weight of the own other view within the positives, per kind, temperature and side."""
    train, _ = training_people(corpus)
    generator = torch.Generator().manual_seed(0)
    labels = torch.from_numpy(train.labels)
    found = []
    for z0, z1, rows in two_views(encoder, train, generator):
        y = torch.cat([labels[rows]] * 2)  # (2B, J)
        mate = torch.arange(2 * BATCH).roll(BATCH)
        for kind in (Positive.NEAREST, Positive.MEAN):
            for temperature in (0.05, 0.1, 0.5, 1.0):
                kinds = torch.full((len(train.aus),), int(kind))
                told = explain(z0, z1, labels[rows], kinds, temperature=temperature)
                share = told.positive.gather(-1, mate[None, :, None].expand(len(train.aus), -1, 1))[
                    ..., 0
                ].T  # (2B, J)
                for side, name in ((1, "active"), (0, "inactive")):
                    chosen = share[(y == side) & ~share.isnan()]
                    found.append((kind.name.lower(), temperature, name, float(chosen.mean())))
    table = pd.DataFrame(found, columns=["kind", "temperature", "anchor", "mate"])
    table = table.groupby(["kind", "temperature", "anchor"], as_index=False).mate.mean()
    return table.assign(corpus=corpus)


def parts(corpus: str, loss: str, seed: int) -> pd.DataFrame:
    """Test scores of encoder × probe, each taught by true or by flipped labels."""
    train, test = training_people(corpus)
    order = np.random.default_rng(seed).permutation(len(train))
    clean = train.take(np.sort(order[:FRAMES]))
    taught = {"true": clean, "flipped": dials.flip_labels(clean, FLIPPED, seed=seed)}
    config = TrainConfig.quick(**SETTINGS, **LOSSES[loss], seed=seed)
    rows = []
    for teacher, faces in taught.items():
        with one_thread(), tempfile.TemporaryDirectory() as folder:
            encoder = fit(faces, config, Path(folder) / "run", progress=False).encoder
            z_train, z_test = embed(encoder, clean), embed(encoder, test)
        for reader, told in taught.items():
            probe = fit_probe(z_train, told.labels, clean.subjects, clean.aus, seed=seed)
            scored = evaluate(
                test.labels,
                probe.scores(z_test),
                probe.predict(z_test),
                test.subjects,
                test.aus,
                told.labels,
            ).table.loc["macro"]
            rows.append(
                {"corpus": corpus, "loss": loss, "seed": seed, "encoder": teacher, "probe": reader}
                | {f"macro_{name}": scored[name] for name in ("f1", "auc", "ap")}
            )
    print(corpus, loss, seed, flush=True)
    return pd.DataFrame(rows)


def start(corpus: str) -> nn.Module:
    """The encoder before training: it has seen faces, but no label."""
    torch.manual_seed(0)
    return start_encoder(TrainConfig.quick(), len(synthetic.labels(corpus, "tiny").aus)).eval()


def make_gradients() -> list[pd.DataFrame]:
    return [gradients(corpus, start(corpus)) for corpus in CORPORA]


def make_mates() -> list[pd.DataFrame]:
    """Before training and after it, on the corpus of the shipped weights."""
    trained = load_pretrained("aunce").encoder
    stages = {"start": start(CORPORA[0]), "trained": trained}
    return [mates(CORPORA[0], encoder).assign(encoder=name) for name, encoder in stages.items()]


def make_parts() -> list[pd.DataFrame]:
    return [parts(c, loss, seed) for seed in SEEDS for c in CORPORA for loss in LOSSES]


TABLES = {"gradients": make_gradients, "mates": make_mates, "parts": make_parts}


def main(names: list[str]) -> None:
    for name in names or TABLES:
        found = pd.concat(TABLES[name]())
        found.to_csv(RESULTS / f"{name}.csv", index=False, float_format="%.6g")


if __name__ == "__main__":
    main(sys.argv[1:])
