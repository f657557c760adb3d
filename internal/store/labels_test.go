package store

import (
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"echoline/internal/review"
)

// named are labels with everything that can be said of them.
func named() review.LabelSet {
	return review.LabelSet{
		Labels:    []review.Label{{Value: 1}, {Value: 2, Name: "낭종", Colour: 5, Locked: true}, {Value: 9, Name: "lymph node"}},
		Overwrite: review.OverwriteNone,
	}
}

func labelsOf(t *testing.T, w *Workspace, reader string) review.LabelSet {
	t.Helper()
	s, err := w.Labels(reader)
	must(t, err)
	return s
}

func TestLabelsOutliveTheProgram(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir)
	if s := labelsOf(t, w, "kim"); !reflect.DeepEqual(s, review.LabelSet{}) {
		t.Fatal(s)
	}
	must(t, w.SaveLabels(" kim ", review.LabelSet{}, named()))
	must(t, w.SaveLabels("lee", review.LabelSet{}, review.LabelSet{}.With(review.Label{Value: 2, Name: "vessel"})))
	must(t, w.Close())
	w = mustOpen(t, dir)
	if s := labelsOf(t, w, "kim"); !reflect.DeepEqual(s, named()) {
		t.Fatal(s)
	}
	if s := labelsOf(t, w, "lee"); len(s.Labels) != 1 || s.Of(2).Name != "vessel" {
		t.Fatal("another reader's are not his own:", s)
	}
	is := named()
	is.Overwrite = review.OverwriteAll
	is = is.With(review.Label{Value: 2, Colour: 1})
	must(t, w.SaveLabels("kim", named(), is))
	if s := labelsOf(t, w, "kim"); !reflect.DeepEqual(s, is) {
		t.Fatal("what was taken back stays:", s)
	}
	events, err := w.Verify()
	must(t, err)
	var told []string
	for _, e := range events {
		if e.Action == "labelled" {
			told = append(told, e.Reader+" "+e.Detail)
		}
	}
	if want := []string{`kim 1 ""`, `kim 2 "낭종"`, `kim 9 "lymph node"`, `lee 2 "vessel"`, `kim 2 ""`}; !slices.Equal(told, want) {
		t.Fatal(told)
	}
	if r, err := w.Readers(); err != nil || len(r) != 0 {
		t.Fatal("who only names labels has not worked yet:", r, err)
	}
	must(t, w.Close())
}

// TestMergeUnitesLabels: two readers call one value by two names, and one reader named labels in two workspaces.
func TestMergeUnitesLabels(t *testing.T) {
	root := t.TempDir()
	a, b := filepath.Join(root, "a"), filepath.Join(root, "b")
	w := mustOpen(t, a)
	kim := mustReview(t, w, "kim")
	must(t, paint(t, kim, still, 20, 20))
	first := review.LabelSet{}.With(review.Label{Value: 2, Name: "cyst"})
	must(t, w.SaveLabels("kim", review.LabelSet{}, first))
	must(t, w.Close())
	w = mustOpen(t, b)
	lee := mustReview(t, w, "lee")
	must(t, paint(t, lee, still, 60, 40))
	must(t, w.SaveLabels("lee", review.LabelSet{}, review.LabelSet{}.With(review.Label{Value: 2, Name: "vessel"})))
	must(t, w.SaveLabels("kim", review.LabelSet{}, review.LabelSet{}.With(review.Label{Value: 2, Name: "nodule"}).With(review.Label{Value: 3, Locked: true})))
	must(t, w.Close())
	for _, way := range [][2]string{{a, b}, {b, a}} {
		to := filepath.Join(t.TempDir(), "to")
		copyOf(t, way[0], to)
		w := mustOpen(t, to)
		m, err := w.Merge(way[1])
		must(t, err)
		if want := []Clash{{"kim", 2, "nodule", "cyst"}}; !slices.Equal(m.Clashes, want) {
			t.Fatal(m.Clashes)
		}
		if s := labelsOf(t, w, "kim"); s.Of(2).Name != "nodule" || !s.Of(3).Locked {
			t.Fatal(s)
		}
		if s := labelsOf(t, w, "lee"); s.Of(2).Name != "vessel" || len(s.Labels) != 1 {
			t.Fatal(s)
		}
		equal(t, kim, mustReview(t, w, "kim"))
		equal(t, lee, mustReview(t, w, "lee"))
		if m, err = w.Merge(way[1]); err != nil || len(m.Clashes) > 1 {
			t.Fatal(m, err)
		}
		must(t, w.Close())
	}
}

func TestLabelsAreRebuilt(t *testing.T) {
	dir, _ := worked(t)
	w := mustOpen(t, dir)
	must(t, w.SaveLabels("kim", review.LabelSet{}, named()))
	must(t, w.Close())
	path := filepath.Join(dir, fileName)
	data, err := os.ReadFile(path)
	must(t, err)
	hurtPage(t, data)
	must(t, os.WriteFile(path, data, 0o600))
	w = mustOpen(t, dir)
	wantCode(t, w.Notice(), CodeRecovered)
	if s := labelsOf(t, w, "kim"); !reflect.DeepEqual(s, named()) {
		t.Fatal(s)
	}
	must(t, w.Close())
}

func TestLabelsWaitInTheSecondPlace(t *testing.T) {
	dir, places := t.TempDir(), blocked(t)
	w, err := Open(dir, places...)
	must(t, err)
	limit(t, w.db)
	if _, err := w.db.Exec("PRAGMA max_page_count = 1"); err != nil {
		t.Fatal(err)
	}
	long := review.LabelSet{}
	for v := range 200 { // more than fits into the pages that are there
		long = long.With(review.Label{Value: uint8(v + 1), Name: "a label with a long name, for the page to be full at last"})
	}
	wantCode(t, w.SaveLabels("kim", review.LabelSet{}, long), CodeFull)
	if s := labelsOf(t, w, "kim"); !reflect.DeepEqual(s, long) {
		t.Fatal("who opens the study again does not see them")
	}
	killed, place := t.TempDir(), t.TempDir()
	copyOf(t, dir, killed)
	copyOf(t, places[1], place)
	next, err := Open(killed, place)
	must(t, err)
	if s := labelsOf(t, next, "kim"); !reflect.DeepEqual(s, long) {
		t.Fatal("lost with the program")
	}
	must(t, next.Close())
	if _, err := w.db.Exec("PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	must(t, w.SaveLabels("kim", review.LabelSet{}, long))
	empty(t, places[1])
	must(t, w.Close())
}

// TestExtractTakesLabels: a part of a workspace has what its readers call their labels, and nothing of other readers.
func TestExtractTakesLabels(t *testing.T) {
	w := mustOpen(t, t.TempDir())
	defer w.Close()
	must(t, w.SaveLabels("kim", review.LabelSet{}, named()))
	must(t, w.SaveLabels("lee", review.LabelSet{}, review.LabelSet{}.With(review.Label{Value: 2, Name: "vessel"})))
	for name, c := range map[string]struct {
		part Part
		lee  int
	}{"one reader's": {Part{Readers: []string{"kim"}}, 0}, "everybody's": {Part{}, 1}} {
		dir := t.TempDir()
		must(t, w.Extract(dir, c.part))
		part := mustOpen(t, dir)
		if s := labelsOf(t, part, "kim"); !reflect.DeepEqual(s, named()) {
			t.Errorf("%s: %v", name, s)
		}
		if s := labelsOf(t, part, "lee"); len(s.Labels) != c.lee {
			t.Errorf("%s: %v", name, s)
		}
		must(t, part.Close())
	}
}
