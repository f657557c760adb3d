package export

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/inference"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// masks is how many random masks go through every lossless format.
var masks = flag.Int("masks", 1000, "how many random items TestRoundTrips makes")

// toFolder writes an item without waiting for the disk.
func toFolder(t *testing.T, in Input, format, dir string) {
	t.Helper()
	j := newJob(t.Context(), in, Options{Format: format, Include: Accepted, Version: "0.1.0"}, formats[format])
	var files []output
	for i := range in.Items {
		j.stem = j.stems[i]
		out, err := j.outputs(&in.Items[i])
		if err != nil {
			t.Fatal(format, err)
		}
		files = append(files, out...)
	}
	if j.format.whole != nil {
		out, err := j.format.whole(j)
		if err != nil {
			t.Fatal(format, err)
		}
		files = append(files, out...)
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// readBackAll reads a folder and expects no fault and no note.
func readBackAll(t *testing.T, dir string, in Input) []Imported {
	t.Helper()
	var items []*study.Item
	for _, it := range in.Items {
		items = append(items, it.Source)
	}
	out, failed, err := Read(t.Context(), []string{dir}, items, ReadOptions{Known: in.Labels, Table: in.Table})
	if err != nil || len(failed) > 0 {
		t.Fatal(err, failed)
	}
	for _, im := range out {
		for _, n := range im.Notes {
			t.Fatal(n, n.Args)
		}
	}
	return out
}

// sameMasks compares what was read with what was written. Formats that leave empty frames out may do so.
func sameMasks(it Item, out []Imported) error {
	got := map[int]*mask.Plane{}
	for _, im := range out {
		for _, f := range im.Frames {
			if f.Key.Instance != it.Source.ID || got[f.Key.Frame] != nil {
				return fmt.Errorf("frame %v, twice: %v", f.Key, got[f.Key.Frame] != nil)
			}
			got[f.Key.Frame] = f.Labels
		}
	}
	for _, f := range it.Frames {
		p := got[f.Index]
		if p == nil {
			if mask.Count(f.Labels, 0) != len(f.Labels.Pix) {
				return fmt.Errorf("frame %d is missing", f.Index+1)
			}
			p = mask.NewPlane(f.Labels.W, f.Labels.H)
		}
		if !p.Equal(f.Labels) {
			return fmt.Errorf("frame %d differs: %v, want %v", f.Index+1, p, f.Labels)
		}
		delete(got, f.Index)
	}
	if len(got) > 0 {
		return fmt.Errorf("%d frames that were not written", len(got))
	}
	return nil
}

// randomItem is an item of odd size, 1 to 300 frames, of which some are exported, with overlapping blobs of several
// labels, holes and single pixels.
func randomItem(r *rand.Rand, n int) Item {
	w, h, frames := 1+r.IntN(40), 1+r.IntN(40), 1+r.IntN(4)
	switch {
	case n%25 == 0:
		w, h, frames = 1+r.IntN(9), 1+r.IntN(9), 1+r.IntN(300)
	case n%3 == 0:
		frames = 1
	}
	labels := []uint8{1, 1 + uint8(r.IntN(255)), 1 + uint8(r.IntN(255))}[:1+r.IntN(3)]
	it := Item{Source: source(fmt.Sprintf("random %d", n), w, h, frames)}
	for i := range frames {
		if r.IntN(5) == 0 && i+1 < frames {
			continue
		}
		p := mask.NewPlane(w, h)
		for range r.IntN(5) {
			x, y := r.Float64()*float64(w), r.Float64()*float64(h)
			spans := mask.Capsule(x, y, x+r.Float64()*9-4, y+r.Float64()*9-4, 0.5+r.Float64()*8, 0.5+r.Float64()*8)
			p.Fill(spans, []uint8{0, labels[r.IntN(len(labels))], labels[r.IntN(len(labels))]}[r.IntN(3)])
		}
		for range r.IntN(4) {
			p.Pix[r.IntN(len(p.Pix))] = labels[r.IntN(len(labels))]
		}
		it.Frames = append(it.Frames, Frame{Index: i, Labels: p, Status: review.Accepted, Model: modelSHA})
	}
	return it
}

func TestRoundTrips(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 2026))
	plain := []string{"seg-labelmap", "png", "labels", "coco", "coco-polygons"}
	pictured := []string{"nifti", "nnunet", "yolo", "training"}
	dir := t.TempDir()
	frames := 0
	for n := range *masks {
		it := randomItem(r, n)
		// Every item becomes a SEG, and in turn two of the others; those that need pictures have fewer turns.
		ways := []string{"seg", plain[n%len(plain)], plain[(n/len(plain)+n+1)%len(plain)]}
		if n%5 == 0 {
			it = filmed(t, it)
			ways = append(ways, pictured[n/5%len(pictured)])
		}
		empty := true
		for _, f := range it.Frames {
			empty = empty && mask.Count(f.Labels, 0) == len(f.Labels.Pix)
		}
		in := input(it)
		in.Labels[0].Name = "lesion"
		for _, format := range ways {
			if empty && strings.HasPrefix(format, "seg") {
				continue
			}
			to := filepath.Join(dir, format)
			toFolder(t, in, format, to)
			if err := sameMasks(it, readBackAll(t, to, in)); err != nil {
				t.Fatalf("item %d, %s: %v", n, format, err)
			}
			if err := os.RemoveAll(to); err != nil {
				t.Fatal(err)
			}
		}
		frames += len(it.Frames)
	}
	t.Logf("%d items, %d masks", *masks, frames)
}

