"""The check on val during training: numbers for the log, cases and examples for the run's folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from . import clicks, durable, folds, runs
from .augment import pack
from .data import Sample
from .measure import auroc
from .network import GUIDANCE, AttentionUNet

TRUTH, FOUND = (233, 180, 86), (0, 159, 230)  # BGR, told apart by the colour-blind too
SHOWN_SIDE = 256  # px, at least, of an example's panels


class Validation:
    """Measures a network on samples letterboxed to one side (px), at logit 0 and without a threshold on presence.

    guided measures what the corrector makes of one to four gestures of a simulated reader who corrects the automatic
    outline, always the same ones for the same outline; images without a lesion, and outlines without an error, stay as
    they are. Each call returns `val_SET` (mean Dice of images with a lesion) and `val_present_auroc`, and, where there are
    such images, `loud` (normal images not left empty) of `normals`; it writes cases.csv and examples/ into the folder.
    """

    def __init__(self, samples: Sequence[Sample], side: int, folder: Path, guided: bool = False) -> None:
        self.rows, self.folder, self.guided = [s.row for s in samples], folder, guided
        self.packed = pack(samples, side)
        self.truths = self.packed.masks > 127
        self.lesion = np.array([r.lesion_px > 0 for r in self.rows])

    def __call__(self, net: AttentionUNet) -> dict[str, float]:
        looks, present = folds.run(net, self.packed.images)
        found = folds.outlined(looks) > 0
        if self.guided:
            found = self._corrected(net, found)
        both, sizes = (found & self.truths).sum((1, 2)), found.sum((1, 2)) + self.truths.sum((1, 2))
        dice, iou = 2 * both / np.maximum(1, sizes), both / np.maximum(1, sizes - both)
        loud = found.any((1, 2)).astype(bool)
        self._write_cases(dice, iou, loud, both > 0, present)
        self._write_examples(found, dice)
        return self._numbers(dice, loud, present)

    def _corrected(self, net: AttentionUNet, found: np.ndarray) -> np.ndarray:
        """The outlines found [n, side, side] bool after a simulated reader's gestures."""
        hints = [
            clicks.simulate(t, m, np.random.default_rng(i)) if t.any() else np.zeros((GUIDANCE, *t.shape), np.float32)
            for i, (t, m) in enumerate(zip(self.truths, found, strict=True))
        ]
        out = found.copy()
        with torch.inference_mode():
            for i in np.flatnonzero([h[1:].any() for h in hints]):
                x = torch.from_numpy(self.packed.images[i]).float()[None, None] / 255
                out[i] = net.corrector(x, torch.from_numpy(hints[i])[None], net.encoder(x))[0, 0].numpy() > 0
        return out

    def _numbers(self, dice: np.ndarray, loud: np.ndarray, present: np.ndarray) -> dict[str, float]:
        out: dict[str, float] = {}
        for name in sorted({r.set for r in self.rows}):
            here = self.lesion & np.array([r.set == name for r in self.rows])
            if here.any():
                out[f"val_{name}"] = round(float(dice[here].mean()), 4)
        area = auroc(present, self.lesion)
        if area is not None:
            out["val_present_auroc"] = round(area, 4)
        if not self.lesion.all():
            out |= {"loud": int(loud[~self.lesion].sum()), "normals": int((~self.lesion).sum())}
        return out

    def _write_cases(
        self, dice: np.ndarray, iou: np.ndarray, loud: np.ndarray, hit: np.ndarray, present: np.ndarray
    ) -> None:
        cases = []
        for i, r in enumerate(self.rows):
            values = {"dice": dice[i], "iou": iou[i], "hit": hit[i]} if self.lesion[i] else {"false_positive": loud[i]}
            values = {k: float(v) for k, v in {**values, "present_logit": present[i]}.items()}
            cases.append(runs.CaseRow(r.file, r.set, r.kind, r.group, values))
        runs.write_cases(self.folder / runs.CASES, cases)

    def _write_examples(self, found: np.ndarray, dice: np.ndarray) -> None:
        """Best, median and worst image with a lesion, by Dice."""
        order = np.flatnonzero(self.lesion)[np.argsort(-dice[self.lesion], kind="stable")]
        if not len(order):
            return
        folder = self.folder / runs.EXAMPLES
        folder.mkdir(exist_ok=True)
        said = []
        for name, i in (("best", order[0]), ("median", order[len(order) // 2]), ("worst", order[-1])):
            picture = panels(self.packed.images[i], self.truths[i], found[i])
            durable.write(folder / f"{name}.png", cv2.imencode(".png", picture)[1].tobytes())
            row = self.rows[i]
            said.append({"name": name, "set": row.set, "file": row.file, "dice": round(float(dice[i]), 4)})
        durable.write_text(folder / "examples.json", json.dumps({"examples": said}, indent=2))


def panels(image: np.ndarray, truth: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Image, image with the true outline, image with the predicted one, side by side [h, 3 w, 3] BGR; all [h, w]."""
    k = max(1, -(-SHOWN_SIDE // image.shape[0]))
    size = (image.shape[1] * k, image.shape[0] * k)
    grey = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2BGR)
    out = [grey]
    for mask, colour in ((truth, TRUTH), (found, FOUND)):
        large = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        rings = cv2.findContours(large, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]
        out.append(cv2.drawContours(grey.copy(), rings, -1, colour, 1))
    return np.concatenate(out, 1)
