"""How good predictions are, image by image and per set. Distances are native pixels unless a name says otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from . import contract, reference
from .contract import Fit
from .data import Row, Sample
from .reference import Network, Raw
from .surface import Distances, edges, known

NEAR = 0.05  # of the lesion's equivalent diameter: a point farther off than this is an error worth finding
LETTERBOX = 256  # px, the longer side of the scale on which images of different sizes are compared
TOLERANCES = (2, 3)  # px, of the normalised surface Dice, native and at the letterbox's scale
POOR = 0.7  # Dice below which an outline should come first on a work list


@dataclass(frozen=True)
class Case:
    """One image measured, without the regions in which the truth was marked as not visible.

    What compares boundaries (hd95, average, near, distance, scale) exists only where outline and lesion both do.
    """

    row: Row
    present: float  # probability of a lesion
    dice: float
    iou: float
    hd95: float | None
    empty: bool  # nothing was outlined
    hit: bool  # the outline and the lesion overlap
    distance: np.ndarray | None  # [n] of the predicted contour's points to the true boundary
    scale: np.ndarray | None  # [n] b at those points
    diameter: float  # of a disc with the lesion's area
    per_letterbox: float = 1.0  # native pixels per pixel of the 256 letterbox
    average: float | None = None  # average symmetric surface distance
    near: dict[str, float] = field(default_factory=dict)  # normalised surface Dice: "2_px", "3_px", "2_256", "3_256"
    expected_dice: float | None = None  # by the model


def judged_points(sample: Sample, r: Raw, mask: np.ndarray, fit: Fit) -> np.ndarray:
    """The points [n, 2] of the predicted contour of a mask that is not empty, where the truth is known."""
    points = np.concatenate(reference.contours(r, mask, fit))
    return points[known(points, sample.unknown)]


def case(sample: Sample, r: Raw, fit: Fit) -> Case:
    """Measure one image."""
    truth, mask = sample.mask, reference.cut(r, fit)
    visible = np.ones_like(truth) if sample.unknown is None else ~sample.unknown
    found, meant = mask & visible, truth & visible
    both, either = int((found & meant).sum()), int((found | meant).sum())
    per_letterbox = max(truth.shape) / LETTERBOX
    distance = scale = hd95 = average = None
    near: dict[str, float] = {}
    if mask.any() and truth.any():
        points = judged_points(sample, r, mask, fit)
        distance = cKDTree(edges(truth)).query(points)[0]
        scale = reference.sample(r.scale, points)
        if d := Distances.between(mask, truth, sample.unknown):
            hd95, average = d.hausdorff95(), d.average()
            near = {f"{t}_px": d.within(t) for t in TOLERANCES}
            near |= {f"{t}_256": d.within(t * per_letterbox) for t in TOLERANCES}
    return Case(
        row=sample.row,
        present=r.present,
        dice=2 * both / max(1, int(found.sum()) + int(meant.sum())),
        iou=both / max(1, either),
        hd95=hd95,
        empty=not mask.any(),
        hit=both > 0,
        distance=distance,
        scale=scale,
        diameter=2 * float(np.sqrt(truth.sum() / np.pi)),
        per_letterbox=per_letterbox,
        average=average,
        near=near,
        expected_dice=r.quality,
    )


def run_all(network: Network, samples: Iterable[Sample], height: int, width: int) -> list[Raw]:
    """Run a network on all samples."""
    return [reference.raw(network, s.image, height, width) for s in samples]


def auroc(score: np.ndarray, positive: np.ndarray) -> float | None:
    """Probability that a positive [n] bool scores above a negative; None without both."""
    n = int(positive.sum())
    return None if n in (0, len(positive)) else float(roc_auc_score(positive, score))


def spearman(a: np.ndarray, b: np.ndarray) -> float | None:
    """Rank correlation; None where one of both is constant or there are fewer than two."""
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(spearmanr(a, b).statistic)


def rounded(v: float | None, digits: int = 4) -> float | None:
    """A number fit to be printed; None stays None."""
    return None if v is None else round(float(v), digits)


def lesions(cases: Sequence[Case]) -> list[Case]:
    """The cases with a lesion."""
    return [c for c in cases if c.row.lesion_px > 0]


def points(cases: Sequence[Case]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distances, scales and lesion diameters of all contour points, pooled."""
    known = [(c.distance, c.scale, c.diameter) for c in cases if c.distance is not None and c.scale is not None]
    if not known:
        return np.zeros(0), np.zeros(0), np.zeros(0)
    d, b = (np.concatenate([k[i] for k in known]) for i in range(2))
    return d, b, np.repeat([k[2] for k in known], [len(k[0]) for k in known])