// What was read of a probability is the mask at one half, and the probability.
func TestFractionalRoundTrip(t *testing.T) {
	it := cine("clip", 33, 21, 3, 1)
	in := probabilities(input(it))
	dir := t.TempDir()
	toFolder(t, in, "seg-fractional", dir)
	out, failed, err := Read(t.Context(), []string{dir}, []*study.Item{it.Source}, ReadOptions{Known: in.Labels})
	if err != nil || len(failed) > 0 || len(out) != 1 || len(out[0].Notes) != 1 || out[0].Notes[0].Code != CodeNoteFraction {
		t.Fatalf("%v %v %+v", err, failed, out)
	}
	for _, f := range out[0].Frames {
		want := in.prediction(&it, it.Frames[f.Key.Frame]).Probability
		for i, p := range want {
			stored := float32(scaled(p)) / fractionalMax
			if f.Probability[i] != stored || (f.Labels.Pix[i] == 1) != (stored >= 0.5) {
				t.Fatalf("frame %d, pixel %d: %v %d, want %v", f.Key.Frame, i, f.Probability[i], f.Labels.Pix[i], stored)
			}
		}
	}
}

func TestReadFaults(t *testing.T) {
	clip, still := filmed(t, cine("clip", 20, 10, 3, 1)), filmed(t, cine("still", 20, 10, 1, 1))
	items := []*study.Item{clip.Source, still.Source}
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	encoded := func(it Item, format string) []byte {
		t.Helper()
		j := newJob(t.Context(), probabilities(input(it)), Options{Format: format, Include: Accepted}, formats[format])
		j.stem = j.stems[0]
		out, err := j.outputs(&j.Items[0])
		if err != nil {
			t.Fatal(err)
		}
		return out[0].data
	}
	seg := encoded(clip, "seg")
	picture, err := clip.Source.Frame(0)
	if err != nil {
		t.Fatal(err)
	}
	grey, err := encodePNG(picture)
	if err != nil {
		t.Fatal(err)
	}
	other := cine("other", 20, 10, 2, 1)
	turned := filmed(t, cine("turned", 10, 20, 1, 1))
	turned.Source.Header.Attr["SOPInstanceUID"] = still.Source.ID
	mask4 := niftiVolume{w: 20, h: 10, frames: 4, kind: niftiUint8, data: make([]byte, 800)}
	nifti4, err := mask4.encode()
	if err != nil {
		t.Fatal(err)
	}
	short := mask4
	short.data = short.data[:300]
	cut, err := short.encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		code fault.Code
		note bool
	}{
		"cut.seg.dcm":      {seg[:len(seg)-40], CodeReadBroken, false},
		"half.seg.dcm":     {seg[:len(seg)/2], CodeReadBroken, false},
		"elsewhere.dcm":    {encoded(other, "seg"), CodeReadUnknown, true},
		"turned.dcm":       {encoded(turned, "seg"), CodeReadMisfit, true},
		"notes.dcm":        {bytes.Repeat([]byte("x"), 200), CodeReadKind, false},
		"unknown.png":      {encoded(still, "png"), CodeReadUnknown, false},
		"clip.png":         {encoded(still, "png"), CodeReadWhich, false},
		"clip.f0009.png":   {encoded(still, "png"), CodeReadCount, false},
		"still.png":        {grey, CodeReadGrey, false},
		"clip.mask.nii.gz": {nifti4, CodeReadCount, false},
		"clip.f0001.nii":   {cut, CodeReadBroken, false},
		"still.nii.gz":     {[]byte("no"), CodeReadBroken, false},
		"broken.json":      {[]byte("{"), CodeReadBroken, false},
		"other.json":       {[]byte("{}"), CodeReadKind, false},
		"runs.json": {[]byte(`{"images":[{"id":1,"file_name":"still.png","width":20,"height":10}],"categories":[{"id":1,"name":"lesion"}],
			"annotations":[{"image_id":1,"category_id":1,"segmentation":{"size":[10,20],"counts":[5,300]}}]}`), CodeReadBroken, false},
		"foreign.json": {[]byte(`{"images":[{"id":1,"file_name":"still.png","width":20,"height":10}],"categories":[{"id":5,"name":"Katze"}],
			"annotations":[{"image_id":1,"category_id":5,"segmentation":[[0,0,3,0,3,3]]}]}`), CodeReadForeign, true},
		"misfit.json": {[]byte(`{"images":[{"id":1,"file_name":"still.png","width":21,"height":10}],"categories":[{"id":1,"name":"lesion"}],
			"annotations":[{"image_id":1,"category_id":1,"segmentation":[[0,0,3,0,3,3]]}]}`), CodeReadMisfit, true},
		"outside.json": {[]byte(`{"program":{"name":"Echoline"},"instance":"x","frames":[{"frame":1,"file":"../../etc/passwd"}]}`), CodeReadBroken, false},
		"still.txt":    {[]byte("0 0.1 0.1 0.2"), CodeReadBroken, false},
	} {
		path := file(name, c.data)
		out, failed, err := Read(t.Context(), []string{path}, items, ReadOptions{Known: input().Labels})
		var f *fault.Error
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
			continue
		case c.note && len(out) == 1 && len(out[0].Notes) > 0:
			f = out[0].Notes[0]
		case !c.note && len(failed) == 1:
			f = failed[0]
		}
		if f == nil || f.Code != c.code || f.Where != path {
			t.Errorf("%s: %v, %v %+v", name, f, failed, out)
		}
		for _, im := range out {
			if len(im.Frames) > 0 {
				t.Errorf("%s: a mask was read", name)
			}
		}
	}
	if _, _, err := Read(t.Context(), []string{t.TempDir()}, items, ReadOptions{}); fault.CodeOf(err) != CodeReadNothing {
		t.Error(err)
	}
	if _, failed, _ := Read(t.Context(), []string{filepath.Join(dir, "none.png")}, items, ReadOptions{}); len(failed) != 1 || failed[0].Code != CodeReadFile {
		t.Error(failed)
	}
}

