package ort

import (
	"strings"

	onnx "github.com/yalue/onnxruntime_go"
)

// Runtime loads the library from libPath, unless the process has one already, and returns the version that it states.
// It is for checking a machine; Open loads by itself. Errors are faults of this package.
func Runtime(libPath string) (version string, err error) {
	if err := load(libPath); err != nil {
		return "", err
	}
	return strings.Clone(onnx.GetVersion()), nil
}
