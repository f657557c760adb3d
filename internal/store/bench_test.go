package store

import (
	"database/sql"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"echoline/internal/durable"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// screen is a study of one frame of a usual size.
func screen() *study.Study {
	return &study.Study{Items: []*study.Item{{ID: still.Instance, Name: "a", W: 1024, H: 768, Frames: 1}}}
}

// stroke paints a stroke of 30 pointer positions round the edge of a lesion, the i-th of many.
func stroke(tb testing.TB, r *review.Review, i int) {
	tb.Helper()
	s, err := r.Begin(still, "brush", review.ByReader)
	if err != nil {
		tb.Fatal(err)
	}
	last := [2]float64{}
	for k := range 30 {
		a := float64(i)*0.7 + float64(k)/60
		at := [2]float64{510 + (140+float64(i%9))*math.Cos(a), 384 + (130+float64(i%7))*math.Sin(a)}
		if k > 0 {
			s.Fill(mask.Capsule(last[0], last[1], at[0], at[1], 12, 12), uint8(i%2))
		}
		last = at
	}
	if _, err := s.Commit(); err != nil {
		tb.Fatal(err)
	}
}

// lesion starts the frame with a model's result.
func lesion(tb testing.TB, r *review.Review) {
	tb.Helper()
	if err := r.SetPrediction(still, predicted(1024, 768, "m")); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkStroke is a whole stroke: 30 steps of the pointer, commit, journal on the disk.
func BenchmarkStroke(b *testing.B) {
	w := mustOpen(b, b.TempDir())
	r, err := w.Review(screen(), "kim")
	must(b, err)
	lesion(b, r)
	i := 0
	for b.Loop() {
		stroke(b, r, i)
		i++
	}
}

// BenchmarkAppend is the journal's part of a stroke.
func BenchmarkAppend(b *testing.B) {
	w := mustOpen(b, b.TempDir())
	m := &twin{}
	r := review.New(screen(), "kim", m)
	lesion(b, r)
	old := r.Frame(still).Labels
	stroke(b, r, 1)
	e := review.Entry{Reader: "kim", Key: still, W: 1024, H: 768, Kind: review.KindEdit, Name: "brush"}
	e.Labels = mask.Diff(old, r.Frame(still).Labels, old.Rect())
	j := w.Journal()
	for b.Loop() {
		e.N++
		if err := j.Append(&e); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkReplay is opening a review with 1,000 strokes on a frame of 1024×768.
func BenchmarkReplay(b *testing.B) {
	w := mustOpen(b, b.TempDir())
	r, err := w.Review(screen(), "kim")
	must(b, err)
	lesion(b, r)
	for i := range 1000 {
		stroke(b, r, i)
	}
	for b.Loop() {
		again, err := w.Review(screen(), "kim")
		must(b, err)
		if !again.Frame(still).Labels.Equal(r.Frame(still).Labels) {
			b.Fatal("differs")
		}
	}
}

// percentile is the p-th percentile, in ms, of some durations.
func percentile(took []time.Duration, p int) float64 {
	slices.Sort(took)
	return float64(took[(len(took)-1)*p/100].Microseconds()) / 1000
}

// burden works on every core and keeps the disk busy until the benchmark ends.
func burden(b *testing.B) {
	stop := make(chan struct{})
	var done sync.WaitGroup
	for range runtime.NumCPU() {
		done.Go(func() {
			for x := 1.0; ; x = math.Sqrt(x + 1) {
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	path := filepath.Join(b.TempDir(), "load")
	done.Go(func() {
		block := make([]byte, 4<<20)
		for {
			select {
			case <-stop:
				return
			default:
				_ = durable.WriteFile(path, block, 0o600) // it only has to keep the disk busy
			}
		}
	})
	b.Cleanup(func() { close(stop); done.Wait() })
}

// BenchmarkGesture is what a reader's finished gesture takes until it is on the disk: commit and journal. It must stay below
// 250 ms at the 99th percentile, also where every core and the disk are busy.
func BenchmarkGesture(b *testing.B) {
	for _, load := range []string{"quiet", "busy"} {
		b.Run(load, func(b *testing.B) {
			w := mustOpen(b, b.TempDir())
			r, err := w.Review(screen(), "kim")
			must(b, err)
			lesion(b, r)
			if load == "busy" {
				burden(b)
			}
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				began := time.Now()
				stroke(b, r, i)
				took = append(took, time.Since(began))
			}
			b.ReportMetric(percentile(took, 50), "ms-p50")
			b.ReportMetric(percentile(took, 99), "ms-p99")
		})
	}
}

// BenchmarkStart is the start after a kill with a big workspace: 60,000 strokes on 2,000 images, 300 of them with a
// prediction's maps, and opening the study of one day's 100 images. It must take less than 3 s.
func BenchmarkStart(b *testing.B) {
	const images, strokes, maps, today = 2000, 30, 300, 100
	dir := b.TempDir()
	w := mustOpen(b, dir)
	if _, err := w.db.Exec("PRAGMA synchronous = OFF"); err != nil {
		b.Fatal(err)
	}
	st := &study.Study{Title: "all"}
	for i := range images {
		st.Items = append(st.Items, &study.Item{ID: fmt.Sprint("1.2.", i), Name: "a", W: 1024, H: 768, Frames: 1})
	}
	m := &keeper{}
	r := review.New(&study.Study{Items: []*study.Item{{ID: still.Instance, W: 1024, H: 768, Frames: 1}}}, "kim", m)
	lesion(b, r)
	for i := range strokes {
		stroke(b, r, i)
	}
	must(b, w.write(func(tx *sql.Tx) error {
		if err := w.addReader(tx, "kim"); err != nil {
			return err
		}
		for _, it := range st.Items {
			var prev review.ID
			for _, e := range m.entries {
				e.Key.Instance, e.Prev = it.ID, prev
				content, marks, err := e.Content()
				if err != nil {
					return err
				}
				e.ID = review.Identify(&e, content, marks)
				prev = e.ID
				row, err := rowOf(&e)
				if err != nil {
					return err
				}
				if _, err := row.insert(tx); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	p := predicted(1024, 768, "m")
	for i := range maps {
		must(b, w.SavePrediction(review.Key{Instance: st.Items[i].ID}, p))
	}
	must(b, w.addStudy(st, "kim", []string{}))
	// As a kill leaves it: with a log that is not in the file yet.
	killed := filepath.Join(b.TempDir(), "killed")
	st.Items = st.Items[:today]
	var size int64
	for b.Loop() {
		b.StopTimer()
		os.RemoveAll(killed)
		if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
			b.Fatal(err)
		}
		info, err := os.Stat(filepath.Join(killed, fileName))
		must(b, err)
		size = info.Size()
		b.StartTimer()
		again, err := Open(killed)
		must(b, err)
		rev, err := again.Review(st, "kim")
		must(b, err)
		b.StopTimer()
		if len(rev.History(review.Key{Instance: st.Items[today-1].ID})) != len(m.entries) {
			b.Fatal("lost")
		}
		must(b, again.Close())
		b.StartTimer()
	}
	b.ReportMetric(float64(size)/1e6, "MB")
}

// BenchmarkDecisions sums up ten thousand cases of two readers, with two edits and a decision each.
func BenchmarkDecisions(b *testing.B) {
	w := mustOpen(b, memoryFolder(b))
	if _, err := w.db.Exec("PRAGMA synchronous = OFF"); err != nil {
		b.Fatal(err)
	}
	must(b, w.write(func(tx *sql.Tx) error {
		for _, reader := range []string{"kim", "lee"} {
			if err := w.addReader(tx, reader); err != nil {
				return err
			}
			for i := range 10_000 {
				var prev review.ID
				for n := range 3 {
					e := review.Entry{
						N: int64(n + 1), Prev: prev, Reader: reader, Key: review.Key{Instance: fmt.Sprint("item ", i)}, W: 64, H: 64,
						Kind: review.KindStatus, Status: review.Status(n % 2), Time: time.UnixMicro(int64(i*10 + n)),
					}
					identify(b, &e)
					prev = e.ID
					r, err := rowOf(&e)
					if err != nil {
						return err
					}
					if _, err := r.insert(tx); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}))
	for b.Loop() {
		if got, err := w.Decisions(); err != nil || len(got) != 20_000 {
			b.Fatal(len(got), err)
		}
	}
}
