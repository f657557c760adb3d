package ui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"echoline/assets"
	"echoline/inference"
	"echoline/internal/annex"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/models"
	"echoline/internal/review"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// exportFolder is the name of the folder in the user's home to which exports go at first.
const exportFolder = "Echoline"

// showExport asks what to export and does it in the background. onlyShown exports the item on show alone, whatever its
// state: the export says which that is.
func (a *App) showExport(onlyShown bool) {
	s := a.sess
	if s == nil || (onlyShown && s.item == nil) {
		return
	}
	a.stopPlaying()
	a.finishStroke()
	include := export.Accepted
	var only *study.Item
	if onlyShown {
		include, only = export.All, s.item
	}
	var card *panel.ExportCard
	ctx, cancel := context.WithCancel(context.Background())
	card = panel.ShowExport(a.win, panel.ExportOptions{
		Formats: []panel.ChoiceGroup{
			formatGroup("clinic", "seg", "seg-fractional", "seg-labelmap", "report"),
			formatGroup("files", "png", "labels", "nifti", "csv", "boundary"),
			formatGroup("train", "coco", "coco-polygons", "nnunet", "yolo", "training"),
		},
		Note: func(format string) string { return text.T("app.export.note." + format) },
		Includes: choices("app.export.include.",
			string(export.Accepted), string(export.Reviewed), string(export.All)),
		Dates: dateChoices(), Pictures: export.Pictures,
		Start:    panel.ExportChoice{Format: startFormat(s, only), Include: string(include), Folder: a.exportDir(), Private: a.set.Private, Dates: a.set.DeidDates},
		Recent:   a.set.Recent,
		OnCancel: func() { cancel() },
		OnExport: func(c panel.ExportChoice) {
			if ctx.Err() != nil {
				ctx, cancel = context.WithCancel(context.Background())
			}
			a.export(ctx, card, c, s, only)
		},
	})
}

// startFormat is the format that the card begins with: DICOM SEG, or PNG where nothing came from DICOM and no SEG can be.
func startFormat(s *session, only *study.Item) string {
	items := s.study.Items
	if only != nil {
		items = []*study.Item{only}
	}
	if slices.ContainsFunc(items, func(it *study.Item) bool { return it.Header != nil }) {
		return "seg"
	}
	return "png"
}

