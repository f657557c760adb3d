"""What a reader gives the model, and simulated readers who give it.

Guidance is float32 [4, h, w] in input pixels: the mask so far (0..1), positive disks, negative disks, a contour stroke.
All zero means automatic. Points are (x, y), the input's top left corner at (0, 0), pixel centres at integers + 0.5.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

CHANNELS = ("mask", "positive", "negative", "stroke")
DISK_RADIUS = 4.0  # input px
STROKE_RADIUS = 1.5  # input px, to each side

JITTER = 2.0  # input px, standard deviation of a click's place
WOBBLE = 1.0  # input px, standard deviation of a stroke's distance from the boundary
LEAST_ERROR = 6  # px; nobody clicks on less
REACH = 14.0  # input px, over which pixels count more beside a gesture


@dataclass
class Hints:
    """What a reader gave, before it is drawn."""

    positive: list[tuple[float, float]] = field(default_factory=list)
    negative: list[tuple[float, float]] = field(default_factory=list)
    stroke: list[tuple[float, float]] = field(default_factory=list)


def _around(low: float, high: float, radius: float, size: int) -> slice:
    """The pixels of a row of `size` that can lie within radius of what spans low to high; none where it is outside."""
    first = min(size, max(0, int(np.floor(low - radius))))
    return slice(first, min(size, max(first, int(np.ceil(high + radius)))))


def _segment(out: np.ndarray, a: tuple[float, float], b: tuple[float, float], radius: float) -> None:
    """Set to 1 where a pixel's centre lies within radius of the segment from a to b."""
    rows = _around(min(a[1], b[1]), max(a[1], b[1]), radius, out.shape[0])
    columns = _around(min(a[0], b[0]), max(a[0], b[0]), radius, out.shape[1])
    y, x = np.mgrid[rows, columns] + 0.5
    dx, dy = b[0] - a[0], b[1] - a[1]
    t = np.clip(((x - a[0]) * dx + (y - a[1]) * dy) / max(dx * dx + dy * dy, 1e-12), 0, 1)
    out[rows, columns][np.hypot(x - a[0] - t * dx, y - a[1] - t * dy) <= radius] = 1


def _near(points: list[tuple[float, float]], radius: float, shape: tuple[int, int]) -> np.ndarray:
    """1 where a pixel's centre lies within radius of a point, else 0; float32 [h, w]."""
    out = np.zeros(shape, np.float32)
    for p in points:
        _segment(out, p, p, radius)
    return out


def along(line: list[tuple[float, float]], radius: float, shape: tuple[int, int]) -> np.ndarray:
    """1 where a pixel's centre lies within radius of a polyline, else 0; float32 [h, w]."""
    out = np.zeros(shape, np.float32)
    for a, b in zip(line, line[1:] or line, strict=False):
        _segment(out, a, b, radius)
    return out


def draw(hints: Hints, mask: np.ndarray) -> np.ndarray:
    """The guidance [4, h, w] of hints over a mask so far [h, w] in 0..1."""
    shape = (mask.shape[0], mask.shape[1])
    return np.stack(
        [
            mask.astype(np.float32),
            _near(hints.positive, DISK_RADIUS, shape),
            _near(hints.negative, DISK_RADIUS, shape),
            along(hints.stroke, STROKE_RADIUS, shape),
        ]
    )


def largest(error: np.ndarray) -> np.ndarray | None:
    """The largest region [h, w] bool of an error map (8-connected); None where it is smaller than LEAST_ERROR."""
    count, ids, stats, _ = cv2.connectedComponentsWithStats(error.astype(np.uint8), connectivity=8)
    if count <= 1:
        return None
    k = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    return ids == k if stats[k, cv2.CC_STAT_AREA] >= LEAST_ERROR else None


def centre(region: np.ndarray) -> tuple[int, int]:
    """The pixel (x, y) of a region that is deepest inside it."""
    depth = cv2.distanceTransform(np.pad(region, 1).astype(np.uint8), cv2.DIST_L2, 5)[1:-1, 1:-1]
    y, x = np.unravel_index(int(np.argmax(depth)), depth.shape)
    return int(x), int(y)


def place(region: np.ndarray, rng: np.random.Generator, jitter: float = JITTER) -> tuple[float, float]:
    """Where a reader clicks in a region: near its deepest pixel, and inside it."""
    x, y = centre(region)
    h, w = region.shape
    for _ in range(4):
        px, py = x + 0.5 + rng.normal(0, jitter), y + 0.5 + rng.normal(0, jitter)
        if 0 <= px < w and 0 <= py < h and region[int(py), int(px)]:
            return float(px), float(py)
    return x + 0.5, y + 0.5


