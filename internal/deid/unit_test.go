package deid

import (
	"bytes"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"echoline/internal/fault"
	"echoline/internal/part10"
	"echoline/internal/study"
)

func TestTables(t *testing.T) {
	if len(profile) != 652 || len(kept) < 600 {
		t.Errorf("%d rows of the profile, %d kept", len(profile), len(kept))
	}
	for tag, r := range kept {
		if tag.Private() {
			t.Errorf("%v is private", tag)
		}
		if a, ok := profile[tag]; ok && !allows(a, r.kind) {
			t.Errorf("%v: %s against %s", tag, r.kind, a.basic)
		}
	}
	for _, must := range []part10.Tag{0x00100010, 0x00080080, 0x00081070, 0x0020000d} {
		if profile[must].basic == "" {
			t.Errorf("the profile lacks %v", must)
		}
	}
	if kept[0x00080080].kind != "" || kept[0x00104000].kind != "" || kept[0x00102160].kind != "" {
		t.Error("a person's attribute is kept")
	}
}

func TestKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config", "key")
	a, err := OpenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	b, err := OpenKey(path)
	if err != nil || a.UID("1.2") != b.UID("1.2") || a.Patient("x") != b.Patient("x") {
		t.Errorf("the key does not stay: %v", err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	other := testKey()
	if a.UID("1.2") == other.UID("1.2") || a.UID("1.2") == a.UID("1.3") || a.Patient("x") == other.Patient("x") {
		t.Error("pseudonyms do not depend on key and value")
	}
	for _, uid := range []string{a.UID("1.2"), a.UID("")} {
		if !isUID(uid) || !strings.HasPrefix(uid, "2.25.") {
			t.Errorf("%s is no UID", uid)
		}
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKey(path); fault.CodeOf(err) != CodeKey {
		t.Errorf("a key that others may read: %v", err)
	}
	if err := os.WriteFile(path, []byte("abc"), 0o600); err != nil || os.Chmod(path, 0o600) != nil {
		t.Fatal(err)
	}
	if _, err := OpenKey(path); fault.CodeOf(err) != CodeKey {
		t.Errorf("no key: %v", err)
	}
}

func TestDates(t *testing.T) {
	el := func(tag part10.Tag, vr, v string) *part10.Element {
		return &part10.Element{Tag: tag, VR: vr, Data: []byte(v)}
	}
	s := part10.Set{el(0x00080020, "DA", "20260301"), el(0x0008002a, "DT", "20260301000001.5+0900"), el(0x00080030, "TM", "000001.25")}
	c := &cleaner{dates: Modified, shift: -(25*time.Hour + 2*time.Second)}
	for i, want := range []string{"20260227", "20260227225959.5", "225959.25"} {
		if got := c.date(s[i], s); got != want {
			t.Errorf("%s: %s, want %s", s[i].Data, got, want)
		}
	}
	c.dates = Full
	for i, want := range []string{"20260301", "20260301000001.5", "000001.25"} {
		if got := c.date(s[i], s); got != want {
			t.Errorf("kept: %s, want %s", got, want)
		}
	}
	c.dates = Removed
	if got := c.date(s[0], s); got != "" {
		t.Errorf("removed: %s", got)
	}
	c.dates = Full
	for value, want := range map[string]string{"1994.11.05": "19941105", "KIM": "", "20261399": "", "": ""} {
		if got := c.date(el(0x00080020, "DA", value), nil); got != want {
			t.Errorf("%q: %q", value, got)
		}
	}
	for value, want := range map[string]string{"0911": "091100", "09": "090000", "09:11:12": "091112", "KIM": "", "091112.KIM": "091112", "9": ""} {
		if got := c.date(el(0x00080030, "TM", value), nil); got != want {
			t.Errorf("%q: %q", value, got)
		}
	}
}

// The time between two dates of a patient stays, and no date stays where it was.
func TestDatesKeepTheirDistance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := &Key{rapid.SliceOfN(rapid.Byte(), keyBytes, keyBytes).Draw(t, "key")}
		c := &cleaner{dates: Modified, shift: key.shift(rapid.String().Draw(t, "patient"))}
		at := func(name string) (time.Time, time.Time) {
			m := time.Unix(rapid.Int64Range(0, 2e9).Draw(t, name), 0).UTC()
			s := part10.Set{{Tag: 0x00080020, VR: "DA", Data: []byte(m.Format("20060102"))}, {Tag: 0x00080030, VR: "TM", Data: []byte(m.Format("150405"))}}
			moved, err := time.Parse("20060102150405", c.date(s[0], s)+c.date(s[1], s))
			if err != nil {
				t.Fatal(err)
			}
			return m, moved
		}
		a, movedA := at("a")
		b, movedB := at("b")
		if b.Sub(a) != movedB.Sub(movedA) || !movedA.Before(a.Add(-23*time.Hour)) {
			t.Fatalf("%v and %v became %v and %v", a, b, movedA, movedB)
		}
	})
}

