"""The whole way on synthetic ellipses, small: every stage, stopped and gone on with, to a file that keeps the contract."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from echoline_training import build, card, contract, folds, preflight, report, runs, teach
from echoline_training.data import load
from echoline_training.pipeline import SMALL, Pipeline
from echoline_training.train import Recipe, Trainer, limit_threads, repeats


@pytest.fixture(scope="module")
def pipeline(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """A finished small run on one thread: with more, sums may change in the last bit."""
    limit_threads(1)
    p = Pipeline(load(data, "train"), load(data, "val"), SMALL, tmp_path_factory.mktemp("run"))
    p.run()
    return p


def test_learns_ellipses_and_builds_a_model(pipeline: Pipeline, data: Path, tmp_path: Path) -> None:
    model = tmp_path / "m.onnx"
    with pytest.MonkeyPatch.context() as patch:  # who builds is alone: the other processes have ended
        patch.delattr(type(pipeline.ranks), "share")
        result = build.build(pipeline, data, model, clicks=2)
    assert [f.name for f in tmp_path.iterdir()] == ["m.onnx"]
    doc = contract.read(model)
    assert doc["calibrated"] and result["sets"]["busi"]["dice"]["value"] > 0.8
    assert doc["metrics"]["out_of_fold"]["busbra"]["lesion_images"] == 40
    assert doc["metrics"]["recipe"]["folds"] == 2 and doc["metrics"]["start"] is None
    assert set(doc["metrics"]["resemblance"]) == {"busi", "busbra"} and doc["metrics"]["resemblance"]["busi"] != 1
    text = card.text(model, doc)
    assert "2 fold networks" in text and report.cell(result["sets"]["busi"]["dice"]) in " ".join(text.split())
    assert model.stat().st_size <= 16e6


def test_room_for_all_that_a_run_leaves(pipeline: Pipeline) -> None:
    net = folds.load_network(pipeline.finished)
    lessons = SMALL.lessons_size(len(pipeline.train))
    assert lessons >= (pipeline.folder / "lessons.npz").stat().st_size * 0.95
    left = sum(f.stat().st_size for f in pipeline.folder.rglob("*") if f.is_file())
    assert left < preflight.needed(net, SMALL.trainings, lessons) < 2 * left


def test_images_of_one_patient_are_refused(pipeline: Pipeline, tmp_path: Path) -> None:
    one = [replace(s, row=replace(s.row, set="busi", group="one")) for s in pipeline.train[:6]]
    with pytest.raises(ValueError, match=r"one patient .*add images of other patients"):
        Pipeline(one, pipeline.val, SMALL, tmp_path)


def test_a_finished_run_is_not_done_again(pipeline: Pipeline) -> None:
    files = {f: f.stat().st_mtime_ns for f in pipeline.folder.rglob("*.pt")}
    pipeline.run()
    assert {f: f.stat().st_mtime_ns for f in files} == files


def test_folds_hold_whole_groups_and_all_kinds(pipeline: Pipeline) -> None:
    fold = folds.fold_of(pipeline.train, 3)
    groups: dict[tuple[str, str], set[int]] = {}
    for s, k in zip(pipeline.train, fold, strict=True):
        groups.setdefault((s.row.set, s.row.group), set()).add(int(k))
    assert all(len(g) == 1 for g in groups.values())
    for kind in ("benign", "normal"):
        counts = np.bincount(fold[[s.row.kind == kind for s in pipeline.train]], minlength=3)
        assert counts.min() > 0 and counts.max() - counts.min() <= 6


def test_lessons_come_from_networks_that_did_not_see_the_image(pipeline: Pipeline) -> None:
    lessons = pipeline.lessons()
    nets = [folds.load_network(pipeline.settled(f"fold{k}")) for k in range(2)]
    i = int(np.flatnonzero(pipeline.fold == 1)[0])
    straight, _ = folds.run(nets[1], lessons.images[0, i : i + 1])
    assert np.allclose(lessons.looks[0, i], straight[0], atol=0.02)
    other, _ = folds.run(nets[0], lessons.images[0, i : i + 1])
    assert not np.allclose(lessons.looks[0, i], other[0], atol=0.02)
    mirrored, _ = folds.run(nets[1], lessons.images[1, i : i + 1])
    assert np.allclose(lessons.looks[1, i], mirrored[0], atol=0.05)


def stage(pipeline: Pipeline, recipe: Recipe, folder: Path, start: Path | None = None) -> Trainer:
    """One training of the run, anew in another folder."""
    often = repeats(pipeline.train, recipe)
    return Trainer(pipeline.packed, often, recipe, folder, outside=pipeline.outside(0), start=start)


def test_the_corrector_learns_from_guided_lesions_alone(pipeline: Pipeline, tmp_path: Path) -> None:
    trainer = stage(pipeline, SMALL.guidance, tmp_path)
    batches = [trainer.batch(step) for step in range(trainer.per_epoch)]
    guided = torch.cat([b["guidance"].amax((1, 2, 3)) > 0 for b in batches])
    assert torch.cat([b["lesion"] for b in batches]).all() and guided.float().mean() > 0.95
    masks = torch.cat([b["guidance"][:, 0].amax((1, 2)) > 0 for b in batches])
    assert 0.3 < masks[guided].float().mean() < 0.9


def test_the_outline_stays_while_the_corrector_learns(pipeline: Pipeline) -> None:
    before = torch.load(pipeline.settled("outline"), weights_only=True)
    after = torch.load(pipeline.finished, weights_only=True)
    same = {k for k, v in before.items() if torch.equal(v, after[k])}
    assert same == {k for k in before if not k.startswith("corrector.")}
    trained = {k for k in before if k.startswith("corrector.") and k.endswith("weight")}
    assert trained and not trained & same


def test_targets_of_doubt_lean_on_what_was_said_outside(pipeline: Pipeline, tmp_path: Path) -> None:
    recipe = replace(SMALL.doubt, doubt=0.4)
    plain = Trainer(pipeline.packed, repeats(pipeline.train, recipe), recipe, tmp_path / "plain").batch(0)["target"]
    found = {}
    for said in (0, 255):
        everywhere = np.full_like(pipeline.outside(0), said)
        often = repeats(pipeline.train, recipe)
        found[said] = Trainer(pipeline.packed, often, recipe, tmp_path / str(said), outside=everywhere).batch(0)["target"]
    assert torch.allclose(found[0], 0.6 * plain, atol=1e-4)
    inside = found[255] > 0.41  # what augmentation brings in from beyond the image was not said anything of
    assert inside.any() and torch.allclose(found[255][inside], 0.6 * plain[inside] + 0.4, atol=1e-4)


def test_every_round_of_doubt_goes_on_from_the_one_before_and_asks_its_fold_networks(pipeline: Pipeline) -> None:
    trainings = {t.name: t for t in pipeline.trainings()}
    second = trainings["fold1-doubt2"]
    assert second.start == pipeline.weights("fold1", 1) == pipeline.folder / "fold1-doubt1" / "ema.pt"
    assert second.asks == 1 and not (pipeline.fold[second.chosen] == 1).any()
    assert trainings["outline-doubt1"].asks == 0 and len(trainings["outline-doubt1"].chosen) == len(pipeline.train)
    assert trainings["guidance"].start == pipeline.settled("outline") and trainings["guidance"].asks == 2
    assert trainings["fold0"].start is None and trainings["fold0"].asks is None
    assert len(trainings) == SMALL.trainings


def test_a_run_of_another_version_is_refused_before_it_begins(pipeline: Pipeline, tmp_path: Path) -> None:
    (tmp_path / "stages.json").write_text(json.dumps({"stages": [{"name": "fold0"}, {"name": "doubt"}]}))
    other = Pipeline(pipeline.train, pipeline.val, SMALL, tmp_path)
    with pytest.raises(ValueError, match=r"another version .*fold0, doubt.*choose another --run"):
        other.run()
    assert [f.name for f in tmp_path.iterdir()] == ["stages.json"]


def test_guidance_is_told_what_settled_networks_say(pipeline: Pipeline) -> None:
    i = int(np.flatnonzero(pipeline.fold == 1)[0])
    looks, _ = folds.run(folds.load_network(pipeline.settled("fold1")), pipeline.packed.images[i : i + 1])
    assert np.abs(pipeline.outside(2)[i] / 255.0 - teach.sigmoid(folds.outlined(looks)[0])).max() < 0.01


def test_networks_settle_in_the_mean_of_their_rounds(pipeline: Pipeline) -> None:
    for name, rounds in (("fold0", (1, 2)), ("outline", (0, 1, 2))):
        states = [torch.load(pipeline.weights(name, r), weights_only=True) for r in rounds]
        mean = torch.load(pipeline.settled(name), weights_only=True)
        for key in ("logits.weight", "encoder.norm.running_var"):
            assert torch.allclose(mean[key], sum(s[key] for s in states) / len(states), atol=1e-6)
            assert not torch.allclose(states[0][key], states[1][key], atol=1e-4)


def test_outside_is_what_networks_say_that_did_not_see_the_image(pipeline: Pipeline) -> None:
    for r in (0, 1):
        i = int(np.flatnonzero(pipeline.fold == 0)[0])
        own, other = (folds.load_network(pipeline.weights(f"fold{k}", r)) for k in (0, 1))
        said, not_said = (folds.outlined(folds.run(n, pipeline.packed.images[i : i + 1])[0])[0] for n in (own, other))
        found = pipeline.outside(r)[i].astype(float) / 255
        assert np.abs(found - teach.sigmoid(said)).max() < 0.01 < np.abs(found - teach.sigmoid(not_said)).max()


def test_the_outline_leaves_the_corrector_as_it_is(pipeline: Pipeline, tmp_path: Path) -> None:
    trainer = stage(pipeline, SMALL.outline, tmp_path, pipeline.finished)
    trainer.advance()
    before, after = torch.load(pipeline.finished, weights_only=True), trainer.net.state_dict()
    assert all(torch.equal(before[k], v) for k, v in after.items() if k.startswith("corrector."))
    assert not torch.equal(before["logits.weight"], after["logits.weight"])


def test_other_greys_keep_the_place() -> None:
    images = np.zeros((2, 64, 64), np.uint8)
    images[:, 20:40, 20:40] = 200
    other = teach.other_greys(images, 1)
    assert other.shape == images.shape and not np.array_equal(other[0], other[1])
    assert other[:, 24:36, 24:36].mean() > other[:, :12, :12].mean() + 40


def test_a_set_of_ones_own_is_measured_and_named(pipeline: Pipeline, data: Path, tmp_path: Path) -> None:
    own = tmp_path / "clinic"
    own.symlink_to(data / "busi", target_is_directory=True)
    linked = tmp_path / "m.onnx"
    result = build.build(pipeline, tmp_path, linked, clicks=0, sets=[str(own)], name="clinic-1")
    doc = contract.read(linked)
    assert list(result["sets"]) == [own.resolve().name] and doc["name"] == "clinic-1"
    assert [d["name"] for d in doc["data"]] == ["clinic"]
    told = card.text(linked, doc)
    assert "clinic-1" in told and "masks accepted in Echoline" in told and "Two hospitals" not in told


def test_the_stages_are_told_before_they_begin(pipeline: Pipeline) -> None:
    stages = {s["name"]: s for s in json.loads((pipeline.folder / "stages.json").read_text())["stages"]}
    networks = ("fold0", "fold1", "outline")
    trainings = [*networks, *(f"{n}-doubt{r}" for r in (1, 2) for n in networks), "guidance"]
    assert list(stages) == [*trainings, "error", "error0", "error1"]
    for name in trainings:
        last = [line for line in runs.read_log(pipeline.folder / name) if "of" in line][-1]
        assert last["of"] == stages[name]["steps"] == last["step"]
    assert stages["outline"]["work"] == 8 * 64**2
