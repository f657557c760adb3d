// Package export writes the masks of a review to files that other programs read (docs/export.md), and reads such files
// back. What no reader accepted is written only when asked for, and says so.
package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"echoline/internal/deid"
	"echoline/internal/durable"
	"echoline/internal/fault"
)

// The faults of an export. Those of single items are in Result.Failed; the rest goes on.
const (
	CodeFormat        fault.Code = "export.format"        // no such format
	CodeInclude       fault.Code = "export.include"       // neither accepted, reviewed nor all
	CodeNothing       fault.Code = "export.nothing"       // the review has no frame that is to be exported
	CodeFolder        fault.Code = "export.folder"        // the output folder cannot be made
	CodeExists        fault.Code = "export.exists"        // a target is there and Overwrite is not set
	CodeWrite         fault.Code = "export.write"         // the system refused
	CodeNotDICOM      fault.Code = "export.notdicom"      // SEG of a picture that did not come from DICOM
	CodeIdentity      fault.Code = "export.identity"      // the DICOM source lacks UIDs that SEG must refer to
	CodeSize          fault.Code = "export.size"          // a mask is not of its picture's size
	CodeNoProbability fault.Code = "export.noprobability" // no model's probability is known for any frame
)

// ResearchUse stands in every export.
const ResearchUse = "For research only. Not a medical device. Not for diagnosis."

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
	Report    Report // what a report needs besides
	// Private leaves persons out: pseudonyms by its Key, dates by its Dates, and of pictures what its Review lets stay. Its
	// Name is how messages name images. nil: everything is written as it is.
	Private *deid.Options
}

// Result is what an export did.
type Result struct {
	Files   []File
	Failed  []*fault.Error // Where holds the item's name or the file
	Empty   []string       // items of which SEG holds nothing because no frame shows a lesion
	LeftOut int            // frames that Include leaves out
	Kept    int            // items that an export before, which did not end, had written already
}

// File is one written file.
type File struct{ Path, SHA256 string }

// output is a file yet to be written.
type output struct {
	name string // in Options.Dir, with slashes
	data []byte
}

// format is a way to write. item makes the files of one item, whole those about all of them, after the last; either may
// be nil.
type format struct {
	item     func(*job, *Item) ([]output, error)
	whole    func(*job) ([]output, error)
	pictures bool // it holds the images, not only what is known of them
}

// formats are the ways to write. To add one, add a line.
var formats = map[string]format{
	"boundary":       {item: boundaryOutputs},
	"coco":           {item: cocoOutputs},
	"coco-polygons":  {item: cocoPolygonOutputs},
	"csv":            {whole: csvOutputs},
	"labels":         {item: labelOutputs},
	"nifti":          {item: niftiOutputs, pictures: true},
	"nnunet":         {item: nnunetOutputs, whole: nnunetWhole, pictures: true},
	"png":            {item: pngOutputs},
	"report":         {whole: reportOutputs, pictures: true},
	"seg":            {item: segOutputs},
	"seg-fractional": {item: fractionalOutputs},
	"seg-labelmap":   {item: labelMapOutputs},
	"training":       {item: trainingOutputs, whole: trainingWhole, pictures: true},
	"yolo":           {item: yoloOutputs, whole: yoloWhole, pictures: true},
}

// Formats are the names of the formats, sorted.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }

// errEmpty is returned by formats that have nothing to write for an item.
var errEmpty = errors.New("export: no lesion in any frame")

// job is one run of an export.
type job struct {
	Input
	Options
	ctx     context.Context
	format  format
	values  []uint8 // labels in use, ascending
	stems   []string
	stem    string // of the item being written
	series  map[string]segSeries
	taken   map[string]bool // files written by this run
	written map[int]bool    // items that are written
	log     *unfinished

	reported int // items that are in a report
	results  Result
}

// Run exports the input's items one after the other. Faults of single items are collected; the error is for what
// concerns all of them, or ctx's. The result is valid also then. An export into the same folder that did not end is gone on
// with: what it wrote of the same masks is kept.
func Run(ctx context.Context, in Input, o Options) (Result, error) {
	way, ok := formats[o.Format]
	if !ok {
		return Result{}, fault.New(CodeFormat, o.Format, nil, fault.Args{"Formats": Formats()})
	}
	if in.frames() == 0 {
		return newJob(ctx, in, o, way).results, fault.New(CodeNothing, "", nil, nil)
	}
	var refused []*fault.Error
	if o.Private != nil {
		var err error
		if in, refused, err = without(ctx, in, o); err != nil {
			return Result{Failed: refused}, err
		}
	}
	j := newJob(ctx, in, o, way)
	j.results.Failed = refused
	if len(refused) > 0 && in.frames() == 0 {
		return j.results, nil
	}
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return j.results, fault.New(CodeFolder, o.Dir, cause(err), nil)
	}
	err := j.run()
	if o.Manifest && len(j.results.Files) > 0 {
		j.manifest()
	}
	again := func(f *fault.Error) bool { return f.Code == CodeWrite }
	if err == nil && !slices.ContainsFunc(j.results.Failed, again) {
		j.log.remove()
	}
	return j.results, err
}

