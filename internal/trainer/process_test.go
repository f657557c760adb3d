//go:build !windows

package trainer

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"echoline/internal/export"
	"echoline/internal/fault"
)

// pretended is a program that does what training/ does, as far as it can be seen: it answers the check with a file's words,
// and counts to 20 where it should train, with a checkpoint after each.
const pretended = `#!/bin/sh
case "$*" in
*" check "*) cat findings; exit 1;;
*" make "*)
	mkdir -p run/fold0
	echo '{"stages":[{"name":"fold0","steps":20,"work":100},{"name":"error","steps":10,"work":40}]}' > run/stages.json
	n=0; [ -f run/at ] && n=$(cat run/at)
	trap 'echo "echoline_training: stopped when asked" >&2; exit 1' TERM
	[ -f fail ] && { cat fail >&2; exit 1; }
	while [ $n -lt 20 ]; do
		n=$((n+1)); echo $n > run/at
		echo "{\"step\":$n,\"of\":20,\"loss\":0.$((99-n)),\"seconds\":$n}" >> run/fold0/log.jsonl
		sleep 0.02
	done
	echo "{\"step\":20,\"val_cases\":0.8}" >> run/fold0/log.jsonl
	touch run/error.pt
	echo model > model.onnx;;
esac
`

func pretend(t *testing.T) (*Run, Tools) {
	t.Helper()
	dir := t.TempDir()
	python := filepath.Join(dir, "python")
	if err := os.WriteFile(python, []byte(pretended), 0o755); err != nil {
		t.Fatal(err)
	}
	r := &Run{Dir: filepath.Join(dir, "run"), Recipe: Recipe{Name: "own", Plan: Small}}
	if err := os.MkdirAll(r.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := r.keep(); err != nil {
		t.Fatal(err)
	}
	return r, Tools{Package: packageFolder(t), Python: python}
}

// until waits for a state that must come.
func until(t *testing.T, r *Run, ok func(Status) bool) Status {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if s := r.Status(); ok(s) {
			return s
		}
	}
	t.Fatalf("it never came: %+v", r.Status())
	return Status{}
}

func started(s Status) bool { return len(s.Stages) > 0 && s.Stages[0].Step > 2 }

func ended(s Status) bool { return s.State != Working }

func TestCancelAndGoOn(t *testing.T) {
	r, tools := pretend(t)
	if s := r.Status(); s.State != Ready {
		t.Fatal(s)
	}
	if err := r.Cancel(); fault.CodeOf(err) != CodeIdle {
		t.Error(err)
	}
	if err := r.Start(tools); err != nil {
		t.Fatal(err)
	}
	s := until(t, r, started)
	if s.State != Working || !s.Timed || s.Share <= 0 || s.Share >= 1 || s.Left <= 0 {
		t.Errorf("%+v", s)
	}
	if err := r.Start(tools); fault.CodeOf(err) != CodeRunning {
		t.Errorf("twice: %v", err)
	}
	found, err := Open(r.Dir) // as a window that starts later does
	if err != nil || !found.Working() {
		t.Fatal(err)
	}
	if err := found.Cancel(); err != nil {
		t.Fatal(err)
	}
	if s = until(t, found, ended); s.State != Cancelled {
		t.Fatalf("%+v", s)
	}
	step := s.Stages[0].Step
	if err := found.Start(tools); err != nil {
		t.Fatal(err)
	}
	if s = until(t, r, ended); s.State != Done || s.Share != 1 {
		t.Fatalf("%+v", s)
	}
	for i, p := range s.Stages[0].Loss {
		if p.Step != i+1 {
			t.Fatalf("step %d was done twice or never, after a stop at %d: %v", i+1, step, s.Stages[0].Loss)
		}
	}
	if got := s.Stages[0].Checks["val_cases"]; len(got) != 1 || got[0].Value != 0.8 || r.Model() == "" {
		t.Errorf("%v %q", got, r.Model())
	}
}

