"""Measures of cases whose answers are known, and of random ones by the libraries."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from conftest import DATA, write_rows
from monai.metrics import DiceMetric, MeanIoU

from echoline_training import measure, reference, reliability
from echoline_training.contract import Fit
from echoline_training.data import Row, Sample
from echoline_training.reference import Raw

SCORE = DATA.parent / "tools" / "score_predict.py"


def square(x0: int, y0: int, side: int) -> np.ndarray:
    m = np.zeros((100, 100), bool)
    m[y0 : y0 + side, x0 : x0 + side] = True
    return m


def sample_of(mask: np.ndarray, file: str = "a.png") -> Sample:
    h, w = mask.shape
    row = Row("busi", file, "benign" if mask.any() else "normal", "g", "val", w, h, int(mask.sum()))
    return Sample(row, np.zeros(mask.shape, np.uint8), mask)


def raw_of(mask: np.ndarray, present: float = 0.9, scale: float = 2.0, quality: float = 0.8) -> Raw:
    logits = np.where(mask, 4.0, -4.0).astype(np.float32)
    return Raw(logits, logits, logits, np.full(mask.shape, scale, np.float32), present, quality)


def test_overlap_and_distance_of_a_shifted_square() -> None:
    c = measure.case(sample_of(square(20, 20, 40)), raw_of(square(24, 20, 40)), Fit())
    assert c.dice == pytest.approx(0.9) and c.iou == pytest.approx(36 / 44)
    assert c.hd95 == pytest.approx(4)
    assert c.hit and not c.empty and c.expected_dice == 0.8
    assert c.distance is not None and c.distance.max() == pytest.approx(4, abs=0.6)
    assert c.average == pytest.approx((2 * 40 * 4 + 2 * 4 * 2.5) / 160, rel=0.1)
    assert c.near["3_px"] == pytest.approx(c.near["2_px"], abs=0.03) and 0.4 < c.near["2_px"] < 0.8


def test_the_letterbox_scale_is_that_of_the_longer_side() -> None:
    truth, mask = np.zeros((512, 300), bool), np.zeros((512, 300), bool)
    truth[100:200, 100:200] = mask[104:204, 100:200] = True
    c = measure.case(sample_of(truth), raw_of(mask), Fit())
    assert c.per_letterbox == 2
    assert c.near["2_256"] == 1 and c.near["2_px"] < 1
    assert measure.summary([c], Fit())["hd95_256_px"] == pytest.approx(2)


def test_scale_comes_from_the_mask_that_was_measured_and_not_from_the_row() -> None:
    sample = sample_of(square(20, 20, 40))
    elsewhere = replace(sample, row=replace(sample.row, width=1000, height=1000))
    c = measure.case(elsewhere, raw_of(square(24, 20, 40)), Fit())
    assert c.per_letterbox == pytest.approx(100 / 256)


def test_what_was_not_visible_does_not_count() -> None:
    truth, found = square(20, 20, 40), square(20, 20, 40)
    found[20:60, 60:80] = True  # 20 px too far to the right
    unknown = np.arange(100)[None, :] >= np.full((100, 1), 50)
    part = replace(sample_of(truth), unknown=unknown)
    seen, all_of_it = (measure.case(s, raw_of(found), Fit()) for s in (part, sample_of(truth)))
    assert all_of_it.dice == pytest.approx(0.8) and all_of_it.hd95 is not None and all_of_it.hd95 > 15
    assert seen.dice == seen.iou == 1 and seen.hd95 == pytest.approx(0)
    assert seen.distance is not None and all_of_it.distance is not None
    assert seen.distance.max() < 1 and len(seen.distance) < len(all_of_it.distance)
    none = measure.case(replace(part, unknown=np.ones_like(truth)), raw_of(found), Fit())
    assert none.hd95 is None and none.distance is not None and not len(none.distance)
    near, whole = reliability.of_image(np.where(found, 0.9, 0.1), truth, found, unknown)
    assert (
        whole[:, 0].sum() == pytest.approx((~unknown).sum() * (256 / 100) ** 2) and 0 < near[:, 0].sum() < whole[:, 0].sum()
    )
    assert np.allclose(whole[:, 2], whole[:, 0] * (np.arange(len(whole)) > 7))  # no pixel is wrong where the truth is known


def test_a_missed_lesion_counts_as_nothing_found() -> None:
    c = measure.case(sample_of(square(20, 20, 40)), raw_of(square(0, 0, 0)), Fit())
    assert (c.dice, c.iou, c.hd95, c.empty, c.hit, c.distance) == (0, 0, None, True, False, None)
    numbers = measure.summary([c], Fit())
    assert numbers["lesion_recall"] == 0 and numbers["hd95_native_px"] is None and numbers["nsd_3_px"] == 0


def test_false_positives_are_counted_on_normal_images_only() -> None:
    none = np.zeros((100, 100), bool)
    cases = [
        measure.case(sample_of(truth), raw_of(mask), Fit())
        for truth, mask in [(none, none), (none, square(5, 5, 20)), (square(5, 5, 20), square(5, 5, 20))]
    ]
    numbers = measure.summary(cases, Fit())
    assert (numbers["normal_images"], numbers["normal_false_positives"], numbers["lesion_images"]) == (2, 1, 1)
    assert numbers["dice"] == 1
    assert measure.summary(cases[:2], Fit())["dice"] is None


def test_auroc_and_ranks() -> None:
    score = np.array([0.1, 0.4, 0.35, 0.8])
    assert measure.auroc(score, np.array([False, False, True, True])) == pytest.approx(0.75)
    assert measure.auroc(score, np.zeros(4, bool)) is None
    assert measure.spearman(score, -score) == pytest.approx(-1)
    assert measure.spearman(score, np.ones(4)) is None


def test_expected_dice_against_the_real_one() -> None:
    truths = [square(20, 20, 40)] * 3
    masks = [square(20, 20, 40), square(24, 20, 40), square(50, 20, 40)]
    cases = [
        measure.case(sample_of(t), raw_of(m, quality=q), Fit())
        for t, m, q in zip(truths, masks, (0.9, 0.8, 0.3), strict=True)
    ]
    numbers = measure.summary(cases, Fit())
    assert numbers["expected_dice_error"] == pytest.approx(np.mean([0.1, 0.1, 0.05]), abs=1e-4)
    assert numbers["expected_dice_spearman"] == 1 and numbers["expected_dice_auroc"] == 1


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_monai_counts_the_same_overlap() -> None:
    rng = np.random.default_rng(0)
    for _ in range(5):
        a, b = (rng.random((100, 100)) < rng.uniform(0.2, 0.8) for _ in range(2))
        c = measure.case(sample_of(b), raw_of(a), Fit())
        mask = reference.cut(raw_of(a), Fit())
        pair = [torch.from_numpy(m)[None, None].float() for m in (mask, b)]
        theirs = [np.asarray(metric(*pair)).item() for metric in (DiceMetric(), MeanIoU())]
        assert (c.dice, c.iou) == pytest.approx(theirs, abs=1e-6)


def random_case(rng: np.random.Generator) -> tuple[np.ndarray, Raw]:
    """A smooth truth [90, 120] and an uncertain prediction of it, whose scale tells something."""
    y, x = np.mgrid[0:90, 0:120] + 0.5
    signed = rng.uniform(15, 25) - np.hypot((x - rng.uniform(45, 75)) / 1.4, y - rng.uniform(35, 55))
    noise = cv2.GaussianBlur(rng.normal(0, 1, (90, 120)), (0, 0), 7)
    logits = (signed + 4 * noise / noise.std()).astype(np.float32)
    scale = (0.5 + np.abs(4 * noise / noise.std()) * rng.uniform(0.3, 1)).astype(np.float32)
    return signed > 0, Raw(logits, scale, logits, scale, 0.9, 0.8)


def test_the_acceptance_script_measures_the_same(tmp_path: Path) -> None:
    if not SCORE.is_file():
        pytest.skip(f"there is no {SCORE}")
    rng, fit = np.random.default_rng(3), Fit()
    (tmp_path / "masks").mkdir()
    (tmp_path / "predicted").mkdir()
    cases, rows = [], []
    for i in range(8):
        truth, r = random_case(rng)
        if i == 6:
            truth = np.zeros_like(truth)
        if i == 7:
            r = replace(r, present=0.1)
        mask = reference.cut(r, fit)
        cv2.imwrite(str(tmp_path / "masks" / f"{i}.png"), truth.astype(np.uint8) * 255)
        cv2.imwrite(str(tmp_path / "predicted" / f"{i}.mask.png"), mask.astype(np.uint8) * 255)
        (tmp_path / "predicted" / f"{i}.json").write_text(json.dumps(reference.describe(r, fit)))
        cases.append(measure.case(sample_of(truth, f"{i}.png"), r, fit))
        rows.append([f"{i}.png", "benign", f"g{i}", "test", 120, 90, int(truth.sum())])
    write_rows(tmp_path / "split.csv", rows)
    told = subprocess.run(
        [sys.executable, str(SCORE), str(tmp_path / "predicted"), str(tmp_path), "--json"], capture_output=True, check=True
    )
    theirs, ours = json.loads(told.stdout), measure.summary(cases, fit)
    pairs = {"dice": "dice", "iou": "iou", "hd95_256": "hd95_256_px", "hd95_native": "hd95_native_px", "auroc": "auroc"}
    pairs |= {"lesion_recall": "lesion_recall", "r90_mean": "mean_r90_px", "spearman": "spearman"}
    for a, b in pairs.items():
        assert ours[b] == pytest.approx(theirs[a], abs=0.006), a
    for q, share in theirs["coverage"].items():
        assert ours["coverage"][q] == pytest.approx(share, abs=0.002)  # type: ignore[index]
    assert ours["r90_over_constant"] == pytest.approx(theirs["r90_mean"] / theirs["r90_constant"], rel=0.01)
    assert theirs["normal_fp"] == 1 and ours["normal_false_positives"] == 1
