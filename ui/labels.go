package ui

import (
	"image/color"

	"echoline/internal/review"
	"echoline/internal/text"
	"echoline/ui/keys"
	"echoline/ui/panel"
	"echoline/ui/theme"
)

// labelName is the name of the i-th label, from 0: the reader's, the workspace's table's, the model's, or its number.
func (a *App) labelName(i int) string {
	if s := a.sess; s != nil {
		if n := s.review.Labels().Of(uint8(i + 1)).Name; n != "" {
			return n
		}
	}
	return a.plainName(i)
}

// plainName is what the i-th label is called as long as the reader gives it no name.
func (a *App) plainName(i int) string {
	if s := a.sess; s != nil {
		if l, ok := s.table.ByValue(uint8(i + 1)); ok {
			return l.Name
		}
	}
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

// labelColour is the number in the palette of a label value.
func (a *App) labelColour(value int) int {
	if s := a.sess; s != nil {
		if c := s.review.Labels().Of(uint8(value)).Colour; c != 0 {
			return int(c)
		}
	}
	return value
}

// labelCount is how many labels are listed: the model's, those that the frame holds, and the reader's.
func (a *App) labelCount() int {
	s := a.sess
	n := max(1, int(s.label), a.proj.labelCount())
	for _, l := range s.review.Labels().Labels {
		n = max(n, int(l.Value))
	}
	if a.predictor != nil {
		n = max(n, len(a.predictor.Info().Labels))
	}
	for _, c := range s.review.Contours(s.key()) {
		n = max(n, int(c.Label))
	}
	return min(n, keys.MaxLabels)
}

// showLabels lists what can be drawn, and the rules, and gives the outlines their colours.
func (a *App) showLabels() {
	s := a.sess
	rules := s.review.Rules()
	list := make([]panel.Label, a.labelCount())
	for i := range list {
		list[i] = panel.Label{Name: a.labelName(i), Colour: theme.Label(a.labelColour(i + 1)), Locked: rules.Locked[i+1]}
	}
	over := panel.OverAll
	if rules.Overwrite == review.OverwriteNone {
		over = panel.OverNone
	}
	a.inspector.SetLabels(list, int(s.label)-1, over)
	var colours [256]uint8
	for v := range colours {
		colours[v] = uint8(a.labelColour(v))
	}
	a.view.SetLabelColours(colours)
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
		value := uint8(a.labelCount() + 1)
		a.setLabels(s.review.Labels().With(review.Label{Value: value}))
		a.chooseLabel(int(value) - 1)
	}
}

// lockLabel locks the i-th label, or unlocks it.
func (a *App) lockLabel(i int) {
	if s := a.sess; s != nil && s.item != nil && i < a.labelCount() {
		a.finishStroke()
		l := s.review.Labels().Of(uint8(i + 1))
		l.Locked = !l.Locked
		a.setLabels(s.review.Labels().With(l))
		a.log.Debug("window", "event", "label-locked", "label", i+1, "on", l.Locked)
	}
}

// chooseOverwrite says what labels are painted over.
func (a *App) chooseOverwrite(over string) {
	if s := a.sess; s != nil {
		set := s.review.Labels()
		set.Overwrite = review.OverwriteAll
		if over == panel.OverNone {
			set.Overwrite = review.OverwriteNone
		}
		a.setLabels(set)
	}
}

// nameLabel asks for the name and the colour of the i-th label; nameChosen is that for the one that tools draw.
func (a *App) nameLabel(i int) {
	s := a.sess
	if s == nil || s.item == nil || i >= a.labelCount() {
		return
	}
	a.stopPlaying()
	a.finishStroke()
	value := uint8(i + 1)
	var palette []color.NRGBA
	for n := range theme.Labels {
		palette = append(palette, theme.Label(n+1))
	}
	panel.ShowLabel(a.win, panel.LabelCard{
		Name: s.review.Labels().Of(value).Name, Plain: a.plainName(i), Number: i + 1,
		Colours: palette, Colour: (a.labelColour(i+1) - 1) % theme.Labels,
		OnDone: func(name string, colour int) error {
			if s.gone {
				return nil
			}
			set, err := s.review.Labels().Rename(value, name)
			if err != nil {
				return err
			}
			l := set.Of(value)
			if l.Colour = uint8(colour + 1); colour == i%theme.Labels {
				l.Colour = 0
			}
			a.setLabels(set.With(l))
			a.log.Debug("window", "event", "label-named", "label", i+1)
			return nil
		},
	})
}

func (a *App) nameChosen() {
	if s := a.sess; s != nil {
		a.nameLabel(int(s.label) - 1)
	}
}

// setLabels puts labels in force, shows them, and keeps them in the workspace.
func (a *App) setLabels(set review.LabelSet) {
	a.sess.review.SetLabels(set)
	a.edited(a.saveLabels())
	a.showLabels()
	a.tintMask()
	a.refreshContours()
	a.refreshInspector()
}

// saveLabels keeps what the reader changed about the labels since it was last kept.
func (a *App) saveLabels() error {
	s := a.sess
	if s == nil || s.docket != nil { // who adjudicates has no labels of his own
		return nil
	}
	set := s.review.Labels()
	err := a.ws.SaveLabels(s.review.Reader(), s.labelsKept, set)
	if err == nil {
		s.labelsKept = set
	}
	s.labelsWait = err != nil
	return err
}
