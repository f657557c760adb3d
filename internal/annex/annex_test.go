package annex

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/agree"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/project"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
)

var still = review.Key{Instance: "a"}

func picture() *study.Study {
	return &study.Study{Items: []*study.Item{{ID: still.Instance, Name: "still", W: 80, H: 80, Frames: 1}}}
}

// office is a workspace that can be closed, hurt and opened again.
type office struct {
	t   *testing.T
	dir string
	ws  *store.Workspace
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, dir: t.TempDir()}
	o.open()
	t.Cleanup(func() { o.must(o.ws.Close()) })
	return o
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) open() {
	o.t.Helper()
	ws, err := store.Open(o.dir)
	o.must(err)
	o.ws = ws
}

// hurt changes words in the workspace's file behind the program's back, to others as long.
func (o *office) hurt(was, is string) {
	o.t.Helper()
	o.must(o.ws.Close())
	path := filepath.Join(o.dir, "echoline.db")
	data, err := os.ReadFile(path)
	o.must(err)
	if !bytes.Contains(data, []byte(was)) || len(was) != len(is) {
		o.t.Fatalf("%q cannot be hurt", was)
	}
	o.must(os.WriteFile(path, bytes.ReplaceAll(data, []byte(was), []byte(is)), 0o600))
	o.open()
}

// reads makes a disc of a radius what a reader accepted.
func (o *office) reads(reader string, radius float64) {
	o.t.Helper()
	r, err := o.ws.Review(picture(), reader)
	o.must(err)
	p := mask.NewPlane(80, 80)
	p.Fill(mask.Capsule(40, 40, 40, 40, radius, radius), 1)
	s, err := r.Begin(still, "brush", review.ByReader)
	o.must(err)
	o.must(s.SetLabels(p))
	_, err = s.Commit()
	o.must(err)
	o.must(r.SetStatus(still, review.Accepted))
}

// calls names label 1 as a reader does.
func (o *office) calls(reader, name string) {
	o.t.Helper()
	was, err := o.ws.Labels(reader)
	o.must(err)
	is, err := was.Rename(1, name)
	o.must(err)
	o.must(o.ws.SaveLabels(reader, was, is))
}

// joins makes a consensus of what readers accepted.
func (o *office) joins() {
	o.t.Helper()
	readings, err := agree.Readings(o.ws, picture(), still)
	o.must(err)
	a, err := agree.Adjudicate(still, readings, agree.ByMean, agree.Limit{Px: 2})
	o.must(err)
	r, err := o.ws.Review(picture(), review.ConsensusReader)
	o.must(err)
	_, err = r.Propose(still, a.Proposal(), a.Model)
	o.must(err)
	o.must(agree.Keep(o.ws, a.Record(r, "", nil)))
}

func (o *office) asks(words string) {
	o.t.Helper()
	_, err := agree.Ask(o.ws, review.Question{Instance: still.Instance, By: "Kim", Words: words, Label: 1, Points: [][2]float64{{1, 2}, {3, 4}}})
	o.must(err)
}

// project begins one, in which Kim looked at two arcs.
func (o *office) project(labels ...project.Label) {
	o.t.Helper()
	s, err := project.Create(o.ws, "Kim", "thyroid")
	o.must(err)
	if len(labels) > 0 {
		o.must(s.SetLabels(o.ws, "Kim", labels))
	}
	o.must(s.AddLooked(o.ws, "Kim", still.Instance, 0, []project.LookedArc{
		{X: 1, Y: 2, Length: 30, Expected: 4, How: "visited", Seconds: 5}, {X: 6, Y: 7, Length: 8, Expected: 9, How: "unseen"},
	}))
}

// exported is what an export of a reader's review is given.
func (o *office) exported(reader string) (export.Input, error) {
	o.t.Helper()
	r, err := o.ws.Review(picture(), reader)
	o.must(err)
	in := export.FromReview(r, export.All)
	return in, Add(o.ws, &in)
}

