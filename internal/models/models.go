// Package models keeps the models of a workspace: their files with their cards, which one is in use, what calibration a model
// got here, and how two of them do on the same cases.
//
// They lie in the folder models of the workspace: SHA256.onnx with SHA256.md, its card, and models.json, which says what is in
// use. Every change of that file is one atomic write, so a stop leaves the state before or after it. Where nothing is chosen,
// the model that ships is in use. Who takes a model out of here checks its SHA-256: what is damaged is never used.
package models

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"echoline/internal/durable"
	"echoline/internal/fault"
)

// The faults of models.
const (
	CodeUnknown  fault.Code = "models.unknown"  // no model of that name; args Known
	CodeNoModel  fault.Code = "models.nomodel"  // the file is no model of Echoline's contract; Cause
	CodeMissing  fault.Code = "models.missing"  // the file is not there any more; args Name
	CodeDamaged  fault.Code = "models.damaged"  // the file is not what it was; args Name
	CodeWrite    fault.Code = "models.write"    // the folder cannot be written; Cause
	CodeState    fault.Code = "models.state"    // models.json is damaged; Cause
	CodeFirst    fault.Code = "models.first"    // there is nothing to go back to
	CodeFallback fault.Code = "models.fallback" // the model in use cannot be used, the one that ships is; args Name, Why
	CodeNoCases  fault.Code = "models.nocases"  // nothing to compare on
	CodeRefit    fault.Code = "models.refit"    // too few studies to fit bands anew; args Need, Have
	CodeNearer   fault.Code = "models.nonearer" // the fit does no better on studies that it was not fitted on
	CodeSeen     fault.Code = "models.seen"     // one of the models learned from every case; args Cases
)

const stateName = "models.json"

// Shelf is the models of a workspace.
type Shelf struct{ dir string }

// Of is the shelf of a workspace's folder. It needs not be there.
func Of(workspace string) *Shelf { return &Shelf{filepath.Join(workspace, "models")} }

// Model is one model.
type Model struct {
	SHA256, Name, Version string
	File                  string
	Card                  string // file; "" where there is none
	Added                 time.Time
	InUse                 bool
	Ships                 bool   // with the program
	OwnCases              bool   // it learned from masks accepted in Echoline
	Input                 string // "224×224"
	Data                  []Source
	Measured              []Measured // all sets together first; none where the file does not tell
}

// choice is a model that somebody put into use.
type choice struct {
	SHA256 string    `json:"sha256"` // "" is the one that ships
	Name   string    `json:"name"`
	By     string    `json:"by"`
	At     time.Time `json:"at"`
}

// state is models.json. The last choice holds.
type state struct {
	Choices      []choice                 `json:"choices"`
	Calibrations map[string][]Calibration `json:"calibrations"` // by SHA-256; the last holds
}

func (s *Shelf) state() (state, error) {
	st := state{Calibrations: map[string][]Calibration{}}
	path := filepath.Join(s.dir, stateName)
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return st, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &st)
	}
	if err != nil {
		return st, fault.New(CodeState, path, cause(err), nil)
	}
	if st.Calibrations == nil {
		st.Calibrations = map[string][]Calibration{}
	}
	return st, nil
}

// changing is held while models.json is read, changed and written: the window changes it beside a calibration.
var changing sync.Mutex

// change reads the state, changes it and keeps it; it is kept only where do says so, and while ctx lasts: a drive may hang until nobody
// wants it any more.
func (s *Shelf) change(ctx context.Context, do func(st *state) (keep bool, err error)) error {
	changing.Lock()
	defer changing.Unlock()
	st, err := s.state()
	if err != nil {
		return err
	}
	if keep, err := do(&st); err != nil || !keep {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.keep(st)
}

func (s *Shelf) keep(st state) error {
	data, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return fault.New(CodeWrite, s.dir, cause(err), nil)
	}
	if err := durable.WriteFile(filepath.Join(s.dir, stateName), data, 0o644); err != nil {
		return fault.New(CodeWrite, s.dir, cause(err), nil)
	}
	return nil
}

// List is all models: the one that ships, whose file is given ("" for none), then those of the workspace, the newest first.
func (s *Shelf) List(ships string) ([]Model, error) {
	st, err := s.state()
	if err != nil {
		return nil, err
	}
	using := st.using()
	var out []Model
	if m, err := Read(ships); err == nil {
		m.Ships, m.InUse = true, using == ""
		out = append(out, m)
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return out, fault.New(CodeWrite, s.dir, cause(err), nil)
	}
	first := len(out)
	for _, e := range entries {
		if filepath.Ext(e.Name()) != ".onnx" {
			continue
		}
		m, err := Read(filepath.Join(s.dir, e.Name()))
		if err != nil || m.SHA256+".onnx" != e.Name() {
			continue // damaged: Current says so where it is in use
		}
		m.InUse = m.SHA256 == using
		out = append(out, m)
	}
	slices.SortStableFunc(out[first:], func(a, b Model) int { return b.Added.Compare(a.Added) })
	return out, nil
}

