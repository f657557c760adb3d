package jpegparts

import (
	"errors"
	"io"
	"math/bits"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// writer writes bits as scans have them.
type writer struct {
	out  []byte
	acc  uint64
	n    int
	code map[byte][2]int // by symbol: code and length
}

func (w *writer) put(v, n int) {
	for i := n - 1; i >= 0; i-- {
		w.acc = w.acc<<1 | uint64(v>>i&1)
		if w.n++; w.n == 8 {
			if w.out = append(w.out, byte(w.acc)); byte(w.acc) == 0xff {
				w.out = append(w.out, 0)
			}
			w.n = 0
		}
	}
}

// difference writes a difference, modulo 1<<16, with its code.
func (w *writer) difference(v uint16) {
	d := int(int16(v))
	n := bits.Len(uint(max(d, -d)))
	c := w.code[byte(n)]
	w.put(c[0], c[1])
	if n == maxCategory {
		return
	}
	if d < 0 {
		d += 1<<n - 1
	}
	w.put(d, n)
}

func (w *writer) close() []byte {
	for w.n > 0 {
		w.put(1, 1)
	}
	return w.out
}

// someTable is a table of all categories with codes of 2 to 16 bits, and a writer for it.
func someTable(t *rapid.T) (*Huffman, *writer) {
	symbols := rapid.Permutation([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}).Draw(t, "symbols")
	counts := make([]byte, maxCode)
	w := &writer{code: map[byte][2]int{}}
	code, length, left := 0, 1, len(symbols)
	for i, s := range symbols {
		// Room for all that are left, and for the code of all ones, stays.
		for length < maxCode && (rapid.Bool().Draw(t, "longer") || 1<<length-code < 3) {
			code, length = code<<1, length+1
		}
		for 1<<(maxCode-length)*(1<<length-code-1) < left-i {
			code, length = code<<1, length+1
		}
		counts[length-1]++
		w.code[s] = [2]int{code, length}
		code++
	}
	h, err := newHuffman(counts, symbols)
	if err != nil {
		t.Fatal(err)
	}
	return h, w
}

// Differences come back as they were written, whatever the codes, also with a restart between.
func TestDifferences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h, w := someTable(t)
		value := rapid.OneOf(rapid.Uint16(), rapid.Uint16Max(3), rapid.SampledFrom([]uint16{0, 1 << 15, 0xffff, 255, 256}))
		a := rapid.SliceOfN(value, 1, 60).Draw(t, "a")
		b := rapid.SliceOfN(value, len(a), len(a)).Draw(t, "b")
		for i := range a {
			w.difference(a[i])
			w.difference(b[i])
		}
		data := append(w.close(), 0xff, RST0)
		second := &writer{code: w.code}
		second.difference(a[0])
		data = append(append(data, second.close()...), 0xff, EOI)

		in, table := NewBits(data), NewDifferences(h)
		rows := [][]uint16{make([]uint16, len(a)), make([]uint16, len(a))}
		in.Differences(rows, []*Differences{table, table})
		if !slices.Equal(rows[0], a) || !slices.Equal(rows[1], b) || in.Err() != nil {
			t.Fatalf("%v: got %v, want %v and %v", in.Err(), rows, a, b)
		}
		if err := in.Restart(0); err != nil {
			t.Fatal(err)
		}
		in.Differences([][]uint16{rows[0][:1]}, []*Differences{table})
		if rows[0][0] != a[0] || in.Err() != nil {
			t.Fatalf("%v behind the restart, want %v: %v", rows[0][0], a[0], in.Err())
		}
		in.Differences([][]uint16{make([]uint16, 20)}, []*Differences{table})
		if !errors.Is(in.Err(), io.ErrUnexpectedEOF) {
			t.Fatalf("behind the end: %v", in.Err())
		}
	})
}