def mean(values: Sequence[float], digits: int = 4) -> float | None:
    """A rounded mean; None of nothing."""
    return round(float(np.mean(values)), digits) if len(values) else None


def summary(cases: Sequence[Case], fit: Fit) -> dict[str, object]:
    """The numbers of one set: lesion images, then normal images, then the boundary's calibration.

    A lesion without an outline counts as Dice 0 and surface Dice 0, and has no distance.
    """
    sick = lesions(cases)
    normals = [c for c in cases if c.row.lesion_px == 0]
    apart = [(c.hd95, c.average, c.per_letterbox) for c in sick if c.hd95 is not None and c.average is not None]
    out: dict[str, object] = {
        "lesion_images": len(sick),
        "dice": mean([c.dice for c in sick]),
        "dice_median": rounded(float(np.median([c.dice for c in sick]))) if sick else None,
        "iou": mean([c.iou for c in sick]),
        "hd95_native_px": mean([h for h, _, _ in apart], 2),
        "hd95_256_px": mean([h / k for h, _, k in apart], 2),
        "asd_native_px": mean([a for _, a, _ in apart], 2),
        "asd_256_px": mean([a / k for _, a, k in apart], 2),
        **{f"nsd_{t}_{s}": mean([c.near.get(f"{t}_{s}", 0.0) for c in sick]) for s in ("px", "256") for t in TOLERANCES},
        "lesion_recall": mean([c.hit for c in sick]),
        "normal_images": len(normals),
        "normal_false_positives": sum(not c.empty for c in normals),
    }
    return out | boundary(sick, fit) | quality(sick)


def boundary(cases: Sequence[Case], fit: Fit) -> dict[str, object]:
    """How true the expected error along the contours is."""
    d, b, diameter = points(cases)
    if not len(d):
        return {}
    cover = {q: round(float((d <= fit.band[q] * b).mean()), 4) for q in contract.LEVELS}
    r90 = float((fit.band["90"] * b).mean())
    constant = float(np.quantile(d, (d <= fit.band["90"] * b).mean()))
    return {
        "coverage": cover,
        "mean_error_px": round(float(d.mean()), 2),
        "mean_expected_error_px": round(float((fit.expected_factor * b).mean()), 2),
        "mean_r90_px": round(r90, 2),
        "r90_over_constant": round(r90 / constant, 4) if constant > 0 else None,
        "auroc": rounded(auroc(b, d > NEAR * diameter)),
        "spearman": rounded(spearman(b, d)),
    }


def quality(cases: Sequence[Case]) -> dict[str, object]:
    """How true the expected Dice of lesion images is."""
    known = [(c.expected_dice, c.dice) for c in cases if c.expected_dice is not None]
    if not known:
        return {}
    expected, dice = np.array(known).T
    return {
        "expected_dice_error": round(float(np.abs(expected - dice).mean()), 4),
        "expected_dice_spearman": rounded(spearman(expected, dice)),
        "expected_dice_auroc": rounded(auroc(-expected, dice < POOR)),
    }


def by_set(cases: Sequence[Case], fit: Fit) -> dict[str, dict[str, object]]:
    """The summary of every set among the cases."""
    names = dict.fromkeys(c.row.set for c in cases)
    return {name: summary([c for c in cases if c.row.set == name], fit) for name in names}
