package assets

import (
	"bytes"
	"encoding/xml"
	"io/fs"
	"path"
	"strings"
	"testing"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// everySign is what the window writes besides letters.
const everySign = "가힣뷁한국어 ·…→←−×✓▶²°µ/%()[]⌘ÄéñΩЖあ"

func TestFontsHaveHangulAndTabularDigits(t *testing.T) {
	for name, data := range map[string][]byte{"regular": FontRegular, "bold": FontBold} {
		f, err := sfnt.Parse(data)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var buf sfnt.Buffer
		advance := func(r rune) fixed.Int26_6 {
			i, err := f.GlyphIndex(&buf, r)
			if err != nil || i == 0 {
				t.Errorf("%s has no glyph for %q", name, r)
			}
			a, err := f.GlyphAdvance(&buf, i, fixed.I(100), font.HintingNone)
			if err != nil {
				t.Errorf("%s: %q: %v", name, r, err)
			}
			return a
		}
		for _, r := range everySign {
			advance(r)
		}
		zero := advance('0')
		for r := '1'; r <= '9'; r++ {
			if advance(r) != zero {
				t.Errorf("%s: %q is not as wide as 0", name, r)
			}
		}
		if n, err := f.Name(&buf, sfnt.NameIDFamily); err != nil || strings.Contains(n, "Pretendard") {
			t.Errorf("%s is called %q; the licence reserves the original's name (%v)", name, n, err)
		}
	}
}

func TestIconsAreSVGInOneColour(t *testing.T) {
	names, err := fs.Glob(icons, "icons/*.svg")
	if err != nil || len(names) == 0 {
		t.Fatal("no icons", err)
	}
	for _, n := range names {
		data := Icon(strings.TrimSuffix(path.Base(n), ".svg"))
		d := xml.NewDecoder(bytes.NewReader(data))
		if _, err := d.Token(); err != nil {
			t.Errorf("%s: %v", n, err)
		}
		if !bytes.Contains(data, []byte(`stroke="currentColor"`)) || bytes.Contains(data, []byte("#")) {
			t.Errorf("%s cannot be coloured", n)
		}
	}
	if Icon("no such icon") != nil {
		t.Error("an unknown icon is something")
	}
}
