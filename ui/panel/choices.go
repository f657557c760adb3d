package panel

import "fyne.io/fyne/v2"

// ChoiceGroup is some choices of a kind, under a title.
type ChoiceGroup struct {
	Title   func() string
	Choices []Choice
}

// choiceGrid is a choice of one among many: a line of choices for each group, of which one in all is chosen.
type choiceGrid struct {
	content fyne.CanvasObject
	lines   []*segments
	onPick  func(key string)
}

func newChoiceGrid(groups []ChoiceGroup, chosen string, onPick func(key string)) *choiceGrid {
	g := &choiceGrid{onPick: onPick}
	var rows []fyne.CanvasObject
	for i, group := range groups {
		s := newSegments(group.Choices, chosen, func(key string) { g.pick(i, key) })
		if !s.has(chosen) {
			s.chosen = none
		}
		g.lines = append(g.lines, s)
		rows = append(rows, newColumn(0, 0, newLabel(group.Title, roleQuiet, quietSize), s))
	}
	g.content = newColumn(unit, 0, rows...)
	return g
}

// pick takes the choice away from the other lines.
func (g *choiceGrid) pick(line int, key string) {
	for i, s := range g.lines {
		if i != line && s.chosen != none {
			s.chosen = none
			s.Refresh()
		}
	}
	g.onPick(key)
}
