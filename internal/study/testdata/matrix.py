"""Writes a matrix of DICOM files with known pixels into a folder, by tools that are not Echoline's.

    python3 matrix.py FOLDER

Needs pydicom and NumPy; where dcmtk's dcmcjpeg, dcmdjpeg, dcmcjpls, dcmdjpls and gdcmconv are on the path, their syntaxes are
there too. manifest.json lists each file with what it holds; FILE.bin are the pixels that are to come out: for each frame
w*h values of 16 bits, little endian, raised by half the range where a frame has negative ones, or w*h*3 bytes of RGB.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys
import warnings

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import UID

IMPLICIT, EXPLICIT, DEFLATED, BIG = (UID("1.2.840.10008.1.2" + s) for s in ("", ".1", ".1.99", ".2"))
RLE = UID("1.2.840.10008.1.2.5")
NATIVE = {"implicit": IMPLICIT, "explicit": EXPLICIT, "deflated": DEFLATED, "big": BIG}
W, H = 38, 21  # an even width, for YBR_FULL_422, and an odd number of pixels in a plane's row of cells

out = pathlib.Path(sys.argv[1])
manifest: list[dict] = []
rng = np.random.default_rng(20)


def scene(frames: int, channels: int) -> np.ndarray:
    """Smooth but not simple: 0..1, frames × H × W × channels."""
    y, x = np.mgrid[0:H, 0:W]
    f = np.arange(frames)[:, None, None, None]
    c = np.arange(channels)
    v = np.sin((x[..., None] + 3 * f) / (5.0 + c)) * np.cos((y[..., None] - f) / (4.0 + c)) / 2 + 0.5
    return np.clip(v + rng.normal(0, 0.02, v.shape), 0, 1)


def base(photometric: str, frames: int, samples: int, allocated: int, stored: int, high: int, signed: int) -> Dataset:
    d = Dataset()
    d.file_meta = FileMetaDataset()
    d.SOPClassUID = "1.2.840.10008.5.1.4.1.1." + ("3.1" if frames > 1 else "6.1")
    d.SOPInstanceUID = f"1.2.826.0.1.3680043.8.498.{len(manifest) + 1}"
    d.Modality, d.PatientName, d.PatientID = "US", "Matrix", "M"
    d.Rows, d.Columns, d.SamplesPerPixel, d.PhotometricInterpretation = H, W, samples, photometric
    d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = allocated, stored, high, signed
    if frames > 1:
        d.NumberOfFrames, d.FrameTime = frames, "40"
    return d


def save(d: Dataset, name: str, syntax: UID, expected: np.ndarray, tolerance: int = 0, **more: object) -> pathlib.Path:
    """Writes a file, and what is to come out of it."""
    d.file_meta.TransferSyntaxUID = syntax
    d.file_meta.MediaStorageSOPClassUID, d.file_meta.MediaStorageSOPInstanceUID = d.SOPClassUID, d.SOPInstanceUID
    d.is_little_endian, d.is_implicit_VR = syntax != BIG, syntax == IMPLICIT
    path = out / (name + ".dcm")
    d.preamble = b"\0" * 128
    d.save_as(path, write_like_original=False)
    note(path, syntax, d.PhotometricInterpretation, expected, tolerance, **more)
    return path


def note(path: pathlib.Path, syntax: str, photometric: str, expected: np.ndarray, tolerance: int, **more: object) -> None:
    colour = expected.dtype == np.uint8
    path.with_suffix(".bin").write_bytes(expected.tobytes() if colour else expected.astype("<u2").tobytes())
    manifest.append({
        "file": path.name, "syntax": str(syntax), "photometric": photometric, "frames": len(expected), "w": W, "h": H,
        "colour": colour, "tolerance": tolerance, **more,
    })


def raised(values: np.ndarray, stored: int) -> np.ndarray:
    """Signed values as Echoline shows them: a frame with negative ones is raised by half the range."""
    return np.stack([v + (1 << (stored - 1) if v.min() < 0 else 0) for v in values.astype("i4")]).astype("u2")


def put(d: Dataset, words: np.ndarray, syntax: UID) -> None:
    """Native pixels: words of the allocated size."""
    order = ">" if syntax == BIG else "<"
    size = d.BitsAllocated // 8
    raw = words.astype(f"{order}u{size}").tobytes()
    d.PixelData = raw + b"\0" * (len(raw) % 2)
    d["PixelData"].VR = "OB" if size == 1 and syntax != IMPLICIT else "OW"


GREYS = [  # allocated, stored, high bit, signed
    (8, 8, 7, 0), (8, 8, 7, 1), (8, 6, 5, 0), (8, 6, 7, 0), (16, 16, 15, 0), (16, 16, 15, 1), (16, 12, 11, 0), (16, 12, 11, 1),
    (16, 10, 9, 0), (16, 12, 15, 0), (16, 8, 7, 0),
]


def greys() -> list[tuple]:
    """(name, data set without pixels, words as stored, what is to come out)"""
    made = []
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        for allocated, stored, high, signed in GREYS:
            for frames in (1, 3):
                d = base(photometric, frames, 1, allocated, stored, high, signed)
                top = (1 << stored) - 1
                v = np.rint(scene(frames, 1)[..., 0] * top).astype("i4") - (signed << (stored - 1))
                shift = high + 1 - stored
                words = ((v & top) << shift).astype("u4")
                used = top << shift
                if used < (1 << allocated) - 1:  # what lies outside the stored bits means nothing
                    words |= rng.integers(0, 1 << allocated, v.shape, dtype="u4") & ~np.uint32(used)
                name = f"{photometric.lower()}-{allocated}-{stored}-{high}-{signed}-f{frames}"
                made.append((name, d, words, raised(v, stored) if signed else v.astype("u2")))
    return made


def to_rgb(ybr: np.ndarray) -> np.ndarray:
    y, b, r = (ybr[..., i].astype("f8") for i in range(3))
    rgb = np.stack([y + 1.402 * (r - 128), y - 0.344136 * (b - 128) - 0.714136 * (r - 128), y + 1.772 * (b - 128)], -1)
    return np.clip(np.rint(rgb), 0, 255).astype("u1")


def colours() -> list[tuple]:
    """(name, data set without pixels, samples frames × H × W × 3 as stored, what is to come out, tolerance)"""
    made = []
    for frames in (1, 3):
        for allocated, stored in ((8, 8), (16, 16), (16, 12)):
            d = base("RGB", frames, 3, allocated, stored, stored - 1, 0)
            v = np.rint(scene(frames, 3) * ((1 << stored) - 1)).astype("u4")
            made.append((f"rgb-{allocated}-{stored}-f{frames}", d, v, (v >> (stored - 8)).astype("u1"), 0))
        d = base("YBR_FULL", frames, 3, 8, 8, 7, 0)
        v = np.rint(scene(frames, 3) * 255).astype("u4")
        made.append((f"ybr-f{frames}", d, v, to_rgb(v), 1))
    return made


def palettes() -> list[tuple]:
    made = []
    for frames in (1, 3):
        for allocated, n, first, bits, segmented in (
            (8, 256, 0, 16, False), (8, 256, 0, 8, False), (16, 300, 50, 16, False), (8, 200, 20, 16, True), (16, 512, 0, 16, True),
        ):
            d = base("PALETTE COLOR", frames, 1, allocated, allocated, allocated - 1, 0)
            top = 255 if allocated == 8 else 600
            v = np.rint(scene(frames, 1)[..., 0] * top).astype("u4")
            luts = []
            for k, colour in enumerate(("Red", "Green", "Blue")):
                # Straight lines, which segments can say: up, down, and up again.
                a, b, c = (k * 9000) % 65536, 65535 - k * 5000, k * 21000
                half = n // 2
                lut = np.concatenate([np.rint(np.linspace(a, b, half + 1)[1:]), np.rint(np.linspace(b, c, n - half + 1)[1:])])
                lut = np.concatenate([[a], lut])[:n].astype("u4")
                if bits == 8:
                    lut >>= 8
                setattr(d, f"{colour}PaletteColorLookupTableDescriptor", [n, first, bits])
                tag = f"{colour}PaletteColorLookupTableData"
                if segmented:
                    seg = [0, 1, a, 1, half, b, 1, n - half - 1, int(lut[-1])]
                    full = [a] + [int(x) for x in np.rint(np.linspace(a, b, half + 1)[1:])]
                    full += [int(x) for x in np.rint(np.linspace(b, int(lut[-1]), n - half)[1:])]
                    lut = np.array(full[:n], "u4")
                    tag, words = "Segmented" + tag, np.array(seg, "u2")
                else:
                    words = lut.astype("u1" if bits == 8 else "u2")
                luts.append((tag, words, lut))
            index = np.clip(v.astype("i4") - first, 0, n - 1)
            shift = 0 if bits == 8 else 8
            rgb = np.stack([(lut[index] >> shift) for _, _, lut in luts], -1).astype("u1")
            name = f"palette-{allocated}-{n}-{bits}-{'seg' if segmented else 'plain'}-f{frames}"
            made.append((name, d, v, rgb, luts))
    return made


def tables(d: Dataset, luts: list, syntax: UID) -> Dataset:
    """The data set with its palettes in the byte order of the syntax."""
    d = clone(d)
    for tag, words, _ in luts:
        if words.dtype == np.uint8:
            raw = words.tobytes() + b"\0" * (words.size % 2)
            if syntax == BIG:
                raw = np.frombuffer(raw, "<u2").astype(">u2").tobytes()
        else:
            raw = words.astype(">u2" if syntax == BIG else "<u2").tobytes()
        setattr(d, tag, raw)
        d[tag].VR = "OW"
    return d


def clone(d: Dataset) -> Dataset:
    copy = Dataset()
    copy.update({e.tag: e for e in d})
    copy.file_meta = FileMetaDataset()
    copy.SOPInstanceUID = f"1.2.826.0.1.3680043.8.498.{len(manifest) + 1}"
    return copy


def frames_of(d: Dataset) -> list[bytes]:
    """The frames of encapsulated pixels."""
    n = int(d.get("NumberOfFrames", 1))
    if hasattr(pydicom.encaps, "generate_frames"):
        return list(pydicom.encaps.generate_frames(d.PixelData, number_of_frames=n))
    return list(pydicom.encaps.generate_pixel_data_frame(d.PixelData, n))


def rle_frames(d: Dataset, samples: np.ndarray) -> list[bytes]:
    """Frames × H × W × samples by pydicom's encoder."""
    c = clone(d)
    put(c, samples, EXPLICIT)
    c.file_meta.TransferSyntaxUID = EXPLICIT
    c.is_little_endian, c.is_implicit_VR = True, False
    c.compress(RLE, encoding_plugin="pydicom")
    return frames_of(c)


