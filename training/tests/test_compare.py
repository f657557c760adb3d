"""Runs side by side, with intervals that know that images of one patient come together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from echoline_training import compare, runs, stats


def cases(shift: float, seed: int, n: int = 60) -> list[runs.CaseRow]:
    """Three images of each of 20 patients; shift moves every Dice, seed adds noise."""
    hard = np.random.default_rng(0).uniform(0.5, 0.9, n)
    noise = np.random.default_rng(seed).normal(0, 0.01, n)
    values = hard + shift + noise
    return [runs.CaseRow(f"{i}.png", "busi", "benign", f"p{i // 3}", {"dice": float(values[i])}) for i in range(n)]


def folder(path: Path, rows: list[runs.CaseRow], recipe: dict[str, object]) -> Path:
    path.mkdir(parents=True)
    runs.write_cases(path / "cases.csv", rows)
    runs.keep_recipe(path, recipe)
    session = {"step": 0, "code": {"sha256": "c" * 64}, "environment": {"threads": 2}}
    runs.begin_session(path, {"sha256": "d" * 64, "images": 9}, {}, session)
    for line in ({"step": 10, "val_busi": 0.8}, {"step": 20, "val_busi": 0.7}):
        runs.append_log(path, line)
    return path


def test_paired_takes_the_second_from_the_first() -> None:
    groups = [f"g{i}" for i in range(50)]
    rng = np.random.default_rng(1)
    b = rng.uniform(0, 1, 50)
    mean, low, high = stats.paired(b + 0.1 + rng.normal(0, 0.01, 50), b, groups, 3)
    assert 0.09 < low < mean < high < 0.11


def test_images_of_one_group_count_as_one() -> None:
    rng = np.random.default_rng(2)
    per_group = rng.normal(0, 1, 20)
    a = np.repeat(per_group, 5)
    one, many = (
        stats.paired(a, np.zeros(100), g, 0) for g in ([str(i // 5) for i in range(100)], [str(i) for i in range(100)])
    )
    assert one[0] == pytest.approx(per_group.mean()) and many[0] == pytest.approx(per_group.mean())
    assert (one[2] - one[1]) / (many[2] - many[1]) == pytest.approx(5**0.5, rel=0.15)


def test_a_clear_difference_and_an_unclear_one(tmp_path: Path) -> None:
    base = folder(tmp_path / "base", cases(0, 1), {"epochs": 20, "rate": 0.1})
    better = folder(tmp_path / "better", cases(0.05, 2), {"epochs": 30, "rate": 0.1})
    equal = folder(tmp_path / "equal", cases(0, 3), {"epochs": 20, "rate": 0.1})
    results = [compare.read(p) for p in (base, better, equal)]
    found = {d.name: d for d in compare.differences(results)}
    assert found["better"].clear and found["better"].low < 0.05 < found["better"].high and found["better"].images == 60
    assert not found["equal"].clear
    assert found["better"].mean - found["better"].base == pytest.approx(found["better"].difference)
    text = compare.compare([base, better, equal])
    assert "| epochs " in text and "| rate " not in text and "| threads " not in text
    assert f"{found['better'].difference:+.4f} [{found['better'].low:+.4f}, {found['better'].high:+.4f}]" in text


def test_only_what_both_measured_is_compared(tmp_path: Path) -> None:
    rows = cases(0, 1)
    other = [runs.CaseRow(r.file, r.set, r.kind, r.group, {**r.values, "hd95": 1.0}) for r in rows[10:]]
    for name, r in (("a.csv", rows), ("b.csv", other)):
        runs.write_cases(tmp_path / name, r)
    text = compare.compare([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert "10 images were measured in only one of a and b" in text and "hd95" not in text and "| 50 " in text


def test_evaluations_and_folders_of_one_name(tmp_path: Path) -> None:
    rows = [{"file": r.file, "set": r.set, "class": r.kind, "group": r.group, **r.values} for r in cases(0, 1)]
    (tmp_path / "eval.json").write_text(json.dumps({"cases": [{**r, "device": "GE", "hd95": None} for r in rows]}))
    one = folder(tmp_path / "one" / "outline", cases(0.02, 1), {"epochs": 1})
    two = folder(tmp_path / "two" / "outline", cases(0.02, 1), {"epochs": 2})
    text = compare.compare([tmp_path / "eval.json", one, two])
    assert "one/outline" in text and "two/outline" in text and "+0.0200 [+0.0200, +0.0200]" in text


def test_one_patient_has_no_interval_and_outputs_are_no_measures(tmp_path: Path) -> None:
    for name, dice in (("a", 0.5), ("b", 0.7)):
        rows = [runs.CaseRow(f"{i}", "busi", "benign", "p", {"dice": dice + i / 100, "present": dice}) for i in range(5)]
        runs.write_cases(tmp_path / f"{name}.csv", rows)
    text = compare.compare([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert "+0.2000 [too few groups] | no" in text and "present" not in text


def test_what_cannot_be_compared_is_refused(tmp_path: Path) -> None:
    run = folder(tmp_path / "run", cases(0, 1), {})
    runs.write_cases(tmp_path / "other.csv", [runs.CaseRow("x", "busbra", "benign", "g", {"dice": 1.0})])
    for paths, reason in (
        ([run], "two or more"),
        ([run, tmp_path / "none.json"], "no such file"),
        ([run, run / "recipe.json"], "no `cases`"),
        ([run, tmp_path / "other.csv"], "no image in common"),
    ):
        with pytest.raises(runs.RunError, match=reason):
            compare.compare(paths)
