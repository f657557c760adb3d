package study

import (
	"math"
	"slices"
	"testing"
)

// words are 16-bit little endian numbers.
func words(vs ...int) []byte {
	var b []byte
	for _, v := range vs {
		b = append(b, littleExplicit.u16(v)...)
	}
	return b
}

// table is an item of a Modality or VOI LUT Sequence.
func table(first, bits int, out ...int) []set {
	return []set{{{"LUTDescriptor", words(len(out), first, bits)}, {"LUTData", words(out...)}}}
}

// What the standard's formulas make of values, one by one.
func TestWindowFunctions(t *testing.T) {
	pix := []int{0, 10, 50, 99, 100, 101, 150, 199, 200, 4095}
	s := still(len(pix), 1).with(el{"BitsAllocated", 16}, el{"BitsStored", 12}, el{"HighBit", 11}, el{"PixelData", words(pix...)})
	linear := func(c, w float64) func(v float64) float64 {
		return func(v float64) float64 {
			switch {
			case v <= c-0.5-(w-1)/2:
				return 0
			case v > c-0.5+(w-1)/2:
				return 1
			}
			return (v-(c-0.5))/(w-1) + 0.5
		}
	}
	exact := func(c, w float64) func(v float64) float64 {
		return func(v float64) float64 { return min(max((v-c)/w+0.5, 0), 1) }
	}
	sigmoid := func(c, w float64) func(v float64) float64 {
		return func(v float64) float64 { return 1 / (1 + math.Exp(-4*(v-c)/w)) }
	}
	rescaled := func(m, b float64, f func(float64) float64) func(float64) float64 {
		return func(v float64) float64 { return f(m*v + b) }
	}
	inverted := func(f func(float64) float64) func(float64) float64 {
		return func(v float64) float64 { return 1 - f(v) }
	}
	ramp := func(v float64) float64 { // of the table below
		return []float64{0, 100, 50, 255}[min(max(int(v)-99, 0), 3)] / 255
	}
	window := []el{{"WindowCenter", `100\5`}, {"WindowWidth", `150\5`}}
	function := func(f string) []el { return append(slices.Clone(window), el{"VOILUTFunction", f}) }
	rescale := func(m, b string, es ...el) []el {
		return append(slices.Clone(es), el{"RescaleSlope", m}, el{"RescaleIntercept", b})
	}
	for name, c := range map[string]struct {
		es   []el
		want func(v float64) float64
	}{
		"linear":                    {window, linear(100, 150)},
		"linear by name":            {function("LINEAR"), linear(100, 150)},
		"a step":                    {[]el{{"WindowCenter", "100"}, {"WindowWidth", "1"}}, linear(100, 1)},
		"exact":                     {function("LINEAR_EXACT"), exact(100, 150)},
		"exact, less than a value":  {[]el{{"WindowCenter", "100"}, {"WindowWidth", "0.5"}, {"VOILUTFunction", "LINEAR_EXACT"}}, exact(100, 0.5)},
		"sigmoid":                   {function("SIGMOID"), sigmoid(100, 150)},
		"rescaled":                  {rescale("2", "-100", window...), rescaled(2, -100, linear(100, 150))},
		"rescaled exact":            {rescale("0.5", "60", function("LINEAR_EXACT")...), rescaled(0.5, 60, exact(100, 150))},
		"rescaled sigmoid":          {rescale("2", "-100", function("SIGMOID")...), rescaled(2, -100, sigmoid(100, 150))},
		"turned round":              {rescale("-1", "200", window...), rescaled(-1, 200, linear(100, 150))},
		"turned round, no window":   {rescale("-1", "200"), inverted(linear(2048, 4096))},
		"a slope of nothing":        {rescale("0", "9", window...), linear(100, 150)},
		"VOI table":                 {[]el{{"VOILUTSequence", table(99, 8, 0, 100, 50, 255)}}, ramp},
		"VOI table before a window": {append(slices.Clone(window), el{"VOILUTSequence", table(99, 8, 0, 100, 50, 255)}), ramp},
		"rescaled VOI table":        {rescale("2", "-100", el{"VOILUTSequence", table(99, 8, 0, 100, 50, 255)}), rescaled(2, -100, ramp)},
		"modality table":            {[]el{{"ModalityLUTSequence", table(99, 16, 0, 100, 50, 255)}}, ramp},
		"modality table, a window": {
			append(slices.Clone(window), el{"ModalityLUTSequence", table(99, 16, 0, 100, 50, 255)}),
			func(v float64) float64 { return linear(100, 150)(255 * ramp(v)) },
		},
		"both tables": {
			[]el{{"ModalityLUTSequence", table(99, 16, 102, 101, 100, 99)}, {"VOILUTSequence", table(99, 8, 0, 100, 50, 255)}},
			func(v float64) float64 { return ramp(102 - min(max(v-99, 0), 3)) },
		},
	} {
		f := mustFrame(t, mustOpen(t, part10File(explicitLittle, s.with(c.es...))), 0)
		shown, luma := render(f, f.Window, false), f.Luma()
		for i, v := range pix {
			want := c.want(float64(v))
			if math.Abs(float64(luma[i])-want) > 1e-5 {
				t.Errorf("%s: luma of %d is %v, want %v", name, v, luma[i], want)
			}
			if d := float64(shown[4*i]) - 255*want; math.Abs(d) > 0.51 {
				t.Errorf("%s: %d is drawn as %d, want %v", name, v, shown[4*i], 255*want)
			}
		}
	}
}

