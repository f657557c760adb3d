package study

import "encoding/binary"

// unpackRLE decodes one frame of RLE Lossless (PS3.5 G) into planes, one after another, of little endian samples of
// bytes bytes each.
func unpackRLE(b []byte, pixels, samples, bytes int) ([]byte, error) {
	const headBytes = 64
	if len(b) < headBytes {
		return nil, errTruncated()
	}
	segments := samples * bytes
	if n := binary.LittleEndian.Uint32(b); int64(n) != int64(segments) {
		return nil, damaged("%d RLE segments for %d samples of %d bytes", n, samples, bytes)
	}
	out := make([]byte, pixels*segments)
	for i := range segments {
		from, to := int64(binary.LittleEndian.Uint32(b[4+4*i:])), int64(len(b))
		if i+1 < segments {
			to = int64(binary.LittleEndian.Uint32(b[8+4*i:]))
		}
		if from < headBytes || from > to || to > int64(len(b)) {
			return nil, damaged("RLE segment %d lies outside the frame", i+1)
		}
		// Segments go sample by sample, the most significant byte first.
		sample, byteOf := i/bytes, bytes-1-i%bytes
		if !packBits(out[sample*pixels*bytes+byteOf:], bytes, pixels, b[from:to]) {
			return nil, damaged("RLE segment %d is too short", i+1)
		}
	}
	return out, nil
}

// packBits writes n bytes, step apart, from packed src. It tells whether src was enough.
func packBits(dst []byte, step, n int, src []byte) bool {
	at := 0
	for at < n && len(src) > 1 {
		c := int(int8(src[0]))
		src = src[1:]
		switch {
		case c >= 0:
			run := min(c+1, len(src), n-at)
			for _, v := range src[:run] {
				dst[at*step] = v
				at++
			}
			src = src[run:]
		case c > -128:
			for k := min(1-c, n-at); k > 0; k-- {
				dst[at*step] = src[0]
				at++
			}
			src = src[1:]
		}
	}
	return at == n
}
