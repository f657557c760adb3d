package trainer

import (
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/windows"
)

// apart keeps the process from ending with this program's console.
func apart(c *exec.Cmd) {
	c.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NEW_PROCESS_GROUP | windows.DETACHED_PROCESS}
}

// hold has nothing to take here: held asks the system for the process.
func (r *Run) hold(*exec.Cmd) (release func(), err error) { return func() {}, nil }

// held tells whether the process is there and began when it was noted, so that a number that was given to another process
// cannot deceive.
func (r *Run) held(p process) bool {
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION, false, uint32(p.PID))
	if err != nil {
		return false
	}
	defer func() { _ = windows.CloseHandle(h) }()
	var began, ended, kernel, user windows.Filetime
	var code uint32
	if windows.GetProcessTimes(h, &began, &ended, &kernel, &user) != nil || windows.GetExitCodeProcess(h, &code) != nil {
		return false
	}
	const stillActive = 259
	apart := time.Unix(0, began.Nanoseconds()).Sub(p.Began).Abs()
	return code == stillActive && apart < time.Minute
}

// ask ends the process: the system has no way to ask one without a window. It goes on from its last checkpoint.
func ask(pid int) error { return kill(pid) }

// kill ends it at once.
func kill(pid int) error {
	p, err := os.FindProcess(pid)
	if err != nil {
		return err
	}
	return p.Kill()
}
