"""Images and masks of the data sets, read by their `split.csv`, refusing what would spoil training or measuring.

A set is a folder with `images/`, `masks/` (same names) and `split.csv` (file, class, group, split, width, height,
lesion_px, ...). All arrays are [height, width]; all sizes are native pixels.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

SETS = ("busi", "busbra")
SPLITS = ("train", "val", "test")


class DataError(ValueError):
    """The data cannot be used; the message names the file and what is wrong with it."""


@dataclass(frozen=True)
class Row:
    """One line of a `split.csv`."""

    set: str
    file: str
    kind: str  # benign, malignant or normal (no lesion)
    group: str  # patient, or near-duplicate views of one lesion
    split: str
    width: int
    height: int
    lesion_px: int


@dataclass(frozen=True)
class Sample:
    """One image [h, w] uint8 grey and its mask [h, w] bool at native size."""

    row: Row
    image: np.ndarray
    mask: np.ndarray
    weight: float = 1.0  # of its loss
    unknown: np.ndarray | None = None  # [h, w] bool: where the boundary was marked as not visible; no loss there


def read_rows(root: Path, name: str) -> list[Row]:
    """Read the split of one set and refuse it when a group or a file lies in more than one split."""
    path = root / name / "split.csv"
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; pass --data the folder that holds {name}/")
    with path.open(newline="") as f:
        rows = [
            Row(name, r["file"], r["class"], r["group"], r["split"], int(r["width"]), int(r["height"]), int(r["lesion_px"]))
            for r in csv.DictReader(f)
        ]
    refuse_leaks(rows, str(path))
    return rows


def refuse_leaks(rows: list[Row], where: str) -> None:
    """Raise DataError when a split is unknown, a file is listed twice, or a group crosses splits."""
    split_of: dict[str, str] = {}
    seen: set[str] = set()
    for r in rows:
        if r.split not in SPLITS:
            raise DataError(f"{where}: {r.file}: unknown split {r.split!r}; known are {', '.join(SPLITS)}")
        if r.file in seen:
            raise DataError(f"{where}: {r.file} is listed twice")
        seen.add(r.file)
        if split_of.setdefault(r.group, r.split) != r.split:
            raise DataError(f"{where}: group {r.group} lies in {split_of[r.group]} and in {r.split} ({r.file})")


def read_grey(path: Path) -> np.ndarray:
    """Read an image as 8-bit grey [h, w]."""
    image = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise DataError(f"{path}: missing, or not an image that can be read")
    return image


def read_sample(root: Path, row: Row) -> Sample:
    """Read the pixels of one row; sizes and the lesion's area must be those of the row."""
    image = read_grey(root / row.set / "images" / row.file)
    mask = read_grey(root / row.set / "masks" / row.file) > 127
    for what, a in (("image", image), ("mask", mask)):
        if a.shape != (row.height, row.width):
            raise DataError(
                f"{row.set}/{row.file}: the {what} is {a.shape[1]}x{a.shape[0]}, split.csv says {row.width}x{row.height}"
            )
    if int(mask.sum()) != row.lesion_px:
        raise DataError(f"{row.set}/{row.file}: the mask holds {int(mask.sum())} px, split.csv says {row.lesion_px}")
    if (row.kind == "normal") == bool(mask.any()):
        raise DataError(f"{row.set}/{row.file}: class {row.kind} does not fit a mask of {int(mask.sum())} px")
    return Sample(row, image, mask)


def load(root: Path, split: str, sets: tuple[str, ...] = SETS) -> list[Sample]:
    """Read all samples of one split of the given sets."""
    samples = [read_sample(root, r) for name in sets for r in read_rows(root, name) if r.split == split]
    if not samples:
        raise DataError(f"{root}: no rows of split {split!r} in {', '.join(sets)}")
    return samples
