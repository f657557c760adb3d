package study

import (
	"math"
	"slices"
	"strings"
)

// Shape is how a window leads from black to white (VOI LUT Function, PS3.3 C.11.2.1.3).
type Shape uint8

// The shapes of windows.
const (
	Linear      Shape = iota // between half a value inside the ends
	LinearExact              // between the ends
	Sigmoid                  // an S that never quite ends
	Table                    // the file's own lookup table, stretched over the window
)

// voi is the file's way from stored values to brightness.
type voi struct {
	window *Window // in stored values; nil where the file has none
	curve  *curve  // of windows of shape Table
	down   bool    // its rescaling turns the values round
}

// curve is brightness by stored value, from the first to the last of its table. Values outside take its ends.
type curve struct {
	first  int
	bright []float32 // 0..1
}

// at is the brightness of a stored value.
func (c *curve) at(v float64) float32 {
	i := int(math.Round(v)) - c.first
	return c.bright[min(max(i, 0), len(c.bright)-1)]
}

// window spans the curve.
func (c *curve) window() Window {
	w := spanWindow(float64(c.first), float64(c.first+len(c.bright)-1))
	w.Shape = Table
	return w
}

// readVOI reads the modality and VOI transformations (PS3.3 C.11.1 and C.11.2) of grey pixels.
func (c *picture) readVOI(d *dataSet) (voi, error) {
	if !strings.HasPrefix(c.photometric, "MONOCHROME") {
		return voi{}, nil
	}
	slope, intercept := d.real("RescaleSlope", 1), d.real("RescaleIntercept", 0)
	if slope == 0 {
		slope, intercept = 1, 0
	}
	out := voi{down: slope < 0, window: c.fileWindow(d, slope, intercept)}
	modality, err := c.readLookup(d, "ModalityLUTSequence")
	if err != nil {
		return voi{}, err
	}
	table, err := c.readLookup(d, "VOILUTSequence")
	if err != nil {
		return voi{}, err
	}
	switch {
	case modality != nil:
		out = voi{curve: modality.shown(table, c.fileWindow(d, 1, 0))}
	case table != nil:
		out = voi{curve: table.rescaled(slope, intercept)}
	}
	if out.curve != nil {
		w := out.curve.window()
		out.window = &w
	}
	return out, nil
}

// fileWindow is the window that the file asks for, turned from the units of its rescaling into stored ones.
func (c *picture) fileWindow(d *dataSet, slope, intercept float64) *Window {
	w := Window{Center: d.real("WindowCenter", 0), Width: d.real("WindowWidth", 0)}
	inner := 0.0 // how much narrower than its width a window is at its upper end
	switch strings.ToUpper(d.text("VOILUTFunction")) {
	case "LINEAR_EXACT":
		w.Shape = LinearExact
	case "SIGMOID":
		w.Shape = Sigmoid
	default:
		inner = 1
	}
	if w.Width < inner || w.Width <= 0 {
		return nil
	}
	lo, hi := (w.Center-w.Width/2-intercept)/slope, (w.Center+w.Width/2-inner-intercept)/slope
	if lo > hi {
		lo, hi = hi, lo
	}
	w.Width = hi - lo + inner
	w.Center = lo + w.Width/2
	return &w
}

// lookup is a lookup table of a Modality or VOI LUT Sequence: outputs by input, from the first on.
type lookup struct {
	first int
	out   []uint16
	top   float64 // the largest output that it can have
}

// at is the output for an input. Inputs outside take the ends.
func (l *lookup) at(v float64) float64 {
	i := int(math.Round(v)) - l.first
	return float64(l.out[min(max(i, 0), len(l.out)-1)])
}

// readLookup reads the first table of a sequence; nil where there is none.
func (c *picture) readLookup(d *dataSet, sequence string) (*lookup, error) {
	items := d.items[tags[sequence]]
	if len(items) == 0 {
		return nil, nil
	}
	it := items[0]
	desc, ok := it.numbers("LUTDescriptor")
	if !ok || len(desc) < 3 {
		return nil, damaged("no descriptor in %s", sequence)
	}
	entries := entriesOf(desc[0])
	raw, _ := it.raw("LUTData")
	l := &lookup{first: c.firstMapped(desc[1]), out: toWords(raw.data, it.order), top: 65535}
	switch {
	case len(l.out) >= entries:
		l.out = l.out[:entries]
	case len(raw.data) >= entries: // entries of 8 bits, two in a word
		l.out = make([]uint16, entries)
		for i, v := range lowBytes(raw, it.order, entries) {
			l.out[i] = uint16(v)
		}
	default:
		return nil, damaged("the table in %s is too short", sequence)
	}
	if bits := int(desc[2]); bits > 0 && bits < 16 && int(slices.Max(l.out)) < 1<<bits {
		l.top = float64(int(1)<<bits - 1)
	}
	return l, nil
}

// entriesOf is the number of entries by a descriptor, in which 0 is one more than fits.
func entriesOf(v float64) int {
	if n := int(v); n > 0 {
		return n
	}
	return 1 << 16
}

// firstMapped is the first input of a table. Its representation is that of the pixels, which files without explicit ones
// leave open.
func (c *picture) firstMapped(v float64) int {
	if c.signed && v > math.MaxInt16 {
		v -= 1 << 16
	}
	return int(v)
}

// rescaled is a VOI table by stored values.
func (l *lookup) rescaled(slope, intercept float64) *curve {
	lo, hi := (float64(l.first)-intercept)/slope, (float64(l.first+len(l.out)-1)-intercept)/slope
	if lo > hi {
		lo, hi = hi, lo
	}
	// No value of 16 bits lies outside.
	first, last := int(max(math.Floor(lo), math.MinInt16)), int(min(math.Ceil(hi), math.MaxUint16))
	if first > last {
		first, last = 0, 0
	}
	return newCurve(first, last, func(v float64) float64 { return l.at(slope*v+intercept) / l.top })
}

// shown is a modality table seen through a VOI table, a window, or from its lowest to its highest output.
func (l *lookup) shown(table *lookup, w *Window) *curve {
	span := spanWindow(float64(slices.Min(l.out)), float64(slices.Max(l.out)))
	return newCurve(l.first, l.first+len(l.out)-1, func(v float64) float64 {
		switch {
		case table != nil:
			return table.at(l.at(v)) / table.top
		case w != nil:
			return w.at(l.at(v))
		}
		return span.at(l.at(v))
	})
}

func newCurve(first, last int, bright func(v float64) float64) *curve {
	c := &curve{first: first, bright: make([]float32, last-first+1)}
	for i := range c.bright {
		c.bright[i] = float32(bright(float64(first + i)))
	}
	return c
}
