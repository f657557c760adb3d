"""Reads a DICOM Segmentation with pydicom, for a comparison with what the program says that it wrote.

    read_seg.py FILE RAW

Writes the pixels of all frames, one byte each, to RAW and tells their shape and their source frames as JSON.
"""

import json
import sys

import numpy
import pydicom

ds = pydicom.dcmread(sys.argv[1])
pixels = ds.pixel_array
if pixels.ndim == 2:
    pixels = pixels[numpy.newaxis]
with open(sys.argv[2], "wb") as f:
    f.write(pixels.astype(numpy.uint8).tobytes())


shared = ds.SharedFunctionalGroupsSequence[0]


def group(item, name):
    """The functional group of a frame: its own, or the one that all frames share."""
    return (item if name in item else shared)[name].value[0]


def source(item):
    """The number, from 1, of the source frame that a frame of the segmentation lies on."""
    image = group(item, "DerivationImageSequence").SourceImageSequence[0]
    return int(image.get("ReferencedFrameNumber", 1))


def segment(item):
    """The number of a frame's segment."""
    return int(group(item, "SegmentIdentificationSequence").ReferencedSegmentNumber)


print(json.dumps({
    "frames": int(ds.NumberOfFrames),
    "rows": int(ds.Rows),
    "columns": int(ds.Columns),
    "bits": int(ds.BitsAllocated),
    "type": ds.SegmentationType,
    "sources": [source(i) for i in ds.PerFrameFunctionalGroupsSequence],
    "segments": [segment(i) for i in ds.PerFrameFunctionalGroupsSequence],
}))
