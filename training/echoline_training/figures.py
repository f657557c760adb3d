"""Every figure of a set of judged images, with its interval: outline, boundary, expected error against baselines.

Distances are native pixels unless a name ends in 256. Points of predicted contours are pooled, as `score_predict` does.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from . import contract, measure, reliability, stats
from .contract import Fit
from .measure import NEAR, POOR, TOLERANCES, Case
from .stats import Clusters, Interval, Statistic

RADII = ("gradient",)  # baselines that make a band, to be compared with the model's
CAPPED = 0.99  # a baseline's scores beyond this quantile count as that: it should not fail by a few flat points


@dataclass(frozen=True)
class Judged:
    """One image with all that figures need of it."""

    case: Case
    near: np.ndarray  # bins of the pixels near the predicted boundary, see `reliability`
    whole: np.ndarray  # bins of all pixels
    scores: dict[str, np.ndarray]  # [n] per baseline, at the points of the predicted contour
    device: str

    @property
    def group(self) -> Hashable:
        """Images of one group are drawn together."""
        return self.case.row.set, self.case.row.group


@dataclass(frozen=True)
class Band:
    """A baseline's band: radius = factor * min(score, cap), fitted on points of images that nothing was trained on."""

    cap: float
    factors: dict[str, float]

    @staticmethod
    def fit(distance: np.ndarray, score: np.ndarray) -> Band:
        """One factor per level, the quantile of distance / score."""
        cap = float(np.quantile(score, CAPPED))
        ratio = distance / np.minimum(score, cap)
        return Band(cap, {q: float(np.quantile(ratio, int(q) / 100, method="higher")) for q in contract.LEVELS})


@dataclass(frozen=True)
class Points:
    """The contour points of lesion images, pooled."""

    clusters: Clusters
    image: np.ndarray  # which of the images, 0..
    distance: np.ndarray
    scale: np.ndarray
    diameter: np.ndarray
    scores: dict[str, np.ndarray]

    @staticmethod
    def of(judged: Sequence[Judged], clusters: Clusters) -> Points | None:
        """None where no lesion was outlined. clusters tells the group of every image."""
        known = [i for i, j in enumerate(judged) if j.case.distance is not None and j.case.row.lesion_px > 0]
        if not known:
            return None
        d, b, diameter = measure.points([judged[i].case for i in known])
        times = [len(judged[i].case.distance) for i in known]  # type: ignore[arg-type]
        names = set.intersection(*(set(judged[i].scores) for i in known))
        scores = {n: np.concatenate([judged[i].scores[n] for i in known]) for n in sorted(names)}
        part = clusters.picked(np.array(known)).repeated(times)
        return Points(part, np.repeat(np.arange(len(known)), times), d, b, diameter, scores)

    @property
    def wrong(self) -> np.ndarray:
        """Points [n] bool that are errors worth finding."""
        return self.distance > NEAR * self.diameter


def fit_bands(judged: Sequence[Judged]) -> dict[str, Band]:
    """The bands of those baselines that are radii but for a factor, on the points of these images."""
    points = Points.of(judged, Clusters.of([j.group for j in judged]))
    if points is None:
        return {}
    return {n: Band.fit(points.distance, points.scores[n]) for n in RADII if n in points.scores}


