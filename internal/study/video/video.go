// Package video has the system's ffmpeg decode videos: cines of DICOM and files of their own. The program gets nothing but
// the video's bytes, on a file without a name where the system has those, and gives back pixels; it is started behind the
// fences of package confine, may open no other file, and reads no format that could name one.
package video

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"echoline/internal/study/confine"
)

// ErrMissing tells that there is no program to decode videos with.
var ErrMissing = errors.New("ffmpeg is not installed")

// SlowError tells that the program was stopped after its time.
type SlowError struct{ Limit time.Duration }

// Error is that of error.
func (e *SlowError) Error() string { return fmt.Sprintf("ffmpeg took longer than %v", e.Limit) }

const (
	maxStream = 1 << 30  // bytes of a video
	maxReport = 64 << 10 // of what ffprobe says
	// What a video's programs may take: the time to look through it, and to decode a frame of a megapixel; memory beside
	// twice the stream.
	startTime  = 10 * time.Second
	perMiB     = time.Second / 8 // of the stream, to look through it
	perPixel   = 200 * time.Nanosecond
	ownMemory  = 2 << 30 // of address space, of which the libraries take a part
	fileMemory = 2
)

// formats are the containers and streams that are read. None of them can lead to another file.
const formats = "mov,mp4,m4a,3gp,3g2,mj2,avi,mpeg,mpegts,mpegvideo,h264,hevc"

// Info is what a video is.
type Info struct {
	W, H      int
	Frames    int           // that are there
	Stated    int           // that its container says it has; 0 where it does not
	FrameTime time.Duration // on average; 0 where it does not say
}

// tool finds one of the programs.
func tool(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", ErrMissing
	}
	if path, err = filepath.Abs(path); err != nil {
		return "", ErrMissing
	}
	return path, nil
}

// Version is that of ffmpeg; "" where it is not installed.
func Version() string {
	path, err := tool("ffmpeg")
	if err != nil {
		return ""
	}
	if _, err := tool("ffprobe"); err != nil {
		return ""
	}
	return version(path)
}

// version asks a program for its version; "" where it does not say.
func version(path string) string {
	var out limited
	c := exec.Command(path, "-version")
	c.Stdout = &out
	if c.Run() != nil {
		return ""
	}
	// ffmpeg version 5.1.9-0+deb12u1 Copyright …
	if f := strings.Fields(out.String()); len(f) > 2 && f[1] == "version" {
		return f[2]
	}
	return ""
}

// everyFrame is the option that gives the frames as they are, none dropped and none twice. It was renamed in version 5.1.
func everyFrame() string {
	path, err := tool("ffmpeg")
	if err != nil {
		return ""
	}
	name, ok := renamed.Load(path)
	if !ok {
		name = "-fps_mode"
		if v := version(path); v < "5.1" && v != "" && v[0] >= '1' && v[0] <= '5' && (len(v) < 2 || v[1] == '.') {
			name = "-vsync"
		}
		renamed.Store(path, name)
	}
	return name.(string)
}

// renamed remembers everyFrame of the programs that were met.
var renamed sync.Map

// run is a started program.
type run struct {
	cmd  *exec.Cmd
	in   *stream
	said limited
}

// start starts a program on the size bytes of a video. args come with input in place of the video's name.
func start(name string, src io.Reader, size int64, out io.Writer, args ...string) (*run, error) {
	path, err := tool(name)
	if err != nil {
		return nil, err
	}
	if size > maxStream {
		return nil, fmt.Errorf("a video of %d MiB", size>>20)
	}
	r := &run{}
	if r.in, err = newStream(src); err != nil {
		return nil, err
	}
	for i, a := range args {
		if a == input {
			args[i] = "file:" + r.in.name
		}
	}
	r.cmd = exec.Command(path, args...)
	if r.cmd.Stdout, r.cmd.Stderr = out, &r.said; r.in.file != nil {
		r.cmd.Stdin = r.in.file
	}
	r.cmd.Env, r.cmd.Dir = environment(), string(filepath.Separator)
	return r, nil
}

// input stands for the video in a program's arguments.
const input = "\x00"

// begin starts the program behind its fences.
func (r *run) begin(size int64) error {
	program, err := filepath.EvalSymlinks(r.cmd.Path)
	if err != nil {
		program = r.cmd.Path
	}
	lib := filepath.Join(filepath.Dir(filepath.Dir(program)), "lib") // of one that was not installed by the system
	if _, err := confine.Start(r.cmd, confine.Rules{Programs: []string{program}, Read: append(libraries(), lib), Silent: true}); err != nil {
		r.in.close()
		return err
	}
	_ = confine.LimitMemory(r.cmd, uint64(ownMemory+fileMemory*size)) // where the system can
	return nil
}

// wait waits for the end of the program.
func (r *run) wait() error {
	err := r.cmd.Wait()
	confine.Release(r.cmd)
	r.in.close()
	return err
}

