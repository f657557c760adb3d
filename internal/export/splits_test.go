package export

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/deid"
)

// TestFolds: every case is measured on in just one fold and learned from in all others, no group lies in both parts of one, and
// which fold that is does not depend on the order in which groups and cases come.
func TestFolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(1, 30), 0, 40).Draw(t, "sizes")
		var groups [][]string
		groupOf := map[string]int{}
		for g, n := range sizes {
			var names []string
			for range n {
				name := "case" + itoa(len(groupOf))
				names, groupOf[name] = append(names, name), g
			}
			groups = append(groups, names)
		}
		got := folds(groups)
		want := min(len(groups), 5)
		if want == 1 {
			want = 0
		}
		if len(got) != want {
			t.Fatalf("%d folds of %d groups", len(got), len(groups))
		}
		if want == 0 {
			return
		}
		measured := map[string]int{}
		for _, f := range got {
			in := map[int]bool{}
			for _, name := range f.Val {
				measured[name]++
				in[groupOf[name]] = true
			}
			for _, name := range f.Train {
				if in[groupOf[name]] {
					t.Fatalf("%s is learned from, and its group measured on", name)
				}
			}
			if len(f.Val) == 0 || len(f.Train)+len(f.Val) != len(groupOf) || !slices.IsSorted(f.Train) || !slices.IsSorted(f.Val) {
				t.Fatalf("%+v", f)
			}
		}
		for name := range groupOf {
			if measured[name] != 1 {
				t.Fatalf("%s is measured on %d times", name, measured[name])
			}
		}
		mixed := rapid.Permutation(groups).Draw(t, "order")
		for i, g := range mixed {
			mixed[i] = rapid.Permutation(g).Draw(t, "cases")
		}
		again := folds(mixed)
		for i := range got {
			if !slices.Equal(got[i].Val, again[i].Val) {
				t.Fatalf("fold %d depends on the order", i)
			}
		}
	})
}

// TestNNUNetSplits: frames of one cine, cines of one study and studies of one patient lie in one part of a fold, and all names are
// those of files of the data set.
func TestNNUNetSplits(t *testing.T) {
	clip := func(name, patient, study string, frames int) Item {
		it := spotted(t, name, frames)
		it.Source.Header.Attr["PatientID"], it.Source.Header.Attr["StudyInstanceUID"] = patient, study
		return it
	}
	picture := func(name string) Item { // a picture that is not DICOM belongs to nobody else
		it := spotted(t, name, 1)
		it.Source.Header = nil
		return it
	}
	in := input(
		clip("a", "P1", "2.25.1", 3), clip("b", "P1", "2.25.2", 2), clip("c", "P2", "2.25.3", 2), clip("d", "", "2.25.3", 1),
		picture("e"), picture("f"))
	o := options(t, "nnunet")
	run(t, in, o)
	got := readSplits(t, o.Dir)
	if len(got) != 4 {
		t.Fatalf("%d folds", len(got))
	}
	together := []string{"a.f0001 a.f0002 a.f0003 b.f0001 b.f0002", "c.f0001 c.f0002 d", "e", "f"}
	for i, f := range got {
		if val := strings.Join(f.Val, " "); val != together[i] {
			t.Errorf("fold %d is measured on %s", i, val)
		}
		for _, name := range slices.Concat(f.Train, f.Val) {
			if _, err := os.Stat(filepath.Join(o.Dir, nnunetFolder, "labelsTr", name+".png")); err != nil {
				t.Error(err)
			}
		}
	}
	again := options(t, "nnunet")
	slices.Reverse(in.Items)
	run(t, in, again)
	for i, f := range readSplits(t, again.Dir) {
		if !slices.Equal(f.Val, got[i].Val) || !slices.Equal(f.Train, got[i].Train) {
			t.Errorf("fold %d depends on the order of the images", i)
		}
	}
}

// TestPrivateSplits: pseudonyms keep a patient's studies together, too.
func TestPrivateSplits(t *testing.T) {
	var items []Item
	for i, patient := range []string{"P1", "P1", "P2"} {
		it := cine("im"+itoa(i), 40, 30, 1, 1)
		it.Source.Header.Attr["PatientID"], it.Source.Header.Attr["StudyInstanceUID"] = patient, "2.25.1"+itoa(i)
		items = append(items, filmed(t, it))
	}
	o := options(t, "nnunet")
	o.Private = privately(t, deid.Modified)
	run(t, input(items...), o)
	if got := readSplits(t, o.Dir); len(got) != 2 || len(got[0].Val) != 2 || len(got[1].Val) != 1 {
		t.Errorf("%+v", got)
	}
}

// TestNoSplitsOfOnePatient: with a single group there is nobody else to measure on.
func TestNoSplitsOfOnePatient(t *testing.T) {
	o := options(t, "nnunet")
	run(t, input(spotted(t, "a", 4), spotted(t, "b", 1)), o)
	if _, err := os.Stat(filepath.Join(o.Dir, nnunetSplits)); !os.IsNotExist(err) {
		t.Error("splits of one patient", err)
	}
}

func readSplits(t *testing.T, dir string) []fold {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, nnunetSplits))
	if err != nil {
		t.Fatal(err)
	}
	var raw []map[string][]string
	if err := json.Unmarshal(data, &raw); err != nil {
		t.Fatal(err)
	}
	var out []fold
	for _, f := range raw {
		if keys := slices.Sorted(maps.Keys(f)); !slices.Equal(keys, []string{"train", "val"}) {
			t.Fatalf("a fold has %q", keys)
		}
		out = append(out, fold{f["train"], f["val"]})
	}
	return out
}
