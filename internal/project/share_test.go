package project

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
)

const side = 48

// site is a machine with a workspace.
type site struct {
	t    fataler
	dir  string
	data string             // where its files lie
	made map[review.ID]bool // entries, at all sites of a root
}

type fataler interface{ Fatalf(string, ...any) }

func newSite(t fataler, root, name string) *site {
	s := &site{t: t, dir: filepath.Join(root, name), data: filepath.Join(root, name+" data"), made: map[review.ID]bool{}}
	must(t, os.MkdirAll(s.data, 0o700))
	return s
}

// in does something with the workspace open.
func (s *site) in(do func(w *store.Workspace)) {
	w, err := store.Open(s.dir)
	must(s.t, err)
	defer func() { must(s.t, w.Close()) }()
	do(w)
}

// images are n files that stand for pictures, as a study.
func (s *site) images(n int) *study.Study {
	st := &study.Study{Title: "images"}
	for i := range n {
		id := fmt.Sprint("item ", i)
		path := s.path(fmt.Sprint(i))
		must(s.t, os.WriteFile(path, bytes.Repeat([]byte{byte(i)}, 1000+i), 0o600))
		st.Items = append(st.Items, &study.Item{ID: id, Path: path, Name: fmt.Sprint("case ", i), W: side, H: side, Frames: 1})
	}
	return st
}

// path is where the file of image i lies.
func (s *site) path(i string) string { return filepath.Join(s.data, "Kim Chul-soo "+i+".png") }

// paint lets a reader draw on an item.
func (s *site) paint(reader, item string, x float64, accept bool) {
	s.in(func(w *store.Workspace) {
		st := &study.Study{Title: "one", Items: []*study.Item{{ID: item, Path: s.path(strings.TrimPrefix(item, "item ")), Name: item, W: side, H: side, Frames: 1}}}
		r, err := w.Review(st, reader)
		must(s.t, err)
		k := review.Key{Instance: item}
		stroke, err := r.Begin(k, "brush", review.ByReader)
		must(s.t, err)
		stroke.Fill(mask.Capsule(x, 20, x+3, 22, 4, 4), 1)
		_, err = stroke.Commit()
		must(s.t, err)
		if accept {
			must(s.t, r.SetStatus(k, review.Accepted))
		}
		all, err := w.Entries(reader, []string{item})
		must(s.t, err)
		for i := range all {
			s.made[all[i].ID] = true
		}
	})
}

// found makes a project of n cases at a site, for kim and lee, all cases for both, with park as expert.
func (s *site) found(n int) {
	s.in(func(w *store.Workspace) {
		must(s.t, w.Register(s.images(n)))
		p, err := Create(w, "boss", "breast")
		must(s.t, err)
		_, err = p.AddCases(w, "boss", casesOf(n))
		must(s.t, err)
		for _, name := range []string{"kim", "lee"} {
			must(s.t, p.SetMember(w, "boss", name, Reads, false))
		}
		must(s.t, p.SetMember(w, "boss", "park", Advises, false))
		hash, err := w.AddBlob([]byte("picture"))
		must(s.t, err)
		must(s.t, p.SetGuideline(w, "boss", Guideline{Text: "Draw the outer edge.", Pictures: []Picture{{Hash: hash, Name: "edge.png"}}}))
		share := 0.5
		must(s.t, p.Set(w, "boss", Settings{Share: &share}))
		p, err = Load(w)
		must(s.t, err)
		_, err = p.Assign(w, "boss", false)
		must(s.t, err)
	})
}

// share writes a share of a reader's part.
func (s *site) share(reader, out string, files bool) (sum Shared, err error) {
	s.in(func(w *store.Workspace) {
		sum, err = Share(w, out, ShareOptions{Reader: reader, Files: files, Answers: []string{"answer"}})
	})
	return sum, err
}

func (s *site) take(file string) (m store.Merged, err error) {
	s.in(func(w *store.Workspace) { m, _, err = Take(w, file) })
	return m, err
}

// entries are the IDs of what readers did, and who did it.
func (s *site) entries(readers ...string) (out []string) {
	s.in(func(w *store.Workspace) {
		p, err := Load(w)
		must(s.t, err)
		var items []string
		for _, c := range p.Cases {
			items = append(items, c.Item)
		}
		for _, r := range readers {
			all, err := w.Entries(r, items)
			must(s.t, err)
			for i := range all {
				out = append(out, fmt.Sprintf("%s %s %x", r, all[i].Key.Instance, all[i].ID))
			}
		}
	})
	slices.Sort(out)
	return out
}

