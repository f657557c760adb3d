package e2e

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// elsewhere copies the program to another folder with the parts that are named, "lib" or "models".
func elsewhere(t *testing.T, parts ...string) string {
	t.Helper()
	dir := t.TempDir()
	if out, err := exec.Command("cp", binary(t), dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, part := range parts {
		if err := os.Symlink(filepath.Join(root(t), "bin", part), filepath.Join(dir, part)); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "echoline")
}

// drawsWithoutModel paints on the demo study, which must work whatever became of the model.
func drawsWithoutModel(t *testing.T, p *program) {
	t.Helper()
	p.waitEver(t, "frame-shown")
	p.settle()
	w, h := p.size(t)
	p.key(t, "b")
	p.drag(t, point{w / 2, h / 2}, point{w/2 + 40, h/2 + 20})
	p.strokeSaved(t)
	p.d.screenshot(t, "drawn")
	p.quit(t)
}

func TestWithoutModel(t *testing.T) {
	d := screen(t)
	p := open(t, d, newHome(t, nil), launch{binary: elsewhere(t, "lib")})
	p.waitEver(t, "model-failed")
	p.said(t, "model.missing")
	drawsWithoutModel(t, p)
}

func TestBrokenModel(t *testing.T) {
	d := screen(t)
	program := elsewhere(t, "lib")
	models := filepath.Join(filepath.Dir(program), "models")
	if err := os.MkdirAll(models, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(models, "broken.onnx"), []byte("this is no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := open(t, d, newHome(t, nil), launch{binary: program})
	p.waitEver(t, "model-failed")
	p.said(t, "model.broken")
	drawsWithoutModel(t, p)
}

func TestWithoutRuntime(t *testing.T) {
	d := screen(t)
	p := open(t, d, newHome(t, map[string]any{"language": "ko"}), launch{binary: elsewhere(t, "models")})
	p.waitEver(t, "model-failed")
	p.said(t, "runtime.missing")
	drawsWithoutModel(t, p)
}

func TestWrongRuntime(t *testing.T) {
	d := screen(t)
	h := newHome(t, nil)
	wrong := filepath.Join(h.dir, "libonnxruntime.so")
	if err := os.WriteFile(wrong, []byte("this is no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := open(t, d, h, launch{env: []string{"ONNXRUNTIME_SHARED_LIBRARY_PATH=" + wrong}})
	p.waitEver(t, "model-failed")
	p.said(t, "runtime.broken")
	drawsWithoutModel(t, p)
}

// TestWorkspaceOpenTwice: the second program says so, waits, and gets the workspace once the first is gone.
func TestWorkspaceOpenTwice(t *testing.T) {
	d := screen(t)
	h := newHome(t, nil)
	first := open(t, d, h, launch{})
	first.waitEver(t, "study-opened")
	second := start(t, d, h, launch{})
	second.waitEver(t, "workspace-failed")
	second.said(t, "store.busy")
	second.window = second.findOther(t, first.window)
	d.screenshot(t, "busy")
	d.xdotool(t, "windowactivate", "--sync", first.window)
	first.quit(t)
	d.xdotool(t, "windowactivate", "--sync", second.window)
	second.settle()
	second.key(t, "Return")
	second.wait(t, "study-opened")
	second.quit(t)
}

// namespace is a command prefix that runs a program with file systems of its own, or skips the test.
func namespace(t *testing.T) []string {
	t.Helper()
	for _, prefix := range [][]string{{"unshare", "-m"}, {"unshare", "-r", "-m"}} {
		try := append(append([]string{}, prefix...), "mount", "-t", "tmpfs", "tmpfs", t.TempDir())
		if exec.Command(try[0], try[1:]...).Run() == nil {
			return prefix
		}
	}
	t.Skip("this machine lets nobody mount a file system, so no disk can be made read-only or full")
	return nil
}

func TestReadOnlyWorkspace(t *testing.T) {
	d := screen(t)
	h := newHome(t, nil)
	if err := os.MkdirAll(h.workspace, 0o700); err != nil {
		t.Fatal(err)
	}
	wrap := append(namespace(t), "sh", "-c", `mount -t tmpfs -o ro tmpfs "$0" && exec "$@"`, h.workspace)
	p := open(t, d, h, launch{wrap: wrap})
	p.waitEver(t, "workspace-failed")
	p.said(t, "store.readonly")
	p.settle()
	d.screenshot(t, "read-only")

	p.key(t, "Tab", "space") // past the last button comes the first: work in a second place
	p.wait(t, "stand-in")
	p.wait(t, "frame-shown")
	p.settle()
	draw(t, p, 0, 0)
	d.screenshot(t, "stand-in")
	p.quit(t)
	p = open(t, d, h, launch{}) // now it can be written to
	p.waitEver(t, "frame-shown")
	p.said(t, "store.returned")
	p.settle()
	d.screenshot(t, "returned")
	p.key(t, "ctrl+z")
	p.wait(t, "travelled", "edit", "brush")
	p.quit(t)
}

// TestFullDisk: a stroke that does not fit stays in the window, which says so until there is room; then it is saved.
func TestFullDisk(t *testing.T) {
	d := screen(t)
	h := newHome(t, map[string]any{"sort_by_name": true})
	if err := os.MkdirAll(h.workspace, 0o700); err != nil {
		t.Fatal(err)
	}
	wrap := append(namespace(t), "sh", "-c", `mount -t tmpfs -o size=8m tmpfs "$0" && exec "$@"`, h.workspace)
	// Without a model: its predictions would leave the database room of its own.
	p := open(t, d, h, launch{wrap: wrap, binary: elsewhere(t, "lib")})
	p.waitEver(t, "frame-shown")
	p.settle()
	inside := filepath.Join("/proc", itoa(p.cmd.Process.Pid), "root", h.workspace)
	ballast := filepath.Join(inside, "ballast")
	fill(t, ballast)

	w, hgt := p.size(t)
	p.key(t, "b")
	for range 40 { // the database may still have a free page or two
		p.drag(t, point{w/2 - 60, hgt/2 - 40}, point{w/2 + 40, hgt/2 + 20})
		e := p.wait(t, "stroke-saved")
		if e["unsaved"] != "0" {
			break
		}
		p.key(t, "ctrl+z")
		p.wait(t, "travelled")
	}
	p.waitEver(t, "not-saved")
	p.settle()
	d.screenshot(t, "full")
	p.note()
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	p.wait(t, "saved-again")
	p.settle()
	d.screenshot(t, "saved-again")
	p.quit(t)
}

// fill writes a file until the disk is full.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 1 << 12, 1} {
		block := make([]byte, size)
		for err = nil; err == nil; {
			_, err = f.Write(block)
		}
	}
}

// TestBadFiles: what is no image is refused by name, and the rest opens.
func TestBadFiles(t *testing.T) {
	d := screen(t)
	h := newHome(t, nil)
	folder := filepath.Join(h.dir, "Ultraschall 초음파")
	if err := os.MkdirAll(filepath.Join(folder, "empty"), 0o700); err != nil {
		t.Fatal(err)
	}
	writePicture(t, filepath.Join(folder, "image.png"))
	good, err := os.ReadFile(filepath.Join(folder, "image.png"))
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"empty.dcm": nil, "notes.txt": []byte("no image"), "truncated.png": good[:len(good)/3],
	} {
		if err := os.WriteFile(filepath.Join(folder, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := open(t, d, h, launch{args: []string{folder}})
	if e := p.waitEver(t, "study-opened"); e["items"] != "1" || e["refused"] == "0" {
		t.Errorf("the folder: %v", e)
	}
	p.waitEver(t, "frame-shown")
	p.waitEver(t, "predictions-done")
	p.settle()
	d.screenshot(t, "refused")
	p.quit(t)

	p = open(t, d, h, launch{args: []string{filepath.Join(folder, "empty")}})
	p.waitEver(t, "open-failed|study-opened")
	p.settle()
	d.screenshot(t, "nothing")
}

// writePicture writes grey noise with a dark disk, which is as much as a reader needs here.
func writePicture(t *testing.T, path string) {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 320, 240))
	r := rand.New(rand.NewPCG(1, 2))
	for i := range m.Pix {
		m.Pix[i] = uint8(90 + r.IntN(60))
		if math.Hypot(float64(i%320-160), float64(i/320-120)) < 48 {
			m.Pix[i] /= 4
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestNoDisplay: without a screen the program says so and ends with status 1.
func TestNoDisplay(t *testing.T) {
	d := screen(t)
	for _, display := range []string{"", ":987654"} {
		h := newHome(t, nil)
		c := exec.Command(binary(t), "--workspace", h.workspace)
		c.Dir = h.dir
		c.Env = append(h.env(d), "DISPLAY="+display, "ECHOLINE_LOG=")
		out, err := c.CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 {
			t.Errorf("DISPLAY=%q: %v", display, err)
		}
		if s := string(out); strings.Contains(s, "panic") || strings.Contains(s, "goroutine") || !strings.Contains(s, "echoline") {
			t.Errorf("DISPLAY=%q: the program said:\n%s", display, s)
		}
	}
}

// TestNoOpenGL: a screen that cannot draw is told from no screen.
func TestNoOpenGL(t *testing.T) {
	screen(t)
	d, err := startDesktop("-extension", "GLX")
	if err != nil {
		t.Fatal(err)
	}
	defer d.stop()
	h := newHome(t, nil)
	c := exec.Command(binary(t), "--workspace", h.workspace)
	c.Dir, c.Env = h.dir, append(h.env(d), "ECHOLINE_LOG=")
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("%v", err)
	}
	if s := string(out); strings.Contains(s, "panic") || strings.Contains(s, "goroutine") || !strings.Contains(s, "OpenGL") {
		t.Errorf("the program said:\n%s", s)
	}
}
