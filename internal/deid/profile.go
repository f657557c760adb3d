package deid

import (
	_ "embed" // the table

	"echoline/internal/part10"
)

//go:embed profile.csv
var profileTable string

// action is what the standard wants of an attribute.
type action struct {
	keyword, basic     string
	descriptors, dates bool // the options give it a cleaned value
}

// profile are the standard's actions by tag.
var profile = func() map[part10.Tag]action {
	m := map[part10.Tag]action{}
	for row := range rows(profileTable) {
		m[row.tag] = action{row.cells[0], row.cells[1], row.cells[2] == "C", row.cells[3] == "C"}
	}
	return m
}()

// allows tells whether the standard lets an attribute with such a rule stay: every attribute that its table names must be
// removed, emptied, replaced or cleaned.
func allows(a action, kind string) bool {
	switch kind {
	case "uid":
		return a.basic == "U"
	case "date":
		return a.dates
	case "words":
		return a.descriptors
	case "empty", "name", "dummy":
		return a.basic != "X" && a.basic != "U"
	case "items": // references, of which the UIDs are replaced
		return a.basic == "X/Z/U*"
	}
	return false
}

// checkTables stops the program if the tables contradict each other: it must not write a file by them.
func init() {
	for t, r := range kept {
		if a, ok := profile[t]; ok && !allows(a, r.kind) {
			panic("deid: " + r.keyword + " is kept by rule " + r.kind + " against the standard's " + a.basic)
		}
	}
}
