package project

import (
	"archive/zip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"echoline/internal/durable"
	"echoline/internal/fault"
	"echoline/internal/store"
)

// IsShare tells whether a path may be a share: whether it is a file at all. Take finds out the rest.
func IsShare(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.Mode().IsRegular()
}

// Take brings a share into a workspace: what is new in it is united with what is there, as a merge does, and the files of its
// cases are put into the workspace's folder. It can be done any number of times, in any order with others, and one that is
// cut short is simply done again. A workspace without a project becomes the reader's whose part it is; see Bound.
//
// Faults: CodeShare, CodeShareNewer, CodeShareOlder, CodeOther, CodeTwins, CodeShareReader, CodeShareOthers, and those of store.Merge. Nothing
// is changed then.
func Take(ws *store.Workspace, file string) (store.Merged, Header, error) {
	z, err := zip.OpenReader(file)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return store.Merged{}, Header{}, fault.New(CodeShare, file, err, nil)
		}
		return store.Merged{}, Header{}, fault.New(CodeShare, file, errors.New("it is no whole archive"), nil)
	}
	defer z.Close()
	t := &taking{ws: ws, file: file, zip: &z.Reader, scratch: filepath.Join(ws.Dir(), store.Scratch)}
	if err := t.readHeader(); err != nil {
		return store.Merged{}, t.header, err
	}
	os.RemoveAll(t.scratch)
	defer os.RemoveAll(t.scratch)
	if err := os.MkdirAll(t.scratch, 0o700); err != nil {
		return store.Merged{}, t.header, fault.New(CodeShareWrite, ws.Dir(), err, nil)
	}
	if err := t.unpack(shareBase, filepath.Join(t.scratch, shareBase)); err != nil {
		return store.Merged{}, t.header, err
	}
	m, err := ws.MergeIf(t.scratch, t.check)
	var f *fault.Error
	if errors.As(err, &f) && f.Where == t.scratch {
		f.Where = file
		if f.Code == store.CodeNone || f.Code == store.CodeDamaged {
			f.Code = CodeShare
		}
	}
	if err == nil {
		err = WriteLabels(ws)
	}
	return m, t.header, err
}

// taking is a share that is being taken in.
type taking struct {
	ws            *store.Workspace
	file, scratch string
	zip           *zip.Reader
	header        Header
}

// damaged is the fault of a share that is not what it should be.
func (t *taking) damaged(why string, args ...any) error {
	return fault.New(CodeShare, t.file, fmt.Errorf(why, args...), nil)
}

// maxHeader is how long a header may be.
const maxHeader = 1 << 20

// readHeader reads and checks the header.
func (t *taking) readHeader() error {
	f, err := t.zip.Open(shareHeader)
	if err != nil {
		return t.damaged("it has no header")
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxHeader))
	if err != nil || json.Unmarshal(data, &t.header) != nil || t.header.Form != shareForm || t.header.Project == "" {
		return t.damaged("its header cannot be read")
	}
	args := fault.Args{"Have": t.header.Version, "Want": shareVersion}
	switch {
	case t.header.Version > shareVersion:
		return fault.New(CodeShareNewer, t.file, nil, args)
	case t.header.Version < shareOldest:
		return fault.New(CodeShareOlder, t.file, nil, args)
	}
	return nil
}

// unpack writes a file of the share, checked, to a path.
func (t *taking) unpack(name, path string) error {
	f, err := t.zip.Open(name)
	if err != nil {
		return t.damaged("%s is missing", name)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return t.damaged("%s cannot be read", name)
	}
	err = durable.Write(path, 0o600, func(w io.Writer) error {
		n, err := io.Copy(w, io.LimitReader(f, fi.Size()+1))
		if err == nil && n != fi.Size() {
			err = io.ErrUnexpectedEOF
		}
		return err
	})
	var system *os.PathError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &system) && system.Path != t.file:
		return fault.New(CodeShareWrite, path, err, nil)
	}
	return t.damaged("%s cannot be read", name)
}

// check looks at what is in the share before anything is merged, and puts its files in place.
func (t *taking) check(src *store.Workspace) error {
	theirs, err := Load(src)
	if err != nil {
		return t.damaged("its notes are damaged")
	}
	if theirs == nil || theirs.ID != t.header.Project {
		return t.damaged("its project is not the one that its header names")
	}
	mine, err := Load(t.ws)
	if mine == nil && err != nil {
		return err
	}
	if err := compatible(mine, theirs, t.file); err != nil {
		return err
	}
	if err := t.bound(mine, theirs, src); err != nil {
		return err
	}
	if mine == nil { // before anything is merged: a kill in between must not leave a part that is nobody's
		if err := bind(t.ws.Dir(), t.header); err != nil {
			return fault.New(CodeShareWrite, t.ws.Dir(), err, nil)
		}
	}
	return t.placeFiles(src)
}

