"""Training of the error network on out-of-fold predictions: how far outlines lie from truths that were never seen.

It can be stopped at any moment: the same call goes on from the last checkpoint and ends with the same weights.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from . import checkpoint, losses
from .augment import Packed, boundary_distance, grey
from .checkpoint import TrainingError, save_atomic
from .data import Sample
from .letterbox import letterbox
from .measure import NEAR
from .network import ErrorNet
from .teach import Lessons
from .train import half_precision, rate_factor


@dataclass(frozen=True)
class ErrorRecipe:
    """How the error network is trained."""

    epochs: int = 12
    batch: int = 16
    rate: float = 2e-3
    decay: float = 0.02
    warm_up: int = 40
    ema: float = 0.995
    seed: int = 5


@dataclass(frozen=True)
class Item:
    """One image with its outline, changed at random; maps are [side, side], looks [2, side, side]."""

    image: np.ndarray
    looks: np.ndarray  # calibrated logits
    distance: np.ndarray  # input px, to the true boundary
    near: np.ndarray  # 1 at the predicted boundary where the truth is known
    wrong: np.ndarray  # 1 where the distance is an error worth finding
    dice: float
    native: float  # native px per input px


def native_per_input(samples: Sequence[Sample], side: int) -> np.ndarray:
    """Native pixels per pixel of a square input, of each sample [n]."""
    return np.array([letterbox(s.image.shape[0], s.image.shape[1], side, side).native_per_input for s in samples])


def dice(logits: np.ndarray, truth: np.ndarray) -> float:
    """Dice of the outline at logit 0 [h, w] with the truth [h, w] bool; 1 where both are empty."""
    m = logits > 0
    total = int(m.sum()) + int(truth.sum())
    return 1.0 if total == 0 else 2 * int((m & truth).sum()) / total


def change(
    image: np.ndarray, looks: np.ndarray, truth: np.ndarray, care: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Move image, looks [2, side, side], truth and care [side, side] alike, and change the image's grey values a little."""
    side = image.shape[0]
    m = cv2.getRotationMatrix2D((side / 2, side / 2), rng.uniform(-12, 12), float(np.exp(rng.uniform(-0.25, 0.25))))
    m[:, 2] += rng.uniform(-0.08, 0.08, 2) * side
    x: np.ndarray = cv2.warpAffine(image, m, (side, side)).astype(np.float32) / 255
    z = np.stack([cv2.warpAffine(y, m, (side, side), borderValue=-8.0) for y in looks])
    t = cv2.warpAffine(truth, m, (side, side))
    c = cv2.warpAffine(care, m, (side, side), borderValue=255)
    if rng.random() < 0.5:
        x, z, t, c = (a[..., ::-1] for a in (x, z, t, c))
    if rng.random() < 0.5:
        x = grey(rng, x)
    return x, z, t, c


