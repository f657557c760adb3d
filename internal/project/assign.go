package project

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"

	"echoline/internal/fault"
)

// Plan gives cases to readers. The share of cases that the settings say is read by By readers each, the others by one. What
// each reader gets differs by one case at most, and readers meet each other on about as many cases. The result depends on the
// seed, the cases, the readers and what is given out already, not on any order. all gives out anew what is given out.
//
// The fault CodeOverlap says that there are fewer readers than By, CodeEmpty that there are no cases.
func (s *State) Plan(all bool) (map[string][]string, error) {
	readers := s.Active(Reads)
	if len(s.Cases) == 0 {
		return nil, fault.New(CodeEmpty, "", nil, nil)
	}
	several := int(math.Round(s.Share * float64(len(s.Cases))))
	by := max(1, s.By)
	if len(readers) == 0 || several > 0 && by > len(readers) {
		return nil, fault.New(CodeOverlap, "", nil, fault.Args{"By": by, "Readers": len(readers)})
	}
	d := &dealing{seed: s.Seed, load: map[string]int{}, met: map[[2]string]int{}}
	for _, m := range readers {
		d.load[m.Name] = 0
		d.readers = append(d.readers, m.Name)
	}
	var open []string
	for _, c := range s.Cases {
		names := s.assigned[c.Item]
		if all || len(names) == 0 {
			open = append(open, c.Item)
			continue
		}
		d.note(names)
		if len(names) > 1 {
			several--
		}
	}
	slices.SortFunc(open, func(a, b string) int { return cmp.Or(cmp.Compare(d.lot(a, ""), d.lot(b, "")), cmp.Compare(a, b)) })
	out := make(map[string][]string, len(open))
	for i, item := range open {
		n := 1
		if i < several {
			n = by
		}
		out[item] = d.deal(item, n)
	}
	return out, nil
}

// dealing is a distribution under way.
type dealing struct {
	seed    uint64
	readers []string
	load    map[string]int
	met     map[[2]string]int // how many cases two readers share
}

// lot is a number that seed, case and reader draw.
func (d *dealing) lot(item, reader string) uint64 {
	b := binary.LittleEndian.AppendUint64(nil, d.seed)
	b = binary.AppendUvarint(b, uint64(len(item)))
	b = append(append(b, item...), reader...)
	sum := sha256.Sum256(b)
	return binary.LittleEndian.Uint64(sum[:])
}

// deal gives a case to n readers: those with the least, of these those who have met the chosen ones least, then by lot.
func (d *dealing) deal(item string, n int) []string {
	var chosen []string
	for range n {
		best := ""
		for _, name := range d.readers {
			if !slices.Contains(chosen, name) && (best == "" || d.before(item, name, best, chosen)) {
				best = name
			}
		}
		chosen = append(chosen, best)
	}
	slices.Sort(chosen)
	d.note(chosen)
	return chosen
}

// before tells whether a comes before b.
func (d *dealing) before(item, a, b string, chosen []string) bool {
	met := func(name string) (n int) {
		for _, o := range chosen {
			n += d.met[pairOf(name, o)]
		}
		return n
	}
	return cmp.Or(cmp.Compare(d.load[a], d.load[b]), cmp.Compare(met(a), met(b)), cmp.Compare(d.lot(item, a), d.lot(item, b)), cmp.Compare(a, b)) < 0
}

// note counts what was given to names.
func (d *dealing) note(names []string) {
	for i, a := range names {
		if _, in := d.load[a]; in {
			d.load[a]++
		}
		for _, b := range names[:i] {
			d.met[pairOf(a, b)]++
		}
	}
}

func pairOf(a, b string) [2]string { return [2]string{min(a, b), max(a, b)} }