func TestShareGoesOutAndComesBack(t *testing.T) {
	root := t.TempDir()
	home, kim := newSite(t, root, "home"), newSite(t, root, "kim")
	home.found(8)
	home.paint("lee", "item 0", 10, true)
	home.paint("kim", "item 1", 10, true)
	out := filepath.Join(root, "kim"+ShareExtension)
	sum, err := home.share("kim", out, true)
	must(t, err)
	if sum.Cases < 6 || sum.Files != sum.Cases || sum.Missing != 0 {
		t.Fatalf("%+v", sum)
	}
	m, err := kim.take(out)
	if err != nil || m.Events == 0 {
		t.Fatal(m, err)
	}
	if got := Bound(kim.dir); got != "kim" {
		t.Fatal(got)
	}
	kim.in(func(w *store.Workspace) {
		p, err := Load(w)
		must(t, err)
		if p.Name != "breast" || len(p.Cases) != 8 || len(p.Part("kim")) != 6 || p.Guideline.Text == "" {
			t.Fatalf("%+v", p)
		}
		if pic, err := w.Blob(p.Guideline.Pictures[0].Hash); err != nil || string(pic) != "picture" {
			t.Fatal(err)
		}
		if names, err := w.Readers(); err != nil || slices.Contains(names, "lee") {
			t.Fatal("a blinded reader got", names, err)
		}
		items, err := w.Items()
		must(t, err)
		if len(items) != 6 {
			t.Fatal(len(items), "items")
		}
		for _, it := range items {
			data, err := os.ReadFile(it.Path)
			if err != nil || !strings.HasPrefix(it.Path, kim.dir) || len(data) < 1000 || !strings.HasPrefix(filepath.Base(it.Path), "Kim Chul-soo ") {
				t.Fatal(it.Path, err)
			}
		}
	})
	kim.paint("kim", "item 1", 30, true)
	kim.paint("kim", "item 2", 30, true)
	called := review.LabelSet{}.With(review.Label{Value: 1, Name: "nodule"})
	kim.in(func(w *store.Workspace) { must(t, w.SaveLabels("kim", review.LabelSet{}, called)) })
	back := filepath.Join(root, "back"+ShareExtension)
	if _, err := kim.share("kim", back, false); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := home.take(back); err != nil {
			t.Fatal(err)
		}
	}
	if h, k := home.entries("kim"), kim.entries("kim"); !slices.Equal(h, k) || len(h) != 6 {
		t.Fatal(h, k)
	}
	home.in(func(w *store.Workspace) {
		if l, err := w.Labels("kim"); err != nil || l.Of(1).Name != "nodule" {
			t.Fatal("what kim called the labels stayed behind:", l, err)
		}
		items, err := w.Items()
		must(t, err)
		for _, it := range items { // what came back does not say where files lie here
			if !strings.HasPrefix(it.Path, home.data) {
				t.Fatal(it.Path)
			}
		}
		if n, err := w.VerifyEvents(); err != nil || n == 0 {
			t.Fatal(n, err)
		}
	})
	if Bound(home.dir) != "" {
		t.Fatal("home became a part")
	}
	sum, err = home.share("park", filepath.Join(root, "park"+ShareExtension), true)
	if err != nil || sum.Cases != 8 {
		t.Fatal(sum, err)
	}
	park := newSite(t, root, "park")
	if _, err := park.take(filepath.Join(root, "park"+ShareExtension)); err != nil || len(park.entries("lee", "kim")) != 8 {
		t.Fatal(park.entries("lee", "kim"), err)
	}
}

// TestAnswersComeBackToBlindedReaders: what an expert says of their cases, of the kinds that are meant for them.
func TestAnswersComeBackToBlindedReaders(t *testing.T) {
	root := t.TempDir()
	home, kim := newSite(t, root, "home"), newSite(t, root, "kim")
	home.found(4)
	mine := ""
	home.in(func(w *store.Workspace) {
		p, err := Load(w)
		must(t, err)
		mine = p.Part("kim")[0].Item
		for _, e := range []store.Event{
			{Kind: "answer", Study: mine, Reader: "park"},
			{Kind: "secret", Study: mine, Reader: "park"},
			{Kind: "answer", Study: mine, Reader: "lee"},
			{Kind: "answer", Study: "elsewhere", Reader: "park"},
			{Kind: "note", Study: mine, Reader: "kim"},
		} {
			e.Body = json.RawMessage(`{}`)
			_, err := w.AddEvent(e)
			must(t, err)
		}
	})
	out := filepath.Join(root, "kim"+ShareExtension)
	_, err := home.share("kim", out, false)
	must(t, err)
	_, err = kim.take(out)
	must(t, err)
	kim.in(func(w *store.Workspace) {
		got, err := w.Events("answer", "secret", "note")
		if err != nil || len(got) != 2 || got[0].Reader != "park" || got[0].Study != mine || got[1].Kind != "note" {
			t.Fatal(got, err)
		}
	})
}

