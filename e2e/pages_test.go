package e2e

import "testing"

// pages are the keys of the project's pages, by what the window calls them.
var pages = []struct{ name, key string }{
	{"project-page", "F4"}, {"questions", "F5"}, {"agreement", "F6"}, {"models", "F7"}, {"training-page", "F8"}, {"time-page", "F12"},
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
