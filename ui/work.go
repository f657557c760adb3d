package ui

import (
	"context"
	"time"

	"echoline/ui/panel"
)

// work is what a page has done beside the window: one thing at a time, which can be stopped, and is told while it lasts.
type work struct {
	a    *App
	p    *panel.Page
	busy string  // what is under way; "" for nothing
	done float64 // how far it is, 0 to 1, where it tells
	ctx  context.Context
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
	ctx := w.begin(say)
	w.p.Refresh()
	w.a.working++
	go func() {
		err := do(ctx, w.progress)
		w.a.post(func() {
			w.a.working--
			w.ended(ctx, err, then)
		})
	}()
}

// onDisk runs beside the window what is short but for a drive that hangs: it is told only once it has taken a while, and Stop does not
// wait for the drive. do writes nothing more once ctx has ended; what it had written by then all the same is followed by then when the
// drive answers.
func (w *work) onDisk(say string, do func(ctx context.Context) error, then func()) {
	if w.busy != "" {
		return
	}
	ctx := w.begin(say)
	time.AfterFunc(toldAfter, func() {
		w.a.post(func() {
			if ctx.Err() == nil {
				w.refresh()
			}
		})
	})
	w.a.working++
	given := false // to the reader, who stopped it
	context.AfterFunc(ctx, func() {
		w.a.post(func() {
			if w.ctx == ctx {
				given = true
				w.ended(ctx, ctx.Err(), then)
			}
		})
	})
	go func() {
		err := do(ctx)
		w.a.post(func() {
			w.a.working--
			switch {
			case !given:
				w.ended(ctx, err, then)
			case err == nil:
				then()
			}
		})
	}()
}

// toldAfter is how long work on a drive takes before the page tells of it: what is done at once flickers otherwise.
const toldAfter = 200 * time.Millisecond

// begin notes that something is under way, until ended.
func (w *work) begin(say string) context.Context {
	ctx, end := context.WithCancel(context.Background())
	w.busy, w.done, w.ctx, w.end = say, 0, ctx, end
	return ctx
}

// ended notes that it is not any more.
func (w *work) ended(ctx context.Context, err error, then func()) {
	stopped := ctx.Err() != nil // asked before end, after which it always is
	w.busy, w.ctx = "", nil
	w.end()
	if err != nil && !stopped {
		w.a.fault(err)
	}
	if err == nil {
		then()
	}
	w.refresh()
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
