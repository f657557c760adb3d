package deid

import (
	"image"
	"slices"

	"echoline/internal/study"
)

// How writing is told from ultrasound: strokes of one brightness on something darker, that stay where they are in all
// frames, in pieces as high as letters and side by side.
const (
	steady     = 12  // levels that compression moves a pixel by, from frame to frame
	contrast   = 56  // levels between ink and what is beside it
	flat       = 28  // levels within one letter
	leastInk   = 90  // level of the darkest writing
	stillTop   = 150 // level of the brightest pixel of a letter in a still
	likeness   = 24  // levels between the brightest pixels of letters of a row
	leastHigh  = 5   // px of a letter
	mostHigh   = 64
	leastRow   = 3   // letters side by side, in a cine
	leastStill = 4   // in a still, where nothing tells what moves
	overlap    = 0.6 // of the height of the lower of two letters of a row
	margin     = 3   // px around writing that is blanked with it
)

// film is what a cine shows over all its frames: the darkest and the brightest that each pixel was.
type film struct {
	w, h   int
	frames int
	lo, hi []uint8
}

// watch looks at all frames.
func watch(it *study.Item, name string) (*film, error) {
	f := &film{w: it.W, h: it.H, frames: it.Frames}
	for i := range it.Frames {
		frame, err := it.Frame(i)
		if err != nil {
			return nil, named(err, name)
		}
		level := brightness(frame)
		if i == 0 {
			f.lo, f.hi = level, slices.Clone(level)
			continue
		}
		for n, v := range level {
			f.lo[n], f.hi[n] = min(f.lo[n], v), max(f.hi[n], v)
		}
	}
	return f, nil
}

// brightness is that of each pixel, 0..255.
func brightness(f *study.Frame) []uint8 {
	out := make([]uint8, f.W*f.H)
	for i := range out {
		if f.RGB != nil {
			out[i] = max(f.RGB[3*i], f.RGB[3*i+1], f.RGB[3*i+2])
		} else {
			out[i] = uint8(int(f.Grey[i]) * 255 / max(f.Max, 1))
		}
	}
	return out
}

// text finds boxes around what looks like writing: bright on dark, and in a cine dark on bright too.
func (f *film) text() []image.Rectangle {
	letters := f.letters(f.ink(false))
	least := leastStill
	if f.frames > 1 { // in a still, gaps between tissue look like dark letters
		letters, least = append(letters, f.letters(f.ink(true))...), leastRow
	}
	return lines(letters, least, image.Rect(0, 0, f.w, f.h))
}

// ink marks pixels that are steady and stand out from the darkest (brightest, if dark) pixel near them. The value is the
// level, or 0; 255-level if dark.
func (f *film) ink(dark bool) []uint8 {
	level := make([]uint8, len(f.lo))
	for i := range level {
		level[i] = f.lo[i]
		if dark {
			level[i] = 255 - f.hi[i]
		}
	}
	ground := lowest(level, f.w, f.h, 4)
	out := make([]uint8, len(level))
	for i, v := range level {
		if f.hi[i]-f.lo[i] <= steady && v >= leastInk && v-min(ground[i], v) >= contrast {
			out[i] = v
		}
	}
	return out
}

// lowest is the lowest level within r pixels of each.
func lowest(level []uint8, w, h, r int) []uint8 {
	rows, out := make([]uint8, len(level)), make([]uint8, len(level))
	for y := range h {
		for x := range w {
			rows[y*w+x] = slices.Min(level[y*w+max(x-r, 0) : y*w+min(x+r+1, w)])
		}
	}
	for y := range h {
		for x := range w {
			v := uint8(255)
			for k := max(y-r, 0); k < min(y+r+1, h); k++ {
				v = min(v, rows[k*w+x])
			}
			out[y*w+x] = v
		}
	}
	return out
}

// piece is a piece of ink: its box and its brightest level.
type piece struct {
	image.Rectangle
	top uint8
}

