"""Images and masks of the data sets, refusing what would spoil training or measuring.

A set is a folder with `images/`, `masks/` (same names) and `split.csv` (file, class, group, split, width, height,
lesion_px, ...), or a folder of Echoline's own exports (see `exports`). All arrays are [height, width]; all sizes are
native pixels.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from .pixels import DataError as DataError
from .pixels import read_grey as read_grey
from .pixels import read_mask, sized

SETS = ("busi", "busbra")
SPLITS = ("train", "val", "test")
COLUMNS = ("file", "class", "group", "split", "width", "height", "lesion_px")


@dataclass(frozen=True)
class Row:
    """One line of a `split.csv`, or one frame of an export."""

    set: str
    file: str
    kind: str  # benign, malignant, lesion (of unknown kind), or normal (no lesion)
    group: str  # patient or study, or near-duplicate views of one lesion
    split: str
    width: int
    height: int
    lesion_px: int


@dataclass(frozen=True)
class Origin:
    """Where the mask of an exported frame came from."""

    reader: str
    status: str  # accepted, reviewed in part, not reviewed
    algorithm: str  # AUTOMATIC, SEMIAUTOMATIC, MANUAL
    model: str  # SHA-256 of the model that the mask started from; "" if drawn from nothing
    states: dict[str, float]  # px of boundary that is predicted, confirmed, corrected, not_visible


@dataclass(frozen=True)
class Sample:
    """One image [h, w] uint8 grey and its mask [h, w] bool at native size."""

    row: Row
    image: np.ndarray
    mask: np.ndarray
    weight: float = 1.0  # of its loss
    unknown: np.ndarray | None = None  # [h, w] bool: where the boundary was marked as not visible; no loss there
    origin: Origin | None = None  # of exports alone


@dataclass(frozen=True)
class Source:
    """An opened set: its rows, and how to read the pixels of one."""

    rows: list[Row]
    read: Callable[[Row], Sample]


def _number(line: dict[str, str], column: str, where: str) -> int:
    try:
        value = int(line[column])
    except (TypeError, ValueError):
        raise DataError(f"{where}: {column} is {line[column]!r}, not a whole number; correct that line") from None
    if value < 0:
        raise DataError(f"{where}: {column} is {value}, and cannot be negative; correct that line")
    return value


def _row(name: str, line: dict[str, str], where: str) -> Row:
    empty = [c for c in COLUMNS if not line[c]]
    if empty:
        raise DataError(f"{where}: {', '.join(empty)} is empty; fill it in, or take the line out")
    if Path(line["file"]).name != line["file"]:
        raise DataError(f"{where}: {line['file']!r} is not a plain file name; name files as they lie in images/ and masks/")
    sizes = [_number(line, c, where) for c in ("width", "height", "lesion_px")]
    return Row(name, line["file"], line["class"], line["group"], line["split"], *sizes)


def read_split(path: Path, name: str) -> list[Row]:
    """Read a `split.csv` as rows of the set `name`; refuse a group or a file that lies in more than one split."""
    try:
        lines = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    except UnicodeDecodeError as e:
        raise DataError(f"{path}: not UTF-8 text ({e.reason} at byte {e.start}); save it as CSV in UTF-8") from e
    except csv.Error as e:
        raise DataError(f"{path}: not a CSV table ({e}); save it as comma-separated text with a heading") from e
    if not lines:
        raise DataError(f"{path}: there are no rows; list one image per line under the heading {','.join(COLUMNS)}")
    missing = [c for c in COLUMNS if c not in lines[0]]
    if missing:
        raise DataError(f"{path}: there is no column {', '.join(missing)}; the heading must have {','.join(COLUMNS)}")
    rows = [_row(name, line, f"{path}, row {i}") for i, line in enumerate(lines, 1)]
    refuse_leaks(rows, str(path))
    return rows


def read_rows(root: Path, name: str) -> list[Row]:
    """Read the rows of one set, by its name under root."""
    path = root / name / "split.csv"
    if not path.is_file():
        raise DataError(f"{path}: there is no such file; pass --data the folder that holds {name}/")
    return read_split(path, name)


def refuse_leaks(rows: Sequence[Row], where: str) -> None:
    """Raise DataError when a split is unknown, a file is listed twice, or a group crosses splits of a set or sets."""
    first: dict[str, Row] = {}
    seen: set[tuple[str, str]] = set()
    for r in rows:
        if r.split not in SPLITS:
            raise DataError(f"{where}: {r.file}: unknown split {r.split!r}; known are {', '.join(SPLITS)}")
        if (r.set, r.file) in seen:
            raise DataError(f"{where}: {r.file} is listed twice; keep one of the two lines")
        seen.add((r.set, r.file))
        f = first.setdefault(r.group, r)
        if f.split != r.split:
            raise DataError(
                f"{where}: group {r.group} lies in {f.split} and in {r.split} ({f.set}/{f.file}, {r.set}/{r.file}); "
                "put all of it into one split, as what is measured would be known from training"
            )
        if f.set != r.set:
            raise DataError(
                f"{where}: group {r.group} lies in the sets {f.set} and {r.set} ({f.file}, {r.file}); leave one of the two "
                "out, or give the groups of one set other names if they are other patients"
            )


def read_files(folder: Path, row: Row) -> Sample:
    """Read the pixels of one row from a set's folder; sizes and the lesion's area must be those of the row."""
    where = f"{folder.name}/{row.file}"
    image = read_grey(folder / "images" / row.file)
    path = folder / "masks" / row.file
    if not path.exists():
        raise DataError(
            f"{path}: there is no such mask; every image needs one of its name, all black where there is no lesion"
        )
    mask = read_mask(path)
    for what, a in (("image", image), ("mask", mask)):
        if a.shape != (row.height, row.width):
            raise DataError(
                f"{where}: the {what} is {sized(a)}, split.csv says {row.width}x{row.height}; "
                "image and mask must be of one size, and that of the row"
            )
    found = int(mask.sum())
    if found == 0 and row.kind != "normal":
        raise DataError(f"{where}: the mask is all black, but the class is {row.kind}; draw the lesion, or write normal")
    if found and row.kind == "normal":
        raise DataError(
            f"{where}: the class is normal, but the mask shows {found} px of lesion; correct the one or the other"
        )
    if found != row.lesion_px:
        raise DataError(
            f"{where}: the mask holds {found} px of lesion, split.csv says {row.lesion_px}; "
            "it is the mask of another image, or was changed: correct lesion_px if the mask is right"
        )
    return Sample(row, image, mask)


def read_sample(root: Path, row: Row) -> Sample:
    """Read the pixels of one row of a set under root."""
    return read_files(root / row.set, row)


def folder_of(root: Path, name: str) -> Path:
    """A set's folder: a name lies under root, anything with a slash is a path of its own."""
    return Path(name) if "/" in name or "\\" in name else root / name


