package study

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/encoding/korean"
	"pgregory.net/rapid"
)

func TestCharacterSets(t *testing.T) {
	euc := func(s string) string {
		b, err := korean.EUCKR.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, c := range map[string]struct {
		sets, in, want string
	}{
		"plain":                          {"", "Hong^Gildong", "Hong^Gildong"},
		"the standard's Korean example":  {`\ISO 2022 IR 149`, "Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf", "Hong^Gildong=洪^吉洞=홍^길동"},
		"escape once only":               {`\ISO 2022 IR 149`, "\x1b$)C\xc8\xab^\xb1\xe6\xb5\xbf", "홍^길동"},
		"declared, never escaped":        {`\ISO 2022 IR 149`, euc("홍^길동"), "홍^길동"},
		"declared first, never escaped":  {`ISO 2022 IR 149`, euc("홍길동"), "홍길동"},
		"ISO_IR 149, not in the norm":    {"ISO_IR 149", euc("김^철수"), "김^철수"},
		"Korean without any declaration": {"", euc("김^철수"), "김^철수"},
		"UTF-8":                          {"ISO_IR 192", "김^철수", "김^철수"},
		"UTF-8 without any declaration":  {"", "김^철수", "김^철수"},
		"UTF-8, broken":                  {"ISO_IR 192", "a\xffb", "a\ufffdb"},
		"Latin 1":                        {"ISO_IR 100", "Buc^J\xe9r\xf4me", "Buc^Jérôme"},
		"Latin 1 by code extension":      {`ISO 2022 IR 100`, "Buc^J\xe9r\xf4me", "Buc^Jérôme"},
		"Cyrillic":                       {"ISO_IR 144", "\xbb\xee\xda\x63\x65\xdc\xd1\x79\x70\xd3", "Люкceмбypг"},
		"Japanese example": {
			`\ISO 2022 IR 87`, "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
			"Yamada^Tarou=山田^太郎=やまだ^たろう",
		},
		"Chinese":     {"GB18030", "Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab", "Wang^XiaoDong=王^小东"},
		"Thai":        {"ISO_IR 166", "\xb9\xd2", "นา"},
		"unknown set": {"ISO_IR 999", euc("김"), "김"},
	} {
		if got := decodeText([]byte(c.in), strings.Split(c.sets, `\`)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestKoreanNamesSurvive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		syllable := rapid.RuneFrom(nil, hangul)
		name := rapid.StringOfN(syllable, 1, 8, -1).Draw(t, "name")
		raw, err := korean.EUCKR.NewEncoder().String(name)
		if err != nil {
			t.Skip("not in the set")
		}
		for _, in := range []string{raw, "\x1b$)C" + raw} {
			if got := decodeText([]byte(in), []string{"", "ISO 2022 IR 149"}); got != name {
				t.Fatalf("%q, want %q", got, name)
			}
		}
	})
}

func TestHeaderIsUTF8(t *testing.T) {
	s := still(4, 3).with(el{"SpecificCharacterSet", `\ISO 2022 IR 149`}, el{"PatientName", "Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7"},
		el{"PatientID", " 42 "}, el{"StudyInstanceUID", "1.2.3"}, el{"ImageType", `ORIGINAL\PRIMARY`}, el{"AccessionNumber", ""})
	h := mustOpen(t, part10File(explicitLittle, s)).Header.Attr
	for k, want := range map[string]string{
		"PatientName": "Hong^Gildong=洪^吉洞", "PatientID": "42", "StudyInstanceUID": "1.2.3", "ImageType": `ORIGINAL\PRIMARY`,
		"SOPInstanceUID": "1.2.3.4",
	} {
		if h[k] != want {
			t.Errorf("%s is %q, want %q", k, h[k], want)
		}
	}
	if _, ok := h["AccessionNumber"]; ok {
		t.Error("an empty attribute is there")
	}
}

// hangul are the precomposed syllables.
var hangul = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0xac00, Hi: 0xd7a3, Stride: 1}}}
