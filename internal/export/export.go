// Package export writes the masks of a review to files that other programs read: PNG with a sidecar that says where a
// mask came from, COCO, and DICOM Segmentation. What no reader accepted is written only when asked for, and says so.
package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"echoline/internal/durable"
	"echoline/internal/fault"
)

// The faults of an export. Those of single items are in Result.Failed; the rest goes on.
const (
	CodeFormat   fault.Code = "export.format"   // no such format
	CodeInclude  fault.Code = "export.include"  // neither accepted, reviewed nor all
	CodeNothing  fault.Code = "export.nothing"  // the review has no frame that is to be exported
	CodeFolder   fault.Code = "export.folder"   // the output folder cannot be made
	CodeExists   fault.Code = "export.exists"   // a target is there and Overwrite is not set
	CodeWrite    fault.Code = "export.write"    // the system refused
	CodeNotDICOM fault.Code = "export.notdicom" // SEG of a picture that did not come from DICOM
	CodeIdentity fault.Code = "export.identity" // the DICOM source lacks UIDs that SEG must refer to
	CodeSize     fault.Code = "export.size"     // a mask is not of its picture's size
)

// ResearchUse stands in every export.
const ResearchUse = "For research only. Not a medical device. Not for diagnosis."

// manifestName is the file that holds Result.Manifest.
const manifestName = "manifest.sha256"

// Options say how to export.
type Options struct {
	Format    string // one of Formats()
	Dir       string // is created
	Include   Include
	Overwrite bool      // replace files that are there
	Manifest  bool      // also write manifest.sha256
	Version   string    // of this program
	Now       time.Time // stamped into the files
	Progress  func(done, total int)
}

// Result is what an export did.
type Result struct {
	Files   []File
	Failed  []*fault.Error // Where holds the item's name or the file
	Empty   []string       // items of which SEG holds nothing because no frame shows a lesion
	LeftOut int            // frames that Include leaves out
}

// File is one written file.
type File struct{ Path, SHA256 string }

// output is a file yet to be written.
type output struct {
	name string // in Options.Dir
	data []byte
}

// formats are the ways to write an item. To add one, add a line.
var formats = map[string]func(*job, *Item) ([]output, error){
	"coco": cocoOutputs,
	"png":  pngOutputs,
	"seg":  segOutputs,
}

// Formats are the names of the formats, sorted.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }

// errEmpty is returned by formats that have nothing to write for an item.
var errEmpty = errors.New("export: no lesion in any frame")

// job is one run of an export.
type job struct {
	Input
	Options
	values  []uint8 // labels in use, ascending
	stems   []string
	stem    string // of the item being written
	series  map[string]segSeries
	taken   map[string]bool // files written by this run
	results Result
}

// Run exports the input's items one after the other. Faults of single items are collected; the error is for what
// concerns all of them, or ctx's. The result is valid also then.
func Run(ctx context.Context, in Input, o Options) (Result, error) {
	write, ok := formats[o.Format]
	if !ok {
		return Result{}, fault.New(CodeFormat, o.Format, nil, fault.Args{"Formats": Formats()})
	}
	j := newJob(in, o)
	if in.frames() == 0 {
		return j.results, fault.New(CodeNothing, "", nil, nil)
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return j.results, fault.New(CodeFolder, o.Dir, err, nil)
	}
	for i := range in.Items {
		if err := ctx.Err(); err != nil {
			return j.results, err
		}
		j.item(i, write)
		if o.Progress != nil {
			o.Progress(i+1, len(in.Items))
		}
	}
	if o.Manifest && len(j.results.Files) > 0 {
		j.manifest()
	}
	return j.results, nil
}

func newJob(in Input, o Options) *job {
	j := &job{Input: in, Options: o, series: map[string]segSeries{}, taken: map[string]bool{}}
	names := make([]string, len(in.Items))
	for i, it := range in.Items {
		names[i] = it.Source.Name
		j.results.LeftOut += it.LeftOut
	}
	j.stems = stems(names)
	j.values = in.values()
	return j
}

// item writes one item and notes what became of it.
func (j *job) item(i int, write func(*job, *Item) ([]output, error)) {
	it := &j.Items[i]
	if len(it.Frames) == 0 {
		return
	}
	j.stem = j.stems[i]
	files, err := j.outputs(it, write)
	var f *fault.Error
	switch {
	case errors.Is(err, errEmpty):
		j.results.Empty = append(j.results.Empty, it.Source.Name)
	case errors.As(err, &f):
		j.results.Failed = append(j.results.Failed, f)
	case err != nil:
		j.results.Failed = append(j.results.Failed, fault.New(CodeWrite, it.Source.Name, err, nil))
	default:
		j.store(files)
	}
}

func (j *job) outputs(it *Item, write func(*job, *Item) ([]output, error)) ([]output, error) {
	for _, f := range it.Frames {
		if f.Labels.W != it.Source.W || f.Labels.H != it.Source.H {
			return nil, fault.New(CodeSize, it.Source.Name, nil, fault.Args{
				"Frame": f.Index + 1, "W": f.Labels.W, "H": f.Labels.H, "WantW": it.Source.W, "WantH": it.Source.H,
			})
		}
	}
	return write(j, it)
}

// store writes the files of one item, or none of them if one would replace a file without leave.
func (j *job) store(files []output) {
	for _, f := range files {
		path := filepath.Join(j.Dir, f.name)
		_, err := os.Lstat(path)
		if err == nil && (!j.Overwrite || j.taken[path]) {
			j.results.Failed = append(j.results.Failed, fault.New(CodeExists, path, nil, nil))
			return
		}
	}
	for _, f := range files {
		path := filepath.Join(j.Dir, f.name)
		if err := durable.WriteFile(path, f.data, 0o644); err != nil {
			j.results.Failed = append(j.results.Failed, fault.New(CodeWrite, path, err, nil))
			return
		}
		j.taken[path] = true
		j.results.Files = append(j.results.Files, File{path, hash(f.data)})
	}
}

// Manifest lists the files with their checksums, in the form that sha256sum -c reads.
func (r Result) Manifest() []byte {
	var b bytes.Buffer
	for _, f := range r.Files {
		fmt.Fprintf(&b, "%s  %s\n", f.SHA256, filepath.Base(f.Path))
	}
	return b.Bytes()
}

// manifest writes the manifest. One that is there keeps its lines on files that this run did not write.
func (j *job) manifest() {
	path := filepath.Join(j.Dir, manifestName)
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		j.results.Failed = append(j.results.Failed, fault.New(CodeWrite, path, err, nil))
		return
	}
	var b bytes.Buffer
	for line := range strings.Lines(string(old)) {
		if _, name, ok := strings.Cut(strings.TrimSpace(line), "  "); ok && !j.taken[filepath.Join(j.Dir, name)] {
			b.WriteString(strings.TrimSpace(line) + "\n")
		}
	}
	b.Write(j.results.Manifest())
	if err := durable.WriteFile(path, b.Bytes(), 0o644); err != nil {
		j.results.Failed = append(j.results.Failed, fault.New(CodeWrite, path, err, nil))
	}
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
