"""From a finished run to the model file: choose on val, fit on what was not trained on, measure on test."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from . import __version__, calibrate, contract, data, errors, evaluate, export, folds, measure
from .contract import Fit
from .data import Sample
from .network import Whole
from .pipeline import Pipeline


def choose_side(
    pipeline: Pipeline, samples: list[Sample], more: list[measure.Case]
) -> tuple[int, Whole, Fit, dict[str, Any]]:
    """The square input size (px) with the best Dice on val, the model and the fit at that size, and val's numbers."""
    outline = folds.load_network(pipeline.refined)
    error = errors.load(pipeline.folder / "error.pt")
    best: tuple[float, int, Whole, Fit, dict[str, Any]] | None = None
    for side in pipeline.plan.input_sides:
        temp = calibrate.temperature(samples, measure.run_all(Whole(outline, error, 1.0).eval(), samples, side, side))
        whole = Whole(outline, error, temp).eval()
        raws = measure.run_all(whole, samples, side, side)
        fit = calibrate.fit(samples, raws, temp, more)
        cases = calibrate.cases_of(samples, raws, fit)
        dice = calibrate.mean_dice(cases)
        print(json.dumps({"side": side, "val_dice": round(dice, 4), "fit": asdict(fit)}), flush=True)
        if best is None or dice > best[0]:
            best = (dice, side, whole, fit, measure.by_set(cases, fit))
    if best is None:
        raise ValueError("no input size was given to choose from")
    return best[1:]


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
    more = pipeline.out_of_fold()
    side, whole, fit, val = choose_side(pipeline, list(pipeline.val), more)
    graph = export.graph(whole, side, side)
    export.halve_weights(graph)
    draft = model.with_suffix(".draft")
    export.write(graph, contract.document(fit, side, side, __version__, {}, name, sets), draft)
    threads = torch.get_num_threads()
    result = evaluate.run(
        draft, root, "test", weights=pipeline.refined, clicks=clicks, strokes=clicks, threads=threads, sets=sets
    )
    metrics = {
        **evaluate.facts(result), "val": val, "out_of_fold": measure.by_set(more, fit), "recipe": asdict(pipeline.plan)
    }  # fmt: skip
    export.write(graph, contract.document(fit, side, side, __version__, metrics, name, sets), draft)
    os.replace(draft, model)
    return {**result, "model": evaluate.Model.open(model).describe()}  # with the hash of the file that ships
