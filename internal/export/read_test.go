package export

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"echoline/inference"
	"echoline/internal/fault"
	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// masks is how many random masks go through every lossless format.
var masks = flag.Int("masks", 1000, "how many random items TestRoundTrips makes")

// toFolder writes an item without waiting for the disk.
func toFolder(t *testing.T, in Input, format, dir string) {
	t.Helper()
	j := newJob(t.Context(), in, Options{Format: format, Include: Accepted, Version: "0.1.0"}, formats[format])
	var files []output
	for i := range in.Items {
		j.stem = j.stems[i]
		out, err := j.outputs(&in.Items[i])
		if err != nil {
			t.Fatal(format, err)
		}
		files = append(files, out...)
	}
	if j.format.whole != nil {
		out, err := j.format.whole(j)
		if err != nil {
			t.Fatal(format, err)
		}
		files = append(files, out...)
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// readBackAll reads a folder and expects no fault and no note.
func readBackAll(t *testing.T, dir string, in Input) []Imported {
	t.Helper()
	var items []*study.Item
	for _, it := range in.Items {
		items = append(items, it.Source)
	}
	out, failed, err := Read(t.Context(), []string{dir}, items, ReadOptions{Known: in.Labels, Table: in.Table})
	if err != nil || len(failed) > 0 {
		t.Fatal(err, failed)
	}
	for _, im := range out {
		for _, n := range im.Notes {
			t.Fatal(n, n.Args)
		}
	}
	return out
}

// sameMasks compares what was read with what was written. Formats that leave empty frames out may do so.
func sameMasks(it Item, out []Imported) error {
	got := map[int]*mask.Plane{}
	for _, im := range out {
		for _, f := range im.Frames {
			if f.Key.Instance != it.Source.ID || got[f.Key.Frame] != nil {
				return fmt.Errorf("frame %v, twice: %v", f.Key, got[f.Key.Frame] != nil)
			}
			got[f.Key.Frame] = f.Labels
		}
	}
	for _, f := range it.Frames {
		p := got[f.Index]
		if p == nil {
			if mask.Count(f.Labels, 0) != len(f.Labels.Pix) {
				return fmt.Errorf("frame %d is missing", f.Index+1)
			}
			p = mask.NewPlane(f.Labels.W, f.Labels.H)
		}
		if !p.Equal(f.Labels) {
			return fmt.Errorf("frame %d differs: %v, want %v", f.Index+1, p, f.Labels)
		}
		delete(got, f.Index)
	}
	if len(got) > 0 {
		return fmt.Errorf("%d frames that were not written", len(got))
	}
	return nil
}

// randomItem is an item of odd size, 1 to 300 frames, of which some are exported, with overlapping blobs of several
// labels, holes and single pixels.
func randomItem(r *rand.Rand, n int) Item {
	w, h, frames := 1+r.IntN(40), 1+r.IntN(40), 1+r.IntN(4)
	switch {
	case n%25 == 0:
		w, h, frames = 1+r.IntN(9), 1+r.IntN(9), 1+r.IntN(300)
	case n%3 == 0:
		frames = 1
	}
	labels := []uint8{1, 1 + uint8(r.IntN(255)), 1 + uint8(r.IntN(255))}[:1+r.IntN(3)]
	it := Item{Source: source(fmt.Sprintf("random %d", n), w, h, frames)}
	for i := range frames {
		if r.IntN(5) == 0 && i+1 < frames {
			continue
		}
		p := mask.NewPlane(w, h)
		for range r.IntN(5) {
			x, y := r.Float64()*float64(w), r.Float64()*float64(h)
			spans := mask.Capsule(x, y, x+r.Float64()*9-4, y+r.Float64()*9-4, 0.5+r.Float64()*8, 0.5+r.Float64()*8)
			p.Fill(spans, []uint8{0, labels[r.IntN(len(labels))], labels[r.IntN(len(labels))]}[r.IntN(3)])
		}
		for range r.IntN(4) {
			p.Pix[r.IntN(len(p.Pix))] = labels[r.IntN(len(labels))]
		}
		it.Frames = append(it.Frames, Frame{Index: i, Labels: p, Status: review.Accepted, Model: modelSHA})
	}
	return it
}

func TestRoundTrips(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 2026))
	plain := []string{"seg-labelmap", "png", "labels", "coco", "coco-polygons"}
	pictured := []string{"nifti", "nnunet", "yolo", "training"}
	dir := t.TempDir()
	frames := 0
	for n := range *masks {
		it := randomItem(r, n)
		// Every item becomes a SEG, and in turn two of the others; those that need pictures have fewer turns.
		ways := []string{"seg", plain[n%len(plain)], plain[(n/len(plain)+n+1)%len(plain)]}
		if n%5 == 0 {
			it = filmed(t, it)
			ways = append(ways, pictured[n/5%len(pictured)])
		}
		empty := true
		for _, f := range it.Frames {
			empty = empty && mask.Count(f.Labels, 0) == len(f.Labels.Pix)
		}
		in := input(it)
		in.Labels[0].Name = "lesion"
		for _, format := range ways {
			if empty && strings.HasPrefix(format, "seg") {
				continue
			}
			to := filepath.Join(dir, format)
			toFolder(t, in, format, to)
			if err := sameMasks(it, readBackAll(t, to, in)); err != nil {
				t.Fatalf("item %d, %s: %v", n, format, err)
			}
			if err := os.RemoveAll(to); err != nil {
				t.Fatal(err)
			}
		}
		frames += len(it.Frames)
	}
	t.Logf("%d items, %d masks", *masks, frames)
}

