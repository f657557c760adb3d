package study

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"echoline/internal/fault"
	"echoline/internal/study/jpegparts"
)

const (
	baseline     = "1.2.840.10008.1.2.4.50"
	jpegExtended = "1.2.840.10008.1.2.4.51"
)

// tinyJPEG is a JPEG of 8×8 pixels of one colour, with the given component ids and no mark of what they mean.
func tinyJPEG(ids string, values ...uint8) []byte {
	out := []byte{0xff, jpegparts.SOI}
	segment := func(m byte, data ...byte) {
		out = append(out, 0xff, m)
		out = binary.BigEndian.AppendUint16(out, uint16(len(data)+2))
		out = append(out, data...)
	}
	segment(0xdb, append([]byte{0}, slices.Repeat([]byte{8}, 64)...)...)
	frame, scan := []byte{8, 0, 8, 0, 8, byte(len(ids))}, []byte{byte(len(ids))}
	for i := range len(ids) {
		frame = append(frame, ids[i], 0x11, 0)
		scan = append(scan, ids[i], 0)
	}
	segment(jpegparts.SOF0, frame...)
	// Twelve DC codes of four bits, and one AC code, "0", for the end of the block.
	segment(jpegparts.DHT, 0x00, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	segment(jpegparts.DHT, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	segment(jpegparts.SOS, append(scan, 0, 63, 0)...)
	acc, n := uint64(0), 0
	put := func(v uint64, width int) { acc, n = acc<<width|v, n+width }
	for _, v := range values {
		dc := int(v) - 128
		size := bits.Len(uint(max(dc, -dc)))
		if dc < 0 {
			dc += 1<<size - 1
		}
		put(uint64(size), 4)
		put(uint64(dc), size)
		put(0, 1)
	}
	for n%8 != 0 {
		put(1, 1)
	}
	for ; n > 0; n -= 8 {
		b := byte(acc >> (n - 8))
		if out = append(out, b); b == 0xff {
			out = append(out, 0)
		}
	}
	if out = append(out, 0xff, jpegparts.EOI); len(out)%2 != 0 {
		out = append(out, 0)
	}
	return out
}

// mark puts a segment behind the start mark.
func mark(b []byte, m byte, data string) []byte {
	seg := binary.BigEndian.AppendUint16([]byte{0xff, m}, uint16(len(data)+2))
	out := slices.Concat(b[:2], seg, []byte(data), b[2:])
	if len(out)%2 != 0 {
		out = append(out, 0)
	}
	return out
}

const (
	jfifMark = "JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
	adobeRGB = "Adobe\x00\x64\x00\x00\x00\x00\x00"
	adobeYCC = "Adobe\x00\x64\x00\x00\x00\x00\x01"
)

// The colours must be right whatever the tag says: green and purple ultrasound comes from believing it.
func TestColoursOfJPEG(t *testing.T) {
	rgb, ycc := [3]uint8{200, 30, 10}, [3]uint8{79, 89, 214} // the same red, coded in two ways
	stream := func(ids string, c [3]uint8) []byte { return tinyJPEG(ids, c[0], c[1], c[2]) }
	for name, c := range map[string]struct {
		tag    string
		stream []byte
	}{
		"tagged RGB, unmarked":           {"RGB", stream("\x01\x02\x03", rgb)},
		"tagged RGB, numbered from 0":    {"RGB", stream("\x00\x01\x02", rgb)},
		"tagged RGB, Adobe agrees":       {"RGB", mark(stream("\x01\x02\x03", rgb), jpegparts.APPE, adobeRGB)},
		"tagged RGB, but Adobe says YCC": {"RGB", mark(stream("\x01\x02\x03", ycc), jpegparts.APPE, adobeYCC)},
		"tagged RGB, but JFIF":           {"RGB", mark(stream("\x01\x02\x03", ycc), jpegparts.APP0, jfifMark)},
		"tagged YBR, unmarked":           {"YBR_FULL_422", stream("\x01\x02\x03", ycc)},
		"tagged YBR, JFIF":               {"YBR_FULL", mark(stream("\x01\x02\x03", ycc), jpegparts.APP0, jfifMark)},
		"tagged YBR, but Adobe says RGB": {"YBR_FULL", mark(stream("\x01\x02\x03", rgb), jpegparts.APPE, adobeRGB)},
		"tagged YBR, components R, G, B": {"YBR_FULL", stream("RGB", rgb)},
		"YBR_PARTIAL_420":                {"YBR_PARTIAL_420", stream("\x01\x02\x03", ycc)},
	} {
		s := still(8, 8).with(el{"SamplesPerPixel", 3}, el{"PhotometricInterpretation", c.tag},
			el{"PixelData", capsule{fragments: [][]byte{c.stream}}})
		f := mustFrame(t, mustOpen(t, part10File(baseline, s)), 0)
		for i, v := range f.RGB {
			if d := int(v) - int(rgb[i%3]); d < -2 || d > 2 {
				t.Errorf("%s: %v, want %v", name, f.RGB[:3], rgb)
				break
			}
		}
	}
}

// halved says that a stream shares colours between neighbours.
func TestSubsampledIsNeverRGB(t *testing.T) {
	b := tinyJPEG("\x01\x02\x03", 1, 2, 3)
	i := slices.Index(b, jpegparts.SOF0) + 3 + 6
	b[i+1] = 0x21
	h, err := (&picture{w: 8, h: 8, samples: 3, allocated: 8}).readJPEGHead(b)
	if err != nil {
		t.Fatal(err)
	}
	if !h.Subsampled() || h.isRGB("RGB") {
		t.Errorf("%+v", h)
	}
}

func TestJPEGRefusals(t *testing.T) {
	good := tinyJPEG("\x01", 100)
	sof := slices.Index(good, jpegparts.SOF0)
	change := func(at int, v byte) []byte {
		b := slices.Clone(good)
		b[sof+at] = v
		return b
	}
	for name, c := range map[string]struct {
		syntax string
		stream []byte
		want   fault.Code
	}{
		"arithmetic":   {baseline, change(0, 0xc9), CodeSyntax},
		"hierarchical": {jpegExtended, change(0, 0xc5), CodeSyntax},
		"12 bits of 8": {jpegExtended, change(3, 12), CodeDamaged},
		"other size":   {baseline, change(5, 16), CodeDamaged},
		"components":   {baseline, tinyJPEG("\x01\x02\x03", 1, 2, 3), CodeDamaged},
		"two headers":  {baseline, slices.Concat(good[:sof-1], good[sof-1:sof+12], good[sof-1:]), CodeDamaged},
		"no scan":      {baseline, good[:sof+20], CodeTruncated},
		"no length":    {baseline, []byte{0xff, jpegparts.SOI, 0xff, jpegparts.APP0, 0, 0}, CodeDamaged},
		"no mark":      {baseline, []byte{0xff, jpegparts.SOI, 1, 2, 3, 4}, CodeDamaged},
		"scan at once": {baseline, []byte{0xff, jpegparts.SOI, 0xff, jpegparts.SOS, 0, 2}, CodeDamaged},
	} {
		t.Run(name, func(t *testing.T) {
			s := still(8, 8).with(el{"PixelData", capsule{fragments: [][]byte{c.stream}}})
			wantFault(t, openBytes(t, "x.dcm", part10File(c.syntax, s)), c.want)
		})
	}
}

func TestDamagedFrameOfACineIsAFaultOfThatFrame(t *testing.T) {
	good := tinyJPEG("\x01", 100)
	bad := slices.Clone(good)
	i := slices.Index(bad, jpegparts.DHT)
	bad[i+4+3] = 99 // more codes than there is room for
	s := still(8, 8).with(el{"NumberOfFrames", "2"}, el{"PixelData", capsule{fragments: [][]byte{good, bad}}})
	it := mustOpen(t, part10File(baseline, s))
	mustFrame(t, it, 0)
	if _, err := it.Frame(1); fault.CodeOf(err) != CodeDamaged && fault.CodeOf(err) != CodeTruncated {
		t.Errorf("got %v", err)
	}
}

func TestMissingEndMarkIsMadeUp(t *testing.T) {
	b := tinyJPEG("\x01", 100)
	end := slices.Index(b, jpegparts.EOI) - 1
	s := still(8, 8).with(el{"PixelData", capsule{fragments: [][]byte{b[:end]}}})
	if f := mustFrame(t, mustOpen(t, part10File(baseline, s)), 0); f.Grey[0] != 100 {
		t.Errorf("got %d", f.Grey[0])
	}
}

// A frame may be cut into any number of fragments; tables may be right, wrong or missing.
func TestFragmentsAreJoinedToFrames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		frames := rapid.IntRange(1, 6).Draw(t, "frames")
		var c capsule
		var at []uint64
		off := uint64(0)
		for i := range frames {
			b := tinyJPEG("\x01", uint8(10*i+5))
			at = append(at, off)
			for len(b) > 0 {
				n := min(len(b), 2*rapid.IntRange(1, 200).Draw(t, "fragment"))
				c.fragments = append(c.fragments, b[:n])
				off += uint64(n + 8)
				b = b[n:]
			}
		}
		extended := []byte(nil)
		switch rapid.IntRange(0, 3).Draw(t, "table") {
		case 1:
			for _, o := range at {
				c.table = binary.LittleEndian.AppendUint32(c.table, uint32(o))
			}
		case 2:
			c.table = rapid.SliceOfN(rapid.Byte(), 4*frames, 4*frames).Draw(t, "lies")
		case 3:
			for _, o := range at {
				extended = binary.LittleEndian.AppendUint64(extended, o)
			}
		}
		p := &pixelData{offsets: c.table, closed: true}
		pos := int64(1000)
		for _, f := range c.fragments {
			p.fragments = append(p.fragments, fragment{pos, int64(len(f)), f[0] == 0xff && f[1] == jpegparts.SOI})
			pos += int64(len(f)) + 8
		}
		d := newDataSet(binary.LittleEndian)
		if extended != nil {
			d.values[tagOffsets] = value{"OV", extended}
		}
		stated := rapid.SampledFrom([]int{frames, 0}).Draw(t, "stated")
		x, err := joinFragments(p, stated, true, d)
		if err != nil {
			t.Fatal(err)
		}
		if len(x.starts) != frames+1 {
			t.Fatalf("%d frames, want %d", len(x.starts)-1, frames)
		}
		for i := range frames {
			if got := x.of(i)[0].off; got != 1000+int64(at[i]) {
				t.Fatalf("frame %d begins at %d, want %d", i, got, 1000+int64(at[i]))
			}
		}
	})
}

