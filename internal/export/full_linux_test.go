package export

import (
	"image"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"echoline/internal/fault"
	"echoline/internal/mask"
)

// TestDiskFullMidway fills a small disk of its own. Items that fit are whole, the others are not there at all, and once there
// is room the same export goes on.
func TestDiskFullMidway(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=128k"); err != nil {
		t.Skip("needs the right to mount a small disk:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	in := probabilities(input(cine("small", 80, 60, 2, 1), cine("large", 400, 300, 3, 1), cine("last", 40, 30, 1, 1)))
	o := options(t, "seg-fractional")
	o.Dir, o.Manifest = filepath.Join(dir, "out"), true
	res, err := Run(t.Context(), in, o)
	if err != nil || len(res.Files) != 2 || len(res.Failed) != 1 || res.Failed[0].Code != CodeWrite || !strings.Contains(res.Failed[0].Error(), "no space") {
		t.Fatalf("%v %+v %v", err, res.Files, res.Failed)
	}
	entries, err := os.ReadDir(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != unfinishedName+" last.prob.seg.dcm manifest.sha256 small.prob.seg.dcm" {
		t.Errorf("left: %s", got)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=16m"); err != nil {
		t.Fatal(err)
	}
	res, err = Run(t.Context(), in, o)
	if err != nil || len(res.Failed) > 0 || len(res.Files) != 3 || res.Kept != 2 {
		t.Fatalf("with more room: %v %+v", err, res)
	}
	if _, err := os.Stat(filepath.Join(o.Dir, unfinishedName)); err == nil {
		t.Error("the note of what is written stays though all is")
	}
}

// TestEveryFormatOnAReadOnlyDisk also holds where the tests run as root: whether the folder is there or has to be made, the fault
// names it, and neither a file nor a folder comes about.
func TestEveryFormatOnAReadOnlyDisk(t *testing.T) {
	in := probabilities(input(noisy(t, "a", 16, 12, 1), noisy(t, "b", 16, 12, 3)))
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_RDONLY, "size=64k"); err != nil {
		t.Skip("needs the right to mount a small disk:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	for _, format := range Formats() {
		o := options(t, format)
		o.Manifest, o.Dir = true, filepath.Join(dir, "out")
		if res, err := Run(t.Context(), in, o); fault.CodeOf(err) != CodeFolder || !strings.Contains(err.Error(), o.Dir) || len(res.Files) > 0 {
			t.Errorf("%s, a folder that cannot be made: %v %+v", format, err, res.Files)
		}
		o.Dir = dir
		res, err := Run(t.Context(), in, o)
		if err != nil || len(res.Files) > 0 || len(res.Failed) == 0 {
			t.Errorf("%s: %v %+v", format, err, res)
		}
		for _, f := range res.Failed {
			if f.Code != CodeWrite || !strings.HasPrefix(f.Where, dir) || !strings.Contains(f.Error(), "read-only") {
				t.Errorf("%s: %v", format, f)
			}
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s left %v %v", format, left, err)
		}
	}
}

// noisy is a cine with pictures, whose masks of random squares no format can pack into little.
func noisy(t *testing.T, name string, w, h, frames int) Item {
	t.Helper()
	it := filmed(t, Item{Source: source(name, w, h, frames)})
	random := rand.New(rand.NewPCG(uint64(w), 2))
	for i := range frames {
		p := mask.NewPlane(w, h)
		for y := 0; y < h; y += 5 {
			for x := 0; x < w; x += 5 {
				v := uint8(random.IntN(2))
				for n := range 25 {
					if at := image.Pt(x+n%5, y+n/5); at.X < w && at.Y < h {
						p.Set(at.X, at.Y, v)
					}
				}
			}
		}
		it.Frames = append(it.Frames, frame(i, p))
	}
	return it
}

// onlyWhole wants nothing in a folder but what an export says that it wrote, as it wrote it, and its note.
func onlyWhole(t *testing.T, format, dir string, res Result) {
	t.Helper()
	sums := map[string]string{}
	for _, f := range res.Files {
		sums[f.Path] = f.SHA256
	}
	found := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == unfinishedName {
			return err
		}
		sum, err := fileHash(path)
		if sums[path] == "" || sums[path] != sum {
			t.Errorf("%s: %s is not whole", format, path)
		}
		found++
		return err
	})
	if err != nil && !os.IsNotExist(err) || found != len(sums) {
		t.Errorf("%s: %v, %d of %d files", format, err, found, len(sums))
	}
}

