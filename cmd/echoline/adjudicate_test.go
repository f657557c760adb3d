package main

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/agree"
	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/store"
)

// What the command joins is a mask of its own that nobody reviewed, and the exports say so; done again it changes nothing.
func TestAdjudicateCommand(t *testing.T) {
	workspace, _ := workedOn(t, "Kim", "이서연")
	before := audited(t, workspace)
	for range 2 {
		out, err := said(t, adjudicateCommand(), "--workspace", workspace, "--method", "staple", "--limit", "0.5")
		if err != nil || strings.Count(out, "\n") != 3 || !strings.Contains(out, "demo-7-cine #3: proposed from 2 readers, places to decide: 0") {
			t.Fatal(out, err)
		}
	}
	after := audited(t, workspace)
	if !after.OK || after.Entries != before.Entries+3 {
		t.Errorf("%d entries became %d; %v", before.Entries, after.Entries, after.Faults)
	}
	proposed := 0
	for _, e := range after.Events {
		if e.Action == "proposed" {
			proposed++
		}
	}
	if proposed != 3 {
		t.Errorf("%d proposals in the audit trail", proposed)
	}
	if _, _, files := exported(t, "--workspace", workspace, "--reader", review.ConsensusReader, "--format", "png"); len(files) != 0 {
		t.Errorf("what nobody reviewed counts as accepted: %v", files)
	}
	out := filepath.Join(t.TempDir(), "out")
	if said, err := said(t, exportCommand(), "--workspace", workspace, "--reader", review.ConsensusReader, "--format", "png", "--include", "all", "--out", out); err != nil {
		t.Fatal(said, err)
	}
	data, err := os.ReadFile(filepath.Join(out, "demo-1-oval.json"))
	if err != nil {
		t.Fatal(err)
	}
	var side struct {
		Reader string
		Frames []struct {
			Status, Algorithm string
			Consensus         *review.Consensus
		}
		NotReviewed []int `json:"not_reviewed"`
	}
	if err := json.Unmarshal(data, &side); err != nil {
		t.Fatal(err)
	}
	c := side.Frames[0].Consensus
	if side.Reader != "consensus" || side.Frames[0].Status != "not reviewed" || side.Frames[0].Algorithm != "AUTOMATIC" || len(side.NotReviewed) != 1 ||
		c == nil || c.By != "" || c.Method != "staple" || len(c.Sources) != 2 || c.Changed {
		t.Errorf("%s", data)
	}
}

