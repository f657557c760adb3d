package effort

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// disc is a round region.
type disc struct{ x, y, r float64 }

// plane holds the discs.
func plane(w, h int, discs ...disc) *mask.Plane {
	p := mask.NewPlane(w, h)
	for _, d := range discs {
		p.Fill(mask.Capsule(d.x, d.y, d.x, d.y, d.r, d.r), Label)
	}
	return p
}

// predicted is a prediction whose mask is p, with a soft edge.
func predicted(p *mask.Plane) *inference.Prediction {
	out := &inference.Prediction{
		Model: inference.Info{Name: "test", SHA256: "test", Guided: true}, W: p.W, H: p.H, Threshold: 0.5, Present: 1,
		Mask: p, Probability: make([]float32, len(p.Pix)), Scale: make([]float32, len(p.Pix)), ClickRadius: 4,
		Fit: inference.Fit{Factor: 1},
	}
	_, in := nearest(p.W, p.H, func(i int) bool { return p.Pix[i] == Label })
	_, outside := nearest(p.W, p.H, func(i int) bool { return p.Pix[i] != Label })
	for i := range p.Pix {
		d := math.Sqrt(float64(outside[i])) - math.Sqrt(float64(in[i]))
		out.Probability[i] = float32(1 / (1 + math.Exp(-math.Max(-40, math.Min(40, d))/4)))
		out.Scale[i] = 2
	}
	return out
}

// newCase is an image of which a mask was predicted.
func newCase(name string, truth, predict *mask.Plane) *Case {
	it := &study.Item{ID: name, Name: name, W: truth.W, H: truth.H, Frames: 1}
	return &Case{
		Name: name, Study: &study.Study{Items: []*study.Item{it}}, Key: review.Key{Instance: name},
		Image: inference.Image{W: truth.W, H: truth.H, Grey: make([]float32, truth.W*truth.H)},
		Truth: truth, Predict: predicted(predict),
	}
}

// model answers with a fixed mask, or fails.
type model struct {
	mask  *mask.Plane
	err   error
	asked int
}

func (m *model) Info() inference.Info { return inference.Info{Name: "test", Guided: true} }

func (m *model) Predict(context.Context, inference.Image, inference.Guidance) (*inference.Prediction, error) {
	m.asked++
	if m.err != nil {
		return nil, m.err
	}
	return predicted(m.mask), nil
}

// read runs strategies to Dice 0.95.
func read(t testing.TB, c *Case, o Options, strategies ...string) map[string]Run {
	t.Helper()
	o.Targets = []float64{0.95}
	runs, err := Read(context.Background(), c, strategies, o)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Run{}
	for _, r := range runs {
		out[r.Strategy] = r
	}
	return out
}

func TestNearestIsTheNearest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(1, 14).Draw(t, "w"), rapid.IntRange(1, 14).Draw(t, "h")
		sites := rapid.SliceOfN(rapid.SampledFrom([]bool{false, false, false, true}), w*h, w*h).Draw(t, "sites")
		index, squared := nearest(w, h, func(i int) bool { return sites[i] })
		for i := range index {
			best := math.MaxInt
			for k, is := range sites {
				if dx, dy := i%w-k%w, i/w-k/w; is {
					best = min(best, dx*dx+dy*dy)
				}
			}
			if best == math.MaxInt {
				if index[i] != -1 {
					t.Fatal("a site where none is")
				}
				continue
			}
			k := int(index[i])
			dx, dy := i%w-k%w, i/w-k/w
			if !sites[k] || dx*dx+dy*dy != best || float64(squared[i]) != float64(best) {
				t.Fatalf("pixel %d: site %d at %d, want %d", i, k, dx*dx+dy*dy, best)
			}
		}
	})
}

func TestCompareIsDice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) *mask.Plane {
			p := mask.NewPlane(9, 7)
			copy(p.Pix, rapid.SliceOfN(rapid.Uint8Range(0, 1), 63, 63).Draw(t, name))
			return p
		}
		a, b := draw("a"), draw("b")
		d := &desk{truth: &truth{plane: a}}
		if _, dice := d.compare(b); math.Abs(dice-contour.Dice(a, b, Label)) > 1e-12 {
			t.Fatal(dice, contour.Dice(a, b, Label))
		}
	})
}

func TestEveryToolMendsABulge(t *testing.T) {
	truth := plane(256, 256, disc{120, 128, 40}, disc{158, 128, 24})
	c := newCase("bulge", truth, plane(256, 256, disc{120, 128, 40}))
	o := Defaults()
	o.Ask = &model{mask: truth}
	runs := read(t, c, o, Strategies()...)
	for _, s := range Strategies() {
		r := runs[s]
		if s == Slide { // which knows no lesion that the model does not see
			continue
		}
		if !r.Reached || r.Gestures < 1 || r.Gestures > 6 || r.Seconds < 2 || r.Path <= 0 || r.Start > 0.95 || r.End < 0.95 {
			t.Errorf("%+v", r)
		}
	}
	if d := runs[Draw]; d.Gestures != 1 || !d.Anew || d.Start != 0 || d.Seconds < 5 || d.Seconds > 15 {
		t.Errorf("drawing from nothing: %+v", d)
	}
	if m := runs[Mix]; m.Seconds > runs[Brush].Seconds || m.Seconds > runs[Draw].Seconds || m.Anew {
		t.Errorf("the mix is no better: %+v", m)
	}
}

