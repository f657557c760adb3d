"""What the viewer makes of a guided prediction: the twin of its rules, so that simulated readers meet what real ones do.

Masks are native [h, w] bool, points (x, y) native pixels. Hints are kept in the order in which they were given.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Literal

import cv2
import numpy as np
from scipy.ndimage import binary_fill_holes
from scipy.spatial import cKDTree

from . import reference
from .clicks import Hints, along
from .contract import Fit
from .reference import Raw

Kind = Literal["positive", "negative", "stroke"]
Points = list[tuple[float, float]]

# Nothing changes farther from a hint than LOCAL_RADII times its radius and LOCAL_OFF times what it is off the boundary.
LOCAL_RADII, LOCAL_OFF = 6.0, 3.0


def _regions(mask: np.ndarray, where: np.ndarray) -> np.ndarray:
    """The regions (8-connected) of a mask that meet another."""
    ids = cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[1]
    met = np.zeros(ids.max() + 1, bool)
    met[ids[where & mask]] = True
    out: np.ndarray = met[ids]
    return out


def _under(mask: np.ndarray, at: tuple[float, float]) -> tuple[int, int] | None:
    """The pixel (y, x) under a point; None beside the image."""
    h, w = mask.shape
    return (int(at[1]), int(at[0])) if 0 <= at[0] < w and 0 <= at[1] < h else None


def _shape(mask: np.ndarray) -> tuple[int, int]:
    return mask.shape[0], mask.shape[1]


def tidy(rough: np.ndarray, hints: Hints) -> np.ndarray:
    """A mask without noise and holes, but for what the reader points at.

    Small regions stay where a positive click lies in them or the stroke passes over them; a hole stays open where a
    negative click lies in it.
    """
    _, ids, stats, _ = cv2.connectedComponentsWithStats(rough.astype(np.uint8), connectivity=8)
    sizes = stats[1:, cv2.CC_STAT_AREA]
    most = int(sizes.max()) if len(sizes) else 0
    keep = sizes >= max(reference.MIN_REGION, reference.MIN_REGION_SHARE * most)
    out: np.ndarray = np.concatenate([[False], keep])[ids]
    pointed = along(hints.stroke, math.sqrt(0.5), _shape(rough)) > 0
    for at in hints.positive:
        if (i := _under(rough, at)) is not None:
            pointed[i] = True
    out |= _regions(rough, pointed)
    filled: np.ndarray = binary_fill_holes(out)
    holes = cv2.connectedComponents((filled & ~out).astype(np.uint8), connectivity=4)[1]
    for at in hints.negative:
        if (i := _under(rough, at)) is not None and holes[i]:
            filled &= holes != holes[i]
    return filled


def cut(r: Raw, fit: Fit, hints: Hints, so_far: np.ndarray) -> np.ndarray:
    """The mask of a guided prediction. A reader who shows a lesion is not asked again whether there is one."""
    claimed = bool(hints.positive or hints.stroke or so_far.any())
    if not claimed and r.present < fit.present_threshold:
        return np.zeros(r.logits.shape, bool)
    return tidy(r.logits >= reference.level(fit), hints)


def anchors(line: Points, step: float) -> np.ndarray:
    """Points [n, 2] that stand for a line: its first and then one every step; few on a line of wild length."""
    step = max(step, sum(math.dist(a, b) for a, b in pairwise(line)) / 1000)
    out, left = [line[0]], step
    for a, b in pairwise(line):
        length = math.dist(a, b)
        while left <= length:
            t = left / length
            out.append((a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])))
            left += step
        left -= length
    return np.array(out)


def _obeyed(after: np.ndarray, clicks: list[tuple[tuple[float, float], bool]], radius: float) -> np.ndarray:
    """The proposal with a disk around each click that it does not obey; of two that contradict the newest wins."""
    out = after.copy()
    for at, inside in clicks:
        i = _under(out, at)
        if i is not None and out[i] != inside:
            out[along([at], radius, _shape(out)) > 0] = inside
    return out


def _off(before: np.ndarray, near: np.ndarray, inside: bool | None) -> float:
    """How far (px) a hint lies from the boundary that it corrects; infinite where the whole image is local to it."""
    if before.all() or not before.any():
        apart = np.full(before.shape, np.inf)
    else:
        inside_out = [
            cv2.distanceTransform(m.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for m in (before, ~before)
        ]
        apart = np.maximum(*inside_out)
    places = [i for i in (_under(before, (at[0], at[1])) for at in near) if i is not None]
    farthest = max((float(apart[i]) for i in places if inside is None or before[i] != inside), default=0.0)
    return math.inf if farthest > math.hypot(*before.shape) / LOCAL_OFF else farthest


def merge(before: np.ndarray, after: np.ndarray, hints: Hints, newest: Kind, radius: float) -> np.ndarray:
    """The mask after the newest hint: of the change from before to after only what belongs to it, all else bit by bit.

    radius (native px) is that of a click's disk. First after is put right by a disk around every click that it does not
    obey. Then those of its changed regions (8-connected) are taken that come within radius of the newest hint; for a
    click, where they change what it asks for. Of a region only what hangs together within LOCAL_RADII times radius and
    LOCAL_OFF times how far the hint is off the boundary that it corrects is taken.
    """
    radius = max(1.0, radius)
    positive, negative = [(p, True) for p in hints.positive], [(p, False) for p in hints.negative]
    clicks = [*negative, *positive] if newest == "positive" else [*positive, *negative]
    want = _obeyed(after, clicks, radius)
    inside = None if newest == "stroke" else clicks[-1][1]
    line = hints.stroke if newest == "stroke" else [clicks[-1][0]]
    near = anchors(line, radius)
    changed = want != before
    y, x = np.nonzero(changed)
    limit = LOCAL_RADII * radius + LOCAL_OFF * _off(before, near, inside)
    far = cKDTree(near).query(np.stack([x, y], 1) + 0.5)[0] > limit
    changed[y[far], x[far]] = False
    reached = along(line, radius, _shape(before)) > 0
    if inside is not None:
        reached &= want == inside
    return np.where(_regions(changed, reached), want, before)
