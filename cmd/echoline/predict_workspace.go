package main

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"echoline/inference"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
	"echoline/internal/text"
)

// predictInto leaves predictions in a workspace as the viewer does: stored for everyone, and as the mask of each frame on
// which the reader did nothing yet. Frames that this model predicted before are not predicted again.
func predictInto(ctx context.Context, o predictOptions, st *study.Study, b *batch, tasks []frameTask) error {
	ws, err := store.Open(o.workspace)
	if err != nil {
		return err
	}
	defer ws.Close()
	reader, err := readerOf(ws, o.reader)
	if err != nil {
		return err
	}
	r, err := ws.Review(st, reader)
	if err != nil {
		return err
	}
	k := workspaceKeeper{ws: ws, review: r}
	b.keep = k.keep
	open := tasks[:0:0]
	for _, t := range tasks {
		p, err := ws.Prediction(t.key(), b.predictor.Info().SHA256)
		if err != nil {
			return err
		}
		if p == nil {
			open = append(open, t)
			continue
		}
		if err := k.take(t, p); err != nil {
			b.report.fail(named(err, t.name))
			continue
		}
		b.report.step(t.name, int(b.done.Add(1)), len(tasks))
	}
	if err := b.run(ctx, open); err != nil {
		return err
	}
	return r.Flush()
}

// readerOf is whose review gets the masks: the one named, or the only one there is; "" where nobody read here yet.
func readerOf(ws *store.Workspace, named string) (string, error) {
	if named != "" {
		return named, nil
	}
	readers, err := ws.Readers()
	switch {
	case err != nil:
		return "", err
	case len(readers) > 1:
		return "", fmt.Errorf("%w: %s", errUsage, text.T("predict.usage.reader", text.Args{"Readers": strings.Join(readers, ", ")}))
	case len(readers) == 1:
		return readers[0], nil
	}
	return "", nil
}

// key names the frame in a review.
func (t frameTask) key() review.Key { return review.Key{Instance: t.item.ID, Frame: t.frame} }

// workspaceKeeper keeps predictions in a workspace. A review serves one goroutine, so it takes turns.
type workspaceKeeper struct {
	mu     sync.Mutex
	ws     *store.Workspace
	review *review.Review
}

// keep stores a new prediction.
func (k *workspaceKeeper) keep(t frameTask, p *inference.Prediction) error {
	if err := k.ws.SavePrediction(t.key(), p); err != nil {
		return err
	}
	return k.take(t, p)
}

// take gives a prediction to the review, and lets its maps go again.
func (k *workspaceKeeper) take(t frameTask, p *inference.Prediction) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	err := k.review.SetPrediction(t.key(), p)
	k.review.DropPrediction(t.key())
	return err
}
