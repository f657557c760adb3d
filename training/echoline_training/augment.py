"""Packed training images and their random changes.

Works on uint8 planes [side, side]; every change is drawn from the generator it is given, so a step of training can be
repeated exactly. Changes of place come first, they help most on other scanners' images; there are no vertical mirror
images, as sound comes from above.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .data import Sample
from .letterbox import letterbox

Change = Callable[[np.random.Generator, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Packed:
    """Samples letterboxed into uint8 arrays [n, side, side] of 0..255, with a weight each [n]."""

    images: np.ndarray
    masks: np.ndarray  # share of the pixel that is lesion
    cares: np.ndarray  # share of the pixel whose truth is known
    weights: np.ndarray

    def __len__(self) -> int:
        return len(self.images)


def shrink(plane: np.ndarray, side: int) -> np.ndarray:
    """Letterbox one uint8 plane [h, w] to [side, side].

    Area averaging here is faster than the contract's filter and close to it; what is measured uses the contract's.
    """
    h, w = plane.shape
    b = letterbox(h, w, side, side)
    out = np.zeros((side, side), np.uint8)
    how = cv2.INTER_AREA if b.nw <= w else cv2.INTER_LINEAR
    out[b.oy : b.oy + b.nh, b.ox : b.ox + b.nw] = cv2.resize(plane, (b.nw, b.nh), interpolation=how)
    return out


def pack(samples: Sequence[Sample], side: int) -> Packed:
    """Letterbox all samples."""
    shape = (len(samples), side, side)
    p = Packed(np.zeros(shape, np.uint8), np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8), np.ones(len(samples)))
    for i, s in enumerate(samples):
        p.images[i] = shrink(s.image, side)
        p.masks[i] = shrink(s.mask.astype(np.uint8) * 255, side)
        if s.unknown is not None:
            p.cares[i] = 255 - shrink(s.unknown.astype(np.uint8) * 255, side)
        p.weights[i] = s.weight
    return p


def _place(rng: np.random.Generator, side: int, out: int) -> np.ndarray:
    """Draw an affine map [2, 3] from side to out pixels: rotation, size, aspect, shift, half the time a mirror image."""
    turn, size = rng.uniform(-18, 18), float(np.exp(rng.uniform(-0.3, 0.35)))
    m: np.ndarray = np.array(cv2.getRotationMatrix2D((side / 2, side / 2), turn, size), np.float64)
    m[0, :2] *= np.exp(rng.uniform(-0.15, 0.15))
    m[0, 1] += rng.uniform(-0.12, 0.12)
    m[:, 2] += rng.uniform(-0.1, 0.1, 2) * side
    if rng.random() < 0.5:
        mirror = np.array([[-1.0, 0.0, side - 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        m = (np.vstack([m, [0.0, 0.0, 1.0]]) @ mirror)[:2]
    k = out / side
    m *= k
    m[:, 2] += (k - 1) / 2  # pixel centres: (x + 0.5) k - 0.5
    return m


def gamma(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Another grey curve."""
    return x ** np.exp(rng.uniform(-0.45, 0.45))


def contrast(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Another gain and offset, around the picture's own brightness: dark pictures must not drown in black."""
    middle = float(x[x > 0].mean()) if x.any() else 0.0
    return np.clip((x - middle) * rng.uniform(0.7, 1.35) + middle * rng.uniform(0.65, 1.3), 0, 1)


def blur(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Less resolution, by a Gaussian or by shrinking and growing."""
    if rng.random() < 0.5:
        return cv2.GaussianBlur(x, (0, 0), rng.uniform(0.4, 1.3))
    h, w = x.shape
    k = rng.uniform(0.45, 0.85)
    small = cv2.resize(x, (max(1, int(w * k)), max(1, int(h * k))), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR)


def speckle(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Multiplicative gamma noise with the grain of a beam: wider than deep, and never finer than it resolves."""
    noise = rng.gamma(2, 1, x.shape).astype(np.float32)
    grain = np.asarray(cv2.GaussianBlur(noise, (0, 0), sigmaX=rng.uniform(0.8, 1.8), sigmaY=rng.uniform(0.5, 1.0)))
    return np.clip(x * (1 + rng.uniform(0.05, 0.18) * (grain - grain.mean()) / grain.std()), 0, 1)


def compression(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """The blocks of JPEG."""
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 80))]
    coded = cv2.imencode(".jpg", (x * 255).astype(np.uint8), quality)[1]
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.float32) / 255


