//go:build unix

package worker

import (
	"runtime"
	"syscall"
	"testing"
	"time"

	"echoline/internal/study"
)

// TestOverhead holds the price of the other processes, their start included, against reading in this one: opening a folder
// of 2,000 files. It counts the processors' time, of which a busy machine takes nothing away.
func TestOverhead(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	dir := folder(t, 2000)
	var direct, apart time.Duration
	for range 3 {
		study.Use(study.Direct{})
		from := used(t)
		openFolder(t, dir)
		if d := used(t) - from; direct == 0 || d < direct {
			direct = d
		}
		from = used(t)
		p := newDecoders(t)
		study.Use(p)
		openFolder(t, dir)
		study.Use(study.Direct{})
		p.Close() // from here on its time counts
		if d := used(t) - from; apart == 0 || d < apart {
			apart = d
		}
	}
	ratio := float64(apart) / float64(direct)
	t.Logf("%v of processors' time, directly %v: %.2f times", apart, direct, ratio)
	if ratio > 2.5 { // 1.3 to 1.5 when this was written
		t.Errorf("%.2f times as much as directly", ratio)
	}
}

func openFolder(t *testing.T, dir string) {
	t.Helper()
	if st := openAll(t, dir); len(st.Items) != 2000 {
		t.Fatalf("%d items, refused %v", len(st.Items), st.Refused)
	}
}

// used is the processors' time of this process and of its children that have ended.
func used(t *testing.T) time.Duration {
	t.Helper()
	var sum time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if err := syscall.Getrusage(who, &u); err != nil {
			t.Fatal(err)
		}
		sum += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	return sum
}

// BenchmarkStart is what the first file waits for.
func BenchmarkStart(b *testing.B) {
	p := newDecoders(b)
	defer p.Close()
	for b.Loop() {
		w, err := p.start()
		if err != nil {
			b.Fatal(err)
		}
		_ = w.end() // it was killed
	}
}

// childPeak is the most memory, in bytes, that a child which has ended took.
func childPeak(t *testing.T) int64 {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		t.Fatal(err)
	}
	if runtime.GOOS == "darwin" {
		return u.Maxrss
	}
	return u.Maxrss << 10
}
