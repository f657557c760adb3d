"""From a finished run to the model file: fit on what was not trained on, measure on test."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from . import __version__, calibrate, contract, data, errors, evaluate, export, folds, measure, resemblance
from .contract import Fit
from .network import AttentionUNet, ErrorNet, Resemblance, Whole
from .pipeline import LESSONS, Pipeline
from .teach import Lessons


@dataclass(frozen=True)
class Seen:
    """The networks, and what is known of the training images."""

    net: AttentionUNet
    error: ErrorNet
    more: list[measure.Case]  # the training images, out of fold
    grain: np.ndarray
    names: list[str]  # of the sets, in the order of likeness's shares
    likeness: Resemblance

    @staticmethod
    def of(pipeline: Pipeline) -> Seen:
        """Load what a finished run left."""
        net, sets = folds.load_network(pipeline.finished), [s.row.set for s in pipeline.train]
        lessons = Lessons.load(pipeline.folder / LESSONS)  # nobody waits for another here: the other processes have ended
        grain = resemblance.grain(net, lessons.images[0])
        error = errors.load(pipeline.folder / "error.pt")
        return Seen(
            net, error, pipeline.out_of_fold(lessons), grain, list(dict.fromkeys(sets)), resemblance.learn(grain, sets)
        )


@dataclass(frozen=True)
class Built:
    """A model, its fit, and the cases it was fitted on."""

    whole: Whole
    fit: Fit
    val: list[measure.Case]
    more: list[measure.Case]
    resemblance: dict[str, float]  # the factor of each set


def fitted(pipeline: Pipeline, seen: Seen) -> Built:
    """The model at the input size (px, square) of the lessons, with everything fitted that is."""
    samples, net, error, side = list(pipeline.val), seen.net, seen.error, pipeline.plan.lesson_side
    temp = calibrate.temperature(samples, measure.run_all(Whole(net, error, 1.0).eval(), samples, side, side))
    raws = measure.run_all(Whole(net, error, temp).eval(), samples, side, side)
    alike = calibrate.cases_of(samples, raws, calibrate.fit(samples, raws, temp, seen.more))
    likeness = copy.deepcopy(seen.likeness)
    likeness.logs.copy_(torch.from_numpy(calibrate.resemblance_logs(seen.names, alike, seen.more)))
    whole = Whole(net, error, temp, likeness).eval()
    raws = measure.run_all(whole, samples, side, side)
    more = resemblance.widened(seen.more, resemblance.factors(likeness, seen.grain))
    fit = calibrate.fit(samples, raws, temp, more)
    factor = {n: round(float(f), 4) for n, f in zip(seen.names, torch.exp(likeness.logs), strict=True)}
    built = Built(whole, fit, calibrate.cases_of(samples, raws, fit), more, factor)
    said = {"val_dice": round(calibrate.mean_dice(built.val), 4), "fit": asdict(fit), "resemblance": factor}
    print(json.dumps(said), flush=True)
    return built


def build(
    pipeline: Pipeline,
    root: Path,
    model: Path,
    clicks: int | None = None,
    sets: Sequence[str] = data.SETS,
    name: str = contract.NAME,
) -> dict[str, Any]:
    """Write the model file, and return what was measured on the test rows of sets, by names below root or paths.

    It appears under its name only when all of it is measured; clicks is how many images per set simulated readers correct.
    """
    built = fitted(pipeline, Seen.of(pipeline))
    side, fit = pipeline.plan.lesson_side, built.fit
    graph = export.graph(built.whole, side, side)
    export.halve_weights(graph)
    draft = model.with_suffix(".draft")
    export.write(graph, contract.document(fit, side, side, __version__, {}, name, sets), draft)
    threads = torch.get_num_threads()
    result = evaluate.run(
        draft, root, "test", weights=pipeline.finished, clicks=clicks, strokes=clicks, threads=threads, sets=sets
    )
    metrics = {
        **evaluate.facts(result), "val": measure.by_set(built.val, fit), "out_of_fold": measure.by_set(built.more, fit),
        "recipe": asdict(pipeline.plan), "resemblance": built.resemblance, "start": pipeline.started,
    }  # fmt: skip
    export.write(graph, contract.document(fit, side, side, __version__, metrics, name, sets), draft)
    os.replace(draft, model)
    return {**result, "model": evaluate.Model.open(model).describe()}  # with the hash of the file that ships
