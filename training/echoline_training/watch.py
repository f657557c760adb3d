"""Notices what wastes a run: numbers that are none, no progress any more, learning by heart.

All but `broken` read the lines of `log.jsonl` and keep nothing, so a run that was stopped is judged as if it had not been.
A check's score is the mean of its `val_…` numbers, for all of which more is better.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

MIN_GAIN = 0.002  # of the score; less is chance
MIN_LOSS = 0.005  # by which the score has to fall before anybody calls it overfitting

Line = Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What was noticed, and a sentence for people."""

    kind: str  # plateau or overfitting
    text: str


@dataclass(frozen=True)
class Check:
    """One check on val: after `step` steps, with the mean training loss since the check before (None: not logged)."""

    step: int
    score: float
    loss: float | None


def broken(weights: Mapping[str, torch.Tensor]) -> str | None:
    """The name of the first weight that holds NaN or infinity."""
    for name, value in weights.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            return name
    return None


def score(line: Line) -> float | None:
    """The score of a line of the log; None where it is not a check's, or its numbers are none."""
    values = [float(v) for k, v in line.items() if k.startswith("val_") and v is not None]
    mean = sum(values) / len(values) if values else math.nan
    return mean if math.isfinite(mean) else None


def checks(log: Sequence[Line]) -> list[Check]:
    """The checks of a log, in its order."""
    out, losses = [], []
    for line in log:
        if "loss" in line:
            losses.append(float(line["loss"]))
        value = score(line)
        if value is not None:
            out.append(Check(int(line["step"]), value, float(np.mean(losses)) if losses else None))
            losses = []
    return out


def best(seen: Sequence[Check]) -> int:
    """The place of the check with the best score, the first among equals; there must be one."""
    return max(range(len(seen)), key=lambda i: seen[i].score)


def improved(log: Sequence[Line]) -> bool:
    """Whether the newest check is the best so far."""
    seen = checks(log)
    return bool(seen) and best(seen) == len(seen) - 1


def plateau(seen: Sequence[Check], patience: int) -> Verdict | None:
    """No check of the last `patience` was better than all before by more than chance."""
    if len(seen) <= patience:
        return None
    before = seen[best(seen[:-patience])]
    newest = max(c.score for c in seen[-patience:])
    if newest > before.score + MIN_GAIN:
        return None
    return Verdict("plateau", f"no progress on val since step {before.step} ({before.score:.4f}), for {patience} checks")


def overfitting(seen: Sequence[Check], patience: int) -> Verdict | None:
    """Over the last `patience` checks and the one before, the training loss falls and so does the score."""
    recent = [(c.loss, c.score) for c in seen[-patience - 1 :] if c.loss is not None]
    if len(recent) <= patience:
        return None
    at = np.arange(len(recent))
    loss, value = (float(np.polyfit(at, column, 1)[0]) * patience for column in zip(*recent, strict=True))
    if loss >= 0 or value > -MIN_LOSS:
        return None
    first = seen[-patience - 1].step
    return Verdict("overfitting", f"since step {first} the training loss falls ({loss:+.3f}) and so does val ({value:+.3f})")


def verdicts(log: Sequence[Line], patience: int) -> list[Verdict]:
    """What there is to notice after the newest check."""
    seen = checks(log)
    return [v for v in (overfitting(seen, patience), plateau(seen, patience)) if v is not None]


def news(log: Sequence[Line], patience: int) -> list[Verdict]:
    """The verdicts that the check before the newest did not have yet."""
    steps = [c.step for c in checks(log)]
    if not steps:
        return []
    known = {v.kind for v in verdicts([line for line in log if line["step"] < steps[-1]], patience)}
    return [v for v in verdicts(log, patience) if v.kind not in known]
