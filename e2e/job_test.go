package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cine is the item of the demo study that has frames.
const cine = "demo-7-cine"

// toCine goes down the work list, sorted by name, to the cine, and waits for its first frame.
func (p *program) toCine(t *testing.T) event {
	t.Helper()
	p.waitEver(t, "study-opened")
	e := p.waitEver(t, "frame-shown")
	for range 10 {
		if e["frames"] != "1" { // the log names no file
			return e
		}
		p.key(t, "d")
		e = p.wait(t, "frame-shown")
	}
	t.Fatalf("the cine of the demo study is not in the work list; the last item is %v", e)
	return nil
}

// export presses Ctrl+S and Enter, waits for the file of one item, and closes the card.
func (p *program) export(t *testing.T, h *home) string {
	t.Helper()
	p.key(t, "ctrl+s")
	p.settle()
	p.d.screenshot(t, "export")
	p.key(t, "Return")
	if e := p.wait(t, "exported"); e["files"] == "0" || e["failed"] != "0" {
		t.Fatalf("exporting gave %v", e)
	}
	p.settle()
	p.d.screenshot(t, "exported")
	p.key(t, "Escape")
	p.settle()
	paths, err := filepath.Glob(filepath.Join(h.exports, "*.seg.dcm"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("exported %v, %v", paths, err)
	}
	return paths[0]
}

// settle lets the window draw what came last: dialogs open and close, the view glides, in at most 120 ms.
func (p *program) settle() { time.Sleep(400 * time.Millisecond) }

// TestMainJob is what Echoline is for: open a cine, go to the weak arc of a frame, correct it, undo, redo, confirm, accept, export.
func TestMainJob(t *testing.T) {
	d := screen(t)
	h := newHome(t, map[string]any{"sort_by_name": true})
	p := open(t, d, h, launch{})
	decided := p.mainJob(t)
	seg := p.export(t, h)
	p.quit(t)

	judge(t, seg)
	exported := readSEG(t, seg)
	out := filepath.Join(h.dir, "png")
	cli(t, d, h, "export", "--workspace", h.workspace, "--format", "png", "--include", "all", "--out", out, "--quiet")
	same(t, "the exported SEG", exported, readPNGs(t, out, cine))

	accepted := decided.num(t, "frame") + 1
	model := filepath.Join(h.dir, "model")
	cli(t, d, h, "predict", "--out", model, "--quiet", filepath.Join(h.dir, "cache", "echoline", "demo", cine+".dcm"))
	predicted := readPNGs(t, model, cine)
	if difference(exported[accepted], predicted[accepted]) == 0 {
		t.Error("the accepted frame is what the model said: the stroke is lost")
	}
	delete(exported, accepted)
	delete(predicted, accepted)
	same(t, "the frames that nobody touched", exported, predicted)

	only := filepath.Join(h.dir, "accepted")
	cli(t, d, h, "export", "--workspace", h.workspace, "--format", "seg", "--include", "accepted", "--out", only, "--quiet")
	paths, err := filepath.Glob(filepath.Join(only, "*.seg.dcm"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("accepted frames: %v, %v", paths, err)
	}
	judge(t, paths[0])
	if m := readSEG(t, paths[0]); len(m) != 1 || m[accepted] == nil {
		t.Errorf("accepted was frame %d, exported %d frames", accepted, len(m))
	}
}

// mainJob opens the cine of the demo study, corrects the first frame that has a weak arc, confirms the rest and accepts it. It
// returns the event of that.
func (p *program) mainJob(t *testing.T) event {
	t.Helper()
	d := p.d
	shown := p.toCine(t)
	p.waitEver(t, "prediction", "item", shown["item"], "frame", shown["frame"], "stored", "true")
	p.waitEver(t, "predictions-done")
	p.settle()
	d.screenshot(t, "predicted")

	arc := p.firstWeakArc(t)
	p.settle()
	d.screenshot(t, "weak-arc")

	x, y := arc.num(t, "x"), arc.num(t, "y")
	p.key(t, "b")
	p.drag(t, point{x, y}, point{x + 14, y + 10}, point{x + 28, y + 8})
	p.strokeSaved(t)
	p.settle()
	d.screenshot(t, "painted")
	p.key(t, "ctrl+z")
	p.wait(t, "travelled", "how", "app.undone", "edit", "brush")
	p.key(t, "ctrl+y")
	p.wait(t, "travelled", "how", "app.redone", "edit", "brush")

	confirmed := p.confirmAll(t)
	t.Logf("%d arcs confirmed", confirmed)
	d.screenshot(t, "reviewed")
	p.key(t, "Return")
	decided := p.wait(t, "decided", "item", shown["item"], "status", "1")
	p.wait(t, "frame-shown", "item", shown["item"])
	p.settle()
	d.screenshot(t, "accepted")
	return decided
}

// firstWeakArc presses N, on one frame after the other, until there is a weak arc.
func (p *program) firstWeakArc(t *testing.T) event {
	t.Helper()
	for range 40 {
		p.key(t, "n")
		if e := p.wait(t, "arc-active|boundary-reviewed"); e["event"] == "arc-active" {
			return e
		}
		p.key(t, "Right")
		p.wait(t, "frame-shown")
	}
	t.Fatal("no frame of the cine has a weak arc")
	return nil
}

// confirmAll presses Enter until the whole boundary of the frame is reviewed, and returns how many arcs that took.
func (p *program) confirmAll(t *testing.T) int {
	t.Helper()
	p.key(t, "n")
	e := p.wait(t, "arc-active|boundary-reviewed")
	for n := range 60 {
		if e["event"] == "boundary-reviewed" {
			return n
		}
		p.key(t, "Return")
		p.wait(t, "arc-confirmed")
		e = p.wait(t, "arc-active|boundary-reviewed")
	}
	t.Fatal("confirming has no end")
	return 0
}

// TestKilledInAStroke: what was finished before the power went is there afterwards, down to the pixel and with its history.
func TestKilledInAStroke(t *testing.T) {
	d := screen(t)
	h := newHome(t, map[string]any{"sort_by_name": true})
	p := open(t, d, h, launch{})
	first := p.waitEver(t, "frame-shown")
	p.waitEver(t, "prediction", "item", first["item"], "frame", "0")
	p.settle()
	w, hgt := p.size(t)
	// Deep in the tissue, away from the lesion and from each other.
	at := func(i int) point { return point{w/2 - 220 + 140*i, hgt/2 + 200} }
	p.key(t, "b")
	const strokes = 3
	for i := range strokes {
		from := at(i)
		p.drag(t, from, point{from.x + 20, from.y - 15})
		p.strokeSaved(t)
	}
	seg := p.export(t, h)
	before := readSEG(t, seg)

	from := at(strokes)
	p.press(t, from, point{from.x + 20, from.y - 60})
	d.screenshot(t, "before-kill")
	p.kill()
	d.xdotool(t, "mouseup", "1")

	out := filepath.Join(h.dir, "png")
	cli(t, d, h, "export", "--workspace", h.workspace, "--format", "png", "--include", "all", "--out", out, "--quiet")
	name := strings.TrimSuffix(filepath.Base(seg), ".seg.dcm")
	same(t, "after the kill", readPNGs(t, out, name), before)

	if err := os.Remove(seg); err != nil {
		t.Fatal(err)
	}
	p = open(t, d, h, launch{})
	again := p.waitEver(t, "frame-shown")
	if again["item"] != first["item"] {
		t.Fatalf("shown is %v, was %v", again, first)
	}
	p.waitEver(t, "prediction", "item", first["item"], "frame", "0")
	p.settle()
	d.screenshot(t, "after-kill")
	same(t, "in the window that opened again", readSEG(t, p.export(t, h)), before)
	for range strokes {
		p.key(t, "ctrl+z")
		p.wait(t, "travelled", "how", "app.undone", "edit", "brush")
	}
	p.quit(t)

	out = filepath.Join(h.dir, "undone")
	cli(t, d, h, "export", "--workspace", h.workspace, "--format", "png", "--include", "all", "--out", out, "--quiet")
	model := filepath.Join(h.dir, "model")
	cli(t, d, h, "predict", "--out", model, "--quiet", filepath.Join(h.dir, "cache", "echoline", "demo", name+".dcm"))
	same(t, "all strokes undone", readPNGs(t, out, name), readPNGs(t, model, name))
}

// TestFirstStart: the note is acknowledged once, and the demo study opens without any file.
func TestFirstStart(t *testing.T) {
	d := screen(t)
	for _, language := range []string{"en", "ko"} {
		t.Run(language, func(t *testing.T) {
			h := newHome(t, map[string]any{"acknowledged": false, "language": language, "reader": "Dr. Kim"})
			p := open(t, d, h, launch{})
			p.settle()
			d.screenshot(t, "card")
			p.key(t, "Return")
			if e := p.wait(t, "study-opened"); e["items"] != "7" || e["refused"] != "0" {
				t.Errorf("the demo study: %v", e)
			}
			p.wait(t, "predictions-done")
			p.settle()
			d.screenshot(t, "demo")
			p.quit(t)

			p = open(t, d, h, launch{})
			p.waitEver(t, "study-opened") // without a card
			p.quit(t)
		})
	}
}

// TestQuitWhileBusy: closing the window while files are read and the model runs ends the program at once.
func TestQuitWhileBusy(t *testing.T) {
	d := screen(t)
	h := newHome(t, nil)
	for _, moment := range []string{"window-shown", "study-opened", "frame-shown", "prediction", "study-opened"} {
		t.Run(moment, func(t *testing.T) {
			p := open(t, d, h, launch{})
			p.waitEver(t, moment)
			p.quit(t)
		})
	}
}
