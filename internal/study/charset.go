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

const escByte = 0x1b

// codeSet is a coded character set that a code extension puts in force (PS3.3 C.12.1.1.2).
type codeSet struct {
	enc encoding.Encoding // of bytes above 127
	// low is set for sets of two bytes below 128 each, which stand in the place of ASCII: enc has the same pairs above
	// 127, and wants before in front of each.
	low    bool
	before string
}

// The sets of two bytes that stand in the place of ASCII.
var (
	kanji         = &codeSet{enc: japanese.EUCJP, low: true}
	supplementary = &codeSet{enc: japanese.EUCJP, low: true, before: "\x8f"}
)

// codeSets are the character sets by their registration number. Those of two bytes are decoded by supersets that writers
// use under their names.
var codeSets = map[string]*codeSet{
	"100": {enc: charmap.ISO8859_1}, "101": {enc: charmap.ISO8859_2}, "109": {enc: charmap.ISO8859_3},
	"110": {enc: charmap.ISO8859_4}, "144": {enc: charmap.ISO8859_5}, "127": {enc: charmap.ISO8859_6},
	"126": {enc: charmap.ISO8859_7}, "138": {enc: charmap.ISO8859_8}, "148": {enc: charmap.ISO8859_9},
	"203": {enc: charmap.ISO8859_15}, "166": {enc: charmap.Windows874}, "13": {enc: japanese.ShiftJIS},
	"149": {enc: korean.EUCKR}, "58": {enc: simplifiedchinese.GBK},
	// Declared first, or met without an escape sequence, these can only be the same pairs above 127.
	"87": {enc: japanese.EUCJP}, "159": {enc: japanese.EUCJP},
}

// standAlone are the character sets without code extensions: the standard's, and names that are met in the wild. Their
// names are written without separators.
var standAlone = map[string]encoding.Encoding{
	"ISOIR192": encoding.Nop, "UTF8": encoding.Nop, "GB18030": simplifiedchinese.GB18030, "GBK": simplifiedchinese.GBK,
	"ISO2022GBK": simplifiedchinese.GBK, "GB2312": simplifiedchinese.GBK, "ISO202258": simplifiedchinese.GBK,
	"EUCKR": korean.EUCKR, "KSC5601": korean.EUCKR, "KSX1001": korean.EUCKR, "CP949": korean.EUCKR,
	"SHIFTJIS": japanese.ShiftJIS,
}

// escapes are the escape sequences, without the leading ESC. g1 tells those that say what bytes above 127 mean from those
// that say what bytes below do; a set of nil is ASCII, or the Roman set of JIS X 0201, which differs in a sign for money.
var escapes = []struct {
	seq string
	g1  bool
	set *codeSet
}{
	{"(B", false, nil},
	{"(J", false, nil},
	{"$B", false, kanji},
	{"$@", false, kanji},
	{"$(B", false, kanji},
	{"$(D", false, supplementary},
	{")I", true, codeSets["13"]},
	{"$)C", true, codeSets["149"]},
	{"$)A", true, codeSets["58"]},
	{"-A", true, codeSets["100"]},
	{"-B", true, codeSets["101"]},
	{"-C", true, codeSets["109"]},
	{"-D", true, codeSets["110"]},
	{"-L", true, codeSets["144"]},
	{"-G", true, codeSets["127"]},
	{"-F", true, codeSets["126"]},
	{"-H", true, codeSets["138"]},
	{"-M", true, codeSets["148"]},
	{"-T", true, codeSets["166"]},
	{"-b", true, codeSets["203"]},
}

// decodeText makes UTF-8 of a text under the values of Specific Character Set. It never fails: what has no meaning
// becomes U+FFFD.
func decodeText(b []byte, sets []string) string {
	if bytes.IndexFunc(b, func(r rune) bool { return r >= utf8.RuneSelf || r == escByte }) < 0 {
		return string(b)
	}
	set, alone := initialSet(sets)
	if bytes.IndexByte(b, escByte) < 0 {
		return decodeRun(b, set)
	}
	if alone { // its bytes come first, and escape sequences in it mean nothing
		if s := decodeRun(withoutEscapes(b), set); !strings.ContainsRune(s, utf8.RuneError) {
			return s
		}
	}
	d := textDecoder{initial: set, g1: set}
	return d.decode(b)
}

// initialSet is what bytes above 127 mean without an escape sequence; nil where the file does not say. The first value
// that names a set decides: writers leave out escape sequences for the only one that they name. alone tells a set that
// has no code extensions.
func initialSet(sets []string) (set encoding.Encoding, alone bool) {
	for _, s := range sets {
		name := strings.NewReplacer(" ", "", "_", "", "-", "").Replace(strings.ToUpper(s))
		if e, ok := standAlone[name]; ok {
			return e, true
		}
		number, ok := strings.CutPrefix(name, "ISO2022IR")
		if !ok {
			if number, ok = strings.CutPrefix(name, "ISOIR"); !ok {
				continue
			}
		}
		if c, ok := codeSets[number]; ok {
			return c.enc, false
		}
	}
	return nil, false
}

