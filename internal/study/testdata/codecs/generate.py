"""Make the streams and DICOM files that the decoders of JPEG lossless, JPEG-LS and JPEG extended are tested with.

Everything is coded by tools that are not ours, from synthetic scenes, and decoded by them again: a lossless file must
give back its scene, a lossy one is held against what a reference decoder makes of it. What is written:

    streams.csv   file, codec, width, height, components, precision, reference, tolerance
    files.csv     file, transfer syntax, photometric, frames, width, height, stored bits, signed, reference, tolerance
    bench-*       streams of one scene, without references
    *.gz          references: little endian, 16 bits a sample, pixel by pixel; of files: as stored, or RGB of 8 bits

Tools: DCMTK 3.6.7 and GDCM 3.0.21 (dcmcjpeg, dcmcjpls, dcmdjpeg, gdcmconv), FFmpeg 5.1, Python packages pydicom 3.0,
numpy 2, pyjpegls 1.5 (CharLS), pylibjpeg-libjpeg 2.5, and the command "jpeg" of libjpeg by Thomas Richter: the source in
the package of pylibjpeg-libjpeg, in which Tables::QuantizationTableIndexOf has to return 0 where there are no tables.

    python generate.py --jpeg PATH/jpeg
"""

from __future__ import annotations

import argparse
import csv
import gzip
import hashlib
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import jpeg_ls
import numpy as np
import pydicom
from libjpeg.utils import decode as decode_libjpeg
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.pixels.processing import convert_color_space
from pydicom.pixels.utils import pixel_array
from pydicom.uid import UID, ExplicitVRLittleEndian

Samples = NDArray[np.uint16]  # rows × columns × components

HERE = Path(__file__).parent
WIDTH, HEIGHT = 41, 31
EXTENDED = UID("1.2.840.10008.1.2.4.51")


def scene(bits: int, components: int = 1, width: int = WIDTH, height: int = HEIGHT, seed: int = 1) -> Samples:
    """Speckle on black with a bright corner: runs, noise and edges. Values fill the bits."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    top = (1 << bits) - 1
    planes = []
    for c in range(components):
        v = 0.15 + 0.5 * np.exp(
            -(((x - width * (0.4 + 0.1 * c)) / (width * 0.25)) ** 2 + ((y - height * 0.5) / (height * 0.3)) ** 2)
        )
        v = v * rng.gamma(9, 1 / 9, (height, width))
        v[x < width * 0.15] = 0
        v[(x > width * 0.85) & (y > height * 0.7)] = 1
        planes.append(np.clip(v * top, 0, top).astype(np.uint16))
    return np.stack(planes, -1)


def smooth(bits: int, components: int) -> Samples:
    """Slow waves, which lossy coders keep well and whose colours may be halved."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    top = (1 << bits) - 1
    planes = [0.5 + 0.4 * np.sin(x / (7 + c) + c) * np.cos(y / (9 - c)) for c in range(components)]
    return np.stack([(p * top).astype(np.uint16) for p in planes], -1)


def extremes() -> Samples:
    """Steps over half the range of 16 bits, whose difference has a code of its own, and noise over all of it."""
    a = np.random.default_rng(7).integers(0, 1 << 16, (HEIGHT, WIDTH, 1), dtype=np.uint16)
    a[:20, ::2], a[:20, 1::2] = 0, 1 << 15
    return a


