package study

import (
	"errors"
	"fmt"
	"io/fs"

	"echoline/internal/fault"
)

// Faults of files that cannot be opened.
const (
	CodeMissing    fault.Code = "study.missing"    // there is no such file or folder
	CodeUnreadable fault.Code = "study.unreadable" // the system does not let it be read; Cause
	CodeEmpty      fault.Code = "study.empty"      // a file of 0 bytes
	CodeNotImage   fault.Code = "study.notimage"   // none of the formats; also why a file of a folder was set aside
	CodeNoImages   fault.Code = "study.noimages"   // a folder or DICOMDIR without any image
	CodeTruncated  fault.Code = "study.truncated"  // the file ends before its pixels do
	CodeCutCine    fault.Code = "study.cutcine"    // the same, some frames are whole; args Have, Frames
	CodeTooLarge   fault.Code = "study.toolarge"   // beyond the limits; arg Size says what ("20000×20000")
	CodeSyntax     fault.Code = "study.syntax"     // a transfer syntax that is not read; args Syntax (its name), UID
	CodeNoSyntax   fault.Code = "study.nosyntax"   // DICOM that does not say its transfer syntax
	CodePixels     fault.Code = "study.pixels"     // a kind of pixel that is not read; arg Kind
	CodeDamaged    fault.Code = "study.damaged"    // the content contradicts itself; Cause
	CodeChanged    fault.Code = "study.changed"    // the file is not the one that was opened any more
	CodeOutside    fault.Code = "study.outside"    // a DICOMDIR refers to a file outside its folder
	CodeMember     fault.Code = "study.member"     // a file in a zip archive that is not read; arg How: "encrypted", or the method's number
	CodeRuler      fault.Code = "study.ruler"      // a ruler that cannot calibrate; args Pixels and Longest (mm), its limits
)

// Faults of the process that decodes (package worker).
const (
	CodeCrashed  fault.Code = "study.crashed"  // it ended while it read the file; Cause
	CodeSlow     fault.Code = "study.slow"     // it took too long and was stopped; arg Seconds
	CodeMemory   fault.Code = "study.memory"   // it wanted more memory than the file may take; arg MiB
	CodeNoWorker fault.Code = "study.noworker" // it cannot be started; Cause
)

// Faults of files that are read with the library or the program of others; args Syntax (its name), UID.
const (
	CodeOpenJPEG    fault.Code = "study.openjpeg"    // the library is not installed
	CodeOldOpenJPEG fault.Code = "study.oldopenjpeg" // it is, but too old to read HTJ2K
	CodeFFmpeg      fault.Code = "study.ffmpeg"      // the program is not installed; UID is empty for files that are not DICOM
	CodeVideo       fault.Code = "study.video"       // it cannot decode the file; Cause, and no args
)

// Reasons to set a file aside.
const (
	CodeDirectory    fault.Code = "study.directory"    // a DICOMDIR: a table of contents
	CodeNoPixels     fault.Code = "study.nopixels"     // a DICOM object without a picture: report, presentation, plan, …
	CodeSegmentation fault.Code = "study.segmentation" // a DICOM SEG: masks, not a picture
	CodeCopy         fault.Code = "study.copy"         // the same file, byte for byte, came before
	CodeArchive      fault.Code = "study.archive"      // a zip archive in a folder or in another archive
	CodeModality     fault.Code = "study.modality"     // an image of another modality in a study of ultrasound; arg Modality
)

// damaged is the fault of content that contradicts itself. what holds no patient data.
func damaged(format string, args ...any) *fault.Error {
	return fault.New(CodeDamaged, "", fmt.Errorf(format, args...), nil)
}

// errTruncated is the end of the file in the middle of something.
func errTruncated() *fault.Error { return fault.New(CodeTruncated, "", nil, nil) }

func tooLarge(format string, args ...any) *fault.Error {
	return fault.New(CodeTooLarge, "", nil, fault.Args{"Size": fmt.Sprintf(format, args...)})
}

// asFault makes a fault at path of any error.
func asFault(path string, err error) *fault.Error {
	var f *fault.Error
	if !errors.As(err, &f) {
		f = systemFault(err)
	}
	if f.Where == path {
		return f
	}
	return fault.New(f.Code, path, f.Cause, f.Args)
}

// systemFault is the fault of an error of the file system. The cause goes without the path, which the fault names itself.
func systemFault(err error) *fault.Error {
	if errors.Is(err, fs.ErrNotExist) {
		return fault.New(CodeMissing, "", fs.ErrNotExist, nil)
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fault.New(CodeUnreadable, "", err, nil)
}

// guard turns a panic of a decoder into a fault. No input is known to cause one; a reader's session is worth the belt.
func guard(err *error) {
	if r := recover(); r != nil {
		*err = damaged("the decoder gave up: %v", r)
	}
}
