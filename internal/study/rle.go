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
			spread(dst[at*step:], step, src[:run])
			at += run
			src = src[run:]
		case c > -128:
			run := min(1-c, n-at)
			repeat(dst[at*step:], step, run, src[0])
			at += run
			src = src[1:]
		}
	}
	return at == n
}

// spread writes src into dst, step apart.
func spread(dst []byte, step int, src []byte) {
	if step == 1 {
		copy(dst, src)
		return
	}
	for i, v := range src {
		dst[i*step] = v
	}
}

// repeat writes v into dst n times, step apart.
func repeat(dst []byte, step, n int, v byte) {
	if step == 1 {
		dst = dst[:n]
		for i := range dst {
			dst[i] = v
		}
		return
	}
	for i := range n {
		dst[i*step] = v
	}
}

// UnpackRLE decodes one frame of RLE Lossless of one sample per pixel, of one or two bytes (little endian). ok is false for
// what is damaged.
func UnpackRLE(b []byte, pixels, bytes int) (out []byte, ok bool) {
	out, err := unpackRLE(b, pixels, 1, bytes)
	return out, err == nil
}
