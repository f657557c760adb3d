package export

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"echoline/inference"
	"echoline/internal/fault"
	"echoline/internal/study/dcmwrite"
)

// Storage classes of segmentations, and the number of the series that an export adds to a study.
const (
	segStorage      = "1.2.840.10008.5.1.4.1.1.66.4"
	labelMapStorage = "1.2.840.10008.5.1.4.1.1.66.7"
	segNumber       = 9001
)

// segSeries is the series that all SEG instances of one study go into during one export.
type segSeries struct {
	uid  string
	last int // instance number
}

// segPlan is what one SEG holds: pairs of segment and source frame, in the order of its frames.
type segPlan struct {
	kind   segKind
	values []uint8 // label of segment i+1, or of the segment of that number in a label map
	frames []segFrame
	orders []int // indices into Item.Frames that occur, ascending
}

type segFrame struct {
	segment int // from 1; 0 in a label map, whose frames hold all of them
	order   int // index into Item.Frames
}

// segOutputs makes one BINARY Segmentation of a DICOM instance, with one segment per label and without empty frames.
// Each of its pixels corresponds to the pixel of the source frame that it refers to, which holds for stills and cines
// alike, with and without a Frame of Reference.
func segOutputs(j *job, it *Item) ([]output, error) { return j.segFile(it, binarySEG{}, "seg") }

// fractionalOutputs makes a FRACTIONAL Segmentation of what the model said of each frame: its probability, whatever a
// reader made of it.
func fractionalOutputs(j *job, it *Item) ([]output, error) {
	return j.segFile(it, &fractionalSEG{job: j}, "prob.seg")
}

// labelMapOutputs makes a Label Map Segmentation, which holds label values as pixels.
func labelMapOutputs(j *job, it *Item) ([]output, error) {
	return j.segFile(it, labelMapSEG{}, "labelmap")
}

// segFile writes one kind of segmentation.
func (j *job) segFile(it *Item, kind segKind, ending string) ([]output, error) {
	if it.Source.Header == nil {
		return nil, fault.New(CodeNotDICOM, it.called(), nil, nil)
	}
	for _, k := range []string{"StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"} {
		if it.attr(k) == "" {
			return nil, fault.New(CodeIdentity, it.called(), nil, fault.Args{"Attribute": k})
		}
	}
	plan, err := kind.plan(it)
	if err != nil {
		return nil, err
	}
	if len(plan.frames) == 0 {
		return nil, errEmpty
	}
	plan.kind = kind
	data, err := dcmwrite.Encode(j.segSet(it, plan))
	if err != nil {
		return nil, err
	}
	return []output{{j.stem + "." + ending + ".dcm", data}}, nil
}

// attr is an attribute of the source, "" where absent.
func (it *Item) attr(keyword string) string { return it.Source.Header.Attr[keyword] }

// copied lists the attributes that a SEG takes over from its source, with the most characters each may have. They are
// written empty where the source has none, but for those that may be absent.
var copied = []struct {
	keyword  string
	limit    int
	optional bool
}{
	{"PatientName", 193, false},
	{"PatientID", 64, false},
	{"IssuerOfPatientID", 64, true}, // an archive of several hospitals takes a patient without it for another
	{"PatientBirthDate", 10, false},
	{"PatientSex", 16, false},
	{"StudyInstanceUID", 64, false},
	{"StudyDate", 10, false},
	{"StudyTime", 16, false},
	{"ReferringPhysicianName", 193, false},
	{"StudyID", 16, false},
	{"AccessionNumber", 16, false},
	{"StudyDescription", 64, true},
}

