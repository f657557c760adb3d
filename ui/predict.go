package ui

import (
	"context"
	"fmt"
	"io"
	"math"
	"sync"

	"echoline/inference"
	"echoline/internal/review"
	"echoline/internal/study"
	"echoline/internal/text"
)

// oneByOne lets a predictor do one frame at a time: the worker of a study that was closed may still be at its last one
// when the next study's begins.
type oneByOne struct {
	inference.Predictor
	mu     sync.Mutex
	closed bool
}

// Predict implements inference.Predictor.
func (p *oneByOne) Predict(ctx context.Context, im inference.Image, g inference.Guidance) (*inference.Prediction, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if p.closed {
		return nil, context.Canceled
	}
	return p.Predictor.Predict(ctx, im, g)
}

// close lets the model go, after the frame that it is at: it may be one of a study that was closed.
func (p *oneByOne) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	if c, ok := p.Predictor.(io.Closer); ok {
		_ = c.Close() // it was only read from
	}
}

// startPredictions gets every frame's prediction by the model, from the workspace or else from the model itself, stills
// and first frames first. It waits for the window after each that was stored: thousands at once would freeze it.
func (a *App) startPredictions() {
	s := a.sess
	if a.predictor == nil || s.worker != nil || s.docket != nil { // a consensus starts from readers, not from a model
		return
	}
	s.worker = inference.NewWorker(a.predictor, a.post)
	keys := predictionOrder(s.study)
	ws, sha, round := a.ws, a.predictor.Info().SHA256, s.round
	go func() {
		for _, k := range keys {
			p, err := ws.Prediction(k, sha)
			if s.ctx.Err() != nil {
				return
			}
			if err != nil {
				a.log.Warn("stored prediction", "err", err)
			}
			if !a.postWait(s.ctx, func() {
				if s.round != round {
					return // another model is at it
				}
				if p != nil {
					a.predictionCame(s, k, p, nil)
				} else {
					a.request(s, k)
				}
			}) {
				return
			}
		}
	}()
}

// predictionOrder is the first frame of every item, then the rest of the cines.
func predictionOrder(st *study.Study) []review.Key {
	var keys []review.Key
	for _, it := range st.Items {
		keys = append(keys, review.Key{Instance: it.ID})
	}
	for _, it := range st.Items {
		for i := 1; i < it.Frames; i++ {
			keys = append(keys, review.Key{Instance: it.ID, Frame: i})
		}
	}
	return keys
}

// request asks the model for frame k, in the background.
func (a *App) request(s *session, k review.Key) {
	it, round := s.items[k.Instance], s.round
	load := func(context.Context) (inference.Image, error) {
		f, err := it.Frame(k.Frame)
		if err != nil {
			return inference.Image{}, err
		}
		return inference.Image{W: f.W, H: f.H, Grey: f.Luma()}, nil
	}
	s.worker.Request(k, load, inference.Guidance{}, func(p *inference.Prediction, err error) {
		if s.gone || s.round != round {
			return
		}
		if err == nil {
			a.keepPrediction(k, p)
		}
		a.predictionCame(s, k, p, err)
	})
	if s.want != nil && k == (review.Key{Instance: s.want.ID, Frame: s.wantIndex}) {
		s.worker.Prioritise(k)
	}
}

// keepPrediction stores a prediction so that the next start has it at once. Losing it costs a model run, no work. One is
// stored at a time: a stroke that ends meanwhile waits for no more than that one.
func (a *App) keepPrediction(k review.Key, p *inference.Prediction) {
	ws := a.ws
	go func() {
		a.keeping.Lock()
		defer a.keeping.Unlock()
		if err := ws.SavePrediction(k, p); err != nil {
			a.log.Warn("prediction not stored", "err", err)
		}
	}()
}

// predictionCame takes in the model's answer for one frame.
func (a *App) predictionCame(s *session, k review.Key, p *inference.Prediction, err error) {
	if err == nil {
		err = a.attach(s, k, p)
	}
	if err != nil {
		s.failed[k] = err
		a.log.Error("predict", "item", k.Instance, "frame", k.Frame, "err", err)
	}
	s.predicted[k] = true
	a.log.Debug("window", "event", "prediction", "item", k.Instance, "frame", k.Frame, "stored", err == nil)
	a.rowLater(s, k.Instance)
	a.markStrip(k)
	a.predictionProgress(s)
	a.showAnswer(s, k)
}

// showAnswer shows what the model says of frame k, if it is on show.
func (a *App) showAnswer(s *session, k review.Key) {
	if !s.shows(k) {
		return
	}
	if s.waited == k && a.page == nil { // the reader was told to wait
		s.waited = review.Key{}
		a.status.SetHint(a.imageHint())
	}
	a.refreshFrame()
}

// attach gives the review a prediction, and lets the maps of the frames that were not looked at for longest go.
func (a *App) attach(s *session, k review.Key, p *inference.Prediction) error {
	if a.readsBlind(k) { // it waits in the workspace
		return nil
	}
	p = a.calibration.Apply(p)
	first := !s.predicted[k]
	if !math.IsNaN(p.ExpectedDice) {
		s.doubt[k] = 1 - p.ExpectedDice
	}
	s.attaching = true
	err := s.review.SetPrediction(k, p)
	s.attaching = false
	if s.review.Unsaved() > 0 {
		a.journalFailed(err)
	} else if err != nil {
		return err
	}
	if first {
		s.scale.add(s.review.Contours(k), s.items[k.Instance])
	}
	for _, drop := range s.touchMap(k, mapBytes(p)) {
		s.review.DropPrediction(drop)
	}
	return nil
}

// predictionProgress shows how far the model is. Once it is through the colour scale and the order of the work list are
// settled: later answers, for frames that are asked for again, must not move what somebody works on.
func (a *App) predictionProgress(s *session) {
	done := len(s.predicted)
	switch {
	case s.settled:
		return
	case done < s.total:
		a.list.SetProgress(done, s.total, text.T("app.predicting", text.Args{"Done": done, "Total": s.total}), nil)
		return
	}
	s.settled = true
	a.list.SetProgress(0, 0, "", nil)
	s.scale.settle()
	for id := range s.rows {
		a.updateRow(id)
	}
	a.resort()
	a.refreshStrip()
	a.refreshFrame()
	a.reckonTrust()
	a.log.Debug("window", "event", "predictions-done", "frames", s.total)
}

// recall brings back the maps of a frame that were let go, from the workspace.
func (a *App) recall(s *session, k review.Key) {
	if a.predictor == nil || s.docket != nil || !s.predicted[k] || s.failed[k] != nil || s.review.Frame(k).Prediction != nil || a.readsBlind(k) {
		return
	}
	ws, sha := a.ws, a.predictor.Info().SHA256
	go func() {
		p, err := ws.Prediction(k, sha)
		a.post(func() {
			switch {
			case s.gone:
			case err != nil || p == nil:
				a.request(s, k)
			default:
				if err := a.attach(s, k, p); err != nil {
					a.log.Error("predict", "item", k.Instance, "frame", k.Frame, "err", err)
				}
				a.showAnswer(s, k)
			}
		})
	}()
}

// noLesion is what the viewport says where the model found nothing and nobody drew anything.
func (a *App) noLesion(f *review.Frame) string {
	p := f.Prediction
	if p == nil || len(a.sess.review.Contours(f.Key)) > 0 {
		return ""
	}
	key := "app.nolesion"
	if p.Model.Guided {
		key = "ask.nolesion"
	}
	return text.T(key, text.Args{"Percent": fmt.Sprintf("%.0f", 100*p.Present)})
}