// Whatever bytes there are, there is an answer and no panic.
func TestDamagedFilesAreNoPanic(t *testing.T) {
	clip := filmed(t, cine("clip", 20, 10, 3, 1, 2))
	items := []*study.Item{clip.Source}
	r := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	for _, format := range []string{"seg", "seg-labelmap", "nifti", "coco", "coco-polygons", "labels", "yolo"} {
		in := input(clip)
		toFolder(t, in, format, filepath.Join(dir, format))
		files, err := filepath.Glob(filepath.Join(dir, format, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			data, err := os.ReadFile(path)
			if err != nil {
				continue // a folder
			}
			for range 60 {
				broken := bytes.Clone(data)
				for range 1 + r.IntN(6) {
					broken[r.IntN(len(broken))] = byte(r.IntN(256))
				}
				broken = broken[:r.IntN(len(broken)+1)]
				if err := os.WriteFile(path, broken, 0o644); err != nil {
					t.Fatal(err)
				}
				_, _, _ = Read(t.Context(), []string{path}, items, ReadOptions{Known: in.Labels})
			}
		}
	}
}

// An import is a prediction to correct: it can be undone, a model does not take its place, and exports say where it is from.
func TestImportIsAPrediction(t *testing.T) {
	it := cine("clip", 40, 30, 2, 1)
	in := input(it)
	dir := t.TempDir()
	toFolder(t, in, "seg", dir)
	out := readBackAll(t, dir, in)
	r := review.New(&study.Study{Items: []*study.Item{it.Source}}, "Dr. Lee", nil)
	k := review.Key{Instance: it.Source.ID}
	model := &inference.Prediction{Model: in.Models[modelSHA], W: 40, H: 30, Mask: ellipse(40, 30, 5, 5, 4, 4, 1), Probability: make([]float32, 1200)}
	stored := map[string]*inference.Prediction{}
	set := func(p *inference.Prediction) {
		t.Helper()
		stored[p.Model.SHA256] = p
		if err := r.SetPrediction(k, p); err != nil {
			t.Fatal(err)
		}
	}
	set(model)
	set(out[0].Prediction(out[0].Frames[0]))
	set(model)
	f := r.Frame(k)
	if !f.Labels.Equal(it.Frames[0].Labels) || f.Touched || f.Status != review.Open {
		t.Fatalf("touched %v, status %v", f.Touched, f.Status)
	}
	taken := FromStored(r, All, func(f *review.Frame) *inference.Prediction { return stored[f.Model] })
	fr := taken.Items[0].Frames[0]
	if fr.algorithm() != automatic || !strings.HasPrefix(fr.Model, ImportPrefix) || taken.Models[fr.Model].Name != "Echoline Echoline" {
		t.Errorf("%s %s %+v", fr.algorithm(), fr.Model, taken.Models)
	}
	fr.Began = manual
	if fr.Edited = true; fr.algorithm() != manual {
		t.Error("a drawn mask that was corrected by hand was made by a machine")
	}
	if name, ok, err := r.Undo(k); name != "import" || !ok || err != nil || !r.Frame(k).Labels.Equal(model.Mask) {
		t.Error(name, ok, err)
	}
	data, err := json.Marshal(out[0].Prediction(out[0].Frames[0]).Model)
	if err != nil || !bytes.Contains(data, []byte(out[0].SHA256)) {
		t.Error(err)
	}
}
