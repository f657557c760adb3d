"""Intervals over groups: exact where theory knows them, and wider where images are alike."""

import numpy as np
import pytest
from scipy import stats as theory
from sklearn.metrics import roc_auc_score

from echoline_training import stats
from echoline_training.stats import Clusters


def whole(statistic: stats.Statistic, groups: int) -> float:
    return float(statistic(np.ones((1, groups)))[0])


def test_groups_by_name() -> None:
    c = Clusters.of(["b", "a", "b"])
    assert c.count == 2 and c.ids.tolist() == [0, 1, 0]
    assert c.sums(np.array([1.0, 2.0, 4.0])).tolist() == [5, 2]
    assert c.repeated([2, 1, 0]).ids.tolist() == [0, 0, 1]


def test_interval_of_a_mean_is_students_where_every_image_stands_alone() -> None:
    values = np.random.default_rng(0).normal(5, 2, 200)
    c = Clusters.of(range(200))
    found = stats.interval(stats.mean(c, values), c.count)
    low, high = theory.t.interval(0.95, 199, values.mean(), theory.sem(values))
    assert found.method == "BCa" and found.value == pytest.approx(values.mean())
    assert found.low == pytest.approx(low, abs=0.04) and found.high == pytest.approx(high, abs=0.04)


def test_images_that_are_alike_count_once() -> None:
    each = np.random.default_rng(1).normal(0, 1, 50)
    alike = np.repeat(each, 8)
    grouped = Clusters.of(np.repeat(np.arange(50), 8).tolist())
    alone = Clusters.of(range(400))
    wide, narrow = (stats.interval(stats.mean(c, alike), c.count) for c in (grouped, alone))
    single = stats.interval(stats.mean(Clusters.of(range(50)), each), 50)
    assert wide.low == pytest.approx(single.low) and wide.high == pytest.approx(single.high)
    assert wide.high - wide.low > 2.5 * (narrow.high - narrow.low)


def test_the_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(2)
    hits = 0
    for i in range(200):
        group = np.repeat(np.arange(40), 3)
        values = rng.exponential(1, 40)[group] + rng.exponential(1, 120)
        c = Clusters.of(group.tolist())
        found = stats.interval(stats.mean(c, values), c.count, resamples=400, seed=i)
        hits += found.low <= 2 <= found.high
    assert 0.89 <= hits / 200 <= 0.98


def test_paired_differences_forget_what_is_common() -> None:
    rng = np.random.default_rng(3)
    common, c = rng.normal(0, 5, 100), Clusters.of(range(100))
    a, b = common + rng.normal(0.3, 0.2, 100), common
    gain = stats.interval(stats.difference(stats.mean(c, a), stats.mean(c, b)), c.count)
    assert 0.2 < gain.low < gain.value < gain.high < 0.4
    p = stats.wilcoxon(c, a - b)
    assert p is not None and p < 1e-6
    assert stats.wilcoxon(c, np.zeros(100)) is None


def test_wilcoxon_sees_groups_and_not_images() -> None:
    gain = np.repeat([0.1, 0.2, -0.05, 0.3, 0.15, 0.12], 20)
    c = Clusters.of(np.repeat(np.arange(6), 20).tolist())
    assert stats.wilcoxon(c, gain) == pytest.approx(theory.wilcoxon([0.1, 0.2, -0.05, 0.3, 0.15, 0.12]).pvalue)


def test_auroc_is_scikit_learns() -> None:
    rng = np.random.default_rng(4)
    c = Clusters.of(rng.integers(0, 30, 300).tolist())
    score, positive = rng.integers(0, 12, 300) / 7.0, rng.random(300) < 0.3
    assert whole(stats.auroc(c, score, positive), c.count) == pytest.approx(roc_auc_score(positive, score), abs=1e-12)
    many = Clusters.of(rng.integers(0, 30, 20000).tolist())
    truth = rng.random(20000) < 0.2
    fine = rng.normal(0, 1, 20000) + truth
    assert whole(stats.auroc(many, fine, truth), many.count) == pytest.approx(roc_auc_score(truth, fine), abs=1e-4)


