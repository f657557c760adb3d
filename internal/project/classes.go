package project

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"echoline/internal/fault"
)

// ReadClasses reads the classes of cases from a table: comma-separated, its first row naming the columns, with one called
// "file" (a path or a name, with or without ending) and one called "class". What the result names is as Case.Name. The fault
// CodeClasses says that the file is no such table, or gives a file two classes.
func ReadClasses(name string) (map[string]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fault.New(CodeClasses, name, err, nil)
	}
	defer f.Close()
	classes, err := classesFrom(f)
	if err != nil {
		return nil, fault.New(CodeClasses, name, err, nil)
	}
	return classes, nil
}

func classesFrom(from io.Reader) (map[string]string, error) {
	r := csv.NewReader(from)
	head, err := r.Read()
	if err != nil {
		return nil, err
	}
	file, class := -1, -1
	for i, column := range head {
		switch strings.ToLower(strings.TrimSpace(strings.TrimPrefix(column, "\uFEFF"))) {
		case "file":
			file = i
		case "class":
			class = i
		}
	}
	if file < 0 || class < 0 {
		return nil, errors.New(`no columns "file" and "class"`)
	}
	out := map[string]string{}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		name, is := caseName(row[file]), strings.ToValidUTF8(strings.TrimSpace(row[class]), "")
		if before, there := out[name]; there && before != is {
			return nil, fmt.Errorf("%q is %q and %q", name, before, is)
		}
		out[name] = is
	}
}

// caseName is how the case of a file is called.
func caseName(file string) string {
	base := path.Base(strings.ReplaceAll(strings.TrimSpace(file), `\`, "/"))
	return strings.TrimSuffix(base, path.Ext(base))
}

// classesOf finds the cases that a table names, by item. CodeClasses where it names none of them.
func classesOf(cases []Case, named map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for _, c := range cases {
		class, ok := named[c.Name]
		if !ok {
			class, ok = named[caseName(c.Name)]
		}
		if ok {
			out[c.Item] = class
		}
	}
	if len(out) == 0 {
		return nil, fault.New(CodeClasses, "", errors.New("no file in it is a case"), nil)
	}
	return out, nil
}

// SetClasses says of what class cases are, by item; "" takes a class away.
func (s *State) SetClasses(l Log, who string, classes map[string]string) error {
	part := map[string]string{}
	for i, c := range s.Cases {
		if class, ok := classes[c.Item]; ok && class != s.classes[c.Item] {
			part[c.Item] = class
		}
		if len(part) == chunk || len(part) > 0 && i == len(s.Cases)-1 {
			if err := add(l, who, KindClasses, &body{Project: s.ID, Classes: part}); err != nil {
				return err
			}
			part = map[string]string{}
		}
	}
	return nil
}

// ClassOf is the class of a case, such as "benign"; "" where nobody said. It is for sums, and never shown beside an image.
func (s *State) ClassOf(item string) string {
	if s == nil {
		return ""
	}
	return s.classes[item]
}
