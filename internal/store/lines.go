package store

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"echoline/internal/review"
)

// lineOf gives the line of a frame's rows, in the order of n, that counts: the one whose end was made last. The same rows
// give the same line in every workspace.
func lineOf(rows []review.Entry) []review.Entry {
	if straight(rows) {
		return rows
	}
	line := back(rows, ends(rows)[0])
	last := line[len(line)-1]
	for _, e := range rows { // damage that no line leads through must still be told
		if e.Kind == 0 && (e.N == 0 || e.N >= last.N) && !slices.ContainsFunc(line, func(o review.Entry) bool { return o.Seq == e.Seq }) {
			line = append(line, e)
		}
	}
	return line
}

// linesOf gives every line of a frame's rows, the one that counts first.
func linesOf(rows []review.Entry) [][]review.Entry {
	if straight(rows) {
		return [][]review.Entry{rows}
	}
	var out [][]review.Entry
	for _, end := range ends(rows) {
		out = append(out, back(rows, end))
	}
	return out
}

// straight tells whether the rows are one line as they stand: what they nearly always are.
func straight(rows []review.Entry) bool {
	var prev review.ID
	for i := range rows {
		if rows[i].Prev != prev {
			return false
		}
		prev = rows[i].ID
	}
	return true
}

// ends are the rows that nothing follows, the last one made first.
func ends(rows []review.Entry) []review.Entry {
	followed := map[review.ID]bool{}
	for i := range rows {
		followed[rows[i].Prev] = true
	}
	var out []review.Entry
	for _, e := range rows {
		if !followed[e.ID] || e.ID == (review.ID{}) {
			out = append(out, e)
		}
	}
	if len(out) == 0 { // a ring, which only damage can make
		return rows[len(rows)-1:]
	}
	slices.SortStableFunc(out, later)
	return out
}

// later orders entries from the last made to the first.
func later(a, b review.Entry) int {
	return cmp.Or(b.Time.Compare(a.Time), cmp.Compare(b.N, a.N), bytes.Compare(b.ID[:], a.ID[:]))
}

// back follows a line from its end to its beginning. Where an entry is missing it goes on with the line, of all that come
// before the gap, that was worked on last: the review finds the gap, and says so.
func back(rows []review.Entry, end review.Entry) []review.Entry {
	byID := make(map[review.ID]*review.Entry, len(rows))
	for i := range rows {
		byID[rows[i].ID] = &rows[i]
	}
	line := []review.Entry{end}
	for at := end; at.N > 1; {
		e := byID[at.Prev]
		if e == nil || e.N >= at.N {
			var before []review.Entry
			for _, o := range rows {
				if o.N < at.N && o.N > 0 {
					before = append(before, o)
				}
			}
			if len(before) == 0 {
				break
			}
			e = &ends(before)[0]
		}
		line = append(line, *e)
		at = *e
	}
	slices.Reverse(line)
	return line
}

// inOrder sorts the lines of several frames into one sequence by time, which is the same wherever the rows came from. An
// entry never goes before the one that it follows, though the clock was set back between the two.
func inOrder(entries []review.Entry) {
	type timed struct {
		e  review.Entry
		at time.Time
	}
	all := make([]timed, len(entries))
	for i, e := range entries {
		all[i] = timed{e, e.Time}
		if i > 0 && entries[i-1].Key == e.Key && all[i-1].at.After(e.Time) {
			all[i].at = all[i-1].at
		}
	}
	slices.SortStableFunc(all, func(a, b timed) int {
		return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.e.Key.Instance, b.e.Key.Instance), cmp.Compare(a.e.Key.Frame, b.e.Key.Frame))
	})
	for i := range all {
		entries[i] = all[i].e
	}
}
