"""Checkpoints: all that a run needs to go on. The newest and the one before are kept; damage is noticed and told.

A checkpoint is a dict of `net`, `optimizer`, `average` (state dicts) and `step`, written by torch.save. Its zip archive
carries a checksum of every part, which torch does not look at when it reads; here it is looked at.
"""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch

from . import durable

NEWEST, PREVIOUS, DAMAGED = "checkpoint.pt", "checkpoint.prev.pt", "checkpoint.damaged.pt"
KEYS = {"net", "optimizer", "average", "step"}

State = dict[str, Any]


class TrainingError(ValueError):
    """A run cannot begin or go on; the message says why and what to do."""


class DamagedError(ValueError):
    """A file is not what was once written; the message says how that shows."""


def save_atomic(value: Any, path: Path) -> None:
    """Write with torch.save so that path never holds half a file, whatever happens."""
    buffer = io.BytesIO()
    torch.save(value, buffer)
    durable.write(path, buffer.getbuffer())


def write(state: State, folder: Path) -> None:
    """Write the newest checkpoint; the one that was the newest becomes the previous one."""
    fresh = folder / "checkpoint.next.pt"
    save_atomic(state, fresh)
    if (folder / NEWEST).exists():
        os.replace(folder / NEWEST, folder / PREVIOUS)
    os.replace(fresh, folder / NEWEST)
    durable.sync(folder)


def load(path: Path) -> Any:
    """What save_atomic wrote, on the CPU; DamagedError where any byte of it is not as it was."""
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
        if bad is not None:
            raise DamagedError(f"the checksum of {bad} is wrong")
        return torch.load(path, weights_only=True, map_location="cpu")
    except (zipfile.BadZipFile, pickle.UnpicklingError, RuntimeError, EOFError, KeyError, NotImplementedError) as e:
        first = str(e).splitlines()[0] if str(e) else type(e).__name__
        raise DamagedError(first) from e


def read(folder: Path) -> tuple[State, str] | None:
    """The newest checkpoint that is whole, and what there is to say about it; None where the run has none yet.

    A damaged newest checkpoint is set aside, so that it can never become the previous one.
    """
    said = []
    for path in (folder / NEWEST, folder / PREVIOUS):
        if not path.exists():
            continue
        try:
            state = load(path)
        except DamagedError as e:
            said.append(f"{path.name} is damaged ({e})")
            continue
        if not isinstance(state, dict) or not KEYS.issubset(state):
            raise TrainingError(f"{path}: this is no checkpoint of a run; choose another --run, or delete the file")
        if path.name == NEWEST:
            return state, ""
        if said:
            os.replace(folder / NEWEST, folder / DAMAGED)
        return state, f"{said[0] if said else f'{NEWEST} is missing'}: going on from {path.name} of step {state['step']}"
    if said:
        raise TrainingError(
            f"{folder}: {' and '.join(said)}, so this run cannot go on. Bring the folder back from a backup, or choose "
            "another --run; ema.pt, if it is whole, still holds the averaged weights of the last checkpoint"
        )
    return None


def fit(net: torch.nn.Module, weights: State, where: Path) -> None:
    """Load weights into a network; those of another network are refused with what does not fit."""
    own = net.state_dict()
    lacking, unknown = sorted(own.keys() - weights.keys()), sorted(weights.keys() - own.keys())
    shapes = [k for k in own.keys() & weights.keys() if own[k].shape != weights[k].shape]
    found = [
        f"{len(keys)} weights {what} (such as {min(keys)})"
        for keys, what in ((lacking, "are missing"), (unknown, "are unknown"), (shapes, "have another shape"))
        if keys
    ]
    if found:
        raise TrainingError(
            f"{where}: these are weights of another network: {', '.join(found)}. Choose another --run, or go on with the "
            "version of this program that wrote them"
        )
    net.load_state_dict(weights)
