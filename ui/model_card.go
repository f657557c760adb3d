package ui

import (
	"slices"
	"strings"

	"echoline/internal/concord"
	"echoline/internal/models"
	"echoline/internal/text"
	"echoline/ui/panel"
)

// publicSets are the data sets that the limits of models.card.limits are about.
var publicSets = []string{"BUSI", "BUS-BRA"}

// cardBlocks tell, in the language chosen, what a model is for, how it did, what it learned from and where its limits are: figures are
// those that its file has, words are those of the card that training/ writes. Where the card lies is told for all else.
func cardBlocks(m *models.Model) []panel.Block {
	out := []panel.Block{{Heading: text.T("models.card"), Words: text.T("models.card.none"), Mood: panel.MoodQuiet}}
	if m.Card != "" {
		out[0].Words, out[0].Copy = text.T("models.card.where"), m.Card
	}
	limits := limitsOf(m)
	if limits != "" {
		out = append(out, panel.Block{Heading: text.T("models.card.for"), Words: text.T("models.card.intended"), Mood: panel.MoodQuiet})
	}
	out = append(out, measuredBlocks(m)...)
	if len(m.Data) > 0 {
		out = append(out, panel.Block{Heading: text.T("models.card.data"), Words: dataWords(m.Data), Mood: panel.MoodQuiet})
	}
	if limits != "" {
		out = append(out, panel.Block{Heading: text.T("models.card.limited"), Words: limits, Mood: panel.MoodQuiet})
	}
	return out
}

// limitsOf are a model's limits; "" where only its card can know them.
func limitsOf(m *models.Model) string {
	switch {
	case m.OwnCases:
		return text.T("models.card.limits.own")
	case len(m.Data) > 0 && !slices.ContainsFunc(m.Data, func(d models.Source) bool { return !slices.Contains(publicSets, d.Name) }):
		return text.T("models.card.limits")
	}
	return ""
}

// measuredBlocks are the figures by set.
func measuredBlocks(m *models.Model) []panel.Block {
	if len(m.Measured) == 0 {
		return []panel.Block{{Heading: text.T("models.measured"), Words: text.T("models.measured.none"), Mood: panel.MoodQuiet}}
	}
	out := []panel.Block{{Heading: text.T("models.measured"), Words: text.T("models.measured.how"), Mood: panel.MoodQuiet}}
	for _, set := range m.Measured {
		b := panel.Block{Words: text.T("models.measured.on", text.Args{"Set": setName(set.Set), "Images": set.Images, "Groups": set.Groups})}
		for _, f := range set.Figures {
			b.Figures = append(b.Figures, panel.Figure{Name: text.T("models.figure." + f.Name), Value: concord.Estimate(f.Estimate)})
		}
		out = append(out, b)
	}
	return out
}

// setName is what people call a set of a model file.
func setName(set string) string {
	switch set {
	case "busi":
		return "BUSI"
	case "busbra":
		return "BUS-BRA"
	case "cases":
		return text.T("models.set.cases")
	case models.All:
		return text.T("models.set.all")
	}
	return set
}

// dataWords name what was learned from, with licences.
func dataWords(data []models.Source) string {
	var lines []string
	for _, d := range data {
		line := d.Name + ": " + d.Licence
		if d.URL == "" {
			line = text.T("models.card.data.own")
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}
