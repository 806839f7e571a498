"""What a face is compared with: kinds of positive pairs, and batches that hold both sides.

AUNCE (Shang et al., arXiv:2402.06165) draws, per action unit and step, which kind of positive the
anchors get. Mixing a positive that ignores labels (SELF) with positives that trust one label
(NEAREST) or all of them (MEAN) is what makes wrong labels hurt less.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from enum import IntEnum
from itertools import islice

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Sampler

from aunce_lib.batch import LogSumExp, check_labels, chunks, products


class Positive(IntEnum):
    """The positive of an anchor.

    SELF is the other view of the same image. NEAREST, MEAN and HARDEST are the most similar, the
    mixture of all, and the least similar of the faces that share the anchor's label. CENTROID is
    the normalised mean of those faces.
    """

    SELF = 0
    NEAREST = 1
    MEAN = 2
    HARDEST = 3
    CENTROID = 4


#: The published mixture.
PROBABILITIES: Mapping[str, float] = {"self": 0.2, "mean": 0.6, "nearest": 0.2}


class PositiveSampler:
    """Draws the kind of positive for each AU, or for each anchor and AU.

    Args:
        probabilities: Kind (a `Positive` by name, any case) -> probability; they sum to 1.
        per: "au" draws one kind per AU and step, as published; "anchor" one per anchor and AU.
        generator: Source of randomness; torch's global one if None.

    Raises:
        ValueError: For an unknown kind, a negative probability, a sum other than 1, a wrong `per`.

    Example:
        >>> sampler = PositiveSampler({"mean": 1.0})
        >>> sampler(n_aus=3, n_anchors=8)
        tensor([2, 2, 2])
    """

    def __init__(
        self,
        probabilities: Mapping[str, float] = PROBABILITIES,
        per: str = "au",
        generator: torch.Generator | None = None,
    ):
        known = [kind.name.lower() for kind in Positive]
        for name, probability in probabilities.items():
            if name.lower() not in known:
                raise ValueError(f"probabilities names the kind {name!r}; known kinds are {known}")
            if not probability >= 0:
                raise ValueError(f"probabilities[{name!r}] must be 0 or more, got {probability}")
        total = sum(probabilities.values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"probabilities must sum to 1, got {dict(probabilities)}: sum {total}")
        if per not in ("au", "anchor"):
            raise ValueError(f'per must be "au" or "anchor", got {per!r}')
        self.per = per
        self.generator = generator
        self.probabilities = torch.zeros(len(Positive), dtype=torch.float64)
        for name, probability in probabilities.items():
            self.probabilities[Positive[name.upper()]] += probability

    def __call__(self, n_aus: int, n_anchors: int) -> Tensor:
        """Kinds as a LongTensor: (J,) for `per="au"`, (n_anchors, J) for `per="anchor"`."""
        shape = (n_aus,) if self.per == "au" else (n_anchors, n_aus)
        draws = torch.multinomial(
            self.probabilities,
            num_samples=n_aus * (1 if self.per == "au" else n_anchors),
            replacement=True,
            generator=self.generator,
        )
        return draws.view(shape)


def log_positive(
    x: Tensor, own: Tensor, kind: int, left_out: Tensor, tau: float, chunk_size: int | None = None
) -> Tensor:
    """How well anchors agree with their positives: log P, by kind, over the rest of x.

    SELF s(a, mate) | NEAREST max s | HARDEST min s | MEAN log mean e^s | CENTROID z_a·z̄ / τ

    Args:
        x: (n, D) embeddings of the faces that share a label, view 0, then view 1 of each image.
        own: (b,) rows of x that are the anchors.
        kind: A `Positive`.
        left_out: (b, ·) rows of x that are no positives of the anchor (SELF does not look).
        tau: Temperature.
        chunk_size: Anchors compared at a time.

    Returns:
        (b,) log P.
    """
    n = len(x)
    anchors = x if len(own) == n else x[own]  # no copy where all rows are anchors: own is in order
    if kind == Positive.MEAN:
        log_sum, _ = LogSumExp.apply(anchors, x, 1 / tau, None, left_out, chunk_size)
        return log_sum - math.log(n - left_out.shape[1])
    if kind == Positive.SELF:
        partner = x[(own + n // 2) % n]
    elif kind == Positive.CENTROID:
        partner = F.normalize(x.sum(dim=0) - x[left_out].sum(dim=1), dim=-1)
    else:
        sign = 1 if kind == Positive.NEAREST else -1
        with torch.no_grad():
            best = [
                products(sign * anchors, x, left_out, chunk).argmax(dim=1)
                for chunk in chunks(len(own), chunk_size)
            ]
        partner = x[torch.cat(best)]
    return (anchors * partner).sum(dim=-1) / tau


class BalancedBatchSampler(Sampler[list[int]]):
    """Batches in which each AU has an active and an inactive face, where the corpus allows it.

    An AU without both sides in a batch has no negatives there, hence no loss: in random batches of
    32, a fifth to a quarter of DISFA's batches have no active face for AU1, AU2 or AU9. First every
    batch of the epoch gets a face for each side, the rarest first, and only then are the batches
    filled up with the other faces. So a face comes twice in an epoch only where its side has too
    few for all batches; as many faces as came twice are left to another epoch. A batch of 2J faces
    always has room for all sides.

    Args:
        labels: (N, J) tensor or array of 0, 1, NaN (unknown).
        batch_size: Faces in a batch; at least 2. A last incomplete batch is dropped.
        seed: Epoch e of seed s always has the same batches.

    Raises:
        ValueError: If labels are not (N, J) of 0, 1, NaN, or the batch size is not in 2..N.
    """

    def __init__(self, labels: Tensor, batch_size: int, seed: int = 0):
        labels = torch.as_tensor(labels)
        if labels.ndim != 2:
            raise ValueError(f"labels must be (N, J), got shape {tuple(labels.shape)}")
        if not 2 <= batch_size <= len(labels):
            raise ValueError(f"batch_size must lie in 2..{len(labels)} (faces), got {batch_size}")
        labels = check_labels(labels)
        self.batch_size = batch_size
        self.seed = seed
        self.epoch = 0
        sides = torch.stack([labels == 1, labels == 0], dim=1).flatten(1)  # (N, 2J)
        self.sides = sides[:, sides.any(dim=0)]  # only sides that the corpus has at all

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose batches come next."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.sides) // self.batch_size

    def __iter__(self) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + self.epoch)
        n, n_sides = self.sides.shape
        order = torch.randperm(n, generator=generator)
        members = [order[self.sides[order, side]] for side in range(n_sides)]
        rarest_first = sorted(range(n_sides), key=lambda side: len(members[side]))
        position = [0] * n_sides
        used = torch.zeros(n, dtype=torch.bool)

        def next_face(side: int) -> int:
            """A face of the side not used yet; once all are, the same ones in turn."""
            faces = members[side]
            while position[side] < len(faces) and used[faces[position[side]]]:
                position[side] += 1
            position[side] += 1
            return faces[(position[side] - 1) % len(faces)].item()

        batches: list[list[int]] = [[] for _ in range(len(self))]
        for batch in batches:
            covered = torch.zeros(n_sides, dtype=torch.bool)
            for side in rarest_first:
                if not covered[side] and len(batch) < self.batch_size:
                    batch.append(next_face(side))
                    used[batch[-1]] = True
                    covered |= self.sides[batch[-1]]
        rest = iter(order[~used[order]].tolist())
        for batch in batches:
            yield batch + list(islice(rest, self.batch_size - len(batch)))
