package study

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"math"
	"sync"
	"time"

	"echoline/internal/fault"
	"echoline/internal/study/video"
)

// Video says where in a file a video lies. Another's program decodes it (package video), which the process that describes
// the file has no right to start: whoever opened it sees to that.
type Video struct {
	Name   string  // of its kind, for people
	Pieces []Piece // of the file, one after another
	Stated int     // frames that the file says it has; 0 where it does not
	Cut    bool    // the file ends in the middle of it
}

// Piece is a part of a file, in bytes.
type Piece struct{ Off, Len int64 }

// videoMarks tell video files by their first bytes, from the offset on.
var videoMarks = []struct {
	off  int
	mark string
	name string
}{
	{4, "ftyp", "MP4"},
	{4, "moov", "QuickTime"},
	{4, "mdat", "QuickTime"},
	{4, "wide", "QuickTime"},
	{8, "AVI LIST", "AVI"},
	{0, "\x00\x00\x01\xba", "MPEG"},
	{0, "\x00\x00\x01\xb3", "MPEG"},
}

// videoFormat names a video file by its first bytes; "" for none.
func videoFormat(head []byte) string {
	for _, m := range videoMarks {
		if len(head) > m.off && bytes.HasPrefix(head[m.off:], []byte(m.mark)) {
			return m.name
		}
	}
	return ""
}

// wholeVideo is the content of a file that is nothing but a video.
func wholeVideo(name string, size int64) *Content {
	return &Content{
		Item:  &Item{Frames: 1, Photometric: "RGB"},
		Video: &Video{Name: name, Pieces: []Piece{{0, size}}},
	}
}

// openVideo notes where the video of a DICOM file lies, which of the fragments make one stream.
func (df *dicomFile) openVideo(frames int) error {
	if len(df.pixels.fragments) == 0 {
		return errTruncated()
	}
	v := &Video{Name: syntaxes[df.syntax].name, Stated: frames, Cut: df.pixels.cut || !df.pixels.closed}
	for _, f := range df.pixels.fragments {
		v.Pieces = append(v.Pieces, Piece{f.off, f.length})
	}
	it := df.item
	if df.video, it.Frames = v, max(frames, 1); frames > 1 {
		it.FrameTime, it.FrameTimes = frameTime(df.set), frameTimes(df.set, frames)
	}
	return nil
}

// plausible checks that a video lies in a file of so many bytes.
func (v *Video) plausible(size int64) bool {
	for _, p := range v.Pieces {
		if p.Off < 0 || p.Len < 0 || p.Off > size || p.Len > size-p.Off {
			return false
		}
	}
	return len(v.Pieces) > 0
}

// stream reads the pieces one after another.
func (v *Video) stream(src io.ReaderAt) (r io.Reader, size int64) {
	var all []io.Reader
	for _, p := range v.Pieces {
		all = append(all, io.NewSectionReader(src, p.Off, p.Len))
		size += p.Len
	}
	return io.MultiReader(all...), size
}

// openVideo looks through a video, completes what is known of its item, and returns what decodes its frames.
func openVideo(src io.ReaderAt, o original, it *Item, v *Video) (*videoFrames, error) {
	if !v.plausible(o.size) {
		return nil, damaged("a video outside its file")
	}
	r, size := v.stream(src)
	info, err := video.Probe(r, size)
	if err != nil {
		return nil, videoFault(err, it, v)
	}
	if err := v.complete(it, info); err != nil {
		return nil, err
	}
	const chunk = 16 << 20 // bytes of frames that are decoded at a time
	return &videoFrames{original: o, item: it, video: v, info: info, per: min(max(chunk/(3*it.W*it.H), 1), 64)}, nil
}

