"""The model contract's way from a native image to the network's input and back.

Sizes are (height, width) in pixels. Resizing is PyTorch's antialiased bilinear filter with half-pixel centres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F


@dataclass(frozen=True)
class Letterbox:
    """How an image of h x w native pixels lies inside an input of height x width pixels."""

    h: int
    w: int
    height: int
    width: int
    nh: int
    nw: int
    oy: int
    ox: int

    @property
    def native_per_input(self) -> float:
        """Native pixels per input pixel, the mean of both axes."""
        return (self.w / self.nw + self.h / self.nh) / 2


def letterbox(h: int, w: int, height: int, width: int) -> Letterbox:
    """Place an image of h x w in an input of height x width: whole, centred, aspect kept."""
    s = min(width / w, height / h)
    nw, nh = max(1, math.floor(w * s + 0.5)), max(1, math.floor(h * s + 0.5))
    return Letterbox(h, w, height, width, nh, nw, (height - nh) // 2, (width - nw) // 2)


def resize(x: torch.Tensor, h: int, w: int) -> torch.Tensor:
    """Resize [n, c, *, *] to [n, c, h, w]."""
    return F.interpolate(x, size=(h, w), mode="bilinear", align_corners=False, antialias=True)


def to_input(image: np.ndarray, box: Letterbox) -> torch.Tensor:
    """Turn 8-bit grey [h, w] into the network's input [1, 1, height, width] in 0..1, zero outside the image."""
    x = resize(torch.from_numpy(image.astype(np.float32) / 255)[None, None], box.nh, box.nw)
    out = torch.zeros(1, 1, box.height, box.width)
    out[:, :, box.oy : box.oy + box.nh, box.ox : box.ox + box.nw] = x
    return out


def to_native(y: torch.Tensor, box: Letterbox) -> np.ndarray:
    """Turn a map of the input [1, 1, height, width] into one of the native image [h, w]."""
    crop = y[:, :, box.oy : box.oy + box.nh, box.ox : box.ox + box.nw]
    return resize(crop, box.h, box.w)[0, 0].numpy()
