package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/assets"
	"echoline/inference/ort"
	"echoline/internal/fault"
	"echoline/internal/text"
)

// examine runs doctor and returns its report and its error.
func examine(t *testing.T, o viewOptions) (diagnosis, error) {
	t.Helper()
	var out bytes.Buffer
	err := doctor(o, &out)
	var d diagnosis
	if e := json.Unmarshal(out.Bytes(), &d); e != nil {
		t.Fatalf("%v\n%s", e, out.String())
	}
	if (err == nil) != d.OK {
		t.Errorf("ok is %v, but the error is %v", d.OK, err)
	}
	return d, err
}

func TestDoctorNamesAMissingRuntime(t *testing.T) {
	t.Setenv(ort.LibraryVariable, filepath.Join(t.TempDir(), "nowhere.so"))
	d, err := examine(t, viewOptions{workspace: t.TempDir()})
	if d.Runtime.OK || d.Runtime.Do == "" || !strings.Contains(d.Runtime.Detail, "nowhere.so") {
		t.Errorf("runtime: %+v", d.Runtime)
	}
	if d.Model.OK {
		t.Error("a model cannot be well without a runtime")
	}
	if fault.CodeOf(err) != codeUnwell {
		t.Errorf("error %v", err)
	}
}

func TestDoctorNamesALibraryThatIsNone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "libonnxruntime.so")
	if err := os.WriteFile(path, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv(ort.LibraryVariable, path)
	if d, _ := examine(t, viewOptions{workspace: t.TempDir()}); d.Runtime.OK || d.Runtime.Do == "" {
		t.Errorf("runtime: %+v", d.Runtime)
	}
}

func TestDoctorNamesABrokenModel(t *testing.T) {
	if _, err := ort.FindLibrary(); err != nil {
		t.Skip("ONNX Runtime is not there: run `make build`")
	}
	path := filepath.Join(t.TempDir(), "broken.onnx")
	if err := os.WriteFile(path, []byte("no model"), 0o600); err != nil {
		t.Fatal(err)
	}
	d, _ := examine(t, viewOptions{workspace: t.TempDir(), model: path})
	if !d.Runtime.OK || d.Runtime.Version != ort.Version {
		t.Errorf("runtime: %+v", d.Runtime)
	}
	if d.Model.OK || d.Model.Do == "" || !strings.Contains(d.Model.Detail, "broken.onnx") {
		t.Errorf("model: %+v", d.Model)
	}
}

func TestDoctorReadsTheModelThatShips(t *testing.T) {
	if _, err := ort.FindLibrary(); err != nil {
		t.Skip("ONNX Runtime is not there: run `make build`")
	}
	d, _ := examine(t, viewOptions{workspace: t.TempDir()})
	if !d.Model.OK || len(d.Model.SHA256) != 64 || d.Model.Name == "" || !d.Model.Guided ||
		!strings.Contains(d.Model.Detail, text.T("doctor.model.guided")) {
		t.Errorf("model: %+v", d.Model)
	}
}

func TestDoctorLooksForHangul(t *testing.T) {
	if f := checkFonts(assets.FontRegular, assets.FontBold); !f.OK {
		t.Errorf("fonts: %+v", f)
	}
	if f := checkFonts([]byte("no font")); f.OK || f.Do == "" {
		t.Errorf("fonts: %+v", f)
	}
}

func TestDoctorNamesAFolderThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	d := checkDisk(filepath.Join(file, "workspace"))
	if d.OK || d.Do == "" || !strings.Contains(d.Detail, file) {
		t.Errorf("disk: %+v", d)
	}
	dir := filepath.Join(t.TempDir(), "yet", "to", "be")
	d = checkDisk(dir)
	if !d.OK || d.Places[0].Path != dir || d.Places[0].Free < minFree {
		t.Errorf("disk: %+v", d)
	}
	if _, err := os.Stat(filepath.Dir(dir)); err == nil {
		t.Error("doctor made a folder")
	}
}

func TestDoctorTakesNoPaths(t *testing.T) {
	if status := run([]string{"doctor", "study"}); status != 2 {
		t.Errorf("exit status %d", status)
	}
}
