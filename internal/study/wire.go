package study

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"echoline/internal/fault"
)

// Bounds on what is taken from a decoding process, which may have been taken over by a file.
const (
	maxCause = 400 // bytes of a fault's cause
	maxArgs  = 8
)

// wireContent is a Content, and the fault that came with it, on its way from process to process.
type wireContent struct {
	Item    *Item
	Order   wireOrder
	Skipped fault.Code
	Refers  [][]string
	Video   *Video
	Fault   *wireFault
}

type wireOrder struct {
	Study, Series          string
	SeriesNumber, Instance int
}

type wireFault struct {
	Code  fault.Code
	Args  fault.Args
	Cause string
}

// EncodeContent writes what Describe returned, for DecodeContent in another process.
func EncodeContent(c *Content, err error) ([]byte, error) {
	w := wireContent{Fault: toWire(err)}
	if c != nil {
		w.Item, w.Skipped, w.Refers, w.Video = c.Item, c.Skipped, c.Refers, c.Video
	}
	if w.Item != nil {
		o := w.Item.order
		w.Order = wireOrder{o.study, o.series, o.seriesNumber, o.instance}
	}
	return pack(&w)
}

// DecodeContent reads what EncodeContent wrote. errWire tells that it is not what an honest decoder says.
func DecodeContent(b []byte) (c *Content, described, errWire error) {
	var w wireContent
	if err := unpack(b, &w); err != nil {
		return nil, nil, err
	}
	c = &Content{Item: w.Item, Skipped: w.Skipped, Refers: w.Refers, Video: w.Video}
	if w.Item != nil {
		w.Item.order = order{w.Order.Study, w.Order.Series, w.Order.SeriesNumber, w.Order.Instance}
	}
	if c.Skipped != "" && !ours(c.Skipped) {
		return nil, nil, fmt.Errorf("set aside as %q", c.Skipped)
	}
	described, errWire = w.Fault.fault()
	if errWire == nil && described == nil && c.Skipped == "" {
		errWire = c.plausible()
	}
	return c, described, errWire
}

// plausible checks what is said of a picture that can be decoded.
func (c *Content) plausible() error {
	it := c.Item
	switch {
	case it == nil:
		return errors.New("no item")
	case c.Video != nil && it.W == 0 && it.H == 0: // the video knows
	case it.W < 1 || it.H < 1 || it.W > maxSide || it.H > maxSide || 2*int64(it.W)*int64(it.H) > maxFrameBytes:
		return fmt.Errorf("%d×%d pixels", it.W, it.H)
	case it.Frames < 1 || it.Frames > maxFrames:
		return fmt.Errorf("%d frames", it.Frames)
	}
	return nil
}

// EncodeFault writes an error as a fault.
func EncodeFault(err error) ([]byte, error) { return pack(toWire(err)) }

// DecodeFault reads what EncodeFault wrote. errWire tells that it is not what an honest decoder says.
func DecodeFault(b []byte) (f, errWire error) {
	var w wireFault
	if err := unpack(b, &w); err != nil {
		return nil, err
	}
	return w.fault()
}

func toWire(err error) *wireFault {
	if err == nil {
		return nil
	}
	f := asFault("", err)
	w := &wireFault{Code: f.Code, Args: f.Args}
	if f.Cause != nil {
		w.Cause = f.Cause.Error()
	}
	return w
}

// ours tells whether a code is one of this package's.
func ours(c fault.Code) bool { return strings.HasPrefix(string(c), "study.") && len(c) < 40 }

func (w *wireFault) fault() (f, errWire error) {
	if w == nil {
		return nil, nil
	}
	if !ours(w.Code) || len(w.Args) > maxArgs {
		return nil, fmt.Errorf("fault %q", w.Code)
	}
	for k, v := range w.Args {
		if v, ok := v.(string); ok {
			w.Args[k] = printable(v[:min(len(v), maxCause)])
		}
	}
	var cause error
	if w.Cause != "" {
		cause = errors.New(printable(w.Cause[:min(len(w.Cause), maxCause)]))
	}
	return fault.New(w.Code, "", cause, w.Args), nil
}

// Kinds of pixels on the wire, by the first byte.
const (
	wireGrey8  = iota // values up to 255, a byte each
	wireGrey16        // little endian
	wireRGB
)

// wireHead is how long a frame's head is: kind, inverse, what Grey can hold, the window's centre, width and shape, and of
// the curve the first value and how many entries follow the head, 4 bytes each.
const wireHead = 1 + 1 + 4 + 8 + 8 + 1 + 4 + 4

// maxCurve is how many entries a curve has at most: all values of 16 bits, with and without a sign.
const maxCurve = 1<<16 + 1<<15

