package ort_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"echoline/inference"
	"echoline/inference/ort"
	"echoline/internal/fault"
)

// childVariable makes the test program load one library, say which fault that gave, and end: a process can hold only
// one runtime.
const childVariable = "ECHOLINE_TEST_LOAD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childVariable); path != "" {
		_, err := ort.Open(path, filepath.Join("..", "testdata", "contract.onnx"), 1)
		var f *fault.Error
		if errors.As(err, &f) {
			found, _ := f.Args["Found"].(string)
			fmt.Print(string(f.Code) + " " + found)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// library is the runtime to test with.
func library(tb testing.TB) string {
	tb.Helper()
	path, err := ort.FindLibrary()
	if err != nil {
		tb.Skip("no ONNX Runtime library here; make test provides it: ", err)
	}
	return path
}

func open(tb testing.TB, name string) (inference.Predictor, error) {
	tb.Helper()
	m, err := ort.Open(library(tb), filepath.Join("..", "testdata", name), 1)
	if err == nil {
		tb.Cleanup(func() {
			if err := m.(io.Closer).Close(); err != nil {
				tb.Error(err)
			}
		})
	}
	return m, err
}

// picture is dark with a bright disc of radius 12 around (40, 25).
func picture(w, h int) inference.Image {
	im := inference.Image{W: w, H: h, Grey: make([]float32, w*h)}
	for i := range im.Grey {
		if math.Hypot(float64(i%w)+.5-40, float64(i/w)+.5-25) <= 12 {
			im.Grey[i] = 1
		}
	}
	return im
}

// inside is how many pixels the mask has.
func inside(p *inference.Prediction) int { return bytes.Count(p.Mask.Pix, []byte{1}) }

func TestWholeContract(t *testing.T) {
	m, err := open(t, "contract.onnx")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join("..", "testdata", "contract.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	info := m.Info()
	if info.Guided || info.Name != "test-bright" || info.Version != "0.0.1" || !info.Calibrated || info.SHA256 != hex.EncodeToString(sum[:]) ||
		len(info.Labels) != 1 || info.Labels[0].Type.Meaning != "Mass" {
		t.Fatalf("%+v", info)
	}
	for range 2 { // tensors are used again
		p, err := m.Predict(context.Background(), picture(64, 48), inference.Guidance{})
		if err != nil {
			t.Fatal(err)
		}
		if p.Present < 0.99 || inside(p) != 448 {
			t.Fatal(p.Present, inside(p))
		}
		// Logit 10 inside at temperature 2; the scale grows by 1 every 8 pixels of x.
		if got := float64(p.Probability[25*64+40]); math.Abs(got-1/(1+math.Exp(-5))) > 1e-6 {
			t.Fatal(got)
		}
		if got := p.Scale[10*64+16]; got != 3 {
			t.Fatal(got)
		}
		empty, err := m.Predict(context.Background(), inference.Image{W: 64, H: 48, Grey: make([]float32, 64*48)}, inference.Guidance{})
		if err != nil || empty.Present > 0.01 || inside(empty) != 0 {
			t.Fatal(empty, err)
		}
	}
}

func TestPlainNetworks(t *testing.T) {
	for _, name := range []string{"plain", "fixed"} {
		m, err := open(t, name+".onnx")
		if err != nil {
			t.Fatal(name, err)
		}
		if info := m.Info(); info.Name != name || info.Calibrated || info.Guided {
			t.Fatalf("%+v", info)
		}
		p, err := m.Predict(context.Background(), picture(64, 48), inference.Guidance{})
		if err != nil || p.Scale != nil || !math.IsNaN(p.Present) {
			t.Fatal(name, err)
		}
		if n := inside(p); n < 430 || n > 470 {
			t.Fatal(name, n)
		}
	}
}

func TestBrokenModels(t *testing.T) {
	dir := t.TempDir()
	whole, err := os.ReadFile(filepath.Join("..", "testdata", "contract.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	known := func(name string) string { return filepath.Join("..", "testdata", name) }
	lib := library(t)
	for path, code := range map[string]fault.Code{
		known("none.onnx"):                  ort.CodeModelMissing,
		dir:                                 ort.CodeModelBroken,
		write("empty.onnx", nil):            ort.CodeModelBroken,
		write("cut.onnx", whole[:400]):      ort.CodeModelBroken,
		write("text.onnx", []byte("hello")): ort.CodeModelBroken,
		known("halved.onnx"):                inference.CodeOutput,
		known("mute.onnx"):                  inference.CodeOutputMissing,
		known("nameless.onnx"):              inference.CodeContractMissing,
		known("rank.onnx"):                  inference.CodeInput,
		known("wordless.onnx"):              inference.CodeContractMissing,
		known("deaf.onnx"):                  inference.CodeInput,
	} {
		_, err := ort.Open(lib, path, 1)
		var f *fault.Error
		if !errors.As(err, &f) || f.Code != code || f.Where != path {
			t.Errorf("%s: %v, want %s", path, err, code)
		}
	}
}

func TestNumbersThatAreNone(t *testing.T) {
	m, err := open(t, "undefined.onnx")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Predict(context.Background(), picture(64, 48), inference.Guidance{}); fault.CodeOf(err) != inference.CodeNumbers {
		t.Fatal(err)
	}
}

func TestCancelStopsARun(t *testing.T) {
	m, err := open(t, "endless.onnx")
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // a stopped run leaves the model fit for the next
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		begin := time.Now()
		_, err := m.Predict(ctx, picture(64, 48), inference.Guidance{})
		cancel()
		if took := time.Since(begin); !errors.Is(err, context.DeadlineExceeded) || took < 40*time.Millisecond || took > 10*time.Second {
			t.Fatal(err, took)
		}
	}
}

// TestLibrariesThatDoNotFit loads each in a process of its own.
func TestLibrariesThatDoNotFit(t *testing.T) {
	library(t)
	dir := t.TempDir()
	text := filepath.Join(dir, "text.so")
	if err := os.WriteFile(text, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{
		filepath.Join(dir, "none.so"): string(ort.CodeLibraryMissing) + " ",
		text:                          string(ort.CodeLibraryBroken) + " ",
		build(t, dir, "old", `NULL`):  string(ort.CodeLibraryVersion) + " ",
		build(t, dir, "other", ``):    string(ort.CodeLibraryBroken) + " ",
	}
	for path, want := range cases {
		if path == "" {
			continue
		}
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childVariable+"="+path)
		out, err := cmd.Output()
		if err != nil || string(out) != want {
			t.Errorf("%s: %q %v, want %q", path, out, err, want)
		}
	}
}

// build compiles a library that has the runtime's entry, which knows no interface (old), or has no entry at all; "" where
// there is no C compiler.
func build(t *testing.T, dir, name, api string) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil || runtime.GOOS == "windows" {
		t.Log("no C compiler: libraries of other versions are not tried")
		return ""
	}
	source := "int unrelated(void) { return 1; }\n"
	if api != "" {
		source = strings.Join([]string{
			"#include <stddef.h>",
			"#include <stdint.h>",
			"static const void *get(uint32_t v) { return " + api + "; }",
			"static const char *version(void) { return \"1.2.3\"; }",
			"static const struct { const void *(*get)(uint32_t); const char *(*version)(void); } base = {get, version};",
			"const void *OrtGetApiBase(void) { return &base; }", "",
		}, "\n")
	}
	code, lib := filepath.Join(dir, name+".c"), filepath.Join(dir, name+".so")
	if err := os.WriteFile(code, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(cc, "-shared", "-fPIC", "-o", lib, code).CombinedOutput(); err != nil {
		t.Fatal(string(out), err)
	}
	return lib
}

func TestFindLibraryByVariable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "any.so")
	t.Setenv(ort.LibraryVariable, path)
	if _, err := ort.FindLibrary(); fault.CodeOf(err) != ort.CodeLibraryMissing {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := ort.FindLibrary(); err != nil || got != path {
		t.Fatal(got, err)
	}
}

func TestFindInSourceTreeOrNot(t *testing.T) {
	root := t.TempDir()
	deep := filepath.Join(root, "a", "b")
	for _, d := range []string{deep, filepath.Join(root, "assets", "models")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(deep)
	if _, err := ort.FindModel(); fault.CodeOf(err) != ort.CodeModelMissing {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"go.mod": "module echoline\n\ngo 1.26\n", "assets/models/b.onnx": "", "assets/models/a.onnx": "", "assets/models/A.md": "",
	} {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := ort.FindModel()
	if err != nil || filepath.Base(got) != "a.onnx" {
		t.Fatal(got, err)
	}
	if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte("module other\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ort.FindModel(); fault.CodeOf(err) != ort.CodeModelMissing {
		t.Fatal(err)
	}
}
