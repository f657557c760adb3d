package store

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"sync"

	"echoline/inference"
	"echoline/internal/mask"
)

// A packed prediction is a version, a CRC-32C over the rest, then: the model's description as JSON, sizes and numbers,
// the mask as a patch on an empty plane, and the maps. Maps are rounded to 16 bits, each value is replaced by its
// difference from what its neighbours to the left and above let expect, and low and high bytes are compressed apart.
// Version 1 has no expected Dice.
const (
	packVersion = 2
	packHead    = 5
)

// maxPacked bounds the sides of a packed prediction, so that damaged data cannot ask for more memory than a frame takes.
const (
	maxPackedSide   = 1 << 16
	maxPackedPixels = 1 << 28
)

var (
	errPacked  = errors.New("store: packed prediction is damaged")
	errNoMask  = errors.New("store: prediction without mask or with maps of another size")
	errVersion = errors.New("store: packed prediction of an unknown form")
)

// pack gives a prediction as bytes.
func pack(p *inference.Prediction) ([]byte, error) {
	n := p.W * p.H
	if p.Mask == nil || len(p.Mask.Pix) != n || len(p.Probability) != n || p.Scale != nil && len(p.Scale) != n {
		return nil, errNoMask
	}
	info, err := json.Marshal(p.Model)
	if err != nil {
		return nil, err
	}
	patch, err := mask.Diff(mask.NewPlane(p.W, p.H), p.Mask, p.Mask.Rect()).MarshalBinary()
	if err != nil {
		return nil, err
	}
	b := make([]byte, packHead, packHead+n/2)
	b = appendBytes(b, info)
	b = binary.AppendUvarint(b, uint64(p.W))
	b = binary.AppendUvarint(b, uint64(p.H))
	for _, v := range numbersOf(p, packVersion) {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(*v))
	}
	b = appendBytes(b, patch)
	maps := [][]uint16{fromProbability(p.Probability)}
	if p.Scale != nil {
		maps = append(maps, fromScale(p.Scale))
	}
	b = append(b, byte(len(maps)))
	buf := bytes.NewBuffer(b)
	for _, m := range maps {
		if err := deflate(buf, m, p.W); err != nil {
			return nil, err
		}
	}
	b = buf.Bytes()
	b[0] = packVersion
	binary.LittleEndian.PutUint32(b[1:], crc32.Checksum(b[packHead:], castagnoli))
	return b, nil
}

// numbersOf are the single numbers of a prediction, in the order in which they are packed.
func numbersOf(p *inference.Prediction, version byte) []*float64 {
	out := []*float64{&p.Present, &p.Threshold, &p.Fit.Factor}
	for i := range p.Fit.Band {
		out = append(out, &p.Fit.Band[i])
	}
	if version >= 2 {
		out = append(out, &p.ExpectedDice)
	}
	return out
}

func appendBytes(b, part []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(part))), part...)
}

// unpack reads what pack wrote.
func unpack(b []byte) (*inference.Prediction, error) {
	if len(b) < packHead || crc32.Checksum(b[packHead:], castagnoli) != binary.LittleEndian.Uint32(b[1:]) {
		return nil, errPacked
	}
	if b[0] < 1 || b[0] > packVersion {
		return nil, errVersion
	}
	return unpackBody(b[packHead:], b[0])
}

// unpackBody reads what follows the checksum in a version.
func unpackBody(b []byte, version byte) (*inference.Prediction, error) {
	r := bytes.NewReader(b)
	p := &inference.Prediction{ExpectedDice: math.NaN()}
	info, err := readBytes(r)
	if err != nil || json.Unmarshal(info, &p.Model) != nil {
		return nil, errPacked
	}
	w, errW := binary.ReadUvarint(r)
	h, errH := binary.ReadUvarint(r)
	if errW != nil || errH != nil || w > maxPackedSide || h > maxPackedSide || w*h > maxPackedPixels {
		return nil, errPacked
	}
	p.W, p.H = int(w), int(h)
	for _, v := range numbersOf(p, version) {
		var bits uint64
		if err := binary.Read(r, binary.LittleEndian, &bits); err != nil {
			return nil, errPacked
		}
		*v = math.Float64frombits(bits)
	}
	data, err := readBytes(r)
	if err != nil {
		return nil, errPacked
	}
	patch, err := mask.UnmarshalPatch(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errPacked, err)
	}
	return p, unpackMaps(r, p, patch)
}

