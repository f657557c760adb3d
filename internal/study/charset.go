package study

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// wholeSets are character sets that a text is in from end to end, by Specific Character Set. The last four are not in the
// standard but met in the wild.
var wholeSets = map[string]encoding.Encoding{
	"ISO_IR 100": charmap.ISO8859_1, "ISO_IR 101": charmap.ISO8859_2, "ISO_IR 109": charmap.ISO8859_3,
	"ISO_IR 110": charmap.ISO8859_4, "ISO_IR 144": charmap.ISO8859_5, "ISO_IR 127": charmap.ISO8859_6,
	"ISO_IR 126": charmap.ISO8859_7, "ISO_IR 138": charmap.ISO8859_8, "ISO_IR 148": charmap.ISO8859_9,
	"ISO_IR 203": charmap.ISO8859_15, "ISO_IR 166": charmap.Windows874, "ISO_IR 13": japanese.ShiftJIS,
	"ISO_IR 192": encoding.Nop, "GB18030": simplifiedchinese.GB18030, "GBK": simplifiedchinese.GBK,
	"ISO_IR 149": korean.EUCKR, "EUC-KR": korean.EUCKR, "KS_C_5601": korean.EUCKR, "ISO_IR 58": simplifiedchinese.GBK,
}

// extensions are the character sets of code extensions: what bytes above 127 mean (G1) while one of them is in force.
var extensions = map[string]encoding.Encoding{
	"ISO 2022 IR 149": korean.EUCKR, "ISO 2022 IR 58": simplifiedchinese.GBK, "ISO 2022 IR 87": japanese.EUCJP,
	"ISO 2022 IR 159": japanese.EUCJP, "ISO 2022 IR 13": japanese.ShiftJIS,
}

// escapes are the code extension sequences (PS3.3 C.12.1.1.2, without the leading ESC) and what they put in force. double
// marks sets whose two bytes are below 128.
var escapes = []struct {
	seq    string
	set    encoding.Encoding // nil: back to ASCII
	double string            // what stands before a pair of bytes when it is raised above 127; "-" for none
}{
	{"$)C", korean.EUCKR, ""},
	{"$)A", simplifiedchinese.GBK, ""},
	{"$B", japanese.EUCJP, "-"},
	{"$@", japanese.EUCJP, "-"},
	{"$(D", japanese.EUCJP, "\x8f"},
	{"(B", nil, ""},
	{"(J", nil, ""},
	{")I", japanese.ShiftJIS, ""},
	{"-A", charmap.ISO8859_1, ""},
	{"-B", charmap.ISO8859_2, ""},
	{"-C", charmap.ISO8859_3, ""},
	{"-D", charmap.ISO8859_4, ""},
	{"-L", charmap.ISO8859_5, ""},
	{"-G", charmap.ISO8859_6, ""},
	{"-F", charmap.ISO8859_7, ""},
	{"-H", charmap.ISO8859_8, ""},
	{"-M", charmap.ISO8859_9, ""},
	{"-T", charmap.Windows874, ""},
	{"-b", charmap.ISO8859_15, ""},
}

// decodeText makes UTF-8 of a text under the values of Specific Character Set. It never fails: what has no meaning
// becomes U+FFFD.
func decodeText(b []byte, sets []string) string {
	high, escaped := false, false
	for _, c := range b {
		high, escaped = high || c >= 0x80, escaped || c == 0x1b
	}
	if !high && !escaped {
		return string(b)
	}
	if escaped {
		return decodeEscaped(b, initialSet(sets))
	}
	return decodeRun(b, initialSet(sets))
}

// initialSet is what bytes above 127 mean without an escape sequence. nil where the file does not say.
func initialSet(sets []string) encoding.Encoding {
	for _, s := range sets {
		s = strings.ToUpper(strings.TrimSpace(s))
		if e, ok := wholeSets[s]; ok {
			return e
		}
		if e, ok := extensions[s]; ok {
			return e
		}
		if e, ok := wholeSets[strings.Replace(s, "ISO 2022 IR", "ISO_IR", 1)]; ok {
			return e
		}
	}
	return nil
}

// decodeRun decodes bytes that are in one set. Where none is declared, UTF-8 and then Korean are tried: files without the
// declaration come from Korean scanners more than from others here.
func decodeRun(b []byte, set encoding.Encoding) string {
	switch {
	case set == encoding.Nop:
		return strings.ToValidUTF8(string(b), string(utf8.RuneError))
	case set != nil:
		return convert(b, set)
	case utf8.Valid(b):
		return string(b)
	}
	if s := convert(b, korean.EUCKR); !strings.ContainsRune(s, utf8.RuneError) {
		return s
	}
	return convert(b, charmap.ISO8859_1)
}

func convert(b []byte, set encoding.Encoding) string {
	out, err := set.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), string(utf8.RuneError))
	}
	return string(out)
}

// decodeEscaped decodes a text with code extensions. They hold up to the next delimiter of values, name parts or lines,
// where what is in force at the beginning comes back.
func decodeEscaped(b []byte, first encoding.Encoding) string {
	var out strings.Builder
	set, double := first, ""
	for len(b) > 0 {
		if b[0] == 0x1b {
			var n int
			if n, set, double = escape(b, first); n > 0 {
				b = b[n:]
				continue
			}
		}
		n := 1 + runLength(b[1:], double != "")
		run := b[:n]
		b = b[n:]
		if double != "" {
			out.WriteString(convertDouble(run, double))
		} else {
			out.WriteString(decodeRun(run, set))
		}
		if strings.IndexByte("^=\\\r\n\f", run[n-1]) >= 0 && double == "" {
			set = first
		}
	}
	return out.String()
}

// escape reads the escape sequence at the beginning of b: its length, or 0 for an unknown one.
func escape(b []byte, first encoding.Encoding) (n int, set encoding.Encoding, double string) {
	for _, e := range escapes {
		if bytes.HasPrefix(b[1:], []byte(e.seq)) {
			return 1 + len(e.seq), e.set, e.double
		}
	}
	return 0, first, ""
}

// runLength is how many bytes follow up to the next escape, or up to and with the next delimiter.
func runLength(b []byte, double bool) int {
	for i, c := range b {
		if c == 0x1b {
			return i
		}
		if !double && strings.IndexByte("^=\\\r\n\f", c) >= 0 {
			return i + 1
		}
	}
	return len(b)
}

// convertDouble decodes pairs of bytes below 128 through EUC-JP, which has the same pairs above it.
func convertDouble(b []byte, before string) string {
	var euc []byte
	for i := 0; i < len(b); i++ {
		if b[i] <= ' ' || b[i] >= 0x7f || i+1 == len(b) {
			euc = append(euc, b[i])
			continue
		}
		if before != "-" {
			euc = append(euc, before...)
		}
		euc = append(euc, b[i]|0x80, b[i+1]|0x80)
		i++
	}
	return convert(euc, japanese.EUCJP)
}
