package agree

import (
	"encoding/json"
	"image"
	_ "image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"echoline/internal/mask"
)

// splitMix is the generator of testdata/reference.py.
type splitMix uint64

func (g *splitMix) next() uint64 {
	*g += 0x9E3779B97F4A7C15
	z := uint64(*g)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func (g *splitMix) below(n int) int { return int(g.next() % uint64(n)) }

func (g *splitMix) blobs(w, h int) *mask.Plane {
	p := mask.NewPlane(w, h)
	for range 1 + g.below(4) {
		x, y := g.below(w), g.below(h)
		dx, dy, on := 1+g.below(w), 1+g.below(h), uint8(0)
		if g.below(4) > 0 {
			on = 1
		}
		for j := y; j < min(y+dy, h); j++ {
			for i := x; i < min(x+dx, w); i++ {
				p.Set(i, j, on)
			}
		}
	}
	return p
}

type referencePair struct {
	Dice, IoU, HD95, ASD, NSD *float64
}

type referenceSet struct {
	Sum, Weighted            float64
	Sensitivity, Specificity []float64
	Majority, Mean           int
}

type reference struct {
	Random []struct {
		Pair      referencePair
		Several   *referenceSet
		Kappa     *float64
		Quadratic float64
	}
	Real []struct {
		A, B, C string
		W, H    int
		Pair    referencePair
		Several referenceSet
	}
}

func readReference(t *testing.T) reference {
	t.Helper()
	data, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// within is how near figures must be to those of the reference.
const within = 1e-6

func same(t *testing.T, what string, got float64, want *float64) {
	t.Helper()
	if want != nil && !(math.Abs(got-*want) <= within) {
		t.Errorf("%s %v, want %v", what, got, *want)
	}
}

func (p referencePair) check(t *testing.T, a, b *mask.Plane) {
	t.Helper()
	f := Compare(a, b, 1, 2+1e-9)
	same(t, "Dice", f.Dice, p.Dice)
	same(t, "IoU", f.IoU, p.IoU)
	same(t, "HD95", f.HD95, p.HD95)
	same(t, "ASD", f.ASD, p.ASD)
	same(t, "NSD", f.NSD, p.NSD)
}

func (s referenceSet) check(t *testing.T, masks []*mask.Plane) {
	t.Helper()
	w, readers, err := STAPLE(masks, 1)
	if err != nil {
		t.Fatal(err)
	}
	sum, weighted := 0.0, 0.0
	for i, v := range w {
		sum += v
		weighted += v * float64(i) / float64(len(w))
	}
	scale := 1 / float64(len(w)) // sums over pixels: the mean must agree
	got, want := sum*scale, s.Sum*scale
	same(t, "mean probability", got, &want)
	got, want = weighted*scale, s.Weighted*scale
	same(t, "where it lies", got, &want)
	for i, r := range readers {
		same(t, "sensitivity", r.Sensitivity, &s.Sensitivity[i])
		same(t, "specificity", r.Specificity, &s.Specificity[i])
	}
	for name, c := range map[string]struct {
		join func([]*mask.Plane, uint8) (*mask.Plane, error)
		want int
	}{"majority": {Majority, s.Majority}, "mean": {MeanDistance, s.Mean}} {
		p, err := c.join(masks, 1)
		if err != nil || mask.Count(p, 1) != c.want {
			t.Errorf("%s: %d pixels, want %d; %v", name, mask.Count(p, 1), c.want, err)
		}
	}
}

// Figures and consensus are those of SimpleITK, scikit-learn and scipy, on 200 random sets of masks.
func TestRandomAgainstReference(t *testing.T) {
	for seed, row := range readReference(t).Random {
		g := splitMix(seed)
		w, h := 3+g.below(30), 3+g.below(30)
		masks := make([]*mask.Plane, 2+g.below(4))
		for i := range masks {
			masks[i] = g.blobs(w, h)
		}
		row.Pair.check(t, masks[0], masks[1])
		if row.Several != nil {
			row.Several.check(t, masks)
		}
		same(t, "kappa", Kappa(categories(masks[0]), categories(masks[1])), row.Kappa)
		var grades [2][]int
		for r := range grades {
			for range 20 {
				grades[r] = append(grades[r], g.below(4))
			}
		}
		same(t, "quadratic kappa", QuadraticKappa(grades[0], grades[1]), &row.Quadratic)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func categories(p *mask.Plane) []int {
	out := make([]int, len(p.Pix))
	for i, v := range p.Pix {
		out[i] = int(v)
	}
	return out
}

// The same on 50 real pairs.
func TestRealAgainstReference(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "shared", "data", "busbra", "masks")
	if _, err := os.Stat(dir); err != nil {
		t.Skip("no BUS-BRA here: ", err)
	}
	rows := readReference(t).Real
	if len(rows) != 50 {
		t.Fatalf("%d pairs", len(rows))
	}
	for _, row := range rows {
		var masks []*mask.Plane
		for _, name := range []string{row.A, row.B, row.C} {
			masks = append(masks, readMask(t, filepath.Join(dir, name), row.W, row.H))
		}
		row.Pair.check(t, masks[0], masks[1])
		row.Several.check(t, masks)
	}
}

// readMask puts every fourth pixel of a mask file into the corner of a plane.
func readMask(t *testing.T, path string, w, h int) *mask.Plane {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	p := mask.NewPlane(w, h)
	for y := 0; y < img.Bounds().Dy(); y += 4 {
		for x := 0; x < img.Bounds().Dx(); x += 4 {
			if r, _, _, _ := img.At(x, y).RGBA(); r > 0x7fff {
				p.Set(x/4, y/4, 1)
			}
		}
	}
	return p
}
