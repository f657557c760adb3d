package deid

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"echoline/internal/fault"
	"echoline/internal/part10"
	"echoline/internal/study"
)

// marks are what is planted: no output may have any of them.
var marks = func() map[string][]byte {
	m := map[string][]byte{
		"text": []byte("canary"), "date": []byte("19771107"), "time": []byte("070707"), "UID": []byte("1.2.777"),
	}
	for _, name := range []string{"text", "date", "UID"} {
		wide := utf16.Encode([]rune(string(m[name])))
		var le, be []byte
		for _, u := range wide {
			le, be = append(le, byte(u), byte(u>>8)), append(be, byte(u>>8), byte(u))
		}
		m[name+" as UTF-16 LE"], m[name+" as UTF-16 BE"] = le, be
	}
	return m
}()

// marked lists the marks in data, also where it was compressed.
func marked(t *testing.T, data []byte) []string {
	t.Helper()
	var out []string
	look := func(b []byte, how string) {
		lower := bytes.ToLower(b)
		for name, m := range marks {
			if bytes.Contains(lower, m) {
				out = append(out, name+how)
			}
		}
	}
	look(data, "")
	body := bodyOf(data)
	for at := 0; at+2 < len(data); at++ { // zlib and gzip begin so, and the data set of a deflated file behind its meta information
		zlib := data[at] == 0x78 && (int(data[at])<<8|int(data[at+1]))%31 == 0
		if zlib || at == body {
			skip := map[bool]int{true: 2, false: 0}[zlib]
			z, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data[at+skip:])), 1<<20))
			if len(z) > 32 || err == nil {
				look(z, ", deflated")
			}
		}
	}
	slices.Sort(out)
	return out
}

// bodyOf is where the data set of a DICOM file begins; -1 where it is none.
func bodyOf(data []byte) int {
	if len(data) < 144 || string(data[128:132]) != "DICM" || string(data[132:140]) != "\x02\x00\x00\x00UL\x04\x00" {
		return -1
	}
	return 144 + int(data[140]) | int(data[141])<<8
}

// planted makes the files; the test is skipped where their maker is missing.
func planted(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, tool := range []string{"/usr/bin/python3", "dcmcjpeg"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s is missing: run scripts/packages.sh test", tool)
		}
	}
	if exec.Command("/usr/bin/python3", "-c", "import pydicom").Run() != nil {
		t.Skip("pydicom is missing: run scripts/packages.sh test")
	}
	if out, err := exec.Command("/usr/bin/python3", "testdata/canary.py", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return dir
}

// TestCanary plants marked strings everywhere and finds none in what comes out: in no file, name or message.
func TestCanary(t *testing.T) {
	in := planted(t)
	sources, err := filepath.Glob(filepath.Join(in, "*", "*"))
	if err != nil || len(sources) != 9 {
		t.Fatalf("%d sources, %v", len(sources), err)
	}
	for _, path := range sources { // else nothing below could fail
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := marked(t, data); len(got) < 2 {
			t.Errorf("%s has only %v", path, got)
		}
	}
	for _, dates := range []Dates{Modified, Removed} {
		t.Run(string(dates), func(t *testing.T) {
			checkCanary(t, in, dates)
		})
	}
	t.Run("compressed", func(t *testing.T) { checkCompressed(t, in) })
	t.Run("again", func(t *testing.T) { checkOverwriting(t, in) })
}

