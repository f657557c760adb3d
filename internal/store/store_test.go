package store

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

const (
	testW = 96
	testH = 64
)

var still = review.Key{Instance: "1.2.3"}

func testStudy() *study.Study {
	return &study.Study{Title: "folder", Items: []*study.Item{
		{ID: "1.2.3", Path: "/data/a.dcm", Name: "a", W: testW, H: testH, Frames: 1},
		{ID: "1.2.4", Path: "/data/b.dcm", Name: "b", W: testW, H: testH, Frames: 3},
	}}
}

func mustOpen(t testing.TB, dir string) *Workspace {
	t.Helper()
	w, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { must(t, w.Close()) }) // closing twice is all right
	return w
}

func mustReview(t testing.TB, w *Workspace, reader string) *review.Review {
	t.Helper()
	r, err := w.Review(testStudy(), reader)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// paint makes one stroke and returns what the journal said.
func paint(t testing.TB, r *review.Review, k review.Key, x, y float64) error {
	t.Helper()
	s, err := r.Begin(k, "brush", review.ByReader)
	if err != nil {
		t.Fatal(err)
	}
	s.Fill(mask.Capsule(x, y, x+3, y, 6, 6), 1)
	changed, err := s.Commit()
	if !changed {
		t.Fatal("nothing painted")
	}
	return err
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, want fault.Code) {
	t.Helper()
	if fault.CodeOf(err) != want {
		t.Fatalf("error %v, want %s", err, want)
	}
}

func TestWorkIsThereAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "작업 공간 100% #1?") // names that a URL must quote
	w := mustOpen(t, dir)
	r := mustReview(t, w, "kim")
	cine := review.Key{Instance: "1.2.4", Frame: 2}
	must(t, paint(t, r, still, 20, 20))
	must(t, paint(t, r, still, 40, 30))
	must(t, paint(t, r, cine, 40, 30))
	must(t, r.ConfirmAll(cine))
	if _, ok, err := r.Undo(still); !ok || err != nil {
		t.Fatal(ok, err)
	}
	must(t, r.SetStatus(cine, review.Accepted))
	must(t, w.Close())

	w = mustOpen(t, dir)
	again := mustReview(t, w, "kim")
	for _, k := range []review.Key{still, cine} {
		a, b := r.Frame(k), again.Frame(k)
		if !a.Labels.Equal(b.Labels) || !a.Marks.Equal(b.Marks) || a.Status != b.Status || len(r.History(k)) != len(again.History(k)) {
			t.Fatalf("%v differs", k)
		}
		for i, s := range r.History(k) {
			if o := again.History(k)[i]; s != o {
				t.Fatal(s, o)
			}
		}
	}
	if _, ok, err := again.Redo(still); !ok || err != nil {
		t.Fatal("what was undone cannot be redone", err)
	}
	if other := mustReview(t, w, "lee"); mask.Count(other.Frame(still).Labels, 1) != 0 {
		t.Fatal("another reader sees the work")
	}
}

func TestReadersDoNotOverwriteEachOther(t *testing.T) {
	w := mustOpen(t, t.TempDir())
	kim, lee := mustReview(t, w, "kim"), mustReview(t, w, "lee")
	for i := range 5 {
		must(t, paint(t, kim, still, 10+float64(i)*3, 20))
		must(t, paint(t, lee, still, 60+float64(i)*3, 20))
	}
	for _, r := range []*review.Review{kim, lee} {
		if again := mustReview(t, w, r.Reader()); !again.Frame(still).Labels.Equal(r.Frame(still).Labels) {
			t.Fatal(r.Reader(), "lost work")
		}
	}
	names, err := w.Readers()
	if err != nil || len(names) != 2 || names[0] != "kim" || names[1] != "lee" {
		t.Fatal(names, err)
	}
}