@dataclass
class Maker:
    """Runs the tools and keeps the lists of what came of it."""

    jpeg: Path
    work: Path
    streams: list[list[object]] = field(default_factory=list)
    files: list[list[object]] = field(default_factory=list)

    def run(self, *command: object) -> None:
        subprocess.run([str(c) for c in command], check=True, capture_output=True)

    def reference(self, a: NDArray[np.integer]) -> str:
        """Keep samples under the name of their sum."""
        data = a.astype("<u2").tobytes()
        name = hashlib.sha256(data).hexdigest()[:12] + ".gz"
        (HERE / name).write_bytes(gzip.compress(data, 9, mtime=0))
        return name

    # Streams

    def stream(self, name: str, data: bytes, a: Samples, precision: int, tolerance: int = 0, codec: str = "") -> None:
        """Keep a stream and the samples that it must give."""
        codec = codec or {"l": "lossless", "s": "ls", "d": "dct"}[name[0]]
        h, w, c = a.shape
        (HERE / name).write_bytes(data)
        self.streams.append([name, codec, w, h, c, precision, self.reference(a), tolerance])

    def libjpeg(self, a: Samples, bits: int, *options: object) -> bytes:
        """Code with libjpeg's command."""
        h, w, c = a.shape
        source, out = self.work / "a.pnm", self.work / "a.jpg"
        samples = a.astype(">u2" if bits > 8 else "u1").tobytes()
        source.write_bytes(b"P%d\n%d %d\n%d\n" % (5 if c == 1 else 6, w, h, (1 << bits) - 1) + samples)
        self.run(self.jpeg, *options, source, out)
        return out.read_bytes()

    def dicom(self, a: Samples, bits: int, photometric: str = "", signed: bool = False, frames: int = 1) -> Dataset:
        """An uncompressed file. a has the frames below each other."""
        rows, columns, c = a.shape
        d = Dataset()
        d.file_meta = FileMetaDataset()
        d.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        kind = UID("1.2.840.10008.5.1.4.1.1.3.1" if frames > 1 else "1.2.840.10008.5.1.4.1.1.6.1")
        d.file_meta.MediaStorageSOPClassUID = d.SOPClassUID = kind
        d.file_meta.MediaStorageSOPInstanceUID = d.SOPInstanceUID = UID("2.25.1")
        d.StudyInstanceUID, d.SeriesInstanceUID, d.Modality = "2.25.2", "2.25.3", "US"
        d.PatientName, d.PatientID = "", ""
        d.SamplesPerPixel = c
        d.PhotometricInterpretation = photometric or ("MONOCHROME2" if c == 1 else "RGB")
        if c > 1:
            d.PlanarConfiguration = 0
        if frames > 1:
            d.NumberOfFrames = frames
        d.Rows, d.Columns = rows // frames, columns
        d.BitsAllocated = 8 if bits <= 8 else 16
        d.BitsStored, d.HighBit, d.PixelRepresentation = bits, bits - 1, int(signed)
        if d.PhotometricInterpretation == "PALETTE COLOR":
            ramp = np.arange(256, dtype=np.uint16)
            for colour, table in (("Red", ramp * 257), ("Green", (255 - ramp) * 257), ("Blue", ramp // 2 * 257)):
                setattr(d, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 16])
                setattr(d, f"{colour}PaletteColorLookupTableData", table.astype("<u2").tobytes())
        data = a.astype("u1" if bits <= 8 else "<u2").tobytes()
        d.PixelData = data + b"\0" * (len(data) % 2)
        d["PixelData"].VR = "OB" if bits <= 8 else "OW"
        return d

    def convert(self, d: Dataset, *command: object) -> Path:
        """Save d and run a converting tool on it."""
        source, out = self.work / "in.dcm", self.work / "out.dcm"
        d.save_as(source, enforce_file_format=True)
        self.run(*command, source, out)
        return out

    def fragment(self, d: Dataset, *command: object) -> bytes:
        """The stream of the first frame of what a converting tool makes of d."""
        out = pydicom.dcmread(self.convert(d, *command))
        return next(generate_frames(out.PixelData, number_of_frames=int(out.get("NumberOfFrames", 1))))

    # DICOM files

    def file(self, name: str, path: Path, want: NDArray[np.integer], tolerance: int = 0) -> None:
        """Keep a file and what its pixels must be, as stored or, for colours, RGB of 8 bits."""
        d = pydicom.dcmread(path)
        for group in ("DeviceSerialNumber", "DerivationCodeSequence", "SourceImageSequence"):
            if group in d:
                del d[group]
        d.file_meta.MediaStorageSOPInstanceUID = d.SOPInstanceUID = UID("2.25.1")
        d.save_as(HERE / name, enforce_file_format=True)
        self.files.append(
            [
                name, d.file_meta.TransferSyntaxUID, d.PhotometricInterpretation, d.get("NumberOfFrames", 1), d.Columns, d.Rows,
                d.BitsStored, d.PixelRepresentation, self.reference(want), tolerance,
            ]
        )  # fmt: skip

    def wrap(self, d: Dataset, syntax: UID, *frames: bytes, photometric: str = "") -> Path:
        """A file of streams that are at hand."""
        d.file_meta.TransferSyntaxUID = syntax
        d.PixelData = encapsulate(list(frames))
        d["PixelData"].is_undefined_length = True
        d["PixelData"].VR = "OB"
        d.PhotometricInterpretation = photometric or d.PhotometricInterpretation
        out = self.work / "out.dcm"
        d.save_as(out, enforce_file_format=True)
        return out


def segments(data: bytes) -> dict[int, list[bytes]]:
    """Segments by mark, and under 0 what follows the scan header, without the end mark."""
    out: dict[int, list[bytes]] = {}
    at = 2
    while True:
        mark, n = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        out.setdefault(mark, []).append(data[at : at + 2 + n])
        at += 2 + n
        if mark == 0xDA:
            end = data.rindex(b"\xff\xd9")
            out[0] = [data[at:end]]
            return out


def splice(parts: list[bytes]) -> bytes:
    """Join images of one component to one of several, each in a scan of its own with its own tables and parameters."""
    split = [segments(p) for p in parts]
    start = next(m for m in (0xC0, 0xC1, 0xC3) if m in split[0])
    head = bytearray(split[0][start][0])
    frame = head[:9] + bytes([len(parts)]) + b"".join(bytes([i + 1, 0x11, 0]) for i in range(len(parts)))
    frame[2:4] = (len(frame) - 2).to_bytes(2, "big")
    out = b"\xff\xd8" + b"".join(split[0].get(0xDB, [])) + bytes(frame)
    for i, s in enumerate(split):
        scan = bytearray(s[0xDA][0])
        scan[5] = i + 1
        out += b"".join(s[0xC4]) + bytes(scan) + s[0][0]
    return out + b"\xff\xd9"


def lossless(m: Maker) -> None:
    """Streams of JPEG lossless."""
    grey8, grey16, rgb8 = scene(8), scene(16), scene(8, 3)
    d8, d16, dx, drgb = m.dicom(grey8, 8), m.dicom(grey16, 16), m.dicom(extremes(), 16), m.dicom(rgb8, 8)
    sv = {p: m.fragment(d8, "dcmcjpeg", "+el", "+sv", p) for p in range(1, 8)}
    for p in range(1, 8):
        m.stream(f"l-dcmtk-sv{p}-grey8.jpg", sv[p], grey8, 8)
    for p in (2, 4, 5, 6, 7):
        m.stream(f"l-dcmtk-sv{p}-grey16.jpg", m.fragment(d16, "dcmcjpeg", "+el", "+sv", p), grey16, 16)
    m.stream("l-dcmtk-sv1-extremes.jpg", m.fragment(dx, "dcmcjpeg", "+e1"), extremes(), 16)
    m.stream("l-libjpeg-extremes.jpg", m.libjpeg(extremes(), 16, "-p", "-c", "-q", 100), extremes(), 16)
    for p in (1, 5):
        m.stream(f"l-dcmtk-sv{p}-rgb8.jpg", m.fragment(drgb, "dcmcjpeg", "+el", "+sv", p), rgb8, 8)
    point = m.fragment(d8, "dcmcjpeg", "+el", "+sv", 6, "+pt", 2)
    m.stream("l-dcmtk-sv6-pt2-grey8.jpg", point, np.left_shift(np.right_shift(grey8, 2), 2), 8)
    m.stream("l-gdcm-rgb8.jpg", m.fragment(drgb, "gdcmconv", "-J"), rgb8, 8)
    grey12 = scene(12)
    m.stream("l-gdcm-grey12.jpg", m.fragment(m.dicom(grey12, 12), "gdcmconv", "-J"), grey12, 16)
    m.stream("l-libjpeg-restart-grey8.jpg", m.libjpeg(grey8, 8, "-p", "-c", "-q", 100, "-z", 3 * WIDTH), grey8, 8)
    m.stream("l-libjpeg-restart-rgb8.jpg", m.libjpeg(rgb8, 8, "-p", "-c", "-q", 100, "-h", "-z", WIDTH), rgb8, 8)
    for bits in (2, 5, 10):
        a = scene(bits)
        m.stream(f"l-libjpeg-grey{bits}.jpg", m.libjpeg(a, bits, "-p", "-c", "-q", 100), a, bits)
    for w, h in ((1, 1), (1, 9), (9, 1)):
        a = scene(8, 3, w, h)
        m.stream(f"l-libjpeg-{w}x{h}.jpg", m.libjpeg(a, 8, "-p", "-c", "-q", 100), a, 8)
    planes = [m.fragment(m.dicom(rgb8[..., i : i + 1], 8), "dcmcjpeg", "+el", "+sv", 2 * i + 3) for i in range(3)]
    m.stream("l-scans-rgb8.jpg", splice(planes), rgb8, 8)


def jpegls(m: Maker) -> None:
    """Streams of JPEG-LS."""

    def charls(name: str, a: Samples, bits: int, near: int = 0, interleave: int = 0) -> None:
        h, w, c = a.shape
        planar = interleave == 0 and c > 1
        ordered = a.transpose(2, 0, 1) if planar else a
        raw = ordered.astype("u1" if bits <= 8 else "<u2").tobytes()
        data = bytes(jpeg_ls.encode_buffer(raw, h, w, c, bits, near, interleave))
        m.stream(name, data, decoded(data, a), bits)

    def decoded(data: bytes, a: Samples) -> Samples:
        # libjpeg is another's implementation: it is what CharLS is held against.
        out: Samples = decode_libjpeg(data).astype(np.uint16).reshape(a.shape)
        return out

    for bits in (8, 12, 16):
        charls(f"s-charls-grey{bits}.jls", scene(bits), bits)
    for near in (1, 3, 10):
        charls(f"s-charls-near{near}-grey8.jls", scene(8), 8, near)
    charls("s-charls-near7-grey16.jls", scene(16), 16, 7)
    charls("s-charls-extremes.jls", extremes(), 16)
    for mode in range(3):
        charls(f"s-charls-mode{mode}-rgb8.jls", scene(8, 3), 8, 0, mode)
        charls(f"s-charls-mode{mode}-near2-rgb8.jls", scene(8, 3), 8, 2, mode)
    charls("s-charls-mode2-rgb16.jls", scene(16, 3, 31, 23), 16, 0, 2)
    charls("s-charls-flat.jls", np.full((HEIGHT, WIDTH, 1), 9, np.uint16), 8)
    charls("s-charls-mode2-flat.jls", np.full((HEIGHT, WIDTH, 3), 9, np.uint16), 8, 0, 2)
    for w, h in ((1, 1), (1, 9), (9, 1)):
        a = scene(8, 1, w, h)
        m.stream(f"s-libjpeg-{w}x{h}.jls", m.libjpeg(a, 8, "-ls", 0, "-c", "-q", 100), a, 8)
    grey8, rgb8 = scene(8), scene(8, 3)
    preset = ("+t1", 5, "+t2", 9, "+t3", 30, "+rs", 31)
    m.stream("s-dcmtk-preset-grey8.jls", m.fragment(m.dicom(grey8, 8), "dcmcjpls", "+el", "+pc", *preset), grey8, 8)
    m.stream("s-dcmtk-mode1-rgb8.jls", m.fragment(m.dicom(rgb8, 8), "dcmcjpls", "+el", "+il"), rgb8, 8)
    for mode, c in ((0, 1), (0, 3), (1, 3), (2, 3)):
        a = scene(8, c)
        data = m.libjpeg(a, 8, "-ls", mode, "-c", "-q", 100, "-z", 5)
        m.stream(f"s-libjpeg-restart-mode{mode}-{c}.jls", data, a, 8)
    for bits in (2, 4, 5, 6, 10):
        a = scene(bits)
        m.stream(f"s-libjpeg-grey{bits}.jls", m.libjpeg(a, bits, "-ls", 0, "-c", "-q", 100), a, bits)
    for bits in (3, 6):
        a = scene(bits)
        data = m.libjpeg(a, bits, "-ls", 0, "-c", "-q", 100, "-m", 1)
        m.stream(f"s-libjpeg-near1-grey{bits}.jls", data, decoded(data, a), bits)
    for name, a, bits, layout in (
        ("grey8", grey8, 8, "gray"),
        ("grey16", scene(16), 16, "gray16le"),
        ("rgb8", rgb8, 8, "rgb24"),
    ):
        raw, out = m.work / "raw", m.work / "out.jls"
        raw.write_bytes(a.astype("u1" if bits == 8 else "<u2").tobytes())
        m.run(
            "ffmpeg",
            "-y",
            "-f",
            "rawvideo",
            "-pix_fmt",
            layout,
            "-s",
            f"{WIDTH}x{HEIGHT}",
            "-i",
            raw,
            "-c:v",
            "jpegls",
            "-f",
            "image2",
            out,
        )
        m.stream(f"s-ffmpeg-{name}.jls", out.read_bytes(), a, bits)


def dct(m: Maker) -> None:
    """Streams of JPEG extended. Where colours are halved, only files with them are compared (see files)."""

    def keep(name: str, data: bytes, components: int, bits: int) -> None:
        # DCMTK's decoder comes nearer to the exact transform than libjpeg, whose coder is used here, does.
        blank = np.zeros((HEIGHT, WIDTH, components), np.uint16)
        a = read_dcmtk(m, m.wrap(m.dicom(blank, bits), EXTENDED, data), "+cn").reshape(blank.shape)
        m.stream(name, data, a, bits, 1)

    keep("d-dcmtk-grey12.jpg", m.fragment(m.dicom(scene(12), 12), "dcmcjpeg", "+ee", "+bt"), 1, 12)
    keep("d-libjpeg-restart-grey12.jpg", m.libjpeg(scene(12), 12, "-q", 85, "-z", 5), 1, 12)
    keep("d-libjpeg-coarse-grey12.jpg", m.libjpeg(scene(12), 12, "-q", 5), 1, 12)
    keep("d-libjpeg-rgb12.jpg", m.libjpeg(scene(12, 3), 12, "-q", 90, "-c"), 3, 12)
    keep("d-libjpeg-restart-rgb8.jpg", m.libjpeg(scene(8, 3), 8, "-q", 90, "-c", "-z", 3), 3, 8)
    planes = [m.libjpeg(scene(12, seed=i), 12, "-q", 90, "-h") for i in range(3)]
    keep("d-scans-rgb12.jpg", splice(planes), 3, 12)


def bench(m: Maker) -> None:
    """Larger streams of one scene for benchmarks, which are held against each other."""
    a, deep = scene(8, 1, 160, 120), scene(12, 1, 160, 120)
    for name, data in (
        ("bench-lossless.jpg", m.libjpeg(a, 8, "-p", "-c", "-q", 100, "-h")),
        ("bench-ls.jls", m.libjpeg(a, 8, "-ls", 0, "-c", "-q", 100)),
        ("bench-dct.jpg", m.libjpeg(deep, 12, "-q", 90, "-h")),
    ):
        (HERE / name).write_bytes(data)


def read(path: Path) -> NDArray[np.integer]:
    """A file's pixels by pydicom, as stored."""
    return pixel_array(path, raw=True)


def files(m: Maker) -> None:
    """DICOM files for what stands around the streams: syntaxes, colours, signs, cines."""
    grey8, grey12, rgb8 = scene(8), scene(12), scene(8, 3)
    ybr = convert_color_space(rgb8.astype("u1"), "RGB", "YBR_FULL").astype(np.uint16)
    back = convert_color_space(ybr.astype("u1"), "YBR_FULL", "RGB")
    signed = ((grey12.astype(np.int32) - 2048) & 0xFFFF).astype(np.uint16)
    cine = np.concatenate([scene(8, 1, 61, 47, i) for i in range(3)])  # each of more than one fragment
    palette = np.stack([grey8[..., 0], 255 - grey8[..., 0], grey8[..., 0] // 2], -1)

    m.file("f57-grey8.dcm", m.convert(m.dicom(grey8, 8), "dcmcjpeg", "+el", "+sv", 5), grey8)
    m.file("f70-signed12.dcm", m.convert(m.dicom(signed, 12, signed=True), "dcmcjpeg", "+e1"), signed & 0xFFF)
    m.file(
        "f70-gdcm-signed12.dcm",
        m.convert(m.dicom(np.bitwise_and(signed, np.uint16(0xFFF)), 12, signed=True), "gdcmconv", "-J"),
        signed & 0xFFF,
    )
    m.file("f70-rgb8.dcm", m.convert(m.dicom(rgb8, 8), "dcmcjpeg", "+e1"), rgb8)
    m.file("f70-ybr8.dcm", m.convert(m.dicom(ybr, 8, "YBR_FULL"), "dcmcjpeg", "+e1"), back, 1)
    m.file("f70-palette.dcm", m.convert(m.dicom(grey8, 8, "PALETTE COLOR"), "dcmcjpeg", "+e1"), palette)
    m.file("f70-cine.dcm", m.convert(m.dicom(cine, 8, "MONOCHROME1", frames=3), "dcmcjpeg", "+e1", "+fs", 1), cine)

    m.file("f80-grey8.dcm", m.convert(m.dicom(grey8, 8), "dcmcjpls", "+el"), grey8)
    m.file("f80-signed12.dcm", m.convert(m.dicom(signed, 12, signed=True), "dcmcjpls", "+el"), signed & 0xFFF)
    m.file("f80-gdcm-rgb8.dcm", m.convert(m.dicom(rgb8, 8), "gdcmconv", "-L"), rgb8)
    m.file("f80-ybr8.dcm", m.convert(m.dicom(ybr, 8, "YBR_FULL"), "dcmcjpls", "+el", "+is"), back, 1)
    m.file("f80-palette.dcm", m.convert(m.dicom(grey8, 8, "PALETTE COLOR"), "dcmcjpls", "+el"), palette)
    m.file("f80-cine.dcm", m.convert(m.dicom(cine, 8, frames=3), "dcmcjpls", "+el", "+fs", 1), cine)
    near = m.convert(m.dicom(grey12, 12), "dcmcjpls", "+en", "+md", 4)
    m.file("f81-grey12.dcm", near, read(near))
    near = m.convert(m.dicom(rgb8, 8), "dcmcjpls", "+en", "+md", 2, "+in")
    m.file("f81-rgb8.dcm", near, read(near))

    extended = m.convert(m.dicom(grey12, 12), "dcmcjpeg", "+ee", "+bt")
    m.file("f51-grey12.dcm", extended, read(extended), 1)
    rgb12 = smooth(12, 3)
    for name, options in (("444", ("+s4",)), ("422", ("+s2",)), ("420", ("+np",))):
        out = m.convert(m.dicom(rgb12, 12), "dcmcjpeg", "+ee", "+bt", *options)
        m.file(f"f51-ybr12-{name}.dcm", out, decoded12(m, out), 1)
    for name, process in (("51", "+ee"), ("53", "+es"), ("55", "+ep")):
        out = m.convert(m.dicom(smooth(8, 3), 8), "dcmcjpeg", process, "+s2")
        m.file(f"f{name}-ybr8.dcm", out, read_dcmtk(m, out, "+cp"), 2)
    for name, factors in (("440", "1x1,1x2,1x2"), ("411", "1x1,4x1,4x1")):
        data = m.libjpeg(rgb12, 12, "-q", 95, "-h", "-s", factors)
        out = m.wrap(m.dicom(rgb12, 12), EXTENDED, data, photometric="YBR_FULL")
        m.file(f"f51-ybr12-{name}.dcm", out, decoded12(m, out), 1)


def read_dcmtk(m: Maker, path: Path, conversion: str) -> Samples:
    """A file's samples by DCMTK, which keeps halved colours apart as the common JPEG library does."""
    out = m.work / "plain.dcm"
    m.run("dcmdjpeg", conversion, path, out)
    return read(out).astype(np.uint16)


def decoded12(m: Maker, path: Path) -> NDArray[np.integer]:
    return colours(read_dcmtk(m, path, "+cp"), 12)


def colours(a: NDArray[np.integer], bits: int) -> NDArray[np.integer]:
    """RGB of 8 bits."""
    return a >> (bits - 8)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--jpeg", type=Path, required=True, help="the command jpeg of libjpeg")
    jpeg = options.parse_args().jpeg
    for old in HERE.iterdir():
        if old.suffix in {".gz", ".jpg", ".jls", ".dcm", ".csv"}:
            old.unlink()
    with tempfile.TemporaryDirectory() as work:
        m = Maker(jpeg.resolve(), Path(work))
        for make in (lossless, jpegls, dct, files, bench):
            make(m)
    for name, rows in (("streams.csv", m.streams), ("files.csv", m.files)):
        with (HERE / name).open("w", newline="") as f:
            csv.writer(f, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    main()