func TestKilledAndGoneOnWith(t *testing.T) {
	r, tools := pretend(t)
	if err := r.Start(tools); err != nil {
		t.Fatal(err)
	}
	until(t, r, started)
	p, _ := r.process()
	if err := syscall.Kill(-p.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	s := until(t, r, ended)
	if s.State != Broken || s.Why.Code != CodeKilled || s.Stages[0].Step == 0 {
		t.Fatalf("%+v", s)
	}
	if err := r.Start(tools); err != nil {
		t.Fatal(err)
	}
	if s := until(t, r, ended); s.State != Done {
		t.Fatalf("%+v", s)
	}
}

func TestWhyItStopped(t *testing.T) {
	for said, want := range map[string]fault.Code{
		"echoline_training: run: cannot be written (No space left on device). Make room\n": CodeFull,
		"echoline_training: the loss is no number at step 7\n":                             CodeFailed,
		"Traceback (most recent call last):\n  File\nMemoryError\n":                        CodeFailed,
		"": CodeKilled,
	} {
		r, tools := pretend(t)
		if err := os.WriteFile(filepath.Join(r.Dir, "fail"), []byte(said), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := r.Start(tools); err != nil {
			t.Fatal(err)
		}
		if s := until(t, r, ended); s.State != Broken || s.Why.Code != want {
			t.Errorf("%q: %+v", said, s)
		}
	}
}

func TestCheckLooksAtTheModelToBeginFrom(t *testing.T) {
	r, _ := pretend(t)
	if args := strings.Join(r.arguments("check"), " "); strings.Contains(args, "--start") {
		t.Error(args)
	}
	r.Recipe.Start = "a hash"
	for _, command := range []string{"check", "make"} {
		if args := strings.Join(r.arguments(command), " "); !strings.Contains(args, "--start "+startName) {
			t.Error(args)
		}
	}
}

func TestFindings(t *testing.T) {
	r, tools := pretend(t)
	many := `"values":{"count":6,"files":["a","b","c","d","e","f"]}`
	for said, want := range map[string]string{
		"Loaded weights\n[{\"level\":\"refuse\",\"code\":\"masks.size\"," + many + "}]": "true train.finding.size a, b, c, d, … (6)",
		`[{"level":"warn","code":"something.new","values":{}}]`:                         "false train.finding.other <nil>",
	} {
		if err := os.WriteFile(filepath.Join(r.Dir, "findings"), []byte(said), 0o644); err != nil {
			t.Fatal(err)
		}
		found, err := r.Check(t.Context(), tools)
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		f := found[0]
		if got := strings.Join([]string{map[bool]string{true: "true", false: "false"}[f.Refuses], string(f.Fault.Code), text(f.Fault.Args["Files"])}, " "); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if err := os.WriteFile(filepath.Join(r.Dir, "findings"), []byte("no list"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Check(t.Context(), tools); fault.CodeOf(err) != CodeCheck {
		t.Error(err)
	}
}

func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return "<nil>"
}

func TestWhatIsMissing(t *testing.T) {
	t.Setenv(PackageVariable, t.TempDir())
	if _, err := Find("", ""); fault.CodeOf(err) != CodePackage {
		t.Error(err)
	}
	t.Setenv(PackageVariable, "")
	t.Setenv(PythonVariable, filepath.Join(t.TempDir(), "none"))
	if _, err := Find(packageFolder(t), ""); fault.CodeOf(err) != CodePython {
		t.Error(err)
	}
	bare := filepath.Join(t.TempDir(), "python")
	if err := os.WriteFile(bare, []byte("#!/bin/sh\necho \"ModuleNotFoundError: No module named 'torch'\" >&2\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	tools, err := Find(packageFolder(t), bare)
	if err != nil {
		t.Fatal(err)
	}
	if err := tools.Ready(t.Context()); fault.CodeOf(err) != CodeModules || !strings.Contains(err.Error(), "torch") {
		t.Error(err)
	}
}

// TestFullDisk writes a bundle where there is no room.
func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("this system has no /dev/full")
	}
	r := &Run{Dir: t.TempDir(), Recipe: Recipe{Plan: Small}}
	if err := os.Symlink("/dev/full", r.path(startName)); err != nil {
		t.Fatal(err)
	}
	if f := writeFault(r.Dir, os.WriteFile(r.path(startName), []byte("x"), 0o644)); f.Code != CodeFull {
		t.Error(f)
	}
}

// TestRealTraining goes the whole way with the real training/: chosen, written, checked, started, cancelled, gone on with.
func TestRealTraining(t *testing.T) {
	if os.Getenv(PythonVariable) == "" {
		t.Skip(PythonVariable + " names no Python to train with")
	}
	tools, err := Find(packageFolder(t), "")
	if err != nil {
		t.Fatal(err)
	}
	if err := tools.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := written(t, reviewed(t, 40, map[string]int{"Kim": 40, "Lee": 6}), Choice{Include: export.Accepted})
	found, err := r.Check(t.Context(), tools)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Log(f.Code, f.Refuses, f.Fault.Args)
		if f.Refuses {
			t.Fatal(f.Fault)
		}
	}
	if err := r.Start(tools); err != nil {
		t.Fatal(err)
	}
	for !started(r.Status()) && r.Working() {
		time.Sleep(50 * time.Millisecond)
	}
	if err := r.Cancel(); err != nil {
		t.Fatal(err)
	}
	for r.Working() {
		time.Sleep(50 * time.Millisecond)
	}
	if s := r.Status(); s.State != Cancelled {
		t.Fatalf("%+v", s)
	}
	if err := r.Start(tools); err != nil {
		t.Fatal(err)
	}
	for r.Working() {
		time.Sleep(200 * time.Millisecond)
	}
	s := r.Status()
	if s.State != Done || s.Share != 1 || !isFile(r.path(cardName)) {
		t.Fatalf("%+v\n%s", s, tail(r.path(outputName)))
	}
}
