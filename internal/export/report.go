package export

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"echoline/inference"
	"echoline/internal/contour"
	"echoline/internal/fault"
	"echoline/internal/review"
	"echoline/internal/study"
)

// Report is what a report needs besides the masks.
type Report struct {
	Regular, Bold []byte                                   // fonts (TrueType), which are embedded
	Say           func(key string, args fault.Args) string // a sentence in the reader's language
	Card          func(words string) string                // words of a model's card in it; nil leaves them as they are
}

// Measures of a page, mm.
const (
	pageMargin    = 15.0
	pageWidth     = 210 - 2*pageMargin
	pictureHeight = 88.0
	blockHeight   = 128.0
	pageBottom    = 297 - 22.0
	textLine      = 4.8

	pageNumberWidth = 14.0
)

// sheet is a report being written.
type sheet struct {
	*fpdf.Fpdf
	j      *job
	now    time.Time // when it says that it was written
	images int
}

// reportOutputs makes a PDF for each study: what was done by whom and with what, then every exported frame with its outline
// and measurements. Patients are not named.
func reportOutputs(j *job) ([]output, error) {
	if j.Report.Say == nil {
		return nil, errors.New("export: a report needs sentences")
	}
	var order []string
	groups := map[string][]*Item{}
	for i := range j.Items {
		it := &j.Items[i]
		if len(it.Frames) == 0 {
			continue
		}
		key := ""
		if it.Source.Header != nil {
			key = it.attr("StudyInstanceUID")
		}
		if groups[key] == nil {
			order = append(order, key)
		}
		groups[key] = append(groups[key], it)
	}
	var files []output
	for i, key := range order {
		data, err := j.report(key, groups[key])
		if err != nil {
			return nil, err
		}
		name := "report.pdf"
		if i > 0 {
			name = fmt.Sprintf("report-%d.pdf", i+1)
		}
		files = append(files, output{name, data})
	}
	return files, nil
}

