package study

import (
	"encoding/binary"
	"io"

	"echoline/internal/fault"
	"echoline/internal/study/jpegparts"
)

const jpegBaseline = "1.2.840.10008.1.2.4.50"

// guessSyntax tells the transfer syntax of a file that does not say it, where only one can be: uncompressed pixels that
// fill their element exactly, in the structure that the data set was read in, or JPEG that says itself which. Anything
// else is refused.
func (df *dicomFile) guessSyntax(src io.ReaderAt) (string, error) {
	none := fault.New(CodeNoSyntax, "", nil, nil)
	if df.pixels.capsuled {
		return df.guessJPEG(src, none)
	}
	p := *df.part10
	switch {
	case !df.explicit:
		p.syntax = implicitLittle
	case df.order == binary.BigEndian:
		p.syntax = explicitBig
	default:
		p.syntax = explicitLittle
	}
	c, err := describe(&p)
	if err != nil {
		return "", err
	}
	frames, err := df.set.whole("NumberOfFrames", 1)
	if err != nil {
		return "", err
	}
	if n := int64(frames) * c.frameBytes(); frames < 1 || frames > maxFrames || (df.pixels.length != n && df.pixels.length != n+n&1) {
		return "", none
	}
	return p.syntax, nil
}

// guessJPEG asks the first fragment what it is.
func (df *dicomFile) guessJPEG(src io.ReaderAt, none error) (string, error) {
	const enough = 1 << 20
	if len(df.pixels.fragments) == 0 || !df.pixels.fragments[0].soi {
		return "", none
	}
	p := *df.part10
	p.syntax = jpegBaseline
	c, err := describe(&p)
	if err != nil {
		return "", err
	}
	f := df.pixels.fragments[0]
	b := make([]byte, min(f.length, enough))
	if err := readFull(src, b, f.off); err != nil {
		return "", err
	}
	h, err := c.readJPEGHead(b)
	if err != nil {
		return "", none
	}
	uid, ok := map[byte]string{
		jpegparts.SOF0: jpegBaseline, jpegparts.SOF1: "1.2.840.10008.1.2.4.51", jpegparts.SOF3: "1.2.840.10008.1.2.4.57",
		jpegparts.LS55: "1.2.840.10008.1.2.4.80",
	}[h.Mark]
	if !ok {
		return "", none
	}
	return uid, nil
}