func TestSlideMendsWhatIsTooSmallAllAround(t *testing.T) {
	c := newCase("small", plane(256, 256, disc{128, 128, 40}), plane(256, 256, disc{128, 128, 36}))
	r := read(t, c, Defaults(), Slide)[Slide]
	if !r.Reached || r.Gestures != 1 {
		t.Fatalf("%+v", r)
	}
}

func TestWhatIsRightIsLeftAlone(t *testing.T) {
	p := plane(200, 160, disc{100, 80, 30})
	for s, r := range read(t, newCase("right", p, p), Defaults(), Mix, Brush, Push, Redraw, Slide) {
		if r.Gestures != 0 || r.Seconds != 0 || !r.Reached || r.End != 1 {
			t.Errorf("%s: %+v", s, r)
		}
	}
}

func TestMissedLesionsAreDrawn(t *testing.T) {
	truth := plane(300, 256, disc{80, 100, 30}, disc{210, 140, 35})
	empty := mask.NewPlane(300, 256)
	runs := read(t, newCase("missed", truth, empty), Defaults(), Mix, Draw, Brush, Push)
	for s, r := range runs {
		if !r.Reached {
			t.Errorf("%s: %+v", s, r)
		}
	}
	if r := runs[Draw]; r.Gestures < 2 || r.Gestures > 3 {
		t.Errorf("two lesions take two lines: %+v", r)
	}
	if !runs[Mix].Anew {
		t.Errorf("nothing was there to correct: %+v", runs[Mix])
	}
	elsewhere := newCase("elsewhere", plane(256, 256, disc{70, 80, 30}), plane(256, 256, disc{180, 180, 28}))
	if r := read(t, elsewhere, Defaults(), Mix)[Mix]; !r.Reached || !r.Anew || r.Gestures > 3 {
		t.Errorf("a mask in the wrong place: %+v", r)
	}
}

func TestReadersGiveUp(t *testing.T) {
	c := newCase("bulge", plane(256, 256, disc{120, 128, 40}, disc{158, 128, 24}), plane(256, 256, disc{120, 128, 40}))
	o := Defaults()
	o.Gestures = 0
	if r := read(t, c, o, Mix)[Mix]; r.Reached || r.Gestures != 0 {
		t.Fatalf("%+v", r)
	}
	o = Defaults()
	useless := &model{mask: mask.NewPlane(256, 256)} // Merge still obeys the click, with a disk
	o.Ask = useless
	if r := read(t, c, o, Stroke)[Stroke]; r.Reached || useless.asked != r.Gestures || r.Gestures > patience {
		t.Fatalf("%+v", r)
	}
	broken := errors.New("broken")
	o.Ask, o.Targets = &model{err: broken}, []float64{0.95}
	if _, err := Read(context.Background(), c, []string{Click}, o); !errors.Is(err, broken) {
		t.Fatal(err)
	}
	o.Ask = nil
	if r := read(t, c, o, Click)[Click]; r.Gestures != 0 || r.Reached {
		t.Fatalf("nobody to ask: %+v", r)
	}
}

func TestTheSeedDecides(t *testing.T) {
	c := newCase("bulge", plane(256, 256, disc{120, 128, 40}, disc{158, 128, 24}), plane(256, 256, disc{120, 128, 40}))
	o := Defaults()
	a, b := read(t, c, o, Mix, Brush), read(t, c, o, Brush, Mix)
	if !reflect.DeepEqual(a, b) {
		t.Fatal("the same seed gives other numbers")
	}
	o.Seed = 2
	if reflect.DeepEqual(a, read(t, c, o, Mix, Brush)) {
		t.Fatal("another seed gives the same numbers")
	}
}

