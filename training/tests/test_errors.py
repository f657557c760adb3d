"""The error network's training: what it learns from, and that a kill loses little and changes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from conftest import ellipse

from echoline_training import errors, losses
from echoline_training.augment import Packed
from echoline_training.checkpoint import TrainingError
from echoline_training.errors import ErrorRecipe, ErrorTrainer
from echoline_training.network import MAX_SCALE, ErrorNet, softness
from echoline_training.teach import VIEWS, Lessons
from echoline_training.train import limit_threads

RECIPE = ErrorRecipe(epochs=3, batch=4, warm_up=2, ema=0.8)
SIDE, COUNT = 64, 16


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    limit_threads(1)


def run(folder: Path, recipe: ErrorRecipe = RECIPE, **more: Any) -> ErrorTrainer:
    """Over ellipses whose outlines are off: the softer their edge, the farther."""
    pairs = [ellipse(np.random.default_rng(i), SIDE, SIDE, lesion=True) for i in range(COUNT)]
    images, masks = (np.stack(p) for p in zip(*pairs, strict=True))
    looks = np.zeros((VIEWS, COUNT, 2, SIDE, SIDE), np.float16)
    for i, mask in enumerate(masks):
        soft = 1.0 + 5 * (i % 2)
        moved = np.roll(mask, int(soft), 1).astype(np.float32) / 255
        looks[0, i] = 6 * (2 * np.asarray(cv2.GaussianBlur(moved, (0, 0), soft)) - 1)
        looks[1, i], looks[2, i] = looks[0, i, ..., ::-1], looks[0, i]
    views = np.stack([images, images[:, :, ::-1], images])
    lessons = Lessons(views, looks, np.zeros(COUNT, np.float32), np.zeros(COUNT, int))
    packed = Packed(images, masks, np.full_like(masks, 255), np.ones(COUNT))
    given = {"native": np.full(COUNT, 2.0), "temperature": 1.0, "chosen": np.arange(COUNT), **more}
    return ErrorTrainer(lessons, packed, recipe=recipe, path=folder / "error.pt", **given)


def test_stopped_anywhere_it_ends_with_the_same_weights(tmp_path: Path) -> None:
    whole = run(tmp_path / "whole")
    whole.run(save_every=2)
    assert whole.step == whole.steps == 12
    for _ in range(3):  # each goes on from the last checkpoint, and is lost in the middle of the next stretch
        part = run(tmp_path / "part")
        start = part.step
        while part.step < start + 3:
            part.advance()
            if part.step % 2 == 0:
                part.save()
    assert 0 < part.step < 12
    last = run(tmp_path / "part")
    assert last.step == part.step // 2 * 2
    last.run(save_every=2)
    a, b = (torch.load(tmp_path / name / "error.pt", weights_only=True) for name in ("whole", "part"))
    assert a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def test_checkpoints_of_another_run_are_refused(tmp_path: Path) -> None:
    t = run(tmp_path)
    t.save()
    with pytest.raises(TrainingError, match="another run of the error network"):
        run(tmp_path, replace(RECIPE, epochs=4))
    with pytest.raises(TrainingError, match="another run"):
        run(tmp_path, temperature=1.5)
    with pytest.raises(TrainingError, match="another run"):
        run(tmp_path, chosen=np.arange(8))


def test_it_tells_soft_outlines_that_are_far_off_from_sharp_ones_that_are_near(tmp_path: Path) -> None:
    t = run(tmp_path, replace(RECIPE, epochs=12))
    net = t.run()
    image = torch.from_numpy(t.lessons.images[0].astype(np.float32) / 255)[:, None]
    looks = torch.from_numpy(t.lessons.looks[0].astype(np.float32))
    near = losses.predicted_boundary(looks.mean(1, keepdim=True)) > 0
    with torch.inference_mode():
        scale = net(image, looks)[0]
    mean = [float(scale[i][near[i]].mean()) for i in range(COUNT)]
    assert min(mean[1::2]) > 1.3 * max(mean[::2])


def test_softness_is_the_inverse_of_the_slope() -> None:
    x = torch.arange(32.0)
    p = (0.02 * x).expand(1, 1, 32, 32)
    assert torch.allclose(softness(p)[..., 1:-1], torch.log(torch.tensor(50.0)), atol=0.01)
    assert float(softness(torch.full((1, 1, 8, 8), 0.3)).max()) == pytest.approx(np.log(1000), rel=1e-3)


def test_a_lesion_missed_altogether_pulls_less_than_in_proportion() -> None:
    """What one far point asks for against many near ones: the scale of least loss stays near the many."""
    distance = torch.cat([torch.full((9,), 2.0), torch.tensor([120.0])])[None, None, None]
    ones, odds = torch.ones_like(distance), losses.Odds()
    quality, none = torch.zeros(1, 1), torch.zeros(1)

    def loss(scale: float) -> float:
        given = (ones * scale, quality)
        return losses.error(given, distance, (distance > 5).float(), ones, none, torch.ones(1), odds).item()

    best = min(np.geomspace(0.5, 60, 80), key=loss)
    assert 2 < best < 7  # the mean is 13.8


def test_native_pixels_of_a_square_input() -> None:
    from echoline_training.data import Row, Sample

    row = Row("busi", "a.png", "benign", "g", "train", 448, 224, 1)
    sample = Sample(row, np.zeros((224, 448), np.uint8), np.zeros((224, 448), bool))
    assert errors.native_per_input([sample], 224) == pytest.approx([2.0])


def test_the_scale_has_bounds() -> None:
    net = ErrorNet().eval()
    with torch.inference_mode():
        scale, _ = net(torch.rand(1, 1, 64, 64), 100 * torch.randn(1, 2, 64, 64))
    assert float(scale.min()) >= 0.25 and float(scale.max()) <= MAX_SCALE
