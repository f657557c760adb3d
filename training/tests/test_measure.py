"""Measures and fits on cases whose answers are known."""

import numpy as np
import pytest

from echoline_training import measure
from echoline_training.contract import Fit
from echoline_training.data import Row, Sample
from echoline_training.reference import Raw


def square(x0: int, y0: int, side: int) -> np.ndarray:
    m = np.zeros((100, 100), bool)
    m[y0 : y0 + side, x0 : x0 + side] = True
    return m


def sample_of(mask: np.ndarray) -> Sample:
    row = Row("busi", "a.png", "benign" if mask.any() else "normal", "g", "val", 100, 100, int(mask.sum()))
    return Sample(row, np.zeros(mask.shape, np.uint8), mask)


def raw_of(mask: np.ndarray, present: float = 0.9, scale: float = 2.0) -> Raw:
    logits = np.where(mask, 4.0, -4.0).astype(np.float32)
    return Raw(logits, logits, logits, np.full(mask.shape, scale, np.float32), present, 0.8)


def test_overlap_and_distance_of_a_shifted_square() -> None:
    c = measure.case(sample_of(square(20, 20, 40)), raw_of(square(24, 20, 40)), Fit())
    assert c.dice == pytest.approx(0.9) and c.iou == pytest.approx(36 / 44)
    assert c.hd95 == pytest.approx(4)
    assert c.hit and not c.empty
    assert c.distance is not None and c.distance.max() == pytest.approx(4, abs=0.6)


def test_a_missed_lesion_counts_as_nothing_found() -> None:
    c = measure.case(sample_of(square(20, 20, 40)), raw_of(square(0, 0, 0)), Fit())
    assert (c.dice, c.iou, c.hd95, c.empty, c.hit, c.distance) == (0, 0, None, True, False, None)
    numbers = measure.summary([c], Fit())
    assert numbers["lesion_recall"] == 0 and numbers["hd95_native_px"] is None


def test_false_positives_are_counted_on_normal_images_only() -> None:
    none = np.zeros((100, 100), bool)
    cases = [
        measure.case(sample_of(truth), raw_of(mask), Fit())
        for truth, mask in [(none, none), (none, square(5, 5, 20)), (square(5, 5, 20), square(5, 5, 20))]
    ]
    numbers = measure.summary(cases, Fit())
    assert (numbers["normal_images"], numbers["normal_false_positives"], numbers["lesion_images"]) == (2, 1, 1)
    assert numbers["dice"] == 1


def test_auroc_and_ranks() -> None:
    assert measure.ranks(np.array([3.0, 1.0, 3.0, 2.0])) == pytest.approx([3.5, 1, 3.5, 2])
    score = np.array([0.1, 0.4, 0.35, 0.8])
    assert measure.auroc(score, np.array([False, False, True, True])) == pytest.approx(0.75)
    assert measure.auroc(score, np.zeros(4, bool)) is None
