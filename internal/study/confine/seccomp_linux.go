//go:build amd64 || arm64

package confine

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Where the kernel shows a filter the call's number, the processor's name and the lower half of an argument.
const (
	seesNumber = 0
	seesArch   = 4
	seesArg    = 16 // and 8 for each further one; all known processors are little endian
)

// deny is the answer to what is not allowed: an error, so that a library that merely tries something goes on.
const deny = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)

// filter is a program of the kernel's packet filter, run before every system call.
type filter []unix.SockFilter

func statement(code uint16, k uint32) unix.SockFilter { return unix.SockFilter{Code: code, K: k} }

// jump goes on by yes or no instructions.
func jump(code uint16, k uint32, yes, no uint8) unix.SockFilter {
	return unix.SockFilter{Code: unix.BPF_JMP | code | unix.BPF_K, Jt: yes, Jf: no, K: k}
}

func load(offset uint32) unix.SockFilter {
	return statement(unix.BPF_LD|unix.BPF_W|unix.BPF_ABS, offset)
}

func answer(action uint32) unix.SockFilter { return statement(unix.BPF_RET|unix.BPF_K, action) }

// begin kills whoever calls by the numbers of another processor, and refuses the second set of numbers of x86.
func begin() filter {
	return filter{
		load(seesArch),
		jump(unix.BPF_JEQ, auditArch, 1, 0),
		answer(unix.SECCOMP_RET_KILL_PROCESS),
		load(seesNumber),
		jump(unix.BPF_JGE, firstForeign, 0, 1),
		answer(deny),
	}
}

// on gives an answer to the calls.
func (f filter) on(action uint32, calls ...uint32) filter {
	for _, c := range calls {
		f = append(f, jump(unix.BPF_JEQ, c, 0, 1), answer(action))
	}
	return f
}

// onBits allows a call if its argument arg has any of the bits (or none of them, if not want), and denies it otherwise.
func (f filter) onBits(call uint32, arg int, bits uint32, want bool) filter {
	yes, no := uint32(unix.SECCOMP_RET_ALLOW), deny
	if !want {
		yes, no = no, yes
	}
	return append(f,
		jump(unix.BPF_JEQ, call, 0, 4),
		load(seesArg+8*uint32(arg)),
		jump(unix.BPF_JSET, bits, 0, 1),
		answer(yes),
		answer(no))
}

// computing allows what Go's runtime and a C library need to compute, to get memory and threads, and to use the open
// files; nothing that opens, connects, starts or signals others.
func computing() filter {
	f := begin().on(unix.SECCOMP_RET_ALLOW, computingCalls...)
	f = f.onBits(unix.SYS_MMAP, 2, unix.PROT_EXEC, false)
	f = f.onBits(unix.SYS_MPROTECT, 2, unix.PROT_EXEC, false)
	f = f.onBits(unix.SYS_CLONE, 0, unix.CLONE_THREAD, true)
	// Its arguments lie in memory, out of a filter's sight; the C library then takes clone.
	f = f.on(unix.SECCOMP_RET_ERRNO|uint32(unix.ENOSYS), unix.SYS_CLONE3)
	return append(f, answer(deny))
}

// silent denies what reaches other machines and other processes, and lets the rest pass.
func silent() filter {
	return append(begin().on(deny, reachingCalls...), answer(unix.SECCOMP_RET_ALLOW))
}

// reachingCalls reach what landlock knows nothing of.
var reachingCalls = []uint32{
	unix.SYS_SOCKET, unix.SYS_SOCKETPAIR, unix.SYS_CONNECT, unix.SYS_BIND, unix.SYS_LISTEN, unix.SYS_ACCEPT, unix.SYS_ACCEPT4,
	unix.SYS_PTRACE, unix.SYS_PROCESS_VM_READV, unix.SYS_PROCESS_VM_WRITEV, unix.SYS_PIDFD_GETFD,
	unix.SYS_IO_URING_SETUP, unix.SYS_BPF, unix.SYS_PERF_EVENT_OPEN, unix.SYS_USERFAULTFD, unix.SYS_OPEN_BY_HANDLE_AT,
	unix.SYS_ADD_KEY, unix.SYS_REQUEST_KEY, unix.SYS_KEYCTL, unix.SYS_UNSHARE, unix.SYS_SETNS, unix.SYS_MOUNT, unix.SYS_UMOUNT2,
}

// filterProcess puts the filter before every thread of this process.
func filterProcess(f filter) error { return install(f, unix.SECCOMP_FILTER_FLAG_TSYNC) }

// filterThread puts the filter before the calling thread and what it starts.
func filterThread(f filter) error { return install(f, 0) }

func install(f filter, flags uintptr) error {
	program := unix.SockFprog{Len: uint16(len(f)), Filter: &f[0]}
	thread, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags, uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(f)
	if errno != 0 {
		return errno
	}
	if thread != 0 { // one that could not be brought behind it
		return unix.ESRCH
	}
	return nil
}
