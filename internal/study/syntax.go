package study

import "echoline/internal/fault"

// coding is how pixels are stored.
type coding int

const (
	unreadable coding = iota
	native
	runLength8 // RLE Lossless
	jpegCoded  // one of the JPEG family; the stream says which
	jpeg2000   // also High-Throughput; through OpenJPEG
	moving     // MPEG and its heirs; through ffmpeg
)

// syntax is a transfer syntax.
type syntax struct {
	name   string
	coding coding
}

const (
	implicitLittle = "1.2.840.10008.1.2"
	explicitLittle = "1.2.840.10008.1.2.1"
	deflatedLittle = "1.2.840.10008.1.2.1.99"
	explicitBig    = "1.2.840.10008.1.2.2"
)

// syntaxes are the transfer syntaxes of the standard (PS3.6 A), with those that are read marked.
var syntaxes = map[string]syntax{
	implicitLittle:              {"Implicit VR Little Endian", native},
	explicitLittle:              {"Explicit VR Little Endian", native},
	deflatedLittle:              {"Deflated Explicit VR Little Endian", native},
	explicitBig:                 {"Explicit VR Big Endian", native},
	"1.2.840.10008.1.2.5":       {"RLE Lossless", runLength8},
	"1.2.840.10008.1.2.4.50":    {"JPEG Baseline", jpegCoded},
	"1.2.840.10008.1.2.4.51":    {"JPEG Extended", jpegCoded},
	"1.2.840.10008.1.2.1.98":    {"Encapsulated Uncompressed", unreadable},
	"1.2.840.10008.1.2.4.52":    {"JPEG Extended, arithmetic", unreadable}, // to .66 but for .57: retired, met in old archives
	"1.2.840.10008.1.2.4.53":    {"JPEG Spectral Selection", jpegCoded},
	"1.2.840.10008.1.2.4.54":    {"JPEG Spectral Selection, arithmetic", unreadable},
	"1.2.840.10008.1.2.4.55":    {"JPEG Full Progression", jpegCoded},
	"1.2.840.10008.1.2.4.56":    {"JPEG Full Progression, arithmetic", unreadable},
	"1.2.840.10008.1.2.4.57":    {"JPEG Lossless", jpegCoded},
	"1.2.840.10008.1.2.4.58":    {"JPEG Lossless, arithmetic", unreadable},
	"1.2.840.10008.1.2.4.59":    {"JPEG Extended, hierarchical", unreadable},
	"1.2.840.10008.1.2.4.60":    {"JPEG Extended, hierarchical, arithmetic", unreadable},
	"1.2.840.10008.1.2.4.61":    {"JPEG Spectral Selection, hierarchical", unreadable},
	"1.2.840.10008.1.2.4.62":    {"JPEG Spectral Selection, hierarchical, arithmetic", unreadable},
	"1.2.840.10008.1.2.4.63":    {"JPEG Full Progression, hierarchical", unreadable},
	"1.2.840.10008.1.2.4.64":    {"JPEG Full Progression, hierarchical, arithmetic", unreadable},
	"1.2.840.10008.1.2.4.65":    {"JPEG Lossless, hierarchical", unreadable},
	"1.2.840.10008.1.2.4.66":    {"JPEG Lossless, hierarchical, arithmetic", unreadable},
	"1.2.840.10008.1.2.4.70":    {"JPEG Lossless SV1", jpegCoded},
	"1.2.840.10008.1.2.4.80":    {"JPEG-LS Lossless", jpegCoded},
	"1.2.840.10008.1.2.4.81":    {"JPEG-LS Near-Lossless", jpegCoded},
	"1.2.840.10008.1.2.4.90":    {"JPEG 2000 Lossless", jpeg2000},
	"1.2.840.10008.1.2.4.91":    {"JPEG 2000", jpeg2000},
	"1.2.840.10008.1.2.4.92":    {"JPEG 2000 Part 2 Lossless", unreadable},
	"1.2.840.10008.1.2.4.93":    {"JPEG 2000 Part 2", unreadable},
	"1.2.840.10008.1.2.4.94":    {"JPIP Referenced", unreadable},
	"1.2.840.10008.1.2.4.95":    {"JPIP Referenced Deflate", unreadable},
	"1.2.840.10008.1.2.4.100":   {"MPEG-2 Main Level", moving},
	"1.2.840.10008.1.2.4.100.1": {"MPEG-2 Main Level, fragmentable", moving},
	"1.2.840.10008.1.2.4.101":   {"MPEG-2 High Level", moving},
	"1.2.840.10008.1.2.4.101.1": {"MPEG-2 High Level, fragmentable", moving},
	"1.2.840.10008.1.2.4.102":   {"MPEG-4 AVC/H.264 Level 4.1", moving},
	"1.2.840.10008.1.2.4.102.1": {"MPEG-4 AVC/H.264 Level 4.1, fragmentable", moving},
	"1.2.840.10008.1.2.4.103":   {"MPEG-4 AVC/H.264 BD-compatible", moving},
	"1.2.840.10008.1.2.4.103.1": {"MPEG-4 AVC/H.264 BD-compatible, fragmentable", moving},
	"1.2.840.10008.1.2.4.104":   {"MPEG-4 AVC/H.264 Level 4.2, 2D", moving},
	"1.2.840.10008.1.2.4.104.1": {"MPEG-4 AVC/H.264 Level 4.2, 2D, fragmentable", moving},
	"1.2.840.10008.1.2.4.105":   {"MPEG-4 AVC/H.264 Level 4.2, 3D", moving},
	"1.2.840.10008.1.2.4.105.1": {"MPEG-4 AVC/H.264 Level 4.2, 3D, fragmentable", moving},
	"1.2.840.10008.1.2.4.106":   {"MPEG-4 AVC/H.264 Stereo", moving},
	"1.2.840.10008.1.2.4.106.1": {"MPEG-4 AVC/H.264 Stereo, fragmentable", moving},
	"1.2.840.10008.1.2.4.107":   {"HEVC/H.265 Main Profile", moving},
	"1.2.840.10008.1.2.4.108":   {"HEVC/H.265 Main 10 Profile", moving},
	"1.2.840.10008.1.2.4.110":   {"JPEG XL Lossless", unreadable},
	"1.2.840.10008.1.2.4.111":   {"JPEG XL JPEG Recompression", unreadable},
	"1.2.840.10008.1.2.4.112":   {"JPEG XL", unreadable},
	"1.2.840.10008.1.2.4.201":   {"High-Throughput JPEG 2000 Lossless", jpeg2000},
	"1.2.840.10008.1.2.4.202":   {"High-Throughput JPEG 2000 Lossless RPCL", jpeg2000},
	"1.2.840.10008.1.2.4.203":   {"High-Throughput JPEG 2000", jpeg2000},
	"1.2.840.10008.1.2.4.204":   {"JPIP HTJ2K Referenced", unreadable},
	"1.2.840.10008.1.2.4.205":   {"JPIP HTJ2K Referenced Deflate", unreadable},
	"1.2.840.10008.1.2.8.1":     {"Deflated Image Frame Compression", unreadable},
	"1.2.840.113619.5.2":        {"GE Private Implicit VR Big Endian", unreadable},
}

// syntaxFault refuses pixels by the name of how they are stored. note says more where the name alone would mislead.
func syntaxFault(uid, note string) *fault.Error {
	name := syntaxes[uid].name
	if name == "" {
		name = "?"
	}
	if note != "" {
		name += ", " + note
	}
	return fault.New(CodeSyntax, "", nil, fault.Args{"Syntax": name, "UID": uid})
}
