package panel

import (
	"strconv"
	"strings"

	"fyne.io/fyne/v2"

	"echoline/internal/text"
)

// Calibration is the card that asks how long a line is in truth.
type Calibration struct {
	Length   string  // of the line by the scale in force, as people read it
	MM       float64 // what the answer starts as; 0: empty
	OnDone   func(mm float64) error
	OnRemove func() // takes the calibration away; nil where there is none
}

// ShowCalibration asks for the length of a line in mm. It closes when OnDone takes the answer, and else says what is wrong.
func ShowCalibration(w fyne.Window, q Calibration) *Card {
	start := ""
	if q.MM > 0 {
		start = strconv.FormatFloat(q.MM, 'f', -1, 64)
	}
	mm := newField(start)
	note := newParagraph(say("panel.calibrate.kept"), roleQuiet, quietSize+1)
	take := newButton("", say("panel.calibrate.take"), primary, nil)
	c := newCard(w, say("panel.calibrate.title"), 440, newColumn(pad, 0,
		newParagraph(say("panel.calibrate.what", text.Args{"Length": q.Length}), roleText, textSize),
		caption("panel.calibrate.mm", mm),
		note,
	))
	take.onTap = func() {
		v, err := strconv.ParseFloat(strings.Replace(strings.TrimSpace(mm.Text), ",", ".", 1), 64)
		if err == nil {
			err = q.OnDone(v)
		} else {
			err = q.OnDone(0) // what is no number is no length
		}
		if err != nil {
			note.say, note.role = fixed(text.Fault(err)), roleBad
			c.Refresh()
			return
		}
		c.Close()
	}
	mm.onEnter = func() { take.Tapped(nil) }
	c.buttons = []*button{c.closeButton(sayCancel), take}
	if q.OnRemove != nil {
		remove := newButton("", say("panel.calibrate.remove"), plain, func() { c.Close(); q.OnRemove() })
		c.buttons = append([]*button{remove}, c.buttons...)
	}
	return c.show(mm)
}
