"""A model file measured on one split: every figure with its interval, against baselines, and what a reader has to do.

Nothing is chosen or fitted on what is measured; the band of a baseline is fitted on `val`.
"""

from __future__ import annotations

import csv
import hashlib
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from . import contract, data, figures, folds, measure, noc, reference, reliability, signals, stats
from .clicks import CHANNELS
from .contract import Fit
from .data import Sample
from .figures import Band, Judged, Sheet
from .measure import Case
from .network import AttentionUNet
from .reference import Network
from .stats import Clusters

TIMED = 20  # passes whose time is taken, after one that is not
BINS = np.zeros((reliability.BINS, 3))
ALL = "all"


@dataclass(frozen=True)
class Model:
    """An open model file; `dropout` is its outline network in PyTorch, where its weights are at hand."""

    path: Path
    network: Network
    height: int
    width: int
    fit: Fit
    dropout: AttentionUNet | None = None

    @staticmethod
    def open(path: Path, weights: Path | None = None, threads: int = 2) -> Model:
        """weights is the `ema.pt` of the outline network."""
        return Model(path, *reference.open_onnx(path, threads), folds.load_network(weights) if weights else None)

    def describe(self) -> dict[str, object]:
        """Name, version and hash of the file."""
        doc, content = contract.read(self.path), self.path.read_bytes()
        return {
            "name": doc["name"],
            "version": doc["version"],
            "sha256": hashlib.sha256(content).hexdigest(),
            "megabytes": round(len(content) / 1e6, 2),
            "input": {"width": self.width, "height": self.height},
        }


def devices(root: Path, sets: Sequence[str] = data.SETS) -> dict[tuple[str, str], str]:
    """The scanner of each image by set and file, where the set has a split.csv that names it."""
    out: dict[tuple[str, str], str] = {}
    for name in sets:
        folder = data.folder_of(root, name)
        if (folder / "split.csv").is_file():
            with (folder / "split.csv").open(newline="", encoding="utf-8-sig") as f:
                out |= {(folder.resolve().name, r["file"]): r.get("device") or "" for r in csv.DictReader(f)}
    return out


