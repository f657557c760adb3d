package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"echoline/inference"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// cine is an instance of n frames whose lesion moves; every third frame is empty.
func cine(name string, w, h, n int, labels ...uint8) Item {
	it := Item{Source: source(name, w, h, n)}
	for i := range n {
		p := mask.NewPlane(w, h)
		if i%3 != 2 {
			for k, v := range labels {
				q := ellipse(w, h, float64(w)*(0.25+0.4*float64(k))+float64(i), float64(h)/2, float64(w)/8, float64(h)/6, v)
				for px, v := range q.Pix {
					p.Pix[px] = max(p.Pix[px], v)
				}
			}
		}
		it.Frames = append(it.Frames, frame(i, p))
	}
	return it
}

// What pydicom reads: JSON of the attributes that the tests look at, and the pixels as runs of hex. One process answers all
// tests, a line for each path: it takes long to start.
const readSEG = `
import json, sys, pydicom
def read(path):
    d = pydicom.dcmread(path)
    a = d.pixel_array
    if a.ndim == 2: a = a[None]
    def src(g): return g.DerivationImageSequence[0].SourceImageSequence[0]
    def seg(g):
        s = g if "SegmentIdentificationSequence" in g else d.SharedFunctionalGroupsSequence[0]
        return s.SegmentIdentificationSequence[0].ReferencedSegmentNumber
    G = d.PerFrameFunctionalGroupsSequence
    return {
      "name": str(d.PatientName), "creator": str(d.ContentCreatorName), "description": d.ContentDescription,
      "uid": d.SOPInstanceUID, "series": d.SeriesInstanceUID, "study": d.StudyInstanceUID, "lossy": d.LossyImageCompression,
      "ratio": str(d.get("LossyImageCompressionRatio", "")), "method": d.get("LossyImageCompressionMethod", ""),
      "forbidden": [k for k in ("FrameOfReferenceUID", "PixelSpacing", "PixelMeasuresSequence") if k in d],
      "segments": [[s.SegmentNumber, s.SegmentLabel, s.SegmentAlgorithmType, s.get("SegmentAlgorithmName", ""), s.SegmentDescription] for s in d.SegmentSequence],
      "frames": [[seg(g), int(src(g).get("ReferencedFrameNumber", 0)), g.FrameContentSequence[0].FrameComments, src(g).ReferencedSOPInstanceUID] for g in G],
      "shape": list(a.shape), "pixels": [f.tobytes().hex() for f in a]}
for line in sys.stdin:
    try:
        answer = read(line.strip())
    except Exception as e:
        answer = {"error": repr(e)}
    print(json.dumps(answer), flush=True)
`

type readBack struct {
	Name, Creator, Description, UID, Series, Study, Lossy, Ratio, Method string
	Error                                                                string
	Forbidden                                                            []string
	Segments                                                             [][]any
	Frames                                                               [][]any
	Shape                                                                []int
	Pixels                                                               []string
}

func pydicom(t *testing.T, path string) readBack {
	t.Helper()
	p := python(t)
	pydicomProcess.Lock()
	defer pydicomProcess.Unlock()
	if pydicomProcess.answers == nil {
		c := exec.Command(p, "-c", readSEG)
		in, err := c.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil { // it ends with its standard input, which ends with the tests
			t.Fatal(err)
		}
		pydicomProcess.paths, pydicomProcess.answers = in, json.NewDecoder(out)
	}
	var r readBack
	if _, err := fmt.Fprintln(pydicomProcess.paths, path); err != nil {
		t.Fatal(err)
	}
	if err := pydicomProcess.answers.Decode(&r); err != nil || r.Error != "" {
		t.Fatalf("pydicom: %v %s", err, r.Error)
	}
	return r
}

// pydicomProcess reads files for the tests, one after another.
var pydicomProcess struct {
	sync.Mutex
	paths   io.Writer
	answers *json.Decoder
}

