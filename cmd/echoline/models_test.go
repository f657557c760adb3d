package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"echoline/internal/fault"
	"echoline/internal/models"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/text"
	"echoline/internal/trainer"
)

// pictures are those in a page, whose base64 may spell anything.
var pictures = regexp.MustCompile(`data:image/png;base64,[^"]*`)

// asked runs the models command.
func asked(t *testing.T, args ...string) (string, error) {
	t.Helper()
	c := modelsCommand()
	var b strings.Builder
	c.SetOut(&b)
	c.SetErr(&b)
	c.SetArgs(args)
	c.SilenceErrors, c.SilenceUsage = true, true
	err := c.ExecuteContext(context.Background())
	return b.String(), err
}

// What is promoted predicts, each prediction keeps its model's hash, going back is one command, and a promoted model that is
// damaged gives way to the one that ships, which is said.
func TestPromotedModelPredicts(t *testing.T) {
	needRuntime(t)
	if shippedModel() == "" {
		t.Skip("no model ships with this build")
	}
	dir, workspace := t.TempDir(), filepath.Join(t.TempDir(), "ws")
	writePicture(t, filepath.Join(dir, "a.png"), 128, 96, 70, 40, 20)
	own, err := models.Read(testModel)
	if err != nil {
		t.Fatal(err)
	}
	ships, err := models.Read(shippedModel())
	if err != nil {
		t.Fatal(err)
	}
	predicted := func() (by map[string]bool, said string) {
		var log bytes.Buffer
		if err := predict(context.Background(), predictOptions{workspace: workspace}, []string{dir}, &log); err != nil {
			t.Fatal(err)
		}
		by = map[string]bool{}
		look(t, workspace, "", dir, func(ws *store.Workspace, _ *review.Review, k review.Key) {
			for _, m := range []models.Model{own, ships} {
				if p, err := ws.Prediction(k, m.SHA256); err == nil && p != nil && p.Model.SHA256 == m.SHA256 {
					by[m.SHA256] = true
				}
			}
		})
		return by, log.String()
	}
	if by, said := predicted(); !by[ships.SHA256] || by[own.SHA256] || said != "" {
		t.Fatal(by, said)
	}
	if said, err := asked(t, "promote", testModel, "--workspace", workspace); err != nil || !strings.Contains(said, own.Name) {
		t.Fatal(said, err)
	}
	if said, err := asked(t, "list", "--workspace", workspace); err != nil || !strings.Contains(said, "* "+own.SHA256[:12]) {
		t.Fatal(said, err)
	}
	if by, said := predicted(); !by[own.SHA256] || said != "" {
		t.Fatal(by, said)
	}
	kept := filepath.Join(workspace, "models", own.SHA256+".onnx")
	if err := os.WriteFile(kept, []byte("damaged"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, said := predicted(); !strings.Contains(said, text.T("fault.models.fallback.do")) || !strings.Contains(said, own.Name) {
		t.Fatal(said)
	}
	if said, err := asked(t, "back", "--workspace", workspace); err != nil || !strings.Contains(said, text.T("models.ships")) {
		t.Fatal(said, err)
	}
	if _, said := predicted(); said != "" {
		t.Fatal(said)
	}
	ws, err := store.Open(workspace)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	events, err := ws.Verify()
	if err != nil {
		t.Fatal(err)
	}
	var actions []string
	for _, e := range events {
		if strings.HasPrefix(e.Action, "model-") {
			actions = append(actions, e.Action)
		}
	}
	if strings.Join(actions, " ") != "model-promoted model-back" {
		t.Error(actions)
	}
}

func TestCompareCommand(t *testing.T) {
	needRuntime(t)
	if shippedModel() == "" {
		t.Skip("no model ships with this build")
	}
	workspace, _ := workedOn(t, "Kim")
	for _, lang := range text.Languages {
		text.SetLanguage(lang)
		out := filepath.Join(t.TempDir(), "comparison")
		said, err := asked(t, "compare", "shipped", testModel, "--workspace", workspace, "--out", out)
		if err != nil {
			t.Fatal(err)
		}
		page, err := os.ReadFile(filepath.Join(out, comparisonPage))
		if err != nil || !strings.Contains(said, out) {
			t.Fatal(said, err)
		}
		for _, want := range []string{text.T("models.page.title"), text.T("research.only"), "demo-7-cine #3", "data:image/png"} {
			if !bytes.Contains(page, []byte(want)) {
				t.Errorf("%s: the page lacks %q", lang, want)
			}
		}
		told := pictures.ReplaceAll(page, nil)
		for _, no := range []string{"models.page.", "NaN", "<script", "http", "ZgotmplZ"} {
			if bytes.Contains(told, []byte(no)) {
				t.Errorf("%s: the page holds %q", lang, no)
			}
		}
		if _, err := asked(t, "compare", "shipped", testModel, "--workspace", workspace, "--out", out); fault.CodeOf(err) != codeModelsThere {
			t.Error(err)
		}
	}
	text.SetLanguage("en")
	if _, err := asked(t, "calibrate", "--workspace", workspace); fault.CodeOf(err) != models.CodeRefit {
		t.Errorf("fitted on two frames: %v", err)
	}
}

func TestModelsRefuse(t *testing.T) {
	for _, args := range [][]string{{}, {"list"}, {"promote", "--workspace", "x"}, {"compare", "a", "--workspace", "x"}, {"nothing"}} {
		if _, err := asked(t, args...); !errors.Is(err, errUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
	if _, err := asked(t, "promote", "x", "--workspace", t.TempDir()); fault.CodeOf(err) != codeExportWorkspace {
		t.Error(err)
	}
	workspace, _ := workedOn(t, "Kim")
	if _, err := asked(t, "promote", "x", "--workspace", workspace); fault.CodeOf(err) != models.CodeUnknown {
		t.Error(err)
	}
	if _, err := asked(t, "back", "--workspace", workspace); fault.CodeOf(err) != models.CodeFirst {
		t.Error(err)
	}
}

// trained runs the train command.
func trained(t *testing.T, args ...string) (string, error) {
	t.Helper()
	c := trainCommand()
	var b strings.Builder
	c.SetOut(&b)
	c.SetErr(&b)
	c.SetArgs(args)
	c.SilenceErrors, c.SilenceUsage = true, true
	err := c.ExecuteContext(context.Background())
	return b.String(), err
}

func TestTrainRefuses(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"--out", "x"},
		{"--workspace", "x"},
		{"--workspace", "x", "--out", "y", "--resume"},
		{"--workspace", "x", "--out", "y", "--plan", "huge"},
		{"--workspace", "x", "--out", "y", "--include", "all"},
	} {
		if _, err := trained(t, args...); !errors.Is(err, errUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
	training, err := filepath.Abs(filepath.Join("..", "..", "training"))
	if err != nil {
		t.Fatal(err)
	}
	workspace, _ := workedOn(t, "Kim")
	out := filepath.Join(t.TempDir(), "run")
	none := filepath.Join(t.TempDir(), "python")
	with := []string{"--training", training, "--workspace", workspace, "--out", out}
	if _, err := trained(t, append(with, "--python", none)...); fault.CodeOf(err) != trainer.CodePython {
		t.Errorf("without Python: %v", err)
	}
	if _, err := trained(t, "--training", t.TempDir(), "--workspace", workspace, "--out", out); fault.CodeOf(err) != trainer.CodePackage {
		t.Errorf("without training/: %v", err)
	}
	said, err := trained(t, append(with, "--python", none, "--elsewhere", "--scratch")...)
	if fault.CodeOf(err) != trainer.CodeFew || !strings.Contains(said, "3 masks") {
		t.Errorf("too few cases: %v %s", err, said)
	}
	if _, err := trained(t, "--training", training, "--python", none, "--elsewhere", "--resume", "--out", out); fault.CodeOf(err) != trainer.CodeNoRun {
		t.Errorf("nothing to go on with: %v", err)
	}
}
