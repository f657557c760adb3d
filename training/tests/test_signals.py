"""Scores that need no training, on images whose doubtful places are known."""

import numpy as np
import pytest
import torch
from scipy.special import expit
from torch import nn

from echoline_training import reference, signals
from echoline_training.contract import Fit
from echoline_training.network import AttentionUNet
from echoline_training.reference import Outputs, Raw

H, W = 100, 120


def ramp(slope: float) -> np.ndarray:
    """Logits [H, W] that rise from left to right, 0 at x = 60."""
    return np.tile((slope * (np.arange(W) + 0.5 - 60)).astype(np.float32), (H, 1))


def raw_of(logits: np.ndarray) -> Raw:
    return Raw(logits, logits, logits, np.ones_like(logits), 0.9, 0.5)


POINTS = np.array([[60.0, 20.0], [60.0, 80.0]])


def test_a_soft_edge_has_a_long_inverse_gradient() -> None:
    for slope in (0.1, 0.4):
        found = signals.inverse_gradient(expit(ramp(slope)), POINTS)
        assert found == pytest.approx(4 / slope, rel=0.05)
    assert signals.inverse_gradient(np.full((H, W), 0.5), POINTS) == pytest.approx(1 / signals.LEAST_SLOPE)


def test_doubt_is_larger_beside_a_soft_edge() -> None:
    soft, hard = (signals.doubt(expit(ramp(s)), POINTS)[0] for s in (0.1, 2.0))
    assert 0.85 < soft < 1 and hard < 0.6
    assert signals.doubt(np.full((H, W), 0.5), POINTS) == pytest.approx(1)


def test_views_are_moved_back_to_where_the_image_lies() -> None:
    """A network that answers pixel by pixel must say the same of every view, but for what was cut off."""
    rng = np.random.default_rng(0)
    image = np.kron(rng.integers(0, 255, (10, 12)), np.ones((10, 10))).astype(np.uint8)
    seen = []

    def network(x: torch.Tensor, guide: torch.Tensor) -> Outputs:
        seen.append(x)
        return x * 8 - 4, torch.ones_like(x), torch.zeros(1, 1), torch.zeros(1, 1)

    plain = reference.raw(network, image, 96, 96).logits
    passes = signals.augmented(network, image, 96, 96)
    assert len(passes) == len(signals.views(H, W)) == 6
    middle = np.s_[20:-20, 20:-20]
    for z in passes:
        assert np.abs(z[middle] - plain[middle]).mean() < 0.5
    assert not any(torch.equal(seen[0], s) for s in seen[1:])


def test_spread_and_wander_of_passes() -> None:
    y, x = np.mgrid[0:H, 0:W] + 0.5
    passes = [(r - np.hypot(x - 60, y - 50)).astype(np.float32) for r in (28.0, 30.0, 32.0)]
    r = raw_of(passes[1])
    points = np.concatenate(reference.contours(r, reference.cut(r, Fit()), Fit()))
    assert signals.wander(passes, r, points, Fit()) == pytest.approx(np.sqrt(8 / 3), abs=0.1)
    want = np.std(expit(np.array([-2.0, 0.0, 2.0])))
    assert signals.spread(passes, points, Fit()) == pytest.approx(want, abs=0.03)
    nothing = np.full((H, W), -5.0, np.float32)
    assert signals.wander([nothing], r, points, Fit()) == pytest.approx(W)


def test_only_dropout_makes_passes_differ() -> None:
    torch.manual_seed(0)
    net = AttentionUNet(pretrained=False)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    image = np.random.default_rng(0).integers(0, 255, (50, 64)).astype(np.uint8)
    passes = signals.dropped(net, image, 64, 64, passes=3)
    assert [p.shape for p in passes] == [(50, 64)] * 3
    assert np.abs(passes[0] - passes[1]).max() > 0
    assert np.array_equal(passes[1], signals.dropped(net, image, 64, 64, passes=3)[1])
    assert not net.training and all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    net.drop = nn.Dropout2d(0.0)
    same = signals.dropped(net, image, 64, 64, passes=2)
    assert np.allclose(same[0], same[1], atol=1e-5)


def test_scores_of_what_was_asked() -> None:
    r = raw_of(ramp(0.3))
    assert set(signals.scores(r, Fit(), POINTS)) == {"gradient", "doubt"}
    both = signals.scores(r, Fit(), POINTS, tta=[ramp(0.3)], dropout=[ramp(0.2)])
    assert set(both) == {"gradient", "doubt"} | {f"{a}_{b}" for a in ("tta", "dropout") for b in ("probability", "boundary")}
    assert all(v.shape == (2,) for v in both.values())