// TestAddGivesWhatTheWorkspaceKnows: all of it, word by word.
func TestAddGivesWhatTheWorkspaceKnows(t *testing.T) {
	o := newOffice(t)
	o.reads("Kim", 20)
	o.reads("Lee", 16)
	o.joins()
	o.asks("a shadow?")
	o.project()
	in, err := o.exported(review.ConsensusReader)
	o.must(err)
	if len(in.Items) != 1 || len(in.Items[0].Frames) != 1 {
		t.Fatalf("%+v", in.Items)
	}
	labels := in.Items[0].Frames[0].Labels
	if c := in.Consensus(still, labels); c == nil || c.Changed || len(c.Sources) != 2 || c.Sources[0].Reader != "Kim" {
		t.Errorf("the consensus comes from %+v", c)
	}
	if c := in.Consensus(review.Key{Instance: "b"}, labels); c != nil {
		t.Errorf("an image that nobody joined comes from %+v", c)
	}
	if len(in.Questions) != 1 || in.Questions[0].Words != "a shadow?" {
		t.Errorf("asked %+v", in.Questions)
	}
	want := []export.Looked{
		{Reader: "Kim", Instance: "a", X: 1, Y: 2, Length: 30, Expected: 4, How: "visited", Seconds: 5},
		{Reader: "Kim", Instance: "a", X: 6, Y: 7, Length: 8, Expected: 9, How: "unseen"},
	}
	if len(in.Looked) != 2 || in.Looked[0] != want[0] || in.Looked[1] != want[1] {
		t.Errorf("looked %+v", in.Looked)
	}
}

// TestAConsensusIsCalledAsItsReadersDo: where they agree, and a reader's own masks as that reader does.
func TestAConsensusIsCalledAsItsReadersDo(t *testing.T) {
	o := newOffice(t)
	o.reads("Kim", 20)
	o.reads("Lee", 16)
	o.joins()
	o.calls("Kim", "cyst")
	o.calls("Lee", "Cyst")
	in, err := o.exported(review.ConsensusReader)
	o.must(err)
	if in.Names[1] != "cyst" {
		t.Errorf("the consensus is called %q", in.Names[1])
	}
	o.calls("Lee", "nodule")
	if in, err = o.exported(review.ConsensusReader); err != nil || in.Names[1] != "" {
		t.Errorf("of two names the consensus has %q, %v", in.Names[1], err)
	}
	if in, err = o.exported("Lee"); err != nil || in.Names[1] != "nodule" {
		t.Errorf("Lee's masks are called %q, %v", in.Names[1], err)
	}
}

// TestAddToAnEmptyWorkspace: nothing is known, and that is no fault.
func TestAddToAnEmptyWorkspace(t *testing.T) {
	in, err := newOffice(t).exported("Kim")
	if err != nil || len(in.Questions)+len(in.Looked) > 0 || in.Consensus(still, mask.NewPlane(80, 80)) != nil {
		t.Errorf("%v %+v", err, in)
	}
}

// TestAddLeavesOutWhatIsDamaged: and says so; all that is whole is there.
func TestAddLeavesOutWhatIsDamaged(t *testing.T) {
	for word, left := range map[string][3]int{ // questions, looked, consensus
		"shadow": {1, 2, 1}, `"mean"`: {2, 2, 0}, "visited": {2, 0, 1}, "thyroid": {2, 2, 1},
	} {
		o := newOffice(t)
		o.reads("Kim", 20)
		o.reads("Lee", 16)
		o.joins()
		o.asks("a shadow?")
		o.asks("an artefact?")
		o.project()
		o.hurt(word, strings.ToUpper(word))
		in, err := o.exported(review.ConsensusReader)
		if fault.CodeOf(err) != store.CodeEvents {
			t.Errorf("%s: the damage is not told: %v", word, err)
		}
		got := [3]int{len(in.Questions), len(in.Looked), 0}
		if in.Consensus(still, in.Items[0].Frames[0].Labels) != nil {
			got[2] = 1
		}
		if got != left {
			t.Errorf("%s: left are %v, not %v", word, got, left)
		}
	}
}

// TestLooksOutliveDamage: of a look that is damaged, and of a note that made a project, be it this one or another that a merge brought.
func TestLooksOutliveDamage(t *testing.T) {
	for word, left := range map[string]int{"visited": 1, "stomach": 3, "thyroid": 1} { // the last leaves the other project, as project.Load does
		o := newOffice(t)
		o.project()
		s, err := project.Load(o.ws)
		o.must(err)
		o.must(s.AddLooked(o.ws, "Lee", still.Instance, 0, []project.LookedArc{{X: 1, Y: 2, Length: 30, Expected: 4, How: "shown"}}))
		_, err = o.ws.AddEvent(store.Event{Kind: project.KindMade, Body: []byte(`{"project": "another", "name": "stomach"}`)})
		o.must(err)
		_, err = o.ws.AddEvent(store.Event{Kind: project.KindLooked, Study: "b", Reader: "Kim", Body: []byte(`{"project": "another", "arcs": [{}]}`)})
		o.must(err)
		o.hurt(word, strings.ToUpper(word))
		in := export.Input{}
		if err := Add(o.ws, &in); fault.CodeOf(err) != store.CodeEvents {
			t.Errorf("%s: the damage is not told: %v", word, err)
		}
		if len(in.Looked) != left {
			t.Errorf("%s: left are %+v, not %d", word, in.Looked, left)
		}
	}
}

