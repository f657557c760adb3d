"""The whole way from data to a trained model, stage by stage; each stage goes on where it was stopped.

    folds     K outline networks, each on the training images of all folds but one
    lessons   what they say of the training images: teachers' targets, and honest out-of-fold errors
    outline   the network that ships: all training images, half of them with guidance, leaning on the teachers
    errors    the error network on out-of-fold predictions, and one per fold to calibrate it by
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from . import calibrate, errors, folds, teach
from .augment import Packed, pack
from .data import Sample
from .errors import ErrorRecipe, ErrorTrainer
from .measure import auroc
from .network import AttentionUNet
from .teach import Lessons
from .train import Recipe, Trainer, repeats


@dataclass(frozen=True)
class Plan:
    """How a model is made. Sides are px."""

    pack_side: int = 256  # at which training images are kept
    lesson_side: int = 224  # at which fold networks are asked, and which the error network learns
    input_sides: tuple[int, ...] = (224, 256)  # of the model, chosen from on val
    folds: int = 3
    fold: Recipe = field(default_factory=lambda: Recipe(epochs=20, sides=(160, 192)))
    outline: Recipe = field(
        default_factory=lambda: Recipe(epochs=18, sides=(192, 256), first_part=0.55, guided=0.5, teacher=0.3, ema=0.998)
    )
    error: ErrorRecipe = field(default_factory=ErrorRecipe)


SMALL = Plan(  # for tests: proves every stage, learns little
    pack_side=64,
    lesson_side=64,
    input_sides=(64,),
    folds=2,
    fold=Recipe(epochs=6, batch=8, sides=(64,), warm_up=4, ema=0.9, pretrained=True),
    outline=Recipe(epochs=6, batch=8, sides=(64,), warm_up=4, ema=0.9, guided=0.5, teacher=0.3),
    error=ErrorRecipe(epochs=4, batch=8, warm_up=4, ema=0.9),
)
PLANS = {"full": Plan(), "small": SMALL}


def validation(samples: Sequence[Sample], side: int) -> Callable[[AttentionUNet], dict[str, float]]:
    """A check of a network on val at one side: Dice per set, and how well presence tells normal images."""
    packed = pack(samples, side)
    truths = packed.masks > 127
    sets = np.array([s.row.set for s in samples])
    lesion = np.array([s.row.lesion_px > 0 for s in samples])

    def check(net: AttentionUNet) -> dict[str, float]:
        logits, present = folds.run(net, packed.images)
        found = logits > 0
        sizes = found.sum((1, 2)) + truths.sum((1, 2))
        dice = 2 * (found & truths).sum((1, 2)) / np.maximum(1, sizes)
        out = {f"val_{name}": round(float(dice[lesion & (sets == name)].mean()), 4) for name in sorted(set(sets))}
        area = auroc(present, lesion)
        return out if area is None else {**out, "val_present_auroc": round(area, 4)}

    return check


class Pipeline:
    """A run folder and the data that its stages share."""

    def __init__(self, train: Sequence[Sample], val: Sequence[Sample], plan: Plan, folder: Path) -> None:
        self.train, self.val, self.plan, self.folder = train, val, plan, folder
        self.fold = folds.fold_of(train, plan.folds)
        self.packed: Packed = pack(train, plan.pack_side)

    def run(self) -> None:
        """All stages."""
        for k in range(self.plan.folds):
            self.fold_network(k)
        lessons = self.lessons()
        self.outline(lessons)
        self.errors(lessons)

    def fold_network(self, k: int) -> None:
        """Train the network that does not see fold k."""
        recipe = Recipe(**{**self.plan.fold.__dict__, "seed": self.plan.fold.seed * 10 + k})
        keep = np.flatnonzero(self.fold != k)
        often = repeats([self.train[i] for i in keep], recipe)
        check = validation(self.val, recipe.sides[-1])
        Trainer(folds.pick(self.packed, keep), often, recipe, self.folder / f"fold{k}", check=check).run()

    def lessons(self) -> Lessons:
        """Ask the fold networks, or read what they said."""
        path = self.folder / "lessons.npz"
        if not path.exists():
            nets = [folds.load_network(self.folder / f"fold{k}" / "ema.pt") for k in range(self.plan.folds)]
            teach.lessons(nets, self.packed, self.fold, self.plan.lesson_side).save(path)
        return Lessons.load(path)

    def outline(self, lessons: Lessons) -> None:
        """Train the network that ships, from where the first fold's network ended."""
        recipe = self.plan.outline
        Trainer(
            self.packed, repeats(self.train, recipe), recipe, self.folder / "outline",
            teachers=lessons.teachers, outside=lessons.outside, start=self.folder / "fold0" / "ema.pt",
            check=validation(self.val, recipe.sides[-1]),
        ).run()  # fmt: skip

    def truths(self) -> np.ndarray:
        """Masks uint8 [n, side, side] at the side of the lessons."""
        return pack(self.train, self.plan.lesson_side).masks

    def errors(self, lessons: Lessons) -> None:
        """Train the error network that ships, and one per fold that has not seen it."""
        truths = self.truths()
        temp = calibrate.lesson_temperature(lessons, truths)
        (self.folder / "lessons.json").write_text(json.dumps({"temperature": temp}))
        everything = np.arange(len(self.train))
        runs = {"error": everything} | {f"error{k}": everything[self.fold != k] for k in range(self.plan.folds)}
        for name, chosen in runs.items():
            path = self.folder / f"{name}.pt"
            if not path.exists():
                ErrorTrainer(lessons, truths, temp, self.plan.error, chosen).run(path)

    def out_of_fold(self) -> list[calibrate.measure.Case]:
        """The training images, outlined and judged by networks that did not see them."""
        lessons = self.lessons()
        temp = float(json.loads((self.folder / "lessons.json").read_text())["temperature"])
        nets = {k: errors.load(self.folder / f"error{k}.pt") for k in range(self.plan.folds)}
        return calibrate.out_of_fold(self.train, lessons, self.truths(), nets, temp)