// What was read of a probability is the mask at one half, and the probability.
func TestFractionalRoundTrip(t *testing.T) {
	it := cine("clip", 33, 21, 3, 1)
	in := probabilities(input(it))
	dir := t.TempDir()
	toFolder(t, in, "seg-fractional", dir)
	out, failed, err := Read(t.Context(), []string{dir}, []*study.Item{it.Source}, ReadOptions{Known: in.Labels})
	if err != nil || len(failed) > 0 || len(out) != 1 || len(out[0].Notes) != 1 || out[0].Notes[0].Code != CodeNoteFraction {
		t.Fatalf("%v %v %+v", err, failed, out)
	}
	for _, f := range out[0].Frames {
		want := in.prediction(&it, it.Frames[f.Key.Frame]).Probability
		for i, p := range want {
			stored := float32(scaled(p)) / fractionalMax
			if f.Probability[i] != stored || (f.Labels.Pix[i] == 1) != (stored >= 0.5) {
				t.Fatalf("frame %d, pixel %d: %v %d, want %v", f.Key.Frame, i, f.Probability[i], f.Labels.Pix[i], stored)
			}
		}
	}
}

// writeByHighdicom makes segmentations of a still, as highdicom writes them: of every type, with two segments that overlap.
const writeByHighdicom = `
import sys, numpy as np, pydicom, highdicom as hd
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, RLELossless
src = pydicom.dcmread(sys.argv[1])
out = sys.argv[2]
a = np.zeros((1, src.Rows, src.Columns, 2), np.uint8)
a[0, 5:20, 7:30, 0] = 1
a[0, 15:25, 20:40, 1] = 1
a[0, 0, 0, 0] = 1
def describe(n, label, kind):
    return hd.seg.SegmentDescription(segment_number=n, segment_label=label, segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=kind, algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL)
segs = [describe(1, "Tumour", hd.sr.CodedConcept("4147007", "SCT", "Mass")), describe(2, "Zyste", hd.sr.CodedConcept("367643001", "SCT", "Cyst"))]
def write(name, pixels, kind, segs, **more):
    s = hd.seg.Segmentation(source_images=[src], pixel_array=pixels, segmentation_type=kind, segment_descriptions=segs,
        series_instance_uid=hd.UID(), series_number=7, sop_instance_uid=hd.UID(), instance_number=1, manufacturer="Another",
        manufacturer_model_name="Tool", software_versions="1", device_serial_number="1", **more)
    s.save_as(f"{out}/{name}.dcm")
write("binary", a, "BINARY", segs)
b = a.copy(); b[..., 1][b[..., 0] > 0] = 0
write("labelmap", b, "LABELMAP", segs)
write("labelmap-rle", b, "LABELMAP", segs, transfer_syntax_uid=RLELossless)
f = np.zeros((1, src.Rows, src.Columns), np.float32)
f[0, :, :] = np.linspace(0, 1, src.Columns)
write("fractional", f, "FRACTIONAL", segs[:1], max_fractional_value=200)
write("fractional-rle", f, "FRACTIONAL", segs[:1], max_fractional_value=200, transfer_syntax_uid=RLELossless)
`

