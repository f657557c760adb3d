package study

import (
	"bytes"
	"io"
	"sync/atomic"

	"echoline/internal/fault"
)

// Decoder reads what files hold. Their bytes are not to be trusted: Direct reads them in the calling process, and package
// worker in another one that they cannot get out of. It is safe for use by several goroutines.
type Decoder interface {
	// Describe reads what the file of size bytes behind src says of itself, without decoding its pixels. What is known
	// of the file is returned also with an error, which is a fault without a place.
	Describe(src io.ReaderAt, size int64) (*Content, error)
}

// Content is what a file holds.
type Content struct {
	Item    *Item      // without the file's name; nil where nothing could be read
	Skipped fault.Code // why it is no picture
	Refers  [][]string // the files that a DICOMDIR refers to, each by the parts of its path
	Video   *Video     // set where the frames are a video, which is not decoded through Frame

	frames frameDecoder // nil where there are none
}

// frameDecoder decodes frame i of a file. Implementations are safe for use by several goroutines.
type frameDecoder interface {
	frameFrom(src io.ReaderAt, i int) (*Frame, error)
}

// Frame decodes frame i, counted from 0, from the file that was described.
func (c *Content) Frame(src io.ReaderAt, i int) (f *Frame, err error) {
	defer guard(&err)
	if c.Item == nil || c.frames == nil || i < 0 || i >= c.Item.Frames {
		return nil, fault.New(CodeDamaged, "", errNoFrame, nil)
	}
	return c.frames.frameFrom(src, i)
}

// Keep lets frames keep up to so many bytes of what they unpack.
func (c *Content) Keep(bytes int64) {
	if c.Item != nil {
		c.Item.cache = newCache(bytes)
	}
}

// DecodeBy lets another decode the frames.
func (c *Content) DecodeBy(decode func(src io.ReaderAt, i int) (*Frame, error)) {
	c.frames = decodeFunc(decode)
}

type decodeFunc func(src io.ReaderAt, i int) (*Frame, error)

func (d decodeFunc) frameFrom(src io.ReaderAt, i int) (*Frame, error) { return d(src, i) }

// fileFrames decodes the frames of a file that is opened anew for each.
type fileFrames struct {
	original
	content *Content
}

func (s fileFrames) frame(i int) (*Frame, error) {
	f, err := s.reopen()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return s.content.Frame(f, i)
}

// inUse is the decoder of this process.
var inUse atomic.Pointer[Decoder]

// Use makes d the decoder of every file that is opened from now on. Without it that is Direct.
func Use(d Decoder) { inUse.Store(&d) }

func decoder() Decoder {
	if d := inUse.Load(); d != nil {
		return *d
	}
	return Direct{}
}

// Direct decodes in the calling process: for the process that does nothing else, and for tests.
type Direct struct{}

// Describe is that of Decoder.
func (Direct) Describe(src io.ReaderAt, size int64) (c *Content, err error) {
	c = &Content{}
	defer guard(&err)
	head := make([]byte, min(size, headBytes))
	if err := readFull(src, head, 0); err != nil {
		return c, err
	}
	kind := pictureFormat(head)
	switch {
	case hasPreamble(head): // which may itself look like a TIFF file
	case kind != nil:
		p, it, err := openPicture(src, original{size: size}, kind)
		if err == nil {
			c.frames = p
		}
		c.Item = it
		return c, err
	case videoFormat(head) != "":
		return wholeVideo(videoFormat(head), size), nil
	case bytes.HasPrefix(head, []byte(zipMark)):
		c.Skipped = CodeArchive
		return c, nil
	case !isDICOM(head):
		return c, fault.New(CodeNotImage, "", nil, nil)
	}
	df, err := openDICOM(src, original{size: size})
	if df == nil {
		return c, err
	}
	c.Item, c.Skipped, c.Video = df.item, df.skipped, df.video
	if df.source != nil {
		c.frames = df.source
	}
	if c.Skipped == CodeDirectory {
		c.Refers = df.refers()
	}
	return c, err
}

// headBytes tell what a file is.
const headBytes = 160

// refers lists the files that a DICOMDIR refers to.
func (p *part10) refers() [][]string {
	var out [][]string
	for _, r := range p.set.items[tagRecords] {
		if parts := r.texts("ReferencedFileID"); len(parts) > 0 {
			out = append(out, parts)
		}
	}
	return out
}

// openAny opens a file, whatever it is.
func openAny(from candidate) (it *Item, skipped fault.Code, err error) {
	f, o, err := from.open()
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	if o.size == 0 {
		return nil, "", fault.New(CodeEmpty, "", nil, nil)
	}
	c, err := decoder().Describe(f, o.size)
	if c.Item == nil {
		return nil, c.Skipped, err
	}
	it = c.Item
	it.Path = from.path
	switch {
	case c.Skipped != "":
		return it, c.Skipped, nil
	case err != nil:
		return it, "", err
	}
	if it.source = (fileFrames{o, c}); c.Video != nil {
		v, err := openVideo(f, o, it, c.Video)
		if err != nil {
			return it, "", err
		}
		it.source = v
	}
	if it.ID == "" {
		id, err := sum(f, o.size)
		if err != nil {
			return it, "", err
		}
		it.ID = "sha256:" + id
	}
	return it, "", nil
}

// Memory describes a file that is held in memory, through the decoder of this process; its Frame takes bytes.NewReader(data).
func Memory(data []byte) (*Content, error) {
	return decoder().Describe(bytes.NewReader(data), int64(len(data)))
}
