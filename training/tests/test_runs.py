"""The run's folder: log, cases, hashes, what the watch notices, and the page."""

from __future__ import annotations

import base64
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from echoline_training import checkpoint, page, runs, watch
from echoline_training.checkpoint import DamagedError, TrainingError
from echoline_training.data import load
from echoline_training.network import AttentionUNet, set_bias
from echoline_training.validate import FOUND, TRUTH, Validation, panels


def logged(*scores: float, losses: tuple[float, ...] = ()) -> list[runs.Line]:
    """A log with a check every ten steps, and a loss before each."""
    out: list[runs.Line] = []
    for i, score in enumerate(scores):
        loss = losses[i] if losses else 1.0
        out += [{"step": 10 * i + 10, "of": 1000, "loss": loss}, {"step": 10 * i + 10, "val_busi": score}]
    return out


# --- log -----------------------------------------------------------------------------------------


def test_the_log_forgets_what_is_done_again_and_half_a_line(tmp_path: Path) -> None:
    for line in [*logged(0.5, 0.6), {"step": 20, "stopped": "the disk is full"}, {"step": 25, "loss": 1}]:
        runs.append_log(tmp_path, line)
    with (tmp_path / "log.jsonl").open("a") as f:
        f.write('{"step": 20, "lo')
    assert len(runs.read_log(tmp_path)) == 6
    runs.rewind_log(tmp_path, 20)
    assert runs.read_log(tmp_path) == logged(0.5, 0.6)
    runs.append_log(tmp_path, {"step": 21, "loss": 0.5})
    assert runs.read_log(tmp_path)[-1] == {"step": 21, "loss": 0.5}
    assert runs.read_log(tmp_path / "none") == []


# --- watch ---------------------------------------------------------------------------------------


def test_a_plateau_needs_patience_and_chance_is_no_progress() -> None:
    assert not watch.verdicts(logged(0.5, 0.7, 0.7, 0.69), 3)
    found = watch.verdicts(logged(0.5, 0.7, 0.7, 0.69, 0.701), 3)
    assert [v.kind for v in found] == ["plateau"] and "since step 20 (0.7000), for 3 checks" in found[0].text
    assert not watch.verdicts(logged(0.5, 0.7, 0.7, 0.69, 0.71), 3)


def test_overfitting_is_val_falling_while_the_loss_falls() -> None:
    val, down, up = (0.7, 0.69, 0.68, 0.67), (1.0, 0.9, 0.8, 0.7), (0.7, 0.8, 0.9, 1.0)
    assert "overfitting" in [v.kind for v in watch.verdicts(logged(*val, losses=down), 3)]
    assert "overfitting" not in [v.kind for v in watch.verdicts(logged(*val, losses=up), 3)]
    assert not watch.verdicts(logged(*val[::-1], losses=down), 3)
    unlogged = [line for line in logged(*val) if "loss" not in line]
    assert "overfitting" not in [v.kind for v in watch.verdicts(unlogged, 3)]


def test_a_verdict_is_news_once() -> None:
    log = logged(0.7, 0.7, 0.7, 0.7)
    assert [[v.kind for v in watch.news(log[:n], 2)] for n in (2, 4, 6, 8)] == [[], [], ["plateau"], []]
    assert watch.news([], 2) == []


def test_the_best_check_is_the_first_among_equals() -> None:
    assert watch.improved(logged(0.5, 0.6)) and not watch.improved(logged(0.6, 0.6)) and not watch.improved([])
    both = {"step": 1, "val_busi": 0.5, "val_busbra": 0.7, "loud": 9}
    assert watch.score(both) == pytest.approx(0.6)
    assert watch.score({"step": 1, "val_busi": float("nan")}) is None and watch.score({"step": 1, "loss": 1}) is None


def test_weights_that_are_no_numbers_are_named() -> None:
    good = {"a": torch.ones(2), "count": torch.tensor(3)}
    assert watch.broken(good) is None
    assert watch.broken({**good, "b": torch.tensor([1.0, torch.inf])}) == "b"


# --- origin --------------------------------------------------------------------------------------


def test_the_data_hash_sees_values_order_and_kind() -> None:
    a, b = np.arange(6, dtype=np.uint8), np.arange(6, dtype=np.uint8)[::-1]
    hashes = {runs.data_hash(a), runs.data_hash(b), runs.data_hash(a.reshape(2, 3)), runs.data_hash(a.astype(np.int8))}
    hashes |= {runs.data_hash(a, None), runs.data_hash(None, a), runs.data_hash(a, b), runs.data_hash(b, a)}
    assert len(hashes) == 8
    assert runs.data_hash(b) == runs.data_hash(b.copy())