def stroke(region: np.ndarray, truth: np.ndarray, rng: np.random.Generator) -> list[tuple[float, float]]:
    """A line along the true boundary beside a region of error, with a hand's slow wobble; empty where there is none."""
    beside = cv2.dilate(region.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    rings = cv2.findContours(truth.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)[0]
    best: np.ndarray = np.zeros((0, 2))
    for ring in rings:
        points = ring[:, 0]
        on = beside[points[:, 1], points[:, 0]]
        if on.all():
            run = points
        elif on.any():
            start = int(np.argmin(on))  # outside the region, so that no run is cut in two
            points, on = np.roll(points, -start, 0), np.roll(on, -start)
            cuts = np.flatnonzero(np.diff(np.concatenate([[False], on, [False]]).astype(int)))
            a, b = max(zip(cuts[::2], cuts[1::2], strict=True), key=lambda r: r[1] - r[0])
            run = points[a:b]
        else:
            continue
        if len(run) > len(best):
            best = run
    if len(best) < 4:
        return []
    wobble: np.ndarray = cv2.GaussianBlur(rng.normal(0, 1, (len(best), 2)), (1, 0), sigmaX=0.1, sigmaY=6.0)
    wobble *= WOBBLE / max(1e-6, float(wobble.std()))
    line = (best + 0.5 + wobble)[:: max(1, len(best) // 24)]
    return [(float(x), float(y)) for x, y in line]


def perturb(truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A mask [h, w] bool such as a poor hand or a poor model leaves: grown or shrunk, shifted, dented, with a bump."""
    h, w = truth.shape
    noise: np.ndarray = cv2.GaussianBlur(rng.normal(0, 1, (h, w)).astype(np.float32), (0, 0), float(rng.uniform(4, 12)))
    noise *= rng.uniform(1, 6) / max(1e-6, float(noise.std()))
    inside = cv2.distanceTransform(truth.astype(np.uint8), cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - truth.astype(np.uint8), cv2.DIST_L2, 5)
    signed = np.clip(inside - outside, -60, 60) + noise + rng.uniform(-5, 4)
    shift = np.array([[1, 0, rng.normal(0, 3)], [0, 1, rng.normal(0, 3)]], np.float32)
    return cv2.warpAffine(signed.astype(np.float32), shift, (w, h), borderValue=-60.0) > 0


def elsewhere(truth: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A mask [h, w] bool of about the truth's shape in another place: what is left when another structure was outlined."""
    h, w = truth.shape
    rows, columns = np.flatnonzero(truth.any(1)), np.flatnonzero(truth.any(0))
    x, y = (columns[0] + columns[-1] + 1) / 2, (rows[0] + rows[-1] + 1) / 2
    size = float(np.exp(rng.uniform(-0.5, 0.5)))
    shift = np.array([[-size, 0, rng.uniform(0.1, 0.9) * w + size * x], [0, size, rng.uniform(0.1, 0.9) * h - size * y]])
    return cv2.warpAffine(truth.astype(np.uint8), shift, (w, h), flags=cv2.INTER_NEAREST) > 0


def importance(guidance: np.ndarray) -> np.ndarray:
    """How much more than elsewhere pixels [h, w] count beside what guidance [4, h, w] points at: 0 to 1, over some 20 px."""
    pointed = guidance[1:].max(0)
    if not pointed.any():
        return pointed
    return np.exp(-((cv2.distanceTransform((pointed == 0).astype(np.uint8), cv2.DIST_L2, 5) / REACH) ** 2))


def simulate(truth: np.ndarray, mask: np.ndarray, rng: np.random.Generator, most: int = 4) -> np.ndarray:
    """Guidance [4, h, w] of a reader who corrects a mask [h, w] bool towards the truth [h, w] bool.

    One to `most` errors are pointed out, the largest first. One that an earlier click put right is, half the time,
    already right in the mask so far: a reader goes on where the last answer left off.
    """
    hints, so_far = Hints(), mask.copy()
    open_errors = truth != mask
    for _ in range(int(rng.integers(1, most + 1))):
        region = largest(open_errors)
        if region is None:
            break
        line = stroke(region, truth, rng) if not hints.stroke and rng.random() < 0.3 else []
        if line:
            hints.stroke = line
        else:
            x, y = place(region, rng)
            (hints.positive if truth[int(y), int(x)] else hints.negative).append((x, y))
        open_errors &= ~region
        if open_errors.any() and rng.random() < 0.5:
            so_far = np.where(region, truth, so_far)
    return draw(hints, so_far)
