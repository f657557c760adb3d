package store

import (
	"errors"
	"os"
	"testing"

	"echoline/internal/review"
)

// TestOlderWorkspaceGainsEvents: one that has lines but no events yet takes some, whether it is whole or must be repaired.
func TestOlderWorkspaceGainsEvents(t *testing.T) {
	old := func(dir string) *Workspace {
		db, err := connect(dir + "/" + fileName)
		must(t, err)
		w := newWorkspace(dir, dir+"/"+fileName, db)
		must(t, w.migrateTo(schemaEvents-1))
		w.self, err = os.Stat(w.path)
		must(t, err)
		r := review.New(testStudy(), "kim", w.Journal())
		for i := range 30 {
			must(t, step(r, i))
		}
		return w
	}
	dir, from := t.TempDir(), t.TempDir()
	must(t, old(from).db.Close())
	hurt := old(dir)
	if _, err := hurt.db.Exec(`PRAGMA writable_schema = 1; UPDATE sqlite_schema SET rootpage = 99999 WHERE name = 'predictions'`); err != nil {
		t.Fatal(err)
	}
	must(t, hurt.db.Close())
	if n, err := transfer(dir, dir+"/"+fileName, dir+"/new.db"); err != nil || n < 15 {
		t.Fatal(n, err)
	}
	must(t, os.Rename(dir+"/new.db", dir+"/"+fileName))
	os.Remove(dir + "/" + fileName + "-wal")
	w := mustOpen(t, dir)
	say(t, w, "kim", 1)
	m, err := w.Merge(from)
	if all, err2 := w.Events(); err != nil || err2 != nil || len(all) != 1 || m.Entries == 0 {
		t.Fatal(all, m, err, err2)
	}
}

// asReleased makes a workspace of version 1, without lines, with the given work in it, as that release wrote it.
func asReleased(t *testing.T, dir string, entries []review.Entry, hurt string) {
	t.Helper()
	db, err := connect(dir + "/" + fileName)
	must(t, err)
	w := newWorkspace(dir, dir+"/"+fileName, db)
	must(t, w.migrateTo(schemaLines-1))
	for i := range entries {
		e := &entries[i]
		content, marks, err := e.Content()
		must(t, err)
		if _, err := db.Exec(`INSERT INTO readers (name, since) VALUES (?, ?) ON CONFLICT DO NOTHING`, e.Reader, micros(e.Time)); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(`INSERT INTO journal (reader, item, frame, n, time, w, h, kind, name, origin, model, status, labels, marks, crc)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, e.Reader, e.Key.Instance, e.Key.Frame, e.N, micros(e.Time), e.W, e.H, e.Kind,
			e.Name, e.Origin, e.Model, e.Status, content, marks, checksum1(e, content, marks)); err != nil {
			t.Fatal(err)
		}
	}
	last := &AuditEvent{prev: make([]byte, 32), form: auditForm1}
	for i, action := range []string{"opened", "accepted"} {
		e := AuditEvent{prev: last.prev, form: auditForm1, Seq: int64(i + 1), Time: entries[i].Time, Reader: "kim", Action: action, Detail: "x"}
		if i > 0 {
			e.prev = last.hash
		}
		e.hash = e.chain()
		if _, err := db.Exec(`INSERT INTO audit (seq, time, reader, action, detail, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			e.Seq, micros(e.Time), e.Reader, e.Action, e.Detail, e.prev, e.hash); err != nil {
			t.Fatal(err)
		}
		last = &e
	}
	if hurt != "" {
		if _, err := db.Exec(hurt); err != nil {
			t.Fatal(err)
		}
	}
	must(t, db.Close())
}

// keeper keeps entries in memory.
type keeper struct{ entries []review.Entry }

func (k *keeper) Append(e *review.Entry) error { k.entries = append(k.entries, *e); return nil }

// sample is some work by kim and what it made.
func sample(t *testing.T) ([]review.Entry, *review.Review) {
	t.Helper()
	k := &keeper{}
	r := review.New(testStudy(), "kim", k)
	for i := range 40 {
		must(t, step(r, i))
	}
	return k.entries, r
}

func TestOlderWorkspaceKeepsItsWork(t *testing.T) {
	entries, r := sample(t)
	dir, copied := t.TempDir(), t.TempDir()
	asReleased(t, dir, entries, "")
	asReleased(t, copied, entries, "")
	w := mustOpen(t, dir)
	again := mustReview(t, w, "kim")
	for i := range 3 {
		k := review.Key{Instance: "1.2.4", Frame: i}
		a, b := r.Frame(k), again.Frame(k)
		if !a.Labels.Equal(b.Labels) || !a.Marks.Equal(b.Marks) || a.Status != b.Status || len(r.History(k)) != len(again.History(k)) {
			t.Fatalf("%v differs", k)
		}
	}
	if events, err := w.Verify(); err != nil || len(events) != 3 {
		t.Fatal(events, err)
	}
	if n, err := w.VerifyJournal(); err != nil || n != len(entries) {
		t.Fatal(n, err)
	}
	// Two copies that were brought up to date apart are still the same.
	m, err := w.Merge(copied)
	if err != nil || m.Entries+m.Audited+m.Events+len(m.Forks) != 0 {
		t.Fatal(m, err)
	}
}

func TestOlderWorkspaceWithDamage(t *testing.T) {
	for _, hurt := range []string{
		`UPDATE journal SET labels = x'0102' WHERE seq = 5`,
		`UPDATE journal SET w = 'wide' WHERE seq = 5`,
		`UPDATE journal SET time = 'late' WHERE seq = 5`,
	} {
		entries, _ := sample(t)
		dir := t.TempDir()
		asReleased(t, dir, entries, hurt)
		w := mustOpen(t, dir)
		r, err := w.Review(testStudy(), "kim")
		wantCode(t, err, review.CodeDamaged)
		hurtFrame := entries[4].Key
		if r.CanUndo(hurtFrame) {
			t.Fatal("history beyond the damage")
		}
		if k := (review.Key{Instance: "1.2.4", Frame: (hurtFrame.Frame + 1) % 3}); !r.CanUndo(k) {
			t.Fatal("another frame suffered")
		}
		_, err = w.VerifyJournal()
		wantCode(t, err, CodeJournal)
		must(t, w.Close())
	}
}

// TestOlderWorkspaceIsRepaired: damage and an old form at once.
func TestOlderWorkspaceIsRepaired(t *testing.T) {
	entries, _ := sample(t)
	dir := t.TempDir()
	asReleased(t, dir, entries, `PRAGMA writable_schema = 1; UPDATE sqlite_schema SET rootpage = 99999 WHERE name = 'predictions'`)
	to := t.TempDir() + "/" + fileName
	n, err := transfer(dir, dir+"/"+fileName, to)
	if err != nil || n != len(entries) {
		t.Fatal(n, err)
	}
	db, err := connect(to)
	must(t, err)
	w := newWorkspace(dir, to, db)
	again, err := w.Entries("kim", []string{"1.2.4"})
	if err = errors.Join(err, db.Close()); err != nil || len(again) != len(entries) {
		t.Fatal(len(again), err)
	}
}
