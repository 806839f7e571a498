"""Which pixels the score of an action unit rests on: occlusion and integrated gradients.

Both ask how the probe's score (its logit, w · z + b) would change if the picture were a *baseline*
there. The baseline used here is the picture itself, blurred: skin, light and background stay, the
detail goes. A grey one would be a trap: `conv-small` standardises every picture, so that along the
way from grey to the face nothing changes until the very first step.

Needs captum: `pip install "aunce-lib[attribution]"`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import torch
from matplotlib.figure import Figure
from torch import Tensor, nn

from ..evaluation.metrics import roc_auc
from ..evaluation.probe import Probe

METHODS = ("integrated_gradients", "occlusion")
BLUR = 6.0  # standard deviation of the baseline's blur, as a share of 64 pixels


def attribute(
    encoder: nn.Module,
    probe: Probe,
    images,
    au: int,
    method: str = "integrated_gradients",
    *,
    baseline: Tensor | None = None,
    steps: int = 24,
    window: int = 8,
    stride: int = 4,
) -> np.ndarray:
    """How much each pixel adds to the score of an action unit, against a baseline.

    Args:
        encoder: Images (N, 3, S, S) in 0..1 → embeddings (N, J, D); its mode is put back.
        probe: Fitted to its embeddings.
        images: uint8 (N, 3, S, S), of the encoder's size.
        au: One of the probe's action units.
        method: "integrated_gradients": the gradient, averaged over `steps` pictures on the straight
            way from the baseline, times the difference; the map sums up to the score less the
            baseline's score. "occlusion": how far the score falls when a window of the picture is
            replaced by the baseline, mean over the windows that hold the pixel.
        baseline: Float (N or 1, 3, S, S), 0..1; the blurred picture if None.
        steps: Pictures on the way.
        window: Side of what is hidden, pixels.
        stride: Pixels from one window to the next.

    Returns:
        float32 (N, S, S), in units of the score; above 0 speaks for the action unit.

    Raises:
        ImportError: If captum is missing.
        TypeError: If images are not uint8.
        ValueError: If a shape, the method or the action unit is wrong.
    """
    images = torch.as_tensor(np.asarray(images))
    if images.dtype != torch.uint8:
        raise TypeError(f"images must be uint8, got {images.dtype}")
    if images.ndim != 4 or images.shape[1] != 3 or not len(images):
        raise ValueError(f"images must be (N, 3, S, S), at least one, got {tuple(images.shape)}")
    if method not in METHODS:
        raise ValueError(f"method must be one of {METHODS}, got {method!r}")
    if au not in probe.aus or au in probe.missing:
        known = [known for known in probe.aus if known not in probe.missing]
        raise ValueError(f"the probe has no rule for AU{au}; it has rules for {known}")
    captum = _captum()
    x = images.float() / 255
    baseline = blurred(x) if baseline is None else baseline.expand_as(x)
    score = _Score(encoder, probe, au)
    training = encoder.training
    encoder.eval()
    try:
        if method == "occlusion":
            found = captum.Occlusion(score).attribute(
                x,
                baselines=baseline,
                sliding_window_shapes=(3, window, window),
                strides=(3, stride, stride),
            )
            found = found.mean(dim=1)  # the same in all colours: they are hidden together
        else:
            parts = [
                captum.IntegratedGradients(score).attribute(
                    x[i : i + 1], baseline[i : i + 1], n_steps=steps, method="riemann_middle"
                )
                for i in range(len(x))  # each face is `steps` pictures: one at a time
            ]
            found = torch.cat(parts).sum(dim=1)
    finally:
        encoder.train(training)
    return found.detach().float().numpy()


def logit(encoder: nn.Module, probe: Probe, x: Tensor, au: int) -> Tensor:
    """The probe's score before the sigmoid, (N,), of images (N, 3, S, S) in 0..1."""
    return _Score(encoder, probe, au)(x)


