package trainer

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"echoline/inference"
	"echoline/internal/export"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
)

// picture writes speckle with a dark ellipse, and returns its mask.
func picture(t *testing.T, path string, seed uint64) *mask.Plane {
	t.Helper()
	const w, h = 96, 80
	r := rand.New(rand.NewPCG(seed, 0))
	cx, cy := w*(0.35+0.3*r.Float64()), h*(0.35+0.3*r.Float64())
	rx, ry := w*(0.15+0.12*r.Float64()), h*(0.15+0.12*r.Float64())
	img, m := image.NewGray(image.Rect(0, 0, w, h)), mask.NewPlane(w, h)
	for y := range h {
		for x := range w {
			v := 150.0
			if math.Hypot((float64(x)-cx)/rx, (float64(y)-cy)/ry) < 1 {
				v, m.Pix[y*w+x] = 45, 1
			}
			img.SetGray(x, y, color.Gray{uint8(min(255, v*(0.5+r.Float64())))})
		}
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
	return m
}

// reviewed is a workspace in which readers accepted the first of n pictures, each as many as it says.
func reviewed(t *testing.T, n int, readers map[string]int) *store.Workspace {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	truths := map[string]*mask.Plane{}
	for i := range n {
		name := fmt.Sprintf("case%02d", i)
		truths[name] = picture(t, filepath.Join(dir, name+".png"), uint64(i+1))
	}
	st, err := study.Open(t.Context(), []string{dir}, nil)
	must(err)
	ws, err := store.Open(filepath.Join(t.TempDir(), "ws"))
	must(err)
	t.Cleanup(func() { _ = ws.Close() })
	for reader, count := range readers {
		some := *st
		some.Items = st.Items[:count]
		accept(t, ws, &some, reader, func(it *study.Item) *mask.Plane { return truths[it.Name] })
		must(ws.Register(st))
	}
	return ws
}

// accept lets a reader draw and accept the pictures of a study.
func accept(t *testing.T, ws *store.Workspace, st *study.Study, reader string, truth func(*study.Item) *mask.Plane) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	r, err := ws.Review(st, reader)
	must(err)
	for _, it := range st.Items {
		k := review.Key{Instance: it.ID}
		s, err := r.Begin(k, "brush", review.ByReader)
		must(err)
		must(s.SetLabels(truth(it)))
		_, err = s.Commit()
		must(err)
		must(r.SetStatus(k, review.Accepted))
	}
}

