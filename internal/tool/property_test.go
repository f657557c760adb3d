package tool_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/review/reviewtest"
	"echoline/internal/tool"
)

// The frame of the property tests, small enough that gestures meet.
const sceneW, sceneH = 96, 80

var second = review.Key{Instance: key.Instance, Frame: 1}

// scene is a cine of two frames: on the first a lesion of label 1 with a hole, an island and a neighbour of label 2, on the
// second a lesion a little aside.
func scene(t testing.TB) *review.Review {
	t.Helper()
	r := reviewtest.NewCine(sceneW, sceneH, 2, &[2]float64{0.5, 0.4}, nil)
	fill := func(k review.Key, do func(s *review.Stroke)) {
		s, err := r.Begin(k, "prediction", review.ByModel)
		if err != nil {
			t.Fatal(err)
		}
		do(s)
		if _, err := s.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	fill(key, func(s *review.Stroke) {
		s.Fill(mask.Capsule(36, 40, 44, 42, 18, 15), 1)
		s.Fill(mask.Capsule(34, 40, 36, 40, 4, 3), 0)
		s.Fill(mask.Capsule(16, 14, 18, 14, 5, 5), 1)
		s.Fill(mask.Capsule(70, 44, 72, 40, 9, 11), 2)
	})
	fill(second, func(s *review.Stroke) { s.Fill(mask.Capsule(40, 38, 46, 42, 16, 13), 1) })
	return r
}

// picture is a dark disc where the lesion of the scene is, in speckle that is always the same.
func picture(w, h int) *tool.Picture {
	p := &tool.Picture{W: w, H: h, Pix: make([]uint8, w*h)}
	seed := uint32(1)
	for i := range p.Pix {
		seed = seed*1664525 + 1013904223
		v := 120
		if dx, dy := float64(i%w)-0.42*float64(w), float64(i/w)-0.5*float64(h); math.Hypot(dx/0.2/float64(w), dy/0.2/float64(h)) < 1 {
			v = 45
		}
		p.Pix[i] = uint8(v + int(seed>>28) - 8)
	}
	return p
}

// allTools is every tool for a label.
func allTools(r *review.Review, label uint8) []tool.Tool {
	return []tool.Tool{
		tool.NewBrush(r, label), tool.NewEraser(r, label), tool.NewPush(r, label), tool.NewLasso(r, label),
		tool.NewWire(r, label), tool.NewFresh(r, label), tool.NewEllipse(r, label), tool.NewBucket(r, label),
		tool.NewRedraw(r, label), tool.NewSlide(r, label),
	}
}

// filters is every filter by name.
func filters(label uint8) map[string]func(r *review.Review) (bool, error) {
	return map[string]func(r *review.Review) (bool, error){
		"holes":  func(r *review.Review) (bool, error) { return tool.FillHoles(r, key, label) },
		"keep":   func(r *review.Review) (bool, error) { return tool.KeepLargest(r, key, label) },
		"smooth": func(r *review.Review) (bool, error) { return tool.Smooth(r, key, label, nil, 3) },
		"arc": func(r *review.Review) (bool, error) {
			arcs := r.Arcs(key, 1)
			if len(arcs) == 0 {
				return false, nil
			}
			return tool.Smooth(r, key, label, &arcs[0], 2)
		},
		"grow":   func(r *review.Review) (bool, error) { return tool.Grow(r, key, label, 1.2) },
		"shrink": func(r *review.Review) (bool, error) { return tool.Grow(r, key, label, -0.8) },
		"copy":   func(r *review.Review) (bool, error) { return tool.Copy(r, second, key) },
	}
}

// hand draws what a hand does with tool t: a gesture of a few moves, clicks between if the tool takes them, and an end.
func hand(rt *rapid.T, t tool.Tool, at func() tool.Pointer) (begin tool.Pointer) {
	size := rapid.Float64Range(0.4, 6).Draw(rt, "size")
	t.Fit(key, size)
	if s, ok := t.(tool.Sighted); ok && rapid.Bool().Draw(rt, "sighted") {
		s.See(tool.NewSight(func() *tool.Picture { return picture(sceneW, sceneH) }))
	}
	begin = at()
	begin.Invert, begin.Edges = rapid.Bool().Draw(rt, "invert"), rapid.Bool().Draw(rt, "edges")
	press := func(p tool.Pointer) {
		if err := t.Press(key, p); err != nil {
			rt.Fatal(err)
		}
		for range rapid.IntRange(0, 5).Draw(rt, "moves") {
			t.Drag(at())
		}
		if _, err := t.Release(); err != nil {
			rt.Fatal(err)
		}
	}
	press(begin)
	p, ok := t.(tool.Path)
	if !ok {
		return begin
	}
	for p.Open() {
		switch rapid.IntRange(0, 4).Draw(rt, "next") {
		case 0:
			p.Hover(at())
			t.(tool.Sketch).Sketch()
		case 1:
			p.Back()
		case 2:
			if _, err := p.Finish(); err != nil {
				rt.Fatal(err)
			}
		default:
			press(at())
		}
	}
	return begin
}

// edit makes one random edit and returns where its gesture began, if it was one.
func edit(rt *rapid.T, r *review.Review, label uint8) (began *tool.Pointer) {
	at := func() tool.Pointer {
		return tool.Pointer{X: rapid.Float64Range(-20, sceneW+20).Draw(rt, "x"), Y: rapid.Float64Range(-20, sceneH+20).Draw(rt, "y")}
	}
	all := filters(label)
	names := make([]string, 0, len(all))
	for n := range all {
		names = append(names, n)
	}
	slices.Sort(names)
	tools := allTools(r, label)
	if i := rapid.IntRange(0, len(tools)+len(names)-1).Draw(rt, "tool"); i < len(tools) {
		p := hand(rt, tools[i], at)
		return &p
	} else if _, err := all[names[i-len(tools)]](r); err != nil {
		rt.Fatal(err)
	}
	return nil
}

func TestUndoneGivesTheFirstMaskRedoneTheLast(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := scene(t)
		first := *r.Frame(key)
		start := len(r.History(key))
		for range rapid.IntRange(1, 8).Draw(rt, "edits") {
			edit(rt, r, uint8(rapid.IntRange(1, 3).Draw(rt, "label")))
		}
		last := *r.Frame(key)
		for len(doneSteps(r)) > start {
			if _, ok, err := r.Undo(key); !ok || err != nil {
				rt.Fatal(ok, err)
			}
		}
		if f := r.Frame(key); !f.Labels.Equal(first.Labels) || !f.Marks.Equal(first.Marks) {
			rt.Fatal("undone is not the first")
		}
		for r.CanRedo(key) {
			if _, ok, err := r.Redo(key); !ok || err != nil {
				rt.Fatal(ok, err)
			}
		}
		if f := r.Frame(key); !f.Labels.Equal(last.Labels) || !f.Marks.Equal(last.Marks) {
			rt.Fatal("redone is not the last")
		}
	})
}