def write_native() -> None:
    for name, d, words, want in greys():
        for s, syntax in NATIVE.items():
            c = clone(d)
            put(c, words, syntax)
            save(c, f"{s}-{name}", syntax, want)
    for name, d, v, want, tolerance in colours():
        for planar in (0, 1):
            for s, syntax in NATIVE.items():
                c = clone(d)
                c.PlanarConfiguration = planar
                put(c, v if planar == 0 else np.moveaxis(v, -1, 1), syntax)
                save(c, f"{s}-{name}-p{planar}", syntax, want, tolerance)
    for frames in (1, 3):
        v = np.rint(scene(frames, 3) * 255).astype("u4")
        v[..., 1:] = v[:, :, ::2, 1:].repeat(2, 2)
        pairs = np.stack([v[:, :, ::2, 0], v[:, :, 1::2, 0], v[:, :, ::2, 1], v[:, :, ::2, 2]], -1)
        for s, syntax in NATIVE.items():
            c = base("YBR_FULL_422", frames, 3, 8, 8, 7, 0)
            c.PlanarConfiguration = 0
            put(c, pairs, syntax)
            save(c, f"{s}-ybr422-f{frames}", syntax, to_rgb(v), 1)
    for name, d, v, want, luts in palettes():
        for s, syntax in NATIVE.items():
            c = tables(d, luts, syntax)
            put(c, v, syntax)
            save(c, f"{s}-{name}", syntax, want)


