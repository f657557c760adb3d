"""An evaluation from a model file to its pages, with a graph that finds dark ellipses and listens to clicks."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from echoline_training import card, compare, contract, evaluate, export, measure, report
from echoline_training.contract import Fit
from echoline_training.data import Row
from echoline_training.measure import Case
from echoline_training.network import AttentionUNet
from echoline_training.pipeline import SMALL

SIDE = 64


def graph() -> onnx.ModelProto:
    """Logits from the darkness around a pixel, and from positive and negative disks; presence from the largest logit."""
    k = 7
    around = np.ones((1, 1, k, k), np.float32)
    listens = np.zeros((1, 4, 1, 1), np.float32)
    listens[0, 1:3, 0, 0] = 30, -30
    weights = {
        "around": around, "listens": listens, "nought": np.zeros((1, 1), np.float32),
    }  # fmt: skip
    numbers = {"level": 0.31, "sharp": 22.0, "least": 0.1, "one": 1.5, "black": 0.0}
    weights |= {n: np.array(v, np.float32) for n, v in numbers.items()}
    nodes = [
        helper.make_node("Conv", ["image", "around"], ["light"], pads=[k // 2] * 4),
        helper.make_node("Greater", ["image", "black"], ["seen"]),
        helper.make_node("Cast", ["seen"], ["inside"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["inside", "around"], ["counted"], pads=[k // 2] * 4),
        helper.make_node("Add", ["counted", "least"], ["size"]),
        helper.make_node("Div", ["light", "size"], ["grey"]),
        helper.make_node("Sub", ["level", "grey"], ["above"]),
        helper.make_node("Mul", ["above", "sharp"], ["automatic"]),
        helper.make_node("Conv", ["guidance", "listens"], ["told"]),
        helper.make_node("Add", ["automatic", "told"], ["logits"]),
        helper.make_node("Add", ["grey", "one"], ["scale"]),
        helper.make_node("ReduceMax", ["automatic"], ["most"], axes=[2, 3], keepdims=0),
        helper.make_node("Add", ["most", "nought"], ["present"]),
        helper.make_node("ReduceMean", ["automatic"], ["middle"], axes=[2, 3], keepdims=0),
        helper.make_node("Add", ["middle", "nought"], ["quality"]),
    ]
    shapes = {"image": [1, 1, SIDE, SIDE], "guidance": [1, 4, SIDE, SIDE]}
    shapes |= {"logits": [1, 1, SIDE, SIDE], "scale": [1, 1, SIDE, SIDE], "present": [1, 1], "quality": [1, 1]}
    values = {n: helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()}
    kept = [numpy_helper.from_array(v, n) for n, v in weights.items()]
    whole = helper.make_graph(nodes, "dark", [values[n] for n in export.INPUTS], [values[n] for n in export.OUTPUTS], kept)
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", export.OPSET)], ir_version=9)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file."""
    path = tmp_path_factory.mktemp("model") / "m.onnx"
    fit = Fit(present_threshold=0.5, calibrated=True)
    export.write(graph(), contract.document(fit, SIDE, SIDE, "1.0", {}), path)
    return path


@pytest.fixture(scope="module")
def result(model: Path, data: Path) -> dict[str, Any]:
    """Everything but dropout, on the synthetic test split."""
    return evaluate.run(model, data, clicks=3, strokes=1, threads=1, resamples=100)


def test_every_figure_of_every_set(result: dict[str, Any]) -> None:
    json.dumps(result, allow_nan=False)
    assert set(result["sets"]) == {"busi", "busbra", "all"}
    busi = result["sets"]["busi"]
    assert busi["dice"]["value"] > 0.6 and busi["lesion_images"] == 9 and busi["normal_images"] == 3
    assert busi["dice"]["low"] < busi["dice"]["value"] < busi["dice"]["high"]
    assert set(busi["baselines"]) == {"gradient", "doubt", "tta_probability", "tta_boundary"}
    assert "r90_over" in busi["baselines"]["gradient"]
    assert result["sets"]["all"]["lesion_images"] == 21
    assert result["latency_ms"]["median"] > 0 and result["latency_ms"]["threads"] == 1
    assert result["model"]["sha256"] and result["model"]["input"] == {"width": SIDE, "height": SIDE}