func written(t *testing.T, ws *store.Workspace, c Choice) *Run {
	t.Helper()
	cases, err := Gather(t.Context(), ws, c, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, failed, err := cases.Write(t.Context(), Order{
		Dir: filepath.Join(t.TempDir(), "run"), Name: "own", Plan: Small, Threads: 1, Version: "test", Now: time.Unix(1e9, 0), Choice: c,
	})
	if err != nil || len(failed) > 0 {
		t.Fatal(err, failed)
	}
	return r
}

func TestChoice(t *testing.T) {
	ws := reviewed(t, 40, map[string]int{"Kim": 40, "Lee": 10, consensus: 5})
	for name, c := range map[string]struct {
		choice Choice
		frames int
		by     map[string]int
	}{
		"everybody":      {Choice{Include: export.Accepted}, 50, map[string]int{"Kim": 40, "Lee": 10}},
		"one":            {Choice{Include: export.Accepted, Readers: []string{"Kim"}}, 40, map[string]int{"Kim": 40}},
		"the last ten":   {Choice{Include: export.Accepted, Readers: []string{"Kim"}, Most: 10}, 10, map[string]int{"Kim": 10}},
		"with consensus": {Choice{Include: export.Accepted, Consensus: true}, 45, map[string]int{"Kim": 35, "Lee": 5, consensus: 5}},
	} {
		cases, err := Gather(t.Context(), ws, c.choice, nil)
		if err != nil {
			t.Fatal(name, err)
		}
		by := map[string]int{}
		for _, in := range cases.Inputs {
			for _, it := range in.Items {
				by[in.Reader] += len(it.Frames)
			}
		}
		got := cases.Counts
		if got.Frames != c.frames || got.Groups != min(40, c.frames) || fmt.Sprint(by) != fmt.Sprint(c.by) {
			t.Errorf("%s: %+v %v", name, got, by)
		}
		if sum := got.Parts[partTrain] + got.Parts[partVal] + got.Parts[partTest]; sum != c.frames || c.frames > 10 && got.Parts[partVal] == 0 {
			t.Errorf("%s: parts %v", name, got.Parts)
		}
	}
	if _, err := Gather(t.Context(), ws, Choice{Include: export.Accepted, Readers: []string{"Park"}}, nil); fault.CodeOf(err) != CodeNothing {
		t.Errorf("a reader who did nothing: %v", err)
	}
	few := reviewed(t, 3, map[string]int{"Kim": 3})
	cases, err := Gather(t.Context(), few, Choice{Include: export.Accepted}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := cases.Enough(); fault.CodeOf(err) != CodeFew {
		t.Errorf("three cases: %v", err)
	}
	if _, _, err := cases.Write(t.Context(), Order{Dir: t.TempDir(), Plan: Small}); fault.CodeOf(err) != CodeFew {
		t.Errorf("three cases written: %v", err)
	}
}

// The groups' parts are those that training/ finds: options.py, with shares of 0.15.
// The pictures met last are those of the study that was opened last, whatever their names.
func TestMostTakesTheNewest(t *testing.T) {
	ws := reviewed(t, 20, map[string]int{"Kim": 20})
	dir := t.TempDir()
	truth := picture(t, filepath.Join(dir, "aa.png"), 99)
	st, err := study.Open(t.Context(), []string{dir}, nil)
	if err != nil {
		t.Fatal(err)
	}
	accept(t, ws, st, "Kim", func(*study.Item) *mask.Plane { return truth })
	cases, err := Gather(t.Context(), ws, Choice{Include: export.Accepted, Most: 5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, it := range cases.Inputs[0].Items {
		names = append(names, it.Source.Name)
	}
	if len(names) != 5 || !slices.Contains(names, "aa") {
		t.Error(names)
	}
}

func TestPartsAreThoseOfTraining(t *testing.T) {
	for group, want := range map[string]string{"a": "train", "b": "test", "d": "val", "1.2.3": "train", "patient 7": "test"} {
		if got := partOf(group); got != want {
			t.Errorf("%s: %s, want %s", group, got, want)
		}
	}
}

func TestStudiesOfAPatientStayTogether(t *testing.T) {
	item := func(patient, uid, date string) *study.Item {
		return &study.Item{ID: uid + ".1", Header: &study.Header{Attr: map[string]string{
			"PatientID": patient, "StudyInstanceUID": uid, "StudyDate": date,
		}}}
	}
	later, first, other := item("7", "1.9", "20240101"), item("7", "1.10", "20230101"), item("8", "1.11", "20220101")
	c := Cases{groups: groupsOf(&study.Study{Items: []*study.Item{later, first, other, {ID: "sha256:x"}}}, nil)}
	for it, want := range map[*study.Item]string{later: "1.10", first: "1.10", other: "1.11", {ID: "sha256:x"}: "sha256:x"} {
		if got := c.GroupOf(it); got != want {
			t.Errorf("%s: %s, want %s", it.ID, got, want)
		}
	}
	if text := c.toml(Order{}); !strings.Contains(text, `"1.9" = "1.10"`) || strings.Contains(text, "7") {
		t.Error(text)
	}
}

func TestBundle(t *testing.T) {
	ws := reviewed(t, 40, map[string]int{"Kim": 40, "Lee": 10})
	r := written(t, ws, Choice{Include: export.Accepted})
	images, err := os.ReadDir(filepath.Join(r.Dir, casesName, "images"))
	if err != nil || len(images) != 40 {
		t.Fatal(len(images), err)
	}
	masks := 0
	for _, reader := range []string{"reader-1", "reader-2"} {
		found, _ := filepath.Glob(filepath.Join(r.Dir, casesName, reader, "*.png"))
		masks += len(found)
		if _, err := os.Stat(filepath.Join(r.Dir, casesName, reader, "images")); err == nil {
			t.Error(reader, "has pictures of its own")
		}
	}
	if masks != 50 {
		t.Error(masks, "masks")
	}
	again, err := Open(r.Dir)
	if err != nil || again.Recipe.Counts.Frames != 50 || again.Recipe.Name != "own" {
		t.Fatal(again, err)
	}
	cases, err := Gather(t.Context(), ws, Choice{Include: export.Accepted}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := cases.Write(t.Context(), Order{Dir: r.Dir, Plan: Small}); fault.CodeOf(err) != CodeThere {
		t.Errorf("a second run in the folder: %v", err)
	}
	if got := Runs(filepath.Dir(r.Dir)); len(got) != 1 || got[0].Dir != r.Dir {
		t.Error(got)
	}
}

func TestOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); fault.CodeOf(err) != CodeNoRun {
		t.Error(err)
	}
	for _, text := range []string{"{", `{"plan":"huge"}`} {
		if err := os.WriteFile(filepath.Join(dir, recipeName), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(dir); fault.CodeOf(err) != CodeDamaged {
			t.Error(text, err)
		}
	}
}

// TestScriptsRunNoNames: what a model is called is never a command of the script.
func TestScriptsRunNoNames(t *testing.T) {
	r := &Run{Dir: t.TempDir(), Recipe: Recipe{Name: "own\ntouch harm\r\ntouch harm", Plan: Full, Threads: 1}}
	script := r.slurm(Machine{Processes: 1, Cores: 1})
	if head, _, ok := strings.Cut(script, "set -euo pipefail"); !ok || strings.Contains(head, "\ntouch harm") {
		t.Error(script)
	}
}

func TestElsewhere(t *testing.T) {
	r := &Run{Dir: t.TempDir(), Recipe: Recipe{Name: "Dr. Kim's", Plan: Full, Start: "00", Threads: 4}}
	pkg := packageFolder(t)
	commands, err := r.Elsewhere(Tools{Package: pkg}, Machine{Processes: 2, GPU: true, Cores: 4})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"torch.distributed.run --standalone --nproc-per-node=2 -m -- echoline_training make", `'Dr. Kim'\''s'`, "--start start.onnx", "./cases"} {
		if !strings.Contains(commands[1], want) {
			t.Errorf("%s\nlacks %s", commands[1], want)
		}
	}
	script, err := os.ReadFile(filepath.Join(r.Dir, slurmName))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"#SBATCH --gres=gpu:2\n", "#SBATCH --cpus-per-task=8\n", `"${PYTHON:-python3}" -m torch.distributed.run`} {
		if !strings.Contains(string(script), want) {
			t.Errorf("%s\nlacks %s", script, want)
		}
	}
	if slices.Contains(strings.Split(string(script), "\n"), "") && strings.Contains(string(script), r.Dir) {
		t.Error("the script names this machine's folders")
	}
	if !isFile(filepath.Join(r.Dir, packageName, "echoline_training", "__main__.py")) {
		t.Error("the package is not there")
	}
	if _, err := r.Elsewhere(Tools{Package: pkg}, Machine{Processes: 3}); fault.CodeOf(err) != CodeUnevenly {
		t.Error(err)
	}
	if _, err := r.Elsewhere(Tools{Package: pkg}, Machine{Processes: 1}); err != nil {
		t.Errorf("once more: %v", err)
	}
}

// packageFolder is the repository's training/.
func packageFolder(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "training"))
	if err != nil || !isFile(filepath.Join(dir, "echoline_training", "__main__.py")) {
		t.Fatal("training/ is not there", err)
	}
	return dir
}

