package e2e

import (
	"path/filepath"
	"testing"
)

// pages are the keys of the project's pages, by what the window calls them.
var pages = []struct{ name, key string }{
	{"project-page", "F4"}, {"questions", "F5"}, {"agreement", "F6"}, {"models", "F7"}, {"training-page", "F8"}, {"time-page", "F12"},
}

// TestPagesByKeyboard: a page's own keys work while the study is still read, arrows lead through it, letters search, and from the
// search the keys of other pages, and Escape, still do what they do.
func TestPagesByKeyboard(t *testing.T) {
	d := screen(t)
	h := newHome(t, map[string]any{"sort_by_name": true})
	p := open(t, d, h, launch{})
	p.waitEver(t, "study-opened")
	p.quit(t)
	cli(t, d, h, "project", "create", "--workspace", h.workspace, "--name", "Breast", "--readers", "Dr. Test", filepath.Join(h.dir, "cache", "echoline", "demo"))
	p = open(t, d, h, launch{})
	for p.seen(0, "page-shown") == nil { // as soon as the workspace is there
		p.key(t, "F8")
		p.settle()
	}
	p.waitEver(t, "training-shown")
	p.waitEver(t, "study-opened")
	p.key(t, "Right", "Down", "Down", "Down", "Down") // to the button that writes the cases
	p.settle()
	d.screenshot(t, "training")
	p.key(t, "Return")
	p.said(t, "msg=fault") // for nothing was accepted
	p.key(t, "Escape")
	p.key(t, "F4")
	p.wait(t, "project-shown")
	p.key(t, "c", "i", "n")
	p.settle()
	d.screenshot(t, "project")
	p.key(t, "F7")
	p.wait(t, "models-shown")
	p.key(t, "F4")
	p.wait(t, "project-shown")
	p.key(t, "c", "i", "n", "Down", "Return")
	p.wait(t, "page-closed")
	p.wait(t, "frame-shown")
	p.key(t, "F4")
	p.wait(t, "project-shown")
	p.key(t, "c", "Escape")
	p.wait(t, "page-closed")
	p.quit(t)
}

// seenInTheWindow opens the project's pages in the office's window, as its expert, in both languages; a key in a page does
// nothing to the image behind it, and each page closes by Escape.
func (o *office) seenInTheWindow(t *testing.T) {
	t.Helper()
	for _, language := range []string{"en", "ko"} {
		d := screen(t)
		h := newHome(t, map[string]any{"sort_by_name": true, "language": language, "reader": "Park"})
		h.workspace = o.workspace
		p := open(t, d, h, launch{args: []string{o.cases}})
		p.waitEver(t, "study-opened")
		p.waitEver(t, "frame-shown")
		p.settle()
		for _, page := range pages {
			p.key(t, page.key)
			if e := p.wait(t, "page-shown"); e["page"] == "" {
				t.Errorf("%s opened %v", page.name, e)
			}
			p.settle()
			d.screenshot(t, page.name+"-"+language)
			p.key(t, "ctrl+z") // means the image, which is not there
			p.key(t, "Escape")
			p.wait(t, "page-closed")
		}
		p.settle()
		if e := p.seen(0, "travelled"); e != nil {
			t.Errorf("a key in a page changed the image: %v", e)
		}
		p.quit(t)
	}
}
