package study

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"echoline/internal/fault"
)

var errNoDirectory = errors.New("no DICOMDIR")

// readDirectory lists the files that a DICOMDIR refers to; ok is false where path is no DICOMDIR. Names that lead out of
// its folder, also through links, are refused: a disc must not open what lies beside it.
func readDirectory(path string) (refs []candidate, ok bool) {
	records, err := directoryRecords(path)
	if err != nil {
		return nil, false
	}
	root := filepath.Dir(path)
	seen := map[string]bool{}
	for _, r := range records {
		parts := r.texts("ReferencedFileID")
		if len(parts) == 0 {
			continue
		}
		c := reference(root, parts)
		if !seen[c.path] {
			seen[c.path] = true
			refs = append(refs, c)
		}
	}
	return refs, true
}

// directoryRecords scans a DICOMDIR.
func directoryRecords(path string) (records []*dataSet, err error) {
	defer guard(&err)
	f, o, err := openOriginal(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, min(o.size, 160))
	if _, err := io.ReadFull(f, head); err != nil {
		return nil, err
	}
	if !isDICOM(head) {
		return nil, errNoDirectory
	}
	p, err := readPart10(f, o.size)
	if err != nil {
		return nil, err
	}
	if p.noPicture() != CodeDirectory {
		return nil, errNoDirectory
	}
	return p.set.items[tags["DirectoryRecordSequence"]], nil
}

// reference finds the file of one record. Discs are often copied to file systems that change the case of names.
func reference(root string, parts []string) candidate {
	c := candidate{path: filepath.Join(append([]string{root}, parts...)...), asked: true}
	for _, p := range parts {
		if p == "" || p == "." || p == ".." || strings.ContainsAny(p, `/\:`) {
			c.failed = fault.New(CodeOutside, c.path, nil, nil)
			return c
		}
	}
	found := root
	for _, p := range parts {
		found = sameName(found, p)
	}
	if _, err := os.Stat(found); err != nil {
		c.failed = asFault(c.path, err)
		return c
	}
	c.path = found
	inside, err := filepath.EvalSymlinks(root)
	real, err2 := filepath.EvalSymlinks(found)
	if err == nil {
		err = err2
	}
	if err != nil {
		c.failed = asFault(c.path, err)
		return c
	}
	if rel, err := filepath.Rel(inside, real); err != nil || !filepath.IsLocal(rel) {
		c.failed = fault.New(CodeOutside, c.path, nil, nil)
	}
	return c
}

// sameName is name in dir, or the entry that differs from it in case only.
func sameName(dir, name string) string {
	exact := filepath.Join(dir, name)
	if _, err := os.Lstat(exact); err == nil {
		return exact
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return exact
	}
	for _, e := range entries {
		if strings.EqualFold(e.Name(), name) {
			return filepath.Join(dir, e.Name())
		}
	}
	return exact
}
