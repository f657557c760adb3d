"""A run that would be wasted is refused before it starts, with the reason and what to do."""

import copy
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from conftest import ellipse

from echoline_training import findings, preflight, rehearsal
from echoline_training.data import Row, Sample
from echoline_training.findings import Finding, PreflightError
from echoline_training.network import AttentionUNet, Whole
from echoline_training.train import Recipe

RECIPE = Recipe(sides=(64,), batch=4, pretrained=False)
Edit = Callable[[list[Sample]], list[Sample]]


def sample(split: str, i: int, lesion: bool = True) -> Sample:
    seed = i + (1000 if split == "val" else 0)
    image, mask = ellipse(np.random.default_rng(seed), 80, 90, lesion)
    kind = "benign" if lesion else "normal"
    return Sample(
        Row("busi", f"{split}{i}.png", kind, f"{split}-{i}", split, 90, 80, int((mask > 0).sum())), image, mask > 0
    )


def splits() -> dict[str, list[Sample]]:
    return {split: [sample(split, i, lesion=i % 5 != 4) for i in range(30)] for split in ("train", "val")}


def codes(found: list[Finding]) -> set[tuple[str, str]]:
    return {(f.level, f.code) for f in found}


@pytest.fixture(scope="module")
def net() -> AttentionUNet:
    torch.manual_seed(1)
    return AttentionUNet(pretrained=False)


def first(data: list[Sample], **changes: Any) -> list[Sample]:
    """The samples with changes to the first."""
    return [replace(data[0], **changes), *data[1:]]


def part(value: bool, where: tuple[slice, slice], other: bool | None = None) -> np.ndarray:
    out = np.full((80, 90), not value if other is None else other)
    out[where] = value
    return out


DOTS = np.zeros((80, 90), bool)
DOTS[10:70:20, 20:60] = True


@pytest.mark.parametrize(
    ("edit", "level", "code"),
    [
        (lambda d: first(d, mask=np.ones((80, 91), bool)), "refuse", "masks.size"),
        (lambda d: first(d, mask=np.zeros((80, 90), bool)), "refuse", "masks.kind"),
        (lambda d: first(d, row=replace(d[0].row, kind="normal")), "refuse", "masks.kind"),
        (lambda d: first(d, image=d[0].image[:20], mask=d[0].mask[:20] | True), "refuse", "images.tiny"),
        (lambda d: first(d, image=np.full((80, 90), 7, np.uint8)), "refuse", "images.flat"),
        (lambda d: first(d, mask=part(True, np.s_[40:41, 30:33])), "warn", "masks.small"),
        (lambda d: first(d, mask=part(False, np.s_[:2, :])), "warn", "masks.large"),
        (lambda d: first(d, mask=DOTS), "warn", "masks.pieces"),
        (lambda d: first(d, mask=part(True, np.s_[20:40, 60:])), "warn", "masks.border"),
        (lambda d: first(d, unknown=np.ones((80, 90), bool)), "warn", "masks.unknown"),
    ],
)
def test_masks(edit: Edit, level: str, code: str) -> None:
    assert codes(list(preflight.masks(splits()))) <= {("warn", "masks.border")}
    data = splits()
    data["val"] = edit(data["val"])
    found = [f for f in preflight.masks(data) if f.code == code]
    assert [f.level for f in found] == [level]
    assert "busi/val0.png" in found[0].reason and "busi/val0.png" in found[0].values["files"]


def test_leaks() -> None:
    data = splits()
    assert not list(preflight.leaks(data))
    data["val"] = first(data["val"], row=replace(data["val"][0].row, group="train-3"))
    data["val"][1] = replace(data["val"][1], image=data["train"][7].image)
    assert codes(list(preflight.leaks(data))) == {("refuse", "leak")} and len(list(preflight.leaks(data))) == 2


