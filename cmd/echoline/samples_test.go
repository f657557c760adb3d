package main

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"echoline/inference"
	"echoline/internal/deid"
	"echoline/internal/export"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// samples are real ultrasound files beside the project.
const samples = "../../../shared/data/dicom/ultrasound"

// readSegmentation has pydicom read segmentations with their sources: the pixels by frame of the source, and whatever does
// not fit between the two.
const readSegmentation = `
import json, sys, pydicom
for path, source in zip(sys.argv[1::2], sys.argv[2::2]):
    d, s = pydicom.dcmread(path), pydicom.dcmread(source, stop_before_pixels=True, force=True)
    wrong = []
    def same(what, a, b):
        if a != b: wrong.append(f"{what}: {a!r}, source {b!r}")
    same("rows", d.Rows, s.Rows); same("columns", d.Columns, s.Columns)
    same("study", d.StudyInstanceUID, s.StudyInstanceUID); same("patient", str(d.get("PatientID", "") or ""), str(s.get("PatientID", "") or "").strip())
    same("frame of reference", d.get("FrameOfReferenceUID"), s.get("FrameOfReferenceUID") or None)
    ref = d.ReferencedSeriesSequence[0]
    same("series", ref.SeriesInstanceUID, s.SeriesInstanceUID)
    same("instance", [i.ReferencedSOPInstanceUID for i in ref.ReferencedInstanceSequence], [s.SOPInstanceUID])
    same("class", ref.ReferencedInstanceSequence[0].ReferencedSOPClassUID, s.SOPClassUID)
    a = d.pixel_array
    if a.ndim == 2: a = a[None]
    n = int(s.get("NumberOfFrames", 1) or 1)
    frames = {}
    for i, g in enumerate(d.PerFrameFunctionalGroupsSequence):
        src = g.DerivationImageSequence[0].SourceImageSequence[0]
        same("instance of a frame", src.ReferencedSOPInstanceUID, s.SOPInstanceUID)
        k = int(src.get("ReferencedFrameNumber", 1))
        if not 1 <= k <= n: wrong.append(f"frame {k} of {n}")
        frames[k] = a[i].tobytes().hex()
    if any(path_byte for path_byte in open(path, "rb").read(128)): wrong.append("preamble")
    print(json.dumps({"wrong": wrong, "frames": frames}))
`

