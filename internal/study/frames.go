package study

import (
	"encoding/binary"
	"slices"

	"echoline/internal/fault"
)

// frameIndex tells which fragments make a frame: those from starts[i] up to starts[i+1].
type frameIndex struct {
	fragments []fragment
	starts    []int
}

// of returns the fragments of frame i.
func (x *frameIndex) of(i int) []fragment { return x.fragments[x.starts[i]:x.starts[i+1]] }

// joinFragments groups the fragments to frames. frames is 0 where the file does not state how many there are. A fragment
// is not a frame: start marks of JPEG and JPEG 2000 are the surest sign, then the offset tables, then equal numbers.
func joinFragments(p *pixelData, frames int, jpeg bool, set *dataSet) (*frameIndex, error) {
	if len(p.fragments) == 0 {
		return nil, errTruncated()
	}
	var marks []int
	if jpeg {
		marks = startMarks(p.fragments)
	}
	if frames == 0 {
		frames = max(len(marks), 1)
	}
	found := 0
	for _, starts := range groupings(p, frames, marks, set) {
		if len(starts) == frames && starts[0] == 0 {
			return &frameIndex{fragments: p.fragments, starts: append(starts, len(p.fragments))}, nil
		}
		if found == 0 {
			found = len(starts)
		}
	}
	if p.cut || !p.closed || (found > 0 && found < frames) || len(p.fragments) < frames {
		return nil, cutAfter(min(found, len(p.fragments)), frames)
	}
	return nil, damaged("%d fragments cannot be joined to %d frames", len(p.fragments), frames)
}

// groupings lists where frames may begin, the surest first. marks are the JPEG start marks.
func groupings(p *pixelData, frames int, marks []int, set *dataSet) [][]int {
	extended, _ := set.raw("ExtendedOffsetTable")
	tables := [][]int{tableStarts(p.fragments, extended.data, 8), tableStarts(p.fragments, p.offsets, 4)}
	switch {
	case len(marks) > 0:
		return append([][]int{marks}, tables...)
	case frames == 1:
		return [][]int{{0}}
	case len(p.fragments) == frames:
		return append(tables, each(frames))
	}
	return tables
}

// startMarks lists the fragments that begin with a JPEG start mark.
func startMarks(fs []fragment) []int {
	var out []int
	for i := range fs {
		if fs[i].soi {
			out = append(out, i)
		}
	}
	return out
}

func each(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// tableStarts turns an offset table, with entries of wide bytes, into the numbers of the fragments that its offsets
// point at. nil where one of them points at none, which tables of some writers do.
func tableStarts(fs []fragment, table []byte, wide int) []int {
	var out []int
	const itemHeader = 8
	base := fs[0].off - itemHeader
	for ; len(table) >= wide; table = table[wide:] {
		off := uint64(binary.LittleEndian.Uint32(table))
		if wide == 8 {
			off = binary.LittleEndian.Uint64(table)
		}
		if off > uint64(fs[len(fs)-1].off-base) {
			return nil
		}
		i, ok := slices.BinarySearchFunc(fs, base+int64(off)+itemHeader, func(f fragment, at int64) int { return int(f.off - at) })
		if !ok || (len(out) > 0 && i <= out[len(out)-1]) {
			return nil
		}
		out = append(out, i)
	}
	return out
}

// cutAfter is the fault of a file of which only some frames are there.
func cutAfter(have, frames int) *fault.Error {
	if frames <= 1 {
		return errTruncated()
	}
	return fault.New(CodeCutCine, "", nil, fault.Args{"Have": have, "Frames": frames})
}

// complete tells a file that ends inside its encapsulated pixels from one that only lacks the end mark: then the last
// frame is whole if its JPEG end mark is there.
func (x *frameIndex) complete(p *pixelData, v *view, jpeg bool) error {
	frames := len(x.starts) - 1
	if p.cut {
		return cutAfter(frames-1, frames)
	}
	if p.closed {
		return nil
	}
	last := p.fragments[len(p.fragments)-1]
	tail, err := v.peek(max(last.off, last.off+last.length-8), int(min(last.length, 8)))
	if err != nil {
		return err
	}
	for i := 0; jpeg && i+1 < len(tail); i++ {
		if tail[i] == 0xff && tail[i+1] == 0xd9 {
			return nil
		}
	}
	return cutAfter(frames-1, frames)
}

// bytes is how long frame i is in the file.
func (x *frameIndex) bytes(i int) int64 {
	var n int64
	for _, f := range x.of(i) {
		n += f.length
	}
	return n
}

// read returns frame i as it is in the file, its fragments joined.
func (x *frameIndex) read(v *view, i int) ([]byte, error) {
	n := x.bytes(i)
	if n > maxFrameBytes {
		return nil, tooLarge("%d MiB", n>>20)
	}
	out := make([]byte, 0, n)
	for _, f := range x.of(i) {
		b, err := v.bytes(f.off, f.length)
		if err != nil {
			return nil, err
		}
		out = append(out, b...)
	}
	return out, nil
}
