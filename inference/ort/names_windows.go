package ort

// libraryNames are the file names of the library.
var libraryNames = []string{"onnxruntime.dll"}