def attenuation(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Darker with depth, as at a higher frequency."""
    depth = np.linspace(0, 1, x.shape[0])[:, None]
    return x * np.exp(-rng.uniform(0, 1.5) * depth)


def shadow(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """A darker column below a random depth."""
    h, w = x.shape
    at, width, top = rng.uniform(0, w), rng.uniform(0.04, 0.15) * w, rng.uniform(0, 0.6) * h
    across = np.exp(-(((np.arange(w) - at) / width) ** 2))[None]
    down = 1 / (1 + np.exp(-(np.arange(h) - top) / (0.05 * h)))[:, None]
    return x * (1 - rng.uniform(0.3, 0.8) * across * down)


def haze(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """A bright veil over a band of depths."""
    h = x.shape[0]
    band = np.exp(-(((np.arange(h) - rng.uniform(0, h)) / (rng.uniform(0.08, 0.25) * h)) ** 2))[:, None]
    veil = cv2.GaussianBlur(rng.random(x.shape).astype(np.float32), (0, 0), 2.0)
    return np.clip(x + rng.uniform(0.1, 0.3) * band * veil, 0, 1)


def callipers(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Two to four crosses, at times with dots between them: anywhere, so that they tell nothing of a lesion."""
    h, w = x.shape
    x = np.array(x, np.float32)  # drawn on
    value, arm = float(rng.uniform(0.7, 1)), int(rng.integers(2, 5))
    for _ in range(int(rng.integers(1, 3))):
        a, b = rng.uniform((0.1 * w, 0.1 * h), (0.9 * w, 0.9 * h), (2, 2))
        for px, py in (a, b):
            cx, cy = int(px), int(py)
            cv2.line(x, (cx - arm, cy), (cx + arm, cy), value)
            cv2.line(x, (cx, cy - arm), (cx, cy + arm), value)
        if rng.random() < 0.5:
            for t in np.linspace(0, 1, int(np.hypot(*(b - a)) // 6) + 2):
                px, py = a + t * (b - a)
                x[int(py), int(px)] = value
    return x


def without_callipers(_: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Small bright marks give way to the median around them; long ones are layers of tissue and stay."""
    grey = (x * 255).astype(np.uint8)
    around = cv2.medianBlur(grey, 7)
    ids, stats = cv2.connectedComponentsWithStats((grey.astype(int) - around > 60).astype(np.uint8), connectivity=8)[1:3]
    small = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(1) <= max(9, x.shape[0] // 20)
    small[0] = False  # what is no mark
    marks = cv2.dilate(small[ids].astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(marks > 0, around / 255, x)


GREY: tuple[tuple[float, Change], ...] = (  # how often each happens, in this order
    (0.15, without_callipers),
    (0.6, gamma),
    (0.5, contrast),
    (0.15, attenuation),
    (0.15, shadow),
    (0.1, haze),
    (0.2, blur),
    (0.2, speckle),
    (0.12, callipers),
    (0.15, compression),
)


def inside(x: np.ndarray) -> np.ndarray:
    """The convex region [h, w] float32 of 0 or 1 that holds all that is not black: the picture without what surrounds it."""
    out, lit = np.zeros(x.shape, np.float32), x > 0
    rows = np.flatnonzero(lit.any(1))
    if not len(rows):
        return out
    first, last = lit[rows].argmax(1), x.shape[1] - 1 - lit[rows, ::-1].argmax(1)
    ends = np.concatenate([np.stack([first, rows], 1), np.stack([last, rows], 1)]).astype(np.int32)
    return cv2.fillConvexPoly(out, cv2.convexHull(ends), 1.0)


def grey(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """Change grey values [h, w] in 0..1 as other scanners and settings would; around the picture it stays black."""
    picture = inside(x)
    for share, change in GREY:
        if rng.random() < share:
            x = change(rng, x)
    return (x * picture).astype(np.float32)


def augment(planes: Sequence[np.ndarray], out: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Change an image [side, side] and the planes that lie over it; all come back as float32 [out, out] in 0..1.

    All are moved alike; only the first, the image, changes its grey values.
    """
    m = _place(rng, planes[0].shape[0], out)
    moved = [cv2.warpAffine(p, m, (out, out), flags=cv2.INTER_LINEAR).astype(np.float32) / 255 for p in planes]
    return [grey(rng, moved[0]), *moved[1:]]


def boundary_distance(mask: np.ndarray) -> np.ndarray:
    """Distance (px) of every pixel centre to the boundary of a soft mask [side, side]; 0 everywhere without a lesion."""
    m = (mask >= 0.5).astype(np.uint8)
    if not m.any():
        return np.zeros(m.shape, np.float32)
    inside = cv2.distanceTransform(m, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - m, cv2.DIST_L2, 5)
    return np.maximum(inside + outside - 0.5, 0).astype(np.float32)
