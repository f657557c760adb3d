// Package study opens files as studies of lazily decoded frames: DICOM, DICOMDIR, PNG, JPEG, TIFF, BMP, WebP, folders and
// zip archives of them.
// It is the only importer of the DICOM library. Source files are opened read-only and never written.
package study

import (
	"image"
	"sync"
	"time"

	"echoline/internal/fault"
)

// Study is what a person opened: items in order, and what could not be opened and why.
type Study struct {
	Title   string         // folder or file name; never patient data
	Items   []*Item        // in series and instance order
	Aside   []*Item        // of other modalities, in a study of ultrasound: they open, but nobody came for them
	Refused []*fault.Error // Where holds the path
	Skipped []Skipped      // files that are no images
	Files   []File         // every file met, in natural order of the paths, with what became of it
}

// File is what became of one file. Refused and Skipped are both empty for one that was opened.
type File struct {
	Path    string
	Item    *Item        // what the file says of itself; in Study.Items only if it was opened; nil where nothing could be read
	Refused *fault.Error // why the file cannot be opened
	Skipped fault.Code   // why the file was set aside
}

// Skipped is a file set aside without being at fault.
type Skipped struct {
	Path   string
	Reason fault.Code
}

// Item is one instance: a still or a cine.
type Item struct {
	ID             string // stable key: SOP Instance UID, or "sha256:…" of the file for other formats
	Path           string
	Name           string // file name without extension, made unique within the study by -2, -3, …
	W, H           int
	Frames         int             // at least 1
	FrameTime      time.Duration   // 0 for stills or where unknown
	FrameTimes     []time.Duration // how long each frame stays, where they differ; else nil
	Modality       string          // "US", …; "" for files that are not DICOM
	TransferSyntax string          // UID; "" for files that are not DICOM
	Photometric    string
	Regions        []Region
	PixelSpacing   *[2]float64  // mm per pixel x, y; second choice after Regions
	SpacingNominal bool         // PixelSpacing is that of a scan or a detector (Nominal Scanned or Imager Pixel Spacing)
	Aspect         float64      // height of a pixel over its width; 0 where the file does not say
	PerFrame       []FrameScale // of the frames, where the file tells them apart; else nil
	Header         *Header      // nil for files that are not DICOM

	sum    string // SHA-256 of the file, where another has the same UID
	source frameSource
	cache  *cache
	ahead  *ahead // nil where nothing is to be read ahead
	order  order
}

// Region is one Ultrasound Region (PS3.3 C.8.5.5), bounds in pixels, X1 and Y1 exclusive after clamping to the image.
type Region struct {
	X0, Y0, X1, Y1 int
	SpatialFormat  int // 1: 2D
	DataType       int // 1: tissue, 2: colour flow
	UnitsX, UnitsY int // 3: cm
	DeltaX, DeltaY float64
	Flags          uint32
}

// Spacing is millimetres per pixel along x and y.
type Spacing struct{ X, Y float64 }

// Calibration says where a spacing came from.
type Calibration int

// The sources of a spacing.
const (
	Uncalibrated Calibration = iota
	ByRegion
	ByPixelSpacing
	ByRuler          // drawn by a reader
	ByNominalSpacing // of a scan or a detector: a guess at the patient's
)

// String is the source's name in files.
func (c Calibration) String() string {
	return [...]string{"none", "region", "pixel spacing", "ruler", "nominal spacing"}[c]
}

// frameSource decodes one frame. Implementations are safe for use by several goroutines.
type frameSource interface {
	frame(i int) (*Frame, error)
}

// Frame is one decoded picture. Exactly one of Grey and RGB is set. Frames are shared: nobody changes their pixels.
type Frame struct {
	W, H   int
	Grey   []uint16 // W*H stored values; a frame with negative ones is shifted by half the range
	Max    int      // the largest value that Grey can hold (255, 4095, …); 255 for RGB
	RGB    []uint8  // W*H*3
	Window Window   // the file's own window, or one that spans what there is

	inverse  bool            // small values are bright (MONOCHROME1)
	curve    *curve          // of windows of shape Table, by stored value
	declared image.Rectangle // what the file says shows ultrasound; empty where it does not
	finding  sync.Once
	found    image.Rectangle
	fanning  sync.Once
	fan      *Fan // nil: none, or doubtful
}

// Window is a VOI window in units of Grey (or 0..255 for RGB): the file's rescaling is taken out of it.
type Window struct {
	Center, Width float64
	Shape         Shape
}

// Header is what exports need of a DICOM source: attributes of the patient, study, series and instance modules as UTF-8
// strings by DICOM keyword ("PatientName", "StudyInstanceUID", …). It holds patient data: never log it.
type Header struct {
	Attr   map[string]string
	Planes []Plane // of the frames, where the file says for all of them; else nil
}