// TestLabels: the workspace's table goes before the project's schema, and that before what the program knows.
func TestLabels(t *testing.T) {
	o := newOffice(t)
	called := func() string {
		t.Helper()
		table, err := Labels(o.ws)
		o.must(err)
		if _, ok := table.ByName("cyst"); !ok {
			t.Error("the program's own names are missing")
		}
		l, _ := table.ByValue(1)
		return l.Name
	}
	if got := called(); got != "" {
		t.Errorf("label 1 is %q by no table", got)
	}
	o.project(project.Label{Value: 1, Name: "nodule"})
	if got := called(); got != "nodule" {
		t.Errorf("label 1 is %q, by the project nodule", got)
	}
	table := filepath.Join(o.ws.Dir(), export.LabelsName)
	o.must(os.WriteFile(table, []byte(`{"labels": [{"value": 1, "name": "lymph node"}]}`), 0o600))
	if got := called(); got != "lymph node" {
		t.Errorf("label 1 is %q, by the table lymph node", got)
	}
	o.must(os.WriteFile(table, []byte(`{`), 0o600))
	got, err := Labels(o.ws)
	if _, ok := got.ByName("cyst"); fault.CodeOf(err) != export.CodeLabels || !ok {
		t.Error("a damaged table:", err)
	}
}

// TestLabelsOfADamagedProject: the fault comes with the program's own table, and names what has no name. Nothing is missing where the
// workspace's table says all, or a later schema, or where the note that made the project is all that is damaged.
func TestLabelsOfADamagedProject(t *testing.T) {
	for _, c := range []struct{ hurt, table, later, calls string }{
		{"nodule", "", "", ""},
		{"nodule", "lymph node", "", "lymph node"},
		{"nodule", "", "cyst", "cyst"},
		{"cyst", "", "cyst", ""},
		{"thyroid", "", "", "nodule"},
	} {
		o := newOffice(t)
		o.project(project.Label{Value: 1, Name: "nodule"})
		if c.later != "" {
			s, err := project.Load(o.ws)
			o.must(err)
			o.must(s.SetLabels(o.ws, "Kim", []project.Label{{Value: 1, Name: c.later}}))
		}
		o.hurt(c.hurt, strings.ToUpper(c.hurt))
		if c.table != "" {
			o.must(os.WriteFile(filepath.Join(o.ws.Dir(), export.LabelsName), []byte(`{"labels": [{"value": 1, "name": "`+c.table+`"}]}`), 0o600))
		}
		table, err := Labels(o.ws)
		if _, ok := table.ByName("gallbladder"); !ok {
			t.Errorf("%+v: nothing is known any more", c)
		}
		if l, _ := table.ByValue(1); l.Name != c.calls {
			t.Errorf("%+v: 1 is called %q", c, l.Name)
		}
		if (err != nil) != (c.calls == "") || err != nil && fault.CodeOf(err) != CodeNames {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

// TestMissingNames: an import, and an export, go on without names, and tell of those that they lack; nothing goes on after another fault.
func TestMissingNames(t *testing.T) {
	o := newOffice(t)
	o.reads("Kim", 20)
	o.project(project.Label{Value: 1, Name: "nodule"})
	o.hurt("nodule", "NODULE")
	_, lost := Labels(o.ws)
	if note, stop := Missing(lost, nil); fault.CodeOf(note) != CodeNames || stop != nil {
		t.Error("an import", note, stop)
	}
	in, err := o.exported("Kim")
	o.must(err)
	var f *fault.Error
	if note, stop := Missing(lost, &in); !errors.As(note, &f) || f.Code != CodeNameless || f.Args["Values"] != "1" || stop != nil {
		t.Error("an export", note, stop)
	}
	in.Names = map[uint8]string{1: "mass"}
	if note, stop := Missing(lost, &in); note != nil || stop != nil {
		t.Error("the reader calls it a mass", note, stop)
	}
	other := fault.New(export.CodeLabels, "", nil, nil)
	if note, stop := Missing(other, &in); note != nil || !errors.Is(stop, other) {
		t.Error("another fault", note, stop)
	}
	if note, stop := Missing(nil, &in); note != nil || stop != nil {
		t.Error("no fault", note, stop)
	}
}
