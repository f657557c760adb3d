package main

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"image"
	_ "image/png" // pictures of exports
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"echoline/inference"
	"echoline/internal/export"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
)

// planted are images with a marked string wherever one fits, in a folder and under names that are marked too.
func planted(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if exec.Command("/usr/bin/python3", "-c", "import pydicom, numpy").Run() != nil {
		t.Skip("pydicom is missing: run scripts/packages.sh test")
	}
	if out, err := exec.Command("/usr/bin/python3", "../../internal/deid/testdata/canary.py", dir).CombinedOutput(); err != nil {
		t.Skipf("the maker of the images: %v\n%s", err, out)
	}
	return dir
}

// marked lists the marks in data: as they are, as UTF-16, and within what was deflated.
func marked(data []byte) (found []string) {
	look := func(b []byte) {
		lower := bytes.ToLower(b)
		for _, m := range []string{"canary", "c\x00a\x00n\x00a\x00r\x00y", "19771107", "1977-11-07", "1.2.777"} {
			if bytes.Contains(lower, []byte(m)) {
				found = append(found, m)
			}
		}
	}
	look(data)
	if z, err := gzip.NewReader(bytes.NewReader(data)); err == nil {
		if b, err := io.ReadAll(z); err == nil {
			look(b)
		}
	}
	for at := 0; at+2 < len(data); at++ {
		if data[at] == 0x78 && bytes.IndexByte([]byte{0x01, 0x5e, 0x9c, 0xda}, data[at+1]) >= 0 {
			b, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data[at+2:])), 1<<20))
			if len(b) > 32 || err == nil {
				look(b)
			}
		}
	}
	return found
}

// markedWork is a workspace in which a reader with a marked name worked on marked images: one drew, one corrected what was
// imported from a file with a marked name. A table of labels has a marked name too.
func markedWork(t *testing.T, in string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "ws")
	st, err := study.Open(t.Context(), []string{in}, nil)
	must(t, err)
	ws, err := store.Open(dir)
	must(t, err)
	defer func() { must(t, ws.Close()) }()
	r, err := ws.Review(st, "CANARY Reader")
	must(t, err)
	for i, it := range st.Items {
		k := review.Key{Instance: it.ID}
		plane := mask.NewPlane(it.W, it.H)
		plane.Fill(mask.Capsule(40, 60, 60, 70, 9.5, 7), uint8(1+i%2))
		if i == 0 {
			p := &inference.Prediction{
				Model: inference.Info{Name: "CANARY masks.dcm", SHA256: export.ImportPrefix + strings.Repeat("ab", 32), Labels: []inference.Label{{Value: 1, Name: "CANARY tumour"}}},
				W:     it.W, H: it.H, Mask: plane, Probability: make([]float32, it.W*it.H), Threshold: 0.5,
			}
			for n, v := range plane.Pix {
				p.Probability[n] = float32(v)
			}
			must(t, r.SetPrediction(k, p))
			must(t, ws.SavePrediction(k, p))
		} else {
			paint(t, r, k, plane)
		}
		must(t, r.SetStatus(k, review.Accepted))
	}
	must(t, ws.SaveLabels("CANARY Reader", review.LabelSet{}, review.LabelSet{Labels: []review.Label{{Value: 3, Name: "CANARY spot"}, {Value: 4, Name: "Cyst"}}}))
	table := `{"labels": [{"value": 2, "name": "CANARY label", "type": ["CANARY", "99CANARY", "CANARY meaning"]}]}`
	must(t, os.WriteFile(filepath.Join(dir, export.LabelsName), []byte(table), 0o600))
	return dir
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// paint makes p the mask of a frame, in one stroke of the reader.
func paint(t *testing.T, r *review.Review, k review.Key, p *mask.Plane) {
	t.Helper()
	s, err := r.Begin(k, "brush", review.ByReader)
	must(t, err)
	must(t, s.SetLabels(p))
	_, err = s.Commit()
	must(t, err)
}

// privately exports without persons, and returns what was said.
func privately(t *testing.T, ws, format, out string, args ...string) (said string, err error) {
	t.Helper()
	c := exportCommand()
	var b bytes.Buffer
	c.SetOut(&b)
	c.SetErr(&b)
	c.SetIn(strings.NewReader(""))
	c.SetArgs(append([]string{"--workspace", ws, "--format", format, "--deidentify", "--manifest", "--out", out}, args...))
	c.SilenceErrors, c.SilenceUsage = true, true
	err = c.ExecuteContext(t.Context())
	return b.String(), err
}