func TestHandStraysAsItIsSaidTo(t *testing.T) {
	c := newCase("hand", plane(512, 512, disc{256, 256, 200}), plane(512, 512, disc{256, 256, 200}))
	d := newDesk(c, measureTruth(c.Truth), Defaults(), Mix, 0.95)
	if d.unit != 2 {
		t.Fatal("an image of 512 px has two px to each of the view:", d.unit)
	}
	line := []contour.Point{{X: 0, Y: 100}, {X: 20000, Y: 100}}
	sum, same, next, n := 0.0, 0.0, 0.0, 0
	drawn := d.draw(line)
	for i, p := range drawn {
		if i < 2 || i+2 >= len(drawn) {
			continue
		}
		off := (p.Y - 100) / d.unit
		sum += off
		same += off * off
		next += off * (drawn[i+1].Y - 100) / d.unit
		n++
	}
	if sd := math.Sqrt(same / float64(n)); math.Abs(sd-1) > 0.06 || math.Abs(sum/float64(n)) > 0.1 {
		t.Fatalf("strays by %.2f around %.2f", sd, sum/float64(n))
	}
	if r := next / same; math.Abs(r-math.Exp(-1.0/8)) > 0.02 {
		t.Fatalf("neighbours agree by %.3f", r)
	}
	if drawn[0].X > 0 || drawn[len(drawn)-1].X < 20000 {
		t.Fatal("a hand begins early and ends late")
	}
	if at := d.draw([]contour.Point{{X: 9, Y: 9}}); len(at) != 1 || at[0] == (contour.Point{X: 9, Y: 9}) {
		t.Fatal("a click misses by a little")
	}
}

func TestSecondsAddUp(t *testing.T) {
	p := plane(256, 256, disc{128, 128, 40})
	d := newDesk(newCase("time", p, p), measureTruth(p), Defaults(), Mix, 0.95)
	line := []contour.Point{{X: 0, Y: 0}, {X: 41.33, Y: 0}} // ten times as long as its tunnel is wide
	for _, c := range []struct {
		p    plan
		want float64
	}{
		{plan{tool: toolBrush, line: line}, 1.35 + 1.10 + 0.20 + 1.0},
		{plan{tool: toolRedraw, line: line}, 1.35 + 1.10 + 0.20 + 1.0 + 0.20},
		{plan{tool: toolRedraw, line: line, invert: true, keys: 1}, 1.35 + 1.10 + 0.20 + 1.0 + 0.60},
		{plan{tool: toolSlide, line: line[:1], notches: 4}, 1.35 + 1.10 + 0.20 + 0.80 + 0.20},
		{plan{tool: toolClick, line: line[:1]}, 1.35 + 1.10 + 0.20 + 0.20 + 0.30 + 1.35 + 0.20},
	} {
		if got := d.seconds(&c.p); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%s: %.3f s, want %.3f", c.p.tool, got, c.want)
		}
	}
}

func TestReports(t *testing.T) {
	runs := []Run{
		{Image: "a.png", Strategy: Mix, Target: 0.95, Gestures: 1, Path: 12.34, Seconds: 4, Reached: true, Tools: map[string]int{"push": 1}},
		{Image: "a.png", Strategy: Draw, Target: 0.95, Gestures: 1, Path: 99, Seconds: 8, Reached: true, Anew: true},
		{Image: "b.png", Strategy: Mix, Target: 0.95, Reached: true},
		{Image: "b.png", Strategy: Draw, Target: 0.95, Gestures: 3, Path: 50, Seconds: 12, Anew: true},
	}
	figures, ratios := Summarise(runs)
	if len(figures) != 2 || len(ratios) != 1 || ratios[0] != (Ratio{0.95, Draw, 0.2, 0.25}) {
		t.Fatalf("%+v %+v", figures, ratios)
	}
	m := figures[0]
	if m.Gestures != 0.5 || m.Seconds != 2 || m.Median != 2 || m.Untouched != 0.5 || m.Reached != 1 || m.Tools["push"] != 0.5 || m.Anew != 0 {
		t.Fatalf("%+v", m)
	}
	if d := figures[1]; d.Reached != 0.5 || d.Anew != 1 || d.PathPx != 74.5 {
		t.Fatalf("%+v", d)
	}
	var b bytes.Buffer
	if err := WriteCSV(&b, runs); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 5 || strings.Join(rows[0], ",") != "image,strategy,target,gestures,path_px,seconds,reached" ||
		strings.Join(rows[1], ",") != "a.png,mix,0.95,1,12.3,4.00,true" || rows[4][6] != "false" {
		t.Fatal(rows, err)
	}
	b.Reset()
	if err := Plot(&b, runs, Words{Title: "a < b", Seconds: "seconds", Images: "images", Target: "Dice"}); err != nil {
		t.Fatal(err)
	}
	d, lines, words := xml.NewDecoder(&b), 0, ""
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch v := token.(type) {
		case xml.StartElement:
			if v.Name.Local == "path" && len(v.Attr) == 4 {
				lines++
			}
		case xml.CharData:
			words += string(v)
		}
	}
	if lines < 2 || !strings.Contains(words, "a < b") || !strings.Contains(words, "mix") || !strings.Contains(words, "Dice 0.95") {
		t.Fatal(lines, words)
	}
}

// BenchmarkMix is one image read with the best mix.
func BenchmarkMix(b *testing.B) {
	c := newCase("bulge", plane(512, 400, disc{240, 200, 60}, disc{300, 200, 36}), plane(512, 400, disc{240, 200, 60}))
	for b.Loop() {
		read(b, c, Defaults(), Mix)
	}
}
