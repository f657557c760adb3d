package export

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// nnunetSplits is the file in which nnU-Net v2 looks for its folds, in the data set's folder under nnUNet_preprocessed. Without it,
// cases are dealt out one by one, and what is measured on one frame of a cine was learned from the next.
const nnunetSplits = nnunetFolder + "splits_final.json"

// mostFolds is how many folds nnU-Net trains.
const mostFolds = 5

// fold is one of them: the names of the cases that it learns from, and of those that it is measured on.
type fold struct {
	Train []string `json:"train"`
	Val   []string `json:"val"`
}

// folds deals groups of cases that belong together out to folds, so that each case is in the val of just one and all of a group are
// in the same. The largest group comes first, and always into the fold that has the fewest cases. There are none for a single group:
// nothing could be measured on others than were learned from.
func folds(groups [][]string) []fold {
	n := min(len(groups), mostFolds)
	if n < 2 {
		return nil
	}
	groups = slices.Clone(groups)
	for i, g := range groups {
		groups[i] = slices.Sorted(slices.Values(g))
	}
	slices.SortFunc(groups, func(x, y []string) int { return cmp.Or(len(y)-len(x), cmp.Compare(x[0], y[0])) })
	out := make([]fold, n)
	for _, g := range groups {
		least := 0
		for i := range out {
			if len(out[i].Val) < len(out[least].Val) {
				least = i
			}
		}
		for i := range out {
			if i == least {
				out[i].Val = append(out[i].Val, g...)
			} else {
				out[i].Train = append(out[i].Train, g...)
			}
		}
	}
	for _, f := range out {
		slices.Sort(f.Train)
		slices.Sort(f.Val)
	}
	return out
}

// caseGroups are the names of the cases that are written, those of one patient together, as far as the files tell: what has the
// patient's ID, the study or the file in common. The issuer of the ID is not asked: to take two patients for one costs nothing here.
func (j *job) caseGroups() [][]string {
	joined := joins{}
	for i := range j.written {
		it := &j.Items[i]
		for _, other := range it.belongings() {
			joined.join("file "+it.Source.ID, other)
		}
	}
	groups := map[string][]string{}
	for i := range j.written {
		it := &j.Items[i]
		at := joined.root("file " + it.Source.ID)
		for _, f := range it.Frames {
			groups[at] = append(groups[at], caseName(j.stems[i], it, f))
		}
	}
	return slices.Collect(maps.Values(groups))
}

// belongings name what an item has in common with others of its patient.
func (it *Item) belongings() []string {
	var out []string
	if it.Source.Header != nil {
		for _, keyword := range []string{"PatientID", "StudyInstanceUID"} {
			if v := strings.TrimSpace(it.attr(keyword)); v != "" {
				out = append(out, keyword+" "+v)
			}
		}
	}
	return out
}

// joins are sets of names: each leads to another of its set, and in the end to the one that stands for all.
type joins map[string]string

// root is the name that stands for all of a set. The way there is cut short, for a patient may have thousands of studies.
func (s joins) root(name string) string {
	next := s[name]
	if next == "" {
		return name
	}
	s[name] = s.root(next)
	return s[name]
}

func (s joins) join(x, y string) {
	if x, y = s.root(x), s.root(y); x != y {
		s[x] = y
	}
}
