package panel

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync/atomic"
	"unicode"
)

// entry is a file or folder in a folder.
type entry struct {
	name string
	dir  bool
	size int64 // -1 where unknown
}

// sizeText writes a file's size.
func (e entry) sizeText() string {
	switch {
	case e.dir || e.size < 0:
		return ""
	case e.size < 1<<10:
		return fmt.Sprintf("%d B", e.size)
	case e.size < 1<<20:
		return fmt.Sprintf("%.0f kB", float64(e.size)/(1<<10))
	case e.size < 1<<30:
		return fmt.Sprintf("%.1f MB", float64(e.size)/(1<<20))
	}
	return fmt.Sprintf("%.1f GB", float64(e.size)/(1<<30))
}

// batch is how many entries are read before what is there is shown.
const batch = 2000

// lister reads folders beside the window. Only what the latest call of list found is handed over.
type lister struct {
	run, post func(func())
	latest    atomic.Int64
}

// stop drops what is still being read.
func (l *lister) stop() { l.latest.Add(1) }

// list reads dir and calls show through post with everything found so far, sorted, until more is false. Names that start
// with a dot are left out, and files where only folders are wanted.
func (l *lister) list(dir string, folders bool, show func(all []entry, more bool, err error)) {
	id := l.latest.Add(1)
	current := func() bool { return l.latest.Load() == id }
	send := func(all []entry, more bool, err error) {
		l.post(func() {
			if current() {
				show(all, more, err)
			}
		})
	}
	l.run(func() {
		d, err := os.Open(dir)
		if err != nil {
			send(nil, false, err)
			return
		}
		defer func() { _ = d.Close() }()
		var all []entry
		for current() {
			part, err := d.ReadDir(batch)
			for _, e := range part {
				if v, ok := entryOf(dir, e); ok && (v.dir || !folders) {
					all = append(all, v)
				}
			}
			done := err != nil || len(part) == 0
			if errors.Is(err, io.EOF) {
				err = nil
			}
			sortEntries(all)
			send(append([]entry(nil), all...), !done, err)
			if done {
				return
			}
		}
	})
}

// entryOf looks at one entry; a link is what it leads to.
func entryOf(dir string, e fs.DirEntry) (entry, bool) {
	if strings.HasPrefix(e.Name(), ".") {
		return entry{}, false
	}
	v := entry{name: e.Name(), dir: e.IsDir(), size: -1}
	var fi fs.FileInfo
	var err error
	if e.Type()&fs.ModeSymlink != 0 {
		fi, err = os.Stat(filepath.Join(dir, e.Name()))
	} else {
		fi, err = e.Info()
	}
	if err == nil {
		v.dir, v.size = fi.IsDir(), fi.Size()
	}
	return v, true
}

// sortEntries puts folders first, then names in the order in which people count: 2 before 10.
func sortEntries(all []entry) {
	sort.Slice(all, func(i, j int) bool {
		if all[i].dir != all[j].dir {
			return all[i].dir
		}
		return naturalLess(all[i].name, all[j].name)
	})
}

// naturalLess compares names without regard to case, and runs of digits in them as numbers.
func naturalLess(a, b string) bool {
	x, y := []rune(strings.ToLower(a)), []rune(strings.ToLower(b))
	for len(x) > 0 && len(y) > 0 {
		if unicode.IsDigit(x[0]) && unicode.IsDigit(y[0]) {
			n, m := digits(x), digits(y)
			p, q := strings.TrimLeft(string(x[:n]), "0"), strings.TrimLeft(string(y[:m]), "0")
			if len(p) != len(q) {
				return len(p) < len(q)
			}
			if p != q {
				return p < q
			}
			x, y = x[n:], y[m:]
			continue
		}
		if x[0] != y[0] {
			return x[0] < y[0]
		}
		x, y = x[1:], y[1:]
	}
	if len(x) != len(y) {
		return len(x) < len(y)
	}
	return a < b
}

// digits returns how many digits s starts with.
func digits(s []rune) int {
	n := 0
	for n < len(s) && unicode.IsDigit(s[n]) {
		n++
	}
	return n
}
