package video

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The test program is ffprobe or ffmpeg where it is called so: one that has been taken over by a video.
func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); name == "ffprobe" || name == "ffmpeg" {
		os.Exit(escape())
	}
	os.Exit(m.Run())
}

// escape tries what a hole in the program would be used for, says what worked, and fails.
func escape() int {
	var done []string
	for name, try := range map[string]func() error{
		"reads the user's files": func() error { _, err := os.ReadFile(os.Args[len(os.Args)-1]); return err },
		"reads passwords":        func() error { _, err := os.ReadFile("/etc/passwd"); return err },
		"writes":                 func() error { return os.WriteFile(filepath.Join(os.TempDir(), "escaped"), nil, 0o600) },
		"connects":               makeSocket,
		"starts another":         func() error { return exec.Command("/bin/true").Run() },
	} {
		if try() == nil {
			done = append(done, name)
		}
	}
	b, err := os.ReadFile("/proc/self/fd/0")
	if err == nil {
		err = os.WriteFile("/proc/self/fd/0", []byte("changed"), 0o600)
		if err == nil {
			done = append(done, "changes the video")
		}
	}
	println("video of", len(b), "bytes; it", strings.Join(done, ", "))
	return 1
}

func TestConfined(t *testing.T) {
	if !hasFences() {
		t.Skip("this system offers no landlock and no seccomp")
	}
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ffprobe"), program, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	_, err = Probe(strings.NewReader("12345"), 5)
	if err == nil || !strings.HasPrefix(err.Error(), "video of 5 bytes") {
		t.Fatal(err)
	}
	_, done, _ := strings.Cut(err.Error(), "; it ")
	if strings.TrimSpace(done) != "" {
		t.Errorf("the program %s", done)
	}
}

func TestParse(t *testing.T) {
	i, err := parse("width=64\nheight=48\navg_frame_rate=30000/1001\nnb_frames=30\nnb_read_packets=12\n")
	if err != nil || i != (Info{64, 48, 12, 30, 33366667 * time.Nanosecond}) {
		t.Errorf("%+v, %v", i, err)
	}
	i, err = parse("width=64\nheight=48\navg_frame_rate=0/0\nnb_frames=N/A\nnb_read_packets=1\n")
	if err != nil || i != (Info{64, 48, 1, 0, 0}) {
		t.Errorf("%+v, %v", i, err)
	}
	for _, s := range []string{"", "width=1\n", "width=-1\nheight=-1\nnb_read_packets=1", "width=9\nheight=9\nnb_read_packets=x"} {
		if i, err := parse(s); err == nil {
			t.Errorf("%q is %+v", s, i)
		}
	}
}

func TestMissing(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := Probe(bytes.NewReader(nil), 0); !errors.Is(err, ErrMissing) {
		t.Error(err)
	}
	if _, err := Play(bytes.NewReader(nil), 0, Info{}, 0); !errors.Is(err, ErrMissing) {
		t.Error(err)
	}
	if Version() != "" {
		t.Error("a version of nothing")
	}
}

func TestLimited(t *testing.T) {
	var l limited
	for range 3 {
		if n, err := io.Copy(&l, bytes.NewReader(make([]byte, maxReport-1))); err != nil || n != maxReport-1 {
			t.Fatal(n, err)
		}
	}
	if len(l.b) != maxReport {
		t.Errorf("%d bytes kept", len(l.b))
	}
}

// FuzzParse takes what ffprobe says of a video that it may have been taken over by.
func FuzzParse(f *testing.F) {
	f.Add("width=640\nheight=480\navg_frame_rate=25/1\nnb_frames=30\nnb_read_packets=30\n")
	f.Add("width=640\nwidth=3\nheight=-1\navg_frame_rate=0/0\nnb_frames=N/A\nnb_read_packets=1\n")
	f.Fuzz(func(t *testing.T, report string) {
		if i, err := parse(report); err == nil && (i.W < 1 || i.H < 1 || i.Frames < 1 || i.Stated < 0 || i.FrameTime < 0 || i.FrameTime > time.Minute) {
			t.Fatalf("%+v", i)
		}
	})
}
