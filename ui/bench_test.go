package ui

import (
	"bufio"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/driver/desktop"

	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/ui/keys"
	"echoline/ui/viewer"
)

// BenchmarkPointerMove is one move of the pointer during a stroke, from the viewport's report to the new outline: the
// mask, its contours with expected error, and their shape on the screen, on an image of 1024×768 with a lesion of 300 px.
func BenchmarkPointerMove(b *testing.B) {
	dir := b.TempDir()
	writeGrey(b, filepath.Join(dir, "large.png"), 1024, 768)
	w := newBench(b, Config{Paths: []string{dir}})
	w.open()
	s := w.sess
	w.setToolSize(140)
	w.drag(contour.Point{X: 500, Y: 384}, contour.Point{X: 520, Y: 384})
	w.setToolSize(20)
	w.pointer(viewer.Pointer{Phase: viewer.Press, At: contour.Point{X: 660, Y: 384}, Button: desktop.MouseButtonPrimary})
	i := 0
	for b.Loop() {
		sin, cos := math.Sincos(float64(i) / 40)
		w.pointer(viewer.Pointer{Phase: viewer.Drag, At: contour.Point{X: 510 + 155*cos, Y: 384 + 140*sin}})
		i++
	}
	w.do(keys.Cancel)
	if mask.Count(s.review.Frame(s.key()).Labels, 1) == 0 {
		b.Fatal("no lesion")
	}
}

// BenchmarkDecision is an accepted image in a folder of two thousand: the decision and what the window makes of it.
func BenchmarkDecision(b *testing.B) {
	w := newBench(b, Config{Paths: []string{pictures(b, 2000)}})
	w.open()
	s := w.sess
	k := s.key()
	for i := 0; b.Loop(); i++ {
		if err := s.review.SetStatus(k, review.Status(i%2+1)); err != nil {
			b.Fatal(err)
		}
		if s.nextOpen() == nil {
			b.Fatal("none is left")
		}
	}
}

func writeGrey(b *testing.B, path string, w, h int) {
	im := image.NewGray(image.Rect(0, 0, w, h))
	for i := range im.Pix {
		im.Pix[i] = uint8(60 + i%40)
	}
	im.SetGray(0, 0, color.Gray{Y: 90})
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	if err := png.Encode(f, im); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkStart is what a reader waits for: from the start of the built program to its window, and to the first image in
// it, on an X server without a screen or a graphics card. Workspace and demo study are there from an earlier start.
func BenchmarkStart(b *testing.B) {
	program, err := filepath.Abs("../bin/echoline")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		b.Skip("bin/echoline is missing: run `make build`")
	}
	display := virtualScreen(b)
	home := b.TempDir()
	env := []string{
		"PATH=" + os.Getenv("PATH"), "DISPLAY=" + display, "HOME=" + home, "LANG=C.UTF-8", "XDG_CONFIG_HOME=" + home,
		"XDG_CACHE_HOME=" + home, "XDG_DATA_HOME=" + home, "XDG_SESSION_TYPE=x11", "LIBGL_ALWAYS_SOFTWARE=1",
		"FYNE_SCALE=1", "ECHOLINE_LOG=debug",
	}
	settings, err := json.Marshal(Settings{Language: "en", Reader: "R1", Acknowledged: true})
	if err != nil {
		b.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(home, "echoline"), 0o700); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(home, "echoline", settingsFile), settings, 0o600); err != nil {
		b.Fatal(err)
	}
	untilEvents(b, program, env, "predictions-done")
	var window time.Duration
	n := 0
	for b.Loop() {
		window += untilEvents(b, program, env, "window-shown", "frame-shown")[0]
		n++
	}
	b.ReportMetric(window.Seconds()*1000/float64(n), "ms-to-window")
}

// virtualScreen starts an X server and returns its name.
func virtualScreen(b *testing.B) string {
	if _, err := exec.LookPath("Xvfb"); err != nil {
		b.Skip("Xvfb is missing")
	}
	r, w, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	x := exec.Command("Xvfb", "-displayfd", "3", "-screen", "0", "1440x900x24", "-nolisten", "tcp")
	x.ExtraFiles = []*os.File{w}
	if err := x.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = x.Process.Kill()
		_ = x.Wait()
	})
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	name, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return ":" + strings.TrimSpace(name)
}

// untilEvents runs the program until it has logged these events, in any order, and ends it. It returns when each came
// after the start.
func untilEvents(b *testing.B, program string, env []string, events ...string) []time.Duration {
	p := exec.Command(program)
	p.Env = env
	out, err := p.StderrPipe()
	if err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	if err := p.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		_ = p.Process.Kill()
		_ = p.Wait()
	}()
	at := make([]time.Duration, len(events))
	missing := len(events)
	lines := bufio.NewScanner(out)
	for missing > 0 && lines.Scan() {
		for i, e := range events {
			if at[i] == 0 && strings.Contains(lines.Text(), "event="+e) {
				at[i] = time.Since(begun)
				missing--
			}
		}
	}
	if missing > 0 {
		b.Fatalf("the program ended before %v: %v", events, at)
	}
	return at
}
