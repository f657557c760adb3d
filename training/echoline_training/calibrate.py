"""Everything that is fitted after training, on images that what is fitted was not trained on.

The threshold comes from `val`. That of presence comes from `val` and the out-of-fold predictions of `train`, image by image,
and the bands from both with equal weight: those are far more images, and neither the fold's network nor the error network
that judges it has seen the image. For the fold's network that is not quite so: in rounds of doubt the targets of other
images come, in part, from networks that had.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from . import contract, folds, measure
from .augment import Packed
from .contract import Fit
from .data import Sample
from .network import ErrorNet
from .reference import Raw, sigmoid
from .teach import Lessons

MIN_RECALL = 0.97  # of lesions; a silent model is worse than one that speaks once too often
MIN_GAIN = 0.003  # of Dice, below which the threshold stays at one half
PIXELS = 4000  # per image for the temperature
FEW_LESIONS = 5  # whose errors say half of what sets them apart from other sets
FARTHEST_SET = 0.5  # the logarithm of a set's factor, at most
EVEN = (0.5, 0.8)  # the bands that a set's factor evens out; beyond, outlines that lie elsewhere decide, and no factor helps
LEAST_RATIO = 0.01  # of a distance to its scale


def temperature_of(logits: np.ndarray, truth: np.ndarray) -> float:
    """The temperature with the least cross entropy of logits [n] with truths [n] bool."""
    z, t = logits.astype(np.float64), truth.astype(np.float64)

    def entropy(temp: float) -> float:
        v = z / temp
        return float((np.logaddexp(0, v) - v * t).mean())

    grid = np.exp(np.linspace(math.log(0.4), math.log(4), 93))
    return round(float(min(grid, key=entropy)), 4)


def temperature(samples: Sequence[Sample], raws: Sequence[Raw], seed: int = 0) -> float:
    """The temperature with the least cross entropy over pixels drawn from all images alike."""
    rng = np.random.default_rng(seed)
    logits, truth = [], []
    for s, r in zip(samples, raws, strict=True):
        known = np.arange(s.mask.size) if s.unknown is None else np.flatnonzero(~s.unknown)
        if not len(known):
            continue
        at = known[rng.integers(0, len(known), PIXELS)]
        logits.append(r.logits.reshape(-1)[at])
        truth.append(s.mask.reshape(-1)[at])
    return temperature_of(np.concatenate(logits), np.concatenate(truth))


def lesson_temperature(lessons: Lessons, truths: Packed, seed: int = 0) -> float:
    """The temperature of the fold networks on what they did not see; truths are packed at the lessons' side."""
    n = len(truths)
    at = np.random.default_rng(seed).integers(0, truths.masks[0].size, (n, PIXELS))
    logits, masks, cares = (
        np.take_along_axis(m.reshape(n, -1), at, 1) for m in (folds.outlined(lessons.looks[0]), truths.masks, truths.cares)
    )
    known = cares > 127
    return temperature_of(logits[known], masks[known] > 127)


def mean_dice(cases: Sequence[measure.Case]) -> float:
    """Mean over the sets of their mean Dice over lesion images, so that the larger set does not decide alone."""
    sets = dict.fromkeys(c.row.set for c in cases)
    return float(np.mean([np.mean([c.dice for c in cases if c.row.set == s and c.row.lesion_px > 0]) for s in sets]))


def cases_of(samples: Sequence[Sample], raws: Sequence[Raw], fit: Fit) -> list[measure.Case]:
    """Measure all samples with one fit."""
    return [measure.case(s, r, fit) for s, r in zip(samples, raws, strict=True)]


def threshold(samples: Sequence[Sample], raws: Sequence[Raw], base: Fit) -> float:
    """The threshold with the best Dice, or one half where none is clearly better."""
    dice = {
        t: mean_dice(cases_of(samples, raws, replace(base, threshold=t))) for t in (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)
    }
    best = max(dice, key=lambda t: dice[t])
    return best if dice[best] > dice[0.5] + MIN_GAIN else 0.5


def present_threshold(cases: Sequence[measure.Case]) -> float:
    """The threshold on presence that silences most normal images and keeps MIN_RECALL of the lesions found.

    Cases are those of a fit that silences nothing. Among equals the lowest threshold is taken: it costs no lesion.
    """
    lesions = [c for c in cases if c.row.lesion_px > 0]
    loud = np.array([c.present for c in cases if c.row.lesion_px == 0 and not c.empty])
    found = np.array([c.present for c in lesions if c.hit])
    best, least = 0.0, len(loud)
    for t in np.round(np.arange(0.01, 1.0, 0.01), 2):
        if (found >= t).sum() < min(MIN_RECALL * len(lesions), len(found)):
            break
        if (loud >= t).sum() < least:
            best, least = float(t), int((loud >= t).sum())
    return best


