package main

import (
	"os"
	"testing"

	"echoline/internal/study/worker"
)

// TestMain lets the tests' own program be the decoding process that it starts, as the real one is.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == worker.Command {
		os.Exit(worker.Main())
	}
	os.Exit(m.Run())
}

func TestDoctorLooksAtTheDecoder(t *testing.T) {
	d, _ := examine(t, viewOptions{workspace: t.TempDir()})
	if !d.Decoder.OK || d.Decoder.Detail == "" || d.Decoder.OpenJPEG.Detail == "" || d.Decoder.FFmpeg.Detail == "" {
		t.Errorf("%+v", d.Decoder)
	}
}