// failure is why a program ended badly, in its own words.
func (r *run) failure(err error) error {
	line, _, _ := strings.Cut(strings.TrimSpace(r.said.String()), "\n")
	if line == "" {
		return err
	}
	if strings.HasPrefix(line, "[") { // who says it
		if _, rest, ok := strings.Cut(line, "] "); ok {
			line = rest
		}
	}
	return errors.New(strings.ReplaceAll(line, r.in.name, "video"))
}

// safe are the arguments with which both programs read a video.
var safe = []string{"-hide_banner", "-loglevel", "error", "-protocol_whitelist", "file", "-format_whitelist", formats}

// Probe looks through a video without decoding it.
func Probe(src io.Reader, size int64) (Info, error) {
	var out limited
	r, err := start("ffprobe", src, size, &out, append(append([]string{}, safe...), "-count_packets", "-select_streams", "V:0",
		"-show_entries", "stream=width,height,avg_frame_rate,nb_frames,nb_read_packets", "-of", "default=noprint_wrappers=1", "-i", input)...)
	if err != nil {
		return Info{}, err
	}
	if err := r.begin(size); err != nil {
		return Info{}, err
	}
	limit := startTime + time.Duration(size>>20)*perMiB
	w := confine.WatchOver(r.cmd, limit)
	err = r.wait()
	w.Stop()
	switch {
	case w.Expired():
		return Info{}, &SlowError{limit}
	case err != nil:
		return Info{}, r.failure(err)
	}
	return parse(out.String())
}

// parse reads what ffprobe says.
func parse(report string) (Info, error) {
	said := map[string]string{}
	for line := range strings.Lines(report) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), "="); ok && said[k] == "" {
			said[k] = v
		}
	}
	number := func(k string) int {
		n, err := strconv.Atoi(said[k])
		if err != nil || n < 0 {
			return 0
		}
		return n
	}
	i := Info{W: number("width"), H: number("height"), Frames: number("nb_read_packets"), Stated: number("nb_frames")}
	if i.W == 0 || i.H == 0 || i.Frames == 0 {
		return i, errors.New("no picture in the video")
	}
	over, under, _ := strings.Cut(said["avg_frame_rate"], "/")
	n, errN := strconv.ParseFloat(over, 64)
	d, errD := strconv.ParseFloat(under, 64)
	if s := d / n; errN == nil && errD == nil && n > 0 && s > 0 && s < 60 {
		i.FrameTime = time.Duration(math.Round(s * float64(time.Second)))
	}
	return i, nil
}

// Player gives the frames of a video one after another.
type Player struct {
	*run
	out  io.ReadCloser
	info Info
	Next int // the frame that comes next
}

// Play decodes a video from frame first on.
func Play(src io.Reader, size int64, info Info, first int) (*Player, error) {
	args := append([]string{"-nostdin"}, safe...)
	args = append(args, "-threads", "1", "-noautorotate", "-i", input, "-map", "0:V:0", "-an", "-sn", "-dn", everyFrame(), "passthrough")
	if first > 0 {
		args = append(args, "-vf", fmt.Sprintf(`select=gte(n\,%d)`, first))
	}
	args = append(args, "-sws_flags", "bilinear+accurate_rnd+full_chroma_int", "-s", fmt.Sprintf("%dx%d", info.W, info.H), "-pix_fmt", "rgb24", "-f", "rawvideo", "pipe:1")
	r, err := start("ffmpeg", src, size, nil, args...)
	if err != nil {
		return nil, err
	}
	p := &Player{run: r, info: info, Next: first}
	if p.out, err = r.cmd.StdoutPipe(); err != nil {
		r.in.close()
		return nil, err
	}
	if err := r.begin(size); err != nil {
		return nil, err
	}
	return p, nil
}

// Read reads the next n frames, 3 bytes a pixel. It fails with io.ErrUnexpectedEOF, and the frames before, where the video
// ends too early.
func (p *Player) Read(n int) ([][]byte, error) {
	var out [][]byte
	one := 3 * p.info.W * p.info.H
	limit := startTime + time.Duration((p.Next+n)*p.info.W*p.info.H)*perPixel
	w := confine.WatchOver(p.cmd, limit)
	defer w.Stop()
	for range n {
		b := make([]byte, one)
		_, err := io.ReadFull(p.out, b)
		switch {
		case w.Expired():
			return out, &SlowError{limit}
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return out, io.ErrUnexpectedEOF
		case err != nil:
			return out, err
		}
		out = append(out, b)
		p.Next++
	}
	return out, nil
}

// Close ends the program.
func (p *Player) Close() {
	_ = p.cmd.Process.Kill() // one that has ended needs none
	_ = p.wait()             // nor does it matter how
}

// limited keeps the beginning of what is written to it.
type limited struct{ b []byte }

func (l *limited) Write(b []byte) (int, error) {
	l.b = append(l.b, b[:min(len(b), maxReport-len(l.b))]...)
	return len(b), nil
}

func (l *limited) String() string { return string(l.b) }