class Sheet:
    """The figures of some images; `resamples` of their groups give the intervals."""

    def __init__(self, judged: Sequence[Judged], fit: Fit, resamples: int = stats.RESAMPLES) -> None:
        self.judged, self.model, self.resamples = judged, fit, resamples
        self.clusters = Clusters.of([j.group for j in judged])
        self.lesion = np.array([j.case.row.lesion_px > 0 for j in judged], bool)
        self.points = Points.of(judged, self.clusters)

    def interval(self, statistic: Statistic) -> Interval:
        """With this sheet's groups."""
        return stats.interval(statistic, self.clusters.count, self.resamples)

    def mean(self, value: Callable[[Case], float | None], digits: int = 4) -> dict[str, object]:
        """The mean over lesion images that have a value."""
        found = [(i, v) for i, j in enumerate(self.judged) if self.lesion[i] and (v := value(j.case)) is not None]
        if not found:
            return stats.UNKNOWN.rounded()
        part = self.clusters.picked(np.array([i for i, _ in found]))
        return self.interval(stats.mean(part, np.array([v for _, v in found], float))).rounded(digits)

    def outline(self) -> dict[str, object]:
        """Overlap and distance of lesion images, recall, false positives of normal images."""
        sick = [j.case for j, is_sick in zip(self.judged, self.lesion, strict=True) if is_sick]
        well = [j.case for j, is_sick in zip(self.judged, self.lesion, strict=True) if not is_sick]
        yes, no = (self.clusters.picked(np.flatnonzero(m)) for m in (self.lesion, ~self.lesion))
        out: dict[str, object] = {"images": len(self.judged), "groups": self.clusters.count, "lesion_images": len(sick)}
        if sick:
            dice = np.array([c.dice for c in sick])
            out["dice"] = self.mean(lambda c: c.dice)
            out["dice_median"] = self.interval(stats.median(yes, dice)).rounded()
            out["iou"] = self.mean(lambda c: c.iou)
            out["hd95_native_px"] = self.mean(lambda c: c.hd95, 2)
            out["hd95_256_px"] = self.mean(lambda c: None if c.hd95 is None else c.hd95 / c.per_letterbox, 2)
            out["asd_native_px"] = self.mean(lambda c: c.average, 2)
            out["asd_256_px"] = self.mean(lambda c: None if c.average is None else c.average / c.per_letterbox, 2)
            for key in (f"{t}_{scale}" for scale in ("px", "256") for t in TOLERANCES):
                out[f"nsd_{key}"] = self.mean(lambda c, key=key: c.near.get(key, 0.0))  # type: ignore[misc]
            out["lesion_recall"] = stats.share(yes, np.array([c.hit for c in sick]), self.resamples).rounded()
        out["normal_images"] = len(well)
        if well:
            loud = np.array([not c.empty for c in well])
            out["normal_false_positives"] = int(loud.sum())
            out["false_positive_rate"] = stats.share(no, loud, self.resamples).rounded()
        return out

    def calibration(self) -> dict[str, object]:
        """Expected calibration error of pixels."""
        near, whole = (np.stack([getattr(j, n) for j in self.judged]) for n in ("near", "whole"))
        return {
            "ece_boundary": self.interval(reliability.error(self.clusters, near)).rounded(),
            "ece_image": self.interval(reliability.error(self.clusters, whole)).rounded(),
        }

    def covered(self, radius: np.ndarray) -> Statistic:
        """The share of points that lie within their radius."""
        assert self.points is not None
        return stats.mean(self.points.clusters, self.points.distance <= radius)

    def boundary(self) -> dict[str, object]:
        """Bands and expected error at the points of contours."""
        p = self.points
        if p is None:
            return {}
        c, bands = p.clusters, {q: self.model.band[q] * p.scale for q in contract.LEVELS}
        r90, share = stats.mean(c, bands["90"]), self.covered(bands["90"])
        constant = stats.quantile(c, p.distance, share)
        return {
            "points": len(p.distance),
            "coverage": {q: self.interval(self.covered(bands[q])).rounded() for q in contract.LEVELS},
            "mean_error_px": self.interval(stats.mean(c, p.distance)).rounded(2),
            "mean_expected_error_px": self.interval(stats.mean(c, self.model.expected_factor * p.scale)).rounded(2),
            "mean_r90_px": self.interval(r90).rounded(2),
            "r90_constant_px": self.interval(constant).rounded(2),
            "r90_over_constant": self.interval(stats.ratio(r90, constant)).rounded(),
            "wrong_points": self.interval(stats.mean(c, p.wrong)).rounded(),
            "auroc": self.interval(stats.auroc(c, p.scale, p.wrong)).rounded(),
            "spearman": self.interval(stats.correlation(c, p.scale, p.distance)).rounded(),
        }

    def baselines(self, bands: Mapping[str, Band]) -> dict[str, dict[str, object]]:
        """Every baseline at the same points: its figures, and how far the model is ahead of it, paired.

        bands are those fitted elsewhere. A radius is compared at the coverage that the model has on these images; the
        test is Wilcoxon's, on the rank correlation in each image, adjusted for all baselines by Holm.
        """
        p = self.points
        if p is None:
            return {}
        own, out = stats.auroc(p.clusters, p.scale, p.wrong), {}
        order = stats.correlation(p.clusters, p.scale, p.distance)
        for name, score in p.scores.items():
            other = stats.auroc(p.clusters, score, p.wrong)
            out[name] = {
                "auroc": self.interval(other).rounded(),
                "auroc_gain": self.interval(stats.difference(own, other)).rounded(),
                "spearman": self.interval(stats.correlation(p.clusters, score, p.distance)).rounded(),
                "spearman_gain": self.interval(
                    stats.difference(order, stats.correlation(p.clusters, score, p.distance))
                ).rounded(),
                **(self.against(score, bands[name]) if name in bands else {}),
            }
        each = self.in_images(p.scale)
        tests = stats.holm([self.test(each, self.in_images(s)) for s in p.scores.values()])
        for name, value in zip(p.scores, tests, strict=True):
            out[name]["wilcoxon_holm_p"] = None if value is None else float(f"{value:.2g}")
        return out

    def against(self, score: np.ndarray, band: Band) -> dict[str, object]:
        """A baseline's band as it was fitted, and the model's 90 % radius over its radius at equal coverage."""
        p = self.points
        assert p is not None
        radius = np.minimum(score, band.cap)
        fitted = band.factors["90"] * radius
        own = self.model.band["90"] * p.scale
        factor = stats.quantile(p.clusters, p.distance / radius, self.covered(own))
        mean = stats.mean(p.clusters, own)
        equal = stats.product(factor, stats.mean(p.clusters, radius))
        return {
            "coverage": {q: self.interval(self.covered(f * radius)).rounded() for q, f in band.factors.items()},
            "mean_r90_px": self.interval(stats.mean(p.clusters, fitted)).rounded(2),
            "r90_at_equal_coverage_px": self.interval(equal).rounded(2),
            "r90_over": self.interval(stats.ratio(mean, equal)).rounded(),
        }

    def in_images(self, score: np.ndarray) -> np.ndarray:
        """The rank correlation of a score with the distance in every image that has points; not a number where undefined."""
        p = self.points
        assert p is not None
        ends = np.flatnonzero(np.diff(p.image)) + 1
        found = [measure.spearman(*pair) for pair in zip(np.split(score, ends), np.split(p.distance, ends), strict=True)]
        return np.array([np.nan if v is None else v for v in found])

    def test(self, own: np.ndarray, other: np.ndarray) -> float | None:
        """p of the signed rank test between two correlations per image."""
        assert self.points is not None
        first = np.unique(self.points.image, return_index=True)[1]  # a point of every image, which knows its group
        known = np.isfinite(own) & np.isfinite(other)
        return stats.wilcoxon(self.points.clusters.picked(first[known]), (own - other)[known])

    def quality(self) -> dict[str, object]:
        """Expected against real Dice of lesion images."""
        known = [i for i, j in enumerate(self.judged) if self.lesion[i] and j.case.expected_dice is not None]
        if not known:
            return {}
        c = self.clusters.picked(np.array(known))
        dice = np.array([self.judged[i].case.dice for i in known])
        expected = np.array([self.judged[i].case.expected_dice for i in known], float)
        return {
            "expected_dice_error": self.interval(stats.mean(c, np.abs(expected - dice))).rounded(),
            "expected_dice_spearman": self.interval(stats.correlation(c, expected, dice)).rounded(),
            "expected_dice_auroc": self.interval(stats.auroc(c, -expected, dice < POOR)).rounded(),
        }

    def all(self, bands: Mapping[str, Band]) -> dict[str, object]:
        """Everything."""
        out = self.outline() | self.calibration() | self.boundary() | self.quality()
        baselines = self.baselines(bands)
        return out | {"baselines": baselines} if baselines else out

    def brief(self) -> dict[str, object]:
        """What a breakdown shows."""
        keys = ("images", "lesion_images", "dice", "dice_median", "iou", "hd95_256_px", "nsd_3_256", "lesion_recall")
        more = ("normal_images", "normal_false_positives", "false_positive_rate")
        known = self.outline()
        out = {k: known[k] for k in (*keys, *more) if k in known}
        if self.points is not None:
            p = self.points
            out["coverage_90"] = self.interval(self.covered(self.model.band["90"] * p.scale)).rounded()
            out["auroc"] = self.interval(stats.auroc(p.clusters, p.scale, p.wrong)).rounded()
        return out


