"""What else could tell where an outline is wrong: scores at its points that need no trained error, to be beaten.

Every score grows where the boundary is doubtful. All are taken on the same outline, at the same points [n, 2] (native px):

    gradient               1 / |gradient of the probability|, px: a soft edge may lie anywhere
    doubt                  1 - |2p - 1|, averaged over a disc around the point, as it is the same all along the outline
    tta_probability        standard deviation of p over mirrored, shifted and scaled views of the image
    tta_boundary           root mean square distance, px, from the point to the outlines of those views
    dropout_probability    the same two over passes of the PyTorch network with its dropout on
    dropout_boundary
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import nn

from . import reference
from .contract import Fit
from .letterbox import letterbox, to_input, to_native
from .measure import LETTERBOX
from .network import AttentionUNet
from .reference import Network, Raw
from .reliability import probability

LEAST_SLOPE = 1e-4  # of the probability per px: flatter is flat
DISC = 5.0  # px at the 256 letterbox, radius over which doubt is averaged
SHIFT = 8.0  # px at the 256 letterbox
ZOOM = 0.08  # up and down
PASSES = 10  # with dropout


def inverse_gradient(p: np.ndarray, points: np.ndarray) -> np.ndarray:
    """1 / |gradient| (px) of a probability map [h, w] at points."""
    dy, dx = np.gradient(p)
    return np.asarray(1 / np.maximum(reference.sample(np.hypot(dx, dy), points), LEAST_SLOPE))


def doubt(p: np.ndarray, points: np.ndarray) -> np.ndarray:
    """1 - |2p - 1| of a probability map [h, w], averaged over a disc around the points."""
    radius = DISC * max(p.shape) / LETTERBOX
    reach = int(radius)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    disc = (np.hypot(x, y) <= radius).astype(np.float64)
    around = cv2.filter2D(1 - np.abs(2 * p - 1), -1, disc / disc.sum(), borderType=cv2.BORDER_REFLECT_101)
    return reference.sample(around, points)


def views(h: int, w: int) -> list[np.ndarray]:
    """Affine maps [2, 3] of an image of h x w native pixels: mirrored, shifted three ways, zoomed two ways."""
    s = SHIFT * max(h, w) / LETTERBOX
    cx, cy = (w - 1) / 2, (h - 1) / 2
    zooms = [np.array([[k, 0, cx * (1 - k)], [0, k, cy * (1 - k)]]) for k in (1 - ZOOM, 1 + ZOOM)]
    shifts = [np.array([[1, 0, x], [0, 1, y]]) for x, y in ((s, 0), (-s, 0), (0, s))]
    return [np.array([[-1.0, 0, w - 1], [0, 1, 0]]), *shifts, *zooms]


def augmented(network: Network, image: np.ndarray, height: int, width: int) -> list[np.ndarray]:
    """Native logits [h, w] of every view of an image [h, w] uint8, each moved back to where the image lies."""
    h, w = image.shape
    out = []
    for m in views(h, w):
        logits = reference.raw(network, cv2.warpAffine(image, m, (w, h)), height, width).logits
        back = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        out.append(cv2.warpAffine(logits, m, (w, h), flags=back, borderMode=cv2.BORDER_REPLICATE))
    return out


def dropped(
    net: AttentionUNet, image: np.ndarray, height: int, width: int, passes: int = PASSES, seed: int = 0
) -> list[np.ndarray]:
    """Native logits [h, w] of passes with only the dropout as in training; the rest of the network stays as it is."""
    net.eval()
    for part in net.modules():
        if isinstance(part, nn.Dropout2d):
            part.train()
    torch.manual_seed(seed)
    h, w = image.shape
    box = letterbox(h, w, height, width)
    x = to_input(image, box).expand(passes, -1, -1, -1)
    with torch.inference_mode():
        logits = net.looks(x)[1].mean(1, keepdim=True)
    net.eval()
    return [to_native(y[None], box) for y in logits]


def spread(passes: Sequence[np.ndarray], points: np.ndarray, fit: Fit) -> np.ndarray:
    """Standard deviation of the probability over native logits [h, w] at the points."""
    return np.asarray(np.std([reference.sample(probability(z, fit), points) for z in passes], axis=0))


def wander(passes: Sequence[np.ndarray], r: Raw, points: np.ndarray, fit: Fit) -> np.ndarray:
    """Root mean square distance (px) of the points to the outlines of native logits [h, w].

    A pass without an outline is as far off as the image is wide; whether a lesion is present is not asked again.
    """
    shown = replace(fit, present_threshold=0.0)
    total = np.zeros(len(points))
    for z in passes:
        other = replace(r, logits=z)
        mask = reference.cut(other, shown)
        if mask.any():
            total += cKDTree(np.concatenate(reference.contours(other, mask, shown))).query(points)[0] ** 2
        else:
            total += float(max(z.shape)) ** 2
    return np.sqrt(total / len(passes))


def scores(
    r: Raw, fit: Fit, points: np.ndarray, *, tta: Sequence[np.ndarray] = (), dropout: Sequence[np.ndarray] = ()
) -> dict[str, np.ndarray]:
    """All scores [n] at the points; those of passes only where there are passes."""
    p = probability(r.logits, fit)
    out = {"gradient": inverse_gradient(p, points), "doubt": doubt(p, points)}
    for name, passes in (("tta", tta), ("dropout", dropout)):
        if passes:
            out[f"{name}_probability"] = spread(passes, points, fit)
            out[f"{name}_boundary"] = wander(passes, r, points, fit)
    return out
