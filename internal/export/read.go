package export

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"echoline/inference"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// Faults of reading masks. Notes say what of a file was left out, or was taken otherwise than it stands there; the rest of
// the file is read.
const (
	CodeReadFile     fault.Code = "import.file"     // the file cannot be read; Cause
	CodeReadNothing  fault.Code = "import.nothing"  // none of the paths holds masks that are read
	CodeReadBroken   fault.Code = "import.broken"   // the content contradicts itself; Cause
	CodeReadKind     fault.Code = "import.kind"     // no format of masks; arg Kind
	CodeReadSyntax   fault.Code = "import.syntax"   // a SEG with compressed pixels; arg UID
	CodeReadUnknown  fault.Code = "import.unknown"  // refers to an image that is not open; args Image, Frames
	CodeReadWhich    fault.Code = "import.which"    // does not say which frame a mask belongs to; arg Frames
	CodeReadMisfit   fault.Code = "import.misfit"   // another size than the image; args Name, W, H, WantW, WantH, Turned
	CodeReadCount    fault.Code = "import.count"    // another number of frames than the image; args Name, Have, Want
	CodeReadForeign  fault.Code = "import.foreign"  // a label that the review does not know; args Label, Code
	CodeReadGrey     fault.Code = "import.grey"     // a picture or volume of many values: no mask; arg Values
	CodeNoteOverlap  fault.Code = "import.overlap"  // labels overlap: later ones lie on top; arg Pixels
	CodeNoteFraction fault.Code = "import.fraction" // fractions were cut at one half
	CodeNoteReviewed fault.Code = "import.reviewed" // frames on which a reader worked stay as they are; args Name, Frames
)

// Found is the mask of one frame in a file.
type Found struct {
	Key         review.Key
	Labels      *mask.Plane
	Probability []float32 // of the only label, where the file holds fractions; else nil
}

// Imported is what one file holds.
type Imported struct {
	Path      string
	SHA256    string // of the file
	Program   string // that wrote it, where it says so
	Algorithm string // how the masks came about as the file says: MANUAL, SEMIAUTOMATIC or AUTOMATIC; "" where it does not
	Labels    []inference.Label
	Frames    []Found
	Notes     []*fault.Error
}

// ReadOptions say how labels in files become label values.
type ReadOptions struct {
	Names review.LabelSet   // what the reader calls labels; goes before Known
	Known []inference.Label // of the review: the model's
	Table LabelTable
	Map   map[string]uint8 // by the name or number that a label has in the file; goes first. 0 leaves it out
	// Progress is told after each file. It may be nil.
	Progress func(done, total int)
}

// reader reads masks for some images.
type reader struct {
	ReadOptions
	ctx     context.Context
	items   []*study.Item
	claimed map[string]bool // files that another one tells of
	out     []Imported
	failed  []*fault.Error
}

// Read reads the masks in files and folders that belong to the items. A file that cannot be read is in failed and the rest
// goes on; the error is ctx's, or CodeReadNothing.
func Read(ctx context.Context, paths []string, items []*study.Item, o ReadOptions) (out []Imported, failed []*fault.Error, err error) {
	r := &reader{ReadOptions: o, ctx: ctx, items: items, claimed: map[string]bool{}}
	files := r.list(paths)
	for i, f := range files {
		if err := ctx.Err(); err != nil {
			return r.out, r.failed, err
		}
		if !r.claimed[f.path] {
			if err := r.file(f); err != nil {
				r.fail(f.path, err)
			}
		}
		if o.Progress != nil {
			o.Progress(i+1, len(files))
		}
	}
	if len(r.out) == 0 && len(r.failed) == 0 {
		return nil, nil, fault.New(CodeReadNothing, "", nil, nil)
	}
	return r.out, r.failed, nil
}

// fail notes what is wrong with a file.
func (r *reader) fail(path string, err error) {
	var f *fault.Error
	switch {
	case !errors.As(err, &f):
		f = fault.New(CodeReadBroken, path, cause(err), nil)
	case f.Where == "":
		f = fault.New(f.Code, path, f.Cause, f.Args)
	}
	r.failed = append(r.failed, f)
}

