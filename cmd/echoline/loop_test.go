package main

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/mask"
	"echoline/internal/models"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/internal/trainer"
)

// TestLoop goes from what two readers accepted to a model of their own in use, by the commands and with the real training/:
// train, compare, promote, predict again, go back.
func TestLoop(t *testing.T) {
	needRuntime(t)
	python := os.Getenv(trainer.PythonVariable)
	if python == "" {
		t.Skip(trainer.PythonVariable + " names no Python to train with; make train-e2e does")
	}
	training, err := filepath.Abs(filepath.Join("..", "..", "training"))
	if err != nil {
		t.Fatal(err)
	}
	workspace, pictures := readBy(t, 40, "Kim", "이서연")
	run := filepath.Join(workspace, "training", "first")
	said, err := trained(t, "--workspace", workspace, "--out", run, "--plan", "small", "--threads", "1", "--training", training, "--scratch", "--name", "loop")
	if err != nil {
		t.Fatal(said, err)
	}
	if !strings.Contains(said, "80 masks") || !strings.Contains(said, "model.onnx") {
		t.Error(said)
	}
	model := filepath.Join(run, "model.onnx")
	own, err := models.Read(model)
	if err != nil || !own.OwnCases || own.Name != "loop" {
		t.Fatalf("%+v %v", own, err)
	}
	out := filepath.Join(t.TempDir(), "comparison")
	said, err = asked(t, "compare", testModel, model, "--workspace", workspace, "--out", out)
	if err != nil || !strings.Contains(said, comparisonPage) || !strings.Contains(said, "left out") {
		t.Fatal(said, err)
	}
	t.Log(said)
	if said, err = asked(t, "promote", model, "--workspace", workspace, "--reader", "Kim"); err != nil {
		t.Fatal(said, err)
	}
	var log bytes.Buffer
	if err := predict(context.Background(), predictOptions{workspace: workspace, reader: "Park"}, []string{pictures}, &log); err != nil || log.Len() > 0 {
		t.Fatal(log.String(), err)
	}
	ws, err := store.Open(workspace)
	if err != nil {
		t.Fatal(err)
	}
	st, err := study.Open(t.Context(), []string{pictures}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range st.Items {
		if p, err := ws.Prediction(review.Key{Instance: it.ID}, own.SHA256); err != nil || p == nil {
			t.Fatalf("%s was not predicted by the model in use: %v", it.Name, err)
		}
	}
	if err := ws.Close(); err != nil {
		t.Fatal(err)
	}
	if said, err = asked(t, "back", "--workspace", workspace); err != nil || !strings.Contains(said, text.T("models.ships")) {
		t.Fatal(said, err)
	}
}

// readBy is a workspace in which readers accepted n pictures of a lesion each, and the folder of the pictures.
func readBy(t *testing.T, n int, readers ...string) (workspace, pictures string) {
	t.Helper()
	workspace, pictures = filepath.Join(t.TempDir(), "ws"), t.TempDir()
	truths := map[string]*mask.Plane{}
	r := rand.New(rand.NewPCG(1, 0))
	for i := range n {
		name := fmt.Sprintf("case%02d", i)
		x, y := 40+r.Float64()*48, 32+r.Float64()*32
		truths[name] = writePicture(t, filepath.Join(pictures, name+".png"), 128, 96, x, y, 14+8*r.Float64())
	}
	st, err := study.Open(t.Context(), []string{pictures}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ws, err := store.Open(workspace)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	for _, reader := range readers {
		rev, err := ws.Review(st, reader)
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range st.Items {
			k := review.Key{Instance: it.ID}
			s, err := rev.Begin(k, "brush", review.ByReader)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.SetLabels(truths[it.Name]); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Commit(); err != nil {
				t.Fatal(err)
			}
			if err := rev.SetStatus(k, review.Accepted); err != nil {
				t.Fatal(err)
			}
		}
	}
	return workspace, pictures
}
