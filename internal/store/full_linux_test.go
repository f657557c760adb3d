package store

import (
	"syscall"
	"testing"

	"echoline/internal/review"
)

// TestRealFullDisk fills a small disk of its own.
func TestRealFullDisk(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=512k"); err != nil {
		t.Skip("needs the right to mount a small disk:", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	w := mustOpen(t, dir)
	r := mustReview(t, w, "kim")
	var err error
	i := 0
	for ; err == nil; i++ {
		if i > 20000 {
			t.Fatal("the disk does not get full")
		}
		err = paint(t, r, review.Key{Instance: "1.2.4", Frame: i % 3}, float64(10+i*7%70), float64(10+i*5%40))
	}
	wantCode(t, err, CodeFull)
	saved := i - 1
	for range 3 {
		wantCode(t, r.Flush(), CodeFull)
	}
	// What was there can be read, also by a program that starts on the full disk.
	must(t, w.Close())
	w = mustOpen(t, dir)
	entries, err := w.Entries("kim", []string{"1.2.4"})
	must(t, err)
	if len(entries) != saved {
		t.Fatalf("%d entries, %d were saved", len(entries), saved)
	}
	again, err := w.Review(testStudy(), "kim")
	wantCode(t, err, CodeFull)
	if again == nil || !again.CanUndo(review.Key{Instance: "1.2.4"}) {
		t.Fatal("no review on a full disk")
	}
	wantCode(t, paint(t, again, still, 20, 20), CodeFull)
	must(t, syscall.Mount("tmpfs", dir, "tmpfs", syscall.MS_REMOUNT, "size=16m"))
	must(t, again.Flush())
	if last := mustReview(t, w, "kim"); !last.Frame(still).Labels.Equal(again.Frame(still).Labels) || !last.CanUndo(still) {
		t.Fatal("work lost")
	}
}