// maskFile is a file that may hold masks. One of a folder that holds none is passed over.
type maskFile struct {
	path  string
	asked bool
	rank  int // files that tell of others come first
}

// pictureFolders hold pictures beside masks in data sets.
var pictureFolders = []string{"images", "imagesTr", "imagesTs"}

// list finds the files below the paths.
func (r *reader) list(paths []string) []maskFile {
	var out []maskFile
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			r.fail(path, fault.New(CodeReadFile, path, cause(err), nil))
			continue
		}
		if !info.IsDir() {
			out = append(out, maskFile{path, true, rank(path)})
			continue
		}
		err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
			switch {
			case err != nil:
				r.fail(p, fault.New(CodeReadFile, p, cause(err), nil))
			case d.IsDir() && slices.Contains(pictureFolders, d.Name()):
				return fs.SkipDir
			case d.Type().IsRegular() && !strings.HasPrefix(d.Name(), "."):
				out = append(out, maskFile{p, false, rank(p)})
			}
			return r.ctx.Err()
		})
		if err != nil {
			return out
		}
	}
	slices.SortStableFunc(out, func(a, b maskFile) int { return a.rank - b.rank })
	return out
}

// rank puts descriptions before what they describe.
func rank(path string) int {
	if strings.HasSuffix(path, ".json") {
		return 0
	}
	return 1
}

// maxMaskFile is the largest file that is read, in bytes.
const maxMaskFile = 2 << 30

// file reads one file, whatever it is.
func (r *reader) file(f maskFile) error {
	kind := kindOf(f.path)
	if kind == nil && !f.asked && !mayBeDICOM(f.path) {
		return nil
	}
	info, err := os.Stat(f.path)
	if err != nil {
		return fault.New(CodeReadFile, f.path, cause(err), nil)
	}
	if info.Size() > maxMaskFile {
		return fault.New(CodeReadKind, f.path, nil, fault.Args{"Kind": "> 2 GiB"})
	}
	data, err := os.ReadFile(f.path)
	if err != nil {
		return fault.New(CodeReadFile, f.path, cause(err), nil)
	}
	im := Imported{Path: f.path, SHA256: hash(data)}
	if err := r.content(&im, kind, data); err != nil {
		return f.judge(err)
	}
	if len(im.Frames) > 0 || len(im.Notes) > 0 {
		r.out = append(r.out, im)
	}
	return nil
}

// mayBeDICOM tells by the name whether it is worth to look into a file for DICOM.
func mayBeDICOM(path string) bool {
	return filepath.Ext(path) == "" || strings.EqualFold(filepath.Ext(path), ".dcm")
}

// content reads what a file holds. Without a kind it has to be DICOM.
func (r *reader) content(im *Imported, kind func(*reader, *Imported, []byte) error, data []byte) error {
	if kind != nil {
		return kind(r, im, data)
	}
	if len(data) < 132 || string(data[128:132]) != "DICM" {
		return errNoMasks
	}
	return r.seg(im, data)
}

// judge is what an error means for the file. One that nobody asked for may hold no masks, or be a picture beside one.
func (f maskFile) judge(err error) error {
	switch {
	case !f.asked && (errors.Is(err, errNoMasks) || fault.CodeOf(err) == CodeReadGrey):
		return nil
	case errors.Is(err, errNoMasks):
		return fault.New(CodeReadKind, f.path, nil, fault.Args{"Kind": filepath.Base(f.path)})
	}
	return err
}

// errNoMasks is returned for files that are right but hold no masks.
var errNoMasks = errors.New("export: no masks")

// kindOf is how to read a file by its name, nil where its content has to tell.
func kindOf(path string) func(*reader, *Imported, []byte) error {
	name := strings.ToLower(filepath.Base(path))
	switch {
	case strings.HasSuffix(name, ".nii") || strings.HasSuffix(name, ".nii.gz"):
		return (*reader).nifti
	case strings.HasSuffix(name, ".png"):
		return (*reader).picture
	case strings.HasSuffix(name, ".json"):
		return (*reader).document
	case strings.HasSuffix(name, ".txt"):
		return (*reader).yolo
	}
	return nil
}

