package export

import (
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

var update = flag.Bool("update", false, "write testdata/training anew")

func readCOCO(t *testing.T, path string) coco {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var c coco
	if err := json.Unmarshal(data, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

// rleOf are the run lengths of an annotation that was read without knowing what it holds.
func rleOf(t *testing.T, v any) (rle cocoRLE) {
	t.Helper()
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &rle)
	}
	if err != nil {
		t.Fatal(err)
	}
	return rle
}

// fill draws run lengths into a plane, from their definition.
func fill(p *mask.Plane, rle cocoRLE, label uint8) {
	at := 0
	for i, n := range rle.Counts {
		for range n {
			if i%2 == 1 {
				p.Set(at/p.H, at%p.H, label)
			}
			at++
		}
	}
}

func TestCOCO(t *testing.T) {
	it := cine("clip", 41, 23, 3, 1, 5)
	it.Frames[1].Status = review.Open
	o := options(t, "coco")
	o.Include = All
	res := run(t, input(it), o)
	if len(res.Files) != 1 {
		t.Fatal(res.Files)
	}
	c := readCOCO(t, filepath.Join(o.Dir, "clip.coco.json"))
	if len(c.Images) != 3 || len(c.Annotations) != 4 || len(c.Categories) != 2 || c.Images[2].File != "clip.f0003.png" ||
		c.Categories[0] != (cocoCategory{1, "lesion"}) || c.Categories[1] != (cocoCategory{5, "label 5"}) {
		t.Fatalf("%+v", c)
	}
	planes := map[int]*mask.Plane{}
	for _, im := range c.Images {
		planes[im.ID] = mask.NewPlane(im.Width, im.Height)
	}
	for _, a := range c.Annotations {
		fill(planes[a.Image], rleOf(t, a.Segmentation), a.Category)
	}
	for _, f := range it.Frames {
		if !planes[f.Index+1].Equal(f.Labels) {
			t.Errorf("frame %d differs", f.Index+1)
		}
	}
	e := c.Info.Echoline
	if e.Reader != "Dr. Kim" || e.Study != "2.25.1" || e.Instance != it.Source.ID || !slices.Equal(e.NotReviewed, []int{2}) ||
		e.Labels[0].Pixel != 1 || e.Frames[0].Model.SHA256 != modelSHA || len(e.Frames[0].Arcs) == 0 || e.Frames[0].File != "clip.f0001.png" {
		t.Errorf("%+v", e)
	}
}

func TestRunLengths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 9).Draw(t, "w"), rapid.IntRange(1, 9).Draw(t, "h")
		p := mask.NewPlane(w, h)
		for i := range p.Pix {
			p.Pix[i] = uint8(rapid.IntRange(0, 2).Draw(t, "px"))
		}
		q := mask.NewPlane(w, h)
		for label := uint8(1); label < 3; label++ {
			rle, area, box := runLengths(p, label)
			fill(q, rle, label)
			n := 0
			for i, v := range p.Pix {
				if v != label {
					continue
				}
				n++
				if x, y := i%w, i/w; x < box[0] || y < box[1] || x >= box[0]+box[2] || y >= box[1]+box[3] {
					t.Fatalf("%d, %d is not in the box %v", x, y, box)
				}
			}
			if n != area || rle.Size != [2]int{h, w} {
				t.Fatalf("area %d, want %d, size %v", area, n, rle.Size)
			}
		}
		if !q.Equal(p) {
			t.Fatalf("%v, want %v", q.Pix, p.Pix)
		}
	})
}

// What pycocotools, which most programs read COCO with, makes of a file: the sum of each mask and its box.
const readMasks = `
import sys
from pycocotools.coco import COCO
c = COCO(sys.argv[1])
for a in c.anns.values():
    m = c.annToMask(a)
    ys, xs = m.nonzero()
    box = [xs.min(), ys.min(), xs.max() - xs.min() + 1, ys.max() - ys.min() + 1]
    assert m.sum() == a["area"] and box == a["bbox"], a
    print("annotation", a["id"])
`

func TestCOCOForOthers(t *testing.T) {
	if exec.Command("python3", "-c", "import pycocotools").Run() != nil {
		t.Skip("no python3 with pycocotools")
	}
	o := options(t, "coco")
	run(t, input(cine("clip", 41, 23, 3, 1, 5)), o)
	out, err := exec.Command("python3", "-c", readMasks, filepath.Join(o.Dir, "clip.coco.json")).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// taught is what the tests of training/ read: a cine of which the reader accepted a frame with an arc that cannot be seen,
// accepted one without lesion, corrected a piece of one, left one, rejected one; and a photo.
func taught() Input {
	clip := Item{Source: source("clip", 48, 40, 5)}
	clip.Source.ID = "1.2.3"
	whole := ellipse(48, 40, 24, 20, 13, 10, 1)
	cs := seen(whole)
	for i := range cs[0].Points {
		if v := &cs[0].Points[i]; v.State == contour.NotVisible {
			v.Expected, v.Band = 2, [4]float64{1, 2, 3, 4}
		}
	}
	clip.Frames = []Frame{
		{Index: 0, Labels: whole, Boundary: NewBoundary(cs), Arcs: NewArcs(cs), Status: review.Accepted, Model: modelSHA, Touched: true, Edited: true},
		frame(1, mask.NewPlane(48, 40)),
		{Index: 2, Labels: whole, Boundary: NewBoundary(seen(whole)), Arcs: NewArcs(seen(whole)), Touched: true, Edited: true},
		frame(3, whole),
		frame(4, whole),
	}
	clip.Frames[3].Status, clip.Frames[4].Status = review.Open, review.Rejected
	photo := Item{
		Source: &study.Item{Name: "photo", ID: "sha256:00", W: 30, H: 20, Frames: 1},
		Frames: []Frame{frame(0, ellipse(30, 20, 15, 10, 9, 6, 1))},
	}
	return input(clip, photo)
}

// The tests of training/ read the files of this golden, so that the two cannot drift apart.
func TestExportsForTraining(t *testing.T) {
	for _, format := range []string{"png", "coco"} {
		o := options(t, format)
		o.Include = All
		golden := filepath.Join("testdata", "training", format)
		for _, f := range run(t, taught(), o).Files {
			got, err := os.ReadFile(f.Path)
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(golden, filepath.Base(f.Path))
			if *update {
				if err := os.MkdirAll(golden, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			same := string(got) == string(want)
			if filepath.Ext(path) == ".png" { // encoders may differ
				same = slices.Equal(readPNG(t, f.Path).Pix, readPNG(t, path).Pix)
			}
			if !same {
				t.Errorf("%s differs; -update writes it anew", path)
			}
		}
	}
}
