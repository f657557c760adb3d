package models

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"math"

	"echoline/inference"
	"echoline/internal/agree"
	"echoline/internal/contour"
	"echoline/internal/mask"
)

//go:embed page.html
var pageText string

// shown is how many of the cases that got better, and that got worse, the page shows.
const shown = 12

// Page is the comparison as one HTML page without network or script; say gives its sentences by key.
func (c *Comparison) Page(say func(key string, args map[string]any) string) ([]byte, error) {
	t, err := template.New("page").Funcs(template.FuncMap{
		"say": func(key string, args ...any) string {
			named := map[string]any{}
			for i := 0; i+1 < len(args); i += 2 {
				named[fmt.Sprint(args[i])] = args[i+1]
			}
			return say("models.page."+key, named)
		},
		"word":   func(key string) string { return say(key, nil) },
		"number": number,
		"inside": func(e agree.Estimate) string {
			return fmt.Sprintf("%+.3f [%s, %s]", e.Value, signed(e.Low), signed(e.High))
		},
		"picture": func(r Result, model int) template.URL { return picture(&r, model) },
	}).Parse(pageText)
	if err != nil {
		return nil, err
	}
	n := len(c.Results)
	better, worse := c.Results[:min(shown, c.Better, n)], []Result{}
	for i := n - 1; i >= n-min(shown, c.Worse, n); i-- {
		worse = append(worse, c.Results[i])
	}
	var b bytes.Buffer
	err = t.Execute(&b, map[string]any{"C": c, "ShownBetter": better, "ShownWorse": worse})
	return b.Bytes(), err
}

func number(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "–"
	}
	return fmt.Sprintf("%.3f", v)
}

func signed(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%+.3f", v)
}

// The colours of outlines: the truth, and the model's.
var (
	truthColour = color.NRGBA{0x7C, 0xF2, 0x9A, 0xff}
	modelColour = color.NRGBA{0xFF, 0xD1, 0x66, 0xff}
)

// pictureSide is the longest side of a picture, px.
const pictureSide = 300

// picture is an image with the true outline and a model's, as a data URL; empty where the image cannot be read any more.
func picture(r *Result, model int) template.URL {
	im, err := r.Load()
	if err != nil {
		return ""
	}
	var b bytes.Buffer
	if err := png.Encode(&b, Overlay(im, r.Truth, r.Mask(model), pictureSide)); err != nil {
		return ""
	}
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()))
}

// Overlay draws an image, made as small as side px, with the outline of what counts as true (green) and of a model's mask.
func Overlay(im inference.Image, truth, found *mask.Plane, side int) image.Image {
	k := math.Min(1, float64(side)/float64(max(im.W, im.H)))
	w, h := max(1, int(float64(im.W)*k)), max(1, int(float64(im.H)*k))
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			at := min(im.H-1, int((float64(y)+0.5)/k))*im.W + min(im.W-1, int((float64(x)+0.5)/k))
			v := uint8(math.Round(255 * float64(min(max(im.Grey[at], 0), 1))))
			out.SetNRGBA(x, y, color.NRGBA{v, v, v, 0xff})
		}
	}
	outline(out, truth, k, truthColour)
	outline(out, found, k, modelColour)
	return out
}

// outline draws the boundary of a mask, whatever its labels.
func outline(out *image.NRGBA, m *mask.Plane, k float64, c color.NRGBA) {
	for _, line := range contour.FromMask(flat(m), 1) {
		pts := line.Points
		for i := range pts {
			a, b := pts[i], pts[(i+1)%len(pts)]
			steps := int(math.Hypot(b.X-a.X, b.Y-a.Y)*k*2) + 1
			for s := range steps {
				t := float64(s) / float64(steps)
				out.SetNRGBA(int((a.X+t*(b.X-a.X))*k), int((a.Y+t*(b.Y-a.Y))*k), c)
			}
		}
	}
}
