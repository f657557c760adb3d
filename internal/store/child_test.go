package store

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// The test binary runs itself as another program; these variables tell it what to do there.
const (
	childWork  = "ECHOLINE_TEST_WORK"  // a folder: work in it until killed, telling each finished step
	childOpen  = "ECHOLINE_TEST_OPEN"  // a folder: open it and print the fault's code
	childMerge = "ECHOLINE_TEST_MERGE" // two folders: merge the second into the first
)

func TestMain(m *testing.M) {
	switch {
	case os.Getenv(childWork) != "":
		if err := workForEver(os.Getenv(childWork)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case os.Getenv(childOpen) != "":
		w, err := Open(os.Getenv(childOpen))
		if err == nil {
			err = w.Close()
		}
		fmt.Println(fault.CodeOf(err), err)
	case os.Getenv(childMerge) != "":
		if err := mergeChild(os.Getenv(childMerge)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		os.Exit(m.Run())
	}
}

// step does the i-th piece of a reader's work, always the same.
func step(r *review.Review, i int) error {
	k := review.Key{Instance: "1.2.4", Frame: i % 3}
	switch {
	case i%11 == 9:
		_, _, err := r.Undo(k)
		return err
	case i%11 == 10:
		return r.SetStatus(k, review.Status(1+i/11%2))
	case i%13 == 7:
		_, _, err := r.Redo(k)
		return err
	case i%17 == 11:
		return r.ConfirmAll(k)
	case i%29 == 20:
		return r.Calibrate(k, &study.Ruler{A: [2]float64{10, 10}, B: [2]float64{float64(20 + i%50), 10}, MM: 10})
	case i%31 == 3:
		return r.SetPrediction(k, predicted(testW, testH, strconv.Itoa(i)))
	}
	s, err := r.Begin(k, "brush", review.ByReader)
	if err != nil {
		return err
	}
	x, y := float64(i*37%testW), float64(i*23%testH)
	s.Fill(mask.Capsule(x, y, x+4, y+2, 5, 4), uint8(1-i/3%2)) // paints and erases by turns
	_, err = s.Commit()
	return err
}

// twin is the same work in memory.
type twin struct {
	r       *review.Review
	entries int // made so far
	next    int // step
}

// Append counts.
func (t *twin) Append(*review.Entry) error { t.entries++; return nil }

// newTwin works until it has made n entries.
func newTwin(n int) (*twin, error) {
	t := &twin{}
	t.r = review.New(testStudy(), "kim", t)
	for t.entries < n {
		if err := t.step(); err != nil {
			return nil, err
		}
	}
	return t, nil
}

func (t *twin) step() error {
	t.next++
	return step(t.r, t.next-1)
}

// workForEver goes on where the workspace ends, and prints how many entries there are once they are on the disk.
func workForEver(dir string) error {
	w, err := Open(dir)
	if err != nil {
		return err
	}
	r, err := w.Review(testStudy(), "kim")
	if err != nil {
		return err
	}
	begun, err := w.Entries("kim", []string{"1.2.4"})
	if err != nil {
		return err
	}
	t, err := newTwin(len(begun))
	if err != nil {
		return err
	}
	for t.entries < len(begun)+5000 {
		if err := step(r, t.next); err != nil {
			return err
		}
		if err := t.step(); err != nil {
			return err
		}
		if _, err := w.AddEvent(Event{Kind: "step", Frame: NoFrame, Body: strconv.AppendInt(nil, int64(t.entries), 10)}); err != nil {
			return err
		}
		fmt.Println(t.entries)
	}
	return errors.New("nobody kills me")
}

// child prepares this binary to run as another program.
func child(exe, task, dir string) *exec.Cmd {
	cmd := exec.Command(exe)
	cmd.Env = append(os.Environ(), task+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

func executable(t *testing.T) string {
	t.Helper()
	exe, err := os.Executable()
	must(t, err)
	return exe
}

// killVariable says how often programs are killed, where the usual 50 are not enough: `make nightly` sets it.
const killVariable = "ECHOLINE_TEST_KILLS"

func killCount() int {
	if n, err := strconv.Atoi(os.Getenv(killVariable)); err == nil && n > 0 {
		return n
	}
	return 50
}

func TestNothingAcknowledgedIsLostByKill(t *testing.T) {
	dir := ""
	total, all, kills := 0, 0, killCount()
	for i := range kills {
		if i%50 == 0 { // a long journal takes long to compare
			dir, total = t.TempDir(), 0
		}
		last := workAndKill(t, dir, i%3 != 0)
		told := max(total, last)
		w := mustOpen(t, dir)
		if w.Notice() != nil {
			t.Fatal("damaged by a kill", w.Notice())
		}
		entries, err := w.Entries("kim", []string{"1.2.4"})
		must(t, err)
		said(t, w, last)
		if len(entries) < told || len(entries) > told+1 {
			t.Fatalf("%d entries on the disk, %d acknowledged", len(entries), told)
		}
		same(t, mustReview(t, w, "kim"), len(entries))
		if _, err := w.Verify(); err != nil {
			t.Fatal(err)
		}
		must(t, w.Close())
		all += len(entries) - total
		total = len(entries)
	}
	if all < kills {
		t.Fatalf("%d entries in %d runs: the program was killed before it worked", all, kills)
	}
	t.Logf("%d kills, %d entries", kills, all)
}

// said fails unless the events of all steps up to the one that was told are there.
func said(t *testing.T, w *Workspace, told int) {
	t.Helper()
	all, err := w.Events("step")
	must(t, err)
	last := 0
	for i := range all {
		n, err := strconv.Atoi(string(all[i].Body))
		must(t, err)
		if n < last {
			t.Fatalf("step %d follows step %d", n, last)
		}
		last = n
	}
	if last < told {
		t.Fatalf("the event of step %d is lost: %d is the last", told, last)
	}
	if _, err := w.VerifyEvents(); err != nil {
		t.Fatal(err)
	}
}

// workAndKill lets a child work for a while and kills it: while it works, or maybe before that, while it opens the
// workspace. It returns the last number that the child told, or 0.
func workAndKill(t *testing.T, dir string, working bool) int {
	t.Helper()
	cmd := child(executable(t), childWork, dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	var timer *time.Timer
	arm := func() {
		timer = time.AfterFunc(time.Duration(rand.IntN(150_000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
	}
	if !working {
		arm()
	}
	told := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			break // the last line, cut by the kill
		}
		told = n
		if timer == nil {
			arm()
		}
	}
	err = cmd.Wait()
	if timer == nil {
		t.Fatal("the child did not work", err)
	}
	return told
}

// same compares a review with what n entries of work make.
func same(t *testing.T, r *review.Review, n int) {
	t.Helper()
	want, err := newTwin(n)
	must(t, err)
	for i := range 3 {
		k := review.Key{Instance: "1.2.4", Frame: i}
		a, b := r.Frame(k), want.r.Frame(k)
		if !a.Labels.Equal(b.Labels) || !a.Marks.Equal(b.Marks) || a.Status != b.Status ||
			len(r.History(k)) != len(want.r.History(k)) || r.CanRedo(k) != want.r.CanRedo(k) {
			t.Fatalf("%v differs after %d entries", k, n)
		}
	}
}

func TestLockEndsWithTheProcess(t *testing.T) {
	dir := t.TempDir()
	exe := executable(t)
	cmd := child(exe, childWork, dir)
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	if !bufio.NewScanner(out).Scan() {
		t.Fatal("the child did not work")
	}
	_, err = Open(dir)
	wantCode(t, err, CodeBusy)
	must(t, cmd.Process.Kill())
	if err := cmd.Wait(); err == nil {
		t.Fatal("killed, yet all right")
	}
	must(t, mustOpen(t, dir).Close())
}

// openAsChild opens dir in another program and returns what that said.
func openAsChild(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.Output()
	must(t, err)
	return strings.TrimSpace(string(out))
}

func TestProgramsShareNoWorkspace(t *testing.T) {
	dir := t.TempDir()
	w := mustOpen(t, dir)
	if got := openAsChild(t, child(executable(t), childOpen, dir)); !strings.HasPrefix(got, string(CodeBusy)) {
		t.Fatal(got)
	}
	must(t, w.Close())
	if got := openAsChild(t, child(executable(t), childOpen, dir)); got != "<nil>" {
		t.Fatal(got)
	}
}
