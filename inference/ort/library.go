// Package ort runs models with ONNX Runtime. It is the only importer of onnxruntime_go. The library is loaded once per
// process and stays loaded; it is quiet and sends no telemetry.
package ort

import (
	"os"
	"path/filepath"
	"strings"
	"sync"

	onnx "github.com/yalue/onnxruntime_go"

	"echoline/internal/fault"
)

// Faults of the runtime and of model files. Open returns them.
const (
	CodeLibraryMissing fault.Code = "runtime.missing" // no library there; arg Version
	CodeLibraryBroken  fault.Code = "runtime.broken"  // the file is no library for this machine; arg Version, Cause
	CodeLibraryVersion fault.Code = "runtime.version" // another version; args Found ("" if it does not say), Version
	CodeModelMissing   fault.Code = "model.missing"   // no model there
	CodeModelBroken    fault.Code = "model.broken"    // no model, or one that this runtime cannot read; Cause
	CodeRun            fault.Code = "model.run"       // the runtime gave up on a run; Cause
)

// Version is the ONNX Runtime that onnxruntime_go was made for. Patch releases of it are taken too.
const Version = "1.29.0"

// loading keeps two goroutines from loading the library at the same time.
var loading sync.Mutex

// load makes the runtime ready. Once it is, path is not looked at any more: a process holds one runtime.
func load(path string) error {
	loading.Lock()
	defer loading.Unlock()
	if onnx.IsInitialized() {
		return nil
	}
	args := fault.Args{"Version": Version}
	path, err := filepath.Abs(path) // a bare name would be searched in the system's folders
	if err != nil {
		return fault.New(CodeLibraryMissing, path, err, args)
	}
	if _, err := os.Stat(path); err != nil {
		return fault.New(CodeLibraryMissing, path, err, args)
	}
	onnx.SetSharedLibraryPath(path)
	if err := onnx.InitializeEnvironment(onnx.WithLogLevelFatal()); err != nil {
		// The binding gives no types; this is its sentence for a library without the interface that it wants.
		if strings.Contains(err.Error(), "ORT API base") {
			return fault.New(CodeLibraryVersion, path, err, fault.Args{"Version": Version, "Found": ""})
		}
		return fault.New(CodeLibraryBroken, path, err, args)
	}
	if found := onnx.GetVersion(); minor(found) != minor(Version) {
		args["Found"] = strings.Clone(found)
		if err := onnx.DestroyEnvironment(); err != nil {
			return fault.New(CodeLibraryBroken, path, err, args)
		}
		return fault.New(CodeLibraryVersion, path, nil, args)
	}
	if err := onnx.DisableTelemetry(); err != nil {
		return fault.New(CodeLibraryBroken, path, err, args)
	}
	return nil
}

// minor cuts a version after its second number: "1.29.0" gives "1.29".
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}
