package study

import (
	"encoding/binary"
	"errors"
	"image"
	"io"

	"golang.org/x/image/bmp"
)

// bmpHead is what stands before the size in pixels.
const bmpHead = 26

// bmpConfig is bmp.DecodeConfig with a fault for what that does not read: run lengths, 16 bits.
func bmpConfig(r io.Reader) (image.Config, error) {
	c, err := bmp.DecodeConfig(r)
	if errors.Is(err, bmp.ErrUnsupported) {
		err = unreadKind("BMP", "")
	}
	return c, err
}

// wholeBMP holds the pixels that the head promises against the size of the file.
func wholeBMP(r io.ReaderAt, size int64) error {
	var head [30]byte
	if err := readFull(r, head[:], 0); err != nil {
		return err
	}
	le := binary.LittleEndian
	off, w, bits := int64(le.Uint32(head[10:])), int64(int32(le.Uint32(head[18:]))), int64(le.Uint16(head[28:]))
	h := int64(int32(le.Uint32(head[22:])))
	if h < 0 { // rows from the top down
		h = -h
	}
	if row := (w*bits + 31) / 32 * 4; off+row*h > size {
		return errTruncated()
	}
	return nil
}
