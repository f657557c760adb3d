package trainer

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"echoline/inference"
	"echoline/internal/export"
	"echoline/internal/store"
	"echoline/internal/study"
)

func itemOf(patient, uid, date string) *study.Item {
	return &study.Item{ID: uid + ".1", Header: &study.Header{Attr: map[string]string{
		"PatientID": patient, "StudyInstanceUID": uid, "StudyDate": date,
	}}}
}

// casesOf is what Gather makes of the studies there are.
func casesOf(t testing.TB, ws *store.Workspace, items ...*study.Item) *Cases {
	t.Helper()
	c, err := newCases(ws, &study.Study{Items: items})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// An older study of a patient that comes after a run was written joins the part that the patient has; also in another start of the
// program, and where the study that gave the name is gone.
func TestPartStaysWhenAnOlderStudyComes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ws")
	ws, err := store.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	later, older, third := itemOf("7", "a", "20240101"), itemOf("7", "b", "20230101"), itemOf("7", "d", "20220101")
	if partOf("a") == partOf("b") || partOf("b") == partOf("d") {
		t.Fatal("the names lie in one part and tell nothing")
	}
	if err := casesOf(t, ws, later).give(); err != nil {
		t.Fatal(err)
	}
	c := casesOf(t, ws, later, older)
	if got := c.GroupOf(older); got != "a" || c.GroupOf(later) != "a" {
		t.Errorf("the older study made %q of the patient, who was given a part as %q", got, "a")
	}
	if err := c.give(); err != nil {
		t.Fatal(err)
	}
	if err := ws.Close(); err != nil {
		t.Fatal(err)
	}
	if ws, err = store.Open(dir); err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	c = casesOf(t, ws, third, older)
	if c.GroupOf(third) != "a" || c.GroupOf(older) != "a" {
		t.Error("another start gives other names:", c.groups)
	}
	if text := c.toml(Order{}); !strings.Contains(text, `"b" = "a"`) || !strings.Contains(text, `"d" = "a"`) {
		t.Error(text)
	}
}

// Whatever studies come, in whatever order, and whenever runs are written: a part once given stays, and a patient is in one.
func TestPartsStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var items []*study.Item
		before, parts := map[string]string{}, map[string]string{} // by study
		for step := range rapid.IntRange(1, 12).Draw(t, "steps") {
			patient := fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "patient"))
			date := fmt.Sprint(rapid.IntRange(20200101, 20200104).Draw(t, "date"))
			items = append(items, itemOf(patient, fmt.Sprintf("1.2.%d", step), date))
			c := Cases{groups: groupsOf(&study.Study{Items: items}, before)}
			byPatient := map[string]string{}
			for _, it := range items {
				uid, part := attribute(it, "StudyInstanceUID"), partOf(c.GroupOf(it))
				if was := parts[uid]; was != "" && was != part {
					t.Fatalf("study %s moved from %s to %s", uid, was, part)
				}
				if p := attribute(it, "PatientID"); byPatient[p] != "" && byPatient[p] != part {
					t.Fatalf("patient %s lies in %s and %s", p, byPatient[p], part)
				}
				byPatient[attribute(it, "PatientID")] = part
			}
			if rapid.Bool().Draw(t, "a run is written") {
				for uid, name := range c.groups {
					if before[uid] == "" {
						before[uid], parts[uid] = name, partOf(name)
					}
				}
			}
		}
	})
}

// Patients whom the files joined later never bring to test what was learned from.
func TestJoinedPatientsAreLearnedFrom(t *testing.T) {
	before := map[string]string{"a": "a", "b": "b"} // train, test
	for _, items := range [][]*study.Item{{itemOf("7", "a", "1"), itemOf("7", "b", "0")}, {itemOf("7", "b", "0"), itemOf("7", "a", "1")}} {
		if got := groupsOf(&study.Study{Items: items}, before); !maps.Equal(got, map[string]string{"a": "a", "b": "a"}) {
			t.Error(got)
		}
	}
}

// What is written of labels and studies is read by training/, whatever it holds.
func TestTOMLIsRead(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil || exec.Command(python, "-c", "import tomllib").Run() != nil {
		t.Skip("no Python with tomllib")
	}
	names := []string{"plain", "", "종양", "a\"b\\c", "tab\tline\nreturn\r", "bell\a\v\f\b\x00\x1f\x7f", "\u0085\u2028\ufeff", "\U0001F4A9", "a # [b] = 'c'", "\xff\xfe"}
	c := &Cases{groups: map[string]string{}}
	var in export.Input
	for i, n := range names {
		in.Labels = append(in.Labels, inference.Label{Value: uint8(i + 1), Name: n})
		c.groups["study "+n] = n + "!"
	}
	c.Inputs = []export.Input{in}
	file := filepath.Join(t.TempDir(), "training.toml")
	if err := os.WriteFile(file, []byte(c.toml(Order{Version: "1"})), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "-c", `
import sys, tomllib
doc = tomllib.load(open(sys.argv[1], "rb"))
say = lambda s: s.encode("utf-8").hex()
print(" ".join(["x" + say(v) for v in doc["labels"]]))
print(" ".join(sorted(say(k) + "=" + say(v) for k, v in doc["groups"].items())))
print(doc["split"]["val"], doc["split"]["test"], doc["images"])`, file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var labels []string
	groups := map[string]bool{}
	for _, n := range names {
		n = string([]rune(n)) // as what is no UTF-8 is read
		labels = append(labels, fmt.Sprintf("x%x", n))
		groups[fmt.Sprintf("%x=%x", "study "+n, n+"!")] = true
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if lines[0] != strings.Join(labels, " ") || lines[2] != "0.15 0.15 images" {
		t.Errorf("read %q", lines)
	}
	for _, g := range strings.Fields(lines[1]) {
		if !groups[g] {
			t.Errorf("%q is not what was said", g)
		}
		delete(groups, g)
	}
	if len(groups) > 0 {
		t.Error("not read:", groups)
	}
}