def write_rle() -> None:
    cases = [(n, d, v[..., None], want, 0, []) for n, d, v, want in greys() if d.BitsStored + 0 == d.HighBit + 1]
    cases += [(n, d, v, want, t, []) for n, d, v, want, t in colours()]
    cases += [(n, d, v[..., None], want, 0, luts) for n, d, v, want, luts in palettes()]
    for name, d, v, want, tolerance, luts in cases:
        for table in (True, False):
            c = tables(d, luts, EXPLICIT)
            if c.SamplesPerPixel == 3:
                c.PlanarConfiguration = 0
            c.PixelData = encapsulate(rle_frames(c, v), has_bot=table)
            c["PixelData"].VR = "OB"
            c["PixelData"].is_undefined_length = True
            save(c, f"rle-{name}-{'bot' if table else 'nobot'}", RLE, want, tolerance)


def run(*args: object) -> bool:
    r = subprocess.run([str(a) for a in args], capture_output=True, text=True)
    if r.returncode:
        print(*args, r.stderr.strip()[-300:], sep="\n", file=sys.stderr)
    return r.returncode == 0


def decoded(path: pathlib.Path, tool: str) -> np.ndarray:
    """What a reference decoder makes of a file: grey values or RGB, frames × H × W (× 3)."""
    raw = path.with_suffix(".raw.dcm")
    ok = run("gdcmconv", "--raw", path, raw) if tool == "gdcmconv" else run(tool, path, raw)
    if not ok:
        sys.exit(f"{tool} cannot read {path.name}")
    d = pydicom.dcmread(raw)
    raw.unlink()
    size = d.BitsAllocated // 8
    frames = int(d.get("NumberOfFrames", 1))
    a = np.frombuffer(d.PixelData, f"<u{size}")[: frames * H * W * d.SamplesPerPixel]
    if d.SamplesPerPixel == 1:
        a = a >> (d.HighBit + 1 - d.BitsStored) & ((1 << d.BitsStored) - 1)
        return a.reshape(frames, H, W).astype("u2")
    a = a.reshape(frames, 3, H, W).transpose(0, 2, 3, 1) if d.PlanarConfiguration else a.reshape(frames, H, W, 3)
    return (to_rgb(a) if d.PhotometricInterpretation.startswith("YBR") else a).astype("u1")


