package deid

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"echoline/internal/part10"
)

// durationOf is a time span.
type durationOf = time.Duration

// byTag is a data set being made.
type byTag map[part10.Tag]*part10.Element

// put sets a text.
func (b byTag) put(t part10.Tag, vr, value string) {
	b[t] = &part10.Element{Tag: t, VR: vr, Data: []byte(value)}
}

// set is the data set in order.
func (b byTag) set() part10.Set {
	var out part10.Set
	for _, e := range b {
		out = append(out, e)
	}
	return ordered(out)
}

func ordered(s part10.Set) part10.Set {
	slices.SortFunc(s, func(a, b *part10.Element) int { return cmp.Compare(a.Tag, b.Tag) })
	return s
}

func sequence(t part10.Tag, items ...part10.Set) *part10.Element {
	return &part10.Element{Tag: t, VR: "SQ", Items: items}
}

// statement says in the file what was done to it (PS3.15 E.1.1), and fills in what every instance has.
func (c *cleaner) statement(out byTag) {
	out.put(0x00080005, "CS", "ISO_IR 192")
	out.put(0x00100010, "PN", c.patient+"^")
	out.put(0x00100020, "LO", c.patient)
	for t, vr := range map[part10.Tag]string{
		0x00080020: "DA", 0x00080030: "TM", 0x00080050: "SH", 0x00080090: "PN", 0x00100030: "DA", 0x00100040: "CS", 0x00200010: "SH",
	} { // of type 2
		if out[t] == nil {
			out.put(t, vr, "")
		}
	}
	study := string(out[part10.Study].Data)
	out.put(0x00200010, "SH", study[len(study)-8:]) // directories of discs want one
	if out[0x00200060] == nil && !c.seg {
		out.put(0x00200060, "CS", "")
	}
	out.put(0x00120062, "CS", "YES")
	out.put(0x00120063, "LO", methodText)
	out.put(0x00280303, "CS", c.dates.longitudinal())
	var items []part10.Set
	for _, m := range Methods(c.dates, c.bare) {
		items = append(items, part10.Set{
			{Tag: 0x00080100, VR: "SH", Data: []byte(m[0])},
			{Tag: 0x00080102, VR: "SH", Data: []byte("DCM")},
			{Tag: 0x00080104, VR: "LO", Data: []byte(m[1])},
		})
	}
	out[0x00120064] = sequence(0x00120064, items...)
	out.put(0x00280301, "CS", "NO")
}

// methodText says for people what was done.
const methodText = "Echoline: PS3.15 2026c Basic Profile, unknown values removed"

// longitudinal says what became of dates, as DICOM does.
func (d Dates) longitudinal() string {
	return map[Dates]string{Modified: "MODIFIED", Full: "UNMODIFIED", Removed: "REMOVED"}[d]
}

// Methods are the codes of DCM, with their meanings, of what is done to a file.
func Methods(d Dates, bare bool) [][2]string {
	out := [][2]string{
		{"113100", "Basic Application Confidentiality Profile"},
		{"113101", "Clean Pixel Data Option"},
	}
	if !bare {
		out = append(out, [2]string{"113105", "Clean Descriptors Option"})
	}
	switch d {
	case Modified:
		out = append(out, [2]string{"113107", "Retain Longitudinal Temporal Information Modified Dates Option"})
	case Full:
		out = append(out, [2]string{"113106", "Retain Longitudinal Temporal Information Full Dates Option"})
	}
	return out
}

// completeSeg gives values to what a segmentation must have, where cleaning left none.
func (c *cleaner) completeSeg(out byTag) {
	for t, v := range map[part10.Tag][2]string{
		0x00080070: {"LO", "Unknown"}, 0x00081090: {"LO", "Unknown"}, 0x00181020: {"LO", "0"}, 0x00181000: {"LO", "0"},
		0x00080023: {"DA", "19000101"}, 0x00080033: {"TM", "000000"},
	} {
		if e := out[t]; e == nil || len(e.Data) == 0 {
			out.put(t, v[0], v[1])
		}
	}
	for t, vr := range map[part10.Tag]string{0x00700081: "LO", 0x00700084: "PN", 0x00200020: "CS"} {
		if out[t] == nil {
			out.put(t, vr, "")
		}
	}
	if segments := out[0x00620002]; segments != nil {
		for i, s := range segments.Items {
			segments.Items[i] = completeSegment(s, i+1)
		}
	}
}

// completeSegment does so for segment n.
func completeSegment(s part10.Set, n int) part10.Set {
	out := byTag{}
	for _, e := range s {
		out[e.Tag] = e
	}
	if out[0x00620005] == nil {
		out.put(0x00620005, "LO", "Segment "+strconv.Itoa(n))
	}
	if a := out[0x00620008]; a != nil && string(a.Data) != "MANUAL" && out[0x00620009] == nil {
		out.put(0x00620009, "LO", "model")
	}
	for _, t := range []part10.Tag{0x00620003, 0x0062000f} {
		if out[t] == nil {
			out[t] = generic(t)
		}
	}
	if (out[0x00620020] == nil) != (out[0x00620021] == nil) { // both or none
		delete(out, 0x00620020)
		delete(out, 0x00620021)
	}
	if q := out[0x00620007]; q != nil && !wholeAlgorithm(q) {
		delete(out, 0x00620007)
	}
	return out.set()
}

// wholeAlgorithm tells whether what identifies an algorithm still has all that it must have.
func wholeAlgorithm(q *part10.Element) bool {
	for _, it := range q.Items {
		for _, must := range []part10.Tag{0x0066002f, 0x00660031, 0x00660036} {
			if it.Find(must) == nil {
				return false
			}
		}
	}
	return len(q.Items) > 0
}