func TestAdjudicateRefuses(t *testing.T) {
	alone, _ := workedOn(t, "Kim")
	if _, err := said(t, adjudicateCommand(), "--workspace", alone, "--method", "mean"); fault.CodeOf(err) != codeAgreeReaders {
		t.Error(err)
	}
	if _, err := said(t, adjudicateCommand(), "--workspace", alone, "--method", "mean", "--readers", "Kim,Kim"); fault.CodeOf(err) != codeAgreeReaders {
		t.Error("a reader agreed with himself:", err)
	}
	if _, err := said(t, adjudicateCommand(), "--workspace", t.TempDir(), "--method", "mean"); fault.CodeOf(err) != codeExportWorkspace {
		t.Error(err)
	}
	if _, err := said(t, adjudicateCommand(), "--workspace", alone, "--method", "mean", "--readers", "Lee"); fault.CodeOf(err) != codeExportReader {
		t.Error(err)
	}
	for _, args := range [][]string{{}, {"--workspace", alone}, {"--workspace", alone, "--method", "dice"}, {"--workspace", alone, "--method", "mean", "--limit", "-1"}} {
		if _, err := said(t, adjudicateCommand(), args...); !errors.Is(err, errUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// A question goes to another workspace, is answered there by the expert's own mask, and what comes back is taken.
func TestConsultCommand(t *testing.T) {
	kim, _ := workedOn(t, "Kim")
	park, _ := workedOn(t, "Park")
	id := func(out string, err error, what string) string {
		t.Helper()
		var v map[string]any
		if err != nil || json.Unmarshal([]byte(out), &v) != nil || v[what] == nil {
			t.Fatal(out, err)
		}
		s, _ := v[what].(string)
		return s
	}
	run := func(args ...string) (string, error) { return said(t, consultCommand(), args...) }
	out, err := run("ask", "--workspace", kim, "--reader", "Kim", "--image", "photo", "--at", "28,15; 32,16;35,20", "--words", "Shadow?")
	q := id(out, err, "question")
	if _, err := said(t, mergeCommand(), "--quiet", park, kim); err != nil {
		t.Fatal(err)
	}
	out, err = run("answer", "--workspace", park, "--reader", "Park", "--question", q, "--redrawn")
	redrawn := id(out, err, "answer")
	out, err = run("answer", "--workspace", park, "--reader", "Park", "--question", q, "--not-visible", "--words", "Nobody can tell.")
	hidden := id(out, err, "answer")
	if _, err := said(t, mergeCommand(), "--quiet", kim, park); err != nil {
		t.Fatal(err)
	}
	if _, err := run("take", "--workspace", kim, "--reader", "Park", "--answer", hidden); fault.CodeOf(err) != agree.CodeAsker {
		t.Error(err)
	}
	if out, err := run("take", "--workspace", kim, "--reader", "Kim", "--answer", hidden); err != nil || !strings.Contains(out, `"changed": true`) {
		t.Error(out, err)
	}
	if out, err := run("take", "--workspace", kim, "--reader", "Kim", "--answer", redrawn, "--leave"); err != nil || !strings.Contains(out, `"left"`) {
		t.Error(out, err)
	}
	out, err = run("list", "--workspace", kim)
	var list struct{ Questions []listed }
	if err != nil || json.Unmarshal([]byte(out), &list) != nil || len(list.Questions) != 1 {
		t.Fatal(out, err)
	}
	if one := list.Questions[0]; one.State != review.QuestionClosed || len(one.Answers) != 2 || one.Answers[0].Outcome != review.OutcomeLeft ||
		one.Answers[1].Outcome != review.OutcomeTaken || len(one.Answers[0].Points) < 3 || one.Answers[1].Words == "" {
		t.Errorf("%s", out)
	}
	to := filepath.Join(t.TempDir(), "out")
	if said, err := said(t, exportCommand(), "--workspace", kim, "--reader", "Kim", "--format", "csv", "--include", "all", "--out", to); err != nil {
		t.Fatal(said, err)
	}
	if rows := readTable(t, filepath.Join(to, "questions.csv")); len(rows) != 3 || rows[2][15] != "taken" {
		t.Errorf("%v", rows)
	}
	if a := audited(t, kim); !a.OK {
		t.Error(a.Faults)
	}
}

func TestConsultRefuses(t *testing.T) {
	kim, _ := workedOn(t, "Kim")
	ask := func(image, frame, at string) error {
		_, err := said(t, consultCommand(), "ask", "--workspace", kim, "--reader", "Kim", "--image", image, "--frame", frame, "--at", at, "--words", "?")
		return err
	}
	if err := ask("none", "1", "1,1"); fault.CodeOf(err) != codeConsultImage {
		t.Error(err)
	}
	if err := ask("photo", "2", "1,1"); fault.CodeOf(err) != review.CodeFrame {
		t.Error(err)
	}
	for _, at := range []string{"1", "1,a", "1,2;"} {
		if err := ask("photo", "1", at); !errors.Is(err, errUsage) {
			t.Error(at, err)
		}
	}
	if err := ask("photo", "1", "NaN,1"); fault.CodeOf(err) != agree.CodeQuestion {
		t.Error(err)
	}
	if _, err := said(t, consultCommand(), "answer", "--workspace", kim, "--reader", "Kim", "--question", "none", "--not-visible"); fault.CodeOf(err) != agree.CodeUnknown {
		t.Error(err)
	}
	for _, args := range [][]string{{}, {"list"}, {"ask", "--workspace", kim}, {"answer", "--workspace", kim}, {"take", "--workspace", kim}} {
		if _, err := said(t, consultCommand(), args...); !errors.Is(err, errUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
	if err := store.Find(kim); err != nil {
		t.Error(err)
	}
}
