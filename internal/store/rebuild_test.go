package store

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/mask"
	"echoline/internal/review"
)

// worked returns a workspace's folder with some work in it, closed, and the number of entries.
func worked(t *testing.T) (dir string, entries int) {
	t.Helper()
	dir = t.TempDir()
	w := mustOpen(t, dir)
	if _, err := w.db.Exec("PRAGMA synchronous = OFF"); err != nil { // a damaged file need not be a durable one
		t.Fatal(err)
	}
	r := mustReview(t, w, "kim")
	for i := range 400 {
		must(t, step(r, i))
	}
	all, err := w.Entries("kim", []string{"1.2.4"})
	must(t, err)
	must(t, w.Close())
	return dir, len(all)
}

// recovered opens a damaged workspace, and checks that the damaged file was kept and that work can go on.
func recovered(t *testing.T, dir string, damaged []byte) (edits int) {
	t.Helper()
	w := mustOpen(t, dir)
	n := w.Notice()
	wantCode(t, n, CodeRecovered)
	kept, err := os.ReadFile(n.Where)
	must(t, err)
	if !bytes.Equal(kept, damaged) {
		t.Fatal("the damaged file was changed")
	}
	r, err := w.Review(testStudy(), "kim")
	if r == nil {
		t.Fatal(err)
	}
	if err := paint(t, r, still, 20, 20); err != nil {
		t.Fatal(err)
	}
	for _, f := range []string{"rebuild-from.db", "rebuild-to.db", fileName + "-shm"} {
		if _, err := os.Stat(filepath.Join(dir, f)); err == nil {
			t.Fatal(f, "stayed behind")
		}
	}
	must(t, w.Close())
	again := mustOpen(t, dir)
	if again.Notice() != nil {
		t.Fatal("damaged again")
	}
	if r, _ := again.Review(testStudy(), "kim"); mask.Count(r.Frame(still).Labels, 1) == 0 {
		t.Fatal("work lost")
	}
	return n.Args["Edits"].(int)
}

func TestDamagedPageCostsLittle(t *testing.T) {
	dir, entries := worked(t)
	path := filepath.Join(dir, fileName)
	data, err := os.ReadFile(path)
	must(t, err)
	hurtPage(t, data)
	must(t, os.WriteFile(path, data, 0o600))
	edits := recovered(t, dir, data)
	if edits < entries*8/10 || edits >= entries {
		t.Fatalf("%d of %d edits saved", edits, entries)
	}
}

// hurtPage makes nonsense of a page, the one nearest to the middle of the file, that holds rows of the journal.
func hurtPage(t *testing.T, data []byte) {
	t.Helper()
	const page, leaf = 4096, 0x0D
	for i := range len(data) / page {
		at := (len(data)/page/2 + (i+1)/2*(1-i%2*2)) * page
		if at < 0 || at+page > len(data) {
			continue
		}
		if p := data[at : at+page]; p[0] == leaf && bytes.Count(p, []byte("brush")) > 2 {
			copy(p, bytes.Repeat([]byte{0xA5}, page))
			return
		}
	}
	t.Fatal("no page of the journal")
}

func TestCutFileKeepsItsBeginning(t *testing.T) {
	dir, entries := worked(t)
	path := filepath.Join(dir, fileName)
	data, err := os.ReadFile(path)
	must(t, err)
	data = data[:len(data)*7/10] // of 48 pages, the first of which are the roots of tables
	must(t, os.WriteFile(path, data, 0o600))
	if edits := recovered(t, dir, data); edits < entries/5 || edits >= entries {
		t.Fatalf("%d of %d edits saved", edits, entries)
	}
}

func TestGarbageIsSetAside(t *testing.T) {
	dir := t.TempDir()
	garbage := []byte(strings.Repeat("this is no workspace ", 1000))
	must(t, os.WriteFile(filepath.Join(dir, fileName), garbage, 0o600))
	if edits := recovered(t, dir, garbage); edits != 0 {
		t.Fatal(edits)
	}
}

func TestLostReadersComeBackWithTheirWork(t *testing.T) {
	dir, entries := worked(t)
	path := filepath.Join(dir, fileName)
	w := mustOpen(t, dir)
	if _, err := w.db.Exec(`PRAGMA foreign_keys = 0; DELETE FROM readers; DELETE FROM audit`); err != nil {
		t.Fatal(err)
	}
	must(t, w.Close())
	to := filepath.Join(t.TempDir(), "new.db")
	n, err := transfer(dir, path, to)
	if err != nil || n != entries {
		t.Fatal(n, entries, err)
	}
	must(t, os.Rename(to, path))
	w = mustOpen(t, dir)
	if names, err := w.Readers(); err != nil || len(names) != 1 || names[0] != "kim" {
		t.Fatal(names, err)
	}
	same(t, mustReview(t, w, "kim"), entries)
	if events, err := w.Verify(); err != nil || len(events) != 1 {
		t.Fatal(events, err)
	}
	if r := mustReview(t, w, "kim"); !r.CanUndo(review.Key{Instance: "1.2.4"}) {
		t.Fatal("history lost")
	}
}
