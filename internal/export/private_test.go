package export

import (
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"echoline/inference"
	"echoline/internal/deid"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/part10"
	"echoline/internal/review"
	"echoline/internal/study"
)

// privately are options of an export without persons; what of pictures stays is the left half.
func privately(t *testing.T, dates deid.Dates) *deid.Options {
	t.Helper()
	key, err := deid.OpenKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	return &deid.Options{
		Key: key, Dates: dates, Name: func(i int, _ string) string { return fmt.Sprintf("file %d", i+1) },
		Review: func(p *deid.Proposal) (deid.Answer, error) {
			p.Keep = []image.Rectangle{image.Rect(0, 0, p.Item.W/2, p.Item.H)}
			return deid.Write, nil
		},
	}
}

// TestPrivateSEGFitsDeidentifiedImage: what is exported without persons is called, refers and is dated as deidentify does it with
// the image, and comes back onto it.
func TestPrivateSEGFitsDeidentifiedImage(t *testing.T) {
	for _, dates := range []deid.Dates{deid.Modified, deid.Full, deid.Removed} {
		it := filmed(t, Item{Source: source("홍길동", 40, 30, 3)})
		it.Frames = []Frame{frame(1, ellipse(40, 30, 14, 15, 8, 6, 1))}
		it.Frames[0].Time = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
		p := privately(t, dates)
		o := options(t, "seg")
		o.Private = p
		res := run(t, input(it), o)
		images := filepath.Join(t.TempDir(), "images")
		st, err := study.Open(t.Context(), []string{it.Source.Path}, nil)
		if err != nil {
			t.Fatal(err)
		}
		cleaned, err := deid.Run(t.Context(), st, deid.Options{Dir: images, Key: p.Key, Dates: dates, Name: p.Name, Review: p.Review})
		if err != nil || len(cleaned.Files) != 1 {
			t.Fatal(err, cleaned.Failed)
		}
		base := strings.TrimSuffix(filepath.Base(cleaned.Files[0]), ".dcm")
		if got := filepath.Base(res.Files[0].Path); got != base+".seg.dcm" {
			t.Errorf("%s for %s", got, base)
		}
		if dates != deid.Removed { // without dates a SEG cannot be without warnings
			validate(t, res.Files[0].Path)
		}
		a, b := parsedFile(t, res.Files[0].Path), parsedFile(t, cleaned.Files[0])
		for _, tag := range []part10.Tag{0x00100010, 0x00100020, part10.Study, 0x00080020, 0x00200010, 0x00120062, 0x00120063, 0x00280303} {
			if a.Text(tag) != b.Text(tag) {
				t.Errorf("%s: %v is %q, of the image %q", dates, tag, a.Text(tag), b.Text(tag))
			}
		}
		if codes := a.Find(0x00120064); codes == nil || len(codes.Items) != len(b.Find(0x00120064).Items) {
			t.Errorf("%s: the methods are not told", dates)
		}
		back, err := study.Open(t.Context(), cleaned.Files, nil)
		if err != nil || len(back.Items) != 1 {
			t.Fatal(err)
		}
		in, failed, err := Read(t.Context(), []string{res.Files[0].Path}, back.Items, ReadOptions{Known: input().Labels})
		if err != nil || len(failed) > 0 || len(in) != 1 || len(in[0].Frames) != 1 || !in[0].Frames[0].Labels.Equal(it.Frames[0].Labels) {
			t.Errorf("%s: %v %v %+v", dates, err, failed, in)
		}
	}
}

func parsedFile(t *testing.T, path string) part10.Set {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f, err := part10.Parse(data, nil)
	if err != nil {
		t.Fatal(err)
	}
	return f.Set
}

