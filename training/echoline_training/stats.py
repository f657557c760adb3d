"""How sure a figure is: bootstrap intervals over groups (patients, near-duplicates), and paired tests.

Images of one group are alike, so whole groups are drawn, with replacement. A statistic is a function of how often each group
was drawn: weights [b, groups], one row per resample, to values [b]. Everything below is built from sums per group, so
thousands of resamples of a million contour points are a few matrix products; differences and ratios of statistics are
statistics again, and paired by that.

Intervals are BCa (scipy.stats.bootstrap). Where BCa is not defined, as when a resample leaves nothing to compare, the
percentiles of the resamples are given; where all or none of the images count, the resamples know no spread and the exact
binomial interval over groups is given. Each interval says which it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

Statistic = Callable[[np.ndarray], np.ndarray]

RESAMPLES = 2000
LEVEL = 0.95
BINS = 2048  # quantile bins in place of more different values than that


@dataclass(frozen=True)
class Interval:
    """A figure with its 95 % interval; not numbers where they are not defined."""

    value: float
    low: float
    high: float
    method: str

    def rounded(self, digits: int = 4) -> dict[str, object]:
        """For JSON, with None in place of what is no number."""
        v, low, high = (round(x, digits) if np.isfinite(x) else None for x in (self.value, self.low, self.high))
        return {"value": v, "low": low, "high": high, "interval": self.method}


UNKNOWN = Interval(np.nan, np.nan, np.nan, "none")


@dataclass(frozen=True)
class Clusters:
    """Which group [n] each of n items belongs to."""

    ids: np.ndarray
    count: int

    @staticmethod
    def of(keys: Sequence[Hashable]) -> Clusters:
        """Items by the names of their groups."""
        known = {k: i for i, k in enumerate(dict.fromkeys(keys))}
        return Clusters(np.array([known[k] for k in keys], int), len(known))

    def repeated(self, times: Sequence[int]) -> Clusters:
        """The same groups for the parts of the items: every item times[i] times."""
        return Clusters(np.repeat(self.ids, times), self.count)

    def picked(self, chosen: np.ndarray) -> Clusters:
        """The same groups for some of the items."""
        return Clusters(self.ids[chosen], self.count)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """Sums per group [count, ...] of values [n, ...]."""
        out = np.zeros((self.count, *values.shape[1:]))
        np.add.at(out, self.ids, values)
        return out

    def histogram(self, bins: np.ndarray, size: int, weights: np.ndarray | None = None) -> np.ndarray:
        """How much of each group lies in each bin: [count, size]."""
        flat = np.bincount(self.ids * size + bins, weights, self.count * size)
        return flat.reshape(self.count, size).astype(float)


def _divide(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a / b, not a number where b is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(b == 0, np.nan, a / b)


def mean(clusters: Clusters, values: np.ndarray) -> Statistic:
    """The mean of values [n]."""
    total, n = clusters.sums(values.astype(float)), clusters.sums(np.ones(len(values)))
    return lambda w: _divide(w @ total, w @ n)


def ratio(a: Statistic, b: Statistic) -> Statistic:
    """One statistic over another of the same groups."""
    return lambda w: _divide(a(w), b(w))


def difference(a: Statistic, b: Statistic) -> Statistic:
    """One statistic less another of the same groups."""
    return lambda w: a(w) - b(w)


def product(a: Statistic, b: Statistic) -> Statistic:
    """One statistic times another of the same groups."""
    return lambda w: a(w) * b(w)


def _binned(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bins [n] of values and the largest value of every bin, in order; exact up to BINS different values."""
    tops = np.unique(values)
    if len(tops) > BINS:
        tops = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:], method="higher"))
    return np.searchsorted(tops, values), tops


def quantile(clusters: Clusters, values: np.ndarray, level: float | Statistic) -> Statistic:
    """The least value at or below which lies this share of the values [n]; the share may be a statistic itself."""
    bins, tops = _binned(values)
    counts = clusters.histogram(bins, len(tops))

    def at(w: np.ndarray) -> np.ndarray:
        sums = np.cumsum(w @ counts, 1)
        share = level(w) if callable(level) else np.full(len(w), level)
        wanted = share * sums[:, -1] * (1 - 1e-12)
        place = (sums < wanted[:, None]).sum(1)
        return np.where(sums[:, -1] > 0, tops[np.minimum(place, len(tops) - 1)], np.nan)

    return at


def median(clusters: Clusters, values: np.ndarray) -> Statistic:
    """The median of values [n]; of an even number the mean of both in the middle."""
    below, above = quantile(clusters, values, 0.5), quantile(clusters, -values, 0.5)
    return lambda w: (below(w) - above(w)) / 2


