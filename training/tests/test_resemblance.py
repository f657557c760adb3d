"""Where pictures come from: told apart by their grain, and what each likeness's errors are multiplied by."""

import numpy as np
import pytest
import torch

from echoline_training import calibrate, resemblance
from echoline_training.data import Row
from echoline_training.measure import Case
from echoline_training.network import MAX_SCALE, MIN_SCALE, SKIPS, AttentionUNet, ErrorNet, Resemblance, Whole

FEATURES = sum(SKIPS[:2])


def case(name: str, ratio: np.ndarray, scale: float = 2.0) -> Case:
    """A lesion whose points are off by ratio times the scale."""
    row = Row(name, "a.png", "benign", "g", "train", 64, 64, 100)
    distance, b = ratio * scale, np.full(len(ratio), scale)
    return Case(row, 1.0, 0.8, 0.7, 3.0, empty=False, hit=True, distance=distance, scale=b, diameter=20.0)


def test_grain_tells_sets_apart() -> None:
    rng = np.random.default_rng(1)
    names = ["a"] * 60 + ["b"] * 40 + ["c"] * 30
    grain = rng.normal(0, 1, (len(names), FEATURES)).astype(np.float32)
    grain[:, 0] += np.repeat([0, 5, -5], [60, 40, 30])
    for count in (100, 130):  # two sets, three
        likeness = resemblance.learn(grain[:count], names[:count])
        with torch.inference_mode():
            shares = torch.softmax(likeness.of(torch.from_numpy(grain[:count])), 1).argmax(1).numpy()
        known = list(dict.fromkeys(names[:count]))
        assert np.mean([known[k] == n for k, n in zip(shares, names[:count], strict=True)]) > 0.95
        assert resemblance.factors(likeness, grain[:count]) == pytest.approx(np.ones(count))  # none was given yet


def test_one_set_has_no_factor() -> None:
    grain = np.random.default_rng(1).normal(0, 1, (8, FEATURES)).astype(np.float32)
    assert resemblance.factors(resemblance.learn(grain, ["a"] * 8), grain) == pytest.approx(np.ones(8))


def test_factors_lie_between_those_of_the_sets() -> None:
    likeness = Resemblance(2)
    likeness.logs.copy_(torch.tensor([0.2, -0.2]))
    found = likeness(torch.randn(50, FEATURES) * 5)
    assert (found <= np.exp(0.2)).all() and (found >= np.exp(-0.2)).all() and found.max() > 1 > found.min()


def test_bands_cover_as_much_in_every_set() -> None:
    """Where errors have the same law but for their size; where one set's law has the longer tail, both bands are missed:
    too much at 50 %, too little at 80 %.
    """
    rng = np.random.default_rng(2)
    own = [case("a", rng.exponential(1.5, 30)) for _ in range(40)] + [case("b", rng.exponential(1, 30)) for _ in range(40)]
    more = [case("a", rng.exponential(1.5, 30)) for _ in range(90)] + [case("b", rng.exponential(1, 30)) for _ in range(40)]
    logs = calibrate.resemblance_logs(["a", "b"], own, more)
    assert logs[0] > 0 > logs[1] and logs[0] - logs[1] == pytest.approx(np.log(1.5), abs=0.1)
    factor = dict(zip("ab", np.exp(logs), strict=True))
    wide = [resemblance.widened(cases, np.array([factor[c.row.set] for c in cases])) for cases in (own, more)]
    band, _ = calibrate.bands(calibrate.joined(calibrate.Points.of(wide[0]), calibrate.Points.of(wide[1])))
    for name in "ab":
        inside = [c.distance <= band["50"] * c.scale for c in (*wide[0], *wide[1]) if c.row.set == name]  # type: ignore[operator]
        assert np.mean(np.concatenate(inside)) == pytest.approx(0.5, abs=0.03)
    normal = np.sort(rng.normal(0, 1, 20_000))
    long = [case(name, np.exp(sigma * normal)) for name, sigma in (("a", 1.5), ("b", 1.0)) for _ in range(99)]
    logs = calibrate.resemblance_logs(["a", "b"], long, [])
    assert logs[0] - logs[1] == pytest.approx(0.5 * 0.84 / 2, abs=0.03)  # 80 % of a normal law lie below 0.84


def test_a_few_lesions_do_not_move_the_others() -> None:
    rng = np.random.default_rng(3)
    many = [case("a", rng.exponential(1, 30)) for _ in range(100)]
    for factor in (6, 1000, 0):
        logs = calibrate.resemblance_logs(["a", "b"], many, [case("b", factor * rng.exponential(1, 30))])
        assert abs(logs[0]) < 0.1 and abs(logs[1]) <= 0.5


def test_sets_without_outlines_have_no_factor() -> None:
    some = [case("a", np.linspace(0, 2, 50))]
    assert calibrate.resemblance_logs(["a", "b"], some, []).tolist() == [0, 0]
    assert calibrate.resemblance_logs(["a", "b"], [], []).tolist() == [0, 0]


def test_a_widened_scale_keeps_its_bounds() -> None:
    wide = resemblance.widened([case("a", np.ones(4), MAX_SCALE), case("a", np.ones(4))], np.array([1.2, 1.2]))
    assert wide[0].scale == pytest.approx(MAX_SCALE) and wide[1].scale == pytest.approx(2.4)


def test_the_scale_that_ships_is_widened() -> None:
    torch.manual_seed(1)
    likeness = Resemblance(2).eval()
    net, error = AttentionUNet(pretrained=False).eval(), ErrorNet().eval()
    image, none = torch.rand(1, 1, 64, 64), torch.zeros(1, 4, 64, 64)
    with torch.no_grad():
        error.power.zero_()  # so that the scale lies within its bounds
        before = Whole(net, error, 1.3, likeness).eval()(image, none)
        likeness.logs.fill_(float(np.log(1.2)))
        after = Whole(net, error, 1.3, likeness).eval()(image, none)
    assert torch.allclose(after[1], (1.2 * before[1]).clamp(MIN_SCALE, MAX_SCALE)) and not torch.equal(after[1], before[1])
    assert all(torch.equal(before[i], after[i]) for i in (0, 2, 3))


def test_grain_is_that_of_the_network() -> None:
    net = AttentionUNet(pretrained=False).eval()
    images = np.random.default_rng(3).integers(0, 255, (3, 64, 64), np.uint8)
    found = resemblance.grain(net, images)
    with torch.no_grad():
        maps = net.automatic(torch.from_numpy(images[1:2]).float()[:, None] / 255)[0]
    assert found.shape == (3, FEATURES) and found[1] == pytest.approx(Resemblance.grain(maps)[0].numpy(), abs=1e-4)