def test_figures_are_those_of_measure(result: dict[str, Any], model: Path, data: Path) -> None:
    found = evaluate.Model.open(model, threads=1)
    samples = evaluate.data.load(data, "test")
    flat = measure.by_set([evaluate.judge(found, s).case for s in samples], found.fit)
    for name, numbers in flat.items():
        for key in ("dice", "iou", "nsd_3_256", "auroc", "spearman", "hd95_256_px", "expected_dice_error"):
            assert result["sets"][name][key]["value"] == pytest.approx(numbers[key], abs=0.011), key


def test_dropout_of_the_outline_network(model: Path, data: Path, tmp_path: Path) -> None:
    torch.manual_seed(0)
    torch.save(AttentionUNet(pretrained=False).state_dict(), tmp_path / "ema.pt")
    found = evaluate.Model.open(model, tmp_path / "ema.pt", threads=1)
    sample = next(s for s in evaluate.data.load(data, "test") if s.mask.any())
    scores = evaluate.judge(found, sample, views=True).scores
    assert {"dropout_probability", "dropout_boundary"} < set(scores)
    assert all(np.isfinite(v).all() for v in scores.values())


def test_clicks_help(result: dict[str, Any]) -> None:
    found = result["clicks"]["all"]
    assert found["images"] == 6 and result["strokes"]["busi"]["images"] == 1
    assert found["dice_after"]["20"] >= found["dice_after"]["0"]


