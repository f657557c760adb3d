package e2e

import (
	"fmt"
	"path/filepath"
	"testing"
)

// settled is a program on the still of the demo study whose lesion is an oval, predicted.
func settled(t *testing.T, language string) (*desktop, *program) {
	t.Helper()
	d := screen(t)
	h := newHome(t, map[string]any{"sort_by_name": true, "language": language})
	p := open(t, d, h, launch{})
	p.waitEver(t, "frame-shown")
	p.waitEver(t, "predictions-done")
	p.settle()
	return d, p
}

// saved waits for the end of a gesture that changed the mask, and takes it back.
func (p *program) saved(t *testing.T, edit string) {
	t.Helper()
	p.strokeSaved(t)
	p.settle()
	p.d.screenshot(t, edit)
	p.undo(t, edit)
}

// undo takes an edit back and wants it to be this one.
func (p *program) undo(t *testing.T, edit string) {
	t.Helper()
	p.key(t, "ctrl+z")
	p.wait(t, "travelled", "how", "app.undone", "edit", edit)
}

// click clicks at a place of the window, holding a key if one is named.
func (p *program) click(t *testing.T, at point, held string) {
	t.Helper()
	p.note()
	args := []string{"mousemove", "--window", p.window, itoa(at.x), itoa(at.y), "sleep", "0.1"}
	if held != "" {
		args = append(args, "keydown", held, "sleep", "0.05")
	}
	args = append(args, "mousedown", "1", "sleep", "0.05", "mouseup", "1", "sleep", "0.05")
	if held != "" {
		args = append(args, "keyup", held)
	}
	p.d.xdotool(t, args...)
}

// TestEachToolOnce uses each tool once with the mouse, takes it up with its key and takes its edit back.
func TestEachToolOnce(t *testing.T) {
	d, p := settled(t, "en")
	w, h := p.size(t)
	c := point{w/2 + 27, h/2 - 25} // the lesion's middle
	at := func(dx, dy int) point { return point{c.x + dx, c.y + dy} }

	for _, g := range []struct {
		key, edit string
		through   []point
	}{
		{"b", "brush", []point{at(0, 0), at(0, 120), at(40, 120)}},
		{"e", "eraser", []point{at(0, 0), at(40, 10)}},
		{"p", "push", []point{at(0, 0), at(-40, 120)}},
		{"r", "redraw", []point{at(-60, -60), at(0, -110), at(60, -60)}},
		{"s", "slide", []point{at(0, -60), at(0, -90)}},
		{"l", "lasso", []point{at(0, 0), at(60, 130), at(-60, 130)}},
		{"shift+r", "fresh", []point{at(-60, -60), at(60, -60), at(60, 60), at(-60, 60)}},
		{"u", "cut", []point{at(20, -150), at(20, 150)}},
	} {
		p.key(t, g.key)
		p.drag(t, g.through...)
		p.saved(t, g.edit)
	}

	t.Run("polygon", func(t *testing.T) {
		p.key(t, "l")
		for _, q := range []point{at(0, 0), at(90, 120), at(-90, 120)} {
			p.click(t, q, "")
			p.wait(t, "corner-set")
		}
		d.screenshot(t, "open")
		p.key(t, "Return")
		p.saved(t, "lasso")
	})
	t.Run("wire", func(t *testing.T) {
		p.key(t, "w")
		for _, q := range []point{at(-70, 0), at(0, -50), at(70, 0), at(0, 50)} {
			p.click(t, q, "")
			p.wait(t, "corner-set")
		}
		d.screenshot(t, "open")
		p.key(t, "BackSpace", "Return")
		p.saved(t, "wire")
	})
	t.Run("ellipse", func(t *testing.T) {
		p.key(t, "shift+e")
		p.drag(t, at(-150, 130), at(150, 130))
		p.wait(t, "corner-set")
		p.click(t, at(0, 180), "")
		p.saved(t, "ellipse")
	})
	t.Run("filters", func(t *testing.T) { p.filters(t, at) })
	t.Run("slide-by-wheel", func(t *testing.T) {
		p.key(t, "s")
		p.note()
		q := at(0, -58)
		p.d.xdotool(t, "mousemove", "--window", p.window, itoa(q.x), itoa(q.y), "sleep", "0.1", "click", "4", "sleep", "0.05", "click", "4")
		p.saved(t, "slide")
		p.key(t, "n") // glides there
		p.wait(t, "arc-active")
		p.settle()
		for range 2 { // the arc stays chosen
			p.key(t, "Up", "Up")
			p.strokeSaved(t)
			p.settle()
			d.screenshot(t, "by-keys")
		}
		p.undo(t, "slide")
		p.undo(t, "slide")
		p.key(t, "f")
		p.settle()
	})
	t.Run("labels", func(t *testing.T) { p.labels(t, at) })
	p.quit(t)
}

