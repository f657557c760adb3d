package export

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"echoline/inference"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/part10"
	"echoline/internal/study"
)

// Tags of segmentations.
const (
	tagClass         part10.Tag = 0x00080016
	tagMaker         part10.Tag = 0x00080070
	tagCodeValue     part10.Tag = 0x00080100
	tagCodeScheme    part10.Tag = 0x00080102
	tagCodeMeaning   part10.Tag = 0x00080104
	tagMakerModel    part10.Tag = 0x00081090
	tagInstance      part10.Tag = 0x00081155
	tagFrameNumber   part10.Tag = 0x00081160
	tagSources       part10.Tag = 0x00082112
	tagDerivation    part10.Tag = 0x00089124
	tagFrames        part10.Tag = 0x00280008
	tagRows          part10.Tag = 0x00280010
	tagColumns       part10.Tag = 0x00280011
	tagBits          part10.Tag = 0x00280100
	tagPadding       part10.Tag = 0x00280120
	tagSegType       part10.Tag = 0x00620001
	tagSegments      part10.Tag = 0x00620002
	tagCategory      part10.Tag = 0x00620003
	tagSegNumber     part10.Tag = 0x00620004
	tagSegLabel      part10.Tag = 0x00620005
	tagSegAlgorithm  part10.Tag = 0x00620008
	tagSegID         part10.Tag = 0x0062000a
	tagSegReferenced part10.Tag = 0x0062000b
	tagSegMax        part10.Tag = 0x0062000e
	tagPropertyType  part10.Tag = 0x0062000f
	tagShared        part10.Tag = 0x52009229
	tagPerFrame      part10.Tag = 0x52009230
	tagPixels        part10.Tag = 0x7fe00010
)

// segVRs are the VRs of the tags in implicit files.
var segVRs = map[part10.Tag]string{
	tagSources: "SQ", tagDerivation: "SQ", tagSegments: "SQ", tagCategory: "SQ", tagSegID: "SQ", tagPropertyType: "SQ",
	tagShared: "SQ", tagPerFrame: "SQ", tagRows: "US", tagColumns: "US", tagBits: "US", tagPadding: "US", tagSegNumber: "US",
	tagSegReferenced: "US", tagSegMax: "US", tagPixels: "OW",
}

// segFile is a segmentation being read.
type segFile struct {
	set     part10.Set
	kind    string // BINARY, FRACTIONAL, LABELMAP
	w, h    int
	frames  int
	bits    int
	maximum int // of FRACTIONAL
	pixels  []byte
	loose   bool          // pixels of one bit have a byte each
	labels  map[int]uint8 // label value by segment number
	text    func([]byte) string
}

// seg reads a DICOM Segmentation of any program.
func (r *reader) seg(im *Imported, data []byte) error {
	f, err := part10.Parse(data, func(t part10.Tag) string { return segVRs[t] })
	if err != nil {
		return fault.New(CodeReadBroken, im.Path, err, nil)
	}
	switch f.Set.Text(tagClass) {
	case segStorage, labelMapStorage:
	default:
		return errNoMasks
	}
	s := &segFile{set: f.Set, kind: f.Set.Text(tagSegType), text: decoded}
	if err := s.layout(f); err != nil {
		var known *fault.Error
		if errors.As(err, &known) {
			return err
		}
		return fault.New(CodeReadBroken, im.Path, err, nil)
	}
	im.Program = strings.TrimSpace(s.text(data0(f.Set, tagMaker)) + " " + s.text(data0(f.Set, tagMakerModel)))
	r.segments(im, s)
	return r.segFrames(im, s)
}

// data0 is the value of an element without its padding.
func data0(s part10.Set, t part10.Tag) []byte { return []byte(s.Text(t)) }

// decoded makes text of bytes. Names of segments are plain in all files that are known; what is neither plain nor UTF-8 is
// taken for Latin-1.
func decoded(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	out := make([]rune, len(b))
	for i, c := range b {
		out[i] = rune(c)
	}
	return string(out)
}

// number is the first binary number of an element, or missing.
func number(s part10.Set, t part10.Tag, missing int) int {
	e := s.Find(t)
	if e == nil || len(e.Data) < 2 {
		return missing
	}
	if e.VR == "UL" && len(e.Data) >= 4 {
		return int(binary.LittleEndian.Uint32(e.Data))
	}
	return int(binary.LittleEndian.Uint16(e.Data))
}

// Limits on what is read.
const (
	maxReadSide   = 1 << 14
	maxReadFrames = 200_000
)

