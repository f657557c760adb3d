package export

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"echoline/internal/fault"
	"echoline/internal/study"
)

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