func TestAppendTwiceKeepsOne(t *testing.T) {
	w := mustOpen(t, t.TempDir())
	e := review.Entry{N: 1, Reader: "kim", Key: still, W: testW, H: testH, Kind: review.KindStatus, Status: review.Accepted, Model: "m"}
	identify(t, &e)
	j := w.Journal()
	must(t, j.Append(&e))
	again := e
	again.Seq = 0
	must(t, j.Append(&again))
	if again.Seq != e.Seq || e.Seq == 0 {
		t.Fatal(again.Seq, e.Seq)
	}
	events, err := w.Verify()
	if err != nil || len(events) != 1 || events[0].Action != "accepted" || events[0].Reader != "kim" || events[0].Detail != "1.2.3 frame 1" ||
		events[0].Model != "m" || !bytes.Equal(events[0].Entry, e.ID[:]) {
		t.Fatal(events, err)
	}
	other := e // the same place, but another decision: neither pushes the other out
	other.Status, other.Time = review.Rejected, e.Time.Add(time.Second)
	identify(t, &other)
	must(t, j.Append(&other))
	entries, err := w.Entries("kim", []string{still.Instance})
	if err != nil || len(entries) != 1 || entries[0].ID != other.ID || entries[0].Seq == e.Seq {
		t.Fatal(entries, err)
	}
	if n, err := w.VerifyJournal(); n != 2 || err != nil {
		t.Fatal(n, err)
	}
}

// identify gives e the ID that belongs to it.
func identify(t testing.TB, e *review.Entry) {
	t.Helper()
	content, marks, err := e.Content()
	must(t, err)
	e.ID = review.Identify(e, content, marks)
}

func TestDamagedRowStopsItsFrameOnly(t *testing.T) {
	dir := t.TempDir()
	for _, hurt := range []string{
		`UPDATE journal SET labels = x'0102' WHERE n = 2 AND item = '1.2.3'`,
		`UPDATE journal SET w = 'wide' WHERE n = 2 AND item = '1.2.3'`,
		`UPDATE journal SET crc = crc + 1 WHERE n = 2 AND item = '1.2.3'`,
		`DELETE FROM journal WHERE n = 2 AND item = '1.2.3'`,
	} {
		os.RemoveAll(dir)
		w := mustOpen(t, dir)
		r := mustReview(t, w, "kim")
		cine := review.Key{Instance: "1.2.4"}
		for i := range 3 {
			must(t, paint(t, r, still, 20+10*float64(i), 20))
			must(t, paint(t, r, cine, 20+10*float64(i), 20))
		}
		if _, err := w.db.Exec(hurt); err != nil {
			t.Fatal(err)
		}
		again, err := w.Review(testStudy(), "kim")
		wantCode(t, err, review.CodeDamaged)
		if !again.Frame(cine).Labels.Equal(r.Frame(cine).Labels) {
			t.Fatal("another frame suffered")
		}
		if n := mask.Count(again.Frame(still).Labels, 1); n == 0 || n >= mask.Count(r.Frame(still).Labels, 1) {
			t.Fatal(n)
		}
		// Work goes on and stays.
		must(t, paint(t, again, still, 70, 40))
		third := mustReview(t, w, "kim")
		if !third.Frame(still).Labels.Equal(again.Frame(still).Labels) {
			t.Fatal("work after the damage was lost")
		}
		must(t, w.Close())
	}
}

func TestSecondProgramIsTurnedAway(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir)
	_, err := Open(dir)
	wantCode(t, err, CodeBusy)
	must(t, paint(t, mustReview(t, w, "kim"), still, 20, 20))
	must(t, w.Close())
	again := mustOpen(t, dir)
	if mask.Count(mustReview(t, again, "kim").Frame(still).Labels, 1) == 0 {
		t.Fatal("work lost")
	}
}

