"""Masks that readers corrected in Echoline, from its PNG and COCO exports (docs/export.md), as a set to train on.

A set is a folder with exports, in subfolders of any depth, and the pictures that they belong to in `images/`: as
`echoline frames` writes them (NAME.f0001.png), or for stills the original file. How much masks weigh, by reader and by
how far they were reviewed, is in `options`. Frames of a study, or of a picture that is not DICOM, lie in one split,
which a hash of the group's name decides. Coordinates are pixels, the image's top left corner at (0, 0).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from . import options
from .data import Origin, Row, Sample, Source
from .options import Options
from .pixels import DataError, read_grey, read_levels, sized

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
REJECTED = "rejected"
BAND = "90"  # per cent: the band that counts as unknown around an arc that cannot be seen
BAND_SHARE = 0.1  # where no model gave a band: its radius as a share of the lesion's equivalent diameter
LEAST_BAND = 3.0  # px


@dataclass(frozen=True)
class Frame:
    """One exported frame that is to be learned from."""

    where: str  # the file that tells of it, and its number
    name: str
    number: int  # from 1
    instance: str
    study: str
    mask: np.ndarray  # [h, w] bool
    arcs: list[dict[str, Any]]
    weight: float
    origin: Origin


def _documents(folder: Path, images: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The JSON files of a folder that are exports."""
    for path in sorted(folder.rglob("*.json")):
        if images in path.parents:
            continue
        try:
            doc = json.loads(path.read_bytes())
        except ValueError as e:
            raise DataError(f"{path}: not JSON, or cut off ({e}); export it again") from e
        yield path, doc if isinstance(doc, dict) else {}


def _sidecar(doc: dict[str, Any]) -> dict[str, Any] | None:
    """What an export says of itself; None for other files."""
    info = doc.get("info")
    doc = info.get("echoline", {}) if isinstance(info, dict) else doc
    program = doc.get("program") if isinstance(doc, dict) else None
    return doc if isinstance(program, dict) and program.get("name") == "Echoline" and "frames" in doc else None


def found(folder: Path) -> bool:
    """Whether a folder holds exports of Echoline."""
    return any(_sidecar(doc) is not None for _, doc in _documents(folder, folder / "images"))


def _lesion_values(side: dict[str, Any], wanted: Options, path: Path) -> tuple[list[int], list[int]]:
    """The pixel values, and the label values, that count as lesion."""
    labels = side["labels"]
    names = [v["name"] for v in labels]
    if len(labels) > 1 and not wanted.labels:
        raise DataError(
            f"{path}: there are several labels ({', '.join(names)}); say in {options.FILE} which are lesion: labels = [...]"
        )
    chosen = [v for v in labels if not wanted.labels or v["name"] in wanted.labels]
    if not chosen:
        raise DataError(
            f"{path}: none of its labels ({', '.join(names)}) is one of {options.FILE}'s ({', '.join(wanted.labels)})"
        )
    return [int(v["pixel"]) for v in chosen], [int(v["value"]) for v in chosen]


def run_lengths(counts: list[int], height: int, width: int) -> np.ndarray:
    """The mask [height, width] bool of COCO's uncompressed run lengths, which go by columns and start outside."""
    inside = np.arange(len(counts)) % 2 == 1
    return np.repeat(inside, counts).reshape(width, height).T


def _coco_mask(doc: dict[str, Any], number: int, values: list[int], shape: tuple[int, int], where: str) -> np.ndarray:
    """The union of a frame's annotations of some labels."""
    mask = np.zeros(shape, bool)
    for a in doc["annotations"]:
        if a["image_id"] != number or a["category_id"] not in values:
            continue
        rle = a["segmentation"]
        if not isinstance(rle, dict) or not isinstance(rle["counts"], list):
            raise DataError(f"{where}: the mask is no uncompressed run lengths; export it from Echoline itself")
        if tuple(rle["size"]) != shape or sum(rle["counts"]) != shape[0] * shape[1]:
            raise DataError(
                f"{where}: the run lengths do not fill {shape[1]}x{shape[0]}; the file was changed, export it again"
            )
        mask |= run_lengths(rle["counts"], *shape)
    return mask


def _png_mask(path: Path, values: list[int], shape: tuple[int, int]) -> np.ndarray:
    """The pixels of a mask that have one of some values."""
    levels = read_levels(path)
    if levels.shape != shape:
        raise DataError(f"{path}: the mask is {sized(levels)}, its NAME.json says {shape[1]}x{shape[0]}; export both again")
    return np.isin(levels, values)


