"""Distances between boundaries, held against the libraries that measure them on other points."""

import cv2
import numpy as np
import pytest
import surface_distance
import torch
from monai.metrics import compute_average_surface_distance, compute_hausdorff_distance, compute_surface_dice

from echoline_training.surface import Distances, edges


def blob(rng: np.random.Generator) -> np.ndarray:
    """A smooth shape [160, 200] bool of a lesion's size, not at the image's edge."""
    noise = cv2.GaussianBlur(rng.normal(0, 1, (160, 200)), (0, 0), 9)
    y, x = np.mgrid[0:160, 0:200]
    radius = np.hypot((x - rng.uniform(85, 115)) / 1.3, y - rng.uniform(70, 90))
    return radius + noise / noise.std() * 5 < rng.uniform(28, 42)


PAIRS = [(blob(np.random.default_rng(2 * i)), blob(np.random.default_rng(2 * i + 1))) for i in range(6)]


def square(x0: int, side: int) -> np.ndarray:
    m = np.zeros((60, 60), bool)
    m[20 : 20 + side, x0 : x0 + side] = True
    return m


def test_points_are_the_middles_of_pixel_edges() -> None:
    one = np.zeros((3, 3), bool)
    one[1, 1] = True
    assert {tuple(p) for p in edges(one)} == {(1, 1.5), (2, 1.5), (1.5, 1), (1.5, 2)}
    assert len(edges(np.ones((2, 3), bool))) == 10  # the frame is a boundary


def test_a_shifted_square() -> None:
    d = Distances.between(square(10, 20), square(14, 20))
    assert d.hausdorff95() == pytest.approx(4)
    assert d.within(4) == 1 and d.within(3.9) < 1
    same = Distances.between(square(10, 20), square(10, 20))
    assert (same.hausdorff95(), same.average(), same.within(0)) == (0, 0, 1)


def test_the_larger_direction_counts() -> None:
    whole = square(10, 20)
    part = whole.copy()
    part[20:40, 10:12] = True
    part[5:9, 45:55] = True  # a second region, far from the first
    there, back = Distances.between(part, whole), Distances.between(whole, part)
    assert there.hausdorff95() == back.hausdorff95() > 20
    assert there.average() == pytest.approx(back.average())


def onehot(mask: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(mask)[None, None].float()


@pytest.mark.filterwarnings("ignore::FutureWarning")
@pytest.mark.parametrize("pair", PAIRS)
def test_monai_agrees(pair: tuple[np.ndarray, np.ndarray]) -> None:
    """MONAI measures between centres of pixels inside: half a pixel to each side, and corners count differently."""
    a, b = pair
    d = Distances.between(a, b)
    hausdorff = compute_hausdorff_distance(onehot(a), onehot(b), include_background=True, percentile=95)
    assert d.hausdorff95() == pytest.approx(float(hausdorff), abs=1.0)
    average = compute_average_surface_distance(onehot(a), onehot(b), include_background=True, symmetric=True)
    assert d.average() == pytest.approx(float(average), abs=0.4)
    for tolerance in (2.0, 3.0):
        dice = compute_surface_dice(onehot(a), onehot(b), [tolerance], include_background=True)
        assert d.within(tolerance) == pytest.approx(float(dice), abs=0.06)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("pair", PAIRS)
def test_surface_distance_agrees(pair: tuple[np.ndarray, np.ndarray]) -> None:
    """DeepMind's library measures between corners and weighs them by the length of contour there."""
    a, b = pair
    d = Distances.between(a, b)
    theirs = surface_distance.compute_surface_distances(b, a, (1, 1))
    assert d.hausdorff95() == pytest.approx(surface_distance.compute_robust_hausdorff(theirs, 95), abs=0.6)
    averages = surface_distance.compute_average_surface_distance(theirs)
    directed = sorted([float(d.there.mean()), float(d.back.mean())])
    assert directed == pytest.approx(sorted(map(float, averages)), rel=0.05, abs=0.3)
    for tolerance in (2, 3):
        dice = surface_distance.compute_surface_dice_at_tolerance(theirs, tolerance)
        assert d.within(tolerance) == pytest.approx(dice, abs=0.05)
