package deid

import (
	_ "embed" // the tables
	"encoding/binary"
	"regexp"
	"strconv"
	"strings"

	"echoline/internal/fault"
	"echoline/internal/part10"
)

//go:embed kept.csv
var keptTable string

// rule says how the value of an attribute is made. Attributes without one are removed.
type rule struct {
	vr, keyword, kind string
}

// kept are the rules by tag.
var kept = func() map[part10.Tag]rule {
	m := map[part10.Tag]rule{}
	for row := range rows(keptTable) {
		m[row.tag] = rule{row.cells[0], row.cells[1], row.cells[2]}
	}
	return m
}()

// row is a line of a table.
type row struct {
	tag   part10.Tag
	cells []string
}

// rows reads a table of ours. It is part of the program: a fault in it stops it at once.
func rows(table string) func(yield func(row) bool) {
	return func(yield func(row) bool) {
		for line := range strings.Lines(table) {
			if strings.HasPrefix(line, "#") {
				continue
			}
			cells := strings.Split(strings.TrimSpace(line), ",")
			n, err := strconv.ParseUint(cells[0], 16, 32)
			if err != nil {
				panic(line)
			}
			if !yield(row{part10.Tag(n), cells[1:]}) {
				return
			}
		}
	}
}

// dictionaryVR tells the VR of what is kept in files that do not tell it themselves.
func dictionaryVR(t part10.Tag) string { return kept[t].vr }

// cleaner makes the data set of one file.
type cleaner struct {
	key     *Key
	dates   Dates
	bare    bool
	file    *part10.File
	px      *pixels
	patient string     // pseudonym
	shift   durationOf // of dates
	seg     bool       // a segmentation, of which more attributes must have values
}

// clean makes the whole data set but for the pixel data.
func (c *cleaner) clean(name string) (part10.Set, error) {
	s := c.file.Set
	id := patientOf(s)
	c.patient, c.shift = c.key.Patient(id), c.key.shift(id)
	c.seg = segmentation(s.Text(part10.SOPClass))
	for _, must := range []part10.Tag{part10.SOPClass, part10.SOPInstance, part10.Study, part10.Series} {
		if !isUID(s.Text(must)) {
			return nil, fault.New(CodeIdentity, name, nil, fault.Args{"Attribute": kept[must].keyword})
		}
	}
	out := byTag{}
	for _, e := range c.set(s) {
		out[e.Tag] = e
	}
	for _, e := range c.px.attributes() {
		out[e.Tag] = e
	}
	for _, t := range c.px.drop {
		delete(out, t)
	}
	c.statement(out)
	if c.seg {
		c.completeSeg(out)
	}
	return out.set(), nil
}

// patientOf is what tells a patient from others: the ID with its issuer, or where there is none the study.
func patientOf(s part10.Set) string {
	id := s.Text(0x00100020) + "\x00" + s.Text(0x00100021)
	if strings.Trim(id, "\x00") == "" {
		id = "study\x00" + s.Text(part10.Study)
	}
	return id
}

// set cleans a data set or an item.
func (c *cleaner) set(in part10.Set) part10.Set {
	var out part10.Set
	for _, e := range in {
		r, ok := kept[e.Tag]
		if !ok || e.Tag == part10.PixelData {
			continue
		}
		if n := c.element(e, r, in); n != nil {
			out = append(out, n)
		}
	}
	return out
}

// element makes what an element becomes; nil where it is removed.
func (c *cleaner) element(e *part10.Element, r rule, in part10.Set) *part10.Element {
	if (r.vr == "SQ") != (e.VR == "SQ") {
		return nil
	}
	switch r.kind {
	case "items":
		return c.items(e)
	case "codes":
		return c.codes(e)
	case "bytes":
		return &part10.Element{Tag: e.Tag, VR: r.vr, Data: e.Data}
	case "number":
		return number(e, r.vr)
	case "pointer":
		return pointer(e)
	}
	value, keep := c.text(e, r, in)
	if !keep {
		return nil
	}
	return &part10.Element{Tag: e.Tag, VR: r.vr, Data: []byte(value)}
}

// text makes the value of a text. Codes are none: outside the sequences that codes looks at, they could be anything.
func (c *cleaner) text(e *part10.Element, r rule, in part10.Set) (value string, keep bool) {
	own := strings.Trim(string(e.Data), " \x00")
	switch r.kind {
	case "empty":
		return "", true
	case "name":
		return c.patient, true
	case "uid":
		return c.uids(own)
	case "class":
		return own, knownClass(own)
	case "date":
		v := c.date(e, in)
		return v, v != "" || e.Tag == 0x00080020 || e.Tag == 0x00080030 // both of type 2
	case "terms":
		return terms(r.keyword, own)
	case "words", "model":
		v := ""
		if !c.bare {
			v = knownWords(own, r.kind == "model")
		}
		return fit(v, r.vr), v != "" || r.keyword == "Manufacturer"
	case "version":
		return own, version.MatchString(own)
	case "digits":
		return own, digits.MatchString(own)
	case "dummy":
		return map[string]string{"DeviceSerialNumber": "0", "ContentLabel": "SEGMENTATION"}[r.keyword], c.seg
	}
	return "", false
}

