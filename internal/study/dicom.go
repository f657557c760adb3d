package study

import (
	"io"
	"math"
	"path/filepath"
	"strings"
	"time"

	"echoline/internal/fault"
)

// order sorts DICOM items within a study.
type order struct {
	study, series          string
	seriesNumber, instance int
}

// set aside reasons by SOP class. Other classes without pixels are found by their lack of them.
var noPictures = map[string]fault.Code{
	classDirectory:                   CodeDirectory,
	"1.2.840.10008.5.1.4.1.1.66.4":   CodeSegmentation,
	"1.2.840.10008.5.1.4.1.1.66.5":   CodeSegmentation,
	"1.2.840.10008.5.1.4.1.1.66.7":   CodeSegmentation,
	"1.2.840.10008.5.1.4.1.1.66":     CodeNoPixels, // raw data
	"1.2.840.10008.5.1.4.1.1.104.1":  CodeNoPixels, // encapsulated PDF
	"1.2.840.10008.5.1.4.1.1.104.2":  CodeNoPixels,
	"1.2.840.10008.5.1.4.1.1.481.3":  CodeNoPixels, // radiotherapy structures, records and plans
	"1.2.840.10008.5.1.4.1.1.481.4":  CodeNoPixels,
	"1.2.840.10008.5.1.4.1.1.481.5":  CodeNoPixels,
	"1.2.840.10008.5.1.4.1.1.481.8":  CodeNoPixels,
	"1.2.840.10008.5.1.4.1.1.481.10": CodeNoPixels,
}

// Families of SOP classes without pictures: reports, presentation states and waveforms.
var noPictureFamilies = []string{
	"1.2.840.10008.5.1.4.1.1.88.", "1.2.840.10008.5.1.4.1.1.11.", "1.2.840.10008.5.1.4.1.1.9.",
}

const classDirectory = "1.2.840.10008.1.3.10"

// dicomFile is an opened DICOM file.
type dicomFile struct {
	*part10
	item    *Item
	skipped fault.Code   // set where it is no picture
	source  *dicomSource // nil unless its frames can be decoded
	video   *Video       // in place of source where they are a video
}

// openDICOM scans a file and describes its picture, without decoding it. What is known of the file is returned also with
// an error.
func openDICOM(src io.ReaderAt, o original) (df *dicomFile, err error) {
	defer guard(&err)
	p, err := readPart10(src, o.size)
	if p == nil {
		return nil, err
	}
	df = &dicomFile{part10: p, item: p.item(o.path)}
	switch df.skipped = p.noPicture(); df.skipped {
	case "":
	case CodeDirectory: // one that is cut lists only part of the files
		return df, err
	default:
		return df, nil
	}
	if err != nil {
		return df, err
	}
	if p.pixels == nil {
		if kind := p.floatPixels(); kind != "" {
			return df, unreadKind(kind, "")
		}
		df.skipped = CodeNoPixels
		return df, nil
	}
	return df, df.openPixels(src, o)
}

// noPicture tells by what the object is why it is set aside; "" for a picture or an unknown class.
func (p *part10) noPicture() fault.Code {
	class := p.set.text("SOPClassUID")
	if class == "" && p.meta != nil {
		class = p.meta.text("MediaStorageSOPClassUID")
	}
	if code, ok := noPictures[class]; ok {
		return code
	}
	for _, f := range noPictureFamilies {
		if strings.HasPrefix(class, f) {
			return CodeNoPixels
		}
	}
	switch {
	case p.set.text("Modality") == "SEG":
		return CodeSegmentation
	case len(p.set.items[tagRecords]) > 0:
		return CodeDirectory
	}
	return ""
}

// floatPixels names pixels of real numbers, which are not read.
func (p *part10) floatPixels() string {
	for _, k := range []string{"FloatPixelData", "DoubleFloatPixelData"} {
		if _, ok := p.set.raw(k); ok {
			return k
		}
	}
	return ""
}

