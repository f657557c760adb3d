package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"echoline/internal/fault"
	"echoline/internal/text"
)

// reporter tells people at a terminal how far long work is, and names what failed. It may be used by several goroutines.
type reporter struct {
	mu     sync.Mutex
	out    io.Writer
	bar    bool // draw a progress bar
	drawn  bool
	failed int

	nameless bool // sources are not named: what is written may end up in a log
}

// newReporter writes to out; a bar is drawn only on a terminal, and not if quiet.
func newReporter(out io.Writer, quiet bool) *reporter {
	return &reporter{out: out, bar: !quiet && isTerminal(out)}
}

// isTerminal tells whether w is a screen.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// barWidth is the width of the bar in characters: with a name beside it, it fits 80 columns.
const barWidth = 30

// step redraws the bar: done of total, and what is being done.
func (r *reporter) step(what string, done, total int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.bar || total < 1 {
		return
	}
	full := min(barWidth, done*barWidth/total)
	if len([]rune(what)) > 36 {
		what = string([]rune(what)[:35]) + "…"
	}
	fmt.Fprintf(r.out, "\r\x1b[K[%s%s] %d/%d %s", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), done, total, what)
	r.drawn = true
}

// fail names what failed, on a line of its own.
func (r *reporter) fail(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failed++
	r.wipe()
	var f *fault.Error
	if r.nameless && errors.As(err, &f) && filepath.IsAbs(f.Where) {
		err = fault.New(f.Code, "", cause(f.Cause), f.Args)
	}
	fmt.Fprintln(r.out, "echoline:", text.Fault(err))
}

// cause is a system's error without the path in it.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// note says something that is no failure.
func (r *reporter) note(sentence string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wipe()
	fmt.Fprintln(r.out, "echoline:", sentence)
}

// again tells that something is tried again, and why.
func (r *reporter) again(try int, err error) {
	what, _ := text.FaultParts(err)
	r.note(text.T("send.again", text.Args{"Try": try + 1, "Why": what}))
}

// wipeBar makes room for a line on standard output.
func (r *reporter) wipeBar() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wipe()
}

// failures is how much failed so far.
func (r *reporter) failures() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// end takes the bar away.
func (r *reporter) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wipe()
}

func (r *reporter) wipe() {
	if r.drawn {
		fmt.Fprint(r.out, "\r\x1b[K")
		r.drawn = false
	}
}
