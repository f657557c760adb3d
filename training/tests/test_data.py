"""Reading refuses data that would spoil training or measuring, and says what to do."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import make_set, write_rows

from echoline_training import data as sets
from echoline_training.data import DataError, Row, Sample

GOOD = ["a.png", "benign", "g1", "train", 10, 8, 5]
HEADING = "file,class,group,split,width,height,lesion_px\n"


def sample(name: str = "busi", file: str = "a.png", group: str = "g1", split: str = "train", seed: int = 0) -> Sample:
    image = np.random.default_rng(seed).integers(0, 255, (40, 50), np.uint8)
    mask = np.zeros((40, 50), bool)
    mask[10:20, 15:30] = True
    return Sample(Row(name, file, "benign", group, split, 50, 40, 150), image, mask)


def test_reads_images_and_masks_of_one_split(data: Path) -> None:
    samples = sets.load(data, "val")
    assert len(samples) == 28
    assert {s.row.set for s in samples} == {"busi", "busbra"}
    for s in samples:
        assert s.image.shape == s.mask.shape == (s.row.height, s.row.width)
        assert s.mask.any() == (s.row.kind != "normal")
        assert s.weight == 1 and s.unknown is None and s.origin is None


def test_reads_sets_by_path(data: Path, tmp_path: Path) -> None:
    make_set(tmp_path, "clinic", {"train": 3, "val": 2}, 9, normals=False)
    path = tmp_path / "clinic" / "split.csv"
    path.write_text(path.read_text(), encoding="utf-8-sig")  # as spreadsheets save it
    splits = sets.load_splits(data, ("train", "val"), ("busbra", str(tmp_path / "clinic")))
    assert {k: len(v) for k, v in splits.items()} == {"train": 43, "val": 14}
    assert {s.row.set for s in splits["val"]} == {"busbra", "clinic"}


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (["b.png", "benign", "g1", "test", 10, 8, 5], "group g1 lies in train and in test"),
        (["a.png", "benign", "g2", "train", 10, 8, 5], "listed twice"),
        (["b.png", "benign", "g2", "holdout", 10, 8, 5], "unknown split 'holdout'"),
        (["b.png", "benign", "g2", "train", "10 px", 8, 5], "row 2: width is '10 px', not a whole number"),
        (["b.png", "benign", "g2", "train", 10, 8.5, 5], "row 2: height is '8.5', not a whole number"),
        (["b.png", "benign", "g2", "train", 10, 8, -5], "row 2: lesion_px is -5"),
        (["b.png", "benign", "", "train", 10, 8, 5], "row 2: group is empty"),
        (["b.png", "benign", "g2"], "row 2: split, width, height, lesion_px is empty"),
        (["../b.png", "benign", "g2", "train", 10, 8, 5], "not a plain file name"),
    ],
)
def test_refuses_bad_rows(tmp_path: Path, other: list[object], says: str) -> None:
    (tmp_path / "busi").mkdir()
    write_rows(tmp_path / "busi" / "split.csv", [GOOD, other])
    with pytest.raises(DataError, match=says):
        sets.read_rows(tmp_path, "busi")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "there are no rows"),
        (HEADING.encode(), "there are no rows"),
        (b"file,class,group\na.png,benign,g1\n", "there is no column split, width, height, lesion_px"),
        (b"a.png,benign,g1,train,10,8,5\nb.png,benign,g1,train,10,8,5\n", "there is no column file"),
        (b"file;class;group;split;width;height;lesion_px\na.png;benign;g1;train;10;8;5\n", "there is no column"),
        (HEADING.encode() + "\xb0.png".encode("latin-1"), "not UTF-8"),
    ],
)
def test_refuses_bad_tables(tmp_path: Path, text: bytes, says: str) -> None:
    path = tmp_path / "split.csv"
    path.write_bytes(text)
    with pytest.raises(DataError, match=says) as e:
        sets.read_split(path, "busi")
    assert str(path) in str(e.value)


def remove(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


def drop(folder: Path) -> None:
    remove(folder)
    folder.rmdir()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda s: remove(s / "images"), "images: the folder is empty; copy"),
        (lambda s: remove(s / "masks"), "masks: the folder is empty; copy"),
        (lambda s: drop(s / "images"), "images: there is no such folder"),
        (lambda s: drop(s / "masks"), "masks: there is no such folder"),
        (lambda s: (s / "split.csv").unlink(), "holds neither split.csv, .*nor an export of Echoline"),
        (lambda s: (s / "masks" / "train000.png").unlink(), "there is no such mask; every image needs one"),
        (lambda s: (s / "images" / "train000.png").unlink(), "train000.png: there is no such file"),
        (lambda s: (s / "images" / "train000.png").write_bytes(b"no image"), "train000.png: not a picture"),
    ],
)
def test_refuses_missing_parts(own_data: Path, spoil: Callable[[Path], None], says: str) -> None:
    spoil(own_data / "busi")
    with pytest.raises(DataError, match=says):
        sets.load(own_data, "train", ("busi",))


def test_refuses_missing_folders(own_data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere: there is no such folder; pass --data"):
        sets.load(tmp_path / "nowhere", "train")
    with pytest.raises(DataError, match="busbra: there is no such folder"):
        sets.load(own_data, "train", ("busi", "busbra"))
    with pytest.raises(DataError, match="elsewhere: there is no such folder"):
        sets.load(own_data, "train", ("busi", str(tmp_path / "elsewhere")))
    with pytest.raises(DataError, match="no rows of split 'val'"):
        sets.load(own_data, "val", ("busi",))
    with pytest.raises(DataError, match=r"split\.csv"):
        sets.read_rows(own_data, "busbra")


@pytest.mark.parametrize("folder", ["images", "masks"])
def test_refuses_sizes_that_differ(own_data: Path, folder: str) -> None:
    row = sets.read_rows(own_data, "busi")[0]
    cv2.imwrite(str(own_data / "busi" / folder / row.file), np.zeros((row.height, row.width + 1), np.uint8))
    with pytest.raises(DataError, match=f"the {folder[:-1]} is {row.width + 1}x{row.height}"):
        sets.read_sample(own_data, row)


def test_refuses_masks_that_do_not_fit_their_row(own_data: Path) -> None:
    row = sets.read_rows(own_data, "busi")[0]
    path = str(own_data / "busi" / "masks" / row.file)
    mask = np.zeros((row.height, row.width), np.uint8)
    cv2.imwrite(path, mask)
    with pytest.raises(DataError, match="all black, but the class is benign; draw the lesion"):
        sets.read_sample(own_data, row)
    mask[:2, :2] = 255
    cv2.imwrite(path, mask)
    with pytest.raises(DataError, match="the mask holds 4 px"):
        sets.read_sample(own_data, row)
    with pytest.raises(DataError, match="the class is normal, but the mask shows 4 px"):
        sets.read_sample(own_data, replace(row, kind="normal", lesion_px=0))


def test_refuses_groups_and_names_that_sets_share(own_data: Path, tmp_path: Path) -> None:
    make_set(tmp_path, "clinic", {"train": 2}, 9, normals=False)
    path = tmp_path / "clinic" / "split.csv"
    path.write_text(path.read_text().replace("clinic-", "busi-"))
    with pytest.raises(DataError, match=r"group busi-train-0 lies in the sets busi and clinic"):
        sets.load(own_data, "train", ("busi", str(tmp_path / "clinic")))
    make_set(tmp_path / "more", "busi", {"train": 2}, 9, normals=False)
    with pytest.raises(DataError, match="two sets of the name busi"):
        sets.load(own_data, "train", ("busi", str(tmp_path / "more" / "busi")))


def test_refuses_pictures_that_sets_share(own_data: Path, tmp_path: Path) -> None:
    make_set(tmp_path, "clinic", {"train": 2}, 3, normals=False)  # the seed of own_data
    with pytest.raises(DataError, match=r"one picture lies in busi/train000.png .* and in clinic/train000.png"):
        sets.load(own_data, "train", ("busi", str(tmp_path / "clinic")))


def test_finds_all_that_splits_share() -> None:
    one = sample()
    assert (
        sets.shared({"train": [one, sample(file="b.png", seed=1)], "val": [sample(file="c.png", group="g2", seed=2)]}) == []
    )
    assert sets.shared({"train": [one, sample(file="reader2/a.png")]}) == []  # two readers drew on one picture
    for other, what in (
        (sample(file="b.png", split="val", seed=1), "group g1 lies in busi/a.png (train, group g1) and in busi/b.png (val"),
        (sample(file="b.png", group="g2", split="val"), "one picture lies in busi/a.png (train"),
    ):
        found = sets.shared({"train": [one], "val": [other]})
        assert len(found) == 1 and found[0].startswith(what)
        with pytest.raises(DataError, match="known from training"):
            sets.refuse_shared({"train": [one], "val": [other]})
    assert "one picture" in sets.shared({"train": [one, sample(file="b.png", group="g2")]})[0]
    assert "group g1" in sets.shared({"train": [one, sample("clinic", seed=1)]})[0]


def test_digest_sees_every_change_and_no_order() -> None:
    a, b = sample(), sample(file="b.png", group="g2", seed=1)
    first = sets.digest([a, b])
    assert first == sets.digest(iter([b, a])) and len(first) == 64
    image, mask, unknown = a.image.copy(), a.mask.copy(), np.zeros_like(a.mask)
    image[3, 4] ^= 1
    mask[0, 0] = True
    changes = [
        replace(a, image=image),
        replace(a, mask=mask),
        replace(a, weight=0.5),
        replace(a, unknown=unknown),
        replace(a, unknown=~unknown),
        replace(a, row=replace(a.row, split="val")),
        replace(a, image=a.image.reshape(50, 40), mask=a.mask.reshape(50, 40)),
    ]
    digests = [sets.digest([c, b]) for c in changes]
    assert len({first, *digests, sets.digest([a]), sets.digest([a, a])}) == len(changes) + 3


def test_real_splits_have_no_leaks(real_data: Path) -> None:
    rows = [r for name in sets.SETS for r in sets.read_rows(real_data, name)]
    sets.refuse_leaks(rows, "both sets")
    assert {(r.set, r.split) for r in rows} == {(name, split) for name in sets.SETS for split in sets.SPLITS}
    assert sets.read_sample(real_data, rows[0]).mask.sum() == rows[0].lesion_px