// item is what the file says of itself.
func (p *part10) item(path string) *Item {
	d := p.set
	number := func(keyword string, missing int) int {
		n, err := d.whole(keyword, missing)
		if err != nil {
			return missing
		}
		return n
	}
	it := &Item{
		ID: d.text("SOPInstanceUID"), Path: path, Modality: d.text("Modality"), TransferSyntax: p.syntax,
		Photometric: d.text("PhotometricInterpretation"),
		W:           number("Columns", 0), H: number("Rows", 0), Frames: max(number("NumberOfFrames", 1), 1),
		Header: newHeader(d),
		order: order{
			study: d.text("StudyInstanceUID"), series: d.text("SeriesInstanceUID"),
			seriesNumber: number("SeriesNumber", 0), instance: number("InstanceNumber", 0),
		},
	}
	it.readScales(d)
	it.Header.Planes = readPlanes(d, it.Frames)
	return it
}

// openPixels checks that the pixels are there and can be decoded.
func (df *dicomFile) openPixels(src io.ReaderAt, o original) error {
	if df.syntax == "" {
		uid, err := df.guessSyntax(src)
		if err != nil {
			return err
		}
		df.syntax = uid
	}
	code := syntaxes[df.syntax].coding
	switch {
	case code == unreadable:
		return syntaxFault(df.syntax, "")
	case (code != native) != df.pixels.capsuled:
		return damaged("pixel data is not laid out as transfer syntax %s says", df.syntax)
	}
	pic, err := describe(df.part10)
	if err != nil {
		return err
	}
	frames, err := df.set.whole("NumberOfFrames", 0)
	switch {
	case err != nil:
		return err
	case frames < 0:
		return damaged("%d frames", frames)
	case frames > maxFrames:
		return tooLarge("%d", frames)
	}
	if code == moving {
		return df.openVideo(frames)
	}
	s := &dicomSource{original: o, item: df.item, picture: pic, coding: code, pixels: df.pixels, body: df.body, inflated: df.inflated}
	if code == native {
		frames, err = s.nativeFrames(frames)
	} else {
		frames, err = s.index(src, frames, df.set)
	}
	if err != nil {
		return err
	}
	it := df.item
	it.Frames, df.source = frames, s
	if frames > 1 {
		it.FrameTime, it.FrameTimes = frameTime(df.set), frameTimes(df.set, frames)
	}
	return nil
}

// frameTimes are how long each of the frames stays, by the increments of the Frame Time Vector; nil where it does not have
// one for each frame, or all are the same. The last frame stays as long as they do on average.
func frameTimes(d *dataSet, frames int) []time.Duration {
	v, ok := d.numbers("FrameTimeVector")
	if !ok || len(v) != frames || d.real("FrameTime", 0) > 0 {
		return nil
	}
	out, same := make([]time.Duration, frames), true
	var sum time.Duration
	for i, ms := range v[1:] {
		if !(ms >= 0 && ms <= longestFrame) {
			return nil
		}
		out[i] = time.Duration(ms * float64(time.Millisecond))
		sum += out[i]
		same = same && out[i] == out[0]
	}
	if out[frames-1] = sum / time.Duration(frames-1); same || sum == 0 {
		return nil
	}
	return out
}

// longestFrame is how long a frame can stay, in ms.
const longestFrame = 60_000

// frameTime is the time from frame to frame; 0 where the file does not say.
func frameTime(d *dataSet) time.Duration {
	ms := d.real("FrameTime", 0)
	if v, _ := d.numbers("FrameTimeVector"); ms <= 0 && len(v) > 1 {
		for _, t := range v[1:] {
			ms += t / float64(len(v)-1)
		}
	}
	for _, rate := range []string{"RecommendedDisplayFrameRate", "CineRate"} {
		if r := d.real(rate, 0); ms <= 0 && r > 0 {
			ms = 1000 / r
		}
	}
	if ms <= 0 || ms > longestFrame || math.IsNaN(ms) {
		return 0
	}
	return time.Duration(ms * float64(time.Millisecond))
}

// newHeader takes over what exports need, as UTF-8.
func newHeader(d *dataSet) *Header {
	h := &Header{Attr: map[string]string{}}
	for _, k := range forExport {
		if s := d.decoded(k); s != "" {
			h.Attr[k] = s
		}
	}
	return h
}

// dicomSource decodes the frames of one DICOM file.
type dicomSource struct {
	original
	item    *Item
	picture *picture
	coding  coding
	pixels  *pixelData
	frames  *frameIndex // of encapsulated pixels
	body    int64

	inflated int64
}