func TestHighdicomsSegmentationsAreRead(t *testing.T) {
	it := filmed(t, cine("still", 61, 47, 1, 1))
	dir := t.TempDir()
	judge(t, strings.ReplaceAll(writeByHighdicom, "\t", "    "), it.Source.Path, dir)
	table, err := parseLabels([]byte(`{"labels": [{"value": 1, "name": "lesion", "type": ["4147007", "SCT", "Mass"]},
		{"value": 4, "name": "cyst", "type": ["367643001", "SCT", "Cyst"]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	inA := func(x, y int) bool { return y >= 5 && y < 20 && x >= 7 && x < 30 || x == 0 && y == 0 }
	inB := func(x, y int) bool { return y >= 15 && y < 25 && x >= 20 && x < 40 }
	for name, want := range map[string]func(x, y int) uint8{
		"binary": func(x, y int) uint8 {
			if inB(x, y) {
				return 4
			}
			return uint8(map[bool]int{true: 1}[inA(x, y)])
		},
		"labelmap": func(x, y int) uint8 {
			if inA(x, y) {
				return 1
			}
			return uint8(map[bool]int{true: 4}[inB(x, y)])
		},
		"fractional": func(x, _ int) uint8 { return uint8(map[bool]int{true: 1}[x >= 30]) },
	} {
		for _, ending := range []string{"", "-rle"} {
			path := filepath.Join(dir, name+ending+".dcm")
			if _, err := os.Stat(path); err != nil && ending != "" {
				continue
			}
			out, failed, err := Read(t.Context(), []string{path}, []*study.Item{it.Source}, ReadOptions{Table: LabelTable{table}})
			if err != nil || len(failed) > 0 || len(out) != 1 || len(out[0].Frames) != 1 {
				t.Fatalf("%s: %v %v %+v", name, err, failed, out)
			}
			im := out[0]
			if im.Program != "Another Tool" || im.Algorithm != manual {
				t.Errorf("%s: %q %q", name, im.Program, im.Algorithm)
			}
			wrong := 0
			for i, v := range im.Frames[0].Labels.Pix {
				if v != want(i%61, i/61) {
					wrong++
				}
			}
			if wrong > 0 {
				t.Errorf("%s: %d pixels differ", name, wrong)
			}
			codes := map[fault.Code]bool{}
			for _, n := range im.Notes {
				codes[n.Code] = true
			}
			if codes[CodeNoteOverlap] != (name == "binary") || codes[CodeNoteFraction] != (name == "fractional") || len(codes) > 1 {
				t.Errorf("%s: %v", name, im.Notes)
			}
		}
	}
	// Codes that the review does not know are named, and taken where somebody says what they are.
	for _, o := range []ReadOptions{{}, {Map: map[string]uint8{"Tumour": 1, "2": 9}}, {Map: map[string]uint8{"1": 3, "Zyste": 0}}} {
		out, _, err := Read(t.Context(), []string{filepath.Join(dir, "labelmap.dcm")}, []*study.Item{it.Source}, o)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case o.Map == nil:
			if len(out[0].Frames) != 0 || len(out[0].Notes) != 2 || out[0].Notes[0].Code != CodeReadForeign || out[0].Notes[1].Args["Code"] != "367643001, SCT, Cyst" {
				t.Errorf("%+v", out[0])
			}
		case o.Map["Tumour"] == 1:
			if p := out[0].Frames[0].Labels; p.At(8, 6) != 1 || p.At(35, 22) != 9 || len(out[0].Notes) != 0 {
				t.Errorf("%+v", out[0].Notes)
			}
		default:
			if p := out[0].Frames[0].Labels; p.At(8, 6) != 3 || p.At(35, 22) != 0 || len(out[0].Notes) != 0 {
				t.Errorf("%+v", out[0].Notes)
			}
		}
	}
}

// dcmqi writes what lies in a Frame of Reference: here a mask of ours that went through it.
func TestDcmqisSegmentationsAreRead(t *testing.T) {
	needJudges(t)
	it := cine("volume", 33, 21, 3, 1)
	for i := range it.Frames {
		it.Frames[i] = frame(i, ellipse(33, 21, 12+float64(i), 10, 7, 5, 1))
	}
	dir := t.TempDir()
	judge(t, `
import sys, numpy as np, pydicom, nibabel
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid
out, uids, pixels = sys.argv[1], sys.argv[2].split(","), bytes.fromhex(sys.argv[3])
w, h, n = 33, 21, len(uids)
study, series, frame = generate_uid(), generate_uid(), generate_uid()
for i, uid in enumerate(uids):
    m = FileMetaDataset(); m.TransferSyntaxUID = ExplicitVRLittleEndian; m.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"; m.MediaStorageSOPInstanceUID = uid
    d = FileDataset("", {}, file_meta=m, preamble=b"\0" * 128)
    d.SOPClassUID, d.SOPInstanceUID, d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = m.MediaStorageSOPClassUID, uid, study, series, frame
    d.Modality, d.PatientID, d.PatientName, d.PatientBirthDate, d.PatientSex, d.StudyID = "CT", "1", "A^B", "", "", "1"
    d.StudyDate, d.StudyTime, d.AccessionNumber, d.ReferringPhysicianName, d.SeriesNumber, d.InstanceNumber = "20260101", "101010", "", "", 1, i + 1
    d.Manufacturer = "x"; d.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]; d.PositionReferenceIndicator = ""
    d.Rows, d.Columns, d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation, d.SamplesPerPixel = h, w, 16, 16, 15, 0, 1
    d.PhotometricInterpretation, d.PixelSpacing, d.SliceThickness = "MONOCHROME2", [0.2, 0.125], 0.5
    d.ImagePositionPatient, d.ImageOrientationPatient = [0, 0, 0.5 * i], [1, 0, 0, 0, 1, 0]
    d.RescaleIntercept, d.RescaleSlope = 0, 1
    d.PixelData = bytes(2 * w * h)
    d.save_as(f"{out}/slice{i}.dcm")
a = np.frombuffer(pixels, np.uint8).reshape(n, h, w).transpose(2, 1, 0)
nibabel.save(nibabel.Nifti1Image(a, np.diag([-0.125, -0.2, 0.5, 1])), f"{out}/mask.nii.gz")
open(f"{out}/meta.json", "w").write('''{"ContentCreatorName": "Reader", "ClinicalTrialSeriesID": "1", "ClinicalTrialTimePointID": "1",
 "SeriesDescription": "s", "SeriesNumber": "300", "InstanceNumber": "1", "BodyPartExamined": "BREAST", "segmentAttributes": [[{"labelID": 1,
 "SegmentDescription": "Mass", "SegmentLabel": "Mass", "SegmentAlgorithmType": "AUTOMATIC", "SegmentAlgorithmName": "net",
 "SegmentedPropertyCategoryCodeSequence": {"CodeValue": "49755003", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Morphologically Altered Structure"},
 "SegmentedPropertyTypeCodeSequence": {"CodeValue": "4147007", "CodingSchemeDesignator": "SCT", "CodeMeaning": "Mass"}}]],
 "ContentLabel": "SEGMENTATION", "ContentDescription": "Image segmentation", "ClinicalTrialCoordinatingCenterName": "x"}''')
`, dir, "2.25.11,2.25.12,2.25.13", hexOf(bytes.Join([][]byte{it.Frames[0].Labels.Pix, it.Frames[1].Labels.Pix, it.Frames[2].Labels.Pix}, nil)))
	seg := filepath.Join(t.TempDir(), "seg.dcm")
	out, err := exec.Command(filepath.Join(filepath.Dir(judgesPython), "itkimage2segimage"), "--inputImageList", filepath.Join(dir, "mask.nii.gz"),
		"--inputDICOMDirectory", dir, "--outputDICOM", seg, "--inputMetadata", filepath.Join(dir, "meta.json")).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var slices []string
	for i := range 3 {
		slices = append(slices, filepath.Join(dir, fmt.Sprintf("slice%d.dcm", i)))
	}
	st, err := study.Open(t.Context(), slices, nil)
	if err != nil || len(st.Items) != 3 {
		t.Fatalf("%v %+v", err, st.Refused)
	}
	got, failed, err := Read(t.Context(), []string{seg}, st.Items, ReadOptions{Known: input().Labels})
	if err != nil || len(failed) > 0 || len(got) != 1 || len(got[0].Notes) > 0 || len(got[0].Frames) != 3 || got[0].Algorithm != automatic {
		t.Fatalf("%v %v %+v", err, failed, got)
	}
	for _, f := range got[0].Frames {
		for i, item := range []string{"2.25.11", "2.25.12", "2.25.13"} {
			if f.Key.Instance == item && !f.Labels.Equal(it.Frames[i].Labels) {
				t.Errorf("slice %d differs", i)
			}
		}
	}
}

// Masks of other programs, as they write them.
func TestForeignFilesAreRead(t *testing.T) {
	clip, still := spotted(t, "clip", 3), spotted(t, "still", 1)
	items := []*study.Item{clip.Source, still.Source}
	dir := t.TempDir()
	judge(t, `
import sys, json, numpy as np, nibabel
from PIL import Image
from pycocotools import mask as M
out, w, h = sys.argv[1], 47, 31
clip = np.frombuffer(bytes.fromhex(sys.argv[2]), np.uint8).reshape(3, h, w)
still = np.frombuffer(bytes.fromhex(sys.argv[3]), np.uint8).reshape(h, w)
nibabel.save(nibabel.Nifti1Image(clip.transpose(2, 1, 0).astype(np.int16), np.eye(4)), f"{out}/clip_seg.nii.gz")
nibabel.save(nibabel.Nifti1Image(still.T.astype(np.float32), np.eye(4)), f"{out}/still.nii")
Image.fromarray(((still == 1) * 255).astype(np.uint8)).save(f"{out}/still_mask.png")
p = Image.fromarray(still).convert("P"); p.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255]); p.save(f"{out}/still.labels.png")
anns = []
for i in range(3):
    for v in (1, 3):
        rle = M.encode(np.asfortranarray((clip[i] == v).astype(np.uint8)))
        anns.append({"id": len(anns) + 1, "image_id": 100 + i, "category_id": v, "segmentation": {"size": rle["size"], "counts": rle["counts"].decode()}})
