package ui

import (
	"echoline/internal/export"
	"echoline/internal/review"
	"echoline/internal/text"
)

// offerMasks looks, beside the window, for segmentations that lie beside the images of a session and refer to them, and offers
// to import their masks.
func (a *App) offerMasks(s *session) {
	go func() {
		found, err := export.Segmentations(s.ctx, s.study)
		a.post(func() {
			if err == nil && !s.gone {
				a.masksFound(s, found)
			}
		})
	}()
}

// masksFound offers the masks that an import would take: those of frames on which nobody worked, and that are not there yet.
func (a *App) masksFound(s *session, found []export.Beside) {
	var paths []string
	frames := map[review.Key]bool{}
	for _, b := range found {
		takes := false
		for _, k := range b.Frames {
			f := s.review.Frame(k)
			if f.Touched || f.Status != review.Open || f.Model == export.ImportPrefix+b.SHA256 {
				continue
			}
			frames[k], takes = true, true
		}
		if takes {
			paths = append(paths, b.Path)
		}
	}
	if len(frames) == 0 {
		return
	}
	drop := func() { a.lower(alertMasks) }
	a.raise(alertMasks, func() string { return text.N("app.masks", len(frames)) }, "app.masks.import", func() {
		drop()
		a.importMasks(paths, nil)
	})
	a.alerts[alertMasks].news, a.alerts[alertMasks].drop = true, drop
	a.showAlert()
	a.log.Debug("window", "event", "masks-offered", "files", len(paths), "frames", len(frames))
}
