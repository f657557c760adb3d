package main

import (
	"echoline/internal/study/confine"
	"echoline/internal/study/video"
	"echoline/internal/study/worker"
	"echoline/internal/text"
)

// decoderFinding is about the processes that read files, and the programs of others that they do it with.
type decoderFinding struct {
	finding
	Fences   confine.State `json:"fences"`
	OpenJPEG finding       `json:"openjpeg"`
	FFmpeg   finding       `json:"ffmpeg"`
}

// checkDecoder starts such a process and asks it how it is confined.
func checkDecoder(p *worker.Pool) decoderFinding {
	defer p.Close()
	state, openJPEG, err := p.State()
	if err != nil {
		return decoderFinding{finding: ill(err)}
	}
	d := decoderFinding{Fences: state, finding: well(fencesKey(state), text.Args{"Landlock": state.Landlock})}
	// What can be done without is never at fault.
	if d.OpenJPEG = well("doctor.openjpeg", text.Args{"Version": openJPEG}); openJPEG == "" {
		d.OpenJPEG = finding{OK: true, Detail: text.T("doctor.openjpeg.none"), Do: text.T("doctor.openjpeg.do")}
	}
	ffmpeg := video.Version()
	if d.FFmpeg = well("doctor.ffmpeg", text.Args{"Version": ffmpeg}); ffmpeg == "" {
		d.FFmpeg = finding{OK: true, Detail: text.T("doctor.ffmpeg.none"), Do: text.T("doctor.ffmpeg.do")}
	}
	return d
}

// fencesKey names the sentence for how the process is confined.
func fencesKey(s confine.State) string {
	switch {
	case s.Seccomp && !s.Memory:
		return "doctor.decoder.unlimited"
	case s.Seccomp && s.Landlock > 0:
		return "doctor.decoder.confined"
	case s.Seccomp:
		return "doctor.decoder.seccomp"
	case s.Memory:
		return "doctor.decoder.apart"
	}
	return "doctor.decoder.watched"
}
