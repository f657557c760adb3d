package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/demo"
)

// deidentified runs the command with answers on its standard input.
func deidentified(t *testing.T, answers string, args ...string) (code int, said string, files []string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out")
	c := deidentifyCommand()
	var b strings.Builder
	c.SetOut(&b)
	c.SetErr(&b)
	c.SetIn(strings.NewReader(answers))
	c.SetArgs(append(args, "--out", out))
	c.SilenceErrors, c.SilenceUsage = true, true
	switch err := c.ExecuteContext(t.Context()); {
	case errors.Is(err, errUsage):
		code = 2
	case err != nil:
		code = 1
	}
	files, _ = filepath.Glob(filepath.Join(out, "*", "*", "*.dcm"))
	return code, b.String(), files
}

func TestDeidentifyCommand(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	demos := t.TempDir()
	if err := demo.Write(demos); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "CANARY^MINJI") // names of people are names of folders
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"demo-1-oval.dcm", "demo-7-cine.dcm"} {
		if err := os.Rename(filepath.Join(demos, name), filepath.Join(dir, "CANARY "+name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "CANARY.dcm"), []byte("no DICOM"), 0o644); err != nil {
		t.Fatal(err)
	}
	previews := filepath.Join(t.TempDir(), "previews")
	for name, c := range map[string]struct {
		answers string
		args    []string
		code    int
		files   int
		says    string
	}{
		"asked":           {"maybe\ny\nn\n", nil, 1, 1, "left out, as you said"},
		"both":            {"y\nt\n", nil, 1, 2, "Look at "},
		"nobody answers":  {"y\n", nil, 1, 1, "there was no answer"},
		"without asking":  {"", []string{"--yes", "--preview", previews}, 1, 2, "2 files"},
		"boxes":           {"", []string{"--yes", "--blank", "0,0,10,10"}, 1, 2, "2 files"},
		"bad box":         {"", []string{"--yes", "--blank", "0,0,10"}, 2, 0, ""},
		"bad dates":       {"", []string{"--dates", "some"}, 2, 0, ""},
		"names in no log": {"", []string{"--yes"}, 1, 2, "file "},
	} {
		code, said, files := deidentified(t, c.answers, append(c.args, dir)...)
		if code != c.code || len(files) != c.files || !strings.Contains(said, c.says) {
			t.Errorf("%s: %d, %d files, %s", name, code, len(files), said)
		}
		if strings.Contains(said+strings.Join(files, ""), "CANARY") {
			t.Errorf("%s: names are in %s", name, said)
		}
	}
	if got, _ := filepath.Glob(filepath.Join(previews, "*.png")); len(got) != 2 {
		t.Errorf("previews %v", got)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "echoline-preview-*")); len(left) != 0 {
		t.Errorf("previews are left in %v", left)
	}
}

func TestExportWithoutPersons(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	ws, _ := workedOn(t, "Kim Minji")
	for _, args := range [][]string{{"--format", "png", "--yes"}, {"--format", "seg", "--dates", "full"}} { // without --deidentify
		if code, said, _ := exported(t, append(args, "--workspace", ws)...); code != 2 {
			t.Errorf("%v: %d %q", args, code, said)
		}
	}
	out := filepath.Join(t.TempDir(), "out")
	if code := run([]string{"export", "--workspace", ws, "--format", "seg", "--deidentify", "--quiet", "--out", out}); code != 1 { // for the photo
		t.Errorf("status %d", code)
	}
	files, _ := filepath.Glob(filepath.Join(out, "us-*.seg.dcm"))
	if len(files) != 2 {
		t.Fatalf("wrote %v", files)
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"Minji", "ECHOLINE-DEMO", "Echoline^Demo", "demo-"} {
			if strings.Contains(string(data)+path, name) {
				t.Errorf("%s has %s", path, name)
			}
		}
	}
}
