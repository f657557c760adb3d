package ui

import (
	"errors"
	"strings"
	"testing"

	"echoline/internal/text"
	"echoline/ui/keys"
)

// TestARefusedFileOffersOnlyWhatMakesSense: no tool, nobody to ask, but why, and the way back to the images.
func TestARefusedFileOffersOnlyWhatMakesSense(t *testing.T) {
	dir := picturesAndRefused(t, 2)
	b := newBench(t, Config{Paths: []string{dir}})
	b.open()
	s := b.sess
	if b.inspector.Unshown() != nil {
		t.Fatal("an image is on show")
	}
	b.showItem(s.study.Refused[0].Where)
	for range text.Languages {
		u := b.inspector.Unshown()
		if u == nil || u.Name != "empty.dcm" || u.Why != reason(s.study.Refused[0]) || u.Why == "" || u.Frame {
			t.Fatalf("%+v", u)
		}
		b.do(keys.Brush)
		if got := b.status.Hint(); got != u.Why {
			t.Errorf("the status bar offers %q", got)
		}
		if b.App.line.Calibration != "" {
			t.Errorf("no image has the pixel size %q", b.App.line.Calibration)
		}
		b.do(keys.Language)
	}
	b.inspector.Unshown().Do()
	b.wait("an image", func() bool { return s.shown })
	if b.inspector.Unshown() != nil || b.App.line.Calibration == "" {
		t.Error("an image is on show, and not told of")
	}
}

// TestAStudyOfRefusedFilesLeadsToAnother: with no image to go to, files can be opened.
func TestAStudyOfRefusedFilesLeadsToAnother(t *testing.T) {
	dir := picturesAndRefused(t, 1)
	b := newBench(t, Config{Paths: []string{dir}})
	b.open()
	b.sess.order = nil
	b.showItem(b.sess.study.Refused[0].Where)
	if u := b.inspector.Unshown(); u == nil || u.Action != text.T("panel.worklist.open") || u.Hint != keys.Open.Hint() {
		t.Errorf("%+v", u)
	}
}

// TestAFrameThatCannotBeReadSaysSo: in the inspector too, in both languages, and no longer than it is on show.
func TestAFrameThatCannotBeReadSaysSo(t *testing.T) {
	b := openWeakCine(t)
	s := b.sess
	torn := errors.New("torn")
	s.want, s.wantIndex = s.item, 1
	b.frameCame(s.item, 1, nil, torn)
	u := b.inspector.Unshown()
	if u == nil || !u.Frame || u.Why != text.Fault(torn) || !strings.Contains(u.Name, "2") || u.Action != "" {
		t.Fatalf("%+v", u)
	}
	if got := b.status.Hint(); got != u.Why {
		t.Errorf("the status bar offers %q", got)
	}
	b.do(keys.Language)
	if now := b.inspector.Unshown(); now == nil || now.Name != s.frameName() {
		t.Errorf("%+v", now)
	}
	b.do(keys.NextFrame)
	b.wait("the next frame", func() bool { return s.shown && s.index == 2 })
	if b.inspector.Unshown() != nil {
		t.Error("the next frame is on show, and not told of")
	}
}
