package study

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"echoline/internal/fault"
)

var errNoDirectory = errors.New("no DICOMDIR")

// readDirectory lists a DICOMDIR and the files that it refers to; nil where path is none. Names that lead out of its
// folder, also through links, are refused: a disc must not open what lies beside it.
func readDirectory(path string) []candidate {
	records, err := directoryRecords(path)
	if errors.Is(err, errNoDirectory) {
		return nil
	}
	table := candidate{path: path, asked: true}
	if err != nil {
		table.failed = asFault(path, err)
	}
	out := []candidate{table}
	root := filepath.Dir(path)
	seen := map[string]bool{}
	for _, parts := range records {
		if c := reference(root, parts); !seen[c.path] {
			seen[c.path] = true
			out = append(out, c)
		}
	}
	return out
}

// directoryRecords lists what a DICOMDIR refers to. What is listed in one that is cut comes with the fault.
func directoryRecords(path string) (refers [][]string, err error) {
	f, o, err := openOriginal(path)
	if err != nil || o.size == 0 {
		return nil, errNoDirectory
	}
	defer f.Close()
	c, err := decoder().Describe(f, o.size)
	if c.Skipped != CodeDirectory {
		return nil, errNoDirectory
	}
	return c.Refers, err
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
	switch in, err := inside(root, found); {
	case err != nil:
		c.failed = asFault(c.path, err)
	case !in:
		c.failed = fault.New(CodeOutside, c.path, nil, nil)
	}
	return c
}

// inside tells whether path is below root once all links are followed.
func inside(root, path string) (bool, error) {
	root, err := filepath.EvalSymlinks(root)
	if err != nil {
		return false, err
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return false, err
	}
	rel, err := filepath.Rel(root, path)
	return err == nil && filepath.IsLocal(rel), nil
}

// sameName is name in dir, or the entry that differs from it in case or in what the file system of discs adds to names.
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
		if strings.EqualFold(plainName(e.Name()), plainName(name)) {
			return filepath.Join(dir, e.Name())
		}
	}
	return exact
}

// plainName takes off the version that ISO 9660 writes behind a name, and the dot of a name without extension.
func plainName(name string) string {
	name, _, _ = strings.Cut(name, ";")
	return strings.TrimSuffix(name, ".")
}
