"""Write the cases by which the viewer's merging and its twin here are held to each other.

    python tests/merge_cases.py ../inference/testdata/merge.json

Run it only after the rule was changed on both sides: it writes what the twin makes of random masks and hints, and the Go
test then tells whether the viewer makes the same.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, get_args

import cv2
import numpy as np

from echoline_training import merge
from echoline_training.clicks import Hints

H, W = 40, 56
COUNT = 36
Pair = tuple[float, float]


def packed(mask: np.ndarray) -> str:
    """The bits of a mask by rows, in hexadecimal."""
    return np.packbits(mask).tobytes().hex()


def unpacked(text: str, h: int, w: int) -> np.ndarray:
    """A mask [h, w] bool from its bits."""
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(text), np.uint8), count=h * w)
    return bits.reshape(h, w).astype(bool)


def blob(rng: np.random.Generator) -> np.ndarray:
    """A ragged shape, at times with holes and islands."""
    noise = cv2.GaussianBlur(rng.normal(0, 1, (H, W)), (0, 0), float(rng.uniform(1.5, 4)))
    y, x = np.mgrid[0:H, 0:W]
    inside = rng.uniform(5, 16) - np.hypot(x - rng.uniform(15, 41), y - rng.uniform(12, 28))
    return inside + noise / noise.std() * rng.uniform(1, 4) > 0


def points(rng: np.random.Generator, most: int) -> list[Pair]:
    """Up to so many points, some of them beside the image."""
    places = [(rng.uniform(-2, W + 2), rng.uniform(-2, H + 2)) for _ in range(int(rng.integers(0, most + 1)))]
    return [(round(float(x), 2), round(float(y), 2)) for x, y in places]


def case(rng: np.random.Generator) -> dict[str, Any] | None:
    """One case with what the twin makes of it; None where it has no hint."""
    before = blob(rng) if rng.random() > 0.1 else np.zeros((H, W), bool)
    after = blob(rng) if rng.random() < 0.3 else before ^ (blob(rng) & blob(rng))
    if rng.random() < 0.4:  # a rim, which hangs together all around
        after = cv2.dilate(before.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    hints = Hints(points(rng, 2), points(rng, 2), points(rng, 5))
    given = {"positive": hints.positive, "negative": hints.negative, "stroke": hints.stroke}
    kinds: list[merge.Kind] = [k for k in get_args(merge.Kind) if given[k]]
    if not kinds:
        return None
    newest, radius = kinds[int(rng.integers(len(kinds)))], round(float(rng.uniform(0.5, 2)), 2)
    return {
        "w": W, "h": H, "before": packed(before), "after": packed(after), **given, "newest": newest, "radius": radius,
        "merged": packed(merge.merge(before, after, hints, newest, radius)), "tidy": packed(merge.tidy(after, hints)),
    }  # fmt: skip


def write(path: Path) -> None:
    """Write the fixture."""
    rng = np.random.default_rng(0)
    found: list[str] = []
    while len(found) < COUNT:
        if (c := case(rng)) is not None:
            found.append(json.dumps(c))
    path.write_text("[\n" + ",\n".join(found) + "\n]\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
