package project

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"echoline/internal/durable"
	"echoline/internal/fault"
	"echoline/internal/store"
)

// A share is a zip archive with a header, a workspace, and the files of the cases: what one reader needs to work elsewhere,
// or brings back from there.

// shareVersion is that of the form written, and shareOldest the oldest that is read.
const (
	shareVersion = 1
	shareOldest  = 1
)

// The names in a share.
const (
	shareHeader = "echoline-share.json"
	shareBase   = "echoline.db"
	shareFiles  = "files/"
)

// ShareExtension is what shares are called.
const ShareExtension = ".echoline"

// Header says what a share is.
type Header struct {
	Form    string    `json:"form"` // "echoline share"
	Version int       `json:"version"`
	Project string    `json:"project"` // its ID
	Name    string    `json:"name"`    // of the project
	Reader  string    `json:"reader"`  // whose part it is
	Person  string    `json:"person"`
	Made    time.Time `json:"made"`
}

// shareForm is every header's Form.
const shareForm = "echoline share"

// ShareOptions say what goes into a share.
type ShareOptions struct {
	Reader  string
	Files   bool     // the cases' files; else only where they lie, and what they are known by
	Answers []string // kinds of events of experts that go back to readers, also where readers see nothing of each other
}

// Shared is what went into a share.
type Shared struct{ Cases, Files, Missing int } // Missing: cases whose file is not where it was

// Share writes a reader's part of the project in ws to out, whole or not at all: the project, its guideline, the reader's cases
// with their predictions, and the reader's own work; where readers see nothing of each other, nobody else's. An expert's part
// is all cases, with everybody's work. Faults: CodeNone, CodeReader, CodeEmpty (no case was given to the reader),
// CodeShareWrite, and those of the store.
func Share(ws *store.Workspace, out string, o ShareOptions) (Shared, error) {
	s, err := Load(ws)
	if s == nil {
		return Shared{}, orNone(err, ws)
	}
	m, ok := s.Member(o.Reader)
	if !ok {
		return Shared{}, s.NoReader(o.Reader)
	}
	cases := s.Cases
	if m.Role == Reads {
		if cases, err = s.partAndWork(ws, m.Name); err != nil {
			return Shared{}, err
		}
	}
	if len(cases) == 0 {
		return Shared{}, fault.New(CodeEmpty, m.Name, nil, nil)
	}
	p := &packing{ws: ws, state: s, member: m, cases: cases, answers: o.Answers, files: map[string]string{}}
	if err := p.findFiles(o.Files); err != nil {
		return Shared{}, err
	}
	scratch := filepath.Join(ws.Dir(), store.Scratch)
	if err := os.MkdirAll(scratch, 0o700); err != nil {
		return Shared{}, fault.New(CodeShareWrite, out, err, nil)
	}
	defer os.RemoveAll(scratch)
	if err := ws.Extract(scratch, p.part()); err != nil {
		return Shared{}, err
	}
	if err := durable.Write(out, 0o600, func(w io.Writer) error { return p.write(w, filepath.Join(scratch, shareBase)) }); err != nil {
		return Shared{}, fault.New(CodeShareWrite, out, err, nil)
	}
	if err := ws.Audit(m.Name, "shared", s.ID); err != nil {
		return p.sum, err
	}
	return p.sum, nil
}

