package confine

import (
	"debug/elf"
	"io"
	"slices"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// libraries is where programs have theirs on the systems that Echoline runs on, and what the C library looks into when
// it starts.
var libraries = []string{
	"/usr", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store", "/etc/ld.so.cache", "/etc/ld.so.preload",
	"/proc", "/sys/devices/system/cpu",
}

// Rights to files by the version of the interface that brought them.
const (
	readFiles    = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	filesSince1  = unix.LANDLOCK_ACCESS_FS_MAKE_SYM<<1 - 1 // all up to this one
	filesSince2  = unix.LANDLOCK_ACCESS_FS_REFER
	filesSince3  = unix.LANDLOCK_ACCESS_FS_TRUNCATE
	filesSince5  = unix.LANDLOCK_ACCESS_FS_IOCTL_DEV
	onlyForFiles = unix.LANDLOCK_ACCESS_FS_EXECUTE | unix.LANDLOCK_ACCESS_FS_READ_FILE
)

// landlock restricts the calling thread, and what it starts, to the rules. It returns the version of the kernel's
// interface, 0 where that has none or does not let us.
func landlock(r Rules) int {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	attr := handled(int(version))
	set, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return 0
	}
	defer unix.Close(int(set))
	for _, path := range slices.Concat(libraries, r.Read) {
		allow(int(set), path, readFiles)
	}
	for _, path := range r.Programs {
		allow(int(set), path, onlyForFiles)
		if loader := interpreter(path); loader != "" {
			allow(int(set), loader, onlyForFiles)
		}
	}
	if _, _, errno = unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, set, 0, 0); errno != 0 {
		return 0
	}
	return int(version)
}

// handled are the rights that are taken away, as far as the version knows them.
func handled(version int) unix.LandlockRulesetAttr {
	a := unix.LandlockRulesetAttr{Handled_access_fs: filesSince1}
	for since, rights := range map[int]uint64{2: filesSince2, 3: filesSince3, 5: filesSince5} {
		if version >= since {
			a.Handled_access_fs |= rights
		}
	}
	if version >= 4 {
		a.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	}
	if version >= 6 {
		a.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
	}
	return a
}

// allow gives rights to what is at path and below it. What is not there needs none.
func allow(set int, path string, rights uint64) {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT != unix.S_IFDIR {
		rights &= onlyForFiles
	}
	rule := unix.LandlockPathBeneathAttr{Allowed_access: rights, Parent_fd: int32(fd)}
	// One that fails leaves the process with less, never with more.
	_, _, _ = unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(set), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
}

// interpreter is the loader that the system starts to start a program; "" for one that needs none.
func interpreter(program string) string {
	f, err := elf.Open(program)
	if err != nil {
		return ""
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			b, err := io.ReadAll(io.LimitReader(p.Open(), unix.PathMax))
			if err != nil {
				return ""
			}
			return strings.TrimRight(string(b), "\x00")
		}
	}
	return ""
}