// unpackMaps reads the mask and the maps.
func unpackMaps(r *bytes.Reader, p *inference.Prediction, patch mask.Patch) error {
	count, err := r.ReadByte()
	if err != nil || count < 1 || count > 2 {
		return errPacked
	}
	m, err := inflate(r, p.W, p.H)
	if err != nil {
		return err
	}
	p.Probability = toProbability(m)
	if count == 2 {
		if m, err = inflate(r, p.W, p.H); err != nil {
			return err
		}
		p.Scale = toScale(m)
	}
	p.Mask = mask.NewPlane(p.W, p.H)
	return patch.Apply(p.Mask)
}

func readBytes(r *bytes.Reader) ([]byte, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil || n > uint64(r.Len()) {
		return nil, errPacked
	}
	b := make([]byte, n)
	_, err = io.ReadFull(r, b)
	return b, err
}

// expected is what the neighbours of place i in a map of width w let expect: as if the map were a tilted plane.
func expected(m []uint16, i, x, w int) uint16 {
	switch {
	case i < w && x == 0:
		return 0
	case i < w:
		return m[i-1]
	case x == 0:
		return m[i-w]
	default:
		return m[i-1] + m[i-w] - m[i-w-1]
	}
}

// deflate appends a map of width w, with its length.
func deflate(buf *bytes.Buffer, m []uint16, w int) error {
	planes := make([]byte, 2*len(m))
	low, high := planes[:len(m)], planes[len(m):]
	for i, x := 0, 0; i < len(m); i++ {
		d := int16(m[i] - expected(m, i, x, w))
		zigzag := uint16(d<<1) ^ uint16(d>>15)
		low[i], high[i] = byte(zigzag), byte(zigzag>>8)
		if x++; x == w {
			x = 0
		}
	}
	var out bytes.Buffer
	f, err := flate.NewWriter(&out, packLevel)
	if err != nil {
		return err
	}
	if _, err := f.Write(planes); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	buf.Write(binary.AppendUvarint(nil, uint64(out.Len())))
	buf.Write(out.Bytes())
	return nil
}

// packLevel is how hard flate tries. Higher levels take three times as long for a few per cent.
const packLevel = 1

// inflate reads a map of w×h values.
func inflate(r *bytes.Reader, w, h int) ([]uint16, error) {
	data, err := readBytes(r)
	if err != nil {
		return nil, errPacked
	}
	// Deflate cannot make more than about a thousand bytes of one, so a small part cannot ask for a large map.
	n := w * h
	if 2*n > 1100*len(data)+1100 {
		return nil, errPacked
	}
	planes := make([]byte, 2*n)
	if _, err := io.ReadFull(flate.NewReader(bytes.NewReader(data)), planes); err != nil {
		return nil, errPacked
	}
	m := make([]uint16, n)
	for i, x := 0, 0; i < n; i++ {
		zigzag := uint16(planes[i]) | uint16(planes[n+i])<<8
		m[i] = expected(m, i, x, w) + (zigzag>>1 ^ -(zigzag & 1))
		if x++; x == w {
			x = 0
		}
	}
	return m, nil
}

func fromProbability(vs []float32) []uint16 {
	out := make([]uint16, len(vs))
	for i, v := range vs {
		out[i] = uint16(math.Max(0, math.Min(1, float64(v)))*math.MaxUint16 + 0.5)
	}
	return out
}

func toProbability(m []uint16) []float32 {
	out := make([]float32, len(m))
	for i, v := range m {
		out[i] = float32(v) / math.MaxUint16
	}
	return out
}

// Scales are kept as logarithms, so that small ones are as exact as large ones: 512 steps to the octave, 1 px in the
// middle. 0 stands for a scale of 0, which no model gives.
const (
	scaleSteps  = 512
	scaleMiddle = 1 << 15
)

func fromScale(vs []float32) []uint16 {
	out := make([]uint16, len(vs))
	for i, v := range vs {
		if v > 0 {
			out[i] = uint16(math.Max(1, math.Min(math.MaxUint16, math.Round(math.Log2(float64(v))*scaleSteps)+scaleMiddle)))
		}
	}
	return out
}

// scales are all that can be stored: looking them up takes a third of the time of working them out.
var scales = sync.OnceValue(func() *[math.MaxUint16 + 1]float32 {
	var out [math.MaxUint16 + 1]float32
	for i := 1; i < len(out); i++ {
		out[i] = float32(math.Exp2((float64(i) - scaleMiddle) / scaleSteps))
	}
	return &out
})

func toScale(m []uint16) []float32 {
	table := scales()
	out := make([]float32, len(m))
	for i, v := range m {
		out[i] = table[v]
	}
	return out
}
