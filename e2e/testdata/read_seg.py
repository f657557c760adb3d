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


def source(item):
    """The number, from 1, of the source frame that a frame of the segmentation lies on."""
    image = item.DerivationImageSequence[0].SourceImageSequence[0]
    return int(image.get("ReferencedFrameNumber", 1))


print(json.dumps({
    "frames": int(ds.NumberOfFrames),
    "rows": int(ds.Rows),
    "columns": int(ds.Columns),
    "bits": int(ds.BitsAllocated),
    "type": ds.SegmentationType,
    "sources": [source(i) for i in ds.PerFrameFunctionalGroupsSequence],
    "segments": [int(i.SegmentIdentificationSequence[0].ReferencedSegmentNumber)
                 for i in ds.PerFrameFunctionalGroupsSequence],
    "source_instance": ds.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID,
}))
