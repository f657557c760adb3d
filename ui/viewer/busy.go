package viewer

import (
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"echoline/ui/theme"
)

// The busy line: a short light that runs along the top edge in steps. Every step redraws the window, so there are few:
// the processor is needed for what the reader waits for.
const (
	busyHeight = 2
	busyRun    = 1600 * time.Millisecond
	busySteps  = 20
	busyShare  = 0.2
	busyAfter  = 150 * time.Millisecond // shorter waits go unmarked
)

// busyLine is a thin line on top of the image that says that work is going on.
type busyLine struct {
	light *canvas.Rectangle
	run   *fyne.Animation // nil where nothing is going on
	width float32
}

func newBusyLine() *busyLine {
	b := &busyLine{light: canvas.NewRectangle(theme.Dark().Accent)}
	b.light.Hide()
	return b
}

// set starts or stops the line.
func (b *busyLine) set(on bool) {
	if on == (b.run != nil) {
		return
	}
	if !on {
		b.run.Stop()
		b.run = nil
		b.light.Hide()
		return
	}
	since, last := time.Now(), -1
	still := !fyne.CurrentApp().Settings().ShowAnimations()
	b.run = &fyne.Animation{Duration: busyRun, RepeatCount: fyne.AnimationRepeatForever, Curve: fyne.AnimationLinear}
	b.run.Tick = func(done float32) {
		step := int(done * busySteps)
		if step == last || b.run == nil || time.Since(since) < busyAfter {
			return
		}
		last = step
		b.step(float32(step)/busySteps, still)
	}
	b.run.Start()
}

// step puts the light at done of its way, or over the whole width where nothing may move.
func (b *busyLine) step(done float32, still bool) {
	if still {
		place(b.light, 0, 0, b.width, busyHeight)
	} else {
		place(b.light, (done*(1+busyShare)-busyShare)*b.width, 0, busyShare*b.width, busyHeight)
	}
	show(true, b.light)
}
