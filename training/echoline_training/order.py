"""Which cases next? A simulation: a model is trained on few cases, asks for more, and is trained anew on all of them.

One arm asks for the cases whose outline it expects to be worst (the expected Dice, by which the work list is sorted), the
other for cases at random. Both begin with the same cases, and every network is trained for the same number of steps, so
that only the cases differ. Networks and images are small: this compares two orders, it makes no model.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from . import calibrate, durable, errors, folds, measure, teach
from .augment import Packed, pack
from .data import Sample
from .errors import ErrorRecipe, ErrorTrainer
from .network import AttentionUNet, ErrorNet
from .train import Recipe, Trainer

ARMS = ("expected", "random")
DRAWS = 2000


@dataclass(frozen=True)
class Plan:
    """How the simulation goes."""

    side: int = 64  # px
    first: int = 30  # cases that both arms begin with
    added: int = 30  # in every round
    rounds: int = 2
    seeds: int = 10
    batch: int = 8
    steps: int = 100  # of every outline network
    fold_steps: int = 60  # of the two networks whose errors the error network learns from
    error_steps: int = 60


@dataclass(frozen=True)
class Pool:
    """What can be asked for, and what is measured on; packed at the plan's side."""

    samples: Sequence[Sample]
    packed: Packed
    test: Packed
    groups: Sequence[str]  # of the test images

    @staticmethod
    def of(train: Sequence[Sample], test: Sequence[Sample], side: int) -> Pool:
        """Only images that show a lesion: expected Dice is of outlines."""
        seen, judged = ([s for s in part if s.mask.any()] for part in (train, test))
        return Pool(seen, pack(seen, side), pack(judged, side), [f"{s.row.set}/{s.row.group}" for s in judged])