// segSet is the data set.
func (j *job) segSet(it *Item, p segPlan) dcmwrite.Set {
	series := j.series[it.attr("StudyInstanceUID")]
	if series.uid == "" {
		series.uid = dcmwrite.NewUID()
	}
	series.last++
	j.series[it.attr("StudyInstanceUID")] = series
	now := j.now(it)
	date, clock := now.Format("20060102"), now.Format("150405")
	set := dcmwrite.Set{
		dcmwrite.Text("SOPInstanceUID", dcmwrite.NewUID()),
		dcmwrite.Text("InstanceCreationDate", date), dcmwrite.Text("InstanceCreationTime", clock),
		dcmwrite.Text("Modality", "SEG"),
		dcmwrite.Text("SeriesInstanceUID", series.uid), dcmwrite.Text("SeriesNumber", strconv.Itoa(segNumber)),
		dcmwrite.Text("SeriesDescription", "Echoline lesion masks, "+p.kind.words(j)),
		dcmwrite.Text("SeriesDate", date), dcmwrite.Text("SeriesTime", clock),
		dcmwrite.Text("Manufacturer", "Echoline"), dcmwrite.Text("ManufacturerModelName", "Echoline"),
		dcmwrite.Text("DeviceSerialNumber", "0"), dcmwrite.Text("SoftwareVersions", dcmwrite.Clean(j.Version, 64)),
		dcmwrite.Text("ImageType", "DERIVED", "PRIMARY"),
		dcmwrite.Text("InstanceNumber", strconv.Itoa(series.last)),
		dcmwrite.Text("ContentDate", date), dcmwrite.Text("ContentTime", clock),
		dcmwrite.Text("ContentLabel", "ECHOLINE"), dcmwrite.Text("ContentDescription", ResearchUse),
		dcmwrite.Text("ContentCreatorName", personName(j.Reader)),
		dcmwrite.Text("BurnedInAnnotation", "NO"),
		dcmwrite.Ints("SamplesPerPixel", 1), dcmwrite.Text("PhotometricInterpretation", "MONOCHROME2"),
		dcmwrite.Ints("Rows", it.Source.H), dcmwrite.Ints("Columns", it.Source.W),
		dcmwrite.Ints("PixelRepresentation", 0), dcmwrite.Text("NumberOfFrames", strconv.Itoa(len(p.frames))),
	}
	for _, c := range copied {
		v := it.attr(c.keyword)
		switch { // old files write 1994.11.05 and 11:20:00
		case strings.HasSuffix(c.keyword, "Date"):
			v = strings.ReplaceAll(v, ".", "")
		case strings.HasSuffix(c.keyword, "Time"):
			v = strings.ReplaceAll(v, ":", "")
		}
		if v = dcmwrite.Clean(v, c.limit); strings.HasSuffix(c.keyword, "Name") {
			v = fullName(v)
		}
		if v != "" {
			set = append(set, dcmwrite.Text(c.keyword, v))
		} else if !c.optional {
			set = append(set, dcmwrite.Text(c.keyword))
		}
	}
	if method := dcmwrite.Clean(it.attr("DeidentificationMethod"), 64); method != "" { // the one asks for the other
		set = append(
			set, dcmwrite.Text("DeidentificationMethod", method),
			dcmwrite.Text("PatientIdentityRemoved", dcmwrite.Clean(it.attr("PatientIdentityRemoved"), 16)),
		)
	}
	set = append(set, j.statement(it)...)
	set = append(set, p.kind.pixels(it, p)...)
	set = append(set, lossy(it)...)
	set = append(set, j.segments(it, p))
	set = append(set, frameOfReference(it)...)
	set = append(set, dimensions(p)...)
	return append(set, functionalGroups(it, p)...)
}

// fullName gives a name of one part, which DICOM has retired, the mark that ends the family name: it stays the same name.
func fullName(name string) string {
	if name == "" || strings.ContainsAny(name, "^=") {
		return name
	}
	return name + "^"
}

// personName writes a reader's name as DICOM wants it: without any "^" it is all family name, which needs one behind it.
func personName(reader string) string {
	return fullName(dcmwrite.Clean(strings.ReplaceAll(reader, "=", " "), 63))
}

// includeWords says for people which masks the export holds.
func (j *job) includeWords() string {
	switch j.Include {
	case Accepted:
		return "accepted by reader"
	case Reviewed:
		return "some reviewed in part"
	default:
		return "some not reviewed"
	}
}