func TestSEGIsValidAndReadsBack(t *testing.T) {
	one, odd := []uint8{1}, []uint8{1, 2, 7}
	for name, it := range map[string]Item{
		"still": cine("still", 64, 48, 1, one...), "still of odd size": cine("odd", 61, 47, 1, one...),
		"still with labels": cine("labels", 61, 47, 1, odd...), "cine": cine("cine", 64, 48, 5, one...),
		"cine of odd size": cine("cineodd", 53, 31, 7, one...), "cine with labels": cine("many", 53, 31, 7, odd...),
		"two frames": cine("two", 33, 3, 2, one...), "tiny": {Source: source("tiny", 3, 1, 1), Frames: []Frame{frame(0, &mask.Plane{W: 3, H: 1, Pix: []uint8{1, 0, 1}})}},
	} {
		t.Run(name, func(t *testing.T) {
			res := run(t, input(it), options(t, "seg"))
			if len(res.Files) != 1 || filepath.Base(res.Files[0].Path) != it.Source.Name+".seg.dcm" {
				t.Fatalf("wrote %v", res.Files)
			}
			checkPixels(t, it, pydicom(t, res.Files[0].Path))
			validate(t, res.Files[0].Path)
		})
	}
}

// checkPixels compares what pydicom read with the masks.
func checkPixels(t *testing.T, it Item, r readBack) {
	t.Helper()
	p, _ := binarySEG{}.plan(&it)
	if len(r.Frames) != len(p.frames) || len(r.Pixels) != len(p.frames) || len(r.Forbidden) != 0 || len(r.Segments) != len(p.values) {
		t.Fatalf("%d frames, %d pictures for %d; %v; segments %v", len(r.Frames), len(r.Pixels), len(p.frames), r.Forbidden, r.Segments)
	}
	if !slices.Equal(r.Shape[1:], []int{it.Source.H, it.Source.W}) {
		t.Errorf("shape %v", r.Shape)
	}
	for i, g := range r.Frames {
		value := p.values[int(g[0].(float64))-1]
		number := int(g[1].(float64))
		if (number == 0) != (it.Source.Frames == 1) {
			t.Errorf("frame %d refers to frame %d", i, number)
		}
		var want strings.Builder
		for _, v := range it.Frames[max(number-1, 0)].Labels.Pix {
			want.WriteString(map[bool]string{true: "01", false: "00"}[v == value])
		}
		if r.Pixels[i] != want.String() {
			t.Errorf("frame %d: pixels differ from the mask of label %d in frame %d", i, value, number)
		}
		if g[3] != it.Source.ID {
			t.Errorf("frame %d refers to %v", i, g[3])
		}
	}
}

func TestSEGSaysWhereItCameFrom(t *testing.T) {
	it := cine("clip", 40, 30, 4, 1)
	it.Frames[0].Edited = true
	it.Frames[1].Status = review.Open
	o := options(t, "seg")
	o.Include = All
	res := run(t, input(it), o)
	r := pydicom(t, res.Files[0].Path)
	if r.Name != "홍^길동" || r.Study != "2.25.1" || r.Creator != "Dr. Kim^" || r.Description != ResearchUse || r.Lossy != "00" {
		t.Errorf("%+v", r)
	}
	if r.UID == it.Source.ID || r.Series == "2.25.2" {
		t.Error("UIDs are not new")
	}
	seg := r.Segments[0]
	if seg[1] != "lesion" || seg[2] != "SEMIAUTOMATIC" || seg[3] != "echoline-breast 0.1.0" ||
		seg[4] != "lesion: 2 of 3 frames accepted, 1 of 3 frames not reviewed. "+ResearchUse {
		t.Errorf("segment %q", seg)
	}
	var comments []any
	for _, f := range r.Frames {
		comments = append(comments, f[2])
	}
	if !slices.Equal(comments, []any{"accepted", "not reviewed: not accepted by a reader", "accepted"}) {
		t.Errorf("comments %q", comments)
	}
	for _, f := range res.Files {
		if strings.Contains(f.Path, "홍") || strings.Contains(f.Path, "4711") {
			t.Errorf("patient data in %s", f.Path)
		}
	}
}

