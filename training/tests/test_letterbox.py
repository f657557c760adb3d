"""The way into the network's input and back, held against a filter written from its definition."""

import numpy as np
import pytest
import torch

from echoline_training.letterbox import letterbox, resize, to_input, to_native


def weights(n: int, to: int) -> np.ndarray:
    """Triangle filter [to, n], half-pixel centres, widened when shrinking."""
    scale = n / to
    support = max(1.0, scale)
    centres = (np.arange(to) + 0.5) * scale
    w = np.maximum(0, 1 - np.abs(np.arange(n) + 0.5 - centres[:, None]) / support)
    return w / w.sum(1, keepdims=True)


@pytest.mark.parametrize(("h", "w", "to_h", "to_w"), [(41, 23, 16, 9), (7, 5, 16, 12), (30, 90, 30, 31), (3, 1, 1, 4)])
def test_resize_is_the_triangle_filter(h: int, w: int, to_h: int, to_w: int) -> None:
    x = np.random.default_rng(0).random((h, w))
    want = weights(h, to_h) @ x @ weights(w, to_w).T
    got = resize(torch.from_numpy(x.astype(np.float32))[None, None], to_h, to_w)[0, 0].numpy()
    assert np.abs(got - want).max() < 1e-5


@pytest.mark.parametrize(
    ("h", "w", "side", "placed"),
    [
        (480, 640, 256, (192, 256, 32, 0)),
        (410, 231, 256, (256, 144, 0, 56)),
        (256, 256, 256, (256, 256, 0, 0)),
        (1, 1000, 256, (1, 256, 127, 0)),
        (5, 512, 256, (3, 256, 126, 0)),  # 2.5 rows: half goes up
    ],
)
def test_places_the_image(h: int, w: int, side: int, placed: tuple[int, int, int, int]) -> None:
    b = letterbox(h, w, side, side)
    assert (b.nh, b.nw, b.oy, b.ox) == placed


def test_an_image_of_the_inputs_size_stays_as_it_is() -> None:
    image = np.random.default_rng(1).integers(0, 256, (64, 64)).astype(np.uint8)
    b = letterbox(64, 64, 64, 64)
    x = to_input(image, b)
    assert torch.equal(x[0, 0], torch.from_numpy(image.astype(np.float32) / 255))
    assert np.array_equal(to_native(x, b), image.astype(np.float32) / 255)


def test_border_is_zero_and_does_not_come_back() -> None:
    image = np.full((50, 200), 255, np.uint8)
    b = letterbox(50, 200, 96, 96)
    x = to_input(image, b)
    assert x[0, 0, : b.oy].abs().max() == 0 and x[0, 0, b.oy + b.nh :].abs().max() == 0
    assert np.allclose(to_native(x, b), 1, atol=1e-6)


def test_native_pixels_per_input_pixel() -> None:
    assert letterbox(480, 640, 256, 256).native_per_input == pytest.approx(2.5)
