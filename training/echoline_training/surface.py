"""Distances between the boundaries of two masks.

A boundary is the middles of the pixel edges between inside and outside: sub-pixel points (x, y), every point one pixel of
boundary. The image's frame counts as outside. Libraries take other points (MONAI the centres of the outermost pixels inside,
surface-distance the corners between pixels, weighed by length); the tests tell how far apart the results lie.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree


def edges(mask: np.ndarray) -> np.ndarray:
    """Boundary points [n, 2] of a mask [h, w] bool, the image's top left corner at (0, 0)."""
    m = np.pad(mask, 1)
    y, x = np.where(m[:, 1:] != m[:, :-1])
    across = np.stack([x + 1.0, y + 0.5], 1)
    y, x = np.where(m[1:] != m[:-1])
    return np.concatenate([across, np.stack([x + 0.5, y + 1.0], 1)]) - 1


def known(points: np.ndarray, unknown: np.ndarray | None) -> np.ndarray:
    """Which points [n, 2] lie outside a region [h, w] bool where the truth was marked as not visible: [n] bool."""
    if unknown is None:
        return np.ones(len(points), bool)
    h, w = unknown.shape
    x, y = (np.clip(points[:, k].astype(int), 0, most - 1) for k, most in ((0, w), (1, h)))
    out: np.ndarray = ~unknown[y, x]
    return out


@dataclass(frozen=True)
class Distances:
    """How far every boundary point of a mask lies from the boundary of another, and the other way, in pixels."""

    there: np.ndarray
    back: np.ndarray

    @staticmethod
    def between(a: np.ndarray, b: np.ndarray, unknown: np.ndarray | None = None) -> Distances:
        """Of two masks [h, w] bool that are not empty; points in the region `unknown` [h, w] bool are not asked."""
        p, q = edges(a), edges(b)
        there, back = cKDTree(q).query(p)[0], cKDTree(p).query(q)[0]
        return Distances(there[known(p, unknown)], back[known(q, unknown)])

    def __bool__(self) -> bool:
        """Whether there is a point of both boundaries."""
        return bool(len(self.there) and len(self.back))

    def hausdorff95(self) -> float:
        """The larger of both directed 95th percentiles (not the percentile of both together, as medpy has it)."""
        return float(max(np.percentile(self.there, 95), np.percentile(self.back, 95)))

    def average(self) -> float:
        """The average symmetric surface distance: the mean over the points of both boundaries."""
        return float(np.concatenate([self.there, self.back]).mean())

    def within(self, tolerance: float) -> float:
        """The normalised surface Dice: the share of both boundaries within a tolerance (px) of the other."""
        near = int((self.there <= tolerance).sum()) + int((self.back <= tolerance).sum())
        return near / (len(self.there) + len(self.back))