# Coders: the tool, its arguments, what decodes it again, and how far it may be off.
CODERS = {
    "jpeg-baseline": ("dcmcjpeg", ["+eb"], "dcmdjpeg", 2), "jpeg-baseline-444": ("dcmcjpeg", ["+eb", "+s4"], "dcmdjpeg", 2),
    "jpeg-baseline-rgb": ("dcmcjpeg", ["+eb", "+cr"], "dcmdjpeg", 2), "jpeg-extended": ("dcmcjpeg", ["+ee"], "dcmdjpeg", 2),
    "jpeg-sv1": ("dcmcjpeg", ["+e1"], "dcmdjpeg", 0), "jpegls": ("dcmcjpls", ["+el"], "dcmdjpls", 0),
    "jpegls-near": ("dcmcjpls", ["+en", "+md", "2"], "dcmdjpls", 2), "j2k": ("gdcmconv", ["--j2k"], "gdcmconv", 0),
    "j2k-lossy": ("gdcmconv", ["--j2k", "--lossy", "-r", "8", "--irreversible"], "gdcmconv", 2),
}
CODERS |= {f"jpeg-p{p}": ("dcmcjpeg", ["+el", "+sv", p], "dcmdjpeg", 0) for p in range(1, 8)}


def coded(sources: list[pathlib.Path]) -> list[tuple[pathlib.Path, str]]:
    made = []
    for name, (tool, args, back, tolerance) in CODERS.items():
        if not shutil.which(tool) or not shutil.which(back):
            continue
        for src in sources:
            d = pydicom.dcmread(src, stop_before_pixels=True)
            eight = d.BitsAllocated == 8
            if (tolerance and not eight and tool == "dcmcjpeg") or ("rgb" in name or "444" in name) and d.SamplesPerPixel == 1:
                continue
            path = out / f"{name}-{src.stem.removeprefix('explicit-')}.dcm"
            if not run(tool, *args, src, path):
                continue
            got = pydicom.dcmread(path, stop_before_pixels=True)
            want = decoded(path, back)
            if d.SamplesPerPixel == 1:  # what a lossy decoder gives over the stored bits is no value of the file's
                want = np.minimum(want, (1 << got.BitsStored) - 1).astype(want.dtype)
            syntax = got.file_meta.TransferSyntaxUID
            note(path, syntax, got.PhotometricInterpretation, want, tolerance, lossy=tolerance > 0)
            made.append((path, syntax))
    return made


