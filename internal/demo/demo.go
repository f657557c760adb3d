// Package demo makes the demo study: synthetic B-mode ultrasound of an invented breast, six stills and a cine, with
// masks that are known because the lesions are. Random scatterers and smooth reflectors in layers of tissue are seen
// through a point-spread function that widens away from the focus, weakened on their way by what lies above (acoustic
// shadow, enhancement), and compressed logarithmically.
//
// The files are the same on every machine, byte for byte.
package demo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"

	"echoline/internal/durable"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/study/dcmwrite"
)

// CodeWrite says that the demo study cannot be written to its folder.
const CodeWrite fault.Code = "demo.write"

// Names are the names of the demo's items (file names without extension) in the order in which they are written: six
// stills, then the cine.
func Names() []string {
	names := make([]string, len(scenes))
	for i, s := range scenes {
		names[i] = s.name
	}
	return names
}

// Truth is the true mask of a frame (from 0) of an item: 1 where a lesion is. It is nil for an item or frame that the
// demo does not have.
func Truth(name string, frame int) *mask.Plane {
	s := find(name)
	if s == nil || frame < 0 || frame >= s.frames {
		return nil
	}
	return s.truth(frame)
}

// Write writes the demo study into dir, which it creates. Files that are there and intact stay as they are; damaged ones
// are replaced. The error is a fault with CodeWrite.
func Write(dir string) error { return WriteEach(context.Background(), dir, func(string) {}) }

// WriteEach is Write that tells of every file as soon as it is complete, and stops between files when ctx is done.
func WriteEach(ctx context.Context, dir string, complete func(path string)) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fault.New(CodeWrite, dir, err, nil)
	}
	for i := range scenes {
		if err := ctx.Err(); err != nil {
			return err
		}
		path := filepath.Join(dir, scenes[i].name+".dcm")
		if !intact(path, scenes[i].name) {
			if err := scenes[i].write(path); err != nil {
				return fault.New(CodeWrite, path, err, nil)
			}
		}
		complete(path)
	}
	return nil
}

// intact tells whether the file holds exactly what would be written.
func intact(path, name string) bool {
	data, err := os.ReadFile(path)
	return err == nil && digest(data) == digests[name]
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// write makes one file.
func (s *scene) write(path string) error {
	data, err := s.encode()
	if err != nil {
		return err
	}
	return durable.WriteFile(path, data, 0o644)
}

func (s *scene) encode() ([]byte, error) {
	var pixels bytes.Buffer
	pixels.Grow(width * height * s.frames)
	s.render(func(_ int, sector []uint8) { pixels.Write(screen(sector)) })
	return dcmwrite.Encode(s.header(pixels.Bytes()))
}
