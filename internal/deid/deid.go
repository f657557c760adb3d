// Package deid makes files without persons of DICOM files: the Basic Application Level Confidentiality Profile of PS3.15
// with the options Clean Pixel Data, Clean Descriptors and Retain Longitudinal Temporal Information. It goes further than
// the profile where that is safer: an attribute that is not known to be harmless is removed, and of texts only known words
// stay. What cannot be made safe is refused by name. docs/privacy.md tells the whole of it.
package deid

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"echoline/internal/durable"
	"echoline/internal/fault"
	"echoline/internal/part10"
	"echoline/internal/study"
)

// Faults of de-identification. Where names the source as Options.Name does.
const (
	CodeNotDICOM fault.Code = "deid.notdicom" // a picture of another kind
	CodeClass    fault.Code = "deid.class"    // a kind of object that cannot be made safe; arg Class
	CodeArchive  fault.Code = "deid.archive"  // it lies in a zip archive
	CodeRead     fault.Code = "deid.read"     // it cannot be read or taken apart; Cause
	CodePixels   fault.Code = "deid.pixels"   // pixels that cannot be written anew; arg Kind
	CodeRegion   fault.Code = "deid.region"   // nothing says what shows ultrasound, and nothing is found either
	CodeGuess    fault.Code = "deid.guess"    // what shows ultrasound was only found, and nobody looked at it
	CodeSkipped  fault.Code = "deid.skipped"  // the person who reviewed it did not want it
	CodeIdentity fault.Code = "deid.identity" // it lacks an attribute that it must have; arg Attribute
	CodeExists   fault.Code = "deid.exists"   // a file of that name is there
	CodeWrite    fault.Code = "deid.write"    // the output cannot be written; Cause
	CodeKey      fault.Code = "deid.key"      // the key cannot be used; Cause
	CodeBoxes    fault.Code = "deid.boxes"    // the remembered boxes cannot be used; Cause
)

// Dates says what becomes of dates.
type Dates string

// The choices of Dates.
const (
	Modified Dates = "modified" // all of a patient moved by the same time
	Full     Dates = "full"     // kept
	Removed  Dates = "removed"
)

// Answer is what a person says of a proposal.
type Answer int

// The answers.
const (
	Skip     Answer = iota // do not write it
	Write                  // as proposed
	KeepText               // write it, but what looks like text inside the picture is part of it
)

// Options are how to de-identify.
type Options struct {
	Dir       string
	Key       *Key
	Dates     Dates
	Bare      bool   // no words of descriptions stay, not even known ones: without the option Clean Descriptors
	Boxes     *Boxes // remembered boxes; may be nil
	Overwrite bool
	// Review is asked before a file with pixels is written; nil: everything is written as proposed, but for what was only
	// guessed, which is refused.
	Review func(*Proposal) (Answer, error)
	Name   func(i int, path string) string // how faults and proposals name source i, from 0
	Done   func(i, total int)              // may be nil
}

// Proposal is what is to become of the pixels of one file.
type Proposal struct {
	Name    string
	Keep    []image.Rectangle // what stays; empty where the file does not say and nothing stands out in the picture
	Guessed bool              // Keep was found in the picture: the file does not declare it, nor did anybody draw it
	Boxes   []image.Rectangle // drawn to be blanked
	Text    []image.Rectangle // what looks like text inside Keep, to be blanked
	Outside []image.Rectangle // what looks like text outside it, blanked with everything there
	Item    *study.Item       // the picture as it is; Review may change Keep, Boxes and Text by it before it answers Write
	Sheet   func() ([]byte, error)
}

// Result is what a run did.
type Result struct {
	Files   []string
	Failed  []*fault.Error
	LeftOut []*fault.Error // directories and other files that are no instances
}

// Run de-identifies what is in an opened study. A file that fails is in Failed and the rest goes on; the error is for what
// concerns all, or ctx's.
func Run(ctx context.Context, st *study.Study, o Options) (Result, error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return Result{}, fault.New(CodeWrite, o.Dir, err, nil)
	}
	r := run{Options: o}
	for i, f := range st.Files {
		if err := ctx.Err(); err != nil {
			return r.out, err
		}
		name := o.Name(i, f.Path)
		if err := r.file(f, name); err != nil {
			var is *fault.Error
			if !errors.As(err, &is) {
				return r.out, err
			}
			r.out.Failed = append(r.out.Failed, is)
		}
		if o.Done != nil {
			o.Done(i+1, len(st.Files))
		}
	}
	return r.out, nil
}

// run is one run.
type run struct {
	Options
	out Result
}

// file de-identifies one file.
func (r *run) file(f study.File, name string) error {
	switch {
	case f.Refused != nil:
		return fault.New(f.Refused.Code, name, plain(f.Refused.Cause), f.Refused.Args)
	case f.Skipped == study.CodeDirectory || f.Skipped == study.CodeNotImage || f.Skipped == study.CodeCopy:
		r.out.LeftOut = append(r.out.LeftOut, fault.New(f.Skipped, name, nil, nil))
		return nil
	case f.Item == nil || f.Item.Header == nil:
		return fault.New(CodeNotDICOM, name, nil, nil)
	}
	class := f.Item.Header.Attr["SOPClassUID"]
	if !picture(class) && !segmentation(class) {
		return fault.New(CodeClass, name, nil, fault.Args{"Class": className(class)})
	}
	file, err := parsed(f.Path, name)
	if err != nil {
		return err
	}
	px, err := r.pixels(f.Item, file, name)
	if err != nil {
		return err
	}
	return r.write(file, px, name)
}

