package ui

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"echoline/inference"
	"echoline/internal/demo"
	"echoline/internal/text"
	"echoline/ui/keys"
)

// diskInAny is disk, but sees its lesion in pictures with a black corner too.
type diskInAny struct{ disk }

func (d diskInAny) Predict(ctx context.Context, im inference.Image, g inference.Guidance) (*inference.Prediction, error) {
	im.Grey = slices.Clone(im.Grey)
	im.Grey[0] = 1
	return d.disk.Predict(ctx, im, g)
}

// openWeakCine opens the demo study's cine alone. The model finds a weak arc on each of its frames.
func openWeakCine(t *testing.T) *bench {
	t.Helper()
	dir := t.TempDir()
	if err := demo.Write(dir); err != nil {
		t.Fatal(err)
	}
	names := demo.Names()
	b := newBench(t, Config{
		Paths:     []string{filepath.Join(dir, names[len(names)-1]+".dcm")},
		Predictor: func() (inference.Predictor, error) { return diskInAny{}, nil },
	})
	b.open()
	return b
}

// reviewAll confirms arc after arc until none is left, which is said.
func (b *bench) reviewAll() {
	b.t.Helper()
	b.do(keys.NextWeak)
	for b.sess.active != nil {
		b.do(keys.Confirm)
	}
	if got := b.status.Hint(); got != text.T("app.hint.reviewed") {
		b.t.Fatalf("after the last arc: %q", got)
	}
}

// TestHintIsAboutTheFrameOnShow: that no weak arc is left on a frame must not stand beside the next one, which has some.
func TestHintIsAboutTheFrameOnShow(t *testing.T) {
	b := openWeakCine(t)
	s := b.sess
	frame := func(i int) {
		t.Helper()
		b.wait("the frame", func() bool { return s.shown && s.index == i })
	}
	weak := text.T("app.hint.image", text.Args{"Tool": text.T(s.tool.Hint())})
	b.reviewAll()
	b.do(keys.Accept)
	frame(1)
	if got := b.status.Hint(); got != weak {
		t.Errorf("after accepting, beside the next frame: %q", got)
	}
	b.reviewAll()
	b.do(keys.NextFrame)
	frame(2)
	if got := b.status.Hint(); got != weak {
		t.Errorf("gone on, beside the next frame: %q", got)
	}
	b.do(keys.PreviousFrame)
	frame(1)
	if got := b.status.Hint(); got != text.T(s.tool.Hint()) {
		t.Errorf("back at a frame without a weak arc: %q", got)
	}
	b.do(keys.Play)
	b.wait("another frame", func() bool { return s.index > 2 })
	b.do(keys.Play)
	if got := b.status.Hint(); got != weak {
		t.Errorf("where playing stopped: %q", got)
	}
	b.do(keys.UndoAnywhere)
	frame(1)
	if got := b.status.Hint(); !strings.Contains(got, text.T("edit.confirm")) {
		t.Errorf("beside the frame on which something was undone: %q", got)
	}
}

// TestHintFollowsWhatCountsAsWeak: the slider may bring weak arcs back where none was left.
func TestHintFollowsWhatCountsAsWeak(t *testing.T) {
	b := newBench(t, Config{Paths: []string{pictures(t, 1)}})
	b.open()
	b.reviewAll()
	b.chooseWeak(0.02)
	if got := b.status.Hint(); got == text.T("app.hint.reviewed") {
		t.Errorf("with weak arcs again: %q", got)
	}
}
