package ui

import (
	"context"
	"image"
	"os"
	"path/filepath"

	"echoline/internal/fault"
	"echoline/internal/project"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// projectView is what the window knows of the workspace's project.
type projectView struct {
	state *project.State // nil: there is none
	shown map[review.Key]bool
	guide []panel.GuidePicture // decoded; nil until they are asked for
	of    string               // the guideline that guide belongs to: its pictures' names
}

// beginProject makes the window the reader's whose part of a project the workspace is, and reads the project.
func (a *App) beginProject() {
	if name := project.Bound(a.ws.Dir()); name != "" && name != a.set.Reader {
		a.set.Reader = name
		a.saveSettings()
		a.refreshStatus()
	}
	s, err := a.readProject()
	if err != nil {
		a.log.Error("project", "err", err)
		a.fault(err)
	}
	a.proj = s
}

// readProject folds the workspace's project: about a tenth of a second for ten thousand cases.
func (a *App) readProject() (projectView, error) {
	s, err := project.Load(a.ws)
	if s == nil {
		return projectView{}, err
	}
	shown, err2 := s.Revealed(a.ws, a.set.Reader)
	if err == nil {
		err = err2
	}
	return projectView{state: s, shown: shown}, err
}

// mayBecome tells whether the window may become another reader's, and says why not: a part of a project that came as a share is
// one reader's.
func (a *App) mayBecome(name string) bool {
	if bound := project.Bound(a.ws.Dir()); bound != "" && name != bound && a.proj.state.Hides(bound) {
		a.fault(fault.New(project.CodeBound, "", nil, fault.Args{"Mine": bound}))
		return false
	}
	return true
}

// toggleGuideline shows the guideline in the inspector's place, or takes it away.
func (a *App) toggleGuideline() {
	if a.guide.Visible() {
		a.closeGuideline()
		return
	}
	s := a.proj.state
	if s == nil || s.Guideline.Text == "" && len(s.Guideline.Pictures) == 0 {
		a.status.SetHint(text.T("project.guideline.none"))
		return
	}
	a.inspector.Hide()
	a.guide.Show()
	a.frame.show(a.frame.right, a.frame.rightBar, true)
	a.log.Debug("window", "event", "guideline-shown")
	of := ""
	for _, p := range s.Guideline.Pictures {
		of += p.Hash
	}
	if a.proj.guide != nil && a.proj.of == of {
		a.guide.Set(s.Guideline.Text, a.proj.guide)
		return
	}
	a.guide.Set(s.Guideline.Text, nil)
	ws, pictures := a.ws, s.Guideline.Pictures
	go func() {
		got, err := guidePictures(ws, pictures)
		a.post(func() {
			if a.proj.state != s {
				return
			}
			if err != nil {
				a.log.Error("guideline", "err", err)
				a.status.SetHint(text.Fault(err))
			}
			a.proj.guide, a.proj.of = got, of
			a.guide.Set(s.Guideline.Text, got)
		})
	}()
}

func (a *App) closeGuideline() {
	a.guide.Hide()
	a.inspector.Show()
	a.frame.box.Refresh()
}

// guidePictures decodes a guideline's pictures where all images are decoded: in a process that can do no harm.
func guidePictures(ws *store.Workspace, pictures []project.Picture) ([]panel.GuidePicture, error) {
	out := []panel.GuidePicture{}
	dir, err := os.MkdirTemp("", "echoline-guideline-*")
	if err != nil {
		return out, err
	}
	defer os.RemoveAll(dir)
	var first error
	for _, p := range pictures {
		im, err := guidePicture(ws, p, filepath.Join(dir, p.Hash))
		if err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		out = append(out, panel.GuidePicture{Image: im, Caption: p.Caption})
	}
	return out, first
}

func guidePicture(ws *store.Workspace, p project.Picture, path string) (image.Image, error) {
	data, err := ws.Blob(p.Hash)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return nil, err
	}
	st, err := study.Open(context.Background(), []string{path}, nil)
	if err != nil {
		return nil, err
	}
	if len(st.Items) != 1 {
		return nil, fault.New(project.CodePicture, p.Name, nil, nil)
	}
	f, err := st.Items[0].Frame(0)
	if err != nil {
		return nil, err
	}
	im := image.NewRGBA(image.Rect(0, 0, f.W, f.H))
	f.Render(im, f.Window, false)
	return im, nil
}

// labelName is what the project calls a label value; "" where it says nothing.
func (p *projectView) labelName(value int) string {
	if p.state != nil {
		for _, l := range p.state.Labels {
			if l.Value == value {
				return l.Name
			}
		}
	}
	return ""
}

// labelCount is the highest label value of the project's schema.
func (p *projectView) labelCount() (n int) {
	if p.state != nil {
		for _, l := range p.state.Labels {
			n = max(n, l.Value)
		}
	}
	return n
}
