package export

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
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
)

// manifestName is the file that holds Result.Manifest, unfinishedName the one in which an export notes what it has written
// until all of it is there.
const (
	manifestName   = "manifest.sha256"
	unfinishedName = ".echoline-export"
)

// Manifest lists the files with their checksums, in the form that sha256sum -c reads in dir.
func (r Result) Manifest(dir string) []byte {
	var b bytes.Buffer
	for _, f := range r.Files {
		fmt.Fprintf(&b, "%s  %s\n", f.SHA256, within(dir, f.Path))
	}
	return b.Bytes()
}

// within is a file's name as seen from dir.
func within(dir, path string) string {
	name, err := filepath.Rel(dir, path)
	if err != nil {
		name = filepath.Base(path)
	}
	return filepath.ToSlash(name)
}

// manifest writes the manifest. One that is there keeps its lines on files that this run did not write.
func (j *job) manifest() {
	path := filepath.Join(j.Dir, manifestName)
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		j.results.Failed = append(j.results.Failed, fault.New(CodeWrite, path, cause(err), nil))
		return
	}
	var b bytes.Buffer
	for line := range strings.Lines(string(old)) {
		if _, name, ok := strings.Cut(strings.TrimSpace(line), "  "); ok && !j.taken[filepath.Join(j.Dir, filepath.FromSlash(name))] {
			b.WriteString(strings.TrimSpace(line) + "\n")
		}
	}
	b.Write(j.results.Manifest(j.Dir))
	if err := durable.WriteFile(path, b.Bytes(), 0o644); err != nil {
		j.results.Failed = append(j.results.Failed, fault.New(CodeWrite, path, cause(err), nil))
	}
}

// unfinished is the note on an export under way: a line for each item that is written. What goes wrong with it only costs
// that an export which did not end begins anew.
type unfinished struct {
	path string
	done map[string]noted // by fingerprint
	open bool             // the file of this export is begun
}

// noted is a line of the note.
type noted struct {
	Print  string      `json:"print"`
	Files  [][2]string `json:"files"` // name in the folder, SHA-256
	Study  string      `json:"study,omitempty"`
	Series string      `json:"series,omitempty"`
	Last   int         `json:"last,omitempty"`
}

// readUnfinished reads what an export before left in the folder.
func (j *job) readUnfinished() *unfinished {
	u := &unfinished{path: filepath.Join(j.Dir, unfinishedName), done: map[string]noted{}}
	f, err := os.Open(u.path)
	if err != nil {
		return u
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	s.Buffer(nil, 16<<20)
	for s.Scan() {
		var n noted
		if json.Unmarshal(s.Bytes(), &n) == nil && n.Print != "" { // the last line may be cut
			u.done[n.Print] = n
		}
	}
	u.open = len(u.done) > 0
	return u
}

// fingerprint is the SHA-256 of everything that an item's files say, but for when they were written.
func (j *job) fingerprint(it *Item) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%s\n%s\n%s\n%s\n%v\n", j.Format, j.Include, j.Version, j.Reader, j.stem, it.Source.ID, it.LeftOut)
	fmt.Fprintln(h, it.veil(j.Options))
	for _, v := range j.values {
		fmt.Fprintf(h, "%d %+v\n", v, j.label(v))
	}
	for _, f := range it.Frames {
		fmt.Fprintf(h, "%d %d %v %v %s %v %v %+v\n", f.Index, f.Status, f.Touched, f.Edited, f.Model, f.Spacing, f.SpacingFrom, f.Boundary)
		if c := j.consensus(it, f); c != nil {
			fmt.Fprintf(h, "%+v\n", *c)
		}
		for _, q := range j.asked(it, f) {
			fmt.Fprintf(h, "%+v\n", q)
		}
		_ = binary.Write(h, binary.LittleEndian, int64(len(f.Labels.Pix))) // a hash takes everything
		h.Write(f.Labels.Pix)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// take tells whether an item was written before and all of its files are as they were; then it is done.
func (u *unfinished) take(j *job, mark string) bool {
	n, ok := u.done[mark]
	if !ok {
		return false
	}
	files := make([]File, len(n.Files))
	for i, f := range n.Files {
		files[i] = File{filepath.Join(j.Dir, filepath.FromSlash(f[0])), f[1]}
		if sum, err := fileHash(files[i].Path); err != nil || sum != f[1] {
			return false
		}
	}
	for _, f := range files {
		j.taken[f.Path] = true
	}
	j.results.Files = append(j.results.Files, files...)
	j.results.Kept++
	if n.Series != "" {
		j.series[n.Study] = segSeries{n.Series, max(n.Last, j.series[n.Study].last)}
	}
	return true
}

// add notes that an item is written.
func (u *unfinished) add(j *job, mark string, it *Item, files []File) {
	n := noted{Print: mark}
	for _, f := range files {
		n.Files = append(n.Files, [2]string{within(j.Dir, f.Path), f.SHA256})
	}
	if it.Source.Header != nil {
		n.Study = it.attr("StudyInstanceUID")
		n.Series, n.Last = j.series[n.Study].uid, j.series[n.Study].last
	}
	line, err := json.Marshal(n)
	if err != nil {
		return
	}
	mode := os.O_APPEND
	if !u.open {
		mode = os.O_TRUNC
	}
	f, err := os.OpenFile(u.path, os.O_CREATE|os.O_WRONLY|mode, 0o600)
	if err != nil {
		return
	}
	u.open = true
	_, _ = f.Write(append(line, '\n'))
	_ = f.Close()
}

// remove takes the note away once everything is written.
func (u *unfinished) remove() { _ = os.Remove(u.path) }

func fileHash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
