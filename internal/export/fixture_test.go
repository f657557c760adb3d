package export

import (
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
	"echoline/internal/study/dcmwrite"
)

var modelSHA = strings.Repeat("ab12", 16)

// source is a DICOM instance with names that must not turn up in places where they do not belong.
func source(name string, w, h, frames int) *study.Item {
	class := "1.2.840.10008.5.1.4.1.1.6.1"
	if frames > 1 {
		class = "1.2.840.10008.5.1.4.1.1.3.1"
	}
	uid := dcmwrite.NewUID()
	return &study.Item{
		ID: uid, Name: name, W: w, H: h, Frames: frames, Photometric: "MONOCHROME2", TransferSyntax: "1.2.840.10008.1.2.1",
		Header: &study.Header{Attr: map[string]string{
			"PatientName": "홍^길동", "PatientID": "PID-4711", "PatientSex": "F",
			"StudyInstanceUID": "2.25.1", "SeriesInstanceUID": "2.25.2", "SOPInstanceUID": uid, "SOPClassUID": class,
			"StudyID": "7", "StudyDate": "20260102", "StudyTime": "101112",
		}},
	}
}

// ellipse is a mask with one filled ellipse.
func ellipse(w, h int, cx, cy, rx, ry float64, label uint8) *mask.Plane {
	p := mask.NewPlane(w, h)
	for y := range h {
		for x := range w {
			u, v := (float64(x)+0.5-cx)/rx, (float64(y)+0.5-cy)/ry
			if u*u+v*v < 1 {
				p.Set(x, y, label)
			}
		}
	}
	return p
}

func frame(i int, p *mask.Plane) Frame {
	cs := contour.FromMask(p, 1)
	return Frame{Index: i, Labels: p, Boundary: NewBoundary(cs), Arcs: NewArcs(cs), Status: review.Accepted, Model: modelSHA}
}

func input(items ...Item) Input {
	return Input{
		Reader: "Dr. Kim",
		Labels: []inference.Label{{
			Value: 1, Name: "lesion",
			Category: inference.Code{Value: "49755003", Scheme: "SCT", Meaning: "Morphologically Altered Structure"},
			Type:     inference.Code{Value: "4147007", Scheme: "SCT", Meaning: "Mass"},
			Region:   inference.Code{Value: "76752008", Scheme: "SCT", Meaning: "Breast"},
		}},
		Models: map[string]inference.Info{modelSHA: {Name: "echoline-breast", Version: "0.1.0", SHA256: modelSHA}},
		Items:  items,
	}
}

func itoa(n int) string { return strconv.Itoa(n) }

func options(t *testing.T, format string) Options {
	return Options{
		Format: format, Dir: filepath.Join(t.TempDir(), "out"), Include: Accepted, Version: "0.1.0",
		Now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC), Report: report(t),
	}
}

// report is what a report needs: the program's fonts, and its keys for sentences.
func report(t testing.TB) Report {
	t.Helper()
	var fonts [2][]byte
	for i, name := range []string{"Regular", "Bold"} {
		data, err := os.ReadFile("../../assets/fonts/EcholineSans-" + name + ".ttf")
		if err != nil {
			t.Fatal(err)
		}
		fonts[i] = data
	}
	return Report{Regular: fonts[0], Bold: fonts[1], Say: func(key string, args fault.Args) string {
		return fmt.Sprint(key, " ", args)
	}}
}