func TestAlgorithm(t *testing.T) {
	model, edited, drawn := Frame{Model: "a"}, Frame{Model: "a", Edited: true}, Frame{Edited: true}
	for want, frames := range map[string][][]Frame{
		"AUTOMATIC":     {{model}, {model, model}},
		"SEMIAUTOMATIC": {{edited}, {model, edited}, {model, drawn}, {edited, drawn}},
		"MANUAL":        {{drawn}, {drawn, drawn}},
	} {
		for _, f := range frames {
			if got := algorithm(f); got != want {
				t.Errorf("%v: %s", f, got)
			}
		}
	}
}

func TestSEGDrawnFromNothingNamesNoModel(t *testing.T) {
	it := cine("drawn", 16, 16, 1, 1)
	it.Frames[0].Model, it.Frames[0].Edited = "", true
	res := run(t, input(it), options(t, "seg"))
	r := pydicom(t, res.Files[0].Path)
	if r.Segments[0][2] != "MANUAL" || r.Segments[0][3] != "" {
		t.Errorf("segment %q", r.Segments[0])
	}
	validate(t, res.Files[0].Path)
}

func TestSEGInheritsLossyCompression(t *testing.T) {
	file := filepath.Join(t.TempDir(), "source.dcm")
	if err := os.WriteFile(file, make([]byte, 320), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		set           func(it *study.Item)
		ratio, method string
	}{
		"stored as JPEG": {func(it *study.Item) { it.TransferSyntax, it.Path = "1.2.840.10008.1.2.4.50", file }, "10", "ISO_10918_1"},
		"said by the source": {func(it *study.Item) {
			it.Header.Attr["LossyImageCompression"], it.Header.Attr["LossyImageCompressionRatio"] = "01", "12.5"
			it.Header.Attr["LossyImageCompressionMethod"] = "ISO_15444_1"
		}, "12.5", "ISO_15444_1"},
	} {
		t.Run(name, func(t *testing.T) {
			it := cine("lossy", 80, 40, 1, 1)
			c.set(it.Source)
			res := run(t, input(it), options(t, "seg"))
			r := pydicom(t, res.Files[0].Path)
			if r.Lossy != "01" || !strings.HasPrefix(r.Ratio, c.ratio) || r.Method != c.method {
				t.Errorf("lossy %s, ratio %s, method %s", r.Lossy, r.Ratio, r.Method)
			}
			validate(t, res.Files[0].Path)
		})
	}
}

func TestSEGRefusesWhatItMust(t *testing.T) {
	plain := Item{Source: &study.Item{Name: "photo", W: 8, H: 8, Frames: 1}, Frames: []Frame{frame(0, ellipse(8, 8, 4, 4, 3, 3, 1))}}
	anonymous := cine("anonymous", 8, 8, 1, 1)
	delete(anonymous.Source.Header.Attr, "StudyInstanceUID")
	wrong := cine("wrong", 8, 8, 1, 1)
	wrong.Source.W = 9
	empty := Item{Source: source("empty", 8, 8, 1), Frames: []Frame{frame(0, mask.NewPlane(8, 8))}}
	good := cine("good", 8, 8, 1, 1)
	o := options(t, "seg")
	res, err := Run(t.Context(), input(plain, anonymous, wrong, empty, good), o)
	if err != nil {
		t.Fatal(err)
	}
	var got []fault.Code
	for _, f := range res.Failed {
		got = append(got, f.Code)
	}
	if !slices.Equal(got, []fault.Code{CodeNotDICOM, CodeIdentity, CodeSize}) {
		t.Errorf("failed: %v", res.Failed)
	}
	if len(res.Files) != 1 || !slices.Equal(res.Empty, []string{"empty"}) {
		t.Errorf("files %v, empty %v", res.Files, res.Empty)
	}
}

