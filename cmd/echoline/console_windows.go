package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// The program is linked for windows and not for a console, so that a double click opens no black box beside it. Commands
// started from a console have nowhere to write then, so they join the console of the process that started them.
func init() {
	join := windows.NewLazySystemDLL("kernel32.dll").NewProc("AttachConsole")
	const parent = ^uintptr(0)
	if written(os.Stdout) && written(os.Stderr) {
		return // a file or a pipe
	}
	if ok, _, _ := join.Call(parent); ok == 0 {
		return // there is no console: started by a double click
	}
	console, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		return
	}
	for _, f := range []**os.File{&os.Stdout, &os.Stderr} {
		if !written(*f) {
			*f = console
		}
	}
}

// written tells whether something becomes of what is written to f.
func written(f *os.File) bool {
	kind, err := windows.GetFileType(windows.Handle(f.Fd()))
	return err == nil && kind != windows.FILE_TYPE_UNKNOWN
}
