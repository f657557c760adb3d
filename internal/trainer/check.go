package trainer

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"echoline/internal/fault"
)

// Finding is something that the check before a run found.
type Finding struct {
	Refuses bool   // the run must not start; else it is only told
	Code    string // as training/ calls it
	Fault   *fault.Error
}

// Check has training/ look at a run before it starts: masks, leaks, balance, disk, and a rehearsal of the network. It takes
// some seconds and changes nothing. Findings that refuse are no error.
func (r *Run) Check(ctx context.Context, t Tools) ([]Finding, error) {
	c := t.command(ctx, r.Dir, r.arguments("check")...)
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	err := c.Run()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	found, bad := readFindings(out.Bytes())
	switch {
	case bad == nil:
		return found, nil // it ends with an error where a finding refuses
	case err != nil && strings.Contains(said.String(), reasonMark):
		return []Finding{dataFinding(said.String())}, nil // the data could not even be read
	}
	if err == nil {
		err = bad
	}
	return nil, fault.New(CodeCheck, r.Dir, nil, fault.Args{"Reason": lastLine(said.Bytes(), err.Error())})
}

// reasonMark begins what training/ says before it gives up.
const reasonMark = "echoline_training: "

// dataFinding is what stops the reading of the data, in training/'s words.
func dataFinding(said string) Finding {
	_, reason, _ := strings.Cut(said, reasonMark)
	return Finding{true, "data", fault.New(findingOther, "", nil, fault.Args{"Reason": strings.TrimSpace(reason), "Remedy": ""})}
}

// readFindings reads what check --json prints. What comes before the list is what libraries say.
func readFindings(out []byte) ([]Finding, error) {
	if at := bytes.Index(out, []byte("\n[")); at >= 0 {
		out = out[at+1:]
	}
	var doc []struct {
		Level, Code, Reason, Remedy string
		Values                      map[string]any
	}
	if err := json.Unmarshal(out, &doc); err != nil {
		return nil, err
	}
	found := make([]Finding, len(doc))
	for i, d := range doc {
		code, ok := findings[d.Code]
		args := fault.Args{}
		for name, v := range d.Values {
			args[strings.ToUpper(name[:1])+name[1:]] = plain(v)
		}
		if !ok {
			code = findingOther
		}
		args["Reason"], args["Remedy"] = d.Reason, d.Remedy
		found[i] = Finding{d.Level == "refuse", d.Code, fault.New(code, "", nil, args)}
	}
	return found, nil
}

// shown is how many of many names are told.
const shown = 4

// plain puts a value into words: lists by their first, bytes and numbers as they are.
func plain(v any) any {
	list, ok := v.([]any)
	if !ok {
		if f, isNumber := v.(float64); isNumber && f > 1<<20 {
			return fmt.Sprintf("%.0f MB", f/1e6)
		}
		return v
	}
	var names []string
	for i, one := range list {
		if i == shown {
			return fmt.Sprintf("%s, … (%d)", strings.Join(names, ", "), len(list))
		}
		names = append(names, fmt.Sprint(one))
	}
	return strings.Join(names, ", ")
}

// What training/ finds (preflight.py), and what is said of it. What is not here is told in its own words.
const (
	findingOther       fault.Code = "train.finding.other"       // args Reason, Remedy
	findingSize        fault.Code = "train.finding.size"        // args Files, Count; so below
	findingKind        fault.Code = "train.finding.kind"        //
	findingTiny        fault.Code = "train.finding.tiny"        //
	findingFlat        fault.Code = "train.finding.flat"        //
	findingSmall       fault.Code = "train.finding.small"       //
	findingLarge       fault.Code = "train.finding.large"       //
	findingPieces      fault.Code = "train.finding.pieces"      //
	findingBorder      fault.Code = "train.finding.border"      //
	findingUnknown     fault.Code = "train.finding.unknown"     //
	findingTwins       fault.Code = "train.finding.twins"       //
	findingLeak        fault.Code = "train.finding.leak"        // arg Leak
	findingNoLesions   fault.Code = "train.finding.nolesions"   // arg Split
	findingFew         fault.Code = "train.finding.few"         // arg Lesions
	findingNormals     fault.Code = "train.finding.normals"     // args Split, Normals
	findingWeights     fault.Code = "train.finding.weights"     //
	findingFolder      fault.Code = "train.finding.folder"      // arg Folder
	findingSpace       fault.Code = "train.finding.space"       // args Folder, Free, Needed
	findingSides       fault.Code = "train.finding.sides"       // arg Sides
	findingStart       fault.Code = "train.finding.start"       // args File, Reason
	findingBatch       fault.Code = "train.finding.batch"       // args Batch, Images
	findingNumbers     fault.Code = "train.finding.numbers"     //
	findingOverfit     fault.Code = "train.finding.overfit"     // args Images, Steps
	findingParity      fault.Code = "train.finding.parity"      //
	findingCheckBroken fault.Code = "train.finding.checkbroken" // args Reason
)

var findings = map[string]fault.Code{
	"masks.size": findingSize, "masks.kind": findingKind, "images.tiny": findingTiny, "images.flat": findingFlat,
	"masks.small": findingSmall, "masks.large": findingLarge, "masks.pieces": findingPieces, "masks.border": findingBorder,
	"masks.unknown": findingUnknown, "masks.twins": findingTwins, "leak": findingLeak, "start": findingStart,
	"balance.lesions": findingNoLesions, "balance.few": findingFew,
	"balance.normals": findingNormals, "balance.weights": findingWeights, "disk.folder": findingFolder,
	"disk.write": findingFolder, "disk.space": findingSpace, "recipe.sides": findingSides, "recipe.batch": findingBatch,
	"step.loss": findingNumbers, "step.gradient": findingNumbers, "step.number": findingNumbers, "overfit": findingOverfit,
	"export.parity": findingParity, "masks": findingCheckBroken, "balance": findingCheckBroken, "recipe": findingCheckBroken,
	"disk": findingCheckBroken, "step": findingCheckBroken, "export": findingCheckBroken,
}
