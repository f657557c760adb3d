package export

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// yoloOutputs makes, in images/SPLIT and labels/SPLIT, a picture and a text file for each frame: a line for each piece of a
// label, its class from 0 and the corners of polygons (see there) as shares of width and height. What the text cannot say is in provenance/NAME.json, where a label's pixel is its class and one.
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

// caseName names a frame of the item being written.
func (j *job) caseName(it *Item, f Frame) string { return caseName(j.stem, it, f) }

// caseName names a frame in data sets: NAME for a still, NAME.f0001 and on for a cine.
func caseName(stem string, it *Item, f Frame) string {
	if it.Source.Frames > 1 {
		return fmt.Sprintf("%s.f%04d", stem, f.Index+1)
	}
	return stem
}

func (j *job) yoloLines(it *Item, f Frame) []byte {
	var b bytes.Buffer
	share := func(v float64, of int) string { // to far less than an inset
		return strconv.FormatFloat(math.Round(v/float64(of)*1e8)/1e8, 'f', -1, 64)
	}
	for i, v := range j.values {
		for _, ring := range polygons(f.Labels, v) {
			b.WriteString(strconv.Itoa(i))
			for _, c := range ring {
				x, y := c.xy()
				b.WriteString(" " + share(x, it.Source.W) + " " + share(y, it.Source.H))
			}
			b.WriteByte('\n')
		}
	}
	return b.Bytes()
}

// yoloWhole makes data.yaml, and classes.txt, from which other programs than Ultralytics' take the names. data.yaml names no folder
// as the root: Ultralytics then looks beside it, else from where it is started.
func yoloWhole(j *job) ([]output, error) {
	var b, classes strings.Builder
	fmt.Fprintf(&b, "# Echoline %s. %s\n# provenance/ tells reader, model, states, and what was not reviewed.\n", j.Version, ResearchUse)
	j.yoloParts(&b)
	b.WriteString("names:\n")
	for i, v := range j.values {
		name := j.label(v).Name
		fmt.Fprintf(&b, "  %d: %s\n", i, strconv.Quote(name))
		classes.WriteString(strings.Join(strings.Fields(name), " ") + "\n")
	}
	return []output{{"data.yaml", []byte(b.String())}, {"classes.txt", []byte(classes.String())}}, nil
}

// yoloParts names the folders of train, val and test. Ultralytics refuses a set that lacks one of the first two, so another part
// stands for one into which no study fell.
func (j *job) yoloParts(b *strings.Builder) {
	there := map[string]bool{}
	for i := range j.written {
		there[splitOf(&j.Items[i])] = true
	}
	for _, others := range [][]string{{"train", "val", "test"}, {"val", "train", "test"}, {"test"}} {
		part := others[0]
		i := slices.IndexFunc(others, func(p string) bool { return there[p] })
		if i > 0 {
			fmt.Fprintf(b, "# No study fell into %s: %s stands for it. What is measured so says nothing.\n", part, others[i])
		}
		if i >= 0 {
			fmt.Fprintf(b, "%s: images/%s\n", part, others[i])
		}
	}
}
