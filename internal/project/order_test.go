package project

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/fault"
	"echoline/internal/store"
)

// TestTwoReadersOfOneName: a name that was given to two persons on two machines is refused, whichever way it goes.
func TestTwoReadersOfOneName(t *testing.T) {
	root := t.TempDir()
	home, away := newSite(t, root, "home"), newSite(t, root, "away")
	home.found(4)
	file := filepath.Join(root, "park.echoline")
	_, err := home.share("park", file, false)
	must(t, err)
	_, err = away.take(file)
	must(t, err)
	for _, s := range []*site{home, away} {
		s.in(func(w *store.Workspace) {
			p, err := Load(w)
			must(t, err)
			must(t, p.SetMember(w, "", "choi", Reads, false))
		})
	}
	back := filepath.Join(root, "back.echoline")
	_, err = away.share("park", back, false)
	must(t, err)
	_, err = home.take(back)
	wantCode(t, err, CodeTwins)
	var f *fault.Error
	if !errors.As(err, &f) || f.Args["Name"] != "choi" {
		t.Fatal(err)
	}
	away.in(func(w *store.Workspace) { _, err = Merge(w, home.dir) })
	wantCode(t, err, CodeTwins)
}

// TestAnyOrderOfSharesIsTheSame: work, shares and merges in both directions, at random; in the end every share and every
// workspace comes home, in two different orders, some twice: both give the same, and nothing is lost. A blinded reader's
// machine never holds another's work.
func TestAnyOrderOfSharesIsTheSame(t *testing.T) {
	f := flag.Lookup("rapid.checks")
	if old := f.Value.String(); old == f.DefValue && os.Getenv("ECHOLINE_TEST_KILLS") == "" {
		must(t, f.Value.Set("5"))
		t.Cleanup(func() { must(t, f.Value.Set(old)) })
	}
	rapid.Check(t, func(t *rapid.T) {
		root, err := os.MkdirTemp("", "echoline-share-*")
		must(t, err)
		defer os.RemoveAll(root)
		home := newSite(t, root, "home")
		home.found(4)
		away := map[string]*site{"kim": newSite(t, root, "kim"), "lee": newSite(t, root, "lee")}
		for _, s := range away {
			s.made = home.made
		}
		var back []string // shares that lead home
		out := map[string][]string{}
		file := func() string {
			return filepath.Join(root, fmt.Sprint(len(back)+len(out["kim"])+len(out["lee"]), ShareExtension))
		}
		for name, s := range away {
			f := file()
			_, err := home.share(name, f, true)
			must(t, err)
			out[name] = append(out[name], f)
			_, err = s.take(f)
			must(t, err)
		}
		for range rapid.IntRange(3, 10).Draw(t, "steps") {
			name := rapid.SampledFrom([]string{"kim", "lee"}).Draw(t, "who")
			s := away[name]
			switch rapid.SampledFrom([]string{"work", "work", "note", "work at home", "send", "fetch", "merge", "again"}).Draw(t, "what") {
			case "work":
				s.paint(name, fmt.Sprint("item ", rapid.IntRange(0, 3).Draw(t, "case")), float64(rapid.IntRange(5, 40).Draw(t, "x")), rapid.Bool().Draw(t, "accept"))
			case "note":
				s.in(func(w *store.Workspace) {
					_, err := w.AddEvent(store.Event{Kind: "note", Reader: name, Body: json.RawMessage(`{}`)})
					must(t, err)
				})
			case "work at home":
				home.paint(name, fmt.Sprint("item ", rapid.IntRange(0, 3).Draw(t, "case")), float64(rapid.IntRange(5, 40).Draw(t, "x")), true)
			case "send":
				f := file()
				_, err := s.share(name, f, false)
				must(t, err)
				back = append(back, f)
			case "fetch":
				f := file()
				_, err := home.share(name, f, rapid.Bool().Draw(t, "files"))
				must(t, err)
				out[name] = append(out[name], f)
				_, err = s.take(f)
				must(t, err)
			case "merge":
				home.in(func(w *store.Workspace) {
					_, err := Merge(w, s.dir)
					must(t, err)
				})
			case "again":
				_, err := s.take(rapid.SampledFrom(out[name]).Draw(t, "which"))
				must(t, err)
				if len(back) > 0 {
					_, err = home.take(rapid.SampledFrom(back).Draw(t, "which"))
					must(t, err)
				}
			}
			s.in(func(w *store.Workspace) {
				if names, err := w.Readers(); err != nil || slices.ContainsFunc(names, func(n string) bool { return n != name && n != "" }) {
					t.Fatalf("%s sees %v %v", name, names, err)
				}
			})
		}
		for name, s := range away {
			f := file()
			_, err := s.share(name, f, false)
			must(t, err)
			back = append(back, f)
		}
		var ends [2][]string
		for i := range ends {
			copied := newSite(t, root, fmt.Sprint("home ", i))
			must(t, os.CopyFS(copied.dir, os.DirFS(home.dir)))
			order := rapid.Permutation(append(slices.Clone(back), back...)).Draw(t, "order")
			for _, f := range order {
				_, err := copied.take(f)
				must(t, err)
			}
			ends[i] = copied.rows()
			copied.in(func(w *store.Workspace) {
				if n, err := w.VerifyJournal(); err != nil || n != len(home.made) {
					t.Fatalf("%d of %d entries: %v", n, len(home.made), err)
				}
				all, err := w.Events()
				must(t, err)
				for _, e := range slices.Concat(home.events(), away["kim"].events(), away["lee"].events()) {
					if !slices.ContainsFunc(all, func(o store.Event) bool { return o.ID == e.ID }) {
						t.Fatalf("lost: %+v", e)
					}
				}
			})
		}
		if !slices.Equal(ends[0], ends[1]) {
			t.Fatalf("%d and %d rows", len(ends[0]), len(ends[1]))
		}
	})
}

