//go:build !darwin && !windows

package ort

// libraryNames are the file names of the library, the exact version first.
var libraryNames = []string{"libonnxruntime.so." + Version, "libonnxruntime.so.1", "libonnxruntime.so"}
