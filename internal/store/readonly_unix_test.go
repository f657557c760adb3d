//go:build !windows

package store

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user who owns nothing.
const nobody = 65534

// TestReadOnlyFolderIsRefused: an administrator may write everywhere, so the folder is opened as somebody else.
func TestReadOnlyFolderIsRefused(t *testing.T) {
	dir, err := os.MkdirTemp("", "echoline-readonly") // t.TempDir lets nobody else in
	must(t, err)
	t.Cleanup(func() {
		must(t, os.Chmod(dir, 0o700))
		os.RemoveAll(dir)
	})
	ws := filepath.Join(dir, "ws")
	w := mustOpen(t, ws)
	must(t, paint(t, mustReview(t, w, "kim"), still, 20, 20))
	must(t, w.Close())
	exe := filepath.Join(dir, "other")
	copyProgram(t, exe)
	run := func(name string) string {
		cmd := child(exe, childOpen, filepath.Join(dir, name))
		asNobody(cmd)
		return openAsChild(t, cmd)
	}
	must(t, os.Chmod(filepath.Join(ws, fileName), 0o444))
	for _, mode := range []os.FileMode{0o555, 0o777} { // the folder, then only the file cannot be written
		must(t, os.Chmod(ws, mode))
		must(t, os.Chmod(dir, 0o555))
		for name, want := range map[string]string{"ws": string(CodeReadOnly), "new": string(CodeReadOnly)} {
			if got := run(name); !strings.HasPrefix(got, want) {
				t.Fatalf("%s with mode %v: %s", name, mode, got)
			}
		}
	}
	must(t, os.Chmod(filepath.Join(ws, fileName), 0o666))
	if got := run("ws"); got != "<nil>" {
		t.Fatal(got)
	}
}

// asNobody lets an administrator's child run without any rights.
func asNobody(cmd *exec.Cmd) {
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
}

// copyProgram puts this binary where anybody can run it.
func copyProgram(t *testing.T, to string) {
	t.Helper()
	src, err := os.Open(executable(t))
	must(t, err)
	defer src.Close()
	dst, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE, 0o755)
	must(t, err)
	_, err = io.Copy(dst, src)
	must(t, err)
	must(t, dst.Close())
	must(t, os.Chmod(to, 0o755))
}
