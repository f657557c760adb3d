"""Files that a decoder would read wrongly or only in part are refused, with the file, the reason and what to do."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from echoline_training.pixels import DataError, read_grey, read_mask


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def palette_png(path: Path, colours: list[tuple[int, int, int]], pixels: np.ndarray) -> None:
    h, w = pixels.shape
    header = struct.pack(">IIBBBBB", w, h, 8, 3, 0, 0, 0)
    table = b"".join(bytes(c) for c in colours)
    lines = b"".join(b"\0" + row.tobytes() for row in pixels.astype(np.uint8))
    parts = [(b"IHDR", header), (b"PLTE", table), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*p) for p in parts))


@pytest.fixture
def disk() -> np.ndarray:
    y, x = np.mgrid[0:40, 0:50]
    return np.hypot(x - 25, y - 20) < 12


@pytest.fixture
def file(tmp_path: Path, disk: np.ndarray) -> Path:
    path = tmp_path / "a.png"
    cv2.imwrite(str(path), disk.astype(np.uint8) * 255)
    return path


def refused(path: Path, says: str, read: object = read_mask) -> None:
    with pytest.raises(DataError, match=says) as e:
        read(path)  # type: ignore[operator]
    assert str(path) in str(e.value) and ";" in str(e.value)  # which file, and what to do


def test_masks_in_every_way_that_says_the_same(file: Path, disk: np.ndarray) -> None:
    white = disk.astype(np.uint8) * 255
    rgba = np.dstack([white, white, white, np.full_like(white, 255)])
    for picture in (white, np.dstack([white] * 3), rgba):
        cv2.imwrite(str(file), picture)
        assert np.array_equal(read_mask(file), disk)
    cv2.imwrite(str(file), white, [cv2.IMWRITE_PNG_BILEVEL, 1])
    assert np.array_equal(read_mask(file), disk)
    palette_png(file, [(0, 0, 0), (255, 255, 255)], disk)
    assert np.array_equal(read_mask(file), disk)


def test_refuses_colours(file: Path, disk: np.ndarray) -> None:
    red = np.zeros((*disk.shape, 3), np.uint8)
    red[disk, 2] = 255
    cv2.imwrite(str(file), red)
    refused(file, "the mask has 2 colours .*#ff0000")
    palette_png(file, [(0, 0, 0), (0, 128, 255), (9, 9, 9)], disk)
    refused(file, "the mask has 2 colours .*#0080ff")


def test_refuses_masks_of_label_values(file: Path, disk: np.ndarray) -> None:
    cv2.imwrite(str(file), disk.astype(np.uint8) * 2)
    refused(file, "brightest value of the mask is 2")


def test_refuses_16_bits(tmp_path: Path) -> None:
    deep = np.full((9, 9), 4000, np.uint16)
    for name in ("a.png", "a.tiff"):
        cv2.imwrite(str(tmp_path / name), deep)
        refused(tmp_path / name, "more than 8 bits", read_grey)
        refused(tmp_path / name, "more than 8 bits", read_mask)


def test_refuses_a_png_cut_anywhere(file: Path) -> None:
    data = file.read_bytes()
    for size in range(1, len(data)):
        file.write_bytes(data[:size])
        refused(file, "cut off" if size >= 8 else "not a picture", read_grey)


def test_refuses_a_changed_png(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 16
    file.write_bytes(data)
    refused(file, "damaged|cut off", read_grey)


def test_refuses_a_cut_jpeg(tmp_path: Path, disk: np.ndarray) -> None:
    path = tmp_path / "a.jpg"
    cv2.imwrite(str(path), disk.astype(np.uint8) * 200)
    data = path.read_bytes()
    assert read_grey(path).shape == disk.shape
    path.write_bytes(data + b"something that a camera adds")
    assert read_grey(path).shape == disk.shape
    path.write_bytes(data[: len(data) - 20])
    refused(path, "cut off", read_grey)


def test_refuses_what_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    refused(path, "no such file")
    path.write_bytes(b"")
    refused(path, "the file is empty")
    path.write_bytes(b"no picture")
    refused(path, "not a picture")
    path.unlink()
    path.mkdir()
    refused(path, "cannot be read")
