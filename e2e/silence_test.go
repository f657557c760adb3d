package e2e

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// network are the system calls that make a socket, reach out or listen.
var network = regexp.MustCompile(`\b(socket|socketpair|bind|listen|accept4?|connect)\(`)

// TestOpensNoSocket traces the program through a session and finds no socket but those to its own display.
func TestOpensNoSocket(t *testing.T) {
	d := screen(t)
	h := newHome(t, map[string]any{"sort_by_name": true})
	trace := filepath.Join(h.dir, "trace")
	p := open(t, d, h, launch{wrap: []string{"strace", "-f", "-qq", "-e", "trace=network", "-e", "signal=none", "-o", trace}})
	shown := p.waitEver(t, "frame-shown")
	p.waitEver(t, "predictions-done")
	p.key(t, "b")
	w, hgt := p.size(t)
	p.drag(t, point{w / 2, hgt / 2}, point{w/2 + 40, hgt/2 + 20})
	p.wait(t, "stroke-saved", "changed", "true")
	p.key(t, "ctrl+Return")
	p.wait(t, "decided", "item", shown["item"])
	p.export(t, h)
	p.quit(t)

	data, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	display := 0
	for _, line := range strings.Split(string(data), "\n") {
		if !network.MatchString(line) {
			continue
		}
		switch {
		case strings.Contains(line, "/tmp/.X11-unix/X"):
			display++
		case strings.Contains(line, "/var/run/nscd/socket"): // the C library asks for the user's name and home
		case strings.Contains(line, "socket(AF_UNIX"): // reaches nobody until it is connected
		default:
			t.Errorf("the program called %s", line)
		}
	}
	if display == 0 {
		t.Error("the trace does not even show the display: it saw nothing")
	}
}