// layout finds the pixels and checks that all of them are there.
func (s *segFile) layout(f *part10.File) error {
	s.w, s.h, s.bits = number(s.set, tagColumns, 0), number(s.set, tagRows, 0), number(s.set, tagBits, 0)
	s.maximum = max(1, number(s.set, tagSegMax, fractionalMax))
	var err error
	if s.frames, err = strconv.Atoi(s.set.Text(tagFrames)); err != nil || s.frames < 1 || s.frames > maxReadFrames {
		return fmt.Errorf("%q frames", s.set.Text(tagFrames))
	}
	if s.w < 1 || s.h < 1 || s.w > maxReadSide || s.h > maxReadSide {
		return fmt.Errorf("%d×%d pixels", s.w, s.h)
	}
	if fits := map[string][]int{"BINARY": {1}, "FRACTIONAL": {8}, "LABELMAP": {8, 16}}[s.kind]; !slices.Contains(fits, s.bits) {
		return fmt.Errorf("%s with %d bits", s.kind, s.bits)
	}
	e := s.set.Find(tagPixels)
	if e == nil {
		return errors.New("no pixels")
	}
	if e.Fragments != nil {
		return s.unpack(f.Syntax, e.Fragments)
	}
	need := (int64(s.w)*int64(s.h)*int64(s.frames)*int64(s.bits) + 7) / 8
	s.pixels = e.Data
	if int64(len(s.pixels)) < need {
		return fmt.Errorf("%d bytes of pixels where %d frames need %d", len(s.pixels), s.frames, need)
	}
	return nil
}

// segments finds which label value each segment is.
func (r *reader) segments(im *Imported, s *segFile) {
	s.labels = map[int]uint8{}
	background := -1
	if s.kind == "LABELMAP" {
		background = number(s.set, tagPadding, 0)
	}
	e := s.set.Find(tagSegments)
	if e == nil {
		return
	}
	kinds := map[string]bool{}
	for _, g := range e.Items {
		n := number(g, tagSegNumber, 0)
		kind := s.code(g, tagPropertyType)
		if n == background || kind.Value == "125040" && kind.Scheme == "DCM" {
			continue
		}
		s.labels[n] = r.resolve(im, s.text(data0(g, tagSegLabel)), strconv.Itoa(n), kind)
		kinds[g.Text(tagSegAlgorithm)] = true
	}
	switch {
	case len(kinds) == 1 && kinds[manual]:
		im.Algorithm = manual
	case len(kinds) == 1 && kinds[automatic]:
		im.Algorithm = automatic
	case len(kinds) > 0:
		im.Algorithm = semiautomatic
	}
}

// code is the first item of a code sequence.
func (s *segFile) code(g part10.Set, t part10.Tag) inference.Code {
	e := g.Find(t)
	if e == nil || len(e.Items) == 0 {
		return inference.Code{}
	}
	c := e.Items[0]
	return inference.Code{Value: c.Text(tagCodeValue), Scheme: c.Text(tagCodeScheme), Meaning: s.text(data0(c, tagCodeMeaning))}
}

// segFrames puts the frames of a segmentation on the frames that they refer to.
func (r *reader) segFrames(im *Imported, s *segFile) error {
	shared := firstItem(s.set, tagShared)
	groups := s.set.Find(tagPerFrame)
	if groups == nil || len(groups.Items) != s.frames {
		return fault.New(CodeReadBroken, im.Path, errors.New("the functional groups do not describe every frame"), nil)
	}
	t := segTarget{reader: r, im: im, s: s, w: s.w, h: s.h, places: map[segPlace]int{}, unknown: map[string]int{}}
	for i, g := range groups.Items {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		if err := t.frame(i, g, shared); err != nil {
			return err
		}
	}
	t.finish()
	return nil
}

// segPlace is a frame of an image.
type segPlace struct {
	it    *study.Item
	frame int
}

// segTarget collects the masks of a segmentation.
type segTarget struct {
	*reader
	im      *Imported
	s       *segFile
	w, h    int              // of its frames
	places  map[segPlace]int // index into masks
	masks   []segMask
	unknown map[string]int // frames by the image that they refer to
	nowhere int            // frames that refer to nothing
	covered int
}

type segMask struct {
	segPlace
	labels      *mask.Plane
	probability []float32
}

