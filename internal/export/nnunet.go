package export

import (
	"bytes"
	"image"
	"image/png"
	"math"
	"strconv"
)

// nnunetFolder is the data set's folder; nnU-Net knows data sets by a number of three digits.
const nnunetFolder = "Dataset001_Echoline/"

// nnunetOutputs makes, for each frame, the grey picture in imagesTr and its labels, numbered from 1 on, in labelsTr. What
// these cannot say is in provenance/NAME.json, which nnU-Net ignores.
func nnunetOutputs(j *job, it *Item) ([]output, error) {
	grey := j.consecutive()
	var files []output
	for _, f := range it.Frames {
		p, err := j.picture(it, f)
		if err != nil {
			return nil, err
		}
		im := image.NewGray(image.Rect(0, 0, p.W, p.H))
		for i, v := range p.Luma() {
			im.Pix[i] = uint8(math.Round(float64(v) * 255))
		}
		var b bytes.Buffer
		if err := png.Encode(&b, im); err != nil {
			return nil, err
		}
		labels, err := encodeGrey(f, grey)
		if err != nil {
			return nil, err
		}
		name := j.caseName(it, f)
		files = append(files,
			output{nnunetFolder + "imagesTr/" + name + "_0000.png", b.Bytes()},
			output{nnunetFolder + "labelsTr/" + name + ".png", labels})
	}
	side, err := marshal(j.sidecar(it, grey, func(f Frame) string { return "labelsTr/" + j.caseName(it, f) + ".png" }))
	return append(files, output{nnunetFolder + "provenance/" + j.stem + ".json", side}), err
}

// consecutive numbers the labels from 1 on.
func (j *job) consecutive() (grey [256]uint8) {
	for i, v := range j.values {
		grey[v] = uint8(i + 1)
	}
	return grey
}

// nnunetWhole makes dataset.json, and the folds where there is more than one patient.
func nnunetWhole(j *job) ([]output, error) {
	labels := map[string]int{"background": 0}
	for i, v := range j.values {
		name := j.label(v).Name
		if _, twice := labels[name]; twice {
			name += " " + strconv.Itoa(int(v))
		}
		labels[name] = i + 1
	}
	cases := 0
	for i := range j.written {
		cases += len(j.Items[i].Frames)
	}
	data, err := marshal(map[string]any{
		"channel_names": map[string]string{"0": "ultrasound"}, "labels": labels, "numTraining": cases,
		"file_ending": ".png", "overwrite_image_reader_writer": "NaturalImage2DIO",
		"name": "Echoline", "description": ResearchUse, "reference": "Echoline " + j.Version, "reader": j.Reader,
	})
	files := []output{{nnunetFolder + "dataset.json", data}}
	if f := folds(j.caseGroups()); f != nil && err == nil {
		data, err = marshal(f)
		files = append(files, output{nnunetSplits, data})
	}
	return files, err
}
