"""The whole way from data to a trained model, stage by stage; each stage goes on where it was stopped.

folds     K outline networks, each on the training images of all folds but one
outline   the network that ships, on all training images
doubt     in rounds, all of them go on, with targets that lean on what the fold networks of the round before said of images
          that they had not seen: they learn where such networks err
lessons   what the last fold networks say of the training images that they have not seen
guidance  the corrector of the network that ships, from simulated readers who correct out-of-fold outlines; the outline
          stays as it is
errors    the error network on out-of-fold predictions, and one per fold to calibrate it by
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from . import calibrate, checkpoint, data, durable, errors, folds, ranks, runs, teach
from .augment import Packed, pack
from .data import Sample
from .errors import ErrorRecipe, ErrorTrainer
from .measure import Case
from .network import AttentionUNet
from .teach import Lessons
from .train import Recipe, Trainer, repeats
from .validate import Validation


@dataclass(frozen=True)
class Plan:
    """How a model is made. Sides are px."""

    pack_side: int = 256  # at which training images are kept
    lesson_side: int = 224  # of the model's input, at which fold networks are asked too, and which the error network learns
    folds: int = 3
    fold: Recipe = field(default_factory=lambda: Recipe(epochs=12, sides=(160, 192), decay=0.03, repeat_busi=2.0))
    outline: Recipe = field(default_factory=lambda: Recipe(epochs=22, sides=(160, 192), decay=0.03, repeat_busi=2.0, seed=7))
    doubt: Recipe = field(
        default_factory=lambda: Recipe(
            epochs=10, sides=(160, 192), encoder_rate=4e-4, rate=1.2e-3, decay=0.03, repeat_busi=2.0, ema=0.998, doubt=0.35,
            dice=0.5, seed=23,
        )
    )  # fmt: skip
    rounds: int = 2  # of doubt
    guidance: Recipe = field(
        default_factory=lambda: Recipe(
            epochs=26, sides=(160, 192), guided=True, decay=0.03, repeat_busi=2.0, repeat_normal=0.0, seed=11
        )
    )
    error: ErrorRecipe = field(default_factory=ErrorRecipe)

    @property
    def trainings(self) -> int:
        """How often an outline network is trained."""
        return (self.folds + 1) * (1 + self.rounds) + 1

    def lessons_size(self, images: int) -> int:
        """Bytes of the lessons of so many images, with what was said for the rounds of doubt."""
        return images * (teach.VIEWS * (1 + 2 * teach.LOOKS) * self.lesson_side**2 + (self.rounds + 1) * self.pack_side**2)


SMALL = Plan(  # for tests: proves every stage, learns little
    pack_side=64,
    lesson_side=64,
    folds=2,
    fold=Recipe(epochs=6, batch=8, sides=(64,), warm_up=4, ema=0.9, pretrained=True),
    outline=Recipe(epochs=6, batch=8, sides=(64,), warm_up=4, ema=0.9),
    doubt=Recipe(epochs=2, batch=8, sides=(64,), warm_up=4, ema=0.9, doubt=0.3, dice=0.5),
    rounds=2,
    guidance=Recipe(epochs=4, batch=8, sides=(64,), warm_up=4, ema=0.9, guided=True, repeat_normal=0.0),
    error=ErrorRecipe(epochs=4, batch=8, warm_up=4, ema=0.9),
)
PLANS = {"full": Plan(), "small": SMALL}
STAGES, LESSONS = "stages.json", "lessons.npz"
ERROR_WORK = 0.25
GUIDED_WORK = 0.53  # a step of the corrector, measured against one of the outline: of the network it needs the encoder alone


@dataclass(frozen=True)
class Training:
    """One training of an outline network."""

    name: str  # of its folder
    recipe: Recipe
    chosen: np.ndarray  # the training images that it sees
    start: Path | None  # weights to begin from, in place of ImageNet's
    asks: int | None = None  # the round of doubt whose fold networks tell it what they think of images that they did not see


def in_round(name: str, r: int) -> str:
    """The folder of a network's training in a round of doubt; 0 is before the first."""
    return f"{name}-doubt{r}" if r else name