func TestWords(t *testing.T) {
	for in, want := range map[string]string{
		"US Breast Left, Kim Minji 900101": "US Breast Left", "유방 초음파 김민지": "유방 초음파", "KIM": "", "": "", "B-mode": "B-mode", "Follow-up of Mrs Smith": "Follow-up of",
		"E10": "", "4711": "",
	} {
		if got := knownWords(in, false); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{"Voluson E10": "Voluson E10", "LOGIQ 9": "LOGIQ 9", "iU22": "", "EPIQ 7G": "EPIQ 7G", "Kim 1": "", "EUB-6500": "EUB-6500", "LOGIQ 4711000": "LOGIQ"} {
		if got := knownWords(in, true); got != want {
			t.Errorf("model %q: %q, want %q", in, got, want)
		}
	}
}

func TestTerms(t *testing.T) {
	for _, c := range []struct{ keyword, in, want string }{
		{"Modality", "US", "US"},
		{"Modality", "KIM", "US"},
		{"ImageType", `ORIGINAL\PRIMARY\FETAL HEART\0001`, `ORIGINAL\PRIMARY\FETAL HEART\0001`},
		{"ImageType", `KIM\MINJI\BREAST`, `ORIGINAL\PRIMARY\BREAST`},
		{"ImageType", `DERIVED\PRIMARY\KIM\4711X`, `DERIVED\PRIMARY`},
		{"ImageType", `DERIVED\PRIMARY\KIM\0001`, `DERIVED\PRIMARY\\0001`},
		{"PatientOrientation", `A\FL`, `A\FL`},
		{"PatientOrientation", `KIM\F`, `\F`},
		{"Laterality", "KIM", ""},
	} {
		if got, _ := terms(c.keyword, c.in); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.keyword, c.in, got, c.want)
		}
	}
}

func TestCodes(t *testing.T) {
	for code, want := range map[[2]string]bool{
		{"SCT", "52988006"}: true, {"SCT", "76752008"}: true, {"SCT", "4147007"}: true, {"SCT", "52988007"}: false, {"SCT", "CANARY"}: false,
		{"DCM", "113076"}: true, {"DCM", "900101"}: false, {"SRT", "T-04000"}: true, {"SRT", "KIM"}: false, {"99KIM", "1"}: false,
	} {
		if knownCode(code[0], code[1]) != want {
			t.Errorf("%v: %v", code, !want)
		}
	}
}

// layouts are those of uncompressed pixels.
var layouts = []layout{
	{samples: 1, bytes: 1, stored: 8, high: 7, photometric: "MONOCHROME2"},
	{samples: 1, bytes: 1, stored: 8, high: 7, photometric: "MONOCHROME1"},
	{samples: 1, bytes: 2, stored: 12, high: 11, photometric: "MONOCHROME2"},
	{samples: 1, bytes: 2, stored: 12, high: 11, signed: true, photometric: "MONOCHROME2"},
	{samples: 3, bytes: 1, stored: 8, high: 7, photometric: "RGB"},
	{samples: 3, bytes: 1, stored: 8, high: 7, planar: true, photometric: "RGB"},
	{samples: 3, bytes: 1, stored: 8, high: 7, yuv: true, photometric: "YBR_FULL"},
}

