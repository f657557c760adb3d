// Package confine puts fences of the operating system around processes that read what nobody vouches for. On Linux these
// are landlock, which comes with the process's start, seccomp, which it puts on itself when it has loaded what it needs,
// and a limit on memory. On Windows a job object limits the memory and lets the process start no other. Elsewhere the
// process is only apart: it can die without harm, and whoever started it watches its time.
package confine

// State says which fences stand around a process.
type State struct {
	Landlock int  `json:"landlock"` // version of the kernel's interface; 0 where there is none
	Seccomp  bool `json:"seccomp"`
	Memory   bool `json:"memory"` // the system holds it to its limit
}

// Rules says what a started process may reach, where landlock can tell it so. It may write nowhere and connect to
// nothing.
type Rules struct {
	Programs []string // files that it may execute, itself among them
	Read     []string // files and folders that it may read beside the system's libraries
	Silent   bool     // make no socket and look into no other process either: for programs that cannot seal themselves
}
