"""The training loss. All maps are [n, 1, h, w]; distances are input pixels."""

from __future__ import annotations

import torch
import torch.nn.functional as F

MAX_DISTANCE = 40.0  # px; a boundary farther off is a miss, and no scale should grow to explain it
WEIGHT_SCALE, WEIGHT_PRESENT = 0.2, 0.2


def soft_dice(logits: torch.Tensor, target: torch.Tensor, lesion: torch.Tensor) -> torch.Tensor:
    """1 - soft Dice, the mean over the images with a lesion (lesion [n] is 1 there)."""
    p = torch.sigmoid(logits)
    both, sizes = (p * target).sum((1, 2, 3)), p.sum((1, 2, 3)) + target.sum((1, 2, 3))
    return ((1 - (2 * both + 1) / (sizes + 1)) * lesion).sum() / lesion.sum().clamp(min=1)


def predicted_boundary(logits: torch.Tensor) -> torch.Tensor:
    """1 where a pixel's 3x3 neighbourhood holds both sides of the predicted outline."""
    inside = (logits > 0).float()
    return F.max_pool2d(inside, 3, 1, 1) + F.max_pool2d(-inside, 3, 1, 1)


def laplace(scale: torch.Tensor, distance: torch.Tensor, near: torch.Tensor) -> torch.Tensor:
    """Mean negative log likelihood of the distances to the true boundary, over the pixels where near is 1."""
    nll = torch.log(2 * scale) + distance.clamp(max=MAX_DISTANCE) / scale
    return (nll * near).sum() / near.sum().clamp(min=1)


def total(
    outputs: tuple[torch.Tensor, torch.Tensor, torch.Tensor], target: torch.Tensor, distance: torch.Tensor
) -> torch.Tensor:
    """The loss of a batch: outline (BCE and Dice), scale at the predicted outline, presence."""
    logits, scale, present = (y.float() for y in outputs)
    lesion = (target.flatten(1).amax(1) > 0.5).float()
    with torch.no_grad():
        near = predicted_boundary(logits) * lesion[:, None, None, None]
    outline = F.binary_cross_entropy_with_logits(logits, target) + soft_dice(logits, target, lesion)
    return (
        outline
        + WEIGHT_SCALE * laplace(scale, distance, near)
        + WEIGHT_PRESENT * F.binary_cross_entropy_with_logits(present[:, 0], lesion)
    )
