"""What a training run is, in one value: every number that shapes the result stands here."""

from __future__ import annotations

import json
import math
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from reprlib import repr as shortened  # a small YAML file can hold a long value

import yaml

from aunce_lib.corpora.atomic import atomic_path
from aunce_lib.corpora.untrusted import read_yaml
from aunce_lib.encoder import BACKBONES, Encoder

PROTOCOLS = Path(__file__).parent / "configs" / "protocols"
LOSSES = ("aunce", "centroid", "bce", "ntxent", "supcon", "hcl")
#: Above what anybody trains with, below what fills a memory: settings may come from a stranger.
MOST = {"epochs": 10**6, "batch_size": 10**7, "image_size": 4096, "dim": 2**16}
_KINDS = {
    "str": str,
    "str | None": str | None,
    "bool": bool,
    "bool | str": bool | str,
    "int": int,
    "float": float,
    "int | None": int | None,
    "dict[str, float]": dict,
    "tuple[int, ...]": tuple,
}


@dataclass(frozen=True)
class TrainConfig:
    """Settings of a run.

    Attributes:
        loss: "aunce", the published one; "centroid", ours (see `centroids`); or a baseline: "bce"
            (weighted cross-entropy), "ntxent", "supcon", "hcl".
        cross_entropy: Weight of a weighted cross-entropy that is added to the loss; 0 is none.
        backbone: One of `encoder.BACKBONES`.
        dim: Length D of an embedding; None takes the backbone's width.
        pretrained: Start a Swin backbone from ImageNet weights: true for the hub's, downloaded
            once, or the folder of a copy, see `encoder.Encoder`.
        init: Weights of ours that the backbone starts from: a name for `load_pretrained`, or the
            path of such a file (ends in .safetensors). The rest of the encoder starts afresh.
        drop_path: Stochastic depth of a Swin backbone.
        image_size: Side of a view in pixels.
        crop_from: Side of the stored faces, of which a view is a piece of `image_size`, cut out at
            random without scaling; probes see the middle one. None: views are the whole face,
            resized, shifted and magnified; probes see it resized.
        view_strength: Strength of the augmentations, 0..1 (see `views.Views`).
        hue: Whether views turn hues.
        epochs: Passes over the training faces.
        batch_size: Faces in a step, each seen in two views; those of all processes together, so
            that the number of devices changes nothing.
        micro_batch: Faces that a process embeds at a time, where a batch does not fit into its
            memory: as exact, for one more forward pass (see `micro_batch`); None embeds all.
        chunk_size: Of `loss.aunce_loss`: anchors compared at a time, None compares all.
        compile: Whether the encoder is compiled (torch.compile): slower to start, and it needs a
            C++ compiler, then faster on a GPU.
        balanced_batches: Draw batches in which every AU has an active and an inactive face.
        learning_rate: Of AdamW, at its peak.
        backbone_rate: Learning rate of the backbone in units of `learning_rate`: below 1 for one
            that has learned before.
        warmup: Share of all steps in which the rate rises to the peak.
        cosine: Whether the rate then falls to 0 along a half cosine, or stays.
        weight_decay: Of AdamW.
        temperature, beta_active, beta_inactive, variant, positives_from: Of `loss.aunce_loss`.
        probabilities: Of the kinds of positive, see `sampler.PositiveSampler`.
        precision: "auto" (bf16 where the processor has it), "bf16-mixed" or "32-true".
        keep_epochs: Epochs whose embeddings are kept (0 is before training).
        seed: Of everything that is drawn.

    Raises:
        ValueError: If a value makes no sense; the message names it.
    """

    loss: str = "aunce"
    cross_entropy: float = 0.0
    backbone: str = "conv-small"
    dim: int | None = 64
    pretrained: bool | str = False
    init: str | None = None
    drop_path: float = 0.0
    image_size: int = 64
    crop_from: int | None = None
    view_strength: float = 0.3
    hue: bool = False
    epochs: int = 9
    batch_size: int = 64
    micro_batch: int | None = None
    chunk_size: int | None = None
    compile: bool = False
    balanced_batches: bool = False
    learning_rate: float = 2e-3
    backbone_rate: float = 1.0
    warmup: float = 0.05
    cosine: bool = True
    weight_decay: float = 1e-4
    temperature: float = 0.5
    beta_active: float = 1.2
    beta_inactive: float = 0.8
    variant: str = "corrected"
    positives_from: str = "views"
    probabilities: dict[str, float] = field(
        default_factory=lambda: {"self": 0.2, "mean": 0.6, "nearest": 0.2}
    )
    precision: str = "auto"
    keep_epochs: tuple[int, ...] = ()
    seed: int = 0

    def __post_init__(self):
        for setting in fields(self):
            value = _typed(setting.name, setting.type, getattr(self, setting.name))
            object.__setattr__(self, setting.name, value)
        for name, allowed in {
            "loss": LOSSES,
            "backbone": BACKBONES,
            "precision": ("auto", "bf16-mixed", "32-true"),
        }.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {allowed}, got {getattr(self, name)!r}")
        for name in ("epochs", "batch_size", "image_size", "learning_rate", "temperature"):
            if not 0 < getattr(self, name) < math.inf:
                raise ValueError(f"{name} must be above 0, got {shortened(getattr(self, name))}")
        for name, most in MOST.items():
            if (getattr(self, name) or 0) > most:
                raise ValueError(
                    f"{name} must be at most {most:,}, got {shortened(getattr(self, name))}"
                )
        for name in ("view_strength", "warmup", "drop_path", "backbone_rate"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} must lie in 0..1, got {getattr(self, name)}")
        if self.crop_from is not None and self.crop_from < self.image_size:
            raise ValueError(
                f"crop_from must be image_size ({self.image_size}) or more, got {self.crop_from}"
            )
        if not 0 <= self.cross_entropy < math.inf:
            raise ValueError(f"cross_entropy must be 0 or more, got {self.cross_entropy}")
        if self.dim is not None and self.dim < 1:
            raise ValueError(f"dim must be above 0, or None for the backbone's, got {self.dim}")
        for name in ("micro_batch", "chunk_size"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise ValueError(f"{name} must be above 0, or None, got {getattr(self, name)}")
        if not 0 <= self.seed < 2**32:
            raise ValueError(f"seed must lie in 0..{2**32 - 1}, got {shortened(self.seed)}")
        if not all(
            isinstance(kind, str) and type(share) in (int, float)
            for kind, share in self.probabilities.items()
        ):
            raise ValueError(
                f"probabilities must map kinds to numbers, got {shortened(self.probabilities)}"
            )
        if not all(isinstance(kept, int) and 0 <= kept <= self.epochs for kept in self.keep_epochs):
            raise ValueError(
                f"keep_epochs must lie in 0..{self.epochs} (epochs), "
                f"got {shortened(self.keep_epochs)}"
            )

    @classmethod
    def quick(cls, **changes) -> TrainConfig:
        """Two minutes on a laptop: the small network on drawn faces of 64 pixels.

        It starts from "landmarks", our weights that have seen no label, and trains them gently.
        They are of this network and this size; another one learns from nothing, at the full rate.
        """
        size = changes.get("backbone", "conv-small"), changes.get("image_size", 64)
        start = {"init": "landmarks", "backbone_rate": 0.3} if size == ("conv-small", 64) else {}
        return replace(cls(epochs=4), **{**start, **changes})

    @classmethod
    def recipe(cls, **changes) -> TrainConfig:
        """`quick` with AUNCE and cross-entropy added up: ours, not the paper's.

        Of the sums tried it was the best on people held out for choosing (data/results/recipe.csv).
        """
        return cls.quick(**{"cross_entropy": 1.0, **changes})

    @classmethod
    def full(cls, **changes) -> TrainConfig:
        """The published protocol: Swin-B from ImageNet on 224 px crops, 60 epochs; wants GPUs."""
        return replace(cls.load(PROTOCOLS / "published.yaml"), **changes)

    def build_encoder(self, n_aus: int, pretrained: bool | str = False) -> Encoder:
        """The encoder that these settings describe, with fresh weights (or ImageNet's)."""
        return Encoder(
            n_aus,
            self.backbone,
            self.dim,
            image_size=self.image_size,
            pretrained=pretrained,
            drop_path=self.drop_path,
            crop_from=self.crop_from,
        )

    def save(self, path: str | Path) -> None:
        """Write the settings as YAML."""
        with atomic_path(path) as temporary:
            temporary.write_text(yaml.safe_dump(self.to_dict(), sort_keys=False))

    @classmethod
    def load(cls, path: str | Path) -> TrainConfig:
        """Read settings written by `save`, or by hand; what is not named keeps its default.

        Raises:
            ValueError: If the file is no mapping, names a setting that does not exist, or a value
                makes no sense.
        """
        known, values = [setting.name for setting in fields(cls)], read_yaml(path)
        try:
            if not isinstance(values, dict):
                raise ValueError("must map settings to values, such as `epochs: 12`")
            unknown = [name for name in values if name not in known]
            if unknown:
                raise ValueError(f"{shortened(unknown)} are no settings; these are: {known}")
            return cls(**values)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error

    def to_dict(self) -> dict:
        """Plain values, as they come back from YAML or JSON."""
        return json.loads(json.dumps(asdict(self)))

    def differences(self, other: TrainConfig) -> list[str]:
        """Readable differences, such as `epochs: 12 here, 60 there`."""
        mine, theirs = self.to_dict(), other.to_dict()
        return [f"{k}: {mine[k]} here, {theirs[k]} there" for k in mine if mine[k] != theirs[k]]


def _typed(name: str, annotation: str, value):
    """The value as what its annotation says; YAML reads 1e-3 as a text and knows no tuples."""
    kind = _KINDS[annotation]
    if kind is float and type(value) in (int, str):
        with suppress(ValueError, OverflowError):
            value = float(value)
    if kind is tuple and isinstance(value, list):
        value = tuple(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and "bool" not in annotation):
        raise ValueError(f"{name} must be {annotation}, got {shortened(value)}")
    return value
