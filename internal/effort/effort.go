// Package effort is a simulated reader: it corrects predicted masks until they agree with true ones, with the program's own
// tools on the program's own review, and tells what that took in gestures, pointer path and modelled seconds. docs/effort.md
// tells the models of hand and time, and what was measured.
//
// It knows no files and no window. Everything is reproducible: chance comes from the seed, the image's name, the strategy
// and the target alone.
package effort

import (
	"bytes"
	"context"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// Label is the label under correction, in truths as in predictions.
const Label = 1

// Strategies, in the order of reports.
const (
	Mix    = "mix"    // at each step the tool whose gesture buys most Dice per second
	Brush  = "brush"  // brush and eraser alone
	Draw   = "draw"   // from an empty mask, each lesion with one line
	Push   = "push"   // push alone
	Redraw = "redraw" // redraw alone
	Slide  = "slide"  // slide alone
	Click  = "click"  // asking the model again by clicks alone
	Stroke = "stroke" // asking the model again by strokes alone
)

// Strategies lists them all.
func Strategies() []string { return []string{Mix, Brush, Draw, Push, Redraw, Slide, Click, Stroke} }

// Case is one image with its true mask.
type Case struct {
	Name    string
	Study   *study.Study
	Key     review.Key
	Image   inference.Image
	Truth   *mask.Plane           // Label where the lesions are
	Predict *inference.Prediction // automatic
}

// Options say how to read.
type Options struct {
	Seed     uint64
	Targets  []float64 // of Dice, at which a reader is content
	Gestures int       // after so many he gives up
	Hand     Hand
	Clock    Clock
	Ask      inference.Predictor // nil: the model is not asked again
}

// Defaults are the options of the figures in docs/effort.md.
func Defaults() Options {
	return Options{Seed: 1, Targets: []float64{0.90, 0.95}, Gestures: 30, Hand: Steady(), Clock: Keystrokes()}
}

// Run is what one strategy took on one image.
type Run struct {
	Image, Strategy string
	Target          float64
	Gestures        int
	Path            float64 // of the pointer, px of the image, ways between gestures included
	Share           float64 // the same, in longer sides of the image
	Seconds         float64
	Reached         bool
	Start, End      float64        // Dice before and after
	Anew            bool           // a stroke drew a lesion anew, or went along most of its outline
	Tools           map[string]int // gestures by tool
}

// Read corrects one image by each of the strategies up to each of the targets. The error is that of ctx or the predictor.
func Read(ctx context.Context, c *Case, strategies []string, o Options) ([]Run, error) {
	t := measureTruth(c.Truth)
	var out []Run
	for _, target := range o.Targets {
		for _, s := range strategies {
			d := newDesk(c, t, o, s, target)
			if err := d.work(ctx); err != nil {
				return nil, err
			}
			out = append(out, d.run)
		}
	}
	return out, nil
}

// desk is one image under correction by one strategy.
type desk struct {
	*truth
	c       *Case
	o       Options
	review  *review.Review
	key     review.Key
	chance  *rand.Rand
	run     Run
	unit    float64 // px of the image per pixel of a view of 256
	tool    string  // in hand
	size    float64 // of brush and eraser, radius in px
	at      contour.Point
	weak    float64 // expected error above which arcs are weak, px
	asked   asked
	refused int // answers in a row that did not help
	wrong   int // pixels
	dice    float64
	total   float64         // pixels of mask and truth together
	drawn   []bool          // of the truth's regions, by strategy Draw
	failed  map[string]bool // gestures that made this mask worse
}

// firstSize is the brush's radius when the program starts, px.
const firstSize = 12

// weakShare is what counts as a weak arc when the program starts, as a share of the image's longer side.
const weakShare = 0.012

func newDesk(c *Case, t *truth, o Options, strategy string, target float64) *desk {
	h := fnv.New64a()
	_, _ = h.Write([]byte(c.Name + "\x00" + strategy))
	long := float64(max(c.Truth.W, c.Truth.H))
	d := &desk{
		truth: t, c: c, o: o, review: review.New(c.Study, "reader", nil), key: c.Key,
		chance: rand.New(rand.NewPCG(o.Seed, h.Sum64()+math.Float64bits(target))),
		run:    Run{Image: c.Name, Strategy: strategy, Target: target, Tools: map[string]int{}},
		tool:   toolBrush, size: firstSize, weak: weakShare * long,
		at:    contour.Point{X: float64(c.Truth.W) / 2, Y: float64(c.Truth.H) / 2},
		drawn: make([]bool, len(t.rings)), failed: map[string]bool{},
	}
	d.unit = long / viewSize
	if zoomed := t.extent / leastView; zoomed < d.unit {
		d.unit = zoomed
	}
	return d
}

// A reader looks at the whole image in a view of viewSize px, and at a lesion shorter than leastView of them zoomed in until
// it is that long.
const (
	viewSize  = 256.0
	leastView = 64.0
)

// work reads the image.
func (d *desk) work(ctx context.Context) error {
	if d.run.Strategy != Draw {
		if err := d.review.SetPrediction(d.key, d.c.Predict); err != nil {
			return err
		}
	}
	d.look()
	d.run.Start = d.dice
	if d.dice < d.run.Target && d.unit < float64(max(d.c.Truth.W, d.c.Truth.H))/viewSize {
		d.run.Seconds += d.o.Clock.Key // zooms in
	}
	for d.dice < d.run.Target && d.run.Gestures < d.o.Gestures {
		p := d.choose()
		if p == nil {
			break
		}
		if err := d.carryOut(ctx, p); err != nil {
			return err
		}
	}
	d.run.End, d.run.Reached = d.dice, d.dice >= d.run.Target
	d.run.Share = d.run.Path / float64(max(d.c.Truth.W, d.c.Truth.H))
	return nil
}

// look sees how the mask compares with the truth.
func (d *desk) look() {
	m := d.review.Mask(d.key)
	d.wrong, d.dice = d.compare(m)
	d.total = float64(mask.Count(m, Label) + d.pixels)
}

// compare counts the wrong pixels of a mask, and gives its Dice.
func (d *desk) compare(m *mask.Plane) (wrong int, dice float64) {
	both, sum := 0, 0
	for i, v := range m.Pix {
		a, b := v == Label, d.plane.Pix[i] == Label
		switch {
		case a && b:
			both++
			sum += 2
		case a || b:
			wrong++
			sum++
		}
	}
	if sum == 0 {
		return 0, 1
	}
	return wrong, 2 * float64(both) / float64(sum)
}

// left counts the wrong pixels of a mask that hardly differs from the frame's.
func (d *desk) left(m *mask.Plane) int {
	old, wrong := d.review.Frame(d.key).Labels, d.wrong
	for i := 0; i < len(m.Pix); i += m.W {
		row, was := m.Pix[i:i+m.W], old.Pix[i:i+m.W]
		if bytes.Equal(row, was) {
			continue
		}
		for x, v := range row {
			if (v == Label) != (was[x] == Label) {
				if (v == Label) == (d.plane.Pix[i+x] == Label) {
					wrong--
				} else {
					wrong++
				}
			}
		}
	}
	return wrong
}

// careful is by how much more than the target a reader aims at, because his hand is not exact.
const careful = 0.005

// gain is what a mask with so many wrong pixels less buys: Dice, up to the target and a little more.
func (d *desk) gain(less float64) float64 {
	// Dice is 1 - wrong/(A+B), and A+B hardly changes.
	return math.Min(math.Max(0, d.run.Target+careful-d.dice), less/math.Max(1, d.total))
}
