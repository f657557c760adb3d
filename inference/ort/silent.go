package ort

import "os"

// silentVariable tells the runtime, before it is loaded, to send nothing. From 1.29 on its Linux and macOS libraries look
// for a server of their maker as soon as they start, keep an identifier of the machine and report what models are run;
// the call that turns telemetry off comes too late to stop the first of it (microsoft/onnxruntime#27379, #29843).
const silentVariable = "ORT_DISABLE_TELEMETRY"

// init runs before anything can load the library. A person's own setting does not matter: this program has no network.
func init() {
	if err := os.Setenv(silentVariable, "1"); err != nil {
		panic(err) // only for a name that is no name
	}
}
