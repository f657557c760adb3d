"""Writes DICOM files that have a marked string wherever one fits, for the test that none comes out of de-identification.

    canary.py FOLDER

Every text attribute of the data dictionary holds CANARY and its tag; dates, times and UIDs have marked values of their own.
They lie at the top, in items of sequences that are kept and that are not, in private groups, overlays, icon, preamble,
trailing padding, file names and the picture. Files come in every plain transfer syntax, as JPEG with a comment, and as a
segmentation that refers to an image.
"""

import os
import struct
import sys

import numpy
import pydicom
from pydicom import config
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence

config.settings.writing_validation_mode = config.IGNORE
config.settings.reading_validation_mode = config.IGNORE

TEXT = {"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UI", "UR", "UT"}
# What a file needs to be read at all. The test fills these in itself.
NEEDED = {"SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "NumberOfFrames",
          "PhotometricInterpretation", "TransferSyntaxUID", "Modality", "ReferencedSOPClassUID"}
W, H, FRAMES = 160, 120, 6
REGION = (10, 30, 149, 109)
FONT = {"C": (14, 17, 16, 16, 16, 17, 14), "A": (14, 17, 17, 31, 17, 17, 17), "N": (17, 25, 21, 19, 17, 17, 17),
        "R": (30, 17, 17, 30, 20, 18, 17), "Y": (17, 17, 10, 4, 4, 4, 4)}


def value(tag, vr):
    """The marked value of an attribute."""
    if vr == "DA":
        return "19771107"
    if vr == "TM":
        return "070707.77"
    if vr == "DT":
        return "19771107070707"
    if vr == "UI":
        return "1.2.777.%d" % tag
    return "CANARY%08X" % tag


def plant(ds, group_from=0x0008):
    """Puts every text attribute into a data set."""
    for tag, (vr, _, _, _, keyword) in DicomDictionary.items():
        if vr in TEXT and keyword and keyword not in NEEDED and group_from <= tag >> 16 < 0xfffa and tag not in ds:
            element = DataElement(tag, vr, "" if vr in ("DS", "IS") else value(tag, vr))
            element._value = element._value or value(tag, vr)  # pydicom makes no number of it
            ds.add(element)
    for group in (0x0009, 0x0019, 0x0029, 0x7fe1):
        ds.add(DataElement((group, 0x0010), "LO", "CANARY MAKER"))
        ds.add(DataElement((group, 0x1001), "UT", "CANARY private"))
        ds.add(DataElement((group, 0x1002), "OB", "CANARY private".encode("utf-16-le")))
        inner = Dataset()
        inner.PatientComments = "CANARY in a private sequence"
        ds.add(DataElement((group, 0x1003), "SQ", Sequence([inner])))
    return ds


def write_text(frame, x, y, text):
    """Burns text of 7 pixels height into a frame."""
    for n, letter in enumerate(text):
        for row, bits in enumerate(FONT[letter]):
            for col in range(5):
                if bits >> (4 - col) & 1:
                    frame[y + row, x + 6 * n + col] = 250


def burned():
    """A pattern that occurs in no picture: the pixels that stand for burned-in names."""
    return numpy.frombuffer(b"CANARY in the picture's corner!!", numpy.uint8)


def picture(texts=True):
    """Frames of speckle, with text in them."""
    rng = numpy.random.default_rng(1)
    frames = rng.integers(5, 70, (FRAMES, H, W)).astype(numpy.uint8)
    for f in frames:
        if texts:
            f[2, 40:72] = burned()
            write_text(f, 8, 8, "CANARY")
            write_text(f, 60, 50, "CANARY")
    return frames


