"""What must hold before hours are spent: data, leaks, balance, disk, and a rehearsal of the network and its export.

Every check answers with findings. One that refuses stops the run before it starts; a warning is told and the run goes on.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch

from . import checkpoint, rehearsal
from .augment import pack
from .data import Sample, shared
from .findings import Finding, brief, guarded, listed, refusal, refused, warning
from .findings import PreflightError as PreflightError
from .findings import refuse as refuse
from .findings import to_json as to_json
from .network import AttentionUNet
from .rehearsal import Graph
from .train import Recipe, weights

Splits = Mapping[str, Sequence[Sample]]

MULTIPLE = 32  # px; the network halves five times
SMALL, LARGE = 0.0005, 0.7  # of the image: lesions outside are rare enough to be looked at
PIECES = 2  # of one mask, above which it is looked at
FEW = 20  # lesions in val, below which what is chosen there is chance
LEAST_SHARE = 0.05  # of images without lesion
THUMB = 64  # px, at which pictures are compared
ALIKE = 0.97  # correlation of two pictures of one group from which they show the same
AGREED = 0.8  # Dice of their masks, below which no outline is right for both
COPIES = 10  # of the weights: net, average, two moments, in the file that is there and the one being written; and to spare
ROOM = 64 << 20  # bytes for logs, pages and overlays


@dataclass(frozen=True)
class Rule:
    """Something that no sample should show."""

    level: Callable[..., Finding]
    code: str
    what: str
    remedy: str
    broken: Callable[[Sample], bool]


def _fits(s: Sample) -> bool:
    return s.image.shape == s.mask.shape and s.mask.size > 0


def _lesion(s: Sample) -> bool:
    return _fits(s) and bool(s.mask.any())


def _cut(s: Sample) -> bool:
    edges = (s.mask[0], s.mask[-1], s.mask[:, 0], s.mask[:, -1])
    return any(bool(e.any()) for e in edges)


def _pieces(s: Sample) -> int:
    return int(cv2.connectedComponents(s.mask.astype(np.uint8))[0]) - 1


RULES = (
    Rule(
        refusal, "masks.size", "mask and image differ in size", "give each image its own mask",
        lambda s: not _fits(s),
    ),
    Rule(
        refusal, "masks.kind", "a lesion in a normal image, or none in another", "correct the class or the mask",
        lambda s: _fits(s) and _lesion(s) == (s.row.kind == "normal"),
    ),
    Rule(
        refusal, "images.tiny", f"images below {MULTIPLE} px", "leave them out",
        lambda s: min(s.image.shape) < MULTIPLE,
    ),
    Rule(
        refusal, "images.flat", "images of one grey value", "export them again, or leave them out",
        lambda s: s.image.size > 0 and int(s.image.max()) == int(s.image.min()),
    ),
    Rule(
        warning, "masks.small", f"lesions below {SMALL:.2%} of the image", "look whether these are lesions",
        lambda s: _lesion(s) and float(s.mask.mean()) < SMALL,
    ),
    Rule(
        warning, "masks.large", f"lesions above {LARGE:.0%} of the image", "look whether black and white are swapped",
        lambda s: _lesion(s) and float(s.mask.mean()) > LARGE,
    ),
    Rule(
        warning, "masks.pieces", f"masks of more than {PIECES} pieces", "look for specks that nobody meant to draw",
        lambda s: _lesion(s) and _pieces(s) > PIECES,
    ),
    Rule(
        warning, "masks.border", "lesions that the image's edge cuts", "nothing, if the images were cropped so",
        lambda s: _lesion(s) and _cut(s),
    ),
    Rule(
        warning, "masks.unknown", "lesions of which no pixel is certain", "they teach little: leave them out",
        lambda s: _lesion(s) and s.unknown is not None and bool(s.unknown[s.mask].all()),
    ),
)  # fmt: skip


def masks(splits: Splits) -> Iterator[Finding]:
    """Sizes, share of lesion, pieces, and lesions that the image's edge cuts."""
    every = [s for samples in splits.values() for s in samples]
    for rule in RULES:
        names = [f"{s.row.set}/{s.row.file}" for s in every if rule.broken(s)]
        if names:
            yield rule.level(rule.code, f"{rule.what}: {listed(names)}", rule.remedy, count=len(names), files=names)


def twins(splits: Splits) -> Iterator[Finding]:
    """Pictures of one group that show the same, with masks that do not."""
    groups: dict[tuple[str, str], list[Sample]] = {}
    for s in (s for samples in splits.values() for s in samples if _lesion(s)):
        groups.setdefault((s.row.set, s.row.group), []).append(s)
    pairs = []
    for (name, _), members in groups.items():
        files = [s.row.file for s in members]
        pairs += [f"{name}/{files[i]} and {files[j]}" for i, j in _contradictions(members)]
    if pairs:
        told = f"pictures that show the same with masks that do not: {listed(pairs)}"
        yield warning("masks.twins", told, "outline them alike, or leave one out", count=len(pairs), files=pairs)


def _contradictions(members: Sequence[Sample]) -> Iterator[tuple[int, int]]:
    """The pairs among the samples of a group whose pictures are alike and whose masks are not."""
    if len(members) < 2:
        return
    thumbs = pack(members, THUMB)
    with np.errstate(divide="ignore", invalid="ignore"):  # a picture of a single grey is like no other
        alike = np.corrcoef(thumbs.images.reshape(len(members), -1)) > ALIKE
    for i, j in np.argwhere(np.triu(alike, 1)):
        a, b = thumbs.masks[i].astype(float), thumbs.masks[j].astype(float)
        if 2 * np.minimum(a, b).sum() / max(1.0, a.sum() + b.sum()) < AGREED:
            yield i, j