// bound looks whether the workspace may take in this reader's part.
func (t *taking) bound(mine, theirs *State, src *store.Workspace) error {
	if me := Bound(t.ws.Dir()); me != "" && me != t.header.Reader && mine.Hides(me) {
		return fault.New(CodeShareReader, t.file, nil, fault.Args{"Mine": me, "Theirs": t.header.Reader})
	}
	if mine == nil {
		if err := t.othersWork(theirs); err != nil {
			return err
		}
	}
	return mayTake(t.ws.Dir(), mine, src, t.file)
}

// othersWork refuses to make a part in which nobody else may be seen of a workspace that holds somebody else's work.
func (t *taking) othersWork(theirs *State) error {
	if !theirs.Hides(t.header.Reader) {
		return nil
	}
	readers, err := t.ws.Readers()
	if err != nil {
		return err
	}
	for _, name := range readers {
		if name != "" && name != t.header.Reader {
			return fault.New(CodeShareOthers, t.ws.Dir(), nil, fault.Args{"Reader": t.header.Reader, "Others": name})
		}
	}
	return nil
}

// placeFiles puts the files of the share into the workspace's folder, those that are not there yet, and tells the copy of
// the share's workspace where they are.
func (t *taking) placeFiles(src *store.Workspace) error {
	items, err := src.Items()
	if err != nil {
		return err
	}
	dir := filepath.Join(t.ws.Dir(), "files", plainName(t.header.Project))
	paths := map[string]string{}
	done := map[string]bool{}
	for _, it := range items {
		rest, in := strings.CutPrefix(filepath.ToSlash(it.Path), shareFiles)
		if !in {
			continue
		}
		folder, rest, _ := strings.Cut(rest, "/")
		base, inner, _ := strings.Cut(rest, "/")
		if plainName(folder) != folder || folder == "" || fileName(base) != base || base == "" {
			return t.damaged("%q is no name of a file", rest)
		}
		if inner != "" && !filepath.IsLocal(filepath.FromSlash(inner)) {
			return t.damaged("%q leads elsewhere", inner)
		}
		name := folder + "/" + base
		if !done[name] {
			if err := t.placeFile(name, dir); err != nil {
				return err
			}
			done[name] = true
		}
		paths[it.ID] = filepath.Join(dir, filepath.FromSlash(name), filepath.FromSlash(inner))
	}
	return src.SetPaths(paths)
}

// placeFile writes one file, unless it is there.
func (t *taking) placeFile(name, dir string) error {
	to := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fault.New(CodeShareWrite, dir, err, nil)
	}
	for _, f := range t.zip.File {
		if f.Name == shareFiles+name {
			if fi, err := os.Stat(to); err == nil && uint64(fi.Size()) == f.UncompressedSize64 {
				return nil // files are known by their content when they are opened
			}
		}
	}
	return t.unpack(shareFiles+name, to)
}

// plainName is a name without anything that leads elsewhere: letters, digits, dots that do not begin it, hyphens.
func plainName(s string) string {
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return -1
	}, s), ".")
}

// Merge is store.Merge for a workspace in a folder, unless it holds another project, or another person of the same name, or
// what the reader whose part w is may not see. Nothing is changed then.
func Merge(ws *store.Workspace, from string) (store.Merged, error) {
	return ws.MergeIf(from, func(src *store.Workspace) error {
		mine, err := Load(ws)
		if mine == nil && err != nil {
			return err
		}
		theirs, _ := Load(src) // what is damaged there stays there
		if err := compatible(mine, theirs, from); err != nil {
			return err
		}
		return mayTake(ws.Dir(), mine, src, from)
	})
}

// compatible tells whether two projects are one, and their readers the same persons.
func compatible(mine, theirs *State, where string) error {
	if mine == nil || theirs == nil {
		return nil
	}
	if mine.ID != theirs.ID {
		return fault.New(CodeOther, where, nil, fault.Args{"Mine": mine.Name, "Theirs": theirs.Name})
	}
	for _, m := range theirs.Readers {
		if o, ok := mine.Member(m.Name); ok && o.Person != m.Person {
			return fault.New(CodeTwins, where, nil, fault.Args{"Name": m.Name})
		}
	}
	return nil
}

// boundName is the file that makes a workspace one reader's part.
const boundName = "part.json"

// bind makes a workspace the part of the reader of a share.
func bind(dir string, h Header) error {
	data, err := json.Marshal(h)
	if err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(dir, boundName), data, 0o600)
}

// Bound is the reader whose part of a project the workspace in dir is, because it began with a share; "" where it is nobody's.
func Bound(dir string) string {
	data, err := os.ReadFile(filepath.Join(dir, boundName))
	var h Header
	if err != nil || json.Unmarshal(data, &h) != nil {
		return ""
	}
	return h.Reader
}

// mayTake tells whether the work in src may come into the workspace in dir, whose project mine is.
func mayTake(dir string, mine *State, src *store.Workspace, where string) error {
	me := Bound(dir)
	if me == "" || !mine.Hides(me) {
		return nil
	}
	readers, err := src.Readers()
	if err != nil {
		return err
	}
	for _, r := range readers {
		if r != me && r != "" {
			return fault.New(CodeShareReader, where, nil, fault.Args{"Mine": me, "Theirs": r})
		}
	}
	return nil
}
