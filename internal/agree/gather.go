package agree

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"echoline/internal/mask"
	"echoline/internal/review"
	"echoline/internal/study"
)

// Gathering sorts what readers accepted by frame.
type Gathering struct {
	Cases   []Case // in the order in which they were met
	Repeats []Case // frames that one reader read again later: the first reading and the last

	// ClassOf gives the class of an instance's case, "" where it is not known. It may be nil.
	ClassOf func(item string) string

	place map[review.Key]int
}

// Add takes the frames that a reader accepted.
func (g *Gathering) Add(r *review.Review) {
	if g.place == nil {
		g.place = map[review.Key]int{}
	}
	for _, it := range r.Study().Items {
		for i := range it.Frames {
			k := review.Key{Instance: it.ID, Frame: i}
			f := r.Frame(k)
			if f.Status != review.Accepted {
				continue
			}
			at, ok := g.place[k]
			if !ok {
				at = len(g.Cases)
				g.place[k] = at
				g.Cases = append(g.Cases, g.newCase(r, it, k))
			}
			g.Cases[at].Masks[r.Reader()] = f.Labels
			g.Cases[at].At[r.Reader()] = r.LastChange(k)
		}
	}
}

func (g *Gathering) newCase(r *review.Review, it *study.Item, k review.Key) Case {
	class := ""
	if g.ClassOf != nil {
		class = g.ClassOf(it.ID)
	}
	return Case{
		Class: class,
		Key:   k, Name: CaseName(it, k.Frame), Group: GroupOf(it), MM: r.PixelSize(k), Masks: map[string]*mask.Plane{}, At: map[string]time.Time{},
	}
}

// RepeatAfter is how long after the first reading of a frame one counts as a repeat, and not as a correction.
const RepeatAfter = 12 * time.Hour

// AddRepeats takes the frames that a reader read again at least after later: entries are the reader's, r is the review that
// they make. first is how the reader's first reading is called.
func (g *Gathering) AddRepeats(r *review.Review, entries []review.Entry, after time.Duration, first string) {
	lines := map[review.Key][]review.Entry{}
	accepted := map[review.Key][]time.Time{}
	for _, e := range entries {
		lines[e.Key] = append(lines[e.Key], e)
		if e.Kind == review.KindStatus && e.Status == review.Accepted {
			accepted[e.Key] = append(accepted[e.Key], e.Time)
		}
	}
	for _, it := range r.Study().Items {
		for i := range it.Frames {
			k := review.Key{Instance: it.ID, Frame: i}
			times := accepted[k]
			if len(times) < 2 || times[len(times)-1].Sub(times[0]) < after || r.Frame(k).Status != review.Accepted {
				continue
			}
			versions := review.Versions(r.Study(), lines[k], false)
			if len(versions) < 2 {
				continue
			}
			c := g.newCase(r, it, k)
			early, late := versions[0], versions[len(versions)-1]
			c.Masks[r.Reader()], c.Masks[first] = late.Labels, early.Labels
			c.At[r.Reader()], c.At[first] = late.Time, early.Time
			g.Repeats = append(g.Repeats, c)
		}
	}
}

// AddModel takes a model's masks of the frames that readers accepted; of gives nil for a frame that no model saw.
func (g *Gathering) AddModel(name string, of func(review.Key) *mask.Plane) {
	for i := range g.Cases {
		if p := of(g.Cases[i].Key); p != nil {
			g.Cases[i].Masks[name] = p
		}
	}
}

// Pairs compares every two of each case, and each reader with that reader's first reading.
func (g *Gathering) Pairs(tolerance float64) []Pair {
	return slices.Concat(Pairs(g.Cases, tolerance), Pairs(g.Repeats, tolerance))
}

// CaseName is how people know a frame: never by a patient's name.
func CaseName(it *study.Item, frame int) string {
	if it.Frames == 1 {
		return it.Name
	}
	return it.Name + " #" + strconv.Itoa(frame+1)
}

// GroupOf says which cases belong to one patient, as far as the files tell: the study, else the file. It stays in memory.
func GroupOf(it *study.Item) string {
	if it.Header != nil {
		for _, name := range []string{"PatientID", "StudyInstanceUID"} {
			if v := strings.TrimSpace(it.Header.Attr[name]); v != "" {
				return v
			}
		}
	}
	return it.ID
}
