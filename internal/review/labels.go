package review

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"echoline/internal/fault"
)

// CodeLabelName is the fault of a label's name that another label has. Args: Label (the other's value), Name.
const CodeLabelName fault.Code = "review.labelname"

// Label is what a reader calls a value of the masks, how it is shown, and whether it is locked.
type Label struct {
	Value  uint8  // from 1
	Name   string // "": the model's, or the value
	Colour uint8  // number in the window's palette, from 1; 0: the value's
	Locked bool   // its pixels stay, and none are added
}

// LabelSet is one reader's labels. They belong to the reader as the masks do: what a value means to one reader says nothing
// about another's, so sets are united by keeping both, and no mask is ever renumbered.
type LabelSet struct {
	Labels    []Label // ascending by value, each once; values that nobody named, coloured or locked may be missing
	Overwrite Overwrite
}

// Of is the label of a value, with zero fields where the set says nothing.
func (s LabelSet) Of(value uint8) Label {
	if i := slices.IndexFunc(s.Labels, func(l Label) bool { return l.Value == value }); i >= 0 {
		return s.Labels[i]
	}
	return Label{Value: value}
}

// With is the set with one label as given. The set itself stays as it is.
func (s LabelSet) With(l Label) LabelSet {
	labels := slices.DeleteFunc(slices.Clone(s.Labels), func(o Label) bool { return o.Value == l.Value })
	at, _ := slices.BinarySearchFunc(labels, l.Value, func(o Label, v uint8) int { return int(o.Value) - int(v) })
	s.Labels = slices.Insert(labels, at, l)
	return s
}

// Rename is the set with a name for a value; an empty one gives the label back the name that it has by itself. The fault
// CodeLabelName says that another label has the name: two things of one name could not be told apart in what is exported.
func (s LabelSet) Rename(value uint8, name string) (LabelSet, error) {
	name = LabelName(name)
	for _, o := range s.Labels {
		if name != "" && o.Value != value && strings.EqualFold(o.Name, name) {
			return s, fault.New(CodeLabelName, "", nil, fault.Args{"Label": int(o.Value), "Name": o.Name})
		}
	}
	l := s.Of(value)
	l.Name = name
	return s.With(l), nil
}

// maxLabelName is how many letters a label's name has at most: what DICOM gives a segment's label.
const maxLabelName = 64

// LabelName gives a label's name in the one form that counts: composed letters, single spaces, nothing that cannot be seen,
// and no more than 64 letters.
func LabelName(name string) string {
	name = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, name)
	name = norm.NFC.String(strings.Join(strings.Fields(name), " "))
	if letters := []rune(name); len(letters) > maxLabelName {
		name = strings.TrimSpace(string(letters[:maxLabelName]))
	}
	return name
}

// Labels are the reader's, as they were set last.
func (r *Review) Labels() LabelSet { return r.labels }

// SetLabels puts a reader's labels in force: their locks and their rule bind strokes that begin later.
func (r *Review) SetLabels(s LabelSet) {
	r.labels = s
	r.rules.Locked = [256]bool{}
	for _, l := range s.Labels {
		r.rules.Locked[l.Value] = l.Locked
	}
	r.rules.Overwrite = s.Overwrite
}
