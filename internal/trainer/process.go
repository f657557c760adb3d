package trainer

import (
	"context"
	"encoding/json"
	"os"
	"time"

	"echoline/internal/durable"
	"echoline/internal/fault"
)

// process says who works on a run.
type process struct {
	PID       int       `json:"pid"`
	Began     time.Time `json:"began"`
	Cancelled bool      `json:"cancelled"` // a person ended it
}

// Start lets a process of its own work on the run, from the beginning or from where it was stopped. It goes on when this
// program ends. Faults: CodeRunning, CodeStart, CodeFull, CodeWrite.
func (r *Run) Start(t Tools) error {
	if r.Working() {
		return fault.New(CodeRunning, r.Dir, nil, nil)
	}
	out, err := os.OpenFile(r.path(outputName), os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return writeFault(r.Dir, err)
	}
	defer out.Close()
	c := t.command(context.Background(), r.Dir, r.arguments("make")...)
	c.Stdout, c.Stderr = out, out
	apart(c)
	release, err := r.hold(c)
	if err != nil {
		return err
	}
	defer release()
	if err := c.Start(); err != nil {
		return fault.New(CodeStart, t.Python, err, nil)
	}
	go func() { _ = c.Wait() }() // while this program lives; what came of it is told by the folder
	if err := r.note(process{PID: c.Process.Pid, Began: time.Now()}); err != nil {
		_ = kill(c.Process.Pid)
		return writeFault(r.Dir, err)
	}
	return nil
}

// Working tells whether a process works on the run, whoever started it.
func (r *Run) Working() bool {
	p, ok := r.process()
	return ok && r.held(p)
}

// Cancel asks the process to stop: it writes a checkpoint first, and Start goes on from there. It returns at once. Faults:
// CodeIdle, CodeWrite.
func (r *Run) Cancel() error {
	p, ok := r.process()
	if !ok || !r.held(p) {
		return fault.New(CodeIdle, r.Dir, nil, nil)
	}
	p.Cancelled = true
	if err := r.note(p); err != nil {
		return writeFault(r.Dir, err)
	}
	return ask(p.PID)
}

// process reads who works, or worked, on the run.
func (r *Run) process() (p process, ok bool) {
	data, err := os.ReadFile(r.path(processName))
	return p, err == nil && json.Unmarshal(data, &p) == nil && p.PID > 0
}

func (r *Run) note(p process) error {
	data, err := json.Marshal(p)
	if err != nil {
		return err
	}
	return durable.WriteFile(r.path(processName), data, 0o644)
}
