"""The outline network's two looks at an image."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from echoline_training.network import AttentionUNet, area, smaller_side


@pytest.fixture(scope="module")
def net() -> AttentionUNet:
    torch.manual_seed(2)
    return AttentionUNet().eval()


def test_lines_are_shrunk_by_areas() -> None:
    image = np.random.default_rng(1).random((224, 96), np.float32)
    ours = area(224, 160) @ torch.from_numpy(image) @ area(96, 64).T
    assert ours.numpy() == pytest.approx(cv2.resize(image, (64, 160), interpolation=cv2.INTER_AREA), abs=1e-5)
    assert torch.equal(area(32, 32), torch.eye(32))


@pytest.mark.parametrize(("side", "smaller"), [(32, 32), (64, 32), (96, 64), (192, 128), (224, 160), (256, 192)])
def test_the_second_look_is_at_what_the_network_can_take(side: int, smaller: int) -> None:
    assert smaller_side(side) == smaller


def test_looks_are_at_the_image_and_at_its_small_mirror_image(net: AttentionUNet) -> None:
    image = torch.rand(2, 1, 96, 128)
    small = torch.from_numpy(
        np.stack([cv2.resize(x, (96, 64), interpolation=cv2.INTER_AREA)[None, :, ::-1] for x in image[:, 0].numpy()])
    )
    with torch.no_grad():
        maps, looks, present = net.looks(image)
        own, first, here = net.automatic(image)
        _, second, there = net.automatic(small)
        second = F.interpolate(second.flip(3), size=(96, 128), mode="bilinear", align_corners=False)
        answer, both = net(image, torch.zeros(2, 4, 96, 128))
    assert torch.equal(looks[:, :1], first) and all(torch.equal(a, b) for a, b in zip(maps, own, strict=True))
    assert torch.allclose(looks[:, 1:], second, atol=1e-3) and torch.allclose(present, (here + there) / 2, atol=1e-3)
    assert torch.equal(answer, looks.mean(1, keepdim=True)) and torch.equal(both, present)


def test_where_asked_both_looks_are_the_correctors(net: AttentionUNet) -> None:
    image, guidance = torch.rand(2, 1, 64, 64), torch.zeros(2, 4, 64, 64)
    guidance[1, 1, 20:24, 20:24] = 1
    with torch.no_grad():
        maps, looks, _ = net.answer(image, guidance)
        corrected = net.corrector(image, guidance, maps)
        alone = net.looks(image)[1]
    assert torch.equal(looks[1, 0], looks[1, 1]) and torch.equal(looks[1, :1], corrected[1])
    assert torch.equal(looks[0], alone[0]) and not torch.equal(looks[0, 0], looks[0, 1])
