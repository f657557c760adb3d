"""The training losses. All maps are [n, 1, h, w]; distances are input pixels; weights and flags are [n]."""

from __future__ import annotations

import torch
import torch.nn.functional as F

MAX_DISTANCE = 150.0  # px; farther off is as wrong as it gets, and one such image should not outweigh all others
WEIGHT_PRESENT = 0.2
WEIGHT_QUALITY = 1.0


def mean(values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The weighted mean of values [n]; 0 where all weights are."""
    return (values * weights).sum() / weights.sum().clamp(min=1e-6)


def cross_entropy(logits: torch.Tensor, target: torch.Tensor, care: torch.Tensor) -> torch.Tensor:
    """Binary cross entropy per image [n], over the pixels where care is 1."""
    each = F.binary_cross_entropy_with_logits(logits, target, reduction="none") * care
    return each.sum((1, 2, 3)) / care.sum((1, 2, 3)).clamp(min=1)


def soft_dice(logits: torch.Tensor, target: torch.Tensor, care: torch.Tensor) -> torch.Tensor:
    """1 - soft Dice per image [n], over the pixels where care is 1."""
    p, t = torch.sigmoid(logits) * care, target * care
    return 1 - (2 * (p * t).sum((1, 2, 3)) + 1) / (p.sum((1, 2, 3)) + t.sum((1, 2, 3)) + 1)


def outline(
    outputs: tuple[torch.Tensor, torch.Tensor],
    target: torch.Tensor,
    care: torch.Tensor,
    lesion: torch.Tensor,
    weights: torch.Tensor,
    automatic: torch.Tensor,
) -> torch.Tensor:
    """The loss of the outline network on a batch: cross entropy, Dice where there is a lesion, presence.

    Presence is learned from automatic images alone: guidance gives it away.
    """
    logits, present = (y.float() for y in outputs)
    total = mean(cross_entropy(logits, target, care), weights) + mean(soft_dice(logits, target, care), weights * lesion)
    presence = F.binary_cross_entropy_with_logits(present[:, 0], lesion, reduction="none")
    return total + WEIGHT_PRESENT * mean(presence, weights * automatic)


def predicted_boundary(logits: torch.Tensor) -> torch.Tensor:
    """1 where a pixel's 3x3 neighbourhood holds both sides of the predicted outline."""
    inside = (logits > 0).float()
    return F.max_pool2d(inside, 3, 1, 1) + F.max_pool2d(-inside, 3, 1, 1)


def laplace(scale: torch.Tensor, distance: torch.Tensor, near: torch.Tensor) -> torch.Tensor:
    """Mean negative log likelihood of the distances to the true boundary, over the pixels where near is 1."""
    nll = torch.log(2 * scale) + distance.clamp(max=MAX_DISTANCE) / scale
    return (nll * near).sum() / near.sum().clamp(min=1)


def error(
    outputs: tuple[torch.Tensor, torch.Tensor], distance: torch.Tensor, near: torch.Tensor, dice: torch.Tensor
) -> torch.Tensor:
    """The loss of the error network on a batch: displacement at the predicted boundary, expected Dice [n] per image."""
    scale, quality = outputs
    return laplace(scale, distance, near) + WEIGHT_QUALITY * F.binary_cross_entropy_with_logits(quality[:, 0], dice)