def leaks(splits: Splits) -> Iterator[Finding]:
    """Groups and pictures that splits or sets share."""
    for text in shared(splits):
        yield refusal("leak", text, "keep it in one split and one set", leak=text)


def _balance(split: str, samples: Sequence[Sample]) -> Iterator[Finding]:
    lesions = sum(bool(s.mask.any()) for s in samples)
    normals = len(samples) - lesions
    values = {"split": split, "lesions": lesions, "normals": normals}
    if not lesions:
        yield refusal(
            "balance.lesions",
            f"{split} shows no lesion among {len(samples)} images",
            "add some, or choose other sets",
            **values,
        )
        return
    if split == "val" and lesions < FEW:
        remedy = "choose and calibrate on more, or distrust small differences"
        yield warning("balance.few", f"val shows {lesions} lesions", remedy, **values)
    if normals < LEAST_SHARE * len(samples):
        told = f"{split} shows {normals} images without lesion among {len(samples)}"
        yield warning("balance.normals", told, "add normal images, or expect outlines where there is nothing", **values)


def balance(splits: Splits) -> Iterator[Finding]:
    """Enough of each kind in train and val, and weights that can be learned with."""
    for split in ("train", "val"):
        yield from _balance(split, splits.get(split, ()))
    weights = np.array([s.weight for s in splits.get("train", ())] or [1.0])
    if not np.isfinite(weights).all() or weights.min() < 0 or weights.max() == 0:
        told = f"weights of masks go from {weights.min():g} to {weights.max():g}"
        yield refusal(
            "balance.weights", told, "give masks weights from 0 on, and some above", weights=sorted(set(map(str, weights)))
        )


def needed(net: torch.nn.Module, stages: int = 1, lessons: int = 0) -> int:
    """Bytes that a run of so many trainings of the network leaves, with those of its lessons."""
    return stages * COPIES * sum(v.numel() * v.element_size() for v in net.state_dict().values()) + lessons + ROOM


def disk(folder: Path, need: int) -> Iterator[Finding]:
    """Room for checkpoints, and leave to write, rename and delete."""
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    remedy = "choose another folder for the run"
    if not there.is_dir():
        yield refusal("disk.folder", f"{there} is no folder", remedy, folder=str(there))
        return
    try:
        with tempfile.TemporaryDirectory(dir=there) as probe:
            half = Path(probe) / "probe.tmp"
            half.write_bytes(b"echoline")
            os.replace(half, half.with_suffix(""))
    except OSError as e:
        yield refusal("disk.write", f"{there} cannot be written to ({e.strerror})", remedy, folder=str(there))
        return
    free = shutil.disk_usage(there).free
    told = f"{there} has {free / 1e6:.0f} MB free, and the run needs {need / 1e6:.0f} MB"
    if free < need:
        yield refusal("disk.space", told, f"free some space, or {remedy}", folder=str(there), free=free, needed=need)
    elif free < 3 * need:
        yield warning("disk.space", told, "free some space before it runs short", folder=str(there), free=free, needed=need)


def recipe_fits(recipe: Recipe, splits: Splits) -> Iterator[Finding]:
    """A recipe that the network and the data allow."""
    odd = [side for side in recipe.sides if side < MULTIPLE or side % MULTIPLE]
    if odd:
        yield refusal("recipe.sides", f"sides of {odd} px", f"choose multiples of {MULTIPLE}", sides=odd)
    count = len(splits.get("train", ()))
    if 0 < count < recipe.batch:
        told = f"a batch of {recipe.batch} from {count} images shows some twice"
        yield warning("recipe.batch", told, "choose a smaller batch", batch=recipe.batch, images=count)


def begins(start: Path) -> Iterator[Finding]:
    """A model file or a run's weights that this network can go on from."""
    try:
        checkpoint.fit(AttentionUNet(pretrained=False), dict(weights(start)), start)
    except Exception as e:  # whatever the file is, it ends the run where the outline begins
        yield refusal(
            "start",
            f"{start.name} is not a model that this version can train on ({brief(e)})",
            "begin from ImageNet weights, or from a model that this version has made",
            file=start.name,
        )


def default_graph() -> Graph:
    """What makes the ONNX graph of models that ship."""
    from .export import graph

    return graph


def check(
    splits: Splits,
    recipe: Recipe,
    folder: Path,
    export: Graph | None = None,
    start: Path | None = None,
    stages: int = 1,
    lessons: int = 0,
) -> list[Finding]:
    """Everything that can be known before a run of a recipe in a folder, worst first in time: the network is rehearsed,
    for some seconds, only where the data is sound.

    splits are the samples by split, train and val at least; export makes the ONNX graph (export.graph if not given);
    start is what the run begins from, if not from ImageNet weights; stages are the trainings of the network in the folder,
    lessons the bytes of what is kept between them.
    """
    torch.manual_seed(recipe.seed)
    net = AttentionUNet(recipe.pretrained)
    out = guarded("masks", lambda: masks(splits))
    out += guarded("masks", lambda: twins(splits))
    out += guarded("leak", lambda: leaks(splits))
    out += guarded("balance", lambda: balance(splits))
    out += guarded("recipe", lambda: recipe_fits(recipe, splits))
    out += guarded("disk", lambda: disk(folder, needed(net, stages, lessons)))
    if start is not None:
        out += begins(start)
    if refused(out):
        return out
    batch = rehearsal.batch(splits["train"], recipe.seed)
    out += guarded("step", lambda: rehearsal.step(net, batch))
    if not refused(out):
        out += guarded("overfit", lambda: rehearsal.overfit(net, batch))
    if not refused(out):
        out += guarded("export", lambda: rehearsal.parity(net, batch, export or default_graph()))
    return out
