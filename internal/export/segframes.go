package export

import (
	"math"
	"os"
	"strconv"
	"strings"

	"echoline/inference"
	"echoline/internal/study"
	"echoline/internal/study/dcmwrite"
)

// dimensions says how the frames are ordered: by segment, then by place in the cine.
func dimensions(p segPlan) []dcmwrite.Elem {
	uid := dcmwrite.NewUID()
	index := func(keyword, group string) dcmwrite.Set {
		return dcmwrite.Set{
			dcmwrite.Text("DimensionOrganizationUID", uid),
			dcmwrite.Tags("DimensionIndexPointer", keyword), dcmwrite.Tags("FunctionalGroupPointer", group),
			dcmwrite.Text("DimensionDescriptionLabel", keyword),
		}
	}
	var indices []dcmwrite.Set
	if p.frames[0].segment > 0 {
		indices = append(indices, index("ReferencedSegmentNumber", "SegmentIdentificationSequence"))
	}
	indices = append(indices, index("StackID", "FrameContentSequence"), index("InStackPositionNumber", "FrameContentSequence"))
	return []dcmwrite.Elem{
		dcmwrite.Seq("DimensionOrganizationSequence", dcmwrite.Set{dcmwrite.Text("DimensionOrganizationUID", uid)}),
		dcmwrite.Seq("DimensionIndexSequence", indices...),
	}
}

// planes are the source's, one per frame, or nil.
func (it *Item) planes() []study.Plane {
	if it.attr("FrameOfReferenceUID") == "" || len(it.Source.Header.Planes) != it.Source.Frames {
		return nil
	}
	return it.Source.Header.Planes
}

// frameOfReference is that of the source, in which its masks lie too. Where the planes are not known an orientation has to
// be there, be it empty.
func frameOfReference(it *Item) []dcmwrite.Elem {
	var out []dcmwrite.Elem
	if it.planes() == nil {
		out = append(out, dcmwrite.Text("PatientOrientation"))
	}
	uid := dcmwrite.Clean(it.attr("FrameOfReferenceUID"), 64)
	if uid == "" {
		return out
	}
	indicator := dcmwrite.Text("PositionReferenceIndicator")
	if v := dcmwrite.Clean(it.attr("PositionReferenceIndicator"), 64); v != "" {
		indicator = dcmwrite.Text("PositionReferenceIndicator", v)
	}
	return append(out, dcmwrite.Text("FrameOfReferenceUID", uid), indicator)
}

// functionalGroups says of every frame which segment and which source frame it belongs to, and names the source.
func functionalGroups(it *Item, p segPlan) []dcmwrite.Elem {
	rank := map[int]int{} // place of a frame among those that occur, from 1
	for i, order := range p.orders {
		rank[order] = i + 1
	}
	segment := func(n int) dcmwrite.Elem {
		return dcmwrite.Seq("SegmentIdentificationSequence", dcmwrite.Set{dcmwrite.Ints("ReferencedSegmentNumber", n)})
	}
	shared := dcmwrite.Set{}
	labelMap := p.frames[0].segment == 0
	if len(p.values) == 1 && !labelMap {
		shared = append(shared, segment(1))
	}
	planes := it.planes()
	if planes == nil {
		shared = append(shared, pixelSize(it, p)...)
	}
	frames := make([]dcmwrite.Set, len(p.frames))
	for i, f := range p.frames {
		src := it.Frames[f.order]
		index := []int{1, rank[f.order]}
		if !labelMap {
			index = append([]int{f.segment}, index...)
		}
		frames[i] = dcmwrite.Set{
			dcmwrite.Seq("FrameContentSequence", dcmwrite.Set{
				dcmwrite.Ints("DimensionIndexValues", index...),
				dcmwrite.Text("StackID", "1"), dcmwrite.Ints("InStackPositionNumber", rank[f.order]),
				dcmwrite.Text("FrameComments", p.kind.comment(src)),
			}),
			derivation(it, src.Index),
		}
		if len(p.values) > 1 && !labelMap {
			frames[i] = append(frames[i], segment(f.segment))
		}
		if planes != nil {
			frames[i] = append(frames[i], planeGroups(planes[src.Index])...)
		}
	}
	return []dcmwrite.Elem{
		dcmwrite.Seq("SharedFunctionalGroupsSequence", shared),
		dcmwrite.Seq("PerFrameFunctionalGroupsSequence", frames...),
		dcmwrite.Seq("ReferencedSeriesSequence", dcmwrite.Set{
			dcmwrite.Text("SeriesInstanceUID", it.attr("SeriesInstanceUID")),
			dcmwrite.Seq("ReferencedInstanceSequence", reference(it)),
		}),
	}
}

