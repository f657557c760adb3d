package tool_test

import (
	"testing"

	"echoline/internal/review"
	"echoline/internal/tool"
)

// gestureOf is a press, moves and a release, then clicks, then an end for tools that wait for one.
func gestureOf(t *testing.T, x tool.Tool, drag []tool.Pointer, clicks ...tool.Pointer) {
	t.Helper()
	x.Fit(key, 2)
	press := func(ps []tool.Pointer) {
		if err := x.Press(key, ps[0]); err != nil {
			t.Fatal(err)
		}
		for _, p := range ps[1:] {
			x.Drag(p)
		}
		if _, err := x.Release(); err != nil {
			t.Fatal(err)
		}
	}
	press(drag)
	for _, c := range clicks {
		x.(tool.Path).Hover(c)
		press([]tool.Pointer{c})
	}
	if p, ok := x.(tool.Path); ok && p.Open() {
		if _, err := p.Finish(); err != nil {
			t.Fatal(err)
		}
	}
}

func line(xy ...float64) []tool.Pointer {
	var out []tool.Pointer
	for i := 0; i+1 < len(xy); i += 2 {
		out = append(out, at(xy[i], xy[i+1]))
	}
	return out
}

func with(ps []tool.Pointer, invert, edges bool) []tool.Pointer {
	ps[0].Invert, ps[0].Edges = invert, edges
	return ps
}

func TestGoldens(t *testing.T) {
	sight := tool.NewSight(func() *tool.Picture { return picture(sceneW, sceneH) })
	seeing := func(x tool.Tool) tool.Tool { x.(tool.Sighted).See(sight); return x }
	for name, do := range map[string]func(r *review.Review){
		"brush": func(r *review.Review) { gestureOf(t, tool.NewBrush(r, 1), line(56, 30, 66, 20, 76, 22)) },
		"brush-edges": func(r *review.Review) {
			gestureOf(t, seeing(tool.NewBrush(r, 3)), with(line(22, 40, 22, 34, 26, 28), false, true))
		},
		"eraser": func(r *review.Review) { gestureOf(t, tool.NewEraser(r, 1), line(20, 40, 50, 52, 72, 44)) },
		"push":   func(r *review.Review) { gestureOf(t, tool.NewPush(r, 1), line(40, 30, 40, 18)) },
		"lasso": func(r *review.Review) {
			gestureOf(t, tool.NewLasso(r, 1), line(50, 60, 70, 58, 76, 70, 60, 76, 46, 66))
		},
		"lasso-cut": func(r *review.Review) {
			gestureOf(t, tool.NewLasso(r, 1), with(line(50, 30, 90, 30, 90, 60, 50, 50), true, false))
		},
		"polygon": func(r *review.Review) { gestureOf(t, tool.NewLasso(r, 2), line(6, 70), line(30, 60, 40, 76, 6, 70)...) },
		"wire": func(r *review.Review) {
			gestureOf(t, seeing(tool.NewWire(r, 3)), line(40, 24), line(58, 42, 41, 56, 22, 38, 40, 24)...)
		},
		"fresh":         func(r *review.Review) { gestureOf(t, tool.NewFresh(r, 1), line(30, 30, 55, 30, 55, 50, 30, 50)) },
		"ellipse":       func(r *review.Review) { gestureOf(t, tool.NewEllipse(r, 2), line(12, 60, 50, 70), at(28, 72)) },
		"fill":          func(r *review.Review) { gestureOf(t, tool.NewBucket(r, 1), line(35, 40)) },
		"fill-recolour": func(r *review.Review) { gestureOf(t, tool.NewBucket(r, 1), line(70, 44)) },
		"cut":           func(r *review.Review) { gestureOf(t, tool.NewBucket(r, 1), line(50, 15, 50, 30, 46, 70)) },
		"remove":        func(r *review.Review) { gestureOf(t, tool.NewBucket(r, 1), with(line(17, 14), true, false)) },
		"keep-clicked":  func(r *review.Review) { gestureOf(t, tool.NewBucket(r, 1), with(line(17, 14), false, true)) },
		"holes":         func(r *review.Review) { filterOf(t, r, "holes") },
		"keep":          func(r *review.Review) { filterOf(t, r, "keep") },
		"grow":          func(r *review.Review) { filterOf(t, r, "grow") },
		"shrink":        func(r *review.Review) { filterOf(t, r, "shrink") },
		"copy":          func(r *review.Review) { filterOf(t, r, "copy") },
		"smooth": func(r *review.Review) {
			gestureOf(t, tool.NewBrush(r, 1), line(40, 20, 40, 22))
			gestureOf(t, tool.NewEraser(r, 1), line(52, 56))
			filterOf(t, r, "smooth")
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := scene(t)
			before := r.Frame(key).Labels
			do(r)
			now := r.Frame(key).Labels
			if now.Equal(before) {
				t.Fatal("nothing happened")
			}
			golden(t, name, before, now)
		})
	}
}

func filterOf(t *testing.T, r *review.Review, name string) {
	t.Helper()
	if changed, err := filters(1)[name](r); !changed || err != nil {
		t.Fatal(changed, err)
	}
}
