package export

import (
	"slices"
	"strings"

	"echoline/internal/deid"
	"echoline/internal/mask"
	"echoline/internal/review"
)

// pseudonym is that of a reader; a consensus is nobody's.
func pseudonym(key *deid.Key, reader string) string {
	if reader == review.ConsensusReader {
		return reader
	}
	return key.Reader(reader)
}

// safeConsensus tells where consensus masks come from with pseudonyms of readers and of entries of journals. was has the IDs of
// items by pseudonym.
func safeConsensus(key *deid.Key, of func(review.Key, *mask.Plane) *review.Consensus, was map[string]string) func(review.Key, *mask.Plane) *review.Consensus {
	if of == nil {
		return nil
	}
	return func(k review.Key, labels *mask.Plane) *review.Consensus {
		found := of(review.Key{Instance: was[k.Instance], Frame: k.Frame}, labels)
		if found == nil {
			return nil
		}
		c := *found
		c.Instance, c.By, c.Mask = k.Instance, pseudonym(key, c.By), key.Mark(c.Mask)
		c.Sources, c.Arcs = slices.Clone(c.Sources), slices.Clone(c.Arcs)
		for i, s := range c.Sources {
			c.Sources[i].Reader, c.Sources[i].Entry = pseudonym(key, s.Reader), key.Mark(s.Entry)
		}
		for i, a := range c.Arcs {
			c.Arcs[i].Reader = pseudonym(key, a.Reader)
		}
		return &c
	}
}

// safeQuestions are the questions about an item, with pseudonyms and without what was said in words of one's own.
func safeQuestions(key *deid.Key, qs []review.Question, it Item, s *deid.Stand) []review.Question {
	var out []review.Question
	for _, q := range qs {
		if q.Instance != it.Source.ID {
			continue
		}
		q.ID, q.Instance, q.By, q.At, q.Words = key.Mark(q.ID), s.Item.ID, pseudonym(key, q.By), s.Time(q.At), safeWords(q.Words)
		q.Answers = slices.Clone(q.Answers)
		for i := range q.Answers {
			a := &q.Answers[i]
			a.ID, a.By, a.At, a.Words = key.Mark(a.ID), pseudonym(key, a.By), s.Time(a.At), safeWords(a.Words)
		}
		out = append(out, q)
	}
	return out
}

// safeWords are words of which all are known to name nobody; else none: half a sentence could say something else.
func safeWords(s string) string {
	if known := deid.Words(s); known == strings.Join(strings.Fields(s), " ") {
		return known
	}
	return ""
}
