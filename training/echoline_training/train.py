"""Training of the outline network, with checkpoints after which it goes on exactly as if it had never stopped.

In several processes (see `ranks`) every rank computes its share of each batch. Losses are taken over the whole batch and
gradients added up, so the result is that of one process, but for two things: batch normalization sees a rank's share only
(its running means and variances are averaged), and dropout draws other channels.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from . import checkpoint, clicks, durable, export, losses, page, ranks, runs, stop, watch
from .augment import Packed, augment
from .checkpoint import TrainingError, save_atomic
from .data import Sample
from .network import AttentionUNet

Batch = dict[str, torch.Tensor]

MASKLESS = 0.35  # how often guidance comes without the mask so far, so that gestures are learned to count for more
NEAR_GESTURE = 2.0  # how much more pixels beside a gesture count

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # of glibc's malloc.h
KEPT = 2**31 - 1  # bytes that may lie free


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
    guided: bool = False  # the corrector learns, from guided images; all else of the network stays as it is
    dice: float = 1.0  # weight of Dice in the loss, that of cross entropy being 1
    doubt: float = 0.0  # share of the target that comes from networks that did not see the image
    repeat_normal: float = 2.0  # how often an epoch shows images without lesion
    repeat_busi: float = 1.5  # how often it shows lesions of the smaller, harder set
    patience: int = 5  # checks on val without progress until it is called a plateau
    stop_early: bool = False  # at a plateau or when overfitting, with the best weights in ema.pt


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


def half_precision() -> bool:
    """Whether this machine computes bfloat16 in hardware."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported())


def limit_threads(count: int) -> None:
    """Use this many threads for the network; image changes are too small to share among threads."""
    torch.set_num_threads(count)
    cv2.setNumThreads(1)