// report is the PDF of one study.
func (j *job) report(study string, items []*Item) ([]byte, error) {
	s := &sheet{Fpdf: fpdf.New("P", "mm", "A4", ""), j: j, now: j.now(items[0])}
	s.AddUTF8FontFromBytes("echoline", "", j.Report.Regular)
	s.AddUTF8FontFromBytes("echoline", "B", j.Report.Bold)
	s.SetMargins(pageMargin, pageMargin, pageMargin)
	s.SetAutoPageBreak(true, 297-pageBottom)
	s.SetCreationDate(s.now)
	s.SetModificationDate(s.now)
	s.SetTitle(s.say("report.title", nil), true)
	s.SetCreator("Echoline "+j.Version, true)
	s.SetFooterFunc(func() {
		s.SetY(-16)
		s.font(false, 8, 110)
		s.MultiCell(pageWidth, 4, ResearchUse+"\n"+s.say("report.research", nil), "", "C", false)
		s.SetXY(pageMargin+pageWidth-pageNumberWidth, -16) // from the left, for the width of the whole number is not known yet
		s.CellFormat(pageNumberWidth, 4, fmt.Sprintf("%d/{pages}", s.PageNo()), "", 0, "L", false, 0, "")
	})
	s.AliasNbPages("{pages}")
	s.front(study, items)
	for _, it := range items {
		for _, f := range it.Frames {
			if err := s.block(it, f); err != nil {
				return nil, err
			}
		}
		j.reported++
		j.progress(j.reported)
	}
	var b bytes.Buffer
	if err := s.Output(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func (s *sheet) say(key string, args fault.Args) string { return s.j.Report.Say(key, args) }

// font sets weight, size in points and grey.
func (s *sheet) font(bold bool, size float64, grey int) {
	style := ""
	if bold {
		style = "B"
	}
	s.SetFont("echoline", style, size)
	s.SetTextColor(grey, grey, grey)
}

// line writes a paragraph.
func (s *sheet) line(text string) { s.MultiCell(pageWidth, textLine, text, "", "L", false) }

// front is the first page: what the report is about.
func (s *sheet) front(study string, items []*Item) {
	s.AddPage()
	s.font(true, 18, 20)
	s.MultiCell(pageWidth, 9, s.say("report.title", nil), "", "L", false)
	s.Ln(1)
	s.font(false, 10, 40)
	counts := map[string]int{}
	frames := 0
	for _, it := range items {
		for _, f := range it.Frames {
			counts[stateWord(f)]++
			frames++
		}
	}
	if study != "" {
		s.line(s.say("report.study", fault.Args{"Study": study}))
	}
	s.line(s.say("report.reader", fault.Args{"Reader": s.j.Reader}))
	s.line(s.say("report.written", fault.Args{"Time": s.now.Format("2006-01-02 15:04 MST"), "Version": s.j.Version}))
	s.line(s.say("report.counts", fault.Args{
		"Images": len(items), "Frames": frames, "Accepted": counts["accepted"], "Part": counts["reviewed in part"],
		"Open": counts["not reviewed"], "Rejected": counts["rejected"],
	}))
	if n := leftOut(items); n > 0 {
		s.line(s.say("report.leftout", fault.Args{"Count": n}))
	}
	s.Ln(2)
	s.legend()
	s.models(items)
}

func leftOut(items []*Item) int {
	n := 0
	for _, it := range items {
		n += it.LeftOut
	}
	return n
}

// stateInks are the colours of arcs by state, which also differ in how they are drawn.
var stateInks = [4][3]int{
	contour.Predicted: {255, 176, 0}, contour.Confirmed: {0, 158, 115}, contour.Corrected: {0, 114, 220}, contour.NotVisible: {220, 40, 90},
}

// ink sets colour and dashes for a state.
func (s *sheet) ink(state contour.State) {
	c := stateInks[state]
	s.SetDrawColor(c[0], c[1], c[2])
	s.SetLineWidth(0.45)
	var dashes []float64
	switch state {
	case contour.Predicted:
		dashes = []float64{1.6, 0.9}
	case contour.NotVisible:
		dashes = []float64{0.5, 0.9}
	}
	s.SetDashPattern(dashes, 0)
}

// legend says what the lines mean.
func (s *sheet) legend() {
	x, y := s.GetXY()
	s.font(false, 9, 60)
	for state, name := range stateNames {
		at := x + float64(state)*pageWidth/4
		s.ink(contour.State(state))
		s.Line(at, y+2.4, at+9, y+2.4)
		s.Text(at+11, y+3.6, s.say("report.state."+name, nil))
	}
	s.SetDashPattern(nil, 0)
	s.SetXY(x, y+8)
}

// models tells of the models that masks started from, with what their cards say of their use.
func (s *sheet) models(items []*Item) {
	var shas []string
	for _, it := range items {
		for _, f := range it.Frames {
			if f.Model != "" && !joined(f.Model) && !slices.Contains(shas, f.Model) {
				shas = append(shas, f.Model)
			}
		}
	}
	for _, sha := range shas {
		m := s.j.Models[sha]
		file, read := strings.CutPrefix(sha, ImportPrefix)
		s.font(true, 11, 30)
		if read {
			s.line(s.say("report.imported", nil))
		} else {
			s.line(s.say("report.model", fault.Args{"Name": m.Name, "Version": m.Version}))
		}
		s.font(false, 8, 90)
		s.line("SHA-256 " + file)
		s.font(false, 9, 60)
		if read {
			s.Ln(2)
			continue
		}
		if card := cardExcerpt(m); card != "" {
			if s.j.Report.Card != nil {
				card = s.j.Report.Card(card)
			}
			s.line(card)
		} else {
			s.line(s.say("report.nocard", nil))
		}
		s.Ln(2)
	}
	if len(shas) == 0 {
		s.font(false, 9, 60)
		s.line(s.say("report.nomodel", nil))
	}
}

// cardExcerpt is what a model's card says of its intended use, or "".
func cardExcerpt(m inference.Info) string {
	if m.Path == "" {
		return ""
	}
	data, err := os.ReadFile(strings.TrimSuffix(m.Path, filepath.Ext(m.Path)) + ".md")
	if err != nil {
		return ""
	}
	_, text, found := strings.Cut(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n## Intended use\n")
	if !found {
		return ""
	}
	text, _, _ = strings.Cut(text, "\n## ")
	var paragraphs []string
	for _, p := range strings.Split(strings.TrimSpace(text), "\n\n") {
		paragraphs = append(paragraphs, strings.Join(strings.Fields(strings.NewReplacer("**", "", "`", "").Replace(p)), " "))
	}
	return strings.Join(paragraphs, "\n")
}

// block is one frame: its picture with outlines, and what is known of it.
func (s *sheet) block(it *Item, f Frame) error {
	p, err := s.j.picture(it, f)
	if err != nil {
		return err
	}
	if s.GetY()+blockHeight > pageBottom {
		s.AddPage()
	}
	title := it.Source.Name
	if it.Source.Frames > 1 {
		title = s.say("report.frame", fault.Args{"Name": it.Source.Name, "Frame": f.Index + 1})
	}
	s.font(true, 11, 20)
	s.CellFormat(pageWidth*0.62, 6, title, "", 0, "L", false, 0, "")
	s.font(true, 10, 30)
	if f.Status != review.Accepted {
		s.SetTextColor(200, 20, 40)
	}
	s.CellFormat(pageWidth*0.38, 6, s.say("report.status."+strings.ReplaceAll(stateWord(f), " ", "_"), nil), "", 1, "R", false, 0, "")
	if err := s.picture(p, f); err != nil {
		return err
	}
	s.facts(it, f)
	s.Ln(3)
	return nil
}

// picture draws the picture as readers see it, and the outline over it.
func (s *sheet) picture(p *study.Frame, f Frame) error {
	im := image.NewRGBA(image.Rect(0, 0, p.W, p.H))
	p.Render(im, p.Window, false)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, im, &jpeg.Options{Quality: 92}); err != nil {
		return err
	}
	s.images++
	name := fmt.Sprintf("frame%d", s.images)
	s.RegisterImageOptionsReader(name, fpdf.ImageOptions{ImageType: "JPG"}, &b)
	x, y := s.GetXY()
	tall := 1.0
	if f.Spacing != nil {
		tall = f.Spacing.Y / f.Spacing.X
	}
	scale := min(pageWidth/float64(p.W), pictureHeight/(float64(p.H)*tall))
	w, h := scale*float64(p.W), scale*float64(p.H)*tall
	x += (pageWidth - w) / 2
	s.ImageOptions(name, x, y, w, h, false, fpdf.ImageOptions{ImageType: "JPG"}, 0, "")
	for _, a := range f.Arcs {
		s.ink(a.State)
		for i, v := range a.Points {
			at := s.LineTo
			if i == 0 {
				at = s.MoveTo
			}
			at(x+v.X*scale, y+v.Y*scale*tall)
		}
		if a.Closed {
			s.ClosePath()
		}
		s.DrawPath("D")
	}
	s.SetDashPattern(nil, 0)
	s.SetXY(pageMargin, y+h+2)
	return s.Error()
}

// label is a label value's name as the window says it: that of the reader or the table, else in the language of the sheet.
func (s *sheet) label(v uint8) string {
	name := s.j.label(v).Name
	switch {
	case s.j.Names[v] != "":
	case name == "lesion":
		name = s.say("label.lesion", nil)
	case name == unnamed(v).Name:
		name = s.say("label.number", fault.Args{"N": v})
	}
	return name
}

// facts are the measurements, and how the mask came about.
func (s *sheet) facts(it *Item, f Frame) {
	s.font(false, 9, 30)
	sizes := f.sizes()
	for _, m := range sizes {
		unit := "px"
		if m.Millimetres {
			unit = "mm"
		}
		s.line(s.say("report.sizes", fault.Args{
			"Label": s.label(m.Label), "Longest": csvNumber(m.Longest, 1), "Perpendicular": csvNumber(m.Perpendicular, 1),
			"Area": csvNumber(m.Area, 1), "Perimeter": csvNumber(m.Perimeter, 1), "Unit": unit, "Low": csvNumber(m.Low.Longest, 1), "High": csvNumber(m.High.Longest, 1),
			"Source": s.say("report.spacing."+strings.ReplaceAll(m.Source.String(), " ", "_"), nil),
		}))
	}
	if len(sizes) == 0 {
		s.line(s.say("report.nolesion", nil))
	}
	s.font(false, 8, 90)
	if who := s.origin(f); who != "" {
		s.line(who)
	}
	if c := s.j.consensus(it, f); c != nil {
		s.line(s.consensus(c))
	}
	for _, q := range s.j.asked(it, f) {
		s.line(s.say("report.question", fault.Args{"By": q.By, "Words": q.Words, "State": s.say("consult.state."+q.State(), nil)}))
		for _, a := range q.Answers {
			s.line("    " + s.say("report.answer", fault.Args{"By": a.By, "Kind": s.say("consult.kind."+a.Kind, nil), "Words": a.Words}))
		}
	}
}

// origin says how the mask came about and how far it was reviewed: "" where there is nothing to say of either. Where there is
// no outline, nobody is told to have drawn one.
func (s *sheet) origin(f Frame) string {
	var parts []string
	switch how := f.algorithm(); {
	case len(f.Arcs) > 0 && strings.HasPrefix(f.Model, ImportPrefix):
		key := "report.algorithm.imported"
		if f.Edited {
			key += ".changed"
		}
		parts = append(parts, s.say(key, nil))
	case len(f.Arcs) > 0:
		parts = append(parts, s.say("report.algorithm."+how, nil))
	case how == automatic:
		parts = append(parts, s.say("report.algorithm.none", nil))
	}
	if stamp(f.Time) != "" {
		parts = append(parts, s.say("report.edited", fault.Args{"Time": f.Time.In(s.now.Location()).Format("2006-01-02 15:04 MST"), "Reader": s.j.Reader}))
	}
	if total := f.Boundary.Length(); total > 0 {
		parts = append(parts, s.say("report.reviewed", fault.Args{"Percent": csvNumber(100*(1-f.Boundary[contour.Predicted].Length/total), 0)}))
	}
	return strings.Join(parts, " · ")
}

// consensus says where a mask comes from that was joined from readers'.
func (s *sheet) consensus(c *review.Consensus) string {
	key := "report.consensus.proposed"
	if c.By != "" {
		key = "report.consensus"
	}
	line := s.say(key, fault.Args{
		"Readers": strings.Join(c.Readers(), ", "), "Method": s.say("agree.method."+c.Method, nil), "By": c.By, "Count": len(c.Arcs),
	})
	if c.Changed {
		line += " " + s.say("report.consensus.changed", nil)
	}
	return line
}
