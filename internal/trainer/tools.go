package trainer

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"echoline/internal/fault"
)

// The environment variables that say where training/ and its Python are.
const (
	PackageVariable = "ECHOLINE_TRAINING"
	PythonVariable  = "ECHOLINE_PYTHON"
)

// Tools are what trains: the folder that holds the package echoline_training, and a Python that has what it needs.
type Tools struct{ Package, Python string }

// Find looks for training/: what is named, else what the environment says, else beside the program or in its source tree;
// and for its Python: what is named, else what the environment says, else the one in training/.venv. Faults: CodePackage,
// CodePython. Whether that Python has the packages is found out by Ready.
func Find(training, python string) (Tools, error) {
	t := Tools{Package: training, Python: python}
	if t.Package == "" {
		t.Package = os.Getenv(PackageVariable)
	}
	if t.Package == "" {
		t.Package = beside()
	}
	if t.Package == "" || !isFile(filepath.Join(t.Package, "echoline_training", "__main__.py")) {
		return t, fault.New(CodePackage, t.Package, nil, fault.Args{"Variable": PackageVariable})
	}
	if t.Python == "" {
		t.Python = os.Getenv(PythonVariable)
	}
	if t.Python == "" {
		t.Python = filepath.Join(t.Package, ".venv", "bin", "python")
		if runtime.GOOS == "windows" {
			t.Python = filepath.Join(t.Package, ".venv", "Scripts", "python.exe")
		}
	}
	if _, err := exec.LookPath(t.Python); err != nil {
		return t, fault.New(CodePython, t.Python, nil, fault.Args{"Variable": PythonVariable})
	}
	var err error
	if t.Package, err = filepath.Abs(t.Package); err == nil && strings.ContainsRune(t.Python, filepath.Separator) {
		t.Python, err = filepath.Abs(t.Python) // not resolved further: an environment is told by the link
	}
	return t, err
}

// beside is the folder training beside the program, one or two folders up, or above the working folder; "" if there is none.
func beside() string {
	var from []string
	if exe, err := os.Executable(); err == nil {
		if target, err := filepath.EvalSymlinks(exe); err == nil {
			exe = target
		}
		from = append(from, filepath.Dir(exe))
	}
	if dir, err := os.Getwd(); err == nil {
		from = append(from, dir)
	}
	for _, dir := range from {
		for range 4 {
			if path := filepath.Join(dir, "training"); isFile(filepath.Join(path, "echoline_training", "__main__.py")) {
				return path
			}
			dir = filepath.Dir(dir)
		}
	}
	return ""
}

// probe imports what training/ needs, without training anything.
const probe = "import cv2, numpy, onnx, onnxruntime, scipy, torch; import echoline_training.train"

// Ready tells whether that Python can train. The fault CodeModules says what it lacks.
func (t Tools) Ready(ctx context.Context) error {
	c := t.command(ctx, "", "-c", probe)
	var said bytes.Buffer
	c.Stderr = &said
	if err := c.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fault.New(CodeModules, t.Python, errors.New(lastLine(said.Bytes(), err.Error())), nil)
	}
	return nil
}

// command is a call of Python in dir. The package is found by PYTHONPATH; ONNX Runtime is told to report to nobody.
func (t Tools) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, t.Python, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "PYTHONPATH="+t.Package, "PYTHONUNBUFFERED=1", "ORT_DISABLE_TELEMETRY=1")
	return c
}

// lastLine is the last line that is not blank; otherwise what is given.
func lastLine(text []byte, otherwise string) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	return otherwise
}