def size_of(case: Case) -> float:
    """The lesion's equivalent diameter over the longer side of the image."""
    return case.diameter / (max(case.row.width, case.row.height) or 1)


def breakdown(
    judged: Sequence[Judged], fit: Fit, terciles: tuple[float, float], resamples: int = stats.RESAMPLES
) -> dict[str, dict[str, dict[str, object]]]:
    """Brief figures by class, by size of the lesion (terciles of size_of) and by device, where there are several."""

    def size(j: Judged) -> str:
        if j.case.row.lesion_px == 0:
            return ""
        return ("small", "middle", "large")[int(np.searchsorted(terciles, size_of(j.case)))]

    keys: dict[str, Callable[[Judged], str]] = {
        "class": lambda j: j.case.row.kind,
        "size": size,
        "device": lambda j: j.device,
    }
    out: dict[str, dict[str, dict[str, object]]] = {}
    for name, key in keys.items():
        parts: dict[str, list[Judged]] = {}
        for j in judged:
            parts.setdefault(key(j), []).append(j)
        parts.pop("", None)
        if parts:
            order = ("small", "middle", "large") if name == "size" else sorted(parts)
            out[name] = {k: Sheet(parts[k], fit, resamples).brief() for k in order if k in parts}
    return out


def terciles(judged: Sequence[Judged]) -> tuple[float, float]:
    """The sizes that cut the lesions into three equal parts."""
    sizes = [size_of(j.case) for j in judged if j.case.row.lesion_px > 0]
    a, b = np.quantile(sizes, [1 / 3, 2 / 3]) if sizes else (0.0, 0.0)
    return float(a), float(b)
