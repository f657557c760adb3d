"""The whole way from data to a trained model, stage by stage; each stage goes on where it was stopped.

folds     K outline networks, each on the training images of all folds but one
lessons   what they say of the training images that they have not seen
outline   the network that ships, on all training images
doubt     the same network goes on, with targets that lean on what the fold networks said: it learns where they err.
          What ships is the mean of its weights before and after
guidance  its corrector, from simulated readers who correct out-of-fold outlines; the outline stays as it is
errors    the error network on out-of-fold predictions, and one per fold to calibrate it by
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from . import calibrate, checkpoint, data, durable, errors, folds, ranks, runs, teach
from .augment import Packed, pack
from .data import Sample
from .errors import ErrorRecipe, ErrorTrainer
from .measure import Case
from .teach import Lessons
from .train import Recipe, Trainer, repeats
from .validate import Validation


@dataclass(frozen=True)
class Plan:
    """How a model is made. Sides are px."""

    pack_side: int = 256  # at which training images are kept
    lesson_side: int = 224  # at which fold networks are asked, and which the error network learns
    input_sides: tuple[int, ...] = (192, 224, 256)  # of the model, chosen from on val
    folds: int = 3
    fold: Recipe = field(default_factory=lambda: Recipe(epochs=12, sides=(160, 192), decay=0.03, repeat_busi=2.0))
    outline: Recipe = field(default_factory=lambda: Recipe(epochs=22, sides=(160, 192), decay=0.03, repeat_busi=2.0, seed=7))
    doubt: Recipe = field(
        default_factory=lambda: Recipe(
            epochs=10, sides=(160, 192), encoder_rate=4e-4, rate=1.2e-3, decay=0.03, repeat_busi=2.0, ema=0.998, doubt=0.35,
            dice=0.5, seed=23,
        )
    )  # fmt: skip
    doubting: float = 0.5  # share of the weights after the doubt in those that ship; the rest are those before
    guidance: Recipe = field(
        default_factory=lambda: Recipe(
            epochs=26, sides=(160, 192), guided=True, decay=0.03, repeat_busi=2.0, repeat_normal=0.0, seed=11
        )
    )
    error: ErrorRecipe = field(default_factory=ErrorRecipe)

    @property
    def trainings(self) -> int:
        """How often an outline network is trained."""
        return self.folds + 3

    def lessons_size(self, images: int) -> int:
        """Bytes of the lessons of so many images."""
        return images * (teach.VIEWS * 3 * self.lesson_side**2 + self.pack_side**2)


SMALL = Plan(  # for tests: proves every stage, learns little
    pack_side=64,
    lesson_side=64,
    input_sides=(64,),
    folds=2,
    fold=Recipe(epochs=6, batch=8, sides=(64,), warm_up=4, ema=0.9, pretrained=True),
    outline=Recipe(epochs=6, batch=8, sides=(64,), warm_up=4, ema=0.9),
    doubt=Recipe(epochs=2, batch=8, sides=(64,), warm_up=4, ema=0.9, doubt=0.3, dice=0.5),
    guidance=Recipe(epochs=4, batch=8, sides=(64,), warm_up=4, ema=0.9, guided=True, repeat_normal=0.0),
    error=ErrorRecipe(epochs=4, batch=8, warm_up=4, ema=0.9),
)
PLANS = {"full": Plan(), "small": SMALL}
STAGES, LESSONS = "stages.json", "lessons.npz"
ERROR_WORK = 0.25
GUIDED_WORK = 0.65  # a step of the corrector, measured against one of the outline: the encoder only looks


class Pipeline:
    """A run folder and the data that its stages share."""

    def __init__(
        self, train: Sequence[Sample], val: Sequence[Sample], plan: Plan, folder: Path, start: Path | None = None
    ) -> None:
        """start is a model file that the outline begins from, in place of ImageNet weights. The folds never do: a model that
        has seen an image cannot be honest about it.
        """
        self.train, self.val, self.plan, self.folder, self.start = train, val, plan, folder, start
        self.ranks = ranks.join()
        self.about = {"data": data.digest([*train, *val]), "train": len(train), "val": len(val)}
        self.fold = folds.fold_of(train, plan.folds)
        if len({(s.row.set, s.row.group) for s in train}) < 2:
            raise ValueError(
                "train holds images of one patient (or group) alone, and no network could be trained without them to tell "
                "how far off it is; add images of other patients"
            )
        self.packed: Packed = pack(train, plan.pack_side)

    def run(self) -> None:
        """All stages."""
        if self.ranks.main:
            self.folder.mkdir(parents=True, exist_ok=True)
            durable.write_text(self.folder / STAGES, json.dumps({"stages": self.stages()}, indent=2))
        for k in range(self.plan.folds):
            self.fold_network(k)
        lessons = self.lessons()
        self.outline(lessons)
        self.errors(lessons)

    def stages(self) -> list[dict[str, Any]]:
        """What there is to do, in order, for who follows the run: the folder of each stage, its steps, and how much work a
        step is: pixels, with those of error networks counted as ERROR_WORK of an outline network's.
        """
        out: list[dict[str, Any]] = []

        def add(name: str, samples: Sequence[Sample], recipe: Recipe) -> None:
            steps = recipe.epochs * max(1, int(repeats(samples, recipe).sum()) // recipe.batch)
            shares = (recipe.first_part, 1 - recipe.first_part)
            pixels = sum(share * side**2 for share, side in zip(shares, (recipe.sides[0], recipe.sides[-1]), strict=True))
            work = recipe.batch * round(pixels * (GUIDED_WORK if recipe.guided else 1))
            out.append({"name": name, "steps": steps, "work": work})

        for k in range(self.plan.folds):
            add(f"fold{k}", [s for s, f in zip(self.train, self.fold, strict=True) if f != k], self.plan.fold)
        add("outline", self.train, self.plan.outline)
        add("doubt", self.train, self.plan.doubt)
        add("guidance", self.train, self.plan.guidance)
        work = round(self.plan.error.batch * self.plan.lesson_side**2 * ERROR_WORK)
        for name, chosen in self.error_runs().items():
            steps = self.plan.error.epochs * max(1, len(chosen) // self.plan.error.batch)
            out.append({"name": name, "steps": steps, "work": work})
        return out

    def error_runs(self) -> dict[str, np.ndarray]:
        """The error networks by name, with the samples that each learns from."""
        everything = np.arange(len(self.train))
        return {"error": everything} | {f"error{k}": everything[self.fold != k] for k in range(self.plan.folds)}

    def fold_network(self, k: int) -> None:
        """Train the network that does not see fold k."""
        recipe = Recipe(**{**self.plan.fold.__dict__, "seed": self.plan.fold.seed * 10 + k})
        keep = np.flatnonzero(self.fold != k)
        often = repeats([self.train[int(i)] for i in keep], recipe)
        folder = self.folder / f"fold{k}"
        check = Validation(self.val, recipe.sides[-1], folder)
        Trainer(folds.pick(self.packed, keep), often, recipe, folder, check=check, about=self.about).run()

    def lessons(self) -> Lessons:
        """Ask the fold networks, or read what they said; the main process asks, the others wait."""
        path = self.folder / LESSONS
        if self.ranks.main and not path.exists():
            nets = [folds.load_network(self.folder / f"fold{k}" / "ema.pt") for k in range(self.plan.folds)]
            teach.lessons(nets, self.packed, self.fold, self.plan.lesson_side).save(path)
        self.ranks.share(None)
        return Lessons.load(path)

    def outline(self, lessons: Lessons) -> None:
        """Train on all images, from ImageNet or the given model; then its doubt, then its corrector."""
        start, plan = self.start, self.plan
        for name, recipe in (("outline", plan.outline), ("doubt", plan.doubt), ("guidance", plan.guidance)):
            folder = self.folder / name
            outside = lessons.outside if recipe.doubt or recipe.guided else None
            check = Validation(self.val, recipe.sides[-1], folder, recipe.guided)
            often = repeats(self.train, recipe)
            Trainer(self.packed, often, recipe, folder, outside=outside, start=start, check=check, about=self.about).run()
            start = folder / "ema.pt"
            if name == "doubt":
                self._mix(self.folder / "outline" / "ema.pt", start)
                start = self.mixed

    @property
    def started(self) -> str | None:
        """The SHA-256 of the model file that the outline began from, if there was one."""
        told = json.loads((self.folder / "outline" / runs.RUN).read_text())
        return str(told["start sha256"]) if "start sha256" in told else None

    @property
    def mixed(self) -> Path:
        """The outline network that ships, without its corrector."""
        return self.folder / "doubt" / "mixed.pt"

    def _mix(self, before: Path, after: Path) -> None:
        """Write the mean of weights before and after the doubt; the main process writes, the others wait."""
        if self.ranks.main and not self.mixed.exists():
            first, second = checkpoint.load(before), checkpoint.load(after)
            mean = {
                k: torch.lerp(v, second[k], self.plan.doubting) if v.is_floating_point() else v for k, v in first.items()
            }
            checkpoint.save_atomic(mean, self.mixed)
        self.ranks.share(None)

    @property
    def finished(self) -> Path:
        """The averaged weights of the outline network that ships."""
        return self.folder / "guidance" / "ema.pt"

    def truths(self) -> Packed:
        """The training images at the side of the lessons."""
        return pack(self.train, self.plan.lesson_side)

    def errors(self, lessons: Lessons) -> None:
        """Train the error network that ships, and one per fold that has not seen it; small work, for one process."""
        if not self.ranks.main:
            return
        truths = self.truths()
        temp = calibrate.lesson_temperature(lessons, truths)
        native = errors.native_per_input(self.train, self.plan.lesson_side)
        (self.folder / "lessons.json").write_text(json.dumps({"temperature": temp}))
        for name, chosen in self.error_runs().items():
            path = self.folder / f"{name}.pt"
            if not path.exists():
                ErrorTrainer(lessons, truths, native, temp, self.plan.error, chosen, path).run()

    def out_of_fold(self, lessons: Lessons) -> list[Case]:
        """The training images, outlined and judged by networks that did not see them."""
        temp = float(json.loads((self.folder / "lessons.json").read_text())["temperature"])
        nets = {k: errors.load(self.folder / f"error{k}.pt") for k in range(self.plan.folds)}
        return calibrate.out_of_fold(self.train, lessons, self.truths(), nets, temp)
