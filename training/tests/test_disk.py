"""A disk that fills up, or goes away, costs at most the checkpoint that was being written."""

import errno
import os
import resource
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest
import torch

from echoline_training import checkpoint

SIZE = 2000  # values in a checkpoint


def state(step: int) -> dict[str, Any]:
    return {"net": {"w": torch.full((SIZE,), float(step))}, "optimizer": {}, "average": {}, "step": step}


def whole(found: dict[str, Any]) -> bool:
    return bool((found["net"]["w"] == found["step"]).all()) and len(found["net"]["w"]) == SIZE


class Disk:
    """Lets so many operations through and fails the next one; a write that fails has written a part."""

    def __init__(self) -> None:
        self.left: int | None = None

    def operate(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise OSError(errno.ENOSPC, "No space left on device")

    def before(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*args: Any) -> Any:
            self.operate()
            return real(*args)

        return guarded


class File:
    """A file on that disk."""

    def __init__(self, f: BinaryIO, disk: Disk) -> None:
        self.f, self.disk = f, disk

    def write(self, data: memoryview) -> int:
        try:
            self.disk.operate()
        except OSError:
            self.f.write(data[: len(data) // 2])
            raise
        return self.f.write(data)

    def __enter__(self) -> "File":
        return self

    def __exit__(self, *_: object) -> None:
        self.f.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.f, name)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk, real = Disk(), Path.open

    def opened(path: Path, mode: str = "r") -> Any:
        if "w" not in mode:
            return real(path, mode)
        disk.operate()
        return File(real(path, mode), disk)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "open", opened)
    monkeypatch.setattr(os, "fsync", disk.before(os.fsync))
    monkeypatch.setattr(os, "replace", disk.before(os.replace))
    return disk


def test_every_operation_may_fail(disk: Disk, tmp_path: Path) -> None:
    failed = 0
    for k in range(100):
        folder = tmp_path / str(k)
        folder.mkdir()
        checkpoint.write(state(1), folder)
        disk.left, written = k, 1
        try:
            for step in (2, 3):
                checkpoint.write(state(step), folder)
                written = step
        except OSError as e:
            assert e.errno == errno.ENOSPC
            failed += 1
        disk.left = None
        found = checkpoint.read(folder)
        assert found is not None and whole(found[0]) and found[0]["step"] in (written, written + 1), (k, written)
        checkpoint.write(state(9), folder)  # there is room again
        after = checkpoint.read(folder)
        assert after is not None and after[0]["step"] == 9 and whole(after[0]) and after[1] == ""
        if written == 3:
            break
    assert failed > 12 and k == failed


def test_a_file_that_may_not_grow(tmp_path: Path) -> None:
    checkpoint.write(state(1), tmp_path)
    size = (tmp_path / checkpoint.NEWEST).stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in (1, size // 2, size - 1):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
        try:
            with pytest.raises(OSError, match="File too large"):
                checkpoint.write(state(2), tmp_path)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        found = checkpoint.read(tmp_path)
        assert found is not None and found[0]["step"] == 1 and whole(found[0]) and found[1] == ""
        assert [p.name for p in tmp_path.iterdir()] == [checkpoint.NEWEST]  # half a file only takes room


def test_a_folder_that_goes_away(tmp_path: Path) -> None:
    folder, away = tmp_path / "run", tmp_path / "away"
    folder.mkdir()
    checkpoint.write(state(1), folder)
    shutil.move(folder, away)
    with pytest.raises(OSError, match="No such file"):
        checkpoint.write(state(2), folder)
    shutil.move(away, folder)
    found = checkpoint.read(folder)
    assert found is not None and found[0]["step"] == 1 and whole(found[0])
    checkpoint.write(state(2), folder)
    found = checkpoint.read(folder)
    assert found is not None and found[0]["step"] == 2