// filters uses what works without a pointer, and the bucket on what that leaves.
func (p *program) filters(t *testing.T, at func(dx, dy int) point) {
	done := func(key, edit string) {
		t.Helper()
		p.key(t, key)
		if e := p.wait(t, "filtered"); e["edit"] != edit {
			t.Errorf("%s: %v", key, e)
		}
		p.settle()
		p.d.screenshot(t, edit)
		p.undo(t, edit)
	}
	done("ctrl+bracketright", "grow")
	done("ctrl+bracketleft", "shrink")
	done("shift+s", "smooth")
	p.key(t, "e")
	p.click(t, at(0, 0), "") // a hole
	p.wait(t, "stroke-saved", "changed", "true")
	done("shift+u", "holes")
	p.key(t, "u")
	p.click(t, at(0, 0), "")
	p.saved(t, "fill")
	p.key(t, "b")
	p.click(t, at(0, 190), "") // an island
	p.wait(t, "stroke-saved", "changed", "true")
	done("shift+i", "keep")
	p.key(t, "u")
	p.click(t, at(0, 190), "ctrl")
	p.saved(t, "remove")
	p.click(t, at(0, 190), "shift")
	p.saved(t, "keep")
	p.undo(t, "brush")
	p.undo(t, "eraser")
	// By the menu of all tools: the first line is the brush.
	p.key(t, "t")
	p.settle()
	p.d.screenshot(t, "menu")
	p.key(t, "Down", "Return")
	p.settle()
	p.drag(t, at(0, 150), at(40, 150))
	p.saved(t, "brush")
}

// labels adds a label, locks the first and draws the second over it.
func (p *program) labels(t *testing.T, at func(dx, dy int) point) {
	p.key(t, "2")
	p.wait(t, "label-chosen", "label", "2")
	p.key(t, "shift+1")
	p.wait(t, "label-locked", "label", "1", "on", "true")
	p.key(t, "b")
	p.drag(t, at(0, 0), at(0, 150))
	p.saved(t, "brush")
	p.key(t, "1")
	p.wait(t, "label-chosen", "label", "1")
}

// TestCopyFromThePreviousFrame: on a cine the outline of the frame before is one key away, and counts as not reviewed.
func TestCopyFromThePreviousFrame(t *testing.T) {
	d := screen(t)
	h := newHome(t, map[string]any{"sort_by_name": true})
	p := open(t, d, h, launch{})
	p.toCine(t)
	p.waitEver(t, "predictions-done")
	p.key(t, "Home")
	p.settle()
	p.key(t, "Right")
	p.wait(t, "frame-shown", "frame", "1")
	p.settle()
	p.key(t, "shift+c")
	p.wait(t, "filtered", "edit", "copy")
	p.settle()
	d.screenshot(t, "copied")
	p.quit(t)
	out := filepath.Join(h.dir, "png")
	cli(t, d, h, "export", "--workspace", h.workspace, "--format", "png", "--include", "all", "--out", out, "--quiet")
	masks := readPNGs(t, out, cine)
	if n := difference(masks[1], masks[2]); n != 0 {
		t.Errorf("the copy differs in %d pixels", n)
	}
}

// TestToolsInKorean shows the tools to whoever reads Korean.
func TestToolsInKorean(t *testing.T) {
	d, p := settled(t, "ko")
	for i, key := range []string{"t", "Escape", "l", "w", "u"} {
		p.key(t, key)
		p.settle()
		if key != "Escape" {
			d.screenshot(t, fmt.Sprintf("%d-%s", i, key))
		}
	}
	p.quit(t)
}
