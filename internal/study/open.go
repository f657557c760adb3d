package study

import (
	"context"
	"path/filepath"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"echoline/internal/fault"
)

// Open opens files, folders with all below them, zip archives and DICOMDIRs as one study. progress (may be nil) is told
// after each file how many of how many are done, never by two goroutines at a time. What cannot be opened is in Refused,
// what is no image in Skipped, and the rest opens. The only error is that of ctx when it ends.
func Open(ctx context.Context, paths []string, progress func(done, total int)) (*Study, error) {
	return Watch{Progress: progress}.Open(ctx, paths)
}

// Watch follows the opening of a study. Its functions may be nil, and are not called by two goroutines at a time.
type Watch struct {
	Progress func(done, total int) // after each file: how many of how many are done
	First    func(it *Item)        // an image that can be shown while the others are read, which wait for it; at most once
}

// Open is the function of that name.
func (w Watch) Open(ctx context.Context, paths []string) (*Study, error) {
	l := lister{ctx: ctx, cache: newCache(cacheBytes)}
	for _, p := range paths {
		if err := l.add(p); err != nil {
			return nil, err
		}
	}
	files, err := w.openAll(ctx, l.found, l.cache)
	if err != nil {
		return nil, err
	}
	st := &Study{Title: title(paths), Files: files}
	st.collect(l.found)
	for _, dir := range l.dirs {
		if f := dir.fault(files); f != nil {
			st.Refused = append(st.Refused, f)
		}
	}
	return st, nil
}

// openAtOnce is how many files are open at a time, so that a decoder in another process never waits for the next.
const openAtOnce = 32

// openAll opens the candidates, several at a time.
func (w Watch) openAll(ctx context.Context, found []candidate, shared *cache) ([]File, error) {
	files := make([]File, len(found))
	var mu sync.Mutex
	done, shown := 0, w.First == nil
	report := func(f *File) {
		mu.Lock()
		defer mu.Unlock()
		if it := f.Item; it != nil && f.Refused == nil && f.Skipped == "" {
			it.cache = shared
			if it.Frames > 2*aheadFrames {
				it.ahead = &ahead{}
			}
			if !shown && !foreign[it.Modality] {
				shown = true
				w.First(it)
			}
		}
		if done++; w.Progress != nil {
			w.Progress(done, len(found))
		}
	}
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
			report(&files[i])
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return files, ctx.Err()
}

// open opens the file for reading.
func (c candidate) open() (opened, original, error) {
	if c.member != nil {
		return openMember(c.path, c.member)
	}
	f, o, err := openOriginal(c.path)
	if err != nil {
		return nil, o, err
	}
	return f, o, nil
}

// openFile opens one file, whatever it is.
func openFile(c candidate) File {
	out := File{Path: c.path}
	err := error(c.failed)
	if c.failed == nil {
		out.Item, out.Skipped, err = openAny(c)
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
