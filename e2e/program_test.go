package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long one thing may take on a slow machine that draws without a graphics card.
const patience = 60 * time.Second

// home is a person's home folder on a machine where Echoline never ran.
type home struct {
	dir, workspace, exports string
}

// newHome makes one. Settings that a test does not give are those of the first start, with the note acknowledged.
func newHome(t *testing.T, settings map[string]any) *home {
	t.Helper()
	dir := t.TempDir()
	h := &home{dir: dir, workspace: filepath.Join(dir, "workspace"), exports: filepath.Join(dir, "exports")}
	s := map[string]any{"language": "en", "reader": "Dr. Test", "acknowledged": true, "export_dir": h.exports, "width": 1280, "height": 800}
	for k, v := range settings {
		s[k] = v
	}
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{h.exports, filepath.Join(dir, "config", "echoline"), filepath.Join(dir, "run")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "config", "echoline", "settings.json"), data, 0o600); err != nil {
		t.Fatal(err)
	}
	return h
}

// env is a clean environment: this home, this display, nothing of the machine's.
func (h *home) env(d *desktop) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "DISPLAY=" + d.display, "HOME=" + h.dir, "LANG=C.UTF-8",
		"XDG_CONFIG_HOME=" + filepath.Join(h.dir, "config"), "XDG_CACHE_HOME=" + filepath.Join(h.dir, "cache"),
		"XDG_DATA_HOME=" + filepath.Join(h.dir, "data"), "XDG_RUNTIME_DIR=" + filepath.Join(h.dir, "run"),
		"XDG_SESSION_TYPE=x11", "LIBGL_ALWAYS_SOFTWARE=1", "FYNE_SCALE=1", "NO_AT_BRIDGE=1", "ECHOLINE_LOG=debug",
	}
}

// launch says how to start the program.
type launch struct {
	binary string   // "" is bin/echoline
	wrap   []string // a command that runs it, strace for one
	env    []string // added to the home's
	args   []string
}

// event is a line of the program's log that has an event.
type event map[string]string

// num is a number of the event.
func (e event) num(t *testing.T, key string) int {
	t.Helper()
	v, err := strconv.ParseFloat(e[key], 64)
	if err != nil {
		t.Fatalf("%s of %v: %v", key, e, err)
	}
	return int(v)
}

// program is one run of Echoline.
type program struct {
	d      *desktop
	cmd    *exec.Cmd
	window string
	done   chan struct{}

	mu     sync.Mutex
	lines  []string
	events []event
	mark   int // events before it belong to what came before the last gesture
	exited bool
}

// start runs the program on the home's workspace.
func start(t *testing.T, d *desktop, h *home, l launch) *program {
	t.Helper()
	if l.binary == "" {
		l.binary = binary(t)
	}
	line := append(append(append([]string{}, l.wrap...), l.binary, "--workspace", h.workspace), l.args...)
	p := &program{d: d, cmd: exec.Command(line[0], line[1:]...), done: make(chan struct{})}
	p.cmd.Dir = h.dir // not the source tree: it must find what it needs beside itself
	p.cmd.Env = append(h.env(d), l.env...)
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go p.follow(out)
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("the program said:\n%s", p.tail(60))
		}
		p.complain(t)
	})
	return p
}

// open is start with a wait for the window, which it brings to the front.
func open(t *testing.T, d *desktop, h *home, l launch) *program {
	t.Helper()
	p := start(t, d, h, l)
	p.wait(t, "window-shown")
	p.window = p.find(t)
	d.xdotool(t, "windowactivate", "--sync", p.window)
	return p
}

// follow reads the log until the program ends.
func (p *program) follow(out io.Reader) {
	s := bufio.NewScanner(out)
	s.Buffer(make([]byte, 64<<10), 8<<20)
	for s.Scan() {
		p.mu.Lock()
		p.lines = append(p.lines, s.Text())
		if e := parse(s.Text()); e["event"] != "" {
			p.events = append(p.events, e)
		}
		p.mu.Unlock()
	}
	_ = p.cmd.Wait() // quit asks how it ended
	p.mu.Lock()
	p.exited = true
	p.mu.Unlock()
	close(p.done)
}

// parse takes a line of key=value pairs apart; values may be quoted.
func parse(line string) event {
	e := event{}
	for line != "" {
		key, rest, ok := strings.Cut(line, "=")
		if !ok {
			break
		}
		var value string
		if strings.HasPrefix(rest, `"`) {
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				break
			}
			value, _ = strconv.Unquote(quoted)
			rest = strings.TrimPrefix(rest[len(quoted):], " ")
		} else {
			value, rest, _ = strings.Cut(rest, " ")
		}
		e[key], line = value, rest
	}
	return e
}

// tail is the last n lines of the log, without those that come every second.
func (p *program) tail(n int) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var said []string
	for _, l := range p.lines {
		if !strings.Contains(l, "event=pulse") {
			said = append(said, l)
		}
	}
	return strings.Join(said[max(0, len(said)-n):], "\n")
}

// complain fails the test for what must never be in the log: a panic, or a widget touched from another goroutine.
func (p *program) complain(t *testing.T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, l := range p.lines {
		for _, bad := range []string{"Error in Fyne call thread", "panic:", "fatal error:", "SIGSEGV", "DATA RACE"} {
			if strings.Contains(l, bad) {
				t.Errorf("the program said: %s", l)
			}
		}
	}
}

