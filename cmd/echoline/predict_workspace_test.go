package main

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"testing"

	"echoline/inference"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
)

// look opens the workspace and gives the review of dir by reader to do.
func look(t *testing.T, workspace, reader, dir string, do func(*store.Workspace, *review.Review, review.Key)) {
	t.Helper()
	ws, err := store.Open(workspace)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	st, err := study.Open(context.Background(), []string{dir}, func(int, int) {})
	if err != nil || len(st.Items) != 1 {
		t.Fatal(st, err)
	}
	r, err := ws.Review(st, reader)
	if err != nil {
		t.Fatal(err)
	}
	do(ws, r, review.Key{Instance: st.Items[0].ID})
}

func TestPredictIntoWorkspace(t *testing.T) {
	needRuntime(t)
	dir, workspace := t.TempDir(), filepath.Join(t.TempDir(), "ws")
	writePicture(t, filepath.Join(dir, "a.png"), 128, 96, 70, 40, 20)
	o := predictOptions{workspace: workspace, model: testModel}
	into := func(o predictOptions) error {
		var log bytes.Buffer
		err := predict(context.Background(), o, []string{dir}, &log)
		if log.Len() > 0 {
			t.Fatal(log.String())
		}
		return err
	}
	for range 2 { // the second time the stored prediction serves
		if err := into(o); err != nil {
			t.Fatal(err)
		}
	}
	var whole *mask.Plane
	look(t, workspace, "", dir, func(ws *store.Workspace, r *review.Review, k review.Key) {
		whole = r.Frame(k).Labels.Clone()
		if mask.Count(whole, 1) < 1000 || len(r.History(k)) != 1 || r.Frame(k).Touched {
			t.Fatal(mask.Count(whole, 1), r.History(k))
		}
	})
	// What a reader did stays.
	look(t, workspace, "Kim", dir, func(_ *store.Workspace, r *review.Review, k review.Key) {
		s, err := r.Begin(k, "brush", review.ByReader)
		if err != nil {
			t.Fatal(err)
		}
		s.Fill([]mask.Span{{Y: 3, X0: 2, X1: 9}}, 1)
		if _, err := s.Commit(); err != nil {
			t.Fatal(err)
		}
	})
	if err := into(o); !errors.Is(err, errUsage) {
		t.Fatal(err)
	}
	o.reader = "Kim"
	if err := into(o); err != nil {
		t.Fatal(err)
	}
	look(t, workspace, "Kim", dir, func(_ *store.Workspace, r *review.Review, k review.Key) {
		if n := mask.Count(r.Frame(k).Labels, 1); n != 7 {
			t.Fatal("the reader's mask has", n, "pixels")
		}
	})
}

// TestStoredPredictionsAreNotMadeAgain gives predictInto a predictor that must not run.
func TestStoredPredictionsAreNotMadeAgain(t *testing.T) {
	needRuntime(t)
	dir, workspace := t.TempDir(), filepath.Join(t.TempDir(), "ws")
	writePicture(t, filepath.Join(dir, "a.png"), 128, 96, 70, 40, 20)
	o := predictOptions{workspace: workspace, model: testModel}
	if err := predict(context.Background(), o, []string{dir}, &bytes.Buffer{}); err != nil {
		t.Fatal(err)
	}
	model, err := openPredictor(testModel, 1)
	if err != nil {
		t.Fatal(err)
	}
	st, err := study.Open(context.Background(), []string{dir}, func(int, int) {})
	if err != nil {
		t.Fatal(err)
	}
	b := batch{predictor: idle{model.Info(), t}, report: newReporter(&bytes.Buffer{}, true)}
	if err := predictInto(context.Background(), o, st, &b, frameTasks(st)); err != nil || b.kept() != 1 {
		t.Fatal(err, b.kept())
	}
}

// idle has a model's name and must not be asked for more.
type idle struct {
	info inference.Info
	t    *testing.T
}

func (i idle) Info() inference.Info { return i.info }

func (i idle) Predict(context.Context, inference.Image, inference.Guidance) (*inference.Prediction, error) {
	i.t.Error("predicted again")
	return nil, context.Canceled
}