// rezip copies a share, changing or leaving out what change says.
func rezip(t *testing.T, from, to string, change func(name string, data []byte) []byte) {
	t.Helper()
	r, err := zip.OpenReader(from)
	must(t, err)
	defer r.Close()
	f, err := os.Create(to)
	must(t, err)
	w := zip.NewWriter(f)
	for _, m := range r.File {
		in, err := m.Open()
		must(t, err)
		data, err := io.ReadAll(in)
		must(t, errors.Join(err, in.Close()))
		if data = change(m.Name, data); data == nil {
			continue
		}
		out, err := w.Create(m.Name)
		must(t, err)
		_, err = out.Write(data)
		must(t, err)
	}
	must(t, errors.Join(w.Close(), f.Close()))
}

// leadAstray makes a share's workspace say that a file lies elsewhere.
func leadAstray(t *testing.T, share, to string) {
	t.Helper()
	dir := t.TempDir()
	r, err := zip.OpenReader(share)
	must(t, err)
	base, err := r.Open(shareBase)
	must(t, err)
	data, err := io.ReadAll(base)
	must(t, errors.Join(err, base.Close(), r.Close()))
	must(t, os.WriteFile(filepath.Join(dir, shareBase), data, 0o600))
	w, err := store.Open(dir)
	must(t, err)
	items, err := w.Items()
	must(t, err)
	if strings.HasPrefix(to, "/") { // below the file itself
		to = strings.TrimPrefix(filepath.ToSlash(items[0].Path), shareFiles) + to
	}
	must(t, w.SetPaths(map[string]string{items[0].ID: shareFiles + to}))
	must(t, w.Close())
	data, err = os.ReadFile(filepath.Join(dir, shareBase))
	must(t, err)
	rezip(t, share, share+" too", func(name string, old []byte) []byte {
		if name == shareBase {
			return data
		}
		return old
	})
	must(t, os.Rename(share+" too", share))
}

// header changes a share's header.
func header(change func(h *Header)) func(string, []byte) []byte {
	return func(name string, data []byte) []byte {
		if name == shareHeader {
			var h Header
			_ = json.Unmarshal(data, &h)
			change(&h)
			data, _ = json.Marshal(h)
		}
		return data
	}
}

// TestBadSharesAreRefused: each with its own fault, and nothing is changed.
func TestBadSharesAreRefused(t *testing.T) {
	root := t.TempDir()
	home, other := newSite(t, root, "home"), newSite(t, root, "other")
	home.found(4)
	other.found(4)
	good, theirs := filepath.Join(root, "good.echoline"), filepath.Join(root, "theirs.echoline")
	_, err := home.share("kim", good, true)
	must(t, err)
	_, err = other.share("kim", theirs, true)
	must(t, err)
	data, err := os.ReadFile(good)
	must(t, err)
	bad := func(name string) string { return filepath.Join(root, name) }
	must(t, os.WriteFile(bad("cut"), data[:len(data)/2], 0o600))
	must(t, os.WriteFile(bad("garbage"), bytes.Repeat([]byte("no share "), 1000), 0o600))
	must(t, os.WriteFile(bad("empty"), nil, 0o600))
	hurt := slices.Clone(data)
	hurt[bytes.Index(hurt, []byte(shareBase))+2000] ^= 0xff
	must(t, os.WriteFile(bad("bit"), hurt, 0o600))
	rezip(t, good, bad("headless"), func(name string, data []byte) []byte {
		if name == shareHeader {
			return nil
		}
		return data
	})
	rezip(t, good, bad("baseless"), func(name string, data []byte) []byte {
		if name == shareBase {
			return nil
		}
		return data
	})
	rezip(t, good, bad("no base"), func(name string, data []byte) []byte {
		if name == shareBase {
			return bytes.Repeat([]byte("garbage"), 1000)
		}
		return data
	})
	rezip(t, good, bad("fileless"), func(name string, data []byte) []byte {
		if strings.HasPrefix(name, shareFiles) {
			return nil
		}
		return data
	})
	rezip(t, good, bad("astray"), func(name string, data []byte) []byte { return data })
	leadAstray(t, bad("astray"), "0123/../../../outside.png")
	rezip(t, good, bad("within"), func(name string, data []byte) []byte { return data })
	leadAstray(t, bad("within"), "/../../../../../outside.png")
	rezip(t, good, bad("newer"), header(func(h *Header) { h.Version = shareVersion + 1 }))
	rezip(t, good, bad("older"), header(func(h *Header) { h.Version = shareOldest - 1 }))
	rezip(t, good, bad("mixed"), header(func(h *Header) { h.Project = "another" }))
	before := func() []string { return home.rows() }()
	for name, want := range map[string]fault.Code{
		bad("cut"): CodeShare, bad("garbage"): CodeShare, bad("empty"): CodeShare, bad("bit"): CodeShare, bad("headless"): CodeShare,
		bad("baseless"): CodeShare, bad("no base"): CodeShare, bad("mixed"): CodeShare, bad("not there"): CodeShare, bad("fileless"): CodeShare, bad("astray"): CodeShare, bad("within"): CodeShare,
		bad("newer"): CodeShareNewer, bad("older"): CodeShareOlder, theirs: CodeOther,
	} {
		_, err := home.take(name)
		if fault.CodeOf(err) != want {
			t.Errorf("%s: %v, want %s", filepath.Base(name), err, want)
		}
		if _, err := os.Stat(filepath.Join(home.dir, store.Scratch)); err == nil {
			t.Errorf("%s left something behind", filepath.Base(name))
		}
	}
	if after := home.rows(); !slices.Equal(before, after) {
		t.Error("a refused share changed something")
	}
}

