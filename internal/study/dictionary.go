package study

// entry is what the dictionary knows of an attribute.
type entry struct {
	keyword string
	vr      string
}

// dictionary lists the attributes that are read; everything else of a file is walked over. Those with names in header
// go to exports.
var dictionary = map[tag]entry{
	tagSyntax:  {"TransferSyntaxUID", "UI"},
	0x00020002: {"MediaStorageSOPClassUID", "UI"},
	tagRecords: {"DirectoryRecordSequence", "SQ"},
	0x00041500: {"ReferencedFileID", "CS"},

	0x00080005: {"SpecificCharacterSet", "CS"},
	0x00080008: {"ImageType", "CS"},
	0x00080016: {"SOPClassUID", "UI"},
	0x00080018: {"SOPInstanceUID", "UI"},
	0x00080020: {"StudyDate", "DA"},
	0x00080021: {"SeriesDate", "DA"},
	0x00080022: {"AcquisitionDate", "DA"},
	0x00080023: {"ContentDate", "DA"},
	0x0008002a: {"AcquisitionDateTime", "DT"},
	0x00080030: {"StudyTime", "TM"},
	0x00080031: {"SeriesTime", "TM"},
	0x00080033: {"ContentTime", "TM"},
	0x00080050: {"AccessionNumber", "SH"},
	0x00080060: {"Modality", "CS"},
	0x00080070: {"Manufacturer", "LO"},
	0x00080090: {"ReferringPhysicianName", "PN"},
	0x00081030: {"StudyDescription", "LO"},
	0x0008103e: {"SeriesDescription", "LO"},
	0x00081090: {"ManufacturerModelName", "LO"},
	0x00082144: {"RecommendedDisplayFrameRate", "IS"},
	0x00089205: {"PixelPresentation", "CS"},
	0x00100010: {"PatientName", "PN"},
	0x00100020: {"PatientID", "LO"},
	0x00100021: {"IssuerOfPatientID", "LO"},
	0x00100030: {"PatientBirthDate", "DA"},
	0x00100040: {"PatientSex", "CS"},
	0x00101010: {"PatientAge", "AS"},
	0x00120062: {"PatientIdentityRemoved", "CS"},
	0x00120063: {"DeidentificationMethod", "LO"},
	0x00180015: {"BodyPartExamined", "CS"},
	0x00180040: {"CineRate", "IS"},
	0x00180050: {"SliceThickness", "DS"},
	0x00180088: {"SpacingBetweenSlices", "DS"},
	0x00181000: {"DeviceSerialNumber", "LO"},
	0x00181020: {"SoftwareVersions", "LO"},
	0x00181063: {"FrameTime", "DS"},
	0x00181065: {"FrameTimeVector", "DS"},
	0x0020000d: {"StudyInstanceUID", "UI"},
	0x0020000e: {"SeriesInstanceUID", "UI"},
	0x00200010: {"StudyID", "SH"},
	0x00200011: {"SeriesNumber", "IS"},
	0x00200013: {"InstanceNumber", "IS"},
	0x00200020: {"PatientOrientation", "CS"},
	0x00200032: {"ImagePositionPatient", "DS"},
	0x00200037: {"ImageOrientationPatient", "DS"},
	0x00200052: {"FrameOfReferenceUID", "UI"},
	0x00200060: {"Laterality", "CS"},
	0x00201040: {"PositionReferenceIndicator", "LO"},
	0x00209113: {"PlanePositionSequence", "SQ"},
	0x00209116: {"PlaneOrientationSequence", "SQ"},

	0x00181164: {"ImagerPixelSpacing", "DS"},
	0x00182010: {"NominalScannedPixelSpacing", "DS"},
	0x00186011: {"SequenceOfUltrasoundRegions", "SQ"},
	0x00186012: {"RegionSpatialFormat", "US"},
	0x00186014: {"RegionDataType", "US"},
	0x00186016: {"RegionFlags", "UL"},
	0x00186018: {"RegionLocationMinX0", "UL"},
	0x0018601a: {"RegionLocationMinY0", "UL"},
	0x0018601c: {"RegionLocationMaxX1", "UL"},
	0x0018601e: {"RegionLocationMaxY1", "UL"},
	0x00186024: {"PhysicalUnitsXDirection", "US"},
	0x00186026: {"PhysicalUnitsYDirection", "US"},
	0x0018602c: {"PhysicalDeltaX", "FD"},
	0x0018602e: {"PhysicalDeltaY", "FD"},

	0x00280002: {"SamplesPerPixel", "US"},
	0x00280004: {"PhotometricInterpretation", "CS"},
	0x00280006: {"PlanarConfiguration", "US"},
	0x00280008: {"NumberOfFrames", "IS"},
	0x00280010: {"Rows", "US"},
	0x00280011: {"Columns", "US"},
	0x00280030: {"PixelSpacing", "DS"},
	0x00280034: {"PixelAspectRatio", "IS"},
	0x00280100: {"BitsAllocated", "US"},
	0x00280101: {"BitsStored", "US"},
	0x00280102: {"HighBit", "US"},
	0x00280103: {"PixelRepresentation", "US"},
	0x00280301: {"BurnedInAnnotation", "CS"},
	0x00281050: {"WindowCenter", "DS"},
	0x00281051: {"WindowWidth", "DS"},
	0x00281052: {"RescaleIntercept", "DS"},
	0x00281053: {"RescaleSlope", "DS"},
	0x00281056: {"VOILUTFunction", "CS"},
	0x00281101: {"RedPaletteColorLookupTableDescriptor", "US"},
	0x00281102: {"GreenPaletteColorLookupTableDescriptor", "US"},
	0x00281103: {"BluePaletteColorLookupTableDescriptor", "US"},
	0x00281201: {"RedPaletteColorLookupTableData", "OW"},
	0x00281202: {"GreenPaletteColorLookupTableData", "OW"},
	0x00281203: {"BluePaletteColorLookupTableData", "OW"},
	0x00281221: {"SegmentedRedPaletteColorLookupTableData", "OW"},
	0x00281222: {"SegmentedGreenPaletteColorLookupTableData", "OW"},
	0x00281223: {"SegmentedBluePaletteColorLookupTableData", "OW"},
	0x00282110: {"LossyImageCompression", "CS"},
	0x00282112: {"LossyImageCompressionRatio", "DS"},
	0x00282114: {"LossyImageCompressionMethod", "CS"},
	0x00283000: {"ModalityLUTSequence", "SQ"},
	0x00283002: {"LUTDescriptor", "US"},
	0x00283006: {"LUTData", "OW"},
	0x00283010: {"VOILUTSequence", "SQ"},
	0x00289110: {"PixelMeasuresSequence", "SQ"},
	0x52009229: {"SharedFunctionalGroupsSequence", "SQ"},
	0x52009230: {"PerFrameFunctionalGroupsSequence", "SQ"},

	tagOffsets:      {"ExtendedOffsetTable", "OV"},
	tagFloatPixels:  {"FloatPixelData", "OF"},
	tagDoublePixels: {"DoubleFloatPixelData", "OD"},
}

// tags finds attributes by their keywords.
var tags = func() map[string]tag {
	m := make(map[string]tag, len(dictionary))
	for t, e := range dictionary {
		m[e.keyword] = t
	}
	return m
}()

// forExport are the attributes that a Header holds where the file has them.
var forExport = []string{
	"ImageType", "SOPClassUID", "SOPInstanceUID", "StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate",
	"AcquisitionDateTime", "StudyTime", "SeriesTime", "ContentTime", "AccessionNumber", "Modality", "Manufacturer",
	"ReferringPhysicianName", "StudyDescription", "SeriesDescription", "ManufacturerModelName", "PatientName", "PatientID",
	"IssuerOfPatientID", "PatientBirthDate", "PatientSex", "PatientAge", "PatientIdentityRemoved", "DeidentificationMethod",
	"BodyPartExamined", "DeviceSerialNumber", "SoftwareVersions", "StudyInstanceUID", "SeriesInstanceUID", "StudyID",
	"SeriesNumber", "InstanceNumber", "PatientOrientation", "FrameOfReferenceUID", "Laterality",
	"PositionReferenceIndicator", "BurnedInAnnotation", "LossyImageCompression", "LossyImageCompressionRatio",
	"LossyImageCompressionMethod",
}
