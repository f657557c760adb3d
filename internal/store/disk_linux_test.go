//go:build amd64 || arm64

package store

import (
	"testing"

	"echoline/internal/store/storetest"
)

// useDisk puts the tests' file system under SQLite until the test ends.
func useDisk(t testing.TB) {
	t.Helper()
	restore, err := storetest.Use()
	must(t, err)
	t.Cleanup(restore)
}

// TestDiskOfTheTests: the file system of the tests sees what SQLite does, and lets it fail.
func TestDiskOfTheTests(t *testing.T) {
	useDisk(t)
	storetest.Set(nil, 0, true)
	w := mustOpen(t, t.TempDir())
	r := mustReview(t, w, "kim")
	storetest.Log()
	must(t, paint(t, r, still, 20, 20))
	kinds := map[storetest.Kind]int{}
	for _, op := range storetest.Log() {
		kinds[op.Kind]++
	}
	if kinds[storetest.Write] < 2 || kinds[storetest.Sync] != 1 {
		t.Fatal("a stroke is a few writes and one sync, but", kinds)
	}
	for _, kind := range []storetest.Kind{storetest.Write, storetest.Sync} {
		storetest.Set(func(op *storetest.Operation) storetest.Outcome {
			if op.Kind == kind {
				return storetest.FailsAtOnce
			}
			return storetest.GoesWell
		}, 0, false)
		if err := paint(t, r, still, 40, 20+10*float64(kind)); err == nil {
			t.Fatal("nothing failed")
		}
		storetest.Set(nil, 0, false)
		must(t, r.Flush())
	}
	if again := mustReview(t, w, "kim"); !again.Frame(still).Labels.Equal(r.Frame(still).Labels) {
		t.Fatal("lost")
	}
}
