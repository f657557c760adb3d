package ui

import (
	"fmt"

	"echoline/internal/contour"
	"echoline/internal/study"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// refreshStatus writes the right part of the status bar.
func (a *App) refreshStatus() {
	a.line.Reader = a.set.Reader
	if a.docket != nil {
		a.line.Reader = text.T("judge.as", text.Args{"Reader": a.set.Reader})
	}
	a.line.Zoom = a.zoomText()
	sp, cal := a.spacing()
	a.line.Calibrated = cal != study.Uncalibrated
	switch cal {
	case study.ByRegion:
		a.line.Calibration = text.T("app.cal.region", text.Args{"X": fmt.Sprintf("%.3f", sp.X), "Y": fmt.Sprintf("%.3f", sp.Y)})
	case study.ByPixelSpacing:
		a.line.Calibration = text.T("app.cal.spacing", text.Args{"X": fmt.Sprintf("%.3f", sp.X), "Y": fmt.Sprintf("%.3f", sp.Y)})
	case study.ByRuler:
		a.line.Calibration = text.T("app.cal.ruler", text.Args{"X": fmt.Sprintf("%.3f", sp.X), "Y": fmt.Sprintf("%.3f", sp.Y)})
	case study.ByNominalSpacing:
		a.line.Calibration = text.T("app.cal.nominal", text.Args{"X": fmt.Sprintf("%.3f", sp.X), "Y": fmt.Sprintf("%.3f", sp.Y)})
	default:
		a.line.Calibration = text.T("app.cal.none")
	}
	if a.unshown() != nil { // it would be no one's
		a.line.Calibration = ""
	}
	if a.sess != nil && !a.waits() {
		a.line.Saved = panel.SavedAll
	}
	a.status.Set(a.line)
}

// zoomText writes the zoom: how many screen pixels an image pixel takes, in per cent.
func (a *App) zoomText() string {
	return text.T("panel.percent", text.Args{"N": fmt.Sprintf("%.0f", 100*a.view.Zoom())})
}

func (a *App) setSaved(s panel.Saved) {
	a.line.Saved = s
	a.status.Set(a.line)
}

// hovered shows where the pointer is in the image and what lies there.
func (a *App) hovered(at contour.Point, inside bool) {
	s := a.sess
	a.line.Position, a.line.Value = "", ""
	if inside && s != nil && s.frame != nil {
		x, y := int(at.X), int(at.Y)
		a.line.Position = fmt.Sprintf("%d, %d", x, y)
		a.line.Value = pixelText(s.frame, x, y)
	}
	a.status.Set(a.line)
}

// pixelText is the value of a pixel as stored: a grey, or red, green and blue.
func pixelText(f *study.Frame, x, y int) string {
	if x < 0 || y < 0 || x >= f.W || y >= f.H {
		return ""
	}
	i := y*f.W + x
	if f.Grey != nil {
		return fmt.Sprint(f.Grey[i])
	}
	return fmt.Sprintf("%d %d %d", f.RGB[3*i], f.RGB[3*i+1], f.RGB[3*i+2])
}
