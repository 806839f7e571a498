"""The way the reference computes, from the formulas: what our speed is measured against.

float32, the head one AU after another, the full tensor of scores, images one by one through PIL.
"""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aunce_lib.encoder import AUFeatures, ConvSmall, Encoder
from aunce_lib.sampler import Positive


def full_tensor_loss(z0: Tensor, z1: Tensor, labels: Tensor, kinds: Tensor) -> Tensor:
    """The official loss by one (2B, 2B, J) tensor of scores, exp, two pow and masks.

    Args:
        z0, z1: (B, J, D), normalised here.
        labels: (B, J) of 0 and 1.
        kinds: (J,), of SELF, NEAREST, MEAN.
    """
    z = F.normalize(torch.cat([z0, z1]), dim=-1)
    n = len(z)
    y = labels.repeat(2, 1)
    scores = torch.exp(torch.einsum("ajd,bjd->abj", z, z) / 0.5)  # (2B, 2B, J)
    same = y[:, None] == y[None]
    powered = torch.where(y[:, None] == 1, scores.pow(1.2), scores.pow(0.8))
    negative = (powered * ~same).sum(dim=1)  # (2B, J)
    positive = scores * same
    rows = torch.arange(n, device=z.device)
    by_kind = {
        Positive.SELF: scores[rows, (rows + n // 2) % n],
        Positive.NEAREST: positive.amax(dim=1),
        Positive.MEAN: positive.sum(dim=1) / n,
    }
    stacked = torch.stack([by_kind[kind] for kind in sorted(by_kind)])  # (3, 2B, J)
    positive = stacked.gather(0, kinds.expand(1, n, -1))[0]
    return -torch.log(positive / (positive + negative)).mean()


class LoopedHead(nn.Module):
    """`AUFeatures` as J linear blocks called one after another."""

    def __init__(self, n_aus: int, width: int):
        super().__init__()
        self.blocks = nn.ModuleList(
            nn.ModuleList([nn.Linear(width, width), nn.BatchNorm1d(width)]) for _ in range(n_aus)
        )

    @classmethod
    @torch.no_grad()
    def like(cls, features: AUFeatures) -> LoopedHead:
        """With the weights of a batched head: the same function."""
        width = features.linear.in_features
        head = cls(features.n_aus, width)
        for j, block in enumerate(head.blocks):
            mine = slice(j * width, (j + 1) * width)
            for part, batched in zip(block, (features.linear, features.norm), strict=True):
                for name, tensor in part.state_dict().items():
                    whole = batched.state_dict()[name]
                    tensor.copy_(whole[mine] if tensor.ndim else whole)
        return head

    def forward(self, tokens: Tensor) -> Tensor:
        features = []
        for linear, norm in self.blocks:
            x = linear(tokens)  # (B, T, C)
            x = F.relu(norm(x.transpose(1, 2)).transpose(1, 2))
            features.append(x.mean(dim=1))
        return torch.stack(features, dim=1)


class PlainConv(ConvSmall):
    """`ConvSmall` in the usual order of memory: channels, then rows and columns."""

    def forward(self, images: Tensor) -> Tensor:
        x = self.layers(F.instance_norm(images)).flatten(2).permute(2, 0, 1)  # (T, B, 128)
        x = x @ self.regions
        return F.relu(self.norm(x.flatten(0, 1))).view_as(x).transpose(0, 1)


def reference_encoder(encoder: Encoder) -> Encoder:
    """The same function with the same weights, computed the reference's way."""
    peer = copy.deepcopy(encoder)
    peer.per_au = LoopedHead.like(encoder.per_au)
    if isinstance(encoder.backbone, ConvSmall):
        peer.backbone = PlainConv(encoder.image_size)
        peer.backbone.load_state_dict(encoder.backbone.state_dict())
    return peer


def pil_view(
    path: Path, side: int, rng: np.random.Generator, strength: float = 1.0, hue: bool = True
) -> Tensor:
    """One view of one file, (3, side, side) in 0..1: decoded, cropped, flipped, jittered, blurred.

    At strength 1 the published protocol, as in `aunce_lib.views`: a crop, jitter .4/.4/.4/.1 with
    probability .8, grey with .2, blur with .5; weaker and less often below it.
    """
    from PIL import Image, ImageEnhance, ImageFilter, ImageOps

    with Image.open(path) as file:
        image = file.convert("RGB")
    left, top = (rng.integers(0, length - side + 1) for length in image.size)
    image = image.crop((left, top, left + side, top + side))
    if rng.random() < 0.5:
        image = ImageOps.mirror(image)
    if rng.random() < 0.8:
        for enhance in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
            image = enhance(image).enhance(rng.uniform(1 - 0.4 * strength, 1 + 0.4 * strength))
        if hue:
            angle, saturation, value = image.convert("HSV").split()
            turn = int(rng.uniform(-0.1, 0.1) * strength * 255) % 256
            turned = Image.fromarray(np.asarray(angle) + np.uint8(turn))
            image = Image.merge("HSV", (turned, saturation, value)).convert("RGB")
    if rng.random() < 0.2 * strength:
        image = ImageOps.grayscale(image).convert("RGB")
    if rng.random() < 0.5 * strength:
        image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.1, 1.0) * strength))
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).float().div(255)


def pil_views(
    paths: list[Path], side: int, rng: np.random.Generator, **strength
) -> tuple[Tensor, Tensor]:
    """Two views of each file, (B, 3, side, side), an image at a time; options of `pil_view`."""
    view0, view1 = (
        torch.stack([pil_view(path, side, rng, **strength) for path in paths]) for _ in range(2)
    )
    return view0, view1


def looped_supcon(z0: Tensor, z1: Tensor, labels: Tensor, temperature: float = 0.5) -> Tensor:
    """SupCon of pytorch-metric-learning, called for one AU after another and averaged.

    It counts 0 for an AU of which all faces have one label; ours pulls them together.

    Raises:
        ImportError: If pytorch-metric-learning is not installed.
    """
    from pytorch_metric_learning.losses import SupConLoss

    criterion = SupConLoss(temperature=temperature)
    z, y = torch.cat([z0, z1]), labels.repeat(2, 1)
    losses = [criterion(z[:, j], y[:, j]) for j in range(z.shape[1])]
    return torch.stack(losses).mean()
