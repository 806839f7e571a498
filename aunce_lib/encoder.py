"""From faces to one embedding per action unit: backbone, per-AU features, AU graph, unit sphere.

The architecture of the AUNCE reference, which takes it from ME-GraphAU (Luo et al., "Learning
Multi-dimensional Edge Feature-based AU Relation Graph for Facial Action Unit Recognition", IJCAI
2022): tokens → linear block → a linear block per AU → mean over tokens → AU graph → projection.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

#: Sizes of the Swin backbones, as published; `swin-nano` is ours, for small images.
SWIN = {
    "swin-nano": {"embed_dim": 32, "depths": (2, 2, 2), "num_heads": (2, 4, 8), "window_size": 4},
    "swin-tiny": {"embed_dim": 96, "depths": (2, 2, 6, 2), "num_heads": (3, 6, 12, 24)},
    "swin-base": {"embed_dim": 128, "depths": (2, 2, 18, 2), "num_heads": (4, 8, 16, 32)},
}
#: Where the hub keeps their ImageNet weights.
PRETRAINED = {
    "swin-tiny": "microsoft/swin-tiny-patch4-window7-224",
    "swin-base": "microsoft/swin-base-patch4-window7-224",
}
BACKBONES = ("conv-small", *SWIN)
#: Of the colours red, green, blue in 0..1: what Swin's ImageNet weights were trained with.
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Encoder(nn.Module):
    """Faces → unit embeddings, one per AU.

    Args:
        n_aus: J, the number of action units.
        backbone: One of `BACKBONES`.
        dim: D, the length of an embedding. None leaves out the projection: D is the backbone's C.
        n_neighbours: K, the AUs that each AU listens to in the graph.
        image_size: Side of the images in pixels.
        pretrained: Start a Swin backbone from ImageNet weights: True for the hub's (downloaded
            once, then read from its cache), or a folder with config.json and model.safetensors.
        drop_path: Stochastic depth of a Swin backbone, 0..1.
        crop_from: Side of the images whose middle `sized` takes; None takes whole images.

    Raises:
        ValueError: For an unknown backbone, or pretrained weights that do not exist or do not fit.
        OSError: If the weights can't be read or fetched.

    Example:
        >>> encoder = Encoder(n_aus=12, dim=32).eval()
        >>> encoder(torch.rand(2, 3, 64, 64)).shape
        torch.Size([2, 12, 32])
    """

    def __init__(
        self,
        n_aus: int,
        backbone: str = "conv-small",
        dim: int | None = 64,
        *,
        n_neighbours: int = 4,
        image_size: int = 64,
        pretrained: bool | str = False,
        drop_path: float = 0.0,
        crop_from: int | None = None,
    ):
        super().__init__()
        if backbone == "conv-small":
            if pretrained:
                raise ValueError(f"conv-small has no ImageNet weights; {[*PRETRAINED]} have")
            self.backbone = ConvSmall(image_size)
        elif backbone in SWIN:
            self.backbone = SwinTokens(backbone, image_size, pretrained, drop_path)
        else:
            raise ValueError(f"backbone must be one of {BACKBONES}, got {backbone!r}")
        width = self.backbone.width
        self.shared = nn.Linear(width, width)
        self.shared_norm = nn.BatchNorm1d(width)
        self.per_au = AUFeatures(n_aus, width)
        self.graph = AUGraph(n_aus, width, n_neighbours)
        self.projection = nn.Identity() if dim is None else nn.Linear(width, dim)
        self.dim, self.image_size, self.crop_from = dim or width, image_size, crop_from

    def forward(self, images: Tensor) -> Tensor:
        """images (B, 3, S, S) in 0..1 → (B, J, D), each embedding of length 1, float32.

        Raises:
            TypeError: If images are not floating: 0..255 would saturate everything.
            ValueError: If they do not have the encoder's size.
        """
        if not images.is_floating_point():
            raise TypeError(f"images must be floating, 0..1, got {images.dtype}; divide by 255")
        if images.shape[1:] != (3, self.image_size, self.image_size):
            raise ValueError(
                f"images must be (B, 3, {self.image_size}, {self.image_size}), the encoder's "
                f"image_size, got {tuple(images.shape)}"
            )
        tokens = self.backbone(images)  # (B, T, C)
        tokens = self.shared(tokens)
        tokens = F.relu(self.shared_norm(tokens.flatten(0, 1))).view_as(tokens)
        v = self.graph(self.per_au(tokens))  # (B, J, C)
        return F.normalize(self.projection(v).float(), dim=-1)  # (B, J, D)

    def sized(self, images: Tensor) -> Tensor:
        """Floating images (B, 3, H, W) as `forward` takes them: resized, or their middle."""
        side = self.crop_from or self.image_size
        if images.shape[-2:] != (side, side):
            images = F.interpolate(images, (side, side), mode="bilinear", antialias=True)
        edge = (side - self.image_size) // 2
        return images[..., edge : edge + self.image_size, edge : edge + self.image_size]


class AUFeatures(nn.Module):
    """A linear block (Linear, BatchNorm, ReLU) for each AU over all tokens, then their mean.

    The J linear maps are one matrix product, and their BatchNorms one over J·C channels.
    """

    def __init__(self, n_aus: int, width: int):
        super().__init__()
        self.linear = nn.Linear(width, n_aus * width)
        self.norm = nn.BatchNorm1d(n_aus * width)
        self.n_aus = n_aus

    def forward(self, tokens: Tensor) -> Tensor:
        """(B, T, C) → (B, J, C)."""
        n, n_tokens, width = tokens.shape
        x = self.norm(self.linear(tokens.flatten(0, 1)))  # (B·T, J·C)
        return F.relu(x).view(n, n_tokens, self.n_aus, width).mean(dim=1)


class AUGraph(nn.Module):
    """Each AU listens to the K AUs whose features are most like its own, itself included.

    v ← ReLU(v + BN(Â V(v) + U(v))), Â = D^-½ A D^-½, A the K nearest by v·v (without gradient).
    """

    def __init__(self, n_aus: int, width: int, n_neighbours: int = 4):
        super().__init__()
        self.n_neighbours = min(n_neighbours, n_aus)
        self.u, self.v = nn.Linear(width, width), nn.Linear(width, width)
        self.norm = nn.BatchNorm1d(n_aus)  # over the AU axis of (B, J, C)

    def adjacency(self, v: Tensor) -> Tensor:
        """(B, J, C) → (B, J, J), row j: how much AU j listens to each AU."""
        with torch.autocast(v.device.type, enabled=False):  # bf16 would confuse near neighbours
            similarity = v.detach().float() @ v.detach().float().mT
        nearest = similarity.topk(self.n_neighbours, dim=-1).indices
        a = torch.zeros_like(similarity).scatter_(-1, nearest, 1.0)
        degree = a.sum(dim=-1).rsqrt()  # K for every row, as each AU listens to K
        return degree[:, :, None] * a * degree[:, None, :]

    def forward(self, v: Tensor) -> Tensor:
        """(B, J, C) → (B, J, C)."""
        a = self.adjacency(v).to(v.dtype)
        return F.relu(v + self.norm(a @ self.v(v) + self.u(v)))


class ConvSmall(nn.Module):
    """A small backbone for small images and CPUs: 64 px → 4 × 4 tokens of 128.

    Each image is standardised first, so that light and skin tone leave before anything is learned.
    At the end each region of the face has a layer of its own (as in Zhao et al., "Deep Region and
    Multi-label Learning", CVPR 2016): a wrinkle means something else on the nose than on the chin.
    """

    width = 128

    def __init__(self, image_size: int = 64):
        super().__init__()
        n_regions = math.ceil(image_size / 16) ** 2
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(2),
            *self._block(12, 48),
            *self._block(48, 96),
            *self._block(96, 128),
        )
        self.regions = nn.Parameter(torch.randn(n_regions, 128, 128) / math.sqrt(128))
        self.norm = nn.BatchNorm1d(128)

    @staticmethod
    def _block(n_in: int, n_out: int) -> tuple[nn.Module, ...]:
        """Half the side, n_out channels."""
        convolution = nn.Conv2d(n_in, n_out, 3, stride=2, padding=1, bias=False)
        return convolution, nn.BatchNorm2d(n_out), nn.ReLU(inplace=True)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) → (B, T, 128), T = H/16 · W/16 regions."""
        x = F.instance_norm((images - 0.5) / 0.5).contiguous(memory_format=torch.channels_last)
        x = self.layers(x).flatten(2).permute(2, 0, 1)  # (T, B, 128)
        x = x @ self.regions.to(x.dtype)
        return F.relu(self.norm(x.flatten(0, 1))).view_as(x).transpose(0, 1)


class SwinTokens(nn.Module):
    """A Swin transformer (Liu et al. 2021) from transformers: the tokens of its last stage."""

    def __init__(self, name: str, image_size: int, pretrained: bool | str, drop_path: float):
        super().__init__()
        from transformers import SwinConfig, SwinModel

        sizes = {"window_size": 7, **SWIN[name]}
        # patches of 4 px, halved at each further stage: a window is no larger than the last one
        last_stage = math.ceil(image_size / 4 / 2 ** (len(sizes["depths"]) - 1))
        sizes["window_size"] = min(sizes["window_size"], last_stage)
        config = SwinConfig(**sizes, image_size=image_size, drop_path_rate=drop_path)
        if not pretrained:
            self.swin = SwinModel(config, add_pooling_layer=False)
        elif name not in PRETRAINED:
            raise ValueError(f"{name} has no ImageNet weights; {[*PRETRAINED]} have")
        elif last_stage < 7:
            raise ValueError(f"ImageNet weights are for images above 192 px, got {image_size}")
        else:
            self.swin = _from_imagenet(name, pretrained, config)
        self.width = self.swin.num_features
        for statistic, values in (("mean", IMAGENET_MEAN), ("std", IMAGENET_STD)):
            self.register_buffer(statistic, torch.tensor(values).view(3, 1, 1), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) in 0..1 → (B, T, C)."""
        images = (images - self.mean) / self.std
        return self.swin(images, interpolate_pos_encoding=False).last_hidden_state


def _from_imagenet(name: str, source: bool | str, config) -> nn.Module:
    """The SwinModel of a config with the weights of the hub (True) or of a folder."""
    from transformers import SwinModel

    where = PRETRAINED[name] if source is True else source
    get = (
        f"on a machine with a network say `hf download {PRETRAINED[name]} config.json "
        "model.safetensors --local-dir FOLDER`, bring FOLDER here, and set pretrained: FOLDER"
    )
    how = {"config": config, "use_safetensors": True, "dtype": torch.float32}
    how |= {"add_pooling_layer": False, "output_loading_info": True}
    try:
        try:  # the disk first: a network that is down costs most of a minute
            model, told = SwinModel.from_pretrained(where, local_files_only=True, **how)
        except OSError:
            if source is not True:
                raise
            model, told = SwinModel.from_pretrained(where, **how)
    except OSError as error:
        raise OSError(f"no ImageNet weights of {name} at {where}: {get}") from error
    except Exception as error:  # no safetensors, or of other sizes
        raise ValueError(f"{where} has no whole weights of {name} ({error}): {get}") from error
    if lacking := told["missing_keys"]:  # these would start from noise
        raise ValueError(f"{where} is not of {name}, {len(lacking)} tensors lack: {get}")
    return model
