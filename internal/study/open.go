package study

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"echoline/internal/fault"
)

// Open opens files, folders with all below them, and DICOMDIRs as one study. progress (may be nil) is told after each
// file how many of how many are done, never by two goroutines at a time. What cannot be opened is in Refused, what is no
// image in Skipped, and the rest opens. The only error is that of ctx when it ends.
func Open(ctx context.Context, paths []string, progress func(done, total int)) (*Study, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	l := lister{ctx: ctx}
	for _, p := range paths {
		if err := l.add(p); err != nil {
			return nil, err
		}
	}
	files, err := openAll(ctx, l.found, progress)
	if err != nil {
		return nil, err
	}
	st := &Study{Title: title(paths), Files: files}
	st.collect()
	for _, dir := range l.dirs {
		if f := dir.fault(files); f != nil {
			st.Refused = append(st.Refused, f)
		}
	}
	return st, nil
}

// candidate is a file to open. One that was asked for, or whose name promises an image, is refused if it is none;
// others in a folder are set aside.
type candidate struct {
	path   string
	asked  bool
	failed *fault.Error // known before it is opened
}

// lister finds the files below what was asked for.
type lister struct {
	ctx   context.Context
	found []candidate
	dirs  []span
}

// span are the candidates that came from one folder or DICOMDIR.
type span struct {
	path     string
	from, to int
}

// add lists one path of the caller's.
func (l *lister) add(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		l.found = append(l.found, candidate{path, true, asFault(path, err)})
		return nil
	}
	from := len(l.found)
	if info.IsDir() {
		if err := l.folder(path); err != nil {
			return err
		}
		l.dirs = append(l.dirs, span{path, from, len(l.found)})
		return nil
	}
	if files := readDirectory(path); files != nil {
		l.found = append(l.found, files...)
		l.dirs = append(l.dirs, span{path, from, len(l.found)})
		return nil
	}
	l.found = append(l.found, candidate{path: path, asked: true})
	return nil
}

// folder lists everything below dir in natural order, files before folders. Links to folders are not followed: they can
// lead round in circles.
func (l *lister) folder(dir string) error {
	if err := l.ctx.Err(); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		l.found = append(l.found, candidate{dir, true, asFault(dir, err)})
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int {
		if a.IsDir() != b.IsDir() {
			if a.IsDir() {
				return 1
			}
			return -1
		}
		return natural(a.Name(), b.Name())
	})
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		if e.IsDir() {
			if err := l.folder(path); err != nil {
				return err
			}
			continue
		}
		if e.Type()&fs.ModeSymlink != 0 {
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				continue
			}
		}
		l.found = append(l.found, candidate{path: path, asked: promises(path)})
	}
	return nil
}

// promises tells whether a name says that the file is an image.
func promises(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".dcm", ".dicom", ".png", ".jpg", ".jpeg", ".tif", ".tiff":
		return true
	}
	return false
}

// fault is that of a folder in which no file was an image, none was refused for a reason of its own, and so nothing says
// yet why there is nothing to see.
func (s span) fault(files []File) *fault.Error {
	for _, f := range files[s.from:s.to] {
		if f.Skipped == "" {
			return nil
		}
	}
	return fault.New(CodeNoImages, s.path, nil, nil)
}

// openAtOnce is how many files are open at a time, so that a decoder in another process never waits for the next.
const openAtOnce = 32