// segments describes the labels.
func (j *job) segments(it *Item, p segPlan) dcmwrite.Elem {
	items := p.kind.background()
	for i, v := range p.values {
		l := j.label(v)
		var frames []Frame
		for _, f := range p.frames {
			if f.segment == i+1 || f.segment == 0 {
				frames = append(frames, it.Frames[f.order])
			}
		}
		name := dcmwrite.Clean(l.Name, 64)
		kind, what := p.kind.algorithm(frames), p.kind.describe(frames)+j.consensusWords(it, frames)
		item := dcmwrite.Set{
			dcmwrite.Ints("SegmentNumber", p.kind.number(i, v)),
			dcmwrite.Text("SegmentLabel", name),
			dcmwrite.Text("SegmentDescription", dcmwrite.Clean(name+": "+what+". "+ResearchUse, 1024)),
			dcmwrite.Text("SegmentAlgorithmType", kind),
			coded("SegmentedPropertyCategoryCodeSequence", l.Category),
			coded("SegmentedPropertyTypeCodeSequence", l.Type),
			dcmwrite.Ints("RecommendedDisplayCIELabValue", colour(i)...),
		}
		if l.Region.Value != "" {
			item = append(item, coded("AnatomicRegionSequence", l.Region))
		}
		items = append(items, append(item, j.algorithmOf(frames, kind)...))
	}
	return dcmwrite.Seq("SegmentSequence", items...)
}

// consensusWords say of frames whose masks were joined from readers' where these come from; "" where there are none.
func (j *job) consensusWords(it *Item, frames []Frame) string {
	var said []string
	for _, f := range frames {
		if c := j.consensus(it, f); c != nil && !slices.Contains(said, c.Words()) {
			said = append(said, c.Words())
		}
	}
	if len(said) == 0 {
		return ""
	}
	return ". " + strings.Join(said, "; ")
}

// familyOf is what kind of thing a mask started from, in DICOM's codes: people's work, for a consensus.
func familyOf(model string) inference.Code {
	if joined(model) {
		return inference.Code{Value: "123109", Scheme: "DCM", Meaning: "Manual Processing"}
	}
	return inference.Code{Value: "123110", Scheme: "DCM", Meaning: "Artificial Intelligence"}
}

// stateCounts says how many frames are in which state.
func stateCounts(frames []Frame) string {
	words := []string{"accepted", "reviewed in part", "not reviewed", "rejected"}
	counts := make([]int, len(words))
	for _, f := range frames {
		counts[slices.Index(words, stateWord(f))]++
	}
	var parts []string
	for i, n := range counts {
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d of %d frames %s", n, len(frames), words[i]))
		}
	}
	return strings.Join(parts, ", ")
}

// algorithmOf names the models that frames started from. DICOM asks for a name unless everything was drawn by hand.
func (j *job) algorithmOf(frames []Frame, kind string) []dcmwrite.Elem {
	var names []string
	var ids []dcmwrite.Set
	seen := map[string]bool{}
	for _, f := range frames {
		if f.Model == "" || seen[f.Model] {
			continue
		}
		seen[f.Model] = true
		m := j.Models[f.Model]
		name, version := dcmwrite.Clean(m.Name, 64), dcmwrite.Clean(m.Version, 64)
		if name == "" {
			name = "model"
		}
		if version == "" {
			version = dcmwrite.Clean(f.Model, 64)
		}
		names = append(names, name+" "+version)
		ids = append(ids, dcmwrite.Set{
			coded("AlgorithmFamilyCodeSequence", familyOf(f.Model)),
			dcmwrite.Text("AlgorithmName", name), dcmwrite.Text("AlgorithmVersion", version),
			dcmwrite.Text("AlgorithmParameters", "SHA-256 of the model: "+dcmwrite.Clean(f.Model, 128)),
		})
	}
	if len(names) == 0 || kind == manual {
		return nil
	}
	return []dcmwrite.Elem{
		dcmwrite.Text("SegmentAlgorithmName", dcmwrite.Clean(strings.Join(names, ", "), 64)),
		dcmwrite.Seq("SegmentationAlgorithmIdentificationSequence", ids...),
	}
}

// coded is a code sequence of one item.
func coded(keyword string, c inference.Code) dcmwrite.Elem {
	return dcmwrite.Seq(keyword, dcmwrite.Set{
		dcmwrite.Text("CodeValue", dcmwrite.Clean(c.Value, 16)),
		dcmwrite.Text("CodingSchemeDesignator", dcmwrite.Clean(c.Scheme, 16)),
		dcmwrite.Text("CodeMeaning", dcmwrite.Clean(c.Meaning, 64)),
	})
}
