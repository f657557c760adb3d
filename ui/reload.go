package ui

import (
	"errors"

	"echoline/internal/fault"
	"echoline/internal/models"
	"echoline/internal/review"
)

// reloadModel loads the model that is in use now, and has it outline the study on show anew. What readers did stays.
func (a *App) reloadModel() {
	s, old := a.sess, a.predictor
	var release func()
	if one, ok := old.(*oneByOne); ok {
		release = one.close
	}
	if s != nil && s.worker != nil {
		worker := s.worker
		s.worker = nil
		s.round++
		s.predicted, s.failed, s.doubt = map[review.Key]bool{}, map[review.Key]error{}, map[review.Key]float64{}
		s.settled, s.scale = false, newErrorScale()
		go func() {
			worker.Close()
			if release != nil {
				release()
			}
		}()
	} else if release != nil {
		go release()
	}
	if a.reckoning != nil {
		a.reckoning()
		a.reckoning = nil
	}
	a.predictor, a.modelErr, a.trust, a.calibration, a.standsIn = nil, nil, trust{}, nil, false
	a.lower(alertModel)
	a.loadModel()
}

// standsInFor tells whether err is that of a model that serves in the place of one that could not be read. That may come back with its
// drive; one that cannot be run stays so.
func standsInFor(err error) bool {
	var f *fault.Error
	if !errors.As(err, &f) || f.Code != models.CodeFallback {
		return false
	}
	switch fault.CodeOf(f.Cause) {
	case models.CodeState, models.CodeMissing, models.CodeDamaged:
		return true
	}
	return false
}

// lookAgain puts the model that a person chose back into use once it can be read, where another stands in for it. It is called with
// each study and each look at the models.
func (a *App) lookAgain() {
	if !a.standsIn || a.lookingAgain {
		return
	}
	a.lookingAgain = true
	shelf := models.Of(a.cfg.Workspace)
	go func() {
		_, err := shelf.Current()
		a.post(func() {
			a.lookingAgain = false
			if err == nil && a.standsIn {
				a.log.Debug("window", "event", "model-back")
				a.reloadModel()
			}
		})
	}()
}