func TestBlankLeavesTheRestAlone(t *testing.T) {
	for n, l := range layouts {
		l.w, l.h, l.frames = 6, 4, 1
		p := &pixels{layout: l}
		dark, err := p.dark()
		if err != nil {
			t.Fatal(err)
		}
		b := bytes.Repeat([]byte{5}, l.frameBytes())
		keep := make([]bool, l.w*l.h)
		keep[7], keep[8] = true, true
		before := slices.Clone(b)
		l.blank(b, keep, dark)
		pixel, sample := l.samples, 1
		if l.planar {
			pixel, sample = 1, l.w*l.h
		}
		for i, k := range keep {
			for s := range l.samples {
				at := (i*pixel + s*sample) * l.bytes
				if k && !bytes.Equal(b[at:at+l.bytes], before[at:at+l.bytes]) || !k && l.sample(b[at:]) != dark[s] {
					t.Fatalf("layout %d, pixel %d: %v", n, i, b[at:at+l.bytes])
				}
			}
		}
	}
}

// Bits that belong to no pixel held overlays once.
func TestUnusedBitsAreCleared(t *testing.T) {
	l := layout{bytes: 2, stored: 12, high: 11}
	if got := l.clearUnused([]byte{0x34, 0xf2}); !bytes.Equal(got, []byte{0x34, 0x02}) {
		t.Errorf("%x", got)
	}
	l.signed = true
	if got := l.clearUnused([]byte{0x34, 0x58}); !bytes.Equal(got, []byte{0x34, 0xf8}) {
		t.Errorf("signed %x", got)
	}
	l = layout{bytes: 2, stored: 12, high: 15}
	if got := l.clearUnused([]byte{0x3f, 0x12}); !bytes.Equal(got, []byte{0x30, 0x12}) {
		t.Errorf("shifted %x", got)
	}
}