// parsed takes a file apart.
func parsed(path, name string) (*part10.File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		if _, err := os.Stat(filepath.Dir(path)); err != nil { // inside an archive there is no folder
			return nil, fault.New(CodeArchive, name, nil, nil)
		}
		return nil, fault.New(CodeRead, name, plain(err), nil)
	}
	file, err := part10.Parse(data, dictionaryVR)
	if err != nil {
		return nil, fault.New(CodeRead, name, err, nil)
	}
	return file, nil
}

// plain is an error without the path that the system puts into it.
func plain(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// picture tells the classes whose pixels are looked at: ultrasound, and secondary captures of it.
func picture(class string) bool {
	switch class {
	case "1.2.840.10008.5.1.4.1.1.6.1", "1.2.840.10008.5.1.4.1.1.3.1", "1.2.840.10008.5.1.4.1.1.6", "1.2.840.10008.5.1.4.1.1.3",
		"1.2.840.10008.5.1.4.1.1.7", "1.2.840.10008.5.1.4.1.1.7.2", "1.2.840.10008.5.1.4.1.1.7.3", "1.2.840.10008.5.1.4.1.1.7.4":
		return true
	}
	return false
}

func segmentation(class string) bool {
	return class == "1.2.840.10008.5.1.4.1.1.66.4" || class == "1.2.840.10008.5.1.4.1.1.66.7"
}

// className is a class as it can be told: a UID of the standard, and nothing that a file may have put there instead.
func className(class string) string {
	if knownClass(class) {
		return class
	}
	return "?"
}

// pixels decides what becomes of the pixels, asking where somebody is to be asked.
func (r *run) pixels(it *study.Item, f *part10.File, name string) (*pixels, error) {
	if segmentation(f.Set.Text(part10.SOPClass)) {
		return segPixels(f, name)
	}
	px, err := newPixels(it, f, name)
	if err != nil {
		return nil, err
	}
	p, err := r.reviewed(it, name)
	if err != nil {
		return nil, err
	}
	return px, px.blank(p)
}

// reviewed is what is to become of a picture, once somebody has looked at it where somebody is to.
func (o *Options) reviewed(it *study.Item, name string) (*Proposal, error) {
	p, err := propose(it, o.Boxes, name)
	if err != nil {
		return nil, err
	}
	answer := Write
	switch {
	case len(p.Keep) == 0 && o.Review == nil:
	case o.Review != nil:
		if answer, err = o.Review(p); err != nil {
			return nil, err
		}
	case p.Guessed:
		return nil, fault.New(CodeGuess, name, nil, nil)
	}
	switch {
	case answer == Skip:
		return nil, fault.New(CodeSkipped, name, nil, nil)
	case len(p.Keep) == 0: // nobody could say what shows ultrasound
		return nil, fault.New(CodeRegion, name, nil, nil)
	case answer == KeepText:
		p.Text = nil
	}
	return p, nil
}

// write writes the cleaned file.
func (r *run) write(f *part10.File, px *pixels, name string) error {
	c := cleaner{key: r.Key, dates: r.Dates, bare: r.Bare, file: f, px: px}
	set, err := c.clean(name)
	if err != nil {
		return err
	}
	instance := set.Text(part10.SOPInstance)
	stem := filepath.Join(r.Dir, set.Text(0x00100020), "study-"+short(set.Text(part10.Study)), nameOf(set))
	path := stem + ".dcm"
	for n := 2; slices.Contains(r.out.Files, path); n++ { // another file of the same UID that is not the same
		path = fmt.Sprintf("%s-%d.dcm", stem, n)
	}
	if _, err := os.Lstat(path); err == nil && !r.Overwrite {
		return fault.New(CodeExists, name, nil, fault.Args{"Path": path})
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fault.New(CodeWrite, name, err, nil)
	}
	var b bytes.Buffer
	b.Write(part10.Header(set.Text(part10.SOPClass), instance, px.syntax, implementation, "ECHOLINE"))
	b.Write(set.Bytes())
	if err := px.write(&b); err != nil {
		return fault.New(CodeWrite, name, err, nil)
	}
	if err := durable.WriteFile(path, b.Bytes(), 0o644); err != nil {
		return fault.New(CodeWrite, name, err, nil)
	}
	r.out.Files = append(r.out.Files, path)
	return nil
}

// nameOf is the name of an instance's file, without its ending.
func nameOf(set part10.Set) string {
	return fmt.Sprintf("%s-%s", strings.ToLower(set.Text(0x00080060)), short(set.Text(part10.SOPInstance)))
}

// short is the end of a UID, for file names: UIDs of ours are random to their last digit.
func short(uid string) string { return uid[max(len(uid)-12, 0):] }

// implementation names the writer of the files.
const implementation = "2.25.186299357940347433265132552398638708154"
