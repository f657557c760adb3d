package deid

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"echoline/internal/fault"
	"echoline/internal/part10"
	"echoline/internal/study"
)

const samples = "../../../shared/data/dicom"

// testKey is a key of no secret.
func testKey() *Key { return &Key{bytes.Repeat([]byte{7}, keyBytes)} }

// opened opens files as a study.
func opened(t *testing.T, paths ...string) *study.Study {
	t.Helper()
	st, err := study.Open(t.Context(), paths, nil)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// cleaned de-identifies paths; review may be nil.
func cleaned(t *testing.T, o Options, paths ...string) (Result, *study.Study) {
	t.Helper()
	st := opened(t, paths...)
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.Key == nil {
		o.Key = testKey()
	}
	if o.Dates == "" {
		o.Dates = Modified
	}
	o.Name = func(i int, path string) string { return fmt.Sprintf("#%d %s", i+1, filepath.Base(path)) }
	res, err := Run(t.Context(), st, o)
	if err != nil {
		t.Fatal(err)
	}
	return res, st
}

// judge returns the errors that dciodvfy finds, without those that name values, which the source has too.
func judge(t *testing.T, path string) map[string]bool {
	t.Helper()
	if _, err := exec.LookPath("dciodvfy"); err != nil {
		t.Skip("dciodvfy is missing: run scripts/packages.sh test")
	}
	out, _ := exec.Command("dciodvfy", "-new", path).CombinedOutput() // the status tells of errors, which are in the output
	found := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "Error") {
			found[strings.TrimSpace(line)] = true
		}
	}
	return found
}

// TestSamples de-identifies every ultrasound file that opens, one by one. What shows ultrasound stays bit by bit, all else
// is black, the file is no less valid than its source, and nothing of the source's names and numbers is in it.
func TestSamples(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(samples, "ultrasound", "*.dcm"))
	if err != nil || len(files) == 0 {
		t.Skip("the sample files are not there")
	}
	written := 0
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			var p *Proposal
			res, st := cleaned(t, Options{Review: func(got *Proposal) (Answer, error) { p = got; return Write, nil }}, path)
			if len(res.Failed) > 0 {
				f := res.Failed[0]
				if f.Code != CodeRegion && !strings.HasPrefix(string(f.Code), "study.") && f.Code != CodeClass && f.Code != CodePixels {
					t.Errorf("refused: %v", f)
				}
				t.Logf("refused: %v %v", f.Code, f.Args)
				return
			}
			if len(res.Files) != 1 || p == nil {
				t.Fatalf("wrote %v", res.Files)
			}
			written++
			back := opened(t, res.Files[0])
			if len(back.Items) != 1 {
				t.Fatalf("it does not open again: %v", back.Refused)
			}
			same(t, st.Items[0], back.Items[0], p)
			before := judge(t, path)
			for e := range judge(t, res.Files[0]) {
				if !before[e] {
					t.Errorf("dciodvfy: %s", e)
				}
			}
			t.Logf("keep %v guessed %v text %v outside %v %s→%s", p.Keep, p.Guessed, p.Text, len(p.Outside), st.Items[0].TransferSyntax, back.Items[0].TransferSyntax)
			nothingPersonal(t, path, res.Files[0])
		})
	}
	if written == 0 {
		t.Error("not one file was written")
	}
}

// TestSameUID de-identifies two different files of one instance UID in one run: both are written, and a second run replaces
// nothing.
func TestSameUID(t *testing.T) {
	a, b := filepath.Join(samples, "ultrasound", "pydicom-data_OBXXXX1A.dcm"), filepath.Join(samples, "ultrasound", "pydicom-data_OBXXXX1A_rle.dcm")
	if _, err := os.Stat(b); err != nil {
		t.Skip("the sample files are not there")
	}
	dir := t.TempDir()
	write := func(*Proposal) (Answer, error) { return Write, nil }
	res, _ := cleaned(t, Options{Dir: dir, Review: write}, a, b)
	if len(res.Files) != 2 || res.Files[1] != strings.TrimSuffix(res.Files[0], ".dcm")+"-2.dcm" {
		t.Fatalf("%v %v", res.Files, res.Failed)
	}
	again, _ := cleaned(t, Options{Dir: dir, Review: write}, a, b)
	if len(again.Files) != 0 || len(again.Failed) != 2 || again.Failed[0].Code != CodeExists {
		t.Errorf("%v %v", again.Files, again.Failed)
	}
}

