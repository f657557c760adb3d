"""Small synthetic images with what the reference makes of them, for programs that implement the contract elsewhere."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import cv2
import numpy as np

from . import reference
from .clicks import Hints
from .letterbox import letterbox

SIZES = ((320, 240), (231, 410), (640, 480), (200, 200), (517, 256))  # width, height
STRIDE = 2  # of the stored logits: every second value of every second row
GUIDED = 2  # images that are stored with guidance as well


def picture(width: int, height: int, seed: int) -> np.ndarray:
    """Speckle [height, width] uint8 with depth attenuation and one dark ellipse: enough to look like a lesion."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    cx, cy = width * rng.uniform(0.4, 0.6), height * rng.uniform(0.35, 0.5)
    rx, ry = width * rng.uniform(0.14, 0.22), height * rng.uniform(0.1, 0.17)
    tissue = 0.55 * np.exp(-0.9 * y / height)
    inside = 1 / (1 + np.exp((np.hypot((x - cx) / rx, (y - cy) / ry) - 1) * 14))
    layers = 1 + 0.25 * np.sin(y / height * 21 + np.sin(x / width * 5))
    speckle = cv2.GaussianBlur(rng.gamma(2.0, 0.5, (height, width)), (0, 0), 1.2)
    return np.clip(tissue * layers * speckle * (1 - 0.85 * inside) * 255, 0, 255).astype(np.uint8)


def hints(mask: np.ndarray) -> Hints:
    """Clicks and a stroke in native px around a mask [h, w] bool: what a reader might do, without chance."""
    h, w = mask.shape
    y, x = np.nonzero(mask) if mask.any() else (np.array([h // 2]), np.array([w // 2]))
    cx, cy, left = float(x.mean()) + 0.5, float(y.mean()) + 0.5, float(x.min())
    return Hints(
        positive=[(cx + 0.25 * w / 10, cy)],
        negative=[(left * 0.5 + 0.25, cy), (cx, h - 10.5)],
        stroke=[(cx - w / 8, cy - h / 6), (cx, cy - h / 5), (cx + w / 8 + 0.25, cy - h / 6)],
    )


def store(logits: np.ndarray, path: Path) -> None:
    """Write every STRIDE-th logit of every STRIDE-th row as little-endian float32."""
    logits[::STRIDE, ::STRIDE].astype("<f4").tofile(path)


def write(model: Path, out: Path) -> None:
    """Write NAME.png, NAME.logits.bin and NAME.json per image, the guided cases, and index.json.

    NAME.logits.bin: float32, little endian, by rows, every STRIDE-th value of every STRIDE-th row of the logits of the
    input's size. NAME.json: what reference.describe gives, with where the image lies in the input. A guided case has the
    mask so far in NAME.guided.mask.png and its logits in NAME.guided.logits.bin; its points are native px.
    """
    network, height, width, fit = reference.open_onnx(model)
    out.mkdir(parents=True, exist_ok=True)
    names, guided = [], []
    for seed, (w, h) in enumerate(SIZES, start=1):
        name = f"synthetic-{w}x{h}"
        image = picture(w, h, seed)
        cv2.imwrite(str(out / f"{name}.png"), image)
        r = reference.raw(network, image, height, width)
        store(r.input_logits, out / f"{name}.logits.bin")
        box = letterbox(h, w, height, width)
        placed = {"x": box.ox, "y": box.oy, "width": box.nw, "height": box.nh}
        (out / f"{name}.json").write_text(json.dumps({"placed": placed, **reference.describe(r, fit)}) + "\n")
        names.append(name)
        if seed > GUIDED:
            continue
        mask = reference.clean(r.logits >= reference.level(fit))
        given = hints(mask)
        cv2.imwrite(str(out / f"{name}.guided.mask.png"), mask.astype(np.uint8) * 255)
        answer = reference.raw(network, image, height, width, given, mask)
        store(answer.input_logits, out / f"{name}.guided.logits.bin")
        files = {"mask": f"{name}.guided.mask.png", "logits": f"{name}.guided.logits.bin"}
        guided.append({"image": name, **files, **given.__dict__})
    index = {
        "model_sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "input": {"width": width, "height": height},
        "stride": STRIDE,
        "images": names,
        "guided": guided,
    }
    (out / "index.json").write_text(json.dumps(index, indent=2) + "\n")
