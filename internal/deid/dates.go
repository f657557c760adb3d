package deid

import (
	"errors"
	"strings"
	"time"

	"echoline/internal/part10"
)

var errNoTime = errors.New("no time")

// partner is the date that belongs to a time.
var partner = map[part10.Tag]part10.Tag{
	0x00080013: 0x00080012, 0x00080030: 0x00080020, 0x00080031: 0x00080021, 0x00080032: 0x00080022, 0x00080033: 0x00080023,
}

// timeOf is the time that belongs to a date.
var timeOf = func() map[part10.Tag]part10.Tag {
	m := map[part10.Tag]part10.Tag{}
	for t, d := range partner {
		m[d] = t
	}
	return m
}()

// moment is a date and a time of a file, as far as they are given.
type moment struct {
	time.Time
	dated, timed bool
	fraction     string // digits of the second, with their point
}

// parseMoment reads a date (YYYYMMDD, or YYYY.MM.DD of old) and a time (HH, HHMM, HHMMSS, with or without a fraction or
// colons). What is neither counts as not given.
func parseMoment(date, clock string) moment {
	m := moment{}
	d, err := time.Parse("20060102", strings.ReplaceAll(date, ".", ""))
	m.dated = err == nil
	if !m.dated {
		d = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	whole, rest, _ := strings.Cut(strings.ReplaceAll(clock, ":", ""), ".")
	c, err := time.Parse("150405", (whole + "0000")[:min(len(whole)+4, 6)])
	if len(whole) < 2 || len(whole)%2 != 0 || len(whole) > 6 {
		err = errNoTime
	}
	if m.timed = err == nil; m.timed {
		d = d.Add(time.Duration(c.Hour())*time.Hour + time.Duration(c.Minute())*time.Minute + time.Duration(c.Second())*time.Second)
		if rest != "" && len(rest) <= 6 && strings.Trim(rest, "0123456789") == "" {
			m.fraction = "." + rest
		}
	}
	m.Time = d
	return m
}

// date is what becomes of the element of a date or time: "" where nothing is to be told.
func (c *cleaner) date(e *part10.Element, in part10.Set) string {
	own := strings.Trim(string(e.Data), " \x00")
	var m moment
	switch e.VR {
	case "DA":
		m = parseMoment(own, in.Text(timeOf[e.Tag]))
	case "TM":
		m = parseMoment(in.Text(partner[e.Tag]), own)
	default: // DT, without its zone
		own, _, _ = strings.Cut(own, "+")
		own, _, _ = strings.Cut(own, "-")
		m = parseMoment(own[:min(len(own), 8)], own[min(len(own), 8):])
	}
	switch c.dates {
	case Removed:
		return ""
	case Modified:
		m.Time = m.Add(c.shift)
	}
	switch {
	case e.VR == "DA" && m.dated:
		return m.Format("20060102")
	case e.VR == "TM" && m.timed:
		return m.Format("150405") + m.fraction
	case e.VR == "DT" && m.dated && m.timed:
		return m.Format("20060102150405") + m.fraction
	case e.VR == "DT" && m.dated:
		return m.Format("20060102")
	}
	return ""
}