// TestSegmentationStaysValid cleans segmentations of which dciodvfy says nothing, and wants it to say nothing again.
func TestSegmentationStaysValid(t *testing.T) {
	for _, name := range []string{"BINARY.dcm", "FRACTIONAL.dcm"} {
		path := filepath.Join(samples, "seg-example", name)
		source, err := os.ReadFile(path)
		if err != nil {
			t.Skip("the sample files are not there")
		}
		for _, dates := range []Dates{Modified, Full, Removed} {
			res, _ := cleaned(t, Options{Dates: dates}, path)
			if len(res.Files) != 1 {
				t.Fatal(res.Failed)
			}
			judge(t, res.Files[0]) // skips where there is no judge
			out, err := exec.Command("dciodvfy", "-new", res.Files[0]).CombinedOutput()
			if dates == Removed { // without dates it can only be free of errors
				if bytes.Contains(out, []byte("Error")) {
					t.Errorf("%s without dates:\n%s", name, out)
				}
			} else if err != nil || strings.TrimSpace(string(out)) != "Segmentation" {
				t.Errorf("%s, dates %s: %v\n%s", name, dates, err, out)
			}
			data, err := os.ReadFile(res.Files[0])
			if err != nil {
				t.Fatal(err)
			}
			a, errA := part10.Parse(source, dictionaryVR)
			b, errB := part10.Parse(data, nil)
			if errA != nil || errB != nil || !bytes.Equal(a.Set.Find(part10.PixelData).Data, b.Set.Find(part10.PixelData).Data) {
				t.Errorf("%s: the masks differ: %v %v", name, errA, errB)
			}
		}
	}
}

// Damaged files end in a fault or in a file, never in a panic.
func TestDamagedFiles(t *testing.T) {
	for _, path := range []string{"seg-example/BINARY.dcm", "ultrasound/pydicom_examples_palette.dcm", "dicomdir/98892003/MR1/4919"} {
		whole, err := os.ReadFile(filepath.Join(samples, path))
		if err != nil {
			t.Skip("the sample files are not there")
		}
		head := min(len(whole), 8000)
		random := rand.New(rand.NewPCG(1, 2))
		for range 150 {
			data := slices.Clone(whole)
			for range 1 + random.IntN(4) {
				data[132+random.IntN(head-132)] = []byte{0, 1, 2, 0x7f, 0xff, byte(random.IntN(256))}[random.IntN(6)]
			}
			file := filepath.Join(t.TempDir(), "damaged.dcm")
			if err := os.WriteFile(file, data, 0o600); err != nil {
				t.Fatal(err)
			}
			res, _ := cleaned(t, Options{Review: func(*Proposal) (Answer, error) { return Write, nil }}, file)
			if len(res.Files)+len(res.Failed)+len(res.LeftOut) != 1 {
				t.Fatalf("%v", res)
			}
		}
	}
}

// same compares the frames inside what is kept, and wants black elsewhere.
func same(t *testing.T, a, b *study.Item, p *Proposal) {
	t.Helper()
	if a.W != b.W || a.H != b.H || a.Frames != b.Frames {
		t.Fatalf("%d×%d×%d became %d×%d×%d", a.W, a.H, a.Frames, b.W, b.H, b.Frames)
	}
	keep := p.mask(a.W, a.H)
	for i := range a.Frames {
		f, err := a.Frame(i)
		if err != nil {
			t.Fatal(err)
		}
		g, err := b.Frame(i)
		if err != nil {
			t.Fatal(err)
		}
		wrong, bright := 0, 0
		level := brightness(g)
		for n, k := range keep {
			switch {
			case k && f.RGB != nil && !bytes.Equal(f.RGB[3*n:3*n+3], g.RGB[3*n:3*n+3]), k && f.RGB == nil && f.Grey[n] != g.Grey[n]:
				wrong++
			case !k && level[n] > 8 && b.Photometric != "MONOCHROME1":
				bright++
			}
		}
		if wrong > 0 || bright > 0 {
			t.Fatalf("frame %d: %d of the pixels kept differ, %d others are not black", i, wrong, bright)
		}
	}
}

// nothingPersonal looks for values of the source in the output.
func nothingPersonal(t *testing.T, from, to string) {
	t.Helper()
	source, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	f, err := part10.Parse(source, nil)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range []part10.Tag{
		0x00080018, 0x00080050, 0x00080080, 0x00080081, 0x00080090, 0x00081010, 0x00081048, 0x00081050, 0x00081070, 0x00100010,
		0x00100020, 0x00100030, 0x00104000, 0x0020000d, 0x0020000e, 0x00200010,
	} {
		if v := f.Set.Text(tag); len(v) > 4 && strings.Trim(v, v[:1]) != "" && bytes.Contains(data, []byte(v)) {
			t.Errorf("%v is still there", tag)
		}
	}
}

func TestRefusesByName(t *testing.T) {
	for path, want := range map[string]fault.Code{
		"other-modality/pydicom_MR_small_RLE.dcm": CodeClass, "edge/pydicom_MR_truncated.dcm": study.CodeTruncated,
	} {
		path = filepath.Join(samples, path)
		if _, err := os.Stat(path); err != nil {
			t.Skip("the sample files are not there")
		}
		res, _ := cleaned(t, Options{}, path)
		if len(res.Files) != 0 || len(res.Failed) != 1 || res.Failed[0].Code != want {
			t.Errorf("%s: %v %v", path, res.Files, res.Failed)
		}
	}
}
