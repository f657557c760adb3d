package worker

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"echoline/internal/study/dcmwrite"
)

// folder writes n DICOM stills of ultrasound as they are common, in folders of a hundred.
func folder(tb testing.TB, n int) string {
	tb.Helper()
	dir := tb.TempDir()
	for i := range n {
		sub := filepath.Join(dir, strconv.Itoa(i/100))
		if err := os.MkdirAll(sub, 0o755); err != nil {
			tb.Fatal(err)
		}
		writeStill(tb, filepath.Join(sub, strconv.Itoa(i)+".dcm"), i)
	}
	return dir
}

// writeStill writes a still of 640×480, its pixels a hole in the file.
func writeStill(tb testing.TB, path string, i int) {
	tb.Helper()
	head := bytes.Replace(stillHead(), []byte("1.2.3.1000"), []byte("1.2.3."+strconv.Itoa(1000+i)), -1)
	if err := os.WriteFile(path, head, 0o600); err != nil {
		tb.Fatal(err)
	}
	if err := os.Truncate(path, int64(len(head)+stillW*stillH)); err != nil {
		tb.Fatal(err)
	}
}

const stillW, stillH = 640, 480

// stillHead is the still up to its pixels.
var stillHead = sync.OnceValue(func() []byte {
	region := dcmwrite.Set{
		dcmwrite.Ints("RegionSpatialFormat", 1), dcmwrite.Ints("RegionDataType", 1), dcmwrite.Ints("RegionFlags", 0),
		dcmwrite.Ints("RegionLocationMinX0", 10), dcmwrite.Ints("RegionLocationMinY0", 10),
		dcmwrite.Ints("RegionLocationMaxX1", 600), dcmwrite.Ints("RegionLocationMaxY1", 400),
		dcmwrite.Ints("PhysicalUnitsXDirection", 3), dcmwrite.Ints("PhysicalUnitsYDirection", 3),
		dcmwrite.Floats("PhysicalDeltaX", 0.01), dcmwrite.Floats("PhysicalDeltaY", 0.01),
	}
	data, err := dcmwrite.Encode(dcmwrite.Set{
		dcmwrite.Text("SOPClassUID", "1.2.840.10008.5.1.4.1.1.6.1"), dcmwrite.Text("SOPInstanceUID", "1.2.3.1000"),
		dcmwrite.Text("ImageType", "ORIGINAL", "PRIMARY"), dcmwrite.Text("StudyDate", "20240102"),
		dcmwrite.Text("ContentDate", "20240102"), dcmwrite.Text("StudyTime", "101112"), dcmwrite.Text("Modality", "US"),
		dcmwrite.Text("Manufacturer", "Nobody"), dcmwrite.Text("InstitutionName", "Test"), dcmwrite.Text("StationName", "US1"),
		dcmwrite.Text("StudyDescription", "Breast"), dcmwrite.Text("ManufacturerModelName", "Model"),
		dcmwrite.Text("PatientName", "Test^Patient"), dcmwrite.Text("PatientID", "7"), dcmwrite.Text("PatientSex", "F"),
		dcmwrite.Text("BodyPartExamined", "BREAST"), dcmwrite.Text("SoftwareVersions", "1"),
		dcmwrite.Text("StudyInstanceUID", "1.2.1"), dcmwrite.Text("SeriesInstanceUID", "1.2.2."+"1"),
		dcmwrite.Text("StudyID", "1"), dcmwrite.Text("SeriesNumber", "1"), dcmwrite.Text("InstanceNumber", "1"),
		dcmwrite.Seq("SequenceOfUltrasoundRegions", region), dcmwrite.Ints("SamplesPerPixel", 1),
		dcmwrite.Text("PhotometricInterpretation", "MONOCHROME2"), dcmwrite.Ints("Rows", stillH), dcmwrite.Ints("Columns", stillW),
		dcmwrite.Ints("BitsAllocated", 8), dcmwrite.Ints("BitsStored", 8), dcmwrite.Ints("HighBit", 7),
		dcmwrite.Ints("PixelRepresentation", 0), dcmwrite.Pixels(8, make([]byte, stillW*stillH)),
	})
	if err != nil {
		panic(err)
	}
	return data[:len(data)-stillW*stillH]
})