// Forms of values.
var (
	version  = regexp.MustCompile(`^[0-9][0-9.]{0,11}$`)
	digits   = regexp.MustCompile(`^[0-9]{1,4}$`)
	decimal  = regexp.MustCompile(`^ *[+-]?[0-9]*\.?[0-9]*([eE][+-]?[0-9]{1,3})? *$`)
	uidForm  = regexp.MustCompile(`^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))+$`)
	storage  = regexp.MustCompile(`^1\.2\.840\.10008\.5\.1\.4\.1\.1\.[0-9]{1,3}(\.[0-9]{1,3}){0,2}$`)
	sctForm  = regexp.MustCompile(`^[1-9][0-9]{5,17}$`)
	dcmForm  = regexp.MustCompile(`^1[12][0-9]{4}$`)
	srtForm  = regexp.MustCompile(`^[A-Z]-[0-9A-F]{4,5}$`)
	bodySide = regexp.MustCompile(`^[APRLFH]{1,3}$`)
	frameTag = regexp.MustCompile(`^[0-9]{4}$`)
)

func isUID(s string) bool { return len(s) <= 64 && uidForm.MatchString(s) }

// knownClass tells a storage class of the standard.
func knownClass(s string) bool { return storage.MatchString(s) }

// uids are the pseudonyms of UIDs. UIDs of the standard itself stay.
func (c *cleaner) uids(own string) (string, bool) {
	var out []string
	for u := range strings.SplitSeq(own, "\\") {
		if u = strings.Trim(u, " \x00"); u != "" {
			out = append(out, c.key.UID(u))
		}
	}
	return strings.Join(out, "\\"), len(out) > 0
}

// number keeps numbers, binary or in characters, and nothing that is none.
func number(e *part10.Element, vr string) *part10.Element {
	if vr != "DS" && vr != "IS" {
		wide := map[string]int{"US": 2, "SS": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "UV": 8, "SV": 8}[vr]
		if e.VR != vr && !(vr == "US" && e.VR == "SS") || len(e.Data)%wide != 0 {
			return nil
		}
		return &part10.Element{Tag: e.Tag, VR: e.VR, Data: e.Data}
	}
	own := strings.Trim(string(e.Data), " \x00")
	for v := range strings.SplitSeq(own, "\\") {
		if len(v) > 16 || v != "" && (!decimal.MatchString(v) || strings.Trim(v, "+-. eE") == "") {
			return nil
		}
	}
	return &part10.Element{Tag: e.Tag, VR: vr, Data: []byte(own)}
}

// pointer keeps pointers at attributes that are kept.
func pointer(e *part10.Element) *part10.Element {
	if len(e.Data)%4 != 0 || len(e.Data) == 0 {
		return nil
	}
	for b := e.Data; len(b) > 0; b = b[4:] {
		t := part10.Tag(binary.LittleEndian.Uint16(b))<<16 | part10.Tag(binary.LittleEndian.Uint16(b[2:]))
		if _, ok := kept[t]; !ok {
			return nil
		}
	}
	return &part10.Element{Tag: e.Tag, VR: "AT", Data: e.Data}
}

// items cleans the items of a sequence.
func (c *cleaner) items(e *part10.Element) *part10.Element {
	out := &part10.Element{Tag: e.Tag, VR: "SQ"}
	for _, it := range e.Items {
		out.Items = append(out.Items, c.set(it))
	}
	return out
}

// codes keeps items with codes of schemes whose codes can be nothing else; their meaning keeps its known words.
func (c *cleaner) codes(e *part10.Element) *part10.Element {
	out := &part10.Element{Tag: e.Tag, VR: "SQ"}
	for _, it := range e.Items {
		value, scheme := it.Text(0x00080100), it.Text(0x00080102)
		if !knownCode(scheme, value) {
			continue
		}
		meaning := knownWords(it.Text(0x00080104), false)
		if meaning == "" {
			meaning = scheme + " " + value
		}
		clean := part10.Set{
			{Tag: 0x00080100, VR: "SH", Data: []byte(value)},
			{Tag: 0x00080102, VR: "SH", Data: []byte(scheme)},
			{Tag: 0x00080104, VR: "LO", Data: []byte(fit(meaning, "LO"))},
		}
		for _, inner := range it { // modifiers
			if r := kept[inner.Tag]; r.kind == "codes" {
				if n := c.codes(inner); n != nil {
					clean = append(clean, n)
				}
			}
		}
		out.Items = append(out.Items, ordered(clean))
	}
	if len(out.Items) == 0 {
		return generic(e.Tag)
	}
	return out
}

// generic is what stands where a segmentation must have a code and has none that can be kept: a lesion.
func generic(t part10.Tag) *part10.Element {
	code := map[part10.Tag][2]string{
		0x00620003: {"49755003", "Morphologically Altered Structure"}, 0x0062000f: {"52988006", "Lesion"},
	}[t]
	if code[0] == "" {
		return nil
	}
	return sequence(t, part10.Set{
		{Tag: 0x00080100, VR: "SH", Data: []byte(code[0])},
		{Tag: 0x00080102, VR: "SH", Data: []byte("SCT")},
		{Tag: 0x00080104, VR: "LO", Data: []byte(code[1])},
	})
}

// knownCode tells codes that cannot be anything else by their form.
func knownCode(scheme, value string) bool {
	switch scheme {
	case "SCT":
		return sctForm.MatchString(value) && verhoeff(value)
	case "DCM":
		return dcmForm.MatchString(value)
	case "SRT":
		return srtForm.MatchString(value)
	}
	return false
}