func TestHiddenTextInJPEG(t *testing.T) {
	plainStream := []byte{0xff, 0xd8, 0xff, 0xdb, 0, 3, 0, 0xff, 0xda, 0, 3, 0, 1, 2, 0xff, 0, 3, 0xff, 0xd9}
	with := func(at int, b ...byte) []byte { return slices.Insert(slices.Clone(plainStream), at, b...) }
	for name, c := range map[string]struct {
		b    []byte
		want bool
	}{
		"plain": {plainStream, true}, "padded": {append(slices.Clone(plainStream), 0), true},
		"two frames": {append(slices.Clone(plainStream), plainStream...), true},
		"comment":    {with(2, 0xff, 0xfe, 0, 5, 'K', 'I', 'M'), false},
		"EXIF":       {with(2, 0xff, 0xe1, 0, 5, 'K', 'I', 'M'), false},
		"after it":   {append(slices.Clone(plainStream), "KIM"...), false}, "cut": {plainStream[:15], false}, "empty": {nil, true},
	} {
		if got := clean([][]byte{{}, c.b}, "1.2.840.10008.1.2.4.50"); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
	if clean([][]byte{{}, plainStream}, "1.2.840.10008.1.2.4.90") || clean([][]byte{[]byte("KIM"), plainStream}, "1.2.840.10008.1.2.4.50") {
		t.Error("believed what is not known")
	}
}

// glyphs are letters of 5×7 pixels, a row each.
var glyphs = map[rune][7]byte{
	'C': {0x0e, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0e}, 'A': {0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11}, 'N': {0x11, 0x19, 0x15, 0x13, 0x11, 0x11, 0x11},
	'R': {0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11}, 'Y': {0x11, 0x11, 0x0a, 0x04, 0x04, 0x04, 0x04}, '7': {0x1f, 0x01, 0x02, 0x04, 0x04, 0x08, 0x08},
}

// burn writes text into levels.
func burn(level []uint8, w, x, y, scale int, value uint8, text string) image.Rectangle {
	for n, r := range text {
		for row, bits := range glyphs[r] {
			for col := range 5 {
				if bits>>(4-col)&1 == 0 {
					continue
				}
				for k := range scale * scale {
					level[(y+row*scale+k/scale)*w+x+(n*6+col)*scale+k%scale] = value
				}
			}
		}
	}
	return image.Rect(x, y, x+6*scale*len(text)-scale, y+7*scale)
}

// speckle is ultrasound without writing.
func speckle(w, h int, seed uint64) []uint8 {
	out := make([]uint8, w*h)
	s := seed*2862933555777941757 + 3037000493
	raw := make([]int, w*h)
	for i := range raw {
		s = s*6364136223846793005 + 1442695040888963407
		raw[i] = int(s>>33) % 160
	}
	for y := range h {
		for x := range w {
			sum, n := 0, 0
			for k := max(x-2, 0); k < min(x+3, w); k++ {
				sum, n = sum+raw[y*w+k], n+1
			}
			out[y*w+x] = uint8(sum / n)
		}
	}
	return out
}

func TestFindsText(t *testing.T) {
	const w, h = 320, 240
	for _, frames := range []int{1, 6} {
		for _, scale := range []int{1, 2, 3} {
			for _, value := range []uint8{255, 170} {
				f := &film{w: w, h: h, frames: frames}
				var where image.Rectangle
				for i := range frames {
					level := speckle(w, h, uint64(i+1))
					for n := range level { // writing stands on what is dark
						if n/w < 40 {
							level[n] /= 8
						}
					}
					where = burn(level, w, 40, 8, scale, value, "CANARY77")
					if i == 0 {
						f.lo, f.hi = level, slices.Clone(level)
					}
					for n, v := range level {
						f.lo[n], f.hi[n] = min(f.lo[n], v), max(f.hi[n], v)
					}
				}
				got := f.text()
				covered := slices.ContainsFunc(got, where.In)
				if !covered {
					t.Errorf("%d frames, letters of %d px, level %d: found %v, want %v", frames, 7*scale, value, got, where)
				}
				for _, r := range got {
					if !r.Overlaps(where) {
						t.Errorf("%d frames: %v is no writing", frames, r)
					}
				}
			}
		}
	}
}

func TestBoxesAreRemembered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "config", "boxes.json")
	b, err := OpenBoxes(path)
	if err != nil {
		t.Fatal(err)
	}
	head := func(maker, model string) *study.Header {
		return &study.Header{Attr: map[string]string{"Manufacturer": maker, "ManufacturerModelName": model, "PatientName": "CANARY"}}
	}
	it := &study.Item{W: 640, H: 480, Header: head("GE Healthcare", "LOGIQ E9")}
	want := Drawn{Keep: []image.Rectangle{image.Rect(1, 2, 3, 4)}, Blank: []image.Rectangle{image.Rect(5, 6, 7, 8)}}
	if err := b.Remember(it, want); err != nil {
		t.Fatal(err)
	}
	again, err := OpenBoxes(path)
	if err != nil || fmt.Sprint(again.of(it)) != fmt.Sprint(want) {
		t.Errorf("%v %v", again.of(it), err)
	}
	for _, other := range []*study.Item{{W: 641, H: 480, Header: it.Header}, {W: 640, H: 480, Header: head("GE Healthcare", "LOGIQ E10")}} {
		if d := again.of(other); len(d.Keep) != 0 {
			t.Errorf("another machine has %v", d)
		}
	}
	if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenBoxes(path); fault.CodeOf(err) != CodeBoxes {
		t.Error(err)
	}
}

// TestKeyIsMadeOnce: of many who find no key all have the same in the end, and it is the one in the file.
func TestKeyIsMadeOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), KeyName)
	uids := make([]string, 16)
	var all sync.WaitGroup
	for i := range uids {
		all.Go(func() {
			k, err := OpenKey(path)
			if err != nil {
				t.Error(err)
				return
			}
			uids[i] = k.UID("1.2.3")
		})
	}
	all.Wait()
	last, err := OpenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, uid := range uids {
		if uid != last.UID("1.2.3") {
			t.Fatalf("%s is not the file's %s", uid, last.UID("1.2.3"))
		}
	}
}