func TestSignedTables(t *testing.T) {
	s := still(4, 1).with(el{"BitsAllocated", 16}, el{"BitsStored", 16}, el{"HighBit", 15}, el{"PixelRepresentation", 1},
		el{"PixelData", words(-3, -2, -1, 7)}, el{"VOILUTSequence", table(-2, 8, 10, 255)})
	f := mustFrame(t, mustOpen(t, part10File(explicitLittle, s)), 0)
	for i, want := range []float64{10, 10, 255, 255} {
		if got := 255 * float64(f.Luma()[i]); math.Abs(got-want) > 1e-3 {
			t.Errorf("value %d: %v, want %v", i, got, want)
		}
	}
}

// A reader who drags the window of a table stretches the table.
func TestTablesStretch(t *testing.T) {
	s := still(5, 1).with(el{"PixelData", []byte{0, 50, 100, 150, 200}}, el{"VOILUTSequence", table(0, 8, 255, 128, 0)})
	f := mustFrame(t, mustOpen(t, part10File(explicitLittle, s)), 0)
	if f.Window.Shape != Table {
		t.Fatalf("window %+v", f.Window)
	}
	w := Window{Center: 100.5, Width: 201, Shape: Table}
	pix := render(f, w, false)
	for i, want := range []uint8{255, 128, 128, 0, 0} {
		if i != 1 && i != 3 && pix[4*i] != want {
			t.Errorf("value %d is drawn as %d, want %d", i, pix[4*i], want)
		}
	}
	if plain := render(f, Window{Center: 128, Width: 256}, false); plain[4] != 50 {
		t.Errorf("in a plain window 50 is drawn as %d", plain[4])
	}
}

func TestBrokenTables(t *testing.T) {
	s := still(4, 1)
	for name, e := range map[string]el{
		"no descriptor": {"VOILUTSequence", []set{{{"LUTData", words(1, 2)}}}},
		"too short":     {"ModalityLUTSequence", []set{{{"LUTDescriptor", words(9, 0, 16)}, {"LUTData", words(1, 2)}}}},
		"no data":       {"VOILUTSequence", []set{{{"LUTDescriptor", words(9, 0, 16)}}}},
	} {
		f := openBytes(t, "x.dcm", part10File(explicitLittle, s.with(e)))
		t.Run(name, func(t *testing.T) { wantFault(t, f, CodeDamaged) })
	}
	packed := []set{{{"LUTDescriptor", words(4, 0, 8)}, {"LUTData", []byte{0, 85, 170, 255}}}}
	f := mustFrame(t, mustOpen(t, part10File(explicitLittle, s.with(el{"PixelData", []byte{0, 1, 2, 3}}, el{"VOILUTSequence", packed}))), 0)
	for i, v := range f.Luma() {
		if math.Abs(float64(v)-float64(i)/3) > 1e-6 {
			t.Errorf("two entries in a word: %v", f.Luma())
		}
	}
}

func TestSegmentedPalettes(t *testing.T) {
	for name, c := range map[string]struct {
		seg   []uint16
		n     int
		bytes bool
		want  []uint16
	}{
		"discrete":                  {[]uint16{0, 3, 7, 8, 9}, 3, false, []uint16{7, 8, 9}},
		"linear":                    {[]uint16{0, 1, 0, 1, 4, 10}, 5, false, []uint16{0, 2, 5, 8, 10}},
		"down":                      {[]uint16{0, 1, 10, 1, 2, 0}, 3, false, []uint16{10, 5, 0}},
		"repeated, offset in bytes": {[]uint16{0, 1, 5, 0, 2, 7, 9, 1, 2, 13, 2, 2, 6, 0}, 9, false, []uint16{5, 7, 9, 11, 13, 7, 9, 11, 13}},
		"repeated, in entries":      {[]uint16{0, 1, 5, 0, 2, 7, 9, 1, 2, 13, 2, 2, 3, 0}, 9, false, []uint16{5, 7, 9, 11, 13, 7, 9, 11, 13}},
		"repeated, 8 bits":          {[]uint16{0, 2, 5, 6, 0, 1, 9, 2, 1, 0, 0, 0, 0}, 5, true, []uint16{5, 6, 9, 5, 6}},
	} {
		got, err := expandSegments(c.seg, c.n, c.bytes)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, %v, want %v", name, got, err, c.want)
		}
	}
	for name, seg := range map[string][]uint16{
		"linear first": {1, 2, 3}, "kind": {0, 1, 5, 3, 1, 1}, "runs over": {0, 9, 5}, "repeats what is not there": {0, 1, 5, 2, 1, 4, 0},
		"repeats itself": {0, 1, 5, 2, 1, 6, 0}, "repeats a repetition": {0, 1, 5, 2, 1, 0, 0, 2, 2, 6, 0}, "cut": {0, 1, 5, 2, 1, 0},
	} {
		if got, err := expandSegments(seg, 100, false); err == nil {
			t.Errorf("%s: %v", name, got)
		}
	}
}
