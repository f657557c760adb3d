package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"math"
	"path/filepath"
	"strconv"
	"sync"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/durable"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/study"
)

// outcome is one predicted frame on its way to files.
type outcome struct {
	name       string // of the files, without extension
	prediction *inference.Prediction
	contours   []contour.Contour
	spacing    *study.Spacing // nil where not calibrated
}

// outcomeWriter writes outcomes into a folder. It may be used by several goroutines.
type outcomeWriter struct {
	dir     string
	buffers sync.Pool // of *bytes.Buffer
	zlib    encoderBuffers
}

// encoderBuffers lets PNG encoders use each other's memory.
type encoderBuffers struct{ pool sync.Pool }

func (b *encoderBuffers) Get() *png.EncoderBuffer {
	e, _ := b.pool.Get().(*png.EncoderBuffer)
	return e
}

func (b *encoderBuffers) Put(e *png.EncoderBuffer) { b.pool.Put(e) }

// keep writes the files of one frame; its error is a fault of codePredictOut.
func (w *outcomeWriter) keep(t frameTask, p *inference.Prediction) error {
	if err := w.write(t.outcome(p)); err != nil {
		return fault.New(codePredictOut, filepath.Join(w.dir, t.name), err, nil)
	}
	return nil
}

// write leaves NAME.mask.png, NAME.prob.png and NAME.json in the folder. The JSON comes last: where it is, all is.
func (w *outcomeWriter) write(o *outcome) error {
	p := o.prediction
	err := w.file(o.name+".mask.png", func(b *bytes.Buffer) error {
		e := png.Encoder{CompressionLevel: png.BestSpeed, BufferPool: &w.zlib}
		return e.Encode(b, maskImage(p.Mask))
	})
	if err != nil {
		return err
	}
	err = w.file(o.name+".prob.png", func(b *bytes.Buffer) error {
		return encodeGrey16(b, p.W, p.H, func(y int, to []uint16) { probabilityRow(p, y, to) })
	})
	if err != nil {
		return err
	}
	return w.file(o.name+".json", func(b *bytes.Buffer) error {
		b.Write(appendOutcome(b.AvailableBuffer(), o))
		return nil
	})
}

// file writes what fill puts into the buffer.
func (w *outcomeWriter) file(name string, fill func(*bytes.Buffer) error) error {
	b, _ := w.buffers.Get().(*bytes.Buffer)
	if b == nil {
		b = &bytes.Buffer{}
	}
	defer w.buffers.Put(b)
	b.Reset()
	if err := fill(b); err != nil {
		return err
	}
	return durable.WriteFile(filepath.Join(w.dir, name), b.Bytes(), 0o644)
}

// maskImage is 255 where the mask has any label.
func maskImage(p *mask.Plane) *image.Gray {
	im := image.NewGray(image.Rect(0, 0, p.W, p.H))
	for i, v := range p.Pix {
		if v != 0 {
			im.Pix[i] = 255
		}
	}
	return im
}

// probabilityRow is row y of the probability times 65535, rounded.
func probabilityRow(p *inference.Prediction, y int, to []uint16) {
	for i, v := range p.Probability[y*p.W:][:p.W] {
		to[i] = uint16(v*65535 + 0.5)
	}
}

// appendOutcome appends the JSON of one frame. It is written by hand, as a frame has thousands of points; a number that
// is not known is null.
func appendOutcome(b []byte, o *outcome) []byte {
	p := o.prediction
	b = append(b, `{"model":{"name":`...)
	b = appendText(b, p.Model.Name)
	b = append(b, `,"sha256":`...)
	b = appendText(b, p.Model.SHA256)
	b = append(b, `},"lesion_probability":`...)
	b = appendNumber(b, p.Present, 6)
	b = append(b, `,"expected_dice":`...)
	b = appendNumber(b, p.ExpectedDice, 6)
	b = append(b, `,"size":[`...)
	b = strconv.AppendInt(b, int64(p.W), 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(p.H), 10)
	b = append(b, `],"spacing_mm":`...)
	if o.spacing == nil {
		b = append(b, "null"...)
	} else {
		b = append(b, '[')
		b = strconv.AppendFloat(b, o.spacing.X, 'g', -1, 64)
		b = append(b, ',')
		b = strconv.AppendFloat(b, o.spacing.Y, 'g', -1, 64)
		b = append(b, ']')
	}
	b = append(b, `,"calibrated":`...)
	b = strconv.AppendBool(b, p.Model.Calibrated)
	b = append(b, `,"contours":[`...)
	for i, c := range o.contours {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"closed":true,"points":[`...)
		for k := range c.Points {
			if k > 0 {
				b = append(b, ',')
			}
			b = appendPoint(b, &c.Points[k])
		}
		b = append(b, "]}"...)
	}
	return append(b, "]}\n"...)
}

// appendPoint appends one point of a contour, to a thousandth of a pixel.
func appendPoint(b []byte, v *contour.Vertex) []byte {
	b = append(b, `{"x":`...)
	b = appendNumber(b, v.X, 3)
	b = append(b, `,"y":`...)
	b = appendNumber(b, v.Y, 3)
	b = append(b, `,"expected_error_px":`...)
	b = appendNumber(b, v.Expected, 3)
	b = append(b, `,"band_px":`...)
	if math.IsNaN(v.Band[0]) {
		return append(b, "null}"...)
	}
	for i, level := range contour.Levels {
		sep := byte(',')
		if i == 0 {
			sep = '{'
		}
		b = append(b, sep, '"')
		b = strconv.AppendInt(b, int64(level), 10)
		b = append(b, `":`...)
		b = appendNumber(b, v.Band[i], 3)
	}
	return append(b, "}}"...)
}

func appendNumber(b []byte, v float64, digits int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, v, 'f', digits, 64)
}

func appendText(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil { // cannot happen: a string has a JSON form
		return append(b, `""`...)
	}
	return append(b, quoted...)
}
