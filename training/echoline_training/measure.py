"""How good predictions are. Distances are native pixels unless a name says otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from . import contract, reference
from .contract import Fit
from .data import Row, Sample
from .reference import Network, Raw

NEAR = 0.05  # of the lesion's equivalent diameter: a point farther off than this is an error worth finding


@dataclass(frozen=True)
class Case:
    """One image measured. Distances and scales of its contour points are None unless outline and lesion both exist."""

    row: Row
    present: float
    dice: float
    iou: float
    hd95: float | None
    empty: bool
    hit: bool
    distance: np.ndarray | None  # [n] of the predicted contour's points to the true boundary
    scale: np.ndarray | None  # [n] b at those points
    diameter: float  # of a disc with the lesion's area


def edges(mask: np.ndarray) -> np.ndarray:
    """Boundary points [n, 2] of a mask: the middles (x, y) of the pixel edges between inside and outside."""
    m = np.pad(mask, 1)
    y, x = np.where(m[:, 1:] != m[:, :-1])
    across = np.stack([x + 1.0, y + 0.5], 1)
    y, x = np.where(m[1:] != m[:-1])
    return np.concatenate([across, np.stack([x + 0.5, y + 1.0], 1)]) - 1


def hausdorff95(a: np.ndarray, b: np.ndarray) -> float:
    """The larger of both directed 95th percentiles between the boundary points of two masks that are not empty."""
    p, q = edges(a), edges(b)
    there, back = cKDTree(q).query(p)[0], cKDTree(p).query(q)[0]
    return float(max(np.percentile(there, 95), np.percentile(back, 95)))


def case(sample: Sample, r: Raw, fit: Fit) -> Case:
    """Measure one image."""
    truth, mask = sample.mask, reference.cut(r, fit)
    both, either = int((mask & truth).sum()), int((mask | truth).sum())
    distance = scale = hd95 = None
    if mask.any() and truth.any():
        points = np.concatenate(reference.contours(r, mask, fit))
        distance = cKDTree(edges(truth)).query(points)[0]
        scale = reference.sample(r.scale, points)
        hd95 = hausdorff95(mask, truth)
    return Case(
        sample.row,
        r.present,
        2 * both / max(1, int(mask.sum()) + int(truth.sum())),
        both / max(1, either),
        hd95,
        not mask.any(),
        both > 0,
        distance,
        scale,
        2 * float(np.sqrt(truth.sum() / np.pi)),
    )


def run_all(network: Network, samples: Iterable[Sample], height: int, width: int) -> list[Raw]:
    """Run a network on all samples."""
    return [reference.raw(network, s.image, height, width) for s in samples]


def ranks(v: np.ndarray) -> np.ndarray:
    """Ranks from 1, ties sharing their mean."""
    _, inverse, counts = np.unique(v, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def auroc(score: np.ndarray, positive: np.ndarray) -> float | None:
    """Probability that a positive scores above a negative; None without both."""
    n = int(positive.sum())
    if n == 0 or n == len(positive):
        return None
    return float((ranks(score)[positive].sum() - n * (n + 1) / 2) / (n * (len(positive) - n)))


def spearman(a: np.ndarray, b: np.ndarray) -> float | None:
    """Rank correlation; None where one of both is constant."""
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def rounded(v: float | None, digits: int = 4) -> float | None:
    """A number fit to be printed; None stays None."""
    return None if v is None else round(v, digits)


def points(cases: list[Case]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distances, scales and lesion diameters of all contour points, pooled."""
    known = [c for c in cases if c.distance is not None and c.scale is not None]
    if not known:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    d, b = (np.concatenate([getattr(c, name) for c in known]) for name in ("distance", "scale"))
    return d, b, np.concatenate([np.full(len(c.distance), c.diameter) for c in known if c.distance is not None])


def summary(cases: list[Case], fit: Fit) -> dict[str, object]:
    """The numbers of one set: lesion images, then normal images, then the boundary's calibration."""
    lesions = [c for c in cases if c.row.lesion_px > 0]
    normals = [c for c in cases if c.row.lesion_px == 0]
    far = [(c.hd95, c.hd95 * 256 / max(c.row.width, c.row.height)) for c in lesions if c.hd95 is not None]
    out: dict[str, object] = {
        "lesion_images": len(lesions),
        "dice": round(float(np.mean([c.dice for c in lesions])), 4),
        "dice_median": round(float(np.median([c.dice for c in lesions])), 4),
        "iou": round(float(np.mean([c.iou for c in lesions])), 4),
        "hd95_native_px": round(float(np.mean([f[0] for f in far])), 2) if far else None,
        "hd95_256_px": round(float(np.mean([f[1] for f in far])), 2) if far else None,
        "lesion_recall": round(float(np.mean([c.hit for c in lesions])), 4),
        "normal_images": len(normals),
        "normal_false_positives": sum(not c.empty for c in normals),
    }
    d, b, diameter = points(lesions)
    if len(d):
        out |= {
            "coverage": {q: round(float((d <= fit.band[q] * b).mean()), 4) for q in contract.LEVELS},
            "mean_error_px": round(float(d.mean()), 2),
            "mean_expected_error_px": round(float((fit.expected_factor * b).mean()), 2),
            "mean_r90_px": round(float((fit.band["90"] * b).mean()), 2),
            "auroc": rounded(auroc(b, d > NEAR * diameter)),
            "spearman": rounded(spearman(b, d)),
        }
    return out


def by_set(cases: list[Case], fit: Fit) -> dict[str, dict[str, object]]:
    """The summary of every set among the cases."""
    names = dict.fromkeys(c.row.set for c in cases)
    return {name: summary([c for c in cases if c.row.set == name], fit) for name in names}
