"""Masks that readers corrected, read from what Echoline itself writes: the goldens of internal/export."""

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from conftest import make_set

from echoline_training import data, exports, options
from echoline_training.data import DataError, Sample
from echoline_training.pixels import read_levels

GOLDEN = Path(__file__).resolve().parents[2] / "internal" / "export" / "testdata" / "training"


def noise(h: int, w: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (h, w), np.uint8)


def copy(folder: Path, format: str) -> Path:
    """A set of the golden's exports, with pictures as `echoline frames` writes them."""
    shutil.copytree(GOLDEN / format, folder)
    images = folder / "images"
    images.mkdir()
    for i in range(1, 6):
        cv2.imwrite(str(images / f"clip.f{i:04d}.png"), noise(40, 48, i))
    cv2.imwrite(str(images / "photo.f0001.png"), noise(20, 30, 9))
    return folder


@pytest.fixture(params=["png", "coco"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return copy(tmp_path / "clinic", request.param)


@pytest.fixture
def png(tmp_path: Path) -> Path:
    return copy(tmp_path / "clinic", "png")


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    return copy(tmp_path / "clinic", "coco")


def read(folder: Path) -> list[Sample]:
    source = exports.open_set(folder)
    return [source.read(r) for r in source.rows]


def change(path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    doc = json.loads(path.read_text())
    edit(doc)
    path.write_text(json.dumps(doc))


def ellipse() -> np.ndarray:
    y, x = np.mgrid[0:40, 0:48] + 0.5
    return ((x - 24) / 13) ** 2 + ((y - 20) / 10) ** 2 < 1


def test_masks_with_where_they_came_from(folder: Path) -> None:
    assert exports.found(folder)
    first, second, third, photo = read(folder)
    assert np.array_equal(first.mask, ellipse()) and np.array_equal(third.mask, ellipse()) and not second.mask.any()
    assert [s.row.kind for s in (first, second, third, photo)] == ["lesion", "normal", "lesion", "lesion"]
    assert {s.row.group for s in (first, second, third)} == {"2.25.1"} and photo.row.group == "sha256:00"
    assert len({s.row.split for s in (first, second, third)}) == 1
    assert np.array_equal(first.image, noise(40, 48, 1)) and first.row.lesion_px == first.mask.sum()
    origin = first.origin
    assert origin is not None and (origin.reader, origin.status, origin.algorithm) == (
        "Dr. Kim",
        "accepted",
        "SEMIAUTOMATIC",
    )
    assert origin.model == "ab12" * 16 and origin.states["not_visible"] == pytest.approx(20.418)
    assert third.origin is not None and third.origin.model == ""
    assert {s.weight for s in (first, second, third, photo)} == {1.0}


def test_both_formats_say_the_same(tmp_path: Path) -> None:
    ours, theirs = (read(copy(tmp_path / name / "clinic", name)) for name in ("png", "coco"))
    for a, b in zip(ours, theirs, strict=True):
        assert np.array_equal(a.mask, b.mask) and a.weight == b.weight and a.origin == b.origin
        assert (a.unknown is None) == (b.unknown is None)
        if a.unknown is not None and b.unknown is not None:
            assert np.array_equal(a.unknown, b.unknown)


def test_arcs_that_are_not_visible_do_not_count(folder: Path) -> None:
    first, second, third, photo = read(folder)
    assert second.unknown is None and photo.unknown is None
    y, x = np.mgrid[0:40, 0:48] + 0.5
    ring = np.abs(np.hypot((x - 24) / 13, (y - 20) / 10) - 1) < 0.04  # the boundary itself
    above = y < 12
    assert first.unknown is not None and first.unknown[ring & above].all() and not first.unknown[y > 18].any()
    assert first.unknown[7, 24] and not first.unknown[5, 24]  # the model's 90 % band is 3 px, the top of the arc at 10
    # Where the reader has not accepted the frame, what nobody reviewed does not count either.
    left = ring & (x < 20) & (y > 18)
    assert third.unknown is not None and third.unknown[ring & above].all() and third.unknown[left].all()
    assert not third.unknown[ring & (x > 30) & (y > 18) & (y < 26)].any()  # corrected
    assert not first.unknown[left].any()


def test_radius_without_a_band(png: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def edit(doc: dict[str, Any]) -> None:
        for a in doc["frames"][0]["arcs"]:
            a["band_px"] = None

    change(png / "clip.json", edit)
    usual = read(png)[0].unknown
    assert usual is not None and usual[7, 24] and not usual[5, 24]  # LEAST_BAND
    monkeypatch.setattr(exports, "BAND_SHARE", 0.35)  # of 22.8 px
    wide = read(png)[0].unknown
    assert wide is not None and wide[3, 24] and not wide[1, 24]


def test_weights_by_reader_and_status(folder: Path) -> None:
    (folder / options.FILE).write_text(
        '[readers]\n"Dr. Kim" = 0.5\n[status]\n"not reviewed" = 0.2\n"reviewed in part" = 0\n'
    )
    samples = read(folder)
    assert [s.weight for s in samples] == [0.5, 0.5, 0.1, 0.5]
    assert samples[2].origin is not None and samples[2].origin.status == "not reviewed" and samples[2].unknown is None
    (folder / options.FILE).write_text("[readers]\ndefault = 0\n")
    with pytest.raises(DataError, match="nothing in it was reviewed"):
        exports.open_set(folder)


def test_two_readers_of_one_picture(folder: Path) -> None:
    other = folder / "lee"
    other.mkdir()
    for path in folder.glob("clip*"):
        shutil.copy(path, other)

    def rename(doc: dict[str, Any]) -> None:
        side = doc["info"]["echoline"] if "info" in doc else doc
        side["reader"] = "Dr. Lee"

    change(next(other.glob("clip*.json")), rename)
    (folder / options.FILE).write_text('[readers]\n"Dr. Lee" = 2\n')
    samples = read(folder)
    assert len(samples) == 7 and sorted(s.weight for s in samples) == [1, 1, 1, 1, 2, 2, 2]
    assert len({s.row.file for s in samples}) == 7
    assert data.shared({"train": samples}) == []


def test_splits_keep_groups_and_stay(folder: Path) -> None:
    chosen = options.read(folder)
    assert [chosen.split_of(g) for g in ("2.25.1", "c", "d", "f", "j")] == ["train", "test", "val", "test", "val"]
    drawn = [chosen.split_of(f"patient {i}") for i in range(3000)]
    assert abs(drawn.count("val") / 3000 - 0.1) < 0.02 and abs(drawn.count("test") / 3000 - 0.1) < 0.02
    (folder / options.FILE).write_text(
        '[split]\nval = 0.5\ntest = 0\n[groups]\nphoto = "patient 1"\n"2.25.1" = "patient 1"\n'
    )
    assert {(s.row.group, s.row.split) for s in read(folder)} == {("patient 1", options.read(folder).split_of("patient 1"))}
    drawn = [options.read(folder).split_of(f"patient {i}") for i in range(2000)]
    assert abs(drawn.count("val") / 2000 - 0.5) < 0.04 and "test" not in drawn


def test_loads_beside_other_sets(folder: Path, own_data: Path) -> None:
    splits = {r.split for r in exports.open_set(folder).rows}
    loaded = [s for split in sorted(splits) for s in data.load(own_data, split, (str(folder),))]
    assert len(loaded) == 4 and {s.row.set for s in loaded} == {"clinic"}
    (folder / options.FILE).write_text("[split]\nval = 0\ntest = 0\n")
    assert len(data.load(own_data, "train", ("busi", str(folder)))) == 2 + 4


def test_a_picture_of_another_sets_test_rows_is_refused(folder: Path, tmp_path: Path) -> None:
    make_set(tmp_path, "busi", {"train": 2, "test": 2}, 3, normals=False)
    row = next(r for r in data.read_rows(tmp_path, "busi") if r.split == "test")
    path = tmp_path / "busi" / "images" / row.file
    picture = noise(row.height, row.width, 1)
    cv2.imwrite(str(path), picture)
    cv2.imwrite(str(folder / "images" / "photo.f0001.png"), picture)

    def resize(doc: dict[str, Any]) -> None:
        side = doc["info"]["echoline"] if "info" in doc else doc
        side["size"] = [row.width, row.height]
        for a in doc.get("annotations", []):
            a["segmentation"] = {"size": [row.height, row.width], "counts": [3, row.height * row.width - 3]}

    change(next(folder.glob("photo*.json")), resize)
    if (folder / "photo.mask.png").exists():
        cv2.imwrite(str(folder / "photo.mask.png"), np.full((row.height, row.width), 255, np.uint8))
    (folder / options.FILE).write_text("[split]\nval = 0\ntest = 0\n")
    with pytest.raises(DataError, match="one picture lies in"):
        data.load_splits(tmp_path, ("train", "test"), ("busi", str(folder)))


def test_the_original_of_a_still(folder: Path) -> None:
    images = folder / "images"
    (images / "photo.f0001.png").rename(images / "photo.png")
    with pytest.raises(DataError, match=r"photo\.png: not the file that was reviewed"):
        read(folder)
    sha = hashlib.sha256((images / "photo.png").read_bytes()).hexdigest()
    for path in folder.glob("photo*.json"):
        path.write_text(path.read_text().replace("sha256:00", f"sha256:{sha}"))
    assert np.array_equal(read(folder)[3].image, noise(20, 30, 9))
    (images / "photo.png").unlink()
    with pytest.raises(DataError, match=r"the picture of .* is missing; write it with: echoline frames"):
        read(folder)


def test_refuses_pictures_of_another_size(folder: Path) -> None:
    cv2.imwrite(str(folder / "images" / "clip.f0003.png"), noise(40, 49, 1))
    with pytest.raises(DataError, match=r"clip\.f0003\.png: the picture is 49x40, its mask 48x40"):
        read(folder)


def test_several_labels(png: Path) -> None:
    label = {"pixel": 5, "value": 5, "name": "cyst"}
    change(png / "photo.json", lambda doc: doc["labels"].append(label))
    mask = read_levels(png / "photo.mask.png")
    mask[:3] = 5
    cv2.imwrite(str(png / "photo.mask.png"), mask)
    with pytest.raises(DataError, match=r"several labels \(lesion, cyst\); say in training.toml"):
        read(png)
    (png / options.FILE).write_text('labels = ["lesion"]\n')
    assert not read(png)[3].mask[:3].any()
    (png / options.FILE).write_text('labels = ["lesion", "cyst"]\n')
    assert read(png)[3].mask[:3].all() and read(png)[3].mask[10, 15]
    (png / options.FILE).write_text('labels = ["nodule"]\n')
    with pytest.raises(DataError, match=r"none of its labels .* is one of training.toml's \(nodule\)"):
        read(png)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[readers", "not TOML"),
        ("[reader]\nKim = 1\n", "reader is unknown; known are images, labels"),
        ("[readers]\nKim = -1\n", "readers: Kim is -1, and must be a number from 0"),
        ('[readers]\nKim = "much"\n', "readers: Kim is 'much'"),
        ("[readers]\nKim = nan\n", "readers: Kim is nan"),
        ("readers = 2\n", "readers: must be a table"),
        ("[status]\nrejected = 1\n", "status: 'rejected' is unknown; known are accepted"),
        ("[split]\nval = 0.5\ntest = 0.5\n", "leave nothing to train on"),
        ("[split]\ntrain = 0.5\n", "split: 'train' is unknown"),
        ("images = 3\n", "images must be"),
        ("labels = [3]\n", "labels must be"),
        ("[groups]\na = 3\n", "groups must be"),
    ],
)
def test_refuses_bad_options(png: Path, text: str, says: str) -> None:
    (png / options.FILE).write_text(text)
    with pytest.raises(DataError, match=says) as e:
        exports.open_set(png)
    assert str(png / options.FILE) in str(e.value)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda f: (f / "clip.json").write_text((f / "clip.json").read_text()[:900]), "clip.json: not JSON, or cut off"),
        (lambda f: (f / "other.json").write_text("{}"), "other.json: no export of Echoline; move it out"),
        (lambda f: (f / "other.json").write_text("[]"), "other.json: no export of Echoline; move it out"),
        (
            lambda f: change(f / "clip.json", lambda d: d["frames"][0].pop("arcs")),
            "not what Echoline writes .*export it again",
        ),
        (lambda f: change(f / "clip.json", lambda d: d["frames"][0].update(status="doubted")), "unknown status 'doubted'"),
        (
            lambda f: change(f / "clip.json", lambda d: d.update(size=[47, 40])),
            "the mask is 48x40, its NAME.json says 47x40",
        ),
        (lambda f: (f / "clip.f0001.mask.png").unlink(), "clip.f0001.mask.png: there is no such file"),
        (lambda f: shutil.copy(GOLDEN / "coco" / "photo.coco.json", f), "Dr. Kim's mask of it is also in .*photo.coco.json"),
    ],
)
def test_refuses_bad_exports(png: Path, edit: Callable[[Path], object], says: str) -> None:
    edit(png)
    with pytest.raises(DataError, match=says):
        exports.open_set(png)


@pytest.mark.parametrize(
    ("segmentation", "says"),
    [
        ([[1, 1, 9, 1, 9, 9]], "no uncompressed run lengths"),
        ({"size": [40, 48], "counts": "abc"}, "no uncompressed run lengths"),
        ({"size": [40, 48], "counts": [1, 2]}, "the run lengths do not fill 48x40"),
        ({"size": [48, 40], "counts": [1900, 20]}, "the run lengths do not fill 48x40"),
    ],
)
def test_refuses_bad_run_lengths(coco: Path, segmentation: object, says: str) -> None:
    change(coco / "clip.coco.json", lambda d: d["annotations"][0].update(segmentation=segmentation))
    with pytest.raises(DataError, match=says):
        exports.open_set(coco)


def test_an_empty_folder_is_no_export(tmp_path: Path) -> None:
    assert not exports.found(tmp_path)
    with pytest.raises(DataError, match="nor an export of Echoline"):
        data.load(tmp_path, "train", (f"{tmp_path}/",))