def open_set(folder: Path) -> Source:
    """Open a set in the small format or of Echoline's exports; refuse a folder that is neither."""
    from . import exports

    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder; pass --data the folder that holds {folder.name}/, or its path")
    split = folder / "split.csv"
    if not split.is_file():
        if exports.found(folder):
            return exports.open_set(folder)
        raise DataError(
            f"{folder}: holds neither split.csv, with images/ and masks/, nor an export of Echoline (PNG with NAME.json, or "
            "NAME.coco.json); choose another folder, or put the data there"
        )
    for part in ("images", "masks"):
        if not (folder / part).is_dir():
            raise DataError(f"{folder / part}: there is no such folder; it must hold the {part} that split.csv lists")
        if not any((folder / part).iterdir()):
            raise DataError(f"{folder / part}: the folder is empty; copy the {part} that split.csv lists into it")
    return Source(read_split(split, folder.resolve().name), lambda row: read_files(folder, row))


def load_splits(root: Path, splits: Iterable[str] = SPLITS, sets: Iterable[str] = SETS) -> dict[str, list[Sample]]:
    """Read all samples of some splits of the given sets, by names under root or paths; a leak among them is refused."""
    if not root.is_dir() and any(folder_of(root, name).parent == root for name in sets):
        raise DataError(f"{root}: there is no such folder; pass --data the folder that holds {', '.join(sets)}")
    sources: list[Source] = []
    rows: list[Row] = []
    for name in sets:
        source = open_set(folder_of(root, name))
        if any(r.set == source.rows[0].set for r in rows):
            raise DataError(f"{name}: there are two sets of the name {source.rows[0].set}; name one folder otherwise")
        sources.append(source)
        rows += source.rows
    refuse_leaks(rows, ", ".join(sets))
    out = {split: [s.read(r) for s in sources for r in s.rows if r.split == split] for split in splits}
    for split, samples in out.items():
        if not samples:
            raise DataError(f"{root}: no rows of split {split!r} in {', '.join(sets)}; add some, or choose other sets")
    refuse_shared(out)
    return out


def load(root: Path, split: str, sets: tuple[str, ...] = SETS) -> list[Sample]:
    """Read all samples of one split of the given sets, by names under root or paths."""
    return load_splits(root, (split,), sets)[split]


def _picture(image: np.ndarray) -> bytes:
    return hashlib.sha256(repr(image.shape).encode() + image.tobytes()).digest()


def shared(splits: Mapping[str, Sequence[Sample]]) -> list[str]:
    """Each way in which splits or sets share a group or a picture, pixel by pixel, in words; empty if they share nothing.

    One picture may come several times in one group of one set: several readers drew on it.
    """
    out: dict[str, None] = {}
    first: dict[str | bytes, tuple[str, Row]] = {}
    for split, samples in splits.items():
        for row, image in ((s.row, s.image) for s in samples):
            for what, key in ((f"group {row.group}", row.group), ("one picture", _picture(image))):
                before, other = first.setdefault(key, (split, row))
                if (before, other.set, other.group) != (split, row.set, row.group):
                    out[f"{what} lies in {_place(before, other)} and in {_place(split, row)}"] = None
    return list(out)


def _place(split: str, row: Row) -> str:
    return f"{row.set}/{row.file} ({split}, group {row.group})"


def refuse_shared(splits: Mapping[str, Sequence[Sample]]) -> None:
    """Raise DataError when splits or sets share a group or a picture."""
    found = shared(splits)
    if found:
        more = f", and {len(found) - 3} more" if len(found) > 3 else ""
        raise DataError(f"{'; '.join(found[:3])}{more}: what is measured would be known from training; keep one of them")


def _fingerprint(s: Sample) -> bytes:
    h = hashlib.sha256(json.dumps([asdict(s.row), s.weight], sort_keys=True).encode())
    for plane in (s.image, np.packbits(s.mask), np.packbits(s.unknown) if s.unknown is not None else np.zeros(0, np.uint8)):
        h.update(repr(plane.shape).encode())
        h.update(plane.tobytes())
    return h.digest()


def digest(samples: Iterable[Sample]) -> str:
    """SHA-256 (hex) over rows, weights and pixels of samples, in whatever order they come."""
    return hashlib.sha256(b"".join(sorted(_fingerprint(s) for s in samples))).hexdigest()