// Whatever a file's header or a reader's name holds, the SEG stays well-formed.
func TestSEGOfOddHeaders(t *testing.T) {
	it := cine("odd", 16, 9, 1, 1)
	for _, k := range []string{"PatientName", "PatientID", "StudyID", "AccessionNumber", "StudyDescription"} {
		it.Source.Header.Attr[k] = strings.Repeat("긴\\이름\x00", 40)
	}
	in := input(it)
	in.Reader = strings.Repeat("a^b=c\\", 30)
	in.Labels[0].Name = strings.Repeat("lesion ", 30)
	in.Models = map[string]inference.Info{}
	res := run(t, in, options(t, "seg"))
	r := pydicom(t, res.Files[0].Path)
	if got := r.Segments[0][3].(string); !strings.HasPrefix(got, "model ab12") {
		t.Errorf("model without a name is %q", got)
	}
}

func TestSEGWritesOldDatesAnew(t *testing.T) {
	it := cine("old", 16, 9, 1, 1)
	it.Source.Header.Attr["StudyDate"], it.Source.Header.Attr["StudyTime"] = "1994.11.05", "11:20:00.5"
	res := run(t, input(it), options(t, "seg"))
	data, err := os.ReadFile(res.Files[0].Path)
	if err != nil || !bytes.Contains(data, []byte("DA\x08\x0019941105")) || !bytes.Contains(data, []byte("TM\x08\x00112000.5")) {
		t.Error("date or time is not as DICOM writes it", err)
	}
	validate(t, res.Files[0].Path)
}

func TestSEGOfOneStudyShareASeries(t *testing.T) {
	res := run(t, input(cine("a", 8, 8, 1, 1), cine("b", 8, 8, 3, 1)), options(t, "seg"))
	a, b := pydicom(t, res.Files[0].Path), pydicom(t, res.Files[1].Path)
	if a.Series != b.Series || a.UID == b.UID {
		t.Errorf("series %s and %s, instances %s and %s", a.Series, b.Series, a.UID, b.UID)
	}
}

func TestSEGRandomMasks(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		w, h := rapid.IntRange(1, 40).Draw(rt, "w"), rapid.IntRange(1, 40).Draw(rt, "h")
		n := rapid.IntRange(1, 6).Draw(rt, "frames")
		it := Item{Source: source("m", w, h, n)}
		for i := range n {
			px := rapid.SliceOfN(rapid.SampledFrom([]uint8{0, 0, 1, 3}), w*h, w*h).Draw(rt, "pixels")
			it.Frames = append(it.Frames, Frame{Index: i, Labels: &mask.Plane{W: w, H: h, Pix: px}, Status: review.Accepted})
		}
		res, err := Run(t.Context(), input(it), Options{Format: "seg", Dir: dir, Overwrite: true})
		if err != nil || len(res.Failed) > 0 {
			rt.Fatal(err, res.Failed)
		}
		p, _ := binarySEG{}.plan(&it)
		if len(res.Files) == 0 {
			if len(p.frames) > 0 {
				rt.Fatal("nothing written")
			}
			return
		}
		got := bits(t, res.Files[0].Path, w*h)
		for k, f := range p.frames {
			for i, v := range it.Frames[f.order].Labels.Pix {
				if (v == p.values[f.segment-1]) != (got[k][i] == 1) {
					rt.Fatalf("frame %d pixel %d", k, i)
				}
			}
		}
		rest := bytes.Join(got[len(p.frames):], nil)
		if bytes.Contains(rest, []byte{1}) {
			rt.Fatal("bits behind the last frame")
		}
	})
}

func BenchmarkSEG(b *testing.B) {
	it := cine("clip", 640, 480, 40, 1)
	o := Options{Format: "seg", Dir: b.TempDir(), Overwrite: true}
	for b.Loop() {
		if _, err := Run(b.Context(), input(it), o); err != nil {
			b.Fatal(err)
		}
	}
}
