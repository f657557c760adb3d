package project

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestClassesAreReadFromTables(t *testing.T) {
	got, err := classesFrom(strings.NewReader("\uFEFFFile,group,CLASS\nimages/case 0.png,g1, benign \n\"C:\\us\\case 1.dcm\",g2,악성\ncase 2,g3,\ncase 0.png,g1,benign\n"))
	must(t, err)
	if len(got) != 3 || got["case 0"] != "benign" || got["case 1"] != "악성" || got["case 2"] != "" {
		t.Errorf("%q", got)
	}
	for name, table := range map[string]string{
		"empty": "", "no class": "file,kind\na,b\n", "no file": "class\nbenign\n", "ragged": "file,class\na\n",
		"two classes": "file,class\na.png,benign\na.jpg,malignant\n", "broken": "file,class\n\"a,b\n",
	} {
		path := filepath.Join(t.TempDir(), "classes.csv")
		must(t, os.WriteFile(path, []byte(table), 0o600))
		_, err := ReadClasses(path)
		t.Log(name, err)
		wantCode(t, err, CodeClasses)
	}
	_, err = ReadClasses(filepath.Join(t.TempDir(), "none.csv"))
	wantCode(t, err, CodeClasses)
}

// TestClassesOfCases: what is said last holds, of cases alone, however many events it takes.
func TestClassesOfCases(t *testing.T) {
	l, s := begin(t, chunk+20, "kim")
	if _, err := classesOf(s.Cases, map[string]string{"other": "benign"}); err == nil {
		t.Error("a table that names no case is taken")
	}
	named := map[string]string{"other": "benign"}
	for _, c := range s.Cases {
		named[c.Name] = "benign"
	}
	classes, err := classesOf(s.Cases, named)
	must(t, err)
	if len(classes) != len(s.Cases) {
		t.Fatalf("%d of %d cases", len(classes), len(s.Cases))
	}
	must(t, s.SetClasses(l, "boss", classes))
	s, err = Load(l)
	must(t, err)
	for _, c := range s.Cases {
		if s.ClassOf(c.Item) != "benign" {
			t.Fatalf("%s is %q", c.Item, s.ClassOf(c.Item))
		}
	}
	before := len(l.events)
	must(t, s.SetClasses(l, "boss", map[string]string{"item 0": "malignant", "item 1": "", "item 2": "benign", "elsewhere": "x"}))
	s, err = Load(l)
	must(t, err)
	if s.ClassOf("item 0") != "malignant" || s.ClassOf("item 1") != "" || s.ClassOf("item 2") != "benign" || s.ClassOf("elsewhere") != "" || s.Unread != 0 {
		t.Error("what was said last does not hold")
	}
	if len(l.events) != before+1 {
		t.Errorf("%d events for one change", len(l.events)-before)
	}
	if (*State)(nil).ClassOf("item 0") != "" {
		t.Error("no project knows a class")
	}
}
