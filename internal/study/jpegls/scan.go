package jpegls

import "echoline/internal/study/jpegparts"

// runLengths are the powers of two of the runs that one bit stands for (T.87 A.7.1, J).
var runLengths = [32]int{
	0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15,
}

// line is a line of samples between its neighbours: element x+1 is sample x. Element 0 is the sample left of the first,
// which is the first of the line above; the last element repeats the last sample, for the line below.
type line []int

// scanner decodes one scan.
type scanner struct {
	*model
	in     reader
	planes []jpegparts.Plane
	w, h   int
	above  []line // by component
	here   []line
	run    []int // the place in runLengths, by component; by sample there is one
}

// decode decodes all lines. interval is how many lines lie from restart to restart, 0 for all: a line, of all components
// where they are interleaved, is what restarts count in JPEG-LS.
func (s *scanner) decode(bySample bool, interval int) error {
	if interval == 0 {
		interval = s.h
	}
	for range s.planes {
		s.above, s.here = append(s.above, make(line, s.w+2)), append(s.here, make(line, s.w+2))
	}
	for y := range s.h {
		if y%interval == 0 {
			if y > 0 {
				if err := s.in.restart(y/interval - 1); err != nil {
					return err
				}
			}
			s.restart()
		}
		for i := range s.planes {
			s.above[i], s.here[i] = s.here[i], s.above[i]
			s.here[i][0] = s.above[i][1]
		}
		if bySample {
			s.samples()
		} else {
			for i := range s.planes {
				s.line(i)
			}
		}
		if err := s.in.err(); err != nil {
			return err
		}
		s.store(y)
	}
	return nil
}

// restart begins an interval: nothing is known and the line above is 0.
func (s *scanner) restart() {
	s.model.restart()
	s.run = make([]int, len(s.planes))
	for i := range s.planes {
		clear(s.here[i])
	}
}

// store puts a decoded line into the picture.
func (s *scanner) store(y int) {
	for i, p := range s.planes {
		l := s.here[i]
		l[s.w+1] = l[s.w]
		row := p.Row(y)
		for x := range row {
			row[x] = uint16(l[x+1])
		}
	}
}

// gradients gives the context of the sample at x: below 0 where it is that of the opposite sign, 0 where all is flat
// (T.87 A.3).
func (m *model) gradients(here, above line, x int) int {
	left, corner, up, right := here[x-1], above[x-1], above[x], above[x+1]
	return 81*int(m.kinds[right-up+m.top]) + 9*int(m.kinds[up-corner+m.top]) + int(m.kinds[corner-left+m.top])
}

// line decodes a line of component i.
func (s *scanner) line(i int) {
	here, above := s.here[i], s.above[i]
	for x := 1; x <= s.w; {
		q := s.gradients(here, above, x)
		if q != 0 {
			here[x] = s.regularSample(q, here[x-1], above[x], above[x-1])
			x++
			continue
		}
		n, ended := s.runLength(&s.run[i], s.w+1-x)
		v := here[x-1]
		for range n {
			here[x] = v
			x++
		}
		if ended {
			here[x] = s.endOfRun(v, above[x], s.run[i])
			s.run[i] = max(s.run[i]-1, 0)
			x++
		}
	}
}

// samples decodes a line of all components, sample by sample.
func (s *scanner) samples() {
	q := make([]int, len(s.planes))
	for x := 1; x <= s.w; {
		flat := true
		for i := range q {
			q[i] = s.gradients(s.here[i], s.above[i], x)
			flat = flat && q[i] == 0
		}
		if !flat {
			for i, here := range s.here {
				here[x] = s.regularSample(q[i], here[x-1], s.above[i][x], s.above[i][x-1])
			}
			x++
			continue
		}
		n, ended := s.runLength(&s.run[0], s.w+1-x)
		for _, here := range s.here {
			for k := range n {
				here[x+k] = here[x-1]
			}
		}
		if x += n; ended {
			for i, here := range s.here {
				here[x] = s.endOfRunAt(0, here[x-1], s.above[i][x], s.run[0])
			}
			s.run[0] = max(s.run[0]-1, 0)
			x++
		}
	}
}

// regularSample decodes a sample in context q (T.87 A.4 to A.6).
func (s *scanner) regularSample(q, left, up, corner int) int {
	sign := 1
	if q < 0 {
		q, sign = -q, -1
	}
	c := &s.regular[q]
	prediction := min(max(left+up-corner, min(left, up)), max(left, up)) // the median of the three
	prediction = min(max(prediction+sign*c.fix, 0), s.top)
	k := golomb(c.sum, c.count)
	e := unfold(s.in.code(k, s.limit, s.spanBits))
	if k == 0 && s.near == 0 && 2*c.bias <= -c.count {
		e = -e - 1 // the codes of the two signs change places
	}
	c.learn(e, s.model)
	return s.sample(prediction, sign*e)
}

// unfold turns 0, 1, 2, 3, 4, … into 0, -1, 1, -2, 2, ….
func unfold(code int) int {
	return code>>1 ^ -(code & 1)
}

// runLength reads how many samples are like the one before, of left that the line has. ended says that another one
// follows (T.87 A.7.1).
func (s *scanner) runLength(index *int, left int) (n int, ended bool) {
	for s.in.bit() {
		full := 1 << runLengths[*index]
		if n+full > left {
			return left, false
		}
		n += full
		if *index < len(runLengths)-1 {
			*index++
		}
		if n == left {
			return n, false
		}
	}
	n += s.in.number(runLengths[*index])
	if n >= left {
		s.in.bad = true
		return left, false
	}
	return n, true
}

// endOfRun decodes the sample that ends a run, given the one before it and the one above.
func (s *scanner) endOfRun(left, up, index int) int {
	if d := left - up; d <= s.near && -d <= s.near {
		return s.endOfRunAt(1, left, up, index)
	}
	return s.endOfRunAt(0, left, up, index)
}

// endOfRunAt decodes it in run context i: 1 where left and up are alike, else 0 (T.87 A.7.2).
func (s *scanner) endOfRunAt(i, left, up, index int) int {
	c := &s.runs[i]
	prediction, sign, sum := up, 1, c.sum
	if i == 1 {
		prediction = left
		sum += c.count >> 1
	} else if left > up {
		sign = -1
	}
	k := golomb(sum, c.count)
	code := s.in.code(k, s.limit-runLengths[index]-1, s.spanBits)
	e := (code + i + 1) / 2
	odd := (code+i)%2 == 1
	if odd != (k == 0 && 2*c.negative < c.count) {
		e = -e
	}
	if e < 0 {
		c.negative++
	}
	c.sum += (code + 1 - i) >> 1
	if c.count == s.reset {
		c.sum >>= 1
		c.count >>= 1
		c.negative >>= 1
	}
	c.count++
	return s.sample(prediction, sign*e)
}