// TestBundleNamesItsLabels: training takes masks of no label that training.toml does not list, so it lists what each reader's masks call
// theirs, also of images that no model saw, and of what readers' masks were joined to.
func TestBundleNamesItsLabels(t *testing.T) {
	ws := reviewed(t, 40, map[string]int{"Kim": 40})
	st, err := study.Open(t.Context(), []string{instancePath(t, ws, "case00"), instancePath(t, ws, "case01")}, nil)
	if err != nil || len(st.Items) != 2 {
		t.Fatal(err)
	}
	seen, unseen := *st, *st
	seen.Items, unseen.Items = st.Items[:1], st.Items[1:]
	mass := &inference.Prediction{
		Model: inference.Info{Name: "model", SHA256: strings.Repeat("ab", 32), Labels: []inference.Label{{Value: 1, Name: "breast mass"}}},
		W:     96, H: 80, Mask: mask.NewPlane(96, 80), Probability: make([]float32, 96*80), Threshold: 0.5,
	}
	if err := ws.SavePrediction(review.Key{Instance: seen.Items[0].ID}, mass); err != nil {
		t.Fatal(err)
	}
	drawn := func(it *study.Item) *mask.Plane {
		p := mask.NewPlane(it.W, it.H)
		p.Fill(mask.Capsule(40, 40, 50, 40, 9, 9), 1)
		return p
	}
	accept(t, ws, &unseen, "Lee", drawn)
	r, err := ws.Review(&seen, review.ConsensusReader)
	if err != nil {
		t.Fatal(err)
	}
	k := review.Key{Instance: seen.Items[0].ID}
	if _, err := r.Adjudicate(k, drawn(seen.Items[0]), drawn(seen.Items[0]), review.ConsensusPrefix+"cd"); err != nil {
		t.Fatal(err)
	}
	if err := r.SetStatus(k, review.Accepted); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(written(t, ws, Choice{Include: export.Accepted, Consensus: true}).Dir, casesName)
	toml, err := os.ReadFile(filepath.Join(dir, "training.toml"))
	if err != nil {
		t.Fatal(err)
	}
	sides, _ := filepath.Glob(filepath.Join(dir, "reader-*", "*.json"))
	names := map[string]bool{}
	for _, path := range sides {
		var side struct{ Labels []struct{ Name string } }
		data, err := os.ReadFile(path)
		if err == nil {
			err = json.Unmarshal(data, &side)
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range side.Labels {
			names[l.Name] = true
			if !strings.Contains(string(toml), fmt.Sprintf("%q", l.Name)) {
				t.Errorf("%s: %q is not in training.toml", filepath.Base(path), l.Name)
			}
		}
	}
	if !names["breast mass"] || !names["label 1"] || len(sides) != 41 {
		t.Errorf("%v in %d files", names, len(sides))
	}
}

// instancePath is where an image of the workspace lies.
func instancePath(t *testing.T, ws *store.Workspace, name string) string {
	t.Helper()
	items, err := ws.Instances()
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		if strings.HasPrefix(filepath.Base(it.Path), name+".") {
			return it.Path
		}
	}
	t.Fatal(name)
	return ""
}