def image(folder, name, uid, deep=True):
    """A cine with everything in it."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.3.1"
    meta.MediaStorageSOPInstanceUID = uid
    meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
    meta.ImplementationClassUID = "1.2.777.1"
    meta.ImplementationVersionName = "CANARY"
    meta.SourceApplicationEntityTitle = "CANARY"
    meta.PrivateInformationCreatorUID = "1.2.777.2"
    meta.PrivateInformation = b"CANARY private information"
    ds = FileDataset(os.path.join(folder, name), {}, file_meta=meta, preamble=b"CANARY" * 21 + b"CA")
    ds.SOPClassUID, ds.SOPInstanceUID = meta.MediaStorageSOPClassUID, uid
    ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.Modality = "1.2.777.100", "1.2.777.101", "US"
    ds.NumberOfFrames, ds.Rows, ds.Columns, ds.SamplesPerPixel = FRAMES, H, W, 1
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.PixelData = picture().tobytes()
    ds["PixelData"].VR = "OB"
    region = Dataset()
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 1, 0
    region.RegionLocationMinX0, region.RegionLocationMinY0, region.RegionLocationMaxX1, region.RegionLocationMaxY1 = REGION
    region.PhysicalUnitsXDirection = region.PhysicalUnitsYDirection = 3
    region.PhysicalDeltaX = region.PhysicalDeltaY = 0.01
    ds.SequenceOfUltrasoundRegions = [plant(region) if deep else region]
    if not deep:
        return ds
    plant(ds)
    ds.FrameTime = "33.3"
    for keyword in ("ReferencedSeriesSequence", "AnatomicRegionSequence", "OtherPatientIDsSequence", "ContentSequence",
                    "RequestAttributesSequence", "OriginalAttributesSequence", "ReferencedImageSequence",
                    "GraphicAnnotationSequence", "AcquisitionContextSequence", "SharedFunctionalGroupsSequence"):
        item = plant(Dataset())
        nested = plant(Dataset())
        item.ReferencedInstanceSequence = [nested]
        setattr(ds, keyword, [item])
    icon = Dataset()
    icon.Rows = icon.Columns = 8
    icon.SamplesPerPixel, icon.BitsAllocated, icon.BitsStored, icon.HighBit, icon.PixelRepresentation = 1, 8, 8, 7, 0
    icon.PhotometricInterpretation = "MONOCHROME2"
    icon.PixelData = b"CANARY" * 10 + b"CANA"
    ds.IconImageSequence = [icon]
    for group in (0x6000, 0x6002):
        for element, vr, v in ((0x10, "US", 8), (0x11, "US", 8), (0x22, "LO", "CANARY overlay"), (0x40, "CS", "G"),
                               (0x100, "US", 1), (0x102, "US", 0), (0x1500, "LO", "CANARY"), (0x3000, "OW", b"CANARY!!"), (0x4000, "LT", "CANARY")):
            ds.add(DataElement((group, element), vr, v))
    ds.add(DataElement((0x5000, 0x0022), "LO", "CANARY curve"))
    ds.add(DataElement((0x5000, 0x3000), "OW", b"CANARY CURVE"))
    ds.EncapsulatedDocument = b"CANARY document"
    ds.ICCProfile = b"CANARY profile.."
    ds.add(DataElement((0xfffc, 0xfffc), "OB", b"CANARY padding"))
    return ds


def segmentation(folder, source):
    """A mask of one frame of the image."""
    ds = image(folder, "CANARY seg.dcm", "1.2.777.103")
    del ds.SequenceOfUltrasoundRegions
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.66.4"
    ds.Modality, ds.SeriesInstanceUID, ds.NumberOfFrames = "SEG", "1.2.777.104", 1
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 1, 1, 0
    ds.PixelData = numpy.packbits(picture(False)[0] > 40, bitorder="little").tobytes()
    ds["PixelData"].VR = "OB"

    def code(v, scheme, meaning):
        c = Dataset()
        c.CodeValue, c.CodingSchemeDesignator, c.CodeMeaning = v, scheme, meaning
        return [c]

    s = plant(Dataset())
    s.SegmentNumber, s.SegmentAlgorithmType = 1, "AUTOMATIC"
    s.SegmentedPropertyCategoryCodeSequence = code("49755003", "SCT", "CANARY structure")
    s.SegmentedPropertyTypeCodeSequence = code("CANARY", "99CANARY", "CANARY type")
    ds.SegmentSequence = [s]
    reference = plant(Dataset())
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = source.SOPClassUID, source.SOPInstanceUID
    reference.ReferencedFrameNumber = 3
    reference.PurposeOfReferenceCodeSequence = code("121322", "DCM", "Source Image for CANARY")
    derivation = plant(Dataset())
    derivation.SourceImageSequence = [reference]
    derivation.DerivationCodeSequence = code("113076", "DCM", "Segmentation")
    g = plant(Dataset())
    g.DerivationImageSequence = [derivation]
    ds.PerFrameFunctionalGroupsSequence = [g]
    return ds


def jpeg(folder):
    """A cine of which nothing is to be blanked, with a comment in the JPEG stream."""
    ds = image(folder, "CANARY jpeg.dcm", "1.2.777.105", deep=False)
    ds.PatientName, ds.PatientID = "CANARY^JPEG", "CANARY"
    ds.SequenceOfUltrasoundRegions[0].RegionLocationMinX0 = ds.SequenceOfUltrasoundRegions[0].RegionLocationMinY0 = 0
    ds.SequenceOfUltrasoundRegions[0].RegionLocationMaxX1, ds.SequenceOfUltrasoundRegions[0].RegionLocationMaxY1 = W - 1, H - 1
    ds.PixelData = picture(False).tobytes()
    ds["PixelData"].VR = "OB"
    path = os.path.join(folder, "plain")
    ds.is_little_endian, ds.is_implicit_VR = True, False
    ds.save_as(path, write_like_original=False)
    if os.system("dcmcjpeg +eb '%s' '%s.jpg'" % (path, path)) != 0:
        raise SystemExit("dcmcjpeg failed")
    coded = pydicom.dcmread(path + ".jpg")
    frames = list(pydicom.encaps.generate_pixel_data_frame(coded.PixelData, FRAMES))
    comment = b"CANARY in a comment"
    frames = [f[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + f[2:] for f in frames]
    coded.SOPInstanceUID = coded.file_meta.MediaStorageSOPInstanceUID = "1.2.777.108"
    coded.PixelData = encapsulate(frames)
    coded["PixelData"].is_undefined_length = True
    coded.save_as(os.path.join(folder, "CANARY comment.dcm"))
    os.rename(path + ".jpg", os.path.join(folder, "CANARY jpeg.dcm"))
    os.remove(path)


folder = os.path.join(sys.argv[1], "CANARY^MINJI")
os.makedirs(folder)
ds = image(folder, "", "1.2.777.102")
for n, (name, syntax, little, implicit) in enumerate((("explicit", "1.2.840.10008.1.2.1", True, False), ("implicit", "1.2.840.10008.1.2", True, True),
                                       ("big", "1.2.840.10008.1.2.2", False, False), ("deflated", "1.2.840.10008.1.2.1.99", True, False))):
    ds.file_meta.TransferSyntaxUID = syntax
    ds.SOPInstanceUID = ds.file_meta.MediaStorageSOPInstanceUID = "1.2.777.102" + (".%d" % n if n else "")
    ds.is_little_endian, ds.is_implicit_VR = little, implicit
    ds.save_as(os.path.join(folder, "CANARY %s.dcm" % name), write_like_original=False)
ds.SOPInstanceUID = "1.2.777.102"
seg = segmentation(folder, ds)
seg.is_little_endian, seg.is_implicit_VR = True, False
seg.save_as(os.path.join(folder, "CANARY seg.dcm"), write_like_original=False)
jpeg(folder)
report = image(folder, "", "1.2.777.106")
report.file_meta.MediaStorageSOPClassUID = report.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
report.is_little_endian, report.is_implicit_VR = True, False
report.save_as(os.path.join(folder, "CANARY report.dcm"), write_like_original=False)
directory = FileDataset("DICOMDIR", {}, file_meta=FileMetaDataset(), preamble=b"\0" * 128)
directory.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
directory.file_meta.MediaStorageSOPInstanceUID = "1.2.777.107"
directory.file_meta.TransferSyntaxUID = pydicom.uid.ExplicitVRLittleEndian
record = plant(Dataset(), 0x0004)
record.DirectoryRecordType = "PATIENT"
directory.FileSetID = "CANARY"
directory.DirectoryRecordSequence = [record]
directory.is_little_endian, directory.is_implicit_VR = True, False
directory.save_as(os.path.join(folder, "DICOMDIR"), write_like_original=False)
