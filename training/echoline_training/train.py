"""Training of the outline network, with checkpoints after which it goes on exactly as if it had never stopped."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from . import clicks, losses
from .augment import Packed, augment
from .data import Sample
from .network import AttentionUNet

Batch = dict[str, torch.Tensor]


class TrainingError(ValueError):
    """A run cannot begin or go on; the message says why and what to do."""


@dataclass(frozen=True)
class Recipe:
    """What a run does; two runs with the same recipe, data and thread count give the same weights."""

    epochs: int = 20
    batch: int = 16
    sides: tuple[int, ...] = (160, 224)  # px, of the earlier and the later steps
    first_part: float = 0.6  # of all steps, at the first side: cheaper, and enough to find the lesion
    encoder_rate: float = 5e-4
    rate: float = 1.5e-3
    decay: float = 0.02
    warm_up: int = 60  # steps
    ema: float = 0.995
    seed: int = 1
    pretrained: bool = True
    guided: float = 0.0  # share of images with guidance
    teacher: float = 0.0  # share of the target that comes from teachers
    repeat_normal: float = 2.0  # how often an epoch shows images without lesion
    repeat_busi: float = 1.5  # how often it shows lesions of the smaller, harder set


def rate_factor(step: int, steps: int, warm_up: int) -> float:
    """Linear warm-up, then a cosine down to one per cent."""
    return min(1.0, (step + 1) / warm_up) * (0.01 + 0.99 * (1 + math.cos(math.pi * step / steps)) / 2)


def repeats(samples: Sequence[Sample], recipe: Recipe) -> np.ndarray:
    """How often an epoch shows each sample [n], on average."""

    def often(s: Sample) -> float:
        if s.row.lesion_px == 0:
            return recipe.repeat_normal
        return recipe.repeat_busi if s.row.set == "busi" else 1.0

    return np.array([often(s) for s in samples])


def save_atomic(value: Any, path: Path) -> None:
    """Write with torch.save so that path never holds half a file, whatever happens."""
    tmp = path.with_suffix(".tmp")
    with tmp.open("wb") as f:
        torch.save(value, f)
        f.flush()
        os.fsync(f.fileno())
    os.replace(tmp, path)


def half_precision() -> bool:
    """Whether this machine computes bfloat16 in hardware."""
    return torch.cuda.is_available() or bool(torch.cpu._is_avx512_bf16_supported())


def limit_threads(count: int) -> None:
    """Use this many threads for the network; image changes are too small to share among threads."""
    torch.set_num_threads(count)
    cv2.setNumThreads(1)


class Trainer:
    """One run in a folder: `checkpoint.pt` (all that is needed to go on), `ema.pt` (averaged weights), recipe and log.

    teachers, if given, are uint8 [n, side, side]: the mean probability of other networks, which the target leans on;
    outside are those of networks that did not see the image in training: what the simulated reader corrects.
    """

    def __init__(
        self,
        packed: Packed,
        often: np.ndarray,
        recipe: Recipe,
        folder: Path,
        teachers: np.ndarray | None = None,
        outside: np.ndarray | None = None,
        start: Path | None = None,
        check: Callable[[AttentionUNet], dict[str, float]] | None = None,
    ) -> None:
        self.packed, self.often, self.recipe, self.folder = packed, often, recipe, folder
        self.teachers, self.outside, self.check = teachers, outside, check
        folder.mkdir(parents=True, exist_ok=True)
        self._keep_recipe()
        torch.manual_seed(recipe.seed)
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.net = AttentionUNet(recipe.pretrained).to(self.device, memory_format=torch.channels_last)
        if start is not None:
            self.net.load_state_dict(torch.load(start, weights_only=True, map_location=self.device))
        encoder = list(self.net.encoder.parameters())
        known = {id(p) for p in encoder}
        rest = [p for p in self.net.parameters() if id(p) not in known]
        self.optimizer = torch.optim.AdamW(
            [{"params": encoder, "base": recipe.encoder_rate}, {"params": rest, "base": recipe.rate}],
            weight_decay=recipe.decay,
        )
        self.average = {k: v.detach().clone() for k, v in self.net.state_dict().items()}
        self.per_epoch = max(1, int(often.sum()) // recipe.batch)
        self.steps = recipe.epochs * self.per_epoch
        self.step = 0
        if (folder / "checkpoint.pt").exists():
            self._resume()

    def _keep_recipe(self) -> None:
        """Write the recipe beside the run; a folder of another recipe is refused, not mixed with this one."""
        path, text = self.folder / "recipe.json", json.dumps(asdict(self.recipe), indent=2)
        if path.exists() and path.read_text() != text:
            raise TrainingError(f"{path}: this folder holds a run of another recipe; choose another --out or delete it")
        path.write_text(text)

    def _resume(self) -> None:
        path = self.folder / "checkpoint.pt"
        try:
            state = torch.load(path, weights_only=True, map_location=self.device)
            self.net.load_state_dict(state["net"])
            self.optimizer.load_state_dict(state["optimizer"])
        except (RuntimeError, KeyError, ValueError) as e:
            raise TrainingError(f"{path}: not a checkpoint of this network ({e}); choose another --out or delete it") from e
        self.average, self.step = state["average"], state["step"]

    def save(self) -> None:
        """Write checkpoint and averaged weights, each atomically."""
        state = {"net": self.net.state_dict(), "optimizer": self.optimizer.state_dict()}
        save_atomic({**state, "average": self.average, "step": self.step}, self.folder / "checkpoint.pt")
        save_atomic(self.average, self.folder / "ema.pt")

    def order(self, epoch: int) -> np.ndarray:
        """The samples of an epoch in random order, each as often as it should be shown."""
        rng = np.random.default_rng([self.recipe.seed, epoch])
        counts = np.floor(self.often + rng.random(len(self.often))).astype(int)
        shown = rng.permutation(np.repeat(np.arange(len(self.often)), counts))
        return np.resize(shown, self.per_epoch * self.recipe.batch)

    def side(self, step: int) -> int:
        """The side (px) of a step's images."""
        return self.recipe.sides[0 if step < self.recipe.first_part * self.steps else -1]

    def batch(self, step: int) -> Batch:
        """What belongs to a step: maps [n, c, side, side] and flags [n]."""
        epoch, at = divmod(step, self.per_epoch)
        chosen = self.order(epoch)[at * self.recipe.batch : (at + 1) * self.recipe.batch]
        rng = np.random.default_rng([self.recipe.seed, epoch, at])
        items = [self._item(i, self.side(step), rng) for i in chosen]
        maps = {k: torch.from_numpy(np.stack([m[k] for m in items])) for k in ("image", "target", "care", "guidance")}
        flags = {k: torch.tensor([m[k] for m in items], dtype=torch.float32) for k in ("lesion", "automatic")}
        weights = torch.tensor(self.packed.weights[chosen], dtype=torch.float32)
        return {k: v.to(self.device) for k, v in {**maps, **flags, "weights": weights}.items()}

    def _item(self, i: int, side: int, rng: np.random.Generator) -> dict[str, Any]:
        """One image, changed at random, with its target and its guidance."""
        planes = [self.packed.images[i], self.packed.masks[i], self.packed.cares[i]]
        planes += [p[i] for p in (self.teachers, self.outside) if p is not None]
        image, mask, care, *more = augment(planes, side, rng)
        truth = mask >= 0.5
        target = mask
        if self.teachers is not None:
            target = (1 - self.recipe.teacher) * mask + self.recipe.teacher * more[0]
        guidance = np.zeros((len(clicks.CHANNELS), side, side), np.float32)
        automatic = rng.random() >= self.recipe.guided or not truth.any()
        if not automatic:
            guidance = clicks.simulate(truth, self._so_far(truth, more[-1] if self.outside is not None else None, rng), rng)
            target = mask  # the reader is right
        return {
            "image": image[None], "target": target[None], "care": (care >= 0.5).astype(np.float32)[None],
            "guidance": guidance, "lesion": float(truth.any()), "automatic": float(automatic),
        }  # fmt: skip

    @staticmethod
    def _so_far(truth: np.ndarray, outside: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
        """The mask that a simulated reader begins with: a real prediction, a perturbed truth, or nothing."""
        draw = rng.random()
        if draw < 0.15:
            return np.zeros_like(truth)
        if outside is None or draw < 0.45:
            return clicks.perturb(truth, rng)
        return outside >= rng.uniform(0.35, 0.65)

    def advance(self) -> float:
        """Do one step; returns its loss."""
        factor = rate_factor(self.step, self.steps, self.recipe.warm_up)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * factor
        b = self.batch(self.step)
        torch.manual_seed(self.recipe.seed * 1_000_003 + self.step)  # dropout repeats after a stop
        self.net.train()
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=half_precision()):
            outputs = self.net(b["image"].contiguous(memory_format=torch.channels_last), b["guidance"])
        loss = losses.outline(outputs, b["target"], b["care"], b["lesion"], b["weights"], b["automatic"])
        if not torch.isfinite(loss):
            raise TrainingError(
                f"{self.folder}: the loss is no number at step {self.step}; the last checkpoint is kept. "
                "Lower --rate, or look at the data of that step"
            )
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

    def averaged(self) -> AttentionUNet:
        """The network with averaged weights, in evaluation mode."""
        net = AttentionUNet(pretrained=False).to(self.device, memory_format=torch.channels_last)
        net.load_state_dict(self.average)
        return net.eval()

    def run(self, save_every: int = 50) -> None:
        """Train to the end of the recipe, with a line in the log and a checkpoint every save_every steps."""
        started, seen = time.time(), []
        while self.step < self.steps:
            seen.append(self.advance())
            if self.step % save_every == 0 or self.step == self.steps:
                self.save()
                line: dict[str, Any] = {"step": self.step, "of": self.steps, "loss": round(float(np.mean(seen)), 4)}
                line["seconds"] = round(time.time() - started)
                self._log(line)
                seen = []
            if self.check and (self.step % (2 * self.per_epoch) == 0 or self.step == self.steps):
                self._log({"step": self.step, **self.check(self.averaged())})

    def _log(self, line: dict[str, Any]) -> None:
        with (self.folder / "log.jsonl").open("a") as f:
            f.write(json.dumps(line) + "\n")
        print(json.dumps(line), flush=True)
