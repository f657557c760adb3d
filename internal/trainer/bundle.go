package trainer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"echoline/internal/durable"
	"echoline/internal/export"
	"echoline/internal/fault"
)

// Order is what is to be made of chosen cases.
type Order struct {
	Dir      string // of the run; is created
	Name     string // of the model
	Plan     string
	Start    string // model file to train on; "" to begin from general weights
	Threads  int
	Version  string // of the program
	Now      time.Time
	Choice   Choice
	Progress func(done, total int)
}

// Write makes the folder of a run: cases, the model to start from, and, last, the recipe, with which it is one. What could
// not be written of single images is returned beside the run; the rest goes on. From then on the studies keep their parts, whatever comes to
// the workspace. Faults: CodeFew, CodeThere, CodeWrite, CodeFull, and those of the workspace.
func (c *Cases) Write(ctx context.Context, o Order) (*Run, []*fault.Error, error) {
	if err := c.Enough(); err != nil {
		return nil, nil, err
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, nil, fault.New(CodeWrite, o.Dir, err, nil)
	}
	if isFile(filepath.Join(dir, recipeName)) {
		return nil, nil, fault.New(CodeThere, o.Dir, nil, nil)
	}
	r := &Run{Dir: dir, Recipe: Recipe{
		Name: o.Name, Plan: o.Plan, Choice: o.Choice, Counts: c.Counts, Threads: o.Threads, Version: o.Version, Made: o.Now.UTC(),
	}}
	// What a stop in between left is not a run yet, and may be of other cases.
	if err := os.RemoveAll(r.path(casesName)); err != nil {
		return nil, nil, writeFault(dir, err)
	}
	failed, err := c.writeCases(ctx, r, o)
	if err != nil {
		return nil, failed, err
	}
	if o.Start != "" {
		if r.Recipe.Start, err = copyModel(o.Start, r.path(startName)); err != nil {
			return nil, failed, writeFault(o.Start, err)
		}
	}
	if err := c.give(); err != nil {
		return nil, failed, err
	}
	if err := r.keep(); err != nil {
		return nil, failed, writeFault(dir, err)
	}
	return r, failed, nil
}

// writeCases writes masks and pictures, a reader after the other, and training.toml.
func (c *Cases) writeCases(ctx context.Context, r *Run, o Order) ([]*fault.Error, error) {
	var failed []*fault.Error
	images := filepath.Join(r.path(casesName), "images")
	if err := os.MkdirAll(images, 0o755); err != nil {
		return nil, writeFault(r.Dir, err)
	}
	done, total := 0, 0
	for _, in := range c.Inputs {
		total += len(in.Items)
	}
	for i, in := range c.Inputs {
		dir := filepath.Join(r.path(casesName), fmt.Sprintf("reader-%d", i+1))
		before := done
		res, err := export.Run(ctx, in, export.Options{
			Format: "training", Dir: dir, Include: o.Choice.Include, Version: o.Version, Now: o.Now,
			Progress: func(n, _ int) {
				if done = before + n; o.Progress != nil {
					o.Progress(done, total)
				}
			},
		})
		if fault.CodeOf(err) == export.CodeNothing {
			continue
		}
		if err != nil {
			return failed, err
		}
		for _, f := range res.Failed {
			if errors.Is(f, syscall.ENOSPC) {
				return failed, fault.New(CodeFull, r.Dir, f.Cause, nil)
			}
		}
		failed = append(failed, res.Failed...)
		if err := pool(dir, images); err != nil {
			return failed, writeFault(dir, err)
		}
	}
	toml := c.toml(o)
	if err := durable.WriteFile(filepath.Join(r.path(casesName), "training.toml"), []byte(toml), 0o644); err != nil {
		return failed, writeFault(r.Dir, err)
	}
	return failed, nil
}

// pool moves the pictures of one reader's export to those of all: readers of the same frame share its picture.
func pool(dir, images string) error {
	own := filepath.Join(dir, "images")
	entries, err := os.ReadDir(own)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.Rename(filepath.Join(own, e.Name()), filepath.Join(images, e.Name())); err != nil {
			return err
		}
	}
	return errors.Join(os.Remove(own), os.Remove(filepath.Join(dir, "training.toml")))
}

// toml says how the masks count.
func (c *Cases) toml(o Order) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Echoline %s. %s\nimages = \"images\"\nlabels = [%s]\n", o.Version, export.ResearchUse, c.labels())
	fmt.Fprintf(&b, "\n[split]\nval = %g\ntest = %g\n", share, share)
	b.WriteString("\n[groups]\n")
	for _, uid := range slices.Sorted(maps.Keys(c.groups)) {
		if name := c.groups[uid]; name != uid {
			fmt.Fprintf(&b, "%s = %s\n", export.TOMLString(uid), export.TOMLString(name))
		}
	}
	return b.String()
}

// labels are the names of the labels that count as lesion: all, as each reader's masks call them.
func (c *Cases) labels() string {
	var names []string
	for i := range c.Inputs {
		for _, l := range c.Inputs[i].Meanings() {
			if name := export.TOMLString(l.Name); !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return strings.Join(names, ", ")
}

// copyModel copies a file in the place of what is there, and returns its SHA-256.
func copyModel(from, to string) (string, error) {
	data, err := os.ReadFile(from)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), durable.WriteFile(to, data, 0o644)
}

// writeFault is the fault of a place that cannot be written.
func writeFault(where string, err error) *fault.Error {
	if errors.Is(err, syscall.ENOSPC) {
		return fault.New(CodeFull, where, cause(err), nil)
	}
	return fault.New(CodeWrite, where, cause(err), nil)
}