// frame takes in one frame of the segmentation.
func (t *segTarget) frame(i int, g, shared part10.Set) error {
	place, ok := t.place(g, shared)
	if !ok {
		return nil
	}
	if t.s.w != place.it.W || t.s.h != place.it.H {
		t.im.misfit(place.it, t.s.w, t.s.h)
		return nil
	}
	label := uint8(0)
	if t.s.kind != "LABELMAP" {
		n, err := segmentOf(g, shared)
		if err != nil {
			return fault.New(CodeReadBroken, t.im.Path, err, nil)
		}
		if label = t.s.labels[n]; label == 0 {
			return nil
		}
	}
	at, seen := t.places[place]
	if !seen {
		at = len(t.masks)
		t.places[place] = at
		t.masks = append(t.masks, segMask{segPlace: place, labels: mask.NewPlane(t.s.w, t.s.h)})
	}
	t.covered += t.s.draw(&t.masks[at], i, label)
	return nil
}

// segmentOf is the segment that a frame shows.
func segmentOf(g, shared part10.Set) (int, error) {
	for _, set := range []part10.Set{g, shared} {
		if e := set.Find(tagSegID); e != nil && len(e.Items) > 0 {
			return number(e.Items[0], tagSegReferenced, 0), nil
		}
	}
	return 0, errors.New("a frame does not say which segment it shows")
}

// place finds the frame of an open image that a frame was segmented from.
func (t *segTarget) place(g, shared part10.Set) (segPlace, bool) {
	var refs []part10.Set
	for _, set := range []part10.Set{g, shared} {
		if e := set.Find(tagDerivation); e != nil && len(refs) == 0 {
			for _, d := range e.Items {
				if src := d.Find(tagSources); src != nil {
					refs = append(refs, src.Items...)
				}
			}
		}
	}
	for _, ref := range refs {
		frame, told := 0, false
		if v, _, _ := strings.Cut(ref.Text(tagFrameNumber), "\\"); v != "" {
			n, err := strconv.Atoi(strings.TrimSpace(v))
			if err != nil {
				continue
			}
			frame, told = n-1, true
		}
		it := t.fitting(ref.Text(tagInstance), t.w, t.h, frame, told)
		if it == nil || !told && it.Frames > 1 {
			continue
		}
		if frame >= 0 && frame < it.Frames {
			return segPlace{it, frame}, true
		}
	}
	if len(refs) == 0 {
		t.nowhere++
	} else {
		t.unknown[refs[0].Text(tagInstance)]++
	}
	return segPlace{}, false
}

// draw puts frame i of the pixels on a mask and counts the pixels that another label had.
func (s *segFile) draw(m *segMask, i int, label uint8) int {
	size := s.w * s.h
	switch s.kind {
	case "BINARY":
		first := i * size
		if s.loose {
			return lay(m.labels, func(k int) bool { return s.pixels[first+k] == 1 }, label)
		}
		return lay(m.labels, func(k int) bool { return s.pixels[(first+k)/8]>>((first+k)%8)&1 == 1 }, label)
	case "FRACTIONAL":
		px := s.pixels[i*size:][:size]
		m.probability = make([]float32, size)
		for k, v := range px {
			m.probability[k] = float32(math.Min(1, float64(v)/float64(s.maximum)))
		}
		return lay(m.labels, func(k int) bool { return 2*int(px[k]) >= s.maximum }, label)
	}
	px := s.pixels[i*size*s.bits/8:]
	for k := range m.labels.Pix {
		v := 0
		if s.bits == 16 {
			v = int(binary.LittleEndian.Uint16(px[2*k:]))
		} else {
			v = int(px[k])
		}
		m.labels.Pix[k] = s.labels[v]
	}
	return 0
}

// finish hands over what was collected, and says what was not.
func (t *segTarget) finish() {
	segments := 0
	for _, v := range t.s.labels {
		if v != 0 {
			segments++
		}
	}
	if segments == 0 {
		t.masks = nil // nothing of it has a place here
	}
	for _, m := range t.masks {
		if segments != 1 {
			m.probability = nil // it is one label's
		}
		t.add(t.im, m.it, m.frame, m.labels, m.probability)
	}
	t.im.overlap(t.covered)
	if t.s.kind == "FRACTIONAL" && len(t.masks) > 0 {
		t.im.note(CodeNoteFraction, nil)
	}
	for uid, n := range t.unknown {
		t.im.note(CodeReadUnknown, fault.Args{"Image": uid, "Frames": n})
	}
	if t.nowhere > 0 {
		t.im.note(CodeReadWhich, fault.Args{"Frames": t.nowhere})
	}
}
