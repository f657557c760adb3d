"""A contact sheet of augmented samples, to look at: rows of images, the original first, then as training sees them.

Drawn over them: the mask's outline (green), where the boundary is not known (grey), the mask so far of a simulated reader
(blue), positive clicks (yellow), negative clicks (red), strokes (magenta).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from . import clicks
from .augment import augment, pack
from .data import DataError, Sample

GAP = 4  # px between pictures
COLOURS = {  # BGR
    "outline": (80, 220, 80), "unknown": (170, 170, 170), "mask": (255, 150, 60), "positive": (0, 230, 255),
    "negative": (60, 60, 255), "stroke": (255, 80, 255),
}  # fmt: skip


def outline(picture: np.ndarray, mask: np.ndarray, colour: tuple[int, int, int]) -> None:
    """Draw the outline of a mask [h, w] bool on a picture [h, w, 3]."""
    rings = cv2.findContours(mask.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]
    cv2.drawContours(picture, rings, -1, colour, 1)


def tile(image: np.ndarray, mask: np.ndarray, unknown: np.ndarray, guidance: np.ndarray | None) -> np.ndarray:
    """A picture [side, side, 3] of one sample; maps are [side, side] in 0..1, guidance is [4, side, side]."""
    picture = cv2.cvtColor((image * 255).astype(np.uint8), cv2.COLOR_GRAY2BGR)
    outline(picture, unknown >= 0.5, COLOURS["unknown"])
    if guidance is not None:
        outline(picture, guidance[0] >= 0.5, COLOURS["mask"])
    outline(picture, mask >= 0.5, COLOURS["outline"])
    for channel, name in enumerate(clicks.CHANNELS[1:], 1):
        if guidance is not None:
            picture[guidance[channel] > 0] = COLOURS[name]
    return picture


def sheet(samples: Sequence[Sample], versions: int, side: int, seed: int) -> np.ndarray:
    """The sheet [h, w, 3] BGR: a row per sample with its original and `versions` changed ones, every second guided."""
    packed = pack(samples, side)
    step = side + GAP
    out = np.full((len(samples) * step - GAP, (versions + 1) * step - GAP, 3), 32, np.uint8)
    for i in range(len(samples)):
        planes = [packed.images[i], packed.masks[i], 255 - packed.cares[i]]
        for k in range(versions + 1):
            rng = np.random.default_rng([seed, i, k])
            image, mask, unknown = augment(planes, side, rng) if k else [p.astype(np.float32) / 255 for p in planes]
            truth = mask >= 0.5
            guided = k % 2 == 0 and k > 0 and truth.any()
            guidance = clicks.simulate(truth, clicks.perturb(truth, rng), rng) if guided else None
            out[i * step : i * step + side, k * step : k * step + side] = tile(image, mask, unknown, guidance)
    return out


def spread(samples: Sequence[Sample], rows: int) -> list[Sample]:
    """Some samples from all over: of each set and kind in turn."""
    kinds: dict[tuple[str, str], list[Sample]] = {}
    for s in samples:
        kinds.setdefault((s.row.set, s.row.kind), []).append(s)
    share = -(-rows // len(kinds))
    picked = [
        [group[j] for j in np.linspace(0, len(group) - 1, min(share, len(group))).astype(int)] for group in kinds.values()
    ]
    turns = [group[k] for k in range(share) for group in picked if k < len(group)]
    return turns[:rows]


def write(samples: Sequence[Sample], out: Path, rows: int = 8, versions: int = 6, side: int = 256, seed: int = 1) -> None:
    """Write a contact sheet of some of the samples as PNG."""
    picture = cv2.imencode(".png", sheet(spread(samples, rows), versions, side, seed))[1].tobytes()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_bytes(picture)
    except OSError as e:
        raise DataError(f"{out}: cannot be written ({e.strerror}); choose another place for the sheet") from e
