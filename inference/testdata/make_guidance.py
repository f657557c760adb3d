"""Make guidance.json: clicks, strokes and masks on small pictures, and what a model's input must hold of them; and
guided/: pictures with what guided.onnx says of them under guidance, in the form of the fixtures beside the shipped model.

usage: python make_guidance.py      (needs numpy, torch, onnx and Pillow; writes beside itself; the same bytes each time)

Every pixel is asked for its distance, in double precision: nothing here is clever.
"""
import hashlib
import json
import math
import os

import numpy as np
import torch
from onnx.reference import ReferenceEvaluator
from PIL import Image

HERE = os.path.dirname(os.path.abspath(__file__))

# Native w, h; input w, h; radii of disks and strokes in px of the input.
SIZES = [(24, 20, 24, 20, 4.0, 1.5), (61, 40, 24, 20, 4.0, 1.5), (17, 33, 24, 20, 2.5, 1.0), (10, 9, 20, 24, 3.0, 0.5), (90, 31, 16, 16, 1.25, 2.0)]
# By size: the native rectangle x0, y0, x1, y1 of the mask so far, if any.
MASKS = [(5, 4, 15, 16), (20, 0, 47, 33), None, (1, 1, 9, 8), (0, 0, 90, 31)]


def to_segment(px, py, a, b):
    dx, dy = b[0] - a[0], b[1] - a[1]
    n = dx * dx + dy * dy
    t = 0.0 if n == 0 else min(1.0, max(0.0, ((px - a[0]) * dx + (py - a[1]) * dy) / n))
    return math.hypot(px - a[0] - t * dx, py - a[1] - t * dy)


def near(lines, radius, w, h):
    """Places of the input's pixels whose centre lies within radius of one of the lines."""
    return [y * w + x for y in range(h) for x in range(w)
            if any(to_segment(x + 0.5, y + 0.5, a, b) <= radius for line in lines for a, b in zip(line, line[1:] or line))]


def letterbox(w, h, in_w, in_h):
    """Where the picture lies in the input: x, y, width, height."""
    s = min(in_w / w, in_h / h)
    nw, nh = max(1, math.floor(w * s + 0.5)), max(1, math.floor(h * s + 0.5))
    return (in_w - nw) // 2, (in_h - nh) // 2, nw, nh


def fill(picture, in_w, in_h):
    """The input [in_h, in_w] for a native picture [h, w], both float32 tensors."""
    ox, oy, nw, nh = letterbox(picture.shape[1], picture.shape[0], in_w, in_h)
    out = torch.zeros(in_h, in_w)
    out[oy:oy + nh, ox:ox + nw] = torch.nn.functional.interpolate(
        picture[None, None], size=(nh, nw), mode="bilinear", align_corners=False, antialias=True)[0, 0]
    return out


def mover(w, h, in_w, in_h):
    """The way of native points into the input."""
    ox, oy, nw, nh = letterbox(w, h, in_w, in_h)
    return lambda points: [(ox + x * nw / w, oy + y * nh / h) for x, y in points]


def case(size, rect, rng):
    w, h, in_w, in_h, disk, line = size
    moved = mover(w, h, in_w, in_h)

    def some(n):
        # Halves lie on pixel centres where nothing is resized: the distance is then the radius exactly. Some lie outside.
        return [[float(v) for v in np.round(rng.uniform(-0.1, 1.1, 2) * (w, h) * 2) / 2] for _ in range(n)]

    given = {"positive": some(3), "negative": some(2), "stroke": some(int(rng.integers(1, 5)))}
    mask = torch.zeros(h, w)
    if rect:
        mask[rect[1]:rect[3], rect[0]:rect[2]] = 1
    coverage = fill(mask, in_w, in_h)
    return {
        "w": w, "h": h, "in_w": in_w, "in_h": in_h, "disk_radius": disk, "stroke_radius": line, "mask": rect, **given,
        "coverage": [round(v, 6) for v in coverage.flatten().tolist()],
        "positive_px": near([[p] for p in moved(given["positive"])], disk, in_w, in_h),
        "negative_px": near([[p] for p in moved(given["negative"])], disk, in_w, in_h),
        "stroke_px": near([moved(given["stroke"])], line, in_w, in_h),
    }


def fixtures(folder):
    """Run guided.onnx, whose input is 64x48, on two pictures: once with all that there is, once with a click alone."""
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(HERE, "guided.onnx")
    model, in_w, in_h, guided = ReferenceEvaluator(path), 64, 48, []
    rng = np.random.default_rng(11)
    for name, w, h, given in [
        ("all", 100, 90, {"mask": "all.mask.png", "positive": [[30.25, 20.5], [70, 61.5]], "negative": [[50, 80]],
                          "stroke": [[10, 10], [40.5, 12], [44, 31.25]]}),
        ("click", 40, 45, {"positive": [[31, 9]]}),
    ]:
        grey = rng.integers(0, 256, (h, w), dtype=np.uint8)
        Image.fromarray(grey).save(os.path.join(folder, name + ".png"))
        mask = np.zeros((h, w), np.uint8)
        if "mask" in given:
            mask[20:61, 33:81] = 255
            Image.fromarray(mask).save(os.path.join(folder, given["mask"]))
        moved = mover(w, h, in_w, in_h)
        guidance = np.zeros((4, in_h * in_w), np.float32)
        guidance[0] = fill(torch.from_numpy(mask.astype(np.float32) / 255), in_w, in_h).flatten()
        guidance[1, near([[p] for p in moved(given["positive"])], 4.0, in_w, in_h)] = 1
        guidance[2, near([[p] for p in moved(given.get("negative", []))], 4.0, in_w, in_h)] = 1
        guidance[3, near([moved(given.get("stroke", []))], 1.5, in_w, in_h)] = 1
        image = fill(torch.from_numpy(grey.astype(np.float32) / 255), in_w, in_h).numpy()
        logits = model.run(["logits"], {"image": image[None, None], "guidance": guidance.reshape(1, 4, in_h, in_w)})[0]
        logits[0, 0, ::2, ::2].astype("<f4").tofile(os.path.join(folder, name + ".logits.bin"))
        guided.append({"image": name, **given, "logits": name + ".logits.bin"})
    with open(path, "rb") as f:
        index = {"model_sha256": hashlib.sha256(f.read()).hexdigest(), "stride": 2, "guided": guided}
    with open(os.path.join(folder, "index.json"), "w") as f:
        json.dump(index, f, indent=1)
        f.write("\n")


def main():
    rng = np.random.default_rng(7)
    cases = [case(size, rect, rng) for size, rect in zip(SIZES, MASKS)]
    fixtures(os.path.join(HERE, "guided"))
    with open(os.path.join(HERE, "guidance.json"), "w") as f:
        json.dump(cases, f, separators=(",", ":"))
        f.write("\n")


if __name__ == "__main__":
    main()
