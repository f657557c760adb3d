package export

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"echoline/internal/fault"
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

// TestFolderThatCannotBeWrittenTo also holds where the tests run as root: the disk is read-only.
func TestFolderThatCannotBeWrittenTo(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_RDONLY, "size=64k"); err != nil {
		t.Skip("needs the right to mount a small disk:", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	o := options(t, "seg")
	o.Dir = filepath.Join(dir, "out")
	if _, err := Run(t.Context(), input(cine("a", 8, 8, 1, 1)), o); fault.CodeOf(err) != CodeFolder {
		t.Error("a folder that cannot be made:", err)
	}
	o.Dir = dir
	res, err := Run(t.Context(), input(cine("a", 8, 8, 1, 1)), o)
	if err != nil || len(res.Files) != 0 || len(res.Failed) != 1 || res.Failed[0].Code != CodeWrite {
		t.Errorf("%v %+v", err, res)
	}
}
