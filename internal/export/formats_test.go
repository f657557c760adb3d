package export

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// spotted is a cine with holes, islands and single pixels.
func spotted(t *testing.T, name string, n int) Item {
	t.Helper()
	it := cine(name, 47, 31, n, 1, 3)
	for i := range it.Frames {
		p := it.Frames[i].Labels
		p.Fill(mask.Capsule(14, 15, 14, 15, 2, 2), 0)
		p.Set(0, 0, 1)
		p.Set(46, 30, 3)
		p.Set(1, 1, 1)
		it.Frames[i] = frame(i, p)
	}
	return filmed(t, it)
}

func TestPycocotoolsFillsThePolygons(t *testing.T) {
	it := spotted(t, "clip", 4)
	var paths []string
	for _, format := range []string{"coco", "coco-polygons"} {
		paths = append(paths, run(t, input(it), options(t, format)).Files[0].Path)
	}
	out := judge(t, `
import json, sys, numpy as np
from pycocotools.coco import COCO
for path in sys.argv[1:]:
    c = COCO(path)
    r = {}
    for im in c.dataset["images"]:
        a = np.zeros((im["height"], im["width"]), np.uint8)
        for ann in c.loadAnns(c.getAnnIds(im["id"])):
            m = c.annToMask(ann)
            assert m.sum() == ann["area"], (m.sum(), ann["area"])
            a[m > 0] = ann["category_id"]
        r[im["id"]] = a.tobytes().hex()
    print("read", json.dumps(r))`, paths...)
	answers := strings.Split(string(out), "read ")[1:] // it also says how long it took
	if len(answers) != len(paths) {
		t.Fatalf("%s", out)
	}
	for i, a := range answers {
		var got map[string]string
		if err := json.NewDecoder(strings.NewReader(a)).Decode(&got); err != nil {
			t.Fatal(err)
		}
		for _, f := range it.Frames {
			if got[itoa(f.Index+1)] != hexOf(f.Labels.Pix) {
				t.Errorf("%s: frame %d differs", filepath.Dir(paths[i]), f.Index+1)
			}
		}
	}
}

func hexOf(b []byte) string {
	const digits = "0123456789abcdef"
	var s strings.Builder
	for _, v := range b {
		s.WriteByte(digits[v>>4])
		s.WriteByte(digits[v&15])
	}
	return s.String()
}

func TestNibabelReadsNIfTI(t *testing.T) {
	clip, still := spotted(t, "clip", 4), spotted(t, "still", 1)
	for i := range clip.Frames {
		clip.Frames[i].Spacing, clip.Frames[i].SpacingFrom = &study.Spacing{X: 0.125, Y: 0.25}, study.ByRegion
	}
	o := options(t, "nifti")
	run(t, input(clip, still), o)
	var paths []string
	for _, name := range []string{"clip.nii.gz", "clip.mask.nii.gz", "still.nii.gz", "still.mask.nii.gz"} {
		paths = append(paths, filepath.Join(o.Dir, name))
	}
	lines := strings.Split(strings.TrimSpace(string(judge(t, `
import sys, nibabel, numpy as np
for p in sys.argv[1:]:
    im = nibabel.load(p)
    a = np.asarray(im.dataobj)
    print("%s %s %s %s %s" % ("x".join(map(str, a.shape)), im.header.get_xyzt_units(), [float(z) for z in im.header.get_zooms()],
        int(im.header["sform_code"] + im.header["qform_code"]), a.T.tobytes().hex()))`, paths...))), "\n")
	var masks [2]string
	for i, it := range []Item{clip, still} {
		for _, f := range it.Frames {
			masks[i] += hexOf(f.Labels.Pix)
		}
	}
	for i, want := range []string{
		"47x31x1x4 ('mm', 'sec') [0.125, 0.25, 1.0, 0.03999999910593033] 0 ", "47x31x1x4 ('mm', 'sec') [0.125, 0.25, 1.0, 0.03999999910593033] 0 " + masks[0],
		"47x31x1 ('unknown', 'unknown') [1.0, 1.0, 1.0] 0 ", "47x31x1 ('unknown', 'unknown') [1.0, 1.0, 1.0] 0 " + masks[1],
	} {
		if !strings.HasPrefix(lines[i], want) {
			t.Errorf("%s: %.90s, want %.90s", paths[i], lines[i], want)
		}
	}
	f, err := clip.Source.Frame(3)
	if err != nil {
		t.Fatal(err)
	}
	last := make([]byte, len(f.Grey))
	for i, v := range f.Grey {
		last[i] = byte(v)
	}
	if !strings.HasSuffix(lines[0], hexOf(last)) {
		t.Error("the last picture differs")
	}
}