// letters are the connected pieces of ink that are as large as letters and of one level.
func (f *film) letters(ink []uint8) []piece {
	var out []piece
	var todo []int
	for i := range ink {
		if ink[i] == 0 {
			continue
		}
		box := image.Rect(i%f.w, i/f.w, i%f.w+1, i/f.w+1)
		top := ink[i]
		todo = append(todo[:0], i)
		levels := []uint8{ink[i]}
		ink[i] = 0
		for len(todo) > 0 {
			at := todo[len(todo)-1]
			todo = todo[:len(todo)-1]
			x, y := at%f.w, at/f.w
			box = box.Union(image.Rect(x, y, x+1, y+1))
			for ny := max(y-1, 0); ny <= min(y+1, f.h-1); ny++ {
				for nx := max(x-1, 0); nx <= min(x+1, f.w-1); nx++ {
					if n := ny*f.w + nx; ink[n] != 0 {
						top = max(top, ink[n])
						levels = append(levels, ink[n])
						ink[n] = 0
						todo = append(todo, n)
					}
				}
			}
		}
		if letter(box, levels, top) && (f.frames > 1 || top >= stillTop) {
			out = append(out, piece{box, top})
		}
	}
	return out
}

// letter tells a piece that can be one or some letters: their strokes take up part of the box, and most have the full level.
func letter(box image.Rectangle, levels []uint8, top uint8) bool {
	w, h := box.Dx(), box.Dy()
	full := 0
	for _, v := range levels {
		if top-v <= flat {
			full++
		}
	}
	return h >= leastHigh && h <= mostHigh && w <= 6*h && float64(full) >= 0.38*float64(len(levels)) &&
		len(levels) >= h && float64(len(levels)) <= 0.85*float64(w*h)+float64(h)
}

// lines joins letters that stand side by side, and returns the boxes of rows of at least so many. A piece that is wide
// counts as several letters that touch.
func lines(letters []piece, least int, all image.Rectangle) []image.Rectangle {
	slices.SortFunc(letters, func(a, b piece) int { return a.Min.X - b.Min.X })
	used := make([]bool, len(letters))
	var out []image.Rectangle
	for i, first := range letters {
		if used[i] {
			continue
		}
		used[i] = true
		row, last, n := first.Rectangle, first, weight(first)
		for j := i + 1; j < len(letters); j++ {
			if next := letters[j]; !used[j] && beside(last, next) && row.Union(next.Rectangle).Dy() <= 2*first.Dy() {
				used[j] = true
				row, last, n = row.Union(next.Rectangle), next, n+weight(next)
			}
		}
		if n >= least {
			row = paragraph(row, first, letters, used)
			out = append(out, row.Inset(-margin).Intersect(all))
		}
	}
	return out
}

// paragraph takes into a row the letters like its first one that stand close above or below: lines too short to be found
// alone.
func paragraph(row image.Rectangle, first piece, letters []piece, used []bool) image.Rectangle {
	for grown := true; grown; {
		grown = false
		reach := image.Rect(row.Min.X, row.Min.Y-2*first.Dy(), row.Max.X, row.Max.Y+2*first.Dy())
		for j, l := range letters {
			alike := 3*l.Dy() >= 2*first.Dy() && 2*l.Dy() <= 3*first.Dy() && max(l.top, first.top)-min(l.top, first.top) <= likeness
			if !used[j] && alike && l.In(reach) {
				used[j], grown = true, true
				row = row.Union(l.Rectangle)
			}
		}
	}
	return row
}

// weight is how many letters a piece can be.
func weight(r piece) int { return max(1, (r.Dx()+r.Dy()/2)/max(r.Dy(), 1)) }

// beside tells whether b is the next letter after a, perhaps of the next word.
func beside(a, b piece) bool {
	if max(a.top, b.top)-min(a.top, b.top) > likeness {
		return false
	}
	lower, higher := min(a.Dy(), b.Dy()), max(a.Dy(), b.Dy())
	common := min(a.Max.Y, b.Max.Y) - max(a.Min.Y, b.Min.Y)
	gap := b.Min.X - a.Max.X
	return float64(common) >= overlap*float64(lower) && higher <= 2*lower && gap >= -a.Dx()/2 && gap <= 2*higher
}
