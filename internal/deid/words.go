package deid

import (
	_ "embed" // the words
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed words.txt
var wordList string

// vocabulary are the words that texts keep.
var vocabulary = func() map[string]bool {
	m := map[string]bool{}
	for line := range strings.Lines(wordList) {
		if !strings.HasPrefix(line, "#") {
			for _, w := range strings.Fields(line) {
				m[strings.ToLower(w)] = true
			}
		}
	}
	return m
}()

// modelForm is what a model's number looks like: a few letters and digits.
var modelForm = regexp.MustCompile(`^[A-Za-z]{0,4}[0-9]{1,4}[A-Za-z]{0,3}$`)

// knownWords keeps the words of a text that are in the vocabulary, and of a model's name also short numbers beside such a
// word. "" where nothing stays.
func knownWords(s string, model bool) string {
	words := strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' })
	var out []string
	known := false
	for _, w := range words {
		w = strings.Trim(w, "-")
		if vocabulary[strings.ToLower(w)] {
			out, known = append(out, w), true
			continue
		}
		whole := true
		for part := range strings.SplitSeq(w, "-") {
			whole = whole && (vocabulary[strings.ToLower(part)] || model && modelForm.MatchString(part))
			known = known || vocabulary[strings.ToLower(part)]
		}
		if whole && w != "" {
			out = append(out, w)
		}
	}
	if !known {
		return ""
	}
	return strings.Join(out, " ")
}

// fit cuts a text to what its VR allows. All that is written is ASCII or Hangul of the vocabulary.
func fit(s, vr string) string {
	most := map[string]int{"LO": 64, "SH": 16, "CS": 16, "ST": 1024}[vr]
	if vr == "CS" {
		s = strings.ToUpper(s)
	}
	for most > 0 && utf8.RuneCountInString(s) > most {
		i := strings.LastIndexByte(s, ' ')
		if i < 0 {
			return ""
		}
		s = s[:i]
	}
	return s
}

// defined are the terms that an attribute can have.
var defined = map[string]string{
	"Modality":                    "US IVUS SEG OT SC ES XC DOC",
	"LossyImageCompression":       "00 01",
	"LossyImageCompressionMethod": "ISO_10918_1 ISO_14495_1 ISO_15444_1 ISO_15444_15 ISO_13818_2 ISO_14496_10 ISO_23008_2",
	"VOILUTFunction":              "LINEAR LINEAR_EXACT SIGMOID",
	"SegmentationType":            "BINARY FRACTIONAL LABELMAP",
	"SegmentAlgorithmType":        "AUTOMATIC SEMIAUTOMATIC MANUAL",
	"SegmentsOverlap":             "YES NO UNDEFINED",
	"SegmentationFractionalType":  "PROBABILITY OCCUPANCY",
	"SpatialLocationsPreserved":   "YES NO REORIENTED_ONLY",
	"DimensionOrganizationType":   "3D 3D_TEMPORAL TILED_FULL TILED_SPARSE",
	"PresentationLUTShape":        "IDENTITY INVERSE",
	"Laterality":                  "R L",
	"ImageLaterality":             "R L U B",
	"TransducerType":              "SECTOR_PHASED SECTOR_MECH SECTOR_ANNULAR LINEAR CURVED_LINEAR SINGLE_CRYSTAL SPLIT_XTAL_CWD IV_PHASED IV_ROT_XTAL IV_ROT_MIRROR ENDOCAV_PA ENDOCAV_MECH ENDOCAV_CLA ENDOCAV_AA ENDOCAV_LINEAR VECTOR_PHASED",
	"ConversionType":              "DV DI DF WSD SD SI DRW SYN",
	"RescaleType":                 "US OD HU",
	"ModalityLUTType":             "US OD HU",
	"PhotometricInterpretation":   "MONOCHROME1 MONOCHROME2 RGB",
	"ImageType": "ORIGINAL DERIVED PRIMARY SECONDARY ABDOMINAL BREAST CHEST ENDOCAVITARY ENDORECTAL ENDOVAGINAL EPICARDIAL FETAL_HEART " +
		"GYNECOLOGY INTRACARDIAC INTRAOPERATIVE INTRAVASCULAR MUSCULOSKELETAL NEONATAL_HEAD OBSTETRICAL OPHTHALMIC PEDIATRIC PELVIC " +
		"RETROPERITONEAL SCROTAL SMALL_PARTS TEE THYROID TRANSCRANIAL TTE US_BIOPSY VASCULAR MIXED NONE OTHER",
}

// terms keeps the values of an attribute that are defined terms. ImageType keeps the place of each, and always has two.
func terms(keyword, own string) (string, bool) {
	values := strings.Split(own, "\\")
	keep := false
	for i, v := range values {
		values[i] = strings.TrimSpace(v)
		switch {
		case isTerm(keyword, i, values[i]):
			keep = true
		case keyword == "ImageType" && i < 2:
			values[i], keep = [2]string{"ORIGINAL", "PRIMARY"}[i], true
		default:
			values[i] = ""
		}
	}
	switch {
	case keyword == "Modality" && !keep:
		return "US", true
	case keyword == "Laterality":
		return values[0], true // of type 2C
	case keyword == "PatientOrientation" && (!keep || len(values) != 2):
		return "", true // of type 2C
	case keyword == "ImageType":
		for len(values) > 2 && values[len(values)-1] == "" {
			values = values[:len(values)-1]
		}
	}
	return strings.Join(values, "\\"), keep
}

// isTerm tells whether value i of an attribute, from 0, is a defined term.
func isTerm(keyword string, i int, v string) bool {
	switch {
	case keyword == "PatientOrientation":
		return v == "" || bodySide.MatchString(v)
	case keyword == "ImageType" && i == 3 && frameTag.MatchString(v):
		return true
	}
	for _, a := range strings.Fields(defined[keyword]) {
		if v == a || v == strings.ReplaceAll(a, "_", " ") {
			return true
		}
	}
	return false
}

// verhoeff tells whether the check digit of a SNOMED CT identifier is right.
func verhoeff(s string) bool {
	const d = "0123456789123406789523401789563401289567401239567859876043216598710432765982104387659321049876543210"
	const p = "01234567891576283094580379614289160435279453126870428657390127938064157046913258"
	c := 0
	for i := range len(s) {
		n := int(s[len(s)-1-i] - '0')
		c = int(d[10*c+int(p[10*(i%8)+n]-'0')] - '0')
	}
	return c == 0
}