// TestPrivateNames: readers, labels and imported files get names that are nobody's; what a model said is still found.
func TestPrivateNames(t *testing.T) {
	it := filmed(t, Item{Source: source("Hong", 40, 30, 1)})
	f := frame(0, ellipse(40, 30, 14, 15, 8, 6, 2))
	f.Model = ImportPrefix + strings.Repeat("cd", 32)
	it.Frames = []Frame{f}
	in := input(it)
	in.Models[f.Model] = inference.Info{Name: "Hong masks.dcm", SHA256: f.Model, Labels: []inference.Label{{Value: 2, Name: "Hong's cyst", Type: inference.Code{Value: "X", Scheme: "99HONG", Meaning: "Hong"}}}}
	in.Labels = append(in.Labels, in.Models[f.Model].Labels...)
	asked := 0
	in.Maps = func(k review.Key, sha string) *inference.Prediction {
		if k.Instance != it.Source.ID || sha != f.Model {
			t.Errorf("asked for %v of %s", k, sha)
		}
		asked++
		p := &inference.Prediction{W: 40, H: 30, Probability: make([]float32, 1200), Model: in.Models[f.Model]}
		p.Probability[7] = 1
		return p
	}
	in.Consensus = func(k review.Key, _ *mask.Plane) *review.Consensus {
		if k.Instance != it.Source.ID {
			t.Errorf("asked for the consensus of %v", k)
		}
		return &review.Consensus{
			Instance: k.Instance, Sources: []review.Source{{Reader: "Kim", Entry: "cdcdcdcd"}, {Reader: "Hong", Entry: "cdcdcdcd"}}, Method: "staple",
			By: "Hong", Arcs: []review.SettledArc{{Choice: "reader", Reader: "Kim"}}, Mask: "cdcdcdcd",
		}
	}
	in.Questions = []review.Question{{
		ID: "cdcdcdcd", Instance: it.Source.ID, By: "Kim", At: time.Now(), Words: "Is this Hong's cyst?", Points: [][2]float64{{3, 4}}, Label: 2,
		Answers: []review.Answer{{ID: "cdcdcdcd", By: "Hong", At: time.Now(), Kind: review.AnswerWords, Words: "Ask Kim"}},
	}, {ID: "1", Instance: it.Source.ID, By: "Kim", At: time.Now(), Words: "breast mass", Points: [][2]float64{{3, 4}}}}
	for _, format := range Formats() {
		o := options(t, format)
		o.Private = privately(t, deid.Modified)
		res := run(t, in, o)
		if all := allOf(t, res); format == "boundary" && (!strings.Contains(all, "breast mass") || !strings.Contains(all, "staple")) {
			t.Error("what names nobody is gone too")
		}
		for _, file := range res.Files {
			data, err := os.ReadFile(file.Path)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"Hong", "길동", "Kim", "PID-4711", "cdcdcdcd", it.Source.ID} {
				if strings.Contains(string(data)+strings.TrimPrefix(file.Path, o.Dir), word) {
					t.Errorf("%s: %s has %s", format, filepath.Base(file.Path), word)
				}
			}
		}
	}
	if asked == 0 {
		t.Error("nobody asked what the model said")
	}
	for name, want := range map[string]string{
		"lesion": "lesion", "Lesion": "lesion", "Hong's cyst": "label 3", "breast mass": "breast mass", "Hongs mass": "label 3", "common carotid artery": "common carotid artery", "": "label 3",
	} {
		if got := safeName(name, 3); got != want {
			t.Errorf("%q becomes %q", name, got)
		}
	}
}

// allOf is what all files of an export hold.
func allOf(t *testing.T, res Result) string {
	t.Helper()
	var b strings.Builder
	for _, f := range res.Files {
		data, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(data)
	}
	return b.String()
}

