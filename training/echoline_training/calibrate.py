"""Everything that is fitted after training, on `val` and nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from . import contract, measure
from .contract import Fit
from .data import Sample
from .reference import Raw

MIN_RECALL = 0.97  # of lesions on val; a silent model is worse than one that speaks once too often
MIN_GAIN = 0.003  # of Dice, below which the threshold stays at one half
PIXELS = 4000  # per image for the temperature


def temperature(samples: Sequence[Sample], raws: Sequence[Raw], seed: int = 0) -> float:
    """The temperature with the least cross entropy over pixels drawn from all images alike."""
    rng = np.random.default_rng(seed)
    logits, truth = [], []
    for s, r in zip(samples, raws, strict=True):
        at = rng.integers(0, s.mask.size, PIXELS)
        logits.append(r.logits.reshape(-1)[at])
        truth.append(s.mask.reshape(-1)[at])
    z, t = np.concatenate(logits).astype(np.float64), np.concatenate(truth)

    def entropy(temp: float) -> float:
        v = z / temp
        return float((np.logaddexp(0, v) - v * t).mean())

    grid = np.exp(np.linspace(math.log(0.4), math.log(4), 93))
    return round(float(min(grid, key=entropy)), 4)


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


def quantile(ratio: np.ndarray, level: float) -> float:
    """The conformal quantile: with n values, the ceil((n + 1) level)-th smallest."""
    k = min(len(ratio), math.ceil((len(ratio) + 1) * level))
    return float(np.partition(ratio, k - 1)[k - 1])


def fit(samples: Sequence[Sample], raws: Sequence[Raw]) -> Fit:
    """Fit temperature, thresholds, bands and expected error, in this order."""
    out = Fit(present_threshold=0.0, temperature=temperature(samples, raws))
    out = replace(out, threshold=threshold(samples, raws, out))
    out = replace(out, present_threshold=present_threshold(cases_of(samples, raws, out)))
    d, b, _ = measure.points(cases_of(samples, raws, out))
    if not len(d):
        raise ValueError("the model outlines no lesion of val: there is nothing to fit a band on")
    band = {q: round(quantile(d / b, int(q) / 100), 4) for q in contract.LEVELS}
    return replace(out, calibrated=True, band=band, expected_factor=round(float(d.mean() / b.mean()), 4))
