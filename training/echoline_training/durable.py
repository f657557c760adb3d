"""Files that are whole or not there, whatever happens while they are written."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import IO


def sync(folder: Path) -> None:
    """Make renames in a folder last through a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_by(path: Path, put: Callable[[IO[bytes]], object]) -> None:
    """Let put write a file so that path never holds half of it; on a full disk (OSError) the old file stays."""
    tmp = path.with_name(path.name + ".tmp")
    try:
        with tmp.open("wb") as f:
            put(f)
            f.flush()
            os.fsync(f.fileno())
    except OSError:
        tmp.unlink(missing_ok=True)  # half a file only takes the room that is lacking
        raise
    os.replace(tmp, path)
    sync(path.parent)


def write(path: Path, data: bytes | memoryview) -> None:
    """The same for bytes that are there."""
    write_by(path, lambda f: f.write(data))


def write_text(path: Path, text: str) -> None:
    """The same for text, in UTF-8."""
    write(path, text.encode())
