"""Two augmented views of each face: drawn first, recorded, then applied to the whole batch.

All randomness sits in `Views.draw`, which reads one generator; `Views.apply` is a function of
images and parameters, so that a view can be shown, repeated or changed. Kornia does the pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
import torch.nn.functional as F
from kornia.color import rgb_to_grayscale
from kornia.enhance import (
    adjust_brightness_accumulative,
    adjust_contrast_with_mean_subtraction,
    adjust_hue,
    adjust_saturation_with_gray_subtraction,
)
from kornia.filters import gaussian_blur2d
from torch import Tensor


@dataclass(frozen=True)
class ViewParameters:
    """What is done to each of n faces; every field has n rows.

    Attributes:
        shift: (n, 2) how far the face moves right and down, in widths of the image.
        scale: (n,) magnification; 1 keeps the size.
        flip: (n,) bool, left and right exchanged. Labels stay: AUs are coded for either side.
        brightness, contrast, saturation: (n,) factors; 1 changes nothing.
        hue: (n,) turn of the colour circle in radians; 0 changes nothing.
        grey: (n,) bool, colours dropped.
        blur: (n,) standard deviation of a Gaussian in pixels; 0 changes nothing.
    """

    shift: Tensor
    scale: Tensor
    flip: Tensor
    brightness: Tensor
    contrast: Tensor
    saturation: Tensor
    hue: Tensor
    grey: Tensor
    blur: Tensor

    def __len__(self) -> int:
        return len(self.scale)

    @property
    def moves(self) -> Tensor:
        """(n,) bool: whether pixels change their places."""
        return (self.shift != 0).any(dim=1) | (self.scale != 1) | self.flip

    def __getitem__(self, rows) -> ViewParameters:
        return ViewParameters(*(getattr(self, field.name)[rows] for field in fields(self)))

    def to(self, device: torch.device | str) -> ViewParameters:
        """The same on another device."""
        return ViewParameters(*(getattr(self, field.name).to(device) for field in fields(self)))


class Views:
    """Draws and applies augmentations.

    Args:
        size: Side of a view in pixels; None keeps height and width of the image.
        strength: 0 (none) to 1 (that of the published protocol: shifts as of a 224 px crop out of
            256 px, magnified up to as much where there is no `crop_from`; colour jitter
            .4/.4/.4/.1 with probability .8, grey with .2, blur with .5).
        hue: Also turn hues. It costs as much as all the rest: the quick preset does without.
        crop_from: Side of the images in pixels, of which each view is a piece of `size` by `size`,
            cut out at random in whole pixels, as the published protocol does (224 of 256). None
            takes the whole image, resized to `size`, and shifts and magnifies it.

    Raises:
        ValueError: If the strength does not lie in 0..1, the size is not above 0, or `crop_from`
            is smaller than the size.

    Example:
        >>> views = Views(strength=0.5)
        >>> faces = torch.zeros(4, 3, 64, 64, dtype=torch.uint8)
        >>> view0, view1 = views(faces, torch.Generator().manual_seed(0))
        >>> view0.shape, view0.dtype
        (torch.Size([4, 3, 64, 64]), torch.float32)
    """

    def __init__(
        self,
        size: int | None = None,
        strength: float = 1.0,
        hue: bool = True,
        crop_from: int | None = None,
    ):
        if not 0 <= strength <= 1:
            raise ValueError(f"strength must lie in 0..1, got {strength}")
        if size is not None and size < 1:
            raise ValueError(f"size must be above 0, got {size}")
        if crop_from is not None and (size is None or crop_from < size):
            raise ValueError(f"crop_from must be the size, {size}, or more, got {crop_from}")
        self.size, self.strength, self.hue, self.crop_from = size, strength, hue, crop_from
        self.last: tuple[ViewParameters, ViewParameters] | None = None

    def __call__(self, images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Two views of a uint8 batch (B, 3, H, W), float32 in 0..1; `last` keeps the parameters."""
        self.last = tuple(self.draw(len(images), generator).to(images.device) for _ in range(2))
        return self.apply(images, self.last[0]), self.apply(images, self.last[1])

    def draw(self, n: int, generator: torch.Generator) -> ViewParameters:
        """Parameters of n views, from a CPU generator."""

        def uniform(low: float, high: float, *shape: int) -> Tensor:
            return low + (high - low) * torch.rand(n, *shape, generator=generator)

        def chance(probability: float) -> Tensor:
            return torch.rand(n, generator=generator) < probability

        s = self.strength
        jitter = chance(0.8).float()
        factor = {
            name: 1 + jitter * uniform(-0.4 * s, 0.4 * s)
            for name in ("brightness", "contrast", "saturation")
        }
        if self.crop_from is None:
            shift, scale = uniform(-s / 14, s / 14, 2), uniform(1, 1 + s / 7)
        else:
            shift, scale = self._crop(n, generator)
        return ViewParameters(
            shift=shift,
            scale=scale,
            flip=chance(0.5 if s else 0.0),
            **factor,
            hue=jitter * uniform(-0.2 * torch.pi * s, 0.2 * torch.pi * s) * self.hue,
            grey=chance(0.2 * s),
            blur=chance(0.5 * s) * uniform(0.1, 1.0) * s,
        )

    def _crop(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Shifts (n, 2) and scales (n,) that cut out n pieces; strength 0 takes the middle one."""
        room = self.crop_from - self.size  # pixels
        around = round(room * self.strength)
        start = (room - around) // 2 + torch.randint(around + 1, (n, 2), generator=generator)
        return (room / 2 - start) / self.size, torch.full((n,), self.crop_from / self.size)

    def apply(self, images: Tensor, parameters: ViewParameters) -> Tensor:
        """One view of each image.

        Args:
            images: (B, 3, H, W) uint8.
            parameters: B rows, on the device of the images.

        Returns:
            (B, 3, size, size) float32 in 0..1, channels last in memory; (B, 3, H, W) without size.

        Raises:
            TypeError: If images are not uint8.
            ValueError: If their shape is wrong, they are not as large as they are to be cropped
                from, or the parameters are for another number of them.
        """
        if images.dtype != torch.uint8:
            raise TypeError(f"images must be uint8 of 0..255, got {images.dtype}")
        if images.ndim != 4 or images.shape[1] != 3 or len(images) != len(parameters):
            raise ValueError(
                f"images must be (B, 3, H, W) with B = {len(parameters)} like the parameters, "
                f"got {tuple(images.shape)}"
            )
        if self.crop_from is not None and images.shape[-2:] != (self.crop_from, self.crop_from):
            raise ValueError(
                f"images must have {self.crop_from} × {self.crop_from} pixels to crop {self.size} "
                f"from, got {tuple(images.shape)}: prepare them with that --size"
            )
        x = images.float().div_(255)
        x = self._move(x, parameters)
        x = adjust_brightness_accumulative(x, parameters.brightness)
        x = adjust_contrast_with_mean_subtraction(x, parameters.contrast)
        x = adjust_saturation_with_gray_subtraction(x, parameters.saturation)
        turned = parameters.hue.nonzero()[:, 0]
        if len(turned):
            x[turned] = adjust_hue(x[turned], parameters.hue[turned])
        x = torch.where(parameters.grey[:, None, None, None], rgb_to_grayscale(x), x)
        blurred = (parameters.blur > 0).nonzero()[:, 0]
        if len(blurred):
            sigma = parameters.blur[blurred, None].expand(-1, 2)
            x[blurred] = gaussian_blur2d(x[blurred], (5, 5), sigma)
        # clamped, as sums of rounded weights end a little above 1
        return x.clamp_(0, 1).contiguous(memory_format=torch.channels_last)

    def _move(self, x: Tensor, p: ViewParameters) -> Tensor:
        """Shift, magnify and flip in one resampling; what lies outside repeats the border."""
        height, width = x.shape[-2:] if self.size is None else (self.size, self.size)
        if (height, width) == x.shape[-2:] and not p.moves.any():
            return x
        zero = torch.zeros_like(p.scale)
        across = torch.where(p.flip, -1.0, 1.0) / p.scale
        rows = torch.stack(
            [
                torch.stack([across, zero, -2 * p.shift[:, 0] * across], dim=1),
                torch.stack([zero, 1 / p.scale, -2 * p.shift[:, 1] / p.scale], dim=1),
            ],
            dim=1,
        )  # (n, 2, 3): where each pixel of the view lies in the image, in -1..1
        grid = F.affine_grid(rows, [len(x), 3, height, width], align_corners=False)
        return F.grid_sample(x, grid, padding_mode="border", align_corners=False)