// note forgets the events so far: the next wait looks at what a gesture caused.
func (p *program) note() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mark = len(p.events)
}

// wait waits until an event came since the last gesture whose keys have these values ("frame", "3", …), and returns it.
// name may be "this|that".
func (p *program) wait(t *testing.T, name string, pairs ...string) event {
	t.Helper()
	return p.waitFrom(t, -1, name, pairs...)
}

// waitEver is wait for an event that may have come at any time.
func (p *program) waitEver(t *testing.T, name string, pairs ...string) event {
	t.Helper()
	return p.waitFrom(t, 0, name, pairs...)
}

func (p *program) waitFrom(t *testing.T, from int, name string, pairs ...string) event {
	t.Helper()
	end := time.Now().Add(patience)
	for {
		if e := p.seen(from, name, pairs...); e != nil {
			return e
		}
		p.mu.Lock()
		exited := p.exited
		p.mu.Unlock()
		if exited {
			t.Fatalf("the program ended before %s %v", name, pairs)
		}
		if time.Now().After(end) {
			p.d.screenshot(t, "waiting-for-"+name)
			t.Fatalf("%s %v did not come in %v", name, pairs, patience)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// seen is the first such event from the given one on (-1: since the last gesture), or nil.
func (p *program) seen(from int, name string, pairs ...string) event {
	p.mu.Lock()
	defer p.mu.Unlock()
	if from < 0 {
		from = p.mark
	}
	names := strings.Split(name, "|")
next:
	for _, e := range p.events[from:] {
		if !slices.Contains(names, e["event"]) {
			continue
		}
		for i := 0; i+1 < len(pairs); i += 2 {
			if e[pairs[i]] != pairs[i+1] {
				continue next
			}
		}
		return e
	}
	return nil
}

// said waits for a word in the log.
func (p *program) said(t *testing.T, word string) {
	t.Helper()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if strings.Contains(p.tail(1<<30), word) {
			return
		}
	}
	t.Errorf("the log does not name %s", word)
}

// find waits for the window to be on the screen.
func (p *program) find(t *testing.T) string {
	t.Helper()
	return p.findOther(t, "")
}

// findOther waits for a window of the program that is not the given one.
func (p *program) findOther(t *testing.T, than string) string {
	t.Helper()
	for range 200 {
		out, err := p.d.command("xdotool", "search", "--onlyvisible", "--name", "^Echoline").Output()
		for _, id := range strings.Fields(string(out)) {
			if err == nil && id != than {
				return id
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	p.d.screenshot(t, "no-window")
	t.Fatal("there is no window")
	return ""
}

// key presses keys, one after the other: "n", "ctrl+s", "Return".
func (p *program) key(t *testing.T, keys ...string) {
	t.Helper()
	p.note()
	p.d.xdotool(t, append([]string{"key", "--delay", "60"}, keys...)...)
}

// point is a place in the window.
type point struct{ x, y int }

// drag draws with the left button through points of the window, as a hand does: not faster than it.
func (p *program) drag(t *testing.T, points ...point) {
	t.Helper()
	p.press(t, points...)
	p.d.xdotool(t, "sleep", "0.1", "mouseup", "1")
}

// press is drag without letting go.
func (p *program) press(t *testing.T, points ...point) {
	t.Helper()
	p.note()
	args := []string{
		"mousemove", "--window", p.window, itoa(points[0].x), itoa(points[0].y), "sleep", "0.1",
		"mousedown", "1", "sleep", "0.05",
	}
	for i, to := range points[1:] {
		const steps = 8
		from := points[i]
		for s := 1; s <= steps; s++ {
			args = append(args, "mousemove", "--window", p.window,
				itoa(from.x+(to.x-from.x)*s/steps), itoa(from.y+(to.y-from.y)*s/steps), "sleep", "0.02")
		}
	}
	p.d.xdotool(t, args...)
}

// size is the window's.
func (p *program) size(t *testing.T) (w, h int) {
	t.Helper()
	e := event{}
	for _, l := range strings.Fields(p.d.xdotool(t, "getwindowgeometry", "--shell", p.window)) {
		k, v, _ := strings.Cut(l, "=")
		e[k] = v
	}
	return e.num(t, "WIDTH"), e.num(t, "HEIGHT")
}

// kill ends the program as a power cut does: nothing of it runs any more.
func (p *program) kill() {
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	<-p.done
}

// quit closes the window as a person does, and waits for the end.
func (p *program) quit(t *testing.T) {
	t.Helper()
	p.key(t, "ctrl+q")
	select {
	case <-p.done:
	case <-time.After(patience):
		p.d.screenshot(t, "not-ended")
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGQUIT) // it says where it hangs, what wraps it may take no notice
		select {
		case <-p.done:
		case <-time.After(10 * time.Second):
			p.kill()
		}
		t.Fatalf("the program did not end:\n%s", p.tail(400))
	}
	if state := p.cmd.ProcessState; !state.Success() {
		t.Errorf("the program ended with %v", state)
	}
}

// cli runs one of the program's commands on the home and returns what it wrote to its standard output.
func cli(t *testing.T, d *desktop, h *home, args ...string) []byte {
	t.Helper()
	c := exec.Command(binary(t), args...)
	c.Dir, c.Env = h.dir, h.env(d)
	var errs strings.Builder
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("echoline %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out
}