def test_weights_draw_groups() -> None:
    c = Clusters.of([0, 0, 1, 1, 2])
    values, positive = np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.array([True, False, False, True, True])
    w = np.array([[2.0, 0.0, 1.0]])
    drawn = np.array([0, 1, 0, 1, 4])
    assert stats.mean(c, values)(w)[0] == pytest.approx(values[drawn].mean())
    assert stats.auroc(c, values, positive)(w)[0] == pytest.approx(roc_auc_score(positive[drawn], values[drawn]))
    assert stats.quantile(c, values, 0.5)(w)[0] == 2
    assert np.isnan(stats.auroc(c, values, positive)(np.array([[0.0, 0.0, 1.0]]))[0])


def test_quantile_is_the_least_value_that_covers() -> None:
    rng = np.random.default_rng(5)
    for n in (101, 9000):
        values, c = rng.exponential(1, n), Clusters.of(rng.integers(0, 9, n).tolist())
        for level in (0.5, 0.9, 0.95):
            found = whole(stats.quantile(c, values, level), c.count)
            assert found == pytest.approx(np.quantile(values, level, method="inverted_cdf"), rel=0.01 if n > 5000 else 1e-9)
    share = stats.mean(c, values <= 1.5)
    assert whole(stats.quantile(c, values, share), c.count) == pytest.approx(1.5, rel=0.01)


def test_median_is_numpys() -> None:
    for n in (7, 8):
        values, c = np.random.default_rng(n).normal(0, 1, n), Clusters.of(range(n))
        assert whole(stats.median(c, values), n) == pytest.approx(np.median(values))


def test_correlation_is_spearmans() -> None:
    rng = np.random.default_rng(6)
    a = rng.normal(0, 1, 400)
    b = np.exp(a + rng.normal(0, 1, 400)).round(1)
    c = Clusters.of(rng.integers(0, 50, 400).tolist())
    assert whole(stats.correlation(c, a, b), c.count) == pytest.approx(theory.spearmanr(a, b).statistic)


def test_all_or_none_gives_the_exact_interval_over_groups() -> None:
    c = Clusters.of(np.repeat(np.arange(15), 2).tolist())
    none = stats.share(c, np.zeros(30, bool))
    assert none.value == 0 and none.low == 0 and none.high == pytest.approx(1 - 0.025 ** (1 / 15))
    every = stats.share(c, np.ones(30, bool))
    assert every.value == 1 and every.low == pytest.approx(0.025 ** (1 / 15)) and "exact" in every.method
    some = stats.share(c, np.arange(30) < 6)
    assert some.method == "BCa" and some.low < 0.2 < some.high


def test_what_is_not_defined_says_so() -> None:
    c = Clusters.of([0, 1, 2])
    nothing = stats.interval(stats.auroc(c, np.arange(3.0), np.zeros(3, bool)), c.count)
    assert nothing.rounded() == {"value": None, "low": None, "high": None, "interval": "none"}
    one = stats.interval(stats.mean(Clusters.of(["a"]), np.array([2.0])), 1)
    assert one.value == 2 and np.isnan(one.low)
    constant = stats.interval(stats.mean(c, np.ones(3)), 3)
    assert (constant.value, constant.low, constant.high) == (1, 1, 1)


def test_paired_is_what_compare_asks_for() -> None:
    rng = np.random.default_rng(7)
    b = rng.normal(0, 1, 60)
    a = b + rng.normal(0.5, 0.1, 60)
    value, low, high = stats.paired(a, b, [f"g{i // 2}" for i in range(60)])
    assert value == pytest.approx((a - b).mean()) and 0.45 < low < value < high < 0.55
    assert np.isnan(stats.paired(a, b, ["one"] * 60)[1])


def test_holm() -> None:
    assert stats.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert stats.holm([0.9, None, 0.6]) == [1.0, None, 1.0]
    assert stats.holm([]) == []
