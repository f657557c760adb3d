package tools

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// below is what "review and below" means in docs/design.md.
var below = []string{"internal/review", "internal/mask", "internal/contour", "internal/study", "inference"}

// support is what stands under all layers.
const support = "internal/fault"

// reading are the rooms behind internal/study: codecs, the process that decodes, and what writes DICOM.
var reading = []string{
	"internal/study/confine", "internal/study/dcmwrite", "internal/study/j2k", "internal/study/jpegdct",
	"internal/study/jpeglossless", "internal/study/jpegls", "internal/study/jpegparts", "internal/study/video",
	"internal/study/worker",
}

// behindStudy is what internal/study and the rooms behind it may import; the compiler keeps them from going in circles.
var behindStudy = append([]string{support, "internal/durable", "internal/study"}, reading...)

// law is the table of docs/design.md: for each package of ours, what it may import of ours.
// ui and cmd are told by what they may not.
var law = map[string][]string{
	"internal/mask":              {support},
	"internal/contour":           {support, "internal/mask"},
	"internal/study":             behindStudy,
	"inference":                  {support, "internal/mask", "internal/contour"},
	"inference/ort":              {support, "inference"},
	"internal/review":            {support, "internal/mask", "internal/contour", "internal/study", "inference"},
	"internal/review/reviewtest": append([]string{support}, below...),
	"internal/tool":              {support, "internal/mask", "internal/contour", "internal/review"},
	"internal/store":             append([]string{support, "internal/durable"}, below...),
	"internal/store/storetest":   {},
	"internal/export":            slices.Concat([]string{support, "internal/deid", "internal/durable", "internal/part10"}, reading, below),
	"internal/part10":            {},
	"internal/deid":              {support, "internal/durable", "internal/part10", "internal/study"},
	"internal/dicomweb":          {support},
	"internal/agree":             append([]string{support, "internal/store", "internal/tool"}, below...),
	"internal/project":           append([]string{support, "internal/durable", "internal/store"}, below...),
	"internal/models":            append([]string{support, "internal/durable", "internal/trainer", "internal/agree", "internal/store"}, below...),
	"internal/trainer":           append([]string{support, "internal/durable", "internal/store", "internal/export"}, below...),
	"internal/concord":           {support, "internal/agree", "internal/mask"},
	"internal/annex":             {support, "internal/agree", "internal/project", "internal/store", "internal/export"},
	"internal/effort":            append([]string{support, "internal/tool"}, below...),
	"internal/demo":              slices.Concat([]string{"internal/mask"}, behindStudy),
	"internal/fault":             {},
	"internal/durable":           {support},
	"internal/text":              {support, "assets"},
	"assets":                     {},
	"ui":                         window(),
	"ui/viewer":                  window("ui"),
	"ui/panel":                   window("ui"),
	"ui/theme":                   window("ui"),
	"ui/keys":                    window("ui"),
	"cmd/echoline":               except(),
}

// packages are all of ours.
var packages = append([]string{
	"assets", "cmd/echoline", "inference", "inference/ort", "internal/agree", "internal/annex", "internal/concord", "internal/contour", "internal/demo",
	"internal/deid", "internal/dicomweb", "internal/durable", "internal/effort", "internal/export", "internal/fault", "internal/mask", "internal/part10", "internal/project",
	"internal/review", "internal/review/reviewtest", "internal/store", "internal/store/storetest",
	"internal/study", "internal/models", "internal/text", "internal/tool", "internal/trainer", "ui", "ui/keys", "ui/panel", "ui/theme", "ui/viewer",
}, reading...)

// doors says which packages may import a library; every other may not.
var doors = map[string][]string{
	"fyne.io/fyne/v2":                       {"ui", "ui/viewer", "ui/panel", "ui/theme", "ui/keys", "assets", "cmd/echoline"},
	"github.com/yalue/onnxruntime_go":       {"inference/ort"},
	"github.com/suyashkumar/dicom":          append([]string{"internal/study"}, reading...),
	"github.com/suyashkumar/dicom/pkg/tag":  append([]string{"internal/study"}, reading...),
	"codeberg.org/go-pdf/fpdf":              {"internal/export", "internal/concord"},
	"database/sql":                          {"internal/store", "internal/store/storetest"},
	"modernc.org/sqlite":                    {"internal/store", "internal/store/storetest"},
	"github.com/pressly/goose/v3":           {"internal/store", "internal/store/storetest"},
	"github.com/spf13/cobra":                {"cmd/echoline"},
	"github.com/nicksnyder/go-i18n/v2/i18n": {"internal/text"},
	"net":                                   {"internal/dicomweb"},
	"net/http":                              {"internal/dicomweb"},
	"golang.org/x/net/websocket":            {},
	"pgregory.net/rapid":                    {}, // test files are free to
	"image/color":                           packages,
	"golang.org/x/image/vector":             packages,
	"github.com/google/uuid":                packages,
}

// window is what a room of the window may import: all but how a model runs, how files are read, and some more.
func window(names ...string) []string {
	return except(slices.Concat(reading, []string{"inference/ort", "internal/part10", "internal/dicomweb"}, names)...)
}

// except returns all packages but some, and but those that are for tests.
func except(names ...string) []string {
	return slices.DeleteFunc(slices.Clone(packages), func(p string) bool {
		return slices.Contains(names, p) || p == "internal/review/reviewtest" || p == "internal/store/storetest"
	})
}