def spaced(samples: Sequence[Sample], most: int | None) -> list[Sample]:
    """At most so many samples of every set, evenly spaced in it; all of them for None."""
    out: list[Sample] = []
    for name in dict.fromkeys(s.row.set for s in samples):
        own = [s for s in samples if s.row.set == name]
        count = len(own) if most is None else min(most, len(own))
        out += [own[i * len(own) // count] for i in range(count)]
    return out


def judge(model: Model, sample: Sample, *, views: bool = False, device: str = "") -> Judged:
    """Ask the model about one image and measure it; views asks about changed images too, and for passes with dropout."""
    r = reference.raw(model.network, sample.image, model.height, model.width)
    case = measure.case(sample, r, model.fit)
    mask = reference.cut(r, model.fit)
    near, whole = reliability.of_image(reliability.probability(r.logits, model.fit), sample.mask, mask, sample.unknown)
    scores: dict[str, np.ndarray] = {}
    if case.distance is not None:
        points = measure.judged_points(sample, r, mask, model.fit)
        tta: list[np.ndarray] = []
        dropout: list[np.ndarray] = []
        if views:
            tta = signals.augmented(model.network, sample.image, model.height, model.width)
            if model.dropout is not None:
                dropout = signals.dropped(model.dropout, sample.image, model.height, model.width)
        scores = signals.scores(r, model.fit, points, tta=tta, dropout=dropout)
    return Judged(case, near, whole, scores, device)


def told(samples: Sequence[Sample], what: str) -> Iterator[Sample]:
    """The samples, with a line on stderr every now and then."""
    started = time.monotonic()
    for i, s in enumerate(samples, 1):
        yield s
        if i % 50 == 0 or i == len(samples):
            print(f"{what}: {i} of {len(samples)}, {time.monotonic() - started:.0f} s", file=sys.stderr, flush=True)


def latency(model: Model) -> float:
    """The median time of one pass, in milliseconds, without pre- and post-processing."""
    image = torch.rand(1, 1, model.height, model.width, generator=torch.Generator().manual_seed(0))
    guide = torch.zeros(1, len(CHANNELS), model.height, model.width)
    times = []
    for _ in range(TIMED + 1):
        started = time.perf_counter()
        model.network(image, guide)
        times.append(time.perf_counter() - started)
    return 1000 * float(np.median(times[1:]))


def row(j: Judged) -> dict[str, object]:
    """One image as `compare` reads it: what names it, and its measures, without those that mean nothing here."""
    c = j.case
    out: dict[str, object] = {"file": c.row.file, "set": c.row.set, "class": c.row.kind, "group": c.row.group}
    if j.device:
        out["device"] = j.device
    if c.row.lesion_px == 0:
        return {**out, "false_positive": float(not c.empty), "present": measure.rounded(c.present)}
    out |= {"dice": measure.rounded(c.dice), "iou": measure.rounded(c.iou), "hit": float(c.hit)}
    out |= {"present": measure.rounded(c.present), "expected_dice": measure.rounded(c.expected_dice)}
    if c.hd95 is not None:
        out["hd95_256_px"] = round(c.hd95 / c.per_letterbox, 2)
    return out | {f"nsd_{k}": measure.rounded(v) for k, v in c.near.items()}


def by_set(judged: Sequence[Judged]) -> dict[str, list[Judged]]:
    """The images of every set, and of all where there are several."""
    parts: dict[str, list[Judged]] = {}
    for j in judged:
        parts.setdefault(j.case.row.set, []).append(j)
    return parts if len(parts) == 1 else {**parts, ALL: list(judged)}


def tables(
    judged: Sequence[Judged], fit: Fit, bands: Mapping[str, Band], resamples: int = stats.RESAMPLES
) -> dict[str, dict[str, Any]]:
    """All figures per set, and the breakdown of every set."""
    cuts, parts = figures.terciles(judged), by_set(judged)
    return {
        "sets": {name: Sheet(own, fit, resamples).all(bands) for name, own in parts.items()},
        "breakdown": {name: figures.breakdown(own, fit, cuts, resamples) for name, own in parts.items()},
        "size_terciles": {"of": "equivalent diameter over the image's longer side", "cuts": [round(c, 4) for c in cuts]},
    }


def gestures(model: Model, samples: Sequence[Sample], *, strokes: bool, resamples: int) -> dict[str, dict[str, object]]:
    """What simulated readers need per set, from the automatic masks of these lesion images."""
    ways = []
    for s in told(samples, "strokes" if strokes else "clicks"):
        automatic = reference.raw(model.network, s.image, model.height, model.width)
        ways.append(noc.correct(model.network, s, automatic, model.fit, strokes=strokes))
    names = list(dict.fromkeys(w.row.set for w in ways))
    out = {name: noc.figures([w for w in ways if w.row.set == name], resamples) for name in names}
    return out if len(names) < 2 else {**out, ALL: noc.figures(ways, resamples)}


def run(
    path: Path,
    root: Path,
    split: str = "test",
    *,
    weights: Path | None = None,
    limit: int | None = None,
    clicks: int | None = None,
    strokes: int | None = 0,
    views: bool = True,
    threads: int = 2,
    resamples: int = stats.RESAMPLES,
    sets: Sequence[str] = data.SETS,
) -> dict[str, Any]:
    """Measure a model file on a split of sets, by names under root or paths; the result is fit for JSON.

    weights: the outline network's `ema.pt`, for passes with dropout. limit, clicks and strokes: at most so many images per
    set for everything, for simulated clicks, for simulated strokes; None for all, 0 for none. views: with the baselines
    that need more passes of the network.
    """
    model = Model.open(path, weights, threads)
    splits = {name: spaced(own, limit) for name, own in data.load_splits(root, {split, "val"}, sets).items()}
    samples, scanners = splits[split], devices(root, sets)
    judged = [judge(model, s, views=views, device=scanners.get((s.row.set, s.row.file), "")) for s in told(samples, split)]
    elsewhere = judged if split == "val" else [judge(model, s) for s in told(splits["val"], "val")]
    bands = figures.fit_bands(elsewhere)
    out: dict[str, Any] = {
        "model": model.describe(),
        "split": split,
        "resamples": resamples,
        "runtime": onnxruntime.__version__,
        "latency_ms": {"median": round(latency(model), 1), "threads": threads},
        **tables(judged, model.fit, bands, resamples),
        "cases": [row(j) for j in judged],
    }
    sick = [s for s in samples if s.row.lesion_px > 0]
    for name, most in (("clicks", clicks), ("strokes", strokes)):
        if most != 0:
            out[name] = gestures(model, spaced(sick, most), strokes=name == "strokes", resamples=resamples)
    return out


def facts(result: Mapping[str, Any]) -> dict[str, Any]:
    """What of a result on test goes into the model file's metrics, and from there into its card."""
    if result["split"] != "test":
        raise ValueError(f"a model file tells what was measured on test, not on {result['split']}; evaluate that split")
    kept = ("resamples", "runtime", "latency_ms", "breakdown", "size_terciles", "clicks", "strokes")
    return {"test": result["sets"], **{k: result[k] for k in kept if k in result}}


def outlined(path: Path, samples: Sequence[Sample], threads: int = 2) -> list[Case]:
    """What a model file makes of samples, for `cross`."""
    model = Model.open(path, threads=threads)
    return [judge(model, s).case for s in told(samples, path.name)]


def cross(cases: Mapping[str, Sequence[Case]], resamples: int = stats.RESAMPLES) -> dict[str, dict[str, dict[str, Any]]]:
    """Models trained on one set each, tested on all: figures by training set and tested set.

    cases are what each model makes of the tested images, by the name of its training set. Where the tested set's own model
    is among them, `dice_gain` is what a model loses or wins against it on the same images, paired.
    """
    out: dict[str, dict[str, dict[str, Any]]] = {}
    for trained, own in cases.items():
        out[trained] = {}
        for tested in dict.fromkeys(c.row.set for c in own):
            part = [c for c in own if c.row.set == tested]
            found = Sheet([Judged(c, BINS, BINS, {}, "") for c in part], Fit(), resamples).outline()
            home = {c.row.file: c for c in cases.get(tested, ()) if c.row.set == tested and c.row.lesion_px > 0}
            if tested != trained and home:
                found["dice_gain"] = paired_dice(part, home, resamples)
            out[trained][tested] = found
    return out


def paired_dice(cases: Sequence[Case], others: Mapping[str, Case], resamples: int) -> dict[str, object]:
    """The mean difference in Dice to other masks of the same images, by file, with the signed rank test's p."""
    pairs = [(c, others[c.row.file]) for c in cases if c.row.file in others]
    clusters = Clusters.of([c.row.group for c, _ in pairs])
    gain = np.array([c.dice - o.dice for c, o in pairs])
    p = stats.wilcoxon(clusters, gain)
    found = stats.interval(stats.mean(clusters, gain), clusters.count, resamples).rounded()
    return {**found, "wilcoxon_p": None if p is None else float(f"{p:.2g}")}
