// Package trainer trains models on what readers of a workspace accepted: it chooses the masks, writes them as a bundle that
// training/ reads, has them checked, and lets training/ run in the background, so that a run goes on when the window closes
// and is found again by its folder. It can be cancelled, killed or lose power, and goes on from its last checkpoint.
//
// A run is a folder:
//
//	run.json          what was chosen, and how it is to be trained
//	cases/            masks and pictures, with training.toml: a data set as training/README.md describes it
//	start.onnx        the model that is trained on; not there where it begins from general weights
//	run/              what training/ writes: checkpoints, logs, pages
//	process.json      which process works on it
//	output.log        what that process says
//	model.onnx        what came out, and model.md, its card
//
// Nothing in it names a patient: files bear the names of the images, groups are studies.
package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"echoline/internal/durable"
	"echoline/internal/fault"
)

// The faults of training.
const (
	CodeNothing  fault.Code = "train.nothing"  // no mask of what was chosen
	CodeFew      fault.Code = "train.few"      // a part of the data shows no lesion; args Part, Frames, Groups
	CodeWrite    fault.Code = "train.write"    // the bundle cannot be written; Cause
	CodeThere    fault.Code = "train.there"    // the folder holds a run already
	CodeNoRun    fault.Code = "train.norun"    // the folder holds no run
	CodeRunning  fault.Code = "train.running"  // a process works on the run
	CodeIdle     fault.Code = "train.idle"     // no process works on it
	CodePackage  fault.Code = "train.package"  // training/ is not there; args Variable
	CodePython   fault.Code = "train.python"   // there is no Python for it; args Variable
	CodeModules  fault.Code = "train.modules"  // Python lacks packages; Cause
	CodeCheck    fault.Code = "train.check"    // the check itself failed; args Reason
	CodeFull     fault.Code = "train.full"     // the disk is full; nothing lost
	CodeKilled   fault.Code = "train.killed"   // ended from outside; nothing lost
	CodeFailed   fault.Code = "train.failed"   // stopped by itself; args Reason
	CodeDamaged  fault.Code = "train.damaged"  // run.json cannot be read; Cause
	CodeStart    fault.Code = "train.start"    // the process cannot be started; Cause
	CodeUnevenly fault.Code = "train.unevenly" // the batch does not split among so many processes; args Batch, Processes
)

// Plans are the ways to train: Full makes a model, Small only proves that everything works.
const (
	Full  = "full"
	Small = "small"
)

// batches are the plans' batch sizes, which processes share.
var batches = map[string]int{Full: 16, Small: 8}

// Names in the folder of a run.
const (
	recipeName  = "run.json"
	casesName   = "cases"
	startName   = "start.onnx"
	runName     = "run"
	processName = "process.json"
	outputName  = "output.log"
	modelName   = "model.onnx"
	cardName    = "model.md"
)

// Recipe is what a run does.
type Recipe struct {
	Name    string    `json:"name"` // of the model
	Plan    string    `json:"plan"`
	Start   string    `json:"start,omitempty"` // SHA-256 of the model that is trained on
	Choice  Choice    `json:"choice"`
	Counts  Counts    `json:"counts"`
	Threads int       `json:"threads"`
	Version string    `json:"version"` // of the program
	Made    time.Time `json:"made"`
}

// Run is the folder of a run.
type Run struct {
	Dir    string
	Recipe Recipe
}

// Open reads the folder of a run. Faults: CodeNoRun, CodeDamaged.
func Open(dir string) (*Run, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, fault.New(CodeNoRun, dir, err, nil)
	}
	data, err := os.ReadFile(filepath.Join(abs, recipeName))
	if err != nil {
		return nil, fault.New(CodeNoRun, dir, cause(err), nil)
	}
	r := &Run{Dir: abs}
	if err := json.Unmarshal(data, &r.Recipe); err != nil {
		return nil, fault.New(CodeDamaged, filepath.Join(dir, recipeName), err, nil)
	}
	if batches[r.Recipe.Plan] == 0 {
		return nil, fault.New(CodeDamaged, filepath.Join(dir, recipeName), fmt.Errorf("plan %q", r.Recipe.Plan), nil)
	}
	return r, nil
}

// Runs are the runs in the folders of dir, the newest first.
func Runs(dir string) []*Run {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []*Run
	for _, e := range entries {
		if r, err := Open(filepath.Join(dir, e.Name())); err == nil {
			at := len(out)
			for at > 0 && out[at-1].Recipe.Made.Before(r.Recipe.Made) {
				at--
			}
			out = append(out[:at], append([]*Run{r}, out[at:]...)...)
		}
	}
	return out
}

// Model is the file that came out; "" while there is none.
func (r *Run) Model() string {
	if path := r.path(modelName); isFile(path) {
		return path
	}
	return ""
}

func (r *Run) path(name string) string { return filepath.Join(r.Dir, name) }

// keep writes the recipe: with it the folder is a run.
func (r *Run) keep() error {
	data, err := json.MarshalIndent(r.Recipe, "", "  ")
	if err != nil {
		return err
	}
	return durable.WriteFile(r.path(recipeName), data, 0o644)
}

// arguments are those of training/, relative to the run's folder, so that they hold on any machine.
func (r *Run) arguments(command string) []string {
	args := []string{
		"-m", "echoline_training", command, "--data", ".", "--sets", "./" + casesName, "--run", runName, "--plan", r.Recipe.Plan,
		"--threads", strconv.Itoa(max(r.Recipe.Threads, 1)),
	}
	if r.Recipe.Start != "" {
		args = append(args, "--start", startName)
	}
	if command == "check" {
		return append(args, "--json")
	}
	return append(args, "--model", modelName, "--name", r.Recipe.Name, "--clicks", "10")
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// cause is what the system said, without the path: the fault has it.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