def test_balance() -> None:
    assert not list(preflight.balance(splits()))
    for data, expected in (
        ({"train": splits()["train"]}, {("refuse", "balance.lesions")}),
        ({**splits(), "val": [s for s in splits()["val"] if not s.mask.any()]}, {("refuse", "balance.lesions")}),
        ({**splits(), "train": [s for s in splits()["train"] if s.mask.any()]}, {("warn", "balance.normals")}),
        ({**splits(), "val": splits()["val"][:10]}, {("warn", "balance.few")}),
        ({**splits(), "train": [replace(s, weight=0) for s in splits()["train"]]}, {("refuse", "balance.weights")}),
        ({**splits(), "train": first(splits()["train"], weight=float("nan"))}, {("refuse", "balance.weights")}),
        ({**splits(), "train": first(splits()["train"], weight=-1)}, {("refuse", "balance.weights")}),
    ):
        assert codes(list(preflight.balance(data))) == expected


def test_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tmp_path / "a" / "b"
    assert not list(preflight.disk(run, 1000)) and not list(tmp_path.iterdir())
    (tmp_path / "file").touch()
    assert codes(list(preflight.disk(tmp_path / "file", 1))) == {("refuse", "disk.folder")}
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    for need, expected in ((300, set()), (400, {("warn", "disk.space")}), (1001, {("refuse", "disk.space")})):
        assert codes(list(preflight.disk(run, need))) == expected

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    found = list(preflight.disk(run, 1))
    assert codes(found) == {("refuse", "disk.write")} and "No space left" in found[0].reason


def test_room_for_all_checkpoints(net: AttentionUNet, tmp_path: Path) -> None:
    optimizer = torch.optim.AdamW(net.parameters())
    for p in net.parameters():
        p.grad = torch.zeros_like(p)
    optimizer.step()
    torch.save(
        {"net": net.state_dict(), "optimizer": optimizer.state_dict(), "average": net.state_dict()}, tmp_path / "a.pt"
    )
    weights = tmp_path / "b.pt"
    torch.save(net.state_dict(), weights)
    assert preflight.needed(net) > 2 * (tmp_path / "a.pt").stat().st_size + 2 * weights.stat().st_size


def test_recipe() -> None:
    assert not list(preflight.recipe_fits(RECIPE, splits()))
    found = list(preflight.recipe_fits(replace(RECIPE, sides=(64, 100), batch=31), splits()))
    assert codes(found) == {("refuse", "recipe.sides"), ("warn", "recipe.batch")} and found[0].values["sides"] == [100]


def test_the_batch_holds_large_lesions_and_guidance() -> None:
    data = splits()["train"]
    small = np.zeros((80, 90), bool)
    small[40, 40] = True
    b = rehearsal.batch([*data, *(replace(s, mask=small) for s in data)], 1)
    assert b["image"].shape == (rehearsal.IMAGES, 1, rehearsal.SIDE, rehearsal.SIDE) and 0.5 < b["image"].max() <= 1
    assert (b["target"].mean((1, 2, 3)) >= rehearsal.LARGE / 2).all()
    guided = b["guidance"].amax((1, 2, 3)) > 0
    assert guided.tolist() == [True, False] * (rehearsal.IMAGES // 2) and b["automatic"].tolist() == [0, 1] * 3
    assert len(rehearsal.batch([sample("train", 0)], 1)["image"]) == 1


def test_step_finds_what_is_no_number(net: AttentionUNet) -> None:
    b = rehearsal.batch(splits()["train"], 1)
    assert not list(rehearsal.step(net, b))
    assert codes(list(rehearsal.step(net, {**b, "image": b["image"] * float("nan")}))) == {("refuse", "step.loss")}


def test_step_finds_weights_without_gradient(net: AttentionUNet) -> None:
    b = rehearsal.batch(splits()["train"], 1)
    found = list(rehearsal.step(net, {**b, "guidance": b["guidance"] * 0}))
    assert codes(found) == {("refuse", "step.gradient")} and all(
        name.startswith("corrector.") for name in found[0].values["weights"]
    )


def test_a_batch_that_cannot_be_learned_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    net = AttentionUNet(pretrained=False)
    for p in net.parameters():
        p.requires_grad_(False)
    b = rehearsal.batch(splits()["train"], 1)
    b["image"].requires_grad_(True)  # so that there is a way back
    monkeypatch.setattr(rehearsal, "STEPS", 4)
    found = list(rehearsal.overfit(net, b))
    assert codes(found) == {("refuse", "overfit")} and found[0].values["dice"] < rehearsal.LEARNED


def graph(whole: Whole, height: int, width: int) -> onnx.ModelProto:
    """A plain export, without what the shipped one adds."""
    import io
    import warnings

    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            whole, (torch.zeros(1, 1, height, width), torch.zeros(1, 4, height, width)), buffer,  # type: ignore[arg-type]
            input_names=["image", "guidance"], output_names=list(rehearsal.OUTPUTS), opset_version=17, dynamo=False,
        )  # fmt: skip
    return onnx.load_from_string(buffer.getvalue())