def test_compare_reads_it(result: dict[str, Any], tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(json.dumps(result))
    text = compare.compare([tmp_path / "a.json", tmp_path / "b.json"])
    assert "dice" in text and "+0.0000" in text


def test_a_part_is_spread_over_every_set(model: Path, data: Path) -> None:
    few = evaluate.run(model, data, "val", limit=4, clicks=0, views=False, threads=1, resamples=50)
    assert few["sets"]["busi"]["images"] == few["sets"]["busbra"]["images"] == 4
    assert "clicks" not in few and set(few["sets"]["all"]["baselines"]) == {"gradient", "doubt"}
    samples = evaluate.data.load(data, "val")
    files = [s.row.file for s in evaluate.spaced(samples, 4) if s.row.set == "busi"]
    assert files == ["val000.png", "val004.png", "val008.png", "val012.png"]
    assert evaluate.spaced(samples, None) == samples


def test_devices_come_from_the_split(data: Path, tmp_path: Path) -> None:
    assert set(evaluate.devices(data).values()) == {""}
    folder = data / "busbra"
    copy = tmp_path / "scanned"
    copy.mkdir()
    lines = (folder / "split.csv").read_text().splitlines()
    named = [lines[0] + ",device", *(line + ",GE Logiq 5" for line in lines[1:])]
    (copy / "split.csv").write_text("\n".join(named))
    found = evaluate.devices(data, ("busi", str(copy), "exports"))
    assert found["scanned", "test000.png"] == "GE Logiq 5" and found["busi", "test000.png"] == ""


def test_the_report_tells_what_was_to_be_reached(result: dict[str, Any]) -> None:
    text = report.text(result, evaluate.cross({"busi": cases("busi", 0.8), "busbra": cases("busbra", 0.6)}, 50))
    for word in ("## To reach", "## Figures", "1 / gradient", "Clicks to a target", "Strokes", "By class", "BUS-BRA", "BCa"):
        assert word in text
    assert text.count("| Dice, BUSI |") == 1 and "not measured" not in text
    assert "Trained on one set" in text and not re.search(r"\b(None|nan)\b", text)


def test_goals_are_judged_the_right_way_round(result: dict[str, Any]) -> None:
    high = report.Goal("a", lambda r: {"value": 0.8, "low": 0.7, "high": 0.9}, 0.79, 0.85)
    low = report.Goal("b", lambda r: {"value": 0.8, "low": 0.7, "high": 0.9}, 0.7, 0.5, lower=True)
    assert high.line(result)[3:] == ["0.8 (0.7 to 0.9)", "reached"]
    assert low.line(result)[4] == "below"
    assert report.Goal("c", lambda r: 0.4, 0.7, 0.5, lower=True).line(result)[4] == "aim reached"
    assert report.Goal("d", lambda r: r["clicks"]["nowhere"], 1, 2).line(result)[4] == "not measured"


def cases(trained: str, away: float) -> list[Case]:
    """What a model makes of both sets: Dice 0.9 at home."""

    def case(name: str, i: int, d: float) -> Case:
        row = Row(name, f"{i}.png", "benign", f"g{i // 2}", "test", 9, 9, 9)
        return Case(row, 0.9, d, d / (2 - d), 3.0, False, True, None, None, 5.0)

    return [case(s, i, (0.9 if s == trained else away) + i / 1000) for s in ("busi", "busbra") for i in range(10)]


def test_cases_for_crossing_come_from_a_model_file(model: Path, data: Path) -> None:
    found = evaluate.outlined(model, evaluate.data.load(data, "test")[:3], threads=1)
    assert len(found) == 3 and found[0].dice > 0.5


def test_across_data_sets() -> None:
    found = evaluate.cross({"busi": cases("busi", 0.8), "busbra": cases("busbra", 0.6)}, 100)
    assert found["busi"]["busi"]["dice"]["value"] == pytest.approx(0.9045)
    assert "dice_gain" not in found["busi"]["busi"]
    loss = found["busbra"]["busi"]["dice_gain"]
    assert loss["value"] == pytest.approx(-0.3) and loss["high"] < 0 and loss["wilcoxon_p"] < 0.1
    assert found["busi"]["busbra"]["dice_gain"]["value"] == pytest.approx(-0.1)
    alone = evaluate.cross({"busi": cases("busi", 0.8)}, 50)
    assert "dice_gain" not in alone["busi"]["busbra"]


def test_the_card_tells_everything_from_the_metadata(result: dict[str, Any], model: Path) -> None:
    flat = {s: {"lesion_images": 3, "dice": 0.1234, "coverage": {"50": 0.5}} for s in ("busi", "busbra")}
    metrics = {**evaluate.facts(result), "val": flat, "out_of_fold": flat, "recipe": json.loads(json.dumps(asdict(SMALL)))}
    metrics["resemblance"] = {"busi": 1.08, "busbra": 0.93}
    doc = contract.document(Fit(temperature=1.2345, calibrated=True), SIDE, SIDE, "9.8.7", metrics)
    text = card.text(model, doc)
    flowing = " ".join(text.split())
    told = report.cell(result["sets"]["busi"]["dice"])
    for word in (
        "# echoline-breast 9.8.7", "Not a medical device", "CC BY 4.0", "BUS-BRA", "Apache", "10.1016/j.dib.2019.104863",
        "1.2345", told, "0.1234", "2 fold networks", "30% of the target", "mean of two looks", "in rounds (2)",
        "one to four simulated clicks", "1.08 for busi", "64x64", "disks of 4 px", "conformal", "1 / gradient",
        "100 resamples",
    ):  # fmt: skip
        assert word in flowing, word
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 125
    assert not re.search(r"\b(None|nan)\b", text)
    metrics = {"test": flat, "recipe": metrics["recipe"]}
    short = card.text(model, contract.document(Fit(), SIDE, SIDE, "1", metrics))
    assert "resamples" not in short and "0.1234" in short and "Simulated clicks" not in short


def test_a_model_file_tells_of_test_alone(result: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not on val"):
        evaluate.facts({**result, "split": "val"})
