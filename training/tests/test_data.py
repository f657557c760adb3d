"""Reading refuses data that would spoil training or measuring."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import write_rows

from echoline_training import data as sets

GOOD = ["a.png", "benign", "g1", "train", 10, 8, 5]


def test_reads_images_and_masks_of_one_split(data: Path) -> None:
    samples = sets.load(data, "val")
    assert len(samples) == 28
    assert {s.row.set for s in samples} == {"busi", "busbra"}
    for s in samples:
        assert s.image.shape == s.mask.shape == (s.row.height, s.row.width)
        assert s.mask.any() == (s.row.kind != "normal")


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (["b.png", "benign", "g1", "test", 10, 8, 5], "group g1 lies in train and in test"),
        (["a.png", "benign", "g2", "train", 10, 8, 5], "listed twice"),
        (["b.png", "benign", "g2", "holdout", 10, 8, 5], "unknown split 'holdout'"),
    ],
)
def test_refuses_leaks(tmp_path: Path, other: list[object], says: str) -> None:
    (tmp_path / "busi").mkdir()
    write_rows(tmp_path / "busi" / "split.csv", [GOOD, other])
    with pytest.raises(sets.DataError, match=says):
        sets.read_rows(tmp_path, "busi")


@pytest.mark.parametrize("folder", ["images", "masks"])
def test_refuses_sizes_that_differ(own_data: Path, folder: str) -> None:
    row = sets.read_rows(own_data, "busi")[0]
    cv2.imwrite(str(own_data / "busi" / folder / row.file), np.zeros((row.height, row.width + 1), np.uint8))
    with pytest.raises(sets.DataError, match=f"the {folder[:-1]} is {row.width + 1}x{row.height}"):
        sets.read_sample(own_data, row)


def test_refuses_a_mask_of_another_image(own_data: Path) -> None:
    row = sets.read_rows(own_data, "busi")[0]
    mask = np.zeros((row.height, row.width), np.uint8)
    mask[:2, :2] = 255
    cv2.imwrite(str(own_data / "busi" / "masks" / row.file), mask)
    with pytest.raises(sets.DataError, match="the mask holds 4 px"):
        sets.read_sample(own_data, row)


def test_refuses_missing_and_broken_files(own_data: Path) -> None:
    row = sets.read_rows(own_data, "busi")[0]
    path = own_data / "busi" / "images" / row.file
    path.write_bytes(b"no image")
    with pytest.raises(sets.DataError, match=row.file):
        sets.read_sample(own_data, row)
    path.unlink()
    with pytest.raises(sets.DataError, match=row.file):
        sets.read_sample(own_data, row)
    with pytest.raises(sets.DataError, match="split.csv"):
        sets.read_rows(own_data, "busbra")


def test_real_splits_have_no_leaks(real_data: Path) -> None:
    for name in sets.SETS:
        rows = sets.read_rows(real_data, name)
        assert {r.split for r in rows} == set(sets.SPLITS)
    first = sets.read_rows(real_data, "busi")[0]
    assert sets.read_sample(real_data, first).mask.sum() == first.lesion_px
