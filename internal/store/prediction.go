package store

import (
	"database/sql"
	"errors"
	"time"

	"echoline/inference"
	"echoline/internal/fault"
	"echoline/internal/review"
)

// SavePrediction keeps a model's result for a frame, in place of an earlier one of the same model.
func (w *Workspace) SavePrediction(k review.Key, p *inference.Prediction) error {
	data, err := pack(p)
	if err != nil {
		return fault.New(CodePrediction, w.dir, err, nil)
	}
	return w.write(func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO predictions (item, frame, model, time, data) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (item, frame, model) DO UPDATE SET time = excluded.time, data = excluded.data`,
			k.Instance, k.Frame, p.Model.SHA256, micros(time.Now()), data)
		return err
	})
}

// Prediction returns what a model, by its file's SHA-256, said about a frame: the mask exactly, contours to a hundredth
// of a pixel, probability to 1/65535 and scale to a thousandth. It is nil where nothing is stored; the fault CodePrediction where it is damaged.
func (w *Workspace) Prediction(k review.Key, modelSHA string) (*inference.Prediction, error) {
	return w.prediction(`SELECT data FROM predictions WHERE item = ? AND frame = ? AND model = ?`, k.Instance, k.Frame, modelSHA)
}

// LastPrediction is Prediction for the model that predicted the frame last.
func (w *Workspace) LastPrediction(k review.Key) (*inference.Prediction, error) {
	return w.prediction(`SELECT data FROM predictions WHERE item = ? AND frame = ? ORDER BY time DESC LIMIT 1`, k.Instance, k.Frame)
}

// Recall is Prediction, or LastPrediction where no model is named, for those who can do without: it is nil also where what is
// stored is damaged.
func (w *Workspace) Recall(k review.Key, modelSHA string) *inference.Prediction {
	ask := func() (*inference.Prediction, error) { return w.Prediction(k, modelSHA) }
	if modelSHA == "" {
		ask = func() (*inference.Prediction, error) { return w.LastPrediction(k) }
	}
	p, err := ask()
	if err != nil {
		return nil
	}
	return p
}

func (w *Workspace) prediction(query string, args ...any) (*inference.Prediction, error) {
	var data []byte
	err := w.conn().QueryRow(query, args...).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, storeFault(w.dir, err)
	}
	p, err := unpack(data)
	if err != nil {
		return nil, fault.New(CodePrediction, w.dir, err, nil)
	}
	return p, nil
}
