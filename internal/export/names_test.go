package export

import (
	"encoding/json"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// twoNamed are a lesion and, as label 2 and 3, what a reader named; one name has codes in the table, one has not.
func twoNamed(t *testing.T) (Item, Input) {
	t.Helper()
	it := filmed(t, cine("still", 61, 47, 1, 1, 2, 3))
	it.Frames[0].Measure = func() []review.Measurement { return []review.Measurement{{Label: 1}, {Label: 2}, {Label: 3}} }
	in := input(it)
	in.Names = namesOf(review.LabelSet{Labels: []review.Label{{Value: 1}, {Value: 2, Name: "Cyst"}, {Value: 3, Name: "석회화"}}})
	in.Table = OwnLabels()
	return it, in
}

// written exports and returns the files by name.
func written(t *testing.T, in Input, format string) map[string]string {
	t.Helper()
	o := options(t, format)
	out := map[string]string{}
	for _, f := range run(t, in, o).Files {
		out[within(o.Dir, f.Path)] = f.Path
	}
	return out
}

func parsed[T any](t *testing.T, path string) (v T) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &v)
	}
	if err != nil {
		t.Fatal(path, err)
	}
	return v
}

func sideNames(s sidecar) (out []string) {
	for _, l := range s.Labels {
		out = append(out, itoa(int(l.Pixel))+" "+itoa(int(l.Value))+" "+l.Name+" "+l.Type.Value)
	}
	return out
}

// TestNamesOfLabelsInEveryFormat: what a reader called label 2 and 3 is in every file, with its codes where they are known.
func TestNamesOfLabelsInEveryFormat(t *testing.T) {
	it, in := twoNamed(t)
	same := []string{"1 1 lesion 4147007", "2 2 Cyst 367643001", "3 3 석회화 52988006"}
	for format, sides := range map[string]string{
		"png": "still.json", "labels": "still.json", "nifti": "still.json", "nnunet": nnunetFolder + "provenance/still.json",
		"yolo": "provenance/still.json", "training": "still.json",
	} {
		files := written(t, in, format)
		if got := sideNames(parsed[sidecar](t, files[sides])); !slices.Equal(got, same) {
			t.Errorf("%s: %q", format, got)
		}
	}
	for _, format := range []string{"coco", "coco-polygons"} {
		c := parsed[coco](t, written(t, in, format)["still.coco.json"])
		if want := []cocoCategory{{1, "lesion"}, {2, "Cyst"}, {3, "석회화"}}; !slices.Equal(c.Categories, want) {
			t.Errorf("%s: %v", format, c.Categories)
		}
		if len(c.Annotations) != 3 || c.Annotations[2].Category != 3 {
			t.Errorf("%s: %d annotations", format, len(c.Annotations))
		}
	}
	set := parsed[struct{ Labels map[string]int }](t, written(t, in, "nnunet")[nnunetFolder+"dataset.json"])
	if set.Labels["Cyst"] != 2 || set.Labels["석회화"] != 3 || set.Labels["lesion"] != 1 {
		t.Errorf("nnunet: %v", set.Labels)
	}
	for format, want := range map[string]map[string]string{
		"yolo":     {"data.yaml": "  0: \"lesion\"\n  1: \"Cyst\"\n  2: \"석회화\"\n"},
		"training": {"training.toml": `labels = ["lesion", "Cyst", "석회화"]`},
		"csv":      {"measurements.csv": ",2,Cyst,"},
		"boundary": {"still.boundary.json": `"name": "석회화"`},
	} {
		files := written(t, in, format)
		for name, words := range want {
			data, err := os.ReadFile(files[name])
			if err != nil || !strings.Contains(string(data), words) {
				t.Errorf("%s: no %q in %s: %v\n%.400s", format, words, name, err, data)
			}
		}
	}
	f, err := os.Open(written(t, in, "labels")["still.labels.png"])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	im, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range it.Frames[0].Labels.Pix {
		if g, _, _, _ := im.At(i%61, i/61).RGBA(); uint8(g>>8) != v {
			t.Fatalf("pixel %d is %d, not %d", i, g>>8, v)
		}
	}
}

func TestNamesOfLabelsInSEG(t *testing.T) {
	it, in := twoNamed(t)
	for _, format := range []string{"seg", "seg-labelmap"} {
		path := written(t, in, format)[map[string]string{"seg": "still.seg.dcm", "seg-labelmap": "still.labelmap.dcm"}[format]]
		if format == "seg" {
			var names []string
			for _, s := range pydicom(t, path).Segments {
				names = append(names, s[1].(string))
			}
			if !slices.Equal(names, []string{"lesion", "Cyst", "석회화"}) {
				t.Errorf("%s: %q", format, names)
			}
		}
		// And back, into a review whose reader has the same names, to the same values.
		files, failed, err := Read(t.Context(), []string{path}, []*study.Item{it.Source}, ReadOptions{
			Names: review.LabelSet{Labels: []review.Label{{Value: 2, Name: "Cyst"}, {Value: 3, Name: "석회화"}}},
			Known: in.Labels, Table: in.Table,
		})
		if err != nil || len(failed) > 0 || len(files) != 1 || len(files[0].Notes) > 0 {
			t.Fatal(err, failed, files)
		}
		back := files[0].Prediction(files[0].Frames[0]).Mask
		for v := range uint8(4) {
			if got, want := mask.Count(back, v), mask.Count(it.Frames[0].Labels, v); got != want {
				t.Errorf("%s: label %d has %d pixels, not %d", format, v, got, want)
			}
		}
	}
	validate(t, written(t, in, "seg")["still.seg.dcm"])
}

// A name means what its codes say, whoever gave it: a reader's names go before the workspace's table and the model's.
func TestNamesComeFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), LabelsName)
	if err := os.WriteFile(path, []byte(`{"labels": [{"value": 2, "name": "cyst"}, {"name": "duct", "type": ["22049009", "SCT", "Mammary duct ectasia"]}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	table, err := LoadLabels(path)
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Table: table, Names: map[uint8]string{2: "Duct"}}
	if l := in.label(2); l.Name != "Duct" || l.Type.Value != "22049009" || l.Value != 2 {
		t.Error(l)
	}
	in.Names[2] = "what nobody knows"
	if l := in.label(2); l.Name != "what nobody knows" || l.Type.Value != "52988006" {
		t.Error(l)
	}
	in.Names = nil
	if l := in.label(2); l.Name != "cyst" || l.Type.Value != "367643001" {
		t.Error(l)
	}
	in.Names = map[uint8]string{7: "named, and nowhere drawn"}
	if got := in.values(); !slices.Equal(got, []uint8{7}) {
		t.Error(got)
	}
}
