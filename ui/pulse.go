package ui

import (
	"context"
	"log/slog"
	"time"
)

// The pulse asks the window for a sign of life each pulseEvery, and tells the longest wait of each pulseReport in the log.
const (
	pulseEvery  = 10 * time.Millisecond
	pulseReport = time.Second
)

// watchPulse logs how long the window's goroutine lets others wait, when the log takes details: a window that stands still
// shows there, whatever held it up.
func (a *App) watchPulse() {
	if !a.log.Enabled(context.Background(), slog.LevelDebug) {
		return
	}
	go func() {
		worst, since := time.Duration(0), time.Now()
		for {
			asked := time.Now()
			answered := make(chan struct{})
			a.post(func() { close(answered) })
			<-answered
			worst = max(worst, time.Since(asked))
			if time.Since(since) >= pulseReport {
				a.log.Debug("window", "event", "pulse", "worst_ms", worst.Milliseconds())
				worst, since = 0, time.Now()
			}
			time.Sleep(pulseEvery)
		}
	}()
}