// TestSamplesBecomeSegmentations predicts every real ultrasound file that opens, exports it as SEG, and has the judges look
// at it. Of cines the first, the middle and the last frame are predicted. Where the model finds nothing, a reader draws.
func TestSamplesBecomeSegmentations(t *testing.T) {
	if _, err := os.Stat(samples); err != nil {
		t.Skip("no sample files beside the project:", err)
	}
	needRuntime(t)
	st, err := study.Open(t.Context(), []string{samples}, nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := openPredictor("", 1)
	if err != nil {
		t.Fatal(err)
	}
	r := review.New(st, "Dr. Kim", nil)
	drawn := 0
	for _, it := range st.Items {
		if predictSome(t, p, r, it) == 0 {
			drawn++
			k := review.Key{Instance: it.ID}
			plane := mask.NewPlane(it.W, it.H)
			plane.Fill(mask.Capsule(float64(it.W)/2, float64(it.H)/2, float64(it.W)/2+3, float64(it.H)/2, 9.5, 7), 1)
			paint(t, r, k, plane)
		}
	}
	out := t.TempDir()
	in := export.FromReview(r, export.All, p.Info())
	res, err := export.Run(t.Context(), in, export.Options{Format: "seg", Dir: out, Include: export.All, Version: "test", Now: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range res.Failed {
		if f.Code != export.CodeIdentity { // files without the UIDs that a SEG has to refer to
			t.Error(f)
		}
		t.Log("not written:", f, f.Args)
	}
	t.Logf("%d of %d images became SEG, %d of them drawn, as the model found nothing", len(res.Files), len(st.Items), drawn)
	if len(res.Files) < 30 {
		t.Errorf("only %d files", len(res.Files))
	}
	judgeSamples(t, st, r, res)
	judgeNameless(t, in)
}

// judgeNameless exports the same without persons: patient, study and UIDs are then given anew, to images and segmentations
// alike, so nothing is left that a SEG has to repeat but the frames of a class for single frames.
func judgeNameless(t *testing.T, in export.Input) {
	t.Helper()
	tool, err := exec.LookPath("dciodvfy")
	if err != nil {
		return
	}
	key, err := deid.OpenKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	o := export.Options{Format: "seg", Dir: t.TempDir(), Include: export.All, Version: "test", Now: time.Now()}
	o.Private = &deid.Options{
		Key: key, Dates: deid.Modified, Name: func(i int, _ string) string { return strconv.Itoa(i + 1) },
		Review: func(*deid.Proposal) (deid.Answer, error) { return deid.Write, nil },
	}
	res, err := export.Run(t.Context(), in, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Failed) > 0 || len(res.Files) == 0 {
		t.Fatalf("%d files, failed %v", len(res.Files), res.Failed)
	}
	speaking := 0
	for _, f := range res.Files {
		out, _ := exec.Command(tool, "-new", f.Path).CombinedOutput()
		some := false
		for line := range strings.Lines(string(out)) {
			switch line = strings.TrimSpace(line); {
			case line == "" || line == "Segmentation":
			case strings.Contains(line, frameOfSingle):
				some = true
			default:
				t.Errorf("%s: %s", filepath.Base(f.Path), line)
			}
		}
		if some {
			speaking++
		}
	}
	twoInOne := 0
	for _, it := range in.Items {
		if severalInSingle(it.Source) {
			twoInOne++
		}
	}
	if speaking > twoInOne {
		t.Errorf("a frame of a class for single frames is named in %d files, not %d", speaking, twoInOne)
	}
	t.Logf("without persons dciodvfy is silent of %d of %d", len(res.Files)-speaking, len(res.Files))
}

// predictSome predicts up to three frames and returns in how many there is something.
func predictSome(t *testing.T, p inference.Predictor, r *review.Review, it *study.Item) (found int) {
	t.Helper()
	frames := []int{0, it.Frames / 2, it.Frames - 1}
	for _, i := range slices.Compact(frames) {
		f, err := it.Frame(i)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Predict(context.Background(), inference.Image{W: f.W, H: f.H, Grey: f.Luma()}, inference.Guidance{})
		if err != nil {
			t.Fatal(err)
		}
		if math.IsNaN(got.Present) {
			t.Errorf("%s: no presence", it.Name)
		}
		k := review.Key{Instance: it.ID, Frame: i}
		if err := r.SetPrediction(k, got); err != nil {
			t.Fatal(err)
		}
		if mask.Count(r.Frame(k).Labels, 0) < it.W*it.H {
			found++
		}
	}
	return found
}

// inherited tells whether a line of dciodvfy is about a value that a SEG must have as its source has it (docs/interop.md).
// Each reason holds only where the source is as it says: an identifier may only be missing where the source has none, a UID
// may only lie under a root that nobody owns where it is the source's, and a frame may only be named in a class for single
// frames where the source has several in such a class.
func inherited(it *study.Item, line string) bool {
	attr := it.Header.Attr
	if m := lacks.FindStringSubmatch(line); m != nil {
		return attr[m[1]] == ""
	}
	if m := foreignRoot.FindStringSubmatch(line); m != nil {
		return slices.Contains([]string{attr["StudyInstanceUID"], attr["SeriesInstanceUID"], attr["SOPInstanceUID"]}, m[1])
	}
	return strings.Contains(line, frameOfSingle) && severalInSingle(it)
}

// frameOfSingle is what dciodvfy says of a frame's number in a class for single frames.
const frameOfSingle = "ReferencedFrameNumber(0008,1160)> - Shall not be present for Referenced SOP Class that is not multi-frame"

// severalInSingle tells whether an image has several frames in the class for one.
func severalInSingle(it *study.Item) bool {
	return it.Frames > 1 && it.Header.Attr["SOPClassUID"] == "1.2.840.10008.5.1.4.1.1.6.1"
}

// What dciodvfy says of an identifier that its directories of discs want, and of a UID.
var (
	lacks       = regexp.MustCompile(`^Warning - </(PatientID|StudyID)\([0-9a-f,]+\)> - Missing attribute or value that would be needed to build DICOMDIR$`)
	foreignRoot = regexp.MustCompile(`Illegal root for UID = <([0-9.]+)>$`)
)

// complaints are the lines of dciodvfy that are not inherited from an image, and how many are.
func complaints(it *study.Item, said string) (own []string, from int) {
	for _, line := range strings.Split(said, "\n") {
		switch line = strings.TrimSpace(line); {
		case line == "" || line == "Segmentation":
		case inherited(it, line):
			from++
		default:
			own = append(own, line)
		}
	}
	return own, from
}

// differs is what dcentvfy says of a text of patient or study that two files have differently.
var differs = regexp.MustCompile(`attribute has different value - Element=<(\w+)>.* Value 1 <(.*)> versus <(.*)>$`)

// strangers are the lines of dcentvfy by which a segmentation would belong to another patient or study than its image. A name
// may end its one part as DICOM now asks, and a date or time may have lost the marks that it had before 1993.
func strangers(seg, image string) (out []string) {
	said, _ := exec.Command("dcentvfy", seg, image).CombinedOutput() // comes with dciodvfy
	for line := range strings.Lines(string(said)) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "Error") {
			continue // what only one of them has
		}
		m := differs.FindStringSubmatch(line)
		if m == nil || strings.TrimSuffix(m[2], "^") != m[3] && m[2] != strings.NewReplacer(".", "", ":", "").Replace(m[3]) {
			out = append(out, line)
		}
	}
	return out
}

// judgeSamples has dciodvfy and pydicom look at the files.
func judgeSamples(t *testing.T, st *study.Study, r *review.Review, res export.Result) {
	t.Helper()
	var args []string
	var items []*study.Item
	silent, judged := 0, 0
	for _, f := range res.Files {
		name := strings.TrimSuffix(filepath.Base(f.Path), ".seg.dcm")
		i := slices.IndexFunc(st.Items, func(it *study.Item) bool { return it.Name == name })
		items = append(items, st.Items[i])
		args = append(args, f.Path, st.Items[i].Path)
		if tool, err := exec.LookPath("dciodvfy"); err != nil {
			t.Log("dciodvfy (package dicom3tools) is not installed")
		} else {
			out, _ := exec.Command(tool, "-new", f.Path).CombinedOutput()
			own, from := complaints(st.Items[i], string(out))
			for _, line := range own {
				t.Errorf("%s: %s", name, line)
			}
			judged++
			if len(own)+from == 0 {
				silent++
			}
			for _, line := range strangers(f.Path, st.Items[i].Path) {
				t.Errorf("%s: %s", name, line)
			}
		}
	}
	t.Logf("dciodvfy is silent of %d of %d", silent, judged)
	const mostInherit = 13 // see docs/interop.md
	if judged-silent > mostInherit {
		t.Errorf("of %d files something is said", judged-silent)
	}
	python := "/usr/bin/python3"
	if exec.Command(python, "-c", "import pydicom, numpy").Run() != nil {
		t.Skip("no python3 with pydicom and numpy")
	}
	c := exec.Command(python, append([]string{"-W", "ignore", "-c", readSegmentation}, args...)...)
	c.Stderr = os.Stderr
	data, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := json.NewDecoder(strings.NewReader(string(data)))
	for _, it := range items {
		var a struct {
			Wrong  []string
			Frames map[int]string
		}
		if err := answers.Decode(&a); err != nil {
			t.Fatal(err)
		}
		for _, w := range a.Wrong {
			t.Errorf("%s: %s", it.Name, w)
		}
		if len(a.Frames) == 0 {
			t.Errorf("%s: no frames", it.Name)
		}
		for n, hex := range a.Frames {
			var want strings.Builder
			for _, v := range r.Frame(review.Key{Instance: it.ID, Frame: n - 1}).Labels.Pix {
				want.WriteString("0" + string('0'+rune(v)))
			}
			if hex != want.String() {
				t.Errorf("%s, frame %d: pydicom's pixels differ", it.Name, n)
			}
		}
	}
}
