"""Random changes keep image and mask together."""

import numpy as np
from conftest import ellipse

from echoline_training.augment import augment, boundary_distance, pack
from echoline_training.data import Row, Sample


def packed(side: int) -> tuple[np.ndarray, np.ndarray]:
    image, mask = ellipse(np.random.default_rng(4), 90, 120, lesion=True)
    row = Row("busi", "a.png", "benign", "g", "train", 120, 90, int((mask > 0).sum()))
    images, masks = pack([Sample(row, image, mask > 0)], side)
    return images[0], masks[0]


def test_packing_letterboxes() -> None:
    image, mask = packed(64)
    assert image[:8].max() == 0 and image[-8:].max() == 0 and image[8:56].mean() > 30
    assert mask.max() == 255 and set(np.unique(mask)) != {0, 255}


def test_image_and_mask_move_together_at_every_size() -> None:
    image, mask = packed(64)
    for seed in range(20):
        for out in (32, 64):
            x, y = augment(image, mask, out, np.random.default_rng(seed))
            assert x.shape == y.shape == (out, out) and x.dtype == y.dtype == np.float32
            assert 0 <= x.min() and x.max() <= 1 and 0 <= y.min() and y.max() <= 1
            seen = x > 0.02
            if (y > 0.9).sum() > 20 and ((y < 0.1) & seen).sum() > 20:
                assert np.median(x[y > 0.9]) < np.median(x[(y < 0.1) & seen])


def test_sizes_show_the_same_place() -> None:
    image, mask = packed(64)
    _, large = augment(image, mask, 64, np.random.default_rng(1))
    _, small = augment(image, mask, 32, np.random.default_rng(1))
    centre = [np.average(np.indices(m.shape).reshape(2, -1) + 0.5, axis=1, weights=m.ravel()) for m in (large, small)]
    assert np.abs(centre[0] / 2 - centre[1]).max() < 0.3


def test_same_generator_same_changes() -> None:
    image, mask = packed(64)
    a = augment(image, mask, 64, np.random.default_rng(7))
    b = augment(image, mask, 64, np.random.default_rng(7))
    assert np.array_equal(a[0], b[0]) and np.array_equal(a[1], b[1])


def test_distance_to_the_boundary() -> None:
    mask = np.zeros((20, 20), np.float32)
    mask[:, 10:] = 1
    d = boundary_distance(mask)[5]
    assert np.allclose(d[7:13], [2.5, 1.5, 0.5, 0.5, 1.5, 2.5], atol=0.05)
    assert boundary_distance(np.zeros((4, 4), np.float32)).max() == 0
