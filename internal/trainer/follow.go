package trainer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"echoline/internal/fault"
)

// State is how a run stands.
type State int

// The states of a run.
const (
	Ready     State = iota // never started
	Working                // a process works on it
	Cancelled              // a person stopped it; Start goes on
	Broken                 // it stopped without being asked; Status.Why says why, and Start goes on
	Done                   // the model is there
)

// Status is how far a run is.
type Status struct {
	State  State
	Why    *fault.Error // of Broken
	Stages []Stage      // in their order; empty until the first process has told them
	Share  float64      // of all work that is done, 0 … 1; measuring the model at the end is not counted
	Left   time.Duration
	Timed  bool // Left is known: some work was done by the clock
}

// Stage is a part of a run.
type Stage struct {
	Name     string // fold0, outline, outline-doubt1, guidance, error, …
	Step, Of int
	Loss     []Point            // of training
	Checks   map[string][]Point // on val, by name: the larger the better
	Notes    []string           // what was noticed, in training/'s words

	work    float64 // of a step
	seconds float64 // spent on it
}

// Point is a value at a step.
type Point struct {
	Step  int
	Value float64
}

// Finished tells whether the stage is through. Some end early.
func (g *Stage) Finished() bool { return g.Of > 0 && g.Step >= g.Of }

// Status reads how far the run is from its folder. It may be called while the process works.
func (r *Run) Status() Status {
	// First how it stands: of a run that has ended all that it told is there to be read; of one that ends meanwhile the last may not.
	state, why := r.state()
	s := Status{State: state, Why: why, Stages: r.stages()}
	var done, all, timed, seconds float64
	for i := range s.Stages {
		g := &s.Stages[i]
		r.follow(g)
		done += g.work * float64(g.Step)
		all += g.work * float64(g.Of)
		if g.seconds > 0 {
			timed += g.work * float64(g.Step)
			seconds += g.seconds
		}
	}
	if all > 0 {
		s.Share = done / all
	}
	if timed > 0 && seconds > 0 {
		s.Left, s.Timed = time.Duration((all-done)/timed*seconds*float64(time.Second)), true
	}
	return s
}

// state tells how the run stands, and where it is broken why.
func (r *Run) state() (State, *fault.Error) {
	p, started := r.process()
	switch {
	case started && r.held(p):
		return Working, nil
	case r.Model() != "":
		return Done, nil
	case !started:
		return Ready, nil
	case p.Cancelled:
		return Cancelled, nil
	}
	return Broken, r.why()
}

// why is the reason for which the process ended by itself, from the last that it said.
func (r *Run) why() *fault.Error {
	said := tail(r.path(outputName))
	if strings.Contains(said, "No space left on device") {
		return fault.New(CodeFull, r.Dir, nil, nil)
	}
	if _, reason, ok := strings.Cut(said, reasonMark); ok {
		return fault.New(CodeFailed, r.Dir, nil, fault.Args{"Reason": strings.TrimSpace(reason)})
	}
	if strings.Contains(said, "Traceback (most recent call last)") {
		return fault.New(CodeFailed, r.Dir, nil, fault.Args{"Reason": lastLine([]byte(said), "")})
	}
	return fault.New(CodeKilled, r.Dir, nil, nil)
}

// tail is the end of a text file.
func tail(path string) string {
	data, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	return string(data[max(0, len(data)-8<<10):])
}

// stages are what training/ told at its start.
func (r *Run) stages() []Stage {
	data, err := os.ReadFile(filepath.Join(r.path(runName), "stages.json"))
	if err != nil {
		return nil
	}
	var doc struct {
		Stages []struct {
			Name  string
			Steps int
			Work  float64
		}
	}
	if json.Unmarshal(data, &doc) != nil {
		return nil
	}
	var out []Stage
	for _, s := range doc.Stages {
		out = append(out, Stage{Name: s.Name, Of: s.Steps, Checks: map[string][]Point{}, work: s.Work})
	}
	return out
}

// follow reads what a stage logged.
func (r *Run) follow(g *Stage) {
	dir := r.path(runName)
	for _, line := range readLog(filepath.Join(dir, g.Name, "log.jsonl")) {
		g.take(line)
	}
	if strings.HasPrefix(g.Name, "error") && isFile(filepath.Join(dir, g.Name+".pt")) {
		g.Step = g.Of
	}
}

// take takes in a line of a log.
func (g *Stage) take(line map[string]any) {
	step, ok := number(line["step"])
	if !ok {
		return
	}
	at := int(step)
	if loss, ok := number(line["loss"]); ok {
		g.Step = max(g.Step, at)
		g.Loss = append(g.Loss, Point{at, loss})
	}
	if s, ok := number(line["seconds"]); ok {
		g.seconds = max(g.seconds, s)
	}
	for _, name := range slices.Sorted(maps.Keys(line)) {
		if v, ok := number(line[name]); ok && strings.HasPrefix(name, "val_") {
			g.Checks[name] = append(g.Checks[name], Point{at, v})
		}
	}
	if note, ok := line["note"].(string); ok {
		g.Notes = append(g.Notes, note)
	}
	if _, ended := line["ended"]; ended {
		g.Step = g.Of
	}
}

func number(v any) (float64, bool) {
	f, ok := v.(float64)
	return f, ok
}

// readLog reads the lines of a log; what a crash cut off is left out.
func readLog(path string) []map[string]any {
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var out []map[string]any
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var line map[string]any
		if json.Unmarshal(lines.Bytes(), &line) == nil && line != nil {
			out = append(out, line)
		}
	}
	return out
}