// decodeRun decodes bytes that are in one set. Where none is declared, or the text is not in what is declared as UTF-8,
// UTF-8 and then Korean are tried: files without the declaration come from Korean scanners more than from others here.
func decodeRun(b []byte, set encoding.Encoding) string {
	switch {
	case set != nil && set != encoding.Nop:
		return convert(b, set)
	case utf8.Valid(b):
		return string(b)
	case isKorean(b):
		return convert(b, korean.EUCKR)
	case set == encoding.Nop:
		return strings.ToValidUTF8(string(b), string(utf8.RuneError))
	}
	return convert(b, charmap.ISO8859_1)
}

// isKorean tells whether all bytes above 127 are pairs of KS X 1001: signs, Hangul, Hanja. The wider set that Windows has
// is not believed without a declaration: half of its pairs are a western letter with an accent and one without.
func isKorean(b []byte) bool {
	for i := 0; i < len(b); i++ {
		if b[i] < utf8.RuneSelf {
			continue
		}
		lead := b[i]
		if i++; i == len(b) || b[i] < 0xa1 || b[i] == 0xff {
			return false
		}
		if (lead < 0xa1 || lead > 0xac) && (lead < 0xb0 || lead > 0xc8) && (lead < 0xca || lead > 0xfd) {
			return false
		}
	}
	return !strings.ContainsRune(convert(b, korean.EUCKR), utf8.RuneError)
}

func convert(b []byte, set encoding.Encoding) string {
	out, err := set.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), string(utf8.RuneError))
	}
	return string(out)
}

// textDecoder decodes a text with code extensions. They hold up to the next delimiter of values, name parts or lines,
// where what is in force at the beginning comes back (PS3.5 6.1.2.5.3).
type textDecoder struct {
	initial encoding.Encoding
	g0      *codeSet // below 128; nil: ASCII
	g1      encoding.Encoding
	out     strings.Builder
}

func (d *textDecoder) decode(b []byte) string {
	for len(b) > 0 {
		if n := d.escape(b); n > 0 {
			b = b[n:]
			continue
		}
		n := 1
		switch {
		case b[0] >= utf8.RuneSelf:
			n = d.high(b)
			d.out.WriteString(decodeRun(b[:n], d.g1))
		case d.g0 != nil && isGraphic(b[0]):
			n = runOf(b, isGraphic)
			d.pairs(b[:n])
		default:
			d.single(b[0])
		}
		b = b[n:]
	}
	return d.out.String()
}

// high is how many bytes from the first on belong to characters above 127. In the Korean and Chinese sets that Windows has,
// the second byte of a pair may be a letter.
func (d *textDecoder) high(b []byte) int {
	lettered := d.g1 == korean.EUCKR || d.g1 == simplifiedchinese.GBK
	n := 0
	for n < len(b) && b[n] >= utf8.RuneSelf {
		if n++; lettered && n < len(b) && (b[n] >= utf8.RuneSelf || isLetter(b[n])) {
			n++
		}
	}
	return n
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// runOf is how many bytes from the first on are of a kind.
func runOf(b []byte, kind func(byte) bool) int {
	for i, c := range b {
		if !kind(c) {
			return i
		}
	}
	return len(b)
}

func isGraphic(c byte) bool { return c > ' ' && c < 0x7f }

// single takes one byte of ASCII.
func (d *textDecoder) single(c byte) {
	if c != escByte { // an unknown escape sequence; its letters say that something is amiss
		d.out.WriteByte(c)
	}
	if strings.IndexByte("^=\\\r\n\f\t", c) >= 0 {
		d.g0, d.g1 = nil, d.initial
	}
}

// pairs decodes pairs of bytes below 128. One that is left over is a delimiter before which a writer forgot to go back
// to ASCII.
func (d *textDecoder) pairs(b []byte) {
	high := make([]byte, 0, 3*len(b)/2)
	for ; len(b) > 1; b = b[2:] {
		high = append(high, d.g0.before...)
		high = append(high, b[0]|0x80, b[1]|0x80)
	}
	d.out.WriteString(convert(high, d.g0.enc))
	if len(b) > 0 {
		d.single(b[0])
	}
}

// escape takes an escape sequence at the beginning of b and returns its length; 0 where there is none that is known.
func (d *textDecoder) escape(b []byte) int {
	if b[0] != escByte {
		return 0
	}
	for _, e := range escapes {
		switch {
		case !bytes.HasPrefix(b[1:], []byte(e.seq)):
			continue
		case e.g1:
			d.g1 = e.set.enc
		default:
			d.g0 = e.set
		}
		return 1 + len(e.seq)
	}
	return 0
}

// withoutEscapes is b without its escape sequences.
func withoutEscapes(b []byte) []byte {
	var d textDecoder
	out := make([]byte, 0, len(b))
	for len(b) > 0 {
		n := d.escape(b)
		if n == 0 {
			n = 1
			out = append(out, b[0])
		}
		b = b[n:]
	}
	return out
}
