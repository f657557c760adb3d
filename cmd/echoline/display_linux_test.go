package main

import (
	"net"
	"path/filepath"
	"strings"
	"testing"
)

func TestDisplay(t *testing.T) {
	dir := t.TempDir()
	l, err := net.Listen("unix", filepath.Join(dir, "wayland-7"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	t.Setenv("XDG_RUNTIME_DIR", dir)
	for _, c := range []struct {
		name, wayland, x11, says string
		answers                  bool
	}{
		{"nothing is set", "", "", "no display", false},
		{"nothing listens", "wayland-8", "", "wayland-8 does not answer", false},
		{"no such X server", "", ":987654", ":987654 does not answer", false},
		{"a screen listens", "wayland-7", "", "wayland-7", true},
		{"a screen listens, named whole", filepath.Join(dir, "wayland-7"), ":987654", "wayland-7", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("WAYLAND_DISPLAY", c.wayland)
			t.Setenv("DISPLAY", c.x11)
			if _, _, ok := screen(); ok != c.answers {
				t.Errorf("answers: %v", ok)
			}
			f := checkDisplay()
			if c.answers && !hasDriver() {
				t.Skip("this machine has no OpenGL driver")
			}
			if f.OK != c.answers || (f.Do == "") != c.answers || !strings.Contains(f.Detail, c.says) {
				t.Errorf("%+v", f)
			}
		})
	}
}
