"""Runs that cannot be wasted: killed at any step they go on exactly; what is broken is refused; ranks agree."""

from __future__ import annotations

import json
import os
import platform
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import ellipse

from echoline_training import checkpoint, durable, runs, stop
from echoline_training import train as training
from echoline_training.augment import Packed
from echoline_training.checkpoint import TrainingError
from echoline_training.network import AttentionUNet, Block
from echoline_training.train import Recipe, Trainer, limit_threads, rate_factor

RECIPE = Recipe(epochs=3, batch=4, sides=(32, 64), warm_up=4, ema=0.9, pretrained=False)
SAMPLES = 16  # so that three epochs are twelve steps
HERE = Path(__file__).resolve()


@pytest.fixture(autouse=True, scope="module")
def _one_thread() -> None:
    limit_threads(1)


def packed(n: int = SAMPLES, side: int = 64) -> Packed:
    """Ellipses, every fourth image without."""
    pairs = [ellipse(np.random.default_rng(i), side, side, lesion=i % 4 != 3) for i in range(n)]
    images, masks = (np.stack(p) for p in zip(*pairs, strict=True))
    return Packed(images, masks, np.full_like(masks, 255), np.ones(n))


def trainer(folder: Path, recipe: Recipe = RECIPE, n: int = SAMPLES, **more: Any) -> Trainer:
    return Trainer(packed(n), np.ones(n), recipe, folder, **more)


def stored(folder: Path) -> dict[str, Any]:
    """The newest checkpoint as it lies on the disk."""
    state: dict[str, Any] = torch.load(folder / "checkpoint.pt", weights_only=True)
    return state


