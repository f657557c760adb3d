"""Figures of synthetic contours whose errors follow a known law."""

from typing import Any

import numpy as np
import pytest

from echoline_training import figures, reliability
from echoline_training.contract import Fit
from echoline_training.data import Row
from echoline_training.figures import Band, Judged, Sheet
from echoline_training.measure import Case

BINS = np.zeros((reliability.BINS, 3))
DEVICES = ("A", "B")
N = 60  # images
FIT = Fit(calibrated=True)  # bands of a Laplace law, as the errors below have it


def judged_of(i: int, rng: np.random.Generator, lesion: bool = True) -> Judged:
    """One image: scale tells the errors' law, "gradient" tells it less well, "doubt" nothing."""
    kind = "normal" if not lesion else "malignant" if i % 3 == 0 else "benign"
    row = Row("busi" if i // 2 % 2 else "busbra", f"{i}.png", kind, f"g{i // 2}", "test", 256, 200, 900 if lesion else 0)
    if not lesion:
        c = Case(row, 0.2, 0.0, 0.0, None, i % 4 != 0, False, None, None, 0.0)
        return Judged(c, BINS, BINS, {}, "")
    scale = np.where(rng.random(300) < 0.3, 5.0, 0.3) * rng.uniform(0.8, 1.2, 300)
    distance = rng.exponential(scale)
    noise = np.exp(rng.normal(0, 0.35, 300))
    dice = float(np.clip(0.9 - 0.3 * rng.random(), 0, 1))
    c = Case(
        row, 0.9, dice, dice / (2 - dice), 10 * (1 - dice), False, True, distance, scale, 20.0 + i, 1.0, 2.0,
        {"2_px": 0.5, "3_px": 0.7, "2_256": 0.5, "3_256": 0.7}, dice + rng.normal(0, 0.02),
    )  # fmt: skip
    near = reliability.bins(rng.random(50), rng.random(50) < 0.5)
    return Judged(c, near, near, {"gradient": scale * noise, "doubt": rng.random(300)}, DEVICES[i % 2])


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    rng = np.random.default_rng(0)
    return [judged_of(i, rng) for i in range(N)] + [judged_of(N + i, rng, lesion=False) for i in range(8)]


@pytest.fixture(scope="module")
def sheet(judged: list[Judged]) -> dict[str, Any]:
    """All figures, with the baseline's band fitted on other images."""
    rng = np.random.default_rng(9)
    bands = figures.fit_bands([judged_of(i, rng) for i in range(40)])
    assert set(bands) == {"gradient"}
    return Sheet(judged, FIT, 300).all(bands)


def test_true_bands_cover_what_they_say(sheet: dict[str, Any]) -> None:
    for q, found in sheet["coverage"].items():
        assert found["value"] == pytest.approx(int(q) / 100, abs=0.01)
        assert found["low"] - 0.005 <= int(q) / 100 <= found["high"] + 0.005 and found["interval"] == "BCa"
    assert sheet["mean_error_px"]["value"] == pytest.approx(sheet["mean_expected_error_px"]["value"], rel=0.05)


def test_intervals_hold_their_figure_and_name_their_method(sheet: dict[str, Any]) -> None:
    held = [v for v in sheet.values() if isinstance(v, dict) and "low" in v]
    assert len(held) > 15
    for v in held:
        assert v["value"] is not None and v["interval"]
        if v["low"] is not None:
            assert v["low"] <= v["value"] <= v["high"]


def test_outlines_recall_and_false_positives(judged: list[Judged], sheet: dict[str, Any]) -> None:
    sick = [j.case for j in judged if j.case.row.lesion_px]
    assert sheet["dice"]["value"] == pytest.approx(np.mean([c.dice for c in sick]), abs=1e-4)
    assert sheet["dice_median"]["value"] == pytest.approx(np.median([c.dice for c in sick]), abs=1e-4)
    assert sheet["lesion_recall"]["value"] == 1 and "exact" in sheet["lesion_recall"]["interval"]
    assert (sheet["normal_images"], sheet["normal_false_positives"]) == (8, 2)
    assert sheet["false_positive_rate"]["value"] == 0.25
    assert sheet["images"] == N + 8 and sheet["groups"] == (N + 8) // 2


def test_a_scale_that_knows_is_narrower_than_a_constant_and_than_one_that_half_knows(sheet: dict[str, Any]) -> None:
    assert sheet["r90_over_constant"]["high"] < 0.95
    gradient = sheet["baselines"]["gradient"]
    assert sheet["r90_over_constant"]["value"] < gradient["r90_over"]["value"] < 0.95
    assert gradient["auroc_gain"]["low"] > 0 and gradient["wilcoxon_holm_p"] < 0.001
    assert gradient["coverage"]["90"]["value"] == pytest.approx(0.9, abs=0.02)
    doubt = sheet["baselines"]["doubt"]
    assert doubt["auroc"]["value"] == pytest.approx(0.5, abs=0.03) and "r90_over" not in doubt
    assert doubt["auroc_gain"]["value"] == pytest.approx(sheet["auroc"]["value"] - doubt["auroc"]["value"], abs=2e-4)


def test_constant_radius_is_that_of_equal_coverage(judged: list[Judged], sheet: dict[str, Any]) -> None:
    d = np.concatenate([j.case.distance for j in judged if j.case.distance is not None])
    share = sheet["coverage"]["90"]["value"]
    assert sheet["r90_constant_px"]["value"] == pytest.approx(np.quantile(d, share), rel=0.01)


def test_the_models_own_scale_as_baseline_is_no_better_and_no_worse(judged: list[Judged]) -> None:
    same = [Judged(j.case, j.near, j.whole, {"gradient": j.case.scale} if j.scores else {}, j.device) for j in judged]  # type: ignore[dict-item]
    found = Sheet(same, FIT, 100).baselines({"gradient": Band(np.inf, FIT.band)})["gradient"]
    assert found["auroc_gain"]["value"] == 0 and found["wilcoxon_holm_p"] is None  # type: ignore[index]
    assert found["r90_over"]["value"] == pytest.approx(1, rel=0.01)  # type: ignore[index]


def test_expected_dice(sheet: dict[str, Any]) -> None:
    assert sheet["expected_dice_error"]["value"] == pytest.approx(0.02 * np.sqrt(2 / np.pi), rel=0.3)
    assert sheet["expected_dice_spearman"]["value"] > 0.9 and sheet["expected_dice_auroc"]["value"] > 0.95


def test_a_flat_point_does_not_spoil_the_baselines_band() -> None:
    rng = np.random.default_rng(1)
    score = np.exp(rng.normal(0, 0.5, 2000))
    distance = rng.exponential(score)
    score[:3] = 1e4
    band = Band.fit(distance, score)
    assert band.cap < 10 and band.factors["90"] == pytest.approx(np.log(10), rel=0.1)


def test_breakdown_by_class_size_and_device(judged: list[Judged]) -> None:
    cuts = figures.terciles(judged)
    found = figures.breakdown(judged, FIT, cuts, 100)
    assert list(found) == ["class", "size", "device"]
    assert list(found["size"]) == ["small", "middle", "large"]
    assert [found["size"][k]["lesion_images"] for k in found["size"]] == [N / 3] * 3
    assert {k: v["images"] for k, v in found["class"].items()} == {"benign": 40, "malignant": 20, "normal": 8}
    assert found["device"]["A"]["lesion_images"] == N / 2
    assert "dice" not in found["class"]["normal"] and found["class"]["normal"]["normal_false_positives"] == 2


def test_images_without_anything_have_no_figures() -> None:
    rng = np.random.default_rng(2)
    empty = Sheet([judged_of(0, rng, lesion=False)], FIT, 50).all({})
    assert empty["lesion_images"] == 0 and "dice" not in empty and "auroc" not in empty and "baselines" not in empty
