package demo

import (
	"bytes"
	"context"
	"errors"
	"image"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/study"
)

var shared string // the demo, written once for all tests of the package

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(shared)
	os.Exit(code)
}

func folder(t *testing.T) string {
	t.Helper()
	if shared == "" {
		dir, err := os.MkdirTemp("", "echoline-demo")
		if err != nil {
			t.Fatal(err)
		}
		shared = dir
		if err := Write(dir); err != nil {
			t.Fatal(err)
		}
	}
	return shared
}

func TestDigests(t *testing.T) {
	for _, name := range Names() {
		data, err := os.ReadFile(filepath.Join(folder(t), name+".dcm"))
		if err != nil {
			t.Fatal(err)
		}
		if got := digest(data); got != digests[name] {
			t.Errorf("%q: %q,", name, got)
		}
	}
	if len(digests) != len(Names()) {
		t.Errorf("%d digests for %d files", len(digests), len(Names()))
	}
}

func TestTruth(t *testing.T) {
	lesions := map[string]int{"demo-5-two": 2, "demo-6-none": 0}
	for _, s := range scenes {
		want, ok := lesions[s.name]
		if !ok {
			want = 1
		}
		for f := range s.frames {
			p := Truth(s.name, f)
			pieces := sizes(p)
			if len(pieces) != want {
				t.Errorf("%s frame %d: %d pieces, want %d", s.name, f, len(pieces), want)
			}
			for _, n := range pieces {
				if mm2 := float64(n) * pitchMicrons * pitchMicrons / 1e6; mm2 < 10 || mm2 > 120 {
					t.Errorf("%s frame %d: a lesion of %.0f mm²", s.name, f, mm2)
				}
			}
		}
	}
	if Truth("demo-1-oval", 1) != nil || Truth("demo-1-oval", -1) != nil || Truth("other", 0) != nil {
		t.Error("truth of what is not there")
	}
}

// sizes are the pixel counts of the connected pieces of label 1, which must keep clear of the sector's edge.
func sizes(p *mask.Plane) []int {
	var out []int
	q := p.Clone()
	for i, v := range q.Pix {
		if v == 0 {
			continue
		}
		n, todo := 0, []int{i}
		q.Pix[i] = 0
		for len(todo) > 0 {
			k := todo[len(todo)-1]
			todo, n = todo[:len(todo)-1], n+1
			for _, d := range []int{-1, 1, -q.W, q.W} {
				if q.Pix[k+d] != 0 {
					q.Pix[k+d] = 0
					todo = append(todo, k+d)
				}
			}
		}
		out = append(out, n)
	}
	return out
}

// A lesion must be darker than what surrounds it, or there would be nothing to outline.
func TestLesionsAreDark(t *testing.T) {
	for i := range scenes {
		s := &scenes[i]
		if s.frames > 1 || len(s.lesions) == 0 {
			continue
		}
		s.render(func(f int, sector []uint8) {
			var in, around, nIn, nAround float64
			for _, l := range s.lesions {
				for k, v := range sector {
					x, y := float64(k%sectorW)+0.5, float64(k/sectorW)+0.5
					switch d, _ := l.inside(x, y); {
					case d > 4:
						in, nIn = in+float64(v), nIn+1
					case d < -12 && d > -30 && y < l.y:
						around, nAround = around+float64(v), nAround+1
					}
				}
			}
			if in/nIn > 0.8*around/nAround {
				t.Errorf("%s: %.0f inside, %.0f around", s.name, in/nIn, around/nAround)
			}
		})
	}
}

func TestCineMovesSmoothly(t *testing.T) {
	last := Truth("demo-7-cine", cineFrames-1)
	still := 0
	for f := range cineFrames {
		p := Truth("demo-7-cine", f)
		var both, either float64
		for i, v := range p.Pix {
			if v|last.Pix[i] != 0 {
				either++
			}
			if v&last.Pix[i] != 0 {
				both++
			}
		}
		if both/either < 0.8 {
			t.Errorf("frame %d jumps: overlap %.2f with the one before", f, both/either)
		}
		if both == either {
			still++
		}
		last = p
	}
	if still > 2 {
		t.Errorf("%d frames do not move", still)
	}
}

