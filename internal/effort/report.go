package effort

import (
	"encoding/csv"
	"io"
	"math"
	"slices"
	"strconv"
)

// Figures sum up what one strategy took up to one target, over all images. Means are over all images, those that needed
// nothing or were given up among them.
type Figures struct {
	Strategy  string             `json:"strategy"`
	Target    float64            `json:"target"`
	Images    int                `json:"images"`
	Reached   float64            `json:"reached"` // share of images
	Gestures  float64            `json:"gestures"`
	PathPx    float64            `json:"path_px"`
	PathShare float64            `json:"path_share"` // in longer sides of the image
	Seconds   float64            `json:"seconds"`
	Median    float64            `json:"seconds_median"`
	Untouched float64            `json:"untouched"` // share of images that were good enough at once
	Anew      float64            `json:"drawn_anew"`
	Tools     map[string]float64 `json:"gestures_by_tool"` // per image
	DiceStart float64            `json:"dice_start"`
	DiceEnd   float64            `json:"dice_end"`
}

// Ratio compares the mean seconds of the best mix with another strategy's.
type Ratio struct {
	Target   float64 `json:"target"`
	Against  string  `json:"against"`
	Seconds  float64 `json:"seconds"`
	Gestures float64 `json:"gestures"`
}

// Summary is what summary.json holds.
type Summary struct {
	Data    string    `json:"data"`
	Split   string    `json:"split"`
	Model   string    `json:"model_sha256"`
	Seed    uint64    `json:"seed"`
	Images  int       `json:"images"`
	Hand    Hand      `json:"hand"`
	Clock   Clock     `json:"clock"`
	Figures []Figures `json:"figures"`
	Ratios  []Ratio   `json:"mix_against"`
}

// Summarise sums runs up, by target and strategy in the order in which they come first.
func Summarise(runs []Run) (figures []Figures, ratios []Ratio) {
	type group struct {
		strategy string
		target   float64
	}
	by := map[group][]Run{}
	var order []group
	for _, r := range runs {
		g := group{r.Strategy, r.Target}
		if by[g] == nil {
			order = append(order, g)
		}
		by[g] = append(by[g], r)
	}
	mix := map[float64]Figures{}
	for _, g := range order {
		f := figuresOf(g.strategy, g.target, by[g])
		figures = append(figures, f)
		if g.strategy == Mix {
			mix[g.target] = f
		}
	}
	for _, f := range figures {
		if m, ok := mix[f.Target]; ok && f.Strategy != Mix {
			ratios = append(ratios, Ratio{f.Target, f.Strategy, share(m.Seconds, f.Seconds), share(m.Gestures, f.Gestures)})
		}
	}
	return figures, ratios
}

// share is a/b; 0 where b is.
func share(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

func figuresOf(strategy string, target float64, runs []Run) Figures {
	f := Figures{Strategy: strategy, Target: target, Images: len(runs), Tools: map[string]float64{}}
	n := float64(len(runs))
	var seconds []float64
	for _, r := range runs {
		f.Gestures += float64(r.Gestures) / n
		f.PathPx += r.Path / n
		f.PathShare += r.Share / n
		f.Seconds += r.Seconds / n
		f.DiceStart += r.Start / n
		f.DiceEnd += r.End / n
		for tool, k := range r.Tools {
			f.Tools[tool] += float64(k) / n
		}
		f.Reached += count(r.Reached) / n
		f.Untouched += count(r.Gestures == 0 && r.Reached) / n
		f.Anew += count(r.Anew) / n
		seconds = append(seconds, r.Seconds)
	}
	slices.Sort(seconds)
	if len(seconds) > 0 {
		f.Median = (seconds[(len(seconds)-1)/2] + seconds[len(seconds)/2]) / 2
	}
	return f
}

func count(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// WriteCSV writes one line per run: image, strategy, target, gestures, path_px, seconds, reached (true or false).
func WriteCSV(w io.Writer, runs []Run) error {
	c := csv.NewWriter(w)
	rows := [][]string{{"image", "strategy", "target", "gestures", "path_px", "seconds", "reached"}}
	for _, r := range runs {
		rows = append(rows, []string{
			r.Image, r.Strategy, strconv.FormatFloat(r.Target, 'g', -1, 64), strconv.Itoa(r.Gestures),
			strconv.FormatFloat(r.Path, 'f', 1, 64), strconv.FormatFloat(r.Seconds, 'f', 2, 64), strconv.FormatBool(r.Reached),
		})
	}
	return c.WriteAll(rows)
}

// quantile is the value below which a share q of the sorted values lies.
func quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
