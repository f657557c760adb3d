package e2e

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"echoline/internal/mask"
	"echoline/internal/project"
	"echoline/internal/review"
	"echoline/internal/store"
	"echoline/internal/study"
)

// office is the machine that a project is kept on; the readers have one each. All commands are those of the built program.
type office struct {
	home, busi, cases, workspace string
}

// run runs the program and gives what it writes; it must end well.
func (o *office) run(t *testing.T, args ...string) string {
	t.Helper()
	out, err := o.try(t, args...)
	if err != nil {
		t.Fatalf("echoline %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

// try is run for what may fail: what it says is given too.
func (o *office) try(t *testing.T, args ...string) (string, error) {
	t.Helper()
	c := exec.Command(binary(t), args...)
	c.Dir = o.home
	c.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + o.home, "LANG=C.UTF-8",
		"XDG_CONFIG_HOME=" + filepath.Join(o.home, "config"), "XDG_CACHE_HOME=" + filepath.Join(o.home, "cache"), "XDG_DATA_HOME=" + filepath.Join(o.home, "data"),
	}
	var said, failed bytes.Buffer
	c.Stdout, c.Stderr = &said, &failed
	err := c.Run()
	if err != nil {
		return said.String() + failed.String(), err
	}
	return said.String(), nil
}

// newOffice has so many lesions of BUSI's training rows, half of them malignant, as its cases.
func newOffice(t *testing.T, count int) *office {
	t.Helper()
	dir := t.TempDir()
	o := &office{
		home: dir, busi: filepath.Join(root(t), "..", "shared", "data", "busi"), cases: filepath.Join(dir, "cases"), workspace: filepath.Join(dir, "office"),
	}
	f, err := os.Open(filepath.Join(o.busi, "split.csv"))
	if os.IsNotExist(err) {
		t.Skip("BUSI is not beside the checkout: ../shared/data/busi")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(o.cases, 0o755); err != nil {
		t.Fatal(err)
	}
	left, groups := map[string]int{"benign": count / 2, "malignant": count - count/2}, map[string]bool{}
	for _, row := range rows[1:] {
		if row[3] != "train" || left[row[1]] == 0 || groups[row[2]] {
			continue
		}
		left[row[1]]--
		groups[row[2]] = true
		if err := os.Symlink(filepath.Join(o.busi, "images", row[0]), filepath.Join(o.cases, row[0])); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// truth is the mask of a case, as a label plane.
func (o *office) truth(t *testing.T, name string) *mask.Plane {
	t.Helper()
	f, err := os.Open(filepath.Join(o.busi, "masks", name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	p := mask.NewPlane(b.Dx(), b.Dy())
	for y := range p.H {
		for x := range p.W {
			if color.GrayModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.Gray).Y > 127 {
				p.Set(x, y, 1)
			}
		}
	}
	return p
}

// reader is somebody who draws the truth in a way of his own.
type reader struct {
	name, workspace string
	hand            func(truth *mask.Plane) *mask.Plane
}

// generous draws two pixels outside the boundary.
func generous(p *mask.Plane) *mask.Plane { return mask.Dilate(p, 1, 2) }

// shifted draws everything six pixels to the right, and forgets what is left of the middle by more than that.
func shifted(p *mask.Plane) *mask.Plane {
	q := mask.NewPlane(p.W, p.H)
	for y := range p.H {
		for x := 6; x < p.W; x++ {
			q.Set(x, y, p.At(x-6, y))
		}
	}
	return q
}

// annotate draws and accepts the reader's cases, as far as they are not done: those of his part of the project.
func (o *office) annotate(t *testing.T, who reader, limit int) (done int) {
	t.Helper()
	ws, err := store.Open(who.workspace)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	s, err := project.Load(ws)
	if err != nil || s == nil {
		t.Fatal(s, err)
	}
	st, err := study.Open(t.Context(), []string{o.cases}, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ws.Review(st, who.name)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.Part(who.name) {
		k := review.Key{Instance: c.Item}
		if r.Frame(k).Status == review.Accepted || done == limit {
			continue
		}
		done++
		stroke, err := r.Begin(k, "redraw", review.ByReader)
		if err != nil {
			t.Fatal(err)
		}
		if err := stroke.SetLabels(who.hand(o.truth(t, c.Name))); err != nil {
			t.Fatal(err)
		}
		if _, err := stroke.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := r.SetStatus(k, review.Accepted); err != nil {
			t.Fatal(err)
		}
	}
	return done
}

// masks exports a reader's masks, "accepted" or "all", and gives their bytes by file name.
func (o *office) masks(t *testing.T, workspace, reader, which string) map[string][]byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "masks")
	o.run(t, "export", "--workspace", workspace, "--reader", reader, "--include", which, "--format", "png", "--out", out, "--quiet")
	all := map[string][]byte{}
	paths, err := filepath.Glob(filepath.Join(out, "*.png"))
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		if all[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// swap takes a part from one workspace to another, as a file.
func (o *office) swap(t *testing.T, from, to, reader string, flags ...string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "part"+project.ShareExtension)
	o.run(t, append([]string{"share", "--workspace", from, "--reader", reader, "--out", file}, flags...)...)
	o.run(t, "merge", to, file)
}

// TestLoop is the whole way of a project: two readers annotate 40 cases on machines of their own, bring them together, ask,
// agree, adjudicate; the program trains on it, compares, promotes, and predicts anew.
func TestLoop(t *testing.T) {
	o := newOffice(t, 40)
	kim := reader{"Kim", filepath.Join(o.home, "kim"), generous}
	lee := reader{"Lee", filepath.Join(o.home, "lee"), shifted}
	o.run(t, "project", "create", "--workspace", o.workspace, "--name", "Breast", "--readers", "Kim,Lee", "--experts", "Park", "--overlap", "0.5",
		"--classes", filepath.Join(o.busi, "split.csv"), o.cases)
	o.run(t, "project", "assign", "--workspace", o.workspace)
	o.run(t, "predict", "--workspace", o.workspace, "--reader", "Park", "--quiet", o.cases)

	both := o.readersWork(t, kim, lee)
	o.readersAgree(t, both)
	o.readerAsks(t, kim)
	o.adjudicated(t, kim, both)
	o.seenInTheWindow(t)
	t.Run("train", func(t *testing.T) { o.newModel(t) })
}

// readersWork has both annotate, in two goes, with shares there and back in between; it gives how many cases both read.
func (o *office) readersWork(t *testing.T, readers ...reader) (both int) {
	t.Helper()
	count := 0
	for _, who := range readers {
		if err := os.Mkdir(who.workspace, 0o700); err != nil {
			t.Fatal(err)
		}
		o.swap(t, o.workspace, who.workspace, who.name)
		count += o.annotate(t, who, 7)
		o.swap(t, who.workspace, o.workspace, who.name, "--no-files")
	}
	for _, who := range slices.Backward(readers) {
		count += o.annotate(t, who, 1000)
		for range 2 { // as often as one likes
			o.swap(t, who.workspace, o.workspace, who.name, "--no-files")
		}
		o.swap(t, o.workspace, who.workspace, who.name, "--no-files")
	}
	if both = count - 40; both != 20 {
		t.Fatalf("half of the cases were to be read by both; %d were", both)
	}
	for _, who := range readers {
		mine, there := o.masks(t, who.workspace, who.name, "accepted"), o.masks(t, o.workspace, who.name, "accepted")
		if !maps.EqualFunc(mine, there, bytes.Equal) {
			t.Errorf("what %s drew is not what came to the office", who.name)
		}
		if names := o.run(t, "audit", "--workspace", who.workspace); strings.Contains(names, readers[0].name) && strings.Contains(names, readers[1].name) {
			t.Errorf("%s's part tells of the other reader", who.name)
		}
	}
	return both
}

// readersAgree measures how far they do, and finds what their hands make of the truth.
func (o *office) readersAgree(t *testing.T, both int) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "agreement")
	said := o.run(t, "agree", "--workspace", o.workspace, "--readers", "Kim,Lee", "--out", out)
	data, err := os.ReadFile(filepath.Join(out, "cases.csv"))
	if err != nil {
		t.Fatal(err, said)
	}
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil || len(rows) != both+1 {
		t.Fatal(len(rows), err)
	}
	dice := slices.Index(rows[0], "dice")
	for _, row := range rows[1:] {
		if d, err := strconv.ParseFloat(row[dice], 64); err != nil || d < 0.4 || d >= 0.99 {
			t.Errorf("%v: Dice %v, %v", row[:3], d, err)
		}
		if class := row[len(row)-1]; class == "" || !strings.HasPrefix(row[0], class) { // busi calls its files by their class
			t.Errorf("%s is %q", row[0], class)
		}
	}
	page, err := os.ReadFile(filepath.Join(out, "agreement.html"))
	if err != nil || !bytes.Contains(page, []byte("Kim – Lee · benign")) || !bytes.Contains(page, []byte("Kim – Lee · malignant")) {
		t.Error("the page does not tell the classes apart", err)
	}
}

// readerAsks has Kim ask on her machine, Park answer in the office, and Kim take the answer.
func (o *office) readerAsks(t *testing.T, kim reader) {
	t.Helper()
	ws, err := store.Open(kim.workspace)
	if err != nil {
		t.Fatal(err)
	}
	s, err := project.Load(ws)
	if err := errors.Join(err, ws.Close()); err != nil {
		t.Fatal(err)
	}
	c := s.Part("Kim")[0]
	p := generous(o.truth(t, c.Name))
	b := mask.Bounds(p, 1)
	at := leftmost(p, b)
	o.run(t, "consult", "ask", "--workspace", kim.workspace, "--reader", "Kim", "--image", c.Item, "--words", "Shadow, or lesion?",
		"--at", points(at, at.Add(image.Pt(1, 1)), at.Add(image.Pt(1, 2))))
	o.swap(t, kim.workspace, o.workspace, "Kim", "--no-files")

	q := o.questions(t, o.workspace)
	if len(q) != 1 || len(q[0].Answers) != 0 {
		t.Fatalf("the office has %+v", q)
	}
	o.run(t, "consult", "answer", "--workspace", o.workspace, "--reader", "Park", "--question", q[0].ID, "--not-visible", "--words", "It cannot be told here.")
	o.swap(t, o.workspace, kim.workspace, "Kim", "--no-files")

	q = o.questions(t, kim.workspace)
	if len(q) != 1 || len(q[0].Answers) != 1 {
		t.Fatalf("Kim has %+v", q)
	}
	o.run(t, "consult", "take", "--workspace", kim.workspace, "--reader", "Kim", "--answer", q[0].Answers[0].ID)
	o.swap(t, kim.workspace, o.workspace, "Kim", "--no-files")
	if said := o.run(t, "consult", "list", "--workspace", o.workspace); !strings.Contains(said, `"taken"`) {
		t.Errorf("the office does not know what became of the answer:\n%s", said)
	}
}

// leftmost is the pixel of the mask that lies farthest left.
func leftmost(p *mask.Plane, b image.Rectangle) image.Point {
	for y := b.Min.Y; y < b.Max.Y; y++ {
		if p.At(b.Min.X, y) == 1 {
			return image.Pt(b.Min.X, y)
		}
	}
	return b.Min
}

// points writes places as the flags take them.
func points(all ...image.Point) string {
	var parts []string
	for _, p := range all {
		parts = append(parts, strconv.Itoa(p.X)+","+strconv.Itoa(p.Y))
	}
	return strings.Join(parts, ";")
}

// asked is what this test needs of a question.
type asked struct {
	ID      string                `json:"id"`
	Answers []struct{ ID string } `json:"answers"`
}

func (o *office) questions(t *testing.T, workspace string) []asked {
	t.Helper()
	var doc struct {
		Questions []asked `json:"questions"`
	}
	if said := o.run(t, "consult", "list", "--workspace", workspace); json.Unmarshal([]byte(said), &doc) != nil {
		t.Fatal(said)
	}
	return doc.Questions
}

// adjudicated joins what both read, which leaves what they drew as it is.
func (o *office) adjudicated(t *testing.T, kim reader, both int) {
	t.Helper()
	before := o.masks(t, o.workspace, "Kim", "accepted")
	o.run(t, "adjudicate", "--workspace", o.workspace, "--method", "mean", "--quiet")
	if joined := o.masks(t, o.workspace, review.ConsensusReader, "all"); len(joined) < both {
		t.Errorf("%d masks of %d are joined", len(joined), both)
	}
	if !maps.EqualFunc(before, o.masks(t, o.workspace, "Kim", "accepted"), bytes.Equal) {
		t.Error("joining changed what Kim drew")
	}
	// Her blinded machine gets nothing of it.
	o.swap(t, o.workspace, kim.workspace, "Kim", "--no-files")
	if !maps.EqualFunc(before, o.masks(t, kim.workspace, "Kim", "accepted"), bytes.Equal) {
		t.Error("joining changed what Kim has")
	}
}

// newModel trains the small plan, compares it with the model that ships, promotes it, predicts with it, and goes back.
func (o *office) newModel(t *testing.T) {
	if _, err := os.Stat(filepath.Join(root(t), "training", ".venv", "ready")); err != nil {
		t.Skip("training needs its Python: make train-setup")
	}
	run := filepath.Join(o.home, "run")
	o.run(t, "train", "--workspace", o.workspace, "--plan", "small", "--out", run, "--name", "loop", "--training", filepath.Join(root(t), "training"))
	model := filepath.Join(run, "model.onnx")
	page := filepath.Join(t.TempDir(), "comparison")
	said := o.run(t, "models", "compare", "shipped", model, "--workspace", o.workspace, "--out", page)
	if _, err := os.Stat(filepath.Join(page, "comparison.html")); err != nil || said == "" {
		t.Error(err, said)
	}
	used := o.inUse(t)
	o.run(t, "models", "promote", model, "--workspace", o.workspace)
	before := o.modelOf(t)
	o.run(t, "predict", "--workspace", o.workspace, "--reader", "Park", "--quiet", o.cases)
	after := o.modelOf(t)
	if before == after {
		t.Errorf("the promoted model made no prediction: %s before and after", before)
	}
	promoted := o.inUse(t)
	o.run(t, "models", "back", "--workspace", o.workspace)
	if back := o.inUse(t); back != used || promoted == used {
		t.Errorf("in use before promoting, promoted, and after going back:\n%s\n%s\n%s", used, promoted, back)
	}
}

// inUse is the line of the model that is in use.
func (o *office) inUse(t *testing.T) string {
	t.Helper()
	said := o.run(t, "models", "list", "--workspace", o.workspace)
	for line := range strings.Lines(said) {
		if strings.HasPrefix(line, "*") {
			return line
		}
	}
	t.Fatal(said)
	return ""
}

// modelOf is the hash of the model that made the last prediction of all cases.
func (o *office) modelOf(t *testing.T) string {
	t.Helper()
	ws, err := store.Open(o.workspace)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	items, err := ws.Items()
	if err != nil {
		t.Fatal(err)
	}
	hash := ""
	for _, it := range items {
		p, err := ws.LastPrediction(review.Key{Instance: it.ID})
		if err != nil || p == nil {
			t.Fatal(it.Name, err)
		}
		if hash != "" && p.Model.SHA256 != hash {
			t.Fatalf("predictions of several models: %s, %s", hash, p.Model.SHA256)
		}
		hash = p.Model.SHA256
	}
	return hash
}