// TestTakingIsDoneAgain: what a program that was killed in the middle of it left behind does no harm.
func TestTakingIsDoneAgain(t *testing.T) {
	root := t.TempDir()
	home, kim := newSite(t, root, "home"), newSite(t, root, "kim")
	home.found(4)
	file := filepath.Join(root, "kim.echoline")
	_, err := home.share("kim", file, true)
	must(t, err)
	for _, left := range []string{store.Scratch, "merging"} {
		must(t, os.MkdirAll(filepath.Join(kim.dir, left), 0o700))
		must(t, os.WriteFile(filepath.Join(kim.dir, left, shareBase), []byte("half a file"), 0o600))
	}
	kim.in(func(w *store.Workspace) { // the program is killed as the merge begins: whose part it is is known by then
		_, err := w.MergeIf(home.dir, func(src *store.Workspace) error {
			z, err := zip.OpenReader(file)
			must(t, err)
			defer z.Close()
			tk := &taking{ws: w, file: file, zip: &z.Reader}
			must(t, tk.readHeader())
			must(t, tk.check(src))
			return errors.New("killed")
		})
		if err == nil || Bound(kim.dir) != "kim" {
			t.Fatal(err, Bound(kim.dir))
		}
	})
	_, err = kim.take(file)
	must(t, err)
	kim.in(func(w *store.Workspace) { // a file of a case was lost: it is brought again, the others stay
		items, err := w.Items()
		must(t, err)
		must(t, os.WriteFile(items[0].Path, []byte("cut"), 0o600))
		m, _, err := Take(w, file)
		if err != nil || m.Entries+m.Events+m.Predictions != 0 {
			t.Fatal(m, err)
		}
		if data, err := os.ReadFile(items[0].Path); err != nil || len(data) < 1000 {
			t.Fatal(len(data), err)
		}
	})
	files, err := os.ReadDir(filepath.Join(kim.dir))
	must(t, err)
	for _, f := range files {
		if f.Name() == store.Scratch || f.Name() == "merging" || strings.HasPrefix(f.Name(), ".echoline") {
			t.Fatal("left behind:", f.Name())
		}
	}
}
