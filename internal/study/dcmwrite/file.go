package dcmwrite

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/big"

	"github.com/google/uuid"
	"github.com/suyashkumar/dicom"

	"echoline/internal/durable"
)

const explicitLittleEndian = "1.2.840.10008.1.2.1"

// implementation names this writer in file meta information: NameUID("implementation").
var implementation = NameUID("implementation")

// namespace is the root of the UIDs that are derived from names.
var namespace = uuid.MustParse("6d1d3a5e-9a55-4c0e-8f0b-7f6a1c2b9e01")

// NewUID returns a fresh random UID, 2.25.N (PS3.5 B.2).
func NewUID() string { return uuidUID(uuid.New()) }

// NameUID returns the UID that belongs to a name, the same on every machine (UUID version 5).
func NameUID(name string) string { return uuidUID(uuid.NewSHA1(namespace, []byte(name))) }

func uuidUID(id uuid.UUID) string { return "2.25." + new(big.Int).SetBytes(id[:]).String() }

// Encode returns the set as a Part 10 file. SOPClassUID and SOPInstanceUID must be in it; file meta information and the
// character set are added.
func Encode(s Set) ([]byte, error) {
	class, instance := s.text("SOPClassUID"), s.text("SOPInstanceUID")
	if class == "" || instance == "" {
		return nil, errors.New("dcmwrite: a file needs SOPClassUID and SOPInstanceUID")
	}
	all := append(Set{
		Bytes("FileMetaInformationVersion", []byte{0, 1}),
		Text("MediaStorageSOPClassUID", class),
		Text("MediaStorageSOPInstanceUID", instance),
		Text("TransferSyntaxUID", explicitLittleEndian),
		Text("ImplementationClassUID", implementation),
		Text("ImplementationVersionName", "ECHOLINE"),
		Text("SpecificCharacterSet", "ISO_IR 192"),
	}, s...)
	els, err := all.elements()
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	if err := dicom.Write(&buf, dicom.Dataset{Elements: els}); err != nil {
		return nil, fmt.Errorf("dcmwrite: %w", err)
	}
	return buf.Bytes(), nil
}

// WriteFile writes the set to path so that a crash leaves the old file or the new one.
func WriteFile(path string, s Set, perm fs.FileMode) error {
	data, err := Encode(s)
	if err != nil {
		return err
	}
	return durable.WriteFile(path, data, perm)
}

// text is the first value of a text element, or "".
func (s Set) text(keyword string) string {
	for _, e := range s {
		if v, ok := e.value.([]string); ok && e.keyword == keyword && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}
