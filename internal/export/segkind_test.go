package export

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"echoline/inference"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// volume makes an Enhanced Ultrasound Volume of an item: with a Frame of Reference, and the plane of every frame.
func volume(it Item) Item {
	h := it.Source.Header
	h.Attr["SOPClassUID"] = "1.2.840.10008.5.1.4.1.1.6.2"
	h.Attr["FrameOfReferenceUID"], h.Attr["PositionReferenceIndicator"] = "2.25.77", "XIPHOID"
	for i := range it.Source.Frames {
		h.Planes = append(h.Planes, study.Plane{
			Position: [3]float64{-10.25, 3, 0.5 * float64(i)}, Orientation: [6]float64{1, 0, 0, 0, 1, 0}, Spacing: [2]float64{0.125, 0.2}, Thickness: 0.5, Between: 0.5,
		})
	}
	return it
}

// probabilities makes an input know what the model said: a slope along x that ends the lesion's edges.
func probabilities(in Input) Input {
	in.Maps = func(k review.Key, sha string) *inference.Prediction {
		for _, it := range in.Items {
			if it.Source.ID != k.Instance || sha != modelSHA {
				continue
			}
			w, h := it.Source.W, it.Source.H
			p := &inference.Prediction{W: w, H: h, Model: in.Models[modelSHA], Mask: mask.NewPlane(w, h)}
			for i := range w * h {
				p.Probability = append(p.Probability, float32(i%w)/float32(w)*float32(1+k.Frame%3)/3)
			}
			return p
		}
		return nil
	}
	return in
}

// What highdicom reads of segmentations: per frame of the source and segment the stored pixels. One process reads them all:
// it takes long to start.
const readHighdicom = `
import json, sys, highdicom as hd, numpy as np
for path, n in zip(sys.argv[1::2], map(int, sys.argv[2::2])):
    s = hd.seg.segread(path)
    uid = s.ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPInstanceUID
    common = dict(ignore_spatial_locations=True, assert_missing_frames_are_empty=True)
    if s.SegmentationType == "FRACTIONAL": common["rescale_fractional"] = False
    if n == 1:
        a = s.get_pixels_by_source_instance([uid], **common)
    else:
        a = s.get_pixels_by_source_frame(uid, list(range(1, n + 1)), **common)
    segs = [[d.segment_number, d.segment_label, d.segmented_property_type.value, d.segmented_property_category.value,
             [r.value for r in d.anatomic_regions], d.algorithm_type.value] for d in (s.get_segment_description(i) for i in s.segment_numbers)]
    print(json.dumps({"segments": segs, "pixels": [f.astype(np.uint8).tobytes().hex() for f in a],
                      "frame_of_reference": s.get("FrameOfReferenceUID", "")}))
`

type highdicomRead struct {
	Segments         [][]any
	Pixels           []string
	FrameOfReference string `json:"frame_of_reference"`
}

// wantHex is what highdicom should give: per source frame its pixels, with segments side by side in each pixel.
func wantHex(it Item, stored func(f Frame, value uint8, px int) byte, values []uint8) []string {
	byFrame := map[int]Frame{}
	for _, f := range it.Frames {
		byFrame[f.Index] = f
	}
	out := make([]string, it.Source.Frames)
	const digits = "0123456789abcdef"
	for i := range out {
		var b strings.Builder
		for px := range it.Source.W * it.Source.H {
			for _, v := range values {
				s := byte(0)
				if f, ok := byFrame[i]; ok {
					s = stored(f, v, px)
				}
				b.WriteByte(digits[s>>4])
				b.WriteByte(digits[s&15])
			}
		}
		out[i] = b.String()
	}
	return out
}

func bit(f Frame, value uint8, px int) byte {
	if f.Labels.Pix[px] == value {
		return 1
	}
	return 0
}