// openAll opens the candidates, several at a time.
func openAll(ctx context.Context, found []candidate, progress func(done, total int)) ([]File, error) {
	files := make([]File, len(found))
	var mu sync.Mutex
	done := 0
	var g errgroup.Group
	g.SetLimit(max(openAtOnce, runtime.GOMAXPROCS(0)))
	for i, c := range found {
		if ctx.Err() != nil {
			break
		}
		g.Go(func() error {
			if ctx.Err() != nil {
				return nil
			}
			files[i] = openFile(c)
			mu.Lock()
			defer mu.Unlock()
			done++
			progress(done, len(found))
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return files, ctx.Err()
}

// openFile opens one file, whatever it is.
func openFile(c candidate) File {
	out := File{Path: c.path}
	err := error(c.failed)
	if c.failed == nil {
		out.Item, out.Skipped, err = openAny(c.path)
	}
	switch {
	case err == nil:
	case fault.CodeOf(err) == CodeNotImage && !c.asked:
		out.Skipped = CodeNotImage
	case fault.CodeOf(err) == CodeEmpty && !c.asked:
		out.Skipped = CodeNotImage
	default:
		out.Refused = asFault(c.path, err)
	}
	return out
}

// collect sorts what became of the files, and gives the items unique names and IDs.
func (st *Study) collect() {
	names := map[string]bool{}
	shared := newCache(cacheBytes)
	for i := range st.Files {
		f := &st.Files[i]
		switch {
		case f.Refused != nil:
			st.Refused = append(st.Refused, f.Refused)
			continue
		case f.Skipped != "":
			st.Skipped = append(st.Skipped, Skipped{f.Path, f.Skipped})
			continue
		}
		f.Item.Name = unique(baseName(f.Path), names)
		f.Item.cache = shared
		st.Items = append(st.Items, f.Item)
	}
	uniqueIDs(st.Items)
	sortItems(st.Items)
}

// unique returns name, or name with the first of -2, -3, … that is free. Case does not tell names apart: some file
// systems do not either.
func unique(name string, taken map[string]bool) string {
	free := name
	for n := 2; taken[strings.ToLower(free)]; n++ {
		free = name + "-" + strconv.Itoa(n)
	}
	taken[strings.ToLower(free)] = true
	return free
}

// uniqueIDs tells instances of the same UID apart by their content, so that no mask of one ever lies on another. Exact
// copies are numbered: whichever comes first, the pixels are the same.
func uniqueIDs(items []*Item) {
	count := map[string]int{}
	for _, it := range items {
		count[it.ID]++
	}
	taken := map[string]bool{}
	for _, it := range items {
		if count[it.ID] > 1 && it.Header != nil {
			if id, err := fileSum(it.Path); err == nil {
				it.ID += "/sha256:" + id
			}
		}
		it.ID = unique(it.ID, taken)
	}
}

func fileSum(path string) (string, error) {
	f, o, err := openOriginal(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	return sum(f, o.size)
}

// sortItems puts series together in the order of their numbers, and instances in theirs within. Studies, and folders of
// other files, stay in the order in which they came.
func sortItems(items []*Item) {
	type key struct{ study, number, series, instance int }
	first := map[string]int{}
	rank := func(name string, i int) int {
		if _, ok := first[name]; !ok {
			first[name] = i
		}
		return first[name]
	}
	keys := make(map[*Item]key, len(items))
	for i, it := range items {
		o := it.order
		if o.study == "" {
			o.study = filepath.Dir(it.Path)
		}
		keys[it] = key{
			rank("study "+o.study, i), o.seriesNumber, rank("series "+o.study+" "+o.series, i), o.instance,
		}
	}
	slices.SortStableFunc(items, func(a, b *Item) int {
		x, y := keys[a], keys[b]
		return compareAll([4]int{x.study, x.number, x.series, x.instance}, [4]int{y.study, y.number, y.series, y.instance})
	})
}

func compareAll(a, b [4]int) int {
	for i := range a {
		if a[i] != b[i] {
			return a[i] - b[i]
		}
	}
	return 0
}

// natural compares names so that "f2" comes before "f10".
func natural(a, b string) int {
	for a != "" && b != "" {
		da, db := digits(a), digits(b)
		if da > 0 && db > 0 {
			x, y := strings.TrimLeft(a[:da], "0"), strings.TrimLeft(b[:db], "0")
			if len(x) != len(y) {
				return len(x) - len(y)
			}
			if c := strings.Compare(x, y); c != 0 {
				return c
			}
			a, b = a[da:], b[db:]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

// digits is how many decimal digits s begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// title names the study after what was asked for.
func title(paths []string) string {
	if len(paths) == 0 {
		return ""
	}
	path := paths[0]
	if len(paths) > 1 {
		path = filepath.Dir(path)
	}
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return filepath.Base(path)
}