func newJob(ctx context.Context, in Input, o Options, way format) *job {
	j := &job{
		Input: in, Options: o, ctx: ctx, format: way,
		series: map[string]segSeries{}, taken: map[string]bool{}, written: map[int]bool{},
	}
	names := make([]string, len(in.Items))
	for i, it := range in.Items {
		names[i] = it.Source.Name
		j.results.LeftOut += it.LeftOut
	}
	j.stems = stems(names)
	j.values = in.values()
	if in.Consensus != nil {
		j.nameConsensus()
	}
	return j
}

// run writes all items, then what is about all of them.
func (j *job) run() error {
	j.log = j.readUnfinished()
	for i := range j.Items {
		if err := j.ctx.Err(); err != nil {
			return err
		}
		if err := j.item(i); err != nil {
			return err
		}
		if j.format.item != nil {
			j.progress(i + 1)
		}
	}
	if j.format.whole == nil || (j.format.item != nil && len(j.written) == 0) {
		return nil
	}
	files, err := j.format.whole(j)
	if err := j.ctx.Err(); err != nil {
		return err
	}
	if err != nil {
		j.failed(j.Dir, err)
		return nil
	}
	j.store(files)
	return nil
}

// progress tells that some items are done.
func (j *job) progress(done int) {
	if j.Progress != nil {
		j.Progress(done, len(j.Items))
	}
}

// item writes one item and notes what became of it. The error is ctx's.
func (j *job) item(i int) error {
	it := &j.Items[i]
	if len(it.Frames) == 0 || j.format.item == nil {
		return nil
	}
	j.stem = j.stems[i]
	mark := j.fingerprint(it)
	if j.log.take(j, mark) {
		j.written[i] = true
		return nil
	}
	files, err := j.outputs(it)
	if err := j.ctx.Err(); err != nil {
		return err
	}
	switch {
	case errors.Is(err, errEmpty):
		j.results.Empty = append(j.results.Empty, it.called())
	case err != nil:
		j.failed(it.called(), err)
	default:
		if done := j.store(files); done != nil {
			j.written[i] = true
			j.log.add(j, mark, it, done)
		}
	}
	return nil
}

// failed notes what failed at a place, unless the fault names its own.
func (j *job) failed(where string, err error) {
	var f *fault.Error
	if !errors.As(err, &f) {
		f = fault.New(CodeWrite, where, cause(err), nil)
	} else if f.Where == "" || j.Private != nil { // a place of its own could be a name
		f = fault.New(f.Code, where, cause(f.Cause), f.Args)
	}
	j.results.Failed = append(j.results.Failed, f)
}

func (j *job) outputs(it *Item) ([]output, error) {
	for _, f := range it.Frames {
		if f.Labels.W != it.Source.W || f.Labels.H != it.Source.H {
			return nil, fault.New(CodeSize, it.called(), nil, fault.Args{
				"Frame": f.Index + 1, "W": f.Labels.W, "H": f.Labels.H, "WantW": it.Source.W, "WantH": it.Source.H,
			})
		}
	}
	return j.format.item(j, it)
}

// store writes files that belong together, all or none of them, and returns them; nil where it failed, or one would replace
// a file without leave.
func (j *job) store(files []output) []File {
	batch := make([]durable.File, len(files))
	done := make([]File, len(files))
	for i, f := range files {
		path := filepath.Join(j.Dir, filepath.FromSlash(f.name))
		_, err := os.Lstat(path)
		if err == nil && (!j.Overwrite || j.taken[path]) {
			j.results.Failed = append(j.results.Failed, fault.New(CodeExists, path, nil, nil))
			return nil
		}
		batch[i], done[i] = durable.File{Path: path, Data: f.data}, File{path, hash(f.data)}
	}
	made, err := makeFolders(batch)
	if err == nil {
		err = durable.WriteAll(batch, 0o644)
	}
	if err != nil {
		for _, dir := range made {
			_ = os.Remove(dir) // only goes while it is empty
		}
		j.results.Failed = append(j.results.Failed, fault.New(CodeWrite, batch[0].Path, cause(err), nil))
		return nil
	}
	for _, f := range done {
		j.taken[f.Path] = true
	}
	j.results.Files = append(j.results.Files, done...)
	return done
}

// makeFolders makes the folders of files and returns those that were not there, the deepest first.
func makeFolders(files []durable.File) (made []string, err error) {
	for _, f := range files {
		dir := filepath.Dir(f.Path)
		var missing []string
		for d := dir; ; d = filepath.Dir(d) {
			if _, err := os.Stat(d); err == nil || d == filepath.Dir(d) {
				break
			}
			missing = append(missing, d)
		}
		if len(missing) == 0 {
			continue
		}
		made = append(missing, made...)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return made, err
		}
	}
	return made, nil
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}