func TestFullDiskKeepsWorkInMemory(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir)
	r := mustReview(t, w, "kim")
	limit(t, w.db)
	i := 0
	var err error
	for ; err == nil; i++ {
		if i > 20000 {
			t.Fatal("the disk does not get full")
		}
		err = paint(t, r, review.Key{Instance: "1.2.4", Frame: i % 3}, float64(10+i*7%70), float64(10+i*5%40))
	}
	wantCode(t, err, CodeFull)
	wantCode(t, r.SetStatus(still, review.Accepted), CodeFull)
	if r.Unsaved() != 2 {
		t.Fatal(r.Unsaved())
	}
	if _, err := w.db.Exec("PRAGMA max_page_count = 1000000"); err != nil {
		t.Fatal(err)
	}
	must(t, r.Flush())
	again := mustReview(t, w, "kim")
	if again.Frame(still).Status != review.Accepted {
		t.Fatal("a decision was lost")
	}
	for f := range 3 {
		k := review.Key{Instance: "1.2.4", Frame: f}
		if !again.Frame(k).Labels.Equal(r.Frame(k).Labels) || len(again.History(k)) != len(r.History(k)) {
			t.Fatal("work was lost")
		}
	}
}

// limit lets the database hold little more than it does.
func limit(t *testing.T, db *sql.DB) {
	t.Helper()
	if _, err := db.Exec("VACUUM"); err != nil { // no page is free inside
		t.Fatal(err)
	}
	var pages int
	must(t, db.QueryRow("PRAGMA page_count").Scan(&pages))
	if _, err := db.Exec("PRAGMA max_page_count = " + strconv.Itoa(pages+4)); err != nil {
		t.Fatal(err)
	}
}

func TestDeletedWorkspaceIsNoticed(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir)
	r := mustReview(t, w, "kim")
	away := filepath.Join(t.TempDir(), fileName)
	must(t, os.Rename(filepath.Join(dir, fileName), away))
	wantCode(t, paint(t, r, still, 20, 20), CodeGone)
	must(t, os.WriteFile(filepath.Join(dir, fileName), nil, 0o600)) // another file in its place does not help
	wantCode(t, r.Flush(), CodeGone)
	must(t, os.Rename(away, filepath.Join(dir, fileName)))
	must(t, r.Flush())
}

