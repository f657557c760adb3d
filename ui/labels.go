package ui

import (
	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
	"echoline/ui/theme"
)

// labelName is the name of the i-th label, from 0: the model's, or its number.
func (a *App) labelName(i int) string {
	if n := a.proj.labelName(i + 1); n != "" {
		return n
	}
	if a.predictor != nil && i < len(a.predictor.Info().Labels) {
		if n := a.predictor.Info().Labels[i].Name; n != "lesion" {
			return n
		}
	}
	if i == 0 {
		return text.T("label.lesion")
	}
	return text.T("label.number", text.Args{"N": i + 1})
}

// labelCount is how many labels are listed: the model's, those that the frame holds, and those that the reader asked for.
func (a *App) labelCount() int {
	s := a.sess
	n := max(1, s.labels, int(s.label), a.proj.labelCount())
	if a.predictor != nil {
		n = max(n, len(a.predictor.Info().Labels))
	}
	for _, c := range s.review.Contours(s.key()) {
		n = max(n, int(c.Label))
	}
	return min(n, keys.MaxLabels)
}

// showLabels lists what can be drawn, and the rules.
func (a *App) showLabels() {
	s := a.sess
	rules := s.review.Rules()
	list := make([]panel.Label, a.labelCount())
	for i := range list {
		list[i] = panel.Label{Name: a.labelName(i), Colour: theme.Label(i + 1), Locked: rules.Locked[i+1]}
	}
	over := panel.OverAll
	if rules.Overwrite == review.OverwriteNone {
		over = panel.OverNone
	}
	a.inspector.SetLabels(list, int(s.label)-1, over)
}

// chooseLabel makes the i-th label the one that tools draw.
func (a *App) chooseLabel(i int) {
	s := a.sess
	if s == nil || s.item == nil || i >= a.labelCount() {
		return
	}
	a.finishStroke()
	a.dropPath()
	name := s.tool.Name()
	s.label = uint8(i + 1)
	a.buildTools()
	s.tool = s.tools[name]
	a.showTool()
	a.showLabels()
	a.status.SetHint(a.labelName(i) + " · " + text.T(s.tool.Hint()))
	a.log.Debug("window", "event", "label-chosen", "label", i+1)
}

// pickLabel chooses the i-th label; the first that is not listed yet is added.
func (a *App) pickLabel(i int) {
	if s := a.sess; s != nil && s.item != nil && i == a.labelCount() {
		a.addLabel()
		return
	}
	a.chooseLabel(i)
}

// addLabel lists one label more and chooses it.
func (a *App) addLabel() {
	if s := a.sess; s != nil && s.item != nil && a.labelCount() < keys.MaxLabels {
		s.labels = a.labelCount() + 1
		a.chooseLabel(s.labels - 1)
	}
}

// lockLabel locks the i-th label, or unlocks it.
func (a *App) lockLabel(i int) {
	if s := a.sess; s != nil && s.item != nil && i < a.labelCount() {
		a.finishStroke()
		rules := s.review.Rules()
		rules.Locked[i+1] = !rules.Locked[i+1]
		s.review.SetRules(rules)
		a.showLabels()
		a.log.Debug("window", "event", "label-locked", "label", i+1, "on", rules.Locked[i+1])
	}
}

// chooseOverwrite says what labels are painted over.
func (a *App) chooseOverwrite(over string) {
	if s := a.sess; s != nil {
		rules := s.review.Rules()
		rules.Overwrite = review.OverwriteAll
		if over == panel.OverNone {
			rules.Overwrite = review.OverwriteNone
		}
		s.review.SetRules(rules)
	}
}
