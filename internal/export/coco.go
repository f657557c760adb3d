package export

import (
	"fmt"
	"time"

	"echoline/internal/mask"
)

// coco is NAME.coco.json: the masks of one item as run lengths, which keep holes and single pixels, and in info.echoline
// what the sidecar of PNG says.
type coco struct {
	Info        cocoInfo         `json:"info"`
	Images      []cocoImage      `json:"images"`
	Annotations []cocoAnnotation `json:"annotations"`
	Categories  []cocoCategory   `json:"categories"`
}

type cocoInfo struct {
	Description string  `json:"description"`
	Contributor string  `json:"contributor"`
	Created     string  `json:"date_created"`
	Echoline    sidecar `json:"echoline"`
}

type cocoImage struct {
	ID     int    `json:"id"` // frame, from 1
	File   string `json:"file_name"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

type cocoAnnotation struct {
	ID           int    `json:"id"`
	Image        int    `json:"image_id"`
	Category     uint8  `json:"category_id"`
	Segmentation any    `json:"segmentation"` // cocoRLE, or polygons: lists of x, y, x, y, …
	Area         int    `json:"area"`
	Box          [4]int `json:"bbox"` // x, y, width, height
	Crowd        int    `json:"iscrowd"`
}

// cocoRLE holds the lengths of the runs of pixels outside and inside in turn, by columns from the top left.
type cocoRLE struct {
	Size   [2]int `json:"size"` // height, width
	Counts []int  `json:"counts"`
}

type cocoCategory struct {
	ID   uint8  `json:"id"` // label value
	Name string `json:"name"`
}

// cocoOutputs makes one COCO file per item, with an image per frame and an annotation per label that it shows. Images
// are named as `echoline frames` names them.
func cocoOutputs(j *job, it *Item) ([]output, error) { return j.coco(it, false) }

// cocoPolygonOutputs is cocoOutputs with polygons (see there) that give the mask again when they are filled.
func cocoPolygonOutputs(j *job, it *Item) ([]output, error) { return j.coco(it, true) }

func (j *job) coco(it *Item, outlines bool) ([]output, error) {
	file := func(f Frame) string { return fmt.Sprintf("%s.f%04d.png", it.Source.Name, f.Index+1) }
	c := coco{
		Info: cocoInfo{
			Description: ResearchUse, Contributor: j.Reader, Created: j.now(it).UTC().Format(time.RFC3339),
			Echoline: j.sidecar(it, identity(), file),
		},
		Images: []cocoImage{}, Annotations: []cocoAnnotation{}, Categories: []cocoCategory{},
	}
	for _, v := range j.values {
		c.Categories = append(c.Categories, cocoCategory{v, j.label(v).Name})
	}
	for _, f := range it.Frames {
		c.Images = append(c.Images, cocoImage{f.Index + 1, file(f), it.Source.W, it.Source.H})
		for _, v := range j.values {
			a := cocoAnnotation{ID: len(c.Annotations) + 1, Image: f.Index + 1, Category: v}
			if a.Segmentation, a.Area, a.Box = runLengths(f.Labels, v); a.Area > 0 {
				if outlines {
					a.Segmentation = flat(polygons(f.Labels, v))
				}
				c.Annotations = append(c.Annotations, a)
			}
		}
	}
	data, err := marshal(c)
	return []output{{j.stem + ".coco.json", data}}, err
}

// flat writes rings as COCO does.
func flat(rings [][]corner) [][]float64 {
	out := make([][]float64, len(rings))
	for i, r := range rings {
		for _, c := range r {
			x, y := c.xy()
			out[i] = append(out[i], x, y)
		}
	}
	return out
}

// runLengths are the runs of one label, its number of pixels, and the box around it.
func runLengths(p *mask.Plane, label uint8) (rle cocoRLE, area int, box [4]int) {
	rle.Size = [2]int{p.H, p.W}
	x0, y0, x1, y1 := p.W, p.H, 0, 0
	inside, run := false, 0
	for x := range p.W {
		for y := range p.H {
			if in := p.Pix[y*p.W+x] == label; in != inside {
				rle.Counts = append(rle.Counts, run)
				inside, run = in, 0
			}
			run++
			if inside {
				area++
				x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x+1), max(y1, y+1)
			}
		}
	}
	rle.Counts = append(rle.Counts, run)
	return rle, area, [4]int{x0, y0, x1 - x0, y1 - y0}
}
