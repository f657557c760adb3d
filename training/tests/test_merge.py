"""Of a guided prediction only what the newest hint asked for is taken over."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from merge_cases import unpacked

from echoline_training import merge
from echoline_training.clicks import Hints
from echoline_training.contract import Fit
from echoline_training.reference import Raw

H, W = 120, 160
R = 4.0


def disc(cx: float, cy: float, r: float) -> np.ndarray:
    y, x = np.mgrid[0:H, 0:W] + 0.5
    return np.hypot(x - cx, y - cy) <= r


EMPTY = np.zeros((H, W), bool)
LESION = disc(60, 60, 25)


def test_the_region_of_the_click_is_taken_and_another_change_is_not() -> None:
    bump, far = disc(90, 60, 8), disc(130, 100, 10)
    after = LESION | bump | far
    out = merge.merge(LESION, after, Hints(positive=[(92.5, 60.5)]), "positive", R)
    assert np.array_equal(out, LESION | bump)


def test_a_click_that_the_network_does_not_obey_is_a_disk() -> None:
    out = merge.merge(LESION, LESION, Hints(positive=[(120.5, 60.5)]), "positive", R)
    assert np.array_equal(out, LESION | disc(120.5, 60.5, R))
    out = merge.merge(LESION, LESION, Hints(negative=[(60.5, 60.5)]), "negative", R)
    assert np.array_equal(out, LESION & ~disc(60.5, 60.5, R))


def test_of_two_clicks_that_contradict_the_newest_wins() -> None:
    hints = Hints(positive=[(60.5, 60.5)], negative=[(60.5, 60.5)])
    assert merge.merge(LESION, LESION, hints, "positive", R)[60, 60]
    assert not merge.merge(LESION, LESION, hints, "negative", R)[60, 60]


def test_a_click_that_adds_takes_no_part_away() -> None:
    """A change of the other kind is taken only where it hangs together with what the click asks for."""
    bite = disc(36, 60, 6)
    after = (LESION | disc(88, 60, 6)) & ~bite
    out = merge.merge(LESION, after, Hints(positive=[(90.5, 60.5)]), "positive", R)
    assert out[60, 91] and out[bite & LESION].all()


def test_nothing_far_from_the_click_changes() -> None:
    """A rim around the whole lesion hangs together, but only the part near the click is taken."""
    before, after = disc(80, 60, 40), disc(80, 60, 42)
    out = merge.merge(before, after, Hints(positive=[(121.5, 60.5)]), "positive", R)
    changed = out != before
    y, x = np.nonzero(changed)
    assert changed.any() and np.hypot(x + 0.5 - 121.5, y + 0.5 - 60.5).max() <= merge.LOCAL_RADII * R + merge.LOCAL_OFF * 2.5
    assert not out[60, 39] and after[60, 39]


def test_without_a_mask_there_is_nothing_to_protect() -> None:
    after = disc(80, 60, 50)
    out = merge.merge(EMPTY, after, Hints(positive=[(80.5, 60.5)]), "positive", R)
    assert np.array_equal(out, after)


def test_a_stroke_takes_what_it_touches_both_ways() -> None:
    after = (LESION | disc(86, 60, 5)) & ~disc(60, 86, 5)
    far = disc(140, 20, 8)
    hints = Hints(stroke=[(91.0, 60.0), (88.0, 70.0), (70.0, 85.0), (60.0, 81.0)])
    out = merge.merge(LESION, after | far, hints, "stroke", R)
    assert np.array_equal(out, after)
    assert np.array_equal(merge.merge(out, after | far, hints, "stroke", R), out)  # again changes nothing


@pytest.mark.parametrize("seed", range(20))
def test_what_holds_for_all_masks(seed: int) -> None:
    rng = np.random.default_rng(seed)
    before, after = (disc(rng.uniform(30, 90), rng.uniform(30, 90), rng.uniform(5, 40)) for _ in range(2))
    at = (float(rng.uniform(0, W)), float(rng.uniform(0, H)))
    kind: merge.Kind = "positive" if rng.random() < 0.5 else "negative"
    hints = Hints(positive=[at]) if kind == "positive" else Hints(negative=[at])
    kept = before.copy(), after.copy()
    out = merge.merge(before, after, hints, kind, R)
    assert out[int(at[1]), int(at[0])] == (kind == "positive")
    assert np.array_equal(merge.merge(out, after, hints, kind, R), out)
    assert np.array_equal(before, kept[0]) and np.array_equal(after, kept[1])
    outside = out != before
    assert not (outside & (before == after) & ~disc(*at, R)).any()


CASES = json.loads((Path(__file__).resolve().parents[2] / "inference" / "testdata" / "merge.json").read_text())


@pytest.mark.parametrize("case", CASES)
def test_the_viewer_does_the_same(case: dict[str, Any]) -> None:
    """The same cases are a test of the viewer's code, with the same answers."""
    before, after, merged, tidied = (unpacked(case[k], case["h"], case["w"]) for k in ("before", "after", "merged", "tidy"))
    hints = Hints(*([(x, y) for x, y in case[k]] for k in ("positive", "negative", "stroke")))
    assert np.array_equal(merge.merge(before, after, hints, case["newest"], case["radius"]), merged)
    assert np.array_equal(merge.tidy(after, hints), tidied)


def raw_of(mask: np.ndarray, present: float = 0.9) -> Raw:
    logits = np.where(mask, 4.0, -4.0).astype(np.float32)
    return Raw(logits, logits, logits, np.ones_like(logits), present, 0.5)


def test_a_small_region_stays_where_a_click_points_at_it() -> None:
    rough = LESION | disc(130, 30, 2)
    assert np.array_equal(merge.tidy(rough, Hints()), LESION)
    assert np.array_equal(merge.tidy(rough, Hints(positive=[(130.5, 30.5)])), rough)
    assert np.array_equal(merge.tidy(rough, Hints(stroke=[(120.0, 30.0), (140.0, 31.0)])), rough)
    assert np.array_equal(merge.tidy(rough, Hints(positive=[(-5.0, 30.0)])), LESION)


def test_a_hole_stays_open_where_a_click_says_so() -> None:
    rough = LESION & ~disc(60, 60, 6) & ~disc(72, 60, 3)
    assert np.array_equal(merge.tidy(rough, Hints()), LESION)
    assert np.array_equal(merge.tidy(rough, Hints(negative=[(60.5, 60.5)])), LESION & ~disc(60, 60, 6))


def test_a_reader_who_shows_a_lesion_is_not_asked_whether_there_is_one() -> None:
    silent = raw_of(LESION, present=0.1)
    assert merge.cut(silent, Fit(), Hints(positive=[(60.0, 60.0)]), EMPTY).any()
    assert merge.cut(silent, Fit(), Hints(), LESION).any()
    assert not merge.cut(silent, Fit(), Hints(negative=[(10.0, 10.0)]), EMPTY).any()


def test_anchors_lie_a_step_apart() -> None:
    line = [(0.0, 0.0), (5.0, 0.0), (5.0, 7.0)]
    assert merge.anchors(line, 4.0).tolist() == [[0, 0], [4, 0], [5, 3], [5, 7]]
    assert merge.anchors([(1.0, 2.0)], 4.0).tolist() == [[1, 2]]
