package store

import (
	"bytes"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"math"
	"path/filepath"
	"testing"
	"time"
)

// adds adds an event of kind "x".
func adds(t *testing.T, w *Workspace, body string) Event {
	t.Helper()
	e, err := w.AddEvent(Event{Kind: "x", Study: "1.2.3", Frame: 2, Reader: "kim", Body: json.RawMessage(body)})
	must(t, err)
	return e
}

func TestEventsComeInOrder(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir)
	future := time.Now().Add(24 * time.Hour).Truncate(time.Microsecond).UTC()
	if _, err := w.AddEvent(Event{Kind: "y", Frame: NoFrame, At: future, Body: json.RawMessage(`{}`)}); err != nil {
		t.Fatal(err)
	}
	first := adds(t, w, `{ "a":  1 }`) // what is said after having seen the other comes after it, though the clock ran ahead there
	adds(t, w, `2`)
	again := first
	again.ID = ""
	if e, err := w.AddEvent(again); err != nil || e.ID != first.ID || len(first.ID) != 64 {
		t.Fatal(e, err)
	}
	must(t, w.Close())
	w = mustOpen(t, dir)
	all, err := w.Events()
	if err != nil || len(all) != 3 || all[0].Kind != "y" || string(all[1].Body) != `{"a":1}` || string(all[2].Body) != "2" {
		t.Fatal(all, err)
	}
	if e := all[1]; e.Study != "1.2.3" || e.Frame != 2 || e.Reader != "kim" || !e.At.After(future) {
		t.Fatal(e)
	}
	if some, err := w.Events("z", "y"); err != nil || len(some) != 1 || !some[0].At.Equal(future) {
		t.Fatal(some, err)
	}
	trail, err := w.Verify()
	if err != nil || len(trail) != 3 || trail[1].Action != "x" || trail[1].Detail != "1.2.3 frame 3" || len(trail[1].Entry) != 32 {
		t.Fatal(trail, err)
	}
	if n, err := w.VerifyEvents(); n != 3 || err != nil {
		t.Fatal(n, err)
	}
	_, err = w.AddEvent(Event{Kind: "x", Body: json.RawMessage(`{`)})
	wantCode(t, err, CodeEvent)
}

// TestDamagedEventIsToldAndMended: it is told apart from the others, and a merge brings it back.
func TestDamagedEventIsToldAndMended(t *testing.T) {
	dir := t.TempDir()
	backup := filepath.Join(t.TempDir(), "backup")
	w := mustOpen(t, dir)
	one, two := adds(t, w, `1`), adds(t, w, `2`)
	must(t, w.Close())
	copyOf(t, dir, backup)
	for _, hurt := range []string{`UPDATE events SET body = '3' WHERE body = x'31'`, `UPDATE events SET at = 'late'`, `DELETE FROM events WHERE body = x'31'`} {
		w = mustOpen(t, dir)
		if _, err := w.db.Exec(hurt); err != nil {
			t.Fatal(err)
		}
		some, err := w.Events()
		if len(some) > 1 || len(some) == 1 && some[0].ID != two.ID {
			t.Fatal(some, err)
		}
		_, err = w.VerifyEvents()
		wantCode(t, err, CodeEvents)
		must(t, w.Close())
		other := mustOpen(t, t.TempDir())
		if m, err := other.Merge(dir); err != nil || m.Events != len(some) {
			t.Fatal(m, err)
		}
		w = mustOpen(t, dir)
		if _, err := w.Merge(backup); err != nil {
			t.Fatal(err)
		}
		if all, err := w.Events(); err != nil || len(all) != 2 || all[0].ID != one.ID {
			t.Fatal(hurt, all, err)
		}
		must(t, w.Close())
	}
}

func TestBlobs(t *testing.T) {
	w, other := mustOpen(t, t.TempDir()), mustOpen(t, t.TempDir())
	data := bytes.Repeat([]byte("picture"), 20000)
	hash, err := w.AddBlob(data)
	must(t, err)
	if again, err := w.AddBlob(data); err != nil || again != hash {
		t.Fatal(again, err)
	}
	from := w.Dir()
	must(t, w.Close())
	if _, err := other.Merge(from); err != nil {
		t.Fatal(err)
	}
	if got, err := other.Blob(hash); err != nil || !bytes.Equal(got, data) {
		t.Fatal(len(got), err)
	}
	for _, none := range []string{"no hex", "00ff"} {
		_, err := other.Blob(none)
		wantCode(t, err, CodeBlob)
	}
	if _, err := other.db.Exec(`UPDATE blobs SET data = x'00'`); err != nil {
		t.Fatal(err)
	}
	_, err = other.Blob(hash)
	wantCode(t, err, CodeBlob)
}

// TestSecondPlaceTakesEvents: they are seen at once, survive a kill, and come back with or without edits that wait.
func TestSecondPlaceTakesEvents(t *testing.T) {
	dir, places := t.TempDir(), blocked(t)
	w, err := Open(dir, places...)
	must(t, err)
	r := mustReview(t, w, "kim")
	adds(t, w, `0`)
	fill(t, w, r)
	long := json.RawMessage(`"` + string(bytes.Repeat([]byte("x"), 20000)) + `"`)
	for range 2 {
		_, err = w.AddEvent(Event{Kind: "x", Body: long})
		wantCode(t, err, CodeFull)
	}
	if where, n := w.Kept(); n != 4 || w.Unsaved() != 2 || filepath.Dir(where) != places[1] {
		t.Fatal(where, n)
	}
	all, err := w.Events()
	if err != nil || len(all) != 3 {
		t.Fatal(len(all), err)
	}
	killed, place := t.TempDir(), t.TempDir()
	copyOf(t, dir, killed)
	copyOf(t, places[1], place)
	next, err := Open(killed, place)
	must(t, err)
	if got, err := next.Events(); err != nil || len(got) != 3 || got[2].ID != all[2].ID {
		t.Fatal(len(got), err)
	}
	must(t, next.Close())
	if _, err := w.db.Exec("PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	must(t, r.Flush())
	must(t, w.Settle())
	if _, n := w.Kept(); n != 0 || w.Unsaved() != 0 {
		t.Fatal(n, "are kept still")
	}
	empty(t, places[1])
	if got, err := w.Events(); err != nil || len(got) != 3 {
		t.Fatal(len(got), err)
	}
	if _, err := w.VerifyEvents(); err != nil {
		t.Fatal(err)
	}
	must(t, w.Close())
}

// TestEventsOfNoTimeAreDamaged: an event of the end of time, which only a damaged or hostile workspace holds, must not come
// after all that is said from then on.
func TestEventsOfNoTimeAreDamaged(t *testing.T) {
	for _, at := range []int64{math.MaxInt64, math.MinInt64} {
		theirs, ours := t.TempDir(), mustOpen(t, t.TempDir())
		w := mustOpen(t, theirs)
		e := Event{Kind: "x", At: time.UnixMicro(at).UTC(), Body: json.RawMessage(`1`)}
		sum := e.identify()
		e.ID = hex.EncodeToString(sum[:])
		must(t, w.write(func(tx *sql.Tx) error { _, err := insertEvent(tx, &e); return err }))
		must(t, w.Close())
		m, err := ours.Merge(theirs)
		if err != nil || m.Events != 0 || m.Damaged != 1 {
			t.Fatal(m, err)
		}
		adds(t, ours, `2`)
		adds(t, ours, `3`)
		all, err := ours.Events()
		if err != nil || len(all) != 2 || string(all[1].Body) != "3" {
			t.Fatal(all, err)
		}
		must(t, ours.Close())
	}
}
