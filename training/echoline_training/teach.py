"""What the fold networks say of the training images that they have not seen: honest doubts and errors to learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from . import durable, folds
from .augment import Packed, grey
from .network import AttentionUNet

LOOKS = 2  # of an outline network at an image
VIEWS = 3  # of each image, for the error network: as it is, mirrored, with other grey values


@dataclass(frozen=True)
class Lessons:
    """What is said of n packed images by the one fold network that did not see the image in training.

    Images are uint8 [VIEWS, n, side, side], looks their logits, float16 [VIEWS, n, LOOKS, side, side].
    """

    images: np.ndarray
    looks: np.ndarray
    present: np.ndarray  # [n] logits
    fold: np.ndarray  # [n]

    def save(self, path: Path) -> None:
        """Write atomically."""
        save(path, **self.__dict__)

    @staticmethod
    def load(path: Path) -> Lessons:
        """Read what save wrote."""
        return Lessons(**load(path))


def save(path: Path, **arrays: np.ndarray) -> None:
    """Write arrays by name to an .npz file, atomically."""
    durable.write_by(path, lambda f: np.savez(f, **arrays))  # type: ignore[arg-type] # its types take the names for options


def load(path: Path) -> dict[str, np.ndarray]:
    """Read what save wrote."""
    with np.load(path) as f:
        return dict(f)


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


def asked(
    nets: Sequence[AttentionUNet], images: np.ndarray, fold: np.ndarray, mirror: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The looks [n, LOOKS, side, side] and presence logits [n] of every image by the network that has not seen it."""
    looks = np.zeros((len(images), LOOKS, *images.shape[1:]), np.float16)
    present = np.zeros(len(images), np.float32)
    for k, net in enumerate(nets):
        own = np.flatnonzero(fold == k)
        if len(own):
            looks[own], present[own] = folds.run(net, images[own], mirror)
    return looks, present


def outside(nets: Sequence[AttentionUNet], packed: Packed, fold: np.ndarray, side: int) -> np.ndarray:
    """Probabilities uint8 [n, s, s], at the packed side, by the fold networks that did not see the image, at `side` px."""
    said = sigmoid(folds.outlined(asked(nets, resized(packed.images, side), fold)[0]))
    return resized((said * 255).round().astype(np.uint8), packed.images.shape[1])


def lessons(nets: Sequence[AttentionUNet], packed: Packed, fold: np.ndarray, side: int, seed: int = 0) -> Lessons:
    """Ask every fold network about the images that it has not seen, at an input of `side` px."""
    plain = resized(packed.images, side)
    other = other_greys(plain, seed)
    straight, present = asked(nets, plain, fold)
    looks = [straight, asked(nets, plain, fold, mirror=True)[0][..., ::-1], asked(nets, other, fold)[0]]
    return Lessons(np.stack([plain, plain[:, :, ::-1], other]), np.stack(looks), present, fold)
