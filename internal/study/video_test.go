package study

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"echoline/internal/fault"
	"echoline/internal/study/video"
)

const clipW, clipH, clipFrames = 64, 48, 23

// clip encodes frames of one grey each, level(i), with another's program.
func clip(t *testing.T, name string, options ...string) []byte {
	t.Helper()
	if video.Version() == "" {
		t.Skip("ffmpeg is not installed")
	}
	var raw bytes.Buffer
	for i := range clipFrames {
		raw.Write(bytes.Repeat([]byte{level(i)}, 3*clipW*clipH))
	}
	path := filepath.Join(t.TempDir(), name)
	args := []string{"-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", fmt.Sprintf("%dx%d", clipW, clipH), "-r", "25", "-i", "-"}
	c := exec.Command("ffmpeg", append(append(args, options...), path)...)
	c.Stdin = &raw
	if out, err := c.CombinedOutput(); err != nil {
		t.Skipf("this ffmpeg cannot make %s: %v %s", name, err, out)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func level(i int) byte { return byte(20 + 9*i) }

// clips are the syntaxes and the files that hold videos.
var clips = []struct {
	name, syntax string
	options      []string
}{
	{"a.m2v", "1.2.840.10008.1.2.4.100", []string{"-c:v", "mpeg2video", "-q:v", "2"}},
	{"b.ts", "1.2.840.10008.1.2.4.101", []string{"-c:v", "mpeg2video", "-q:v", "2", "-bf", "2"}},
	{"c.mp4", "1.2.840.10008.1.2.4.102", []string{"-c:v", "libx264", "-qp", "4", "-bf", "2", "-pix_fmt", "yuv420p"}},
	{"d.h264", "1.2.840.10008.1.2.4.103", []string{"-c:v", "libx264", "-qp", "4", "-bf", "0", "-pix_fmt", "yuv420p"}},
	{"e.ts", "1.2.840.10008.1.2.4.104", []string{"-c:v", "libx264", "-qp", "4", "-bf", "2", "-g", "5", "-pix_fmt", "yuv420p"}},
	{"f.mp4", "1.2.840.10008.1.2.4.107", []string{"-c:v", "libx265", "-x265-params", "log-level=none:qp=4", "-pix_fmt", "yuv420p"}},
	{"g.avi", "", []string{"-c:v", "mjpeg", "-q:v", "2"}},
	{"h.mov", "", []string{"-c:v", "mpeg4", "-q:v", "2"}},
	{"i.mp4", "", []string{"-c:v", "libx264", "-qp", "4", "-movflags", "+faststart", "-pix_fmt", "yuv420p"}},
	{"j.mpg", "", []string{"-c:v", "mpeg2video", "-q:v", "2"}},
}

// asDICOM encapsulates a video.
func asDICOM(syntax string, frames int, fragments ...[]byte) []byte {
	return part10File(syntax, still(clipW, clipH).with(el{"SamplesPerPixel", 3}, el{"PhotometricInterpretation", "YBR_PARTIAL_420"},
		el{"NumberOfFrames", strconv.Itoa(frames)}, el{"PixelData", capsule{fragments: fragments}}))
}

func TestVideos(t *testing.T) {
	for _, c := range clips {
		t.Run(c.name, func(t *testing.T) {
			data := clip(t, c.name, c.options...)
			name := c.name
			if c.syntax != "" {
				half := len(data) / 4 * 2
				name, data = "x.dcm", asDICOM(c.syntax, clipFrames, data[:half], data[half:])
			}
			f := openBytes(t, name, data)
			if f.Refused != nil || f.Item.W != clipW || f.Item.H != clipH || f.Item.Frames != clipFrames {
				t.Fatalf("%v, %+v", f.Refused, f.Item)
			}
			if c.syntax == "" && f.Item.FrameTime != 40*time.Millisecond {
				t.Errorf("%v from frame to frame", f.Item.FrameTime)
			}
			f.Item.cache = nil // so that every frame is decoded again
			f.Item.source.(*videoFrames).per = 4
			for _, i := range []int{0, 1, 5, 9, 22, 3, 21, 12, 0} {
				fr := mustFrame(t, f.Item, i)
				for k, v := range fr.RGB {
					if d := int(v) - int(level(i)); d < -3 || d > 3 {
						t.Fatalf("frame %d: sample %d is %d, want %d", i, k, v, level(i))
					}
				}
			}
		})
	}
}

// A video that ends too early is never a shorter one.
func TestCutVideos(t *testing.T) {
	for _, c := range clips {
		data := clip(t, c.name, c.options...)
		for _, part := range []int{2, 5, 9} {
			cut := data[:len(data)*part/10]
			name := c.name
			if c.syntax != "" {
				name, cut = "x.dcm", asDICOM(c.syntax, clipFrames, cut)
			} else if strings.HasSuffix(name, ".mpg") {
				continue // nothing in such a stream says how long it is
			}
			f := openBytes(t, name, cut)
			if f.Refused == nil {
				t.Errorf("%s, %d tenths: opens with %d frames", c.name, part, f.Item.Frames)
			}
		}
	}
	data := asDICOM(clips[2].syntax, clipFrames, clip(t, clips[2].name, clips[2].options...))
	if f := openBytes(t, "x.dcm", data[:len(data)-100]); fault.CodeOf(f.Refused) != CodeTruncated {
		t.Error(f.Refused)
	}
	// More frames than there are.
	f := openBytes(t, "x.dcm", asDICOM(clips[0].syntax, clipFrames+7, clip(t, clips[0].name, clips[0].options...)))
	if fault.CodeOf(f.Refused) != CodeCutCine || f.Refused.Args["Have"] != clipFrames || f.Refused.Args["Frames"] != clipFrames+7 {
		t.Error(f.Refused)
	}
}

func TestVideosThatAreNone(t *testing.T) {
	if video.Version() == "" {
		t.Skip("ffmpeg is not installed")
	}
	wantFault(t, openBytes(t, "x.dcm", asDICOM(clips[2].syntax, 3, []byte("no video"))), CodeVideo)
	wantFault(t, openBytes(t, "x.mp4", []byte("\x00\x00\x00\x18ftypisom\x00\x00\x00\x00 and no more")), CodeVideo)
	other := part10File(clips[0].syntax, still(32, 48).with(el{"SamplesPerPixel", 3}, el{"PhotometricInterpretation", "YBR_PARTIAL_420"},
		el{"PixelData", capsule{fragments: [][]byte{clip(t, clips[0].name, clips[0].options...)}}}))
	wantFault(t, openBytes(t, "x.dcm", other), CodeDamaged)
}

// Where ffmpeg is not installed, videos are refused by name, and say what to install.
func TestVideosWithoutTheirProgram(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	f := openBytes(t, "x.dcm", asDICOM(clips[2].syntax, 3, []byte("any")))
	wantFault(t, f, CodeFFmpeg)
	if f.Refused.Args["UID"] != clips[2].syntax || f.Refused.Args["Syntax"] == "" {
		t.Errorf("%v", f.Refused.Args)
	}
	wantFault(t, openBytes(t, "x.avi", []byte("RIFF\x00\x00\x00\x00AVI LIST and no more")), CodeFFmpeg)
}

// A program that nobody asks for more ends.
func TestVideoRests(t *testing.T) {
	f := openBytes(t, "x.dcm", asDICOM(clips[0].syntax, clipFrames, clip(t, clips[0].name, clips[0].options...)))
	if f.Refused != nil {
		t.Fatal(f.Refused)
	}
	s := f.Item.source.(*videoFrames)
	s.per = 2
	mustFrame(t, f.Item, 0)
	s.pause()
	if s.player != nil {
		t.Error("it goes on")
	}
	mustFrame(t, f.Item, 2)
	mustFrame(t, f.Item, clipFrames-1)
	if s.player != nil {
		t.Error("it goes on behind the last frame")
	}
}