func TestNewerWorkspaceIsLeftAlone(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir)
	if _, err := w.db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`); err != nil {
		t.Fatal(err)
	}
	must(t, w.Close())
	_, err := Open(dir)
	wantCode(t, err, CodeNewer)
}

func TestFoldersThatCannotBe(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(file, []byte("x"), 0o600))
	_, err := Open(file)
	wantCode(t, err, CodeOpen)
	_, err = Open(filepath.Join(file, "below"))
	wantCode(t, err, CodeOpen)
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, fileName), 0o700))
	if _, err = Open(dir); err == nil {
		t.Fatal("a folder is no workspace file")
	}
}

func TestStudiesFindTheirFilesAgain(t *testing.T) {
	w := mustOpen(t, t.TempDir())
	mustReview(t, w, "kim")
	one := testStudy()
	one.Items, one.Title = one.Items[:1], "still"
	one.Items[0].Path = "/moved/a.dcm"
	if _, err := w.Review(one, "kim"); err != nil {
		t.Fatal(err)
	}
	mustReview2(t, w, one)
	got, err := w.Studies()
	if err != nil || len(got) != 2 {
		t.Fatal(got, err)
	}
	if got[0].Title != "still" || len(got[0].Items) != 1 || len(got[1].Items) != 2 || got[1].Items[1].Path != "/data/b.dcm" {
		t.Fatalf("%+v", got)
	}
	if it := got[1].Items[0]; it != (Item{ID: "1.2.3", Path: "/moved/a.dcm", Name: "a", W: testW, H: testH, Frames: 1}) {
		t.Fatalf("the newer path counts: %+v", it)
	}
	events, err := w.Verify()
	if err != nil || len(events) != 3 || events[2].Action != "opened" || events[2].Detail != got[0].ID {
		t.Fatal(events, err)
	}
}

func mustReview2(t *testing.T, w *Workspace, st *study.Study) {
	t.Helper()
	if _, err := w.Review(st, "kim"); err != nil {
		t.Fatal(err)
	}
}

func TestAuditTrailShowsTampering(t *testing.T) {
	for _, hurt := range []string{
		`UPDATE audit SET detail = 'other' WHERE seq = 3`,
		`UPDATE audit SET reader = 'lee' WHERE seq = 3`,
		`UPDATE audit SET time = time + 1 WHERE seq = 3`,
		`DELETE FROM audit WHERE seq = 3`,
		`UPDATE audit SET hash = zeroblob(32) WHERE seq = 3`,
	} {
		w := mustOpen(t, t.TempDir())
		for i := range 5 {
			must(t, w.Audit("kim", "exported", strconv.Itoa(i)))
		}
		if events, err := w.Verify(); err != nil || len(events) != 5 {
			t.Fatal(events, err)
		}
		if _, err := w.db.Exec(hurt); err != nil {
			t.Fatal(err)
		}
		events, err := w.Verify()
		wantCode(t, err, CodeAudit)
		var f *fault.Error
		if !errors.As(err, &f) || f.Args["Seq"] != 3 || len(events) != 2 {
			t.Fatal(f.Args, len(events))
		}
	}
}

func TestAfterCloseEverythingFails(t *testing.T) {
	w := mustOpen(t, t.TempDir())
	r := mustReview(t, w, "kim")
	must(t, w.Close())
	if err := paint(t, r, still, 20, 20); err == nil || r.Unsaved() != 1 {
		t.Fatal(err, r.Unsaved())
	}
	if _, err := w.Prediction(still, "m"); err == nil {
		t.Fatal("read from a closed workspace")
	}
	if _, err := w.Studies(); err == nil {
		t.Fatal("read from a closed workspace")
	}
}

// TestEveryoneAtOnce is what the window does: the reader works while predictions are stored and fetched beside.
func TestEveryoneAtOnce(t *testing.T) {
	w := mustOpen(t, t.TempDir())
	r := mustReview(t, w, "kim")
	var group errgroup.Group
	for g := range 3 {
		k := review.Key{Instance: "1.2.4", Frame: g}
		p := predicted(testW, testH, "m")
		group.Go(func() error {
			for range 10 {
				if err := w.SavePrediction(k, p); err != nil {
					return err
				}
				if q, err := w.Prediction(k, "m"); err != nil || !q.Mask.Equal(p.Mask) {
					return fmt.Errorf("%v: %w", k, err)
				}
				if _, err := w.Studies(); err != nil {
					return err
				}
			}
			return w.Audit("kim", "exported", k.Instance)
		})
	}
	for i := range 30 {
		must(t, step(r, i))
	}
	must(t, group.Wait())
	if again := mustReview(t, w, "kim"); !again.Frame(review.Key{Instance: "1.2.4"}).Labels.Equal(r.Frame(review.Key{Instance: "1.2.4"}).Labels) {
		t.Fatal("work lost")
	}
	if _, err := w.Verify(); err != nil {
		t.Fatal(err)
	}
}

// TestNoPatientInTheWorkspace looks for a patient's data in every file of the workspace.
func TestNoPatientInTheWorkspace(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir)
	st := testStudy()
	st.Items[0].Header = &study.Header{Attr: map[string]string{"PatientName": "CANARY^NAME", "PatientID": "CANARY-ID", "StudyDescription": "CANARY"}}
	r, err := w.Review(st, "kim")
	must(t, err)
	must(t, paint(t, r, still, 20, 20))
	must(t, r.SetStatus(still, review.Accepted))
	must(t, w.SavePrediction(still, predicted(testW, testH, "m")))
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	must(t, err)
	seen := false
	for _, f := range files {
		data, err := os.ReadFile(f)
		must(t, err)
		if bytes.Contains(data, []byte("CANARY")) {
			t.Fatal("patient data in", f)
		}
		seen = seen || bytes.Contains(data, []byte(st.Items[0].Path))
	}
	if !seen {
		t.Fatal("looked in the wrong place")
	}
}

func TestFindMakesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "ws")
	if Find(dir) == nil {
		t.Fatal("found a workspace that is not there")
	}
	if _, err := os.Stat(dir); err == nil {
		t.Fatal("looking for a workspace made its folder")
	}
	w, err := Open(dir)
	must(t, err)
	must(t, w.Close())
	must(t, Find(dir))
}
