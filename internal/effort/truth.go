package effort

import (
	"math"

	"echoline/internal/contour"
	"echoline/internal/mask"
)

// truth is what a reader sees where he knows the true boundary.
type truth struct {
	plane  *mask.Plane
	pixels int       // of Label
	extent float64   // longer side of the box around all lesions, px
	sites  []site    // all around the true outline, about a pixel apart
	rings  []stretch // which of the sites are each ring's; outer rings by size, then holes
	near   []int32   // per pixel, the nearest site
	depth  []float32 // per pixel, the distance to the true boundary, px; above zero inside
}

// site is a point of the true boundary.
type site struct {
	contour.Point
	out contour.Point // direction outwards, of length 1
}

// stretch is n sites from one on, around the ring that begins at base and has size.
type stretch struct {
	base, size int
	from, n    int
	hole       bool
}

// site is the index of the stretch's k-th site; k may lie before or behind it.
func (s stretch) site(k int) int { return s.base + ((s.from+k)%s.size+s.size)%s.size }

// most tells whether the stretch is most of its ring: a stroke along it counts as drawing from nothing.
func (s stretch) most() bool { return 2*s.n > s.size }

// siteStep is the distance between sites, px.
const siteStep = 1.0

func measureTruth(p *mask.Plane) *truth {
	t := &truth{plane: p, pixels: mask.Count(p, Label)}
	box := mask.Bounds(p, Label)
	t.extent = float64(max(box.Dx(), box.Dy(), 1))
	cs := contour.FromMask(p, Label)
	for _, holes := range []bool{false, true} {
		for len(cs) > 0 {
			best, at := -1.0, -1
			for i, c := range cs {
				if a := math.Abs(contour.Area(cs[i:i+1], 1, 1)); c.Hole == holes && a > best {
					best, at = a, i
				}
			}
			if at < 0 {
				break
			}
			t.addRing(cs[at])
			cs = append(cs[:at:at], cs[at+1:]...)
		}
	}
	t.measureDepth()
	return t
}

// addRing lays sites along a contour.
func (t *truth) addRing(c contour.Contour) {
	line := make([]contour.Point, 0, len(c.Points)+1)
	for _, v := range c.Points {
		line = append(line, v.Point)
	}
	line = append(line, line[0])
	pts := evenly(line, siteStep)
	pts = pts[:len(pts)-1]
	n, base := len(pts), len(t.sites)
	const reach = 4 // over which directions are taken
	for i, p := range pts {
		a, b := pts[(i+n-reach%n)%n], pts[(i+reach)%n]
		d := math.Max(math.Hypot(b.X-a.X, b.Y-a.Y), 1e-9)
		t.sites = append(t.sites, site{p, contour.Point{X: (b.Y - a.Y) / d, Y: (a.X - b.X) / d}})
	}
	t.rings = append(t.rings, stretch{base: base, size: n, n: n, hole: c.Hole})
}

// measureDepth fills near and depth.
func (t *truth) measureDepth() {
	w, h := t.plane.W, t.plane.H
	at := make(map[int32]int32, len(t.sites))
	for i, s := range t.sites {
		x, y := min(max(int(s.X), 0), w-1), min(max(int(s.Y), 0), h-1)
		at[int32(y*w+x)] = int32(i)
	}
	index, squared := nearest(w, h, func(i int) bool { _, ok := at[int32(i)]; return ok })
	t.near, t.depth = make([]int32, w*h), make([]float32, w*h)
	for i := range index {
		t.near[i] = -1
		if index[i] >= 0 {
			t.near[i] = at[index[i]]
		}
		d := float32(math.Sqrt(float64(squared[i])))
		if t.plane.Pix[i] != Label {
			d = -d
		}
		t.depth[i] = d
	}
}

// depthAt is the depth of a point below the true boundary.
func (t *truth) depthAt(p contour.Point) float64 {
	x, y := min(max(int(p.X), 0), t.plane.W-1), min(max(int(p.Y), 0), t.plane.H-1)
	return float64(t.depth[y*t.plane.W+x])
}

// beside is the point px outwards of a site.
func (t *truth) beside(i int, px float64) contour.Point {
	s := t.sites[i]
	return contour.Point{X: s.X + px*s.out.X, Y: s.Y + px*s.out.Y}
}

// misses says for each site what of a mask is wrong around it.
type misses struct {
	missing, extra         []float64 // wrong pixels that are nearest to the site
	missingDepth, extraFar []float64 // how far they reach, px
}

// errorsOf shares the wrong pixels of a mask among the sites.
func (t *truth) errorsOf(m *mask.Plane) *misses {
	n := len(t.sites)
	e := &misses{make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)}
	for i, v := range m.Pix {
		in := t.plane.Pix[i] == Label
		if (v == Label) == in || t.near[i] < 0 {
			continue
		}
		s, d := t.near[i], math.Abs(float64(t.depth[i]))
		if in {
			e.missing[s]++
			e.missingDepth[s] = math.Max(e.missingDepth[s], d)
		} else {
			e.extra[s]++
			e.extraFar[s] = math.Max(e.extraFar[s], d)
		}
	}
	return e
}
