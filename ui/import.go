package ui

import (
	"context"
	"errors"
	"path/filepath"

	"echoline/inference"
	"echoline/internal/annex"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// chooseMasks lets the reader pick files or a folder with masks for the images on show.
func (a *App) chooseMasks() {
	if a.sess == nil || a.ws == nil {
		return
	}
	a.stopPlaying()
	a.finishStroke()
	a.browse(panel.Browse{
		Title: func() string { return text.T("panel.import.title") }, Choose: importText, Recent: a.set.Recent,
		OnChosen: func(paths []string) { a.importMasks(paths, nil) },
	})
}

// importText says what choosing n files or folders does; 0: the folder on show.
func importText(n int) string {
	if n == 0 {
		return text.T("panel.import.folder")
	}
	return text.N("panel.import.chosen", n)
}

// importMasks reads masks in the background and gives them to the review as predictions to correct. named says what labels
// of the files are here.
func (a *App) importMasks(paths []string, named map[string]uint8) {
	s := a.sess
	if s == nil {
		return
	}
	ws := a.ws
	known := export.CommonLabels()
	if a.predictor != nil && len(a.predictor.Info().Labels) > 0 {
		known = a.predictor.Info().Labels
	}
	ctx, cancel := context.WithCancel(s.ctx)
	label := text.T("app.import.reading")
	progress := a.throttled(func(done, total int) {
		if ctx.Err() == nil {
			a.status.SetProgress(done, total, label, cancel)
		}
	})
	o := export.ReadOptions{Names: s.review.Labels(), Known: known, Map: named, Progress: progress}
	go func() {
		var files []export.Imported
		var failed []*fault.Error
		var err error
		o.Table, err = annex.Labels(ws)
		missing, err := annex.Missing(err, nil)
		if err == nil {
			files, failed, err = export.Read(ctx, paths, s.study.Items, o)
		}
		t := taking{app: a, s: s, files: files, notes: failed, missing: missing}
		if err == nil {
			err = t.all(ctx)
		}
		a.post(func() {
			cancel()
			a.status.SetProgress(0, 0, "", nil)
			if !s.gone {
				t.show(paths, err)
			}
		})
	}()
}

// taking is an import that the review takes, a little at a time.
type taking struct {
	app   *App
	s     *session
	files []export.Imported
	notes []*fault.Error
	taken int

	missing error // what it goes on without; nil for nothing
}

// all gives the review every mask. The window owns the review; storing happens beside it.
func (t *taking) all(ctx context.Context) error {
	for i := range t.files {
		im := &t.files[i]
		var done export.Applied
		for _, f := range im.Frames {
			var err error
			var kept *inference.Prediction
			ok := t.app.postWait(ctx, func() {
				err = im.Apply(t.s.review, f, func(_ review.Key, p *inference.Prediction) error { kept = p; return nil }, &done)
				t.app.afterImport(t.s, f.Key)
			})
			if err == nil && kept != nil {
				err = t.app.ws.SavePrediction(f.Key, kept)
			}
			if !ok {
				err = ctx.Err()
			}
			if err != nil {
				return err
			}
		}
		t.taken += done.Taken
		t.notes = append(append(t.notes, im.Notes...), done.Notes(im.Path)...)
	}
	return nil
}

// afterImport brings back what the model said of a frame, which the import has let go.
func (a *App) afterImport(s *session, k review.Key) {
	if !s.gone && s.review.Frame(k).Prediction == nil {
		a.recall(s, k)
	}
}

// show says what was imported. Labels that the review does not know can be taken as lesions.
func (t *taking) show(paths []string, err error) {
	a := t.app
	a.refreshFrame()
	a.log.Debug("window", "event", "imported", "frames", t.taken, "notes", len(t.notes), "err", err)
	if err != nil && !errors.Is(err, context.Canceled) {
		a.fault(err)
		return
	}
	var rows []panel.ImportNote
	if t.missing != nil {
		rows = append(rows, panel.ImportNote{What: text.Fault(t.missing)})
	}
	foreign := map[string]uint8{}
	for _, n := range t.notes {
		rows = append(rows, panel.ImportNote{Name: filepath.Base(n.Where), What: reason(n)})
		if name, ok := n.Args["Label"].(string); ok && n.Code == export.CodeReadForeign {
			foreign[name] = lesionValue
		}
	}
	done := panel.ImportDone{Taken: t.taken, Stopped: err != nil, Notes: rows}
	if len(foreign) > 0 {
		done.OnLesion = func() { a.importMasks(paths, foreign) }
	}
	panel.ShowImport(a.win, done)
}

// lesionValue is the label that readers draw.
const lesionValue = 1
