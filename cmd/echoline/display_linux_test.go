package main

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// listen makes a local socket at path that takes calls, until the test ends.
func listen(t *testing.T, path string) {
	t.Helper()
	s, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(s) })
	if err := unix.Bind(s, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(s, 8); err != nil {
		t.Fatal(err)
	}
}

func TestDisplay(t *testing.T) {
	dir := t.TempDir()
	listen(t, filepath.Join(dir, "wayland-7"))
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
