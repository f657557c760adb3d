package ui

import (
	"os"
	"path/filepath"
	"testing"

	"echoline/internal/export"
	"echoline/internal/review"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

// again closes the window and opens it anew on the same workspace and pictures.
func (b *bench) again(t *testing.T, cfg Config) *bench {
	t.Helper()
	b.endSession()
	if err := b.ws.Close(); err != nil {
		t.Fatal(err)
	}
	b.ws = nil
	n := newBench(t, cfg)
	n.open()
	return n
}

// TestLabelsSurviveARestart: names, colours, locks and the rule, for each reader.
func TestLabelsSurviveARestart(t *testing.T) {
	cfg := Config{Workspace: filepath.Join(t.TempDir(), "ws"), Paths: []string{pictures(t, 1)}}
	b := newBench(t, cfg)
	b.open()
	b.do(keys.Label(2))
	b.do(keys.NameLabel)
	if !panel.Modal(b.win.Canvas()) {
		t.Fatal("nobody asks for the name")
	}
	set, err := b.sess.review.Labels().Rename(2, "Cyst")
	if err != nil {
		t.Fatal(err)
	}
	l := set.Of(2)
	l.Colour = 5
	b.setLabels(set.With(l))
	b.do(keys.Lock(1))
	b.chooseOverwrite(panel.OverNone)
	check := func(b *bench, when string) {
		t.Helper()
		r := b.sess.review.Rules()
		if b.labelName(1) != "Cyst" || b.labelColour(2) != 5 || !r.Locked[1] || r.Locked[2] || r.Overwrite != review.OverwriteNone {
			t.Fatal(when, b.labelName(1), b.labelColour(2), r.Locked[:3], r.Overwrite)
		}
		if shown := b.inspector.Labels(); len(shown) != 2 || shown[1].Name != "Cyst" || !shown[0].Locked {
			t.Fatal(when, shown)
		}
	}
	check(b, "at once")
	if b.waits() {
		t.Fatal("not saved")
	}
	b = b.again(t, cfg)
	check(b, "after a restart")
	b.changeReader("R2")
	b.wait("the other reader", func() bool { return b.sess != nil && b.sess.review.Reader() == "R2" && b.sess.frame != nil })
	if b.labelCount() != 1 || b.sess.review.Rules().Locked[1] {
		t.Fatal("another reader has the labels too")
	}
	b.changeReader("R1")
	b.wait("the first reader", func() bool { return b.sess != nil && b.sess.review.Reader() == "R1" && b.sess.frame != nil })
	check(b, "with the reader back")
	in := export.FromReview(b.sess.review, export.All)
	if in.Names[2] != "Cyst" {
		t.Fatal("exports do not know it:", in.Names)
	}
}

// TestTableNamesLabels: what the workspace's table says a label is, the window says too.
func TestTableNamesLabels(t *testing.T) {
	ws := filepath.Join(t.TempDir(), "ws")
	if err := os.MkdirAll(ws, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(ws, export.LabelsName), []byte(`{"labels": [{"value": 2, "name": "cyst"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	b := newBench(t, Config{Workspace: ws, Paths: []string{pictures(t, 1)}})
	b.open()
	b.do(keys.Label(2))
	if b.labelName(1) != "cyst" || b.plainName(1) != "cyst" {
		t.Fatal(b.labelName(1))
	}
}
