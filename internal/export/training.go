package export

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// trainingOutputs makes what training/ reads: the masks with their sidecar as in PNG, and in images/ the pictures.
func trainingOutputs(j *job, it *Item) ([]output, error) {
	files, err := pngOutputs(j, it)
	if err != nil {
		return nil, err
	}
	for _, f := range it.Frames {
		p, err := j.picture(it, f)
		if err != nil {
			return nil, err
		}
		data, err := encodePNG(p)
		if err != nil {
			return nil, err
		}
		files = append(files, output{fmt.Sprintf("images/%s.f%04d.png", it.Source.Name, f.Index+1), data})
	}
	return files, nil
}

// trainingWhole makes training.toml, in which whoever trains can weigh readers and states (training/README.md).
func trainingWhole(j *job) ([]output, error) {
	var names []string
	for _, v := range j.values {
		names = append(names, TOMLString(j.label(v).Name))
	}
	text := fmt.Sprintf(`# Echoline %s. %s
# What else can be said here: training/README.md.
images = "images"
labels = [%s]

[status]
accepted = 1.0
"reviewed in part" = 1.0
"not reviewed" = 0.0
`, j.Version, ResearchUse, strings.Join(names, ", "))
	return []output{{"training.toml", []byte(text)}}, nil
}

// TOMLString writes a string, or a key, as TOML does. What is no UTF-8 becomes U+FFFD, for TOML holds nothing else.
func TOMLString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteString("\\" + string(r))
		case r < ' ' || r == 0x7f:
			b.WriteString("\\u" + fmt.Sprintf("%04x", r))
		default:
			b.WriteRune(r)
		}
	}
	return b.String() + `"`
}

// splitOf says to which part of a data set an item belongs: all of a study, or of a picture that is not DICOM, to the
// same, by a hash of its name as training/ does it.
func splitOf(it *Item) string {
	group := it.Source.ID
	if it.Source.Header != nil && it.attr("StudyInstanceUID") != "" {
		group = it.attr("StudyInstanceUID")
	}
	sum := sha256.Sum256([]byte(group))
	at := float64(binary.BigEndian.Uint64(sum[:])) / math.Pow(2, 64)
	switch {
	case at < 0.1:
		return "val"
	case at < 0.2:
		return "test"
	}
	return "train"
}

// csvNumber writes a number for tables, empty where it is unknown.
func csvNumber(v float64, digits int) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}
