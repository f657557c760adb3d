"""What a set of exports says of itself in `training.toml`: where its pictures are, and how much its masks weigh.

    images = "images"            # where the pictures are, seen from this file
    labels = ["lesion"]          # which labels are lesion; needed only where there are several

    [status]                     # the weight of a mask by how far it was reviewed; 0 leaves it out
    accepted = 1.0
    "reviewed in part" = 1.0     # in these, arcs that nobody reviewed do not count
    "not reviewed" = 0.0         # rejected frames are always left out

    [readers]                    # times the weight of who drew it
    default = 1.0
    "Dr. Kim" = 1.0

    [split]                      # shares of groups; the rest is train
    val = 0.1
    test = 0.1

    [groups]                     # of a name, an instance or a study: a patient who has several of them
    "2.25.1" = "patient 7"

Without the file, and for what it leaves out, the numbers above hold.
"""

from __future__ import annotations

import hashlib
import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from .pixels import DataError

FILE = "training.toml"
STATUSES = {"accepted": 1.0, "reviewed in part": 1.0, "not reviewed": 0.0}
SHARES = {"val": 0.1, "test": 0.1}


@dataclass(frozen=True)
class Options:
    """What the file says."""

    images: Path
    labels: tuple[str, ...] = ()
    status: dict[str, float] = field(default_factory=lambda: dict(STATUSES))
    readers: dict[str, float] = field(default_factory=dict)
    split: dict[str, float] = field(default_factory=lambda: dict(SHARES))
    groups: dict[str, str] = field(default_factory=dict)

    def weight(self, status: str, reader: str) -> float:
        """The weight of a mask."""
        return self.status[status] * self.readers.get(reader, self.readers.get("default", 1.0))

    def group(self, name: str, instance: str, study: str) -> str:
        """What must not be split: the patient where the file names one, else the study, else the file."""
        return next((self.groups[k] for k in (name, instance, study) if k in self.groups), study or instance)

    def split_of(self, group: str) -> str:
        """The split of a group: the same on every machine, whatever else is in the set."""
        at = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") / 2**64
        for name, share in self.split.items():
            if at < share:
                return name
            at -= share
        return "train"


def _shares(table: object, known: tuple[str, ...] | None, where: str) -> dict[str, float]:
    """A table of numbers from 0 on."""
    if not isinstance(table, dict):
        raise DataError(f"{where}: must be a table of names and numbers")
    for name, value in table.items():
        if known is not None and name not in known:
            raise DataError(f"{where}: {name!r} is unknown; known are {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
            raise DataError(f"{where}: {name} is {value!r}, and must be a number from 0 on")
    return {name: float(value) for name, value in table.items()}


def read(folder: Path) -> Options:
    """Read a set's `training.toml`, or what holds without it."""
    path = folder / FILE
    if not path.is_file():
        return Options(folder / "images")
    try:
        doc = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise DataError(f"{path}: not TOML ({e}); correct it as training/README.md shows") from e
    unknown = sorted(set(doc) - set(Options.__dataclass_fields__))
    if unknown:
        raise DataError(f"{path}: {', '.join(unknown)} is unknown; known are {', '.join(Options.__dataclass_fields__)}")
    images, labels, groups = doc.get("images", "images"), doc.get("labels", []), doc.get("groups", {})
    if not isinstance(images, str):
        raise DataError(f"{path}: images must be the name of a folder")
    if not isinstance(labels, list) or not all(isinstance(v, str) for v in labels):
        raise DataError(f"{path}: labels must be a list of names")
    if not isinstance(groups, dict) or not all(isinstance(v, str) for v in groups.values()):
        raise DataError(f"{path}: groups must be a table of names and names")
    split = SHARES | _shares(doc.get("split", {}), tuple(SHARES), f"{path}: split")
    if sum(split.values()) >= 1:
        raise DataError(f"{path}: split: val and test leave nothing to train on; together they must stay below 1")
    status = STATUSES | _shares(doc.get("status", {}), tuple(STATUSES), f"{path}: status")
    readers = _shares(doc.get("readers", {}), None, f"{path}: readers")
    return Options(folder / images, tuple(labels), status, readers, split, groups)
