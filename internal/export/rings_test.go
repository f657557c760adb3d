package export

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/mask"
)

// inside tells whether the middle of a pixel is in a polygon, by counting crossings, from the definition.
func inside(ring []corner, x, y int) bool {
	in := false
	for i, a := range ring {
		ax, ay := a.xy()
		bx, by := ring[(i+1)%len(ring)].xy()
		if cx, cy := float64(x)+0.5, float64(y)+0.5; ax == bx && ax < cx && min(ay, by) < cy && cy < max(ay, by) {
			in = !in
		}
	}
	return in
}

// inWhole tells whether a pixel is in a polygon whose corners are cut to whole pixels, or on one of its edges: as OpenCV fills.
func inWhole(ring []corner, x, y int) bool {
	in := false
	for i, a := range ring {
		ax, ay := whole(a)
		bx, by := whole(ring[(i+1)%len(ring)])
		if min(ax, bx) <= x && x <= max(ax, bx) && min(ay, by) <= y && y <= max(ay, by) {
			return true
		}
		if ax == bx && ax < x && min(ay, by) <= y && y < max(ay, by) {
			in = !in
		}
	}
	return in
}

func whole(c corner) (x, y int) {
	fx, fy := c.xy()
	return int(fx), int(fy)
}

func TestPolygonsFillTheMask(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 9).Draw(t, "w"), rapid.IntRange(1, 9).Draw(t, "h")
		p := mask.NewPlane(w, h)
		for i := range p.Pix {
			p.Pix[i] = uint8(min(1, rapid.IntRange(0, 3).Draw(t, "px")))
		}
		rings := polygons(p, 1)
		simple(t, rings)
		for i, v := range p.Pix {
			for how, fills := range map[string]func([]corner, int, int) bool{"middle": inside, "whole": inWhole} {
				times := 0
				for _, r := range rings {
					if fills(r, i%w, i/w) {
						times++
					}
				}
				if times != int(v) {
					t.Fatalf("%s: pixel %d, %d of %v is in %d of %v", how, i%w, i/w, p.Pix, times, rings)
				}
			}
		}
	})
}

// simple wants polygons that touch neither themselves nor each other: of edges upright or level, no two have a point in common
// but neighbours their corner.
func simple(t *rapid.T, rings [][]corner) {
	type edge struct {
		ring, n, of    int
		x0, y0, x1, y1 float64
	}
	var all []edge
	for i, r := range rings {
		for n, a := range r {
			ax, ay := a.xy()
			bx, by := r[(n+1)%len(r)].xy()
			if ax != bx && ay != by || ax == bx && ay == by {
				t.Fatalf("an edge from %v to %v", a, r[(n+1)%len(r)])
			}
			all = append(all, edge{i, n, len(r), min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)})
		}
	}
	for i, a := range all {
		for _, b := range all[:i] {
			near := a.ring == b.ring && (a.n == b.n+1 || b.n == 0 && a.n == a.of-1)
			if !near && a.x0 <= b.x1 && b.x0 <= a.x1 && a.y0 <= b.y1 && b.y0 <= a.y1 {
				t.Fatalf("%v touches %v", a, b)
			}
		}
	}
}

// TestOpenCVFillsThePolygons fills the lines of a YOLO set as Ultralytics does: 32-bit shares of the size, cut to whole pixels.
func TestOpenCVFillsThePolygons(t *testing.T) {
	python := trainer(t)
	it := spotted(t, "clip", 3)
	o := options(t, "yolo")
	run(t, input(it), o)
	out, err := exec.Command(python, "-c", `
import sys
import cv2
import numpy as np
for path in sys.argv[1:]:
    mask = np.zeros((31, 47), np.uint8)
    for line in open(path):
        label, *shares = line.split()
        corners = np.array(shares, np.float32).reshape(-1, 2) * np.array([47, 31], np.float32)
        cv2.fillPoly(mask, [corners.astype(np.int32)], [1, 3][int(label)])
    print(mask.tobytes().hex())`, filepath.Join(o.Dir, "labels/train/clip.f0001.txt"), filepath.Join(o.Dir, "labels/train/clip.f0002.txt"),
		filepath.Join(o.Dir, "labels/train/clip.f0003.txt")).Output()
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Fields(string(out)) {
		if line != hexOf(it.Frames[i].Labels.Pix) {
			t.Errorf("frame %d differs", i+1)
		}
	}
	if n := len(strings.Fields(string(out))); n != len(it.Frames) {
		t.Errorf("%d masks", n)
	}
}