func checkCanary(t *testing.T, in string, dates Dates) {
	home := t.TempDir()
	key, err := OpenKey(filepath.Join(home, "key"))
	if err != nil {
		t.Fatal(err)
	}
	boxes, err := OpenBoxes(filepath.Join(home, "boxes.json"))
	if err != nil {
		t.Fatal(err)
	}
	st := opened(t, in)
	for _, it := range st.Items {
		if err := boxes.Remember(it, Drawn{Blank: []image.Rectangle{image.Rect(0, 0, 1, 1)}}); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(home, "out")
	proposed := map[string]*Proposal{}
	res, err := Run(t.Context(), st, Options{
		Dir: out, Key: key, Dates: dates, Boxes: boxes, Name: func(i int, _ string) string { return fmt.Sprintf("file %d", i+1) },
		Review: func(p *Proposal) (Answer, error) { proposed[p.Name] = p; return Write, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, f := range append(res.Failed, res.LeftOut...) {
		said += fmt.Sprintf("%v %v\n", f, f.Args)
	}
	if len(res.Files) != 7 || len(res.Failed) != 1 || res.Failed[0].Code != CodeClass || len(res.LeftOut) != 1 {
		t.Fatalf("%d files; %s", len(res.Files), said)
	}
	if got := marked(t, []byte(said)); got != nil {
		t.Errorf("messages have %v: %s", got, said)
	}
	err = filepath.WalkDir(home, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if got := marked(t, []byte(strings.TrimPrefix(path, home))); got != nil {
			t.Errorf("the name of %s has %v", path, got)
		}
		if d.IsDir() {
			return nil
		}
		data, err := os.ReadFile(path)
		if got := marked(t, data); got != nil {
			t.Errorf("%s has %v", path, got)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	checkReferences(t, key, res.Files)
	checkBurned(t, st, res.Files)
	readByPydicom(t, res.Files)
}

// checkReferences looks whether the segmentation refers to the image by its new UID.
func checkReferences(t *testing.T, key *Key, files []string) {
	t.Helper()
	uids, refers := map[string]bool{}, ""
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := part10.Parse(data, nil)
		if err != nil {
			t.Fatal(err)
		}
		uids[f.Set.Text(part10.SOPInstance)] = true
		if g := f.Set.Find(0x52009230); g != nil {
			refers = g.Items[0].Find(0x00089124).Items[0].Find(0x00082112).Items[0].Text(0x00081155)
		}
		if f.Set.Text(part10.Study) != key.UID("1.2.777.100") || f.Set.Text(0x00120062) != "YES" {
			t.Errorf("%s: study %s", path, f.Set.Text(part10.Study))
		}
	}
	if !uids[refers] || refers != key.UID("1.2.777.102") {
		t.Errorf("the segmentation refers to %q", refers)
	}
}

// checkBurned looks for the letters inside the region: their box is black in every frame.
func checkBurned(t *testing.T, source *study.Study, files []string) {
	t.Helper()
	letters := image.Rect(60, 50, 95, 57)
	checked := 0
	for _, it := range opened(t, files...).Items {
		if it.Regions[0].X0 == 0 {
			continue // the one without letters
		}
		for i := range it.Frames {
			f, err := it.Frame(i)
			if err != nil {
				t.Fatal(err)
			}
			for y := letters.Min.Y; y < letters.Max.Y; y++ {
				for x := letters.Min.X; x < letters.Max.X; x++ {
					if f.Grey[y*it.W+x] != 0 {
						t.Fatalf("frame %d: %d at %d, %d", i, f.Grey[y*it.W+x], x, y)
					}
				}
			}
		}
		checked++
	}
	if checked != 4 || len(source.Items) < 6 {
		t.Errorf("%d of %d cines looked at", checked, len(source.Items))
	}
}

// readByPydicom lets another read what was written, to its last element.
func readByPydicom(t *testing.T, files []string) {
	t.Helper()
	const read = `
import sys, pydicom
for p in sys.argv[1:]:
    d = pydicom.dcmread(p)
    for e in d.iterall():
        assert not e.tag.is_private, e.tag
        str(e.value)
    if d.Modality == "US" and not d.file_meta.TransferSyntaxUID.is_compressed: assert d.pixel_array.shape == (6, 120, 160)
    assert d.PatientIdentityRemoved == "YES" and d.BurnedInAnnotation == "NO" and d.preamble == b"\0" * 128
`
	if out, err := exec.Command("/usr/bin/python3", append([]string{"-c", read}, files...)...).CombinedOutput(); err != nil {
		t.Errorf("pydicom: %v\n%s", err, out)
	}
}

// checkCompressed wants a JPEG that has nothing to hide byte for byte, and one with a comment decoded.
func checkCompressed(t *testing.T, in string) {
	for name, want := range map[string]string{"CANARY jpeg.dcm": "1.2.840.10008.1.2.4.50", "CANARY comment.dcm": part10.ExplicitLittle} {
		path := filepath.Join(in, "CANARY^MINJI", name)
		res, _ := cleaned(t, Options{}, path)
		if len(res.Files) != 1 {
			t.Fatal(res.Failed)
		}
		parse := func(path string) *part10.File {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			f, err := part10.Parse(data, nil)
			if err != nil {
				t.Fatal(err)
			}
			return f
		}
		a, b := parse(path), parse(res.Files[0])
		if b.Syntax != want || b.Set.Text(0x00282110) != "01" {
			t.Errorf("%s became %s, lossy %q", name, b.Syntax, b.Set.Text(0x00282110))
		}
		if b.Syntax == a.Syntax && !slices.EqualFunc(a.Set.Find(part10.PixelData).Fragments, b.Set.Find(part10.PixelData).Fragments, bytes.Equal) {
			t.Error("the pixels are not those of the source")
		}
	}
}

// checkOverwriting writes the same twice.
func checkOverwriting(t *testing.T, in string) {
	path := filepath.Join(in, "CANARY^MINJI", "CANARY seg.dcm")
	dir := t.TempDir()
	first, _ := cleaned(t, Options{Dir: dir}, path)
	second, _ := cleaned(t, Options{Dir: dir}, path)
	third, _ := cleaned(t, Options{Dir: dir, Overwrite: true}, path)
	if len(first.Files) != 1 || len(second.Failed) != 1 || second.Failed[0].Code != CodeExists || len(third.Files) != 1 {
		t.Errorf("%v %v %v", first, second, third)
	}
	locked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(locked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Run(t.Context(), &study.Study{}, Options{Dir: filepath.Join(locked, "out")})
	if fault.CodeOf(err) != CodeWrite {
		t.Errorf("a folder that cannot be: %v", err)
	}
	guessed, _ := cleaned(t, Options{Review: func(*Proposal) (Answer, error) { return Skip, errors.New("stop") }}, path)
	if len(guessed.Files) != 1 { // a segmentation is not asked about
		t.Error(guessed.Failed)
	}
}
