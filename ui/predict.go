package ui

import (
	"context"
	"fmt"

	"echoline/inference"
	"echoline/internal/review"
	"echoline/internal/text"
)

// request asks the model for frame k, in the background.
func (a *App) request(s *session, k review.Key) {
	it := s.byID(k.Instance)
	load := func(context.Context) (inference.Image, error) {
		f, err := it.Frame(k.Frame)
		if err != nil {
			return inference.Image{}, err
		}
		return inference.Image{W: f.W, H: f.H, Grey: f.Luma()}, nil
	}
	s.worker.Request(k, load, inference.Guidance{}, func(p *inference.Prediction, err error) {
		if s.gone {
			return
		}
		if err == nil {
			a.keepPrediction(k, p)
		}
		a.predictionCame(s, k, p, err)
	})
	if s.item != nil && k == s.key() {
		s.worker.Prioritise(k)
	}
}

// keepPrediction stores a prediction so that the next start has it at once. Losing it costs a model run, no work.
func (a *App) keepPrediction(k review.Key, p *inference.Prediction) {
	ws := a.ws
	go func() {
		if err := ws.SavePrediction(k, p); err != nil {
			a.log.Warn("prediction not stored", "err", err)
		}
	}()
}

// predictionCame takes in the model's answer for one frame.
func (a *App) predictionCame(s *session, k review.Key, p *inference.Prediction, err error) {
	if err != nil {
		s.failed[k] = err
		a.log.Error("predict", "item", k.Instance, "frame", k.Frame, "err", err)
	} else {
		a.attach(s, k, p)
	}
	s.predicted[k] = true
	a.log.Debug("window", "event", "prediction", "item", k.Instance, "frame", k.Frame, "stored", err == nil)
	a.predictionProgress(s)
	a.updateRow(k.Instance)
	if s.item != nil && k == s.key() {
		a.refreshFrame()
	}
}

// attach gives the review a prediction, and lets the maps of the frame that was not looked at for longest go.
func (a *App) attach(s *session, k review.Key, p *inference.Prediction) {
	first := !s.predicted[k]
	if err := s.review.SetPrediction(k, p); err != nil {
		a.journalFailed(err)
	}
	if first {
		s.scale.add(s.review.Contours(k), s.byID(k.Instance))
	}
	if drop, ok := s.touchMap(k); ok {
		s.review.DropPrediction(drop)
	}
}

// predictionProgress shows how far the model is, and settles the colour scale when it is through.
func (a *App) predictionProgress(s *session) {
	done := len(s.predicted)
	if done < s.total {
		a.list.SetProgress(done, s.total, text.T("app.predicting"), nil)
		return
	}
	a.list.SetProgress(0, 0, "", nil)
	s.scale.settle()
	for id := range s.rows {
		a.updateRow(id)
	}
	a.resort()
	a.refreshFrame()
	a.log.Debug("window", "event", "predictions-done", "frames", s.total)
}

// recall brings back the maps of a frame that were let go, from the workspace.
func (a *App) recall(s *session, k review.Key) {
	if a.predictor == nil || !s.predicted[k] || s.failed[k] != nil || s.review.Frame(k).Prediction != nil {
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
				a.attach(s, k, p)
				if k == s.key() {
					a.refreshFrame()
				}
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
	return text.T("app.nolesion", text.Args{"Percent": fmt.Sprintf("%.0f", 100*p.Present)})
}