func TestBoundaryKeepsItsSchema(t *testing.T) {
	it := spotted(t, "clip", 3)
	it.Frames[0].Status = review.Open
	cs := contour.FromMask(it.Frames[1].Labels, 1)
	for i := range cs {
		for k := range cs[i].Points {
			v := &cs[i].Points[k]
			v.Expected, v.Band = 1.5, [4]float64{1, 2, 3, 4}
			if k > len(cs[i].Points)/2 {
				v.State = contour.Corrected
			}
		}
	}
	it.Frames[1].Arcs, it.Frames[1].Boundary = NewArcs(cs), NewBoundary(cs)
	o := options(t, "boundary")
	o.Include = All
	res := run(t, input(it), o)
	data, err := os.ReadFile(res.Files[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	var doc boundaryDoc
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	known, open := 0, 0
	for _, f := range doc.Features {
		p := f.Properties
		if p.Band != nil {
			known++
			if len(p.Expected) != len(f.Geometry.Coordinates) || len(p.Band["95"]) != len(p.Expected) || p.Band["95"][0] != 4 || p.Expected[0] != 1.5 {
				t.Errorf("%+v", p)
			}
		}
		if !p.Reviewed {
			open++
			if p.Frame != 1 {
				t.Errorf("frame %d was accepted", p.Frame)
			}
		}
	}
	if known != len(it.Frames[1].Arcs) || open != len(it.Frames[0].Arcs) || len(doc.Echoline.NotReviewed) != 1 {
		t.Errorf("%d arcs with errors, %d not reviewed, %v", known, open, doc.Echoline.NotReviewed)
	}
	judge(t, `
import json, sys, jsonschema
schema, doc = (json.load(open(p)) for p in sys.argv[1:])
jsonschema.Draft202012Validator.check_schema(schema)
jsonschema.Draft202012Validator(schema).validate(doc)
doc["features"][0]["properties"]["state"] = "seen"
try:
    jsonschema.Draft202012Validator(schema).validate(doc)
except jsonschema.ValidationError:
    pass
else:
    sys.exit("the schema lets everything through")`, "../../docs/boundary.schema.json", res.Files[0].Path)
}

func TestCSV(t *testing.T) {
	it := spotted(t, "=clip", 2)
	it.Source.Name = "=clip"
	it.Frames[0].Measure = func() []review.Measurement {
		return []review.Measurement{{
			Label: 1, Sizes: review.Sizes{Longest: 12.3456, Perpendicular: 7, Area: 50, Perimeter: 33, Circularity: 0.5, Circumference: 32.5},
			Millimetres: true, Source: study.ByRegion,
		}}
	}
	in := input(it)
	in.Reader = "@김"
	o := options(t, "csv")
	run(t, in, o)
	data, err := os.ReadFile(filepath.Join(o.Dir, "measurements.csv"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\r\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "name,instance") || !strings.HasPrefix(lines[1], "'=clip,") ||
		!strings.Contains(lines[1], "accepted,'@김,,1,lesion,mm,12.346,7.000,50.000,33.000,0.500,32.500,,,,,,,,,,") ||
		!strings.Contains(lines[1], modelSHA) || !strings.Contains(lines[2], ",,,,,,,") || !strings.Contains(lines[1], ResearchUse) {
		t.Errorf("%q", lines)
	}
}

func TestReport(t *testing.T) {
	it := spotted(t, "clip", 3)
	it.Frames[1].Status = review.Open
	it.Frames[0].Measure = func() []review.Measurement {
		return []review.Measurement{{Label: 1, Sizes: review.Sizes{Longest: 12.3}, Millimetres: true, Source: study.ByRegion}}
	}
	card := filepath.Join(t.TempDir(), "model.onnx")
	text := "# model\n\n## Intended use\n\nOnly for **checks**\nby readers.\n\n## More\n\nnothing\n"
	if err := os.WriteFile(strings.TrimSuffix(card, ".onnx")+".md", []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	in := input(it, filmed(t, cine("second", 20, 20, 1, 1)))
	m := in.Models[modelSHA]
	m.Path = card
	in.Models[modelSHA] = m
	in.Reader = "김 판독"
	in.Labels[0].Name = "병변"
	o := options(t, "report")
	o.Include = All
	res := run(t, in, o)
	if len(res.Files) != 1 || filepath.Base(res.Files[0].Path) != "report.pdf" {
		t.Fatal(res.Files)
	}
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext (package poppler-utils) is not installed")
	}
	out, err := exec.Command(tool, "-layout", res.Files[0].Path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"김 판독", "병변", "Only for checks by readers.", ResearchUse, "report.status.not_reviewed", "report.status.accepted", "12.3", modelSHA, "2.25.1", "1/3", "3/3",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in the report:\n%s", want, out)
		}
	}
	for _, never := range []string{"길동", "PID-4711", "nothing", "{pages}"} {
		if strings.Contains(string(out), never) {
			t.Errorf("%q is in the report", never)
		}
	}
}

// The report calls labels what the window calls them.
func TestReportNamesLabelsInItsLanguage(t *testing.T) {
	in := input(spotted(t, "clip", 1))
	in.Labels = []inference.Label{{Value: 1, Name: "lesion"}}
	in.Names = map[uint8]string{3: "lesion"}
	s := sheet{j: &job{Input: in, Options: options(t, "report")}}
	for v, want := range map[uint8]string{1: s.say("label.lesion", nil), 2: s.say("label.number", fault.Args{"N": uint8(2)}), 3: "lesion"} {
		if got := s.label(v); got != want {
			t.Errorf("label %d is called %q, not %q", v, got, want)
		}
	}
}

// Where there is no outline, the report does not tell whose it is.
func TestReportTellsNobodysOutlineWhereThereIsNone(t *testing.T) {
	s := sheet{j: &job{Options: options(t, "report")}}
	drawn := spotted(t, "clip", 1).Frames[0]
	empty := frame(0, mask.NewPlane(4, 4))
	edited, byHand, read, changed := empty, empty, drawn, drawn
	edited.Edited, byHand.Model = true, ""
	read.Model, read.Began = ImportPrefix+modelSHA, manual // it was drawn by hand, in the file
	changed.Model, changed.Edited = ImportPrefix+modelSHA, true
	for _, c := range []struct {
		f    Frame
		want string
	}{
		{drawn, s.say("report.algorithm.AUTOMATIC", nil)},
		{empty, s.say("report.algorithm.none", nil)},
		{edited, ""},
		{byHand, ""},
		{read, s.say("report.algorithm.imported", nil)},
		{changed, s.say("report.algorithm.imported.changed", nil)},
	} {
		if got, _, _ := strings.Cut(s.origin(c.f), " · "); got != c.want {
			t.Errorf("%d arcs: %q, not %q", len(c.f.Arcs), got, c.want)
		}
	}
}

func TestDataSets(t *testing.T) {
	it := spotted(t, "clip", 2)
	for format, want := range map[string][]string{
		"nnunet": {
			"imagesTr/clip.f0001_0000.png", "labelsTr/clip.f0001.png", "imagesTr/clip.f0002_0000.png", "labelsTr/clip.f0002.png",
			"provenance/clip.json", "dataset.json",
		},
		"yolo": {
			"images/train/clip.f0001.png", "labels/train/clip.f0001.txt", "images/train/clip.f0002.png",
			"labels/train/clip.f0002.txt", "provenance/clip.json", "data.yaml", "classes.txt",
		},
		"training": {
			"clip.f0001.mask.png", "clip.f0002.mask.png", "clip.json", "images/clip.f0001.png", "images/clip.f0002.png", "training.toml",
		},
	} {
		o := options(t, format)
		o.Manifest = true
		res := run(t, input(it), o)
		var got []string
		for _, f := range res.Files {
			got = append(got, strings.TrimPrefix(within(o.Dir, f.Path), nnunetFolder))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", format, got)
		}
		if out, err := exec.Command("sh", "-c", `cd "$1" && sha256sum --check --quiet manifest.sha256`, "sh", o.Dir).CombinedOutput(); err != nil {
			t.Errorf("%s: %v %s", format, err, out)
		}
	}
}

func TestNNUNetLabels(t *testing.T) {
	it := spotted(t, "clip", 1)
	o := options(t, "nnunet")
	run(t, input(it), o)
	var doc struct {
		Labels      map[string]int
		NumTraining int
		FileEnding  string `json:"file_ending"`
	}
	data, err := os.ReadFile(filepath.Join(o.Dir, nnunetFolder, "dataset.json"))
	if err == nil {
		err = json.Unmarshal(data, &doc)
	}
	if err != nil || doc.NumTraining != 1 || doc.FileEnding != ".png" || doc.Labels["lesion"] != 1 || doc.Labels["label 3"] != 2 {
		t.Errorf("%v %+v", err, doc)
	}
	im := readPNG(t, filepath.Join(o.Dir, nnunetFolder, "labelsTr", "clip.png"))
	for i, v := range it.Frames[0].Labels.Pix {
		if want := map[uint8]uint8{0: 0, 1: 1, 3: 2}[v]; im.Pix[i] != want {
			t.Fatalf("pixel %d is %d, want %d", i, im.Pix[i], want)
		}
	}
}

// trainer is the Python of the training environment, which has OpenCV.
func trainer(t *testing.T) string {
	t.Helper()
	python := "../../training/.venv/bin/python"
	if exec.Command(python, "-c", "import cv2").Run() != nil {
		t.Skip("no training environment: run make train-setup")
	}
	return python
}

// The training code reads what is made for it.
func TestTrainingReadsItsSet(t *testing.T) {
	python := trainer(t)
	it := spotted(t, "clip", 3)
	it.Frames[1].Status = review.Open
	in := input(it)
	in.Labels[0].Name = `les"ion`
	o := options(t, "training")
	o.Include = All
	run(t, in, o)
	c := exec.Command(python, "-c", `
import sys
from pathlib import Path
from echoline_training import exports
s = exports.open_set(Path(sys.argv[1]))
for r in s.rows:
    d = s.read(r)
    print(r.file, r.split, int(d.mask.sum()), d.image.shape)`, o.Dir)
	c.Env = append(os.Environ(), "PYTHONPATH=../../training")
	out, err := c.CombinedOutput()
	want := "train " + itoa(len(it.Frames[0].Labels.Pix)-mask.Count(it.Frames[0].Labels, 0)) + " (31, 47)"
	if err != nil || strings.Count(string(out), "\n") != 2 || !strings.Contains(string(out), want) {
		t.Errorf("%v, want %q in\n%s", err, want, out)
	}
}
