"""Simulated readers point at what is wrong, and what they give is drawn as the contract says."""

import numpy as np
import pytest

from echoline_training import clicks
from echoline_training.clicks import Hints


def disc(cx: float, cy: float, r: float) -> np.ndarray:
    y, x = np.mgrid[0:96, 0:96] + 0.5
    return np.hypot(x - cx, y - cy) <= r


def test_nothing_given_is_all_zero() -> None:
    assert clicks.draw(Hints(), np.zeros((20, 30), bool)).sum() == 0


def test_disks_and_strokes_have_their_radius() -> None:
    g = clicks.draw(Hints(positive=[(10.25, 8.5)], negative=[(-2, 5)], stroke=[(5, 15), (25, 15)]), np.zeros((20, 30), bool))
    y, x = np.mgrid[0:20, 0:30] + 0.5
    assert np.array_equal(g[1] > 0, np.hypot(x - 10.25, y - 8.5) <= clicks.DISK_RADIUS)
    assert np.array_equal(g[2] > 0, np.hypot(x + 2, y - 5) <= clicks.DISK_RADIUS)
    along = np.hypot(x - np.clip(x, 5, 25), y - 15) <= clicks.STROKE_RADIUS
    assert np.array_equal(g[3] > 0, along)


def test_a_stroke_of_one_point_is_a_disk() -> None:
    g = clicks.draw(Hints(stroke=[(10, 10)]), np.zeros((20, 20), bool))
    y, x = np.mgrid[0:20, 0:20] + 0.5
    assert np.array_equal(g[3] > 0, np.hypot(x - 10, y - 10) <= clicks.STROKE_RADIUS)


@pytest.mark.parametrize("seed", range(12))
def test_clicks_lie_in_errors_and_say_which(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth, mask = disc(45, 50, 20), disc(53, 46, 20)
    region = clicks.largest(truth != mask)
    assert region is not None
    x, y = clicks.place(region, rng)
    assert region[int(y), int(x)]


@pytest.mark.parametrize("seed", range(12))
def test_simulated_guidance_agrees_with_the_truth(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = disc(45, 50, 20)
    guidance = clicks.simulate(truth, clicks.perturb(truth, rng), rng)
    assert guidance.shape == (4, 96, 96) and guidance[1:].sum() > 0
    for channel, value in ((1, True), (2, False)):
        count, _, _, centres = clicks.cv2.connectedComponentsWithStats((guidance[channel] > 0).astype(np.uint8))
        # Disks of neighbouring clicks may touch: the middle of a lone disk is its click.
        if count == 2 and (guidance[channel] > 0).sum() <= np.pi * clicks.DISK_RADIUS**2 + 8:
            x, y = centres[1]
            assert truth[round(y), round(x)] == value


def test_strokes_follow_the_true_boundary() -> None:
    rng = np.random.default_rng(3)
    truth, mask = disc(45, 50, 20), disc(49, 50, 22)
    region = clicks.largest(truth != mask)
    assert region is not None
    line = np.array(clicks.stroke(region, truth, rng))
    off = np.abs(np.hypot(line[:, 0] - 45, line[:, 1] - 50) - 20)
    assert len(line) > 4 and off.max() < 5 and off.mean() < 2


def test_a_right_mask_gets_no_clicks() -> None:
    truth = disc(45, 50, 20)
    guidance = clicks.simulate(truth, truth, np.random.default_rng(0))
    assert guidance[1:].sum() == 0 and np.array_equal(guidance[0] > 0, truth)


@pytest.mark.parametrize("at", [(-50.0, 10.0), (10.0, -50.0), (300.0, 10.0), (10.0, 300.0), (300.0, -300.0)])
def test_points_outside_draw_nothing(at: tuple[float, float]) -> None:
    hints = Hints(positive=[at], negative=[at], stroke=[at, (at[0] + 1, at[1] + 2)])
    assert clicks.draw(hints, np.zeros((20, 30), bool)).sum() == 0


@pytest.mark.parametrize("seed", range(8))
def test_a_mask_elsewhere_is_about_as_large_and_often_far_off(seed: int) -> None:
    truth = disc(45, 50, 12)
    masks = [clicks.elsewhere(truth, np.random.default_rng([seed, k])) for k in range(12)]
    whole = [m for m in masks if not (m[[0, -1]].any() or m[:, [0, -1]].any())]  # not cut by the frame
    assert whole and all(0.3 < m.sum() / truth.sum() < 3 for m in whole)
    assert sum(not (m & truth).any() for m in masks) >= 4


def test_pixels_beside_a_gesture_count_more() -> None:
    near = clicks.importance(clicks.draw(Hints(positive=[(30.5, 40.5)]), np.ones((96, 96), bool)))
    assert near[40, 30] == 1 and near[40, 30 + 4] == 1 and 0.2 < near[40, 30 + 18] < 0.6 and near[40, 90] < 1e-3
    assert not clicks.importance(clicks.draw(Hints(), np.ones((96, 96), bool))).any()
