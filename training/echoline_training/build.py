"""From a finished run to the model file: fit on what was not trained on, measure on test."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from . import __version__, calibrate, contract, data, errors, evaluate, export, folds, measure, resemblance
from .contract import Fit
from .network import Whole
from .pipeline import Pipeline


@dataclass(frozen=True)
class Built:
    """A model, its fit, and the cases it was fitted on."""

    whole: Whole
    fit: Fit
    val: list[measure.Case]
    more: list[measure.Case]  # the training images, out of fold
    resemblance: dict[str, float]  # the factor of each set


def fitted(pipeline: Pipeline) -> Built:
    """The model that a finished run left, at the input size (px, square) of its lessons, with everything fitted that is."""
    samples, side, sets = list(pipeline.val), pipeline.plan.lesson_side, [s.row.set for s in pipeline.train]
    net, error = folds.load_network(pipeline.finished), errors.load(pipeline.folder / "error.pt")
    lessons = pipeline.lessons()
    seen = pipeline.out_of_fold(lessons)
    temp = calibrate.temperature(samples, measure.run_all(Whole(net, error, 1.0).eval(), samples, side, side))
    raws = measure.run_all(Whole(net, error, temp).eval(), samples, side, side)
    alike = calibrate.cases_of(samples, raws, calibrate.fit(samples, raws, temp, seen))
    grain, names = resemblance.grain(net, lessons.images[0]), list(dict.fromkeys(sets))
    likeness = resemblance.learn(grain, sets)
    likeness.logs.copy_(torch.from_numpy(calibrate.resemblance_logs(names, alike, seen)))
    whole = Whole(net, error, temp, likeness).eval()
    raws = measure.run_all(whole, samples, side, side)
    more = resemblance.widened(seen, resemblance.factors(likeness, grain))
    fit = calibrate.fit(samples, raws, temp, more)
    factor = {n: round(float(f), 4) for n, f in zip(names, torch.exp(likeness.logs), strict=True)}
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
    built = fitted(pipeline)
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