def biased(whole: Whole, height: int, width: int) -> onnx.ModelProto:
    other = copy.deepcopy(whole)
    for p in other.outline.logits.parameters():
        p.data += 0.1
    return graph(other, height, width)


def test_an_export_that_differs_is_refused(net: AttentionUNet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "SIDE", 32)
    b = rehearsal.batch(splits()["train"], 1)
    found = list(rehearsal.parity(net, b, biased))
    assert codes(found) == {("refuse", "export.parity")} and found[0].values["apart"]["logits"] > 0.01


def test_a_sound_run_passes_in_time(tmp_path: Path) -> None:
    started = time.process_time()
    found = preflight.check(splits(), replace(RECIPE, pretrained=True), tmp_path / "run", graph)
    print(f"{time.process_time() - started:.1f} s of CPU")
    assert not [f for f in found if f.level == "refuse"], found
    findings.refuse(found)


def test_bad_data_is_refused_before_the_network_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "batch", lambda *_: pytest.fail("the network was asked"))
    data = splits()
    data["train"] = first(data["train"], mask=np.zeros((80, 90), bool))
    data["val"] = first(data["val"], row=replace(data["val"][0].row, group="train-3"))
    found = preflight.check(data, RECIPE, tmp_path, graph)
    with pytest.raises(
        PreflightError, match=r"(?s)would be wasted.*train0.png.*; correct the class or the mask.*group train-3"
    ):
        findings.refuse(found)
    told = json.loads(findings.to_json(found))
    assert {f["code"] for f in told if f["level"] == "refuse"} == {"masks.kind", "leak"}
    assert all(set(f) == {"level", "code", "reason", "remedy", "values"} for f in told)


def test_twins_with_masks_that_differ_are_told() -> None:
    one = replace(sample("train", 0), row=replace(sample("train", 0).row, group="g"))
    moved = replace(one, row=replace(one.row, file="again.png"), mask=np.roll(one.mask, 30, 1))
    found = list(preflight.twins({"train": [one, moved, sample("train", 2)]}))
    assert codes(found) == {("warn", "masks.twins")} and found[0].values["files"] == [f"busi/{one.row.file} and again.png"]
    alike = replace(moved, mask=one.mask)
    assert not list(preflight.twins({"train": [one, alike]}))
    apart = replace(moved, row=replace(moved.row, group="h"))
    assert not list(preflight.twins({"train": [one, apart]}))


def test_a_model_of_another_network_is_refused_before_hours_are_spent(tmp_path: Path) -> None:
    wrong = AttentionUNet(pretrained=False).state_dict()
    wrong["present.weight"] = torch.zeros(1, 7)
    torch.save(wrong, tmp_path / "wrong.pt")
    found = list(preflight.begins(tmp_path / "wrong.pt"))
    assert codes(found) == {("refuse", "start")} and "another network" in found[0].reason
    (tmp_path / "no.onnx").write_bytes(b"no model")
    assert codes(list(preflight.begins(tmp_path / "no.onnx"))) == {("refuse", "start")}
    torch.save(AttentionUNet(pretrained=False).state_dict(), tmp_path / "right.pt")
    assert not list(preflight.begins(tmp_path / "right.pt"))


def test_a_check_that_breaks_down_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> onnx.ModelProto:
        raise RuntimeError("an operator is not known")

    monkeypatch.setattr(rehearsal, "overfit", lambda *_: iter(()))
    monkeypatch.setattr(rehearsal, "SIDE", 32)
    found = preflight.check(splits(), RECIPE, tmp_path, broken)
    assert ("refuse", "export") in codes(found)
    with pytest.raises(PreflightError, match=r"export breaks down .RuntimeError: an operator is not known"):
        findings.refuse(found)
