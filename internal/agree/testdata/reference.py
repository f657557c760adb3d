"""Writes reference.json: figures by reference implementations, which the tests hold internal/agree to.

    python reference.py [BUSBRA]    # needs SimpleITK, numpy, scipy, scikit-learn

200 random pairs and sets of masks are made from seeds, in the same way as the test makes them. With the folder of BUS-BRA
also 50 pairs of real masks, of which only names and figures are kept. Dice, Jaccard and STAPLE are SimpleITK's, kappa is
scikit-learn's; distances are taken by scipy's k-d tree between the mid-points of pixel sides, as docs of internal/contour say.
"""

import json
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree
from sklearn.metrics import cohen_kappa_score

MASK64 = (1 << 64) - 1


class Generator:
    """SplitMix64, small enough to be written in both languages."""

    def __init__(self, seed: int):
        self.state = seed

    def next(self) -> int:
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK64
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK64
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK64
        return z ^ (z >> 31)

    def below(self, n: int) -> int:
        return self.next() % n


def blobs(g: Generator, w: int, h: int) -> np.ndarray:
    """A few rectangles, some of them cut out again."""
    m = np.zeros((h, w), np.uint8)
    for _ in range(1 + g.below(4)):
        x, y, dx, dy, on = g.below(w), g.below(h), 1 + g.below(w), 1 + g.below(h), g.below(4) > 0
        m[y : y + dy, x : x + dx] = on
    return m


def sides(m: np.ndarray) -> np.ndarray:
    """Mid-points of the pixel sides that part the mask from the rest, in px."""
    p = np.pad(m.astype(bool), 1)
    ys, xs = np.nonzero(p[1:, 1:-1] != p[:-1, 1:-1])
    level = np.stack([xs + 0.5, ys], 1)
    ys, xs = np.nonzero(p[1:-1, 1:] != p[1:-1, :-1])
    return np.concatenate([level, np.stack([xs, ys + 0.5], 1)]).astype(float)


def pair(a: np.ndarray, b: np.ndarray) -> dict:
    out = {}
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    if a.any() or b.any():
        overlap.Execute(sitk.GetImageFromArray(a), sitk.GetImageFromArray(b))
        out["dice"], out["iou"] = overlap.GetDiceCoefficient(), overlap.GetJaccardCoefficient()
    sa, sb = sides(a), sides(b)
    if len(sa) and len(sb):
        ab, ba = cKDTree(sb).query(sa)[0], cKDTree(sa).query(sb)[0]
        both = np.concatenate([ab, ba])
        out["hd95"] = max(np.percentile(ab, 95), np.percentile(ba, 95))
        out["asd"] = both.mean()
        out["nsd"] = float((both <= 2 + 1e-9).mean())
    return {k: float(v) for k, v in out.items()}


def signed(m: np.ndarray) -> np.ndarray:
    far = np.hypot(*m.shape)
    if not m.any():
        return np.full(m.shape, far)
    if m.all():
        return np.full(m.shape, -far)
    return distance_transform_edt(m == 0) - distance_transform_edt(m)


def several(masks: list) -> dict:
    staple = sitk.STAPLEImageFilter()
    staple.SetForegroundValue(1)
    staple.SetMaximumIterations(10000)
    w = sitk.GetArrayFromImage(staple.Execute([sitk.GetImageFromArray(m) for m in masks]))
    return {
        "sum": float(w.sum()), "weighted": float((w * np.arange(w.size).reshape(w.shape)).sum() / w.size),
        "sensitivity": list(staple.GetSensitivity()), "specificity": list(staple.GetSpecificity()),
        "majority": int((2 * sum(m.astype(int) for m in masks) > len(masks)).sum()),
        "mean": int((sum(signed(m) for m in masks) < 0).sum()),
    }


def main() -> None:
    out = {"random": [], "real": []}
    for seed in range(200):
        g = Generator(seed)
        w, h = 3 + g.below(30), 3 + g.below(30)
        masks = [blobs(g, w, h) for _ in range(2 + g.below(4))]
        row = {"pair": pair(masks[0], masks[1])}
        total = sum(int(m.sum()) for m in masks)
        if 0 < total < w * h * len(masks):
            row["several"] = several(masks)
        flat = [m.ravel().tolist() for m in masks[:2]]
        if len(set(flat[0] + flat[1])) > 1:
            row["kappa"] = float(cohen_kappa_score(*flat))
        grades = [[g.below(4) for _ in range(20)] for _ in range(2)]
        row["quadratic"] = float(cohen_kappa_score(*grades, weights="quadratic"))
        out["random"].append(row)
    if len(sys.argv) > 1:
        names = sorted(p.name for p in Path(sys.argv[1], "masks").glob("*.png"))[:51]
        images = [sitk.GetArrayFromImage(sitk.ReadImage(str(Path(sys.argv[1], "masks", n)))) for n in names]
        masks = [(i if i.ndim == 2 else i[..., 0])[::4, ::4] > 127 for i in images]  # STAPLE takes its time
        h, w = (max(m.shape[k] for m in masks) for k in (0, 1))
        masks = [np.pad(m, ((0, h - m.shape[0]), (0, w - m.shape[1]))).astype(np.uint8) for m in masks]
        for i in range(50):
            out["real"].append({"a": names[i], "b": names[i + 1], "w": w, "h": h, "pair": pair(masks[i], masks[i + 1]),
                                "several": several([masks[i], masks[i + 1], masks[(i + 2) % 51]]), "c": names[(i + 2) % 51]})
    parts = [f'"{k}":[\n' + ",\n".join(json.dumps(r, separators=(",", ":")) for r in rows) + "]" for k, rows in out.items()]
    Path(__file__).with_name("reference.json").write_text("{" + ",\n".join(parts) + "}\n")


if __name__ == "__main__":
    main()