def mean(states: Sequence[Mapping[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """The mean of a network's weights; counters are those of the last."""
    return {k: torch.stack([s[k] for s in states]).mean(0) if v.is_floating_point() else v for k, v in states[-1].items()}


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
            self._tell_stages()
        *outlines, corrector = self.trainings()
        for training in outlines:
            self.train_network(training)
        self.settle()
        self.train_network(corrector)
        if self.ranks.main:  # small work, for one process
            self.errors(self.lessons())

    def _tell_stages(self) -> None:
        """Write what there is to do; a folder in which something else was to be done is refused before hours are spent."""
        path, stages = self.folder / STAGES, self.stages()
        if path.exists():
            before = [s["name"] for s in json.loads(path.read_text())["stages"]]
            if before != [s["name"] for s in stages]:
                raise ValueError(
                    f"{self.folder}: a run of another version of this package or of another plan "
                    f"(stages {', '.join(before)}); choose another --run"
                )
        durable.write_text(path, json.dumps({"stages": stages}, indent=2))

    def trainings(self) -> list[Training]:
        """The trainings of outline networks, in order."""
        plan, seen = self.plan, self.networks()
        out = []
        for k, (name, chosen) in enumerate(seen.items()):
            recipe = plan.outline if name == "outline" else replace(plan.fold, seed=plan.fold.seed * 10 + k)
            out.append(Training(name, recipe, chosen, self.start if name == "outline" else None))
        for r in range(1, plan.rounds + 1):
            for k, (name, chosen) in enumerate(seen.items()):
                recipe = replace(plan.doubt, seed=plan.doubt.seed + 10 * r + k)
                out.append(Training(in_round(name, r), recipe, chosen, self.weights(name, r - 1), r - 1))
        return [*out, Training("guidance", plan.guidance, seen["outline"], self.settled("outline"), plan.rounds)]

    def networks(self) -> dict[str, np.ndarray]:
        """The outline networks by name, in the order of their folds and then the one that ships, with what each sees."""
        parts = {f"fold{k}": np.flatnonzero(self.fold != k) for k in range(self.plan.folds)}
        return parts | {"outline": np.arange(len(self.train))}

    def weights(self, name: str, r: int) -> Path:
        """The averaged weights of a network after a round of doubt; 0 is before the first."""
        return self.folder / in_round(name, r) / "ema.pt"

    def settled(self, name: str) -> Path:
        """A network's weights when its rounds are over: the mean of those after the last two, and for the outline network,
        whose first training is longer than that of the folds, of those after all rounds and before the first.
        """
        return self.folder / "settled" / f"{name}.pt"

    def settle(self) -> None:
        """Write the means of the last weights; the main process writes, the others wait."""
        for name in self.networks():
            path = self.settled(name)
            if self.ranks.main and not path.exists():
                begin = 0 if name == "outline" else max(0, self.plan.rounds - 1)
                path.parent.mkdir(exist_ok=True)
                found = [checkpoint.load(self.weights(name, r)) for r in range(begin, self.plan.rounds + 1)]
                checkpoint.save_atomic(mean(found), path)
        self.ranks.share(None)

    def stages(self) -> list[dict[str, Any]]:
        """What there is to do, in order, for who follows the run: the folder of each stage, its steps, and how much work a
        step is: pixels, with those of error networks counted as ERROR_WORK of an outline network's.
        """
        out: list[dict[str, Any]] = []
        for t in self.trainings():
            shares = (t.recipe.first_part, 1 - t.recipe.first_part)
            sides = (t.recipe.sides[0], t.recipe.sides[-1])
            pixels = sum(share * side**2 for share, side in zip(shares, sides, strict=True))
            work = t.recipe.batch * round(pixels * (GUIDED_WORK if t.recipe.guided else 1))
            steps = t.recipe.epochs * max(1, int(self.often(t).sum()) // t.recipe.batch)
            out.append({"name": t.name, "steps": steps, "work": work})
        work = round(self.plan.error.batch * self.plan.lesson_side**2 * ERROR_WORK)
        for name, chosen in self.error_runs().items():
            steps = self.plan.error.epochs * max(1, len(chosen) // self.plan.error.batch)
            out.append({"name": name, "steps": steps, "work": work})
        return out

    def often(self, training: Training) -> np.ndarray:
        """How often an epoch of a training shows each of its images."""
        return repeats([self.train[int(i)] for i in training.chosen], training.recipe)

    def error_runs(self) -> dict[str, np.ndarray]:
        """The error networks by name, with the samples that each learns from."""
        everything = np.arange(len(self.train))
        return {"error": everything} | {f"error{k}": everything[self.fold != k] for k in range(self.plan.folds)}

    def train_network(self, training: Training) -> None:
        """Do one training, or go on with it."""
        t, folder = training, self.folder / training.name
        outside = None if t.asks is None else self.outside(t.asks)[t.chosen]
        check = Validation(self.val, t.recipe.sides[-1], folder, t.recipe.guided)
        own = folds.pick(self.packed, t.chosen)
        Trainer(own, self.often(t), t.recipe, folder, outside=outside, start=t.start, check=check, about=self.about).run()

    def fold_networks(self, r: int) -> list[AttentionUNet]:
        """The fold networks after a round of doubt; after the last, as they settled."""
        *names, _ = self.networks()
        return [folds.load_network(self.settled(n) if r == self.plan.rounds else self.weights(n, r)) for n in names]

    def outside(self, r: int) -> np.ndarray:
        """What the fold networks after round r say of images that they did not see, uint8 probabilities at the packed side;
        the main process asks or reads, the others wait for it.
        """
        path = self.folder / f"outside{r}.npz"
        if self.ranks.main and not path.exists():
            said = teach.outside(self.fold_networks(r), self.packed, self.fold, self.plan.lesson_side)
            teach.save(path, said=said)
        return np.asarray(self.ranks.share(teach.load(path)["said"] if self.ranks.main else None))

    def lessons(self) -> Lessons:
        """Ask the last fold networks, or read what they said; for the main process."""
        path = self.folder / LESSONS
        if not path.exists():
            nets = self.fold_networks(self.plan.rounds)
            teach.lessons(nets, self.packed, self.fold, self.plan.lesson_side).save(path)
        return Lessons.load(path)

    @property
    def started(self) -> str | None:
        """The SHA-256 of the model file that the outline began from, if there was one."""
        told = json.loads((self.folder / "outline" / runs.RUN).read_text())
        return str(told["start sha256"]) if "start sha256" in told else None

    @property
    def finished(self) -> Path:
        """The averaged weights of the outline network that ships."""
        return self.folder / "guidance" / "ema.pt"

    def truths(self) -> Packed:
        """The training images at the side of the lessons."""
        return pack(self.train, self.plan.lesson_side)

    def errors(self, lessons: Lessons) -> None:
        """Train the error network that ships, and one per fold that has not seen it."""
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
