package ui

import (
	"context"

	"echoline/ui/panel"
)

// work is what a page has done beside the window: one thing at a time, which can be stopped, and is told while it lasts.
type work struct {
	a    *App
	p    *panel.Page
	busy string  // what is under way; "" for nothing
	done float64 // how far it is, 0 to 1, where it tells
	end  context.CancelFunc
}

// gone tells whether another page, or the image, took the place of this one.
func (w *work) gone() bool { return w.a.page != w.p }

// beside runs something long beside the window. say is what it is; do gets how to tell how far it is; then follows on the window's
// goroutine where it went well. What goes wrong is said, unless it was stopped.
func (w *work) beside(say string, do func(ctx context.Context, progress func(done, total int)) error, then func()) {
	if w.busy != "" {
		return
	}
	ctx, end := context.WithCancel(context.Background())
	w.busy, w.done, w.end = say, 0, end
	w.p.Refresh()
	w.a.working++
	go func() {
		err := do(ctx, w.progress)
		w.a.post(func() {
			w.a.working--
			stopped := ctx.Err() != nil // asked before end, after which it always is
			end()
			w.busy = ""
			if err != nil && !stopped {
				w.a.fault(err)
			}
			if err == nil {
				then()
			}
			w.refresh()
		})
	}()
}

// progress is called by the work, and tells the window at most each per cent.
func (w *work) progress(done, total int) {
	if total < 1 || done%max(total/100, 1) != 0 {
		return
	}
	w.a.post(func() {
		w.done = float64(done) / float64(total)
		w.refresh()
	})
}

func (w *work) refresh() {
	if !w.gone() {
		w.p.Refresh()
	}
}

func (w *work) stop() {
	if w.end != nil {
		w.end()
	}
}
