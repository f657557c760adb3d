package ui

import (
	"context"
	"time"
)

// defaultFrameTime is the pace of cines that do not give their own.
const defaultFrameTime = 40 * time.Millisecond

// player shows a cine's frames one after the other.
type player struct {
	speed float64
	stop  func() // nil while it stands still
}

// togglePlaying starts or stops the cine.
func (a *App) togglePlaying() {
	if a.playing() {
		a.stopPlaying()
		return
	}
	a.play()
}

// play runs the cine in a loop, or the range chosen of it, from the frame on show. Frames that the machine cannot show in time are left out, so that
// the pace stays true.
func (a *App) play() {
	s := a.sess
	if s == nil || s.item == nil || s.item.Frames < 2 || !s.shown {
		return
	}
	recorded := s.item.FrameTime
	if recorded <= 0 {
		recorded = defaultFrameTime
	}
	step := time.Duration(float64(recorded) / a.player.speed)
	ctx, stop := context.WithCancel(s.ctx)
	a.player.stop = stop
	a.strip.SetPlaying(true)
	a.inspector.SetPlaying(true)
	from, begun := s.index, time.Now()
	go func() {
		tick := time.NewTicker(max(step, 16*time.Millisecond))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			a.postWait(ctx, func() {
				played := time.Duration(float64(time.Since(begun)) * a.player.speed)
				a.showFrame(a.playFrame(from, played, recorded))
			})
		}
	}()
}

// playing tells whether the cine runs.
func (a *App) playing() bool { return a.player.stop != nil }

// stopPlaying leaves the cine at the frame on show.
func (a *App) stopPlaying() {
	if !a.playing() {
		return
	}
	a.player.stop()
	a.player.stop = nil
	a.strip.SetPlaying(false)
	a.inspector.SetPlaying(false)
	s := a.sess
	s.want, s.wantIndex, s.shown = s.item, s.index, true
	a.status.SetRest(a.imageHint())
	a.settle()
}

// setSpeed changes the pace, also while playing.
func (a *App) setSpeed(x float64) {
	a.player.speed = x
	if a.playing() {
		a.stopPlaying()
		a.play()
	}
}

// seek shows frame i and stands still there.
func (a *App) seek(i int) {
	a.stopPlaying()
	a.showFrame(i)
}
