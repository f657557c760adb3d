package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/project"
	"echoline/internal/store"
)

// picture writes a small grey picture, different for each n.
func greyPicture(t *testing.T, path string, n int) {
	t.Helper()
	im := image.NewGray(image.Rect(0, 0, 64, 48))
	for i := range im.Pix {
		im.Pix[i] = uint8(40 + (i+n)%90)
	}
	im.SetGray(0, 0, color.Gray{Y: uint8(n)})
	f, err := os.Create(path)
	if err == nil {
		err = errors.Join(png.Encode(f, im), f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// reported is what project report says.
func reported(t *testing.T, workspace string, args ...string) projectJSON {
	t.Helper()
	out, err := said(t, projectCommand(), append([]string{"report", "--workspace", workspace}, args...)...)
	var doc projectJSON
	if err == nil {
		err = json.Unmarshal([]byte(out), &doc)
	}
	if err != nil {
		t.Fatal(out, err)
	}
	return doc
}

// TestProjectFromTheCommandLine goes the way of a project: made, given out, shared, taken in elsewhere, brought back.
func TestProjectFromTheCommandLine(t *testing.T) {
	root := t.TempDir()
	images, home, kim := filepath.Join(root, "images"), filepath.Join(root, "home"), filepath.Join(root, "kim")
	if err := os.MkdirAll(images, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		greyPicture(t, filepath.Join(images, string(rune('a'+i))+".png"), i)
	}
	write := func(name, text string) string {
		path := filepath.Join(root, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	guide := write("guide.txt", "Draw the outer edge.\r\nAsk where it cannot be seen.\n")
	labels := write("schema.json", `{"labels":[{"value":1,"name":"Mass","type":["4147007","SCT","Mass"]}]}`)
	edge := filepath.Join(root, "edge.png")
	greyPicture(t, edge, 99)
	out, err := said(t, projectCommand(), "create", "--workspace", home, "--name", "Breast", "--readers", "Kim,Lee", "--experts", "Park",
		"--overlap", "0.4", "--guideline", guide, "--picture", edge, "--labels", labels, images)
	if err != nil || !strings.Contains(out, "10 cases, 2 readers, 1 experts") {
		t.Fatal(out, err)
	}
	if table, err := export.LoadLabels(filepath.Join(home, export.LabelsName)); err != nil {
		t.Fatal(err)
	} else if l, ok := table.ByValue(1); !ok || l.Name != "Mass" {
		t.Fatal(l, ok)
	}
	_, err = said(t, projectCommand(), "create", "--workspace", home, "--name", "Another")
	if fault.CodeOf(err) != project.CodeThere {
		t.Fatal(err)
	}
	if out, err := said(t, projectCommand(), "assign", "--workspace", home); err != nil || !strings.Contains(out, "Kim: 7") || !strings.Contains(out, "Lee: 7") {
		t.Fatal(out, err)
	}
	if r := reported(t, home); r.Name != "Breast" || r.Cases != 10 || r.Unassigned != 0 || r.Done != 0 || len(r.Readers) != 3 || r.Readers[0].Assigned != 7 || !r.Blinded {
		t.Fatalf("%+v", r)
	}
	share := filepath.Join(root, "kim.echoline")
	if out, err := said(t, shareCommand(), "--workspace", home, "--reader", "Kim", "--out", share); err != nil || !strings.Contains(out, "7 cases, 7 files") {
		t.Fatal(out, err)
	}
	for range 2 { // a share may begin a workspace
		if out, err := said(t, mergeCommand(), kim, share); err != nil {
			t.Fatal(out, err)
		}
	}
	if _, err := os.Stat(filepath.Join(kim, export.LabelsName)); err != nil {
		t.Fatal("the label schema did not come along", err)
	}
	ws, err := store.Open(kim)
	if err != nil {
		t.Fatal(err)
	}
	s, err := project.Load(ws)
	if err != nil || len(s.Part("Kim")) != 7 || s.Guideline.Text != "Draw the outer edge.\nAsk where it cannot be seen." || len(s.Guideline.Pictures) != 1 {
		t.Fatalf("%+v %v", s, err)
	}
	if err := s.AddVisit(ws, "Kim", s.Part("Kim")[0].Item, 0, project.Visit{Seconds: 12.5, Gestures: 2, Accepted: true, Moved: &project.Moved{Unit: "px", Length: 80, Moved: 8, Mean: 3}}); err != nil {
		t.Fatal(err)
	}
	if err := ws.Close(); err != nil {
		t.Fatal(err)
	}
	back := filepath.Join(root, "back.echoline")
	if out, err := said(t, shareCommand(), "--workspace", kim, "--reader", "Kim", "--out", back, "--no-files"); err != nil {
		t.Fatal(out, err)
	}
	if out, err := said(t, mergeCommand(), home, back, back); err != nil {
		t.Fatal(out, err)
	}
	tables := filepath.Join(root, "report")
	r := reported(t, home, "--out", tables)
	if len(r.Savings) != 1 || r.Savings[0].Seconds != 12.5 || *r.Savings[0].Moved != 0.1 {
		t.Fatalf("%+v", r.Savings)
	}
	for name, want := range map[string]int{projectReaders: 3, projectCases: 15, projectTimes: 2} {
		data, err := os.ReadFile(filepath.Join(tables, name))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), "\uFEFF"))).ReadAll()
		if err != nil || len(rows) != want {
			t.Fatal(name, len(rows), err)
		}
	}
	if a := audited(t, home); !a.OK {
		t.Fatal(a.Faults)
	}
}

// TestWorkOnATakenShare: what a share brought is there for the commands, though nobody has opened it in the window yet.
func TestWorkOnATakenShare(t *testing.T) {
	home, files := workedOn(t, "Kim", "Lee")
	share, park := filepath.Join(t.TempDir(), "park.echoline"), filepath.Join(t.TempDir(), "park")
	for _, c := range []struct {
		command *cobra.Command
		args    []string
	}{
		{projectCommand(), []string{"create", "--workspace", home, "--name", "Breast", "--readers", "Kim,Lee", "--experts", "Park", files}},
		{shareCommand(), []string{"--workspace", home, "--reader", "Park", "--out", share}},
		{mergeCommand(), []string{park, share}},
	} {
		if out, err := said(t, c.command, c.args...); err != nil {
			t.Fatal(out, err)
		}
	}
	out, err := said(t, adjudicateCommand(), "--workspace", park, "--method", "mean")
	if err != nil || strings.Count(out, "proposed from 2 readers") != 3 {
		t.Error(out, err)
	}
	if _, _, files := exported(t, "--workspace", park, "--reader", "Kim", "--format", "png"); len(files) == 0 {
		t.Error("Kim's masks cannot be exported")
	}
	if out, err := said(t, consultCommand(), "ask", "--workspace", park, "--reader", "Park", "--image", "photo", "--at", "28,15", "--words", "?"); err != nil {
		t.Error(out, err)
	}
}

func TestProjectRefusals(t *testing.T) {
	root := t.TempDir()
	home := filepath.Join(root, "home")
	text := filepath.Join(root, "no picture.png")
	if err := os.WriteFile(text, []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		want fault.Code
	}{
		{[]string{"create", "--workspace", home, "--name", "A", "--picture", text}, project.CodePicture},
		{[]string{"create", "--workspace", home, "--name", "A", "--guideline", filepath.Join(root, "none")}, project.CodeGuideline},
		{[]string{"create", "--workspace", home, "--name", "A", "--labels", text}, export.CodeLabels},
		{[]string{"change", "--workspace", home, "--name", "A"}, store.CodeNone},
		{[]string{"assign", "--workspace", home}, store.CodeNone},
	} {
		if _, err := said(t, projectCommand(), c.args...); fault.CodeOf(err) != c.want {
			t.Errorf("%v: %v, want %s", c.args, err, c.want)
		}
	}
	if store.Find(home) == nil {
		t.Error("a refused project made a workspace")
	}
	for _, args := range [][]string{{}, {"create", "--workspace", home}, {"create", "--name", "A"}, {"create", "--workspace", home, "--name", "A", "--overlap", "2"}} {
		if _, err := said(t, projectCommand(), args...); !errors.Is(err, errUsage) {
			t.Errorf("%v: %v", args, err)
		}
	}
	if _, err := said(t, projectCommand(), "create", "--workspace", home, "--name", "A", "--readers", "Kim"); err != nil {
		t.Fatal(err)
	}
	if _, err := said(t, projectCommand(), "change", "--workspace", home, "--retire", "Eve"); fault.CodeOf(err) != project.CodeReader {
		t.Error(err)
	}
	if _, err := said(t, shareCommand(), "--workspace", home, "--reader", "Kim", "--out", filepath.Join(root, "x")); fault.CodeOf(err) != project.CodeEmpty {
		t.Error(err)
	}
	if _, err := said(t, mergeCommand(), home, text); fault.CodeOf(err) != project.CodeShare {
		t.Error(err)
	}
}