def keep_memory() -> None:
    """Let the C library keep the memory that a step frees: the next step asks for as much again.

    glibc gives large blocks back to the system, which hands them out anew page by page. Keeping them made a step on two
    cores a quarter faster. Other C libraries are left as they are.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(M_MMAP_MAX, 0)
    mallopt(M_TRIM_THRESHOLD, KEPT)


def weights(path: Path) -> Mapping[str, torch.Tensor]:
    """The outline network's weights in a run's file or in a model file."""
    return export.weights(path) if path.suffix == ".onnx" else checkpoint.load(path)


class Trainer:
    """One run in a folder (see `runs` for its files); a folder that holds a part of this run is gone on with.

    outside, if given, are uint8 [n, side, side]: the probabilities of networks that did not see the image in training. The
    target leans on them as far as the recipe says, so that the network doubts where such networks err, and simulated
    readers correct them.
    check measures the averaged network on val, on the main rank only; its numbers named `val_...` are better the larger
    they are. about is written into run.json and onto the page: what the caller knows of the data.
    """

    def __init__(
        self,
        packed: Packed,
        often: np.ndarray,
        recipe: Recipe,
        folder: Path,
        outside: np.ndarray | None = None,
        start: Path | None = None,
        check: Callable[[AttentionUNet], dict[str, float]] | None = None,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.packed, self.often, self.recipe, self.folder = packed, often, recipe, folder
        self.outside, self.check = outside, check
        self.ranks = ranks.join()
        self.device, self.bfloat16 = self.ranks.device, half_precision()
        if recipe.batch % self.ranks.count:
            raise TrainingError(
                f"a batch of {recipe.batch} does not split evenly into {self.ranks.count} processes; "
                "choose another number of processes or another batch"
            )
        if self.ranks.main:
            folder.mkdir(parents=True, exist_ok=True)
            runs.keep_recipe(folder, asdict(recipe))
        torch.manual_seed(recipe.seed)
        self.net = AttentionUNet(recipe.pretrained).to(self.device).to(memory_format=torch.channels_last)
        self.optimizer = self._optimizer()
        self.per_epoch = max(1, int(often.sum()) // recipe.batch)
        self.steps = recipe.epochs * self.per_epoch
        self.step = 0
        self.average = {k: v.detach().clone() for k, v in self.net.state_dict().items()}
        self._begin(start, dict(about or {}))

    def _optimizer(self) -> torch.optim.Optimizer:
        encoder, corrector = list(self.net.encoder.parameters()), list(self.net.corrector.parameters())
        if self.recipe.guided:
            return torch.optim.AdamW([{"params": corrector, "base": self.recipe.rate}], weight_decay=self.recipe.decay)
        known = {id(p) for p in (*encoder, *corrector)}
        rest = [p for p in self.net.parameters() if id(p) not in known]
        return torch.optim.AdamW(
            [{"params": encoder, "base": self.recipe.encoder_rate}, {"params": rest, "base": self.recipe.rate}],
            weight_decay=self.recipe.decay,
        )

    def _begin(self, start: Path | None, about: dict[str, Any]) -> None:
        """Take up the checkpoint, or begin; all ranks with what the main one found."""
        stored = checkpoint.read(self.folder) if self.ranks.main else None
        state, said = self.ranks.share(stored or (None, ""))
        if state is not None:
            self._take_up(state)
        else:
            first = weights(start) if start is not None and self.ranks.main else self.net.state_dict()
            checkpoint.fit(self.net, self.ranks.share(first), start or self.folder)
            self.average = {k: v.detach().clone() for k, v in self.net.state_dict().items()}
        own = runs.data_hash(
            self.packed.images, self.packed.masks, self.packed.cares, self.packed.weights, self.often, self.outside,
        )  # fmt: skip
        if self.ranks.share(own) != own:
            raise TrainingError(f"process {self.ranks.rank} has other data than the main one; give all the same data")
        if not self.ranks.main:
            return
        data = {"sha256": own, "images": len(self.packed), "side": self.packed.images.shape[1]}
        session = {"step": self.step, "code": runs.code()}
        session["environment"] = runs.environment(self.device, self.bfloat16, self.ranks.count)
        facts = {"seed": self.recipe.seed, "about": about}
        if start is not None and state is None:
            facts["start sha256"] = runs.file_hash(start)
        runs.begin_session(self.folder, data, facts, session)
        runs.rewind_log(self.folder, self.step)
        if said:
            self._log({"step": self.step, "note": said})

    def _take_up(self, state: checkpoint.State) -> None:
        where = self.folder / checkpoint.NEWEST
        checkpoint.fit(self.net, state["net"], where)
        if state["step"] > self.steps:
            raise TrainingError(f"{where}: step {state['step']} of a run that has {self.steps}; choose another --run")
        try:
            self.optimizer.load_state_dict(state["optimizer"])
        except (KeyError, ValueError) as e:
            raise TrainingError(f"{where}: not a checkpoint of this training ({e}); choose another --run") from e
        self.average = {k: v.to(self.device) for k, v in state["average"].items()}
        self.step = state["step"]

    def save(self) -> None:
        """Write averaged weights and checkpoint, each atomically; weights that are no numbers are not kept."""
        for weights in (self.net.state_dict(), self.average):
            name = watch.broken(weights)
            if name is not None:
                raise self._refusal(f"the weights {name} are no numbers any more")
        if not self.ranks.main:
            return
        state = {"net": self.net.state_dict(), "optimizer": self.optimizer.state_dict()}
        with self._writing():
            save_atomic(self.average, self.folder / "ema.pt")
            checkpoint.write({**state, "average": self.average, "step": self.step}, self.folder)

    def _refusal(self, what: str) -> TrainingError:
        return TrainingError(
            f"{what} at step {self.step}; {self.folder} keeps the last good checkpoint. Begin another run with lower rates; "
            f"it may start from {self.folder / 'ema.pt'}"
        )

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """Tell what to do when the disk is full or the folder gone."""
        try:
            yield
        except OSError as e:
            raise TrainingError(
                f"{self.folder}: cannot be written ({e.strerror or e}). Make room there and start the same command again: "
                "it goes on from the last checkpoint"
            ) from e

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
        """What belongs to a step, this rank's share of it: maps [n, c, side, side] and flags [n]."""
        epoch, at = divmod(step, self.per_epoch)
        share = self.recipe.batch // self.ranks.count
        places = range(self.ranks.rank * share, (self.ranks.rank + 1) * share)
        chosen = self.order(epoch)[at * self.recipe.batch + np.array(places)]
        seeds = [[self.recipe.seed, epoch, at, place] for place in places]  # the same whoever computes it
        side = self.side(step)
        items = [self._item(i, side, np.random.default_rng(seed)) for i, seed in zip(chosen, seeds, strict=True)]
        maps = {k: torch.from_numpy(np.stack([m[k] for m in items])) for k in ("image", "target", "care", "guidance")}
        flags = {k: torch.tensor([m[k] for m in items], dtype=torch.float32) for k in ("lesion", "automatic")}
        weights = torch.tensor(self.packed.weights[chosen], dtype=torch.float32)
        return {k: v.to(self.device) for k, v in {**maps, **flags, "weights": weights}.items()}

    def _item(self, i: int, side: int, rng: np.random.Generator) -> dict[str, Any]:
        """One image, changed at random, with its target and its guidance."""
        planes = [self.packed.images[i], self.packed.masks[i], 255 - self.packed.cares[i]]
        if self.outside is not None:
            planes.append(self.outside[i])
        image, mask, unknown, *outside = augment(planes, side, rng)
        truth = mask >= 0.5
        target = (1 - self.recipe.doubt) * mask + self.recipe.doubt * outside[0] if outside else mask
        guidance = np.zeros((len(clicks.CHANNELS), side, side), np.float32)
        automatic = not self.recipe.guided or not truth.any()
        if not automatic:
            guidance = clicks.simulate(truth, self._so_far(truth, outside[0] if outside else None, rng), rng)
            if guidance[1:].any():
                guidance[0] *= rng.random() >= MASKLESS
            automatic = not guidance.any()  # there was nothing to point out, and no mask
            if not automatic:
                target = mask  # the reader is right
        care = (unknown <= 0.5).astype(np.float32) * (1 + NEAR_GESTURE * clicks.importance(guidance))
        return {
            "image": image[None], "target": target[None], "care": care.astype(np.float32)[None],
            "guidance": guidance, "lesion": float(truth.any()), "automatic": float(automatic),
        }  # fmt: skip

    @staticmethod
    def _so_far(truth: np.ndarray, outside: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
        """The mask that a simulated reader begins with: a real prediction, a perturbed truth, one elsewhere, or nothing."""
        draw = rng.random()
        if draw < 0.15:
            return np.zeros_like(truth)
        if draw < 0.35:
            return clicks.elsewhere(truth, rng)
        if outside is None or draw < 0.55:
            return clicks.perturb(truth, rng)
        return outside >= rng.uniform(0.35, 0.65)

    def advance(self) -> float:
        """Do one step; returns its loss. A step whose loss or gradient is no number changes no weight."""
        factor = rate_factor(self.step, self.steps, self.recipe.warm_up)
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * factor
        b = self.batch(self.step)
        # Dropout repeats after a stop, and differs between ranks.
        torch.manual_seed((self.recipe.seed * 1_000_003 + self.step) * self.ranks.count + self.ranks.rank)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16):
            outputs = self._outputs(b["image"].contiguous(memory_format=torch.channels_last), b["guidance"])
        loss = self._loss(outputs, b)
        if not torch.isfinite(loss):
            raise self._refusal("the loss is no number")
        self.optimizer.zero_grad()
        loss.backward()
        self._add_up()
        if not torch.isfinite(torch.nn.utils.clip_grad_norm_(self.net.parameters(), 2.0)):
            raise self._refusal("the gradient is no number")
        self.optimizer.step()
        self._follow()
        self.step += 1
        return loss.item()

    def _outputs(self, image: torch.Tensor, guidance: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits and presence from the part of the network that learns."""
        if not self.recipe.guided:
            return self.net.train().automatic(image)[1:]
        with torch.no_grad():
            maps, present = self.net.eval().encoded(image)
        return self.net.corrector.train()(image, guidance, maps), present

    def _loss(self, outputs: tuple[torch.Tensor, torch.Tensor], b: Batch) -> torch.Tensor:
        """The loss of the whole batch, the same on all ranks, of which this rank's share has a gradient."""
        logits, present = (y.float() for y in outputs)
        maps = self.ranks.gather(torch.cat([logits, b["target"], b["care"]], 1))
        flags = self.ranks.gather(torch.stack([present[:, 0], b["lesion"], b["weights"], b["automatic"]], 1))
        logits, target, care = maps.split(1, 1)
        lesion, weights, automatic = flags[:, 1:].unbind(1)
        return losses.outline((logits, flags[:, :1]), target, care, lesion, weights, automatic, self.recipe.dice)

    @torch.no_grad()
    def _add_up(self) -> None:
        """Add the ranks' gradients, and average the running statistics of their batch normalization."""
        statistics = [b for b in self.net.buffers() if b.is_floating_point()]
        self.ranks.add([p.grad for p in self.net.parameters() if p.grad is not None] + statistics)
        for b in statistics:
            b.div_(self.ranks.count)

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
        net = AttentionUNet(pretrained=False).to(self.device).to(memory_format=torch.channels_last)
        net.load_state_dict(self.average)
        return net.eval()

    def run(self, save_every: int = 50) -> None:
        """Train to the end of the recipe; every save_every steps, and at checks, a line in the log and a checkpoint."""
        try:
            self._run(save_every)
        except TrainingError as e:
            if self.ranks.main:
                with contextlib.suppress(OSError):  # a full disk is why it stops
                    runs.append_log(self.folder, {"step": self.step, "stopped": str(e)})
                self._page()
            raise

    def _run(self, save_every: int) -> None:
        log = runs.read_log(self.folder) if self.ranks.main else []
        started = time.monotonic() - max((line.get("seconds", 0) for line in log), default=0)
        ended = self.ranks.share(any("ended" in line for line in log))
        seen: list[float] = []
        while self.step < self.steps and not ended:
            seen.append(self.advance())
            last = self.step == self.steps
            checked = self.check is not None and (self.step % (2 * self.per_epoch) == 0 or last)
            if not (checked or last or stop.asked() or self.step % save_every == 0):
                continue
            # First what is said of this step, then its checkpoint: what a stop in between leaves is said anew.
            line = {"step": self.step, "of": self.steps, "loss": round(float(np.mean(seen)), 4)}
            self._log({**line, "seconds": round(time.monotonic() - started)})
            seen = []
            if checked:
                ended = self.ranks.share(self._judge() if self.ranks.main else False)
            self.save()
            self._page()
            if stop.asked():
                raise stop.StoppedError(f"stopped when asked, at step {self.step}; start it again to go on")
        if ended and self.ranks.main:
            with self._writing():
                durable.write(self.folder / "ema.pt", (self.folder / "best.pt").read_bytes())

    def _judge(self) -> bool:
        """Check on val and tell what there is to notice; whether the run should end here."""
        assert self.check is not None
        with self._writing():
            self._log({"step": self.step, **self.check(self.averaged().cpu())})
        log = runs.read_log(self.folder)
        if watch.improved(log):
            with self._writing():
                save_atomic(self.average, self.folder / "best.pt")
        for verdict in watch.news(log, self.recipe.patience):
            self._log({"step": self.step, "note": f"{verdict.kind}: {verdict.text}"})
        found = watch.verdicts(log, self.recipe.patience)
        if not self.recipe.stop_early or not found or self.step == self.steps:
            return False
        self._log({"step": self.step, "ended": found[0].text})
        return True

    def _log(self, line: dict[str, Any]) -> None:
        if self.ranks.main:
            with self._writing():
                runs.append_log(self.folder, line)
            print(json.dumps(line), flush=True)

    def _page(self) -> None:
        """Draw the page anew. No fault of the page may cost a run."""
        if not self.ranks.main:
            return
        try:
            page.write(self.folder)
        except Exception as e:
            print(f"{self.folder / runs.PAGE}: not written ({type(e).__name__}: {e})", file=sys.stderr, flush=True)
