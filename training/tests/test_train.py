"""A short training on synthetic ellipses, to the model file and its card."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from echoline_training import build, card, contract, reference
from echoline_training.data import load
from echoline_training.train import Recipe, Trainer, limit_threads, rate_factor

RECIPE = Recipe(epochs=8, batch=8, side=64, first_side=64, warm_up=10, ema=0.9, bfloat16=False)


@pytest.fixture(scope="module")
def run(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    limit_threads(1)  # two threads wait for each other at every small operation when the machine is busy
    folder = tmp_path_factory.mktemp("run")
    Trainer(load(data, "train"), RECIPE, folder).run()
    return folder


def test_learns_ellipses_and_builds_a_model_with_card(run: Path, data: Path, tmp_path: Path) -> None:
    model = tmp_path / "echoline-breast.onnx"
    build.build(run, data, model, (64,))
    doc = contract.read(model)
    test = doc["metrics"]["test"]
    assert test["busi"]["dice"] > 0.8 and test["busbra"]["dice"] > 0.8
    assert test["busi"]["lesion_images"] == 9 and test["busi"]["normal_images"] == 3
    assert doc["calibrated"] and doc["band"]["50"] < doc["band"]["80"] < doc["band"]["90"] < doc["band"]["95"]
    assert build.measure_onnx(model, data, "test") == test
    text = card.text(model, doc)
    for word in ("BUSI", "BUS-BRA", "CC BY 4.0", "Apache", "Not a medical device", f"{test['busi']['dice']}"):
        assert word in text
    name = next((data / "busi" / "images").glob("test*.png"))
    reference.predict(model, [name], tmp_path / "out")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == [
        f"{name.stem}.{end}" for end in ("json", "logits.npy", "mask.png", "scale.npy")
    ]


def test_resuming_gives_the_same_weights(data: Path, tmp_path: Path) -> None:
    limit_threads(1)
    samples = load(data, "train")[:24]
    recipe = replace(RECIPE, epochs=2)
    whole = Trainer(samples, recipe, tmp_path / "whole")
    for _ in range(whole.steps):
        whole.advance()
    first = Trainer(samples, recipe, tmp_path / "parts")
    for _ in range(3):
        first.advance()
    first.save()
    first.advance()  # lost: the run is stopped before the next checkpoint
    second = Trainer(samples, recipe, tmp_path / "parts")
    assert second.step == 3
    second.run()
    for key, value in whole.net.state_dict().items():
        assert torch.equal(value, second.net.state_dict()[key]), key
        assert torch.equal(whole.average[key], second.average[key]), key


def test_a_folder_of_another_recipe_is_refused(run: Path, data: Path) -> None:
    with pytest.raises(ValueError, match="another recipe"):
        Trainer(load(data, "train"), replace(RECIPE, seed=9), run)


def test_rates_warm_up_and_come_down() -> None:
    factors = [rate_factor(s, 100, 10) for s in range(100)]
    assert factors[0] == pytest.approx(0.1, rel=0.01) and max(factors) == factors[9] > 0.97 and factors[-1] < 0.02
