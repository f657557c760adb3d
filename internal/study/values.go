package study

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// binaryVR are the representations of which a value is not text.
var binaryVR = map[string]bool{
	"AT": true, "FD": true, "FL": true, "OB": true, "OD": true, "OF": true, "OL": true, "OV": true, "OW": true, "SL": true,
	"SQ": true, "SS": true, "SV": true, "UL": true, "US": true, "UV": true,
}

// raw is the value of an attribute.
func (d *dataSet) raw(keyword string) (value, bool) {
	v, ok := d.values[tags[keyword]]
	return v, ok
}

// text is an attribute of plain characters without its padding; "" where it is missing.
func (d *dataSet) text(keyword string) string {
	v, ok := d.raw(keyword)
	if !ok || binaryVR[v.vr] {
		return ""
	}
	return printable(trimPadding(string(v.data)))
}

// decoded is an attribute of any characters as UTF-8, without its padding; "" where it is missing.
func (d *dataSet) decoded(keyword string) string {
	v, ok := d.raw(keyword)
	if !ok || binaryVR[v.vr] {
		return ""
	}
	switch dictionary[tags[keyword]].vr {
	case "PN", "LO", "SH":
		return trimPadding(decodeText(v.data, d.charsets()))
	}
	return trimPadding(decodeText(v.data, nil))
}

// charsets are the values of Specific Character Set that hold here: an item without them has those of what it is in.
func (d *dataSet) charsets() []string {
	for ; d != nil; d = d.parent {
		if sets := d.texts("SpecificCharacterSet"); sets != nil {
			return sets
		}
	}
	return nil
}

// printable takes out what could steer a terminal: such texts get into messages.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

func trimPadding(s string) string { return strings.Trim(s, " \x00\r\n\t") }

// texts are the values of an attribute of plain characters.
func (d *dataSet) texts(keyword string) []string {
	s := d.text(keyword)
	if s == "" {
		return nil
	}
	out := strings.Split(s, "\\")
	for i := range out {
		out[i] = trimPadding(out[i])
	}
	return out
}

// numbers are the values of a numeric attribute, binary or written in characters. ok is false where the attribute is
// there but holds no numbers.
func (d *dataSet) numbers(keyword string) (out []float64, ok bool) {
	v, there := d.raw(keyword)
	if !there {
		return nil, true
	}
	if binaryVR[v.vr] {
		return d.binaryNumbers(v)
	}
	for _, s := range d.texts(keyword) {
		n, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(n) || math.IsInf(n, 0) {
			return nil, false
		}
		out = append(out, n)
	}
	return out, true
}

func (d *dataSet) binaryNumbers(v value) (out []float64, ok bool) {
	wide := map[string]int{"US": 2, "SS": 2, "OW": 2, "UL": 4, "SL": 4, "FL": 4, "FD": 8, "OB": 1}[v.vr]
	if wide == 0 || len(v.data)%wide != 0 {
		return nil, false
	}
	for b := v.data; len(b) > 0; b = b[wide:] {
		out = append(out, number(d.order, v.vr, b))
	}
	return out, true
}

func number(order binary.ByteOrder, vr string, b []byte) float64 {
	switch vr {
	case "US", "OW":
		return float64(order.Uint16(b))
	case "SS":
		return float64(int16(order.Uint16(b)))
	case "UL":
		return float64(order.Uint32(b))
	case "SL":
		return float64(int32(order.Uint32(b)))
	case "FL":
		return float64(math.Float32frombits(order.Uint32(b)))
	case "FD":
		return math.Float64frombits(order.Uint64(b))
	}
	return float64(b[0])
}

// whole is a single whole number. missing is given where the attribute is not there or empty. Anything else is at fault.
func (d *dataSet) whole(keyword string, missing int) (int, error) {
	ns, ok := d.numbers(keyword)
	switch {
	case !ok:
		return 0, damaged("%s is no number", keyword)
	case len(ns) == 0:
		return missing, nil
	case ns[0] != math.Trunc(ns[0]) || math.Abs(ns[0]) > math.MaxInt32:
		return 0, damaged("%s is out of range", keyword)
	}
	return int(ns[0]), nil
}

// real is the first number of an attribute, or missing.
func (d *dataSet) real(keyword string, missing float64) float64 {
	ns, ok := d.numbers(keyword)
	if !ok || len(ns) == 0 {
		return missing
	}
	return ns[0]
}