// events are those of a site.
func (s *site) events() (all []store.Event) {
	s.in(func(w *store.Workspace) {
		var err error
		all, err = w.Events()
		must(s.t, err)
	})
	return all
}

// rows are the events and entries of a site.
func (s *site) rows() (out []string) {
	s.in(func(w *store.Workspace) {
		all, err := w.Events()
		must(s.t, err)
		for _, e := range all {
			out = append(out, e.ID)
		}
	})
	return append(out, s.entries("kim", "lee")...)
}

func TestShareRefusals(t *testing.T) {
	root := t.TempDir()
	home, empty := newSite(t, root, "home"), newSite(t, root, "empty")
	out := filepath.Join(root, "out.echoline")
	empty.in(func(*store.Workspace) {})
	_, err := empty.share("kim", out, false)
	wantCode(t, err, CodeNone)
	home.found(4)
	_, err = home.share("eve", out, false)
	wantCode(t, err, CodeReader)
	home.in(func(w *store.Workspace) {
		p, err := Load(w)
		must(t, err)
		must(t, p.SetMember(w, "", "late", Reads, false))
	})
	_, err = home.share("late", out, false)
	wantCode(t, err, CodeEmpty)
	_, err = home.share("kim", filepath.Join(root, "no", "folder"), false)
	wantCode(t, err, CodeShareWrite)
	if _, err := os.Stat(out); err == nil {
		t.Fatal("half a share")
	}
	// A workspace that is kim's part takes nothing of lee's, neither as a share nor as a workspace.
	kim, lee := newSite(t, root, "kim"), newSite(t, root, "lee")
	for _, s := range []*site{kim, lee} {
		name := filepath.Base(s.dir)
		file := filepath.Join(root, name+".echoline")
		_, err = home.share(name, file, false)
		must(t, err)
		_, err = s.take(file)
		must(t, err)
		s.paint(name, "item 0", 20, true)
	}
	_, err = kim.take(filepath.Join(root, "lee.echoline"))
	wantCode(t, err, CodeShareReader)
	// Nor does a workspace that holds somebody else's work become kim's part: that work would be hidden.
	used := newSite(t, root, "used")
	used.images(1)
	used.paint("park", "item 0", 20, true)
	_, err = used.take(filepath.Join(root, "kim.echoline"))
	wantCode(t, err, CodeShareOthers)
	used.in(func(w *store.Workspace) {
		all, err := w.Events()
		must(t, err)
		if Bound(used.dir) != "" || len(all) > 0 {
			t.Error("a share that was refused changed the workspace")
		}
	})
	kim.in(func(w *store.Workspace) { _, err = Merge(w, lee.dir) })
	wantCode(t, err, CodeShareReader)
	home.in(func(w *store.Workspace) {
		for _, from := range []string{kim.dir, lee.dir, kim.dir} {
			_, err := Merge(w, from)
			must(t, err)
		}
	})
	if got := home.entries("kim", "lee"); len(got) != 4 {
		t.Fatal(got)
	}
	other := newSite(t, root, "other")
	other.found(2)
	home.in(func(w *store.Workspace) { _, err = Merge(w, other.dir) })
	wantCode(t, err, CodeOther)
}
