package export

import (
	"bytes"
	_ "embed" // the program's own table
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"echoline/inference"
	"echoline/internal/fault"
	"echoline/internal/review"
)

// CodeLabels is the fault of a table of labels that cannot be read; Cause.
const CodeLabels fault.Code = "export.labels"

// LabelsName is the name of a reader's own table of labels in a workspace.
const LabelsName = "labels.json"

//go:embed labels.json
var ownLabels []byte

// LabelTable tells what labels mean, in codes. The program's own knows what many things are called; a reader's own
// (docs/export.md) adds to it, and says which label value is what.
type LabelTable struct {
	entries []tableLabel // a reader's come first
}

// tableLabel is a line of a table. A code is value, scheme and meaning.
type tableLabel struct {
	Value    uint8    `json:"value"` // 0: of no value of its own
	Name     string   `json:"name"`
	Category []string `json:"category"`
	Type     []string `json:"type"`
	Region   []string `json:"region"`
}

// OwnLabels is the program's own table.
func OwnLabels() LabelTable {
	entries, err := parseLabels(ownLabels)
	if err != nil {
		panic(err) // a test reads it
	}
	return LabelTable{entries}
}

// LoadLabels reads a reader's table and puts it before the program's own. The fault is CodeLabels. Lines without codes take those
// of the program's line of the same name.
func LoadLabels(path string) (LabelTable, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return OwnLabels(), fault.New(CodeLabels, path, cause(err), nil)
	}
	return readLabels(path, data)
}

// WorkspaceLabels is LoadLabels of the table in a workspace's folder, or where there is none of a project's schema in the same form;
// the program's own table alone where that is empty, and with its fault. schema, which may be nil, is asked only where there is no table.
func WorkspaceLabels(dir string, schema func() ([]byte, error)) (LabelTable, error) {
	path := filepath.Join(dir, LabelsName)
	table, err := LoadLabels(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return table, err
	}
	if schema == nil {
		return OwnLabels(), nil
	}
	data, err := schema()
	if len(data) == 0 || err != nil {
		return OwnLabels(), err
	}
	return readLabels(path, data)
}

// readLabels puts a table before the program's own. Faults name path.
func readLabels(path string, data []byte) (LabelTable, error) {
	own := OwnLabels()
	entries, err := parseLabels(data)
	if err != nil {
		return own, fault.New(CodeLabels, path, err, nil)
	}
	for i := range entries {
		e := &entries[i]
		if known, ok := own.named(e.Name); ok && e.Type == nil {
			e.Category, e.Type = known.Category, known.Type
			if e.Region == nil {
				e.Region = known.Region
			}
		}
		if e.Type == nil {
			return own, fault.New(CodeLabels, path, fmt.Errorf("%q has no type", e.Name), nil)
		}
		if e.Category == nil {
			e.Category = []string{"49755003", "SCT", "Morphologically Altered Structure"}
		}
	}
	return LabelTable{append(entries, own.entries...)}, nil
}

// parseLabels reads a table and checks it.
func parseLabels(data []byte) ([]tableLabel, error) {
	var doc struct {
		Labels []tableLabel `json:"labels"`
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return nil, err
	}
	seen := map[uint8]bool{}
	for _, e := range doc.Labels {
		if e.Name == "" {
			return nil, errors.New("a label without a name")
		}
		if e.Value != 0 && seen[e.Value] {
			return nil, fmt.Errorf("value %d twice", e.Value)
		}
		seen[e.Value] = true
		for _, c := range [][]string{e.Category, e.Type, e.Region} {
			if c != nil && (len(c) != 3 || c[0] == "" || c[1] == "" || c[2] == "") {
				return nil, fmt.Errorf("%q: a code is [value, scheme, meaning]", e.Name)
			}
		}
	}
	return doc.Labels, nil
}

// named finds a line by its name, whatever its case.
func (t LabelTable) named(name string) (tableLabel, bool) {
	for _, e := range t.entries {
		if strings.EqualFold(e.Name, strings.TrimSpace(name)) {
			return e, true
		}
	}
	return tableLabel{}, false
}

// ByValue is what a reader's table says about a label value.
func (t LabelTable) ByValue(v uint8) (inference.Label, bool) {
	for _, e := range t.entries {
		if e.Value == v && v != 0 {
			return e.label(), true
		}
	}
	return inference.Label{}, false
}

// ByName finds a label by its name, whatever its case. Its value is 0 where no reader's table gives it one.
func (t LabelTable) ByName(name string) (inference.Label, bool) {
	e, ok := t.named(name)
	return e.label(), ok
}

// ByCode finds the labels of a type, by value and scheme.
func (t LabelTable) ByCode(c inference.Code) []inference.Label {
	var out []inference.Label
	for _, e := range t.entries {
		if l := e.label(); sameCode(l.Type, c) {
			out = append(out, l)
		}
	}
	return out
}

// sameCode tells whether two codes name the same thing.
func sameCode(a, b inference.Code) bool {
	return a.Value != "" && a.Value == b.Value && a.Scheme == b.Scheme
}

func (e tableLabel) label() inference.Label {
	return inference.Label{Value: e.Value, Name: e.Name, Category: codeOf(e.Category), Type: codeOf(e.Type), Region: codeOf(e.Region)}
}

func codeOf(c []string) inference.Code {
	if len(c) != 3 {
		return inference.Code{}
	}
	return inference.Code{Value: c[0], Scheme: c[1], Meaning: c[2]}
}

// cause is a system's error without the path, which the fault names itself.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// Called is a label value under the name that a reader gave it: with the codes of the line of that name, else as a lesion of
// no particular kind, for codes that say something else than the name would mislead.
func (t LabelTable) Called(v uint8, name string) inference.Label {
	l := unnamed(v)
	if e, ok := t.named(name); ok {
		l = e.label()
	}
	l.Value, l.Name = v, name
	return l
}

// unnamed is a label value of which nobody said what it is.
func unnamed(v uint8) inference.Label {
	return inference.Label{
		Value:    v,
		Name:     fmt.Sprintf("label %d", v),
		Category: inference.Code{Value: "49755003", Scheme: "SCT", Meaning: "Morphologically Altered Structure"},
		Type:     inference.Code{Value: "52988006", Scheme: "SCT", Meaning: "Lesion"},
	}
}

// namesOf are the labels that a reader gave names, by value.
func namesOf(s review.LabelSet) map[uint8]string {
	out := map[uint8]string{}
	for _, l := range s.Labels {
		if l.Name != "" {
			out[l.Value] = l.Name
		}
	}
	return out
}
