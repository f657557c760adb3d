"""Training with checkpoints after which it goes on exactly as if it had never stopped."""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from . import losses
from .augment import augment, boundary_distance, pack
from .data import Sample
from .network import AttentionUNet


@dataclass(frozen=True)
class Recipe:
    """What a run does; two runs with the same recipe, data and thread count give the same weights."""

    epochs: int = 9
    batch: int = 16
    side: int = 192  # px, of the later steps
    first_side: int = 128  # px, of the earlier steps: cheaper, and enough to find the lesion
    first_part: float = 0.5  # of all steps
    encoder_rate: float = 5e-4
    rate: float = 1.5e-3
    decay: float = 0.02
    warm_up: int = 60  # steps
    ema: float = 0.99
    seed: int = 1
    pretrained: bool = True
    bfloat16: bool = True


def rate_factor(step: int, steps: int, warm_up: int) -> float:
    """Linear warm-up, then a cosine down to one per cent."""
    return min(1.0, (step + 1) / warm_up) * (0.01 + 0.99 * (1 + math.cos(math.pi * step / steps)) / 2)


def save_atomic(value: Any, path: Path) -> None:
    """Write with torch.save so that path never holds half a file."""
    tmp = path.with_suffix(".tmp")
    torch.save(value, tmp)
    os.replace(tmp, path)


class Trainer:
    """One run in a folder: `checkpoint.pt` (all that is needed to go on), `ema.pt` (averaged weights), recipe and log."""

    def __init__(self, samples: Sequence[Sample], recipe: Recipe, folder: Path) -> None:
        self.recipe, self.folder = recipe, folder
        folder.mkdir(parents=True, exist_ok=True)
        self._keep_recipe()
        torch.manual_seed(recipe.seed)
        self.images, self.masks = pack(samples, recipe.side)
        self.net = AttentionUNet(recipe.pretrained).to(memory_format=torch.channels_last)
        encoder = list(self.net.encoder.parameters())
        known = {id(p) for p in encoder}
        rest = [p for p in self.net.parameters() if id(p) not in known]
        self.optimizer = torch.optim.AdamW(
            [{"params": encoder, "base": recipe.encoder_rate}, {"params": rest, "base": recipe.rate}],
            weight_decay=recipe.decay,
        )
        self.average = {k: v.detach().clone() for k, v in self.net.state_dict().items()}
        self.per_epoch = max(1, len(samples) // recipe.batch)
        self.steps = recipe.epochs * self.per_epoch
        self.step = 0
        if (folder / "checkpoint.pt").exists():
            self._resume()

    def _keep_recipe(self) -> None:
        """Write the recipe beside the run; a folder of another recipe is refused, not mixed with this one."""
        path, text = self.folder / "recipe.json", json.dumps(asdict(self.recipe), indent=2)
        if path.exists() and path.read_text() != text:
            raise ValueError(f"{path}: this folder holds a run of another recipe; choose another --out or delete it")
        path.write_text(text)

    def _resume(self) -> None:
        state = torch.load(self.folder / "checkpoint.pt", weights_only=True)
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.average, self.step = state["average"], state["step"]

    def save(self) -> None:
        """Write checkpoint and averaged weights, each atomically."""
        state = {"net": self.net.state_dict(), "optimizer": self.optimizer.state_dict()}
        save_atomic({**state, "average": self.average, "step": self.step}, self.folder / "checkpoint.pt")
        save_atomic(self.average, self.folder / "ema.pt")

    def batch(self, step: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Images, soft masks and distances to the true boundary, each [n, 1, side, side], that belong to a step."""
        epoch, at = divmod(step, self.per_epoch)
        order = np.random.default_rng([self.recipe.seed, epoch]).permutation(len(self.images))
        rng = np.random.default_rng([self.recipe.seed, epoch, at])
        side = self.recipe.first_side if step < self.recipe.first_part * self.steps else self.recipe.side
        chosen = order[at * self.recipe.batch : (at + 1) * self.recipe.batch]
        pairs = [augment(self.images[i], self.masks[i], side, rng) for i in chosen]
        x, y = (np.stack(part)[:, None] for part in zip(*pairs, strict=True))
        d = np.stack([boundary_distance(mask[0]) for mask in y])[:, None]
        return torch.from_numpy(x), torch.from_numpy(y), torch.from_numpy(d)

    def advance(self) -> float:
        """Do one step; returns its loss."""
        factor = rate_factor(self.step, self.steps, self.recipe.warm_up)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * factor
        x, y, d = self.batch(self.step)
        self.net.train()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.recipe.bfloat16):
            outputs = self.net(x.contiguous(memory_format=torch.channels_last))
        loss = losses.total(outputs, y, d)
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

    def run(self, save_every: int = 20) -> None:
        """Train to the end of the recipe, with a line in the log and a checkpoint every save_every steps."""
        started, seen = time.time(), []
        while self.step < self.steps:
            seen.append(self.advance())
            if self.step % save_every == 0 or self.step == self.steps:
                self.save()
                line = {"step": self.step, "of": self.steps, "loss": round(float(np.mean(seen)), 4)}
                line["seconds"] = round(time.time() - started)
                with (self.folder / "log.jsonl").open("a") as f:
                    f.write(json.dumps(line) + "\n")
                print(json.dumps(line), flush=True)
                seen = []


def limit_threads(count: int) -> None:
    """Use this many threads for the network; image changes are too small to share among threads."""
    torch.set_num_threads(count)
    cv2.setNumThreads(1)
