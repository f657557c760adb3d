"""The folder of a run: what it was told, where it ran, what it logged and measured.

    recipe.json          configuration
    run.json             hashes of data and code, seed, and every session (start or resume) with its environment
    log.jsonl            one JSON object a line, each with its `step`: `loss`, a check's `val_…`, `note`, `ended`, `stopped`
    checkpoint.pt        all that is needed to go on (checkpoint.prev.pt: the one before)
    ema.pt, best.pt      averaged weights, the last and those of the best check
    cases.csv            what was measured of each image
    examples/            val's best, median and worst image, with examples.json
    index.html           all of it as one page

Names of files are those that the data set gives; nothing else about patients gets in.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import platform
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from . import __version__, durable
from .checkpoint import TrainingError

RECIPE, RUN, LOG, CASES, EXAMPLES, PAGE = "recipe.json", "run.json", "log.jsonl", "cases.csv", "examples", "index.html"
NAMES = ("file", "set", "class", "group")  # the first columns of cases.csv

Line = dict[str, Any]


class RunError(ValueError):
    """A run's folder cannot be used; the message names the file and what is wrong with it."""


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is no such file."""
    if not path.exists():
        return {}
    try:
        value = json.loads(path.read_text())
    except ValueError as e:
        raise RunError(f"{path}: damaged ({e}); delete the file, or bring it back from a backup") from e
    if not isinstance(value, dict):
        raise RunError(f"{path}: no JSON object; delete the file, or bring it back from a backup")
    return value


# --- the log -------------------------------------------------------------------------------------


def read_log(folder: Path) -> list[Line]:
    """The lines of the log; a line that was cut short by a crash is left out."""
    path, out = folder / LOG, []
    for text in path.read_text(errors="replace").splitlines() if path.exists() else []:
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and isinstance(line.get("step"), int):
            out.append(line)
    return out


def append_log(folder: Path, line: Line) -> None:
    """Add one line."""
    with (folder / LOG).open("a") as f:
        f.write(json.dumps(line) + "\n")


def rewind_log(folder: Path, step: int) -> None:
    """Leave out what comes after a checkpoint's step, for it is about to be done again, and why the run was stopped."""
    kept = [line for line in read_log(folder) if line["step"] <= step and "stopped" not in line]
    durable.write_text(folder / LOG, "".join(json.dumps(line) + "\n" for line in kept))


# --- where a run comes from ----------------------------------------------------------------------


def data_hash(*arrays: np.ndarray | None) -> str:
    """SHA-256 over kinds, shapes and values of arrays: of what a network really sees, in its order."""
    digest = hashlib.sha256()
    for a in arrays:
        digest.update(b"none" if a is None else f"{a.dtype.str}{a.shape}".encode())
        if a is not None:
            digest.update(np.ascontiguousarray(a).data)
    return digest.hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


def code() -> dict[str, str]:
    """Version, git's name of the commit (empty outside git), and SHA-256 over this package's sources."""
    package = Path(__file__).parent
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        digest.update(f"{path.relative_to(package).as_posix()}\n".encode() + path.read_bytes())
    command = ["git", "-C", str(package), "describe", "--always", "--dirty", "--tags"]
    try:
        git = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False).stdout.strip()
    except (OSError, subprocess.TimeoutExpired):
        git = ""
    return {"version": __version__, "git": git, "sha256": digest.hexdigest()}


