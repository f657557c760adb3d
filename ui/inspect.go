package ui

import (
	"math"

	"echoline/internal/contour"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
)

// bindPanels sends what the panels want to what does it.
func (a *App) bindPanels() {
	hint := a.status.SetHover
	a.toolbar.OnAction, a.toolbar.OnHint = a.do, hint
	a.toolbar.OnPreset = a.choosePreset
	a.list.OnSelect = a.showItem
	a.list.OnSort = a.chooseSort
	a.list.OnOpen, a.list.OnHint = a.chooseFiles, hint
	a.strip.OnLoop = a.setLoop
	a.strip.OnPlay, a.strip.OnSpeed, a.strip.OnSeek, a.strip.OnHint = a.togglePlaying, a.setSpeed, a.seek, hint
	a.inspector.OnHint = hint
	a.inspector.OnWeak = a.weakMoved
	a.inspector.OnWeakEnd = a.weakMoved
	a.inspector.OnLabel, a.inspector.OnLock, a.inspector.OnAddLabel = a.chooseLabel, a.lockLabel, a.addLabel
	a.inspector.OnOverwrite, a.inspector.OnRename, a.inspector.OnGrow = a.chooseOverwrite, a.nameLabel, a.setGrow
	a.inspector.OnSize = func(d float64) { a.setToolSize(d / 2) }
	a.inspector.OnOpacity = func(share float64) { a.opacity = share; a.applyOverlay() }
	a.inspector.OnJump = a.jump
	a.inspector.OnAsk = func() { a.do(keys.Consult) }
	if a.set.SortByName {
		a.list.SetSort(panel.SortByName)
	}
	if a.set.SortAtRandom {
		a.list.SetSort(panel.SortRandom)
	}
	a.toolbar.SetLight(a.set.Light)
	a.inspector.SetOpacity(a.opacity)
}

// weakMoved follows the inspector's slider; limit is in the unit that it shows.
func (a *App) weakMoved(limit float64) {
	s := a.sess
	if s == nil || s.item == nil {
		return
	}
	k, _ := a.unit()
	a.chooseWeak(limit / k / s.scale.limitPx(s.item))
}

// unit is what lengths of the image on show are told in: how many of it make a pixel, and its name. Millimetres only where
// the pixel size is known at the boundary.
func (a *App) unit() (perPixel float64, name string) {
	if mm := a.pixelSize(); mm > 0 {
		return mm, "mm"
	}
	return 1, "px"
}

// pixelSize is the side, in mm, of a pixel where the boundary of the frame on show lies; 0 where no scale is known there.
func (a *App) pixelSize() float64 {
	s := a.sess
	if s == nil || s.item == nil {
		return 0
	}
	return s.review.PixelSize(s.key(), s.alongBoundary()...)
}

// spacing is the pixel size where the boundary of the frame on show lies, by its width and height.
func (a *App) spacing() (study.Spacing, study.Calibration) {
	s := a.sess
	if s == nil || s.item == nil {
		return study.Spacing{X: 1, Y: 1}, study.Uncalibrated
	}
	return s.review.SpacingAt(s.key(), s.alongBoundary()...)
}

// alongBoundary are points of the boundary of the frame on show, or the middle of the sector where there is none.
func (s *session) alongBoundary() [][2]float64 {
	var pts [][2]float64
	for _, c := range s.review.Contours(s.key()) {
		for i := 0; i < len(c.Points); i += 8 {
			pts = append(pts, [2]float64{c.Points[i].X, c.Points[i].Y})
		}
	}
	if len(pts) == 0 {
		r := s.item.Sector()
		pts = [][2]float64{{float64(r.Min.X+r.Max.X) / 2, float64(r.Min.Y+r.Max.Y) / 2}}
	}
	return pts
}

// refreshInspector shows what is known of the frame.
func (a *App) refreshInspector() {
	s := a.sess
	c := panel.Confidence{
		Probability: math.NaN(), Dice: math.NaN(), Expected: math.NaN(), Reviewed: math.NaN(), Study: math.NaN(), WeakArcs: -1,
		Unit: "px", Weak: 1, WeakMax: 2,
	}
	if a.predictor != nil {
		m := a.predictor.Info()
		c.Model, c.Calibrated = m.Name+" "+m.Version, m.Calibrated
	}
	c.Loading = a.predictor == nil && a.modelErr == nil
	if a.docket != nil { // no model has a part in it
		c.Model, c.Readers = "", text.T("judge.by.readers")
	}
	if a.modelErr != nil && a.docket == nil {
		c.Note = text.Fault(a.modelErr)
	}
	if u := a.unshown(); u == nil || !a.playing() { // while a cine plays one bad frame does not empty the panel for a moment
		a.inspector.SetUnshown(u)
	}
	if s == nil || s.item == nil || s.frame == nil {
		a.inspector.SetConfidence(c)
		a.inspector.SetMeasures(nil, "")
		a.inspector.SetHistory(nil)
		return
	}
	a.fillConfidence(&c)
	a.inspector.SetConfidence(c)
	a.showLabels()
	a.showMeasures()
	a.showHistory()
}