func TestHuffmanTables(t *testing.T) {
	table := func(class byte, symbols string, counts ...byte) []byte {
		return append(append([]byte{class}, append(counts, make([]byte, maxCode-len(counts))...)...), symbols...)
	}
	for name, c := range map[string]struct {
		body []byte
		ok   bool
	}{
		"two":           {slices.Concat(table(0, "\x00\x01", 0, 2), table(0x11, "ab", 1, 1)), true},
		"all codes":     {table(0x10, "abcd", 0, 4), true},
		"too many":      {table(0x10, "abcde", 0, 5), false},
		"of 1 bit":      {table(0x10, "abc", 3), false},
		"short":         {table(0x10, "a", 1, 1), false},
		"empty":         {table(0x10, ""), false},
		"class 2":       {table(0x20, "a", 1), false},
		"number 4":      {table(0x04, "\x00", 1), false},
		"difference 17": {table(0x00, "\x11", 1), false},
		"half a head":   {[]byte{0, 1}, false},
	} {
		s := &Stream{}
		if err := s.tables(c.body); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A code that is in no table is told, but not where the stream ends in the middle of a code.
func TestUnknownCode(t *testing.T) {
	h, err := newHuffman(append([]byte{1}, make([]byte, 15)...), []byte{7})
	if err != nil {
		t.Fatal(err)
	}
	in := NewBits([]byte{0xf0, 0, 0, 0})
	if in.Symbol(h); in.Err() == nil || errors.Is(in.Err(), io.ErrUnexpectedEOF) {
		t.Error(in.Err())
	}
	in = NewBits([]byte{0xf0})
	if in.Symbol(h); !errors.Is(in.Err(), io.ErrUnexpectedEOF) {
		t.Error(in.Err())
	}
}

func TestNextMark(t *testing.T) {
	for data, want := range map[string]int{
		"": 0, "\xff": 1, "ab": 2, "a\xff\x00b\xff\xd9": 4, "\xff\xff\xff\xd9": 2, "\xff\x7f\xff\xd8": 2, "\xff\x01": 2,
	} {
		if got := NextMark([]byte(data)); got != want {
			t.Errorf("%q: %d, want %d", data, got, want)
		}
	}
}

func TestRestart(t *testing.T) {
	rest, err := CheckRestart([]byte("x\xff\x00y\xff\xd3z"), 11)
	if err != nil || string(rest) != "z" {
		t.Errorf("%q, %v", rest, err)
	}
	for data, cut := range map[string]bool{"xyz": true, "\xff\xd9": true, "\xff\xd2": false, "\xff\xda": false} {
		if _, err := CheckRestart([]byte(data), 3); err == nil || errors.Is(err, io.ErrUnexpectedEOF) != cut {
			t.Errorf("%q: %v", data, err)
		}
	}
}

const frameOfTwo = "\x00\x0e\x08\x00\x02\x00\x03\x02\x01\x11\x00\x02\x11\x00" // 3×2 pixels, components 1 and 2

func TestStream(t *testing.T) {
	want := Expect{W: 3, H: 2, Components: 2, Bits: 8}
	const head = "\xff\xd8\xff\xdd\x00\x05\x01\x02\x03\xff\xe0\x00\x04ab\xff\xff\xff\xc3" + frameOfTwo
	one, two := "\xff\xda\x00\x08\x01\x01\x00\x01\x02\x03", "\xff\xda\x00\x08\x01\x02\x00\x01\x02\x03"
	s, err := NewStream([]byte(head+one+"xyz"+two+"xy"), want, SOF3)
	if err != nil {
		t.Fatal(err)
	}
	other := ""
	s.Other = func(mark byte, body []byte) error {
		other += string([]byte{mark}) + string(body)
		return nil
	}
	for i, last := range []bool{false, true} {
		scan, err := s.NextScan()
		if err != nil {
			t.Fatal(err)
		}
		if len(scan.Components) != 1 || scan.Components[0].Index != i || scan.A != 1 || scan.B != 2 || scan.C != 3 {
			t.Errorf("%+v", scan)
		}
		if string(s.Rest()[:2]) != "xy" || s.Interval != 0x010203 {
			t.Errorf("%q behind the scan header, interval %#x", s.Rest(), s.Interval)
		}
		if s.Done(1) != last {
			t.Errorf("scan %d is last", i+1)
		}
	}
	if other != "\xe0ab" {
		t.Errorf("other segments %q", other)
	}
}

func TestStreamFaults(t *testing.T) {
	want := Expect{W: 3, H: 2, Components: 2, Bits: 8}
	const head, scan = "\xff\xd8\xff\xc3" + frameOfTwo, "\xff\xda\x00\x08\x01\x01\x00\x01\x02\x03"
	for name, c := range map[string]struct {
		data string
		kind string // "cut", "unsupported" or "damaged"
	}{
		"empty":              {"", "cut"},
		"no start mark":      {"\xff\xd9", "damaged"},
		"nothing":            {"\xff\xd8", "cut"},
		"half a segment":     {head[:10], "cut"},
		"a length of 1":      {"\xff\xd8\xff\xe0\x00\x01", "damaged"},
		"no mark":            {"\xff\xd8abcd", "damaged"},
		"end at once":        {head + "\xff\xd9", "damaged"},
		"scan at once":       {"\xff\xd8" + scan, "damaged"},
		"two frame headers":  {head + head[2:], "damaged"},
		"the scan again":     {head + scan + scan, "damaged"},
		"short scan header":  {head + "\xff\xda\x00\x07\x01\x01\x00\x01\x02", "damaged"},
		"scan of none":       {head + "\xff\xda\x00\x06\x00\x01\x02\x03", "damaged"},
		"scan of three":      {head + "\xff\xda\x00\x0c\x03\x01\x00\x02\x00\x03\x00\x01\x02\x03", "damaged"},
		"scan of twice one":  {head + "\xff\xda\x00\x0a\x02\x01\x00\x01\x00\x01\x02\x03", "damaged"},
		"scan of a stranger": {head + "\xff\xda\x00\x08\x01\x09\x00\x01\x02\x03", "damaged"},
		"lines later":        {head + "\xff\xdc\x00\x04\x00\x01", "unsupported"},
		"another process":    {"\xff\xd8\xff\xc9" + frameOfTwo, "unsupported"},
		"interval of 1 byte": {head + "\xff\xdd\x00\x03\x01", "damaged"},
	} {
		s, err := NewStream([]byte(c.data), want, SOF3)
		for err == nil {
			_, err = s.NextScan()
		}
		var other *UnsupportedError
		kind := "damaged"
		switch {
		case errors.Is(err, io.ErrUnexpectedEOF):
			kind = "cut"
		case errors.As(err, &other):
			kind = "unsupported"
		}
		if kind != c.kind {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Nothing is allocated for a stream that is not as expected.
func TestExpectations(t *testing.T) {
	good := Expect{W: 3, H: 2, Components: 2, Bits: 8}
	for _, want := range []Expect{{4, 2, 2, 8}, {3, 1, 2, 8}, {3, 2, 1, 8}, {3, 2, 2, 7}} {
		f, err := ReadFrame(SOF3, []byte(frameOfTwo[2:]))
		if err != nil || f.check(good) != nil {
			t.Fatal(err, f.check(good))
		}
		if f.check(want) == nil {
			t.Errorf("%+v passes", want)
		}
	}
	for _, body := range []string{"", "\x08\x00\x02\x00\x03\x00", frameOfTwo[2:12], "\x08\x00\x02\x00\x03\x01\x01\x01\x00", "\x08\x00\x02\x00\x03\x01\x01\x15\x00"} {
		if _, err := ReadFrame(SOF3, []byte(body)); err == nil {
			t.Errorf("%q passes", body)
		}
	}
}
