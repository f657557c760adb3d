package concord

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"echoline/internal/agree"
	"echoline/internal/fault"
	"echoline/internal/mask"
)

func disc(r float64) *mask.Plane {
	p := mask.NewPlane(60, 60)
	p.Fill(mask.Capsule(30, 30, 30, 30, r, r), 1)
	return p
}

// sample has two readers on six cases of three patients; on the last only one outlines something.
func sample() *Report {
	var cases []agree.Case
	for i := range 6 {
		at := time.Date(2026, 3, 1+i, 9, 0, 0, 0, time.UTC)
		c := agree.Case{Name: fmt.Sprintf("case <%d>", i), Group: string(rune('A' + i/2)), MM: 0.5, Masks: map[string]*mask.Plane{
			"Kim": disc(10 + float64(i)), "이서연": disc(11),
		}, At: map[string]time.Time{"Kim": at, "이서연": at.Add(time.Hour)}}
		if i == 5 {
			c.Masks["Kim"] = mask.NewPlane(60, 60)
		}
		cases = append(cases, c)
	}
	r := New(agree.Pairs(cases, 2), 2)
	r.Version, r.Language, r.Research = "1.2.3", "en", "For research."
	r.Say = func(key string, args fault.Args) string { return fmt.Sprint(key, args) }
	return r
}

// The charts hold every case that they can, within their edges, and name it; what has no place is left out.
func TestCharts(t *testing.T) {
	r := sample()
	s := &r.Sums[0]
	charts := r.Charts(s)
	if len(charts) != 5 {
		t.Fatalf("%d charts", len(charts))
	}
	of := r.Of(s)
	for i, want := range []int{5, 5, 6, 5, 6} {
		c := charts[i]
		if len(c.Points) != want {
			t.Errorf("%s: %d points, want %d", c.Title, len(c.Points), want)
		}
		for _, p := range c.Points {
			x, y := c.At(p.X, p.Y)
			if !(x >= 0 && x <= 1 && y >= 0 && y <= 1) || of[p.Pair].Case != p.Name {
				t.Errorf("%s: %+v lies at %v, %v", c.Title, p, x, y)
			}
		}
		if strings.Contains(c.From+c.To+c.Low+c.High, "–") {
			t.Errorf("%s has no edges: %+v", c.Title, c)
		}
	}
	if d := charts[0].Points; math.Abs(charts[0].Lines[1].Y-mean(d)) > 1e-9 {
		t.Errorf("the bias is %v, not %v", charts[0].Lines[1].Y, mean(d))
	}
	for i := 1; i < 6; i++ {
		if charts[2].Points[i].Y < charts[2].Points[i-1].Y {
			t.Error("Dice is not in order")
		}
	}
	alone := New(agree.Pairs([]agree.Case{{Name: "a", Masks: map[string]*mask.Plane{"A": disc(5), "B": disc(5)}}}, 2), 2)
	alone.Say = r.Say
	for _, c := range alone.Charts(&alone.Sums[0]) {
		for _, p := range c.Points {
			if x, y := c.At(p.X, p.Y); math.IsNaN(x+y) || x < 0 || x > 1 || y < 0 || y > 1 {
				t.Errorf("one case alone: %s %v %v", c.Title, x, y)
			}
		}
	}
}

func mean(ds []Dot) float64 {
	sum := 0.0
	for _, d := range ds {
		sum += d.Y
	}
	return sum / float64(len(ds))
}

// The files say the same figures; names cannot break them.
func TestFiles(t *testing.T) {
	r := sample()
	font := func(name string) []byte {
		data, err := os.ReadFile("../../assets/fonts/EcholineSans-" + name + ".ttf")
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	files, err := r.Files(font("Regular"), font("Bold"), time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC))
	if err != nil || len(files) != 4 {
		t.Fatal(err, len(files))
	}
	dice := Estimate(r.Sums[0].Dice)
	html := string(files[Page])
	for _, want := range []string{dice, "case &lt;0&gt;", "For research.", "<circle", "이서연"} {
		if !strings.Contains(html, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, no := range []string{"NaN", "Inf", "<script", "case <0>", "ZgotmplZ"} {
		if strings.Contains(html, no) {
			t.Errorf("the page holds %q", no)
		}
	}
	if n := strings.Count(html, "<svg"); n != 5 {
		t.Errorf("%d plots", n)
	}
	rows, err := csv.NewReader(bytes.NewReader(files[CasesName])).ReadAll()
	if err != nil || len(rows) != 7 || rows[1][0] != "case <5>" || rows[1][14] != "2026-03-06T10:00:00Z" {
		t.Errorf("%v %v", rows, err)
	}
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Skip("pdftotext (package poppler-utils) is not installed")
	}
	path := filepath.Join(t.TempDir(), Paper)
	if err := os.WriteFile(path, files[Paper], 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{dice, "case <0>", "For research.", "이서연", "agree.page.plot.time"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the PDF lacks %q", want)
		}
	}
}
