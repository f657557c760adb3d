"""Whether probabilities mean what they say: expected calibration error of pixels, near the outline and in the whole image.

Probabilities are those of a lesion, after temperature; bins are of equal width. Images count by their area at the 256
letterbox, so that a scanner with more pixels does not count for more.
"""

from __future__ import annotations

import cv2
import numpy as np
from scipy.special import expit

from .contract import Fit
from .measure import LETTERBOX
from .stats import Clusters, Statistic

BINS = 15
BAND = 10.0  # px at the 256 letterbox, to each side of the predicted boundary


def probability(logits: np.ndarray, fit: Fit) -> np.ndarray:
    """Probability [h, w] of a lesion."""
    p: np.ndarray = expit(logits.astype(np.float64) / fit.temperature)
    return p


def bins(p: np.ndarray, truth: np.ndarray, weight: float = 1.0) -> np.ndarray:
    """Per bin how many pixels there are, their probability and their truth, summed and weighed: [BINS, 3]."""
    p, truth = p.ravel(), truth.ravel()
    at = np.minimum((p * BINS).astype(int), BINS - 1)
    sums = np.stack([np.bincount(at, v, BINS) for v in (np.ones(len(p)), p, truth.astype(float))], 1)
    return np.asarray(weight * sums)


def near_boundary(mask: np.ndarray) -> np.ndarray:
    """Pixels [h, w] bool whose centre lies within BAND of the boundary of a mask; none of an empty one."""
    if not mask.any():
        return np.zeros_like(mask)
    padded = np.pad(mask, 1)  # the image's frame counts as outside, as for all boundaries
    both = [cv2.distanceTransform(m.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE) for m in (padded, ~padded)]
    apart = np.maximum(*both)[1:-1, 1:-1]
    return np.asarray(apart - 0.5 <= BAND * max(mask.shape) / LETTERBOX)


def of_image(
    p: np.ndarray, truth: np.ndarray, mask: np.ndarray, unknown: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The bins of the pixels near the boundary of the predicted mask, and of all, where the truth is known; maps [h, w]."""
    weight = (LETTERBOX / max(truth.shape)) ** 2
    known = np.ones_like(mask) if unknown is None else ~unknown
    near = near_boundary(mask) & known
    return bins(p[near], truth[near], weight), bins(p[known], truth[known], weight)


def error(clusters: Clusters, each: np.ndarray) -> Statistic:
    """The expected calibration error over images with bins [n, BINS, 3]."""
    total = clusters.sums(each)

    def gap(w: np.ndarray) -> np.ndarray:
        n, p, t = np.moveaxis(np.tensordot(w, total, 1), -1, 0)
        size = n.sum(1)
        return np.where(size > 0, np.abs(p - t).sum(1) / np.maximum(size, 1e-12), np.nan)

    return gap
