package models

import (
	"context"
	"encoding/csv"
	"errors"
	"image"
	_ "image/png" // masks
	"os"
	"path/filepath"
	"strings"

	"echoline/inference"
	"echoline/internal/agree"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/internal/trainer"
)

// FromWorkspace is what readers accepted, each mask a case.
func FromWorkspace(c *trainer.Cases) []Case {
	var out []Case
	for i, in := range c.Inputs {
		for _, it := range in.Items {
			for _, f := range it.Frames {
				k := review.Key{Instance: it.Source.ID, Frame: f.Index}
				out = append(out, Case{
					Name: agree.CaseName(it.Source, f.Index), Group: c.GroupOf(it.Source), MM: c.Reviews[i].PixelSize(k),
					Learned: c.LearnedFrom(it.Source), Truth: f.Labels, Load: loader(it.Source, f.Index),
				})
			}
		}
	}
	return out
}

// loader decodes a frame into what a model sees.
func loader(it *study.Item, frame int) func() (inference.Image, error) {
	return func() (inference.Image, error) {
		f, err := it.Frame(frame)
		if err != nil {
			return inference.Image{}, err
		}
		return inference.Image{W: f.W, H: f.H, Grey: f.Luma()}, nil
	}
}

// FromFolder is the test rows of a data set: images/, masks/ and split.csv, as training/README.md describes it.
func FromFolder(ctx context.Context, dir string) ([]Case, error) {
	f, err := os.Open(filepath.Join(dir, "split.csv"))
	if err != nil {
		return nil, fault.New(CodeNoCases, dir, cause(err), nil)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fault.New(CodeNoCases, f.Name(), err, nil)
	}
	at := map[string]int{}
	for i, name := range rows[0] {
		at[strings.TrimPrefix(name, "\ufeff")] = i
	}
	for _, name := range []string{"file", "group", "split"} {
		if _, ok := at[name]; !ok {
			return nil, fault.New(CodeNoCases, f.Name(), errors.New(name), nil)
		}
	}
	groups := map[string]string{}
	var paths []string
	for _, row := range rows[1:] {
		if row[at["split"]] == "test" && filepath.Base(row[at["file"]]) == row[at["file"]] {
			path := filepath.Join(dir, "images", row[at["file"]])
			paths, groups[path] = append(paths, path), row[at["group"]]
		}
	}
	if len(paths) == 0 {
		return nil, fault.New(CodeNoCases, f.Name(), nil, nil)
	}
	st, err := study.Open(ctx, paths, nil)
	if err != nil {
		return nil, err
	}
	var out []Case
	for _, it := range st.Items {
		truth, err := readMask(filepath.Join(dir, "masks", filepath.Base(it.Path)))
		if err != nil {
			return nil, fault.New(CodeNoCases, it.Path, cause(err), nil)
		}
		out = append(out, Case{Name: it.Name, Group: groups[it.Path], Truth: truth, Load: loader(it, 0)})
	}
	return out, nil
}

// readMask reads a picture of which white is the lesion.
func readMask(path string) (*mask.Plane, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, _, err := image.Decode(f)
	if err != nil {
		return nil, err
	}
	b := img.Bounds()
	p := mask.NewPlane(b.Dx(), b.Dy())
	for y := range p.H {
		for x := range p.W {
			if r, _, _, _ := img.At(b.Min.X+x, b.Min.Y+y).RGBA(); r > 0x7fff {
				p.Pix[y*p.W+x] = 1
			}
		}
	}
	return p, nil
}

// weakShare is the share of the model's boundary that counts as weak for the figure of how far weak arcs were moved.
const weakShare = 0.25

// Kept is what a model said of frames that readers accepted, and what became of it, for agree.Check and agree.Recalibrate.
// Predictions are as the workspace keeps them: without what was calibrated here. What a model may have learned from does not
// count, for it knows that better than anything new; nor does the consensus, which is nobody's correction.
func Kept(ws *store.Workspace, c *trainer.Cases, m Model) []agree.Kept {
	var out []agree.Kept
	for i, in := range c.Inputs {
		if in.Reader == review.ConsensusReader {
			continue
		}
		r := c.Reviews[i]
		for _, it := range in.Items {
			if m.OwnCases && c.LearnedFrom(it.Source) {
				continue
			}
			for _, f := range it.Frames {
				k := review.Key{Instance: it.Source.ID, Frame: f.Index}
				p, err := ws.Prediction(k, m.SHA256)
				if err != nil || p == nil || f.Status != review.Accepted {
					continue
				}
				kept := agree.Kept{
					Group: c.GroupOf(it.Source), MM: r.PixelSize(k), Accepted: f.Labels, Marks: r.Frame(k).Marks,
				}
				for _, l := range p.Model.Labels {
					kept.Predicted = append(kept.Predicted, p.Contours(l.Value)...)
				}
				out = append(out, kept)
			}
		}
	}
	weak := agree.WeakFrom(out, weakShare)
	for i := range out {
		out[i].Weak = weak
	}
	return out
}

// Calibrated are the same frames as a calibration has them.
func (c *Calibration) Calibrated(frames []agree.Kept) []agree.Kept {
	if c == nil {
		return frames
	}
	return (&agree.Refit{Band: c.Band, Expected: c.Expected}).Scaled(frames)
}
