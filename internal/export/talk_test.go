package export

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"echoline/internal/mask"
	"echoline/internal/review"
)

// consented is a cine whose first frame is a consensus of two readers by a third, and about whose second a question was asked.
func consented(t *testing.T) Input {
	t.Helper()
	it := filmed(t, cine("clip", 47, 31, 2, 1))
	c := review.Consensus{
		Instance: it.Source.ID, Sources: []review.Source{{Reader: "Kim", Entry: "01", SHA256: "02"}, {Reader: "이서연", Entry: "03", SHA256: "04"}},
		Method: "staple", LimitPx: 4, LimitMM: 2, By: "Park", Result: review.MaskSum(it.Frames[0].Labels),
		Arcs: []review.SettledArc{{Box: [4]int{1, 2, 3, 4}, Farthest: 5.25, Choice: "reader", Reader: "Kim", Reviewed: true}},
	}
	it.Frames[0].Model = c.Model()
	it.Frames[0].Edited = true
	in := input(it)
	in.Reader = review.ConsensusReader
	in.Consensus = func(k review.Key, _ *mask.Plane) *review.Consensus {
		if k != c.Key() {
			return nil
		}
		return &c
	}
	at := time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)
	in.Questions = []review.Question{{
		ID: "q1", Instance: it.Source.ID, Frame: 1, By: "Kim", At: at, Words: "=shadow?", Points: [][2]float64{{1, 2}, {3, 4}, {5, 6}}, Label: 1,
		Answers: []review.Answer{
			{ID: "a1", By: "Park", At: at.Add(time.Hour), Kind: review.AnswerRedrawn, Points: [][2]float64{{1, 2}, {2, 2}}, Outcome: review.OutcomeTaken},
			{ID: "a2", By: "Cho", At: at.Add(2 * time.Hour), Kind: review.AnswerWords, Words: "Yes."},
		},
	}}
	return in
}

// Every kind of file says that the mask is a consensus, and whose.
func TestConsensusInFiles(t *testing.T) {
	in := consented(t)
	o := options(t, "png")
	side := readSidecar(t, filepath.Join(filepath.Dir(run(t, in, o).Files[0].Path), "clip.json"))
	if c := side.Frames[0].Consensus; side.Reader != review.ConsensusReader || c == nil || c.By != "Park" || c.Sources[1].Reader != "이서연" || c.Arcs[0].Reader != "Kim" {
		t.Errorf("%+v", side.Frames[0])
	}
	if side.Frames[1].Consensus != nil || side.Frames[0].Model.Name != "consensus of Kim, 이서연" || side.Frames[0].Algorithm != semiautomatic {
		t.Errorf("%+v", side.Frames)
	}
	o = options(t, "csv")
	res := run(t, in, o)
	rows := tableAt(t, filepath.Join(o.Dir, "measurements.csv"))
	column := slices.Index(rows[0], "consensus_of")
	if got := rows[1][column : column+3]; !slices.Equal(got, []string{"Kim; 이서연", "staple", "Park"}) || rows[2][column] != "" {
		t.Errorf("%v", rows)
	}
	if len(res.Files) != 2 {
		t.Fatal(res.Files)
	}
	asked := tableAt(t, filepath.Join(o.Dir, "questions.csv"))
	if len(asked) != 3 || asked[1][6] != "'=shadow?" || asked[1][13] != "redrawn" || asked[1][15] != "taken" || asked[2][14] != "Yes." || asked[2][9] != "answered" {
		t.Errorf("%v", asked)
	}
	o = options(t, "seg")
	seg := run(t, in, o).Files[0].Path
	validate(t, seg)
	said := pydicom(t, seg).Segments[0]
	if words := said[4].(string); !strings.Contains(words, "consensus of Kim, 이서연 (staple; adjudicated by Park, 1 places over 2 mm)") {
		t.Error(words)
	}
	if !strings.Contains(said[3].(string), "consensus of Kim") {
		t.Error(said)
	}
}

func tableAt(t *testing.T, path string) [][]string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// The boundary document holds both, and keeps its schema, which knows what a choice is.
func TestTalkKeepsTheSchema(t *testing.T) {
	res := run(t, consented(t), options(t, "boundary"))
	data, err := os.ReadFile(res.Files[0].Path)
	if err != nil {
		t.Fatal(err)
	}
	var doc boundaryDoc
	if err := json.Unmarshal(data, &doc); err != nil || len(doc.Asked) != 1 || doc.Asked[0].Frame != 2 || len(doc.Asked[0].Answers) != 2 {
		t.Fatal(err, doc.Asked)
	}
	judge(t, `
import json, sys, jsonschema
schema, doc = (json.load(open(p)) for p in sys.argv[1:])
v = jsonschema.Draft202012Validator(schema)
v.validate(doc)
def refused(change):
    bad = json.loads(json.dumps(doc))
    change(bad)
    if v.is_valid(bad): sys.exit("the schema lets everything through")
refused(lambda d: d["questions"][0].update(state="seen"))
refused(lambda d: d["questions"][0]["answers"][0].update(kind="guess"))
refused(lambda d: d["echoline"]["frames"][0]["consensus"]["arcs"][0].update(choice="dice"))`, "../../docs/boundary.schema.json", res.Files[0].Path)
}

// The report says both to people.
func TestTalkInTheReport(t *testing.T) {
	res := run(t, consented(t), options(t, "report"))
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext (package poppler-utils) is not installed")
	}
	out, err := exec.Command(tool, "-layout", res.Files[0].Path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"report.consensus map", "By:Park", "Kim, 이서연", "report.question", "=shadow?", "report.answer", "By:Cho"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("no %q in the report:\n%s", want, out)
		}
	}
	if strings.Contains(string(out), review.ConsensusPrefix) {
		t.Error("the consensus is among the models")
	}
}
