"""What happens inside an encoder, step by step, as tensors and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from ..corpora.frames import FrameTable

if TYPE_CHECKING:
    from ..encoder import Encoder

N_FACES = 512  # enough for a share; all at once in memory


def as_images(faces, side: int) -> Tensor:
    """Faces as an encoder takes them.

    Args:
        faces: uint8 (n, 3, H, W) or (n, H, W, 3), n of at least 1.
        side: Of the encoder's images.

    Returns:
        float32 (n, 3, side, side) in 0..1.

    Raises:
        TypeError: If faces are not uint8.
        ValueError: If their shape is wrong.
    """
    faces = torch.as_tensor(np.asarray(faces))
    if faces.dtype != torch.uint8:
        raise TypeError(f"faces must be uint8, got {faces.dtype}")
    if faces.ndim != 4 or 3 not in (faces.shape[1], faces.shape[-1]) or not len(faces):
        raise ValueError(f"faces must be (n, 3, H, W) or (n, H, W, 3), got {tuple(faces.shape)}")
    images = (faces if faces.shape[1] == 3 else faces.movedim(-1, 1)).float() / 255
    return F.interpolate(images, (side, side), mode="bilinear", antialias=True)


@torch.no_grad()
def encoder_steps(encoder: Encoder, images: Tensor) -> dict[str, Tensor]:
    """What each part of an encoder hands to the next, in evaluation mode.

    Args:
        encoder: Its mode is put back afterwards.
        images: (B, 3, S, S) in 0..1, see `as_images`.

    Returns:
        "images" (B, 3, S, S), "tokens" (B, T, C) of the backbone, "shared" (B, T, C) after the
        block that all AUs share, "per AU" (B, J, C), "graph" (B, J, C), "projection" (B, J, D),
        "embeddings" (B, J, D).
    """
    parts = {
        "tokens": encoder.backbone,
        "per AU": encoder.per_au,
        "graph": encoder.graph,
        "projection": encoder.projection,
    }
    seen = {"images": images}

    def keeper(name: str):
        def keep(_, inputs, output):
            if name == "per AU":
                seen["shared"] = inputs[0]
            seen[name] = output

        return keep

    hooks = [part.register_forward_hook(keeper(name)) for name, part in parts.items()]
    training = encoder.training
    try:
        seen["embeddings"] = encoder.eval()(images)
    finally:
        encoder.train(training)
        for hook in hooks:
            hook.remove()
    return seen


def describe_encoder(encoder: Encoder, images: Tensor) -> pd.DataFrame:
    """A row a step: what it does, the shape it hands on, how many numbers it has learned.

    Args:
        encoder: An encoder.
        images: (B, 3, S, S) in 0..1.

    Returns:
        Index the step; columns what, shape, parameters.
    """
    shapes = {name: tuple(x.shape) for name, x in encoder_steps(encoder, images).items()}
    about = {
        "images": ("B faces of 3 × S × S pixels", ()),
        "tokens": ("backbone: T places of the face, C numbers each", (encoder.backbone,)),
        "shared": ("one block for all AUs", (encoder.shared, encoder.shared_norm)),
        "per AU": ("a block for each AU, then the mean over places", (encoder.per_au,)),
        "graph": ("each AU listens to K others", (encoder.graph,)),
        "projection": ("to D dimensions", (encoder.projection,)),
        "embeddings": ("to length 1", ()),
    }
    rows = {
        step: (what, shapes[step], sum(p.numel() for m in modules for p in m.parameters()))
        for step, (what, modules) in about.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=["what", "shape", "parameters"])


def listening(encoder: Encoder, table: FrameTable) -> pd.DataFrame:
    """In what share of faces each AU listens to each other one, in the encoder's graph.

    Args:
        encoder: An encoder of the table's AUs.
        table: Faces with images; of more than 512, that many are taken, evenly.

    Returns:
        (J, J), index and columns the AUs' numbers: row j listens to column k in that share.

    Raises:
        ValueError: If the encoder has not as many AUs as the table.
    """
    if encoder.per_au.n_aus != len(table.aus):
        raise ValueError(
            f"the encoder has {encoder.per_au.n_aus} AUs, the table {len(table.aus)}: {table.aus}"
        )
    rows = np.linspace(0, len(table) - 1, min(N_FACES, len(table))).astype(int)
    steps = encoder_steps(encoder, encoder.sized(table.images(rows).float() / 255))
    shares = (encoder.graph.adjacency(steps["per AU"]) > 0).float().mean(dim=0).numpy()
    return pd.DataFrame(shares, index=table.aus, columns=table.aus)


@torch.no_grad()
def token_changes(encoder: Encoder, before: Tensor, after: Tensor) -> np.ndarray:
    """At which places of the face each AU's block notices a change, before the mean is taken.

    Args:
        encoder: An encoder.
        before, after: (B, 3, S, S) in 0..1, the same faces before and after the change.

    Returns:
        (J, T): the length of the change of a token in an AU's block, mean over the faces.
    """
    blocks = []
    for images in (before, after):
        shared = encoder_steps(encoder, images)["shared"]  # (B, T, C)
        x = F.relu(encoder.per_au.norm.eval()(encoder.per_au.linear(shared.flatten(0, 1))))
        blocks.append(x.view(*shared.shape[:2], encoder.per_au.n_aus, -1))  # (B, T, J, C)
    encoder.per_au.norm.train(encoder.training)
    return (blocks[1] - blocks[0]).norm(dim=-1).mean(dim=0).T.numpy()


def seen_pixels(encoder: Encoder, images: Tensor, token: int) -> np.ndarray:
    """How much each pixel matters to one token: the length of its gradient, mean over the faces.

    Args:
        encoder: An encoder.
        images: (B, 3, S, S) in 0..1.
        token: Number of the token, in reading order.

    Returns:
        (S, S), the largest is 1.

    Raises:
        ValueError: If there is no such token.
    """
    training = encoder.training
    try:
        x = images.clone().requires_grad_()
        tokens = encoder.eval().backbone(x)  # (B, T, C)
        if not 0 <= token < tokens.shape[1]:
            raise ValueError(f"token must be 0..{tokens.shape[1] - 1}, got {token}")
        generator = torch.Generator().manual_seed(0)
        direction = torch.randn(tokens[:, token].shape, generator=generator)
        (gradient,) = torch.autograd.grad((tokens[:, token] * direction).sum(), x)
    finally:
        encoder.train(training)
    length = gradient.norm(dim=1).mean(dim=0).numpy()
    return length / length.max()