// document reads JSON: COCO, or what says which files hold the masks.
func (r *reader) document(im *Imported, data []byte) error {
	var doc struct {
		Annotations json.RawMessage   `json:"annotations"`
		Program     map[string]string `json:"program"`
		Frames      json.RawMessage   `json:"frames"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		return fault.New(CodeReadBroken, im.Path, err, nil)
	}
	switch {
	case doc.Annotations != nil:
		return r.coco(im, data)
	case doc.Program["name"] == "Echoline" && doc.Frames != nil:
		return r.sidecar(im, data)
	}
	return errNoMasks
}

// note adds what was left out or changed.
func (im *Imported) note(code fault.Code, args fault.Args) {
	im.Notes = append(im.Notes, fault.New(code, im.Path, nil, args))
}

// add takes a mask in. One of another size than the image, or without anything in it where that says nothing, is noted.
func (r *reader) add(im *Imported, it *study.Item, frame int, p *mask.Plane, probability []float32) {
	if p.W != it.W || p.H != it.H {
		im.misfit(it, p.W, p.H)
		return
	}
	im.Frames = append(im.Frames, Found{review.Key{Instance: it.ID, Frame: frame}, p, probability})
}

// misfit notes a mask of another size, once per image.
func (im *Imported) misfit(it *study.Item, w, h int) {
	for _, n := range im.Notes {
		if n.Code == CodeReadMisfit && n.Args["Name"] == it.Name {
			return
		}
	}
	im.note(CodeReadMisfit, fault.Args{"Name": it.Name, "W": w, "H": h, "WantW": it.W, "WantH": it.H, "Turned": w == it.H && h == it.W && w != h})
}

// instance finds an image by its SOP Instance UID, or "sha256:…" of its file.
func (r *reader) instance(id string) *study.Item {
	for _, it := range r.items {
		if it.ID == id || it.Header != nil && id != "" && it.Header.Attr["SOPInstanceUID"] == id {
			return it
		}
	}
	return nil
}

// fitting finds the image of an instance UID. Where several files have the same one it is the first of that size that has such a
// frame, from 0, and is a cine where the frame was told; else the first.
func (r *reader) fitting(uid string, w, h, frame int, told bool) *study.Item {
	best := r.instance(uid)
	fits := func(it *study.Item) bool {
		return it.W == w && it.H == h && frame < it.Frames && (it.Frames > 1) == told
	}
	if best == nil || fits(best) {
		return best
	}
	for _, it := range r.items {
		if it.Header != nil && it.Header.Attr["SOPInstanceUID"] == uid && fits(it) {
			return it
		}
	}
	return best
}

// endings are what programs put behind an image's name when they name its mask.
var endings = regexp.MustCompile(`(?i)([._-](mask|labels?|seg|segmentation))$`)

// frameEnding is how frames of a cine are named.
var frameEnding = regexp.MustCompile(`\.f(\d{4,})$`)

// named finds the image, and the frame of it, that a file's name without its extension belongs to. frame is -1 where the
// name does not tell one.
func (r *reader) named(base string) (it *study.Item, frame int) {
	frame = -1
	for range 3 {
		for _, it := range r.items {
			if it.Name == base {
				return it, frame
			}
		}
		if m := frameEnding.FindStringSubmatchIndex(base); m != nil && frame < 0 {
			n, err := strconv.Atoi(base[m[2]:m[3]])
			if err != nil {
				return nil, -1
			}
			base, frame = base[:m[0]], n-1
			continue
		}
		short := endings.ReplaceAllString(base, "")
		if short == base {
			return nil, -1
		}
		base = short
	}
	return nil, -1
}

// baseOf is a file's name without its extensions.
func baseOf(path string) string {
	name := filepath.Base(path)
	name = strings.TrimSuffix(name, ".gz")
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// generic is how labels without a meaning are named.
var generic = regexp.MustCompile(`^label (\d{1,3})$`)

// resolve finds which label value here a label of a file is. number is its number in the file, "" where it has none.
func (r *reader) resolve(im *Imported, name, number string, kind inference.Code) uint8 {
	for _, k := range []string{name, number} {
		if v, ok := r.Map[k]; ok && k != "" {
			return v
		}
	}
	if l, ok := r.knownAs(name, kind); ok {
		r.means(im, l)
		return l.Value
	}
	if m := generic.FindStringSubmatch(name); m != nil {
		if v, err := strconv.Atoi(m[1]); err == nil && v > 0 && v <= math.MaxUint8 {
			return uint8(v)
		}
	}
	code := kind.Value
	if code != "" {
		code = kind.Value + ", " + kind.Scheme + ", " + kind.Meaning
	}
	if name == "" {
		name = number
	}
	im.note(CodeReadForeign, fault.Args{"Label": name, "Code": code})
	return 0
}

// knownAs finds a label of the review: by name and code, else by code, else, where there is none, by name. A code that the
// reader's name does not have tells nothing of it.
func (r *reader) knownAs(name string, kind inference.Code) (inference.Label, bool) {
	names := namesOf(r.Names)
	var known []inference.Label
	for v, n := range names {
		l := r.Table.Called(v, n)
		if strings.EqualFold(n, name) && (kind.Value == "" || sameCode(l.Type, kind)) {
			return l, true
		}
		if _, coded := r.Table.named(n); coded {
			known = append(known, l)
		}
	}
	slices.SortFunc(known, func(a, b inference.Label) int { return int(a.Value) - int(b.Value) })
	for _, l := range r.Known {
		if names[l.Value] == "" {
			known = append(known, l)
		}
	}
	for _, e := range r.Table.entries {
		if e.Value != 0 && names[e.Value] == "" {
			known = append(known, e.label())
		}
	}
	called := func(l inference.Label) bool { return strings.EqualFold(l.Name, name) }
	coded := func(l inference.Label) bool { return sameCode(l.Type, kind) }
	plain := kind.Value == ""
	for _, fits := range []func(l inference.Label) bool{
		func(l inference.Label) bool { return called(l) && (plain || coded(l)) }, coded,
	} {
		if i := slices.IndexFunc(known, fits); i >= 0 {
			return known[i], true
		}
	}
	return inference.Label{}, false
}

// means notes what a label value of the masks means.
func (r *reader) means(im *Imported, l inference.Label) {
	if !slices.ContainsFunc(im.Labels, func(k inference.Label) bool { return k.Value == l.Value }) {
		im.Labels = append(im.Labels, l)
	}
}

// lay puts a label on a mask where a file has it, and counts the pixels that another label had.
func lay(p *mask.Plane, has func(i int) bool, label uint8) (covered int) {
	if label == 0 {
		return 0
	}
	for i := range p.Pix {
		if !has(i) {
			continue
		}
		if p.Pix[i] != 0 && p.Pix[i] != label {
			covered++
		}
		p.Pix[i] = label
	}
	return covered
}

// overlap notes that labels overlapped.
func (im *Imported) overlap(pixels int) {
	if pixels > 0 {
		im.note(CodeNoteOverlap, fault.Args{"Pixels": pixels})
	}
}

// ImportPrefix begins the Model of masks that were imported: it is followed by the SHA-256 of the file.
const ImportPrefix = review.ImportPrefix

// Prediction is a mask as a review takes it: a prediction to correct, by the file.
func (im *Imported) Prediction(f Found) *inference.Prediction {
	p := &inference.Prediction{
		Model: inference.Info{
			Name: im.name(), Version: im.Algorithm, SHA256: ImportPrefix + im.SHA256, Path: im.Path, Labels: im.Labels,
		},
		W: f.Labels.W, H: f.Labels.H, Mask: f.Labels, Probability: f.Probability,
		Present: math.NaN(), ExpectedDice: math.NaN(), Threshold: 0.5,
	}
	if p.Probability == nil {
		p.Probability = make([]float32, len(f.Labels.Pix))
		for i, v := range f.Labels.Pix {
			if v != 0 {
				p.Probability[i] = 1
			}
		}
	}
	return p
}

// name is how people know where masks are from.
func (im *Imported) name() string {
	if im.Program != "" {
		return im.Program
	}
	return filepath.Base(im.Path)
}

// hashOf is the SHA-256 of some bytes, in one piece with what they belong to.
func hashOf(parts ...[]byte) string {
	sum := sha256.Sum256(bytes.Join(parts, []byte{0}))
	return hex.EncodeToString(sum[:])
}
