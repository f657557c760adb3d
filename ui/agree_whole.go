package ui

import (
	"context"
	"fmt"
	"slices"

	"fyne.io/fyne/v2"

	"echoline/internal/project"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// beyond are the cases of the project, by item, that a study does not hold; st may be nil. None where there is no project.
func beyond(s *project.State, st *study.Study) []string {
	if s == nil {
		return nil
	}
	there := map[string]bool{}
	if st != nil {
		for _, it := range st.Items {
			there[it.ID] = true
		}
	}
	var out []string
	for _, c := range s.Cases {
		if !there[c.Item] {
			out = append(out, c.Item)
		}
	}
	return out
}

// widened is a study with further items that the workspace knows, whose files are opened where they lay last; st may be nil.
// missing counts those that are not there.
func widened(ctx context.Context, ws *store.Workspace, st *study.Study, items []string, progress func(done, total int)) (whole *study.Study, missing int, err error) {
	whole = &study.Study{}
	if st != nil {
		*whole = *st
		whole.Items = slices.Clone(st.Items)
	}
	known, err := ws.Items()
	if err != nil {
		return nil, 0, err
	}
	wanted := map[string]bool{}
	for _, id := range items {
		wanted[id] = true
	}
	if paths, _ := pathsOf(known, items); len(paths) > 0 {
		more, err := study.Open(ctx, paths, progress)
		if err != nil {
			return nil, 0, err
		}
		for _, it := range more.Items {
			if wanted[it.ID] {
				delete(wanted, it.ID)
				whole.Items = append(whole.Items, it)
			}
		}
	}
	return whole, len(wanted), nil
}

// scopeAction is the button that takes the agreement page from the study on show to the whole project, and back.
func (a *App) scopeAction() fyne.CanvasObject {
	say := func() string {
		if a.wide {
			return text.T("agree.scope.study")
		}
		return text.T("agree.scope.project")
	}
	return panel.NewAction("folder-open", say, false, func() {
		a.wide = !a.wide
		a.studyChanged()
	})
}

// widen opens what is missing of the project for the agreement page p; nil items: nothing. It says how far it is, and stops when
// the page has gone.
func (a *App) widen(p *panel.Page, ws *store.Workspace, st *study.Study, items []string) (*study.Study, error) {
	if items == nil {
		return st, nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	whole, missing, err := widened(ctx, ws, st, items, a.throttled(func(done, total int) {
		if a.page != p {
			cancel()
			return
		}
		p.SetBusy(func() string { return fmt.Sprintf("%s %d / %d", text.T("app.reading"), done, total) })
	}))
	if err == nil && missing > 0 {
		a.post(func() { a.status.SetHint(text.N("project.files.missing", missing)) })
	}
	return whole, err
}