// pixelSize is the size of pixels in a SEG without planes, where one calibration of the patient holds along the boundaries of all
// its frames. Nothing in it says where the image lies. OHIF does not survive a SEG without this group.
func pixelSize(it *Item, p segPlan) []dcmwrite.Elem {
	var frames []Frame
	for _, order := range p.orders {
		if it.Frames[order].SpacingFrom == study.ByNominalSpacing {
			return nil
		}
		frames = append(frames, it.Frames[order])
	}
	s := oneSpacing(frames)
	if s == nil {
		return nil
	}
	return []dcmwrite.Elem{dcmwrite.Seq("PixelMeasuresSequence", dcmwrite.Set{dcmwrite.Text("PixelSpacing", decimals(s.Y, s.X)...)})}
}

// planeGroups says where a frame lies in the Frame of Reference.
func planeGroups(p study.Plane) []dcmwrite.Elem {
	measures := dcmwrite.Set{
		dcmwrite.Text("PixelSpacing", decimals(p.Spacing[1], p.Spacing[0])...),
		dcmwrite.Text("SliceThickness", decimals(p.Thickness)...),
	}
	if p.Between > 0 {
		measures = append(measures, dcmwrite.Text("SpacingBetweenSlices", decimals(p.Between)...))
	}
	return []dcmwrite.Elem{
		dcmwrite.Seq("PixelMeasuresSequence", measures),
		dcmwrite.Seq("PlanePositionSequence", dcmwrite.Set{dcmwrite.Text("ImagePositionPatient", decimals(p.Position[:]...)...)}),
		dcmwrite.Seq("PlaneOrientationSequence", dcmwrite.Set{dcmwrite.Text("ImageOrientationPatient", decimals(p.Orientation[:]...)...)}),
	}
}

// decimals writes numbers with as many digits as sixteen characters hold.
func decimals(vs ...float64) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		for digits := 15; ; digits-- {
			if out[i] = strconv.FormatFloat(v, 'g', digits, 64); len(out[i]) <= 16 {
				break
			}
		}
	}
	return out
}

// reference names the source instance.
func reference(it *Item) dcmwrite.Set {
	return dcmwrite.Set{
		dcmwrite.Text("ReferencedSOPClassUID", it.attr("SOPClassUID")),
		dcmwrite.Text("ReferencedSOPInstanceUID", it.attr("SOPInstanceUID")),
	}
}

// derivation names the source frame that a frame was segmented from.
func derivation(it *Item, frame int) dcmwrite.Elem {
	source := append(
		reference(it),
		coded("PurposeOfReferenceCodeSequence", inference.Code{Value: "121322", Scheme: "DCM", Meaning: "Source Image for Image Processing Operation"}),
		dcmwrite.Text("SpatialLocationsPreserved", "YES"),
	)
	if it.Source.Frames > 1 {
		source = append(source, dcmwrite.Text("ReferencedFrameNumber", strconv.Itoa(frame+1)))
	}
	return dcmwrite.Seq("DerivationImageSequence", dcmwrite.Set{
		coded("DerivationCodeSequence", inference.Code{Value: "113076", Scheme: "DCM", Meaning: "Segmentation"}),
		dcmwrite.Seq("SourceImageSequence", source),
	})
}

