package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"echoline/inference"
	"echoline/internal/fault"
	"echoline/internal/mask"
)

// cocoFile is a COCO file of any program, as far as masks need it.
type cocoFile struct {
	Info struct {
		Echoline *sidecar `json:"echoline"`
	} `json:"info"`
	Images []struct {
		ID     int64  `json:"id"`
		File   string `json:"file_name"`
		Width  int    `json:"width"`
		Height int    `json:"height"`
	} `json:"images"`
	Annotations []struct {
		Image        int64           `json:"image_id"`
		Category     int64           `json:"category_id"`
		Segmentation json.RawMessage `json:"segmentation"`
	} `json:"annotations"`
	Categories []struct {
		ID   int64  `json:"id"`
		Name string `json:"name"`
	} `json:"categories"`
}

// coco reads a COCO file: run lengths, compressed or not, and polygons, filled where the middle of a pixel is inside.
func (r *reader) coco(im *Imported, data []byte) error {
	var doc cocoFile
	if err := json.Unmarshal(data, &doc); err != nil {
		return fault.New(CodeReadBroken, im.Path, err, nil)
	}
	side := doc.Info.Echoline
	if side != nil && len(side.Frames) > 0 {
		im.Program, im.Algorithm = strings.TrimSpace("Echoline "+side.Program["version"]), algorithmOf(side.Frames)
	}
	labels := map[int64]uint8{}
	for _, c := range doc.Categories {
		labels[c.ID] = r.resolve(im, c.Name, strconv.FormatInt(c.ID, 10), side.codeOf(c.ID))
	}
	masks, covered, err := doc.masks(labels)
	if err != nil {
		return fault.New(CodeReadBroken, im.Path, err, nil)
	}
	im.overlap(covered)
	return r.cocoImages(im, &doc, masks)
}

// codeOf is the type that a label value has by the description, if there is one.
func (s *sidecar) codeOf(value int64) inference.Code {
	if s == nil {
		return inference.Code{}
	}
	for _, l := range s.Labels {
		if int64(l.Value) == value && l.Type != nil {
			return inference.Code{Value: l.Type.Value, Scheme: l.Type.Scheme, Meaning: l.Type.Meaning}
		}
	}
	return inference.Code{}
}

// masks draws the annotations of labels that have a value, by image, and counts the pixels that another label had.
func (doc *cocoFile) masks(labels map[int64]uint8) (masks map[int64]*mask.Plane, covered int, err error) {
	masks = map[int64]*mask.Plane{}
	for _, a := range doc.Annotations {
		if labels[a.Category] == 0 {
			continue
		}
		p := masks[a.Image]
		if p == nil {
			if p = doc.blank(a.Image); p == nil {
				return nil, 0, fmt.Errorf("an annotation of image %d, which is not there", a.Image)
			}
			masks[a.Image] = p
		}
		inside, err := cocoMask(a.Segmentation, p.W, p.H)
		if err != nil {
			return nil, 0, err
		}
		covered += lay(p, func(i int) bool { return inside.Pix[i] != 0 }, labels[a.Category])
	}
	return masks, covered, nil
}

// blank is an empty mask of an image's size; nil where there is no such image.
func (doc *cocoFile) blank(id int64) *mask.Plane {
	for _, i := range doc.Images {
		if i.ID == id && i.Width > 0 && i.Height > 0 && i.Width <= maxReadSide && i.Height <= maxReadSide {
			return mask.NewPlane(i.Width, i.Height)
		}
	}
	return nil
}

// cocoImages takes in a mask for each image of a file. An image without annotation has an empty mask, which is an answer
// only where Echoline wrote the file.
func (r *reader) cocoImages(im *Imported, doc *cocoFile, masks map[int64]*mask.Plane) error {
	unknown, first := 0, ""
	for _, i := range doc.Images {
		if err := r.ctx.Err(); err != nil {
			return err
		}
		p := masks[i.ID]
		if p == nil {
			if p = doc.blank(i.ID); p == nil || doc.Info.Echoline == nil {
				continue
			}
		}
		it, frame := r.named(baseOf(i.File))
		if doc.Info.Echoline != nil {
			it, frame = r.instance(doc.Info.Echoline.Instance), int(i.ID)-1
		}
		if it == nil {
			if unknown++; first == "" {
				first = i.File
			}
			continue
		}
		frame, err := r.one(im, it, frame)
		if err != nil {
			return err
		}
		r.add(im, it, frame, p, nil)
	}
	if unknown > 0 {
		im.note(CodeReadUnknown, fault.Args{"Image": filepath.Base(first), "Frames": unknown})
	}
	return nil
}