// modules are the libraries of doors as stubs: the law looks at paths, the type checker wants something there.
var modules = map[string][]string{
	"fyne.io/fyne/v2 v2.0.0":                  {""},
	"github.com/yalue/onnxruntime_go v1.0.0":  {""},
	"github.com/suyashkumar/dicom v1.0.0":     {"", "pkg/tag"},
	"modernc.org/sqlite v1.0.0":               {""},
	"github.com/pressly/goose/v3 v3.0.0":      {""},
	"codeberg.org/go-pdf/fpdf v0.0.0":         {""},
	"github.com/spf13/cobra v1.0.0":           {""},
	"github.com/nicksnyder/go-i18n/v2 v2.0.0": {"i18n"},
	"golang.org/x/net v0.0.0":                 {"websocket"},
	"golang.org/x/image v0.0.0":               {"vector"},
	"pgregory.net/rapid v1.0.0":               {""},
	"github.com/google/uuid v1.0.0":           {""},
}

// TestLaw writes a module in which a probe at the place of every package imports every package and every library, one
// import a file, runs the linter's import law over it and compares what is reported with the tables above.
// The probes lie in a folder of their own, so that they import without cycles: the law goes by the end of a path.
func TestLaw(t *testing.T) {
	for _, room := range reading {
		law[room] = behindStudy
	}
	linter := os.Getenv("GOLANGCI")
	if linter == "" {
		t.Skip("GOLANGCI does not name golangci-lint: run `make lint`")
	}
	root := t.TempDir()
	config, err := os.ReadFile(filepath.Join("..", ".golangci.yml"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, ".golangci.yml"), string(config))

	want := map[string]bool{} // "importer imported" → forbidden
	for _, from := range packages {
		write(t, filepath.Join(root, from, "doc.go"), "package "+filepath.Base(from)+"\n")
		for _, to := range packages {
			if from != to && !strings.HasPrefix(to, "cmd/") { // nobody can import a command
				importing(t, root, from, "echoline/"+to)
				want[from+" echoline/"+to] = !slices.Contains(law[from], to)
			}
		}
		for library, open := range doors {
			importing(t, root, from, library)
			want[from+" "+library] = !slices.Contains(open, from)
		}
	}
	stubs(t, root)

	got := reported(t, linter, root)
	for pair, forbidden := range want {
		if got[pair] != forbidden {
			t.Errorf("%s: forbidden %v, reported %v", pair, forbidden, got[pair])
		}
	}
	for pair := range got {
		if _, ok := want[pair]; !ok {
			t.Errorf("%s: reported, but written nowhere", pair)
		}
	}
}

// TestLawIsWhole fails when the program has a package that the table does not name: a new room needs its line of law.
func TestLawIsWhole(t *testing.T) {
	for _, top := range []string{"assets", "cmd", "inference", "internal", "ui"} {
		err := filepath.WalkDir(filepath.Join("..", top), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			name := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../")
			if !slices.Contains(packages, name) && !strings.Contains(name, "testdata") {
				t.Errorf("%s has no line in the import law", name)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// importing adds to package from a file that imports one path.
func importing(t *testing.T, root, from, path string) {
	t.Helper()
	file := strings.NewReplacer("/", "_", ".", "_").Replace(path) + "_import.go"
	write(t, filepath.Join(root, "probe", from, file), fmt.Sprintf("package %s\n\nimport _ %q\n", filepath.Base(from), path))
}

// stubs writes the module file and the libraries it stands on.
func stubs(t *testing.T, root string) {
	t.Helper()
	mod := "module echoline\n\ngo 1.26.0\n"
	for module, dirs := range modules {
		path, _, _ := strings.Cut(module, " ")
		home := filepath.Join(root, "libraries", path)
		mod += fmt.Sprintf("\nrequire %s\nreplace %s => %s\n", module, path, home)
		write(t, filepath.Join(home, "go.mod"), "module "+path+"\n\ngo 1.26.0\n")
		for _, dir := range dirs {
			write(t, filepath.Join(home, dir, "stub.go"), "package stub\n")
		}
	}
	write(t, filepath.Join(root, "go.mod"), mod)
}

// reported runs the import law over root and returns what it caught, as "importer imported".
func reported(t *testing.T, linter, root string) map[string]bool {
	t.Helper()
	cmd := exec.Command(linter, "run", "--enable-only", "depguard", "--uniq-by-line=false", "--output.json.path", "stdout", "--show-stats=false")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off")
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !asExit(err, &exit) {
		t.Fatal(err)
	}
	var report struct {
		Issues []struct {
			FromLinter, Text string
			Pos              struct{ Filename string }
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatalf("%v\n%s%s", err, out, exit.Stderr)
	}
	got := map[string]bool{}
	for _, issue := range report.Issues {
		if issue.FromLinter != "depguard" {
			t.Fatalf("%s: %s: %s", issue.FromLinter, issue.Pos.Filename, issue.Text)
		}
		path := strings.Split(issue.Text, "'")[1]
		from := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(issue.Pos.Filename)), "probe/")
		got[from+" "+path] = true
	}
	return got
}

func asExit(err error, exit **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*exit = e
	return ok
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
