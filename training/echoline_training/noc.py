"""How many gestures a reader needs: simulated readers correct automatic masks until they are good enough.

The reader clicks into the largest error, near its middle and inside it, or draws along the true boundary beside it. Earlier
hints stay, the mask so far is the current one, and of every answer only what the viewer would take over is taken.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from . import clicks, measure, merge, reference, stats
from .clicks import Hints
from .contract import Fit
from .data import Row, Sample
from .letterbox import Letterbox, letterbox
from .reference import Network, Raw
from .stats import Clusters

TARGETS = (0.85, 0.90, 0.95)  # Dice
CAP = 20  # gestures, after which an image counts as this many and as not reached


@dataclass(frozen=True)
class Way:
    """The Dice of one lesion's mask: automatic, then after every gesture, up to the highest target or the cap."""

    row: Row
    dice: tuple[float, ...]

    def count(self, target: float) -> int:
        """Gestures to a target; CAP where it was not reached."""
        return next((k for k, d in enumerate(self.dice) if d >= target), CAP)

    def reached(self, target: float) -> bool:
        """Whether it was reached at all."""
        return max(self.dice) >= target

    def after(self, gestures: int) -> float:
        """The Dice after some gestures, or the last one where the reader had stopped."""
        return self.dice[min(gestures, len(self.dice) - 1)]


def dice(mask: np.ndarray, truth: np.ndarray) -> float:
    """Dice of two masks [h, w] bool of which one is not empty."""
    return 2 * int((mask & truth).sum()) / (int(mask.sum()) + int(truth.sum()))


def largest_error(truth: np.ndarray, mask: np.ndarray) -> np.ndarray | None:
    """The largest region that is missing from the mask, or that is too much; None where nobody would click."""
    regions = [clicks.largest(e) for e in (truth & ~mask, mask & ~truth)]
    return max((r for r in regions if r is not None), key=lambda r: int(r.sum()), default=None)


def drawn(region: np.ndarray, truth: np.ndarray, box: Letterbox, rng: np.random.Generator) -> merge.Points:
    """A stroke (native px) along the true boundary beside a region; a hand wobbles by input pixels."""
    small = [cv2.resize(m.astype(np.uint8), (box.nw, box.nh), interpolation=cv2.INTER_AREA) > 0 for m in (region, truth)]
    return [(x * box.w / box.nw, y * box.h / box.nh) for x, y in clicks.stroke(small[0], small[1], rng)]


def gesture(
    truth: np.ndarray, mask: np.ndarray, hints: Hints, box: Letterbox, rng: np.random.Generator, strokes: bool
) -> merge.Kind | None:
    """Add the reader's next hint; None where there is nothing left to correct."""
    region = largest_error(truth, mask)
    if region is None:
        return None
    line = drawn(region, truth, box, rng) if strokes else []
    if line:
        hints.stroke = line
        return "stroke"
    x, y = clicks.place(region, rng, clicks.JITTER * box.native_per_input)
    if truth[int(y), int(x)]:
        hints.positive.append((x, y))
        return "positive"
    hints.negative.append((x, y))
    return "negative"


def correct(network: Network, sample: Sample, automatic: Raw, fit: Fit, *, strokes: bool = False, seed: int = 0) -> Way:
    """Let a simulated reader correct one lesion image, from the automatic mask to the highest target.

    Where the truth was marked as not visible nothing is corrected, and nothing counts.
    """
    height, width = automatic.input_logits.shape
    h, w = sample.image.shape
    truth, box = sample.mask, letterbox(h, w, height, width)
    rng = np.random.default_rng([seed, zlib.crc32(f"{sample.row.set}/{sample.row.file}".encode())])
    visible = np.ones_like(truth) if sample.unknown is None else ~sample.unknown
    mask, hints = reference.cut(automatic, fit), Hints()
    found = [dice(mask & visible, truth & visible)]
    while found[-1] < max(TARGETS) and len(found) <= CAP:
        kind = gesture(truth, np.where(visible, mask, truth), hints, box, rng, strokes)
        if kind is None:
            break
        r = reference.raw(network, sample.image, height, width, hints, mask)
        proposal = merge.cut(r, fit, hints, mask)
        mask = merge.merge(mask, proposal, hints, kind, clicks.DISK_RADIUS * box.native_per_input)
        found.append(dice(mask & visible, truth & visible))
    return Way(sample.row, tuple(found))


def figures(ways: Sequence[Way], resamples: int = stats.RESAMPLES) -> dict[str, object]:
    """Per target the mean count, the share reached and how often each count was needed; mean Dice after few gestures."""
    if not ways:
        return {}
    clusters = Clusters.of([(w.row.set, w.row.group) for w in ways])
    out: dict[str, object] = {"images": len(ways), "cap": CAP}
    for target in TARGETS:
        counts = np.array([w.count(target) for w in ways])
        reached = np.array([w.reached(target) for w in ways])
        out[f"to_{target:.2f}"] = {
            "mean": stats.interval(stats.mean(clusters, counts), clusters.count, resamples).rounded(2),
            "median": float(np.median(counts)),
            "reached": stats.share(clusters, reached, resamples).rounded(),
            "distribution": np.bincount(counts, minlength=CAP + 1).tolist(),
        }
    out["dice_after"] = {str(k): measure.mean([w.after(k) for w in ways]) for k in (0, 1, 2, 3, 5, 10, CAP)}
    return out