def test_the_code_hash_is_of_the_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = runs.code()
    assert re.fullmatch("[0-9a-f]{64}", found["sha256"]) and found == runs.code()
    (tmp_path / "a.py").write_text("x = 1")
    monkeypatch.setattr(runs, "__file__", str(tmp_path / "runs.py"))
    first = runs.code()
    (tmp_path / "a.py").write_text("x = 2")
    assert first["sha256"] != runs.code()["sha256"] != found["sha256"]
    assert first["git"] == ""  # not in a repository


def test_other_data_than_at_the_start_is_refused(tmp_path: Path) -> None:
    runs.begin_session(tmp_path, {"sha256": "a", "images": 2}, {"seed": 1}, {"step": 0})
    runs.begin_session(tmp_path, {"sha256": "a", "images": 2}, {"seed": 1}, {"step": 7})
    assert [s["step"] for s in runs.read_json(tmp_path / "run.json")["sessions"]] == [0, 7]
    with pytest.raises(TrainingError, match=r"other data \(SHA-256 a, 2 images; now b, 3 images\)"):
        runs.begin_session(tmp_path, {"sha256": "b", "images": 3}, {}, {})


def test_a_damaged_archive_is_told_from_a_whole_one(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    checkpoint.save_atomic({"x": torch.arange(1000.0)}, path)
    assert torch.equal(checkpoint.load(path)["x"], torch.arange(1000.0))
    data = path.read_bytes()
    for spoilt in (data[:-1], data[:1000] + bytes([data[1000] ^ 4]) + data[1001:], b""):
        path.write_bytes(spoilt)
        with pytest.raises(DamagedError):
            checkpoint.load(path)


# --- cases ---------------------------------------------------------------------------------------

CASES = [
    runs.CaseRow("a, b.png", "busi", "benign", "g1", {"dice": 0.5, "hd95": 3.25}, {"device": "GE"}),
    runs.CaseRow("b.png", "busi", "normal", "g2", {"false_positive": 1.0}),
    runs.CaseRow("b.png", "busbra", "malignant", "g2", {"dice": 1.0}),
]


def test_cases_come_back(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    runs.write_cases(path, CASES)
    assert path.read_text().splitlines()[0] == "file,set,class,group,device,dice,hd95,false_positive"
    assert runs.read_cases(path) == CASES
    assert runs.means(CASES)["busi"] == {"dice": (1, 0.5), "hd95": (1, 3.25), "false_positive": (1, 1.0)}


def test_a_measure_that_is_no_number_is_blank(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    runs.write_cases(path, [runs.CaseRow("a", "s", "benign", "g", {"hd95": float("nan"), "dice": 0.0})])
    assert runs.read_cases(path)[0].values == {"dice": 0.0}


def test_cases_without_a_column_or_with_an_image_twice_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("file,set,class,dice\na,busi,benign,1\n")
    with pytest.raises(runs.RunError, match="column group is missing"):
        runs.read_cases(path)
    runs.write_cases(path, [CASES[0], CASES[0]])
    with pytest.raises(runs.RunError, match="twice"):
        runs.read_cases(path)


# --- check and page ------------------------------------------------------------------------------


@pytest.fixture
def folder(data: Path, tmp_path: Path) -> Path:
    """A run's folder with all that the page shows."""
    folder = tmp_path / "run<1>"
    folder.mkdir()
    torch.manual_seed(1)
    check = Validation(load(data, "val"), 64, folder)
    numbers = check(AttentionUNet(pretrained=False).eval())
    for line in [*logged(0.4, 0.5), {"step": 30, **numbers}, {"step": 30, "note": "plateau: <no> progress"}]:
        runs.append_log(folder, line)
    runs.keep_recipe(folder, {"epochs": 3, "sides": [32, 64]})
    runs.begin_session(folder, {"sha256": "abc", "images": 5}, {"about": {"sets": ["busi", "busbra"]}}, {"step": 0})
    return folder


def test_the_guided_check_measures_what_the_corrector_says(data: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    net = AttentionUNet(pretrained=False).eval()
    set_bias(net.logits, 50.0)  # outlines everything
    automatic = Validation(load(data, "val"), 64, tmp_path)(net)
    for bias, share in ((-50.0, 0), (50.0, 1)):  # answers with nothing, and with everything
        set_bias(net.corrector.logits, bias)
        numbers = Validation(load(data, "val"), 64, tmp_path, guided=True)(net)
        assert numbers["val_busi"] == share * automatic["val_busi"] and automatic["val_busi"] > 0
        assert numbers["loud"] == automatic["loud"]  # nobody corrects what is normal


def test_the_check_measures_what_it_writes(folder: Path) -> None:
    rows = runs.read_cases(folder / "cases.csv")
    line = runs.read_log(folder)[-2]
    for name in ("busi", "busbra"):
        dice = [r.values["dice"] for r in rows if r.set == name and r.kind != "normal"]
        assert line[f"val_{name}"] == pytest.approx(np.mean(dice), abs=1e-4)
    normals = [r.values for r in rows if r.kind == "normal"]
    assert len(normals) == line["normals"] == 4 and sum(v["false_positive"] for v in normals) == line["loud"]
    assert all("dice" not in v for v in normals)
    said = runs.read_json(folder / "examples" / "examples.json")["examples"]
    dice = sorted(r.values["dice"] for r in rows if "dice" in r.values)
    assert said[0]["dice"] == pytest.approx(dice[-1], abs=1e-4) and said[2]["dice"] == pytest.approx(dice[0], abs=1e-4)


def test_panels_show_image_truth_and_prediction() -> None:
    image = np.full((64, 64), 90, np.uint8)
    truth, found = np.zeros((2, 64, 64), bool)
    truth[10:30, 10:30] = True
    found[40:60, 40:60] = True
    picture = panels(image, truth, found)
    assert picture.shape == (256, 768, 3) and (picture[:, :256] == 90).all()
    for mask, colour, at in ((truth, TRUTH, 1), (found, FOUND, 2)):
        y, x = np.where((picture[:, at * 256 : (at + 1) * 256] == colour).all(2))
        inside = np.where(mask)
        assert (y.min() // 4, y.max() // 4) == (inside[0].min(), inside[0].max()) and len(x) >= 300


class Reader(HTMLParser):
    """Collects tags with their attributes, and refuses tags that are not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "polyline", "line", "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_stands_alone_and_shows_everything(folder: Path) -> None:
    page.write(folder)
    html = (folder / "index.html").read_text()
    reader = Reader()
    reader.feed(html)
    assert not reader.open
    assert not re.search(r"https?:|<script|<link|@import|url\(", html)
    assert {t for t, _ in reader.tags} >= {"svg", "polyline", "img", "table"}
    for word in (
        "Run run<1>",
        "Step 20 of 1000 (2%).",
        "plateau: <no> progress",
        "abc",
        "busi, busbra",
        "sides",
        "val_busbra",
    ):
        assert word in reader.text, word
    pictures = [a["src"] or "" for t, a in reader.tags if t == "img"]
    assert len(pictures) == 3
    for source in pictures:
        png = base64.b64decode(source.removeprefix("data:image/png;base64,"))
        picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
        assert picture is not None and picture.shape == (256, 768, 3)
    assert {e["file"] for e in json.loads((folder / "examples/examples.json").read_text())["examples"]}
    assert str(folder.parent) not in html


def test_the_page_of_a_run_that_has_just_begun(tmp_path: Path) -> None:
    page.write(tmp_path)
    assert "Nothing logged yet." in (tmp_path / "index.html").read_text()


def test_states() -> None:
    log = logged(0.5)
    assert page.state(log) == "Step 10 of 1000 (1%)."
    assert page.state([*log, {"step": 12, "stopped": "x"}]) == "Stopped at step 12 of 1000: x"
    assert page.state([*log, {"step": 10, "ended": "y"}]) == "Ended early at step 10 of 1000: y"
    assert page.state([*log, {"step": 1000, "of": 1000, "loss": 1}]) == "Finished, 1000 steps."


def test_curves_keep_their_points_and_skip_what_is_no_number() -> None:
    svg = page.chart("a<b", {"x": [(0, 1.0), (50, float("nan")), (100, 3.0)], "y": [(100, 3.0)], "none": []}, 200)
    root = ET.fromstring(svg)
    assert root.attrib["aria-label"] == "a<b"
    lines = [e.attrib["points"].split() for e in root.iter("polyline")]
    assert [len(points) for points in lines] == [2, 1]
    (x0, y0), (x1, y1) = ([float(v) for v in p.split(",")] for p in lines[0])
    assert x0 == page.LEFT and x1 == pytest.approx(page.LEFT + (page.WIDTH - page.LEFT - page.RIGHT) / 2) and y1 < y0
    names = [float(e.attrib["y"]) for e in root.iter("text") if (e.text or "").startswith(("x ", "y "))]
    assert abs(names[0] - names[1]) >= 15  # told apart, though the curves end at one place
    assert page.chart("nothing", {"x": [(0, float("inf"))]}, 10) == ""


def test_ticks_are_round() -> None:
    assert page.ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert page.ticks(0.731, 0.842) == [0.74, 0.76, 0.78, 0.8, 0.82, 0.84]
    assert page.ticks(3, 3) == [3]
