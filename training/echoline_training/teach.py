"""What the fold networks say of the training images that they have not seen: honest doubts and errors to learn from."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from . import folds
from .augment import Packed, grey
from .network import AttentionUNet

VIEWS = 3  # of each image, for the error network: as it is, mirrored, with other grey values


@dataclass(frozen=True)
class Lessons:
    """What is said of n packed images by the one fold network that did not see the image in training.

    `outside` are probabilities 0..255 at the packed side. Logits are float16 [VIEWS, n, side, side], images uint8 of the
    same shape.
    """

    outside: np.ndarray
    images: np.ndarray
    logits: np.ndarray
    present: np.ndarray  # [n] logits
    fold: np.ndarray  # [n]

    def save(self, path: Path) -> None:
        """Write atomically."""
        tmp = path.with_suffix(".tmp.npz")
        np.savez(tmp, **self.__dict__)
        os.replace(tmp, path)

    @staticmethod
    def load(path: Path) -> Lessons:
        """Read what save wrote."""
        with np.load(path) as f:
            return Lessons(**{k: f[k] for k in Lessons.__dataclass_fields__})


def resized(planes: np.ndarray, side: int) -> np.ndarray:
    """Planes [n, s, s] at another side."""
    how = cv2.INTER_AREA if side < planes.shape[1] else cv2.INTER_LINEAR
    return np.stack([cv2.resize(p, (side, side), interpolation=how) for p in planes])


def sigmoid(v: np.ndarray) -> np.ndarray:
    """The logistic function."""
    return 1 / (1 + np.exp(-v.astype(np.float32)))


def other_greys(images: np.ndarray, seed: int) -> np.ndarray:
    """Images [n, side, side] uint8 as other scanners and settings would show them."""
    rng = np.random.default_rng(seed)
    return np.stack([(grey(rng, x.astype(np.float32) / 255) * 255).astype(np.uint8) for x in images])


def lessons(nets: Sequence[AttentionUNet], packed: Packed, fold: np.ndarray, side: int, seed: int = 0) -> Lessons:
    """Ask every fold network about the images that it has not seen, at an input of `side` px."""
    n = len(packed)
    plain = resized(packed.images, side)
    views = np.stack([plain, plain[:, :, ::-1], other_greys(plain, seed)])
    outside = np.zeros((n, side, side), np.float32)
    logits = np.zeros((VIEWS, n, side, side), np.float16)
    present = np.zeros(n, np.float32)
    for k, net in enumerate(nets):
        own = np.flatnonzero(fold == k)
        if not len(own):
            continue
        straight, present[own] = folds.run(net, plain[own])
        outside[own] = sigmoid(straight)
        logits[0, own], logits[1, own] = straight, folds.run(net, plain[own], mirror=True)[0][:, :, ::-1]
        logits[2, own] = folds.run(net, views[2][own])[0]

    kept = resized((outside * 255).round().astype(np.uint8), packed.images.shape[1])
    return Lessons(kept, views, logits, present, fold)
