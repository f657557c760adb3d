"""The contact sheet shows what training sees."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from conftest import ellipse

from echoline_training import sheet
from echoline_training.data import DataError, Row, Sample


def sample(name: str = "busi", kind: str = "benign", seed: int = 1) -> Sample:
    image, mask = ellipse(np.random.default_rng(seed), 90, 90, lesion=kind != "normal")
    unknown = np.zeros(mask.shape, bool)
    unknown[:20] = True
    return Sample(
        Row(name, f"{seed}.png", kind, f"g{seed}", "train", 90, 90, int((mask > 0).sum())), image, mask > 0, unknown=unknown
    )


def shows(tile: np.ndarray, name: str) -> int:
    return int((tile == sheet.COLOURS[name]).all(2).sum())


def test_rows_and_colours() -> None:
    samples = [sample(seed=s) for s in range(6)]
    out = sheet.sheet(samples, versions=4, side=96, seed=3)
    step = 96 + sheet.GAP
    assert out.shape == (6 * step - sheet.GAP, 5 * step - sheet.GAP, 3)
    tiles = [[out[i * step : i * step + 96, k * step : k * step + 96] for k in range(5)] for i in range(6)]
    for row in tiles:
        assert all(shows(t, "outline") > 20 for t in row)
        assert all(shows(t, "unknown") > 20 for t in row[:1])
        for plain in (row[0], row[1], row[3]):
            assert not any(shows(plain, name) for name in ("mask", "positive", "negative", "stroke"))
        assert all(any(shows(t, name) for name in ("positive", "negative", "stroke")) for t in (row[2], row[4]))
    assert {name for row in tiles for t in row for name in sheet.COLOURS if shows(t, name)} == set(sheet.COLOURS)
    assert np.array_equal(out, sheet.sheet(samples, versions=4, side=96, seed=3))


def test_the_first_picture_is_the_original() -> None:
    s = sample("busi", "normal")
    tile = sheet.sheet([s], versions=1, side=90, seed=1)[:, :90]
    grey = tile[:, :, 0].astype(int)
    assert np.abs(grey - s.image)[25:].max() <= 1 and shows(tile, "outline") == 0


def test_samples_come_from_all_over() -> None:
    samples = [sample("busi", "benign", s) for s in range(10)] + [
        sample("busi", "normal", 20),
        sample("busbra", "benign", 30),
    ]
    chosen = sheet.spread(samples, 5)
    assert len(chosen) == 4 and len({(s.row.set, s.row.kind) for s in chosen}) == 3
    assert len(sheet.spread(samples, 2)) == 2 and len({id(s) for s in sheet.spread(samples, 40)}) == 12


def test_writes_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sheet.png"
    sheet.write([sample()], path, rows=3, versions=2, side=64)
    assert np.asarray(cv2.imread(str(path))).shape == (64, 3 * 64 + 2 * sheet.GAP, 3)
    with pytest.raises(DataError, match="cannot be written"):
        sheet.write([sample()], path / "below a file.png")