// cocoMask is one segmentation as a mask of 0 and 1.
func cocoMask(raw json.RawMessage, w, h int) (*mask.Plane, error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) > 0 && raw[0] == '[' {
		var rings [][]float64
		if err := json.Unmarshal(raw, &rings); err != nil {
			return nil, err
		}
		p := mask.NewPlane(w, h)
		for _, ring := range rings {
			if err := fillRing(p, ring, 1, 1, 1); err != nil {
				return nil, err
			}
		}
		return p, nil
	}
	var rle struct {
		Size   [2]int          `json:"size"`
		Counts json.RawMessage `json:"counts"`
	}
	if err := json.Unmarshal(raw, &rle); err != nil {
		return nil, err
	}
	if rle.Size != [2]int{h, w} {
		return nil, fmt.Errorf("run lengths for %d×%d pixels in an image of %d×%d", rle.Size[1], rle.Size[0], w, h)
	}
	var counts []int
	if err := json.Unmarshal(rle.Counts, &counts); err != nil {
		var packed string
		if err := json.Unmarshal(rle.Counts, &packed); err != nil {
			return nil, err
		}
		if counts, err = unpackCounts(packed); err != nil {
			return nil, err
		}
	}
	return fromRuns(counts, w, h)
}

// fromRuns fills a mask from the lengths of runs outside and inside in turn, by columns.
func fromRuns(counts []int, w, h int) (*mask.Plane, error) {
	p := mask.NewPlane(w, h)
	at := 0
	for i, n := range counts {
		if n < 0 || n > w*h-at {
			return nil, errors.New("run lengths are longer than the image")
		}
		if i%2 == 1 {
			for k := at; k < at+n; k++ {
				p.Pix[k%h*w+k/h] = 1
			}
		}
		at += n
	}
	if at != w*h {
		return nil, errors.New("run lengths are shorter than the image")
	}
	return p, nil
}

// unpackCounts reads run lengths as pycocotools writes them: five bits to a character, the lowest first, from the third on
// as differences to the one before the last.
func unpackCounts(s string) ([]int, error) {
	var out []int
	for i := 0; i < len(s); {
		x, shift, more := 0, 0, true
		for more {
			if i >= len(s) || s[i] < 48 || s[i] > 111 || shift > 55 {
				return nil, errors.New("compressed run lengths are damaged")
			}
			c := int(s[i]) - 48
			x |= c & 0x1f << shift
			more = c&0x20 != 0
			i++
			shift += 5
			if !more && c&0x10 != 0 {
				x |= -1 << shift
			}
		}
		if len(out) > 2 {
			x += out[len(out)-2]
		}
		out = append(out, x)
	}
	return out, nil
}

// fillRing sets the pixels whose middle is inside a ring of x, y, x, y, …, in units of sx and sy pixels.
func fillRing(p *mask.Plane, xy []float64, sx, sy float64, label uint8) error {
	if len(xy) < 6 || len(xy)%2 != 0 {
		return fmt.Errorf("a polygon of %d numbers", len(xy))
	}
	ring := make([][2]float64, 0, len(xy)/2)
	for i := 0; i < len(xy); i += 2 {
		x, y := xy[i]*sx, xy[i+1]*sy
		if math.IsNaN(x+y) || math.IsInf(x+y, 0) {
			return errors.New("a polygon with a point that is none")
		}
		ring = append(ring, [2]float64{snap(x), snap(y)})
	}
	p.Fill(mask.Polygon([][][2]float64{ring}), label)
	return nil
}