def processor() -> str:
    """The processor's name, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def environment(device: torch.device, bfloat16: bool, processes: int) -> dict[str, Any]:
    """What a session runs on. Nothing in it names the machine or who uses it."""
    return {
        "python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__, "opencv": cv2.__version__,
        "system": f"{platform.system()} {platform.machine()}", "processor": processor(), "cores": os.cpu_count(),
        "threads": torch.get_num_threads(), "processes": processes, "bfloat16": bfloat16,
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu",
    }  # fmt: skip


def keep_recipe(folder: Path, recipe: dict[str, Any]) -> None:
    """Write the recipe beside the run; a folder of another recipe is refused, not mixed with this one.

    A recipe written before a field existed goes on with the field's value of `recipe`.
    """
    path = folder / RECIPE
    wanted = json.loads(json.dumps(recipe))
    if not path.exists():
        durable.write_text(path, json.dumps(recipe, indent=2))
        return
    known = read_json(path)
    differ = [f"{k} is {known[k]!r} there, {wanted.get(k)!r} here" for k in known if known[k] != wanted.get(k)]
    if differ:
        raise TrainingError(
            f"{path}: this folder holds a run of another recipe ({'; '.join(differ)}); choose another --run or delete it"
        )


def begin_session(folder: Path, data: dict[str, Any], facts: dict[str, Any], session: dict[str, Any]) -> None:
    """Note in run.json on what the run learns and that a session begins; other data than at the start is refused."""
    path = folder / RUN
    doc = read_json(path)
    old = doc.get("data", data)
    if old.get("sha256") != data.get("sha256"):
        raise TrainingError(
            f"{path}: this run began on other data (SHA-256 {old.get('sha256')}, {old.get('images')} images; now "
            f"{data.get('sha256')}, {data.get('images')} images). Bring that data back, or choose another --run"
        )
    now = time.strftime("%Y-%m-%d %H:%M:%S %z")
    sessions = [*doc.get("sessions", []), {"began": now, **session}]
    durable.write_text(path, json.dumps({**doc, **facts, "data": data, "sessions": sessions}, indent=2))


# --- what was measured ---------------------------------------------------------------------------


@dataclass(frozen=True)
class CaseRow:
    """One image of cases.csv. `values` lacks a measure that means nothing here (Dice without a lesion, HD95 of a miss)."""

    file: str
    set: str
    kind: str  # benign, malignant or normal (no lesion); the column `class`
    group: str  # patient, or near-duplicate views of one lesion
    values: dict[str, float]
    labels: dict[str, str] = field(default_factory=dict)  # columns of words, such as a device


def write_cases(path: Path, rows: Sequence[CaseRow]) -> None:
    """Write cases.csv: NAMES, then labels, then measures; a cell is blank where a measure means nothing."""
    labels = list(dict.fromkeys(k for r in rows for k in r.labels))
    measures = list(dict.fromkeys(k for r in rows for k in r.values))
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow([*NAMES, *labels, *measures])
    for r in rows:
        cells = [f"{r.values[k]:.6g}" if np.isfinite(r.values.get(k, np.nan)) else "" for k in measures]
        out.writerow([r.file, r.set, r.kind, r.group, *(r.labels.get(k, "") for k in labels), *cells])
    durable.write_text(path, text.getvalue())


def read_cases(path: Path) -> list[CaseRow]:
    """Read cases.csv; further columns are measures where they hold numbers, labels where they hold words."""
    with path.open(newline="") as f:
        reader = csv.DictReader(f)
        lacking = [n for n in NAMES if n not in (reader.fieldnames or ())]
        if lacking:
            raise RunError(f"{path}: the column {lacking[0]} is missing; write it with runs.write_cases")
        rows = [_case(r) for r in reader]
    keys = [(r.set, r.file) for r in rows]
    if len(set(keys)) != len(keys):
        raise RunError(f"{path}: an image is listed twice")
    return rows


def _case(cells: dict[str, str]) -> CaseRow:
    values, labels = {}, {}
    for name, text in cells.items():
        if name in NAMES or not text:
            continue
        try:
            values[name] = float(text)
        except ValueError:
            labels[name] = text
    return CaseRow(cells["file"], cells["set"], cells["class"], cells["group"], values, labels)


def means(rows: Iterable[CaseRow]) -> dict[str, dict[str, tuple[int, float]]]:
    """Number of images and mean of every measure, per set."""
    found: dict[str, dict[str, list[float]]] = {}
    for r in rows:
        for name, value in r.values.items():
            found.setdefault(r.set, {}).setdefault(name, []).append(value)
    return {s: {k: (len(v), float(np.mean(v))) for k, v in m.items()} for s, m in found.items()}