// complete holds what a video is against what the file says of it, and takes over what that does not say.
func (v *Video) complete(it *Item, info video.Info) error {
	if it.W == 0 && it.H == 0 {
		it.W, it.H = info.W, info.H
	}
	switch {
	case info.W != it.W || info.H != it.H:
		return damaged("a video of %d×%d pixels in a file of %d×%d", info.W, info.H, it.W, it.H)
	case it.W > maxSide || it.H > maxSide || 3*int64(it.W)*int64(it.H) > maxFrameBytes:
		return tooLarge("%d×%d", it.W, it.H)
	case v.Cut:
		return cutAfter(min(info.Frames, max(v.Stated, 1)-1), max(v.Stated, 1))
	}
	stated := v.Stated
	if stated == 0 {
		stated = info.Stated
	}
	if info.Frames < stated {
		return cutAfter(info.Frames, stated)
	}
	if it.Frames = stated; stated == 0 {
		it.Frames = info.Frames
	}
	if it.Frames > maxFrames {
		return tooLarge("%d", it.Frames)
	}
	if it.FrameTime == 0 && it.Frames > 1 {
		it.FrameTime = info.FrameTime
	}
	return nil
}

// videoFault sorts why a video cannot be decoded.
func videoFault(err error, it *Item, v *Video) error {
	var slow *video.SlowError
	var ours *fault.Error
	var system *fs.PathError
	switch {
	case errors.As(err, &ours), errors.As(err, &system): // of reading the file
		return err
	case errors.Is(err, video.ErrMissing):
		return fault.New(CodeFFmpeg, "", nil, fault.Args{"Syntax": v.Name, "UID": it.TransferSyntax})
	case errors.As(err, &slow):
		return fault.New(CodeSlow, "", nil, fault.Args{"Seconds": int(slow.Limit / time.Second)})
	}
	return fault.New(CodeVideo, "", errors.New(printable(err.Error())), nil)
}

// videoFrames decodes the frames of a video, some at a time. Its program goes on where it was, so that playing costs each
// frame once; going back begins anew, for nothing in a video says for certain which frame is which.
type videoFrames struct {
	original
	item  *Item
	video *Video
	info  video.Info
	per   int // frames at a time

	mu     sync.Mutex
	player *video.Player
	idle   *time.Timer
}

func (s *videoFrames) frame(i int) (*Frame, error) {
	part := i / s.per
	produce := func() (any, int64, error) {
		frames, err := s.decode(part*s.per, min(s.per, s.item.Frames-part*s.per))
		return frames, int64(len(frames)) * 3 * int64(s.item.W) * int64(s.item.H), err
	}
	if s.item.cache == nil {
		v, _, err := produce()
		if err != nil {
			return nil, err
		}
		return v.([]*Frame)[i-part*s.per], nil
	}
	const others = -2 // what has to be unpacked has -1
	v, err := s.item.cache.get(cacheKey{s.item, others - part}, produce)
	if err != nil {
		return nil, err
	}
	return v.([]*Frame)[i-part*s.per], nil
}

// rest is how long a program waits for the next frames to be asked for.
const rest = 10 * time.Second

// decode decodes n frames from first on.
func (s *videoFrames) decode(first, n int) ([]*Frame, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.player == nil || s.player.Next != first {
		s.stop()
		if err := s.play(first); err != nil {
			return nil, videoFault(err, s.item, s.video)
		}
	}
	s.idle.Stop()
	pixels, err := s.player.Read(n)
	if err != nil {
		s.stop()
		if errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, cutAfter(first+len(pixels), s.item.Frames)
		}
		return nil, videoFault(err, s.item, s.video)
	}
	if first+n == s.item.Frames {
		s.stop()
	} else {
		s.idle.Reset(rest)
	}
	frames := make([]*Frame, n)
	for i, b := range pixels {
		frames[i] = &Frame{W: s.item.W, H: s.item.H, Max: math.MaxUint8, RGB: b, Window: fullWindow(math.MaxUint8)}
	}
	return frames, nil
}

// play starts the program.
func (s *videoFrames) play(first int) error {
	f, err := s.reopen()
	if err != nil {
		return err
	}
	defer f.Close()
	r, size := s.video.stream(f)
	if s.player, err = video.Play(r, size, s.info, first); err != nil {
		return err
	}
	s.idle = time.AfterFunc(rest, s.pause)
	return nil
}

// pause ends a program that nobody asks for more.
func (s *videoFrames) pause() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stop()
}

func (s *videoFrames) stop() {
	if s.player == nil {
		return
	}
	s.idle.Stop()
	s.player.Close()
	s.player = nil
}