// snap takes off what dividing by the image's size and multiplying again adds.
func snap(v float64) float64 {
	if n := math.Round(v); math.Abs(v-n) < 1e-9*math.Max(1, math.Abs(v)) {
		return n
	}
	return v
}

// yoloClasses are the masks of the classes of a YOLO file, by class.
type yoloClasses struct {
	w, h  int
	masks map[int]*mask.Plane
	order []int
	value func(class int) uint8
}

// classes is the mask of all classes, by their values; later ones lie on top.
func (y *yoloClasses) classes() *mask.Plane {
	p := mask.NewPlane(y.w, y.h)
	for _, c := range y.order {
		m := y.masks[c]
		lay(p, func(i int) bool { return m.Pix[i] != 0 }, y.value(c))
	}
	return p
}

// yoloMask reads the lines of a YOLO segmentation.
func yoloMask(data []byte, w, h int, value func(class int) uint8) (*yoloClasses, error) {
	y := &yoloClasses{w: w, h: h, masks: map[int]*mask.Plane{}, value: value}
	for line := range strings.Lines(string(data)) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		class, err := strconv.Atoi(fields[0])
		if err != nil || class < 0 || class > 254 {
			return nil, fmt.Errorf("class %q", fields[0])
		}
		xy := make([]float64, len(fields)-1)
		for i, f := range fields[1:] {
			if xy[i], err = strconv.ParseFloat(f, 64); err != nil {
				return nil, err
			}
		}
		if y.masks[class] == nil {
			y.masks[class] = mask.NewPlane(w, h)
			y.order = append(y.order, class)
		}
		if err := fillRing(y.masks[class], xy, float64(w), float64(h), 1); err != nil {
			return nil, err
		}
	}
	return y, nil
}

// yolo reads a YOLO segmentation that no description tells of: its classes are named in the data.yaml above it, else class 0
// is the first label.
func (r *reader) yolo(im *Imported, data []byte) error {
	it, frame := r.named(baseOf(im.Path))
	if it == nil {
		return errNoMasks // any text file
	}
	frame, err := r.one(im, it, frame)
	if err != nil {
		return err
	}
	names := yoloNames(im.Path)
	values := map[int]uint8{}
	y, err := yoloMask(data, it.W, it.H, func(c int) uint8 { return values[c] })
	if err != nil {
		return fault.New(CodeReadBroken, im.Path, err, nil)
	}
	for _, c := range y.order {
		if name := names[c]; name != "" {
			values[c] = r.resolve(im, name, strconv.Itoa(c), inference.Code{})
		} else {
			values[c] = uint8(c) + 1
		}
	}
	r.add(im, it, frame, y.classes(), nil)
	return nil
}

// yoloNames reads the names of classes from the data.yaml in a folder above: "0: name" lines, or a list, below "names:".
func yoloNames(path string) map[int]string {
	out := map[int]string{}
	dir := filepath.Dir(path)
	for range 3 {
		data, err := os.ReadFile(filepath.Join(dir, "data.yaml"))
		if err != nil {
			dir = filepath.Dir(dir)
			continue
		}
		_, rest, found := strings.Cut("\n"+string(data), "\nnames:")
		if !found {
			return out
		}
		if list, ok := strings.CutPrefix(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]), "["); ok {
			for i, n := range strings.Split(strings.TrimSuffix(list, "]"), ",") {
				out[i] = unquote(n)
			}
			return out
		}
		for i, line := range strings.Split(strings.TrimPrefix(rest, "\n"), "\n") {
			if line == "" || line[0] != ' ' && line[0] != '-' {
				break
			}
			key, name, ok := strings.Cut(strings.TrimSpace(line), ":")
			if n, err := strconv.Atoi(key); ok && err == nil {
				out[n] = unquote(name)
			} else if item, ok := strings.CutPrefix(strings.TrimSpace(line), "- "); ok {
				out[i] = unquote(item)
			}
		}
		return out
	}
	return out
}

// unquote takes the marks off a word of YAML.
func unquote(s string) string {
	s = strings.TrimSpace(s)
	if v, err := strconv.Unquote(s); err == nil {
		return v
	}
	return strings.Trim(s, "'")
}
