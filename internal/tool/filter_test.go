package tool_test

import (
	"image"
	"math"
	"testing"

	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/review/reviewtest"
	"echoline/internal/tool"
)

func perimeter(r *review.Review) float64 {
	sum := 0.0
	for _, c := range r.Contours(key) {
		sum += contour.Length(c)
	}
	return sum
}

// rough is a disc of 40 px with teeth.
func rough(t *testing.T) *review.Review {
	t.Helper()
	r := empty(200, 200)
	l := tool.NewLasso(r, 1)
	var ps []tool.Pointer
	for i := range 400 {
		a := 2 * math.Pi * float64(i) / 400
		d := 40 + 3*math.Sin(23*a)
		ps = append(ps, at(100+d*math.Cos(a), 100+d*math.Sin(a)))
	}
	gesture(t, l, ps...)
	return r
}

func TestSmoothKeepsTheArea(t *testing.T) {
	r := rough(t)
	area, length := count(r, 1), perimeter(r)
	if changed, err := tool.Smooth(r, key, 1, nil, 8); !changed || err != nil {
		t.Fatal(changed, err)
	}
	t.Logf("boundary %.0f → %.0f px, a circle has %.0f", length, perimeter(r), 2*math.Sqrt(math.Pi*float64(area)))
	if count(r, 1) != area || perimeter(r) > 1.03*2*math.Sqrt(math.Pi*float64(area)) {
		t.Fatal(count(r, 1), area)
	}
}

// One key over a whole label is no review of its boundary: nothing becomes confirmed or corrected by it.
func TestFiltersOfAWholeLabelReviewNothing(t *testing.T) {
	reviewed := func(r *review.Review) float64 { return r.Progress(key, 1).Reviewed }
	for name, do := range map[string]func(r *review.Review, arc *contour.Arc) (bool, error){
		"smooth": func(r *review.Review, arc *contour.Arc) (bool, error) { return tool.Smooth(r, key, 1, arc, 8) },
		"grow":   func(r *review.Review, _ *contour.Arc) (bool, error) { return tool.Grow(r, key, 1, 3) },
		"shrink": func(r *review.Review, _ *contour.Arc) (bool, error) { return tool.Grow(r, key, 1, -3) },
	} {
		r := scene(t)
		if changed, err := do(r, nil); !changed || err != nil {
			t.Fatal(name, changed, err)
		}
		if n := reviewed(r); n != 0 {
			t.Errorf("after %s %.0f px of the boundary count as reviewed", name, n)
		}
		if name != "smooth" {
			continue
		}
		if changed, err := do(r, &r.Arcs(key, 1)[0]); changed && reviewed(r) == 0 {
			t.Error("an arc that was smoothed by itself does not count as corrected", err)
		}
	}
}

func TestSmoothOfAnArcLeavesTheRest(t *testing.T) {
	r := rough(t)
	// The right half is corrected anyway; confirm a part to have arcs.
	half := contour.Arc{Contour: 0}
	c := r.Contours(key)[0]
	n := len(c.Points)
	half.From, half.To = 0, n/3
	for i := range half.Each(c) {
		if i != half.From {
			half.Length += math.Hypot(c.Points[i].X-c.Points[i-1].X, c.Points[i].Y-c.Points[i-1].Y)
		}
	}
	old, area := r.Frame(key).Labels, count(r, 1)
	if changed, err := tool.Smooth(r, key, 1, &half, 8); !changed || err != nil {
		t.Fatal(changed, err)
	}
	now := r.Frame(key).Labels
	if count(r, 1) != area {
		t.Fatal(count(r, 1), area)
	}
	for i, v := range now.Pix {
		if v == old.Pix[i] {
			continue
		}
		near := math.Inf(1)
		for k := range half.Each(c) {
			p := c.Points[k]
			near = math.Min(near, math.Hypot(float64(i%200)+0.5-p.X, float64(i/200)+0.5-p.Y))
		}
		if near > 8 {
			t.Fatalf("changed at %d, %d, %v px from the arc", i%200, i/200, near)
		}
	}
}

