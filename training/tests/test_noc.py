"""Simulated readers against networks whose answers are known."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from echoline_training import noc, reference
from echoline_training.contract import Fit
from echoline_training.data import Row, Sample
from echoline_training.noc import CAP, Way
from echoline_training.reference import Network, Outputs

SIDE = 64
ROW = Row("busi", "a.png", "benign", "g", "test", 2 * SIDE, 2 * SIDE, 1)


def disc(side: int, cx: float, cy: float, r: float) -> np.ndarray:
    y, x = np.mgrid[0:side, 0:side] + 0.5
    return np.hypot(x - cx, y - cy) <= r


def sample_of(truth: np.ndarray) -> Sample:
    return Sample(ROW, np.zeros(truth.shape, np.uint8), truth)


def outputs(inside: torch.Tensor) -> Outputs:
    logits = torch.where(inside, 4.0, -4.0)
    return logits, torch.ones_like(logits), torch.full((1, 1), 4.0), torch.zeros(1, 1)


def deaf(inside: np.ndarray) -> Network:
    """A network that answers always the same."""
    fixed = outputs(torch.from_numpy(inside)[None, None])
    return lambda image, guide: fixed


def obedient(automatic: np.ndarray, truth: np.ndarray) -> Network:
    """A network that, shown any click, knows the truth."""

    def network(image: torch.Tensor, guide: torch.Tensor) -> Outputs:
        known = bool(guide[0, 1:3].any())
        return outputs(torch.from_numpy(truth if known else automatic)[None, None])

    return network


TRUTH = disc(2 * SIDE, 64, 64, 30)
SMALL = disc(SIDE, 32, 32, 15)


def way(network: Network, truth: np.ndarray = TRUTH, strokes: bool = False) -> Way:
    sample = sample_of(truth)
    automatic = reference.raw(network, sample.image, SIDE, SIDE)
    return noc.correct(network, sample, automatic, Fit(), strokes=strokes)


def test_a_good_mask_needs_nothing() -> None:
    found = way(deaf(SMALL))
    assert len(found.dice) == 1 and found.dice[0] > 0.95 and found.count(0.9) == 0


def test_one_click_where_the_network_listens() -> None:
    found = way(obedient(disc(SIDE, 36, 32, 9), SMALL))
    assert found.dice[0] < 0.85
    assert len(found.dice) == 2 and found.count(0.95) == 1 and found.reached(0.95)


def test_a_missed_lesion_is_found_by_a_click() -> None:
    found = way(obedient(np.zeros((SIDE, SIDE), bool), SMALL))
    assert found.dice[0] == 0 and found.count(0.95) == 1


def test_a_deaf_network_leaves_the_reader_with_disks() -> None:
    found = way(deaf(np.zeros((SIDE, SIDE), bool)))
    assert found.dice[0] == 0 and 0 < found.dice[1] < 0.2
    assert len(found.dice) == CAP + 1 and found.count(0.95) == CAP
    assert all(b > a for a, b in zip(found.dice[:5], found.dice[1:6], strict=True))


def test_the_larger_error_comes_first_and_clicks_are_of_its_kind() -> None:
    seen: list[torch.Tensor] = []
    automatic = disc(SIDE, 32, 32, 15) & (np.mgrid[0:SIDE, 0:SIDE][1] < 36) | disc(SIDE, 50, 50, 4)

    def network(image: torch.Tensor, guide: torch.Tensor) -> Outputs:
        seen.append(guide.clone())
        return outputs(torch.from_numpy(automatic)[None, None])

    way(network)
    first, second = seen[1][0], seen[-1][0]
    assert first[1].any() and not first[2].any()
    assert (first[0] > 0.5).sum() == pytest.approx(automatic.sum(), rel=0.05)
    assert first[1][0:64, 36:].sum() == first[1].sum()
    assert second[1].sum() > first[1].sum() and second[2].any()  # earlier clicks stay


def test_strokes_run_along_the_true_boundary() -> None:
    lines: list[np.ndarray] = []

    def network(image: torch.Tensor, guide: torch.Tensor) -> Outputs:
        lines.append(guide[0, 3].numpy().copy())
        return outputs(torch.from_numpy(SMALL if guide[0, 3].any() else disc(SIDE, 32, 32, 8))[None, None])

    found = way(network, strokes=True)
    assert found.count(0.9) == 1
    y, x = np.nonzero(lines[1])
    assert np.abs(np.hypot(x + 0.5 - 32, y + 0.5 - 32) - 15).max() < 6


def test_the_same_image_is_corrected_the_same_way_again() -> None:
    network = deaf(disc(SIDE, 34, 30, 11))
    assert way(network) == way(network)


def test_figures_of_ways() -> None:
    rows = [Row("busi", f"{i}.png", "benign", f"g{i // 2}", "test", 9, 9, 9) for i in range(4)]
    dice = [(0.96,), (0.8, 0.91, 0.96), (0.7, 0.86), (0.2, 0.3)]
    found = noc.figures([Way(r, d) for r, d in zip(rows, dice, strict=True)], resamples=200)
    ninety = found["to_0.90"]
    assert isinstance(ninety, dict)
    assert ninety["mean"]["value"] == pytest.approx((0 + 1 + CAP + CAP) / 4)
    assert ninety["reached"]["value"] == 0.5 and ninety["mean"]["low"] <= 0.5
    assert ninety["distribution"][0] == 1 and ninety["distribution"][CAP] == 2 and sum(ninety["distribution"]) == 4
    after = found["dice_after"]
    assert isinstance(after, dict) and after["1"] == pytest.approx((0.96 + 0.91 + 0.86 + 0.3) / 4)


def test_nobody_corrects_what_was_not_visible() -> None:
    """The left half is wrong and was marked as not visible: the reader is done at once, and it does not count."""
    truth = TRUTH.copy()
    truth[:, :64] = False
    sample = replace(sample_of(truth), unknown=np.arange(2 * SIDE)[None, :] < np.full((2 * SIDE, 1), 64))
    network = deaf(SMALL)
    automatic = reference.raw(network, sample.image, SIDE, SIDE)
    assert noc.correct(network, sample, automatic, Fit()).dice[0] > 0.95
    assert noc.correct(network, replace(sample, unknown=None), automatic, Fit()).dice[0] < 0.75