func (st *state) using() string {
	if len(st.Choices) == 0 {
		return ""
	}
	return st.Choices[len(st.Choices)-1].SHA256
}

// Find is the model that a person named: by its file, "shipped", its name, or how its SHA-256 begins.
func (s *Shelf) Find(named, ships string) (Model, error) {
	all, err := s.List(ships)
	if err != nil {
		return Model{}, err
	}
	var known []string
	var found []Model
	for _, m := range all {
		known = append(known, m.Name+" ("+m.SHA256[:8]+")")
		if named == "shipped" && m.Ships || named == m.Name || len(named) >= 4 && strings.HasPrefix(m.SHA256, named) {
			found = append(found, m)
		}
	}
	if len(found) > 0 {
		return found[0], nil
	}
	if info, err := os.Stat(named); err == nil && info.Mode().IsRegular() {
		return Read(named)
	}
	return Model{}, fault.New(CodeUnknown, named, nil, fault.Args{"Known": strings.Join(known, ", ")})
}

// Add copies a model file, and its card where one lies beside it, to the workspace. A model that is there is left alone. Once ctx
// ends nothing more is written.
func (s *Shelf) Add(ctx context.Context, file string) (Model, error) {
	m, err := Read(file)
	if err != nil {
		return m, err
	}
	target := filepath.Join(s.dir, m.SHA256+".onnx")
	if there, err := Read(target); err == nil && there.SHA256 == m.SHA256 {
		return there, nil
	}
	if err := os.MkdirAll(s.dir, 0o755); err != nil {
		return m, fault.New(CodeWrite, s.dir, cause(err), nil)
	}
	if m.Card != "" {
		if err := replace(ctx, m.Card, filepath.Join(s.dir, m.SHA256+".md")); err != nil {
			return m, err
		}
	}
	if err := replace(ctx, file, target); err != nil {
		return m, err
	}
	return Read(target)
}

func replace(ctx context.Context, from, to string) error {
	data, err := os.ReadFile(from)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err == nil {
		err = durable.WriteFile(to, data, 0o644)
	}
	if err != nil {
		return fault.New(CodeWrite, filepath.Dir(to), cause(err), nil)
	}
	return nil
}

// Promote puts a model into use; it is added first if it is not one of the workspace's. by is the reader.
func (s *Shelf) Promote(ctx context.Context, m Model, by string, now time.Time) error {
	c := choice{Name: m.Name, By: by, At: now.UTC()}
	if !m.Ships {
		added, err := s.Add(ctx, m.File)
		if err != nil {
			return err
		}
		c.SHA256 = added.SHA256
	}
	return s.change(ctx, func(st *state) (bool, error) {
		fresh := st.using() != c.SHA256 || len(st.Choices) == 0
		if fresh {
			st.Choices = append(st.Choices, c)
		}
		return fresh, nil
	})
}

// Back takes the last promotion back, and returns the name of what is in use then; "" for the model that ships. The fault
// CodeFirst says that nothing was promoted.
func (s *Shelf) Back(ctx context.Context) (name string, err error) {
	err = s.change(ctx, func(st *state) (bool, error) {
		n := len(st.Choices) - 1
		if n < 0 {
			return false, errFirst()
		}
		st.Choices = st.Choices[:n]
		if st.using() != "" {
			name = st.Choices[n-1].Name
		}
		return true, nil
	})
	if err != nil {
		return "", err
	}
	return name, nil
}

// CanGoBack tells whether Back has a promotion to take back.
func (s *Shelf) CanGoBack() bool {
	st, err := s.state()
	return err == nil && len(st.Choices) > 0
}

// Current is the file of the model in use; "" where it is the one that ships. Where it is not there any more, or not what it
// was, the fault CodeMissing or CodeDamaged says so.
func (s *Shelf) Current() (file string, err error) {
	st, err := s.state()
	if err != nil {
		return "", err
	}
	sha := st.using()
	if sha == "" {
		return "", nil
	}
	name := st.Choices[len(st.Choices)-1].Name
	file = filepath.Join(s.dir, sha+".onnx")
	data, err := os.ReadFile(file)
	if err != nil {
		return "", fault.New(CodeMissing, file, cause(err), fault.Args{"Name": name})
	}
	if sum := sha256.Sum256(data); hex.EncodeToString(sum[:]) != sha {
		return "", fault.New(CodeDamaged, file, nil, fault.Args{"Name": name})
	}
	return file, nil
}

// Fallback is what is said where a model cannot be used and the one that ships is used in its place.
func Fallback(why error) *fault.Error {
	var f *fault.Error
	args := fault.Args{"Name": "", "Why": why.Error()}
	if errors.As(why, &f) {
		name, _ := f.Args["Name"].(string)
		args["Name"] = cmp.Or(name, filepath.Base(f.Where))
		args["Why"] = string(f.Code)
	}
	return fault.New(CodeFallback, "", why, args)
}

// cause is what the system said, without the path: the fault has it.
func cause(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

func errFirst() error { return fault.New(CodeFirst, "", nil, nil) }
