package export

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestLookedArcsAreTold: those of the exported reader and frames, in the table and in the boundary's file.
func TestLookedArcsAreTold(t *testing.T) {
	in := input(spotted(t, "clip", 2))
	it := in.Items[0]
	f := it.Frames[0]
	in.Looked = []Looked{
		{Reader: in.Reader, Instance: it.Source.ID, Frame: f.Index, X: 10.5, Y: 20, Length: 33, Expected: 2.5, How: "visited", Seconds: 4},
		{Reader: in.Reader, Instance: it.Source.ID, Frame: f.Index, X: 40, Y: 21, Length: 12, Expected: 3, How: "not"},
		{Reader: "another", Instance: it.Source.ID, Frame: f.Index, How: "shown"},
		{Reader: in.Reader, Instance: "another", Frame: f.Index, How: "shown"},
	}
	o := options(t, "csv")
	run(t, in, o)
	rows := tableAt(t, filepath.Join(o.Dir, "looked.csv"))
	if len(rows) != 3 || !slices.Equal(rows[1][4:], []string{"10.5", "20.0", "33.0", "2.50", "visited", "4.0"}) || rows[2][8] != "not" {
		t.Fatal(rows)
	}
	path := run(t, in, options(t, "boundary")).Files[0].Path
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var doc boundaryDoc
	if err := json.Unmarshal(data, &doc); err != nil || len(doc.Looked) != 2 || doc.Looked[0].How != "visited" || doc.Looked[0].Frame != f.Index+1 {
		t.Fatal(err, doc.Looked)
	}
	judge(t, `
import json, sys, jsonschema
schema, doc = (json.load(open(p)) for p in sys.argv[1:])
jsonschema.Draft202012Validator(schema).validate(doc)`, "../../docs/boundary.schema.json", path)
}
