"""Pictures and masks from files, refusing what a decoder would read wrongly or only in part."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
WHITE = 127  # a mask is lesion where it is brighter
DEEP = "it has more than 8 bits per value; convert it to 8-bit grey, windowed as readers see it"


class DataError(ValueError):
    """The data cannot be used; the message names the file, what is wrong with it, and what to do."""


def sized(array: np.ndarray) -> str:
    """Width x height of [h, w, ...], as people write it."""
    return f"{array.shape[1]}x{array.shape[0]}"


def _check_png(data: bytes, path: Path) -> None:
    """Refuse a PNG that is cut off, damaged, or deeper than 8 bits: decoders fill up or shorten these silently."""
    at, kind = len(PNG), b""
    while kind != b"IEND":
        end = at + 8 + (struct.unpack_from(">I", data, at)[0] if at + 8 <= len(data) else len(data))
        if end + 4 > len(data):
            raise DataError(f"{path}: the PNG is cut off after {len(data)} bytes; copy it again from its source")
        kind = data[at + 4 : at + 8]
        if zlib.crc32(data[at + 4 : end]) != struct.unpack_from(">I", data, end)[0]:
            raise DataError(f"{path}: the PNG is damaged (a checksum does not fit); copy it again from its source")
        if kind == b"IHDR" and data[at + 8 : end][8:9] == b"\x10":
            raise DataError(f"{path}: {DEEP}")
        at = end + 4


def read_whole(path: Path) -> bytes:
    """The bytes of a picture's file, which is there, not empty, and not cut off."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: there is no such file; put it there, or take its row out of the list") from None
    except OSError as e:
        raise DataError(f"{path}: cannot be read ({e.strerror}); check the file and its permissions") from e
    if not data:
        raise DataError(f"{path}: the file is empty; copy it again from its source")
    if data.startswith(PNG):
        _check_png(data, path)
    # Pictures within pictures end before the last scan begins.
    if data.startswith(JPEG) and data.rfind(b"\xff\xd9") < data.rfind(b"\xff\xda"):
        raise DataError(f"{path}: the JPEG is cut off after {len(data)} bytes; copy it again from its source")
    return data


def _decode(path: Path, flags: int) -> np.ndarray:
    """Decode a whole file of 8-bit values, as [h, w] or [h, w, c]."""
    data = read_whole(path)
    raw = np.frombuffer(data, np.uint8)
    try:
        image = cv2.imdecode(raw, flags)
        # A PNG's depth is known from its header; others must be decoded as they are to show theirs.
        plain = image if data.startswith((PNG, JPEG)) else cv2.imdecode(raw, cv2.IMREAD_UNCHANGED)
    except cv2.error:
        image = plain = None
    if image is None or plain is None:
        raise DataError(f"{path}: not a picture that can be read; give 8-bit PNG, JPEG, BMP or TIFF")
    if plain.dtype != np.uint8:
        raise DataError(f"{path}: {DEEP}")
    return image


def read_grey(path: Path) -> np.ndarray:
    """Read a picture of 8 bits per value as grey [h, w] uint8."""
    return _decode(path, cv2.IMREAD_GRAYSCALE)


def _without_colour(mask: np.ndarray, path: Path) -> np.ndarray:
    """The grey [h, w] of a mask that may be stored as RGB or RGBA; one with colours is refused."""
    if mask.ndim == 2:
        return mask
    colours = mask[:, :, :3]
    if (colours != colours[:, :, :1]).any():
        kinds = np.unique(colours.reshape(-1, 3), axis=0)
        some = ", ".join("#{2:02x}{1:02x}{0:02x}".format(*c) for c in kinds[:4])
        raise DataError(
            f"{path}: the mask has {len(kinds)} colours ({some}{', ...' if len(kinds) > 4 else ''}), and which of them "
            "is the lesion is not said; write it as grey, lesion 255 and the rest 0"
        )
    return np.ascontiguousarray(colours[:, :, 0])


def read_levels(path: Path) -> np.ndarray:
    """Read a mask as its grey values [h, w] uint8; 1-bit files give 0 and 255."""
    return _without_colour(_decode(path, cv2.IMREAD_UNCHANGED), path)


def read_mask(path: Path) -> np.ndarray:
    """Read a mask as bool [h, w]: lesion where the file is white."""
    levels = read_levels(path)
    top = int(levels.max())
    if 0 < top <= WHITE:
        raise DataError(
            f"{path}: the brightest value of the mask is {top}, too dark to be a lesion; lesion is 255, the rest 0"
        )
    return levels > WHITE
