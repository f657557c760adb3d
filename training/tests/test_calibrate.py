"""Fits on points and cases whose answers are known."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from echoline_training import calibrate
from echoline_training.augment import Packed
from echoline_training.calibrate import Points
from echoline_training.data import Row, Sample
from echoline_training.measure import Case
from echoline_training.network import ErrorNet
from echoline_training.reference import Raw
from echoline_training.teach import VIEWS, Lessons


def same(n: int) -> np.ndarray:
    return np.full(n, 1 / n)


def test_conformal_quantile_covers() -> None:
    values = np.arange(1, 100, dtype=float)
    assert calibrate.quantile(values, same(99), 0.9) == 90  # ceil(100 * 0.9)
    assert calibrate.quantile(values[:5], same(5), 0.95) == 5


def test_weights_count_as_often_as_they_say() -> None:
    values = np.arange(1000.0)
    weight = np.where(values < 500, 0.9 / 500, 0.1 / 500)
    assert calibrate.quantile(values, weight, 0.45) == pytest.approx(250, abs=2)
    assert calibrate.quantile(values, weight, 0.95) == pytest.approx(755, abs=6)


def test_bands_and_expected_error_fit_laplace_errors_of_unequal_sets() -> None:
    rng = np.random.default_rng(0)
    scale = rng.uniform(1, 5, 40000)
    distance = rng.exponential(2 * scale)
    weight = np.where(np.arange(40000) < 10000, 0.5 / 10000, 0.5 / 30000)
    band, factor = calibrate.bands(Points(distance, scale, weight))
    assert band["50"] == pytest.approx(2 * np.log(2), rel=0.03) and band["90"] == pytest.approx(2 * np.log(10), rel=0.03)
    assert factor == pytest.approx(2, rel=0.03)


def test_the_models_own_points_and_others_weigh_alike() -> None:
    """Whatever their number and their weights: half of the pooled errors come from each."""

    def points(n: int, distance: float) -> Points:
        return Points(np.full(n, distance), np.ones(n), np.full(n, 7.0 / n))

    both = calibrate.joined(points(100, 1.0), points(900, 3.0))
    assert (
        calibrate.quantile(both.distance, both.weight, 0.45) == 1
        and calibrate.quantile(both.distance, both.weight, 0.55) == 3
    )


def case_of(present: float, lesion: bool, loud: bool = True) -> Case:
    row = Row("busi", "a.png", "benign", "g", "val", 100, 100, 100 if lesion else 0)
    return Case(row, present, 1.0, 1.0, None, not loud, lesion, None, None, 10.0)


def test_present_threshold_silences_normals_without_losing_lesions() -> None:
    lesions = [case_of(p, lesion=True) for p in np.linspace(0.4, 1, 100)]
    normals = [case_of(p, lesion=False) for p in (0.1, 0.2, 0.3, 0.95)]
    t = calibrate.present_threshold([*lesions, *normals])
    assert 0.3 < t <= 0.41
    assert calibrate.present_threshold(lesions) == 0


def sample_of(mask: np.ndarray) -> Sample:
    row = Row("busi", "a.png", "benign", "g", "val", mask.shape[1], mask.shape[0], int(mask.sum()))
    return Sample(row, np.zeros(mask.shape, np.uint8), mask)


def test_temperature_finds_overconfidence() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(0, 2, (100, 100)).astype(np.float32)
    truth = rng.random((100, 100)) < 1 / (1 + np.exp(-z))
    r = Raw(3 * z, 3 * z, 3 * z, np.ones_like(z), 1.0, 1.0)
    assert calibrate.temperature([sample_of(truth)] * 5, [r] * 5) == pytest.approx(3, rel=0.1)
    spoilt = truth.copy()
    spoilt[:50] = ~spoilt[:50]
    unknown = np.arange(100)[:, None] < np.full(100, 50)
    samples = [replace(sample_of(spoilt), unknown=unknown)] * 5
    assert calibrate.temperature(samples, [r] * 5) == pytest.approx(3, rel=0.1)


def test_images_are_judged_by_networks_that_did_not_see_them() -> None:
    """Each fold's images go to that fold's error network, and folds without one are left out."""
    y, x = np.mgrid[0:64, 0:64]
    truth = np.hypot(x - 30, y - 30) < 15
    looks = np.broadcast_to(15 - np.hypot(x - 32, y - 30), (VIEWS, 3, 2, 64, 64)).astype(np.float16)
    lessons = Lessons(np.zeros((VIEWS, 3, 64, 64), np.uint8), looks, np.zeros(3, np.float32), np.array([0, 1, 0]))
    asked: list[int] = []

    class Asked(ErrorNet):
        def __init__(self, name: int) -> None:
            super().__init__()
            self.name = name

        def forward(self, image: torch.Tensor, looks: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            asked.append(self.name)
            return torch.ones_like(image) + self.name, torch.zeros(1, 1)

    masks = np.broadcast_to(truth.astype(np.uint8) * 255, (3, 64, 64))
    cares = np.full_like(masks, 255)
    cares[2, :, :32] = 0  # its left half was marked as not visible
    truths = Packed(masks, masks, cares, np.ones(3))
    samples = [sample_of(truth)] * 3
    cases = calibrate.out_of_fold(samples, lessons, truths, {0: Asked(0).eval()}, 1.0)
    assert asked == [0, 0] and len(cases) == 2
    cases = calibrate.out_of_fold(samples, lessons, truths, {0: Asked(0).eval(), 1: Asked(1).eval()}, 1.0)
    assert [float(c.scale[0]) for c in cases if c.scale is not None] == [1, 2, 1]
    whole, part = cases[0].distance, cases[2].distance
    assert whole is not None and part is not None and len(whole) / 3 < len(part) < 2 * len(whole) / 3
    assert cases[0].distance is not None and cases[0].distance.max() == pytest.approx(2, abs=0.8)