def _frames(path: Path, doc: dict[str, Any], wanted: Options) -> Iterator[Frame]:
    """The frames of one export that have a weight."""
    side = _sidecar(doc)
    if side is None:
        raise DataError(f"{path}: no export of Echoline; move it out of this folder")
    width, height = side["size"]
    pixels, labels = _lesion_values(side, wanted, path)
    for f in side["frames"]:
        where = f"{path}, frame {f['frame']}"
        if f["status"] == REJECTED:
            continue
        if f["status"] not in wanted.status:
            raise DataError(
                f"{where}: unknown status {f['status']!r}; it is from a newer Echoline, use its training package"
            )
        weight = wanted.weight(f["status"], side["reader"])
        if weight == 0:
            continue
        if "annotations" in doc:
            mask = _coco_mask(doc, f["frame"], pixels, (height, width), where)
        else:
            mask = _png_mask(path.parent / f["file"], pixels, (height, width))
        if f["status"] != "accepted" and not mask.any():
            continue  # an empty mask is an answer only where a reader accepted it
        model = f["model"]["sha256"] if f["model"] else ""
        states = {name: float(v["px"]) for name, v in f["boundary"].items()}
        arcs = [a for a in f["arcs"] if a["label"] in labels]
        origin = Origin(side["reader"], f["status"], f["algorithm"], model, states)
        yield Frame(where, side["name"], f["frame"], side["instance"], side["study"], mask, arcs, weight, origin)


def unknown(frame: Frame) -> np.ndarray | None:
    """Where [h, w] bool the boundary's place is not known: around arcs that are not visible, and where the frame is
    reviewed in part also around those that nobody reviewed. As wide to each side as the model's band, else by
    BAND_SHARE.
    """
    states = {"not_visible"} if frame.origin.status != "reviewed in part" else {"not_visible", "predicted"}
    out = np.zeros(frame.mask.shape, bool)
    usual = max(LEAST_BAND, BAND_SHARE * math.sqrt(4 * int(frame.mask.sum()) / math.pi))
    for a in frame.arcs:
        if a["state"] not in states:
            continue
        line = np.ones(frame.mask.shape, np.uint8)
        points = np.round(np.array(a["points"], float).reshape(-1, 1, 2) - 0.5).astype(np.int32)
        cv2.polylines(line, [points], bool(a["closed"]), 0)
        radius = max(LEAST_BAND, a["band_px"][BAND]) if a["band_px"] else usual
        out |= cv2.distanceTransform(line, cv2.DIST_L2, cv2.DIST_MASK_PRECISE) <= radius
    return out if out.any() else None


def picture_of(frame: Frame, images: Path) -> Path:
    """The file of a frame's picture; that of a still may be the original, and is held against its hash."""
    path = images / f"{frame.name}.f{frame.number:04d}.png"
    if path.is_file():
        return path
    originals = [images / (frame.name + end) for end in PICTURES] if frame.number == 1 else []
    for original in originals:
        if not original.is_file():
            continue
        kind, _, want = frame.instance.partition(":")
        if kind == "sha256" and hashlib.sha256(original.read_bytes()).hexdigest() != want:
            raise DataError(f"{original}: not the file that was reviewed ({frame.where}); put that one there")
        return original
    raise DataError(f"{path}: the picture of {frame.where} is missing; write it with: echoline frames --out {images} FILES")


def _read(frame: Frame, row: Row, images: Path) -> Sample:
    path = picture_of(frame, images)
    image = read_grey(path)
    if image.shape != frame.mask.shape:
        raise DataError(
            f"{path}: the picture is {sized(image)}, its mask {sized(frame.mask)} ({frame.where}); "
            "put the picture there that the mask belongs to"
        )
    return Sample(row, image, frame.mask, frame.weight, unknown(frame), frame.origin)


def open_set(folder: Path) -> Source:
    """Open a folder of exports; masks are read here, pictures when asked for."""
    wanted = options.read(folder)
    name = folder.resolve().name
    frames: dict[str, Frame] = {}
    seen: dict[tuple[str, int, str], Frame] = {}
    rows: list[Row] = []
    for path, doc in _documents(folder, wanted.images):
        try:
            of_this = list(_frames(path, doc, wanted))
        except (KeyError, TypeError, AttributeError) as e:
            raise DataError(f"{path}: not what Echoline writes ({type(e).__name__}: {e}); export it again") from e
        for f in of_this:
            other = seen.setdefault((f.instance, f.number, f.origin.reader), f)
            if other is not f:
                raise DataError(f"{f.where}: {f.origin.reader}'s mask of it is also in {other.where}; keep one of the two")
            file = f"{path.relative_to(folder).as_posix().removesuffix('.json')}.f{f.number:04d}"
            frames[file] = f
            group = wanted.group(f.name, f.instance, f.study)
            height, width = f.mask.shape
            kind = "lesion" if f.mask.any() else "normal"
            rows.append(Row(name, file, kind, group, wanted.split_of(group), width, height, int(f.mask.sum())))
    if not rows:
        raise DataError(
            f"{folder}: nothing in it was reviewed, and what was not is left out; accept frames and export again, "
            f"or give a weight to 'not reviewed' in {options.FILE}"
        )
    return Source(rows, lambda row: _read(frames[row.file], row, wanted.images))