func TestTablesJoinWhatHasNoMarks(t *testing.T) {
	fs := []fragment{{100, 10, false}, {118, 10, false}, {136, 10, false}}
	little := func(vs ...uint32) (b []byte) {
		for _, v := range vs {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		return b
	}
	for name, c := range map[string]struct {
		table  []byte
		frames int
		want   []int
		fault  fault.Code
	}{
		"table":              {little(0, 36), 2, []int{0, 2, 3}, ""},
		"one frame":          {nil, 1, []int{0, 3}, ""},
		"a fragment each":    {nil, 3, []int{0, 1, 2, 3}, ""},
		"lie between":        {little(0, 17), 2, nil, CodeDamaged},
		"lie beyond":         {little(0, 4000000000), 2, nil, CodeDamaged},
		"lie backwards":      {little(36, 0), 2, nil, CodeDamaged},
		"not from the first": {little(18, 36), 2, nil, CodeDamaged},
		"too few":            {nil, 5, nil, CodeCutCine},
	} {
		x, err := joinFragments(&pixelData{fragments: fs, offsets: c.table, closed: true}, c.frames, false, newDataSet(binary.LittleEndian))
		switch {
		case c.fault != "":
			if fault.CodeOf(err) != c.fault {
				t.Errorf("%s: %v, want %s", name, err, c.fault)
			}
		case err != nil:
			t.Errorf("%s: %v", name, err)
		case !slices.Equal(x.starts, c.want):
			t.Errorf("%s: %v, want %v", name, x.starts, c.want)
		}
	}
}

// packRLE is the inverse of unpackRLE for planes of little endian samples.
func packRLE(planes []byte, pixels, samples, bytes int) []byte {
	head := binary.LittleEndian.AppendUint32(nil, uint32(samples*bytes))
	var body []byte
	for s := range samples {
		for b := bytes - 1; b >= 0; b-- {
			head = binary.LittleEndian.AppendUint32(head, uint32(64+len(body)))
			for i := 0; i < pixels; {
				v := planes[(s*pixels+i)*bytes+b]
				run := 1
				for i+run < pixels && run < 128 && planes[(s*pixels+i+run)*bytes+b] == v {
					run++
				}
				if run > 1 {
					body = append(body, byte(1-run), v)
				} else {
					body = append(body, 0, v)
				}
				i += run
			}
			if len(body)%2 != 0 {
				body = append(body, 0x80)
			}
		}
	}
	return append(append(head, make([]byte, 64-len(head))...), body...)
}

func TestRLEReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pixels, samples := rapid.IntRange(1, 300).Draw(t, "pixels"), rapid.SampledFrom([]int{1, 3}).Draw(t, "samples")
		wide := rapid.IntRange(1, 2).Draw(t, "bytes")
		n := pixels * samples * wide
		planes := rapid.SliceOfN(rapid.SampledFrom([]byte{0, 0, 0, 1, 255}), n, n).Draw(t, "planes")
		packed := packRLE(planes, pixels, samples, wide)
		got, err := unpackRLE(packed, pixels, samples, wide)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(got, planes) {
			t.Fatalf("got %v, want %v", got, planes)
		}
		cut := packed[:rapid.IntRange(0, len(packed)-2).Draw(t, "cut")]
		if _, err := unpackRLE(cut, pixels, samples, wide); err == nil {
			t.Fatal("a cut frame decodes")
		} else if fault.CodeOf(err) == "" {
			t.Fatal(err)
		}
	})
}

func TestRLEFile(t *testing.T) {
	planes := []byte{10, 20, 30, 40, 50, 60}
	s := still(2, 1).with(el{"SamplesPerPixel", 3}, el{"PhotometricInterpretation", "RGB"},
		el{"PixelData", capsule{fragments: [][]byte{packRLE(planes, 2, 3, 1)}}})
	f := mustFrame(t, mustOpen(t, part10File("1.2.840.10008.1.2.5", s)), 0)
	equalBytes(t, f.RGB, []byte{10, 30, 50, 20, 40, 60})
}
