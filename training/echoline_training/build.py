"""From a finished run to the model file: choose on val, fit on what was not trained on, measure on test."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from . import __version__, calibrate, contract, errors, export, folds, measure, reference
from .contract import Fit
from .data import Sample
from .network import Whole
from .pipeline import Pipeline


def choose_side(
    pipeline: Pipeline, samples: list[Sample], more: list[measure.Case]
) -> tuple[int, Whole, Fit, dict[str, Any]]:
    """The square input size (px) with the best Dice on val, the model and the fit at that size, and val's numbers."""
    outline = folds.load_network(pipeline.folder / "outline" / "ema.pt")
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


def measure_onnx(model: Path, samples: list[Sample], threads: int = 2) -> dict[str, Any]:
    """The numbers of an ONNX file on samples, per set."""
    network, height, width, fit = reference.open_onnx(model, threads)
    return measure.by_set(calibrate.cases_of(samples, measure.run_all(network, samples, height, width), fit), fit)


def build(pipeline: Pipeline, test: list[Sample], model: Path) -> None:
    """Write the model file; it appears under its name only when all of it is measured."""
    more = pipeline.out_of_fold()
    side, whole, fit, val = choose_side(pipeline, list(pipeline.val), more)
    onnx_model = export.graph(whole, side, side)
    export.halve_weights(onnx_model)
    draft = model.with_suffix(".draft")
    export.write(onnx_model, contract.document(fit, side, side, __version__, {}), draft)
    numbers = measure_onnx(draft, test, torch.get_num_threads())
    metrics = {"val": val, "test": numbers, "out_of_fold": measure.by_set(more, fit), "recipe": asdict(pipeline.plan)}
    export.write(onnx_model, contract.document(fit, side, side, __version__, metrics), draft)
    os.replace(draft, model)
    print(json.dumps({"fit": asdict(fit), "val": val, "test": numbers}, indent=2))
