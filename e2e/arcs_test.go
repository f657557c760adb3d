package e2e

import (
	"os"
	"testing"
	"time"
)

// asks opens the demo study, sorted by name, on its first image, with the model's outline there.
func asks(t *testing.T, d *desktop, h *home) (p *program, item string) {
	t.Helper()
	p = open(t, d, h, launch{})
	first := p.waitEver(t, "frame-shown")
	p.waitEver(t, "prediction", "item", first["item"], "frame", "0")
	p.waitEver(t, "predictions-done")
	p.settle()
	return p, first["item"]
}

// segment exports the image on show and reads the mask back.
func (p *program) segment(t *testing.T, h *home) *bitmap {
	t.Helper()
	path := p.export(t, h)
	got := readSEG(t, path)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	return got[1]
}

// TestAskTheModelAgain asks the shipped model by click, by Ctrl+click, by a stroke and by the keyboard alone, in both
// languages; leaves answers and takes one; kills the program; and undoes what was taken.
func TestAskTheModelAgain(t *testing.T) {
	d := screen(t)
	for _, language := range []string{"en", "ko"} {
		t.Run(language, func(t *testing.T) {
			h := newHome(t, map[string]any{"sort_by_name": true, "language": language})
			p, item := asks(t, d, h)
			before := p.segment(t, h)

			p.key(t, "n")
			arc := p.wait(t, "arc-active|boundary-reviewed")
			if arc["event"] != "arc-active" {
				t.Skip("the first image of the demo has no weak arc")
			}
			p.settle()
			x, y := arc.num(t, "x"), arc.num(t, "y")
			answered := func(what string, act func()) event {
				act()
				e := p.wait(t, "answered")
				t.Logf("%s: %s, changed %s, after %s ms", what, e["how"], e["changed"], e["ms"])
				p.settle()
				d.screenshot(t, what)
				return e
			}
			leave := func() {
				p.key(t, "Escape")
				p.wait(t, "answer-left")
			}
			// By the keyboard alone: the boundary lies farther out, and farther out still, or in.
			answered("out", func() { p.key(t, "period") })
			answered("further-out", func() { p.key(t, "period") })
			leave()
			answered("in", func() { p.key(t, "comma") })
			leave()
			if n := difference(before, p.segment(t, h)); n != 0 {
				t.Fatalf("answers that were left changed %d pixels", n)
			}
			// With the pointer.
			p.key(t, "c")
			answered("click", func() { p.drag(t, point{x, y}) })
			answered("outside", func() {
				p.note()
				d.xdotool(t, "mousemove", "--window", p.window, itoa(x+40), itoa(y+40), "keydown", "ctrl", "click", "1", "keyup", "ctrl")
			})
			leave()
			answered("stroke", func() { p.drag(t, point{x - 60, y - 40}, point{x + 10, y + 30}, point{x + 60, y + 90}) })
			p.key(t, "Return")
			taken := p.wait(t, "answer-taken")
			if taken["changed"] != "true" {
				t.Fatalf("taking gave %v", taken)
			}
			p.allSaved(t, taken)
			p.settle()
			d.screenshot(t, "taken")
			after := p.segment(t, h)
			if difference(before, after) == 0 {
				t.Error("taking changed nothing")
			}

			p.kill()
			p = open(t, d, h, launch{})
			if again := p.waitEver(t, "frame-shown"); again["item"] != item {
				t.Fatalf("shown is %v", again)
			}
			p.waitEver(t, "predictions-done")
			p.settle()
			d.screenshot(t, "after-kill")
			if n := difference(after, p.segment(t, h)); n != 0 {
				t.Errorf("the kill cost %d pixels", n)
			}
			p.key(t, "ctrl+z")
			p.wait(t, "travelled", "how", "app.undone", "edit", "ask")
			if n := difference(before, p.segment(t, h)); n != 0 {
				t.Errorf("undone, %d pixels differ from the first", n)
			}
			p.key(t, "ctrl+y")
			p.wait(t, "travelled", "how", "app.redone", "edit", "ask")
			if n := difference(after, p.segment(t, h)); n != 0 {
				t.Errorf("redone, %d pixels differ from what was taken", n)
			}
			p.quit(t)
		})
	}
}

// TestReviewArcByArc: accepting with weak boundary asks once and N goes there; X, Enter and Shift+Enter review the rest;
// undo across the study goes back to where the work was.
func TestReviewArcByArc(t *testing.T) {
	d := screen(t)
	for _, language := range []string{"en", "ko"} {
		t.Run(language, func(t *testing.T) {
			h := newHome(t, map[string]any{"sort_by_name": true, "language": language})
			p, item := asks(t, d, h)
			p.key(t, "ctrl+Return")
			e := p.wait(t, "weak-left|decided")
			if e["event"] != "weak-left" {
				t.Skip("the first image of the demo has no weak arc")
			}
			p.settle()
			d.screenshot(t, "weak-left")
			p.key(t, "n")
			p.wait(t, "arc-active")
			p.settle()
			p.key(t, "x")
			p.wait(t, "arc-active|boundary-reviewed")
			p.settle()
			d.screenshot(t, "not-visible")
			p.confirmAll(t)
			p.key(t, "shift+Return")
			p.settle()
			d.screenshot(t, "all-confirmed")
			p.key(t, "ctrl+Return")
			p.wait(t, "decided", "item", item, "status", "1")
			next := p.wait(t, "frame-shown")
			if next["item"] == item {
				t.Fatalf("accepted, and still %v is shown", next)
			}
			p.key(t, "ctrl+alt+z")
			p.wait(t, "travelled", "how", "arcs.undone", "edit", "confirm", "item", item)
			p.wait(t, "frame-shown", "item", item)
			p.settle()
			d.screenshot(t, "undone-there")
			p.key(t, "ctrl+alt+y")
			p.wait(t, "travelled", "how", "arcs.redone", "edit", "confirm", "item", item)
			time.Sleep(300 * time.Millisecond)
			d.screenshot(t, "redone-there")
			p.quit(t)
		})
	}
}