// run exports and expects no fault.
func run(t *testing.T, in Input, o Options) Result {
	t.Helper()
	res, err := Run(t.Context(), in, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range res.Failed {
		t.Fatal(f)
	}
	return res
}

// validate runs dciodvfy, which must say nothing but the name of the object.
func validate(t *testing.T, path string) {
	t.Helper()
	tool, err := exec.LookPath("dciodvfy")
	if err != nil {
		t.Skip("dciodvfy (package dicom3tools) is not installed")
	}
	out, err := exec.Command(tool, "-new", path).CombinedOutput()
	if err != nil || strings.TrimSpace(string(out)) != "Segmentation" {
		t.Errorf("dciodvfy: %v\n%s", err, out)
	}
}

// python finds an interpreter that has pydicom and numpy: the system's, or the judges'.
func python(t *testing.T) string {
	t.Helper()
	if pythonThere() == "" {
		t.Skip("no python3 with pydicom and numpy")
	}
	return pythonThere()
}

var pythonThere = sync.OnceValue(func() string {
	for _, p := range []string{"/usr/bin/python3", "python3", judgesPython} {
		if exec.Command(p, "-c", "import pydicom, numpy").Run() == nil {
			return p
		}
	}
	return ""
})

// judgesPython has what scripts/judges.txt lists.
const judgesPython = "../../build/tools/judges/bin/python"

// needJudges skips the test where the judges of exported files are not installed.
func needJudges(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("../../build/tools/judges/ready"); err != nil {
		t.Skip("the judges are not installed: run scripts/judges.sh build/tools/judges")
	}
}

// judge runs a Python program with the judges of exported files and returns what it prints.
func judge(t *testing.T, program string, args ...string) []byte {
	t.Helper()
	needJudges(t)
	c := exec.Command(judgesPython, append([]string{"-W", "error::UserWarning", "-c", program}, args...)...)
	var said strings.Builder
	c.Stderr = &said
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	return out
}

// bits reads the pixels of a SEG without any library: the last element of the file, unpacked frame by frame.
func bits(t testing.TB, path string, size int) [][]uint8 {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.LastIndex(string(data), "\xe0\x7f\x10\x00OB\x00\x00")
	if at < 0 {
		t.Fatal("no pixel data")
	}
	n := int(binary.LittleEndian.Uint32(data[at+8:]))
	raw := data[at+12:]
	if n != len(raw) || n%2 != 0 {
		t.Fatalf("pixel data of %d bytes says %d", len(raw), n)
	}
	var out [][]uint8
	for f := 0; (f+1)*size <= n*8; f++ {
		px := make([]uint8, size)
		for i := range px {
			bit := f*size + i
			px[i] = raw[bit/8] >> (bit % 8) & 1
		}
		out = append(out, px)
	}
	return out
}

// filmed gives an item a source that has pictures: it writes a DICOM file and opens it. The masks stay.
func filmed(t *testing.T, it Item) Item {
	t.Helper()
	src := it.Source
	pix := make([]byte, src.W*src.H*src.Frames)
	for i := range pix {
		pix[i] = byte(i*7 + i/src.W)
	}
	set := dcmwrite.Set{
		dcmwrite.Text("Modality", "US"), dcmwrite.Text("NumberOfFrames", strconv.Itoa(src.Frames)),
		dcmwrite.Ints("Rows", src.H), dcmwrite.Ints("Columns", src.W), dcmwrite.Ints("SamplesPerPixel", 1),
		dcmwrite.Text("PhotometricInterpretation", "MONOCHROME2"), dcmwrite.Ints("BitsAllocated", 8),
		dcmwrite.Ints("BitsStored", 8), dcmwrite.Ints("HighBit", 7), dcmwrite.Ints("PixelRepresentation", 0),
		dcmwrite.Text("FrameTime", "40"), dcmwrite.Pixels(8, pix), dcmwrite.Text("PatientBirthDate"),
		dcmwrite.Text("ReferringPhysicianName"), dcmwrite.Text("AccessionNumber"), dcmwrite.Text("SeriesNumber", "1"),
		dcmwrite.Text("InstanceNumber", "1"),
	}
	for k, v := range src.Header.Attr {
		set = append(set, dcmwrite.Text(k, v))
	}
	path := filepath.Join(t.TempDir(), src.Name+".dcm")
	data, err := dcmwrite.Encode(set)
	if err == nil {
		err = os.WriteFile(path, data, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	st, err := study.Open(t.Context(), []string{path}, nil)
	if err != nil || len(st.Items) != 1 {
		t.Fatalf("%v %+v", err, st)
	}
	it.Source = st.Items[0]
	return it
}
