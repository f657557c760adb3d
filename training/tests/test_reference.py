"""Mask and contours from a network's outputs."""

import numpy as np
import pytest
import torch

from echoline_training import reference
from echoline_training.clicks import Hints
from echoline_training.contract import Fit
from echoline_training.reference import Raw

H, W = 60, 80


def disc(cx: float, cy: float, r: float) -> np.ndarray:
    """Logits [H, W] that are zero on a circle, by pixel centres."""
    y, x = np.mgrid[0:H, 0:W] + 0.5
    return (r - np.hypot(x - cx, y - cy)).astype(np.float32)


def raw_of(logits: np.ndarray, present: float = 0.9) -> Raw:
    return Raw(logits, logits, logits, np.ones_like(logits), present, 0.8)


def test_contour_lies_on_the_circle() -> None:
    r = raw_of(disc(40.2, 31.7, 12.4))
    rings = reference.contours(r, reference.cut(r, Fit()), Fit())
    assert len(rings) == 1
    assert np.abs(np.hypot(rings[0][:, 0] - 40.2, rings[0][:, 1] - 31.7) - 12.4).max() < 0.05


def test_threshold_and_temperature_move_the_contour() -> None:
    r = raw_of(disc(40, 30, 12))
    fit = Fit(threshold=0.7310585786, temperature=2.0)  # logit 1 at temperature 2: two pixels further in
    ring = reference.contours(r, reference.cut(r, fit), fit)[0]
    assert np.abs(np.hypot(ring[:, 0] - 40, ring[:, 1] - 30) - 10).max() < 0.05


def test_contour_follows_the_images_edge() -> None:
    r = raw_of(np.full((H, W), 3, np.float32))
    rings = reference.contours(r, reference.cut(r, Fit()), Fit())
    assert len(rings) == 1
    assert rings[0].min() == pytest.approx(0) and rings[0].max(0) == pytest.approx([W, H])


def test_small_regions_go_and_holes_fill() -> None:
    logits = np.maximum(disc(30, 30, 20), disc(70, 10, 3))
    logits[28:32, 28:32] = -5
    mask = reference.cut(raw_of(logits), Fit())
    assert mask[30, 30] and not mask[10, 70]
    assert np.array_equal(mask, disc(30, 30, 20) >= 0)


def test_regions_that_touch_at_a_corner_are_one_and_do_not_close_a_hole_by_it() -> None:
    mask = np.zeros((20, 20), bool)
    mask[2:6, 2:6] = mask[6:10, 6:10] = True
    assert np.array_equal(reference.clean(mask), mask)
    ring = np.zeros((20, 20), bool)
    ring[3:9, 3:9] = True
    ring[4:8, 4:8] = False
    assert reference.clean(ring)[3:9, 3:9].all()


def test_no_lesion_present_means_no_mask() -> None:
    r = raw_of(disc(40, 30, 12), present=0.3)
    assert not reference.cut(r, Fit(present_threshold=0.31)).any()
    assert reference.cut(r, Fit(present_threshold=0.3)).any()


def test_sampling_is_bilinear_between_pixel_centres() -> None:
    y, x = np.mgrid[0:H, 0:W] + 0.5
    points = np.array([[10.0, 20.0], [33.3, 7.9], [0.0, 0.0], [W, H]])
    got = reference.sample((2 * x + 3 * y).astype(np.float32), points)
    assert got == pytest.approx([80, 90.3, 2.5, 2 * (W - 0.5) + 3 * (H - 0.5)], rel=1e-6)


def test_scale_comes_back_in_native_pixels() -> None:
    def network(x: torch.Tensor, _: torch.Tensor) -> reference.Outputs:
        return torch.zeros_like(x), torch.full_like(x, 2.0), torch.zeros(1, 1), torch.zeros(1, 1)

    r = reference.raw(network, np.zeros((480, 640), np.uint8), 256, 256)
    assert np.allclose(r.scale, 5.0) and r.present == 0.5 and r.logits.shape == (480, 640)


def test_guidance_is_drawn_where_the_reader_pointed() -> None:
    seen: list[torch.Tensor] = []

    def network(x: torch.Tensor, guide: torch.Tensor) -> reference.Outputs:
        seen.append(guide[0])
        return torch.zeros_like(x), torch.ones_like(x), torch.zeros(1, 1), torch.zeros(1, 1)

    mask = np.zeros((480, 640), bool)
    mask[:, :320] = True
    hints = Hints(positive=[(320, 240)], negative=[(10, 470)], stroke=[(100, 100), (300, 100)])
    image = np.zeros((480, 640), np.uint8)
    reference.raw(network, image, 256, 256, hints, mask)  # 0.4 input px per native px, 32 px lower
    so_far, positive, negative, stroke = (c.numpy() for c in seen[0])
    assert so_far[100, 60] == pytest.approx(1) and so_far[100, 200] == 0 and so_far[10].max() == 0
    y, x = np.nonzero(positive)
    assert (x.mean() + 0.5, y.mean() + 0.5) == pytest.approx((128, 128))
    y, x = np.nonzero(negative)
    assert (x.mean() + 0.5, y.mean() + 0.5) == pytest.approx((4, 220), abs=0.6)
    y, x = np.nonzero(stroke)
    assert 38 <= x.min() <= 39 and 120 <= x.max() <= 121 and set(y) == {71, 72, 70, 73}
    reference.raw(network, image, 256, 256)
    assert seen[1].abs().max() == 0
