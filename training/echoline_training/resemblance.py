"""Which training set a picture's grain resembles, and by what factor each set's errors are larger than they look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from .measure import Case
from .network import MAX_SCALE, MIN_SCALE, AttentionUNet, Resemblance

BATCH = 16
INVERSE_DECAY = 0.1  # of the regression: forty means tell sets apart without large weights


def grain(net: AttentionUNet, images: np.ndarray) -> np.ndarray:
    """What tells sets apart [n, 40], of packed images [n, side, side] uint8."""
    out = []
    with torch.inference_mode():
        for at in range(0, len(images), BATCH):
            x = torch.from_numpy(images[at : at + BATCH]).float()[:, None] / 255
            out.append(Resemblance.grain(net.encoder(x)).numpy())
    return np.concatenate(out)


def learn(grain: np.ndarray, sets: Sequence[str]) -> Resemblance:
    """Tell the sets of images apart by their grain [n, 40]; all factors are 1. One set needs no telling."""
    names = list(dict.fromkeys(sets))
    likeness = Resemblance(len(names))
    if len(names) < 2:
        return likeness.eval()
    scaler = StandardScaler().fit(grain)
    found = LogisticRegression(C=INVERSE_DECAY, max_iter=2000).fit(scaler.transform(grain), [names.index(s) for s in sets])
    weight, bias = found.coef_, found.intercept_
    if len(names) == 2:  # it gives the second's odds alone
        weight, bias = np.concatenate([0 * weight, weight]), np.concatenate([0 * bias, bias])
    weight = weight / scaler.scale_
    with torch.no_grad():
        likeness.of.weight.copy_(torch.from_numpy(weight))
        likeness.of.bias.copy_(torch.from_numpy(bias - weight @ scaler.mean_))
    return likeness.eval()


def factors(likeness: Resemblance, grain: np.ndarray) -> np.ndarray:
    """The factor [n] of images by their grain."""
    with torch.inference_mode():
        return np.asarray(likeness(torch.from_numpy(grain)).numpy())


def widened(cases: Sequence[Case], factor: np.ndarray) -> list[Case]:
    """The cases with their scale, in input pixels, times the factor [n] of each, within the network's bounds."""
    return [
        c if c.scale is None else replace(c, scale=np.clip(c.scale * f, MIN_SCALE, MAX_SCALE))
        for c, f in zip(cases, factor, strict=True)
    ]
