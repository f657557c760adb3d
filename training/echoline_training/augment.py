"""Packed training images and their random changes.

Works on uint8 images and soft masks [side, side]; every change is drawn from the generator it is given, so a step of
training can be repeated exactly.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from .data import Sample
from .letterbox import letterbox


def pack(samples: Sequence[Sample], side: int) -> tuple[np.ndarray, np.ndarray]:
    """Letterbox all samples into two uint8 arrays [n, side, side]: images 0..255 and soft masks 0..255.

    Area averaging here is faster than the contract's filter and close to it; what is measured uses the contract's.
    """
    images = np.zeros((len(samples), side, side), np.uint8)
    masks = np.zeros_like(images)
    for i, s in enumerate(samples):
        b = letterbox(*s.image.shape, side, side)
        at = (i, slice(b.oy, b.oy + b.nh), slice(b.ox, b.ox + b.nw))
        images[at] = cv2.resize(s.image, (b.nw, b.nh), interpolation=cv2.INTER_AREA)
        masks[at] = cv2.resize(s.mask.astype(np.uint8) * 255, (b.nw, b.nh), interpolation=cv2.INTER_AREA)
    return images, masks


def _place(rng: np.random.Generator, side: int, out: int) -> np.ndarray:
    """Draw an affine map [2, 3] from side to out pixels: rotation, size, aspect, shift, half the time a mirror image."""
    m = cv2.getRotationMatrix2D((side / 2, side / 2), rng.uniform(-18, 18), float(np.exp(rng.uniform(-0.3, 0.35))))
    m[0, :2] *= np.exp(rng.uniform(-0.12, 0.12))
    m[:, 2] += rng.uniform(-0.1, 0.1, 2) * side
    if rng.random() < 0.5:
        mirror = np.array([[-1.0, 0.0, side - 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        m = (np.vstack([m, [0.0, 0.0, 1.0]]) @ mirror)[:2]
    k = out / side
    m *= k
    m[:, 2] += (k - 1) / 2  # pixel centres: (x + 0.5) k - 0.5
    return m


def _grey(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Change grey values [side, side] in 0..1 as other scanners and settings would."""
    side = x.shape[1]
    if rng.random() < 0.6:
        x = x ** np.exp(rng.uniform(-0.45, 0.45))
    if rng.random() < 0.5:
        x = np.clip((x - 0.5) * rng.uniform(0.7, 1.35) + 0.5 + rng.uniform(-0.12, 0.12), 0, 1)
    if rng.random() < 0.2:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.3))
    if rng.random() < 0.2:
        x = np.clip(x * rng.gamma(12, 1 / 12, x.shape), 0, 1)
    if rng.random() < 0.15:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 80))]
        coded = cv2.imencode(".jpg", (x * 255).astype(np.uint8), quality)[1]
        x = cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE) / 255
    if rng.random() < 0.15:  # an acoustic shadow: a darker column
        at, width = rng.uniform(0, side), rng.uniform(0.04, 0.15) * side
        x = x * (1 - rng.uniform(0.3, 0.8) * np.exp(-(((np.arange(side) - at) / width) ** 2)))[None]
    return x


def augment(image: np.ndarray, mask: np.ndarray, out: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Change one packed image [side, side] and its soft mask; both come back as float32 [out, out] in 0..1."""
    m = _place(rng, image.shape[0], out)
    image = cv2.warpAffine(image, m, (out, out), flags=cv2.INTER_LINEAR)
    mask = cv2.warpAffine(mask, m, (out, out), flags=cv2.INTER_LINEAR)
    x = _grey(rng, image.astype(np.float32) / 255)
    return x.astype(np.float32), mask.astype(np.float32) / 255


def boundary_distance(mask: np.ndarray) -> np.ndarray:
    """Distance (px) of every pixel centre to the boundary of a soft mask [side, side]; 0 everywhere without a lesion."""
    m = (mask >= 0.5).astype(np.uint8)
    if not m.any():
        return np.zeros(m.shape, np.float32)
    inside = cv2.distanceTransform(m, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - m, cv2.DIST_L2, 5)
    return np.maximum(inside + outside - 0.5, 0).astype(np.float32)
