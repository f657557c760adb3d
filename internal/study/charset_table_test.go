package study

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// encoded is one row of testdata/charsets.json: a name as bytes under a Specific Character Set, and what it says.
type encoded struct {
	Sets, Hex, Text string
	Pydicom         bool // that pydicom reads it so, and not only that it was encoded from the text
}

func encodedNames(tb testing.TB) []encoded {
	tb.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "charsets.json"))
	if err != nil {
		tb.Fatal(err)
	}
	var rows []encoded
	if err := json.Unmarshal(data, &rows); err != nil {
		tb.Fatal(err)
	}
	return rows
}

func (e encoded) bytes(tb testing.TB) []byte {
	tb.Helper()
	b, err := hex.DecodeString(e.Hex)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// Names in every character set say what pydicom reads in them, through the header of a whole file.
func TestNamesAsPydicomReadsThem(t *testing.T) {
	rows := encodedNames(t)
	if len(rows) < 120 {
		t.Fatalf("only %d names", len(rows))
	}
	seen := map[string]bool{}
	for _, e := range rows {
		s := still(4, 3).with(el{"PatientName", e.bytes(t)})
		if e.Sets != "" {
			s = s.with(el{"SpecificCharacterSet", e.Sets})
		}
		data := part10File(explicitLittle, s)
		df, err := openDICOM(bytes.NewReader(data), original{size: int64(len(data))})
		if err != nil {
			t.Fatal(err)
		}
		if got := df.item.Header.Attr["PatientName"]; got != e.Text {
			t.Errorf("%q in %q: %q, want %q", e.Hex, e.Sets, got, e.Text)
		}
		for name := range strings.SplitSeq(e.Sets, `\`) {
			seen[name] = true
		}
	}
	for _, n := range []string{"100", "101", "109", "110", "144", "127", "126", "138", "148", "166", "149", "13"} {
		if !seen["ISO_IR "+n] || !seen["ISO 2022 IR "+n] {
			t.Errorf("no name in set %s", n)
		}
	}
}

// The table is what the script writes with the pydicom of this machine.
func TestTheTableOfNamesIsPydicoms(t *testing.T) {
	out, err := exec.Command(pythonWith(t, "pydicom"), filepath.Join("testdata", "charsets.py")).Output()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join("testdata", "charsets.json"))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(out, want) {
		t.Error("testdata/charsets.json is not what charsets.py writes")
	}
}

// pythonWith finds an interpreter that has the modules. ECHOLINE_TEST_PYTHON names one that is not on the path.
func pythonWith(tb testing.TB, modules ...string) string {
	tb.Helper()
	for _, p := range []string{os.Getenv("ECHOLINE_TEST_PYTHON"), "python3", "/usr/bin/python3"} {
		if p != "" && exec.Command(p, "-c", "import "+strings.Join(modules, ", ")).Run() == nil {
			return p
		}
	}
	tb.Skip("no python3 with ", modules)
	return ""
}

// An item of a sequence may have a character set of its own; without one it has that of the file.
func TestCharacterSetsOfItems(t *testing.T) {
	korean, latin := []byte("\x1b$)C\xc8\xab"), []byte("J\xe9r\xf4me")
	data := part10File(explicitLittle, set{
		{"SpecificCharacterSet", "ISO_IR 100"},
		{"PatientName", latin},
		{"DirectoryRecordSequence", []set{
			{{"PatientName", latin}},
			{{"PatientName", korean}, {"SpecificCharacterSet", `\ISO 2022 IR 149`}},
			{{"PatientName", latin}},
		}},
	})
	p, err := readPart10(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	items := p.set.items[tagRecords]
	if len(items) != 3 {
		t.Fatalf("%d items", len(items))
	}
	for i, want := range []string{"Jérôme", "홍", "Jérôme"} {
		if got := items[i].decoded("PatientName"); got != want {
			t.Errorf("item %d: %q, want %q", i, got, want)
		}
	}
	if got := p.set.decoded("PatientName"); got != "Jérôme" {
		t.Errorf("the file: %q", got)
	}
}

// What files do that the standard does not allow.
func TestTextsOutsideTheStandard(t *testing.T) {
	for name, c := range map[string]struct{ sets, in, want string }{
		"ASCII after kanji forgotten":           {`\ISO 2022 IR 87`, "\x1b$B;3ED^\x1b$BB@O:", "山田^太郎"},
		"Korean in a file declared UTF-8":       {"ISO_IR 192", "\xc8\xab^\xb1\xe6\xb5\xbf", "홍^길동"},
		"escapes in UTF-8":                      {`ISO_IR 192\ISO 2022 IR 149`, "\x1b$)C홍^길동", "홍^길동"},
		"escapes in a file declared UTF-8":      {`ISO_IR 192\ISO 2022 IR 149`, "\x1b$)C\xb1\xe6\xb5\xbf", "길동"},
		"undeclared Latin is not taken for UHC": {"", "\xc4rzte", "Ärzte"},
		"declared UHC beyond KS X 1001":         {"ISO_IR 149", "\x8c\x63", "똠"},
		"an unknown escape":                     {`\ISO 2022 IR 149`, "a\x1b$)Zb\x1b$)C\xc8\xab", "a$)Zb홍"},
		"G0 back to ASCII leaves G1":            {`\ISO 2022 IR 149`, "\x1b$)C\xc8\xab\x1b(Ba\xb1\xe6", "홍a길"},
		"lower case, spaces":                    {` iso_ir 100 `, "J\xe9", "Jé"},
		"a line ends the set":                   {`ISO 2022 IR 100\ISO 2022 IR 144`, "\x1b-L\xbb\r\n\xe9", "Л\r\né"},
	} {
		if got := decodeText([]byte(c.in), strings.Split(c.sets, `\`)); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
