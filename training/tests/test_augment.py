"""Random changes keep image and mask together, and look like ultrasound."""

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from conftest import ellipse

from echoline_training import augment
from echoline_training.augment import boundary_distance, pack
from echoline_training.data import Row, Sample

SIDE = 64


def sample() -> Sample:
    image, mask = ellipse(np.random.default_rng(4), 90, 120, lesion=True)
    row = Row("busi", "a.png", "benign", "g", "train", 120, 90, int((mask > 0).sum()))
    unknown = np.zeros(mask.shape, bool)
    unknown[:, :60] = True
    return Sample(row, image, mask > 0, weight=0.5, unknown=unknown)


@pytest.fixture
def planes() -> list[np.ndarray]:
    p = pack([sample()], SIDE)
    return [p.images[0], p.masks[0], p.cares[0]]


@pytest.fixture
def picture(planes: list[np.ndarray]) -> np.ndarray:
    return planes[0].astype(np.float32) / 255


def test_packing_letterboxes(planes: list[np.ndarray]) -> None:
    image, mask, care = planes
    assert image[:8].max() == 0 and image[-8:].max() == 0 and image[8:56].mean() > 30
    assert mask.max() == 255 and set(np.unique(mask)) != {0, 255}
    assert care[8:56, :31].max() == 0 and care[:, 33:].min() == 255 and care[:8].min() == 255
    assert pack([sample()], SIDE).weights == [0.5] and len(pack([sample()] * 3, SIDE)) == 3


def test_image_and_mask_move_together_at_every_size(planes: list[np.ndarray]) -> None:
    for seed in range(20):
        for out in (32, 64):
            x, y, _ = augment.augment(planes, out, np.random.default_rng(seed))
            assert x.shape == y.shape == (out, out) and x.dtype == y.dtype == np.float32
            assert min(x.min(), y.min()) >= 0 and max(x.max(), y.max()) <= 1
            seen = x > 0.02
            if (y > 0.9).sum() > 20 and ((y < 0.1) & seen).sum() > 20:
                assert np.median(x[y > 0.9]) < np.median(x[(y < 0.1) & seen])


def test_sizes_show_the_same_place(planes: list[np.ndarray]) -> None:
    large = augment.augment(planes, 64, np.random.default_rng(1))[1]
    small = augment.augment(planes, 32, np.random.default_rng(1))[1]
    centre = [np.average(np.indices(m.shape).reshape(2, -1) + 0.5, axis=1, weights=m.ravel()) for m in (large, small)]
    assert np.abs(centre[0] / 2 - centre[1]).max() < 0.3


def test_same_generator_same_changes(planes: list[np.ndarray]) -> None:
    a = augment.augment(planes, 64, np.random.default_rng(7))
    b = augment.augment(planes, 64, np.random.default_rng(7))
    assert all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_sound_comes_from_above(planes: list[np.ndarray]) -> None:
    above = np.zeros((SIDE, SIDE), np.uint8)
    above[:28] = 255
    mirrored = 0
    for seed in range(60):
        moved = augment.augment([above, above, np.tile(np.linspace(0, 255, SIDE).astype(np.uint8), (SIDE, 1))], SIDE,
                                np.random.default_rng(seed))  # fmt: skip
        rows, columns = np.indices((SIDE, SIDE))
        if 0.1 < moved[1].mean() < 0.9:
            assert np.average(rows, weights=moved[1]) < np.average(rows, weights=1 - moved[1])
        mirrored += np.average(columns, weights=moved[2]) < SIDE / 2
    assert 15 < mirrored < 45


@pytest.mark.parametrize("change", [f for _, f in augment.GREY], ids=lambda f: f.__name__)
def test_changes_stay_in_range_and_repeat(picture: np.ndarray, change: Callable[..., np.ndarray]) -> None:
    for x in (picture, np.zeros_like(picture), np.ones_like(picture)):
        for seed in range(5):
            before = x.copy()
            y = change(np.random.default_rng(seed), x)
            assert y.shape == x.shape and y.min() >= 0 and y.max() <= 1 + 1e-6
            assert np.array_equal(x, before)  # what was given stays as it is
            assert np.array_equal(y, change(np.random.default_rng(seed), x))


def test_around_the_picture_it_stays_black(planes: list[np.ndarray]) -> None:
    full = np.full((SIDE, SIDE), 40, np.uint8)
    full[:10] = full[-10:] = 0
    for seed in range(60):
        x = augment.augment([full, full], SIDE, np.random.default_rng(seed))
        around = cv2.dilate(x[1], np.ones((3, 3), np.uint8)) == 0
        assert not x[0][around].any()


def test_the_picture_is_what_is_not_black() -> None:
    x = np.zeros((30, 40), np.float32)
    assert not augment.inside(x).any()
    x[5, 8], x[5, 30], x[20, 8], x[20, 30] = 0.1, 0.2, 1, 1e-3
    want = np.zeros_like(x)
    want[5:21, 8:31] = 1
    assert np.array_equal(augment.inside(x), want)


def test_dark_pictures_keep_their_lesion(picture: np.ndarray, planes: list[np.ndarray]) -> None:
    dark, mask = picture * 0.25, planes[1]
    for seed in range(40):
        x = augment.contrast(np.random.default_rng(seed), dark)
        assert x[(mask == 0) & (picture > 0.3)].mean() > x[mask == 255].mean() + 0.03


def test_speckle_has_a_grain(picture: np.ndarray) -> None:
    flat = np.full((128, 128), 0.4, np.float32)
    for seed in range(10):
        x = augment.speckle(np.random.default_rng(seed), flat)
        d = x - x.mean()
        assert 0.39 < x.mean() < 0.41 and 0.015 < x.std() < 0.08
        beside = (d[:, 1:] * d[:, :-1]).mean() / d.var()
        assert beside > 0.5 and beside > (d[1:] * d[:-1]).mean() / d.var()  # wider than deep


def test_attenuation_and_shadow_darken_below() -> None:
    flat = np.full((100, 100), 0.5, np.float32)
    for seed in range(20):
        x = augment.attenuation(np.random.default_rng(seed), flat)
        assert (np.diff(x[:, 0]) <= 0).all() and x[0, 0] == 0.5
        x = augment.shadow(np.random.default_rng(seed), flat)
        column = int(np.argmin(x[-1]))
        assert x[-1, column] < 0.36 and (np.diff(x[:, column]) <= 1e-9).all() and x.max() <= 0.5
        assert augment.haze(np.random.default_rng(seed), flat).min() >= 0.5


def test_callipers_are_drawn_and_erased() -> None:
    flat = np.full((120, 120), 0.3, np.float32)
    drawn = left = 0
    for seed in range(20):
        x = augment.callipers(np.random.default_rng(seed), flat)
        assert (x > 0.6).sum() >= 2 * 9
        drawn += (x > 0.6).sum()
        left += (augment.without_callipers(np.random.default_rng(0), x) > 0.6).sum()
    assert left < 0.1 * drawn


def test_layers_of_tissue_are_not_erased() -> None:
    x = np.full((120, 120), 0.2, np.float32)
    cv2.line(x, (5, 40), (110, 48), 0.9)
    assert np.array_equal(augment.without_callipers(np.random.default_rng(0), x), x)


def test_distance_to_the_boundary() -> None:
    mask = np.zeros((20, 20), np.float32)
    mask[:, 10:] = 1
    d = boundary_distance(mask)[5]
    assert np.allclose(d[7:13], [2.5, 1.5, 0.5, 0.5, 1.5, 2.5], atol=0.05)
    assert boundary_distance(np.zeros((4, 4), np.float32)).max() == 0