def fragments(frame: bytes, parts: int) -> list[bytes]:
    """What encapsulate cuts a frame into."""
    return list(pydicom.encaps.fragment_frame(frame, parts))


def refragment(path: pathlib.Path, syntax: str) -> None:
    """The same frames in other fragments, with and without tables of where they begin."""
    d = pydicom.dcmread(path)
    frames = int(d.get("NumberOfFrames", 1))
    entry = next(m for m in manifest if m["file"] == path.name)
    expected = np.frombuffer(path.with_suffix(".bin").read_bytes(), "u1" if entry["colour"] else "<u2")
    expected = expected.reshape(frames, -1)
    whole = frames_of(d)
    for parts in (1, 2, 3):
        for table in ("none", "basic", "extended"):
            c = clone(d)
            c.PixelData = encapsulate(whole, fragments_per_frame=parts, has_bot=table == "basic")
            c["PixelData"].VR, c["PixelData"].is_undefined_length = "OB", True
            if table == "extended":
                offsets, at = [], 0
                for f in whole:
                    offsets.append(at)
                    at += sum(8 + len(p) for p in fragments(f, parts))
                c.ExtendedOffsetTable = np.array(offsets, "<u8").tobytes()
                c.ExtendedOffsetTableLengths = np.array([len(f) + len(f) % 2 for f in whole], "<u8").tobytes()
            save(c, f"{path.stem}-{parts}-{table}", UID(syntax), expected, entry["tolerance"], fragments=parts, table=table)


def main() -> None:
    warnings.simplefilter("ignore")
    out.mkdir(parents=True, exist_ok=True)
    write_native()
    write_rle()
    wanted = (
        "explicit-monochrome2-8-8-7-0", "explicit-monochrome1-8-8-7-0", "explicit-monochrome2-16-12-11-0",
        "explicit-monochrome2-16-16-15-0", "explicit-rgb-8-8",
    )
    sources = [out / f"{n}-f{f}{'-p0' if 'rgb' in n else ''}.dcm" for n in wanted for f in (1, 3)]
    for path, syntax in coded(sources):
        if path.stem in ("jpeg-baseline-rgb-8-8-f3-p0", "jpeg-baseline-monochrome2-8-8-7-0-f3", "jpeg-baseline-monochrome2-8-8-7-0-f1"):
            refragment(path, syntax)
    (out / "manifest.json").write_text(json.dumps(manifest, indent=0))
    print(len(manifest), "files")


main()
