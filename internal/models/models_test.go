package models

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/csv"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"echoline/inference"
	"echoline/internal/agree"
	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/mask"
)

// onnx is the outermost layer of a model file: a version, a graph that is none, and the metadata.
func onnx(doc string) []byte {
	b := []byte{8, 9} // ir_version
	b = append(b, 7<<3|2, 3, 'x', 'y', 'z')
	entry := []byte{1<<3 | 2, 8}
	entry = append(entry, "echoline"...)
	entry = append(entry, 2<<3|2)
	entry = binary.AppendUvarint(entry, uint64(len(doc)))
	entry = append(entry, doc...)
	b = append(b, 14<<3|2)
	b = binary.AppendUvarint(b, uint64(len(entry)))
	return append(b, entry...)
}

func file(t *testing.T, name, doc string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, onnx(doc), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func described(name, data string) string {
	return fmt.Sprintf(`{"name":%q,"version":"1","input":{"width":64,"height":64},"data":[{"name":%q}]}`, name, data)
}

func TestRead(t *testing.T) {
	m, err := Read(file(t, "own.onnx", described("own", "cases")))
	if err != nil || m.Name != "own" || !m.OwnCases || m.Input != "64×64" || len(m.SHA256) != 64 {
		t.Fatalf("%+v %v", m, err)
	}
	whole := onnx(described("own", "BUSI"))
	for i := range whole { // cut off anywhere it is no model, and nothing breaks
		path := filepath.Join(t.TempDir(), "cut.onnx")
		if err := os.WriteFile(path, whole[:i], 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(path); fault.CodeOf(err) != CodeNoModel {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	shipped := filepath.Join("..", "..", "assets", "models", "echoline-breast.onnx")
	if m, err := Read(shipped); err != nil || m.Name != "echoline-breast" || m.OwnCases || m.Card == "" {
		t.Errorf("the shipped one: %+v %v", m, err)
	}
}

func TestPromoteAndBack(t *testing.T) {
	s, now := Of(t.TempDir()), time.Unix(1e9, 0)
	ships := file(t, "ships.onnx", described("ships", "BUSI"))
	one, err := s.Add(t.Context(), file(t, "one.onnx", described("one", "cases")))
	if err != nil {
		t.Fatal(err)
	}
	two, err := Read(file(t, "two.onnx", described("two", "cases")))
	if err != nil {
		t.Fatal(err)
	}
	inUse := func() string {
		all, err := s.List(ships)
		if err != nil {
			t.Fatal(err)
		}
		name := ""
		for _, m := range all {
			if m.InUse {
				name += m.Name
			}
		}
		return name
	}
	if got := inUse(); got != "ships" {
		t.Fatal(got)
	}
	if _, err := s.Back(t.Context()); fault.CodeOf(err) != CodeFirst {
		t.Error(err)
	}
	for _, m := range []Model{one, two, two} { // promoted twice is promoted once
		if err := s.Promote(t.Context(), m, "Kim", now); err != nil {
			t.Fatal(err)
		}
	}
	if got := inUse(); got != "two" {
		t.Fatal(got)
	}
	current, err := s.Current()
	if err != nil || !strings.HasSuffix(current, two.SHA256+".onnx") {
		t.Fatal(current, err)
	}
	if name, err := s.Back(t.Context()); err != nil || name != "one" || inUse() != "one" {
		t.Fatal(name, err, inUse())
	}
	if name, err := s.Back(t.Context()); err != nil || name != "" || inUse() != "ships" {
		t.Fatal(name, err, inUse())
	}
	for named, want := range map[string]string{"one": "one", two.SHA256[:6]: "two", "shipped": "ships", ships: "ships"} {
		if m, err := s.Find(named, ships); err != nil || m.Name != want {
			t.Errorf("%s: %+v %v", named, m, err)
		}
	}
	if _, err := s.Find("three", ships); fault.CodeOf(err) != CodeUnknown {
		t.Error(err)
	}
}

// What is in use and damaged or gone is told, and never handed out.
func TestCurrentIsWhole(t *testing.T) {
	s := Of(t.TempDir())
	m, err := s.Add(t.Context(), file(t, "one.onnx", described("one", "cases")))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Promote(t.Context(), m, "", time.Now()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(m.File)
	if err != nil {
		t.Fatal(err)
	}
	data[3] ^= 1
	if err := os.WriteFile(m.File, data, 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Current(); fault.CodeOf(err) != CodeDamaged || got != "" {
		t.Error(got, err)
	}
	if all, err := s.List(""); err != nil || len(all) != 0 {
		t.Error("a damaged model is offered", all, err)
	}
	if err := os.Remove(m.File); err != nil {
		t.Fatal(err)
	}
	_, err = s.Current()
	if fault.CodeOf(err) != CodeMissing {
		t.Error(err)
	}
	if f := Fallback(err); f.Code != CodeFallback || f.Args["Name"] != "one" {
		t.Error(f)
	}
	if err := os.WriteFile(filepath.Join(s.dir, stateName), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = s.Current()
	if fault.CodeOf(err) != CodeState {
		t.Error(err)
	}
	if f := Fallback(err); f.Args["Name"] != stateName {
		t.Errorf("%q", f.Args["Name"])
	}
}

// TestChangesAtOnce: the window promotes while a calibration is kept beside it; neither is lost.
func TestChangesAtOnce(t *testing.T) {
	dir := t.TempDir()
	const n = 20
	var all sync.WaitGroup
	for i := range 2 * n {
		all.Go(func() {
			s := Of(dir)
			err := s.Promote(t.Context(), Model{Ships: true, Name: "one"}, "kim", time.Unix(int64(i), 0))
			if err == nil {
				err = s.Calibrate(t.Context(), []string{"ab", "cd"}[i%2], Calibration{Fitted: i})
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	st, err := Of(dir).state()
	if err != nil || len(st.Calibrations["ab"]) != n || len(st.Calibrations["cd"]) != n || len(st.Choices) != 1 {
		t.Error(len(st.Calibrations["ab"]), len(st.Calibrations["cd"]), st.Choices, err)
	}
}

func TestCalibrateAndBack(t *testing.T) {
	s := Of(t.TempDir())
	first := Calibration{Band: [4]float64{1, 1.5, 2, 2}, Expected: 1.5}
	second := Calibration{Band: [4]float64{2, 2, 2, 2}, Expected: 2}
	for _, c := range []Calibration{first, second} {
		if err := s.Calibrate(t.Context(), "aa", c); err != nil {
			t.Fatal(err)
		}
	}
	if c, err := s.Calibration("bb"); c != nil || err != nil {
		t.Error("another model's", c, err)
	}
	if err := s.Uncalibrate(t.Context(), "aa"); err != nil {
		t.Fatal(err)
	}
	c, err := s.Calibration("aa")
	if err != nil || c.Band != first.Band {
		t.Fatal(c, err)
	}
	p := &inference.Prediction{Fit: inference.Fit{Factor: 2, Band: [4]float64{1, 2, 3, 2.9}}}
	q := c.Apply(p)
	if q.Fit.Factor != 3 || q.Fit.Band != [4]float64{1, 3, 6, 6} || !q.Model.CalibratedHere || p.Model.CalibratedHere || p.Fit.Factor != 2 {
		t.Errorf("%+v %+v", q.Fit, p.Fit)
	}
	if again := c.Apply(q); again.Fit != q.Fit {
		t.Error("applied twice", again.Fit)
	}
	if err := s.Uncalibrate(t.Context(), "aa"); err != nil {
		t.Fatal(err)
	}
	if c, _ := s.Calibration("aa"); c != nil {
		t.Error(c)
	}
	if err := s.Uncalibrate(t.Context(), "aa"); fault.CodeOf(err) != CodeFirst {
		t.Error(err)
	}
}

// shifted is a model that outlines what it is given as truth, moved to the right.
type shifted struct {
	by    int
	truth map[int]*mask.Plane // by the image's width, which names it
}

func (shifted) Info() inference.Info { return inference.Info{} }

func (s shifted) Predict(_ context.Context, im inference.Image, _ inference.Guidance) (*inference.Prediction, error) {
	truth, p := s.truth[im.W], mask.NewPlane(im.W, im.H)
	for y := range p.H {
		for x := s.by; x < p.W; x++ {
			p.Pix[y*p.W+x] = truth.Pix[y*p.W+x-s.by]
		}
	}
	return &inference.Prediction{Mask: p, W: im.W, H: im.H}, nil
}

func disc(w, h int, x, y, r float64) *mask.Plane {
	p := mask.NewPlane(w, h)
	p.Fill(mask.Capsule(x, y, x, y, r, r), 1)
	return p
}

func cases(n int) ([]Case, map[int]*mask.Plane) {
	var out []Case
	truths := map[int]*mask.Plane{}
	for i := range n {
		w := 60 + i
		truths[w] = disc(w, 60, 30, 30, 12)
		out = append(out, Case{
			Name: fmt.Sprint("case ", i), Group: fmt.Sprint(i / 2), Learned: i%4 == 0, Truth: truths[w],
			Load: func() (inference.Image, error) {
				return inference.Image{W: w, H: 60, Grey: make([]float32, w*60)}, nil
			},
		})
	}
	return out, truths
}

func TestCompare(t *testing.T) {
	all, truths := cases(20)
	c, err := Compare(t.Context(), [2]Model{{Name: "far"}, {Name: "near"}}, [2]inference.Predictor{shifted{6, truths}, shifted{1, truths}}, all, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Settled() != 1 || c.Better != 20 || c.Worse != 0 || c.Groups != 10 || len(c.Results) != 20 || c.LeftOut != 0 {
		t.Errorf("%d better, %d worse, %d groups, %+v", c.Better, c.Worse, c.Groups, c.DiceGain)
	}
	want := contour.Dice(disc(60, 60, 31, 30, 12), disc(60, 60, 30, 30, 12), 1) - contour.Dice(disc(60, 60, 36, 30, 12), disc(60, 60, 30, 30, 12), 1)
	if math.Abs(c.DiceGain.Value-want) > 1e-9 || c.DiceGain.Low > want+1e-9 || c.DiceGain.High < want-1e-9 {
		t.Errorf("%+v, want %v", c.DiceGain, want)
	}
	same, err := Compare(t.Context(), [2]Model{}, [2]inference.Predictor{shifted{3, truths}, shifted{3, truths}}, all, nil)
	if err != nil || same.Settled() != 0 || same.DiceGain.Value != 0 {
		t.Error(same.DiceGain, err)
	}
	fair, err := Compare(t.Context(), [2]Model{{}, {OwnCases: true}}, [2]inference.Predictor{shifted{3, truths}, shifted{3, truths}}, all, nil)
	if err != nil || fair.LeftOut != 5 || len(fair.Results) != 15 {
		t.Error(fair.LeftOut, err)
	}
	for i := range all {
		all[i].Learned = true
	}
	if _, err := Compare(t.Context(), [2]Model{{}, {OwnCases: true}}, [2]inference.Predictor{}, all, nil); fault.CodeOf(err) != CodeSeen {
		t.Error(err)
	}
	if _, err := Compare(t.Context(), [2]Model{}, [2]inference.Predictor{}, nil, nil); fault.CodeOf(err) != CodeNoCases {
		t.Error(err)
	}
	page, err := c.Page(func(key string, args map[string]any) string { return key + fmt.Sprint(args) })
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"models.page.better", "data:image/png;base64,", "case 19"} {
		if !bytes.Contains(page, []byte(want)) {
			t.Errorf("the page lacks %s", want)
		}
	}
	if n := bytes.Count(page, []byte("data:image")); n != 2*shown || bytes.Contains(page, []byte("ZgotmplZ")) {
		t.Errorf("%d pictures", n)
	}
}

func TestCasesOfAFolder(t *testing.T) {
	dir := t.TempDir()
	rows := [][]string{{"file", "class", "group", "split"}}
	for i, split := range []string{"train", "test", "test"} {
		name := fmt.Sprintf("a%d.png", i)
		rows = append(rows, []string{name, "benign", fmt.Sprint("g", i), split})
		for _, part := range []string{"images", "masks"} {
			if err := os.MkdirAll(filepath.Join(dir, part), 0o755); err != nil {
				t.Fatal(err)
			}
			img := image.NewGray(image.Rect(0, 0, 40, 30))
			img.SetGray(10+i, 7, color.Gray{255})
			var b bytes.Buffer
			if err := png.Encode(&b, img); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, part, name), b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	f, err := os.Create(filepath.Join(dir, "split.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := csv.NewWriter(f).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	got, err := FromFolder(t.Context(), dir)
	if err != nil || len(got) != 2 || got[0].Group != "g1" || got[0].Truth.Pix[7*40+11] != 1 || mask.Count(got[0].Truth, 1) != 1 {
		t.Fatal(got, err)
	}
	if im, err := got[1].Load(); err != nil || im.W != 40 || im.H != 30 {
		t.Error(im, err)
	}
	if _, err := FromFolder(t.Context(), t.TempDir()); fault.CodeOf(err) != CodeNoCases {
		t.Error(err)
	}
}

func TestCalibratedFrames(t *testing.T) {
	cs := contour.FromMask(disc(40, 40, 20, 20, 8), 1)
	for k := range cs[0].Points {
		cs[0].Points[k].Band, cs[0].Points[k].Expected = [4]float64{1, 2, 3, 4}, 1
	}
	frames := []agree.Kept{{Predicted: cs, Weak: 1}}
	c := &Calibration{Band: [4]float64{2, 2, 2, 2}, Expected: 3}
	got := c.Calibrated(frames)
	if v := got[0].Predicted[0].Points[0]; v.Band != [4]float64{2, 4, 6, 8} || v.Expected != 3 || cs[0].Points[0].Expected != 1 {
		t.Error(v)
	}
}
