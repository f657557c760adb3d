"""Calibration error of pixels, held against scikit-learn's reliability curve."""

import numpy as np
import pytest
from scipy.special import logit
from sklearn.calibration import calibration_curve

from echoline_training import reliability, stats
from echoline_training.contract import Fit
from echoline_training.stats import Clusters


def ece(each: np.ndarray) -> float:
    c = Clusters.of(range(len(each)))
    return float(reliability.error(c, each)(np.ones((1, len(each))))[0])


def test_scikit_learn_bins_the_same() -> None:
    rng = np.random.default_rng(0)
    p = rng.random((60, 80)) ** 2
    truth = rng.random(p.shape) < p**1.5
    share, mean = calibration_curve(truth.ravel(), p.ravel(), n_bins=reliability.BINS, strategy="uniform")
    n = np.histogram(p, np.linspace(0, 1, reliability.BINS + 1))[0]
    assert ece(reliability.bins(p, truth)[None]) == pytest.approx(float((n[n > 0] * np.abs(share - mean)).sum() / p.size))


def test_true_probabilities_have_no_error_and_bold_ones_have() -> None:
    rng = np.random.default_rng(1)
    p = rng.uniform(0.02, 0.98, (300, 300))
    truth = rng.random(p.shape) < p
    assert ece(reliability.bins(p, truth)[None]) < 0.01
    bold = reliability.probability(logit(p) * 3, Fit())
    assert ece(reliability.bins(bold, truth)[None]) > 0.1
    assert ece(reliability.bins(reliability.probability(logit(p) * 3, Fit(temperature=3.0)), truth)[None]) < 0.01


def test_only_pixels_near_the_predicted_boundary_count() -> None:
    mask = np.zeros((512, 400), bool)
    mask[100:300, 100:300] = True
    near = reliability.near_boundary(mask)
    row = np.flatnonzero(near[200])
    assert row.tolist() == [*range(80, 120), *range(280, 320)]  # 10 px at 256 are 20 at 512, to each side
    p = np.where(mask, 0.9, 0.1)
    band, whole = reliability.of_image(p, mask, mask)
    assert band[:, 0].sum() == pytest.approx(near.sum() / 4) and whole[:, 0].sum() == pytest.approx(mask.size / 4)
    assert not reliability.near_boundary(np.zeros((9, 9), bool)).any()


def test_images_without_an_outline_have_no_band() -> None:
    none = np.zeros((50, 50), bool)
    band, whole = reliability.of_image(np.full((50, 50), 0.2), none, none)
    assert band.sum() == 0 and ece(whole[None]) == pytest.approx(0.2)
    assert np.isnan(stats.interval(reliability.error(Clusters.of([0, 1]), np.stack([band, band])), 2).value)
