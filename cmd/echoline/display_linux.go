package main

import (
	"os"
	"path/filepath"
	"regexp"

	"golang.org/x/sys/unix"

	"echoline/internal/text"
)

// localX11 matches the displays of this machine, ":0" and ":0.0".
var localX11 = regexp.MustCompile(`^(?:unix)?:(\d+)(?:\.\d+)?$`)

// checkDisplay asks whether a screen answers and whether there is a driver for OpenGL, without opening a window. Whether
// OpenGL works is known only when the window opens.
func checkDisplay() finding {
	name, where, ok := screen()
	switch {
	case name == "":
		return finding{Detail: text.T("doctor.display.none"), Do: text.T("doctor.display.none.do")}
	case !ok:
		return finding{Detail: text.T("doctor.display.silent", text.Args{"Name": name, "Where": where}), Do: text.T("doctor.display.none.do")}
	case !hasDriver():
		return finding{Detail: text.T("doctor.display.driver"), Do: text.T("doctor.display.driver.do")}
	}
	return well("doctor.display", text.Args{"Name": name})
}

// screen names the display that the window would open on, where its socket is, and whether it takes calls. A display of
// another machine is taken on trust: asking would be use of the network.
func screen() (name, where string, ok bool) {
	if w := os.Getenv("WAYLAND_DISPLAY"); w != "" {
		where = w
		if !filepath.IsAbs(w) {
			where = filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), w)
		}
		if answers(where) {
			return "Wayland " + w, where, true
		}
		name = "Wayland " + w
	}
	if x := os.Getenv("DISPLAY"); x != "" {
		m := localX11.FindStringSubmatch(x)
		if m == nil {
			return "X11 " + x, "", true
		}
		where = "/tmp/.X11-unix/X" + m[1]
		return "X11 " + x, where, answers(where) || answers("@"+where)
	}
	return name, where, false
}

// answers tells whether something listens at a local socket; "@" begins an abstract one.
func answers(path string) bool {
	s, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return false
	}
	defer unix.Close(s)
	return unix.Connect(s, &unix.SockaddrUnix{Name: path}) == nil
}

// drivers are where Mesa and NVIDIA put what draws for libGL.
var drivers = []string{
	"/usr/lib/*/dri/*_dri.so", "/usr/lib/dri/*_dri.so", "/usr/lib64/dri/*_dri.so",
	"/usr/lib/*/libgallium*.so", "/usr/lib64/libgallium*.so",
	"/usr/lib/*/libGLX_nvidia.so*", "/usr/lib64/libGLX_nvidia.so*", "/usr/lib/libGLX_nvidia.so*",
	"/run/opengl-driver/lib/dri/*_dri.so", "/usr/lib/*/GL/*/lib/dri/*_dri.so",
}

// hasDriver looks for any of them; LIBGL_DRIVERS_PATH names more folders.
func hasDriver() bool {
	patterns := drivers
	for _, dir := range filepath.SplitList(os.Getenv("LIBGL_DRIVERS_PATH")) {
		patterns = append(patterns, filepath.Join(dir, "*_dri.so"))
	}
	for _, p := range patterns {
		if found, err := filepath.Glob(p); err == nil && len(found) > 0 {
			return true
		}
	}
	return false
}
