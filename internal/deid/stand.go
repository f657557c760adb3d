package deid

import (
	"encoding/hex"
	"time"

	"echoline/internal/fault"
	"echoline/internal/part10"
	"echoline/internal/study"
)

// Stand is what stands in for an image in exports that are not the image itself: the names, identifiers, dates and pixels
// that deidentify would write.
type Stand struct {
	Item *study.Item
	Keep []bool // pixels that stay in its frames; nil where it shows none
	// Time is what becomes of a time that has to do with the patient: moved as the patient's dates are, or zero.
	Time func(time.Time) time.Time
}

// headerTags are the attributes of a header that exports need.
var headerTags = map[string]part10.Tag{
	"PatientName": 0x00100010, "PatientID": 0x00100020, "PatientBirthDate": 0x00100030, "PatientSex": 0x00100040,
	"StudyInstanceUID": 0x0020000d, "StudyDate": 0x00080020, "StudyTime": 0x00080030, "ReferringPhysicianName": 0x00080090,
	"StudyID": 0x00200010, "AccessionNumber": 0x00080050, "StudyDescription": 0x00081030, "SeriesInstanceUID": 0x0020000e,
	"SOPInstanceUID": 0x00080018, "SOPClassUID": 0x00080016, "FrameOfReferenceUID": 0x00200052,
	"PositionReferenceIndicator": 0x00201040, "LossyImageCompression": 0x00282110, "LossyImageCompressionRatio": 0x00282112,
	"LossyImageCompressionMethod": 0x00282114, "DeidentificationMethod": 0x00120063, "PatientIdentityRemoved": 0x00120062,
	"LongitudinalTemporalInformationModified": 0x00280303,
}

// Stand makes what stands in for an image. name is how faults and the proposal name it. With pictures its frames can be
// shown, once Review has seen what stays of them; without, they cannot. A picture that is no DICOM gets a name and an
// identifier from those that it has, and no header.
func (o *Options) Stand(it *study.Item, name string, pictures bool) (*Stand, error) {
	var keep []bool
	if pictures {
		if h := it.Header; h != nil && !picture(h.Attr["SOPClassUID"]) {
			return nil, fault.New(CodeClass, name, nil, fault.Args{"Class": className(h.Attr["SOPClassUID"])})
		}
		p, err := o.reviewed(it, name)
		if err != nil {
			return nil, err
		}
		keep = p.Kept()
	}
	if it.Header == nil {
		id := o.Key.UID(it.ID)
		return &Stand{it.StandIn(id, "image-"+short(id), nil, keep), keep, o.moved(it.ID)}, nil
	}
	file, err := parsed(it.Path, name)
	if err != nil {
		return nil, err
	}
	c := cleaner{key: o.Key, dates: o.Dates, bare: o.Bare, file: file, px: &pixels{file: file, layout: layout{photometric: file.Set.Text(tagPhotometric)}}}
	set, err := c.clean(name)
	if err != nil {
		return nil, err
	}
	h := &study.Header{Attr: map[string]string{}, Planes: it.Header.Planes}
	for keyword, t := range headerTags {
		if v := set.Text(t); v != "" {
			h.Attr[keyword] = v
		}
	}
	id := h.Attr["SOPInstanceUID"]
	if it.ID != file.Set.Text(part10.SOPInstance) { // another file has the same UID
		id = o.Key.UID(it.ID)
	}
	return &Stand{it.StandIn(id, nameOf(set), h, keep), keep, o.moved(patientOf(file.Set))}, nil
}

// moved is what becomes of times of a patient.
func (o *Options) moved(patient string) func(time.Time) time.Time {
	return func(t time.Time) time.Time {
		switch {
		case t.IsZero() || o.Dates == Removed:
			return time.Time{}
		case o.Dates == Modified:
			return t.Add(o.Key.shift(patient)).UTC()
		}
		return t.UTC() // the zone goes
	}
}

// Reader is the pseudonym of a person who reads.
func (k *Key) Reader(name string) string {
	if name == "" {
		return ""
	}
	return "R" + hex.EncodeToString(k.hash("reader", name)[:6])
}

// Mark is a pseudonym of a file's checksum.
func (k *Key) Mark(sum string) string { return hex.EncodeToString(k.hash("file", sum)) }

// Words keeps the words of a text that name nobody; "" where none stay.
func Words(s string) string { return knownWords(s, false) }

// KnownCode tells whether a code can be nothing else than a code of its scheme.
func KnownCode(scheme, value string) bool { return knownCode(scheme, value) }