class ErrorTrainer:
    """One run over lessons and their samples packed at the same side; `temperature` calibrates the fold networks' logits.

    native [n] tells of each sample how many native pixels an input pixel is: errors are judged in those. The run is over
    the `chosen` samples, ends with the averaged weights at `path`, and keeps its checkpoints in the folder beside it.
    """

    def __init__(
        self,
        lessons: Lessons,
        packed: Packed,
        native: np.ndarray,
        temperature: float,
        recipe: ErrorRecipe,
        chosen: np.ndarray,
        path: Path,
    ) -> None:
        self.lessons, self.packed, self.native, self.temperature = lessons, packed, native, temperature
        self.recipe, self.chosen, self.path, self.folder = recipe, chosen, path, path.with_suffix(".run")
        torch.manual_seed(recipe.seed)
        self.net = ErrorNet().to(memory_format=torch.channels_last)
        self.odds = losses.Odds()
        learned = [*self.net.parameters(), *self.odds.parameters()]
        self.optimizer = torch.optim.AdamW(learned, lr=recipe.rate, weight_decay=recipe.decay)
        self.average = {k: v.detach().clone() for k, v in self.net.state_dict().items()}
        self.per_epoch = max(1, len(chosen) // recipe.batch)
        self.steps = recipe.epochs * self.per_epoch
        self.step = 0
        self.bfloat16 = half_precision()
        self._take_up()

    def _own(self) -> dict[str, Any]:
        """What a checkpoint must agree with to be one of this run."""
        return {"recipe": asdict(self.recipe), "temperature": self.temperature, "images": len(self.chosen)}

    def _take_up(self) -> None:
        stored = checkpoint.read(self.folder)
        if stored is None:
            return
        state, said = stored
        if state.get("run") != self._own():
            raise TrainingError(f"{self.folder}: of another run of the error network; delete it, or choose another --run")
        checkpoint.fit(self.net, state["net"], self.folder)
        self.odds.load_state_dict(state["odds"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.step = state["average"], state["step"]
        if said:
            print(json.dumps({"error_step": self.step, "note": said}), flush=True)

    def save(self) -> None:
        """Write a checkpoint."""
        self.folder.mkdir(parents=True, exist_ok=True)
        state = {"net": self.net.state_dict(), "odds": self.odds.state_dict(), "optimizer": self.optimizer.state_dict()}
        checkpoint.write({**state, "average": self.average, "step": self.step, "run": self._own()}, self.folder)

    def _item(self, i: int, rng: np.random.Generator) -> Item:
        view = int(rng.integers(len(self.lessons.images)))
        image, truth, care = self.lessons.images[view, i], self.packed.masks[i], self.packed.cares[i]
        if view == 1:
            truth, care = np.ascontiguousarray(truth[:, ::-1]), np.ascontiguousarray(care[:, ::-1])
        looks = self.lessons.looks[view, i].astype(np.float32) / self.temperature
        x, looks, t, c = change(image, looks, truth, care, rng)
        z = looks.mean(0)
        inside = t > 127
        near = losses.predicted_boundary(torch.from_numpy(z.copy())[None, None])[0, 0].numpy()
        near = near * (c > 127) * float(inside.any())
        distance = boundary_distance(t.astype(np.float32) / 255)
        wrong = distance > NEAR * 2 * np.sqrt(inside.sum() / np.pi)
        return Item(x, looks, distance, near, wrong, dice(z, inside), float(self.native[i]))

    def batch(self, step: int) -> list[Item]:
        """What belongs to a step."""
        epoch, at = divmod(step, self.per_epoch)
        order = np.random.default_rng([self.recipe.seed, epoch]).permutation(self.chosen)
        rng = np.random.default_rng([self.recipe.seed, epoch, at])
        return [self._item(int(i), rng) for i in order[at * self.recipe.batch : (at + 1) * self.recipe.batch]]

    def advance(self) -> float:
        """Do one step; returns its loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.rate * rate_factor(self.step, self.steps, self.recipe.warm_up)
        items = self.batch(self.step)
        x, distance, near, wrong = (
            torch.from_numpy(np.stack([getattr(m, k) for m in items])[:, None].astype(np.float32))
            for k in ("image", "distance", "near", "wrong")
        )
        looks = torch.from_numpy(np.stack([m.looks for m in items]))
        score, native = (torch.tensor([getattr(m, k) for m in items], dtype=torch.float32) for k in ("dice", "native"))
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.step)  # dropout repeats after a stop
        self.net.train()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bfloat16):
            outputs = self.net(x.contiguous(memory_format=torch.channels_last), looks)
        loss = losses.error(outputs, distance, wrong, near, score, native, self.odds)
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)
        self.optimizer.step()
        self._follow()
        self.step += 1
        return loss.item()

    @torch.no_grad()
    def _follow(self) -> None:
        """Move the average towards the weights, faster at first."""
        keep = min(self.recipe.ema, (1 + self.step) / (10 + self.step))
        for key, value in self.net.state_dict().items():
            if value.is_floating_point():
                self.average[key].lerp_(value, 1 - keep)
            else:
                self.average[key].copy_(value)

    def run(self, save_every: int = 50) -> ErrorNet:
        """Train to the end, write the averaged weights, and return the network in evaluation mode."""
        seen: list[float] = []
        while self.step < self.steps:
            seen.append(self.advance())
            if self.step % save_every == 0 or self.step == self.steps:
                print(
                    json.dumps({"error_step": self.step, "of": self.steps, "loss": round(float(np.mean(seen)), 4)}),
                    flush=True,
                )
                seen = []
                self.save()
        save_atomic(self.average, self.path)
        return load(self.path)


def load(path: Path) -> ErrorNet:
    """An error network in evaluation mode from its averaged weights."""
    net = ErrorNet()
    checkpoint.fit(net, checkpoint.load(path), path)
    return net.eval()