// TestPrivateFailures: what cannot be made safe is named as asked, and the rest is written; a reviewer who stops ends all.
func TestPrivateFailures(t *testing.T) {
	gone, there := filmed(t, Item{Source: source("Hong", 40, 30, 1)}), filmed(t, Item{Source: source("Kim", 40, 30, 1)})
	for _, it := range []*Item{&gone, &there} {
		it.Frames = []Frame{frame(0, ellipse(40, 30, 14, 15, 8, 6, 1))}
	}
	if err := os.Remove(gone.Source.Path); err != nil {
		t.Fatal(err)
	}
	for _, format := range Formats() {
		o := options(t, format)
		o.Private = privately(t, deid.Modified)
		res, err := Run(t.Context(), probabilities(input(gone, there)), o)
		if err != nil || len(res.Failed) != 1 || res.Failed[0].Where != "file 1" || len(res.Files) == 0 {
			t.Errorf("%s: %v %v %v", format, err, res.Failed, res.Files)
		}
		for _, f := range res.Failed {
			if strings.Contains(f.Error(), "Hong") {
				t.Errorf("%s: %v", format, f)
			}
		}
	}
	o := options(t, "nifti")
	o.Private = privately(t, deid.Modified)
	stop := errors.New("stop")
	o.Private.Review = func(*deid.Proposal) (deid.Answer, error) { return deid.Skip, stop }
	if res, err := Run(t.Context(), input(there), o); !errors.Is(err, stop) || len(res.Files) > 0 {
		t.Errorf("%v %v", err, res.Files)
	}
	o.Private.Review = func(*deid.Proposal) (deid.Answer, error) { return deid.Skip, nil }
	res, err := Run(t.Context(), input(there), o)
	if err != nil || len(res.Files) > 0 || len(res.Failed) != 1 || res.Failed[0].Code != deid.CodeSkipped {
		t.Errorf("%v %v", err, res)
	}
	if left, _ := os.ReadDir(o.Dir); fault.CodeOf(err) != "" || len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestPrivateSameUID: two different files of one instance UID get names of their own, in every file that names them.
func TestPrivateSameUID(t *testing.T) {
	a := filmed(t, Item{Source: source("Hong", 40, 30, 1)})
	uid := a.Source.Header.Attr["SOPInstanceUID"]
	src := source("Kim", 44, 30, 1)
	src.Header.Attr["SOPInstanceUID"] = uid
	b := filmed(t, Item{Source: src})
	b.Source.ID = uid + "/sha256:1"
	a.Frames, b.Frames = []Frame{frame(0, ellipse(40, 30, 14, 15, 8, 6, 1))}, []Frame{frame(0, ellipse(44, 30, 14, 15, 8, 6, 1))}
	for _, format := range []string{"training", "yolo", "png", "seg"} {
		o := options(t, format)
		o.Private = privately(t, deid.Modified)
		names := map[string]bool{}
		for _, f := range run(t, input(a, b), o).Files {
			if base := filepath.Base(f.Path); strings.HasPrefix(base, "us-") {
				names[base] = true
			}
		}
		if len(names) < 2 {
			t.Errorf("%s: %v", format, names)
		}
	}
}

// TestPrivateNamesOfLabels: what a reader called a label stays where the program knows the name, and of others the codes that are
// codes for certain; each label that has a name is there, drawn or not.
func TestPrivateNamesOfLabels(t *testing.T) {
	_, in := twoNamed(t)
	in.Names[3], in.Names[4] = "Hong's duct", "lymph node"
	in.Table.entries = append(in.Table.entries, tableLabel{Name: "Hong's duct", Category: []string{"49755003", "SCT", "Morphologically Altered Structure"}, Type: []string{"22049009", "SCT", "Mammary duct ectasia"}})
	o := options(t, "labels")
	o.Private = privately(t, deid.Modified)
	var sides []string
	for _, f := range run(t, in, o).Files {
		if strings.HasSuffix(f.Path, ".json") {
			sides = append(sides, sideNames(parsed[sidecar](t, f.Path))...)
		}
	}
	want := []string{"1 1 lesion 4147007", "2 2 cyst 367643001", "3 3 label 3 22049009", "4 4 lymph node 59441001"}
	if !slices.Equal(sides, want) {
		t.Errorf("%q", sides)
	}
}