def outline(packed: Packed, plan: Plan, steps: int, seed: int, folder: Path) -> AttentionUNet:
    """An outline network trained on packed cases for about so many steps."""
    per_epoch = max(1, len(packed) // plan.batch)
    recipe = Recipe(
        epochs=max(1, round(steps / per_epoch)), batch=plan.batch, sides=(plan.side,), warm_up=10, ema=0.95, seed=seed
    )
    trainer = Trainer(packed, np.ones(len(packed)), recipe, folder)
    while trainer.step < trainer.steps:
        trainer.advance()
    return trainer.averaged()


def expected_dice(pool: Pool, chosen: np.ndarray, net: AttentionUNet, plan: Plan, seed: int, folder: Path) -> np.ndarray:
    """What Dice is expected of the outline of every case [n], by an error network that learned from two folds of the
    chosen cases, each outlined by a network that did not see it.
    """
    packed, samples = folds.pick(pool.packed, chosen), [pool.samples[int(i)] for i in chosen]
    fold = folds.fold_of(samples, 2)
    nets = []
    for k in (0, 1):
        seen = folds.pick(packed, np.flatnonzero(fold != k))
        nets.append(outline(seen, plan, plan.fold_steps, seed, folder / f"fold{k}"))
    lessons = teach.lessons(nets, packed, fold, plan.side, seed)
    temperature = calibrate.lesson_temperature(lessons, packed)
    per_epoch = max(1, len(chosen) // plan.batch)
    epochs = max(1, round(plan.error_steps / per_epoch))
    recipe = ErrorRecipe(epochs=epochs, batch=plan.batch, warm_up=10, ema=0.95, seed=seed)
    native = errors.native_per_input(samples, plan.side)
    trainer = ErrorTrainer(lessons, packed, native, temperature, recipe, np.arange(len(chosen)), folder / "error.pt")
    while trainer.step < trainer.steps:
        trainer.advance()
    judge = ErrorNet()
    judge.load_state_dict(trainer.average)
    return judged(judge.eval(), pool.packed.images, folds.run(net, pool.packed.images)[0], temperature)


def judged(judge: ErrorNet, images: np.ndarray, looks: np.ndarray, temperature: float) -> np.ndarray:
    """The expected Dice [n] of looks [n, 2, side, side] at images [n, side, side]."""
    out = []
    with torch.inference_mode():
        for at in range(0, len(images), folds.BATCH):
            x = torch.from_numpy(images[at : at + folds.BATCH]).float()[:, None] / 255
            z = torch.from_numpy(looks[at : at + folds.BATCH].astype(np.float32)) / temperature
            out.append(torch.sigmoid(judge(x, z)[1][:, 0]).numpy())
    return np.concatenate(out)


def dice(net: AttentionUNet, packed: Packed) -> np.ndarray:
    """Dice [n] of a network on packed cases."""
    found, truth = folds.outlined(folds.run(net, packed.images)[0]) > 0, packed.masks > 127
    both, sizes = (found & truth).sum((1, 2)), found.sum((1, 2)) + truth.sum((1, 2))
    return np.asarray(2 * both / np.maximum(1, sizes))


def ask(pool: Pool, chosen: np.ndarray, score: np.ndarray | None, count: int, rng: np.random.Generator) -> np.ndarray:
    """The chosen cases and count more: those of the lowest score [n], or without one any."""
    left = rng.permutation(np.setdiff1d(np.arange(len(pool.packed)), chosen))
    if score is not None:
        left = left[np.argsort(score[left], kind="stable")]
    return np.concatenate([chosen, left[:count]])


def arm(pool: Pool, plan: Plan, seed: int, name: str, first: np.ndarray, folder: Path) -> dict[str, Any]:
    """One arm of one seed: Dice on the test images after every round [rounds][n], and how well bad outlines were foreseen
    (the rank correlation of expected with true Dice among the cases that could be asked for).
    """
    rng = np.random.default_rng([seed, 1])
    chosen, after, foreseen = first, [], []
    net: AttentionUNet | None = None
    for round_ in range(1, plan.rounds + 1):
        score = None
        if name == "expected":
            net = net or outline(folds.pick(pool.packed, chosen), plan, plan.steps, seed, folder / "0")
            score = expected_dice(pool, chosen, net, plan, seed, folder / f"errors{round_}")
            left = np.setdiff1d(np.arange(len(pool.packed)), chosen)
            foreseen.append(measure.spearman(score[left], dice(net, pool.packed)[left]))
        chosen = ask(pool, chosen, score, plan.added, rng)
        net = outline(folds.pick(pool.packed, chosen), plan, plan.steps, seed, folder / str(round_))
        after.append(dice(net, pool.test).round(4).tolist())
    return {"seed": seed, "arm": name, "dice": after, "foreseen": foreseen}


def interval(apart: np.ndarray, groups: Sequence[str], seed: int = 0) -> tuple[float, float, float]:
    """The mean of differences [seeds, n], and its 95 % interval by a bootstrap that draws seeds and whole groups."""
    rng = np.random.default_rng(seed)
    names = sorted(set(groups))
    sums = np.stack([apart[:, np.array(groups) == g].sum(1) for g in names], 1)  # [seeds, groups]
    sizes = np.array([list(groups).count(g) for g in names])
    drawn = []
    for _ in range(DRAWS):
        s, g = rng.integers(0, len(apart), len(apart)), rng.integers(0, len(names), len(names))
        drawn.append(sums[np.ix_(s, g)].sum() / (len(s) * sizes[g].sum()))
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(apart.mean()), float(low), float(high)


def summary(results: Sequence[dict[str, Any]], groups: Sequence[str], plan: Plan) -> dict[str, Any]:
    """What came of it: after every round the mean Dice of both arms, and the difference with its interval."""
    by = {name: np.array([r["dice"] for r in results if r["arm"] == name]) for name in ARMS}  # [seeds, rounds, n]
    rows = []
    for k in range(plan.rounds):
        gain, low, high = interval(by["expected"][:, k] - by["random"][:, k], groups)
        means = {name: round(float(v[:, k].mean()), 4) for name, v in by.items()}
        rows.append(
            {
                "cases": plan.first + (k + 1) * plan.added,
                **means,
                "gain": round(gain, 4),
                "low": round(low, 4),
                "high": round(high, 4),
            }
        )
    known = [f for r in results for f in r["foreseen"] if f is not None]
    return {
        "plan": asdict(plan), "images": len(groups), "seeds": len(by["expected"]), "rounds": rows,
        "foreseen": round(float(np.mean(known)), 3) if known else None,
    }  # fmt: skip


def run(train: Sequence[Sample], test: Sequence[Sample], out: Path, plan: Plan | None = None) -> dict[str, Any]:
    """Simulate, seed by seed; out (JSON) is written anew after each, so that nothing is lost with a stop."""
    plan = plan or Plan()
    pool = Pool.of(train, test, plan.side)
    if len(pool.packed) < plan.first + plan.rounds * plan.added:
        raise ValueError(f"{len(pool.packed)} images with a lesion are too few to choose from")
    results: list[dict[str, Any]] = []
    told: dict[str, Any] = {}
    for seed in range(plan.seeds):
        began = time.process_time()
        first = np.random.default_rng([seed, 0]).permutation(len(pool.packed))[: plan.first]
        for name in ARMS:
            with tempfile.TemporaryDirectory() as folder:
                results.append(arm(pool, plan, seed, name, first, Path(folder)))
        told = summary(results, pool.groups, plan)
        durable.write_text(out, json.dumps({**told, "results": results}))
        spent = round(time.process_time() - began)
        print(json.dumps({"seed": seed, "cpu_seconds": spent, **told["rounds"][-1]}), flush=True)
    return told