func TestGrowAndShrinkInMillimetres(t *testing.T) {
	for _, by := range []float64{0.35, 1, -0.35, -2} {
		r := reviewtest.New(200, 160, &[2]float64{0.1, 0.2}, nil)
		b := tool.NewBrush(r, 1)
		b.Fit(key, 5)
		gesture(t, b, at(100, 80))
		if changed, err := tool.Grow(r, key, 1, by); !changed || err != nil {
			t.Fatal(changed, err)
		}
		got := math.Sqrt(r.Measurements(key)[0].Area / math.Pi)
		t.Logf("by %v mm: radius %.3f mm", by, got)
		if math.Abs(got-5-by) > 0.04 {
			t.Errorf("by %v mm the radius became %v mm", by, got)
		}
		name := "grow"
		if by < 0 {
			name = "shrink"
		}
		if h := r.History(key); h[1].Name != name {
			t.Error(h)
		}
	}
	r := empty(60, 60)
	if changed, err := tool.Grow(r, key, 1, 1); changed || err != nil {
		t.Fatal("nothing grows", changed, err)
	}
}

func TestShrinkLeavesTheImagesEdge(t *testing.T) {
	r := empty(60, 60)
	gesture(t, tool.NewLasso(r, 1), at(0, 10), at(30, 10), at(30, 40), at(0, 40))
	if changed, err := tool.Grow(r, key, 1, -3); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if box := mask.Bounds(r.Frame(key).Labels, 1); box != image.Rect(0, 13, 27, 37) {
		t.Fatal(box)
	}
}

func TestHolesAndIslands(t *testing.T) {
	r := scene(t)
	if changed, err := tool.FillHoles(r, key, 1); !changed || err != nil || r.Frame(key).Labels.At(35, 40) != 1 {
		t.Fatal(changed, err)
	}
	if changed, err := tool.KeepLargest(r, key, 1); !changed || err != nil || r.Frame(key).Labels.At(17, 14) != 0 || r.Frame(key).Labels.At(40, 40) != 1 {
		t.Fatal(changed, err)
	}
	for _, f := range []string{"holes", "keep"} {
		if changed, err := filters(1)[f](r); changed || err != nil {
			t.Fatal("twice", f)
		}
	}
}

func TestAConfirmedIslandStays(t *testing.T) {
	r := scene(t)
	for _, a := range r.Arcs(key, 1) {
		if a.Centre.Y < 22 {
			if err := r.ConfirmArc(key, a); err != nil {
				t.Fatal(err)
			}
		}
	}
	if changed, err := tool.KeepLargest(r, key, 1); changed || err != nil {
		t.Fatal("a confirmed island went", err)
	}
}

func TestCopyIsUnreviewed(t *testing.T) {
	r := scene(t)
	b := tool.NewBrush(r, 1)
	b.Fit(key, 2)
	gesture(t, b, at(60, 60), at(70, 66))
	if changed, err := tool.Copy(r, second, key); !changed || err != nil {
		t.Fatal(changed, err)
	}
	if !r.Frame(key).Labels.Equal(r.Frame(second).Labels) {
		t.Fatal("not the same")
	}
	if p := r.Progress(key, 1); p.Reviewed != 0 || p.Total == 0 {
		t.Fatal(p)
	}
	if h := r.History(key); h[len(h)-1].Name != "copy" || h[len(h)-1].Origin != review.ByReader {
		t.Fatal(h)
	}
	if _, err := tool.Copy(r, review.Key{Instance: key.Instance, Frame: -1}, key); fault.CodeOf(err) != review.CodeFrame {
		t.Fatal(err)
	}
}

func TestCutTakesTheSmallerPart(t *testing.T) {
	for _, invert := range []bool{false, true} {
		r := empty(100, 60)
		gesture(t, tool.NewLasso(r, 1), at(10, 10), at(90, 10), at(90, 50), at(10, 50))
		gestureOf(t, tool.NewBucket(r, 1), with(line(30.5, 2, 30.5, 58), invert, false))
		now := r.Frame(key).Labels
		if left, right := now.At(20, 30), now.At(60, 30); (left == 1) != invert || (right == 1) == invert {
			t.Fatal(left, right)
		}
		if h := r.History(key); h[1].Name != "cut" {
			t.Fatal(h)
		}
		// A line that ends inside cuts nothing off.
		b := tool.NewBucket(r, 1)
		if err := b.Press(key, at(60, 2)); err != nil {
			t.Fatal(err)
		}
		b.Drag(at(60, 30))
		if changed, err := b.Release(); changed || err != nil {
			t.Fatal(changed, err)
		}
	}
}