json.dump({"images": [{"id": 100 + i, "file_name": f"x/clip.f000{i+1}.png", "width": w, "height": h} for i in range(3)] +
  [{"id": 7, "file_name": "elsewhere.png", "width": 5, "height": 5}], "annotations": anns + [{"id": 99, "image_id": 7, "category_id": 1,
  "segmentation": [[0, 0, 3, 0, 3, 3, 0, 3]]}], "categories": [{"id": 1, "name": "lesion"}, {"id": 3, "name": "label 3"}]}, open(f"{out}/coco.json", "w"))
`, dir, hexOf(bytes.Join([][]byte{clip.Frames[0].Labels.Pix, clip.Frames[1].Labels.Pix, clip.Frames[2].Labels.Pix}, nil)), hexOf(still.Frames[0].Labels.Pix))
	read := func(name string) Imported {
		t.Helper()
		out, failed, err := Read(t.Context(), []string{filepath.Join(dir, name)}, items, ReadOptions{Known: input().Labels})
		if err != nil || len(failed) > 0 || len(out) != 1 {
			t.Fatalf("%s: %v %v %+v", name, err, failed, out)
		}
		return out[0]
	}
	for name, it := range map[string]Item{"clip_seg.nii.gz": clip, "still.nii": still, "still.labels.png": still, "coco.json": clip} {
		im := read(name)
		if err := sameMasks(it, []Imported{im}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if (name == "coco.json") != (len(im.Notes) == 1) {
			t.Errorf("%s: %v", name, im.Notes)
		}
	}
	if n := read("coco.json").Notes[0]; n.Code != CodeReadUnknown || n.Args["Image"] != "elsewhere.png" {
		t.Errorf("%v %v", n, n.Args)
	}
	p := read("still_mask.png").Frames[0].Labels
	for i, v := range still.Frames[0].Labels.Pix {
		if (p.Pix[i] == 1) != (v == 1) || p.Pix[i] > 1 {
			t.Fatalf("black and white: pixel %d is %d", i, p.Pix[i])
		}
	}
}

func TestReadFaults(t *testing.T) {
	clip, still := filmed(t, cine("clip", 20, 10, 3, 1)), filmed(t, cine("still", 20, 10, 1, 1))
	items := []*study.Item{clip.Source, still.Source}
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	encoded := func(it Item, format string) []byte {
		t.Helper()
		j := newJob(t.Context(), probabilities(input(it)), Options{Format: format, Include: Accepted}, formats[format])
		j.stem = j.stems[0]
		out, err := j.outputs(&j.Items[0])
		if err != nil {
			t.Fatal(err)
		}
		return out[0].data
	}
	seg := encoded(clip, "seg")
	picture, err := clip.Source.Frame(0)
	if err != nil {
		t.Fatal(err)
	}
	grey, err := encodePNG(picture)
	if err != nil {
		t.Fatal(err)
	}
	other := cine("other", 20, 10, 2, 1)
	turned := filmed(t, cine("turned", 10, 20, 1, 1))
	turned.Source.Header.Attr["SOPInstanceUID"] = still.Source.ID
	mask4 := niftiVolume{w: 20, h: 10, frames: 4, kind: niftiUint8, data: make([]byte, 800)}
	nifti4, err := mask4.encode()
	if err != nil {
		t.Fatal(err)
	}
	short := mask4
	short.data = short.data[:300]
	cut, err := short.encode()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		data []byte
		code fault.Code
		note bool
	}{
		"cut.seg.dcm":      {seg[:len(seg)-40], CodeReadBroken, false},
		"half.seg.dcm":     {seg[:len(seg)/2], CodeReadBroken, false},
		"elsewhere.dcm":    {encoded(other, "seg"), CodeReadUnknown, true},
		"turned.dcm":       {encoded(turned, "seg"), CodeReadMisfit, true},
		"notes.dcm":        {bytes.Repeat([]byte("x"), 200), CodeReadKind, false},
		"unknown.png":      {encoded(still, "png"), CodeReadUnknown, false},
		"clip.png":         {encoded(still, "png"), CodeReadWhich, false},
		"clip.f0009.png":   {encoded(still, "png"), CodeReadCount, false},
		"still.png":        {grey, CodeReadGrey, false},
		"clip.mask.nii.gz": {nifti4, CodeReadCount, false},
		"clip.f0001.nii":   {cut, CodeReadBroken, false},
		"still.nii.gz":     {[]byte("no"), CodeReadBroken, false},
		"broken.json":      {[]byte("{"), CodeReadBroken, false},
		"other.json":       {[]byte("{}"), CodeReadKind, false},
		"runs.json": {[]byte(`{"images":[{"id":1,"file_name":"still.png","width":20,"height":10}],"categories":[{"id":1,"name":"lesion"}],
			"annotations":[{"image_id":1,"category_id":1,"segmentation":{"size":[10,20],"counts":[5,300]}}]}`), CodeReadBroken, false},
		"foreign.json": {[]byte(`{"images":[{"id":1,"file_name":"still.png","width":20,"height":10}],"categories":[{"id":5,"name":"Katze"}],
			"annotations":[{"image_id":1,"category_id":5,"segmentation":[[0,0,3,0,3,3]]}]}`), CodeReadForeign, true},
		"misfit.json": {[]byte(`{"images":[{"id":1,"file_name":"still.png","width":21,"height":10}],"categories":[{"id":1,"name":"lesion"}],
			"annotations":[{"image_id":1,"category_id":1,"segmentation":[[0,0,3,0,3,3]]}]}`), CodeReadMisfit, true},
		"outside.json": {[]byte(`{"program":{"name":"Echoline"},"instance":"x","frames":[{"frame":1,"file":"../../etc/passwd"}]}`), CodeReadBroken, false},
		"still.txt":    {[]byte("0 0.1 0.1 0.2"), CodeReadBroken, false},
	} {
		path := file(name, c.data)
		out, failed, err := Read(t.Context(), []string{path}, items, ReadOptions{Known: input().Labels})
		var f *fault.Error
		switch {
		case err != nil:
			t.Errorf("%s: %v", name, err)
			continue
		case c.note && len(out) == 1 && len(out[0].Notes) > 0:
			f = out[0].Notes[0]
		case !c.note && len(failed) == 1:
			f = failed[0]
		}
		if f == nil || f.Code != c.code || f.Where != path {
			t.Errorf("%s: %v, %v %+v", name, f, failed, out)
		}
		for _, im := range out {
			if len(im.Frames) > 0 {
				t.Errorf("%s: a mask was read", name)
			}
		}
	}
	if _, _, err := Read(t.Context(), []string{t.TempDir()}, items, ReadOptions{}); fault.CodeOf(err) != CodeReadNothing {
		t.Error(err)
	}
	if _, failed, _ := Read(t.Context(), []string{filepath.Join(dir, "none.png")}, items, ReadOptions{}); len(failed) != 1 || failed[0].Code != CodeReadFile {
		t.Error(failed)
	}
}

// Whatever bytes there are, there is an answer and no panic.
func TestDamagedFilesAreNoPanic(t *testing.T) {
	clip := filmed(t, cine("clip", 20, 10, 3, 1, 2))
	items := []*study.Item{clip.Source}
	r := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	for _, format := range []string{"seg", "seg-labelmap", "nifti", "coco", "coco-polygons", "labels", "yolo"} {
		in := input(clip)
		toFolder(t, in, format, filepath.Join(dir, format))
		files, err := filepath.Glob(filepath.Join(dir, format, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			data, err := os.ReadFile(path)
			if err != nil {
				continue // a folder
			}
			for range 60 {
				broken := bytes.Clone(data)
				for range 1 + r.IntN(6) {
					broken[r.IntN(len(broken))] = byte(r.IntN(256))
				}
				broken = broken[:r.IntN(len(broken)+1)]
				if err := os.WriteFile(path, broken, 0o644); err != nil {
					t.Fatal(err)
				}
				_, _, _ = Read(t.Context(), []string{path}, items, ReadOptions{Known: in.Labels})
			}
		}
	}
}

// An import is a prediction to correct: it can be undone, a model does not take its place, and exports say where it is from.
func TestImportIsAPrediction(t *testing.T) {
	it := cine("clip", 40, 30, 2, 1)
	in := input(it)
	dir := t.TempDir()
	toFolder(t, in, "seg", dir)
	out := readBackAll(t, dir, in)
	r := review.New(&study.Study{Items: []*study.Item{it.Source}}, "Dr. Lee", nil)
	k := review.Key{Instance: it.Source.ID}
	model := &inference.Prediction{Model: in.Models[modelSHA], W: 40, H: 30, Mask: ellipse(40, 30, 5, 5, 4, 4, 1), Probability: make([]float32, 1200)}
	stored := map[string]*inference.Prediction{}
	set := func(p *inference.Prediction) {
		t.Helper()
		stored[p.Model.SHA256] = p
		if err := r.SetPrediction(k, p); err != nil {
			t.Fatal(err)
		}
	}
	set(model)
	set(out[0].Prediction(out[0].Frames[0]))
	set(model)
	f := r.Frame(k)
	if !f.Labels.Equal(it.Frames[0].Labels) || f.Touched || f.Status != review.Open {
		t.Fatalf("touched %v, status %v", f.Touched, f.Status)
	}
	taken := FromStored(r, All, func(f *review.Frame) *inference.Prediction { return stored[f.Model] })
	fr := taken.Items[0].Frames[0]
	if fr.algorithm() != automatic || !strings.HasPrefix(fr.Model, ImportPrefix) || taken.Models[fr.Model].Name != "Echoline Echoline" {
		t.Errorf("%s %s %+v", fr.algorithm(), fr.Model, taken.Models)
	}
	fr.Began = manual
	if fr.Edited = true; fr.algorithm() != manual {
		t.Error("a drawn mask that was corrected by hand was made by a machine")
	}
	if name, ok, err := r.Undo(k); name != "import" || !ok || err != nil || !r.Frame(k).Labels.Equal(model.Mask) {
		t.Error(name, ok, err)
	}
	data, err := json.Marshal(out[0].Prediction(out[0].Frames[0]).Model)
	if err != nil || !bytes.Contains(data, []byte(out[0].SHA256)) {
		t.Error(err)
	}
}
