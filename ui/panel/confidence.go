package panel

import (
	"math"
	"strconv"

	"fyne.io/fyne/v2"

	"echoline/internal/text"
	"echoline/ui/keys"
)

// Confidence is what the model thinks of the image and how much of that a reader has reviewed.
type Confidence struct {
	Model       string  // name and version; "" where there is no model
	Loading     bool    // there will be one soon
	Readers     string  // what the mask was made from where no model has a part in it; else ""
	Calibrated  bool    // whether its expected error was calibrated
	Probability float64 // that there is a lesion, 0..1; NaN where unknown
	Dice        float64 // that the model expects of its own outline, 0..1; NaN where it does not say
	Expected    float64 // mean expected error in Unit; NaN where unknown
	Reviewed    float64 // share of the boundary, 0..1; NaN where there is no boundary
	Study       float64 // share of the boundary of the whole study that was reviewed, 0..1; NaN where there is no more to it
	WeakArcs    int     // left to review; negative where unknown
	Unit        string  // "mm" or "px"
	Weak        float64 // expected error from which a boundary point counts as weak, in Unit
	WeakMax     float64 // end of its slider, in Unit
	Note        string  // a sentence that matters more than the numbers: no lesion, refused, model missing; "" for none
}

func (p *Inspector) confidenceSection() fyne.CanvasObject {
	p.weakValue = newLabel(fixed(""), roleText, textSize)
	p.weak = newSlider(func(v float64) {
		p.confidence.Weak = v
		p.showWeak()
		call(p.OnWeak, v)
	}, func(v float64) { call(p.OnWeakEnd, v) })
	p.weak.scale = true
	ask := newButton("circle-question-mark", say("consult.button"), flat, func() {
		if p.OnAsk != nil {
			p.OnAsk()
		}
	})
	ask.left = true
	ask.hint = keys.Consult.Hint
	ask.onHint = func(s string) { call(p.OnHint, s) }
	return section("panel.confidence.title", p.note, p.facts, named("panel.confidence.weak_limit", p.weakValue, p.weak), ask)
}

// SetConfidence shows the model's confidence.
func (p *Inspector) SetConfidence(c Confidence) {
	p.confidence = c
	p.note.set(c.Note)
	setVisible(p.note, c.Note != "")
	p.facts.set(confidenceFacts(c))
	p.weak.set(0, c.WeakMax, c.Weak)
	p.showWeak()
	p.scroll.Refresh()
}

func (p *Inspector) showWeak() { p.weakValue.set(quantity(p.confidence.Weak, p.confidence.Unit)) }

func confidenceFacts(c Confidence) []fact {
	f := []fact{{key: "panel.confidence.model", value: c.Model}}
	if c.Readers != "" {
		f = []fact{{key: "judge.origin", value: c.Readers}}
		if !math.IsNaN(c.Reviewed) {
			f = append(f, fact{key: "panel.confidence.reviewed", ofFrame: true, value: percent(c.Reviewed), role: roleText})
		}
		return f
	}
	if c.Model == "" && c.Loading {
		f[0].value, f[0].role = text.T("panel.confidence.loading"), roleQuiet
		return f
	}
	if c.Model == "" {
		f[0].value = text.T("panel.confidence.no_model")
		f[0].role = roleWarn
		return f
	}
	cal := fact{key: "panel.confidence.calibration", value: text.T("panel.confidence.calibrated"), role: roleText}
	if !c.Calibrated {
		cal.value, cal.role = text.T("panel.confidence.not_calibrated"), roleWarn
	}
	f = append(f, cal)
	if !math.IsNaN(c.Probability) {
		f = append(f, fact{key: "panel.confidence.probability", ofFrame: true, value: percent(c.Probability), role: roleText})
	}
	if !math.IsNaN(c.Dice) {
		f = append(f, diceFact(c.Dice))
	}
	if !math.IsNaN(c.Expected) {
		f = append(f, fact{key: "panel.confidence.expected", ofFrame: true, value: quantity(c.Expected, c.Unit), role: roleText})
	}
	if !math.IsNaN(c.Reviewed) {
		f = append(f, fact{key: "panel.confidence.reviewed", ofFrame: true, value: percent(c.Reviewed), role: roleText})
	}
	if !math.IsNaN(c.Study) {
		f = append(f, fact{key: "arcs.confidence.study", value: percent(c.Study), role: roleText})
	}
	if c.WeakArcs >= 0 {
		left := fact{key: "panel.confidence.weak_left", ofFrame: true, value: strconv.Itoa(c.WeakArcs), role: roleWeak}
		if c.WeakArcs == 0 {
			left.role = roleGood
		}
		f = append(f, left)
	}
	return f
}

// The Dice from which an outline is called very good, good, middling.
const (
	diceVeryGood = 0.9
	diceGood     = 0.8
	diceMiddling = 0.65
)

// diceFact says in a number and in words how good the model thinks its outline is.
func diceFact(d float64) fact {
	f := fact{key: "arcs.confidence.dice", ofFrame: true, role: roleText}
	word := "poor"
	switch {
	case d >= diceVeryGood:
		word = "very_good"
	case d >= diceGood:
		word = "good"
	case d >= diceMiddling:
		word = "middling"
	default:
		f.role = roleWarn
	}
	f.value = strconv.FormatFloat(d, 'f', 2, 64) + " · " + text.T("arcs.confidence.dice."+word)
	return f
}

// Confidence is what SetConfidence was given last.
func (p *Inspector) Confidence() Confidence { return p.confidence }

// SetPlaying says whether a cine plays. What is known of one frame is not shown then, for it is not told anew with each frame
// and would be taken for that of the frame on show. All keeps its place, so that nothing jumps.
func (p *Inspector) SetPlaying(on bool) {
	p.playing, p.facts.veiled, p.measures.veiled = on, on, on
	if p.note.role = roleText; on {
		p.note.role = roleNone
	}
	for _, o := range []fyne.CanvasObject{p.facts, p.measures, p.note} {
		o.Refresh()
	}
	p.history.changed()
}