func TestWriteKeepsAndRepairs(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(folder(t))); err != nil {
		t.Fatal(err)
	}
	good, bad := filepath.Join(dir, "demo-1-oval.dcm"), filepath.Join(dir, "demo-2-shadow.dcm")
	want, _ := os.ReadFile(bad)
	before, _ := os.Stat(good)
	if err := os.WriteFile(bad, want[:1000], 0o644); err != nil {
		t.Fatal(err)
	}
	var told []string
	if err := WriteEach(context.Background(), dir, func(p string) { told = append(told, filepath.Base(p)) }); err != nil {
		t.Fatal(err)
	}
	if after, _ := os.Stat(good); !os.SameFile(before, after) {
		t.Error("an intact file was written again")
	}
	if got, _ := os.ReadFile(bad); !bytes.Equal(got, want) {
		t.Error("a cut file was not repaired")
	}
	if strings.Join(told, " ") != strings.Join(Names(), ".dcm ")+".dcm" {
		t.Errorf("told of %v", told)
	}
}

func TestWriteFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Write(file); fault.CodeOf(err) != CodeWrite {
		t.Errorf("into a file: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := WriteEach(ctx, t.TempDir(), func(string) {}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestValidators(t *testing.T) {
	tool, err := exec.LookPath("dciodvfy")
	if err != nil {
		t.Skip("dciodvfy (package dicom3tools) is not installed")
	}
	for _, name := range Names() {
		out, err := exec.Command(tool, "-new", filepath.Join(folder(t), name+".dcm")).CombinedOutput()
		if err != nil || strings.Count(string(out), "\n") > 1 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

func TestPortableFunctions(t *testing.T) {
	for x := -20.0; x < 20; x += 0.0137 {
		if got := float64(exp2(float32(x))) / math.Exp2(x); math.Abs(got-1) > 3e-4 {
			t.Fatalf("exp2(%g) is off by %g", x, got-1)
		}
		if got := float64(log2(float32(math.Exp2(x)))); math.Abs(got-x) > 1e-4 {
			t.Fatalf("log2(2^%g) = %g", x, got)
		}
		if got := swing(x); math.Abs(got-math.Sin(2*math.Pi*x)) > 2e-3 {
			t.Fatalf("swing(%g) = %g", x, got)
		}
		if v := noise(x, 3-x, 7); v < -1 || v > 1 {
			t.Fatalf("noise %g", v)
		}
	}
}

func BenchmarkStill(b *testing.B) {
	for b.Loop() {
		scenes[0].render(func(int, []uint8) {})
	}
}

func BenchmarkCine(b *testing.B) {
	for b.Loop() {
		find("demo-7-cine").render(func(int, []uint8) {})
	}
}

func TestOpensAsAStudy(t *testing.T) {
	st, err := study.Open(t.Context(), []string{folder(t)}, nil)
	if err != nil || len(st.Refused) > 0 {
		t.Fatal(err, st.Refused)
	}
	var names []string
	for _, it := range st.Items {
		names = append(names, it.Name)
		truth := Truth(it.Name, it.Frames-1)
		if it.W != truth.W || it.H != truth.H || it.Frames != find(it.Name).frames {
			t.Errorf("%s: %d×%d, %d frames", it.Name, it.W, it.H, it.Frames)
		}
		if s, from := it.SpacingAt(0, [2]float64{width / 2, height / 2}); from != study.ByRegion || math.Abs(s.X-0.075) > 1e-9 || s.X != s.Y {
			t.Errorf("%s: spacing %v %v", it.Name, s, from)
		}
		if want := image.Rect(left, top, left+sectorW, top+sectorH); it.Sector() != want {
			t.Errorf("%s: sector %v, want %v", it.Name, it.Sector(), want)
		}
		f, err := it.Frame(it.Frames - 1)
		if err != nil || f.Max != 255 || len(f.Grey) != width*height {
			t.Errorf("%s: %v", it.Name, err)
		}
	}
	if !slices.Equal(names, Names()) {
		t.Errorf("items %v", names)
	}
	if cine := st.Items[len(st.Items)-1]; cine.FrameTime != cineFrameTime*time.Millisecond {
		t.Errorf("frame time %v", cine.FrameTime)
	}
}
