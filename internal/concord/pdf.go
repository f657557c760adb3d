package concord

import (
	"bytes"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"echoline/internal/agree"
)

// Measures of a page, mm.
const (
	sheetMargin = 15.0
	sheetWidth  = 210 - 2*sheetMargin
	sheetBottom = 297 - 22.0
	chartWidth  = (sheetWidth - 8) / 2
	chartHeight = 46.0
	lineHeight  = 4.8
)

// sheet is a PDF being written.
type sheet struct {
	*fpdf.Fpdf
	r *Report
}

// PDF is the report for people on paper. regular and bold are fonts (TrueType), which are embedded; now is stamped into it.
func (r *Report) PDF(regular, bold []byte, now time.Time) ([]byte, error) {
	s := &sheet{fpdf.New("P", "mm", "A4", ""), r}
	s.AddUTF8FontFromBytes("echoline", "", regular)
	s.AddUTF8FontFromBytes("echoline", "B", bold)
	s.SetMargins(sheetMargin, sheetMargin, sheetMargin)
	s.SetAutoPageBreak(true, 297-sheetBottom)
	s.SetCreationDate(now)
	s.SetModificationDate(now)
	s.SetTitle(r.say("title", nil), true)
	s.SetCreator("Echoline "+r.Version, true)
	s.SetFooterFunc(func() {
		s.SetY(-14)
		s.font(false, 8, 110)
		s.MultiCell(sheetWidth, 4, r.Research, "", "C", false)
	})
	s.AddPage()
	s.font(true, 18, 20)
	s.MultiCell(sheetWidth, 9, r.say("title", nil), "", "L", false)
	s.font(false, 8, 90)
	s.MultiCell(sheetWidth, 4, now.Format("2006-01-02 15:04 MST")+" · Echoline "+r.Version+"\n"+r.how(), "", "L", false)
	for i := range r.Sums {
		s.summary(&r.Sums[i])
	}
	s.worst()
	var b bytes.Buffer
	err := s.Output(&b)
	return b.Bytes(), err
}

// font sets weight, size in points and grey.
func (s *sheet) font(bold bool, size float64, grey int) {
	style := ""
	if bold {
		style = "B"
	}
	s.SetFont("echoline", style, size)
	s.SetTextColor(grey, grey, grey)
}

// room begins a new page where less than so many mm are left.
func (s *sheet) room(mm float64) {
	if s.GetY()+mm > sheetBottom {
		s.AddPage()
	}
}

// summary is a pair of readers: its figures and plots.
func (s *sheet) summary(sum *agree.Summary) {
	rows := s.r.Rows(sum)
	s.room(12 + float64(len(rows))*lineHeight)
	s.Ln(4)
	s.font(true, 12, 20)
	s.MultiCell(sheetWidth, 6, s.r.Title(sum), "", "L", false)
	s.SetDrawColor(221, 227, 234)
	s.SetLineWidth(0.2)
	for _, row := range rows {
		s.font(false, 9, 90)
		s.CellFormat(sheetWidth*0.5, lineHeight, row.Name, "B", 0, "L", false, 0, "")
		s.font(false, 9, 30)
		s.CellFormat(sheetWidth*0.5, lineHeight, row.Value, "B", 1, "R", false, 0, "")
	}
	s.Ln(3)
	for i, c := range s.r.Charts(sum) {
		if i%2 == 0 {
			if i > 0 {
				s.SetY(s.GetY() + chartHeight + 3)
			}
			s.room(chartHeight + 3)
		}
		s.chart(&c, sheetMargin+float64(i%2)*(chartWidth+8), s.GetY())
	}
	s.SetXY(sheetMargin, s.GetY()+chartHeight+2)
}

// chart draws a plot with its corner at (x, y).
func (s *sheet) chart(c *Chart, x, y float64) {
	const edge, base, top = 14.0, 5.0, 6.0
	s.font(false, 8, 90)
	s.Text(x, y+3, c.Title)
	w, h := chartWidth-edge, chartHeight-base-top
	at := func(px, py float64) (float64, float64) {
		across, down := c.At(px, py)
		return x + edge + 1.5 + across*(w-3), y + top + down*h
	}
	s.SetLineWidth(0.2)
	s.SetDrawColor(196, 204, 214)
	s.Line(x+edge, y+top+h, x+edge+w, y+top+h)
	for _, l := range c.Lines {
		s.SetDrawColor(196, 204, 214)
		if l.Strong || l.Dashed {
			s.SetDrawColor(23, 105, 194)
		}
		if l.Dashed {
			s.SetDashPattern([]float64{1.4, 1}, 0)
		}
		_, ly := at(c.Left, l.Y)
		s.Line(x+edge, ly, x+edge+w, ly)
		s.SetDashPattern(nil, 0)
	}
	s.SetFillColor(179, 32, 78)
	s.SetAlpha(0.55, "Normal")
	for _, p := range c.Points {
		px, py := at(p.X, p.Y)
		s.Circle(px, py, 0.7, "F")
	}
	s.SetAlpha(1, "Normal")
	s.font(false, 7, 110)
	s.right(c.High, x+edge-1, y+top+2)
	s.right(c.Low, x+edge-1, y+top+h)
	s.Text(x+edge, y+chartHeight-1, c.From)
	s.right(c.To, x+edge+w, y+chartHeight-1)
}

// right writes words that end at x.
func (s *sheet) right(words string, x, y float64) { s.Text(x-s.GetStringWidth(words), y, words) }

// worst lists the cases, those with the least agreement first.
func (s *sheet) worst() {
	s.AddPage()
	s.font(true, 12, 20)
	s.MultiCell(sheetWidth, 6, s.r.say("worst", nil), "", "L", false)
	s.font(false, 8, 90)
	s.MultiCell(sheetWidth, lineHeight, s.r.shown(), "", "L", false)
	widths := []float64{0.34, 0.30, 0.12, 0.12, 0.12}
	s.SetDrawColor(221, 227, 234)
	line := func(cells ...string) {
		for i, c := range cells {
			align, end := "R", 0
			if i < 2 {
				align = "L"
			}
			if i == len(cells)-1 {
				end = 1
			}
			s.CellFormat(sheetWidth*widths[i], lineHeight, s.fit(c, sheetWidth*widths[i]-2), "B", end, align, false, 0, "")
		}
	}
	s.font(true, 8, 60)
	line(s.r.say("case", nil), s.r.say("readers", nil), "Dice", s.r.say("hd95", nil)+", px", s.r.say("asd", nil)+", px")
	s.font(false, 8, 30)
	for i, p := range agree.Worst(s.r.Pairs) {
		if i == worstShown {
			break
		}
		line(p.Case, p.A+" – "+p.B, Figure(p.Dice), Figure(p.HD95), Figure(p.ASD))
	}
}

// fit cuts words to a width.
func (s *sheet) fit(words string, mm float64) string {
	if s.GetStringWidth(words) <= mm {
		return words
	}
	cut := []rune(words)
	for len(cut) > 0 && s.GetStringWidth(string(cut)+"…") > mm {
		cut = cut[:len(cut)-1]
	}
	return string(cut) + "…"
}
