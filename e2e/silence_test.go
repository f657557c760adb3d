package e2e

import (
	"os"
	"os/exec"
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
	p := open(t, d, h, launch{wrap: append([]string{"strace"}, traced(trace)...)})
	shown := p.waitEver(t, "frame-shown")
	p.waitEver(t, "predictions-done")
	p.key(t, "b")
	w, hgt := p.size(t)
	p.drag(t, point{w / 2, hgt / 2}, point{w/2 + 40, hgt/2 + 20})
	p.wait(t, "stroke-saved", "changed", "true")
	p.key(t, "shift+Return") // nothing weak is left to ask about
	p.key(t, "ctrl+Return")
	p.wait(t, "decided", "item", shown["item"])
	p.export(t, h)
	p.quit(t)

	if calls := silent(t, trace); calls["display"] == 0 {
		t.Error("the trace does not even show the display: it saw nothing")
	}
}

// TestPredictOpensNoSocket is the same for the command line, which loads the same libraries.
func TestPredictOpensNoSocket(t *testing.T) {
	d := screen(t)
	h := newHome(t, nil)
	trace := filepath.Join(h.dir, "trace")
	image := filepath.Join(h.dir, "image.png")
	writePicture(t, image)
	c := exec.Command("strace", traced(trace, binary(t), "predict", "--quiet", "--out", filepath.Join(h.dir, "out"), image)...)
	c.Dir, c.Env = h.dir, h.env(d)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	silent(t, trace)
}

// traced are the arguments of strace that write a program's network calls to a file.
func traced(file string, command ...string) []string {
	return append([]string{"-f", "-qq", "-e", "trace=network", "-e", "signal=none", "-o", file}, command...)
}

// silent fails the test for every call of a trace that makes a socket, reaches out or listens, but for those to the
// display and those of the C library that never leave it. It counts those to the display.
func silent(t *testing.T, trace string) map[string]int {
	t.Helper()
	data, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]int{}
	for _, line := range strings.Split(string(data), "\n") {
		if !network.MatchString(line) {
			continue
		}
		switch {
		case strings.Contains(line, "/tmp/.X11-unix/X"):
			calls["display"]++
		case strings.Contains(line, "/var/run/nscd/socket"): // the C library asks for the user's name and home
		case strings.Contains(line, "socket(AF_UNIX"): // reaches nobody until it is connected
		default:
			t.Errorf("the program called %s", line)
		}
	}
	return calls
}
