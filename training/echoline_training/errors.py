"""Training of the error network on out-of-fold predictions: how far outlines lie from truths that were never seen."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from . import losses
from .augment import Packed, boundary_distance, grey
from .checkpoint import save_atomic
from .network import ErrorNet
from .teach import Lessons
from .train import rate_factor


@dataclass(frozen=True)
class ErrorRecipe:
    """How the error network is trained."""

    epochs: int = 8
    batch: int = 16
    rate: float = 2e-3
    decay: float = 0.02
    warm_up: int = 40
    ema: float = 0.99
    seed: int = 5


def dice(logits: np.ndarray, truth: np.ndarray) -> float:
    """Dice of the outline at logit 0 [h, w] with the truth [h, w] bool; 1 where both are empty."""
    m = logits > 0
    total = int(m.sum()) + int(truth.sum())
    return 1.0 if total == 0 else 2 * int((m & truth).sum()) / total


def change(
    image: np.ndarray, logits: np.ndarray, truth: np.ndarray, care: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Move image, logits, truth and care [side, side] alike, and change the image's grey values a little."""
    side = image.shape[0]
    m = cv2.getRotationMatrix2D((side / 2, side / 2), rng.uniform(-12, 12), float(np.exp(rng.uniform(-0.25, 0.25))))
    m[:, 2] += rng.uniform(-0.08, 0.08, 2) * side
    x: np.ndarray = cv2.warpAffine(image, m, (side, side)).astype(np.float32) / 255
    z = cv2.warpAffine(logits, m, (side, side), borderValue=-8.0)
    t = cv2.warpAffine(truth, m, (side, side))
    c = cv2.warpAffine(care, m, (side, side), borderValue=255)
    if rng.random() < 0.5:
        x, z, t, c = (a[:, ::-1] for a in (x, z, t, c))
    if rng.random() < 0.5:
        x = grey(rng, x)
    return x, z, t, c


class ErrorTrainer:
    """One run over lessons and their samples packed at the same side; `temperature` calibrates the fold networks' logits."""

    def __init__(
        self, lessons: Lessons, packed: Packed, temperature: float, recipe: ErrorRecipe, chosen: np.ndarray
    ) -> None:
        self.lessons, self.packed, self.temperature = lessons, packed, temperature
        self.recipe, self.chosen = recipe, chosen
        torch.manual_seed(recipe.seed)
        self.net = ErrorNet().to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(self.net.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
        self.average = {k: v.detach().clone() for k, v in self.net.state_dict().items()}

    def _item(self, i: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, float]:
        view = int(rng.integers(len(self.lessons.images)))
        image, truth, care = self.lessons.images[view, i], self.packed.masks[i], self.packed.cares[i]
        if view == 1:
            truth, care = np.ascontiguousarray(truth[:, ::-1]), np.ascontiguousarray(care[:, ::-1])
        logits = self.lessons.logits[view, i].astype(np.float32) / self.temperature
        x, z, t, c = change(image, logits, truth, care, rng)
        inside = t > 127
        near = losses.predicted_boundary(torch.from_numpy(z.copy())[None, None])[0, 0].numpy()
        near = near * (c > 127) * float(inside.any())
        return x, z, boundary_distance(t.astype(np.float32) / 255), near, dice(z, inside)

    def step(self, step: int, steps: int, chosen: np.ndarray, rng: np.random.Generator) -> float:
        """One step on some images; returns its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.rate * rate_factor(step, steps, self.recipe.warm_up)
        items = [self._item(int(i), rng) for i in chosen]
        x, z, d, near = (torch.from_numpy(np.stack([m[k] for m in items])[:, None].astype(np.float32)) for k in range(4))
        scores = torch.tensor([m[4] for m in items], dtype=torch.float32)
        self.net.train()
        loss = losses.error(self.net(x.contiguous(memory_format=torch.channels_last), z), d, near, scores)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        self.optimizer.step()
        keep = min(self.recipe.ema, (1 + step) / (10 + step))
        with torch.no_grad():
            for key, value in self.net.state_dict().items():
                if value.is_floating_point():
                    self.average[key].lerp_(value, 1 - keep)
                else:
                    self.average[key].copy_(value)
        return loss.item()

    def run(self, path: Path) -> ErrorNet:
        """Train, write the averaged weights, and return the network in evaluation mode."""
        r = self.recipe
        per_epoch = max(1, len(self.chosen) // r.batch)
        for epoch in range(r.epochs):
            rng = np.random.default_rng([r.seed, epoch])
            order = rng.permutation(self.chosen)
            seen = [
                self.step(epoch * per_epoch + k, r.epochs * per_epoch, order[k * r.batch : (k + 1) * r.batch], rng)
                for k in range(per_epoch)
            ]
            print(json.dumps({"error_epoch": epoch, "loss": round(float(np.mean(seen)), 4)}), flush=True)
        save_atomic(self.average, path)
        return load(path)


def load(path: Path) -> ErrorNet:
    """An error network in evaluation mode from its averaged weights."""
    net = ErrorNet()
    net.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    return net.eval()