// exportDir is the folder that was exported to last, or one of its own in the user's home. The export creates it.
func (a *App) exportDir() string {
	if a.set.ExportDir != "" {
		return a.set.ExportDir
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(home, exportFolder)
}

// formatGroup is a line of formats.
func formatGroup(group string, ids ...string) panel.ChoiceGroup {
	return panel.ChoiceGroup{
		Title:   func() string { return text.T("app.export.group." + group) },
		Choices: choices("app.export.format.", ids...),
	}
}

// choices are the keys with their titles from the translations.
func choices(prefix string, ids ...string) []panel.Choice {
	var out []panel.Choice
	for _, id := range ids {
		out = append(out, panel.Choice{Key: id, Title: func() string { return text.T(prefix + id) }})
	}
	return out
}

// export writes what the card asks for, from a copy of the review that no later edit changes. s is the session that the card
// was opened for: files dropped meanwhile may have brought another study. With only, that item alone is written.
func (a *App) export(ctx context.Context, card *panel.ExportCard, c panel.ExportChoice, s *session, only *study.Item) {
	a.set.ExportDir, a.set.Private = c.Folder, c.Private
	if c.Private {
		a.set.DeidDates = c.Dates
	}
	a.saveSettings()
	var infos []inference.Info
	if a.predictor != nil {
		infos = append(infos, a.modelInfo())
	}
	taker := export.NewTaker(s.review, export.Include(c.Include), infos...)
	ws := a.ws
	taker.Ask(func(f *review.Frame) *inference.Prediction {
		if !f.Imported() && len(infos) > 0 { // the model says what labels mean
			return nil
		}
		return ws.Recall(f.Key, export.Asked(f))
	})
	o := export.Options{
		Format: c.Format, Dir: c.Folder, Include: export.Include(c.Include), Overwrite: c.Overwrite, Manifest: true,
		Version: a.cfg.Version, Now: time.Now(), Progress: a.throttled(card.Progress),
		Report: export.Report{
			Regular: assets.FontRegular, Bold: assets.FontBold,
			Say:  func(key string, args fault.Args) string { return text.T(key, args) },
			Card: func(words string) string { return text.Instead("models.card.intended", words) },
		},
	}
	go func() {
		table, errLabels := annex.Labels(ws)
		_, err := annex.Missing(errLabels, nil)
		if err == nil && c.Private {
			if o.Private, err = a.private(ctx, c.Dates, len(s.study.Items)); err == nil {
				o.Private.Done = a.throttled(card.Progress)
			}
		}
		if err != nil {
			a.post(func() { a.exported(card, export.Result{}, nil, err) })
			return
		}
		for done := false; !done; { // the window owns the review: it takes a little at a time
			if !a.postWait(ctx, func() { done = taker.Step(takeTime) }) {
				a.post(func() { a.exported(card, export.Result{}, nil, ctx.Err()) })
				return
			}
		}
		in := taker.Input()
		in.Table, in.Maps = table, models.Recall(ws)
		damage := annex.Add(ws, &in) // what is whole goes along
		if only != nil {
			in.Items = slices.DeleteFunc(in.Items, func(it export.Item) bool { return it.Source.ID != only.ID })
		}
		nameless, _ := annex.Missing(errLabels, &in)
		res, err := export.Run(ctx, in, o)
		a.post(func() { a.exported(card, res, []error{damage, nameless}, err) })
	}()
}

// takeTime is how long the window collects masks before it does something else.
const takeTime = 8 * time.Millisecond

// exported shows what came of an export; missing is what it went on without, nil for nothing.
func (a *App) exported(card *panel.ExportCard, res export.Result, missing []error, err error) {
	a.log.Debug("window", "event", "exported", "files", len(res.Files), "failed", len(res.Failed), "missing", errors.Join(missing...), "err", err)
	var notes []string
	for _, m := range missing {
		if m != nil {
			notes = append(notes, text.Fault(m))
		}
	}
	var failures []panel.ExportFailure
	conflicts := 0
	for _, f := range res.Failed {
		if f.Code == export.CodeExists {
			conflicts++
		}
		failures = append(failures, exportFailure(f))
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		failures = append(failures, panel.ExportFailure{What: text.Fault(err)})
	}
	if conflicts > 0 && conflicts == len(failures) {
		card.Conflict(conflicts)
		return
	}
	for _, name := range res.Empty {
		failures = append(failures, panel.ExportFailure{Name: name, What: text.T("app.export.empty")})
	}
	card.Done(panel.ExportDone{
		Written: len(res.Files), Kept: res.Kept, Stopped: errors.Is(err, context.Canceled), Failures: failures, Notes: notes,
	})
}

// exportFailure says what kept one item from being written.
func exportFailure(f *fault.Error) panel.ExportFailure {
	return panel.ExportFailure{Name: f.Where, What: reason(f)}
}

// summary sums up the session after its last image.
func (a *App) summary() {
	s := a.sess
	sum := panel.Summary{
		Time: elapsed(s.begun), OnExport: func() { a.showExport(false) }, OnOpen: a.chooseFiles,
	}
	for _, it := range s.study.Items {
		for i := range it.Frames {
			f := s.review.Frame(review.Key{Instance: it.ID, Frame: i})
			switch f.Status {
			case review.Accepted:
				sum.Accepted++
				if f.Touched {
					sum.Corrected++
				}
			case review.Rejected:
				sum.Rejected++
			}
		}
	}
	a.log.Debug("window", "event", "summary", "accepted", sum.Accepted)
	panel.ShowSummary(a.win, sum)
}
