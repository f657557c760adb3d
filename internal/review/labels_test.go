package review

import (
	"strings"
	"testing"

	"echoline/internal/fault"
	"echoline/internal/study"
)

func TestLabelSet(t *testing.T) {
	var s LabelSet
	a := s.With(Label{Value: 3, Locked: true}).With(Label{Value: 1, Name: "lesion"}).With(Label{Value: 2})
	if len(s.Labels) != 0 || len(a.Labels) != 3 || a.Labels[0].Value != 1 || a.Labels[2].Value != 3 {
		t.Fatal(s, a)
	}
	b, err := a.Rename(3, "  a\tcyst \n")
	if err != nil || b.Of(3) != (Label{Value: 3, Name: "a cyst", Locked: true}) || a.Of(3).Name != "" {
		t.Fatal(b, a, err)
	}
	if _, err := b.Rename(2, "A Cyst"); fault.CodeOf(err) != CodeLabelName {
		t.Fatal(err)
	}
	if c, err := b.Rename(3, "A Cyst"); err != nil || c.Of(3).Name != "A Cyst" {
		t.Fatal(c, err)
	}
	if c, err := b.Rename(3, ""); err != nil || c.Of(3).Name != "" || !c.Of(3).Locked {
		t.Fatal(c, err)
	}
	if got := s.Of(9); got != (Label{Value: 9}) {
		t.Fatal(got)
	}
}

func TestLabelName(t *testing.T) {
	for in, want := range map[string]string{
		"":                      "",
		" \u3000낭종 ":            "낭종",
		"낭종":                    "낭종", // letters that a system typed apart
		"a\x00b\u0085c\x1bd":    "ab cd",
		strings.Repeat("가", 70): strings.Repeat("가", 64),
	} {
		if got := LabelName(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// The labels of a reader bind strokes as rules do, and what else the rules say stays.
func TestLabelsBind(t *testing.T) {
	r := New(&study.Study{}, "kim", nil)
	r.SetRules(Rules{Released: true})
	r.SetLabels(LabelSet{Labels: []Label{{Value: 2, Locked: true}}, Overwrite: OverwriteNone})
	if x := r.Rules(); !x.Locked[2] || x.Locked[1] || x.Overwrite != OverwriteNone || !x.Released {
		t.Fatal(x)
	}
	r.SetLabels(LabelSet{})
	if x := r.Rules(); x.Locked != [256]bool{} || x.Overwrite != OverwriteAll || !x.Released {
		t.Fatal(x)
	}
	if got := r.Labels(); len(got.Labels) != 0 {
		t.Fatal(got)
	}
}
