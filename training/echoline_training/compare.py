"""Runs side by side: what was done differently, and by how much the results differ on the same images.

Differences are means over the images that both measured, with a 95 % interval by a bootstrap that draws whole groups
(patients): an interval that holds zero says that these images cannot tell the two apart.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from . import runs, stats, watch

OUTPUTS = {"present", "present_logit", "expected_dice"}  # what a model says of an image is neither good nor bad


@dataclass(frozen=True)
class Result:
    """A run, or an evaluation, with its cases by (set, file)."""

    name: str
    cases: dict[tuple[str, str], runs.CaseRow]
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """One result against the first, in one set and measure."""

    set: str
    measure: str
    name: str
    images: int  # measured by both
    base: float  # the first result's mean over these images
    mean: float  # this result's
    difference: float
    low: float
    high: float

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


def read(path: Path) -> Result:
    """Read a run's folder, a cases.csv, or an evaluation's JSON file with its `cases`."""
    if path.is_dir():
        return Result(path.resolve().name, _by_image(runs.read_cases(_needed(path / runs.CASES))), _facts(path))
    _needed(path)
    if path.suffix == ".csv":
        return Result(path.stem, _by_image(runs.read_cases(path)))
    cases = runs.read_json(path).get("cases")
    if not isinstance(cases, list) or not cases:
        raise runs.RunError(f"{path}: no `cases` in it; evaluate again, or give a run's folder or a cases.csv")
    return Result(path.stem, _by_image([_case(c, path) for c in cases]))


def _needed(path: Path) -> Path:
    if not path.is_file():
        raise runs.RunError(f"{path}: there is no such file; runs write it at their first check on val")
    return path


def _case(cells: dict[str, Any], path: Path) -> runs.CaseRow:
    lacking = [n for n in runs.NAMES if n not in cells]
    if lacking:
        raise runs.RunError(f"{path}: a case has no {lacking[0]!r}")
    rest = {k: v for k, v in cells.items() if k not in runs.NAMES}
    values = {k: float(v) for k, v in rest.items() if isinstance(v, (int, float))}
    labels = {k: v for k, v in rest.items() if isinstance(v, str)}
    file, name, kind, group = (str(cells[n]) for n in runs.NAMES)
    return runs.CaseRow(file, name, kind, group, values, labels)


def _by_image(rows: Sequence[runs.CaseRow]) -> dict[tuple[str, str], runs.CaseRow]:
    return {(r.set, r.file): r for r in rows}


def _facts(folder: Path) -> dict[str, Any]:
    """What may differ between runs: recipe, hashes, environment of the last session, length, best score."""
    doc, log = runs.read_json(folder / runs.RUN), runs.read_log(folder)
    out: dict[str, Any] = dict(runs.read_json(folder / runs.RECIPE))
    out["data"] = str(doc.get("data", {}).get("sha256", ""))[:12]
    last = (doc.get("sessions") or [{}])[-1]
    out |= {"code": str(last.get("code", {}).get("sha256", ""))[:12], **last.get("environment", {})}
    seen = watch.checks(log)
    if seen:
        top = seen[watch.best(seen)]
        out |= {"steps": log[-1]["step"], "best val score": round(top.score, 4), "at step": top.step}
    return out


def differences(results: Sequence[Result], seed: int = 0) -> list[Difference]:
    """Each further result against the first, in each set and measure that both have."""
    base, out = results[0], []
    for other in results[1:]:
        shared = [k for k in base.cases if k in other.cases]
        if not shared:
            raise runs.RunError(f"{base.name} and {other.name} measured no image in common: nothing can be compared")
        for name in dict.fromkeys(s for s, _ in shared):
            out += _in_set(base, other, [k for k in shared if k[0] == name], seed)
    return sorted(out, key=lambda d: (d.set, d.measure))


def _in_set(base: Result, other: Result, keys: Sequence[tuple[str, str]], seed: int) -> list[Difference]:
    out = []
    for measure in dict.fromkeys(m for k in keys for m in base.cases[k].values if m not in OUTPUTS):
        both = [k for k in keys if measure in base.cases[k].values and measure in other.cases[k].values]
        if not both:
            continue
        a, b = (np.array([r.cases[k].values[measure] for k in both]) for r in (other, base))
        groups = [f"{k[0]}/{base.cases[k].group}" for k in both]
        difference, low, high = stats.paired(a, b, groups, seed)
        out.append(
            Difference(both[0][0], measure, other.name, len(both), float(b.mean()), float(a.mean()), difference, low, high)
        )
    return out


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown, its columns aligned for a terminal."""
    width = [max(len(r[i]) for r in [head, *rows]) for i in range(len(head))]
    lines = [" | ".join(c.ljust(w) for c, w in zip(r, width, strict=True)).rstrip() for r in [head, *rows]]
    return "\n".join(["| " + line + " |" for line in (lines[0], " | ".join("-" * w for w in width), *lines[1:])])


def _interval(d: Difference) -> str:
    return f"[{d.low:+.4f}, {d.high:+.4f}]" if math.isfinite(d.low + d.high) else "[too few groups]"


def text(results: Sequence[Result], seed: int = 0) -> str:
    """What differs between the runs, then their measures with intervals, in Markdown."""
    out = []
    names = [r.name for r in results]
    keys = dict.fromkeys(k for r in results for k in r.facts)
    said = {k: [json.dumps(r.facts[k]).strip('"') if k in r.facts else "–" for r in results] for k in keys}
    rows = [[k, *v] for k, v in said.items() if len(set(v)) > 1]
    if rows:
        out.append(_table(["what differs", *names], rows))
    found = differences(results, seed)
    lines = [
        [d.set, d.measure, d.name, str(d.images), f"{d.base:.4f}", f"{d.mean:.4f}",
         f"{d.difference:+.4f} {_interval(d)}", "yes" if d.clear else "no"]
        for d in found
    ]  # fmt: skip
    out.append(_table(["set", "measure", "run", "images", names[0], "run's", "difference, 95 %", "clear"], lines))
    missing = [(r.name, len(results[0].cases.keys() ^ r.cases.keys())) for r in results[1:]]
    out += [f"{n} images were measured in only one of {names[0]} and {name}; they are left out." for name, n in missing if n]
    return "\n\n".join(out) + "\n"


def compare(paths: Sequence[Path], seed: int = 0) -> str:
    """Compare runs or evaluations with the first of them; Markdown for a terminal or a file."""
    if len(paths) < 2:
        raise runs.RunError("one run cannot be compared; give two or more folders or files")
    results = [read(p) for p in paths]
    if len({r.name for r in results}) < len(results):  # breast/outline and other/outline
        results = [replace(r, name=f"{p.resolve().parent.name}/{r.name}") for r, p in zip(results, paths, strict=True)]
    return text(results, seed)
