package main

import (
	"bufio"
	"fmt"
	"io"

	"echoline/internal/deid"
	"echoline/internal/export"
	"echoline/internal/text"
)

// private are the flags of exports without persons.
type private struct {
	on   bool
	deid deidOptions
	in   io.Reader
}

// check finds wrong usage of the flags.
func (p *private) check() error {
	d := p.deid
	if !p.on && (d.yes || d.preview != "" || d.key != "" || d.dates != string(deid.Modified)) {
		return fmt.Errorf("%w: %s", errUsage, text.T("deid.usage.export"))
	}
	return d.checkDates()
}

// nameless keeps the names of sources out of messages that may end up in a log.
func (p *private) nameless(log io.Writer, report *reporter) {
	if p.on && !isTerminal(log) {
		report.nameless = true
	}
}

// options are how the export leaves persons out, nil where it need not. Whoever runs it looks at the pictures of formats that hold
// any, as with deidentify. done takes the previews away.
func (p *private) options(format string, total int, log io.Writer, report *reporter) (o *deid.Options, done func(), err error) {
	if !p.on {
		return nil, func() {}, nil
	}
	key, boxes, err := p.deid.memory()
	if err != nil {
		return nil, nil, err
	}
	o = &deid.Options{
		Key: key, Dates: deid.Dates(p.deid.dates), Boxes: boxes, Name: namer(total, log),
		Done: func(i, total int) { report.step(text.T("deid.step"), i, total) },
	}
	if !export.Pictures(format) {
		return o, func() {}, nil
	}
	r := &reviewing{in: bufio.NewReader(p.in), out: log, yes: p.deid.yes, report: report}
	if err := r.folder(p.deid.preview); err != nil {
		return nil, nil, err
	}
	o.Review = r.ask
	return o, r.close, nil
}