def auroc(clusters: Clusters, score: np.ndarray, positive: np.ndarray) -> Statistic:
    """Probability that a positive [n] bool scores above a negative; ties count half."""
    bins, tops = _binned(score)
    yes = clusters.histogram(bins, len(tops), positive.astype(float))
    no = clusters.histogram(bins, len(tops), (~positive).astype(float))

    def area(w: np.ndarray) -> np.ndarray:
        p, n = w @ yes, w @ no
        below = np.cumsum(n, 1) - n / 2
        return _divide((p * below).sum(1), p.sum(1) * n.sum(1))

    return area


def correlation(clusters: Clusters, a: np.ndarray, b: np.ndarray) -> Statistic:
    """Rank correlation. Ranks are those among all items, also in a resample, which needs no sorting then."""
    x, y = (r - r.mean() for r in (stats.rankdata(a), stats.rankdata(b)))
    moments = clusters.sums(np.stack([np.ones(len(x)), x, y, x * x, y * y, x * y], 1))

    def pearson(w: np.ndarray) -> np.ndarray:
        n, sx, sy, sxx, syy, sxy = (w @ moments).T
        covariance = n * sxy - sx * sy
        return _divide(covariance, np.sqrt(np.maximum(0, (n * sxx - sx * sx) * (n * syy - sy * sy))))

    return pearson


def interval(statistic: Statistic, groups: int, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """A statistic of all groups with its interval."""
    if groups == 0:
        return UNKNOWN
    with np.errstate(invalid="ignore", divide="ignore"):
        value = float(statistic(np.ones((1, groups)))[0])
    if not np.isfinite(value):
        return UNKNOWN
    if groups == 1:
        return Interval(value, np.nan, np.nan, "none: one group")

    def drawn(indices: np.ndarray, axis: int = -1) -> np.ndarray:
        rows = np.moveaxis(indices, axis, -1).astype(int)
        flat = rows.reshape(-1, rows.shape[-1])
        at = flat + np.arange(len(flat))[:, None] * groups
        weights = np.bincount(at.ravel(), minlength=len(flat) * groups).reshape(len(flat), groups)
        return statistic(weights.astype(float)).reshape(rows.shape[:-1])

    with warnings.catch_warnings(), np.errstate(invalid="ignore", divide="ignore"):
        warnings.simplefilter("ignore")  # a degenerate distribution is told below
        found = stats.bootstrap(
            (np.arange(groups),), drawn, n_resamples=resamples, confidence_level=LEVEL, method="BCa", vectorized=True,
            rng=np.random.default_rng(seed),
        )  # fmt: skip
    low, high = (float(v) for v in found.confidence_interval)
    if np.isfinite(low) and np.isfinite(high):
        return Interval(value, low, high, "BCa")
    known = found.bootstrap_distribution[np.isfinite(found.bootstrap_distribution)]
    low, high = np.percentile(known, [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return Interval(value, float(low), float(high), "percentile")


def share(clusters: Clusters, counts: np.ndarray, resamples: int = RESAMPLES) -> Interval:
    """The share of items [n] bool that count."""
    if not len(counts):
        return UNKNOWN
    if counts.any() and not counts.all():
        return interval(mean(clusters, counts), clusters.count, resamples)
    groups = len(np.unique(clusters.ids))
    exact = stats.binomtest(groups if counts.all() else 0, groups).proportion_ci(LEVEL, "exact")
    return Interval(float(counts.all()), float(exact.low), float(exact.high), "exact, over groups")


def wilcoxon(clusters: Clusters, differences: np.ndarray) -> float | None:
    """The p value of the signed rank test that paired differences [n] centre on 0, on means per group.

    None where no group differs.
    """
    each = mean_per_group(clusters, differences)
    return float(stats.wilcoxon(each).pvalue) if len(each) and each.any() else None


def mean_per_group(clusters: Clusters, values: np.ndarray) -> np.ndarray:
    """The mean of values [n] in every group that has any."""
    n = clusters.sums(np.ones(len(values)))
    return np.asarray(clusters.sums(values.astype(float))[n > 0] / n[n > 0])


def holm(p: Sequence[float | None]) -> list[float | None]:
    """The p values of several tests, each adjusted for all of them by Holm's method."""
    known = sorted((v, i) for i, v in enumerate(p) if v is not None)
    out: list[float | None] = [None] * len(p)
    worst = 0.0
    for k, (v, i) in enumerate(known):
        worst = max(worst, min(1.0, v * (len(known) - k)))
        out[i] = worst
    return out


def paired(a: np.ndarray, b: np.ndarray, groups: Sequence[str], seed: int = 0) -> tuple[float, float, float]:
    """Mean of a - b over images [n] with its interval, in which neither end is a number where there is but one group."""
    clusters = Clusters.of(list(groups))
    found = interval(mean(clusters, np.asarray(a, float) - np.asarray(b, float)), clusters.count, seed=seed)
    return found.value, found.low, found.high
