package e2e

import (
	"encoding/json"
	"strings"
	"testing"
)

// draw makes one stroke with the brush in the middle of the window.
func draw(t *testing.T, p *program, dx, dy int) {
	t.Helper()
	w, h := p.size(t)
	p.key(t, "b")
	p.drag(t, point{w/2 + dx, h/2 + dy}, point{w/2 + dx + 50, h/2 + dy + 20})
	p.strokeSaved(t)
}

// strokeSaved waits until a stroke that changed the mask is on the disk. A drive may be slow to answer, as those of
// shared machines are: the window then says that it is saving, and the stroke is safe only once it says that it has.
func (p *program) strokeSaved(t *testing.T) {
	t.Helper()
	e := p.wait(t, "stroke-saved")
	if e["changed"] != "true" {
		t.Fatalf("the stroke: %v", e)
	}
	p.allSaved(t, e)
}

// allSaved waits until what e says to be unsaved is saved.
func (p *program) allSaved(t *testing.T, e event) {
	t.Helper()
	if e["unsaved"] != "0" {
		p.wait(t, "saved-again")
	}
}

// TestKilledWindowKeepsEveryStroke: kill -9 right after the window said that the stroke is saved.
func TestKilledWindowKeepsEveryStroke(t *testing.T) {
	d := screen(t)
	h := newHome(t, map[string]any{"sort_by_name": true})
	light := elsewhere(t, "lib") // no model: nothing else changes the mask
	const strokes = 3
	p := open(t, d, h, launch{binary: light})
	p.waitEver(t, "frame-shown")
	p.settle()
	for i := range strokes {
		draw(t, p, 0, 60*i-60)
	}
	p.kill()
	p = open(t, d, h, launch{binary: light})
	p.waitEver(t, "frame-shown")
	p.settle()
	for range strokes {
		p.key(t, "ctrl+z")
		p.wait(t, "travelled", "edit", "brush")
	}
	p.key(t, "ctrl+z")
	p.settle()
	p.quit(t)
}

// TestReadersAndVersionsInTheWindow: the reader is changed and back by keyboard, and an accepted mask restored.
func TestReadersAndVersionsInTheWindow(t *testing.T) {
	for _, language := range []string{"en", "ko"} {
		t.Run(language, func(t *testing.T) {
			d := screen(t)
			h := newHome(t, map[string]any{"sort_by_name": true, "language": language})
			p := open(t, d, h, launch{binary: elsewhere(t, "lib")})
			p.waitEver(t, "frame-shown")
			p.settle()
			draw(t, p, 0, 0)
			p.key(t, "F2")
			p.settle()
			d.screenshot(t, "reader-"+language)
			p.key(t, "ctrl+a")
			d.xdotool(t, "type", "--delay", "40", "Lee")
			p.key(t, "Return")
			p.wait(t, "reader-changed")
			p.wait(t, "study-opened")
			p.wait(t, "frame-shown")
			p.settle()
			p.key(t, "ctrl+z") // Lee has done nothing here
			p.settle()
			draw(t, p, -80, 40)
			p.key(t, "F2")
			p.settle()
			d.screenshot(t, "readers-"+language) // offers the first one
			p.key(t, "ctrl+a")
			d.xdotool(t, "type", "--delay", "40", "Dr. Test")
			p.key(t, "Return")
			p.wait(t, "reader-changed")
			p.wait(t, "frame-shown")
			p.settle()

			p.key(t, "ctrl+Return") // accept, and on to the next image
			p.wait(t, "frame-shown")
			p.settle()
			p.key(t, "a")
			p.wait(t, "frame-shown")
			p.settle()
			draw(t, p, 60, 60)
			p.key(t, "F3")
			p.wait(t, "versions", "count", "1")
			p.settle()
			d.screenshot(t, "versions-"+language)
			p.key(t, "space")
			p.wait(t, "version-restored")
			p.settle()
			p.key(t, "ctrl+z")
			p.wait(t, "travelled", "edit", "restore")
			p.quit(t)

			report := struct {
				OK     bool `json:"ok"`
				Events []struct{ Reader, Action string }
			}{}
			out := cli(t, d, h, "audit", "--workspace", h.workspace)
			if err := json.Unmarshal(out, &report); err != nil || !report.OK {
				t.Fatal(err, string(out))
			}
			who := map[string]bool{}
			for _, e := range report.Events {
				who[e.Reader+" "+e.Action] = true
			}
			if !who["Lee opened"] || !who["Dr. Test accepted"] || strings.Contains(string(out), "Lee accepted") {
				t.Fatal(string(out))
			}
		})
	}
}
