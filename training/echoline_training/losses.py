"""The training losses. All maps are [n, 1, h, w]; distances are input pixels; weights and flags are [n]."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

MAX_DISTANCE = 150.0  # px; farther off is as wrong as it gets, and one such image should not outweigh all others
WEIGHT_PRESENT = 0.2
WEIGHT_QUALITY = 0.5
WEIGHT_WRONG = 3.0


def mean(values: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """The weighted mean of values [n]; 0 where all weights are."""
    return (values * weights).sum() / weights.sum().clamp(min=1e-6)


def cross_entropy(logits: torch.Tensor, target: torch.Tensor, care: torch.Tensor) -> torch.Tensor:
    """Binary cross entropy per image [n]; pixels count by care."""
    each = F.binary_cross_entropy_with_logits(logits, target, reduction="none") * care
    return each.sum((1, 2, 3)) / care.sum((1, 2, 3)).clamp(min=1)


def soft_dice(logits: torch.Tensor, target: torch.Tensor, care: torch.Tensor) -> torch.Tensor:
    """1 - soft Dice per image [n]; pixels count by care."""
    p, t = torch.sigmoid(logits), target * care
    return 1 - (2 * (p * t).sum((1, 2, 3)) + 1) / ((p * care).sum((1, 2, 3)) + t.sum((1, 2, 3)) + 1)


def outline(
    outputs: tuple[torch.Tensor, torch.Tensor],
    target: torch.Tensor,
    care: torch.Tensor,
    lesion: torch.Tensor,
    weights: torch.Tensor,
    automatic: torch.Tensor,
    dice: float = 1.0,
) -> torch.Tensor:
    """The loss of the outline network on a batch: cross entropy, Dice (with this weight) where there is a lesion, presence.

    Presence is learned from automatic images alone: guidance gives it away.
    """
    logits, present = (y.float() for y in outputs)
    overlap = mean(soft_dice(logits, target, care), weights * lesion)
    total = mean(cross_entropy(logits, target, care), weights) + dice * overlap
    presence = F.binary_cross_entropy_with_logits(present[:, 0], lesion, reduction="none")
    return total + WEIGHT_PRESENT * mean(presence, weights * automatic)


def predicted_boundary(logits: torch.Tensor) -> torch.Tensor:
    """1 where a pixel's 3x3 neighbourhood holds both sides of the predicted outline."""
    inside = (logits > 0).float()
    return F.max_pool2d(inside, 3, 1, 1) + F.max_pool2d(-inside, 3, 1, 1)


class Odds(nn.Module):
    """How likely a point is an error worth finding, by its expected error: slope and offset of a logit, learned."""

    def __init__(self) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(1.5))
        self.offset = nn.Parameter(torch.tensor(-3.0))

    def forward(self, error: torch.Tensor) -> torch.Tensor:
        """The logit of errors in native pixels."""
        return self.slope * torch.log(error) + self.offset


def error(
    outputs: tuple[torch.Tensor, torch.Tensor],
    distance: torch.Tensor,
    wrong: torch.Tensor,
    near: torch.Tensor,
    dice: torch.Tensor,
    native: torch.Tensor,
    odds: Odds,
) -> torch.Tensor:
    """The loss of the error network on a batch, at the pixels where near is 1; dice and native px per input px are [n].

    The scale has two masters. It should be the typical distance to the true boundary, so it learns its logarithm: one lesion
    that was missed altogether must not widen the band of a hundred others. And it should rank the points whose error is
    large for the size of their lesion, in native pixels, over all images. Points count alike at native size.
    """
    scale, quality = (y.float() for y in outputs)
    size = native[:, None, None, None]
    weight = near * size
    weight = weight / weight.sum().clamp(min=1)
    typical = F.smooth_l1_loss(torch.log(scale), torch.log1p(distance.clamp(max=MAX_DISTANCE)), reduction="none")
    worth = F.binary_cross_entropy_with_logits(odds(scale * size), wrong, reduction="none")
    points = ((typical + WEIGHT_WRONG * worth) * weight).sum()
    return points + WEIGHT_QUALITY * F.binary_cross_entropy_with_logits(quality[:, 0], dice)
