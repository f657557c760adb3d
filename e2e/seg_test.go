package e2e

import (
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// masks are the pixels of a cine or a still by source frame, from 1: true where the lesion is. Frames without any are left out.
type masks map[int]*bitmap

// bitmap is one frame.
type bitmap struct {
	w, h int
	on   []bool
}

// count is how many pixels are on.
func (b *bitmap) count() int {
	n := 0
	for _, on := range b.on {
		if on {
			n++
		}
	}
	return n
}

// judge asks dciodvfy, which names the kind of object and otherwise speaks only of faults.
func judge(t *testing.T, path string) {
	t.Helper()
	out, err := exec.Command("dciodvfy", "-new", path).CombinedOutput()
	if err != nil {
		t.Errorf("dciodvfy: %v", err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		if strings.TrimSpace(line) != "Segmentation" {
			t.Errorf("dciodvfy says: %s", line)
		}
	}
}

// readSEG reads a DICOM Segmentation of one segment with pydicom.
func readSEG(t *testing.T, path string) masks {
	t.Helper()
	raw := filepath.Join(t.TempDir(), "raw")
	c := exec.Command("/usr/bin/python3", "testdata/read_seg.py", path, raw)
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("pydicom: %v\n%s", err, errs.String())
	}
	var head struct {
		Frames, Rows, Columns, Bits int
		Type                        string
		Sources, Segments           []int
	}
	if err := json.Unmarshal(out, &head); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if head.Type != "BINARY" || head.Bits != 1 {
		t.Errorf("the segmentation is %s with %d bits", head.Type, head.Bits)
	}
	data, err := os.ReadFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	size := head.Rows * head.Columns
	if len(data) != head.Frames*size || len(head.Sources) != head.Frames {
		t.Fatalf("%d bytes, %d sources for %d frames of %d×%d", len(data), len(head.Sources), head.Frames, head.Columns, head.Rows)
	}
	m := masks{}
	for i, source := range head.Sources {
		if head.Segments[i] != 1 {
			t.Errorf("frame %d is of segment %d", i+1, head.Segments[i])
		}
		b := &bitmap{w: head.Columns, h: head.Rows, on: make([]bool, size)}
		for j, v := range data[i*size : (i+1)*size] {
			b.on[j] = v != 0
		}
		if b.count() > 0 {
			m[source] = b
		}
	}
	return m
}

// readPNGs reads NAME.mask.png, or the NAME.f0001.mask.png, … of a cine.
func readPNGs(t *testing.T, dir, name string) masks {
	t.Helper()
	m := masks{}
	if path := filepath.Join(dir, name+".mask.png"); exists(path) {
		m.add(t, 1, path)
	}
	paths, err := filepath.Glob(filepath.Join(dir, name+".f*.mask.png"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		var frame int
		rest := strings.TrimPrefix(filepath.Base(path), name+".f")
		if _, err := fmt.Sscanf(rest, "%d.mask.png", &frame); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		m.add(t, frame, path)
	}
	return m
}

// add reads one PNG, in which 0 is background.
func (m masks) add(t *testing.T, frame int, path string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	grey, ok := img.(*image.Gray)
	if !ok {
		t.Fatalf("%s is %T", path, img)
	}
	b := &bitmap{w: grey.Rect.Dx(), h: grey.Rect.Dy(), on: make([]bool, grey.Rect.Dx()*grey.Rect.Dy())}
	for i := range b.on {
		b.on[i] = grey.Pix[i/b.w*grey.Stride+i%b.w] != 0
	}
	if b.count() > 0 {
		m[frame] = b
	}
}

// same fails the test unless both hold the same frames and pixels.
func same(t *testing.T, what string, got, want masks) {
	t.Helper()
	if len(want) == 0 {
		t.Errorf("%s: there is no mask to compare with", what)
	}
	for frame, w := range want {
		if n := difference(got[frame], w); n != 0 {
			t.Errorf("%s: %d pixels differ in frame %d", what, n, frame)
		}
	}
	for frame := range got {
		if want[frame] == nil {
			t.Errorf("%s: frame %d should be empty", what, frame)
		}
	}
}

// difference is how many pixels differ; a frame that is not there is empty.
func difference(a, b *bitmap) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return b.count()
	case b == nil:
		return a.count()
	case a.w != b.w || a.h != b.h:
		return max(len(a.on), len(b.on))
	}
	n := 0
	for i := range a.on {
		if a.on[i] != b.on[i] {
			n++
		}
	}
	return n
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