func TestHighdicomReadsEveryKind(t *testing.T) {
	type written struct {
		name, format string
		it           Item
		in           Input
	}
	var files []written
	var args []string
	for name, it := range map[string]Item{
		"still": cine("still", 61, 47, 1, 1, 2), "cine": cine("cine", 53, 31, 7, 1, 2, 7),
		"volume": volume(cine("volume", 33, 21, 4, 1)), "one label": cine("one", 40, 30, 3, 1),
	} {
		for _, format := range []string{"seg", "seg-labelmap", "seg-fractional"} {
			in := probabilities(input(it))
			if format == "seg-fractional" && it.Source.Frames == 1 {
				in.Maps = func(review.Key, string) *inference.Prediction { return slope(it.Source.W, it.Source.H) }
			}
			path := run(t, in, options(t, format)).Files[0].Path
			files = append(files, written{name + " " + format, format, it, in})
			args = append(args, path, itoa(it.Source.Frames))
			if format != "seg-labelmap" { // what Debian 12 has is older than label maps
				validate(t, path)
				gdcm(t, path)
			}
		}
	}
	answers := json.NewDecoder(bytes.NewReader(judge(t, readHighdicom, args...)))
	for _, f := range files {
		var r highdicomRead
		if err := answers.Decode(&r); err != nil {
			t.Fatal(f.name, err)
		}
		plan, _ := binarySEG{}.plan(&f.it)
		stored := bit
		if f.format == "seg-fractional" {
			plan.values = []uint8{1}
			stored = func(fr Frame, _ uint8, px int) byte { return scaled(f.in.prediction(&f.it, fr).Probability[px]) }
		}
		want := wantHex(f.it, stored, plan.values)
		if len(r.Pixels) != len(want) || len(r.Segments) != len(plan.values) {
			t.Fatalf("%s: %d frames, segments %v", f.name, len(r.Pixels), r.Segments)
		}
		for i := range want {
			if r.Pixels[i] != want[i] {
				t.Errorf("%s: frame %d differs", f.name, i)
			}
		}
		if want := f.it.attr("FrameOfReferenceUID"); r.FrameOfReference != want {
			t.Errorf("%s: frame of reference %q, want %q", f.name, r.FrameOfReference, want)
		}
		first := r.Segments[0]
		if first[1] != "lesion" || first[2] != "4147007" || first[4].([]any)[0] != "76752008" || first[5] != automatic {
			t.Errorf("%s: segment %v", f.name, first)
		}
	}
}

// slope is a prediction whose probability rises from left to right.
func slope(w, h int) *inference.Prediction {
	p := &inference.Prediction{W: w, H: h, Mask: mask.NewPlane(w, h), Model: inference.Info{SHA256: modelSHA}}
	for i := range w * h {
		p.Probability = append(p.Probability, float32(i%w)/float32(w))
	}
	return p
}

// gdcm reads the file with GDCM, which must know its pixels.
func gdcm(t *testing.T, path string) {
	t.Helper()
	tool, err := exec.LookPath("gdcminfo")
	if err != nil {
		t.Log("gdcminfo (package libgdcm-tools) is not installed")
		return
	}
	out, err := exec.Command(tool, path).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PhotometricInterpretation: MONOCHROME2") {
		t.Errorf("gdcminfo: %v\n%s", err, out)
	}
}

// dcmqi needs geometry: it can only read what lies in a Frame of Reference.
func TestDcmqiReadsVolumes(t *testing.T) {
	it := volume(cine("volume", 33, 21, 3, 1))
	for i := range it.Frames { // a frame without lesion is not written, and dcmqi wants planes without gaps
		it.Frames[i] = frame(i, ellipse(33, 21, 12+float64(i), 10, 7, 5, 1))
	}
	path := run(t, input(it), options(t, "seg")).Files[0].Path
	needJudges(t)
	dir := t.TempDir()
	out, err := exec.Command(filepath.Join(filepath.Dir(judgesPython), "segimage2itkimage"),
		"--inputDICOM", path, "--outputDirectory", dir, "--outputType", "nii").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*.nii*"))
	if len(files) != 1 {
		t.Fatalf("wrote %v\n%s", files, out)
	}
	got := judge(t, `
import sys, nibabel, numpy as np
a = np.asarray(nibabel.load(sys.argv[1]).dataobj)
print("".join("1" if v else "0" for v in a.transpose(2, 1, 0).ravel()), end="")`, files[0])
	var want strings.Builder
	for _, f := range it.Frames {
		for px := range f.Labels.Pix {
			want.WriteByte('0' + bit(f, 1, px))
		}
	}
	if string(got) != want.String() {
		t.Error("dcmqi's pixels differ")
	}
}

func TestFractionalNeedsProbability(t *testing.T) {
	res, err := Run(t.Context(), input(cine("a", 8, 8, 1, 1)), options(t, "seg-fractional"))
	if err != nil || len(res.Files) != 0 || len(res.Failed) != 1 || res.Failed[0].Code != CodeNoProbability {
		t.Errorf("%v %+v", err, res)
	}
}

func TestLabelTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), LabelsName)
	if own, err := WorkspaceLabels(filepath.Dir(path), nil); err != nil || len(own.entries) != len(OwnLabels().entries) {
		t.Error("a table that is not there", err)
	}
	if _, err := LoadLabels(path); fault.CodeOf(err) != CodeLabels {
		t.Error("a table that has to be there", err)
	}
	write := func(s string) {
		if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(`{"labels": [{"value": 2, "name": "Cyst"}, {"value": 5, "name": "duct", "type": ["22049009", "SCT", "Mammary duct ectasia"]}]}`)
	table, err := LoadLabels(path)
	if err != nil {
		t.Fatal(err)
	}
	it := cine("still", 61, 47, 1, 1, 2, 5)
	in := input(it)
	in.Table = table
	r := pydicom(t, run(t, in, options(t, "seg")).Files[0].Path)
	if r.Segments[0][1] != "lesion" || r.Segments[1][1] != "Cyst" || r.Segments[2][1] != "duct" {
		t.Errorf("segments %v", r.Segments)
	}
	if l := in.label(2); l.Type.Value != "367643001" {
		t.Errorf("codes of a known name: %+v", l)
	}
	for _, bad := range []string{
		`{`, `{"labels": [{"value": 2}]}`, `{"labels": [{"name": "x"}]}`, `{"labels": [{"name": "x", "type": ["1"]}]}`,
		`{"labels": [{"value": 2, "name": "cyst"}, {"value": 2, "name": "mass"}]}`, `{"labels": [{"title": "cyst"}]}`,
	} {
		write(bad)
		if _, err := LoadLabels(path); fault.CodeOf(err) != CodeLabels {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

func TestDecimals(t *testing.T) {
	for _, s := range decimals(math.Pi, -math.Pi/1e7, 1.0/3, -123456789.123456789, 0) {
		if len(s) > 16 {
			t.Errorf("%q is %d characters", s, len(s))
		}
	}
}

// TestSEGTellsPixelSize: where one calibration holds for all frames, rows first; else nothing is said.
func TestSEGTellsPixelSize(t *testing.T) {
	one, other := &study.Spacing{X: 0.1, Y: 0.25}, &study.Spacing{X: 0.2, Y: 0.2}
	for name, c := range map[string]struct {
		spacing [2]*study.Spacing
		from    study.Calibration
		want    string
	}{
		"calibrated": {[2]*study.Spacing{one, one}, study.ByRegion, `0.25\0.1`}, "by ruler": {[2]*study.Spacing{one, one}, study.ByRuler, `0.25\0.1`},
		"two": {[2]*study.Spacing{one, other}, study.ByRegion, ""}, "one without": {[2]*study.Spacing{one, nil}, study.ByRegion, ""},
		"none": {from: study.Uncalibrated}, "a guess": {[2]*study.Spacing{one, one}, study.ByNominalSpacing, ""},
	} {
		for _, format := range []string{"seg", "seg-labelmap"} {
			it := Item{Source: source("cine", 40, 30, 2)}
			for i := range 2 {
				f := frame(i, ellipse(40, 30, 20, 15, 8, 6, 1))
				f.Spacing, f.SpacingFrom = c.spacing[i], c.from
				it.Frames = append(it.Frames, f)
			}
			path := run(t, input(it), options(t, format)).Files[0].Path
			if format == "seg" {
				validate(t, path)
			}
			if got := firstItem(firstItem(parsedFile(t, path), tagShared), 0x00289110).Text(0x00280030); got != c.want {
				t.Errorf("%s, %s: %q", name, format, got)
			}
		}
	}
}

// TestWorkspaceLabels: a table in the folder goes before a project's schema, which counts where there is none; a damaged one is told.
func TestWorkspaceLabels(t *testing.T) {
	dir := t.TempDir()
	schema := []byte(`{"labels": [{"value": 2, "name": "duct", "type": ["22049009", "SCT", "Mammary duct ectasia"]}]}`)
	called := func() string {
		table, err := WorkspaceLabels(dir, func() ([]byte, error) { return schema, nil })
		if err != nil {
			return string(fault.CodeOf(err))
		}
		l, _ := table.ByValue(2)
		return l.Name
	}
	if got := called(); got != "duct" {
		t.Errorf("by the schema: %q", got)
	}
	for content, want := range map[string]string{`{"labels": [{"value": 2, "name": "cyst"}]}`: "cyst", `{"labels": []}`: "", `{`: string(CodeLabels)} {
		if err := os.WriteFile(filepath.Join(dir, LabelsName), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := called(); got != want {
			t.Errorf("with %s: %q", content, got)
		}
	}
	if _, err := WorkspaceLabels(t.TempDir(), func() ([]byte, error) { return []byte(`{`), nil }); fault.CodeOf(err) != CodeLabels {
		t.Error("a damaged schema:", err)
	}
}
