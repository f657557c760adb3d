package demo

import (
	"strconv"

	"echoline/internal/study/dcmwrite"
)

// The study's fixed dates: the demo must not change from run to run.
const (
	demoDate = "20260101"
	demoTime = "090000"
)

// header is the data set of an instance with these pixels.
func (s *scene) header(pixels []byte) dcmwrite.Set {
	class, series := "1.2.840.10008.5.1.4.1.1.6.1", 1 // Ultrasound Image Storage
	if s.frames > 1 {
		class, series = "1.2.840.10008.5.1.4.1.1.3.1", 2 // Ultrasound Multi-frame Image Storage
	}
	number := 1
	for i := range scenes {
		if scenes[i].name == s.name {
			number = i + 1
		}
	}
	set := dcmwrite.Set{
		dcmwrite.Text("SOPClassUID", class),
		dcmwrite.Text("SOPInstanceUID", dcmwrite.NameUID("demo/"+s.name)),
		dcmwrite.Text("SeriesInstanceUID", dcmwrite.NameUID("demo/series/"+strconv.Itoa(series))),
		dcmwrite.Text("StudyInstanceUID", dcmwrite.NameUID("demo/study")),
		dcmwrite.Text("PatientName", "Echoline^Demo"),
		dcmwrite.Text("PatientID", "ECHOLINE-DEMO"),
		dcmwrite.Text("PatientBirthDate"),
		dcmwrite.Text("PatientSex", "O"),
		dcmwrite.Text("PatientComments", "Synthetic data. This person does not exist."),
		dcmwrite.Text("StudyID", "DEMO"),
		dcmwrite.Text("StudyDate", demoDate), dcmwrite.Text("StudyTime", demoTime),
		dcmwrite.Text("SeriesDate", demoDate), dcmwrite.Text("SeriesTime", demoTime),
		dcmwrite.Text("ContentDate", demoDate), dcmwrite.Text("ContentTime", demoTime),
		dcmwrite.Text("AcquisitionDateTime", demoDate+demoTime),
		dcmwrite.Text("StudyDescription", "Echoline demo, synthetic breast ultrasound"),
		dcmwrite.Text("AccessionNumber"),
		dcmwrite.Text("ReferringPhysicianName"),
		dcmwrite.Text("Modality", "US"),
		dcmwrite.Text("Manufacturer", "Echoline"),
		dcmwrite.Text("ManufacturerModelName", "Synthetic B-mode"),
		dcmwrite.Text("SeriesNumber", strconv.Itoa(series)),
		dcmwrite.Text("InstanceNumber", strconv.Itoa(number)),
		dcmwrite.Text("ImageType", "ORIGINAL", "PRIMARY", "BREAST", "0001"),
		dcmwrite.Text("PatientOrientation"),
		dcmwrite.Text("Laterality", "L"), dcmwrite.Text("BodyPartExamined", "BREAST"),
		dcmwrite.Text("LossyImageCompression", "00"),
		dcmwrite.Text("BurnedInAnnotation", "NO"),
		dcmwrite.Ints("SamplesPerPixel", 1),
		dcmwrite.Text("PhotometricInterpretation", "MONOCHROME2"),
		dcmwrite.Ints("Rows", height), dcmwrite.Ints("Columns", width),
		dcmwrite.Ints("BitsAllocated", 8), dcmwrite.Ints("BitsStored", 8), dcmwrite.Ints("HighBit", 7),
		dcmwrite.Ints("PixelRepresentation", 0),
		dcmwrite.Ints("UltrasoundColorDataPresent", 0),
		dcmwrite.Seq("SequenceOfUltrasoundRegions", region()),
		dcmwrite.Pixels(8, pixels),
	}
	if s.frames > 1 {
		set = append(
			set,
			dcmwrite.Text("NumberOfFrames", strconv.Itoa(s.frames)),
			dcmwrite.Tags("FrameIncrementPointer", "FrameTime"),
			dcmwrite.Text("FrameTime", strconv.Itoa(cineFrameTime)),
		)
	}
	return set
}

// region calibrates the sector: two-dimensional tissue, centimetres.
func region() dcmwrite.Set {
	const cm = pitchMicrons / 10000.0
	return dcmwrite.Set{
		dcmwrite.Ints("RegionSpatialFormat", 1), dcmwrite.Ints("RegionDataType", 1), dcmwrite.Ints("RegionFlags", 0),
		dcmwrite.Ints("RegionLocationMinX0", left), dcmwrite.Ints("RegionLocationMinY0", top),
		dcmwrite.Ints("RegionLocationMaxX1", left+sectorW-1), dcmwrite.Ints("RegionLocationMaxY1", top+sectorH-1),
		dcmwrite.Ints("PhysicalUnitsXDirection", 3), dcmwrite.Ints("PhysicalUnitsYDirection", 3),
		dcmwrite.Floats("PhysicalDeltaX", cm), dcmwrite.Floats("PhysicalDeltaY", cm),
	}
}
