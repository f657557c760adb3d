"""The reference of the model contract: an image in, a mask and contours out.

Native maps are float32 [h, w]; contour points are (x, y) in native pixels, the image's top left corner at (0, 0).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import torch
from skimage.measure import find_contours

from . import clicks, contract
from .clicks import Hints
from .contract import Fit
from .data import read_grey
from .letterbox import Letterbox, letterbox, to_input, to_native
from .network import GUIDANCE

MIN_REGION, MIN_REGION_SHARE = 16, 0.05  # px; share of the largest region
OUTPUTS = ["logits", "scale", "present", "quality"]
LEAST = 1e-6  # keeps a pixel on its side of the threshold where cleaning put it on the other

Outputs = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]  # logits, scale, present, quality
Network = Callable[[torch.Tensor, torch.Tensor], Outputs]  # of image and guidance


@dataclass(frozen=True)
class Raw:
    """What a network says of one image, before anything fitted."""

    input_logits: np.ndarray  # [height, width] of the input
    input_scale: np.ndarray  # [height, width], input px
    logits: np.ndarray  # [h, w]
    scale: np.ndarray  # [h, w], Laplace b in native px
    present: float  # probability of a lesion
    quality: float  # expected Dice


def sigmoid(v: float) -> float:
    """The logistic function of one number."""
    return 1 / (1 + math.exp(-v)) if v >= 0 else math.exp(v) / (1 + math.exp(v))


def guidance(hints: Hints, mask: np.ndarray, box: Letterbox) -> torch.Tensor:
    """The network's input [1, 4, height, width] of hints in native pixels over a native mask [h, w] bool."""

    def moved(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
        return [(box.ox + x * box.nw / box.w, box.oy + y * box.nh / box.h) for x, y in points]

    there = Hints(moved(hints.positive), moved(hints.negative), moved(hints.stroke))
    so_far = to_input(mask.astype(np.uint8) * 255, box)[0, 0].numpy()
    return torch.from_numpy(clicks.draw(there, so_far))[None]


def raw(
    network: Network,
    image: np.ndarray,
    height: int,
    width: int,
    hints: Hints | None = None,
    mask: np.ndarray | None = None,
) -> Raw:
    """Run a network with an input of height x width on a grey image [h, w] uint8.

    hints (native px) and the mask so far [h, w] bool guide it; without both it is automatic.
    """
    h, w = image.shape
    box = letterbox(h, w, height, width)
    guide = torch.zeros(1, GUIDANCE, height, width)
    if hints is not None or mask is not None:
        guide = guidance(hints or Hints(), np.zeros(image.shape, bool) if mask is None else mask, box)
    with torch.no_grad():
        logits, scale, present, quality = network(to_input(image, box), guide)
    return Raw(
        logits[0, 0].numpy(),
        scale[0, 0].numpy(),
        to_native(logits, box),
        to_native(scale, box) * np.float32(box.native_per_input),
        sigmoid(float(present)),
        sigmoid(float(quality)),
    )


def clean(mask: np.ndarray) -> np.ndarray:
    """Drop small regions (8-connected) of a mask [h, w] bool and fill holes (4-connected background)."""
    count, ids, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count <= 1:
        return np.zeros_like(mask)
    sizes = stats[1:, cv2.CC_STAT_AREA]
    keep = sizes >= max(MIN_REGION, MIN_REGION_SHARE * sizes.max())
    mask = np.concatenate([[False], keep])[ids]
    _, around = cv2.connectedComponents(np.pad(~mask, 1, constant_values=True).astype(np.uint8), connectivity=4)
    return (around != around[0, 0])[1:-1, 1:-1] | mask


def level(fit: Fit) -> float:
    """The logit at which a probability after temperature meets the threshold."""
    return fit.temperature * math.log(fit.threshold / (1 - fit.threshold))


def cut(r: Raw, fit: Fit) -> np.ndarray:
    """The mask [h, w] bool."""
    if r.present < fit.present_threshold:
        return np.zeros(r.logits.shape, bool)
    return clean(r.logits >= level(fit))


def contours(r: Raw, mask: np.ndarray, fit: Fit) -> list[np.ndarray]:
    """The rings [n, 2] along which the logits cross the level between mask and background, closed at the image's edge."""
    field = r.logits.astype(np.float64) - level(fit)
    field = np.where(mask, np.maximum(field, LEAST), np.minimum(field, -LEAST))
    # One more pixel all round, as far below the level as its neighbour lies above: the ring then follows the edge itself.
    field = np.pad(field, 1, mode="edge")
    for side in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        field[side] = -np.abs(field[side])
    return [ring[:-1, ::-1] - 0.5 for ring in find_contours(field, 0.0)]


def sample(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Bilinear values [n] of a map [h, w] at points [n, 2]; constant beyond the outermost pixel centres."""
    h, w = field.shape
    x, y = np.clip(points[:, 0] - 0.5, 0, w - 1), np.clip(points[:, 1] - 0.5, 0, h - 1)
    x0, y0 = x.astype(int), y.astype(int)
    x1, y1, fx, fy = np.minimum(x0 + 1, w - 1), np.minimum(y0 + 1, h - 1), x - x0, y - y0
    upper = field[y0, x0] * (1 - fx) + field[y0, x1] * fx
    return upper * (1 - fy) + (field[y1, x0] * (1 - fx) + field[y1, x1] * fx) * fy


def open_onnx(path: Path, threads: int = 2) -> tuple[Network, int, int, Fit]:
    """Open a model file: the network, its input's height and width, and what was fitted."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    doc = contract.read(path)

    def network(x: torch.Tensor, guide: torch.Tensor) -> Outputs:
        outputs = session.run(OUTPUTS, {"image": x.numpy(), "guidance": guide.numpy()})
        logits, scale, present, quality = (torch.from_numpy(y) for y in outputs)
        return logits, scale, present, quality

    return network, doc["input"]["height"], doc["input"]["width"], contract.fit_of(doc)


def describe(r: Raw, fit: Fit) -> dict[str, object]:
    """Presence and contours of one image, each point with its expected error and bands (native px)."""
    mask = cut(r, fit)
    rings = []
    for ring in contours(r, mask, fit):
        b = sample(r.scale, ring)
        rings.append(
            [
                {
                    "x": round(float(x), 5),
                    "y": round(float(y), 5),
                    "expected_error_px": round(float(fit.expected_factor * s), 5),
                    "band_px": {q: round(float(fit.band[q] * s), 5) for q in contract.LEVELS},
                }
                for (x, y), s in zip(ring, b, strict=True)
            ]
        )
    return {
        "size": [mask.shape[1], mask.shape[0]],
        "lesion_probability": r.present,
        "expected_dice": r.quality,
        "mask_px": int(mask.sum()),
        "contours": [{"closed": True, "points": points} for points in rings],
    }


def predict(model: Path, images: list[Path], out: Path) -> None:
    """Write NAME.logits.npy and NAME.scale.npy (both of the input's size), NAME.mask.png and NAME.json per image."""
    network, height, width, fit = open_onnx(model)
    out.mkdir(parents=True, exist_ok=True)
    for path in images:
        r = raw(network, read_grey(path), height, width)
        np.save(out / f"{path.stem}.logits.npy", r.input_logits)
        np.save(out / f"{path.stem}.scale.npy", r.input_scale)
        cv2.imwrite(str(out / f"{path.stem}.mask.png"), cut(r, fit).astype(np.uint8) * 255)
        (out / f"{path.stem}.json").write_text(json.dumps(describe(r, fit)))
