package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/effort"
	"echoline/internal/fault"
	"echoline/internal/mask"
)

// effortData is a folder with two lesions to read, one of another part, and an image without lesion. The true lesion of b
// is larger than the bright disc that the model sees.
func effortData(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"images", "masks"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	rows := "file,class,split,lesion_px\n"
	for i, name := range []string{"a", "b", "c", "normal"} {
		p := writePicture(t, filepath.Join(dir, "images", name+".png"), 128, 96, 60, 48, 20)
		split, lesion := "test", mask.Count(p, 1)
		switch i {
		case 1:
			p.Fill(mask.Capsule(84, 48, 84, 48, 14, 14), 1)
		case 2:
			split = "val"
		case 3:
			p, lesion = mask.NewPlane(128, 96), 0
		}
		writeTrueMask(t, filepath.Join(dir, "masks", name+".png"), p)
		rows += fmt.Sprintf("%s.png,x,%s,%d\n", name, split, lesion)
	}
	if err := os.WriteFile(filepath.Join(dir, "split.csv"), []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func writeTrueMask(t *testing.T, path string, p *mask.Plane) {
	t.Helper()
	im := image.NewPaletted(image.Rect(0, 0, p.W, p.H), color.Palette{color.Black, color.White})
	copy(im.Pix, p.Pix)
	var b bytes.Buffer
	if err := png.Encode(&b, im); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEffortWritesWhatItTakes(t *testing.T) {
	o := effortOptions{
		data: effortData(t), out: filepath.Join(t.TempDir(), "out"), split: "test", model: testModel, seed: 1, workers: 1,
		strategies: []string{effort.Mix, effort.Brush, effort.Draw}, quiet: true,
	}
	var out bytes.Buffer
	if err := runEffort(context.Background(), o, &out, &out); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "mix") || !strings.Contains(out.String(), "0.95") {
		t.Error(out.String())
	}
	data, err := os.ReadFile(filepath.Join(o.out, "effort.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1+2*3*2 {
		t.Fatal(rows)
	}
	for _, r := range rows[1:] {
		if r[6] != "true" || r[1] == "draw" && r[3] == "0" || r[0] == "b.png" && r[2] == "0.95" && r[3] == "0" {
			t.Error(r)
		}
	}
	var s effort.Summary
	raw, err := os.ReadFile(filepath.Join(o.out, "summary.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &s); err != nil || s.Images != 2 || len(s.Figures) != 6 || len(s.Ratios) != 4 || s.Model == "" {
		t.Fatal(err, string(raw))
	}
	if svg, err := os.ReadFile(filepath.Join(o.out, "effort.svg")); err != nil || !bytes.HasPrefix(svg, []byte("<svg")) {
		t.Fatal(err)
	}
	o.out, o.workers = filepath.Join(t.TempDir(), "again"), 2
	if err := runEffort(context.Background(), o, &out, &out); err != nil {
		t.Fatal(err)
	}
	if again, err := os.ReadFile(filepath.Join(o.out, "effort.csv")); err != nil || !bytes.Equal(again, data) {
		t.Fatal("other numbers the second time", err)
	}
}

func TestEffortFaults(t *testing.T) {
	base := effortOptions{data: effortData(t), split: "test", model: testModel, workers: 1, strategies: []string{effort.Draw}, quiet: true}
	for _, c := range []struct {
		code   fault.Code
		change func(o *effortOptions)
	}{
		{codeEffortData, func(o *effortOptions) { o.data = t.TempDir() }},
		{codeEffortNone, func(o *effortOptions) { o.split = "train" }},
		{codeEffortOut, func(o *effortOptions) { o.out = filepath.Join(o.data, "split.csv") }},
		{codeEffortMask, func(o *effortOptions) {
			writeTrueMask(t, filepath.Join(o.data, "masks", "b.png"), mask.NewPlane(9, 9))
		}},
		{codeEffortData, func(o *effortOptions) {
			if err := os.WriteFile(filepath.Join(o.data, "split.csv"), []byte("a,b\n1,2\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		o := base
		o.out = filepath.Join(t.TempDir(), "out")
		c.change(&o)
		if err := runEffort(context.Background(), o, &bytes.Buffer{}, &bytes.Buffer{}); fault.CodeOf(err) != c.code {
			t.Errorf("%v, want %s", err, c.code)
		}
	}
	for _, args := range [][]string{{"effort"}, {"effort", "--data", "x"}, {"effort", "--data", "x", "--out", "y", "--strategies", "luck"}} {
		if got := run(args); got != 2 {
			t.Errorf("%v: exit status %d", args, got)
		}
	}
}
