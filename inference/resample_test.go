package inference

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"pgregory.net/rapid"
)

func TestResampleIsPyTorchs(t *testing.T) {
	data, err := os.ReadFile("testdata/resample.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		H, W int
		ToH  int       `json:"to_h"`
		ToW  int       `json:"to_w"`
		In   []float32 `json:"in"`
		Out  []float32 `json:"out"`
	}
	if err := json.Unmarshal(data, &cases); err != nil || len(cases) < 8 {
		t.Fatal(len(cases), err)
	}
	var temp []float32
	for _, c := range cases {
		got := make([]float32, c.ToW*c.ToH)
		src, dst := picture{c.In, c.W, c.W, c.H}, picture{got, c.ToW, c.ToW, c.ToH}
		temp = resample(dst, src, newAxis(c.W, c.ToW), newAxis(c.H, c.ToH), temp)
		for i, v := range got {
			if math.Abs(float64(v-c.Out[i])) > 1e-6 {
				t.Fatalf("%dx%d to %dx%d: value %d is %v, want %v", c.W, c.H, c.ToW, c.ToH, i, v, c.Out[i])
			}
		}
	}
}

func TestLetterboxPlacesAndPads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.IntRange(1, 60)
		w, h, inW, inH := side.Draw(t, "w"), side.Draw(t, "h"), side.Draw(t, "inW"), side.Draw(t, "inH")
		l := NewLetterbox(w, h, inW, inH)
		if l.nw > inW || l.nh > inH || (l.nw != inW && l.nh != inH) || l.nw < 1 || l.nh < 1 {
			t.Fatalf("%dx%d in %dx%d", l.nw, l.nh, inW, inH)
		}
		pic := make([]float32, w*h)
		for i := range pic {
			pic[i] = 0.7
		}
		input := make([]float32, inW*inH)
		for i := range input {
			input[i] = 9 // of the picture before
		}
		l.Fill(input, pic)
		for i, v := range input {
			x, y := i%inW-l.ox, i/inW-l.oy
			want := 0.0
			if x >= 0 && y >= 0 && x < l.nw && y < l.nh {
				want = 0.7
			}
			if math.Abs(float64(v)-want) > 1e-6 {
				t.Fatalf("(%d,%d) is %v", i%inW, i/inW, v)
			}
		}
		if dx := inW - l.nw - 2*l.ox; dx != 0 && dx != 1 {
			t.Fatal("not centred")
		}
		for i := range input {
			if input[i] == 0 {
				input[i] = 1e9 // padding must not leak into the picture
			}
		}
		l.Restore(pic, input)
		for i, v := range pic {
			if math.Abs(float64(v)-0.7) > 1e-6 {
				t.Fatalf("pixel %d comes back as %v", i, v)
			}
		}
	})
}

func TestLetterboxRoundsHalfUp(t *testing.T) {
	if l := NewLetterbox(8, 5, 4, 4); l.nw != 4 || l.nh != 3 || l.ox != 0 || l.oy != 0 || math.Abs(l.Factor()-11.0/6) > 1e-12 {
		t.Fatalf("%+v", l)
	}
	if l := NewLetterbox(10000, 1, 256, 256); l.nw != 256 || l.nh != 1 || l.oy != 127 {
		t.Fatalf("%+v", l)
	}
}

func TestSigmoids(t *testing.T) {
	for _, temperature := range []float64{1, 0.5, 3} {
		var vs, want []float32
		for x := -120.0; x <= 120; x += 0.0137 {
			vs = append(vs, float32(x))
			want = append(want, float32(sigmoid(float64(float32(x))/temperature)))
		}
		sigmoids(vs, temperature)
		for i, v := range vs {
			if math.Abs(float64(v-want[i])) > 2e-7 {
				t.Fatalf("value %d is %v, want %v", i, v, want[i])
			}
		}
	}
	vs := []float32{0, math.MaxFloat32, -math.MaxFloat32}
	if sigmoids(vs, 1); vs[0] != 0.5 || vs[1] != 1 || vs[2] > 1e-30 {
		t.Fatal(vs)
	}
}

func BenchmarkLetterbox(b *testing.B) {
	l := NewLetterbox(800, 600, 256, 256)
	pic, input := make([]float32, 800*600), make([]float32, 256*256)
	b.Run("fill", func(b *testing.B) {
		for b.Loop() {
			l.Fill(input, pic)
		}
	})
	b.Run("restore", func(b *testing.B) {
		for b.Loop() {
			l.Restore(pic, input)
		}
	})
	b.Run("sigmoid", func(b *testing.B) {
		for b.Loop() {
			sigmoids(pic, 1)
		}
	})
}