def same(a: Any, b: Any) -> bool:
    """Whether two values as a checkpoint holds them are equal to the last bit."""
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def command(folder: Path, *arguments: str) -> list[str]:
    """This file as a program that trains in a folder: see the end of it."""
    return [sys.executable, str(HERE), str(folder), *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(HERE.parents[1]), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing stopped."""
    folder = tmp_path_factory.mktemp("whole")
    trainer(folder).run(save_every=2)
    return folder


def test_killed_again_and_again_it_ends_with_the_same_weights(whole: Path, tmp_path: Path) -> None:
    chance = random.Random(int.from_bytes(os.urandom(4)))
    for _ in range(4):
        with subprocess.Popen(command(tmp_path), stdout=subprocess.PIPE, text=True, env=environment()) as process:
            assert process.stdout is not None
            steps = chance.randrange(1, 6)
            while steps and process.stdout.readline():
                steps -= 1
            time.sleep(chance.random() * 0.3)  # anywhere in a step, or in the writing of a checkpoint
            process.send_signal(signal.SIGKILL)
    trainer(tmp_path).run(save_every=2)
    assert len(json.loads((tmp_path / "run.json").read_text())["sessions"]) == 5
    assert same(stored(whole), stored(tmp_path))
    assert same(torch.load(whole / "ema.pt", weights_only=True), torch.load(tmp_path / "ema.pt", weights_only=True))
    assert [line["loss"] for line in losses_of(whole)] == [line["loss"] for line in losses_of(tmp_path)]


def test_the_corrector_goes_on_with_the_same_weights(tmp_path: Path) -> None:
    recipe = replace(RECIPE, guided=True)
    said = packed(SAMPLES).masks
    ends = []
    for name in ("whole", "broken"):
        t = trainer(tmp_path / name, recipe, outside=said)
        for step in range(4):
            if name == "broken" and step == 2:
                t.save()
                t = trainer(tmp_path / name, recipe, outside=said)
            t.advance()
        t.save()
        ends.append(stored(tmp_path / name))
    assert same(*ends)
    begun = trainer(tmp_path / "begun", recipe, outside=said).net.state_dict()
    moved = {k for k, v in begun.items() if not torch.equal(v, ends[0]["net"][k])}
    assert moved and all(k.startswith("corrector.") for k in moved)


def losses_of(folder: Path) -> list[runs.Line]:
    return [line for line in runs.read_log(folder) if "loss" in line]


class Killed(BaseException):
    """Nothing that the program catches."""


def test_a_stop_between_any_two_writes_of_a_checkpoint_loses_nothing(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.replace
    trainer(tmp_path).save()
    for at in range(1, 7):
        left = at

        def replace_or_die(a: Path, b: Path) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed
            real(a, b)

        t = trainer(tmp_path)
        for _ in range(2):
            t.advance()
        monkeypatch.setattr(os, "replace", replace_or_die)
        try:
            t.save()  # of four renames
        except Killed:
            assert at <= 4
        else:
            assert at > 4
        monkeypatch.undo()
    trainer(tmp_path).run(save_every=2)
    assert same(stored(whole), stored(tmp_path))


def test_the_previous_checkpoint_takes_over_from_a_damaged_one(whole: Path, tmp_path: Path) -> None:
    t = trainer(tmp_path)
    for _ in range(2):
        t.advance()
        t.save()
    path = tmp_path / "checkpoint.pt"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1  # one bit of one weight: torch would read it without a word
    path.write_bytes(data)
    second = trainer(tmp_path)
    assert second.step == 1
    note = [line["note"] for line in runs.read_log(tmp_path) if "note" in line]
    assert len(note) == 1 and "checkpoint.pt is damaged" in note[0] and "checkpoint.prev.pt of step 1" in note[0]
    second.run(save_every=2)
    assert same(stored(whole), stored(tmp_path))


@pytest.mark.parametrize("spoil", [lambda d: d[: len(d) // 2], lambda d: b"", lambda d: b"not a checkpoint"])
def test_without_a_whole_checkpoint_the_run_is_refused(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    t = trainer(tmp_path)
    t.save()
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(TrainingError, match=r"checkpoint.pt is damaged .*backup.*another --run"):
        trainer(tmp_path)
    assert path.exists() and (tmp_path / "ema.pt").exists()


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    t = trainer(tmp_path)
    t.save()
    state = stored(tmp_path)
    state["net"]["classifier.weight"] = state["net"].pop("logits.weight")
    checkpoint.write(state, tmp_path)
    with pytest.raises(
        TrainingError, match=r"another network: 1 weights are missing \(such as logits.weight\), 1 .*unknown"
    ):
        trainer(tmp_path)
    checkpoint.save_atomic({"weights": 1}, tmp_path / "checkpoint.pt")
    with pytest.raises(TrainingError, match="no checkpoint of a run"):
        trainer(tmp_path)
    weights = t.net.state_dict()
    weights["logits.weight"] = torch.zeros(1, 3, 1, 1)
    checkpoint.save_atomic(weights, tmp_path / "other.pt")
    with pytest.raises(TrainingError, match="another shape"):
        trainer(tmp_path / "new", start=tmp_path / "other.pt")


def test_another_recipe_or_other_data_is_refused_and_an_older_recipe_is_not(tmp_path: Path) -> None:
    trainer(tmp_path).save()
    with pytest.raises(TrainingError, match=r"another recipe \(seed is 1 there, 9 here\)"):
        trainer(tmp_path, replace(RECIPE, seed=9))
    with pytest.raises(TrainingError, match="other data"):
        trainer(tmp_path, n=SAMPLES + 1)
    old = {k: v for k, v in asdict(RECIPE).items() if k not in ("patience", "stop_early")}
    (tmp_path / "recipe.json").write_text(json.dumps(old, indent=2))
    (tmp_path / "run.json").unlink()  # as runs began before there was one
    assert trainer(tmp_path).step == 0
    (tmp_path / "recipe.json").write_text("{")
    with pytest.raises(ValueError, match="damaged"):
        trainer(tmp_path)


def test_a_full_disk_stops_the_run_and_keeps_what_was_trained(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    t = trainer(tmp_path)
    real, calls = os.fsync, 0

    def full(handle: int) -> None:
        nonlocal calls
        calls += 1
        if calls > 12:
            raise OSError(28, "No space left on device")
        real(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(TrainingError, match=r"No space left on device.*goes on from the last checkpoint"):
        t.run(save_every=2)
    monkeypatch.undo()
    assert not list(tmp_path.glob("*.tmp"))
    again = trainer(tmp_path)
    assert 0 < again.step < again.steps
    again.run(save_every=2)
    assert same(stored(whole), stored(tmp_path))


@pytest.mark.parametrize("where", ["loss", "gradient", "weights"])
def test_numbers_that_are_none_stop_the_run_with_the_last_good_checkpoint(
    tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    t = trainer(tmp_path)
    real = training.losses.outline

    def spoilt(*arguments: Any) -> torch.Tensor:
        loss = real(*arguments)
        if t.step < 5:
            return loss
        if where == "loss":
            return loss * torch.nan
        if where == "gradient":
            return loss + torch.sqrt(loss - loss.detach())  # 0, of infinite slope
        next(iter(t.net.buffers())).data.fill_(torch.inf)
        return loss

    monkeypatch.setattr(training.losses, "outline", spoilt)
    with pytest.raises(TrainingError, match=r"no numbers? .*at step .*keeps the last good checkpoint"):
        t.run(save_every=2)
    state = stored(tmp_path)
    assert state["step"] == 4
    assert all(torch.isfinite(v).all() for v in [*state["net"].values(), *state["average"].values()])
    last = runs.read_log(tmp_path)[-1]
    assert "stopped" in last and last["stopped"] in (tmp_path / "index.html").read_text().replace("&#x27;", "'")
    monkeypatch.undo()
    assert trainer(tmp_path).step == 4 and "stopped" not in runs.read_log(tmp_path)[-1]


def test_a_plateau_is_noticed_and_ends_the_run_where_the_recipe_says_so(tmp_path: Path) -> None:
    scores = iter([0.5, 0.6, 0.6, 0.599, 0.7, 0.7])
    kept: list[dict[str, torch.Tensor]] = []

    def check(net: AttentionUNet) -> dict[str, float]:
        kept.append({k: v.clone() for k, v in net.state_dict().items()})
        return {"val_busi": next(scores)}

    recipe = replace(RECIPE, epochs=12, patience=2, sides=(32,))
    long = trainer(tmp_path / "long", recipe, n=4, check=check)
    long.run()
    assert long.step == long.steps == 12 and len(kept) == 6
    notes = [(line["step"], line["note"]) for line in runs.read_log(tmp_path / "long") if "note" in line]
    assert notes == [(8, "plateau: no progress on val since step 4 (0.6000), for 2 checks")]

    scores = iter([0.5, 0.6, 0.6, 0.599, 0.7, 0.7])
    kept.clear()
    early = trainer(tmp_path / "early", replace(recipe, stop_early=True), n=4, check=check)
    early.run()
    assert early.step == 8
    assert same(torch.load(tmp_path / "early" / "ema.pt", weights_only=True), kept[1])
    assert "Ended early at step 8 of 12" in (tmp_path / "early" / "index.html").read_text()
    again = trainer(tmp_path / "early", replace(recipe, stop_early=True), n=4, check=check)
    again.run()
    assert again.step == 8 and len(kept) == 4


def test_a_page_that_cannot_be_drawn_costs_no_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training.page, "write", lambda folder: 1 / 0)
    t = trainer(tmp_path, replace(RECIPE, epochs=1))
    t.run()
    assert stored(tmp_path)["step"] == t.steps


def test_a_folder_says_what_ran_where(whole: Path) -> None:
    doc = json.loads((whole / "run.json").read_text())
    assert doc["data"]["images"] == SAMPLES and len(doc["data"]["sha256"]) == 64 and doc["seed"] == RECIPE.seed
    session = doc["sessions"][0]
    assert session["step"] == 0 and len(session["code"]["sha256"]) == 64
    assert session["environment"]["torch"] == torch.__version__ and session["environment"]["threads"] == 1
    assert json.loads((whole / "recipe.json").read_text()) == json.loads(json.dumps(asdict(RECIPE)))
    assert "Finished, 12 steps." in (whole / "index.html").read_text()


def test_it_learns(whole: Path) -> None:
    lines = losses_of(whole)
    assert lines[-1]["step"] == lines[-1]["of"] == 12
    assert lines[-1]["loss"] < 0.9 * lines[0]["loss"]


def test_rates_warm_up_and_come_down() -> None:
    factors = [rate_factor(s, 100, 10) for s in range(100)]
    assert factors[0] == pytest.approx(0.1, rel=0.01) and max(factors) == factors[9] > 0.97 and factors[-1] < 0.02


# --- several processes ---------------------------------------------------------------------------


def torchrun(folder: Path, *arguments: str) -> None:
    """Train with two processes."""
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    subprocess.run([*start, *command(folder, *arguments)[1:]], check=True, env=environment(), timeout=900)


def test_two_processes_agree_learn_and_resume(tmp_path: Path) -> None:
    torchrun(tmp_path / "broken", "--stop", "6")
    assert stored(tmp_path / "broken")["step"] == 6
    torchrun(tmp_path / "broken")
    torchrun(tmp_path / "whole")
    for folder in (tmp_path / "broken", tmp_path / "whole"):
        one, two = ((folder / f"rank{k}.txt").read_text() for k in (0, 1))
        assert one == two  # weights, their averages and batch statistics, to the last bit
    assert same(stored(tmp_path / "broken"), stored(tmp_path / "whole"))
    lines = losses_of(tmp_path / "whole")
    assert [line["step"] for line in lines] == [2, 4, 6, 8, 10, 12]
    assert lines[-1]["loss"] < 0.9 * lines[0]["loss"]
    assert json.loads((tmp_path / "whole" / "run.json").read_text())["sessions"][0]["environment"]["processes"] == 2


def test_two_processes_do_what_one_does_but_for_batch_statistics_and_dropout(tmp_path: Path) -> None:
    torchrun(tmp_path / "two", "--plain", "--stop", "1")
    t = trainer(tmp_path / "one")
    make_plain(t)
    t.advance()
    t.save()
    one, two = stored(tmp_path / "one")["optimizer"]["state"], stored(tmp_path / "two")["optimizer"]["state"]
    for key in one:  # a tenth of the first step's gradients
        a, b = one[key]["exp_avg"], two[key]["exp_avg"]
        assert torch.allclose(a, b, rtol=1e-3, atol=1e-4 * float(a.abs().max()) + 1e-9), key


def make_plain(t: Trainer) -> None:
    """Take away what differs between one process and two: what is dropped, and batch normalization by the batch."""
    t.net.drop.p = 0.0
    t.bfloat16 = False
    for module in t.net.modules():
        if isinstance(module, Block):
            module.skipped = 0.0
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
            module.train = lambda mode=True, self=module: self  # type: ignore[method-assign, misc]


def program(folder: Path, stop: int | None, plain: bool) -> None:
    """Train in a folder, saying every step, and note what this rank's weights are in the end."""
    limit_threads(1)
    t = trainer(folder)
    if plain:
        make_plain(t)
    advance = t.advance

    def telling() -> float:
        loss = advance()
        print("step", t.step, flush=True)
        return loss

    t.advance = telling  # type: ignore[method-assign]
    if stop is None:
        t.run(save_every=2)
    else:
        while t.step < stop:
            t.advance()
        t.save()
    state = {**{f"net {k}": v for k, v in t.net.state_dict().items()}, **{f"average {k}": v for k, v in t.average.items()}}
    text = "".join(f"{k} {runs.data_hash(v.numpy())}\n" for k, v in state.items())
    durable.write_text(folder / f"rank{t.ranks.rank}.txt", text)


if __name__ == "__main__":
    given = sys.argv[2:]
    program(Path(sys.argv[1]), int(given[given.index("--stop") + 1]) if "--stop" in given else None, "--plain" in given)


FAULTS = """
import resource, sys, torch
from echoline_training.train import keep_memory
if sys.argv[1] == "kept":
    keep_memory()
torch.ones(128 << 20, dtype=torch.uint8)  # room to spare: small blocks may settle in it
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
torch.ones(64 << 20, dtype=torch.uint8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are left as they are")
def test_memory_of_a_step_is_used_again() -> None:
    def faults(how: str) -> int:
        done = subprocess.run(
            [sys.executable, "-c", FAULTS, how], capture_output=True, text=True, check=True, cwd=HERE.parents[1]
        )
        return int(done.stdout)

    assert faults("kept") < 16 < faults("given back")


def test_asked_to_stop_it_keeps_a_checkpoint_and_goes_on_exactly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trainer(tmp_path / "whole")
    whole.run(save_every=100)
    stop.listen(1)
    try:
        halted = trainer(tmp_path / "halted")
        step = halted.advance

        def advance() -> float:
            loss = step()
            if halted.step == 5:
                os.kill(os.getpid(), signal.SIGTERM)
            return loss

        monkeypatch.setattr(halted, "advance", advance)
        with pytest.raises(stop.StoppedError, match="step 5"):
            halted.run(save_every=100)
        assert stored(tmp_path / "halted")["step"] == 5
        assert any("stopped" in line for line in runs.read_log(tmp_path / "halted"))
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        stop.listen(2)  # forgets that it was asked
    trainer(tmp_path / "halted").run(save_every=100)
    assert same(stored(tmp_path / "halted")["average"], stored(tmp_path / "whole")["average"])
    assert not any("stopped" in line for line in runs.read_log(tmp_path / "halted"))


def test_waiting_threads_sleep_soon() -> None:
    code = "from echoline_training.__main__ import wait_briefly; wait_briefly(); import torch"
    env = {k: v for k, v in os.environ.items() if k != "GOMP_SPINCOUNT"} | {"OMP_DISPLAY_ENV": "VERBOSE"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=env, cwd=HERE.parents[1], capture_output=True, text=True, check=True
    )
    said = run.stderr
    if "GOMP_SPINCOUNT" not in said:
        pytest.skip("PyTorch here waits by another library than GNU's")
    assert "GOMP_SPINCOUNT = '1000'" in said
