package ort

// libraryNames are the file names of the library, the exact version first.
var libraryNames = []string{"libonnxruntime." + Version + ".dylib", "libonnxruntime.dylib"}
