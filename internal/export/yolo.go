package export

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// yoloOutputs makes, in images/SPLIT and labels/SPLIT, a picture and a text file for each frame: a line for each piece of a
// label, its class from 0 and the corners as shares of width and height. Holes are joined to the outline by a cut of no
// width. What the text cannot say is in provenance/NAME.json, where a label's pixel is its class and one.
func yoloOutputs(j *job, it *Item) ([]output, error) {
	split := splitOf(it)
	var files []output
	for _, f := range it.Frames {
		p, err := j.picture(it, f)
		if err != nil {
			return nil, err
		}
		picture, err := encodePNG(p)
		if err != nil {
			return nil, err
		}
		name := j.caseName(it, f)
		files = append(files,
			output{"images/" + split + "/" + name + ".png", picture},
			output{"labels/" + split + "/" + name + ".txt", j.yoloLines(it, f)})
	}
	side, err := marshal(j.sidecar(it, j.consecutive(), func(f Frame) string { return "labels/" + split + "/" + j.caseName(it, f) + ".txt" }))
	return append(files, output{"provenance/" + j.stem + ".json", side}), err
}

// caseName names a frame in data sets: NAME for a still, NAME.f0001 and on for a cine.
func (j *job) caseName(it *Item, f Frame) string {
	if it.Source.Frames > 1 {
		return fmt.Sprintf("%s.f%04d", j.stem, f.Index+1)
	}
	return j.stem
}

func (j *job) yoloLines(it *Item, f Frame) []byte {
	var b bytes.Buffer
	share := func(v, of int) string { return strconv.FormatFloat(float64(v)/float64(of), 'f', -1, 64) }
	for i, v := range j.values {
		for _, ring := range polygons(f.Labels, v) {
			b.WriteString(strconv.Itoa(i))
			for _, p := range ring {
				b.WriteString(" " + share(p.X, it.Source.W) + " " + share(p.Y, it.Source.H))
			}
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

// yoloWhole makes data.yaml.
func yoloWhole(j *job) ([]output, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# Echoline %s. %s\n# provenance/ tells reader, model, states, and what was not reviewed.\n", j.Version, ResearchUse)
	b.WriteString("path: .\ntrain: images/train\nval: images/val\ntest: images/test\nnames:\n")
	for i, v := range j.values {
		fmt.Fprintf(&b, "  %d: %s\n", i, strconv.Quote(j.label(v).Name))
	}
	return []output{{"data.yaml", []byte(b.String())}}, nil
}
