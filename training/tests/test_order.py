"""The simulation of which cases next: what is asked for, what is compared, and that it tells a difference that is there."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from echoline_training import order
from echoline_training.data import load
from echoline_training.train import limit_threads

TINY = order.Plan(side=64, first=8, added=8, rounds=1, seeds=2, batch=4, steps=4, fold_steps=2, error_steps=2)


@pytest.fixture(scope="module")
def pool(data: Path) -> order.Pool:
    return order.Pool.of(load(data, "train", ("busbra",)), load(data, "val", ("busbra",)), 64)


def test_asks_for_the_lowest_expected_dice_first(pool: order.Pool) -> None:
    chosen, score = np.arange(8), np.arange(len(pool.packed), 0, -1) / 100
    got = order.ask(pool, chosen, score, 4, np.random.default_rng(0))
    assert got[:8].tolist() == list(range(8)) and sorted(got[8:].tolist()) == list(
        range(len(pool.packed) - 4, len(pool.packed))
    )


def test_asks_at_random_for_what_is_not_chosen_yet(pool: order.Pool) -> None:
    chosen = np.arange(0, 20)
    one, two = (order.ask(pool, chosen, None, 8, np.random.default_rng(seed)) for seed in (0, 1))
    assert len(set(one.tolist())) == 28 and one[20:].tolist() != two[20:].tolist() and min(one[20:]) >= 20


def test_the_interval_draws_seeds_and_groups() -> None:
    rng = np.random.default_rng(0)
    groups = [str(i // 2) for i in range(40)]
    apart = 0.1 + rng.normal(0, 0.05, (6, 40))
    mean, low, high = order.interval(apart, groups)
    assert 0.05 < low < mean < high < 0.15
    level = np.repeat(rng.normal(0, 0.2, (6, 1)), 40, 1)  # seeds differ, images do not
    _, low, high = order.interval(level, groups)
    assert high - low > 0.1


def test_both_arms_begin_alike_and_are_told_apart(data: Path, tmp_path: Path) -> None:
    limit_threads(1)
    train, val = load(data, "train", ("busbra",)), load(data, "val", ("busbra",))
    told = order.run(train, val, tmp_path / "order.json", TINY)
    assert told["seeds"] == 2 and told["rounds"][0]["cases"] == 16
    assert told["rounds"][0]["gain"] == pytest.approx(told["rounds"][0]["expected"] - told["rounds"][0]["random"], abs=2e-4)
    assert (tmp_path / "order.json").is_file()
    with pytest.raises(ValueError, match="too few"):
        order.run(train, val, tmp_path / "x.json", replace(TINY, first=100))