// partAndWork is a reader's part, and what cases the reader worked on beside it.
func (s *State) partAndWork(ws *store.Workspace, reader string) ([]Case, error) {
	decisions, err := ws.Decisions()
	if err != nil {
		return nil, err
	}
	worked := map[string]bool{}
	for i := range decisions {
		if decisions[i].Reader == reader {
			worked[decisions[i].Key.Instance] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(s.Cases), func(c Case) bool {
		return !worked[c.Item] && !slices.Contains(s.assigned[c.Item], reader)
	}), nil
}

// orNone is why there is no project.
func orNone(err error, ws *store.Workspace) error {
	if err != nil {
		return err
	}
	return fault.New(CodeNone, ws.Dir(), nil, nil)
}

// NoReader is the fault of a name that nobody has.
func (s *State) NoReader(name string) error {
	var names []string
	for _, m := range s.Active("") {
		names = append(names, m.Name)
	}
	return fault.New(CodeReader, "", nil, fault.Args{"Name": name, "Readers": strings.Join(names, ", ")})
}

// packing is a share in the making.
type packing struct {
	ws      *store.Workspace
	state   *State
	member  Member
	cases   []Case
	answers []string
	paths   map[string]string // by item: where its file lies in the share
	files   map[string]string // names in the share, by path here
	sum     Shared
}

// findFiles finds the files of the cases.
func (p *packing) findFiles(with bool) error {
	p.sum.Cases = len(p.cases)
	if !with {
		return nil
	}
	items, err := p.ws.Items()
	if err != nil {
		return err
	}
	byID := make(map[string]string, len(items))
	for _, it := range items {
		byID[it.ID] = it.Path
	}
	p.paths = make(map[string]string, len(p.cases))
	for _, c := range p.cases {
		file, rest := fileOf(byID[c.Item])
		if file == "" {
			p.sum.Missing++
			continue
		}
		name, known := p.files[file]
		if !known {
			name = shareName(file)
			p.files[file] = name
		}
		p.paths[c.Item] = shareFiles + name + filepath.ToSlash(rest)
	}
	p.sum.Files = len(p.files)
	return nil
}

// fileOf is the file that a path leads to, and, where that is an archive, the rest of the way in it; "" where there is none.
func fileOf(path string) (file, rest string) {
	for at := path; at != ""; at = filepath.Dir(at) {
		if fi, err := os.Stat(at); err == nil {
			if fi.Mode().IsRegular() {
				return at, path[len(at):]
			}
			return "", ""
		}
		if at == filepath.Dir(at) {
			break
		}
	}
	return "", ""
}

// shareName is the name of a file in a share: a folder of its own, for two files may have one name, and the name by which the
// case is known; nothing else of the path that it had.
func shareName(path string) string {
	sum := sha256.Sum256([]byte(path))
	return hex.EncodeToString(sum[:4]) + "/" + fileName(filepath.Base(path))
}

// fileName is a name as every system takes it, and that leads nowhere else.
func fileName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, strings.ToValidUTF8(name, "-"))
	if visible := strings.TrimLeft(clean, "."); visible != clean {
		return "-" + visible
	}
	return clean
}

// part says what of the workspace goes into the share.
func (p *packing) part() store.Part {
	in := make(map[string]bool, len(p.cases))
	part := store.Part{Paths: p.paths}
	for _, c := range p.cases {
		in[c.Item] = true
		part.Items = append(part.Items, c.Item)
	}
	for _, pic := range p.state.Guideline.Pictures {
		part.Blobs = append(part.Blobs, pic.Hash)
	}
	if !p.state.Hides(p.member.Name) {
		return part
	}
	part.Readers = []string{p.member.Name}
	part.Events = func(e *store.Event) bool {
		switch {
		case slices.Contains(Kinds, e.Kind) || e.Reader == p.member.Name:
			return true
		case !in[e.Study]:
			return false
		}
		by, ok := p.state.Member(e.Reader)
		return ok && by.Role == Advises && slices.Contains(p.answers, e.Kind)
	}
	return part
}

// write writes the share.
func (p *packing) write(w io.Writer, base string) error {
	z := zip.NewWriter(w)
	header, err := json.MarshalIndent(Header{
		Form: shareForm, Version: shareVersion, Project: p.state.ID, Name: p.state.Name,
		Reader: p.member.Name, Person: p.member.Person, Made: time.Now().UTC().Truncate(time.Second),
	}, "", "  ")
	if err != nil {
		return err
	}
	h, err := z.Create(shareHeader)
	if err != nil {
		return err
	}
	if _, err := h.Write(header); err != nil {
		return err
	}
	if err := addFile(z, shareBase, base, zip.Deflate); err != nil {
		return err
	}
	files := make([]string, 0, len(p.files))
	for path := range p.files {
		files = append(files, path)
	}
	slices.Sort(files)
	for _, path := range files {
		if err := addFile(z, shareFiles+p.files[path], path, zip.Store); err != nil { // pixels are packed already, mostly
			return err
		}
	}
	return z.Close()
}

// addFile puts a file into a zip archive.
func addFile(z *zip.Writer, name, path string, method uint16) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, f)
	return err
}