def blurred(x: Tensor, width: float | None = None) -> Tensor:
    """Pictures (N, 3, S, S) without their detail.

    Args:
        x: Pictures.
        width: Standard deviation in pixels; 6 of 64 if None.
    """
    from kornia.filters import gaussian_blur2d

    width = width or BLUR * x.shape[-1] / 64
    side = 2 * round(2.5 * width) + 1
    side = min(side, 2 * (x.shape[-1] // 2) - 1)
    return gaussian_blur2d(x, (side, side), (width, width))


def agreement(attribution, moved) -> np.ndarray:
    """Whether a score rests on the pixels that the action unit moves.

    Args:
        attribution: (n, S, S), from `attribute`.
        moved: bool (n, S, S), from `Twins.moved`.

    Returns:
        (n,): the chance that a moved pixel has a larger |attribution| than one that does not move.
        .5 is what a random map gets, 1 perfect; NaN where no pixel moves, or all do.
    """
    attribution, moved = np.abs(np.asarray(attribution)), np.asarray(moved, bool)
    if attribution.ndim != 3 or attribution.shape != moved.shape:
        raise ValueError(
            f"attribution and moved must both be (n, S, S), got {attribution.shape}, {moved.shape}"
        )
    return np.array(
        [
            roc_auc(there.ravel(), found.ravel()) if there.any() and not there.all() else np.nan
            for found, there in zip(attribution, moved, strict=True)
        ]
    )


def plot_maps(
    rows: Mapping[str, Sequence[np.ndarray]], titles: Sequence[str], scale: float = 1.25
) -> tuple[Figure, np.ndarray]:
    """Pictures and maps side by side, a row a name.

    Args:
        rows: Name → pictures: uint8 (3, S, S) faces; floating (S, S) maps. A map without negative
            values is drawn dark to bright, others orange (for) and purple (against), each with a
            scale of its own.
        titles: Above each column.
        scale: Inches a picture.

    Raises:
        ValueError: If a row does not have one picture a title.
    """
    for name, pictures in rows.items():
        if len(pictures) != len(titles):
            raise ValueError(f"{name!r} must have {len(titles)} pictures, got {len(pictures)}")
    size = (scale * len(titles) + 0.5, scale * len(rows) + 0.4)
    figure, axes = plt.subplots(
        len(rows), len(titles), figsize=size, layout="constrained", squeeze=False
    )
    for line, (name, pictures) in zip(axes, rows.items(), strict=True):
        for ax, picture in zip(line, pictures, strict=True):
            picture = np.asarray(picture)
            if picture.dtype == np.uint8:
                ax.imshow(picture.transpose(1, 2, 0))
            else:
                most = np.abs(picture).max() or 1.0
                signed = picture.min() < 0
                colours = ("PuOr_r", -most) if signed else ("magma", 0)
                ax.imshow(picture, cmap=colours[0], vmin=colours[1], vmax=most)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        line[0].set_ylabel(name, fontsize=10)
    for ax, title in zip(axes[0], titles, strict=True):
        ax.set_title(title, fontsize=9)
    return figure, axes


class _Score(nn.Module):
    """Images (N, 3, S, S) → the logit of one action unit, (N,)."""

    def __init__(self, encoder: nn.Module, probe: Probe, au: int):
        super().__init__()
        self.encoder, self.j = encoder, probe.aus.index(au)
        self.weight = torch.from_numpy(probe.weight[self.j])
        self.bias = float(probe.bias[self.j])

    def forward(self, images: Tensor) -> Tensor:
        # A single picture goes twice: in torch 2.13 the gradient of instance_norm is wrong for a
        # batch of one whose gradient arrives in channels_last.
        batch = images.repeat(2, 1, 1, 1) if len(images) == 1 else images
        return self.encoder(batch)[: len(images), self.j] @ self.weight + self.bias


def _captum():
    try:
        import captum.attr
    except ImportError as error:
        raise ImportError(
            "attribution needs captum, which is not installed: "
            'run pip install "aunce-lib[attribution]"'
        ) from error
    return captum.attr
