// Package e2e drives the built program in a real window: an X server without a screen, a window manager, a synthetic
// mouse and keyboard. It knows the program from outside only: what it shows, the events in its log, the files it writes.
//
// `make test` installs what this needs and builds bin/echoline. ECHOLINE_SCREENSHOTS names a folder that keeps the
// screenshots.
package e2e

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// The screen is larger than the window at its first start, as a reader's is.
const (
	screenW = 1440
	screenH = 900
)

// tools are the programs that these tests call.
var tools = []string{"Xvfb", "openbox", "xdotool", "xprop", "import", "strace", "dciodvfy"}

// desktop is an X server with a window manager.
type desktop struct {
	display string // ":7"
	procs   []*exec.Cmd
}

var (
	sharedOnce sync.Once
	shared     *desktop
	sharedErr  error
)

func TestMain(m *testing.M) {
	status := m.Run()
	if shared != nil {
		shared.stop()
	}
	os.Exit(status)
}

// screen returns the desktop that all tests share; it skips the test where the tools or the program are missing.
func screen(t *testing.T) *desktop {
	t.Helper()
	for _, name := range tools {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("%s is missing: run `make test`, or scripts/packages.sh test", name)
		}
	}
	if _, err := os.Stat(binary(t)); err != nil {
		t.Skipf("bin/echoline is missing: run `make build`")
	}
	sharedOnce.Do(func() { shared, sharedErr = startDesktop() })
	if sharedErr != nil {
		t.Fatal(sharedErr)
	}
	return shared
}

// startDesktop starts the X server on a display that nobody uses, with options of its own, then the window manager.
func startDesktop(options ...string) (*desktop, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	d := &desktop{}
	args := []string{"-displayfd", "3", "-screen", "0", fmt.Sprintf("%dx%dx24", screenW, screenH), "-nolisten", "tcp", "-noreset", "-dpi", "96"}
	x := exec.Command("Xvfb", append(args, options...)...)
	x.ExtraFiles = []*os.File{write}
	err = x.Start()
	_ = write.Close() // the server has its own end
	if err != nil {
		return nil, err
	}
	d.procs = append(d.procs, x)
	number, err := bufio.NewReader(read).ReadString('\n')
	if err != nil {
		d.stop()
		return nil, fmt.Errorf("Xvfb did not start: %w", err)
	}
	d.display = ":" + strings.TrimSpace(number)

	wm := exec.Command("openbox", "--sm-disable")
	wm.Env = append(os.Environ(), "DISPLAY="+d.display)
	if err := wm.Start(); err != nil {
		d.stop()
		return nil, err
	}
	d.procs = append(d.procs, wm)
	for range 100 {
		out, err := d.command("xprop", "-root", "_NET_SUPPORTING_WM_CHECK").Output()
		if err == nil && strings.Contains(string(out), "window id") {
			return d, nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	d.stop()
	return nil, fmt.Errorf("openbox did not start on %s", d.display)
}

// stop ends what startDesktop started.
func (d *desktop) stop() {
	for i := len(d.procs) - 1; i >= 0; i-- {
		_ = d.procs[i].Process.Kill()
		_ = d.procs[i].Wait()
	}
}

// command is a call of a tool on this desktop.
func (d *desktop) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Env = append(os.Environ(), "DISPLAY="+d.display)
	return c
}

// xdotool moves the mouse and types; arguments are its own commands.
func (d *desktop) xdotool(t *testing.T, args ...string) string {
	t.Helper()
	out, err := d.command("xdotool", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("xdotool %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// screenshot keeps a picture of the whole screen, if anyone wants one.
func (d *desktop) screenshot(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("ECHOLINE_SCREENSHOTS")
	if dir == "" {
		return
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-")+"-"+name+".png")
	if out, err := d.command("import", "-window", "root", path).CombinedOutput(); err != nil {
		t.Errorf("import: %v\n%s", err, out)
	}
}

// root is the repository's folder.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func binary(t *testing.T) string { return filepath.Join(root(t), "bin", "echoline") }

// itoa writes a coordinate for xdotool.
func itoa(v int) string { return strconv.Itoa(v) }
