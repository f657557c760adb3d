package store

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"slices"
	"time"

	"echoline/internal/review"
	"echoline/internal/study"
)

// Study is a study that was opened with this workspace.
type Study struct {
	ID     string
	Title  string // folder or file name
	Opened time.Time
	Items  []Item
}

// Item is one instance of a study.
type Item struct {
	ID, Path, Name string
	W, H, Frames   int
}

// Review notes that the reader opens st, and returns the review with the reader's labels, everything that this reader did replayed, and
// all further work journaled. Where an error comes with a review, the review can be used: part of the journal was damaged
// (review.CodeDamaged), or the opening could not be noted, on a full disk for example.
func (w *Workspace) Review(st *study.Study, reader string) (*review.Review, error) {
	reader = review.ReaderName(reader)
	ids := make([]string, len(st.Items))
	for i, it := range st.Items {
		ids[i] = it.ID
	}
	entries, err := w.Entries(reader, ids)
	if err != nil {
		return nil, err
	}
	r := review.New(st, reader, w.Journal())
	labels, err := w.Labels(reader)
	if err != nil {
		return nil, err
	}
	r.SetLabels(labels)
	if err := r.Replay(entries); err != nil {
		return r, err
	}
	return r, w.addStudy(st, reader, ids)
}

// Register notes a study as one that was opened here, without a reader: its items become known.
func (w *Workspace) Register(st *study.Study) error {
	ids := make([]string, len(st.Items))
	for i, it := range st.Items {
		ids[i] = it.ID
	}
	return w.addStudy(st, "", ids)
}

// addStudy writes down what a study consists of and where its files lie.
func (w *Workspace) addStudy(st *study.Study, reader string, ids []string) error {
	sum := sha256.New()
	for _, id := range ids {
		sum.Write([]byte(id + "\n"))
	}
	key := hex.EncodeToString(sum.Sum(nil))
	now := time.Now()
	return w.write(func(tx *sql.Tx) error {
		for _, it := range st.Items {
			_, err := tx.Exec(`INSERT INTO items (id, path, name, w, h, frames, opened) VALUES (?, ?, ?, ?, ?, ?, ?)
				ON CONFLICT (id) DO UPDATE SET path = excluded.path, name = excluded.name,
				w = excluded.w, h = excluded.h, frames = excluded.frames, opened = excluded.opened`,
				it.ID, it.Path, it.Name, it.W, it.H, it.Frames, micros(now))
			if err != nil {
				return err
			}
		}
		_, err := tx.Exec(`INSERT INTO studies (id, title, opened) VALUES (?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET title = excluded.title, opened = excluded.opened`, key, st.Title, micros(now))
		if err != nil {
			return err
		}
		for i, id := range ids {
			if _, err := tx.Exec(`INSERT INTO study_items (study, place, item) VALUES (?, ?, ?)
				ON CONFLICT (study, place) DO NOTHING`, key, i, id); err != nil {
				return err
			}
		}
		return addAudit(tx, &AuditEvent{Time: now, Reader: reader, Action: "opened", Detail: key})
	})
}

// Studies lists the studies that were opened with this workspace, the last opened first, with where their files lay then.
func (w *Workspace) Studies() ([]Study, error) {
	rows, err := w.conn().Query(`SELECT s.id, s.title, s.opened, i.id, i.path, i.name, i.w, i.h, i.frames
		FROM studies s JOIN study_items p ON p.study = s.id JOIN items i ON i.id = p.item
		ORDER BY s.opened DESC, s.id, p.place`)
	if err != nil {
		return nil, storeFault(w.dir, err)
	}
	defer rows.Close()
	var out []Study
	for rows.Next() {
		var s Study
		var it Item
		var at int64
		if err := rows.Scan(&s.ID, &s.Title, &at, &it.ID, &it.Path, &it.Name, &it.W, &it.H, &it.Frames); err != nil {
			return nil, storeFault(w.dir, err)
		}
		if len(out) == 0 || out[len(out)-1].ID != s.ID {
			s.Opened = time.UnixMicro(at).UTC()
			out = append(out, s)
		}
		last := &out[len(out)-1]
		last.Items = append(last.Items, it)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, storeFault(w.dir, err)
	}
	return out, nil
}

// maxVersions is how many versions of a mask are offered; the journal keeps them all.
const maxVersions = 20

// Versions returns the last 20 masks that the reader accepted on frame k of st, the newest first. Where the reader went on
// from the same work in two workspaces, which were merged, what the other one ended with is among them.
func (w *Workspace) Versions(st *study.Study, reader string, k review.Key) ([]review.Version, error) {
	frames, err := w.framesOf(reader, k.Instance)
	if err != nil {
		return nil, storeFault(w.dir, err)
	}
	var out []review.Version
	seen := map[review.ID]bool{}
	for _, rows := range frames {
		if rows[0].Key != k {
			continue
		}
		for i, line := range linesOf(rows) {
			for _, v := range review.Versions(st, line, i > 0) {
				if !seen[v.Entry] {
					seen[v.Entry] = true
					out = append(out, v)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b review.Version) int { return b.Time.Compare(a.Time) })
	return out[:min(len(out), maxVersions)], nil
}
