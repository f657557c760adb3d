package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// wine is a Windows of its own, with the program unpacked from what `make dist-windows` packed.
type wine struct {
	home    *home
	program string // echoline.exe
	prefix  string
}

// newWine makes one, or skips the test: ECHOLINE_WINDOWS names the package.
func newWine(t *testing.T, d *desktop) *wine {
	t.Helper()
	pack := os.Getenv("ECHOLINE_WINDOWS")
	if pack == "" {
		t.Skip("ECHOLINE_WINDOWS names no package: `make test-windows` builds one and runs it by Wine")
	}
	h := newHome(t, nil)
	w := &wine{home: h, prefix: filepath.Join(h.dir, "wine")}
	if out, err := exec.Command("unzip", "-q", pack, "-d", h.dir).CombinedOutput(); err != nil {
		t.Fatalf("unzip: %v\n%s", err, out)
	}
	w.program = one(t, filepath.Join(h.dir, "echoline-*", "echoline.exe"))
	t.Cleanup(func() {
		c := exec.Command("wineserver", "-k")
		c.Env = append(h.env(d), w.env()...)
		_ = c.Run() // it may have ended by itself
	})
	w.tool(t, d, "wine", "wineboot", "--init")
	system := filepath.Join(w.prefix, "drive_c", "windows", "system32")
	if _, err := os.Stat(filepath.Join(system, "bcryptprimitives.dll")); err != nil {
		w.tool(t, d, "x86_64-w64-mingw32-gcc", "-shared", "-o", filepath.Join(system, "bcryptprimitives.dll"), filepath.Join(root(t), "e2e", "testdata", "prng.c"), "-ladvapi32")
	}
	return w
}

// one is the only file of a pattern.
func one(t *testing.T, pattern string) string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) != 1 {
		t.Fatalf("%s: %v, %v", pattern, paths, err)
	}
	return paths[0]
}

// env is what Wine needs to know.
func (w *wine) env() []string { return []string{"WINEPREFIX=" + w.prefix, "WINEDEBUG=-all"} }

// tool runs a program on the desktop and returns what it wrote.
func (w *wine) tool(t *testing.T, d *desktop, name string, args ...string) string {
	t.Helper()
	c := exec.Command(name, args...)
	c.Dir, c.Env = w.home.dir, append(w.home.env(d), w.env()...)
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// local is a folder of the user's applications: Local or Roaming.
func (w *wine) local(t *testing.T, kind string) string {
	t.Helper()
	return one(t, filepath.Join(w.prefix, "drive_c", "users", "*", "AppData", kind))
}

// settle gives the program the settings that newHome gives it elsewhere, and exports into the home's folder.
func (w *wine) settle(t *testing.T) {
	t.Helper()
	dir := filepath.Join(w.local(t, "Roaming"), "echoline")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	text := `{"language": "ko", "reader": "Dr. Test", "acknowledged": true, "sort_by_name": true, "width": 1280, "height": 800, "export_dir": "` + strings.ReplaceAll(`Z:`+w.home.exports, "/", `\\`) + `"}`
	if err := os.WriteFile(filepath.Join(dir, "settings.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestWindowsProgram does the main job in the program that is built for Windows, and has it outline the demo study: what comes
// out is what this machine's program makes of it.
func TestWindowsProgram(t *testing.T) {
	d := screen(t)
	w := newWine(t, d)
	h := w.home
	w.settle(t)
	p := open(t, d, h, launch{binary: w.program, wrap: []string{"wine"}, env: w.env()})
	decided := p.mainJob(t)
	seg := p.export(t, h)
	p.quit(t)
	judge(t, seg)
	exported := readSEG(t, seg)

	demo := filepath.Join(w.local(t, "Local"), "echoline", "demo")
	there, here := filepath.Join(h.dir, "there"), filepath.Join(h.dir, "here")
	w.tool(t, d, "wine", w.program, "predict", "--quiet", "--out", there, demo)
	cli(t, d, h, "predict", "--quiet", "--out", here, demo)
	frames := readPNGs(t, there, cine)
	alike(t, frames, readPNGs(t, here, cine))

	accepted := decided.num(t, "frame") + 1
	if difference(exported[accepted], frames[accepted]) == 0 {
		t.Error("the accepted frame is what the model said: the stroke is lost")
	}
	delete(exported, accepted)
	delete(frames, accepted)
	alike(t, exported, frames)
	if said := w.tool(t, d, "wine", w.program, "doctor"); !strings.Contains(said, "OpenJPEG 2.5") || strings.Contains(said, `"ok": false`) {
		t.Errorf("doctor: %s", said)
	}
}

// alike allows a pixel or two for another compiler's arithmetic.
func alike(t *testing.T, got, want masks) {
	t.Helper()
	if len(got) != len(want) || len(got) == 0 {
		t.Fatalf("%d frames, not %d", len(got), len(want))
	}
	for i, m := range want {
		if got[i] == nil || difference(got[i], m) > 2 {
			t.Errorf("frame %d is another", i)
		}
	}
}