// EncodeFrame returns a frame in the two parts that DecodeFrame reads one after another: its head and its pixels.
func EncodeFrame(f *Frame) (head, pixels []byte) {
	kind := byte(wireGrey16)
	switch {
	case f.RGB != nil:
		kind, pixels = wireRGB, f.RGB
	case f.Max <= 255:
		kind, pixels = wireGrey8, make([]byte, len(f.Grey))
		for i, v := range f.Grey {
			pixels[i] = byte(v)
		}
	default:
		pixels = make([]byte, 2*len(f.Grey))
		for i, v := range f.Grey {
			binary.LittleEndian.PutUint16(pixels[2*i:], v)
		}
	}
	head = append(head, kind, 0)
	if f.inverse {
		head[1] = 1
	}
	head = binary.LittleEndian.AppendUint32(head, uint32(f.Max))
	w := f.Window
	if w.Center != finite(w.Center) || w.Width != finite(w.Width) {
		full := fullWindow(f.Max)
		w.Center, w.Width = full.Center, full.Width
	}
	head = binary.LittleEndian.AppendUint64(head, math.Float64bits(w.Center))
	head = binary.LittleEndian.AppendUint64(head, math.Float64bits(w.Width))
	head = append(head, byte(w.Shape))
	if f.curve == nil {
		return append(head, make([]byte, 8)...), pixels
	}
	head = binary.LittleEndian.AppendUint32(head, uint32(int32(f.curve.first)))
	head = binary.LittleEndian.AppendUint32(head, uint32(len(f.curve.bright)))
	for _, v := range f.curve.bright {
		head = binary.LittleEndian.AppendUint32(head, math.Float32bits(v))
	}
	return head, pixels
}

// takeCurve reads the curve of a frame: n entries, the first of which is for the value first. It is nil where there are none.
func takeCurve(r io.Reader, first, n int) (*curve, error) {
	if n == 0 {
		return nil, nil
	}
	b := make([]byte, 4*n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	c := &curve{first: first, bright: make([]float32, n)}
	for i := range c.bright {
		v := math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		if !(v >= 0 && v <= 1) {
			return nil, errors.New("a curve beyond black or white")
		}
		c.bright[i] = v
	}
	return c, nil
}

// DecodeFrame reads a frame of w×h pixels of which size bytes are to come from r. It allocates nothing that the picture's
// size does not account for.
func DecodeFrame(r io.Reader, size int64, w, h int) (*Frame, error) {
	var head [wireHead]byte
	if size < wireHead {
		return nil, errors.New("a frame without a head")
	}
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	f := &Frame{W: w, H: h, Max: int(binary.LittleEndian.Uint32(head[2:])), inverse: head[1] != 0}
	f.Window.Center = math.Float64frombits(binary.LittleEndian.Uint64(head[6:]))
	f.Window.Width = math.Float64frombits(binary.LittleEndian.Uint64(head[14:]))
	f.Window.Shape = Shape(head[22])
	entries := int64(binary.LittleEndian.Uint32(head[27:]))
	if f.Window.Shape > Table || (f.Window.Shape == Table) != (entries > 0) || entries > maxCurve {
		return nil, fmt.Errorf("a window of shape %d with %d entries", f.Window.Shape, entries)
	}
	size -= 4 * entries
	n := int64(w) * int64(h)
	each := map[byte]int64{wireGrey8: 1, wireGrey16: 2, wireRGB: 3}[head[0]]
	if each == 0 || size-wireHead != n*each || n*each > maxFrameBytes || f.Max < 1 || f.Max > math.MaxUint16 {
		return nil, fmt.Errorf("%d bytes of pixels of kind %d up to %d for %d×%d", size-wireHead, head[0], f.Max, w, h)
	}
	if math.IsNaN(f.Window.Center+f.Window.Width) || math.IsInf(f.Window.Center+f.Window.Width, 0) {
		return nil, errors.New("no window")
	}
	var err error
	if f.curve, err = takeCurve(r, int(int32(binary.LittleEndian.Uint32(head[23:]))), int(entries)); err != nil {
		return nil, err
	}
	b := make([]byte, n*each)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	return f, f.take(head[0], b)
}

// take makes the frame's pixels of those of the wire.
func (f *Frame) take(kind byte, b []byte) error {
	if kind == wireRGB {
		f.RGB = b
		return nil
	}
	f.Grey = make([]uint16, f.W*f.H)
	for i := range f.Grey {
		v := uint16(0)
		if kind == wireGrey8 {
			v = uint16(b[i])
		} else {
			v = binary.LittleEndian.Uint16(b[2*i:])
		}
		if int(v) > f.Max {
			return fmt.Errorf("value %d over %d", v, f.Max)
		}
		f.Grey[i] = v
	}
	return nil
}
