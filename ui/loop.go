package ui

import (
	"time"

	"echoline/internal/study"
	"echoline/internal/text"
)

// loopOf is the range of frames, from and to included, that the cine on show plays round and round: all of them until the
// reader chose some.
func (s *session) loopOf(it *study.Item) (from, to int) {
	if r, ok := s.loops[it.ID]; ok {
		return r[0], r[1]
	}
	return 0, it.Frames - 1
}

// loopFrom makes the frame on show the first of the range, loopTo the last.
func (a *App) loopFrom() { a.loop(func(from, to *int, at int) { *from, *to = at, max(*to, at) }) }
func (a *App) loopTo()   { a.loop(func(from, to *int, at int) { *from, *to = min(*from, at), at }) }

func (a *App) loop(change func(from, to *int, at int)) {
	s := a.sess
	if s == nil || s.item == nil || s.item.Frames < 2 {
		return
	}
	from, to := s.loopOf(s.item)
	change(&from, &to, s.index)
	a.setLoop(from, to)
}

// setLoop plays only the frames from … to of the cine on show; all of them where that is all.
func (a *App) setLoop(from, to int) {
	s := a.sess
	if s == nil || s.item == nil || s.item.Frames < 2 {
		return
	}
	from, to = max(min(from, to), 0), min(max(from, to), s.item.Frames-1)
	if from == 0 && to == s.item.Frames-1 {
		delete(s.loops, s.item.ID)
		a.status.SetHint(text.T("app.loop.all"))
	} else {
		s.loops[s.item.ID] = [2]int{from, to}
		a.status.SetHint(text.T("app.loop.range", text.Args{"From": from + 1, "To": to + 1}))
	}
	a.strip.SetLoop(from, to)
	if a.playing() {
		a.stopPlaying()
		a.play()
	}
}

// loopAll plays the whole cine again.
func (a *App) loopAll() { a.setLoop(0, int(^uint(0)>>1)) }

// playFrame is the frame that the cine shows after it has played for so long from frame from on. One outside the range is
// left for its beginning.
func (a *App) playFrame(from int, played, recorded time.Duration) int {
	it := a.sess.item
	first, last := a.sess.loopOf(it)
	if from < first || from > last {
		from = first
	}
	return it.FrameAfter(from, first, last, played, recorded)
}