// TestNoExportNamesPersons exports marked work in every format, and finds no mark in any file, name or message, nor in what
// is remembered. Burned-in letters are black in every picture.
func TestNoExportNamesPersons(t *testing.T) {
	in := planted(t)
	home := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", home)
	t.Setenv("HOME", home)
	ws := markedWork(t, in)
	for _, format := range export.Formats() {
		for _, dates := range []string{"modified", "removed"} {
			if dates == "removed" && format != "seg" && format != "csv" {
				continue
			}
			t.Run(format+" "+dates, func(t *testing.T) {
				out := filepath.Join(t.TempDir(), "out")
				said, err := privately(t, ws, format, out, "--yes", "--dates", dates)
				switch {
				case err != nil && format == "seg-fractional": // there is a model's probability of one image only
				case err != nil:
					t.Fatalf("%v\n%s", err, said)
				}
				if got := marked([]byte(said)); got != nil {
					t.Errorf("messages have %v: %s", got, said)
				}
				if n := unmarked(t, out); n < 2 { // a file and the manifest
					t.Errorf("%d files", n)
				}
			})
		}
	}
	unmarked(t, home)
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "echoline-preview-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// unmarked looks for marks in all files below a folder, and returns how many there are.
func unmarked(t *testing.T, dir string) (n int) {
	t.Helper()
	if _, err := os.Stat(dir); err != nil {
		return 0
	}
	pictures, lettered := 0, 0
	must(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if got := marked([]byte(strings.TrimPrefix(path, dir))); got != nil {
			t.Errorf("the name of %s has %v", path, got)
		}
		if d.IsDir() {
			return nil
		}
		n++
		data, err := os.ReadFile(path)
		if got := marked(data); got != nil {
			t.Errorf("%s has %v", path, got)
		}
		if f, _, err := image.Decode(bytes.NewReader(data)); err == nil && strings.Contains(path, "images") {
			pictures++
			if burned(f) {
				lettered++
			}
		}
		return err
	}))
	if plain := 2; lettered > plain || pictures > 0 && pictures <= plain { // two of the sources, JPEG, have no letters there
		t.Errorf("in %d of %d pictures something is left where the letters were", lettered, pictures)
	}
	return n
}

// burned tells whether anything is left where canary.py draws letters.
func burned(im image.Image) bool {
	for y := 50; y < 57; y++ {
		for x := 60; x < 95; x++ {
			if r, g, b, _ := im.At(x, y).RGBA(); r|g|b != 0 {
				return true
			}
		}
	}
	return false
}

// TestFailuresNameNobody: a source that is gone, and one that is damaged, are told without their names where the message
// may end up in a log.
func TestFailuresNameNobody(t *testing.T) {
	in := planted(t)
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	ws := markedWork(t, in)
	sources, err := filepath.Glob(filepath.Join(in, "*", "*.dcm"))
	must(t, err)
	must(t, os.Remove(sources[0]))
	must(t, os.WriteFile(sources[1], []byte("CANARY"), 0o600))
	said, err := privately(t, ws, "png", filepath.Join(t.TempDir(), "out"))
	if err == nil || !strings.Contains(said, "echoline: ") {
		t.Errorf("%v: %q", err, said)
	}
	if got := marked([]byte(said)); got != nil {
		t.Errorf("messages have %v: %s", got, said)
	}
}

// TestSomebodyLooksAtExportedPictures: a format that holds pictures asks, and without an answer nothing is written.
func TestSomebodyLooksAtExportedPictures(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	ws, _ := workedOn(t, "Kim Minji")
	out := filepath.Join(t.TempDir(), "out")
	if said, err := privately(t, ws, "nifti", out); err == nil || !strings.Contains(said, "Look at ") {
		t.Errorf("%v: %s", err, said)
	}
	if n := unmarked(t, out); n > 1 { // the folder alone
		t.Errorf("%d files were written", n)
	}
	if _, err := privately(t, ws, "png", out, "--dates", "some"); !errors.Is(err, errUsage) {
		t.Errorf("%v", err)
	}
}