func doneSteps(r *review.Review) []review.Step {
	return slices.DeleteFunc(r.History(key), func(s review.Step) bool { return !s.Done })
}

func TestAStrokeOutsideChangesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := scene(t)
		// Beyond one side of the image, by more than any tip of these tests reaches.
		side := rapid.IntRange(0, 3).Draw(rt, "side")
		at := func() tool.Pointer {
			along, off := rapid.Float64Range(-60, 160).Draw(rt, "along"), rapid.Float64Range(16, 60).Draw(rt, "off")
			return [...]tool.Pointer{
				{X: along, Y: -off},
				{X: along, Y: sceneH + off},
				{X: -off, Y: along},
				{X: sceneW + off, Y: along},
			}[side]
		}
		// A fresh outline begins with taking the old one away, and a live-wire only goes where there is an image.
		// Redraw and slide mean the nearest boundary, however far: that is no stroke outside.
		tools := slices.DeleteFunc(allTools(r, 1), func(x tool.Tool) bool {
			return slices.Contains([]string{"fresh", "wire", "redraw", "slide"}, x.Name())
		})
		x := rapid.SampledFrom(tools).Draw(rt, "tool")
		if e, ok := x.(*tool.Ellipse); ok { // its width may reach in: that is no stroke outside
			e.Fit(key, 1)
			if err := e.Press(key, at()); err != nil {
				rt.Fatal(err)
			}
			e.Cancel()
		} else {
			hand(rt, x, at)
		}
		if f := r.Frame(key); len(r.History(key)) != 1 || !f.Labels.Equal(scene(t).Frame(key).Labels) {
			rt.Fatal(x.Name(), "changed something")
		}
	})
}

func TestEveryToolLeavesLockedLabelsAlone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := scene(t)
		locked := uint8(rapid.IntRange(1, 2).Draw(rt, "locked"))
		rules := review.Rules{Overwrite: review.Overwrite(rapid.IntRange(0, 1).Draw(rt, "overwrite"))}
		rules.Locked[locked] = true
		r.SetRules(rules)
		old := r.Frame(key).Labels
		for range rapid.IntRange(1, 4).Draw(rt, "edits") {
			edit(rt, r, uint8(rapid.IntRange(1, 3).Draw(rt, "label")))
		}
		for i, v := range r.Frame(key).Labels.Pix {
			if (v == locked) != (old.Pix[i] == locked) {
				rt.Fatalf("%d, %d: %d became %d", i%sceneW, i/sceneW, old.Pix[i], v)
			}
		}
	})
}

func TestEveryToolLeavesConfirmedArcsAlone(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := scene(t)
		if err := r.ConfirmAll(key); err != nil {
			rt.Fatal(err)
		}
		// What is confirmed is what a first edit, begun on the boundary, does not make corrected.
		b := tool.NewBrush(r, 1)
		b.Fit(key, rapid.Float64Range(1, 4).Draw(rt, "size"))
		gesture(t, b, at(40, 26), at(48, 25))
		for range rapid.IntRange(1, 4).Draw(rt, "edits") {
			old := *r.Frame(key)
			began := edit(rt, r, uint8(rapid.IntRange(1, 2).Draw(rt, "label")))
			if began != nil && nearConfirmed(old.Marks, *began) {
				continue // the reader means it
			}
			now := r.Frame(key)
			for i, m := range old.Marks.Pix {
				if m == uint8(contour.Confirmed) && (now.Marks.Pix[i] != m || now.Labels.Pix[i] != old.Labels.Pix[i]) {
					h := r.History(key)
					rt.Fatalf("%v changed confirmed boundary at %d, %d", h[len(h)-1], i%sceneW, i/sceneW)
				}
			}
		}
	})
}

func nearConfirmed(marks *mask.Plane, p tool.Pointer) bool {
	for i, m := range marks.Pix {
		if m == uint8(contour.Confirmed) && math.Hypot(float64(i%marks.W)+0.5-p.X, float64(i/marks.W)+0.5-p.Y) <= 4 {
			return true
		}
	}
	return false
}