// fillConfidence adds what belongs to the frame.
func (a *App) fillConfidence(c *panel.Confidence) {
	s := a.sess
	f := s.review.Frame(s.key())
	per, unit := a.unit()
	c.Unit = unit
	c.Weak, c.WeakMax = s.scale.weakPx(s.item)*per, s.scale.limitPx(s.item)*per
	if f.Prediction != nil {
		c.Probability = f.Prediction.Present
	}
	if d, ok := s.doubt[s.key()]; ok {
		c.Dice = 1 - d
	}
	if err := s.failed[s.key()]; err != nil {
		c.Note = text.Fault(err)
	} else if msg := a.noLesion(f); msg != "" {
		c.Note = msg
	}
	c.Expected = per * meanExpected(s.review.Contours(s.key()))
	if p := s.review.Progress(s.key(), s.scale.weakPx(s.item)); p.Total > 0 {
		c.Reviewed, c.WeakArcs = p.Reviewed/p.Total, p.WeakArcs
	}
	if p := s.reviewed(); p.Total > 0 && len(s.items) > 1 {
		c.Study = p.Reviewed / p.Total
	}
}

// meanExpected is the mean expected error in px along what no reader settled of contours, NaN where nothing is known.
func meanExpected(cs []contour.Contour) float64 {
	sum, n := 0.0, 0
	for _, c := range cs {
		for i := range c.Points {
			if v := &c.Points[i]; !v.Settled() && !math.IsNaN(v.Expected) {
				sum += v.Expected
				n++
			}
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

// refreshToolbar enables what makes sense now and shows what is on.
func (a *App) refreshToolbar() {
	s := a.sess
	open := s != nil && s.item != nil && s.frame != nil
	for id := range toolKeys {
		a.toolbar.SetEnabled(id, open)
		a.toolbar.SetSelected(id, open && !a.ruler.on && s.tool == s.tools[toolKeys[id]])
	}
	a.toolbar.SetSelected(keys.Tools, open && !a.ruler.on && hidden[s.tool.Name()])
	for _, id := range []keys.ID{
		keys.Tools, keys.FillHoles, keys.KeepLargest, keys.Smooth, keys.Grow, keys.Shrink, keys.Release, keys.Ask, keys.Ruler, keys.NextWeak, keys.PreviousWeak, keys.Confirm, keys.Accept, keys.Reject, keys.Fit,
		keys.ZoomIn, keys.ZoomOut, keys.NextPreset, keys.Invert, keys.Overlay, keys.Heatmap, keys.Band, keys.Export, keys.Import, keys.Deidentify,
	} {
		a.toolbar.SetEnabled(id, open)
	}
	a.toolbar.SetEnabled(keys.CopyPrevious, open && s.index > 0)
	a.toolbar.SetEnabled(keys.Undo, open && s.review.CanUndo(s.key()))
	a.toolbar.SetEnabled(keys.Redo, open && s.review.CanRedo(s.key()))
	a.toolbar.SetSelected(keys.Overlay, !a.overlayOff)
	a.toolbar.SetSelected(keys.Heatmap, a.heatmap)
	a.toolbar.SetSelected(keys.Band, a.band)
	a.toolbar.SetLight(a.set.Light)
	if open {
		a.toolbar.SetSelected(keys.Invert, s.invert)
		a.toolbar.SetSelected(keys.Ruler, a.ruler.on)
		a.toolbar.SetSelected(keys.Release, s.review.Rules().Released)
		a.toolbar.SetSelected(keys.Ask, !a.ruler.on && s.tool == s.tools[toolAsk])
	}
	a.toolbar.SetPresets(presetChoices(), "")
}

func presetChoices() []panel.Choice {
	var out []panel.Choice
	for _, p := range study.Presets() {
		out = append(out, panel.Choice{Key: p.Key, Title: func() string { return text.T("app.preset." + p.Key) }})
	}
	return out
}

func (a *App) choosePreset(key string) {
	for i, p := range study.Presets() {
		if p.Key == key {
			a.presetAt = i
			a.preset(p)
		}
	}
}