// TestEveryFormatOnAFullDisk: what fits is whole, what does not fit is named and not there, and with room the same export ends.
func TestEveryFormatOnAFullDisk(t *testing.T) {
	in := probabilities(input(noisy(t, "small", 16, 12, 1), noisy(t, "large", 60, 45, 30)))
	for _, format := range Formats() {
		dir := t.TempDir()
		size := "size=16k"
		if format == "csv" {
			size = "size=8k"
		}
		if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, size); err != nil {
			t.Skip("needs the right to mount a small disk:", err)
		}
		t.Cleanup(func() {
			if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
		o := options(t, format)
		o.Dir = filepath.Join(dir, "out")
		res, err := Run(t.Context(), in, o)
		if err != nil || len(res.Failed) == 0 || res.Failed[0].Code != CodeWrite || res.Failed[0].Where == "" {
			t.Errorf("%s: %v %v", format, err, res.Failed)
		}
		onlyWhole(t, format, o.Dir, res)
		if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=64m"); err != nil {
			t.Fatal(err)
		}
		o.Overwrite = true // data sets tell at their end of all that they hold
		res, err = Run(t.Context(), in, o)
		if err != nil || len(res.Failed) > 0 || len(res.Files) == 0 {
			t.Errorf("%s, with room: %v %v", format, err, res.Failed)
		}
		onlyWhole(t, format, o.Dir, res)
	}
}

// TestEveryFormatWithoutItsSource: an image whose file is gone is named, where its pictures are needed, and the rest goes on.
func TestEveryFormatWithoutItsSource(t *testing.T) {
	for _, format := range Formats() {
		in := probabilities(input(noisy(t, "gone", 40, 30, 1), noisy(t, "there", 40, 30, 1)))
		if err := os.Remove(in.Items[0].Source.Path); err != nil {
			t.Fatal(err)
		}
		res, err := Run(t.Context(), in, options(t, format))
		switch {
		case err != nil:
			t.Errorf("%s: %v", format, err)
		case Pictures(format) && (len(res.Failed) != 1 || !strings.Contains(res.Failed[0].Where, "gone")):
			t.Errorf("%s: %v", format, res.Failed)
		case !Pictures(format) && len(res.Failed) > 0:
			t.Errorf("%s: %v", format, res.Failed)
		case format != "report" && len(res.Files) == 0:
			t.Errorf("%s: nothing was written", format)
		}
		if len(res.Files) > 0 {
			onlyWhole(t, format, commonDir(res), res)
		}
	}
}

// commonDir is the folder that an export wrote into.
func commonDir(res Result) string {
	dir := filepath.Dir(res.Files[0].Path)
	for filepath.Base(dir) != "out" {
		dir = filepath.Dir(dir)
	}
	return dir
}

// TestEveryFormatWithoutAFolder: where the folder's name is a file's nothing is written, and that file stays.
func TestEveryFormatWithoutAFolder(t *testing.T) {
	in := probabilities(input(noisy(t, "a", 16, 12, 1)))
	for _, format := range Formats() {
		o := options(t, format)
		if err := os.WriteFile(o.Dir, []byte("mine"), 0o600); err != nil {
			t.Fatal(err)
		}
		res, err := Run(t.Context(), in, o)
		data, errRead := os.ReadFile(o.Dir)
		if fault.CodeOf(err) != CodeFolder || len(res.Files) > 0 || errRead != nil || string(data) != "mine" {
			t.Errorf("%s: %v %v", format, err, res)
		}
	}
}