// nativeFrames tells how many uncompressed frames there are. A file that does not state it has as many as fit exactly.
func (s *dicomSource) nativeFrames(stated int) (int, error) {
	one := s.picture.frameBytes()
	size := s.size
	if s.deflated() {
		size = s.inflated
	}
	there := min(s.pixels.length, size-s.pixels.off)
	if stated == 0 {
		stated = 1
		if n := there / one; n > 1 && n <= maxFrames && there-n*one <= 1 {
			stated = int(n)
		}
	}
	if have := there / one; have < int64(stated) {
		return 0, cutAfter(int(have), stated)
	}
	return stated, nil
}

// index groups the fragments and looks at the first frame, so that what cannot be decoded is refused now.
func (s *dicomSource) index(src io.ReaderAt, stated int, set *dataSet) (int, error) {
	marked := s.coding == jpegCoded || s.coding == jpeg2000
	x, err := joinFragments(s.pixels, stated, marked, set)
	if err != nil {
		return 0, err
	}
	v := newView(src, s.size)
	if err := x.complete(s.pixels, v, marked); err != nil {
		return 0, err
	}
	s.frames = x
	if marked {
		b, err := x.read(v, 0)
		if err != nil {
			return 0, err
		}
		if s.coding == jpeg2000 {
			_, _, err = s.picture.codestream(b)
		} else {
			_, err = s.picture.readJPEGHead(b)
		}
		if err != nil {
			return 0, err
		}
	}
	return len(x.starts) - 1, nil
}

func (s *dicomSource) deflated() bool { return s.picture.syntax == deflatedLittle }

// frameFrom decodes frame i from the file.
func (s *dicomSource) frameFrom(src io.ReaderAt, i int) (*Frame, error) {
	b, err := s.samples(src, i)
	if err != nil {
		return nil, err
	}
	return s.decode(b)
}

// samples returns frame i as stored.
func (s *dicomSource) samples(src io.ReaderAt, i int) ([]byte, error) {
	size := s.size
	if s.deflated() {
		data, err := s.unpack(src)
		if err != nil {
			return nil, err
		}
		src, size = data, data.size
	}
	v := newView(src, size)
	if s.coding != native {
		return s.frames.read(v, i)
	}
	one := s.picture.frameBytes()
	from, n := int64(i)*one, one
	if !s.swapped() {
		return v.bytes(s.pixels.off+from, n)
	}
	pad := from & 1
	n = min((pad+n+1)&^1, s.pixels.length-(from-pad))
	b, err := v.bytes(s.pixels.off+from-pad, n)
	if err != nil {
		return nil, err
	}
	swapPairs(b)
	return b[pad : pad+one], nil
}

// swapped tells whether 8-bit samples sit in 16-bit big endian words.
func (s *dicomSource) swapped() bool {
	return s.picture.syntax == explicitBig && s.picture.allocated == 8 && s.pixels.vr == "OW"
}

// unpack inflates the data set, kept beside the frames.
func (s *dicomSource) unpack(src io.ReaderAt) (*inflated, error) {
	if s.item.cache == nil {
		return inflate(src, s.body, s.size)
	}
	v, err := s.item.cache.get(cacheKey{s.item, -1}, func() (any, int64, error) {
		data, err := inflate(src, s.body, s.size)
		if err != nil {
			return nil, 0, err
		}
		return data, data.size, nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*inflated), nil
}

// decode makes a frame of what is stored for it.
func (s *dicomSource) decode(b []byte) (*Frame, error) {
	p := *s.picture
	switch s.coding {
	case native:
		return p.frame(b), nil
	case runLength8:
		planes, err := unpackRLE(b, p.w*p.h, p.samples, p.allocated/8)
		if err != nil {
			return nil, err
		}
		p.planar = true
		return p.frame(planes), nil
	case jpeg2000:
		return p.decodeJPEG2000(b)
	}
	return p.decodeJPEG(b)
}

// baseName is the file's name without its extension.
func baseName(path string) string {
	name := filepath.Base(path)
	if short := strings.TrimSuffix(name, filepath.Ext(name)); short != "" {
		return short
	}
	return name
}
