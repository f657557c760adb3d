"""Synthetic sets in the layout of the real ones."""

from __future__ import annotations

import csv
from pathlib import Path

import cv2
import numpy as np
import pytest

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


def ellipse(rng: np.random.Generator, h: int, w: int, lesion: bool) -> tuple[np.ndarray, np.ndarray]:
    """Speckle [h, w] uint8, with a dark ellipse if there is a lesion, and its mask [h, w] uint8 of 0 or 255."""
    y, x = np.mgrid[0:h, 0:w]
    cx, cy = rng.uniform(0.35, 0.65) * w, rng.uniform(0.35, 0.65) * h
    inside = np.hypot((x - cx) / (w * rng.uniform(0.15, 0.28)), (y - cy) / (h * rng.uniform(0.15, 0.28))) < 1
    inside &= lesion
    image = np.where(inside, 0.18, 0.6) * cv2.GaussianBlur(rng.gamma(4, 1 / 4, (h, w)), (0, 0), 1.0)
    return np.clip(image * 255, 0, 255).astype(np.uint8), inside.astype(np.uint8) * 255


def make_set(root: Path, name: str, counts: dict[str, int], seed: int, normals: bool) -> None:
    """Write one set: counts gives the number of images of every split; every fourth is normal if normals."""
    rng = np.random.default_rng(seed)
    for folder in ("images", "masks"):
        (root / name / folder).mkdir(parents=True, exist_ok=True)
    rows = []
    for split, count in counts.items():
        for i in range(count):
            h, w = int(rng.integers(60, 90)), int(rng.integers(60, 110))
            lesion = not (normals and i % 4 == 3)
            image, mask = ellipse(rng, h, w, lesion)
            file = f"{split}{i:03d}.png"
            cv2.imwrite(str(root / name / "images" / file), image)
            cv2.imwrite(str(root / name / "masks" / file), mask)
            kind = "benign" if lesion else "normal"
            rows.append([file, kind, f"{name}-{split}-{i // 2}", split, w, h, int((mask > 0).sum())])
    write_rows(root / name / "split.csv", rows)


def write_rows(path: Path, rows: list[list[object]]) -> None:
    """Write a split.csv."""
    with path.open("w", newline="") as f:
        out = csv.writer(f)
        out.writerow(["file", "class", "group", "split", "width", "height", "lesion_px"])
        out.writerows(rows)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small synthetic sets; not to be changed by tests."""
    root = tmp_path_factory.mktemp("data")
    make_set(root, "busi", {"train": 40, "val": 16, "test": 12}, 1, normals=True)
    make_set(root, "busbra", {"train": 40, "val": 12, "test": 12}, 2, normals=False)
    return root


@pytest.fixture
def own_data(tmp_path: Path) -> Path:
    """A tiny set that a test may spoil."""
    make_set(tmp_path, "busi", {"train": 2, "test": 2}, 3, normals=False)
    return tmp_path


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real data beside the repository."""
    if not (DATA / "busi" / "split.csv").is_file():
        pytest.skip(f"the real data is not at {DATA}")
    return DATA
