// Package annex gives an export what a workspace knows beside masks: where a consensus comes from, what readers and experts said, and
// how weak boundary was looked at, and what label values mean. The window and the commands take it from here alike.
package annex

import (
	"errors"
	"fmt"
	"strings"

	"echoline/internal/agree"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/project"
	"echoline/internal/store"
)

// Add fills in. What is damaged is left out, and the error says so: all that is whole is there all the same.
func Add(ws *store.Workspace, in *export.Input) error {
	origins, err := agree.OriginsOf(ws)
	in.Consensus = origins.Of
	names, errNames := origins.Names(ws)
	in.Borrow(names)
	questions, err2 := agree.Questions(ws)
	in.Questions = questions
	looked, err3 := project.LooksOf(ws)
	for _, l := range looked {
		for _, a := range l.Arcs {
			in.Looked = append(in.Looked, export.Looked{
				Reader: l.Reader, Instance: l.Item, Frame: l.Frame, X: a.X, Y: a.Y, Length: a.Length, Expected: a.Expected, How: a.How, Seconds: a.Seconds,
			})
		}
	}
	return errors.Join(err, errNames, err2, err3)
}

// The faults of what a workspace says of labels.
const (
	// CodeNames: the names that the project gave label values are damaged; Cause.
	CodeNames fault.Code = "annex.names"
	// CodeNameless: CodeNames, of an export. Args: Values (those that it concerns).
	CodeNameless fault.Code = "annex.nameless"
)

// Labels is what label values mean in a workspace: by its table, else by its project's schema, and behind both by the program's own.
// Where the workspace cannot tell, the program's own comes with the error. See Missing.
func Labels(ws *store.Workspace) (export.LabelTable, error) {
	return export.WorkspaceLabels(ws.Dir(), func() ([]byte, error) {
		schema, err := project.Schema(ws)
		if fault.CodeOf(err) == store.CodeEvents {
			err = fault.New(CodeNames, "", err, nil)
		}
		return schema, err
	})
}

// Missing tells what an import, or the export of in, goes on without after Labels failed, if it can: nil where that concerns nothing in it.
// stop is what it cannot go on after.
func Missing(err error, in *export.Input) (note, stop error) {
	if fault.CodeOf(err) != CodeNames {
		return nil, err
	}
	if in == nil {
		return err, nil
	}
	var values []string
	for _, v := range in.Nameless() {
		values = append(values, fmt.Sprint(v))
	}
	if len(values) == 0 {
		return nil, nil
	}
	return fault.New(CodeNameless, "", err, fault.Args{"Values": strings.Join(values, ", ")}), nil
}
