"""From a finished run to the model file: choose on val, fit on val, measure on test."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from . import __version__, calibrate, contract, export, measure, reference
from .contract import Fit
from .data import load


def choose_side(net: reference.Network, data: Path, sides: tuple[int, ...]) -> tuple[int, Fit, dict[str, Any]]:
    """The square input size (px) with the best Dice on val, the fit at that size, and val's numbers with it."""
    samples = load(data, "val")
    best: tuple[float, int, Fit, dict[str, Any]] | None = None
    for side in sides:
        raws = measure.run_all(net, samples, side, side)
        fit = calibrate.fit(samples, raws)
        cases = calibrate.cases_of(samples, raws, fit)
        dice = calibrate.mean_dice(cases)
        print(json.dumps({"side": side, "val_dice": round(dice, 4)}), flush=True)
        if best is None or dice > best[0]:
            best = (dice, side, fit, measure.by_set(cases, fit))
    if best is None:
        raise ValueError("no input size was given to choose from")
    return best[1:]


def measure_onnx(model: Path, data: Path, split: str, threads: int = 2) -> dict[str, Any]:
    """The numbers of an ONNX file on one split, per set."""
    network, height, width, fit = reference.open_onnx(model, threads)
    samples = load(data, split)
    return measure.by_set(calibrate.cases_of(samples, measure.run_all(network, samples, height, width), fit), fit)


def build(run: Path, data: Path, model: Path, sides: tuple[int, ...]) -> None:
    """Write the model file; it appears under its name only when all of it is measured."""
    net = export.load_network(run / "ema.pt")
    side, fit, val = choose_side(net, data, sides)
    onnx_model = export.graph(net, side, side)
    export.halve_weights(onnx_model)
    draft = model.with_suffix(".draft")
    export.write(onnx_model, contract.document(fit, side, side, __version__, {}), draft)
    test = measure_onnx(draft, data, "test")
    recipe = json.loads((run / "recipe.json").read_text())
    metrics = {"val": val, "test": test, "recipe": recipe}
    export.write(onnx_model, contract.document(fit, side, side, __version__, metrics), draft)
    os.replace(draft, model)
    print(json.dumps({"fit": fit.__dict__, "val": val, "test": test}, indent=2))
