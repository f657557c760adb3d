package study

import (
	"crypto/sha1"
	"encoding/csv"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"echoline/internal/fault"
	"echoline/internal/study/j2k"
)

// samples is a folder of the data beside the repository.
func samples(tb testing.TB, parts ...string) string {
	tb.Helper()
	dir := filepath.Join(append([]string{"..", "..", "..", "shared", "data"}, parts...)...)
	if _, err := os.Stat(dir); err != nil {
		tb.Skip("no sample files beside the repository: ", err)
	}
	return dir
}

// manifest lists the DICOM samples by column name.
func manifest(tb testing.TB, dir string) []map[string]string {
	tb.Helper()
	f, err := os.Open(filepath.Join(dir, "manifest.csv"))
	if err != nil {
		tb.Skip("no manifest: ", err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		tb.Fatal(err)
	}
	var out []map[string]string
	for _, r := range rows[1:] {
		m := map[string]string{}
		for i, name := range rows[0] {
			m[name] = r[i]
		}
		out = append(out, m)
	}
	return out
}

// The reference takes bytes of big endian words as they stand (PS3.5 8.1.1 says otherwise), and in one of these files
// they do stand so.
var bigEndianWords = map[string]bool{
	"ultrasound/pydicom-data_OBXXXX1A_expb.dcm": true, "ultrasound/pydicom-data_OBXXXX1A_expb_2frame.dcm": true,
	"ultrasound/robyoung_OBXXXX1A_expb.dcm": true, "ultrasound/robyoung_OBXXXX1A_expb_2frame.dcm": true,
}

// The reference leaves the bits over the stored 15 at 0 where a value is below 0. Newer versions of it, GDCM, CharLS and
// DCMTK give the sum that stands here.
var signedSums = map[string]string{"other-modality/pydicom-data_JLSL_16_15_1_1F.dcm": "bcaff89d121f"}

// lyingSize is a file whose JPEG 2000 stream says that it is 3,722,445,056 pixels wide. The reference believes the rest.
const lyingSize = "edge/pydicom_JPEG2000-embedded-sequence-delimiter.dcm"

func TestSamples(t *testing.T) {
	dir := samples(t, "dicom")
	for _, m := range manifest(t, dir) {
		t.Run(m["file"], func(t *testing.T) {
			st := open(t, filepath.Join(dir, m["file"]))
			f := st.Files[0]
			readable := syntaxes[m["transfer_syntax"]].coding != unreadable
			switch {
			case m["reference_decode"] != "ok":
				if f.Refused == nil && f.Skipped == "" {
					t.Error("opens, although the reference cannot decode it")
				}
				return
			case !readable:
				wantFault(t, f, CodeSyntax)
				return
			case syntaxes[m["transfer_syntax"]].coding == jpeg2000 && j2k.Version() == "":
				wantFault(t, f, CodeOpenJPEG)
				return
			case m["file"] == lyingSize:
				wantFault(t, f, CodeDamaged)
				return
			case f.Refused != nil:
				if f.Refused.Code != CodePixels {
					t.Error(f.Refused)
				}
				return
			}
			sameAsManifest(t, f.Item, m)
			want := m["pixel_sha1"]
			if sum, ok := signedSums[m["file"]]; ok {
				want = sum
			}
			pixels := storedSum(t, f.Item)
			if pixels != "" && pixels != want && !bigEndianWords[m["file"]] {
				t.Errorf("pixels are %s, want %s", pixels, want)
			}
		})
	}
}

func sameAsManifest(t *testing.T, it *Item, m map[string]string) {
	t.Helper()
	for name, c := range map[string][2]string{
		"transfer syntax": {it.TransferSyntax, m["transfer_syntax"]},
		"photometric":     {it.Photometric, m["photometric"]},
		"frames":          {strconv.Itoa(it.Frames), m["frames"]},
		"rows":            {strconv.Itoa(it.H), m["rows"]},
		"columns":         {strconv.Itoa(it.W), m["cols"]},
		"regions":         {strconv.Itoa(len(it.Regions)), m["us_regions"]},
	} {
		if c[0] != c[1] {
			t.Errorf("%s is %s, want %s", name, c[0], c[1])
		}
	}
}

// storedSum is the sum of the pixels as the reference stores them: palette indices, and two bytes for signed values. It is
// "" where decoders may differ (lossy JPEG) or where a frame keeps fewer bits; such frames are only decoded.
func storedSum(t *testing.T, it *Item) string {
	t.Helper()
	src := sourceOf(it)
	p := *src.picture
	h := sha1.New()
	for i := range it.Frames {
		f := mustFrame(t, it, i)
		switch {
		case src.coding == jpegCoded, src.coding == jpeg2000:
			b, exact := exactBytes(t, it.Path, src, p, i)
			if !exact {
				return ""
			}
			h.Write(b)
		case p.palette == nil && f.RGB != nil && p.allocated > 8:
			return ""
		case p.palette == nil && f.RGB != nil:
			h.Write(f.RGB)
		default:
			h.Write(storedBytes(t, it.Path, src, p, i))
		}
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// sourceOf is what decodes the frames of a DICOM item.
func sourceOf(it *Item) *dicomSource { return it.source.(fileFrames).content.frames.(*dicomSource) }

// exactBytes are the samples of JPEG lossless and JPEG-LS.
func exactBytes(t *testing.T, path string, src *dicomSource, p picture, i int) ([]byte, bool) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	b, err := src.samples(file, i)
	if err != nil {
		t.Fatal(err)
	}
	if src.coding == jpeg2000 {
		return j2kBytes(t, p, b), true
	}
	h, err := p.readJPEGHead(b)
	if err != nil {
		t.Fatal(err)
	}
	if !h.exact() {
		return nil, false
	}
	pic, err := p.decodeSamples(b, h)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for i := range p.w * p.h {
		for _, plane := range pic.Planes {
			out = p.appendStored(out, plane.Pix[i])
		}
	}
	return out, true
}

// appendStored appends a value as the reference stores it.
func (c *picture) appendStored(out []byte, v uint16) []byte {
	if c.signed {
		v = uint16(int16(v<<(16-c.stored)) >> (16 - c.stored))
	}
	if out = append(out, byte(v)); c.allocated > 8 {
		out = append(out, byte(v>>8))
	}
	return out
}

// j2kBytes are the samples of JPEG 2000.
func j2kBytes(t *testing.T, p picture, b []byte) []byte {
	t.Helper()
	b, h, err := p.codestream(b)
	if err != nil {
		t.Fatal(err)
	}
	samples, err := j2k.Decode(b, h)
	if err != nil {
		t.Fatal(err)
	}
	var out []byte
	for _, v := range p.fit(samples, h) {
		out = p.appendStored(out, v)
	}
	return out
}

func storedBytes(t *testing.T, path string, src *dicomSource, p picture, i int) []byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	b, err := src.samples(file, i)
	if err == nil && src.coding == runLength8 {
		b, err = unpackRLE(b, p.w*p.h, p.samples, p.allocated/8)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Nothing below the samples' folder, the crashes of another library included, ends in anything but a picture, a reason
// to set it aside, or a fault with a sentence.
func TestAllSamplesEndWell(t *testing.T) {
	st := open(t, samples(t, "dicom"))
	if len(st.Files) < 100 {
		t.Fatalf("only %d files", len(st.Files))
	}
	for _, f := range st.Files {
		switch {
		case f.Refused != nil:
			checkFault(t, f.Refused)
			continue
		case f.Skipped != "":
			continue
		}
		for i := range f.Item.Frames {
			fr, err := f.Item.Frame(i)
			if err != nil {
				t.Errorf("%s, frame %d: %v", f.Path, i, err)
				break
			}
			if fr.W != f.Item.W || fr.H != f.Item.H {
				t.Errorf("%s, frame %d: %d×%d", f.Path, i, fr.W, fr.H)
			}
		}
	}
}

// refusals are all files of the samples that are refused, and why that is right.
var refusals = map[string]fault.Code{
	"crash/crash00.dcm": CodeTruncated, "crash/crash04.dcm": CodeTruncated, // lengths beyond the end
	"edge/pydicom_MR_truncated.dcm":         CodeTruncated, // 8130 of 8192 bytes of pixels
	lyingSize:                               CodeDamaged,
	"edge/pydicom_meta_missing_tsyntax.dcm": CodeDamaged,                                                            // pixels, but no rows and columns
	"edge/pydicom_nested_priv_SQ.dcm":       CodeDamaged,                                                            // the same
	"edge/pydicom_no_meta.dcm":              CodeNotImage,                                                           // a byte stands before the first element
	"edge/pydicom_badVR.dcm":                CodePixels,                                                             // radiotherapy doses of 32 bits
	"other-modality/pydicom_rtdose_rle.dcm": CodePixels, "other-modality/pydicom_rtdose_rle_1frame.dcm": CodePixels, // the same
	"other-modality/pydicom_SC_rgb_rle_32bit.dcm": CodePixels, "other-modality/pydicom_SC_rgb_rle_32bit_2frame.dcm": CodePixels,
}

func TestRefusalsAreRight(t *testing.T) {
	dir := samples(t, "dicom")
	for _, f := range open(t, dir).Files {
		name, err := filepath.Rel(dir, f.Path)
		if err != nil {
			t.Fatal(err)
		}
		name = filepath.ToSlash(name)
		switch want := refusals[name]; {
		case f.Refused == nil && want == "":
		case f.Refused == nil:
			t.Errorf("%s is not refused", name)
		case f.Refused.Code == CodeOpenJPEG && j2k.Version() == "":
		case f.Refused.Code != want:
			t.Errorf("%s: %v", name, f.Refused)
		case want == CodePixels && (f.Refused.Args["Kind"] != "BitsAllocated" || f.Refused.Args["Value"] != 32):
			t.Errorf("%s: %v", name, f.Refused.Args)
		}
	}
}

func TestJoinedFragmentsSample(t *testing.T) {
	f := open(t, filepath.Join(samples(t, "dicom", "crash"), "rgb.frag.dcm")).Files[0]
	if f.Refused != nil || f.Item.Frames != 3 {
		t.Fatalf("%v, %+v", f.Refused, f.Item)
	}
}

func TestSegmentationsAreNoPictures(t *testing.T) {
	st := open(t, samples(t, "dicom", "seg-example"))
	if len(st.Items) != 0 || len(st.Skipped) != 2 {
		t.Errorf("%d opened, skipped %v", len(st.Items), st.Skipped)
	}
}

func TestDirectorySamples(t *testing.T) {
	dir := samples(t, "dicom", "dicomdir")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "DICOMDIR") {
			continue
		}
		st := open(t, filepath.Join(dir, e.Name()))
		want := 31
		switch {
		case strings.Contains(e.Name(), "empty"):
			want = 0
		case strings.Contains(e.Name(), "nooffset"): // its lengths are wrong: what it lists opens, and it says so
			want = 30
			if len(st.Refused) != 1 || st.Refused[0].Code != CodeTruncated {
				t.Errorf("%s: refused %v", e.Name(), st.Refused)
			}
			st.Refused = nil
		}
		if len(st.Items) != want {
			t.Errorf("%s: %d items, %d refused", e.Name(), len(st.Items), len(st.Refused))
		}
		for _, r := range st.Refused {
			if c := fault.CodeOf(r); c != CodeNoImages {
				t.Errorf("%s: %v", e.Name(), r)
			}
		}
	}
}

func TestPNGSamples(t *testing.T) {
	st := open(t, samples(t, "busi", "images"))
	if len(st.Items) < 600 || len(st.Refused) > 0 {
		t.Errorf("%d items, refused %v", len(st.Items), st.Refused)
	}
}

// Source files are only ever read.
func TestSourcesAreLeftAlone(t *testing.T) {
	dir := t.TempDir()
	path := write(t, dir, "a.dcm", instance("1.2"))
	if err := os.Chmod(path, 0o400); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	mustFrame(t, open(t, dir).Items[0], 0)
	after, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	equalBytes(t, after, before)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Error(entries, err)
	}
}