def out_of_fold(
    samples: Sequence[Sample], lessons: Lessons, truths: Packed, nets: dict[int, ErrorNet], temp: float
) -> list[measure.Case]:
    """The training images as their fold's network outlines them and an error network that saw none of them judges them.

    nets holds one error network per fold; images of other folds are left out. Distances are pixels of the lessons' side.
    """
    fit = Fit(present_threshold=0.0, temperature=temp)
    out = []
    for i, s in enumerate(samples):
        net = nets.get(int(lessons.fold[i]))
        if net is None:
            continue
        image, looks = lessons.images[0, i], lessons.looks[0, i].astype(np.float32)
        x = torch.from_numpy(image.astype(np.float32) / 255)[None, None]
        with torch.inference_mode():
            scale, quality = net(x, torch.from_numpy(looks)[None] / temp)
        b = scale[0, 0].numpy()
        logits = looks.mean(0)
        r = Raw(logits, b, logits, b, sigmoid(float(lessons.present[i])), sigmoid(float(quality)))
        unknown = truths.cares[i] <= 127
        truth = Sample(s.row, image, truths.masks[i] > 127, unknown=unknown if unknown.any() else None)
        out.append(measure.case(truth, r, fit))
    return out


def outlined(cases: Sequence[measure.Case]) -> list[measure.Case]:
    """The lesion images with points to fit on."""
    return [c for c in cases if c.row.lesion_px > 0 and c.distance is not None and len(c.distance)]


@dataclass(frozen=True)
class Points:
    """Contour points of several sets: distance and scale in lesion diameters, and weights that sum to 1 in each set."""

    distance: np.ndarray
    scale: np.ndarray
    weight: np.ndarray

    @staticmethod
    def of(cases: Sequence[measure.Case]) -> Points:
        """The contour points of lesion images; every set counts alike, every point within it counts alike."""
        parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
        for name in dict.fromkeys(c.row.set for c in cases):
            d, b, size = measure.points([c for c in cases if c.row.set == name and c.row.lesion_px > 0])
            parts.append((d / size, b / size, np.full(len(d), 1 / max(1, len(d)))))
        return Points(*(np.concatenate(p) for p in zip(*parts, strict=True)))


def quantile(ratio: np.ndarray, weight: np.ndarray, level: float) -> float:
    """The weighted conformal quantile: the least ratio below which lie level of the weight and of one more point."""
    order = np.argsort(ratio)
    sums = np.cumsum(weight[order])
    extra = float(weight.mean())
    k = int(np.searchsorted(sums, level * (sums[-1] + extra)))
    return float(ratio[order[min(k, len(order) - 1)]])


def joined(own: Points, more: Points) -> Points:
    """The points of the model with those of other networks, both of equal weight: few that are the model's own errors,
    and many that are not.
    """
    return Points(
        np.concatenate([own.distance, more.distance]),
        np.concatenate([own.scale, more.scale]),
        np.concatenate([own.weight / own.weight.sum(), more.weight / more.weight.sum()]),
    )


def resemblance_logs(names: Sequence[str], own: Sequence[measure.Case], more: Sequence[measure.Case]) -> np.ndarray:
    """The logarithm of each set's factor [n]: with it the bands EVEN cover, on the average, as much in each set.

    A set of few lesions stays near the others, and none goes far.
    """
    logs, count = np.zeros(len(names)), np.zeros(len(names))
    for i, name in enumerate(names):
        found = [part for cases in (own, more) if (part := outlined([c for c in cases if c.row.set == name]))]
        if not found:
            continue
        parts = [Points.of(part) for part in found]
        ratio = np.concatenate([p.distance / p.scale for p in parts])
        weight = np.concatenate([p.weight for p in parts])  # of one set, so they sum to 1 in each part
        logs[i] = np.mean([np.log(max(quantile(ratio, weight, q), LEAST_RATIO)) for q in EVEN])
        count[i] = sum(len(part) for part in found)
    if not count.any():
        return logs
    apart = (logs - np.average(logs, weights=count)) * count / (count + FEW_LESIONS)
    return np.clip(apart, -FARTHEST_SET, FARTHEST_SET)


def bands(points: Points) -> tuple[dict[str, float], float]:
    """The factors on b of every band, and that of the expected error."""
    ratio = points.distance / points.scale
    band = {q: round(quantile(ratio, points.weight, int(q) / 100), 4) for q in contract.LEVELS}
    factor = (points.distance * points.weight).sum() / (points.scale * points.weight).sum()
    return band, round(float(factor), 4)


def fit(samples: Sequence[Sample], raws: Sequence[Raw], temp: float, more: Sequence[measure.Case] = ()) -> Fit:
    """Fit the threshold on val, then that of presence, bands and expected error on val and more.

    The temperature is given: the error network has read logits calibrated by it.
    """
    out = Fit(present_threshold=0.0, temperature=temp)
    out = replace(out, threshold=threshold(samples, raws, out))
    out = replace(out, present_threshold=present_threshold([*cases_of(samples, raws, out), *more]))
    cases = cases_of(samples, raws, out)
    if not outlined(cases):
        raise ValueError("the model outlines no lesion of val: there is nothing to fit a band on")
    points = Points.of(cases)
    band, factor = bands(joined(points, Points.of(more)) if more else points)
    return replace(out, calibrated=True, band=band, expected_factor=factor)
