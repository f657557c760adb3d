package main

import (
	"bytes"
	"context"
	"errors"
	"html"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/text"
)

// A reader who accepts the model's mask as it is agrees with it, and its band holds; the page says so.
func TestAgreeWithTheModel(t *testing.T) {
	needRuntime(t)
	dir, workspace := t.TempDir(), filepath.Join(t.TempDir(), "ws")
	writePicture(t, filepath.Join(dir, "a.png"), 128, 96, 70, 40, 20)
	var log bytes.Buffer
	if err := predict(context.Background(), predictOptions{workspace: workspace, model: testModel}, []string{dir}, &log); err != nil {
		t.Fatal(err, log.String())
	}
	look(t, workspace, "Kim", dir, func(ws *store.Workspace, r *review.Review, k review.Key) {
		p, err := ws.LastPrediction(k)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(r.SetPrediction(k, p), r.SetStatus(k, review.Accepted)); err != nil {
			t.Fatal(err)
		}
	})
	out, said, err := agreed(t, "--workspace", workspace, "--model")
	if err != nil || !strings.Contains(said, "Kim – Model") {
		t.Fatal(err, said)
	}
	page, err := os.ReadFile(filepath.Join(out, agreePage))
	if err != nil || !bytes.Contains(page, []byte(html.EscapeString(text.T("agree.page.trust")))) || !bytes.Contains(page, []byte("<td>Kim</td><td>1</td>")) {
		t.Errorf("%v\n%s", err, page)
	}
}