// lossyMethods are the ways of lossy compression, by the transfer syntax that stores them.
var lossyMethods = map[string]string{
	"1.2.840.10008.1.2.4.50":  "ISO_10918_1",
	"1.2.840.10008.1.2.4.51":  "ISO_10918_1",
	"1.2.840.10008.1.2.4.53":  "ISO_10918_1",
	"1.2.840.10008.1.2.4.55":  "ISO_10918_1",
	"1.2.840.10008.1.2.4.81":  "ISO_14495_1",
	"1.2.840.10008.1.2.4.91":  "ISO_15444_1",
	"1.2.840.10008.1.2.4.203": "ISO_15444_15",
}

// lossy tells whether the source ever lost detail to compression, which its masks inherit.
func lossy(it *Item) []dcmwrite.Elem {
	method, stored := lossyMethods[it.Source.TransferSyntax]
	if it.attr("LossyImageCompression") != "01" && !stored {
		return []dcmwrite.Elem{dcmwrite.Text("LossyImageCompression", "00")}
	}
	out := []dcmwrite.Elem{dcmwrite.Text("LossyImageCompression", "01")}
	ratios := split(it.attr("LossyImageCompressionRatio"))
	if len(ratios) == 0 {
		ratios = ownRatio(it)
	}
	methods := split(it.attr("LossyImageCompressionMethod"))
	if len(methods) == 0 && stored {
		methods = []string{method}
	}
	if len(ratios) > 0 {
		out = append(out, dcmwrite.Text("LossyImageCompressionRatio", ratios...))
	}
	if len(methods) > 0 {
		out = append(out, dcmwrite.Text("LossyImageCompressionMethod", methods...))
	}
	return out
}

// split takes the values of an attribute apart.
func split(s string) []string {
	var out []string
	for _, v := range strings.Split(s, "\\") {
		if v = dcmwrite.Clean(v, 16); v != "" {
			out = append(out, v)
		}
	}
	return out
}

// ownRatio is the ratio of a source that does not state it: size of its pixels to size of its file.
func ownRatio(it *Item) []string {
	info, err := os.Stat(it.Source.Path)
	if err != nil || info.Size() == 0 {
		return nil
	}
	samples := 3
	if strings.HasPrefix(it.Source.Photometric, "MONOCHROME") || it.Source.Photometric == "PALETTE COLOR" {
		samples = 1
	}
	raw := float64(it.Source.W) * float64(it.Source.H) * float64(it.Source.Frames) * float64(samples)
	return []string{strconv.FormatFloat(math.Max(1, raw/float64(info.Size())), 'f', 2, 64)}
}

// palette are the display colours of segments, sRGB, told apart also by the colour-blind.
var palette = [][3]float64{{0x7c, 0xf2, 0x9a}, {0x5c, 0xc8, 0xff}, {0xff, 0xd1, 0x66}, {0xff, 0x4f, 0x8b}}

// colour is the display colour of a segment as CIELab (D50), scaled as DICOM wants it.
func colour(segment int) []int {
	var lin [3]float64
	for i, c := range palette[segment%len(palette)] {
		c /= 255
		if lin[i] = c / 12.92; c > 0.04045 {
			lin[i] = math.Pow((c+0.055)/1.055, 2.4)
		}
	}
	f := func(r, g, b, white float64) float64 {
		t := (r*lin[0] + g*lin[1] + b*lin[2]) / white
		if t > 216.0/24389 {
			return math.Cbrt(t)
		}
		return (24389.0/27*t + 16) / 116
	}
	x := f(0.4360747, 0.3850649, 0.1430804, 0.96422)
	y := f(0.2225045, 0.7168786, 0.0606169, 1)
	z := f(0.0139322, 0.0971045, 0.7141733, 0.82521)
	scale := func(v, low, high float64) int { return int(math.Round((v - low) / (high - low) * 65535)) }
	return []int{scale(116*y-16, 0, 100), scale(500*(x-y), -128, 127), scale(200*(y-z), -128, 127)}
}
