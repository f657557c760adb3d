package ui

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/driver/desktop"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/demo"
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
	program, env := builtProgram(b)
	until(b, program, env, "", "predictions-done")
	var window time.Duration
	n := 0
	for b.Loop() {
		window += until(b, program, env, "", "window-shown", "frame-shown")[0].after
		n++
	}
	b.ReportMetric(window.Seconds()*1000/float64(n), "ms-to-window")
}

// BenchmarkOpenFolder opens 2,000 DICOM files in the built program, as a clinic's export holds them: until the first image
// is on the screen, until all are listed, and the longest that the window let anything wait for it until five seconds later.
func BenchmarkOpenFolder(b *testing.B) {
	program, env := builtProgram(b)
	dir := manyFiles(b, 2000)
	until(b, program, env, "", "frame-shown") // the workspace is there
	var window, first, list, worst float64
	n := 0
	for b.Loop() {
		lines := until(b, program, env, dir, "window-shown", "preview-shown", "study-opened", "pulse", "pulse", "pulse", "pulse", "pulse")
		window += lines[0].ms()
		first += lines[1].ms() - lines[0].ms()
		list += lines[2].ms() - lines[0].ms()
		for _, l := range lines {
			worst = max(worst, l.value("worst_ms="))
		}
		n++
	}
	b.ReportMetric(window/float64(n), "ms-to-window")
	b.ReportMetric(first/float64(n), "ms-window-to-image")
	b.ReportMetric(list/float64(n), "ms-window-to-list")
	b.ReportMetric(worst, "ms-worst-wait")
}

// manyFiles writes n DICOM files, of 300 kB each, that differ in their SOP Instance UID.
func manyFiles(b *testing.B, n int) string {
	src, dir := b.TempDir(), b.TempDir()
	if err := demo.Write(src); err != nil {
		b.Fatal(err)
	}
	stills, err := filepath.Glob(filepath.Join(src, "demo-[1-6]-*.dcm"))
	if err != nil || len(stills) == 0 {
		b.Fatal("the demo study has no stills", err)
	}
	for i := range n {
		data, err := os.ReadFile(stills[i%len(stills)])
		if err != nil {
			b.Fatal(err)
		}
		at := bytes.Index(data, []byte{0x08, 0, 0x18, 0, 'U', 'I'})
		old := data[at+8 : at+8+int(data[at+6])]
		data = bytes.ReplaceAll(data, old[:20], fmt.Appendf(nil, "%s%05d", old[:15], i))
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("IM%05d", i)), data, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// builtProgram gives the built program, and the environment of a machine with an X server and no graphics card.
func builtProgram(b *testing.B) (program string, env []string) {
	program, err := filepath.Abs("../bin/echoline")
	if err != nil {
		b.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		b.Skip("bin/echoline is missing: run `make build`")
	}
	display := virtualScreen(b)
	home := b.TempDir()
	env = []string{
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
	return program, env
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

// line is what the program logged, and when after its start.
type line struct {
	words string
	after time.Duration
}

func (l line) ms() float64 { return float64(l.after.Microseconds()) / 1000 }

// value is a number of the line; 0 if it has none of that name.
func (l line) value(name string) float64 {
	_, rest, _ := strings.Cut(l.words, name)
	v, _ := strconv.ParseFloat(strings.Fields(rest + " 0")[0], 64)
	return v
}

// until runs the program, on a folder if one is given, until it has logged these events: the first ones in any order,
// repeated ones as often as they are named after the others. It returns their lines, those of every pulse before included.
func until(b *testing.B, program string, env []string, dir string, events ...string) []line {
	p := exec.Command(program)
	if dir != "" {
		p.Args = append(p.Args, dir)
	}
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
	found := make([]line, len(events))
	missing := len(events)
	var pulses []line
	for lines := bufio.NewScanner(out); missing > 0 && lines.Scan(); {
		l := line{lines.Text(), time.Since(begun)}
		i := slices.IndexFunc(events, func(e string) bool { return strings.Contains(l.words, "event="+e) })
		switch {
		case i < 0:
		case events[i] == "pulse":
			if pulses = append(pulses, l); missing <= len(events)-i {
				missing--
			}
		case found[i].words == "":
			found[i] = l
			missing--
		}
	}
	if missing > 0 {
		b.Fatalf("the program ended before %v: %v", events, found)
	}
	return append(found, pulses...)
}

// lesionWindow is a window with one image of w×h, on which a lesion a third as wide was drawn.
func lesionWindow(b *testing.B, w, h int, g inference.Predictor) *bench {
	dir := b.TempDir()
	writeGrey(b, filepath.Join(dir, "large.png"), w, h)
	win := newBench(b, Config{Paths: []string{dir}, Predictor: func() (inference.Predictor, error) { return g, nil }})
	win.open()
	win.do(keys.Brush)
	x, y := float64(w)/2, float64(h)/2
	win.setToolSize(float64(w) / 7)
	win.drag(contour.Point{X: x, Y: y}, contour.Point{X: x + 20, Y: y})
	return win
}

// BenchmarkAnswer is what a reader waits for after a click besides the model: from the release of the button to the dashed
// outline, with a model that answers at once.
func BenchmarkAnswer(b *testing.B) {
	for _, size := range [][2]int{{1024, 768}, {4096, 4096}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			w := lesionWindow(b, size[0], size[1], instant{guided{}, map[[2]int]*inference.Prediction{}})
			w.do(keys.Ask)
			x, y := float64(size[0])/2, float64(size[1])/2
			w.click(x, y-float64(size[0])/7-4, 0) // the first answer of the size is prepared
			w.answers(1)
			w.do(keys.Cancel)
			var cpu time.Duration
			for b.Loop() {
				begun := processCPU(b)
				w.click(x, y-float64(size[0])/7-4, 0)
				w.answers(1)
				cpu += processCPU(b) - begun
				b.StopTimer()
				w.do(keys.Cancel)
				b.StartTimer()
			}
			b.ReportMetric(cpu.Seconds()*1e3/float64(b.N), "cpu-ms")
		})
	}
}

// instant is guided without the time that it takes: it keeps the first answer of each size.
type instant struct {
	guided
	kept map[[2]int]*inference.Prediction
}

func (i instant) Predict(ctx context.Context, im inference.Image, g inference.Guidance) (*inference.Prediction, error) {
	size := [2]int{im.W, im.H}
	if len(g.Positive) == 0 {
		return i.guided.Predict(ctx, im, g)
	}
	if i.kept[size] == nil {
		p, err := i.guided.Predict(ctx, im, g)
		if err != nil {
			return nil, err
		}
		i.kept[size] = p
	}
	return i.kept[size], nil
}

// BenchmarkUndo is an undo or a redo, from the key to everything that the window shows of it, journal included.
func BenchmarkUndo(b *testing.B) {
	for _, size := range [][2]int{{1024, 768}, {4096, 4096}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			w := lesionWindow(b, size[0], size[1], disk{})
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			begun := threadCPU(b)
			for i := 0; b.Loop(); i++ {
				if i%2 == 0 {
					w.do(keys.Undo)
				} else {
					w.do(keys.Redo)
				}
			}
			b.ReportMetric((threadCPU(b)-begun).Seconds()*1e3/float64(b.N), "cpu-ms")
		})
	}
}
