"""Intervals for measures over images that are not independent: those of one group (patient) come together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

RESAMPLES = 4000


def paired(a: np.ndarray, b: np.ndarray, groups: Sequence[str], seed: int = 0) -> tuple[float, float, float]:
    """Mean of a - b over images [n], with its 95 % interval by a bootstrap that draws whole groups."""
    difference = np.asarray(a, float) - np.asarray(b, float)
    _, of = np.unique(np.asarray(groups), return_inverse=True)
    count = int(of.max()) + 1
    sums, sizes = np.bincount(of, difference, count), np.bincount(of, minlength=count)
    drawn = np.random.default_rng(seed).integers(0, count, (RESAMPLES, count))
    means = sums[drawn].sum(1) / sizes[drawn].sum(1)
    low, high = np.percentile(means, (2.5, 97.5))
    return float(difference.mean()), float(low), float(high)
