package review

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"

	"echoline/internal/mask"
)

// ID tells an entry from all others, in every workspace: it is made from what the entry says and from the ID of the one
// before it on its frame. Entries thus form lines that nobody can change in the middle without changing every ID after it.
// Two workspaces that went different ways from the same entry hold two lines that part there, and none takes the place of
// the other.
type ID [16]byte

// Content is what an entry changes, as bytes for journals: the patch of its labels or its ruler as JSON, and the patch of
// its marks.
func (e *Entry) Content() (content, marks []byte, err error) {
	if e.Kind == KindRuler {
		content, err = json.Marshal(e.Ruler)
	} else {
		content, err = e.Labels.MarshalBinary()
	}
	if err != nil {
		return nil, nil, err
	}
	marks, err = e.Marks.MarshalBinary()
	return content, marks, err
}

// SetContent takes over what Content gave. The kind must be set before. Bytes that say nothing sensible give an error.
func (e *Entry) SetContent(content, marks []byte) (err error) {
	if e.Kind == KindRuler {
		err = json.Unmarshal(content, &e.Ruler)
	} else {
		e.Labels, err = mask.UnmarshalPatch(content)
	}
	if err != nil {
		return err
	}
	e.Marks, err = mask.UnmarshalPatch(marks)
	return err
}

// Identify makes the ID of an entry whose content is given as bytes, from all of its fields but Seq and ID. The form is
// stored: it never changes.
func Identify(e *Entry, content, marks []byte) ID {
	var b []byte
	for _, s := range []string{e.Reader, e.Key.Instance, e.Name, e.Model, string(content), string(marks), string(e.Prev[:])} {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	for _, v := range []int64{
		int64(e.Key.Frame), e.N, e.Time.UnixMicro(), int64(e.W), int64(e.H), int64(e.Kind), int64(e.Origin), int64(e.Status),
	} {
		b = binary.AppendVarint(b, v)
	}
	sum := sha256.Sum256(b)
	return ID(sum[:])
}

// seal gives e its place behind the last entry of f.
func (e *Entry) seal(f *Frame) error {
	e.Prev = f.tip
	content, marks, err := e.Content()
	if err != nil {
		return err
	}
	e.ID = Identify(e, content, marks)
	f.tip, f.last = e.ID, e.Time
	return nil
}
